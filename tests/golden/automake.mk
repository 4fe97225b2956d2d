# SPDX-License-Identifier: Apache-2.0
# Golden tests: TESTS += and EXTRA_DIST += one line each for a script, EXTRA_DIST for its inputs and expected outputs.
