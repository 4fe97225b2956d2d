/* SPDX-License-Identifier: Apache-2.0 */
/* writer - the thread that puts records into SQLite.
 *
 * zw_audit_put() copies a record into a bounded ring and returns at once; the thread takes what is there and commits
 * it as one transaction, which begins at the latest ZW_AUDIT_COMMIT_MS after the first record of the batch: a power cut
 * can lose that much, and what the commit itself takes (doc/audit-log.md).  When the ring is full the record is counted, and a GAP record says how many are missing and from when
 * to when, as soon as there is room.  When the disk is full or the database fails, the batch is kept, tried again
 * every ZW_AUDIT_RETRY_MS, the state says so, and the daemon goes on. */

#ifndef ZW_AUDIT_WRITER_H
#define ZW_AUDIT_WRITER_H 1

#include <stdbool.h>
#include <stdint.h>

#include "controller/audit/record.h"
#include "controller/base/problems.h"

#define ZW_AUDIT_RING_RECORDS 32768
#define ZW_AUDIT_COMMIT_MS 100
#define ZW_AUDIT_RETRY_MS 1000

struct zw_audit;

struct zw_audit_status {
    uint64_t n_put, n_written, n_lost; /* Since the start. */
    uint32_t n_queued;
    bool failing; /* The last attempt to write failed. */
    int64_t failing_since_us;
    char error[256]; /* What it failed with, or "". */
    int64_t last_commit_us;
    char path[256];
};

/* Opens (or creates, from schemas/audit.sql) the log at 'path' and starts the thread.  A file that cannot be written, that
 * is no SQLite database, or is another program's, or of a newer schema, is no reason not to start, for then the host
 * would stay without its firewall: it is not touched, the log is failing, says so, and is tried again as after any
 * failure.  0, or a positive errno with a problem. */
int zw_audit_start(const char *path, struct zw_audit **, struct zw_problems *);

/* Never blocks.  Only from the thread that started it (one producer). */
void zw_audit_put(struct zw_audit *, const struct zw_record *);

struct zw_audit_status zw_audit_status(const struct zw_audit *);

/* Waits until all that was put before is durable, or 'timeout_ms'.  For tests and for a clean stop. */
bool zw_audit_flush(struct zw_audit *, int timeout_ms);

/* Writes what is queued (for at most 5 s) and ends the thread.  NULL is fine. */
void zw_audit_stop(struct zw_audit *);

/* Unix time in microseconds. */
int64_t zw_audit_now_us(void);

#endif
