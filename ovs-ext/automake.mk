# SPDX-License-Identifier: Apache-2.0
#
# The only code that includes Open vSwitch's headers, and the only target that sees them.  Its .c files begin with
# #include <config.h>, which is OVS's; OVS's own headers are included in angle brackets (<flow.h>), because a quoted
# "flow.h" would find ours.
#
# To add a file: one line here.

noinst_LIBRARIES += ovs-ext/libzwovs.a
ovs_ext_libzwovs_a_CPPFLAGS = $(AM_CPPFLAGS) $(OVS_CPPFLAGS)
ovs_ext_libzwovs_a_SOURCES =
ovs_ext_libzwovs_a_SOURCES += ovs-ext/conntrack.h
ovs_ext_libzwovs_a_SOURCES += ovs-ext/inventory.h
ovs_ext_libzwovs_a_SOURCES += ovs-ext/ovs-version.c
ovs_ext_libzwovs_a_SOURCES += ovs-ext/ovs-version.h
ovs_ext_libzwovs_a_SOURCES += ovs-ext/ovsdb.h
ovs_ext_libzwovs_a_SOURCES += ovs-ext/packet-key.h
