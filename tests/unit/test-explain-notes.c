/* SPDX-License-Identifier: Apache-2.0 */
/* What an answer does not hold for is in its notes. */
#include "zw-config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "controller/control/explain-json.h"
#include "controller/policy/explain.h"
#include "tests/unit/policy-fixture.h"
#include "tests/unit/zw-test.h"

static struct zw_policy *policy;

#define N_ADDRESSES 16u /* Of each of two zones. */
#define N_RULES 6
#define N_POLICIES 150

/* "10.0.1.4/30", of the zone with 10.0.1.0/28, or sometimes more than the zone has; or all. */
static void add_random_addresses(FILE *out, const char *key, unsigned int net)
{
    unsigned int bits = 27 + (unsigned int)random() % 6, some = (unsigned int)random();

    if (some % 3) {
        fprintf(out, ", %s: 10.0.%u.%u/%u", key, net, some / 3 % N_ADDRESSES & 0xffu << (32 - bits), bits);
    }
}

static struct zw_policy *random_policy(void)
{
    static const char *const actions[] = {"allow", "deny", "reject"};
    char *text;
    size_t size;
    FILE *out = open_memstream(&text, &size);

    fputs(
        "version: 1\nzones:\n  up: {ports: [{name: uplink0}]}\n  a: {behind: up, addresses: 10.0.1.0/28}\n"
        "  b: {behind: up, addresses: 10.0.2.0/28}\n  c: {behind: up, addresses: [10.0.1.4/31, 10.0.2.0/30]}\nrules:\n",
        out);
    for (int i = 0; i < N_RULES; i++) {
        fprintf(out, "  - {name: r%d, from: a, to: b, action: %s", i, actions[random() % 3]);
        add_random_addresses(out, "from-addresses", 1);
        add_random_addresses(out, "to-addresses", 2);
        fputs("}\n", out);
    }
    fclose(out);
    struct zw_policy *made = policy_of(text);
    free(text);
    return made;
}

/* Whether 'e' says that of those that 'rule' (NULL: the default) decides. */
static bool is_covered(const struct zw_explanation *e, const struct zw_rule *rule)
{
    for (size_t i = 0; i < e->notes.n; i++) {
        const char *text = e->notes.list[i].text;

        if ((strstr(text, "comes first") && rule && strtoul(text + strlen("rule "), NULL, 10) == rule->number) ||
            strstr(text, " only: ")) {
            return true;
        }
    }
    return rule == e->verdict.rule;
}

/* Counts what is decided so: 'n_same' as the answer says, 'n_open' as a note says. */
static void compare_each(const struct zw_explanation *e, unsigned int *n_same, unsigned int *n_open)
{
    struct zw_packet_key key = e->key;

    for (unsigned int i = 0; i < N_ADDRESSES * N_ADDRESSES; i++) {
        memcpy(key.src.bytes, (uint8_t[]){10, 0, 1, (uint8_t)(i / N_ADDRESSES)}, 4);
        memcpy(key.dst.bytes, (uint8_t[]){10, 0, 2, (uint8_t)(i % N_ADDRESSES)}, 4);
        struct zw_verdict v = zw_decide(policy, e->from.port_zone, e->to.port_zone, &key);

        if (v.src == e->verdict.src && v.dst == e->verdict.dst) {
            *n_same += v.rule == e->verdict.rule;
            *n_open += v.rule != e->verdict.rule;
            CU_ASSERT_FATAL(is_covered(e, v.rule));
        }
    }
}

static void test_each_address(void)
{
    unsigned int n_open = 0, n_without_notes = 0;

    srandom(1);
    for (int i = 0; i < N_POLICIES; i++) {
        struct zw_problems problems = ZW_PROBLEMS_INIT;
        unsigned int n_same = 0;
        struct zw_explanation e;

        policy = random_policy();
        CU_ASSERT_FATAL(zw_explain(policy, NULL, "a", "b", "tcp/1", NULL, &e, &problems));
        compare_each(&e, &n_same, &n_open);
        n_without_notes += !e.notes.n;
        CU_ASSERT(n_same > 0);
        zw_explanation_clear(&e);
        zw_policy_unref(policy);
    }
    CU_ASSERT(n_open > N_POLICIES);
    CU_ASSERT(n_without_notes > N_POLICIES / 10);
}

/* 'n' rules for some addresses. */
static struct zw_policy *policy_with_notes(unsigned int n)
{
    char *text;
    size_t size;
    FILE *out = open_memstream(&text, &size);

    fputs("version: 1\nzones:\n  a: {ports: [{name: a}]}\nrules:\n", out);
    for (unsigned int i = 0; i < n; i++) {
        fprintf(out, "  - {from: a, to: a, from-addresses: 10.0.%u.0/24, action: allow}\n", i);
    }
    fclose(out);
    struct zw_policy *made = policy_of(text);
    free(text);
    return made;
}

static void check_last_note(unsigned int n, const char *want)
{
    struct zw_problems problems = ZW_PROBLEMS_INIT;
    struct zw_explanation e;

    policy = policy_with_notes(n);
    CU_ASSERT_FATAL(zw_explain(policy, NULL, "a", "a", "tcp/1", NULL, &e, &problems));
    cJSON *json = zw_explanation_json(policy, &e);
    const cJSON *notes = cJSON_GetObjectItemCaseSensitive(json, "notes");
    const cJSON *last = cJSON_GetArrayItem(notes, cJSON_GetArraySize(notes) - 1);
    CU_ASSERT_STRING_EQUAL(last->valuestring, want);
    cJSON_Delete(json);
    zw_explanation_clear(&e);
    zw_policy_unref(policy);
}

static void test_many_notes(void)
{
    check_last_note(ZW_PROBLEMS_MAX,
                    "rule 200 \"rule-200\" comes first for some source addresses, and says allow: name one, "
                    "as in ZONE@ADDRESS");
    check_last_note(ZW_PROBLEMS_MAX + 2, "and 2 more notes");
}

ZW_TEST_MAIN({"what no note says holds for each address", test_each_address},
             {"it is said if notes are too many", test_many_notes})
