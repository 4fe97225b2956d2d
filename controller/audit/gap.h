/* SPDX-License-Identifier: Apache-2.0 */
/* gap - what is known of records that are missing, until the log itself can say it.
 *
 * Plain values; whoever holds them locks. */

#ifndef ZW_AUDIT_GAP_H
#define ZW_AUDIT_GAP_H 1

#include <stdbool.h>
#include <stdint.h>

#include "controller/audit/record.h"

/* Why records are missing: each cause has one place, in which its gaps add up until they are written. */
#define ZW_CAUSES                                                                                        \
    ZW_CAUSE(SESSIONS, "session", "the queue to the log was full")                                       \
    ZW_CAUSE(DENIALS, "denial", "the queue to the log was full")                                         \
    ZW_CAUSE(ENDS, "end", "the queue to the log was full")                                               \
    ZW_CAUSE(OTHERS, "any", "the queue to the log was full: records of another kind")                    \
    ZW_CAUSE(REPLACED, "any", "the file of the log was removed or replaced; these records went with it") \
    ZW_CAUSE(CUT_OFF, "any", "zonewardd ended without saying so; its last records may be missing")

enum zw_cause {
#define ZW_CAUSE(NAME, WHAT, TEXT) ZW_CAUSE_##NAME,
    ZW_CAUSES
#undef ZW_CAUSE
        ZW_N_CAUSES
};

/* The causes before this are losses of single records, which the producer counts. */
#define ZW_N_LOSS_CAUSES ZW_CAUSE_REPLACED

struct zw_gap {
    bool is_open;       /* Otherwise the rest means nothing. */
    uint64_t n_missing; /* 0: unknown. */
    int64_t from_us, to_us;
};

/* The cause under which a record that did not fit is counted. */
enum zw_cause zw_gap_cause(enum zw_record_type);

/* Adds 'n_missing' records that were made between the two times. */
void zw_gap_widen(struct zw_gap *, uint64_t n_missing, int64_t from_us, int64_t to_us);

/* Adds another gap of the same cause. */
void zw_gap_merge(struct zw_gap *to, const struct zw_gap *from);

/* The record of an open gap. */
void zw_gap_record(enum zw_cause, const struct zw_gap *, int64_t now_us, struct zw_record *);

#endif
