# SPDX-License-Identifier: Apache-2.0
# Programs that measure; no tests themselves.

EXTRA_PROGRAMS += tests/bench/crr
check_DATA += tests/bench/crr$(EXEEXT)
CLEANFILES += tests/bench/crr$(EXEEXT)
tests_bench_crr_LDADD =
