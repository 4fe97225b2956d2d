/* SPDX-License-Identifier: Apache-2.0 */
/* store - an open audit log, and how records get into it.
 *
 * A transaction at a time: begin, add..., commit.  Whatever fails, close the store, open it again and repeat the
 * transaction; zw_store_begin() gives the number of the next record, by which one can see whether a commit that
 * reported a failure took place all the same.  Used by one thread, the writer's. */

#ifndef ZW_AUDIT_STORE_H
#define ZW_AUDIT_STORE_H 1

#include <stdbool.h>
#include <stdint.h>

#include "controller/audit/record.h"

#define ZW_STORE_ERROR_SIZE 256

/* A segment ends after this many records: a query looks through fewer than that one by one (10 ms), and sorting them in
 * keeps the writer for some 0.1 s. */
#define ZW_STORE_SEGMENT 65536

struct zw_store;

/* Opens the log at 'path', creates it if there is none or an empty file, or brings an older one up.  A file that is not an audit log of this
 * program and version is not touched.  NULL with what stands in the way, for people and without the path, in 'error'. */
struct zw_store *zw_store_open(const char *path, char error[ZW_STORE_ERROR_SIZE]);

/* Also rolls back.  NULL is fine. */
void zw_store_close(struct zw_store *);

/* True if the file that is open is no longer the one that 'path' leads to. */
bool zw_store_is_replaced(const struct zw_store *);

/* Moves what is still in the WAL into the file itself, as far as that works.  To be done before a replaced store is
 * closed, because SQLite then leaves a WAL alone. */
void zw_store_checkpoint(struct zw_store *);

/* If the run that last wrote to the log did not say that it stopped: true, and when it wrote its last record. */
bool zw_store_was_cut_off(struct zw_store *, int64_t *last_us);

/* These return false when they fail; zw_store_error() then says why. */
bool zw_store_begin(struct zw_store *, int64_t *next_id);
bool zw_store_add(struct zw_store *, const struct zw_record *);
bool zw_store_commit(struct zw_store *);

/* Sorts what came since the last segment into the tables for finding, if that is enough to be worth it.  Outside of a
 * transaction. */
bool zw_store_sort(struct zw_store *);

const char *zw_store_error(const struct zw_store *);

#endif
