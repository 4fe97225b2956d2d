/* SPDX-License-Identifier: Apache-2.0 */
#include "zw-config.h"

#include "controller/policy/decide.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/policy-fixture.h"
#include "tests/unit/zw-test.h"

static const char text[] =
    "version: 1\n"
    "zones:\n"
    "  web: {}\n"
    "  db: {}\n"
    "  outside: {}\n"
    "  office: {behind: outside, addresses: [192.168.10.0/24, \"2001:db8:10::/48\"]}\n"
    "  boss: {behind: outside, addresses: [192.168.10.7]}\n"
    "  internet: {behind: outside, addresses: [0.0.0.0/0]}\n"
    "  inner: {behind: db, addresses: [192.168.10.0/24]}\n"
    "defaults: {action: deny, log: denied}\n"
    "rules:\n"
    "  - {name: boss, from: boss, to: any, action: allow, log: none}\n"
    "  - {name: no-telnet, from: any, to: any, service: tcp/23, action: deny, log: session}\n"
    "  - {name: users, from: [office, internet], to: web, service: [\"tcp/80,443\", tcp/8000-8080], action: allow}\n"
    "  - {name: ping, from: office, to: web, service: [icmp/8/0, icmpv6/128], action: allow}\n"
    "  - {name: dns, from: web, to: outside, to-addresses: [\"2001:db8::53\", 10.0.0.53], service: udp/53, action: allow}\n"
    "  - {name: from-some, from: web, to: db, from-addresses: 10.1.0.0/16, action: allow}\n"
    "  - {name: hm, from: web, to: db, service: tcp, action: ask}\n"
    "  - {name: well, from: web, to: db, service: sctp, action: ask, otherwise: allow}\n"
    "  - {name: ntp, from: db, to: web, service: [udp/123, tcp/123], from-ports: [123, 1024-2048], action: allow}\n"
    "  - {name: gre, from: db, to: web, service: [gre, proto/41], action: allow}\n";

static struct zw_policy *policy;

static const struct zw_zone *zone(const char *name)
{
    return *name ? zw_policy_zone_by_name(policy, name) : NULL;
}

static const struct {
    const char *src_zone, *dst_zone, *src, *dst;
    int proto, sport, dport;
    const char *verdict; /* Action, step, rule, zones and log. */
} cases[] = {
    {"outside", "web", "192.168.10.7", "10.1.0.1", 6, 4000, 23, "allow rule boss boss-web none"},
    {"outside", "web", "192.168.10.8", "10.1.0.1", 6, 4000, 23, "deny rule no-telnet office-web session"},
    {"outside", "web", "192.168.10.8", "10.1.0.1", 6, 4000, 80, "allow rule users office-web denied"},
    {"outside", "web", "192.168.10.8", "10.1.0.1", 17, 4000, 80, "deny default - office-web denied"},
    {"outside", "web", "8.8.8.8", "10.1.0.1", 6, 4000, 8000, "allow rule users internet-web denied"},
    {"outside", "web", "8.8.8.8", "10.1.0.1", 6, 4000, 8080, "allow rule users internet-web denied"},
    {"outside", "web", "8.8.8.8", "10.1.0.1", 6, 4000, 8081, "deny default - internet-web denied"},
    {"outside", "web", "8.8.8.8", "10.1.0.1", 6, 8000, 22, "deny default - internet-web denied"},
    {"outside", "web", "2001:db8:10::1", "2001:db8:1::1", 6, 4000, 443, "allow rule users office-web denied"},
    {"outside", "web", "2001:db8:11::1", "2001:db8:1::1", 6, 4000, 443, "deny default - outside-web denied"},
    {"outside", "web", "192.168.10.8", "10.1.0.1", 1, 8, 0, "allow rule ping office-web denied"},
    {"outside", "web", "192.168.10.8", "10.1.0.1", 1, 8, 1, "deny default - office-web denied"},
    {"outside", "web", "192.168.10.8", "10.1.0.1", 1, 0, 0, "deny default - office-web denied"},
    {"outside", "web", "2001:db8:10::1", "2001:db8:1::1", 58, 128, 3, "allow rule ping office-web denied"},
    {"outside", "web", "2001:db8:10::1", "2001:db8:1::1", 1, 8, 0, "deny default - office-web denied"},
    {"outside", "web", "192.168.10.8", "10.1.0.1", 58, 128, 0, "deny default - office-web denied"},
    {"web", "outside", "10.1.0.1", "10.0.0.53", 17, 4000, 53, "deny default - web-internet denied"},
    {"web", "outside", "2001:db8:1::1", "2001:db8::53", 17, 4000, 53, "allow rule dns web-outside denied"},
    {"web", "outside", "2001:db8:1::1", "2001:db8::54", 17, 4000, 53, "deny default - web-outside denied"},
    {"web", "db", "10.1.200.1", "10.2.0.1", 17, 1, 1, "allow rule from-some web-db denied"},
    {"web", "db", "10.2.0.1", "10.2.0.2", 6, 4000, 5432, "deny otherwise hm web-db denied slow"},
    {"web", "db", "10.2.0.1", "10.2.0.2", 132, 4000, 5432, "allow otherwise well web-db denied slow"},
    {"web", "db", "10.2.0.1", "192.168.10.9", 6, 4000, 5432, "deny default - web-inner denied"},
    {"db", "web", "10.2.0.1", "10.1.0.1", 17, 123, 123, "allow rule ntp db-web denied"},
    {"db", "web", "10.2.0.1", "10.1.0.1", 17, 124, 123, "deny default - db-web denied"},
    {"db", "web", "10.2.0.1", "10.1.0.1", 17, 1023, 123, "deny default - db-web denied"},
    {"db", "web", "10.2.0.1", "10.1.0.1", 6, 1024, 123, "allow rule ntp db-web denied"},
    {"db", "web", "2001:db8::1", "2001:db8::2", 17, 2048, 123, "allow rule ntp db-web denied"},
    {"db", "web", "10.2.0.1", "10.1.0.1", 17, 2049, 123, "deny default - db-web denied"},
    {"db", "web", "10.2.0.1", "10.1.0.1", 17, 123, 1024, "deny default - db-web denied"},
    {"db", "web", "10.2.0.1", "10.1.0.1", 47, 0, 0, "allow rule gre db-web denied"},
    {"db", "web", "2001:db8::1", "2001:db8::2", 41, 0, 0, "allow rule gre db-web denied"},
    {"db", "web", "10.2.0.1", "10.1.0.1", 50, 0, 0, "deny default - db-web denied"},
    {"", "web", "192.168.10.7", "10.1.0.1", 6, 4000, 80, "deny no-zone - --web denied"},
    {"web", "", "10.1.0.1", "192.168.10.7", 6, 4000, 80, "deny no-zone - web-- denied"},
    {"", "", "10.1.0.1", "10.1.0.2", 6, 4000, 80, "deny no-zone - --- denied"},
};

static void describe(const struct zw_verdict *v, char *buf, size_t size)
{
    snprintf(buf, size, "%s %s %s %s-%s %s%s", zw_action_name(v->action), zw_step_name(v->step),
             v->rule ? v->rule->name : "-", v->src ? v->src->name : "-", v->dst ? v->dst->name : "-",
             zw_log_level_name(v->log), v->slow ? " slow" : "");
}

static void test_cases(void)
{
    policy = policy_of(text);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct zw_packet_key key = key_of(cases[i].src, cases[i].dst, cases[i].proto, cases[i].sport, cases[i].dport);
        struct zw_verdict v = zw_decide(policy, zone(cases[i].src_zone), zone(cases[i].dst_zone), &key);
        char got[128];

        describe(&v, got, sizeof got);
        if (strcmp(got, cases[i].verdict)) {
            printf("# case %zu: %s; expected %s\n", i, got, cases[i].verdict);
            CU_FAIL("wrong verdict");
        }
    }
    zw_policy_unref(policy);
}

/* Promise 1 and the order of the file: what the default allows is not what a port without zone gets. */
static void test_default_allow(void)
{
    struct zw_packet_key key = key_of("10.0.0.1", "10.0.0.2", 6, 1, 2);
    struct zw_verdict v;

    policy = policy_of("version: 1\nzones: {a: {}}\ndefaults: {action: allow, log: session}\n");
    v = zw_decide(policy, zone("a"), zone("a"), &key);
    CU_ASSERT_EQUAL(v.action, ZW_ALLOW);
    CU_ASSERT_EQUAL(v.step, ZW_STEP_DEFAULT);
    CU_ASSERT_EQUAL(v.log, ZW_LOG_SESSION);
    v = zw_decide(policy, zone("a"), NULL, &key);
    CU_ASSERT_EQUAL(v.action, ZW_DENY);
    CU_ASSERT_EQUAL(v.step, ZW_STEP_NO_ZONE);
    zw_policy_unref(policy);
}

/* Before any rule, and for the ports of the one zone only, with all that is behind them. */
static void test_isolated(void)
{
    static const struct {
        const char *from, *to, *src, *expected;
    } isolated[] = {
        {"a", "a", "10.0.0.1", "deny isolated - a-a none"},     {"a", "b", "10.0.0.1", "allow rule all a-b denied"},
        {"b", "a", "10.0.0.1", "allow rule all b-a denied"},    {"b", "b", "10.0.0.1", "allow rule all b-b denied"},
        {"a", "a", "192.0.2.1", "deny isolated - near-a none"}, {"a", "b", "192.0.2.1", "allow rule all near-b denied"},
        {"a", "", "10.0.0.1", "deny no-zone - a-- denied"},
    };

    policy =
        policy_of("version: 1\n"
                  "zones: {a: {isolated: true}, b: {isolated: false}, near: {behind: a, addresses: 192.0.2.0/24}}\n"
                  "rules: [{name: all, from: any, to: any, action: allow}]\n");
    for (size_t i = 0; i < sizeof isolated / sizeof isolated[0]; i++) {
        struct zw_packet_key key = key_of(isolated[i].src, "10.0.0.2", 6, 1, 2);
        struct zw_verdict v = zw_decide(policy, zone(isolated[i].from), zone(isolated[i].to), &key);
        char got[128];

        describe(&v, got, sizeof got);
        CU_ASSERT_STRING_EQUAL(got, isolated[i].expected);
    }
    CU_ASSERT_STRING_EQUAL(zw_step_name(ZW_STEP_ISOLATED), "isolated");
    zw_policy_unref(policy);
}

/* Neither "any" nor a default has what is not IP, and zones behind others, which are addresses, have none of it. */
static void test_ether_types(void)
{
    static const struct {
        const char *src_zone, *dst_zone;
        uint16_t eth_type;
        const char *verdict;
    } types[] = {
        {"a", "b", 0x8892, "deny rule not-to-b a-b session"}, {"a", "a", 0x8892, "allow rule some a-a session"},
        {"b", "a", 0x8892, "deny not-ip - b-a none"},         {"a", "b", 0x88f7, "allow rule some a-b session"},
        {"a", "b", 0x88f8, "deny not-ip - a-b none"},         {"a", "", 0x88f7, "deny no-zone - a-- session"},
    };
    struct zw_packet_key ip = key_of("10.0.0.1", "10.0.0.2", 6, 1, 0x8892);

    policy = policy_of(
        "version: 1\n"
        "zones: {a: {}, b: {}, all: {behind: a, addresses: [0.0.0.0/0, '::/0']}}\n"
        "defaults: {action: allow, log: session}\n"
        "rules:\n"
        "  - {name: not-to-b, from: a, to: b, service: ethertype/0x8892, action: deny}\n"
        "  - {name: some, from: [a, all], to: any, service: ['ethertype/0x88f7,0x8892', tcp/34], action: allow}\n"
        "  - {name: any, from: any, to: a, action: allow}\n");
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        struct zw_packet_key key = {.eth_type = types[i].eth_type};
        struct zw_verdict v = zw_decide(policy, zone(types[i].src_zone), zone(types[i].dst_zone), &key);
        char got[128];

        describe(&v, got, sizeof got);
        CU_ASSERT_STRING_EQUAL(got, types[i].verdict);
    }
    struct zw_verdict v = zw_decide(policy, zone("a"), zone("b"), &ip);
    CU_ASSERT_EQUAL(v.step, ZW_STEP_DEFAULT); /* A port is no EtherType. */
    zw_policy_unref(policy);
}

static void test_zone_at(void)
{
    static const struct {
        const char *port_zone, *addr, *zone;
    } places[] = {
        {"outside", "192.168.10.7", "boss"},
        {"outside", "192.168.10.6", "office"},
        {"outside", "192.168.11.0", "internet"},
        {"outside", "2001:db8:10::7", "office"},
        {"outside", "2001:db8::7", "outside"},
        {"db", "192.168.10.7", "inner"},
        {"db", "10.0.0.1", "db"},
        {"web", "192.168.10.7", "web"},
        {"office", "192.168.10.7", "office"},
    };
    struct zw_addr addr;

    policy = policy_of(text);
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        zw_addr_parse(places[i].addr, &addr);
        CU_ASSERT_STRING_EQUAL(zw_zone_at(policy, zone(places[i].port_zone), &addr)->name, places[i].zone);
    }
    CU_ASSERT_PTR_NULL(zw_zone_at(policy, NULL, &addr));
    zw_policy_unref(policy);
}

static uint32_t random_state = 1;

static uint32_t next_random(uint32_t limit)
{
    random_state = random_state * 1664525u + 1013904223u;
    return (random_state >> 8) % limit;
}

/* A random IPv4 or IPv6 address with few distinct bits, so that networks nest and meet. */
static struct zw_addr random_addr(void)
{
    struct zw_addr addr = {.family = next_random(2) ? ZW_IPV4 : ZW_IPV6};

    for (unsigned int i = 0; i < zw_family_bits(addr.family) / 8; i++) {
        addr.bytes[i] = (uint8_t)(next_random(3) ? 0 : next_random(4) << 6);
    }
    return addr;
}

/* A large set is searched in another way than a small one; both find the same. */
static void test_large_sets(void)
{
    struct zw_prefix list[200];
    size_t n_found = 0;

    /* Sorted by construction: all networks of one length, then looked up in halves. */
    for (unsigned int i = 0; i < 200; i++) {
        struct zw_addr addr = {.family = i < 100 ? ZW_IPV4 : ZW_IPV6, .bytes = {10, (uint8_t)(i % 100 * 2)}};

        list[i] = zw_addr_network(&addr, i % 3 ? 16 : 15);
    }
    for (int i = 0; i < 5000; i++) {
        struct zw_addr addr = {.family = next_random(2) ? ZW_IPV4 : ZW_IPV6,
                               .bytes = {10, (uint8_t)next_random(256), (uint8_t)next_random(256)}};
        struct zw_prefixes all = {.list = list, .n = 200};
        bool found = false;

        for (size_t j = 0; j < 200; j++) {
            found |= zw_prefix_contains(&list[j], &addr);
        }
        n_found += found;
        CU_ASSERT_EQUAL(zw_prefixes_contain(&all, &addr), found);
    }
    CU_ASSERT_TRUE(n_found > 1000 && n_found < 4000);
}

#define N_BEHIND 300

/* The longest prefix by its definition, against the index. */
static void test_longest_prefix(void)
{
    struct zw_policy *p;
    char *source, buf[ZW_PREFIX_STRLEN];
    size_t size, n_behind = 0;
    FILE *f = open_memstream(&source, &size);
    char seen[N_BEHIND][ZW_PREFIX_STRLEN];

    fputs("version: 1\nzones:\n  p: {}\n", f);
    while (n_behind < N_BEHIND) {
        struct zw_addr addr = random_addr();
        struct zw_prefix prefix = zw_addr_network(&addr, next_random(zw_family_bits(addr.family) + 1));
        bool is_new = true;

        zw_prefix_format(&prefix, buf);
        for (size_t i = 0; i < n_behind; i++) {
            is_new &= strcmp(seen[i], buf) != 0;
        }
        if (is_new) {
            strcpy(seen[n_behind++], buf);
            fprintf(f, "  z%zu: {behind: p, addresses: \"%s\"}\n", n_behind, buf);
        }
    }
    fclose(f);
    p = policy_of(source);
    for (int i = 0; i < 5000; i++) {
        const struct zw_zone *best = p->zones[0];
        struct zw_addr addr = random_addr();

        for (size_t j = 1; j < p->n_zones; j++) {
            const struct zw_prefix *prefix = &p->zones[j]->addresses.list[0];

            if (zw_prefix_contains(prefix, &addr) &&
                (!best->behind || prefix->n_bits > best->addresses.list[0].n_bits)) {
                best = p->zones[j];
            }
        }
        CU_ASSERT_PTR_EQUAL(zw_zone_at(p, p->zones[0], &addr), best);
    }
    zw_policy_unref(p);
    free(source);
}

static void test_words(void)
{
    CU_ASSERT_STRING_EQUAL(zw_step_name(ZW_STEP_NO_ZONE), "no-zone");
    CU_ASSERT_STRING_EQUAL(zw_step_name(ZW_STEP_RULE), "rule");
    CU_ASSERT_STRING_EQUAL(zw_step_name(ZW_STEP_OTHERWISE), "otherwise");
    CU_ASSERT_STRING_EQUAL(zw_step_name(ZW_STEP_DEFAULT), "default");
    CU_ASSERT_STRING_EQUAL(zw_step_text(ZW_STEP_DEFAULT), "no rule matches");
}

ZW_TEST_MAIN({"verdicts, with their reasons", test_cases}, {"a default that allows", test_default_allow},
             {"EtherTypes", test_ether_types}, {"zones that are isolated", test_isolated},
             {"the zone of an address at a port", test_zone_at}, {"large sets of addresses", test_large_sets},
             {"the longest prefix wins", test_longest_prefix}, {"words", test_words})
