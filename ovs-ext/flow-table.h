/* SPDX-License-Identifier: Apache-2.0 */
/* flow-table - a set of flows, and the difference between two of them.
 *
 * At most one flow for each table, priority and match, as in a switch.  What is desired and what a switch has are both
 * flow tables; the difference is what makes one into the other. */

#ifndef ZW_OVS_FLOW_TABLE_H
#define ZW_OVS_FLOW_TABLE_H 1

#include "ovs-ext/flow.h"

struct zw_flow_table;

struct zw_flow_table *zw_flow_table_new(void);
void zw_flow_table_free(struct zw_flow_table *); /* And its flows.  NULL is fine. */

/* Takes 'flow'.  False if there was one of the same table, priority and match: that one stays and 'flow' is freed. */
bool zw_flow_table_add(struct zw_flow_table *, struct zw_flow *);
/* Takes 'flow', in place of one of the same table, priority and match if there is one. */
void zw_flow_table_replace(struct zw_flow_table *, struct zw_flow *);
/* Removes and frees the flow of the same table, priority and match as 'flow'.  False if there is none. */
bool zw_flow_table_remove(struct zw_flow_table *, const struct zw_flow *);
/* Removes it and gives it to the caller; NULL if there is none. */
struct zw_flow *zw_flow_table_take(struct zw_flow_table *, const struct zw_flow *like);
void zw_flow_table_clear(struct zw_flow_table *);

size_t zw_flow_table_count(const struct zw_flow_table *);
const struct zw_flow *zw_flow_table_find(const struct zw_flow_table *, const struct zw_flow *like);

/* Calls 'each' for every flow, in the order of stage, priority (high first) and match. */
typedef void zw_flow_cb(void *arg, const struct zw_flow *);
void zw_flow_table_each(const struct zw_flow_table *, zw_flow_cb *, void *arg);

/* The same in no order, and much quicker. */
void zw_flow_table_each_unordered(const struct zw_flow_table *, zw_flow_cb *, void *arg);

/* zw_flow_format() of all flows, in that order, a line each.  Caller frees. */
char *zw_flow_table_format(const struct zw_flow_table *);

/* What has to be done to make 'installed' equal to 'desired'.  Flows belong to the tables that were compared. */
enum zw_change_type { ZW_CHANGE_ADD, ZW_CHANGE_MODIFY, ZW_CHANGE_DELETE };

struct zw_change {
    enum zw_change_type type;
    const struct zw_flow *flow; /* DELETE: of 'installed'; else of 'desired'. */
};

struct zw_changes {
    struct zw_change *list; /* Deletions first: in one bundle the order does not matter to packets. */
    size_t n;
    size_t allocated; /* Private. */
};

/* A flow whose actions or cookie differ is modified: its counters stay. */
void zw_flow_table_diff(const struct zw_flow_table *installed, const struct zw_flow_table *desired,
                        struct zw_changes *);
/* One more. */
void zw_changes_add(struct zw_changes *, enum zw_change_type, const struct zw_flow *);
void zw_changes_free(struct zw_changes *);

#endif
