dnl SPDX-License-Identifier: Apache-2.0
dnl
dnl ZW_PYTHON - a Python 3 with jsonschema and yaml, for tests only.
dnl
dnl The first python3 in PATH may be one that does not see Debian's modules, so each candidate is tried.
AC_DEFUN([ZW_PYTHON], [
    AC_ARG_VAR([PYTHON], [Python 3 interpreter with the jsonschema and yaml modules])
    AC_CACHE_CHECK([for a python3 with jsonschema and yaml], [ac_cv_path_PYTHON], [
        ac_cv_path_PYTHON=no
        for zw_python in ${PYTHON:-python3 /usr/bin/python3}; do
            AS_IF([$zw_python -W ignore -c 'import jsonschema, yaml' 2>/dev/null],
                  [ac_cv_path_PYTHON=`command -v $zw_python`; break])
        done
    ])
    AS_IF([test "$ac_cv_path_PYTHON" = no],
          [AC_MSG_ERROR([no python3 with jsonschema and yaml (Debian: python3-jsonschema python3-yaml)])])
    PYTHON=$ac_cv_path_PYTHON
])
