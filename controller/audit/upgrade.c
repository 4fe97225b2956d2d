/* SPDX-License-Identifier: Apache-2.0 */
#include "zw-config.h"

#include "controller/audit/upgrade.h"

#include <sqlite3.h>
#include <stdio.h>

#include "controller/audit/db.h"
#include "controller/audit/schema.h"

#define BUSY_MS 1000

/* What brings version i + 1 to i + 2. */
static const char *const steps[] = {zw_audit_1_to_2};
_Static_assert(sizeof steps / sizeof steps[0] == ZW_AUDIT_SCHEMA_VERSION - 1, "one for each version that there was");

/* Whoever reads now holds a lock; then this fails, and the writer tries again later. */
static int upgrade(sqlite3 *db)
{
    int64_t version = 0;
    int rc = sqlite3_exec(db, "PRAGMA journal_mode = DELETE; BEGIN EXCLUSIVE", NULL, NULL, NULL);

    if (rc == SQLITE_OK) {
        rc = zw_db_get_int(db, "PRAGMA user_version", &version);
    }
    for (; rc == SQLITE_OK && version >= 1 && version < ZW_AUDIT_SCHEMA_VERSION; version++) {
        rc = sqlite3_exec(db, steps[version - 1], NULL, NULL, NULL);
    }
    return rc == SQLITE_OK ? sqlite3_exec(db, "COMMIT", NULL, NULL, NULL) : rc;
}

bool zw_audit_upgrade(const char *path, char *error, size_t error_size)
{
    char text[200];
    sqlite3 *db;
    int rc = sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);

    if (rc == SQLITE_OK) {
        sqlite3_extended_result_codes(db, 1);
        sqlite3_busy_timeout(db, BUSY_MS);
        rc = upgrade(db);
    }
    if (rc != SQLITE_OK) {
        zw_db_error_text(db, rc, text, sizeof text);
        snprintf(error, error_size, "cannot bring the audit log up to schema version %d: %s", ZW_AUDIT_SCHEMA_VERSION,
                 text);
    }
    sqlite3_close(db);
    return rc == SQLITE_OK;
}
