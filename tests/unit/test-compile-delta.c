/* SPDX-License-Identifier: Apache-2.0 */
/* Promise 5: incremental results equal a full recompute.  Random changes of a policy and of ports, one after the other:
 * after each, the policy that was read from what changed of its text, the desired table that was changed flow by flow, and a
 * switch that was told no more than the changes, have what reading and compiling it as a whole with the same ids and
 * priorities gives. */
#include "zw-config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "controller/base/memory.h"
#include "controller/compile/compile.h"
#include "controller/policy/placement.h"
#include "ovs-ext/flow-journal.h"
#include "tests/unit/policy-fixture.h"
#include "tests/unit/zw-test.h"

#define N_STEPS 250
#define MAX_RULES 40
#define MAX_PORTS 9

/* What a policy and ports are made of. */
struct model {
    struct {
        unsigned int name, from, to, service, set, action;
    } rules[MAX_RULES];
    size_t n_rules;
    unsigned int next_name;
    unsigned int set, service; /* Of an address set and a service that several rules use: how many members. */
    unsigned int behind;       /* The network behind zone c. */
    unsigned int selector;     /* What zone b selects. */
    bool default_allow, is_loose, is_guarded;
    char ports[MAX_PORTS + 1]; /* The zone of each. */
};

static unsigned int pick(unsigned int n)
{
    return (unsigned int)rand() % n;
}

static void make_rule(struct model *m, size_t i)
{
    m->rules[i].name = m->next_name++;
    m->rules[i].from = pick(6);
    m->rules[i].to = pick(6);
    m->rules[i].service = pick(8);
    m->rules[i].set = pick(5);
    m->rules[i].action = pick(5);
}

static void insert_rule(struct model *m, size_t at)
{
    if (m->n_rules < MAX_RULES) {
        memmove(&m->rules[at + 1], &m->rules[at], (m->n_rules++ - at) * sizeof m->rules[0]);
        make_rule(m, at);
    }
}

static void delete_rule(struct model *m, size_t at)
{
    memmove(&m->rules[at], &m->rules[at + 1], (--m->n_rules - at) * sizeof m->rules[0]);
}

static void swap_rules(struct model *m, size_t a, size_t b)
{
    struct model old = *m;

    m->rules[a] = old.rules[b];
    m->rules[b] = old.rules[a];
}

/* One rule keeps its name and says something else; most often one thing only. */
static void edit_rule(struct model *m, size_t at)
{
    struct model old = *m;

    make_rule(m, at);
    m->rules[at].name = old.rules[at].name;
    switch (pick(5)) {
    case 0:
    case 1:
        old.rules[at].action = m->rules[at].action;
        m->rules[at] = old.rules[at];
        break;
    case 2:
        old.rules[at].set = m->rules[at].set;
        m->rules[at] = old.rules[at];
        break;
    case 3:
        old.rules[at].to = m->rules[at].to;
        m->rules[at] = old.rules[at];
        break;
    default:
        break;
    }
}

static void change_ports(struct model *m)
{
    size_t n = strlen(m->ports);

    if (n < MAX_PORTS && (!n || pick(2))) {
        m->ports[n] = "abcdx"[pick(5)];
        m->ports[n + 1] = '\0';
    } else if (pick(2)) {
        m->ports[n - 1] = '\0';
    } else {
        m->ports[pick((unsigned int)n)] = "abcdx"[pick(5)];
    }
}

static void change(struct model *m)
{
    size_t at = m->n_rules ? pick((unsigned int)m->n_rules) : 0;
    unsigned int what = pick(m->n_rules ? 14 : 4);

    switch (what) {
    case 0:
    case 1:
        insert_rule(m, pick((unsigned int)m->n_rules + 1));
        break;
    case 2:
        change_ports(m);
        break;
    case 3:
        m->set = 1 + pick(6);
        break;
    case 4:
        m->service = 1 + pick(4);
        break;
    case 5:
        m->behind = pick(4);
        break;
    case 6:
        m->selector = pick(3);
        break;
    case 7:
        m->default_allow = !m->default_allow;
        break;
    case 10:
        m->is_loose = !m->is_loose;
        break;
    case 11:
        m->is_guarded = !m->is_guarded;
        break;
    case 8:
        delete_rule(m, at);
        break;
    case 9:
        swap_rules(m, at, pick((unsigned int)m->n_rules));
        break;
    default:
        edit_rule(m, at);
    }
}

static char *print_list(char *end, const char *name, const char *format, unsigned int n)
{
    end += sprintf(end, "  %s: [", name);
    for (unsigned int i = 0; i < n; i++) {
        char number[12];

        snprintf(number, sizeof number, "%u", i + 1);
        end += sprintf(end, "%s%s%s", i ? ", " : "", format, number);
    }
    return end + sprintf(end, "]\n");
}

/* As a text.  Caller frees. */
static char *print_model(const struct model *m)
{
    static const char *const zones[] = {"a", "b", "[a, b]", "c", "[b, c, d]", "any"};
    static const char *const services[] = {"tcp/80",     "[tcp/80, tcp/443]",
                                           "several",    "icmp",
                                           "[udp/53]",   "[\"tcp/1-1000\", gre]",
                                           "icmpv6/128", "[\"ethertype/0x8892,0x88f7\", udp/53]"};
    static const char *const addresses[] = {"", ", to-addresses: hosts", ", from-addresses: hosts",
                                            ", from-addresses: hosts, to-addresses: hosts", ""};
    static const char *const actions[] = {"allow, log: session", "allow", "deny", "ask, otherwise: allow", "reject"};
    static const char *const selectors[] = {"b*", "b1", "[bx]*"};
    char *text = zw_xcalloc(1, 65536), *end = text;

    end +=
        sprintf(end, "version: 1\nzones:\n  a: {ports: [{name: \"a*\"}]}\n  b: {ports: [{name: \"%s\"}], guard: %s}\n",
                selectors[m->selector], m->is_guarded ? "{ip: false}" : "false");
    end += sprintf(end, "  c: {ports: [{name: \"c*\"}]}\n  d: {behind: c, addresses: [10.%u.0.0/16]}\n", m->behind);
    end = print_list(end + sprintf(end, "address-sets:\n"), "hosts", "10.9.9.", m->set);
    end = print_list(end + sprintf(end, "services:\n"), "several", "tcp/2", m->service);
    end += sprintf(end, "defaults: {action: %s, pickup: %s}\nrules: %s\n", m->default_allow ? "allow" : "deny",
                   m->is_loose ? "loose" : "strict", m->n_rules ? "" : "[]");
    for (size_t i = 0; i < m->n_rules; i++) {
        bool is_ether = m->rules[i].service == 7;             /* No addresses, no ask. */
        bool v4 = !is_ether && addresses[m->rules[i].set][0]; /* ICMPv6 and IPv4 addresses never match. */

        if (m->rules[i].name % 7) {
            end += sprintf(end, "  - {name: r%u, ", m->rules[i].name);
        } else {
            end += sprintf(end, "  - {");
        }
        end += sprintf(end, "from: %s, to: %s, service: %s%s, action: %s}\n", zones[m->rules[i].from],
                       zones[m->rules[i].to], services[m->rules[i].service % (v4 ? 6 : 8)],
                       m->rules[i].to == 4 || m->rules[i].service >= 6 ? "" : addresses[m->rules[i].set],
                       actions[is_ether ? m->rules[i].action % 3 : m->rules[i].action]);
    }
    return text;
}

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

        bridge->ports[bridge->n_ports++] = (struct zw_port){.name = zw_xstrdup(name),
                                                            .ofport = i + 1,
                                                            .type = zw_xstrdup(""),
                                                            .vlan_mode = i % 3 ? ZW_VLAN_TRUNK : ZW_VLAN_ACCESS,
                                                            .tag = i % 3 ? ZW_VLAN_NONE : 10};
    }
    return inventory;
}

/* Whether both have the same flows.  Shows those that differ. */
static bool is_equal(const char *what, const struct zw_flow_table *got, const struct zw_flow_table *wanted)
{
    struct zw_changes changes;

    zw_flow_table_diff(got, wanted, &changes);
    for (size_t i = 0; i < changes.n; i++) {
        char *text = zw_flow_format(changes.list[i].flow);

        printf("# %s: %s %s\n", what, changes.list[i].type == ZW_CHANGE_DELETE ? "stale" : "missing or wrong", text);
        free(text);
    }
    bool equal = !changes.n;
    zw_changes_free(&changes);
    return equal;
}

/* A switch that is told what changes, and checks that it is one: that what is added was not there, and so on. */
static void tell(struct zw_flow_table *sw, const struct zw_flow_journal *journal)
{
    struct zw_changes changes;

    zw_flow_journal_changes(journal, &changes);
    for (size_t i = 0; i < changes.n; i++) {
        const struct zw_flow *flow = changes.list[i].flow;
        bool is_there = zw_flow_table_find(sw, flow);

        CU_ASSERT_EQUAL(is_there, changes.list[i].type != ZW_CHANGE_ADD);
        if (changes.list[i].type == ZW_CHANGE_DELETE) {
            zw_flow_table_remove(sw, flow);
        } else {
            zw_flow_table_replace(sw, zw_flow_clone(flow));
        }
    }
    zw_changes_free(&changes);
}

/* One after the other: what it is made of, the table, and the switch, which hears of it now and then. */
struct bed {
    struct model model;
    char *text;
    struct zw_policy *policy;
    size_t n_shared; /* Policies that were not read as a whole. */
    struct zw_inventory *inventory;
    struct zw_flow_journal *journal;
    struct zw_flow_table *sw;
};

/* The policy of the text that has become of 'bed', with the next version. */
static struct zw_policy *read_text(const struct bed *bed, const char *text)
{
    struct zw_policy_source old = {.name = "policy.yaml", .text = bed->text, .size = strlen(bed->text)};
    struct zw_policy_source now = {.name = "policy.yaml", .text = text, .size = strlen(text)};
    struct zw_problems problems = ZW_PROBLEMS_INIT;
    struct zw_policy *policy = zw_policy_read_change(bed->policy, &old, 1, &now, 1, &problems);

    CU_ASSERT_EQUAL_FATAL(problems.n, 0);
    policy->version = bed->policy->version + 1;
    CU_ASSERT_FATAL(zw_policy_place(policy, bed->policy, policy->version));
    return policy;
}

/* All flows, with nothing taken over but what the history decides: ids and priorities. */
static struct zw_flow_table *compile_all(const struct bed *bed, const char *text, const struct zw_bridge *bridge,
                                         struct zw_problems *warnings)
{
    struct zw_policy *policy = policy_of(text);

    policy->version = bed->policy->version + 1;
    CU_ASSERT_FATAL(zw_policy_place(policy, bed->policy, policy->version));
    struct zw_flow_table *flows = zw_compile(policy, bridge, 0, warnings);
    zw_policy_unref(policy);
    return flows;
}

static void step(struct bed *bed)
{
    struct zw_problems warnings = ZW_PROBLEMS_INIT, said = ZW_PROBLEMS_INIT;
    struct model old = bed->model;

    change(&bed->model);
    bool same_ports = !strcmp(old.ports, bed->model.ports) && pick(2);
    struct zw_inventory *inventory = same_ports ? zw_inventory_ref(bed->inventory) : ports_of(bed->model.ports);
    char *text = print_model(&bed->model);
    struct zw_policy *policy = read_text(bed, text);

    bed->n_shared += zw_policy_same_frame(policy, bed->policy);
    const struct zw_compile_input before = {.policy = bed->policy, .bridge = &bed->inventory->bridges[0]};
    const struct zw_compile_input after = {.policy = policy, .bridge = &inventory->bridges[0]};
    struct zw_flow_delta delta = zw_compile_delta(&before, &after, 0, &warnings);
    CU_ASSERT_FATAL(zw_flow_journal_apply(bed->journal, &delta));

    struct zw_flow_table *full = compile_all(bed, text, after.bridge, &said);
    CU_ASSERT_FATAL(is_equal("desired", zw_flow_journal_table(bed->journal), full));
    CU_ASSERT_EQUAL(zw_flow_journal_count_differences(bed->journal, bed->sw), 0);
    if (pick(3)) {
        tell(bed->sw, bed->journal);
        zw_flow_table_free(zw_flow_journal_settle(bed->journal));
        CU_ASSERT_FATAL(is_equal("switch", bed->sw, full));
    }
    if (!zw_compile_same_frame(&before, &after)) {
        CU_ASSERT_EQUAL(warnings.n, said.n);
    }
    zw_problems_clear(&warnings);
    zw_problems_clear(&said);
    zw_flow_table_free(full);
    zw_policy_unref(bed->policy);
    zw_inventory_unref(bed->inventory);
    free(bed->text);
    bed->text = text;
    bed->policy = policy;
    bed->inventory = inventory;
}

static void test_random(void)
{
    struct zw_problems warnings = ZW_PROBLEMS_INIT;
    struct bed bed = {.model = {.next_name = 1, .set = 3, .service = 2, .ports = "abca"}};

    srand(zw_test_seed());
    for (size_t i = 0; i < 12; i++) {
        insert_rule(&bed.model, i);
    }
    bed.text = print_model(&bed.model);
    bed.policy = policy_of(bed.text);
    bed.inventory = ports_of(bed.model.ports);
    bed.journal = zw_flow_journal_new(zw_compile(bed.policy, &bed.inventory->bridges[0], 0, &warnings));
    bed.sw = zw_compile(bed.policy, &bed.inventory->bridges[0], 0, &warnings);
    for (size_t i = 0; i < N_STEPS; i++) {
        step(&bed);
    }
    CU_ASSERT(bed.n_shared > N_STEPS / 4);
    free(bed.text);
    zw_problems_clear(&warnings);
    zw_policy_unref(bed.policy);
    zw_inventory_unref(bed.inventory);
    zw_flow_journal_free(bed.journal);
    zw_flow_table_free(bed.sw);
}

/* A delta of another table is refused, and nothing of it is done. */
static void test_another_table(void)
{
    struct zw_flow_journal *journal = zw_flow_journal_new(zw_flow_table_new());
    struct zw_flow_delta delta = {.gone = zw_flow_table_new(), .put = zw_flow_table_new()};
    struct zw_changes changes;

    zw_flow_table_add(delta.gone, zw_flow_new(ZW_STAGE_CLASSIFY, 1, 0));
    zw_flow_table_add(delta.put, zw_flow_new(ZW_STAGE_CLASSIFY, 2, 0));
    CU_ASSERT_FALSE(zw_flow_journal_apply(journal, &delta));
    CU_ASSERT_EQUAL(zw_flow_table_count(zw_flow_journal_table(journal)), 0);
    zw_flow_journal_changes(journal, &changes);
    CU_ASSERT_EQUAL(changes.n, 0);
    zw_changes_free(&changes);
    zw_flow_delta_clear(&delta);
    zw_flow_journal_free(journal);
}

/* A rule more in front of a thousand: its flows, and the four with the version. */
static void test_small(void)
{
    struct zw_problems warnings = ZW_PROBLEMS_INIT;
    char *text = zw_xcalloc(1, 100000), *head, *end;
    struct zw_inventory *inventory = ports_of("ab");

    head = text +
           sprintf(text, "version: 1\nzones: {a: {ports: [{name: \"a*\"}]}, b: {ports: [{name: \"b*\"}]}}\nrules:\n");
    end = head;
    for (int i = 0; i < 1000; i++) {
        end += sprintf(end, "  - {name: r%d, from: a, to: b, service: tcp/%d, action: allow}\n", i, i + 1);
    }
    struct zw_policy *before = policy_of(text);
    static const char more[] = "  - {name: first, from: a, to: b, service: udp/1, action: deny}\n";
    memmove(head + strlen(more), head, strlen(head) + 1);
    memcpy(head, more, strlen(more));
    struct zw_policy *after = policy_of(text);
    after->version = 1;
    CU_ASSERT_FATAL(zw_policy_place(after, before, 1));
    struct zw_flow_delta delta =
        zw_compile_delta(&(struct zw_compile_input){.policy = before, .bridge = &inventory->bridges[0]},
                         &(struct zw_compile_input){.policy = after, .bridge = &inventory->bridges[0]}, 0, &warnings);
    CU_ASSERT_EQUAL(zw_flow_table_count(delta.gone), 0);
    CU_ASSERT_EQUAL(zw_flow_table_count(delta.put), 5); /* One, and four that know the version. */
    zw_flow_delta_clear(&delta);
    zw_policy_unref(before);
    zw_policy_unref(after);
    zw_inventory_unref(inventory);
    free(text);
}

ZW_TEST_MAIN({"random changes: what is sent makes what a full compilation gives", test_random},
             {"a delta of another table is refused", test_another_table}, {"a rule more is its own flows", test_small})
