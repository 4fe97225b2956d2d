/* SPDX-License-Identifier: Apache-2.0 */
#include "zw-config.h"

#include "ovs-ext/packet-key.h"

#include <stdio.h>
#include <string.h>

#include "tests/unit/zw-test.h"

static void test_addresses(void)
{
    static const char *const good[][2] = {
        {"10.0.0.53", "10.0.0.53"},       {"255.255.255.255", "255.255.255.255"},
        {"0.0.0.0", "0.0.0.0"},           {"::", "::"},
        {"2001:DB8:0::1", "2001:db8::1"}, {"fe80::1", "fe80::1"},
    };
    static const char *const bad[] = {"",          "10.0.0", "10.0.0.256", "010.0.0.1",    "10.0.0.1/32",
                                      "10.0.0.1 ", "x",      "1::2::3",    "fe80::1%eth0", "12345::"};
    char buf[ZW_ADDR_STRLEN];
    struct zw_addr addr;

    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        CU_ASSERT_TRUE(zw_addr_parse(good[i][0], &addr));
        CU_ASSERT_STRING_EQUAL(zw_addr_format(&addr, buf), good[i][1]);
        CU_ASSERT_EQUAL(addr.family, strchr(good[i][0], ':') ? ZW_IPV6 : ZW_IPV4);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        CU_ASSERT_FALSE(zw_addr_parse(bad[i], &addr));
    }
}

static void test_ipv4_rest_is_zero(void)
{
    struct zw_addr addr;

    memset(&addr, 0xff, sizeof addr);
    CU_ASSERT_TRUE(zw_addr_parse("1.2.3.4", &addr));
    for (size_t i = 4; i < sizeof addr.bytes; i++) {
        CU_ASSERT_EQUAL(addr.bytes[i], 0);
    }
}

static void test_prefixes(void)
{
    static const char *const good[][2] = {
        {"10.0.0.0/8", "10.0.0.0/8"},
        {"10.0.0.1", "10.0.0.1"},
        {"10.0.0.1/32", "10.0.0.1"},
        {"0.0.0.0/0", "0.0.0.0/0"},
        {"::/0", "::/0"},
        {"2001:db8:10::/48", "2001:db8:10::/48"},
        {"2001:db8::1/128", "2001:db8::1"},
        {"ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.254/127", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe/127"},
    };
    static const char *const bad[] = {
        "10.0.0.0/33",
        "10.0.0.0/",
        "10.0.0.0/08",
        "10.0.0.0/+8",
        "10.0.0.0/-8",
        "10.0.0.0/8 ",
        "10.0.0.1/8",
        "::/129",
        "2001:db8::1/64",
        "/8",
        "",
        "10.0.0.0/255.0.0.0",
        "10.0.0.0/8/8",
        "128.0.0.0/0",
        "1111:1111:1111:1111:1111:1111:1111:1111:1111:1111:1111:1111:1111/64",
    };
    char buf[ZW_PREFIX_STRLEN];
    struct zw_prefix prefix;

    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        CU_ASSERT_PTR_NULL(zw_prefix_parse(good[i][0], &prefix));
        CU_ASSERT_STRING_EQUAL(zw_prefix_format(&prefix, buf), good[i][1]);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        if (!zw_prefix_parse(bad[i], &prefix)) {
            printf("# %s\n", bad[i]);
            CU_FAIL("accepted");
        }
    }
}

/* For every length: the network contains the address, and not the one that differs in its last bit. */
static void check_contains(const char *text)
{
    struct zw_addr addr, other;

    CU_ASSERT_TRUE(zw_addr_parse(text, &addr));
    for (unsigned int n = 0; n <= zw_family_bits(addr.family); n++) {
        struct zw_prefix network = zw_addr_network(&addr, n);

        CU_ASSERT_EQUAL(network.n_bits, n);
        CU_ASSERT_TRUE(zw_prefix_contains(&network, &addr));
        if (n > 0) {
            other = addr;
            other.bytes[(n - 1) / 8] ^= (uint8_t)(0x80 >> (n - 1) % 8);
            CU_ASSERT_FALSE(zw_prefix_contains(&network, &other));
            CU_ASSERT_FALSE(zw_addr_equal(&addr, &other));
        }
        if (n < zw_family_bits(addr.family)) {
            other = addr;
            other.bytes[n / 8] ^= (uint8_t)(0x80 >> n % 8);
            CU_ASSERT_TRUE(zw_prefix_contains(&network, &other));
        }
    }
}

static void test_contains(void)
{
    check_contains("10.171.3.254");
    check_contains("2001:db8:ffff::a5a5");
}

static void test_families_are_apart(void)
{
    struct zw_prefix all4, all6;
    struct zw_addr addr4, addr6;

    zw_prefix_parse("0.0.0.0/0", &all4);
    zw_prefix_parse("::/0", &all6);
    zw_addr_parse("0.0.0.0", &addr4);
    zw_addr_parse("::", &addr6);
    CU_ASSERT_TRUE(zw_prefix_contains(&all4, &addr4));
    CU_ASSERT_TRUE(zw_prefix_contains(&all6, &addr6));
    CU_ASSERT_FALSE(zw_prefix_contains(&all4, &addr6));
    CU_ASSERT_FALSE(zw_prefix_contains(&all6, &addr4));
    CU_ASSERT_FALSE(zw_addr_equal(&addr4, &addr6));
}

ZW_TEST_MAIN({"addresses as text", test_addresses}, {"what IPv4 leaves is zero", test_ipv4_rest_is_zero},
             {"prefixes as text", test_prefixes}, {"a network contains what it should", test_contains},
             {"no IPv4 address is in an IPv6 prefix", test_families_are_apart})
