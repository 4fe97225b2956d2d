# SPDX-License-Identifier: Apache-2.0
# System tests: two lines here for each script, TESTS and EXTRA_DIST.  One that measures: one line, ALONE_TESTS.
EXTRA_DIST += tests/demo-setup.sh
EXTRA_DIST += tests/demo.sh
EXTRA_DIST += tests/playground.sh
EXTRA_DIST += tests/probe.py
EXTRA_DIST += tests/rubbish.py
EXTRA_DIST += tests/serve.py
EXTRA_DIST += tests/shell.sh
EXTRA_DIST += tests/stream.py
EXTRA_DIST += tests/system/tap.sh

TESTS += tests/system/playground.sh
EXTRA_DIST += tests/system/playground.sh
TESTS += tests/system/bad-input.sh
EXTRA_DIST += tests/system/bad-input.sh
TESTS += tests/system/demo.sh
EXTRA_DIST += tests/system/demo.sh
TESTS += tests/system/foreign.sh
EXTRA_DIST += tests/system/foreign.sh
TESTS += tests/system/kill9.sh
EXTRA_DIST += tests/system/kill9.sh
TESTS += tests/system/vswitchd.sh
EXTRA_DIST += tests/system/vswitchd.sh
ALONE_TESTS += tests/system/rate.sh

# Drives the switch room for switch.sh; no test itself, so it is not among check_PROGRAMS.
EXTRA_PROGRAMS += tests/system/switch-client
check_DATA += tests/system/switch-client$(EXEEXT)
CLEANFILES += tests/system/switch-client$(EXEEXT)
TESTS += tests/system/switch.sh
EXTRA_DIST += tests/system/switch.sh
TESTS += tests/system/verbs.sh
EXTRA_DIST += tests/system/verbs.sh
TESTS += tests/system/ports.sh
EXTRA_DIST += tests/system/ports.sh
TESTS += tests/system/vlans.sh
EXTRA_DIST += tests/system/vlans.sh
TESTS += tests/system/copies.sh
EXTRA_DIST += tests/system/copies.sh
TESTS += tests/system/apply.sh
EXTRA_DIST += tests/system/apply.sh
EXTRA_DIST += tests/oracle.py
TESTS += tests/system/oracle.sh
EXTRA_DIST += tests/system/oracle.sh
TESTS += tests/system/fragments.sh
EXTRA_DIST += tests/system/fragments.sh
