# SPDX-License-Identifier: Apache-2.0
# Programs that measure; no tests themselves.

# The load tools, and what they share.
EXTRA_PROGRAMS += tests/bench/crr tests/bench/flood tests/bench/pps tests/bench/rtt
check_DATA += tests/bench/crr$(EXEEXT) tests/bench/flood$(EXEEXT) tests/bench/pps$(EXEEXT) tests/bench/rtt$(EXEEXT)
CLEANFILES += tests/bench/crr$(EXEEXT) tests/bench/flood$(EXEEXT) tests/bench/pps$(EXEEXT) tests/bench/rtt$(EXEEXT)
tests_bench_load_files = tests/bench/load.c tests/bench/load.h
tests_bench_crr_SOURCES = tests/bench/crr.c $(tests_bench_load_files)
tests_bench_crr_LDADD =
tests_bench_flood_SOURCES = tests/bench/flood.c tests/bench/frame.c tests/bench/frame.h $(tests_bench_load_files)
tests_bench_flood_LDADD =
tests_bench_pps_SOURCES = tests/bench/pps.c $(tests_bench_load_files)
tests_bench_pps_LDADD =
tests_bench_rtt_SOURCES = tests/bench/rtt.c $(tests_bench_load_files)
tests_bench_rtt_LDADD =

EXTRA_DIST += tests/bench/bench.py
EXTRA_DIST += tests/bench/budgets.py
EXTRA_DIST += tests/bench/charts.py
EXTRA_DIST += tests/bench/compare.py
EXTRA_PROGRAMS += tests/bench/compile
check_DATA += tests/bench/compile$(EXEEXT)
CLEANFILES += tests/bench/compile$(EXEEXT)
tests_bench_compile_SOURCES = tests/bench/compile.c tests/bench/masks.c tests/bench/masks.h \
	tests/golden/ports-file.c tests/golden/ports-file.h
tests_bench_compile_CPPFLAGS = $(AM_CPPFLAGS) $(OVS_CPPFLAGS)
EXTRA_DIST += tests/bench/generate.py
EXTRA_DIST += tests/bench/report.py
EXTRA_DIST += tests/bench/results.py
EXTRA_DIST += tests/bench/speed.py

# They build what they need; measure a build without sanitizers.  Not by "all": that is a second make, which with -j would
# build the same libraries at the same time.  More for bench.py: make bench BENCH_FLAGS='--rounds 3'.
BENCH = $(AM_TESTS_ENVIRONMENT) $(PYTHON) -B $(srcdir)/tests/bench/bench.py
BENCH_FLAGS =

bench: all-am $(EXTRA_PROGRAMS)
	$(AM_V_at)$(BENCH) run $(BENCH_FLAGS)

bench-quick: all-am $(EXTRA_PROGRAMS)
	$(AM_V_at)$(BENCH) run --quick $(BENCH_FLAGS)

bench-datapath bench-daemon bench-scale bench-log bench-memory: all-am $(EXTRA_PROGRAMS)
	$(AM_V_at)$(BENCH) run $(BENCH_FLAGS) $(@:bench-%=%)

# make bench-compare A.json B.json
bench-compare:
	$(AM_V_at)$(BENCH) compare $(filter %.json,$(MAKECMDGOALS))

.PHONY: bench bench-quick bench-datapath bench-daemon bench-scale bench-log bench-memory bench-compare

EXTRA_PROGRAMS += tests/bench/audit-load
check_DATA += tests/bench/audit-load$(EXEEXT)
CLEANFILES += tests/bench/audit-load$(EXEEXT)
tests_bench_audit_load_SOURCES = tests/bench/audit-load.c
tests_bench_audit_load_SOURCES += tests/bench/audit-ask.c tests/bench/audit-ask.h
tests_bench_audit_load_SOURCES += tests/bench/audit-sample.c tests/bench/audit-sample.h
tests_bench_audit_load_LDADD = $(ZW_LIBS) $(ZW_SYSTEM_LIBS)

# What is compared, and how it is run.
EXTRA_DIST += tests/bench/datapath.py
EXTRA_DIST += tests/bench/contender.py
TESTS += tests/bench/contender-test.py
EXTRA_DIST += tests/bench/contender-test.py
EXTRA_DIST += tests/bench/run.py
EXTRA_DIST += tests/bench/contenders/common.sh
EXTRA_DIST += tests/bench/contenders/vms.sh
EXTRA_DIST += tests/bench/contenders/ovs-normal.sh
EXTRA_DIST += tests/bench/contenders/linux-bridge.sh
EXTRA_DIST += tests/bench/contenders/ovn.sh
EXTRA_DIST += tests/bench/contenders/ovn-acl.sh
EXTRA_DIST += tests/bench/contenders/ovs-ct.sh
EXTRA_DIST += tests/bench/contenders/ovs-testcontroller.sh
EXTRA_DIST += tests/bench/contenders/zoneward.sh

# The audit log.
EXTRA_DIST += tests/bench/log.py
EXTRA_DIST += tests/bench/log_busy.py
TESTS += tests/bench/audit-load-test.py
EXTRA_DIST += tests/bench/audit-load-test.py

# Policies of any size.
EXTRA_DIST += tests/bench/contenders/scale.sh
EXTRA_DIST += tests/bench/lookups.py
EXTRA_DIST += tests/bench/ovn_policy.py
EXTRA_DIST += tests/bench/scale.py
EXTRA_DIST += tests/bench/scale_ovn.py
EXTRA_DIST += tests/bench/scale_zoneward.py
TESTS += tests/bench/generate-test.py
EXTRA_DIST += tests/bench/generate-test.py
# A switch in a process of its own, to measure the daemon alone.
EXTRA_PROGRAMS += tests/bench/ofbench
check_DATA += tests/bench/ofbench$(EXEEXT)
CLEANFILES += tests/bench/ofbench$(EXEEXT)
tests_bench_ofbench_SOURCES = tests/bench/ofbench.c tests/bench/of-load.c tests/bench/of-load.h \
	tests/bench/of-plan.c tests/bench/of-plan.h
tests_bench_ofbench_CPPFLAGS = $(AM_CPPFLAGS) $(OVS_CPPFLAGS)
tests_bench_ofbench_LDADD = tests/unit/libzwfake.a $(ZW_LIBS) $(ZW_SYSTEM_LIBS)
EXTRA_DIST += tests/bench/daemon.py
EXTRA_DIST += tests/bench/ofbench-setup.sh
EXTRA_DIST += tests/bench/contenders/daemon-alone.sh
EXTRA_DIST += tests/bench/daemon-profile.py

# make bench-profile PROFILE_FLAGS='--subject quiet'
PROFILE_FLAGS =
bench-profile: all-am tests/bench/ofbench$(EXEEXT)
	$(AM_V_at)$(AM_TESTS_ENVIRONMENT) $(PYTHON) -B $(srcdir)/tests/bench/daemon-profile.py $(PROFILE_FLAGS)

.PHONY: bench-profile
EXTRA_DIST += tests/bench/memory.py
EXTRA_DIST += tests/bench/contenders/live-sessions.sh
