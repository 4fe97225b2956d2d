# SPDX-License-Identifier: Apache-2.0
#
# The daemon is a library plus a short main, so that every test links the real code.  Each room lists its own files.

noinst_LIBRARIES += controller/libzoneward.a
controller_libzoneward_a_SOURCES =

include controller/base/automake.mk
include controller/policy/automake.mk
include controller/compile/automake.mk
include controller/switch/automake.mk
include controller/slowpath/automake.mk
include controller/audit/automake.mk
include controller/control/automake.mk
include controller/daemon/automake.mk

sbin_PROGRAMS += zonewardd
zonewardd_SOURCES = controller/main.c
zonewardd_LDADD = $(ZW_LIBS) $(ZW_SYSTEM_LIBS)

bin_PROGRAMS += zoneward
zoneward_SOURCES =
zoneward_LDADD = controller/cli/libzwcli.a $(ZW_LIBS) $(ZW_SYSTEM_LIBS)
include controller/cli/automake.mk
