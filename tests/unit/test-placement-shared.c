/* SPDX-License-Identifier: Apache-2.0 */
/* Rules that share priorities: in order, and no packet matches two of one priority; whatever changes. */
#include "zw-config.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "controller/base/memory.h"
#include "controller/compile/compile.h"
#include "controller/policy/decide.h"
#include "controller/policy/placement.h"
#include "ovs-ext/pipeline.h"
#include "tests/unit/policy-fixture.h"
#include "tests/unit/zw-test.h"

#define N_STEPS 120
#define MAX_RULES 60
#define N_PACKETS 4000
#define LARGE 100000

/* Of what a rule is made: places in the lists below. */
struct rule {
    unsigned int name, from, to, service, addresses;
};

static const char *const zones[] = {"a", "b", "c", "[a, b]", "any"};
static const char *const services[] = {"tcp/80",
                                       "tcp/81-90",
                                       "tcp/80-84",
                                       "[tcp/80, udp/80]",
                                       "udp/80",
                                       "icmp/8",
                                       "icmpv6",
                                       "icmp/3/1",
                                       "icmp/3",
                                       "gre",
                                       "any",
                                       "tcp",
                                       "ethertype/0x8892",
                                       "[tcp/1, tcp/95]",
                                       "tcp/80, from-ports: 1-9",
                                       "tcp/80, from-ports: [9-12, 20]"};
static const char *const addresses[] = {"",
                                        "",
                                        ", to-addresses: 10.0.0.0/8",
                                        ", to-addresses: 10.1.0.0/16",
                                        ", to-addresses: 10.1.0.1",
                                        ", from-addresses: 10.1.0.1",
                                        ", to-addresses: [10.1.0.1, 10.2.0.1]"};

#define N(LIST) (sizeof(LIST) / sizeof(LIST)[0])

static unsigned int pick(size_t n)
{
    return (unsigned int)rand() % (unsigned int)n;
}

static struct rule random_rule(unsigned int name)
{
    struct rule rule = {name, pick(N(zones)), pick(N(zones)), pick(N(services)), pick(N(addresses))};
    const char *service = services[rule.service];

    if (pick(2)) { /* Many that are alike. */
        static const unsigned int alike[] = {0, 1, 2, 3, 13};

        rule = (struct rule){name, pick(2) ? 3 : 0, 1, alike[pick(N(alike))], 0};
        return rule;
    }
    if (strstr(service, "icmpv6") || strstr(service, "ethertype")) {
        rule.addresses = 0; /* These have no IPv4 addresses. */
    }
    return rule;
}

static struct zw_policy *policy_of_rules(const struct rule *rules, size_t n)
{
    char *text = zw_xcalloc(n + 2, 200), *end = text;

    end += sprintf(end, "version: 1\nzones: {a: {}, b: {}, c: {}}\nrules: %s\n", n ? "" : "[]");
    for (size_t i = 0; i < n; i++) {
        end += sprintf(end, "- {name: r%u, from: %s, to: %s, service: %s%s, action: allow}\n", rules[i].name,
                       zones[rules[i].from], zones[rules[i].to], services[rules[i].service],
                       addresses[rules[i].addresses]);
    }
    struct zw_policy *policy = policy_of(text);
    free(text);
    return policy;
}

static bool has_zone(const struct zw_zone_set *set, const struct zw_zone *zone)
{
    for (size_t i = 0; i < set->n; i++) {
        if (set->list[i] == zone) {
            return true;
        }
    }
    return !set->n;
}

static bool has_port(const struct zw_port_ranges *ranges, uint16_t port)
{
    for (size_t i = 0; i < ranges->n; i++) {
        if (port >= ranges->list[i].first && port <= ranges->list[i].last) {
            return true;
        }
    }
    return !ranges->n;
}

static bool matches(const struct zw_rule *rule, const struct zw_zone *from, const struct zw_zone *to,
                    const struct zw_packet_key *key)
{
    return has_zone(&rule->from, from) && has_zone(&rule->to, to) && zw_service_matches(&rule->service, key) &&
           has_port(&rule->from_ports, key->sport) &&
           (!rule->from_addresses.n || zw_prefixes_contain(&rule->from_addresses, &key->src)) &&
           (!rule->to_addresses.n || zw_prefixes_contain(&rule->to_addresses, &key->dst));
}

static struct zw_packet_key random_packet(void)
{
    static const char *const hosts[] = {"10.1.0.1", "10.1.0.2", "10.2.0.1", "10.3.0.1", "192.0.2.1"};
    static const int protocols[] = {IPPROTO_TCP, IPPROTO_TCP, IPPROTO_UDP, IPPROTO_ICMP, IPPROTO_GRE, IPPROTO_SCTP};
    static const uint16_t ports[] = {1, 8, 9, 20, 79, 80, 81, 84, 85, 90, 95}, types[] = {3, 8}, codes[] = {0, 1};

    if (!pick(8)) {
        return key_of("2001:db8::1", "2001:db8::2", pick(2) ? IPPROTO_ICMPV6 : IPPROTO_TCP, ports[pick(N(ports))],
                      ports[pick(N(ports))]);
    }
    struct zw_packet_key key = key_of(hosts[pick(N(hosts))], hosts[pick(N(hosts))], protocols[pick(N(protocols))],
                                      ports[pick(N(ports))], ports[pick(N(ports))]);
    if (key.proto == IPPROTO_ICMP) {
        key.sport = types[pick(N(types))];
        key.dport = codes[pick(N(codes))];
    }
    if (!pick(20)) {
        key = (struct zw_packet_key){.eth_type = 0x8892};
    }
    return key;
}

/* Of the rules that one packet matches, no two have one priority. */
static void check_packets(const struct zw_policy *policy)
{
    for (size_t i = 0; i < N_PACKETS; i++) {
        const struct zw_zone *from = policy->zones[pick(3)], *to = policy->zones[pick(3)];
        struct zw_packet_key key = random_packet();
        unsigned int last = 0;

        for (size_t j = policy->n_rules; j-- > 0;) {
            if (matches(&policy->rules[j], from, to, &key)) {
                CU_ASSERT_FATAL(policy->rules[j].priority > last);
                last = policy->rules[j].priority;
            }
        }
    }
}

/* In order, within the range; a priority has few rules.  Returns how many share. */
static size_t check_order(const struct zw_policy *policy)
{
    unsigned int last = ZW_PRIORITY_RULE_FIRST + 1;
    size_t n = 0, n_shared = 0;

    for (size_t i = 0; i < policy->n_rules; i++) {
        const struct zw_rule *rule = &policy->rules[i];

        CU_ASSERT_FATAL(rule->priority <= last && rule->priority <= ZW_PRIORITY_RULE_FIRST &&
                        rule->priority >= ZW_PRIORITY_RULE_LAST);
        n = rule->priority == last ? n + 1 : 1;
        n_shared += n > 1;
        CU_ASSERT(n <= 8);
        last = rule->priority;
    }
    return n_shared;
}

static size_t n_changed(const struct zw_policy *policy, const struct zw_policy *before)
{
    size_t n = 0;

    for (size_t i = 0; i < policy->n_rules; i++) {
        const struct zw_rule *old = zw_policy_rule_by_id(before, policy->rules[i].id);

        n += !old || old->priority != policy->rules[i].priority;
    }
    return n;
}

/* No flow of one rule takes the place of another one's: as many as if each rule had its own priority. */
static void check_flows(struct zw_policy *policy, const struct zw_policy *alone)
{
    struct zw_problems warnings = ZW_PROBLEMS_INIT;
    char name[] = "br0";
    struct zw_bridge bridge = {.name = name, .exists = true};
    struct zw_flow_table *flows = zw_compile(policy, &bridge, 0, &warnings);
    struct zw_flow_table *expected = zw_compile(alone, &bridge, 0, &warnings);

    CU_ASSERT_EQUAL(zw_flow_table_count(flows), zw_flow_table_count(expected));
    zw_flow_table_free(flows);
    zw_flow_table_free(expected);
    zw_problems_clear(&warnings);
}

static void check_text(const struct zw_policy *policy, struct zw_policy *again)
{
    char *text = zw_placement_format(policy);

    CU_ASSERT(zw_placement_parse(text, again));
    CU_ASSERT_EQUAL(n_changed(again, policy), 0);
    free(text);
}

static void edit(struct rule *rules, size_t *n, unsigned int *next_name)
{
    size_t at = *n ? pick(*n) : 0;
    struct rule rule;

    switch (*n ? pick(5) : 0) {
    case 0:
    case 1:
        if (*n < MAX_RULES) {
            memmove(&rules[at + 1], &rules[at], ((*n)++ - at) * sizeof *rules);
            rules[at] = random_rule((*next_name)++);
        }
        break;
    case 2:
        memmove(&rules[at], &rules[at + 1], (--*n - at) * sizeof *rules);
        break;
    case 3: /* It keeps its name. */
        rules[at] = random_rule(rules[at].name);
        break;
    default: /* It goes elsewhere. */
        rule = rules[at];
        memmove(&rules[at], &rules[at + 1], (*n - 1 - at) * sizeof *rules);
        at = pick(*n);
        memmove(&rules[at + 1], &rules[at], (*n - 1 - at) * sizeof *rules);
        rules[at] = rule;
    }
}

/* No gap is left between its groups. */
static void squeeze(struct zw_policy *policy)
{
    char *text = zw_xcalloc(policy->n_rules + 2, 40),
         *end = text + sprintf(text, "since=1 next=%u", policy->next_rule_id);
    unsigned int priority = 30001, last = 0;

    for (size_t i = 0; i < policy->n_rules; i++) {
        priority -= policy->rules[i].priority != last;
        last = policy->rules[i].priority;
        end += sprintf(end, " %u+1@%u-0", policy->rules[i].id, priority);
    }
    CU_ASSERT(zw_placement_parse(text, policy));
    free(text);
}

struct totals {
    size_t n_shared, n_edits, n_touched;
};

static struct totals change_at_random(bool squeezed)
{
    struct rule rules[MAX_RULES + 1];
    unsigned int next_name = 1;
    struct totals totals = {0};
    size_t n = 0;

    srand(zw_test_seed());
    while (n < 40) {
        rules[n++] = random_rule(next_name++);
    }
    struct zw_policy *policy = policy_of_rules(rules, n);
    CU_ASSERT(zw_policy_place_shared(policy, NULL, 1));
    for (uint32_t i = 2; i < N_STEPS; i++) {
        struct zw_policy *before = policy;

        if (squeezed) {
            squeeze(before);
        }

        for (size_t j = 0; j <= pick(8); j++, totals.n_edits++) {
            edit(rules, &n, &next_name);
        }
        policy = policy_of_rules(rules, n);
        struct zw_policy *alone = policy_of_rules(rules, n);
        CU_ASSERT(zw_policy_place_shared(policy, before, i));
        totals.n_shared += check_order(policy);
        totals.n_touched += n_changed(policy, before);
        check_packets(policy);
        check_flows(policy, alone);
        check_text(policy, alone);
        zw_policy_unref(alone);
        zw_policy_unref(before);
    }
    zw_policy_unref(policy);
    return totals;
}

static void test_random(void)
{
    struct totals totals = change_at_random(false);

    CU_ASSERT(totals.n_shared > N_STEPS / 2); /* Else it has tested nothing; most often it is six times N_STEPS. */
    CU_ASSERT(totals.n_touched < totals.n_edits * 4);
}

/* Neighbours always have to make room. */
static void test_random_squeezed(void)
{
    CU_ASSERT(change_at_random(true).n_shared > N_STEPS / 2);
}

enum { TCP = 0, UDP = 4, PING = 5, GRE = 9, ANY = 10 }; /* Of 'services'. */

/* Rules of 'services', from a to b. */
static struct zw_policy *policy_of_services(const unsigned int *list, const unsigned int *names, size_t n)
{
    struct rule rules[MAX_RULES];

    for (size_t i = 0; i < n; i++) {
        rules[i] = (struct rule){names[i], 0, 1, list[i], 0};
    }
    return policy_of_rules(rules, n);
}

/* Two come into one group: the first of them sees what stands behind the second. */
static void test_two_into_a_group(void)
{
    static const unsigned int list[] = {TCP, UDP, GRE, ANY, ANY, ANY, ANY}, names[] = {1, 2, 3, 6, 7, 8, 9};
    static const unsigned int more[] = {TCP, GRE, UDP, PING, GRE, ANY, ANY, ANY, ANY};
    static const unsigned int more_names[] = {1, 4, 2, 5, 3, 6, 7, 8, 9};
    struct zw_policy *before = policy_of_services(list, names, N(list));
    struct zw_policy *policy = policy_of_services(more, more_names, N(more));

    CU_ASSERT(zw_policy_place_shared(before, NULL, 1));
    CU_ASSERT_EQUAL(before->rules[0].priority, before->rules[2].priority);
    CU_ASSERT(zw_policy_place_shared(policy, before, 2));
    check_order(policy);
    CU_ASSERT(policy->rules[1].priority > policy->rules[4].priority);
    zw_policy_unref(before);
    zw_policy_unref(policy);
}

/* One that fits to neither half of a group parts it; the other groups stay. */
static void test_parted_group(void)
{
    static const unsigned int list[] = {ANY, ANY, TCP, UDP, ANY, ANY}, names[] = {1, 2, 3, 4, 5, 6};
    static const unsigned int more[] = {ANY, ANY, TCP, ANY, UDP, ANY, ANY}, more_names[] = {1, 2, 3, 7, 4, 5, 6};
    struct zw_policy *before = policy_of_services(list, names, N(list));
    struct zw_policy *policy = policy_of_services(more, more_names, N(more));

    CU_ASSERT(zw_policy_place_shared(before, NULL, 1));
    CU_ASSERT_EQUAL(before->rules[2].priority, before->rules[3].priority);
    CU_ASSERT(zw_policy_place_shared(policy, before, 2));
    CU_ASSERT_EQUAL(check_order(policy), 0);
    CU_ASSERT_EQUAL(n_changed(policy, before), 2);
    zw_policy_unref(before);
    zw_policy_unref(policy);
}

/* A text that gives one priority to rules that a packet may match both is none. */
static void test_bad_text(void)
{
    struct rule rules[] = {{1, 0, 1, 0, 0}, {2, 0, 1, 2, 0}, {3, 0, 1, 4, 0}};
    struct zw_policy *policy = policy_of_rules(rules, 3);
    unsigned int priority = policy->rules[1].priority;

    CU_ASSERT_FALSE(zw_placement_parse("since=1 next=4 1+3@500-0", policy));
    CU_ASSERT_EQUAL(policy->rules[1].priority, priority);
    CU_ASSERT(zw_placement_parse("since=1 next=4 1+1@501-0 2+2@500-0", policy)); /* tcp/80-84, udp/80. */
    zw_policy_unref(policy);
}

/* 'n_more' besides, at 'more_at', of which no two can share, nor with one of the others that go from a. */
static char *large_text(size_t n, bool apart, size_t n_more, size_t more_at)
{
    char *text = zw_xcalloc(n + n_more + 4, 80),
         *end = text + sprintf(text, "version: 1\nzones: {a: {}, b: {}, c: {}}\nrules:\n");

    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; i == more_at && j < n_more; j++) {
            end += sprintf(end, "- {name: more%zu, from: a, to: any, service: any, action: deny}\n", j);
        }
        end += sprintf(end, "- {name: r%zu, from: %c, to: b, service: tcp/%zu, action: allow}\n", i,
                       "ac"[i / 60000 % 2], apart ? 1 + i % 60000 : 1);
    }
    return text;
}

static void test_large(void)
{
    char *text = large_text(LARGE, true, 0, 0), *changed = large_text(LARGE, true, 1, LARGE / 2);
    struct zw_policy_source old = {"policy.yaml", text, strlen(text)}, now = {"policy.yaml", changed, strlen(changed)};
    struct zw_problems problems = ZW_PROBLEMS_INIT;
    struct zw_policy *policy = zw_policy_read(&old, 1, &problems);

    CU_ASSERT_FATAL(policy != NULL);
    CU_ASSERT(check_order(policy) > LARGE / 2);
    struct zw_policy *next = zw_policy_read_change(policy, &old, 1, &now, 1, &problems);
    CU_ASSERT_FATAL(next != NULL);
    CU_ASSERT(zw_policy_place(next, policy, 2));
    check_order(next);
    CU_ASSERT(n_changed(next, policy) <= 8);
    CU_ASSERT(zw_policy_same_frame(next, policy));
    zw_policy_unref(policy);
    zw_policy_unref(next);
    free(text);
    free(changed);
}

/* More than the gap there holds: neighbours make room, and the others stay. */
static void test_many_at_one_place(void)
{
    enum { N = 80000, MORE = 20, TIMES = 5 };
    char *text = large_text(N, true, 0, 0);
    struct zw_policy *policy = policy_of(text);

    CU_ASSERT(zw_policy_place(policy, NULL, 1));
    free(text);
    for (uint32_t i = 1; i <= TIMES; i++) {
        text = large_text(N, true, i * MORE, N / 4);
        struct zw_policy *next = policy_of(text);
        CU_ASSERT(zw_policy_place(next, policy, 1 + i));
        check_order(next);
        size_t n = n_changed(next, policy);
        CU_ASSERT(n >= MORE && n < 500);
        zw_policy_unref(policy);
        policy = next;
        free(text);
    }
    zw_policy_unref(policy);
}

static void test_too_many(void)
{
    char *text = large_text(ZW_POLICY_MAX_ALONE + 5000, false, 0, 0), *problems = problems_of(text);

    CU_ASSERT_PTR_NOT_NULL(strstr(problems, "policy.yaml:60004:1: too many rules"));
    free(problems);
    free(text);
}

ZW_TEST_MAIN({"random changes: order is kept, and no packet matches two rules of one priority", test_random},
             {"the same where there are no gaps", test_random_squeezed},
             {"two rules that come into one group", test_two_into_a_group},
             {"a rule that parts a group", test_parted_group}, {"a text that says otherwise", test_bad_text},
             {"a hundred thousand rules, and one more", test_large},
             {"many rules at one place", test_many_at_one_place}, {"more than can share", test_too_many})
