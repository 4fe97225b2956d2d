/* SPDX-License-Identifier: Apache-2.0 */
#include "zw-config.h"

#include "controller/policy/policy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/policy-fixture.h"
#include "tests/unit/zw-test.h"

static void test_lookups(void)
{
    struct zw_policy *policy = policy_of("version: 1\nzones: {a: {}, b: {}, c: {}}\n"
                                         "rules: [{name: x, from: a, to: b, action: allow}]\n");

    for (size_t i = 0; i < policy->n_zones; i++) {
        const struct zw_zone *zone = policy->zones[i];

        CU_ASSERT_PTR_EQUAL(zw_policy_zone_by_name(policy, zone->name), zone);
        CU_ASSERT_PTR_EQUAL(zw_policy_zone_by_id(policy, zone->id), zone);
        CU_ASSERT_EQUAL(zone->id, zw_zone_id(zone->name));
    }
    CU_ASSERT_PTR_NULL(zw_policy_zone_by_name(policy, "d"));
    CU_ASSERT_PTR_NULL(zw_policy_zone_by_id(policy, 0));
    CU_ASSERT_PTR_NULL(zw_policy_rule(policy, 0));
    CU_ASSERT_STRING_EQUAL(zw_policy_rule(policy, 1)->name, "x");
    CU_ASSERT_PTR_NULL(zw_policy_rule(policy, 2));
    zw_policy_unref(policy);
}

/* Numbers are in conntrack labels of running switches: they must never change. */
static void test_zone_numbers(void)
{
    CU_ASSERT_EQUAL(zw_zone_id("web"), 0x4b5e57f6);
    CU_ASSERT_EQUAL(zw_zone_id("db"), 0x7bdc25d1);
}

static void test_empty(void)
{
    struct zw_policy *policy = policy_of("version: 1\n");

    CU_ASSERT_EQUAL(policy->n_zones, 0);
    CU_ASSERT_PTR_NULL(zw_policy_zone_by_name(policy, "a"));
    CU_ASSERT_PTR_NULL(zw_policy_zone_by_id(policy, 1));
    zw_policy_unref(policy);
    zw_policy_unref(NULL);
}

static void test_references(void)
{
    struct zw_policy *policy = policy_of("version: 1\n");

    CU_ASSERT_PTR_EQUAL(zw_policy_ref(policy), policy);
    zw_policy_unref(policy);
    CU_ASSERT_EQUAL(policy->n_zones, 0);
    zw_policy_unref(policy);
}

/* What sha256sum(1) says of the file. */
static void test_hash(void)
{
    struct zw_policy *policy = policy_of("version: 1\n");

    CU_ASSERT_STRING_EQUAL(policy->sha256, "09bfcc6a14b83e2192b8673677725c84883ee9cd0c70e45c9ec09daa8f2b2847");
    zw_policy_unref(policy);
}

static void test_service_items(void)
{
    static const char *const good[][2] = {
        {"tcp/80", "tcp/80"},
        {"tcp/80-80", "tcp/80"},
        {"udp/53-60", "udp/53-60"},
        {"tcp", "tcp"},
        {"tcp/0-65535", "tcp"},
        {"icmp/8", "icmp/8"},
        {"icmp/3/4", "icmp/3/4"},
        {"icmp/0", "icmp/0"},
        {"icmp/echo-request/0", "icmp/8/0"},
        {"icmpv6/packet-too-big", "icmpv6/2"},
        {"icmpv6", "icmpv6"},
        {"gre", "gre"},
        {"proto/89", "ospf"},
        {"proto/255", "proto/255"},
        {"proto/6", "tcp"},
        {"proto/58", "icmpv6"},
        {"sctp/2905", "sctp/2905"},
        {"tcp/0", "tcp/0"},
    };
    static const char *const bad[] = {"",        "/",         "tcp/",     "tcp/x",   "tcp/65536", "tcp/80,443",
                                      "tcp/9-8", "http",      "icmp/256", "icmp/8/", "gre/1",     "proto",
                                      "proto/0", "proto/256", "tcp/80/1", "TCP/80",  "tcp/ 80",   "tcp/080"};

    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        struct zw_service_item item;
        struct zw_service service = {.items = &item, .n = 1};
        char *text;

        CU_ASSERT_PTR_NULL(zw_service_item_parse(good[i][0], &item));
        text = zw_service_format(&service);
        CU_ASSERT_STRING_EQUAL(text, good[i][1]);
        free(text);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct zw_service_item item;

        CU_ASSERT_PTR_NOT_NULL(zw_service_item_parse(bad[i], &item));
    }
}

static void test_service_format(void)
{
    struct zw_policy *policy =
        policy_of("version: 1\nrules: [{from: any, to: any, service: [tcp/80, icmp/8], action: deny},\n"
                  "{from: any, to: any, action: deny}]\n");
    char *several = zw_service_format(&policy->rules[0].service), *any = zw_service_format(&policy->rules[1].service);

    CU_ASSERT_STRING_EQUAL(several, "tcp/80, icmp/8");
    CU_ASSERT_STRING_EQUAL(any, "any");
    free(several);
    free(any);
    zw_policy_unref(policy);
}

/* The normal form reads back as an equal policy: then it is its own normal form. */
static void test_normal_form(void)
{
    struct zw_policy *policy = policy_of("version: 1\nzones: {b: {}, a: {ports: [{name: 'x\"y\\z'}]}}\n"
                                         "rules: [{from: [b, a], to: any, service: \"tcp/1,2\", action: ask}]\n");
    char *text = zw_policy_format(policy), *again;
    struct zw_policy *second = policy_of(text);

    CU_ASSERT_STRING_EQUAL(text, "version: 1\n"
                                 "zones:\n"
                                 "  b:\n"
                                 "    trust-external-id: false\n"
                                 "  a:\n"
                                 "    ports:\n"
                                 "      - name: \"x\\\"y\\\\z\"\n"
                                 "    trust-external-id: false\n"
                                 "defaults:\n"
                                 "  action: deny\n"
                                 "  log: denied\n"
                                 "rules:\n"
                                 "  - name: rule-1\n"
                                 "    from: [a, b]\n"
                                 "    to: any\n"
                                 "    service: [tcp/1, tcp/2]\n"
                                 "    action: ask\n"
                                 "    otherwise: deny\n"
                                 "    log: denied\n");
    again = zw_policy_format(second);
    CU_ASSERT_STRING_EQUAL(again, text);
    free(text);
    free(again);
    zw_policy_unref(policy);
    zw_policy_unref(second);
}

static uint32_t digest_of(const char *text)
{
    struct zw_policy *policy = policy_of(text);
    uint32_t digest = policy->zones_digest;

    zw_policy_unref(policy);
    return digest;
}

/* Packets that were classified by one policy are judged by the rules of another if, and only if, their zones are the same. */
static void test_zones_digest(void)
{
    static const char *const zones[] = {
        "a: {ports: [{name: x}]}, b: {}",
        "a: {ports: [{name: y}]}, b: {}",
        "a: {ports: [{iface-id: x}]}, b: {}",
        "a: {ports: [{name: x, vlans: [10]}]}, b: {}",
        "a: {ports: [{name: x, addresses: [10.0.0.1]}], guard: true}, b: {}",
        "a: {ports: [{name: x, addresses: [10.0.0.2]}], guard: true}, b: {}",
        "a: {ports: [{name: x, addresses: [10.0.0.1]}], guard: {router: allow}}, b: {}",
        "a: {ports: [{name: x}], trust-external-id: true}, b: {}",
        "a: {ports: [{name: x}]}, b: {behind: a, addresses: 10.0.0.0/8}",
        "a: {ports: [{name: x}]}, b: {behind: a, addresses: 10.0.0.0/9}",
        "a: {ports: [{name: x}]}, c: {}",
    };
    uint32_t digests[sizeof zones / sizeof zones[0]];

    for (size_t i = 0; i < sizeof zones / sizeof zones[0]; i++) {
        char text[400];

        snprintf(text, sizeof text, "version: 1\nzones: {%s}\nrules: []\n", zones[i]);
        digests[i] = digest_of(text);
        snprintf(text, sizeof text, "version: 1\nzones: {%s}\nrules: [{from: a, to: any, action: allow}]\n", zones[i]);
        CU_ASSERT_EQUAL(digest_of(text), digests[i]);
        for (size_t j = 0; j < i; j++) {
            CU_ASSERT_NOT_EQUAL(digests[i], digests[j]);
        }
    }
    CU_ASSERT_NOT_EQUAL(
        digest_of("version: 1\nzones: {a: {}, b: {behind: a, addresses: s}}\naddress-sets: {s: 10.0.0.0/8}\n"),
        digest_of("version: 1\nzones: {a: {}, b: {behind: a, addresses: s}}\naddress-sets: {s: 10.0.0.0/9}\n"));
}

static void test_words(void)
{
    CU_ASSERT_STRING_EQUAL(zw_action_name(ZW_ALLOW), "allow");
    CU_ASSERT_STRING_EQUAL(zw_action_name(ZW_DENY), "deny");
    CU_ASSERT_STRING_EQUAL(zw_action_name(ZW_ASK), "ask");
    CU_ASSERT_STRING_EQUAL(zw_log_level_name(ZW_LOG_NONE), "none");
    CU_ASSERT_STRING_EQUAL(zw_log_level_name(ZW_LOG_DENIED), "denied");
    CU_ASSERT_STRING_EQUAL(zw_log_level_name(ZW_LOG_SESSION), "session");
}

ZW_TEST_MAIN({"zones and rules are found", test_lookups}, {"numbers of zones never change", test_zone_numbers},
             {"an empty policy", test_empty}, {"references are counted", test_references},
             {"the hash is the file's", test_hash}, {"items of services", test_service_items},
             {"services as text", test_service_format}, {"the normal form", test_normal_form},
             {"zones have a digest", test_zones_digest}, {"words", test_words})
