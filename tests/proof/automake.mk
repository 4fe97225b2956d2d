# SPDX-License-Identifier: Apache-2.0
# Random policies and packets, and what is asked about them; used by tests/oracle.py and tests/siege.py.
EXTRA_DIST += tests/proof/mutant.mk
EXTRA_DIST += tests/proof/__init__.py
EXTRA_DIST += tests/proof/arrivals.py
EXTRA_DIST += tests/proof/compare.py
EXTRA_DIST += tests/proof/frames.py
EXTRA_DIST += tests/proof/learning.py
EXTRA_DIST += tests/proof/packets.py
EXTRA_DIST += tests/proof/policies.py
EXTRA_DIST += tests/proof/siege.py
EXTRA_DIST += tests/proof/vswitchd.py
EXTRA_DIST += tests/proof/wires.py
EXTRA_DIST += tests/proof/world.py
