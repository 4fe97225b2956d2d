/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "ovs-ext/flow-journal.h"

#include <stdlib.h>

#include "lib/util.h"
#include "ovs-ext/flow-private.h"

struct zw_flow_journal {
    struct zw_flow_table *table;
    struct zw_flow_table *was; /* Flows that were there, and are gone or replaced. */
    struct ovs_list added;     /* Flows of 'table' of keys that were not there. */
};

static bool is_added(const struct zw_flow *flow)
{
    return !ovs_list_is_empty(&flow->added);
}

struct zw_flow_delta zw_flow_delta_make(struct zw_flow_table *before, struct zw_flow_table *after)
{
    struct zw_flow_delta delta = {.gone = zw_flow_table_new(), .put = zw_flow_table_new()};
    struct zw_changes changes;

    zw_flow_table_diff(before, after, &changes);
    for (size_t i = 0; i < changes.n; i++) {
        bool is_gone = changes.list[i].type == ZW_CHANGE_DELETE;

        zw_flow_table_add(is_gone ? delta.gone : delta.put,
                          zw_flow_table_take(is_gone ? before : after, changes.list[i].flow));
    }
    zw_changes_free(&changes);
    zw_flow_table_free(before);
    zw_flow_table_free(after);
    return delta;
}

void zw_flow_delta_clear(struct zw_flow_delta *delta)
{
    zw_flow_table_free(delta->gone);
    zw_flow_table_free(delta->put);
    *delta = (struct zw_flow_delta){.gone = NULL};
}

struct zw_flow_journal *zw_flow_journal_new(struct zw_flow_table *table)
{
    struct zw_flow_journal *journal = xmalloc(sizeof *journal);

    *journal = (struct zw_flow_journal){.table = table, .was = zw_flow_table_new()};
    ovs_list_init(&journal->added);
    return journal;
}

void zw_flow_journal_free(struct zw_flow_journal *journal)
{
    if (journal) {
        zw_flow_table_free(journal->table);
        zw_flow_table_free(journal->was);
        free(journal);
    }
}

const struct zw_flow_table *zw_flow_journal_table(const struct zw_flow_journal *journal)
{
    return journal->table;
}

/* 'old' is no longer in the table.  Only what was there when the journal was settled is kept. */
static void note_gone(struct zw_flow_journal *journal, struct zw_flow *old)
{
    if (is_added(old)) {
        ovs_list_remove(&old->added);
        zw_flow_free(old);
    } else {
        zw_flow_table_add(journal->was, old); /* Frees it if there is one: that one was there before. */
    }
}

static void remove_flow(struct zw_flow_journal *journal, const struct zw_flow *like)
{
    note_gone(journal, zw_flow_table_take(journal->table, like));
}

static void put_flow(struct zw_flow_journal *journal, struct zw_flow *flow)
{
    struct zw_flow *old = zw_flow_table_take(journal->table, flow);

    if (!old) {
        if (!zw_flow_table_find(journal->was, flow)) {
            ovs_list_push_back(&journal->added, &flow->added);
        }
    } else if (is_added(old)) {
        ovs_list_replace(&flow->added, &old->added);
        zw_flow_free(old);
    } else {
        zw_flow_table_add(journal->was, old);
    }
    zw_flow_table_add(journal->table, flow);
}

static bool has_all(const struct zw_flow_table *table, const struct zw_flow_table *flows)
{
    const struct zw_flow *flow;

    ZW_FLOW_TABLE_FOR_EACH(flow, flows)
    {
        if (!zw_flow_table_find(table, flow)) {
            return false;
        }
    }
    return true;
}

bool zw_flow_journal_apply(struct zw_flow_journal *journal, struct zw_flow_delta *delta)
{
    const struct zw_flow *like;
    struct zw_flow *flow;

    if (!has_all(journal->table, delta->gone)) {
        return false;
    }
    ZW_FLOW_TABLE_FOR_EACH(like, delta->gone)
    {
        remove_flow(journal, like);
    }
    ZW_FLOW_TABLE_FOR_EACH_POP(flow, delta->put)
    {
        put_flow(journal, flow);
    }
    zw_flow_delta_clear(delta);
    return true;
}

void zw_flow_journal_become(struct zw_flow_journal *journal, struct zw_flow_table *table)
{
    struct zw_changes changes;

    zw_flow_table_diff(journal->table, table, &changes);
    for (size_t i = 0; i < changes.n; i++) {
        const struct zw_flow *flow = changes.list[i].flow;

        if (changes.list[i].type == ZW_CHANGE_DELETE) {
            remove_flow(journal, flow);
        } else {
            put_flow(journal, zw_flow_table_take(table, flow));
        }
    }
    zw_changes_free(&changes);
    zw_flow_table_free(table);
}

void zw_flow_journal_changes(const struct zw_flow_journal *journal, struct zw_changes *changes)
{
    const struct zw_flow *flow;

    *changes = (struct zw_changes){.list = NULL};
    ZW_FLOW_TABLE_FOR_EACH(flow, journal->was)
    {
        if (!zw_flow_table_find(journal->table, flow)) {
            zw_changes_add(changes, ZW_CHANGE_DELETE, flow);
        }
    }
    ZW_FLOW_TABLE_FOR_EACH(flow, journal->was)
    {
        const struct zw_flow *now = zw_flow_table_find(journal->table, flow);

        if (now && !zw_flow_same_effect(now, flow)) {
            zw_changes_add(changes, ZW_CHANGE_MODIFY, now);
        }
    }
    LIST_FOR_EACH (flow, added, &journal->added) {
        zw_changes_add(changes, ZW_CHANGE_ADD, flow);
    }
}

struct zw_flow_table *zw_flow_journal_settle(struct zw_flow_journal *journal)
{
    struct zw_flow_table *was = journal->was;
    struct zw_flow *flow, *next;

    journal->was = zw_flow_table_new();
    LIST_FOR_EACH_SAFE (flow, next, added, &journal->added) {
        ovs_list_init(&flow->added);
    }
    ovs_list_init(&journal->added);
    return was;
}

size_t zw_flow_journal_count_differences(const struct zw_flow_journal *journal, const struct zw_flow_table *other)
{
    struct zw_changes changes;
    const struct zw_flow *flow;
    size_t n = 0;

    zw_flow_table_diff(other, journal->table, &changes);
    for (size_t i = 0; i < changes.n; i++) {
        n += !zw_flow_table_find(journal->was, changes.list[i].flow) && !is_added(changes.list[i].flow);
    }
    zw_changes_free(&changes);
    ZW_FLOW_TABLE_FOR_EACH(flow, journal->was)
    {
        const struct zw_flow *there = zw_flow_table_find(other, flow);

        n += !there || !zw_flow_same_effect(there, flow);
    }
    LIST_FOR_EACH (flow, added, &journal->added) {
        n += zw_flow_table_find(other, flow) != NULL;
    }
    return n;
}
