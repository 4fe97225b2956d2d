/* SPDX-License-Identifier: Apache-2.0 */
/* The reader's count of flows against the flows that the compiler makes. */
#include "zw-config.h"

#include "controller/policy/flow-count.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "controller/base/memory.h"
#include "controller/compile/compile.h"
#include "ovs-ext/pipeline.h"
#include "tests/unit/policy-fixture.h"
#include "tests/unit/zw-test.h"

#define N_OF(ARRAY) (sizeof(ARRAY) / sizeof(ARRAY)[0])
#define N_POLICIES 100
#define N_RULES 40 /* Of one policy. */

static const char head[] = "version: 1\n"
                           "zones: {a: {}, b: {}, c: {}, e: {}, d: {behind: a, addresses: [10.1.0.0/16]}}\n"
                           "rules:\n";

/* --- What the compiler makes. --- */

struct made {
    size_t by_id[N_RULES + 1];
};

static void count_flow(void *made_, const struct zw_flow *flow)
{
    struct made *made = made_;
    uint64_t cookie = zw_flow_cookie(flow);

    if (zw_cookie_kind(cookie) == ZW_COOKIE_RULE && zw_cookie_value(cookie)) {
        CU_ASSERT_FATAL(zw_cookie_value(cookie) < N_OF(made->by_id));
        made->by_id[zw_cookie_value(cookie)]++;
    }
}

static struct made compile(const struct zw_policy *policy)
{
    struct made made = {{0}};
    struct zw_problems warnings = ZW_PROBLEMS_INIT;
    struct zw_inventory *inventory = zw_inventory_new(1);

    inventory->bridges[0].name = zw_xstrdup("br0");
    inventory->bridges[0].exists = true;
    struct zw_flow_table *flows = zw_compile(policy, &inventory->bridges[0], 0, &warnings);
    zw_flow_table_each_unordered(flows, count_flow, &made);
    zw_flow_table_free(flows);
    zw_inventory_unref(inventory);
    zw_problems_clear(&warnings);
    return made;
}

/* --- Known rules. --- */

struct known {
    const char *rule;
    size_t n;
};

static void check_known(const struct known *known)
{
    char text[1000];

    snprintf(text, sizeof text, "%s  - {%s, action: allow}\n", head, known->rule);
    struct zw_policy *policy = policy_of(text);
    struct made made = compile(policy);
    if (made.by_id[1] != known->n || policy->rules[0].n_flows != known->n) {
        printf("# %s: %zu flows, counted as %u; expected %zu\n", known->rule, made.by_id[1], policy->rules[0].n_flows,
               known->n);
        CU_FAIL("a rule has another number of flows");
    }
    zw_policy_unref(policy);
}

static void test_known_rules(void)
{
    static const struct known rules[] = {
        {"from: any, to: any", 1},
        {"from: [a, b], to: [c, e]", 4},
        {"from: [a, b, c], to: [a, b, c]", 3 + 3 + 1},
        {"from: [a, b, c], to: [a, b, c], service: tcp/80", 3 + 3 + 1},
        /* Masks of ports: they are in a register, of either family; source ports are not. */
        {"from: a, to: b, service: tcp/1-65534", 30},
        {"from: a, to: b, service: tcp/0-65535", 1},
        {"from: a, to: b, service: [tcp, udp/53, gre]", 3},
        {"from: a, to: b, service: tcp/80, from-ports: 1-65534", 2 * 30},
        {"from: a, to: b, service: tcp/1-65534, from-ports: 1-65534", 2 * 30 * 30},
        {"from: a, to: b, service: [tcp/1-65534, udp], from-ports: [1-65534]", 2 * 31 * 30},
        {"from: a, to: b, service: tcp/80, from-ports: 0-65535", 1},
        /* One family is what the others are narrowed to. */
        {"from: a, to: b, to-addresses: 10.0.0.0/24, service: tcp/1-65534, from-ports: 1-65534", 30 * 30},
        {"from: a, to: b, to-addresses: \"fd00::/16\", service: [icmp, icmpv6]", 1},
        {"from: a, to: b, from-addresses: [10.0.0.1, \"fd00::1\"], to-addresses: 10.0.0.2", 1},
        {"from: a, to: b, from-addresses: [10.0.0.1, \"fd00::1\"], to-addresses: [10.0.0.2, \"fd00::2\"]", 2},
        {"from: a, to: b, from-addresses: [10.0.0.1, \"fd00::1\"], to-addresses: [10.0.0.2, 10.0.0.3, \"fd00::2\"]", 3},
        {"from: a, to: b, from-addresses: [10.0.0.1, \"fd00::1\"], "
         "to-addresses: [10.0.0.2, 10.0.0.3, \"fd00::2\", \"fd00::3\"]",
         2 + 4 + 1},
        {"from: a, to: b, service: [icmp/8, icmp/3/4, icmpv6/1]", 3},
        {"from: a, to: b, from-addresses: [10.0.0.1, \"fd00::1\"], service: [icmp/8, icmpv6/1]", 2},
        /* Whole families in both lists are taken one by one. */
        {"from: a, to: b, from-addresses: 0.0.0.0/0, to-addresses: [0.0.0.0/0, \"::/0\"]", 1},
        {"from: a, to: b, from-addresses: [0.0.0.0/0, \"::/0\"], to-addresses: [0.0.0.0/0, \"::/0\"]", 2},
        {"from: [a, b, c], to: [a, b, c], from-addresses: [0.0.0.0/0, \"::/0\"], to-addresses: [0.0.0.0/0, \"::/0\"]",
         2 * (3 + 3 + 1)},
        /* EtherTypes by themselves, with one flow in common that joins them. */
        {"from: a, to: b, service: ethertype/0x8892", 1},
        {"from: [a, b], to: [c, e], service: [ethertype/0x8892, ethertype/0x88f7]", 2 * 4},
        {"from: [a, b, c], to: [a, b, c], service: [ethertype/0x8892, ethertype/0x88f7]", 2 * 6 + 1},
        {"from: [a, b, c], to: [a, b, c], service: [ethertype/0x8892, ethertype/0x88f7, tcp]", 2 * 6 + 1 + 3 + 3 + 1},
    };

    for (size_t i = 0; i < N_OF(rules); i++) {
        check_known(&rules[i]);
    }
}

/* --- Random rules. --- */

static uint32_t state = 20262;

static uint32_t next_random(uint32_t limit)
{
    state = state * 1664525u + 1013904223u;
    return (state >> 8) % limit;
}

/* Words of which a rule takes some; the first 'n_ipv4' are for IPv4 or both: one of them is always taken, because the reader
 * refuses a rule whose parts have no family in common. */
struct words {
    const char *const *list;
    uint32_t n, n_ipv4;
};
#define WORDS(N_IPV4, ...)                                                                      \
    {                                                                                           \
        (const char *const[]){__VA_ARGS__}, N_OF(((const char *const[]){__VA_ARGS__})), N_IPV4, \
    }

/* What the lists of a rule are made of. */
struct vocabulary {
    struct words addresses, items, with_ports, from_ports;
};

/* No word covers, overlaps or touches another one. */
static const struct vocabulary apart = {
    WORDS(7, "10.0.0.1", "10.0.0.2", "10.1.0.0/16", "10.2.0.0/15", "192.168.0.0/24", "192.168.1.0/25", "10.8.0.7",
          "fd00::/16", "fd01::1", "fd01::2", "2001:db8::/32"),
    WORDS(12, "tcp/1-32766", "tcp/32770-65534", "tcp/32768", "udp/53", "udp/1023-4095", "sctp", "gre", "proto/89",
          "icmp/3/4", "icmp/8", "icmp/3/1", "udp/5000-5003", "icmpv6/1/0", "icmpv6/128"),
    WORDS(6, "tcp/1-1022", "tcp/1024-32766", "tcp/65000", "udp/53", "udp/1023-4095", "sctp"),
    WORDS(5, "1-1022", "1024-4095", "53000", "65001-65534", "32770-50001"),
};

/* The whole of a family, and addresses that it has none of. */
static const struct vocabulary whole = {
    WORDS(1, "0.0.0.0/0", "::/0"),
    WORDS(2, "tcp/1-1022", "udp", "icmpv6"),
    WORDS(2, "tcp/1-1022", "udp/53"),
    WORDS(2, "1-1022", "2000"),
};

/* All is found among the others. */
static const struct vocabulary redundant = {
    WORDS(8, "0.0.0.0/0", "10.0.0.0/8", "10.0.0.0/9", "10.128.0.0/9", "10.1.0.0/16", "10.1.2.3", "10.1.2.2/31",
          "192.168.0.0/16", "::/0", "fd00::/8", "fd00::/16", "fd00:1::1", "2001:db8::/32"),
    WORDS(14, "tcp", "tcp/80", "tcp/80-90", "tcp/85-1000", "tcp/0-65535", "udp/53", "udp/1-52", "icmp", "icmp/3",
          "icmp/3/4", "gre", "proto/6", "udp/1-65534", "sctp/1-3", "icmpv6", "icmpv6/1/0"),
    WORDS(6, "tcp", "tcp/80", "tcp/70-90", "udp/53", "udp/50-60", "udp/1-65534"),
    WORDS(5, "1-1023", "1000-2000", "53", "50-60", "0-65535"),
};

static const struct words ether_types =
    WORDS(4, "ethertype/0x8892", "ethertype/0x88f7", "ethertype/0x88b5", "tcp/80", "icmpv6/1");

static void print_some(FILE *f, const char *key, const struct words *words, uint32_t n_at_least)
{
    uint32_t n = n_at_least + next_random(6), n_taken = 1;
    bool taken[20] = {false};
    uint32_t first = next_random(words->n_ipv4);

    if (!n) {
        return;
    }
    fprintf(f, "%s: [\"%s\"", key, words->list[first]);
    taken[first] = true;
    while (n_taken < n && n_taken < words->n) {
        uint32_t i = next_random(words->n);

        if (!taken[i]) {
            fprintf(f, ", \"%s\"", words->list[i]);
            taken[i] = true;
            n_taken++;
        }
    }
    fputs("], ", f);
}

static void print_zones(FILE *f, const char *key)
{
    static const char *const zones[] = {"any", "a", "[a, b]", "[b, c, e]", "[a, b, c, d]", "[a, b, c, d, e]"};

    fprintf(f, "%s: %s, ", key, zones[next_random(N_OF(zones))]);
}

static void print_rule(FILE *f, const struct vocabulary *vocabulary)
{
    uint32_t kind = next_random(5);

    fputs("  - {", f);
    print_zones(f, "from");
    print_zones(f, "to");
    if (!kind) {
        print_some(f, "service", &ether_types, 1);
    } else {
        print_some(f, "from-addresses", &vocabulary->addresses, 0);
        print_some(f, "to-addresses", &vocabulary->addresses, 0);
    }
    if (kind == 1) {
        print_some(f, "service", &vocabulary->with_ports, 1);
        print_some(f, "from-ports", &vocabulary->from_ports, 1);
    } else if (kind) {
        print_some(f, "service", &vocabulary->items, 0);
    }
    fputs("action: deny}\n", f);
}

struct tally {
    size_t n_rules, n_flows, n_more, n_wrong, n_conjunctions;
};

/* 'exact': not one more. */
static void check_random(const struct vocabulary *vocabulary, bool exact, struct tally *tally)
{
    char *text;
    size_t size;
    FILE *f = open_memstream(&text, &size);

    fputs(head, f);
    for (int i = 0; i < N_RULES; i++) {
        print_rule(f, vocabulary);
    }
    fclose(f);
    struct zw_policy *policy = policy_of(text);
    struct made made = compile(policy);
    uint64_t sum = 0;
    for (size_t i = 0; i < policy->n_rules; i++) {
        const struct zw_rule *rule = &policy->rules[i];
        size_t n = made.by_id[rule->id];

        if (rule->n_flows < n || (exact && rule->n_flows != n)) {
            printf("# rule %u has %zu flows and is counted as %u, in\n%s", rule->number, n, rule->n_flows, text);
            tally->n_wrong++;
        }
        tally->n_rules++;
        tally->n_flows += n;
        tally->n_more += rule->n_flows > n;
        tally->n_conjunctions += n > 1 && rule->from.n > 2 && rule->to.n > 2;
        sum += rule->n_flows;
    }
    CU_ASSERT_EQUAL(zw_policy_count_flows(policy), sum);
    zw_policy_unref(policy);
    free(text);
}

static struct tally check_many(const struct vocabulary *vocabulary, bool exact)
{
    struct tally tally = {0};

    for (int i = 0; i < N_POLICIES && !tally.n_wrong; i++) {
        check_random(vocabulary, exact, &tally);
    }
    printf("# %zu rules, %zu flows; %zu rules are counted as more\n", tally.n_rules, tally.n_flows, tally.n_more);
    CU_ASSERT_EQUAL(tally.n_wrong, 0);
    CU_ASSERT(tally.n_conjunctions > 500);
    return tally;
}

static void test_equal(void)
{
    check_many(&apart, true);
    check_many(&whole, true);
}

static void test_never_fewer(void)
{
    struct tally tally = check_many(&redundant, false);

    CU_ASSERT(tally.n_more > 100);
}

/* --- Large numbers. --- */

/* Only sizes of zones are looked at. */
static uint32_t count_zones(size_t n_from, size_t n_to)
{
    struct zw_rule rule = {.from = {.n = n_from}, .to = {.n = n_to}};

    return zw_rule_count_flows(&rule);
}

static void test_no_overflow(void)
{
    enum { N = 10000 };
    struct zw_service_item *items = zw_xcalloc(N, sizeof *items);
    struct zw_port_range *ranges = zw_xcalloc(N, sizeof *ranges);
    struct zw_rule rule = {.service = {items, N}, .from_ports = {ranges, N}};

    for (size_t i = 0; i < N; i++) {
        items[i] = (struct zw_service_item){.proto = IPPROTO_TCP, .first = 1, .last = 65534, .code = -1};
        ranges[i] = (struct zw_port_range){1, 65534};
    }
    CU_ASSERT_EQUAL(zw_rule_count_flows(&rule), UINT32_MAX); /* It is 1.8e11. */
    CU_ASSERT_EQUAL(count_zones(SIZE_MAX, 1), UINT32_MAX);
    CU_ASSERT_EQUAL(count_zones(SIZE_MAX, SIZE_MAX), UINT32_MAX);
    CU_ASSERT_EQUAL(count_zones(UINT32_MAX, 2), UINT32_MAX);
    CU_ASSERT_EQUAL(count_zones(100000, 200000), 300001);
    CU_ASSERT_EQUAL(count_zones(1000000000, 0), 1000000000);
    rule.service.n = rule.from_ports.n = 1000;
    CU_ASSERT_EQUAL(zw_rule_count_flows(&rule), 2 * 30000 * 30000);
    free(items);
    free(ranges);
}

/* --- The bound. --- */

/* Rules of half a million flows each: 1000 ports, from 250 ports, of both families.  The last is from 'n_last_ports' ports. */
static char *write_policy(unsigned int n_rules, unsigned int n_last_ports)
{
    char *text;
    size_t size;
    FILE *f = open_memstream(&text, &size);

    fprintf(f, "version: 1\nzones: {a: {}, b: {}}\nservices: {s: [\"tcp/1");
    for (unsigned int i = 1; i < 1000; i++) {
        fprintf(f, ",%u", 2 * i + 1);
    }
    fputs("\"]}\nrules:\n", f);
    for (unsigned int rule = 1; rule <= n_rules; rule++) {
        fprintf(f, "  - {from: a, to: b, service: s, action: allow, name: r%u, from-ports: [1", rule);
        for (unsigned int i = 1; i < (rule < n_rules ? 250 : n_last_ports); i++) {
            fprintf(f, ", %u", 2 * i + 1);
        }
        fputs("]}\n", f);
    }
    fclose(f);
    return text;
}

static void test_bound(void)
{
    char *fits = write_policy(2, 250), *exceeds = write_policy(3, 1), *far = write_policy(5, 1);
    struct zw_policy *policy = policy_of(fits);
    char *problems = problems_of(exceeds), *far_problems = problems_of(far);

    CU_ASSERT_EQUAL(zw_policy_count_flows(policy), ZW_POLICY_MAX_FLOWS);
    CU_ASSERT_STRING_EQUAL(
        problems, "policy.yaml:7:5: too many flows: rule \"r3\" alone makes 2000, and all up to it make 1002000; "
                  "expected no more than 1000000 in one policy\n");
    CU_ASSERT_STRING_EQUAL(far_problems,
                           "policy.yaml:7:5: too many flows: rule \"r3\" alone makes 500000, and all up to it make "
                           "1500000; expected no more than 1000000 in one policy\n");
    zw_policy_unref(policy);
    free(fits);
    free(exceeds);
    free(far);
    free(problems);
    free(far_problems);
}

/* Rules that are not read again count as well. */
static void test_bound_of_change(void)
{
    char *old_text = write_policy(2, 250), *text = write_policy(3, 1), *good_text = write_policy(2, 249);
    struct zw_policy_source old = {"policy.yaml", old_text, strlen(old_text)};
    struct zw_policy_source now = {"policy.yaml", text, strlen(text)};
    struct zw_policy_source good = {"policy.yaml", good_text, strlen(good_text)};
    struct zw_problems problems = ZW_PROBLEMS_INIT;
    struct zw_policy *policy = policy_of(old_text);

    CU_ASSERT_PTR_NULL(zw_policy_read_change(policy, &old, 1, &now, 1, &problems));
    CU_ASSERT_EQUAL_FATAL(problems.n, 1);
    CU_ASSERT_EQUAL(problems.list[0].line, 7);
    zw_problems_clear(&problems);
    struct zw_policy *changed = zw_policy_read_change(policy, &old, 1, &good, 1, &problems);
    CU_ASSERT_PTR_NOT_NULL_FATAL(changed);
    CU_ASSERT_EQUAL(zw_policy_count_flows(changed), ZW_POLICY_MAX_FLOWS - 2 * 1000);
    CU_ASSERT(zw_policy_same_frame(policy, changed));
    zw_policy_unref(changed);
    zw_policy_unref(policy);
    free(old_text);
    free(text);
    free(good_text);
}

ZW_TEST_MAIN({"known rules", test_known_rules}, {"as many as are made if no member covers another", test_equal},
             {"never fewer than are made", test_never_fewer}, {"no overflow", test_no_overflow},
             {"a policy of too many flows", test_bound}, {"a change to too many flows", test_bound_of_change})
