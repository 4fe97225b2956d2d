# SPDX-License-Identifier: Apache-2.0
#
# Every test speaks TAP, so each named case counts by itself.  unit/ tests are programs, the others are scripts.

TEST_EXTENSIONS = .sh .py
LOG_DRIVER = env AM_TAP_AWK='$(AWK)' $(SHELL) $(top_srcdir)/build-aux/tap-driver.sh
SH_LOG_DRIVER = $(LOG_DRIVER)
SH_LOG_COMPILER = bash
PY_LOG_DRIVER = $(LOG_DRIVER)
PY_LOG_COMPILER = $(PYTHON)
AM_TESTS_ENVIRONMENT = \
	ZW_SRCDIR='$(abs_top_srcdir)'; export ZW_SRCDIR; \
	ZW_BUILDDIR='$(abs_top_builddir)'; export ZW_BUILDDIR; \
	PYTHON='$(PYTHON)'; export PYTHON;

include tests/unit/automake.mk
include tests/golden/automake.mk
include tests/system/automake.mk

TESTS += $(check_PROGRAMS)
TESTS += tests/lint.sh
EXTRA_DIST += tests/lint.sh

lint:
	$(AM_V_at)$(AM_TESTS_ENVIRONMENT) bash $(srcdir)/tests/lint.sh

# Puts the sources into the form that lint asks for.
format:
	cd $(srcdir) && clang-format -i `find ovs-ext controller tests -name '*.[ch]'`

.PHONY: lint format
