dnl SPDX-License-Identifier: Apache-2.0
dnl
dnl ZW_LIBEVENT - the event loop: sockets, timers and signals of the daemon.
AC_DEFUN([ZW_LIBEVENT], [
    PKG_CHECK_MODULES([LIBEVENT], [libevent >= 2.1 libevent_openssl >= 2.1 libevent_pthreads >= 2.1])
])
