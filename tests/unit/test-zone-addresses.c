/* SPDX-License-Identifier: Apache-2.0 */
/* The next address of a zone is what zw_zone_at() says of each, one after the other. */
#include "zw-config.h"

#include <stdio.h>
#include <string.h>

#include "controller/policy/decide.h"
#include "controller/policy/zone-addresses.h"
#include "tests/unit/policy-fixture.h"
#include "tests/unit/zw-test.h"

/* 255.255.255.0/24, so that the family ends where the test does; and zones within zones, side by side, and interleaved. */
static const char policy_text[] =
    "version: 1\n"
    "zones:\n"
    "  uplink: {ports: [{name: uplink0}]}\n"
    "  other: {ports: [{name: uplink1}]}\n"
    "  all: {behind: other, addresses: [0.0.0.0/0]}\n"
    "  a: {behind: uplink, addresses: [255.255.255.16/28, 255.255.255.66, 255.255.255.192/27, 255.255.255.80/29]}\n"
    "  b: {behind: uplink, addresses: [255.255.255.64/26, 255.255.255.32/28, 255.255.255.200/29, 255.255.255.17]}\n"
    "  c: {behind: uplink, addresses: [255.255.255.64/27, 255.255.255.204/31, 255.255.255.254/31, 255.255.255.64]}\n"
    "  d: {behind: uplink, addresses: [255.255.255.48/31]}\n"
    "  e: {behind: uplink, addresses: [255.255.255.48, 255.255.255.49, 'fd00::/64']}\n"
    "address-sets:\n"
    "  set: [255.255.255.66, 255.255.255.72/29, 255.255.255.76/30, 255.255.255.224/27, 255.255.255.18/31]\n"
    "rules:\n"
    "  - {name: r, from: uplink, to: other, to-addresses: set, action: allow}\n";

static struct zw_addr addr_of(unsigned int last)
{
    return (struct zw_addr){.family = ZW_IPV4, .bytes = {255, 255, 255, (uint8_t)last}};
}

static const struct zw_prefixes none;

/* The slow way; 256: there is none. */
static unsigned int expected(const struct zw_policy *policy, const struct zw_zone *zone, const struct zw_prefixes *set,
                             bool within, unsigned int from)
{
    for (unsigned int i = from; i < 256; i++) {
        struct zw_addr addr = addr_of(i);

        if (zw_zone_at(policy, zone->behind ? zone->behind : zone, &addr) == zone &&
            zw_prefixes_contain(set, &addr) == within) {
            return i;
        }
    }
    return 256;
}

/* Whether an answer is the right one, from address 'from' on. */
static bool is_right(const struct zw_policy *policy, const struct zw_zone *zone, const struct zw_prefixes *set,
                     bool within, unsigned int from)
{
    struct zw_addr addr = addr_of(from), want = addr;
    unsigned int last = expected(policy, zone, set, within, from);
    bool found =
        within ? zw_zone_address_within(policy, zone, set, &addr) : zw_zone_address_outside(policy, zone, set, &addr);

    want.bytes[3] = (uint8_t)last;
    return found ? last < 256 && zw_addr_equal(&addr, &want) : last == 256;
}

static void check_all(bool within, bool with_set)
{
    struct zw_policy *policy = policy_of(policy_text);
    unsigned int n_right = 0;

    for (size_t z = 0; z < policy->n_zones; z++) {
        for (unsigned int from = 0; from < 256; from++) {
            n_right +=
                is_right(policy, policy->zones[z], with_set ? &policy->rules[0].to_addresses : &none, within, from);
        }
    }
    CU_ASSERT_EQUAL(n_right, 8 * 256);
    zw_policy_unref(policy);
}

static void test_each_address(void)
{
    check_all(false, false);
}

static void test_outside_a_set(void)
{
    check_all(false, true);
}

static void test_within_a_set(void)
{
    check_all(true, true);
    check_all(true, false);
}

/* "10.0.0.1", or "-": the first that 'zone' has from 'from' on, of a host if it is to be. */
static void check_first(const struct zw_policy *policy, const char *zone, const char *from, bool is_host,
                        const char *want)
{
    char text[ZW_ADDR_STRLEN];
    struct zw_addr addr;

    CU_ASSERT_FATAL(zw_addr_parse(from, &addr));
    bool found = is_host ? zw_zone_host_outside(policy, zw_policy_zone_by_name(policy, zone), &none, &addr)
                         : zw_zone_address_from(policy, zw_policy_zone_by_name(policy, zone), &addr);
    CU_ASSERT_STRING_EQUAL(found ? zw_addr_format(&addr, text) : "-", want);
}

static void test_first_addresses(void)
{
    struct zw_policy *policy = policy_of(policy_text);

    check_first(policy, "uplink", "0.0.0.0", false, "0.0.0.0");
    check_first(policy, "a", "0.0.0.0", false, "255.255.255.16");
    check_first(policy, "a", "::", false, "-");
    check_first(policy, "d", "0.0.0.0", false, "-");
    check_first(policy, "e", "::", false, "fd00::");
    check_first(policy, "e", "fd00::1", false, "fd00::1");
    check_first(policy, "e", "fd00:0:0:1::", false, "-");
    check_first(policy, "uplink", "fd00::", false, "fd00:0:0:1::");
    check_first(policy, "other", "0.0.0.0", false, "-");
    check_first(policy, "other", "::", false, "::");
    zw_policy_unref(policy);
}

static void test_addresses_of_hosts(void)
{
    struct zw_policy *policy = policy_of(policy_text);

    check_first(policy, "uplink", "0.0.0.0", true, "1.0.0.0");
    check_first(policy, "uplink", "127.0.0.1", true, "128.0.0.0");
    check_first(policy, "uplink", "224.0.0.1", true, "-");
    check_first(policy, "a", "0.0.0.0", true, "-");
    check_first(policy, "uplink", "::1", true, "1::");
    check_first(policy, "uplink", "ff02::1", true, "-");
    zw_policy_unref(policy);
}

ZW_TEST_MAIN({"the next address, from each one", test_each_address}, {"outside a set", test_outside_a_set},
             {"within a set", test_within_a_set}, {"the first one, of either family", test_first_addresses},
             {"those of hosts", test_addresses_of_hosts})
