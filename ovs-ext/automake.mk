# SPDX-License-Identifier: Apache-2.0
#
# The only code that includes Open vSwitch's headers, and the only target that sees them.  Its .c files begin with
# #include <config.h>, which is OVS's; OVS's private headers are included as "lib/flow.h", because
# "flow.h" would find ours.
#
# To add a file: one line here.

noinst_LIBRARIES += ovs-ext/libzwovs.a
ovs_ext_libzwovs_a_CPPFLAGS = $(AM_CPPFLAGS) $(OVS_CPPFLAGS)
ovs_ext_libzwovs_a_SOURCES =
ovs_ext_libzwovs_a_SOURCES += ovs-ext/conntrack.c
ovs_ext_libzwovs_a_SOURCES += ovs-ext/conntrack.h
ovs_ext_libzwovs_a_SOURCES += ovs-ext/ct-timeouts.c
ovs_ext_libzwovs_a_SOURCES += ovs-ext/ct-timeouts.h
ovs_ext_libzwovs_a_SOURCES += ovs-ext/ct-zones.c
ovs_ext_libzwovs_a_SOURCES += ovs-ext/ct-zones.h
ovs_ext_libzwovs_a_SOURCES += ovs-ext/fail-mode.c
ovs_ext_libzwovs_a_SOURCES += ovs-ext/fail-mode.h
ovs_ext_libzwovs_a_SOURCES += ovs-ext/flow-action.c
ovs_ext_libzwovs_a_SOURCES += ovs-ext/flow-match.c
ovs_ext_libzwovs_a_SOURCES += ovs-ext/flow-private.h
ovs_ext_libzwovs_a_SOURCES += ovs-ext/flow-journal.c
ovs_ext_libzwovs_a_SOURCES += ovs-ext/flow-journal.h
ovs_ext_libzwovs_a_SOURCES += ovs-ext/flow-table.c
ovs_ext_libzwovs_a_SOURCES += ovs-ext/flow-table.h
ovs_ext_libzwovs_a_SOURCES += ovs-ext/flow.c
ovs_ext_libzwovs_a_SOURCES += ovs-ext/flow.h
ovs_ext_libzwovs_a_SOURCES += ovs-ext/inventory.c
ovs_ext_libzwovs_a_SOURCES += ovs-ext/inventory.h
ovs_ext_libzwovs_a_SOURCES += ovs-ext/ofp-decode.c
ovs_ext_libzwovs_a_SOURCES += ovs-ext/ofp-decode.h
ovs_ext_libzwovs_a_SOURCES += ovs-ext/ofp-encode.c
ovs_ext_libzwovs_a_SOURCES += ovs-ext/ofp-encode.h
ovs_ext_libzwovs_a_SOURCES += ovs-ext/outbuf.c
ovs_ext_libzwovs_a_SOURCES += ovs-ext/outbuf.h
ovs_ext_libzwovs_a_SOURCES += ovs-ext/ovs-init.c
ovs_ext_libzwovs_a_SOURCES += ovs-ext/ovs-init.h
ovs_ext_libzwovs_a_SOURCES += ovs-ext/ovs-version.c
ovs_ext_libzwovs_a_SOURCES += ovs-ext/ovs-version.h
ovs_ext_libzwovs_a_SOURCES += ovs-ext/ovsctl.c
ovs_ext_libzwovs_a_SOURCES += ovs-ext/ovsctl.h
ovs_ext_libzwovs_a_SOURCES += ovs-ext/ovsdb-client.c
ovs_ext_libzwovs_a_SOURCES += ovs-ext/ovsdb-client.h
ovs_ext_libzwovs_a_SOURCES += ovs-ext/ovsdb-row.c
ovs_ext_libzwovs_a_SOURCES += ovs-ext/ovsdb-row.h
ovs_ext_libzwovs_a_SOURCES += ovs-ext/ovsdb-tables.c
ovs_ext_libzwovs_a_SOURCES += ovs-ext/ovsdb-tables.h
ovs_ext_libzwovs_a_SOURCES += ovs-ext/ovsdb-write.c
ovs_ext_libzwovs_a_SOURCES += ovs-ext/ovsdb-write.h
ovs_ext_libzwovs_a_SOURCES += ovs-ext/ovsdb.c
ovs_ext_libzwovs_a_SOURCES += ovs-ext/ovsdb.h
ovs_ext_libzwovs_a_SOURCES += ovs-ext/packet-in.c
ovs_ext_libzwovs_a_SOURCES += ovs-ext/packet-in.h
ovs_ext_libzwovs_a_SOURCES += ovs-ext/packet-key.c
ovs_ext_libzwovs_a_SOURCES += ovs-ext/packet-key.h
ovs_ext_libzwovs_a_SOURCES += ovs-ext/packet-out.c
ovs_ext_libzwovs_a_SOURCES += ovs-ext/packet-out.h
ovs_ext_libzwovs_a_SOURCES += ovs-ext/pipeline.c
ovs_ext_libzwovs_a_SOURCES += ovs-ext/pipeline.h
ovs_ext_libzwovs_a_SOURCES += ovs-ext/session-end.c
ovs_ext_libzwovs_a_SOURCES += ovs-ext/session-end.h
