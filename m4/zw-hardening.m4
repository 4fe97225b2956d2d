dnl SPDX-License-Identifier: Apache-2.0
dnl
dnl ZW_HARDENING - what a daemon that reads from the network is built with.
dnl
dnl Call after ZW_SANITIZERS: _FORTIFY_SOURCE hides from AddressSanitizer the calls that it intercepts.
AC_DEFUN([ZW_HARDENING], [
    ZW_HARDENING_CPPFLAGS=
    ZW_HARDENING_CFLAGS=
    ZW_HARDENING_LDFLAGS=
    AS_IF([test "$enable_sanitizers" != yes], [
        AS_CASE([" $CPPFLAGS $CFLAGS "],
            [*_FORTIFY_SOURCE*|*" -O0 "*], [],
            [ZW_HARDENING_CPPFLAGS="-D_FORTIFY_SOURCE=2"])
        ZW_ADD_FLAG([ZW_HARDENING_CFLAGS], [-fstack-protector-strong -fstack-clash-protection -fcf-protection dnl
            -fPIE])
        ZW_ADD_FLAG([ZW_HARDENING_LDFLAGS], [-pie -Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack])
    ])
    AC_SUBST([ZW_HARDENING_CPPFLAGS])
    AC_SUBST([ZW_HARDENING_CFLAGS])
    AC_SUBST([ZW_HARDENING_LDFLAGS])
])
