# SPDX-License-Identifier: Apache-2.0
# The macros are distributed by automake itself, because configure.ac uses them.
