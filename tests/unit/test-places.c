/* SPDX-License-Identifier: Apache-2.0 */
/* Promise 3: only the sessions of ports that went to another zone may end, so it has to be known which these are. */
#include "zw-config.h"

#include "controller/policy/places.h"
#include "tests/unit/policy-fixture.h"
#include "tests/unit/zw-test.h"

static struct zw_policy *policy;

static void set_up(void)
{
    policy = policy_of("version: 1\n"
                       "zones:\n"
                       "  web: {ports: [{name: 'web*'}]}\n"
                       "  rest: {ports: [{name: 'up*'}]}\n"
                       "  tenant: {ports: [{name: up0, vlans: [10-19, 30]}, {name: up1, vlans: 10-19}]}\n");
}

static void tear_down(void)
{
    zw_policy_unref(policy);
}

/* The names of ports 1, 2, ...; NULL: there is none of this number. */
static struct zw_bridge bridge_of(struct zw_port ports[4], const char *const names[4])
{
    struct zw_bridge bridge = {.ports = ports};

    for (uint32_t i = 0; i < 4; i++) {
        if (names[i]) {
            ports[bridge.n_ports++] = (struct zw_port){.name = (char *)names[i], .ofport = i + 1, .tag = ZW_VLAN_NONE};
        }
    }
    return bridge;
}

static void check(const struct zw_places *places, uint32_t ofport, unsigned int vlan, const char *expected)
{
    const struct zw_zone *zone;

    CU_ASSERT(zw_places_find(places, ofport, vlan, &zone));
    CU_ASSERT_PTR_EQUAL(zone, expected ? zw_policy_zone_by_name(policy, expected) : NULL);
}

static void test_find(void)
{
    struct zw_port ports[4];
    struct zw_bridge bridge = bridge_of(ports, (const char *const[]){"web7", "up0", "other", NULL});
    struct zw_places *places = zw_places_new(policy, &bridge);
    const struct zw_zone *zone = policy->zones[0];

    check(places, 1, 0, "web");
    check(places, 1, 4095, "web");
    check(places, 2, 0, "rest");
    check(places, 2, 9, "rest");
    check(places, 2, 10, "tenant");
    check(places, 2, 19, "tenant");
    check(places, 2, 20, "rest");
    check(places, 2, 30, "tenant");
    check(places, 2, 4095, "rest");
    check(places, 3, 10, NULL);
    CU_ASSERT_FALSE(zw_places_find(places, 4, 0, &zone));
    CU_ASSERT_PTR_NULL(zone);
    CU_ASSERT_FALSE(zw_places_find(places, 0, 0, &zone));
    CU_ASSERT_FALSE(zw_places_find(places, 65536 + 1, 0, &zone));
    zw_places_free(places);
    zw_places_free(NULL);
}

/* It comes and goes as a port does. */
static void test_shared_number(void)
{
    struct zw_port a[4], b[4];
    struct zw_bridge was = bridge_of(a, (const char *const[]){"web1", "up0", NULL, NULL});
    struct zw_bridge is = bridge_of(b, (const char *const[]){"up1", "up0", NULL, NULL});
    const struct zw_zone *zone;

    CU_ASSERT(zw_places_moved(policy, &was, &is));
    b[0].shares_ofport = true;
    CU_ASSERT_FALSE(zw_places_moved(policy, &was, &is));
    struct zw_places *places = zw_places_new(policy, &is);
    CU_ASSERT_FALSE(zw_places_find(places, 1, 0, &zone));
    check(places, 2, 0, "rest");
    zw_places_free(places);
}

static bool moved(const char *const older[4], const char *const newer[4])
{
    struct zw_port a[4], b[4];
    struct zw_bridge was = bridge_of(a, older), is = bridge_of(b, newer);

    return zw_places_moved(policy, &was, &is);
}

#define PORTS(...) ((const char *const[4]){__VA_ARGS__})

static void test_moved(void)
{
    CU_ASSERT_FALSE(moved(PORTS("web1", "up0"), PORTS("web1", "up0")));
    CU_ASSERT_FALSE(moved(PORTS("web1", "up0"), PORTS("web2", "up0")));
    CU_ASSERT(moved(PORTS("web1", "up0"), PORTS("up2", "up0")));
    CU_ASSERT(moved(PORTS("web1", "up0"), PORTS("nobody", "up0")));
    CU_ASSERT(moved(PORTS("nobody", "up0"), PORTS("web1", "up0")));
    CU_ASSERT_FALSE(moved(PORTS("web1", "up0"), PORTS(NULL, "up0", "web1")));
    CU_ASSERT_FALSE(moved(PORTS("web1"), PORTS("web1", "up0", "web2")));
    CU_ASSERT_FALSE(moved(PORTS(NULL), PORTS("web1")));
    CU_ASSERT(moved(PORTS("up0"), PORTS("up1"))); /* In VLAN 30 alone. */
    CU_ASSERT(moved(PORTS("up1"), PORTS("up0")));
    CU_ASSERT_FALSE(moved(PORTS("up2"), PORTS("up3")));
}

ZW_TEST_MAIN({"a policy", set_up}, {"the zone of a port in a VLAN", test_find},
             {"which changes move a port", test_moved}, {"a number that two ports have", test_shared_number},
             {"the policy goes", tear_down})
