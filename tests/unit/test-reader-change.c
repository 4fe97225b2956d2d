/* SPDX-License-Identifier: Apache-2.0 */
/* Promise 5, for reading: a policy that is read from what changed is the one that is read as a whole, and its problems are
 * the same.  Texts of several styles are changed at random, by what YAML and people trip over. */
#include "zw-config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "controller/base/memory.h"
#include "controller/policy/policy.h"
#include "tests/unit/zw-test.h"

#define N_STEPS 600 /* For each style. */
#define TEXT_SIZE 16384

#define HEAD                                                                                                               \
    "version: 1\nzones:\n  a: {ports: [{name: \"a*\"}]}\n  b: {ports: [{name: \"b*\"}]}\naddress-sets:\n  s: [10.0.0.1]\n" \
    "services:\n  web: [tcp/80, tcp/443]\n"

static const char one_a_line[] =
    HEAD "rules:\n"
         "  - {name: r1, from: a, to: b, service: tcp/1, action: allow}\n"
         "  - {name: r2, from: a, to: b, service: web, action: deny}\n"
         "  - {from: b, to: a, to-addresses: s, action: allow, log: session}\n"
         "  # What follows is for later.\n"
         "  - {name: r4, from: [a, b], to: any, service: udp/53, action: allow}\n"
         "\n"
         "  - {name: r5, from: a, to: b, service: [tcp/5, icmp], action: ask, otherwise: allow}\n"
         "  - {from: any, to: any, service: gre, action: deny}\n";

static const char all_named[] = HEAD "rules:\n"
                                     "- {name: r1, from: a, to: b, service: tcp/1, action: allow}\n"
                                     "- {name: r2, from: a, to: b, service: tcp/2, action: allow}\n"
                                     "- {name: r3, from: a, to: b, service: tcp/3, action: allow}\n"
                                     "- {name: r4, from: a, to: b, service: tcp/4, action: allow}\n"
                                     "- {name: r5, from: a, to: b, service: tcp/5, action: allow}";

static const char blocks[] = HEAD "rules:\n"
                                  "- name: >-\n    r1\n  from:\n  - a\n  - b\n  to: b\n  action: allow\n"
                                  "- name: \"r2\"\n  from: a\n  to:\n    - b\n  service:\n    [tcp/1,\n     tcp/2]\n"
                                  "  action: deny\n\n"
                                  "-\n  name: |-\n    r3\n  from: a\n  to: b\n  action: allow\n"
                                  "- {name: 'r4', from: a,\n   to: b, action: allow\n  }\n"
                                  "-   from: b\n    to: a\n    action: allow\n"
                                  "- name: r6\n  from: a # and\n  to: b # those\n  action: allow\n";

#define SETS                                                                                                  \
    "address-sets: # Of others.\n  s:\n    - 10.0.0.1\n    - 10.0.0.2\n  t: [10.1.0.0/16, \"2001:db8::1\"]\n" \
    "  # One more:\n  s-2: 10.2.0.1\n  \"u\":\n  - 10.3.0.1\n  - 10.4.0.0/24\n\n"
#define RULES_WITH_SETS                                                                                              \
    "rules:\n"                                                                                                       \
    "  - {name: r1, from: a, to: b, to-addresses: s, action: allow}\n"                                               \
    "  - {from: a, to: b, from-addresses: [t, 10.9.0.1], action: deny}\n"                                            \
    "  # What is said of s.\n"                                                                                       \
    "  - {name: r3, from: a, to: b, to-addresses: [\"s-2\", 't'], service: web, action: allow}\n"                    \
    "  - name: r4\n    from: a\n    to: b\n    to-addresses:\n      - >-\n        u\n      - s\n    action: allow\n" \
    "  - {name: s, from: b, to: a, action: deny}\n"

static const char with_sets[] =
    "version: 1\nzones:\n  a: {ports: [{name: \"a*\"}]}\n  b: {ports: [{name: \"b*\"}]}\n" SETS
    "services:\n  web: [tcp/80, tcp/443]\n" RULES_WITH_SETS;

/* Zones behind the sets: their lines move with them; and one, or its guard, that names a set. */
static const char sets_first[] =
    "version: 1\n" SETS "zones:\n  a: {ports: [{name: \"a*\"}]}\n  b: {ports: [{name: \"b*\"}]}\n"
    "services:\n  web: [tcp/80, tcp/443]\n" RULES_WITH_SETS;
static const char zones_with_sets[] =
    "version: 1\nzones:\n  a: {ports: [{name: \"a*\"}]}\n  b: {behind: a, addresses: [u, 10.8.0.0/16]}\n" SETS
    "services:\n  web: [tcp/80, tcp/443]\n" RULES_WITH_SETS;

static const char guard_with_sets[] =
    "version: 1\nzones:\n  a: {ports: [{name: \"a*\"}], guard: {learn: nd, learn-addresses: u}}\n"
    "  b: {ports: [{name: \"b*\"}]}\n" SETS "services:\n  web: [tcp/80, tcp/443]\n" RULES_WITH_SETS;

static const char not_last[] = "version: 1\nrules:\n"
                               "  - {name: r1, from: a, to: b, action: allow}\n"
                               "  - {name: r2, from: b, to: a, action: allow}\n"
                               "zones: {a: {ports: [{name: a}]}, b: {ports: [{name: b}]}}\n";

static const char in_brackets[] = "{version: 1, zones: {a: {ports: [{name: a}]}}, rules: [\n"
                                  "  {name: r1, from: a, to: a, action: allow},\n"
                                  "  {name: r2, from: a, to: any, action: allow}]}\n";

static const char second_file[] = "version: 1\nrules:\n"
                                  "  - {name: z1, from: a, to: b, to-addresses: s, action: allow}\n"
                                  "  - {from: a, to: b, action: deny}\n";

static const char *const snippets[] = {
    "\n",
    "\n",
    " ",
    "  ",
    "\t",
    "\r",
    "\r\n",
    "-",
    "- ",
    "\n- ",
    "\n  - ",
    "{",
    "}",
    "[",
    "]",
    "\"",
    "'",
    "|\n",
    ">",
    "#",
    " # ",
    ": ",
    ",",
    "? ",
    "&x ",
    "*x",
    "!t ",
    "...\n",
    "\n---\n",
    "\n...\n",
    "%",
    "\xef\xbb\xbf",
    "\xe2\x80\xa8",
    "\xc2\x85",
    "\xff",
    "    - 10.7.0.1\n",
    "  - 10.7.0.2\n",
    ", 10.7.0.3",
    "  w: 10.7.0.4\n",
    "s",
    "\\",
    "any",
    "r2",
    "rules:\n",
    "\nzones: {}\n",
    "\nservices:\n  more: tcp/1\n",
    "1",
    "a",
    "deny",
    "name: r9, ",
    "\n  - {name: r7, from: a, to: b, action: allow}\n",
    "- {from: b, to: b, service: udp/7, action: allow}\n",
    "  - {name: \"r8\n\n x\", from: a, to: b, action: deny}\n",
    "  - {from: c, to: b, action: deny}\n",
};
#define N_SNIPPETS (sizeof snippets / sizeof snippets[0])

static size_t pick(size_t n)
{
    return (size_t)rand() % n;
}

static void replace(char *text, size_t at, size_t n_gone, const char *put, size_t n_put)
{
    size_t size = strlen(text);

    n_gone = n_gone > size - at ? size - at : n_gone;
    if (size + n_put < TEXT_SIZE) {
        memmove(text + at + n_put, text + at + n_gone, size - at - n_gone + 1);
        memcpy(text + at, put, n_put);
    }
}

static size_t line_at(const char *text, size_t at)
{
    while (at && text[at - 1] != '\n') {
        at--;
    }
    return at;
}

static size_t line_size(const char *text, size_t at)
{
    return strcspn(text + at, "\n") + (strchr(text + at, '\n') != NULL);
}

static void change_text(char *text)
{
    char line[TEXT_SIZE];
    size_t at = pick(strlen(text) + 1), from = line_at(text, at), size = line_size(text, from);
    const char *snippet = snippets[pick(N_SNIPPETS)];

    switch (pick(6)) {
    case 0: /* Copy or move the line. */
        memcpy(line, text + from, size);
        if (pick(2)) {
            replace(text, from, size, "", 0);
        }
        replace(text, line_at(text, pick(strlen(text) + 1)), 0, line, size);
        break;
    case 1:
        replace(text, from, size, "", 0);
        break;
    case 2: /* Behind the line. */
        replace(text, from + size, 0, snippet, strlen(snippet));
        break;
    case 3:
        replace(text, at, pick(4), snippet, strlen(snippet));
        break;
    default: /* A digit: most often a policy still. */
        at += strcspn(text + at, "123456789");
        if (text[at]) {
            text[at] = (char)('1' + pick(9));
        }
    }
}

/* Everything that readers of a policy see. */
static char *describe(const struct zw_policy *policy)
{
    char *normal = zw_policy_format(policy), *text, *end;

    text = end = zw_xcalloc(1, strlen(normal) + policy->n_rules * 200 + 200);
    end += sprintf(end, "%s%s\n", normal, policy->sha256);
    for (size_t i = 0; i < policy->n_rules; i++) {
        const struct zw_rule *rule = &policy->rules[i];

        end += sprintf(end, "%u %u %u %d %s %s:%d %u\n", rule->number, rule->id, rule->priority, rule->is_named,
                       rule->name, rule->file, rule->line, rule->n_flows);
        CU_ASSERT_PTR_EQUAL(zw_policy_rule_by_id(policy, rule->id), rule);
    }
    for (size_t i = 0; i < policy->n_zones; i++) {
        end += sprintf(end, "%s:%d\n", policy->zones[i]->name, policy->zones[i]->line);
    }
    free(normal);
    return text;
}

static char *describe_all(const struct zw_policy *policy, struct zw_problems *problems)
{
    char *text = policy ? describe(policy) : zw_problems_format(problems);

    zw_problems_clear(problems);
    return text;
}

static size_t n_read, n_shared; /* Policies, and how many of them were not read as a whole. */

/* The policy of 'now' is returned, if there is one. */
static struct zw_policy *check(const struct zw_policy *previous, const struct zw_policy_source *old,
                               const struct zw_policy_source *now, size_t n)
{
    struct zw_problems problems = ZW_PROBLEMS_INIT, expected_problems = ZW_PROBLEMS_INIT;
    struct zw_policy *policy = zw_policy_read_change(previous, old, n, now, n, &problems);
    struct zw_policy *expected = zw_policy_read(now, n, &expected_problems);
    char *got = describe_all(policy, &problems), *wanted = describe_all(expected, &expected_problems);

    if (strcmp(got, wanted)) {
        printf("# from\n%s# to\n%s# was read as\n%s# and should be\n%s", old[0].text, now[0].text, got, wanted);
        CU_FAIL_FATAL("a change is read as something else");
    }
    n_read += policy != NULL;
    n_shared += policy && zw_policy_same_frame(previous, policy);
    free(got);
    free(wanted);
    zw_policy_unref(expected);
    return policy;
}

static void check_style(const char *style, bool two_files)
{
    static char text[TEXT_SIZE], next[TEXT_SIZE];
    struct zw_problems problems = ZW_PROBLEMS_INIT;
    size_t n = two_files ? 2 : 1;
    struct zw_policy_source old[2] = {{.name = "a.yaml", .text = text}, {"b.yaml", second_file, strlen(second_file)}};
    struct zw_policy_source now[2] = {{.name = "a.yaml", .text = next}, old[1]};

    srand(zw_test_seed());
    n_read = n_shared = 0;
    strcpy(text, style);
    old[0].size = strlen(text);
    struct zw_policy *policy = zw_policy_read(old, n, &problems);
    CU_ASSERT_FATAL(policy != NULL);
    for (size_t i = 0; i < N_STEPS; i++) {
        strcpy(next, text);
        for (size_t j = 0; j <= pick(4) / 3; j++) {
            change_text(next);
        }
        now[0].size = strlen(next);
        now[0].name = pick(9) ? old[0].name : "c.yaml";
        struct zw_policy *changed = check(policy, old, now, n);
        if (changed && pick(8)) {
            zw_policy_unref(policy);
            policy = changed;
            strcpy(text, next);
            old[0].size = now[0].size;
            old[0].name = now[0].name;
        } else {
            zw_policy_unref(changed);
        }
        if (!pick(40)) { /* Or it ends as a heap of rules. */
            zw_policy_unref(policy);
            strcpy(text, style);
            old[0].size = strlen(text);
            policy = zw_policy_read(old, n, &problems);
        }
    }
    zw_policy_unref(policy);
    zw_problems_clear(&problems);
    printf("# %zu policies, %zu of them not read as a whole\n", n_read, n_shared);
}

static void test_one_a_line(void)
{
    check_style(one_a_line, false);
    CU_ASSERT(n_shared > n_read / 8);
}

static void test_all_named(void)
{
    check_style(all_named, false);
    CU_ASSERT(n_shared > n_read / 8);
}

static void test_blocks(void)
{
    check_style(blocks, false);
    CU_ASSERT(n_shared > n_read / 40);
}

static void test_two_files(void)
{
    check_style(one_a_line, true);
    CU_ASSERT(n_shared > n_read / 8);
}

static void test_sets(void)
{
    check_style(with_sets, false);
    CU_ASSERT(n_shared > n_read / 8);
    check_style(with_sets, true);
    CU_ASSERT(n_shared > n_read / 8);
    check_style(sets_first, false);
    check_style(zones_with_sets, false);
    check_style(guard_with_sets, false);
}

/* One member more, among others: as often as it is done, that is what is read. */
static void test_one_member(void)
{
    static char text[TEXT_SIZE], next[TEXT_SIZE];
    struct zw_policy_source old = {"a.yaml", text, 0}, now = {"a.yaml", next, 0};
    struct zw_problems problems = ZW_PROBLEMS_INIT;

    strcpy(text, with_sets);
    old.size = strlen(text);
    struct zw_policy *policy = zw_policy_read(&old, 1, &problems);
    for (int i = 1; i < 100; i++) {
        char line[64];

        strcpy(next, text);
        sprintf(line, "    - 10.20.0.%d\n", i);
        replace(next, (size_t)(strstr(next, "    - 10.0.0.2") - next), 0, line, strlen(line));
        now.size = strlen(next);
        struct zw_policy *changed = check(policy, &old, &now, 1);
        CU_ASSERT(zw_policy_same_frame(changed, policy));
        CU_ASSERT_EQUAL(changed->rules[0].to_addresses.n, 2 + (size_t)i);
        CU_ASSERT_EQUAL(policy->rules[0].to_addresses.n, 1 + (size_t)i); /* That of the other is still its own. */
        zw_policy_unref(policy);
        policy = changed;
        strcpy(text, next);
        old.size = now.size;
    }
    zw_policy_unref(policy);
}

/* Always read as a whole. */
static void test_others(void)
{
    check_style(not_last, false);
    check_style(in_brackets, false);
    CU_ASSERT_EQUAL(n_shared, 0);
}

ZW_TEST_MAIN({"a rule a line, with and without names", test_one_a_line},
             {"a rule a line, each with a name", test_all_named}, {"rules of many lines", test_blocks},
             {"one file of two", test_two_files}, {"address sets", test_sets}, {"one member more", test_one_member},
             {"what is not read by parts", test_others})
