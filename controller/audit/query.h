/* SPDX-License-Identifier: Apache-2.0 */
/* query - reads the audit log; needs no daemon.
 *
 * Opens the file read-only.  One thread at a time for one query. */

#ifndef ZW_AUDIT_QUERY_H
#define ZW_AUDIT_QUERY_H 1

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "controller/audit/record.h"
#include "controller/base/problems.h"

/* Conditions are joined by "and"; a zero or NULL member is no condition. */
struct zw_audit_filter {
    int64_t since_us, until_us; /* until 0: no end. */
    const char *zone;           /* Either side. */
    const char *from_zone, *to_zone;
    const struct zw_prefix *address; /* Either side within it. */
    const char *port;                /* Interface name on either side. */
    bool has_service_port;
    uint16_t service_port; /* Destination port. */
    uint16_t proto;        /* Of IP; above 255: an EtherType; 0: any. */
    const char *rule;      /* Name. */
    const char *verdict;   /* "allow" or "deny". */
    const char *path;      /* "fast" or "slow". */
    const char *type;      /* "session", "denial", "end", "policy", "daemon", "admin", "gap"; NULL: every type. */
    uint64_t limit;        /* 0: none.  With a limit the newest ones are given, oldest of them first. */
};

/* One result: named columns of text.  Valid during the callback. */
struct zw_audit_column {
    const char *name;  /* "time", "type", "verdict", "from", ... : see zoneward(1). */
    const char *value; /* "" for none. */
    bool is_number;    /* For JSON. */
};

/* Return false to stop. */
typedef bool zw_audit_row_cb(void *arg, const struct zw_audit_column *, size_t n_columns);

/* Calls 'row' for each record that passes, oldest first.  Every row has the same columns in the same order. 0, or a
 * positive errno with a problem. */
int zw_audit_query(const char *path, const struct zw_audit_filter *, zw_audit_row_cb *row, void *arg,
                   struct zw_problems *);

/* Reads "2026-01-31", "2026-01-31T10:00", "2026-01-31T10:00:00.5Z", "10m", "2h", "3d" (ago), "now".  Local time unless
 * it ends in Z.  False if it is none of them. */
bool zw_audit_time_parse(const char *, int64_t now_us, int64_t *time_us);

#endif
