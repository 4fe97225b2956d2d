dnl SPDX-License-Identifier: Apache-2.0
dnl
dnl ZW_SQLITE - the audit log's store.
AC_DEFUN([ZW_SQLITE], [
    PKG_CHECK_MODULES([SQLITE], [sqlite3 >= 3.40])
])
