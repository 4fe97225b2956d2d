/* SPDX-License-Identifier: Apache-2.0 */
/* What holds for every compilation.  What a policy gives is in tests/golden/compile, and whether that is right on a switch
 * in tests/system/oracle.sh. */
#include "zw-config.h"

#include "controller/compile/compile.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "controller/base/memory.h"
#include "tests/unit/policy-fixture.h"
#include "tests/unit/zw-test.h"

#define ZONES                          \
    "version: 1\n"                     \
    "zones:\n"                         \
    "  a: {ports: [{name: \"a*\"}]}\n" \
    "  b: {ports: [{name: \"b*\"}]}\n" \
    "  c: {ports: [{name: \"c*\"}]}\n" \
    "  d: {behind: c, addresses: [10.1.0.0/16, \"fd01::/16\"]}\n"
#define RULES                                                                                                          \
    "rules:\n"                                                                                                         \
    "  - {from: a, to: b, service: [tcp/80, tcp/443], action: allow, log: session}\n"                                  \
    "  - {from: [a, b, c], to: [b, c, d], service: [\"tcp/1-1000\", udp/53, icmp/8], action: ask, otherwise: allow}\n" \
    "  - {from: any, to: any, from-addresses: [10.0.0.0/8, 11.0.0.0/8, 12.0.0.0/8, \"fd01::/16\", \"fd02::/16\"],\n"   \
    "     to-addresses: [0.0.0.0/0, 10.0.0.0/8, 11.0.0.0/8, \"::/0\", \"fd02::/16\"],\n"                               \
    "     service: [tcp/80, udp/53, icmp], action: deny}\n"

static void put_port(struct zw_bridge *bridge, const char *name, uint32_t ofport)
{
    bridge->ports[bridge->n_ports++] = (struct zw_port){.name = zw_xstrdup(name),
                                                        .ofport = ofport,
                                                        .type = zw_xstrdup(""),
                                                        .vlan_mode = ZW_VLAN_TRUNK,
                                                        .tag = ZW_VLAN_NONE};
}

/* Ports a1, b2, c3... with these OpenFlow numbers. */
static struct zw_inventory *ports_of(const char *zones)
{
    struct zw_inventory *inventory = zw_inventory_new(1);
    struct zw_bridge *bridge = &inventory->bridges[0];

    bridge->name = zw_xstrdup("br0");
    bridge->datapath_type = zw_xstrdup("netdev");
    bridge->fail_mode = zw_xstrdup("secure");
    bridge->exists = true;
    bridge->ports = zw_xcalloc(strlen(zones) + 1, sizeof *bridge->ports);
    for (uint32_t i = 0; zones[i]; i++) {
        char name[] = {zones[i], (char)('1' + i), '\0'};

        put_port(bridge, name, i + 1);
    }
    return inventory;
}

static struct zw_flow_table *compile(const char *text, const char *ports, unsigned int bridge_index, uint32_t version)
{
    struct zw_policy *policy = policy_of(text);
    struct zw_inventory *inventory = ports_of(ports);
    struct zw_problems warnings = ZW_PROBLEMS_INIT;

    policy->version = version;
    struct zw_flow_table *flows = zw_compile(policy, &inventory->bridges[0], bridge_index, &warnings);
    CU_ASSERT_EQUAL(warnings.n, 0);
    zw_problems_clear(&warnings);
    zw_inventory_unref(inventory);
    zw_policy_unref(policy);
    return flows;
}

/* How many flows differ; if they are of one stage, 'stage' gets it. */
static size_t n_differences(struct zw_flow_table *a, struct zw_flow_table *b, enum zw_stage *stage)
{
    struct zw_changes changes;

    zw_flow_table_diff(a, b, &changes);
    size_t n = changes.n;
    bool is_one = n > 0;
    for (size_t i = 1; i < n; i++) {
        is_one = is_one && zw_flow_stage(changes.list[i].flow) == zw_flow_stage(changes.list[0].flow);
    }
    if (is_one) {
        *stage = zw_flow_stage(changes.list[0].flow);
    }
    zw_changes_free(&changes);
    zw_flow_table_free(a);
    zw_flow_table_free(b);
    return n;
}

static void test_pure(void)
{
    enum zw_stage stage;

    CU_ASSERT_EQUAL(n_differences(compile(ZONES RULES, "abcax", 0, 1), compile(ZONES RULES, "abcax", 0, 1), &stage), 0);
}

static void test_version(void)
{
    enum zw_stage stage = ZW_N_STAGES;

    CU_ASSERT_EQUAL(n_differences(compile(ZONES RULES, "abc", 0, 1), compile(ZONES RULES, "abc", 0, 2), &stage), 4);
    CU_ASSERT_EQUAL(stage, ZW_STAGE_NEW);
}

/* The answer to "what changes": not more than there is to change. */
static void test_small_changes(void)
{
    enum zw_stage stage = ZW_N_STAGES;

    /* A rule at the end: its flow. */
    CU_ASSERT_EQUAL(n_differences(compile(ZONES RULES, "abc", 0, 1),
                                  compile(ZONES RULES "  - {from: a, to: a, action: allow}\n", "abc", 0, 1), &stage),
                    1);
    CU_ASSERT_EQUAL(stage, ZW_STAGE_POLICY);
    /* A port: its own flows and the copies of a broadcast. */
    CU_ASSERT(n_differences(compile(ZONES RULES, "abcc", 0, 1), compile(ZONES RULES, "abccc", 0, 1), &stage) <= 12);
    /* A port that no zone claims: nothing. */
    CU_ASSERT_EQUAL(n_differences(compile(ZONES RULES, "abc", 0, 1), compile(ZONES RULES, "abcx", 0, 1), &stage), 0);
}

struct structure {
    size_t n_flows[ZW_N_STAGES];
    bool is_right;
};

/* What a word "VALUE/MASK" or "VALUE" says of the AGAIN flag; -1: nothing. */
static int again_flag(const char *word)
{
    char *end;
    unsigned long value = strtoul(word, &end, 0);
    unsigned long mask = *end == '/' ? strtoul(end + 1, NULL, 0) : UINT32_MAX;

    return mask & ZW_FLAG_AGAIN_MASK ? (int)(value & ZW_FLAG_AGAIN_MASK) : -1;
}

/* What the actions make of the flag; -1: nothing. */
static int sets_again(const char *text)
{
    static const char set[] = "set_field:";
    int is = -1;

    for (const char *p = strstr(text, set); p; p = strstr(p + 1, set)) {
        const char *reg = strstr(p, "->");

        if (reg && !strncmp(reg, "->reg7", 6) && again_flag(p + strlen(set)) >= 0) {
            is = again_flag(p + strlen(set));
        }
    }
    return is;
}

/* Back to the beginning, and with a flag that only grows. */
static bool starts_again(const char *text, unsigned long target)
{
    const char *flags = strstr(text, "reg7=");
    int was = flags ? again_flag(flags + strlen("reg7=")) : -1;

    return target == ZW_STAGE_CLASSIFY && was >= 0 && sets_again(text) > was;
}

/* A packet only goes on to later stages, or twice to the first, so it cannot go round in circles; only CONNTRACK and what
 * follows it is entered by way of ct(). */
static void check_targets(struct structure *s, const char *text, unsigned int stage, const char *before)
{
    for (const char *p = strstr(text, before); p; p = strstr(p + 1, before)) {
        unsigned long target = strtoul(p + strlen(before), NULL, 10);

        if ((target <= stage && !starts_again(text, target)) || target >= ZW_N_STAGES) {
            printf("# %s\n", text);
            s->is_right = false;
        }
    }
}

static void check_flow(void *structure, const struct zw_flow *flow)
{
    struct structure *s = structure;
    char *text = zw_flow_format(flow);

    s->n_flows[zw_flow_stage(flow)]++;
    if (sets_again(text) >= 0 && !starts_again(text, ZW_STAGE_CLASSIFY)) { /* Nobody else touches the flag. */
        printf("# %s\n", text);
        s->is_right = false;
    }
    check_targets(s, text, zw_flow_stage(flow), "resubmit(,");
    check_targets(s, text, zw_flow_stage(flow), "ct(table=");
    check_targets(s, text, zw_flow_stage(flow), "ct(commit,table=");
    s->is_right = s->is_right && zw_cookie_is_ours(zw_flow_cookie(flow));
    free(text);
}

static void test_structure(void)
{
    struct zw_flow_table *flows = compile(ZONES RULES, "abcc", 0, 1);
    struct structure s = {.is_right = true};

    zw_flow_table_each(flows, check_flow, &s);
    CU_ASSERT(s.is_right);
    for (unsigned int stage = 0; stage < ZW_N_STAGES; stage++) {
        if (stage != ZW_STAGE_MACS) { /* What nobody names is learned. */
            CU_ASSERT(s.n_flows[stage] > 0);
        }
    }
    zw_flow_table_free(flows);
}

/* The clause that a flow of rule 'number' is, as a bit; '*n' gets how many there are in all. */
static unsigned int clause_of(const char *text, unsigned int number, unsigned int *n)
{
    const char *conjunction = strstr(text, "conjunction(");
    unsigned int id, clause;

    CU_ASSERT_EQUAL_FATAL(sscanf(conjunction, "conjunction(%u,%u/%u)", &id, &clause, n), 3);
    CU_ASSERT_EQUAL(id, number);
    /* The switch wants as many flows as there are clauses (find_conjunctive_match() in OVS's classifier.c). */
    CU_ASSERT_PTR_NULL(strstr(conjunction + 1, "conjunction("));
    return 1u << (clause - 1);
}

/* Every conjunction has all its clauses: one that lacks a clause never matches, and nobody would notice. */
static void test_conjunctions_are_whole(void)
{
    struct zw_flow_table *flows = compile(ZONES RULES, "abc", 0, 1);
    char *text = zw_flow_table_format(flows), *rest = text, *line;
    unsigned int bits[4] = {0}, n[4] = {0};

    while ((line = strsep(&rest, "\n"))) {
        char *cookie = strstr(line, "cookie=0x5a0300000000000");

        if (cookie && strstr(line, "conjunction(")) {
            unsigned int number = (unsigned int)(cookie[24] - '0');
            CU_ASSERT_FATAL(number < 4);
            bits[number] |= clause_of(line, number, &n[number]);
        }
    }
    for (unsigned int number = 2; number < 4; number++) {
        CU_ASSERT(n[number] >= 2);
        CU_ASSERT_EQUAL(bits[number], (1u << n[number]) - 1);
    }
    free(text);
    zw_flow_table_free(flows);
}

static void test_bridges_are_apart(void)
{
    for (unsigned int index = 0; index < ZW_MAX_BRIDGES; index++) {
        struct zw_flow_table *flows = compile(ZONES RULES, "abc", index, 1);
        char *text = zw_flow_table_format(flows), expected[32];

        snprintf(expected, sizeof expected, "set_field:0x%x->reg6", (index + 1) << 12);
        CU_ASSERT_PTR_NOT_NULL(strstr(text, expected));
        snprintf(expected, sizeof expected, "set_field:0x%x->reg6", (index + 2) << 12);
        CU_ASSERT_PTR_NULL(strstr(text, expected));
        free(text);
        zw_flow_table_free(flows);
    }
}

static void test_closed_ports(void)
{
    struct zw_inventory *inventory = ports_of("abcc");
    struct zw_policy *policy = policy_of(ZONES RULES);
    struct zw_problems warnings = ZW_PROBLEMS_INIT;
    struct zw_port *ports = inventory->bridges[0].ports;

    ports[1].in_bond = true;
    ports[2].vlan_mode = ZW_VLAN_UNSUPPORTED;
    ports[3].ofport = 0;
    struct zw_flow_table *flows = zw_compile(policy, &inventory->bridges[0], 0, &warnings);
    char *text = zw_flow_table_format(flows);
    CU_ASSERT_EQUAL(warnings.n, 2); /* A port without a number will have one in a moment. */
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "in_port=1"));
    CU_ASSERT_PTR_NULL(strstr(text, "in_port=2"));
    CU_ASSERT_PTR_NULL(strstr(text, "in_port=3"));
    CU_ASSERT_PTR_NULL(strstr(text, "output:2"));
    CU_ASSERT_PTR_NULL(strstr(text, "output:3"));
    CU_ASSERT_PTR_NULL(strstr(text, "output:0"));
    free(text);
    zw_flow_table_free(flows);
    zw_problems_clear(&warnings);
    zw_policy_unref(policy);
    zw_inventory_unref(inventory);
}

static void test_two_ports_with_one_mac(void)
{
    struct zw_inventory *inventory = ports_of("ab");
    struct zw_policy *policy = policy_of(ZONES RULES);
    struct zw_problems warnings = ZW_PROBLEMS_INIT;

    for (size_t i = 0; i < 2; i++) {
        inventory->bridges[0].ports[i].attached_mac = zw_xstrdup("02:00:00:00:00:01");
    }
    zw_flow_table_free(zw_compile(policy, &inventory->bridges[0], 0, &warnings));
    CU_ASSERT_EQUAL(warnings.n, 1);
    CU_ASSERT_PTR_NOT_NULL(strstr(warnings.list[0].text, "attached-mac 02:00:00:00:00:01 of another port"));
    zw_problems_clear(&warnings);
    zw_policy_unref(policy);
    zw_inventory_unref(inventory);
}

ZW_TEST_MAIN({"the same in gives the same out", test_pure},
             {"a new version changes the four flows that know it", test_version},
             {"a small change changes little", test_small_changes},
             {"packets only go forward, or twice to the beginning", test_structure},
             {"conjunctions have all their clauses", test_conjunctions_are_whole},
             {"bridges have conntrack zones of their own", test_bridges_are_apart},
             {"what cannot be done is closed, and said", test_closed_ports},
             {"an address of two ports is said", test_two_ports_with_one_mac})
