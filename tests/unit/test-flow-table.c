/* SPDX-License-Identifier: Apache-2.0 */
#include "zw-config.h"

#include <stdlib.h>
#include <string.h>

#include "ovs-ext/flow-table.h"
#include "tests/unit/flow-samples.h"
#include "tests/unit/zw-test.h"

static struct zw_flow_table *all_samples(void)
{
    struct zw_flow_table *table = zw_flow_table_new();

    for (size_t i = 0; i < n_flow_samples; i++) {
        CU_ASSERT(zw_flow_table_add(table, flow_sample_new(i)));
    }
    return table;
}

/* A flow that matches port 'port' and sets rule 'rule'. */
static struct zw_flow *simple(uint16_t priority, uint32_t port, uint32_t rule)
{
    struct zw_flow *flow = zw_flow_new(ZW_STAGE_CLASSIFY, priority, zw_cookie(ZW_COOKIE_PORT, port));

    zw_match_in_port(flow, port);
    zw_act_set_reg(flow, ZW_REG_RULE, rule);
    return flow;
}

static size_t count_changes(const struct zw_changes *changes, enum zw_change_type type)
{
    size_t n = 0;

    for (size_t i = 0; i < changes->n; i++) {
        n += changes->list[i].type == type;
    }
    return n;
}

static void test_set(void)
{
    struct zw_flow_table *table = all_samples();
    struct zw_flow *like = flow_sample_new(3);

    CU_ASSERT_EQUAL(zw_flow_table_count(table), n_flow_samples);
    CU_ASSERT(!zw_flow_table_add(table, flow_sample_new(0)));
    CU_ASSERT(!zw_flow_table_add(table, like));
    CU_ASSERT_EQUAL(zw_flow_table_count(table), n_flow_samples);
    zw_flow_table_clear(table);
    CU_ASSERT_EQUAL(zw_flow_table_count(table), 0);
    zw_flow_table_free(table);
    zw_flow_table_free(NULL);
}

static void test_replace_and_remove(void)
{
    struct zw_flow_table *table = zw_flow_table_new(), *probe = zw_flow_table_new();

    zw_flow_table_add(table, simple(1, 1, 1));
    zw_flow_table_add(table, simple(2, 1, 1)); /* Another priority. */
    zw_flow_table_add(table, simple(1, 2, 1)); /* Another match. */
    CU_ASSERT_EQUAL(zw_flow_table_count(table), 3);
    zw_flow_table_replace(table, simple(1, 1, 2));
    CU_ASSERT_EQUAL(zw_flow_table_count(table), 3);

    struct zw_flow *like = simple(1, 1, 9);
    zw_flow_table_add(probe, like);
    const struct zw_flow *found = zw_flow_table_find(table, like);
    CU_ASSERT_PTR_NOT_NULL(found);
    if (found) {
        char *format = zw_flow_format(found);
        CU_ASSERT_PTR_NOT_NULL(strstr(format, "set_field:0x2->reg4"));
        free(format);
    }
    CU_ASSERT(zw_flow_table_remove(table, like));
    CU_ASSERT(!zw_flow_table_remove(table, like));
    CU_ASSERT_PTR_NULL(zw_flow_table_find(table, like));
    CU_ASSERT_EQUAL(zw_flow_table_count(table), 2);
    zw_flow_table_free(table);
    zw_flow_table_free(probe);
}

static void test_same(void)
{
    struct zw_flow_table *a = all_samples(), *b = all_samples();
    struct zw_changes changes;

    zw_flow_table_diff(a, b, &changes);
    CU_ASSERT_EQUAL(changes.n, 0);
    zw_changes_free(&changes);
    zw_flow_table_free(a);
    zw_flow_table_free(b);
}

static void test_from_and_to_nothing(void)
{
    struct zw_flow_table *a = all_samples(), *nothing = zw_flow_table_new();
    struct zw_changes changes;

    zw_flow_table_diff(nothing, a, &changes);
    CU_ASSERT_EQUAL(count_changes(&changes, ZW_CHANGE_ADD), n_flow_samples);
    CU_ASSERT_EQUAL(changes.n, n_flow_samples);
    zw_changes_free(&changes);
    zw_flow_table_diff(a, nothing, &changes);
    CU_ASSERT_EQUAL(count_changes(&changes, ZW_CHANGE_DELETE), n_flow_samples);
    CU_ASSERT_EQUAL(changes.n, n_flow_samples);
    zw_changes_free(&changes);
    zw_flow_table_free(a);
    zw_flow_table_free(nothing);
}

static void test_each_kind_of_change(void)
{
    struct zw_flow_table *a = all_samples(), *b = all_samples();
    struct zw_flow *other_cookie = zw_flow_new(ZW_STAGE_CLASSIFY, 1, zw_cookie(ZW_COOKIE_PORT, 8));
    struct zw_changes changes;

    zw_flow_table_add(a, simple(2, 8, 1));
    zw_flow_table_add(b, simple(2, 8, 2)); /* Other actions. */
    zw_match_in_port(other_cookie, 9);
    zw_act_set_reg(other_cookie, ZW_REG_RULE, 1);
    zw_flow_table_add(a, simple(1, 9, 1));
    zw_flow_table_add(b, other_cookie);
    zw_flow_table_add(a, simple(1, 10, 1)); /* Goes. */
    zw_flow_table_add(b, simple(1, 11, 1)); /* Comes. */

    zw_flow_table_diff(a, b, &changes);
    CU_ASSERT_EQUAL(changes.n, 4);
    CU_ASSERT_EQUAL(count_changes(&changes, ZW_CHANGE_MODIFY), 2);
    CU_ASSERT_EQUAL(count_changes(&changes, ZW_CHANGE_ADD), 1);
    CU_ASSERT_EQUAL(count_changes(&changes, ZW_CHANGE_DELETE), 1);
    /* Last, it could undo what was just added. */
    CU_ASSERT_EQUAL(changes.list[0].type, ZW_CHANGE_DELETE);
    zw_changes_free(&changes);
    zw_flow_table_free(a);
    zw_flow_table_free(b);
}

/* Where all that is installed stays, nothing is looked for to delete. */
static void test_only_more(void)
{
    struct zw_flow_table *a = all_samples(), *b = all_samples();
    struct zw_changes changes;

    zw_flow_table_add(a, simple(2, 8, 1));
    zw_flow_table_add(b, simple(2, 8, 2));
    zw_flow_table_add(b, simple(1, 11, 1));
    zw_flow_table_diff(a, b, &changes);
    CU_ASSERT_EQUAL(changes.n, 2);
    CU_ASSERT_EQUAL(count_changes(&changes, ZW_CHANGE_MODIFY), 1);
    CU_ASSERT_EQUAL(count_changes(&changes, ZW_CHANGE_ADD), 1);
    zw_changes_free(&changes);
    zw_flow_table_diff(b, a, &changes);
    CU_ASSERT_EQUAL(changes.n, 2);
    CU_ASSERT_EQUAL(count_changes(&changes, ZW_CHANGE_MODIFY), 1);
    CU_ASSERT_EQUAL(count_changes(&changes, ZW_CHANGE_DELETE), 1);
    CU_ASSERT_EQUAL(changes.list[0].type, ZW_CHANGE_DELETE);
    zw_changes_free(&changes);
    zw_flow_table_free(a);
    zw_flow_table_free(b);
}

static void test_order(void)
{
    struct zw_flow_table *table = zw_flow_table_new();
    struct zw_flow *late = zw_flow_new(ZW_STAGE_OUTPUT, 9, zw_cookie(ZW_COOKIE_STATIC, 0));

    zw_flow_table_add(table, late);
    zw_flow_table_add(table, simple(1, 2, 0));
    zw_flow_table_add(table, simple(1, 1, 0));
    zw_flow_table_add(table, simple(2, 3, 0));
    char *text = zw_flow_table_format(table);
    CU_ASSERT_STRING_EQUAL(text, "table=0 cookie=0x5a01000000000003 priority=2,in_port=3 actions=set_field:0->reg4\n"
                                 "table=0 cookie=0x5a01000000000001 priority=1,in_port=1 actions=set_field:0->reg4\n"
                                 "table=0 cookie=0x5a01000000000002 priority=1,in_port=2 actions=set_field:0->reg4\n"
                                 "table=15 cookie=0x5a00000000000000 priority=9 actions=drop\n");
    free(text);
    zw_flow_table_free(table);
}

ZW_TEST_MAIN({"one flow for a table, priority and match", test_set},
             {"flows are replaced and removed by table, priority and match", test_replace_and_remove},
             {"equal tables do not differ", test_same}, {"everything is added, or deleted", test_from_and_to_nothing},
             {"actions and cookies are modified, deletions come first", test_each_kind_of_change},
             {"what only grows is not searched for what went", test_only_more},
             {"listed by stage, priority and match", test_order})
