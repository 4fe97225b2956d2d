/* SPDX-License-Identifier: Apache-2.0 */
/* What holds for the flows of any rules.  Which flows a rule gives is in tests/golden/compile. */
#include "zw-config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "controller/base/memory.h"
#include "controller/compile/compile.h"
#include "tests/unit/policy-fixture.h"
#include "tests/unit/zw-test.h"

#define N_POLICIES 60

static uint32_t state = 20261;

static uint32_t next_random(uint32_t limit)
{
    state = state * 1664525u + 1013904223u;
    return (state >> 8) % limit;
}

/* Some of 'words', or none, the same one more than once now and then.  The first is for IPv4, as are the first 'n_ipv4' of
 * the words: the reader refuses a rule whose parts have no family in common. */
static void print_some(FILE *f, const char *key, const char *const *words, uint32_t n_ipv4, uint32_t n_words)
{
    uint32_t n = next_random(6);

    if (!n) {
        return;
    }
    fprintf(f, "%s: [", key);
    for (uint32_t i = 0; i < n; i++) {
        fprintf(f, "%s\"%s\"", i ? ", " : "", words[next_random(i ? n_words : n_ipv4)]);
    }
    fputs("], ", f);
}

static void print_zones(FILE *f, const char *key)
{
    static const char *const zones[] = {"any", "a", "b", "[a, b]", "[b, c]", "[a, b, c, d]"};

    fprintf(f, "%s: %s, ", key, zones[next_random(6)]);
}

#define N_OF(ARRAY) (sizeof(ARRAY) / sizeof(ARRAY)[0])

static void print_rule(FILE *f)
{
    static const char *const addresses[] = {"0.0.0.0/0", "10.0.0.0/8",  "10.0.0.0/9",     "10.128.0.0/9", "10.1.0.0/16",
                                            "10.1.2.3",  "10.1.2.2/31", "192.168.0.0/16", "::/0",         "fd00::/8",
                                            "fd00::/16", "fd00:1::1",   "2001:db8::/32"};
    static const char *const items[] = {"tcp",      "tcp/80",   "tcp/80-90", "tcp/85-1000", "tcp/0-65535", "udp/53",
                                        "udp/1-52", "icmp",     "icmp/3",    "icmp/3/4",    "gre",         "proto/6",
                                        "proto/89", "sctp/1-3", "icmpv6/1",  "icmpv6/1/0"};
    static const char *const with_ports[] = {"tcp", "tcp/80", "tcp/70-90", "udp/53", "udp/50-60", "sctp/7"};
    static const char *const ranges[] = {"1-1023", "1000-2000", "53", "50-60", "0-65535"};

    fputs("  - {", f);
    print_zones(f, "from");
    print_zones(f, "to");
    print_some(f, "from-addresses", addresses, 8, N_OF(addresses));
    print_some(f, "to-addresses", addresses, 8, N_OF(addresses));
    if (next_random(4)) {
        print_some(f, "service", items, 14, N_OF(items));
    } else {
        fprintf(f, "service: [%s, %s], from-ports: [%s, %s], ", with_ports[next_random(6)], with_ports[next_random(6)],
                ranges[next_random(5)], ranges[next_random(5)]);
    }
    fprintf(f, "action: %s}\n", next_random(2) ? "allow" : "deny");
}

static struct zw_flow_table *compile_random(void)
{
    char *text;
    size_t size;
    FILE *f = open_memstream(&text, &size);
    struct zw_problems warnings = ZW_PROBLEMS_INIT;
    struct zw_inventory *inventory = zw_inventory_new(1);

    fputs("version: 1\nzones: {a: {}, b: {}, c: {}, d: {behind: a, addresses: [10.1.0.0/16]}}\nrules:\n", f);
    for (int i = 0; i < 25; i++) {
        print_rule(f);
    }
    fclose(f);
    struct zw_policy *policy = policy_of(text);
    policy->version = 1;
    inventory->bridges[0].name = zw_xstrdup("br0");
    inventory->bridges[0].exists = true;
    struct zw_flow_table *flows = zw_compile(policy, &inventory->bridges[0], 0, &warnings);
    zw_problems_clear(&warnings);
    zw_inventory_unref(inventory);
    zw_policy_unref(policy);
    free(text);
    return flows;
}

/* What a flow does, as far as an overlap is concerned: the clause of its conjunction, "1/2", or all of its actions. */
struct seen {
    const struct zw_flow *flow;
    char *text;
    unsigned int id, clause; /* clause 0: it is none. */
    bool is_joined;          /* By a conj_id, which no packet has that was not looked up yet. */
};

struct overlaps {
    struct seen seen[4096]; /* The flows of one stage and priority so far. */
    size_t n;
    size_t n_flows, n_clauses, n_wrong;
};

static void forget(struct overlaps *o)
{
    while (o->n) {
        free(o->seen[--o->n].text);
    }
}

static bool may_overlap(const struct seen *a, const struct seen *b)
{
    if (a->is_joined || b->is_joined) {
        return a->is_joined != b->is_joined;
    }
    return a->clause && b->clause && a->id == b->id && a->clause != b->clause;
}

static void compare_with_others(struct overlaps *o, const struct seen *flow)
{
    for (size_t i = 0; i < o->n; i++) {
        if (zw_flow_overlaps(o->seen[i].flow, flow->flow) && !may_overlap(&o->seen[i], flow)) {
            printf("# %s\n# %s\n", o->seen[i].text, flow->text);
            o->n_wrong++;
        }
    }
}

static void check_rule_flow(void *overlaps, const struct zw_flow *flow)
{
    struct overlaps *o = overlaps;
    struct seen seen = {.flow = flow};

    if (zw_flow_stage(flow) != ZW_STAGE_POLICY) {
        return;
    }
    if (o->n && zw_flow_priority(o->seen[0].flow) != zw_flow_priority(flow)) {
        forget(o);
    }
    seen.text = zw_flow_format(flow);
    const char *conjunction = strstr(seen.text, "conjunction(");
    seen.is_joined = strstr(seen.text, "conj_id=");
    if (conjunction) {
        CU_ASSERT_EQUAL(sscanf(conjunction, "conjunction(%u,%u/", &seen.id, &seen.clause), 2);
        o->n_clauses++;
    }
    o->n_flows++;
    CU_ASSERT_FATAL(o->n < N_OF(o->seen));
    compare_with_others(o, &seen);
    o->seen[o->n++] = seen;
}

/* ovs-fields(7), CONJUNCTIVE MATCH FIELDS: which of two flows that overlap at one priority acts is not defined. */
static void test_no_overlap(void)
{
    struct overlaps *o = zw_xcalloc(1, sizeof *o);

    for (int i = 0; i < N_POLICIES; i++) {
        struct zw_flow_table *flows = compile_random();

        zw_flow_table_each(flows, check_rule_flow, o);
        forget(o);
        zw_flow_table_free(flows);
    }
    printf("# %zu flows, of them %zu of conjunctions\n", o->n_flows, o->n_clauses);
    CU_ASSERT_EQUAL(o->n_wrong, 0);
    CU_ASSERT(o->n_clauses > 1000 && o->n_flows - o->n_clauses > 1000);
    free(o);
}

ZW_TEST_MAIN({"flows of one priority do not overlap", test_no_overlap})
