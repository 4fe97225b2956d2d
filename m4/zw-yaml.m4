dnl SPDX-License-Identifier: Apache-2.0
dnl
dnl ZW_YAML - libyaml, whose events carry the line and column that error messages need.
AC_DEFUN([ZW_YAML], [
    PKG_CHECK_MODULES([YAML], [yaml-0.1 >= 0.2])
])
