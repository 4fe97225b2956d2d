dnl SPDX-License-Identifier: Apache-2.0
dnl
dnl ZW_ADD_FLAG(VARIABLE, FLAG...) - append each compiler flag that the compiler and linker accept.
AC_DEFUN([ZW_ADD_FLAG], [
    for zw_flag in $2; do
        AC_MSG_CHECKING([whether $CC accepts $zw_flag])
        zw_save_CFLAGS=$CFLAGS
        CFLAGS="$CFLAGS -Werror $zw_flag"
        AC_LINK_IFELSE([AC_LANG_PROGRAM()], [AC_MSG_RESULT([yes]); $1="$$1 $zw_flag"], [AC_MSG_RESULT([no])])
        CFLAGS=$zw_save_CFLAGS
    done
])

dnl ZW_WARNINGS - warnings for everybody, and errors with --enable-developer.
dnl
dnl Unused parameters are not warned of: every libevent callback has one.
AC_DEFUN([ZW_WARNINGS], [
    AC_ARG_ENABLE([developer],
        [AS_HELP_STRING([--enable-developer], [treat compiler warnings as errors])],
        [], [enable_developer=no])
    ZW_WARNING_CFLAGS=
    ZW_ADD_FLAG([ZW_WARNING_CFLAGS], [-Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes dnl
        -Wpointer-arith -Wwrite-strings -Wformat=2 -Wvla -Wno-unused-parameter])
    AS_IF([test "$enable_developer" = yes], [ZW_WARNING_CFLAGS="$ZW_WARNING_CFLAGS -Werror"])
    AC_SUBST([ZW_WARNING_CFLAGS])
])
