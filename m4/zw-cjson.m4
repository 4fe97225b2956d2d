dnl SPDX-License-Identifier: Apache-2.0
dnl
dnl ZW_CJSON - JSON.  Not jansson or json-c: their symbols clash with libopenvswitch's.
AC_DEFUN([ZW_CJSON], [
    PKG_CHECK_MODULES([CJSON], [libcjson >= 1.7])
])
