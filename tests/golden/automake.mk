# SPDX-License-Identifier: Apache-2.0
# Golden tests: TESTS += and EXTRA_DIST += one line each for a script, EXTRA_DIST for its inputs and expected outputs.

# Reads policies for the tests; no test itself, so it is not among check_PROGRAMS.
EXTRA_PROGRAMS += tests/golden/policy-read
check_DATA += tests/golden/policy-read$(EXEEXT)
CLEANFILES += tests/golden/policy-read$(EXEEXT)

EXTRA_PROGRAMS += tests/golden/compile-dump
check_DATA += tests/golden/compile-dump$(EXEEXT)
CLEANFILES += tests/golden/compile-dump$(EXEEXT)
tests_golden_compile_dump_SOURCES = tests/golden/compile-dump.c tests/golden/ports-file.c tests/golden/ports-file.h

EXTRA_PROGRAMS += tests/golden/decide-dump
check_DATA += tests/golden/decide-dump$(EXEEXT)
CLEANFILES += tests/golden/decide-dump$(EXEEXT)

TESTS += tests/golden/policy.py
EXTRA_DIST += tests/golden/policy.py
EXTRA_DIST += tests/golden/policy
EXTRA_DIST += tests/golden/cli/answers-ill.json
EXTRA_DIST += tests/golden/cli/answers-unknown.json
EXTRA_DIST += tests/golden/cli/answers-well.json
EXTRA_DIST += tests/golden/cli/bad.yaml
EXTRA_DIST += tests/golden/cli/byte-order-mark.yaml
EXTRA_DIST += tests/golden/cli/drops.txt
EXTRA_DIST += tests/golden/cli/errors.txt
EXTRA_DIST += tests/golden/cli/explain.txt
EXTRA_DIST += tests/golden/cli/flows.txt
EXTRA_DIST += tests/golden/cli/good.yaml
EXTRA_DIST += tests/golden/cli/help.txt
EXTRA_DIST += tests/golden/cli/ipv6-headers.yaml
EXTRA_DIST += tests/golden/cli/policy.txt
EXTRA_DIST += tests/golden/cli/ports.txt
EXTRA_DIST += tests/golden/cli/rules.txt
EXTRA_DIST += tests/golden/cli/sessions.txt
EXTRA_DIST += tests/golden/cli/singled-out.yaml
EXTRA_DIST += tests/golden/cli/status.txt
EXTRA_DIST += tests/golden/cli/usage.txt
EXTRA_DIST += tests/golden/cli/zones.txt
TESTS += tests/golden/compile.sh
EXTRA_DIST += tests/golden/compile.sh
EXTRA_DIST += tests/golden/compile

# The lists of the pipeline, to compare doc/pipeline.md with.
EXTRA_PROGRAMS += tests/golden/pipeline-dump
check_DATA += tests/golden/pipeline-dump$(EXEEXT)
CLEANFILES += tests/golden/pipeline-dump$(EXEEXT)
TESTS += tests/golden/pipeline-doc.py
EXTRA_DIST += tests/golden/pipeline-doc.py
EXTRA_DIST += tests/golden/pipeline.ports
TESTS += tests/golden/bench.py
EXTRA_DIST += tests/golden/bench.py
EXTRA_DIST += tests/golden/bench
