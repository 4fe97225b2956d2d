/* SPDX-License-Identifier: Apache-2.0 */
#include "zw-config.h"

#include "controller/policy/rule-index.h"

#include <stdio.h>
#include <stdlib.h>

#include "controller/policy/decide.h"
#include "controller/policy/policy-private.h"
#include "tests/unit/policy-fixture.h"
#include "tests/unit/zw-test.h"

#define N_ZONES 12

static uint32_t state = 4711;

static uint32_t next_random(uint32_t limit)
{
    state = state * 1664525u + 1013904223u;
    return (state >> 8) % limit;
}

static void print_zones(FILE *f, const char *key)
{
    uint32_t first = next_random(N_ZONES), n = next_random(5) ? 1 + next_random(3) : N_ZONES;

    if (!next_random(4)) {
        fprintf(f, "%s: any, ", key);
        return;
    }
    fprintf(f, "%s: [", key);
    for (uint32_t i = 0; i < n; i++) {
        fprintf(f, "%sz%u", i ? ", " : "", (first + i) % N_ZONES);
    }
    fputs("], ", f);
}

static void print_service(FILE *f)
{
    static const char *const items[] = {"tcp/80", "tcp/443", "udp/53", "sctp/80", "tcp",   "tcp/80-90",
                                        "icmp/8", "gre",     "udp/80", "tcp/80",  "udp/0", "icmpv6"};
    uint32_t n = next_random(3) ? 1 : 1 + next_random(4);

    if (!next_random(5)) {
        return;
    }
    fputs("service: [", f);
    for (uint32_t i = 0; i < n; i++) {
        fprintf(f, "%s%s", i ? ", " : "", items[next_random(12)]);
    }
    fputs("], ", f);
}

/* 'n' rules of all shapes between few zones, so that many match. */
static struct zw_policy *random_policy(uint32_t n)
{
    char *text;
    size_t size;
    FILE *f = open_memstream(&text, &size);

    fputs("version: 1\nzones: {", f);
    for (int i = 0; i < N_ZONES; i++) {
        fprintf(f, "%sz%d: {}", i ? ", " : "", i);
    }
    fputs("}\nrules:\n", f);
    for (uint32_t i = 0; i < n; i++) {
        fputs("  - {", f);
        print_zones(f, "from");
        print_zones(f, "to");
        if (next_random(5)) {
            print_service(f);
        } else {
            fprintf(f, "from-addresses: 10.%u.0.0/16, service: [tcp/80, udp/53], ", next_random(3));
        }
        fprintf(f, "action: %s}\n", next_random(2) ? "allow" : "deny");
    }
    fclose(f);
    struct zw_policy *policy = policy_of(text);
    free(text);
    return policy;
}

static struct zw_packet_key random_key(void)
{
    static const uint8_t protos[] = {6, 6, 17, 132, 1, 47};
    static const uint16_t ports[] = {80, 443, 53, 85, 0, 4711};
    struct zw_packet_key key = key_of("10.0.0.1", "10.9.0.1", protos[next_random(6)], 8, ports[next_random(6)]);

    key.src.bytes[1] = (uint8_t)next_random(4);
    if (key.proto == 1) {
        key.dport = 0;
    }
    return key;
}

static bool has_zone(const struct zw_zone_set *set, const struct zw_zone *zone)
{
    bool has = !set->n;

    for (size_t i = 0; i < set->n; i++) {
        has = has || set->list[i] == zone;
    }
    return has;
}

/* zoneward-policy(5), without an index. */
static bool matches(const struct zw_rule *rule, const struct zw_zone *src, const struct zw_zone *dst,
                    const struct zw_packet_key *key)
{
    bool address = !rule->from_addresses.n;

    for (size_t i = 0; i < rule->from_addresses.n; i++) {
        address = address || zw_prefix_contains(&rule->from_addresses.list[i], &key->src);
    }
    return zw_service_matches(&rule->service, key) && address && has_zone(&rule->from, src) && has_zone(&rule->to, dst);
}

/* All that match come, in their order. */
static bool walks_right(const struct zw_policy *policy, const struct zw_zone *src, const struct zw_zone *dst,
                        const struct zw_packet_key *key, size_t *n_seen)
{
    struct zw_rule_walk walk = zw_rule_index_walk(zw_policy_rule_index(policy), src, dst, key);
    uint32_t next = zw_rule_walk_next(&walk);

    for (uint32_t i = 0; i < policy->n_rules; i++) {
        if (next == i) {
            next = zw_rule_walk_next(&walk);
            if (next <= i) {
                return false;
            }
            ++*n_seen;
        } else if (matches(&policy->rules[i], src, dst, key)) {
            return false;
        }
    }
    return next == UINT32_MAX;
}

static const struct zw_rule *first_match(const struct zw_policy *policy, const struct zw_zone *src,
                                         const struct zw_zone *dst, const struct zw_packet_key *key)
{
    for (size_t i = 0; i < policy->n_rules; i++) {
        if (matches(&policy->rules[i], src, dst, key)) {
            return &policy->rules[i];
        }
    }
    return NULL;
}

/* Promise 6: first match wins, whatever finds it. */
static void test_random(void)
{
    size_t n_wrong = 0, n_by_rule = 0, n_seen = 0, n_packets = 0;

    for (int i = 0; i < 60; i++) {
        struct zw_policy *policy = random_policy(1 + next_random(i % 2 ? 10 : 120));

        for (int j = 0; j < 400; j++, n_packets++) {
            const struct zw_zone *src = policy->zones[next_random(N_ZONES)], *dst = policy->zones[next_random(N_ZONES)];
            const struct zw_packet_key key = random_key();
            const struct zw_rule *rule = zw_decide(policy, src, dst, &key).rule;

            n_by_rule += rule != NULL;
            n_wrong += rule != first_match(policy, src, dst, &key);
            n_wrong += !walks_right(policy, src, dst, &key, &n_seen);
        }
        zw_policy_unref(policy);
    }
    CU_ASSERT_EQUAL(n_wrong, 0);
    CU_ASSERT(n_by_rule > n_packets / 2 && n_by_rule < n_packets);
}

/* What a packet costs does not grow with rules for others. */
static void test_few_are_looked_at(void)
{
    char *text;
    size_t size, n_seen = 0;
    FILE *f = open_memstream(&text, &size);
    struct zw_packet_key key = key_of("10.0.0.1", "10.9.0.1", 6, 1234, 4000);

    fputs("version: 1\nzones: {a: {}, b: {}, c: {}}\nrules:\n", f);
    for (int i = 0; i < 5000; i++) {
        fprintf(f, "  - {from: a, to: b, service: tcp/%d, action: allow}\n", i + 1);
        fprintf(f, "  - {from: a, to: c, action: allow}\n");
    }
    fclose(f);
    struct zw_policy *policy = policy_of(text);
    CU_ASSERT(walks_right(policy, policy->zones[0], policy->zones[1], &key, &n_seen));
    CU_ASSERT_EQUAL(n_seen, 1);
    CU_ASSERT_EQUAL(zw_decide(policy, policy->zones[0], policy->zones[1], &key).rule->number, 7999);
    zw_policy_unref(policy);
    free(text);
}

/* Rules with more zones and ports than a rule is kept under: any of them is found all the same. */
static void test_wide(void)
{
    size_t n_seen = 0;
    struct zw_policy *policy =
        policy_of("version: 1\nzones: {a: {}, b: {}, c: {}, d: {}, e: {}}\nrules:\n"
                  "  - {from: [a, b, c, d], to: [a, b, c, d], service: [tcp/1, tcp/2, tcp/3, tcp/4, tcp/5, tcp/6], "
                  "action: allow}\n"
                  "  - {from: any, to: any, action: deny}\n");
    for (size_t i = 0; i < 25; i++) {
        for (int port = 0; port < 8; port++) {
            struct zw_packet_key key = key_of("10.0.0.1", "10.9.0.1", 6, 1234, port);
            const struct zw_zone *src = policy->zones[i / 5], *dst = policy->zones[i % 5];

            CU_ASSERT(walks_right(policy, src, dst, &key, &n_seen));
            CU_ASSERT_PTR_EQUAL(zw_decide(policy, src, dst, &key).rule, first_match(policy, src, dst, &key));
        }
    }
    zw_policy_unref(policy);
}

ZW_TEST_MAIN({"the first rule that matches, of random policies", test_random},
             {"few rules are looked at", test_few_are_looked_at}, {"rules that name a lot", test_wide})
