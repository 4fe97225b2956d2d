/* SPDX-License-Identifier: Apache-2.0 */
#include "zw-config.h"

#include "controller/audit/gap.h"

#include <stdio.h>
#include <string.h>

static const struct {
    const char *what, *text;
} causes[] = {
#define ZW_CAUSE(NAME, WHAT, TEXT) {WHAT, TEXT},
    ZW_CAUSES
#undef ZW_CAUSE
};

enum zw_cause zw_gap_cause(enum zw_record_type type)
{
    switch (type) {
    case ZW_RECORD_SESSION:
        return ZW_CAUSE_SESSIONS;
    case ZW_RECORD_DENIAL:
        return ZW_CAUSE_DENIALS;
    case ZW_RECORD_END:
        return ZW_CAUSE_ENDS;
    case ZW_RECORD_POLICY:
    case ZW_RECORD_DAEMON:
    case ZW_RECORD_ADMIN:
    case ZW_RECORD_GAP:
        break;
    }
    return ZW_CAUSE_OTHERS;
}

void zw_gap_widen(struct zw_gap *gap, uint64_t n_missing, int64_t from_us, int64_t to_us)
{
    if (!gap->is_open) {
        *gap = (struct zw_gap){.is_open = true, .from_us = from_us, .to_us = to_us};
    }
    gap->n_missing += n_missing;
    gap->from_us = from_us < gap->from_us ? from_us : gap->from_us;
    gap->to_us = to_us > gap->to_us ? to_us : gap->to_us;
}

void zw_gap_merge(struct zw_gap *to, const struct zw_gap *from)
{
    if (from->is_open) {
        zw_gap_widen(to, from->n_missing, from->from_us, from->to_us);
    }
}

void zw_gap_record(enum zw_cause cause, const struct zw_gap *gap, int64_t now_us, struct zw_record *r)
{
    memset(r, 0, sizeof *r);
    r->type = ZW_RECORD_GAP;
    r->time_us = now_us;
    r->gap.n_missing = gap->n_missing;
    r->gap.from_us = gap->from_us;
    r->gap.to_us = gap->to_us;
    snprintf(r->gap.what, sizeof r->gap.what, "%s", causes[cause].what);
    snprintf(r->gap.text, sizeof r->gap.text, "%s", causes[cause].text);
}
