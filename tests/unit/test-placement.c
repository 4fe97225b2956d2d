/* SPDX-License-Identifier: Apache-2.0 */
/* Ids stay with their rules for ever, priorities stay in order, and few rules are touched. */
#include "controller/policy/placement.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "controller/base/memory.h"
#include "controller/policy/rule.h"
#include "ovs-ext/pipeline.h"
#include "tests/unit/policy-fixture.h"
#include "tests/unit/zw-test.h"

#define HEAD "version: 1\nzones: {a: {}, b: {}}\nrules:\n"
#define RULE_SIZE 80

enum kind { NAMED, UNNAMED };

/* A list of rules: each has its number as its name, or as its content. */
struct list {
    unsigned int rules[60000];
    size_t n;
};

static void insert(struct list *list, size_t at, unsigned int rule)
{
    memmove(&list->rules[at + 1], &list->rules[at], (list->n++ - at) * sizeof list->rules[0]);
    list->rules[at] = rule;
}

static unsigned int cut(struct list *list, size_t at)
{
    unsigned int rule = list->rules[at];

    memmove(&list->rules[at], &list->rules[at + 1], (--list->n - at) * sizeof list->rules[0]);
    return rule;
}

static struct list *numbered(size_t n)
{
    struct list *list = zw_xcalloc(1, sizeof *list);

    while (list->n < n) {
        list->n++;
        list->rules[list->n - 1] = (unsigned int)list->n;
    }
    return list;
}

static struct zw_policy *policy_of_list(const struct list *list, enum kind kind)
{
    char *text = zw_xcalloc(list->n + 2, RULE_SIZE), *end = text + sprintf(text, HEAD);

    for (size_t i = 0; i < list->n; i++) {
        if (kind == NAMED) {
            end += sprintf(end, "- {name: r%u, from: a, to: b, action: allow}\n", list->rules[i]);
        } else {
            end += sprintf(end, "- {from: a, to: b, action: allow, service: tcp/%u}\n", list->rules[i]);
        }
    }
    if (!list->n) {
        strcpy(text, "version: 1\n");
    }
    struct zw_policy *policy = policy_of(text);
    free(text);
    return policy;
}

/* Takes 'before'. */
static struct zw_policy *next(struct zw_policy *before, const struct list *list, enum kind kind)
{
    struct zw_policy *policy = policy_of_list(list, kind);

    CU_ASSERT_FATAL(zw_policy_place(policy, before, 7));
    zw_policy_unref(before);
    return policy;
}

/* In order, within the range, and found by their ids. */
static bool is_sound(const struct zw_policy *policy)
{
    unsigned int last = ZW_PRIORITY_RULE_FIRST + 1;
    bool sound = true;

    for (size_t i = 0; i < policy->n_rules; i++) {
        const struct zw_rule *rule = &policy->rules[i];

        sound = sound && rule->priority < last && rule->priority >= ZW_PRIORITY_RULE_LAST && rule->id &&
                rule->id < policy->next_rule_id && zw_policy_rule_by_id(policy, rule->id) == rule;
        last = rule->priority;
    }
    return sound;
}

/* How many rules are new or have another priority. */
static size_t n_changed(const struct zw_policy *policy, const struct zw_policy *before)
{
    size_t n = 0;

    for (size_t i = 0; i < policy->n_rules; i++) {
        const struct zw_rule *old = zw_policy_rule_by_id(before, policy->rules[i].id);

        n += !old || old->priority != policy->rules[i].priority;
    }
    return n;
}

/* Changes 'list' into another policy, of which 'n' rules may have changed. */
static struct zw_policy *step(struct zw_policy *before, const struct list *list, enum kind kind, size_t n)
{
    struct zw_policy *keep = zw_policy_ref(before), *policy = next(before, list, kind);

    CU_ASSERT(is_sound(policy));
    CU_ASSERT(n_changed(policy, keep) <= n);
    zw_policy_unref(keep);
    return policy;
}

static void test_fresh(void)
{
    static const size_t sizes[] = {0, 1, 5, 1000, 30000, ZW_POLICY_MAX_ALONE};

    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct list *list = numbered(sizes[i]);
        struct zw_policy *policy = policy_of_list(list, NAMED);

        CU_ASSERT(is_sound(policy));
        for (size_t j = 0; j < policy->n_rules; j++) {
            CU_ASSERT_EQUAL(policy->rules[j].id, j + 1);
        }
        CU_ASSERT_PTR_NULL(zw_policy_rule_by_id(policy, 0));
        CU_ASSERT_PTR_NULL(zw_policy_rule_by_id(policy, policy->next_rule_id));
        zw_policy_unref(policy);
        free(list);
    }
}

/* One rule put anywhere, deleted or moved: the others stay as they are. */
static void test_one_change(void)
{
    struct list *list = numbered(1000);
    struct zw_policy *policy = policy_of_list(list, NAMED);
    static const size_t places[] = {0, 1, 500, 999, 1003};

    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        insert(list, places[i], 5000 + (unsigned int)i);
        policy = step(policy, list, NAMED, 1);
        CU_ASSERT_EQUAL(policy->rules[places[i]].id, 1001 + i);
    }
    insert(list, 3, cut(list, 900));
    policy = step(policy, list, NAMED, 1);
    insert(list, 900, cut(list, 3));
    policy = step(policy, list, NAMED, 1);
    cut(list, 0);
    policy = step(policy, list, NAMED, 0);
    /* It comes back, and is not taken for the one that was there. */
    insert(list, 0, 5000);
    policy = step(policy, list, NAMED, 1);
    CU_ASSERT_EQUAL(policy->rules[0].id, 1006);
    zw_policy_unref(policy);
    free(list);
}

/* A rule without a name is known by what it says, as often as it says it. */
static void test_unnamed(void)
{
    struct list *list = numbered(100);
    struct zw_policy *policy = policy_of_list(list, UNNAMED);

    insert(list, 0, 1000);
    policy = step(policy, list, UNNAMED, 1);
    CU_ASSERT_EQUAL(policy->rules[1].id, 1);
    CU_ASSERT_STRING_EQUAL(policy->rules[1].name, "rule-2");
    insert(list, 50, 1000);
    insert(list, 51, 1000);
    policy = step(policy, list, UNNAMED, 2);
    CU_ASSERT_EQUAL(policy->rules[0].id, 101);
    cut(list, 0);
    policy = step(policy, list, UNNAMED, 2);
    CU_ASSERT_EQUAL(policy->rules[0].id, 1);
    zw_policy_unref(policy);
    free(list);
}

/* However often at one place: some neighbours move, not everybody. */
static void test_one_place(void)
{
    struct list *list = numbered(1000);
    struct zw_policy *policy = policy_of_list(list, NAMED);
    size_t n = 0;

    for (unsigned int i = 0; i < 400; i++) {
        struct zw_policy *before = zw_policy_ref(policy);

        insert(list, 500, 5000 + i);
        policy = step(policy, list, NAMED, 400);
        n += n_changed(policy, before);
        zw_policy_unref(before);
    }
    CU_ASSERT(n > 400 && n < 400 * 12);
    zw_policy_unref(policy);
    free(list);
}

/* With hardly any priority free. */
static void test_crowded(void)
{
    struct list *list = numbered(ZW_POLICY_MAX_ALONE - 2);
    struct zw_policy *policy = policy_of_list(list, NAMED);

    insert(list, 30000, 70000);
    policy = step(policy, list, NAMED, 40);
    insert(list, 30000, 70001);
    policy = step(policy, list, NAMED, 40);
    insert(list, 100, cut(list, 59999));
    policy = step(policy, list, NAMED, 40);
    zw_policy_unref(policy);
    free(list);
}

/* Names and the ids that they have, for as long as they are there. */
struct history {
    uint32_t ids[4000];       /* By rule; 0: not there. */
    unsigned int owner[9000]; /* By id: the rule that has or had it. */
};

static void check_history(struct history *history, const struct zw_policy *policy)
{
    struct history now = {.ids = {0}};

    for (size_t i = 0; i < policy->n_rules; i++) {
        unsigned int rule = (unsigned int)atoi(policy->rules[i].name + 1);
        uint32_t id = policy->rules[i].id;

        CU_ASSERT_FATAL(id < 9000);
        CU_ASSERT(!history->ids[rule] || history->ids[rule] == id);
        CU_ASSERT(!history->owner[id] || history->owner[id] == rule);
        now.ids[rule] = history->owner[id] = rule ? id : 0;
        history->owner[id] = rule;
    }
    memcpy(history->ids, now.ids, sizeof history->ids);
}

static void random_edit(struct list *list, unsigned int *next_rule)
{
    switch (list->n ? rand() % 5 : 0) {
    case 0:
    case 1:
        insert(list, (size_t)rand() % (list->n + 1), (*next_rule)++);
        break;
    case 2:
        cut(list, (size_t)rand() % list->n);
        break;
    case 3: {
        unsigned int rule = cut(list, (size_t)rand() % list->n);
        insert(list, (size_t)rand() % (list->n + 1), rule);
        break;
    }
    default:
        list->rules[(size_t)rand() % list->n] = (*next_rule)++;
    }
}

static void test_random(void)
{
    unsigned int seed = zw_test_seed(), next_rule = 61;
    struct history *history = zw_xcalloc(1, sizeof *history);
    struct list *list = numbered(60);
    struct zw_policy *policy = policy_of_list(list, NAMED);
    size_t n_touched = 0, n_all_edits = 0;

    srand(seed);
    check_history(history, policy);
    for (int i = 0; i < 300; i++) {
        size_t n_edits = 1 + (size_t)rand() % 8;

        for (size_t j = 0; j < n_edits; j++) {
            random_edit(list, &next_rule);
        }
        struct zw_policy *before = zw_policy_ref(policy);
        policy = step(policy, list, NAMED, n_edits + 60);
        n_touched += n_changed(policy, before);
        n_all_edits += n_edits;
        zw_policy_unref(before);
        check_history(history, policy);

        char *text = zw_placement_format(policy);
        struct zw_policy *again = policy_of_list(list, NAMED);
        CU_ASSERT(zw_placement_parse(text, again));
        CU_ASSERT(is_sound(again));
        CU_ASSERT_EQUAL(n_changed(again, policy), 0);
        char *same = zw_placement_format(again);
        CU_ASSERT_STRING_EQUAL(text, same);
        zw_policy_unref(again);
        free(same);
        free(text);
    }
    CU_ASSERT(n_touched < 2 * n_all_edits); /* Once in a while some neighbours are moved apart; all 60 never are. */
    zw_policy_unref(policy);
    free(history);
    free(list);
}

/* Each says one thing otherwise than the first one. */
static const char *const variants[] = {
    "from: a, to: b, service: tcp/80, from-ports: 1-9, action: ask, otherwise: deny, log: denied",
    "from: b, to: b, service: tcp/80, from-ports: 1-9, action: ask, otherwise: deny, log: denied",
    "from: [a, b], to: b, service: tcp/80, from-ports: 1-9, action: ask, otherwise: deny, log: denied",
    "from: a, to: a, service: tcp/80, from-ports: 1-9, action: ask, otherwise: deny, log: denied",
    "from: a, to: b, service: tcp/81, from-ports: 1-9, action: ask, otherwise: deny, log: denied",
    "from: a, to: b, service: tcp/80-81, from-ports: 1-9, action: ask, otherwise: deny, log: denied",
    "from: a, to: b, service: udp/80, from-ports: 1-9, action: ask, otherwise: deny, log: denied",
    "from: a, to: b, service: [tcp/80, udp/80], from-ports: 1-9, action: ask, otherwise: deny, log: denied",
    "from: a, to: b, service: tcp, from-ports: 1-9, action: ask, otherwise: deny, log: denied",
    "from: a, to: b, service: tcp/80, from-ports: 1-8, action: ask, otherwise: deny, log: denied",
    "from: a, to: b, service: tcp/80, from-ports: 2-9, action: ask, otherwise: deny, log: denied",
    "from: a, to: b, service: tcp/80, from-ports: [1-9, 11], action: ask, otherwise: deny, log: denied",
    "from: a, to: b, service: tcp/80, action: ask, otherwise: deny, log: denied",
    "from: a, to: b, service: tcp/80, from-ports: 1-9, action: ask, otherwise: allow, log: denied",
    "from: a, to: b, service: tcp/80, from-ports: 1-9, action: ask, otherwise: deny, log: session",
    "from: a, to: b, service: tcp/80, from-ports: 1-9, action: allow, log: denied",
    "from: a, to: b, from-addresses: 10.0.0.0/8, service: tcp/80, from-ports: 1-9, action: ask, otherwise: deny, log: denied",
    "from: a, to: b, to-addresses: 10.0.0.0/8, service: tcp/80, from-ports: 1-9, action: ask, otherwise: deny, log: denied",
    "from: a, to: b, to-addresses: 10.0.0.0/9, service: tcp/80, from-ports: 1-9, action: ask, otherwise: deny, log: denied",
    "from: a, to: b, service: icmp, action: allow",
    "from: a, to: b, service: icmp/3, action: allow",
    "from: a, to: b, service: icmp/3/1, action: allow",
    "from: a, to: b, service: icmp/3/2, action: allow",
    "from: a, to: b, service: icmpv6/3/2, action: allow",
    "from: a, to: b, service: ethertype/0x8892, action: allow",
    "from: a, to: b, service: ethertype/0x8893, action: allow",
};

/* Whatever makes two rules differ is in their hash: else many that differ in it alone are compared one by one. */
static void test_hash(void)
{
    size_t n = sizeof variants / sizeof variants[0];
    char text[8000], *end = text + sprintf(text, HEAD);

    for (size_t i = 0; i < n; i++) {
        end += sprintf(end, "- {%s}\n", variants[i]);
    }
    struct zw_policy *policy = policy_of(text), *again = policy_of(text);
    for (size_t i = 0; i < n; i++) {
        CU_ASSERT_EQUAL(zw_rule_hash(&policy->rules[i]), zw_rule_hash(&again->rules[i]));
        for (size_t j = 0; j < i; j++) {
            CU_ASSERT_FALSE(zw_rule_says_same(&policy->rules[i], &policy->rules[j]));
            CU_ASSERT_NOT_EQUAL(zw_rule_hash(&policy->rules[i]), zw_rule_hash(&policy->rules[j]));
        }
    }
    zw_policy_unref(policy);
    zw_policy_unref(again);
}

static void test_ids_run_out(void)
{
    struct list *list = numbered(10);
    struct zw_policy *policy = policy_of_list(list, NAMED);

    policy->next_rule_id = ZW_RULE_ID_MAX;
    insert(list, 0, 100);
    policy = next(policy, list, NAMED);
    CU_ASSERT_EQUAL(policy->rules[0].id, ZW_RULE_ID_MAX);
    CU_ASSERT_EQUAL(policy->rule_ids_since, 0);
    insert(list, 0, 101);
    policy = next(policy, list, NAMED);
    CU_ASSERT(is_sound(policy));
    CU_ASSERT_EQUAL(policy->rules[0].id, 1);
    CU_ASSERT_EQUAL(policy->rule_ids_since, 7);
    zw_policy_unref(policy);
    free(list);
}

static void test_bad_texts(void)
{
    static const char *const bad[] = {
        "",
        "since=1",
        "since=1 next=4",
        "since=1 next=4 1+2@500-1",
        "since=1 next=4 1+4@500-1",
        "since=1 next=3 1+3@500-1",
        "since=1 next=4 1+3@500-0",
        "since=1 next=4 1+3@102-1",
        "since=1 next=4 1+3@65001-1",
        "since=1 next=4 0+3@500-1",
        "since=1 next=4 1+2@500-1 2+1@400-0",
        "since=1 next=4 1+2@500-1 3+1@499-0",
        "since=1 next=4 1+3@500-1 ",
        "since=1 next=4 1+3@500-1x",
        "since=1 next=4  1+3@500-1",
        "since=1 next=4 1+3@500--1",
        "since=1 next=99999999 1+3@500-1",
        "since=1 next=4 1+3@500-4294967295",
        "since=1 next=4 4294967295+3@500-1",
        "since=99999999999 next=4 1+3@500-1",
    };
    struct list *list = numbered(3);
    struct zw_policy *policy = policy_of_list(list, NAMED);
    char *before = zw_placement_format(policy);

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        CU_ASSERT_FALSE(zw_placement_parse(bad[i], policy));
    }
    char *after = zw_placement_format(policy);
    CU_ASSERT_STRING_EQUAL(before, after);
    CU_ASSERT(zw_placement_parse("since=1 next=9 7+2@500-3 1+1@101-0", policy));
    CU_ASSERT_EQUAL(policy->rules[1].id, 8);
    CU_ASSERT_EQUAL(policy->rules[1].priority, 497);
    free(before);
    free(after);
    zw_policy_unref(policy);
    free(list);
}

ZW_TEST_MAIN({"afresh: ids from 1, and room for each", test_fresh},
             {"one rule changed is one rule placed", test_one_change}, {"rules without a name", test_unnamed},
             {"many rules at one place", test_one_place}, {"a policy as large as can be", test_crowded},
             {"random changes", test_random}, {"whatever makes two rules differ is in their hash", test_hash},
             {"no ids left", test_ids_run_out}, {"texts that are none", test_bad_texts})
