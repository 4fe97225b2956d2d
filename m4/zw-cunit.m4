dnl SPDX-License-Identifier: Apache-2.0
dnl
dnl ZW_CUNIT - unit tests.
AC_DEFUN([ZW_CUNIT], [
    PKG_CHECK_MODULES([CUNIT], [cunit >= 2.1])
])
