# SPDX-License-Identifier: Apache-2.0
# Programs that measure; no tests themselves.

EXTRA_PROGRAMS += tests/bench/crr
check_DATA += tests/bench/crr$(EXEEXT)
CLEANFILES += tests/bench/crr$(EXEEXT)
tests_bench_crr_LDADD =
EXTRA_DIST += tests/bench/crr-setup.sh
EXTRA_DIST += tests/bench/crr.sh

# Builds what it needs; measure a build without sanitizers.
bench-crr: all tests/bench/crr$(EXEEXT)
	$(AM_V_at)$(AM_TESTS_ENVIRONMENT) bash $(srcdir)/tests/bench/crr.sh

.PHONY: bench-crr

# What is compared, and how it is run.
EXTRA_DIST += tests/bench/contender.py
EXTRA_DIST += tests/bench/run.py
EXTRA_DIST += tests/bench/contenders/common.sh
EXTRA_DIST += tests/bench/contenders/vms.sh
EXTRA_DIST += tests/bench/contenders/ovs-normal.sh
EXTRA_DIST += tests/bench/contenders/zoneward.sh
