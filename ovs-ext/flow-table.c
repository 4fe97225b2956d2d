/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "ovs-ext/flow-table.h"

#include <stdlib.h>

#include "openvswitch/dynamic-string.h"
#include "ovs-ext/flow-private.h"
#include "lib/util.h"

struct zw_flow_table *zw_flow_table_new(void)
{
    struct zw_flow_table *table = xmalloc(sizeof *table);

    hmap_init(&table->flows);
    return table;
}

void zw_flow_table_clear(struct zw_flow_table *table)
{
    struct zw_flow *flow;

    ZW_FLOW_TABLE_FOR_EACH_POP(flow, table)
    {
        zw_flow_free(flow);
    }
}

void zw_flow_table_free(struct zw_flow_table *table)
{
    if (table) {
        zw_flow_table_clear(table);
        hmap_destroy(&table->flows);
        free(table);
    }
}

static struct zw_flow *find(const struct zw_flow_table *table, const struct zw_flow *like, uint32_t hash)
{
    struct zw_flow *flow;

    HMAP_FOR_EACH_WITH_HASH (flow, node, hash, &table->flows) {
        if (zw_flow_same_key(flow, like)) {
            return flow;
        }
    }
    return NULL;
}

bool zw_flow_table_add(struct zw_flow_table *table, struct zw_flow *flow)
{
    zw_flow_pack(flow);
    uint32_t hash = zw_flow_hash(flow);

    if (find(table, flow, hash)) {
        zw_flow_free(flow);
        return false;
    }
    hmap_insert(&table->flows, &flow->node, hash);
    return true;
}

struct zw_flow *zw_flow_table_take(struct zw_flow_table *table, const struct zw_flow *like)
{
    struct zw_flow *flow = find(table, like, zw_flow_hash(like));

    if (flow) {
        hmap_remove(&table->flows, &flow->node);
    }
    return flow;
}

bool zw_flow_table_remove(struct zw_flow_table *table, const struct zw_flow *like)
{
    struct zw_flow *flow = zw_flow_table_take(table, like);

    zw_flow_free(flow);
    return flow;
}

void zw_flow_table_replace(struct zw_flow_table *table, struct zw_flow *flow)
{
    zw_flow_pack(flow);
    zw_flow_table_remove(table, flow);
    hmap_insert(&table->flows, &flow->node, zw_flow_hash(flow));
}

size_t zw_flow_table_count(const struct zw_flow_table *table)
{
    return hmap_count(&table->flows);
}

const struct zw_flow *zw_flow_table_find(const struct zw_flow_table *table, const struct zw_flow *like)
{
    return find(table, like, zw_flow_hash(like));
}

struct line {
    const struct zw_flow *flow;
    char *text;
};

static int compare_lines(const void *a_, const void *b_)
{
    const struct line *a = a_, *b = b_;

    if (a->flow->table != b->flow->table) {
        return a->flow->table < b->flow->table ? -1 : 1;
    }
    if (a->flow->priority != b->flow->priority) {
        return a->flow->priority > b->flow->priority ? -1 : 1;
    }
    return strcmp(a->text, b->text);
}

static struct line *sorted_lines(const struct zw_flow_table *table)
{
    struct line *lines = xmalloc((hmap_count(&table->flows) + 1) * sizeof *lines);
    struct zw_flow *flow;
    size_t n = 0;

    HMAP_FOR_EACH (flow, node, &table->flows) {
        lines[n++] = (struct line){.flow = flow, .text = zw_flow_format(flow)};
    }
    qsort(lines, n, sizeof *lines, compare_lines);
    return lines;
}

void zw_flow_table_each(const struct zw_flow_table *table, zw_flow_cb *each, void *arg)
{
    struct line *lines = sorted_lines(table);

    for (size_t i = 0; i < hmap_count(&table->flows); i++) {
        each(arg, lines[i].flow);
        free(lines[i].text);
    }
    free(lines);
}

void zw_flow_table_each_unordered(const struct zw_flow_table *table, zw_flow_cb *each, void *arg)
{
    const struct zw_flow *flow;

    HMAP_FOR_EACH (flow, node, &table->flows) {
        each(arg, flow);
    }
}

char *zw_flow_table_format(const struct zw_flow_table *table)
{
    struct line *lines = sorted_lines(table);
    struct ds s = DS_EMPTY_INITIALIZER;

    for (size_t i = 0; i < hmap_count(&table->flows); i++) {
        ds_put_format(&s, "%s\n", lines[i].text);
        free(lines[i].text);
    }
    free(lines);
    return ds_steal_cstr(&s);
}

void zw_changes_add(struct zw_changes *changes, enum zw_change_type type, const struct zw_flow *flow)
{
    if (changes->n >= changes->allocated) {
        changes->list = x2nrealloc(changes->list, &changes->allocated, sizeof *changes->list);
    }
    changes->list[changes->n++] = (struct zw_change){.type = type, .flow = flow};
}

/* What is added or modified.  Returns how many flows both tables have. */
static size_t put_desired(const struct zw_flow_table *installed, const struct zw_flow_table *desired,
                          struct zw_changes *changes)
{
    const struct zw_flow *flow;
    size_t n_common = 0;

    HMAP_FOR_EACH (flow, node, &desired->flows) {
        const struct zw_flow *old = find(installed, flow, hmap_node_hash(&flow->node));

        n_common += old != NULL;
        if (!old) {
            zw_changes_add(changes, ZW_CHANGE_ADD, flow);
        } else if (!zw_flow_same_effect(old, flow)) {
            zw_changes_add(changes, ZW_CHANGE_MODIFY, flow);
        }
    }
    return n_common;
}

static void put_deleted(const struct zw_flow_table *installed, const struct zw_flow_table *desired,
                        struct zw_changes *changes)
{
    const struct zw_flow *flow;

    HMAP_FOR_EACH (flow, node, &installed->flows) {
        if (!find(desired, flow, hmap_node_hash(&flow->node))) {
            zw_changes_add(changes, ZW_CHANGE_DELETE, flow);
        }
    }
}

/* Flows are looked up once, not from both sides, where nothing is deleted: lookups are what a comparison costs. */
void zw_flow_table_diff(const struct zw_flow_table *installed, const struct zw_flow_table *desired,
                        struct zw_changes *changes)
{
    struct zw_changes rest = {.list = NULL};
    size_t n_common = put_desired(installed, desired, &rest);

    *changes = (struct zw_changes){.list = NULL};
    if (n_common == hmap_count(&installed->flows)) {
        *changes = rest;
        return;
    }
    put_deleted(installed, desired, changes);
    for (size_t i = 0; i < rest.n; i++) {
        zw_changes_add(changes, rest.list[i].type, rest.list[i].flow);
    }
    free(rest.list);
}

void zw_changes_free(struct zw_changes *changes)
{
    free(changes->list);
    *changes = (struct zw_changes){.list = NULL};
}
