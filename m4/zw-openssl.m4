dnl SPDX-License-Identifier: Apache-2.0
dnl
dnl ZW_OPENSSL - SHA-256, Ed25519 and TLS to switches.
AC_DEFUN([ZW_OPENSSL], [
    PKG_CHECK_MODULES([OPENSSL], [openssl >= 3.0])
])
