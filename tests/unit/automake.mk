# SPDX-License-Identifier: Apache-2.0
#
# To add tests/unit/test-NAME.c: one line here.  A test of ovs-ext that itself needs OVS's headers says so by
# tests_unit_test_NAME_CPPFLAGS = $(AM_CPPFLAGS) $(OVS_CPPFLAGS).

check_LIBRARIES += tests/unit/libzwtest.a
tests_unit_libzwtest_a_SOURCES = tests/unit/zw-test.c tests/unit/zw-test.h
tests_unit_libzwtest_a_SOURCES += tests/unit/audit-records.c tests/unit/audit-records.h
tests_unit_libzwtest_a_SOURCES += tests/unit/control-server.c tests/unit/control-server.h
tests_unit_libzwtest_a_SOURCES += tests/unit/ovsdb-fixture.c tests/unit/ovsdb-fixture.h
tests_unit_libzwtest_a_CFLAGS = $(AM_CFLAGS) $(CUNIT_CFLAGS)
LDADD = tests/unit/libzwtest.a $(ZW_LIBS) $(ZW_SYSTEM_LIBS) $(CUNIT_LIBS)

check_PROGRAMS += tests/unit/test-audit-cache
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
check_PROGRAMS += tests/unit/test-control-client
check_PROGRAMS += tests/unit/test-control-rights
