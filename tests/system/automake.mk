# SPDX-License-Identifier: Apache-2.0
# System tests: two lines here for each script, TESTS and EXTRA_DIST.
