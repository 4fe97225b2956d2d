dnl SPDX-License-Identifier: Apache-2.0
dnl
dnl ZW_SANITIZERS - --enable-sanitizers builds everything with ASan (leaks too) and UBSan; any finding ends the program.
AC_DEFUN([ZW_SANITIZERS], [
    AC_ARG_ENABLE([sanitizers],
        [AS_HELP_STRING([--enable-sanitizers], [build with AddressSanitizer and UBSan])],
        [], [enable_sanitizers=no])
    ZW_SANITIZER_CFLAGS=
    AS_IF([test "$enable_sanitizers" = yes],
          [ZW_SANITIZER_CFLAGS="-fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer"])
    ZW_SANITIZED=$enable_sanitizers
    AC_SUBST([ZW_SANITIZER_CFLAGS])
    AC_SUBST([ZW_SANITIZED])
])
