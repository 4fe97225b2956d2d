/* SPDX-License-Identifier: Apache-2.0 */
/* insert - records as rows: interns what repeats and runs the INSERT of each table.
 *
 * Belongs to a store and lives inside its transactions.  After a rollback it has to be destroyed, because it may
 * remember rows that are gone. */

#ifndef ZW_AUDIT_INSERT_H
#define ZW_AUDIT_INSERT_H 1

#include <sqlite3.h>
#include <stdint.h>

#include "controller/audit/record.h"

struct zw_inserter;

/* SQLITE_OK and '*inserter', or an SQLite error code. */
int zw_inserter_create(sqlite3 *, struct zw_inserter **inserter);
void zw_inserter_destroy(struct zw_inserter *);

/* Forgets all rows it knows of: somebody else has written to the log. */
void zw_inserter_forget(struct zw_inserter *);

/* Adds 'record' as number 'id'.  SQLITE_DONE, or an SQLite error code. */
int zw_inserter_add(struct zw_inserter *, int64_t id, const struct zw_record *record);

#endif
