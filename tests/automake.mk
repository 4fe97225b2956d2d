# SPDX-License-Identifier: Apache-2.0
#
# Every test speaks TAP, so each named case counts by itself.  unit/ tests are programs, the others are scripts.
# A test that hangs is ended, with a chance to clean up.

TEST_EXTENSIONS = .sh .py
LOG_COMPILER = timeout -k 10 300
LOG_DRIVER = env AM_TAP_AWK='$(AWK)' $(SHELL) $(top_srcdir)/build-aux/tap-driver.sh
SH_LOG_DRIVER = $(LOG_DRIVER)
SH_LOG_COMPILER = timeout -k 30 600 bash
PY_LOG_DRIVER = $(LOG_DRIVER)
PY_LOG_COMPILER = timeout -k 10 300 $(PYTHON)
AM_TESTS_ENVIRONMENT = \
	ZW_SRCDIR='$(abs_top_srcdir)'; export ZW_SRCDIR; \
	ZW_BUILDDIR='$(abs_top_builddir)'; export ZW_BUILDDIR; \
	ZW_SANITIZED='$(ZW_SANITIZED)'; export ZW_SANITIZED; \
	PYTHON='$(PYTHON)'; export PYTHON;

ALONE_TESTS =

include tests/unit/automake.mk
include tests/bench/automake.mk
include tests/golden/automake.mk
include tests/model/automake.mk
include tests/proof/automake.mk
include tests/system/automake.mk
include tests/vm/automake.mk

TESTS += $(check_PROGRAMS)

# Tests that measure run after all others and by themselves.
TESTS += $(ALONE_TESTS)
EXTRA_DIST += $(ALONE_TESTS)
$(ALONE_TESTS:.sh=.log): $(filter-out $(ALONE_TESTS:.sh=.log),$(TEST_LOGS))

TESTS += tests/lint.sh
EXTRA_DIST += tests/lint.sh

# Those that a release has to pass for `./bootstrap.sh check`, after all of them have passed with sanitizers: what needs no
# switch, and of the system tests those in which the speed of the programs matters.
RELEASE_TESTS = $(filter-out tests/lint.sh tests/system/%.sh,$(TESTS)) tests/system/demo.sh tests/system/apply.sh \
	tests/system/arrivals.sh tests/system/copies.sh tests/system/kill9.sh $(ALONE_TESTS)

distcheck-quick:
	$(MAKE) $(AM_MAKEFLAGS) distcheck TESTS='$(RELEASE_TESTS)'

.PHONY: distcheck-quick
EXTRA_DIST += tests/tap.py

lint:
	$(AM_V_at)$(AM_TESTS_ENVIRONMENT) bash $(srcdir)/tests/lint.sh

# Puts the sources into the form that lint asks for.
format:
	cd $(srcdir) && clang-format -i `find ovs-ext controller tests -name '*.[ch]'`

.PHONY: lint format

# What lint's cppcheck remembers.
clean-local:
	rm -rf tests/cppcheck
