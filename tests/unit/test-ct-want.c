/* SPDX-License-Identifier: Apache-2.0 */
#include "zw-config.h"

#include "controller/daemon/ct-want.h"

#include <stdlib.h>
#include <string.h>

#include "tests/unit/policy-fixture.h"
#include "tests/unit/zw-test.h"

static struct zw_ct_want want;

static unsigned int n_wanted(enum zw_datapath datapath)
{
    unsigned int n = 0;

    for (unsigned int zone = 0; zone < ZW_CT_N_ZONES; zone++) {
        n += zw_ct_want_has(&want, datapath, (uint16_t)zone);
    }
    return n;
}

static struct zw_port access_port(uint32_t ofport, int tag)
{
    return (struct zw_port){.ofport = ofport, .vlan_mode = ZW_VLAN_ACCESS, .tag = tag};
}

static struct zw_port trunk_port(uint32_t ofport, uint16_t *trunks, size_t n)
{
    return (struct zw_port){
        .ofport = ofport, .vlan_mode = ZW_VLAN_TRUNK, .tag = ZW_VLAN_NONE, .trunks = trunks, .n_trunks = n};
}

static void make(const char *policy_text, struct zw_bridge *bridges, size_t n)
{
    struct zw_policy *policy = policy_of(policy_text);
    const struct zw_inventory inventory = {.bridges = bridges, .n_bridges = n};

    memset(&want, 0, sizeof want);
    zw_ct_want_make(policy, &inventory, &want);
    zw_policy_unref(policy);
}

static void test_timeouts(void)
{
    make("version: 1\n", NULL, 0);
    for (int datapath = 0; datapath < ZW_N_DATAPATHS; datapath++) {
        for (int i = 0; i < ZW_CT_N_TIMEOUTS; i++) {
            bool closed = i == ZW_CT_TCP_CLOSE || (i == ZW_CT_TCP_TIME_WAIT && datapath == ZW_DATAPATH_SYSTEM);
            CU_ASSERT_EQUAL(want.timeouts[datapath].s[i], closed ? 1 : 0);
        }
    }
    make("version: 1\nconntrack: {timeouts: {tcp-close: 5m, udp-first: 2h}}\n", NULL, 0);
    CU_ASSERT_EQUAL(want.timeouts[ZW_DATAPATH_NETDEV].s[ZW_CT_TCP_CLOSE], 300);
    CU_ASSERT_EQUAL(want.timeouts[ZW_DATAPATH_SYSTEM].s[ZW_CT_TCP_CLOSE], 300);
    CU_ASSERT_EQUAL(want.timeouts[ZW_DATAPATH_SYSTEM].s[ZW_CT_TCP_TIME_WAIT], 1);
    CU_ASSERT_EQUAL(want.timeouts[ZW_DATAPATH_NETDEV].s[ZW_CT_UDP_FIRST], 7200);
    CU_ASSERT_EQUAL(n_wanted(ZW_DATAPATH_NETDEV) + n_wanted(ZW_DATAPATH_SYSTEM), 0);
}

/* A session needs two ports. */
static void test_segments(void)
{
    uint16_t some[] = {0, 20, 30};
    struct zw_port first[] = {access_port(1, 10), access_port(2, 10), access_port(3, 20), trunk_port(4, some, 3),
                              access_port(5, ZW_VLAN_NONE)},
                   second[] = {trunk_port(1, NULL, 0), access_port(2, 7), access_port(0, 8), access_port(4, 9),
                               access_port(5, 0)};
    struct zw_bridge bridges[] = {
        {.exists = true, .datapath_type = (char *)"system", .ports = first, .n_ports = 5},
        {.exists = false, .datapath_type = (char *)"netdev"},
        {.exists = true, .datapath_type = (char *)"netdev", .ports = second, .n_ports = 5},
    };

    second[3].in_bond = true;
    make("version: 1\n", bridges, 3);
    CU_ASSERT_EQUAL(n_wanted(ZW_DATAPATH_SYSTEM), 3);
    CU_ASSERT(zw_ct_want_has(&want, ZW_DATAPATH_SYSTEM, 0x100a));
    CU_ASSERT(zw_ct_want_has(&want, ZW_DATAPATH_SYSTEM, 0x1014));
    CU_ASSERT(zw_ct_want_has(&want, ZW_DATAPATH_SYSTEM, 0x1000));
    CU_ASSERT_EQUAL(n_wanted(ZW_DATAPATH_NETDEV), 2);
    CU_ASSERT(zw_ct_want_has(&want, ZW_DATAPATH_NETDEV, 0x3007));
    CU_ASSERT(zw_ct_want_has(&want, ZW_DATAPATH_NETDEV, 0x3000));
}

static void test_all_vlans(void)
{
    struct zw_port ports[] = {trunk_port(1, NULL, 0), trunk_port(2, NULL, 0)};
    struct zw_bridge bridge = {.exists = true, .datapath_type = (char *)"netdev", .ports = ports, .n_ports = 2};

    make("version: 1\n", &bridge, 1);
    CU_ASSERT_EQUAL(n_wanted(ZW_DATAPATH_NETDEV), 4096);
    CU_ASSERT(zw_ct_want_has(&want, ZW_DATAPATH_NETDEV, 0x1fff));
}

ZW_TEST_MAIN({"timeouts of the policy, and those that it does not give", test_timeouts},
             {"conntrack zones of segments with two ports", test_segments}, {"two trunks of all VLANs", test_all_vlans})
