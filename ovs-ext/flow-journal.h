/* SPDX-License-Identifier: Apache-2.0 */
/* flow-journal - a flow table that is changed flow by flow, and knows how it differs from what it was.
 *
 * What a switch has, or will have when it confirms what is on its way, is the table as it was when the journal was last
 * settled.  Whatever was put or removed since then makes the changes to send next: what they cost depends on how many there
 * are, not on the size of the table.  A flow that comes and goes again in between is no change. */

#ifndef ZW_OVS_FLOW_JOURNAL_H
#define ZW_OVS_FLOW_JOURNAL_H 1

#include "ovs-ext/flow-table.h"

/* The difference of two sets of flows, by itself: first 'gone' is removed, then 'put' is put in place. */
struct zw_flow_delta {
    struct zw_flow_table *gone; /* Only their keys count. */
    struct zw_flow_table *put;
};

/* What makes 'before' into 'after'; takes both. */
struct zw_flow_delta zw_flow_delta_make(struct zw_flow_table *before, struct zw_flow_table *after);
void zw_flow_delta_clear(struct zw_flow_delta *);

struct zw_flow_journal;

/* Settled.  Takes 'table'. */
struct zw_flow_journal *zw_flow_journal_new(struct zw_flow_table *);
void zw_flow_journal_free(struct zw_flow_journal *); /* NULL is fine. */

/* As it is now.  Valid until the next change. */
const struct zw_flow_table *zw_flow_journal_table(const struct zw_flow_journal *);

/* Makes the table equal to 'table', which it takes. */
void zw_flow_journal_become(struct zw_flow_journal *, struct zw_flow_table *);
/* Takes what 'delta' holds.  False if a flow that should go is not there; then nothing has changed: whoever made the
 * delta thought of another table. */
bool zw_flow_journal_apply(struct zw_flow_journal *, struct zw_flow_delta *delta);

/* What has changed since it was settled.  Flows live until what zw_flow_journal_settle() returns is freed, if it is freed
 * before the journal is settled once more. */
void zw_flow_journal_changes(const struct zw_flow_journal *, struct zw_changes *);
/* From now on changes count from what it is now.  Returns flows that were in it, for zw_flow_table_free(). */
struct zw_flow_table *zw_flow_journal_settle(struct zw_flow_journal *);

/* How many flows of 'other' differ from what the table was when it was settled. */
size_t zw_flow_journal_count_differences(const struct zw_flow_journal *, const struct zw_flow_table *other);

#endif
