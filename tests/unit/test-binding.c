/* SPDX-License-Identifier: Apache-2.0 */
#include "zw-config.h"

#include "controller/policy/binding.h"

#include <stdio.h>
#include <string.h>

#include "tests/unit/policy-fixture.h"
#include "tests/unit/zw-test.h"

static const char text[] = "version: 1\n"
                           "zones:\n"
                           "  free: {ports: [{name: \"f*\", macs: \"02:00:00:00:00:01\", addresses: 10.0.0.9}]}\n"
                           "  both:\n"
                           "    guard: true\n"
                           "    ports:\n"
                           "      - {name: \"b*\", macs: [\"02:00:00:00:00:02\", \"02:00:00:00:00:01\"]}\n"
                           "      - {name: b1, addresses: [\"2001:db8::1\", 10.0.0.1]}\n"
                           "      - {name: b2, addresses: 10.0.0.2}\n"
                           "  macs: {guard: {ip: false}, ports: [{name: \"m*\"}]}\n"
                           "  ips: {guard: {mac: false}, ports: [{name: \"i*\"}]}\n";

static const struct {
    const char *port, *zone, *mac, *ips;         /* What OVSDB says. */
    const char *macs, *addresses, *bad, *closed; /* What follows; 'closed' is a word of the reason. */
    size_t n_bad;
} cases[] = {
    {"f1", "free", "02:00:00:00:00:05", "10.0.0.1", "", "", NULL, NULL, 0},
    {"b1", "both", NULL, NULL, "02:00:00:00:00:01 02:00:00:00:00:02", "10.0.0.1 2001:db8::1", NULL, NULL, 0},
    {"b2", "both", "02:00:00:00:00:02", "fe80::1", "02:00:00:00:00:02 02:00:00:00:00:01", "fe80::1 10.0.0.2", NULL,
     NULL, 0},
    {"b1", "both", NULL, " 10.0.0.7,, 10.0.0.1 ,2001:DB8::7 ", "02:00:00:00:00:01 02:00:00:00:00:02",
     "10.0.0.7 10.0.0.1 2001:db8::7 2001:db8::1", NULL, NULL, 0},
    {"b1", "both", NULL, "10.0.0.0/24 10.0.0.7 x", "02:00:00:00:00:01 02:00:00:00:00:02",
     "10.0.0.7 10.0.0.1 2001:db8::1", "10.0.0.0/24", NULL, 2},
    {"b2", "both", NULL, "fe80::1%eth0 224.0.0.1 ::ffff:10.0.0.1 127.0.0.1 10.0.0.3 :: ff02::1",
     "02:00:00:00:00:01 02:00:00:00:00:02", "10.0.0.3 10.0.0.2", "fe80::1%eth0", NULL, 6},
    {"b3", "both", NULL, NULL, "02:00:00:00:00:01 02:00:00:00:00:02", "", NULL, "IP", 0},
    {"b3", "both", NULL, " ,", "02:00:00:00:00:01 02:00:00:00:00:02", "", NULL, "IP", 0},
    {"m1", "macs", "02:00:00:00:00:05", NULL, "02:00:00:00:00:05", "", NULL, NULL, 0},
    {"m1", "macs", NULL, "10.0.0.1", "", "10.0.0.1", NULL, "MAC", 0},
    {"m1", "macs", "01:00:00:00:00:05", NULL, "", "", NULL, "MAC", 0},
    {"i1", "ips", NULL, "10.0.0.1", "", "10.0.0.1", NULL, NULL, 0},
    {"i1", "ips", "02:00:00:00:00:05", NULL, "02:00:00:00:00:05", "", NULL, "IP", 0},
};

static void put(char *list, const char *item)
{
    strcat(list, *list ? " " : "");
    strcat(list, item);
}

static void check(const struct zw_policy *policy, size_t i)
{
    struct zw_external_id id = {.key = (char *)"attached-ips", .value = (char *)cases[i].ips};
    struct zw_port port = {.name = (char *)cases[i].port,
                           .attached_mac = (char *)cases[i].mac,
                           .external_ids = &id,
                           .n_external_ids = cases[i].ips != NULL};
    char macs[256] = "", addresses[512] = "", buf[ZW_ADDR_STRLEN];
    struct zw_bindings b;

    zw_bindings_find(zw_policy_zone_by_name(policy, cases[i].zone), &port, NULL, 0, &b);
    for (size_t j = 0; j < b.n_macs; j++) {
        put(macs, zw_mac_format(&b.macs[j], buf));
    }
    for (size_t j = 0; j < b.n_addresses; j++) {
        put(addresses, zw_addr_format(&b.addresses[j], buf));
    }
    CU_ASSERT_STRING_EQUAL(macs, cases[i].macs);
    CU_ASSERT_STRING_EQUAL(addresses, cases[i].addresses);
    CU_ASSERT_STRING_EQUAL(b.bad ? b.bad : "-", cases[i].bad ? cases[i].bad : "-");
    CU_ASSERT_EQUAL(b.n_bad, cases[i].n_bad);
    CU_ASSERT_EQUAL(b.closed != NULL, cases[i].closed != NULL);
    CU_ASSERT(!cases[i].closed || (b.closed && strstr(b.closed, cases[i].closed)));
    CU_ASSERT_EQUAL(b.n_dropped, 0);
    zw_bindings_clear(&b);
}

static void test_sources(void)
{
    struct zw_policy *policy = policy_of(text);

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        check(policy, i);
    }
    zw_policy_unref(policy);
}

static void test_bound(void)
{
    struct zw_policy *policy = policy_of(text);
    char ips[16 * (ZW_BINDINGS_MAX + 3)] = "";
    struct zw_external_id id = {.key = (char *)"attached-ips", .value = ips};
    struct zw_port port = {.name = (char *)"i1", .external_ids = &id, .n_external_ids = 1};
    struct zw_bindings b;

    for (unsigned int i = 0; i < ZW_BINDINGS_MAX + 2; i++) {
        snprintf(ips + strlen(ips), sizeof ips - strlen(ips), "10.0.1.%u ", i);
    }
    zw_bindings_find(zw_policy_zone_by_name(policy, "ips"), &port, NULL, 0, &b);
    CU_ASSERT_EQUAL(b.n_addresses, ZW_BINDINGS_MAX);
    CU_ASSERT_EQUAL(b.n_dropped, 2);
    zw_bindings_clear(&b);
    zw_policy_unref(policy);
}

static void test_link_local(void)
{
    char buf[ZW_ADDR_STRLEN];
    struct zw_mac mac;

    CU_ASSERT(zw_mac_parse("34:56:78:9A:bc:de", &mac));
    struct zw_addr addr = zw_mac_link_local(&mac); /* The example of RFC 4291, appendix A. */
    CU_ASSERT_STRING_EQUAL(zw_addr_format(&addr, buf), "fe80::3656:78ff:fe9a:bcde");
}

static void test_mac(void)
{
    static const char *const bad[] = {"",
                                      "2",
                                      "02:00:00:00:00",
                                      "02:00:00:00:00:0",
                                      "02:00:00:00:00:001",
                                      "02:00:00:00:00:01:",
                                      "02-00-00-00-00-01",
                                      "0g:00:00:00:00:01",
                                      "03:00:00:00:00:01",
                                      "00:00:00:00:00:00",
                                      " 2:00:00:00:00:01"};
    struct zw_mac mac;

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        CU_ASSERT_FALSE(zw_mac_parse(bad[i], &mac));
    }
}

int main(int argc, char **argv)
{
    static const struct zw_test tests[] = {
        {"addresses come from OVSDB and from the policy", test_sources},
        {"a port has so many and no more", test_bound},
        {"a MAC address has a link-local address", test_link_local},
        {"what is no host's MAC address is refused", test_mac},
    };

    return zw_test_run(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
