# SPDX-License-Identifier: Apache-2.0
#
# To add tests/unit/test-NAME.c: one line here.  A test of ovs-ext that itself needs OVS's headers says so by
# tests_unit_test_NAME_CPPFLAGS = $(AM_CPPFLAGS) $(OVS_CPPFLAGS).

check_LIBRARIES += tests/unit/libzwtest.a
tests_unit_libzwtest_a_SOURCES = tests/unit/zw-test.c tests/unit/zw-test.h
tests_unit_libzwtest_a_SOURCES += tests/unit/audit-records.c tests/unit/audit-records.h
EXTRA_DIST += tests/unit/audit-1.sql
tests_unit_libzwtest_a_SOURCES += tests/unit/control-server.c tests/unit/control-server.h
tests_unit_libzwtest_a_SOURCES += tests/unit/ovsdb-fixture.c tests/unit/ovsdb-fixture.h
tests_unit_libzwtest_a_CFLAGS = $(AM_CFLAGS) $(CUNIT_CFLAGS)
LDADD = tests/unit/libzwtest.a $(ZW_LIBS) $(ZW_SYSTEM_LIBS) $(CUNIT_LIBS)

check_PROGRAMS += tests/unit/test-audit-cache
check_PROGRAMS += tests/unit/test-audit-doc
check_PROGRAMS += tests/unit/test-audit-failures
check_PROGRAMS += tests/unit/test-audit-query
check_PROGRAMS += tests/unit/test-audit-time
check_PROGRAMS += tests/unit/test-audit-writer
check_PROGRAMS += tests/unit/test-log
check_PROGRAMS += tests/unit/test-conntrack
tests_unit_test_conntrack_CPPFLAGS = $(AM_CPPFLAGS) $(OVS_CPPFLAGS)
check_PROGRAMS += tests/unit/test-inventory
check_PROGRAMS += tests/unit/test-ovsctl
check_PROGRAMS += tests/unit/test-ovsdb
check_PROGRAMS += tests/unit/test-ovsdb-tables
tests_unit_test_ovsdb_tables_CPPFLAGS = $(AM_CPPFLAGS) $(OVS_CPPFLAGS)
check_PROGRAMS += tests/unit/test-ring
check_PROGRAMS += tests/unit/test-control
check_PROGRAMS += tests/unit/test-control-args
check_PROGRAMS += tests/unit/test-control-client
check_PROGRAMS += tests/unit/test-control-file
check_PROGRAMS += tests/unit/test-control-rights
tests_unit_test_ovsdb_SOURCES = tests/unit/test-ovsdb.c tests/unit/ovsdb-fixture.c tests/unit/ovsdb-fixture.h
check_PROGRAMS += tests/unit/test-problems
check_PROGRAMS += tests/unit/test-sha256
check_PROGRAMS += tests/unit/test-stations
check_PROGRAMS += tests/unit/test-tally
check_PROGRAMS += tests/unit/test-names
check_PROGRAMS += tests/unit/test-memory
check_PROGRAMS += tests/unit/test-packet-key
check_PROGRAMS += tests/unit/test-yaml
check_PROGRAMS += tests/unit/test-reader
tests_unit_test_reader_SOURCES = tests/unit/test-reader.c tests/unit/policy-fixture.c tests/unit/policy-fixture.h
check_PROGRAMS += tests/unit/test-reader-change
check_PROGRAMS += tests/unit/test-compile-delta
tests_unit_test_compile_delta_SOURCES = tests/unit/test-compile-delta.c tests/unit/policy-fixture.c tests/unit/policy-fixture.h
check_PROGRAMS += tests/unit/test-placement
tests_unit_test_placement_SOURCES = tests/unit/test-placement.c tests/unit/policy-fixture.c tests/unit/policy-fixture.h
check_PROGRAMS += tests/unit/test-placement-shared
tests_unit_test_placement_shared_SOURCES = tests/unit/test-placement-shared.c tests/unit/policy-fixture.c tests/unit/policy-fixture.h
check_PROGRAMS += tests/unit/test-policy
tests_unit_test_policy_SOURCES = tests/unit/test-policy.c tests/unit/policy-fixture.c tests/unit/policy-fixture.h
check_PROGRAMS += tests/unit/test-binding
tests_unit_test_binding_SOURCES = tests/unit/test-binding.c tests/unit/policy-fixture.c tests/unit/policy-fixture.h
check_PROGRAMS += tests/unit/test-decide
tests_unit_test_decide_SOURCES = tests/unit/test-decide.c tests/unit/policy-fixture.c tests/unit/policy-fixture.h
check_PROGRAMS += tests/unit/test-ct-want
tests_unit_test_ct_want_SOURCES = tests/unit/test-ct-want.c tests/unit/policy-fixture.c tests/unit/policy-fixture.h
check_PROGRAMS += tests/unit/test-ct-zones
tests_unit_test_ct_zones_SOURCES = tests/unit/test-ct-zones.c tests/unit/ovsdb-fixture.c tests/unit/ovsdb-fixture.h
check_PROGRAMS += tests/unit/test-places
tests_unit_test_places_SOURCES = tests/unit/test-places.c tests/unit/policy-fixture.c tests/unit/policy-fixture.h
check_PROGRAMS += tests/unit/test-session
tests_unit_test_session_SOURCES = tests/unit/test-session.c tests/unit/policy-fixture.c tests/unit/policy-fixture.h
check_PROGRAMS += tests/unit/test-session-end
tests_unit_test_session_end_CPPFLAGS = $(AM_CPPFLAGS) $(OVS_CPPFLAGS)
check_PROGRAMS += tests/unit/test-membership
tests_unit_test_membership_SOURCES = tests/unit/test-membership.c tests/unit/policy-fixture.c tests/unit/policy-fixture.h
check_PROGRAMS += tests/unit/test-cli
tests_unit_test_cli_LDADD = controller/cli/libzwcli.a $(LDADD)
check_PROGRAMS += tests/unit/test-cli-man
tests_unit_test_cli_man_LDADD = controller/cli/libzwcli.a $(LDADD)
check_PROGRAMS += tests/unit/test-cli-output
tests_unit_test_cli_output_LDADD = controller/cli/libzwcli.a $(LDADD)
check_PROGRAMS += tests/unit/test-cli-audit
tests_unit_test_cli_audit_LDADD = controller/cli/libzwcli.a $(LDADD)
check_PROGRAMS += tests/unit/test-explain
tests_unit_test_explain_SOURCES = tests/unit/test-explain.c tests/unit/policy-fixture.c tests/unit/policy-fixture.h
check_PROGRAMS += tests/unit/test-explain-notes
tests_unit_test_explain_notes_SOURCES = tests/unit/test-explain-notes.c tests/unit/policy-fixture.c tests/unit/policy-fixture.h
check_PROGRAMS += tests/unit/test-zone-addresses
tests_unit_test_zone_addresses_SOURCES = tests/unit/test-zone-addresses.c tests/unit/policy-fixture.c tests/unit/policy-fixture.h

check_PROGRAMS += tests/unit/test-flow
tests_unit_test_flow_SOURCES = tests/unit/test-flow.c tests/unit/flow-samples.c tests/unit/flow-samples.h
check_PROGRAMS += tests/unit/test-flow-table
tests_unit_test_flow_table_SOURCES = tests/unit/test-flow-table.c tests/unit/flow-samples.c tests/unit/flow-samples.h
check_PROGRAMS += tests/unit/test-ofp
tests_unit_test_ofp_SOURCES = tests/unit/test-ofp.c tests/unit/flow-samples.c tests/unit/flow-samples.h \
	tests/unit/ofp-mutilate.c tests/unit/ofp-mutilate.h
tests_unit_test_ofp_CPPFLAGS = $(AM_CPPFLAGS) $(OVS_CPPFLAGS)
check_PROGRAMS += tests/unit/test-packet-in
tests_unit_test_packet_in_SOURCES = tests/unit/test-packet-in.c tests/unit/ofp-mutilate.c tests/unit/ofp-mutilate.h \
	tests/unit/packet-sample.c tests/unit/packet-sample.h
tests_unit_test_packet_in_CPPFLAGS = $(AM_CPPFLAGS) $(OVS_CPPFLAGS)

# A switch in the test's own process; the only part of these tests that sees OVS's headers.
check_LIBRARIES += tests/unit/libzwfake.a
tests_unit_libzwfake_a_CPPFLAGS = $(AM_CPPFLAGS) $(OVS_CPPFLAGS)
tests_unit_libzwfake_a_SOURCES = tests/unit/fake-switch.c tests/unit/fake-switch.h \
	tests/unit/fake-switch-meters.c tests/unit/fake-switch-packets.c tests/unit/fake-switch-private.h \
	tests/unit/packet-sample.c tests/unit/packet-sample.h
check_PROGRAMS += tests/unit/test-switch
tests_unit_test_switch_SOURCES = tests/unit/test-switch.c tests/unit/switch-fixture.c tests/unit/switch-fixture.h
tests_unit_test_switch_LDADD = tests/unit/libzwfake.a $(LDADD)
check_PROGRAMS += tests/unit/test-switch-flush
tests_unit_test_switch_flush_SOURCES = tests/unit/test-switch-flush.c tests/unit/switch-fixture.c tests/unit/switch-fixture.h
tests_unit_test_switch_flush_LDADD = tests/unit/libzwfake.a $(LDADD)
check_PROGRAMS += tests/unit/test-switch-refusals
tests_unit_test_switch_refusals_SOURCES = tests/unit/test-switch-refusals.c tests/unit/switch-fixture.c tests/unit/switch-fixture.h
tests_unit_test_switch_refusals_LDADD = tests/unit/libzwfake.a $(LDADD)
check_PROGRAMS += tests/unit/test-counters
tests_unit_test_counters_SOURCES = tests/unit/test-counters.c tests/unit/switch-fixture.c tests/unit/switch-fixture.h
tests_unit_test_counters_LDADD = tests/unit/libzwfake.a $(LDADD)
check_PROGRAMS += tests/unit/test-meters
tests_unit_test_meters_SOURCES = tests/unit/test-meters.c tests/unit/switch-fixture.c tests/unit/switch-fixture.h
tests_unit_test_meters_LDADD = tests/unit/libzwfake.a $(LDADD)
check_PROGRAMS += tests/unit/test-ofconn
tests_unit_test_ofconn_SOURCES = tests/unit/test-ofconn.c tests/unit/switch-fixture.c tests/unit/switch-fixture.h
tests_unit_test_ofconn_LDADD = tests/unit/libzwfake.a $(LDADD)
check_PROGRAMS += tests/unit/test-flow-count
tests_unit_test_flow_count_SOURCES = tests/unit/test-flow-count.c tests/unit/policy-fixture.c tests/unit/policy-fixture.h
check_PROGRAMS += tests/unit/test-masks
check_PROGRAMS += tests/unit/test-file
check_PROGRAMS += tests/unit/test-options
check_PROGRAMS += tests/unit/test-address-event
tests_unit_test_address_event_SOURCES = tests/unit/test-address-event.c
check_PROGRAMS += tests/unit/test-learning
tests_unit_test_learning_SOURCES = tests/unit/test-learning.c tests/unit/learning-fixture.c tests/unit/learning-fixture.h \
	tests/unit/policy-fixture.c tests/unit/policy-fixture.h
check_PROGRAMS += tests/unit/test-learning-asked
check_PROGRAMS += tests/unit/test-learning-json
check_PROGRAMS += tests/unit/test-learning-index
tests_unit_test_learning_index_SOURCES = tests/unit/test-learning-index.c tests/unit/policy-fixture.c \
	tests/unit/policy-fixture.h
check_PROGRAMS += tests/unit/test-learning-probed
tests_unit_test_learning_probed_SOURCES = tests/unit/test-learning-probed.c tests/unit/learning-fixture.c tests/unit/learning-fixture.h \
	tests/unit/policy-fixture.c tests/unit/policy-fixture.h
check_PROGRAMS += tests/unit/test-pace
check_PROGRAMS += tests/unit/test-policy-pieces
check_PROGRAMS += tests/unit/test-policy-store
check_PROGRAMS += tests/unit/test-refusal
check_PROGRAMS += tests/unit/test-rule-index
tests_unit_test_rule_index_SOURCES = tests/unit/test-rule-index.c tests/unit/policy-fixture.c tests/unit/policy-fixture.h
check_PROGRAMS += tests/unit/test-rules
tests_unit_test_rules_SOURCES = tests/unit/test-rules.c tests/unit/policy-fixture.c tests/unit/policy-fixture.h
check_PROGRAMS += tests/unit/test-sets
check_PROGRAMS += tests/unit/test-slowpath
tests_unit_test_slowpath_SOURCES = tests/unit/test-slowpath.c tests/unit/packet-sample.c tests/unit/packet-sample.h \
	tests/unit/policy-fixture.c tests/unit/policy-fixture.h
tests_unit_test_slowpath_CPPFLAGS = $(AM_CPPFLAGS) $(OVS_CPPFLAGS)
check_PROGRAMS += tests/unit/test-sd-notify
check_PROGRAMS += tests/unit/test-pipeline
check_PROGRAMS += tests/unit/test-compile
tests_unit_test_compile_SOURCES = tests/unit/test-compile.c tests/unit/policy-fixture.c tests/unit/policy-fixture.h
