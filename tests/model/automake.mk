# SPDX-License-Identifier: Apache-2.0
# The policy judged by its text alone, written apart from controller/policy.
TESTS += tests/model/test-model.py
EXTRA_DIST += tests/model/test-model.py
EXTRA_DIST += tests/model/__init__.py
EXTRA_DIST += tests/model/guard.py
EXTRA_DIST += tests/model/judge.py
EXTRA_DIST += tests/model/learning.py
EXTRA_DIST += tests/model/policy.py
EXTRA_DIST += tests/model/ports.py
EXTRA_DIST += tests/model/switch.py
