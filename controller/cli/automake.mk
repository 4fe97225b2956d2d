# SPDX-License-Identifier: Apache-2.0
# zoneward: one file per verb.  To add a file: one line here, in alphabetical order.
zoneward_SOURCES += controller/cli/main.c
