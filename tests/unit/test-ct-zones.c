/* SPDX-License-Identifier: Apache-2.0 */
/* On a real ovsdb-server. */
#include "zw-config.h"

#include "ovs-ext/ct-zones.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "ovs-ext/ovsdb.h"
#include "tests/unit/ovsdb-fixture.h"
#include "tests/unit/zw-test.h"

static struct zw_ovsdb *ovsdb;
static struct zw_ct_want want;

/* What a datapath's zone has, as "ovs-vsctl list-zone-tp" says it; "" if nothing. */
static const char *timeouts(const char *datapath, unsigned int zone)
{
    char args[100], prefix[100];

    snprintf(args, sizeof args, "list-zone-tp %s | grep -w 'Zone:%u'", datapath, zone);
    snprintf(prefix, sizeof prefix, "Zone:%u, Timeout Policies: ", zone);
    const char *line = fixture_vsctl_get(args);
    return strncmp(line, prefix, strlen(prefix)) ? "" : line + strlen(prefix);
}

static void wait_for(const char *datapath, unsigned int zone, const char *expected)
{
    long long deadline = fixture_now_ms() + FIXTURE_TIMEOUT_MS;

    while (strcmp(timeouts(datapath, zone), expected) && fixture_now_ms() < deadline) {
        poll(NULL, 0, 20);
    }
    CU_ASSERT_STRING_EQUAL(timeouts(datapath, zone), expected);
}

static void start(void)
{
    static const char *const bridges[] = {"br0"};

    fixture_create();
    fixture_start_server();
    CU_ASSERT_TRUE(fixture_vsctl("init -- add-br br0 -- set bridge br0 fail_mode=secure"));
    CU_ASSERT_EQUAL_FATAL(zw_ovsdb_start(fixture_remote(), bridges, 1, &ovsdb), 0);
    memset(&want, 0, sizeof want);
    want.timeouts[ZW_DATAPATH_NETDEV].s[ZW_CT_TCP_CLOSE] = 1;
    want.timeouts[ZW_DATAPATH_SYSTEM].s[ZW_CT_UDP_FIRST] = 2;
    zw_ct_want_add(&want, ZW_DATAPATH_NETDEV, 4096);
    zw_ct_want_add(&want, ZW_DATAPATH_NETDEV, 65535);
    zw_ct_want_add(&want, ZW_DATAPATH_SYSTEM, 4096);
}

static void stop(void)
{
    zw_ovsdb_stop(ovsdb);
    fixture_destroy();
}

/* The database knows no datapath at first. */
static void test_written(void)
{
    start();
    zw_ovsdb_want(ovsdb, &want);
    wait_for("netdev", 4096, "tcp_close=1");
    wait_for("netdev", 65535, "tcp_close=1");
    wait_for("system", 4096, "udp_first=2");

    want.timeouts[ZW_DATAPATH_NETDEV].s[ZW_CT_ICMP_REPLY] = 4294967295;
    want.zones[ZW_DATAPATH_NETDEV][1023] = 0;
    zw_ct_want_add(&want, ZW_DATAPATH_NETDEV, 1);
    zw_ovsdb_want(ovsdb, &want);
    wait_for("netdev", 1, "icmp_reply=4294967295 tcp_close=1");
    CU_ASSERT_STRING_EQUAL(timeouts("netdev", 4096), "icmp_reply=4294967295 tcp_close=1");
    CU_ASSERT_STRING_EQUAL(timeouts("netdev", 65535), "");
    CU_ASSERT_STRING_EQUAL(timeouts("system", 4096), "udp_first=2");
    stop();
}

static void test_others_stay(void)
{
    start();
    CU_ASSERT_TRUE(
        fixture_vsctl("-- --id=@m create Datapath datapath_version=0 -- set Open_vSwitch . datapaths:netdev=@m"));
    CU_ASSERT_TRUE(fixture_vsctl("add-zone-tp netdev zone=5 udp_first=9 -- add-zone-tp netdev zone=4096 udp_first=9"));
    zw_ovsdb_want(ovsdb, &want);
    wait_for("netdev", 4096, "tcp_close=1"); /* Wanted, so it is ours from now on. */
    CU_ASSERT_STRING_EQUAL(timeouts("netdev", 5), "udp_first=9");
    want.zones[ZW_DATAPATH_NETDEV][64] = 0;
    zw_ovsdb_want(ovsdb, &want);
    wait_for("netdev", 4096, "");
    CU_ASSERT_STRING_EQUAL(timeouts("netdev", 5), "udp_first=9");
    stop();
}

static void test_mended(void)
{
    start();
    zw_ovsdb_want(ovsdb, &want);
    wait_for("netdev", 4096, "tcp_close=1");
    CU_ASSERT_TRUE(fixture_vsctl("del-zone-tp netdev zone=4096"));
    wait_for("netdev", 4096, "tcp_close=1");
    CU_ASSERT_TRUE(fixture_vsctl("clear Open_vSwitch . datapaths"));
    wait_for("netdev", 4096, "tcp_close=1");
    wait_for("system", 4096, "udp_first=2");
    fixture_kill_server();
    fixture_start_server();
    CU_ASSERT_TRUE(fixture_vsctl("del-zone-tp netdev zone=65535"));
    wait_for("netdev", 65535, "tcp_close=1");
    stop();
}

/* What is right is not written again: the rows stay the same ones. */
static void test_right_is_left_alone(void)
{
    static const char *const bridges[] = {"br0"};
    char before[200], again[300];

    start();
    zw_ovsdb_want(ovsdb, &want);
    wait_for("netdev", 4096, "tcp_close=1");
    snprintf(before, sizeof before, "%s",
             fixture_vsctl_get("--bare --columns=_uuid list CT_Zone | grep . | paste -sd'|'"));
    CU_ASSERT_EQUAL(strlen(before), 3 * 37 - 1);
    zw_ovsdb_stop(ovsdb);
    CU_ASSERT_EQUAL_FATAL(zw_ovsdb_start(fixture_remote(), bridges, 1, &ovsdb), 0);
    zw_ct_want_add(&want, ZW_DATAPATH_NETDEV, 4097); /* To see when it has looked. */
    zw_ovsdb_want(ovsdb, &want);
    wait_for("netdev", 4097, "tcp_close=1");
    snprintf(again, sizeof again, "--bare --columns=_uuid list CT_Zone | grep -cE '%s'", before);
    CU_ASSERT_STRING_EQUAL(fixture_vsctl_get(again), "3");
    stop();
}

ZW_TEST_MAIN({"what is wanted is written", test_written}, {"what is others' stays", test_others_stay},
             {"what others change is mended", test_mended}, {"what is right is left alone", test_right_is_left_alone})
