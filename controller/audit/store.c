/* SPDX-License-Identifier: Apache-2.0 */
#include "zw-config.h"

#include "controller/audit/store.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "controller/audit/create.h"
#include "controller/audit/db.h"
#include "controller/audit/insert.h"
#include "controller/audit/upgrade.h"

/* A reader that holds a lock is waited for this long; after that the batch waits for the next attempt. */
#define BUSY_MS 1000

/* WAL for concurrent readers; every commit is durable; the WAL shrinks again after a burst. */
#define SETTINGS                                                                                \
    "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 16000; " \
    "PRAGMA journal_size_limit = 67108864; PRAGMA cache_size = -16384; "                        \
    "PRAGMA temp_store = MEMORY; PRAGMA trusted_schema = OFF"

#define MAX_OF(COLUMN)                                              \
    "SELECT max((SELECT ifnull(max(" COLUMN "), 0) FROM sessions)," \
    "(SELECT ifnull(max(" COLUMN "), 0) FROM denials),"             \
    "(SELECT ifnull(max(" COLUMN "), 0) FROM ends),"                \
    "(SELECT ifnull(max(" COLUMN "), 0) FROM policies),"            \
    "(SELECT ifnull(max(" COLUMN "), 0) FROM daemon),"              \
    "(SELECT ifnull(max(" COLUMN "), 0) FROM admin),"               \
    "(SELECT ifnull(max(" COLUMN "), 0) FROM gaps))"

/* Adds what is newer than the last segment to the tables for finding. */
#define NEW_ADDRESSES "FROM addresses WHERE id > (SELECT max(address) FROM segments) "
#define NEW_TUPLES "FROM tuples WHERE id > (SELECT max(tuple) FROM segments) "
#define NEW_SESSIONS "FROM sessions WHERE id > (SELECT max(record) FROM segments) "
#define NEW_ENDS "FROM ends WHERE id > (SELECT max(record) FROM segments) "
#define NEW_DENIALS "FROM denials WHERE id > (SELECT max(record) FROM segments) "

static const char sort_segment[] =
    "BEGIN IMMEDIATE;"
    "INSERT INTO address_keys SELECT key, id " NEW_ADDRESSES "ORDER BY 1, 2;"
    "INSERT INTO address_tuples SELECT src, id " NEW_TUPLES "UNION SELECT dst, id " NEW_TUPLES "ORDER BY 1, 2;"
    "INSERT INTO decision_tuples SELECT decision, id " NEW_TUPLES "ORDER BY 1, 2;"
    "INSERT INTO tuple_sessions SELECT tuple, id " NEW_SESSIONS "ORDER BY 1, 2;"
    "INSERT INTO tuple_denials SELECT tuple, id " NEW_DENIALS "ORDER BY 1, 2;"
    "INSERT INTO tuple_ends SELECT tuple, id " NEW_ENDS "ORDER BY 1, 2;"
    "INSERT INTO segments SELECT (" MAX_OF("id") "), (SELECT ifnull(max(id), 0) FROM tuples),"
                                                 " (SELECT ifnull(max(id), 0) FROM addresses);"
                                                 "COMMIT";

struct zw_store {
    char *path;
    dev_t dev; /* The file that is open. */
    ino_t ino;
    sqlite3 *db;
    sqlite3_stmt *last_id;
    struct zw_inserter *inserter;
    int64_t next_id;   /* Of the next record; 0: not known yet. */
    int64_t sorted_id; /* The last one of the last segment. */
    char error[ZW_STORE_ERROR_SIZE];
};

/* Makes sure that there is a log, or says what else is there. */
static bool prepare_file(const char *path, char error[ZW_STORE_ERROR_SIZE])
{
    struct zw_db_kind kind = zw_db_inspect(path);
    if (kind.what == ZW_DB_EMPTY || kind.error == ENOENT) {
        return zw_audit_create(path, error, ZW_STORE_ERROR_SIZE);
    }
    if (kind.what == ZW_DB_OLD) {
        return zw_audit_upgrade(path, error, ZW_STORE_ERROR_SIZE);
    }
    snprintf(error, ZW_STORE_ERROR_SIZE, "%s", kind.text);
    return kind.what == ZW_DB_LOG;
}

static int set_up(struct zw_store *store)
{
    sqlite3 *db = store->db;
    sqlite3_extended_result_codes(db, 1);
    sqlite3_busy_timeout(db, BUSY_MS);
    int rc = sqlite3_exec(db, SETTINGS, NULL, NULL, NULL);
    if (rc == SQLITE_OK) {
        rc = sqlite3_prepare_v3(db, MAX_OF("id"), -1, SQLITE_PREPARE_PERSISTENT, &store->last_id, NULL);
    }
    if (rc == SQLITE_OK) {
        rc = zw_db_get_int(db, "SELECT max(record) FROM segments", &store->sorted_id);
    }
    return rc == SQLITE_OK ? zw_inserter_create(db, &store->inserter) : rc;
}

static bool note_file(struct zw_store *store, char error[ZW_STORE_ERROR_SIZE])
{
    struct stat st;
    if (stat(store->path, &st)) {
        snprintf(error, ZW_STORE_ERROR_SIZE, "removed while it was opened: %s", strerror(errno));
        return false;
    }
    store->dev = st.st_dev;
    store->ino = st.st_ino;
    return true;
}

static bool open_prepared(struct zw_store *store, char error[ZW_STORE_ERROR_SIZE])
{
    int rc = sqlite3_open_v2(store->path, &store->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
    if (rc == SQLITE_OK) {
        rc = set_up(store);
    }
    if (rc != SQLITE_OK) {
        zw_db_error_text(store->db, rc, error, ZW_STORE_ERROR_SIZE);
        return false;
    }
    return note_file(store, error);
}

struct zw_store *zw_store_open(const char *path, char error[ZW_STORE_ERROR_SIZE])
{
    if (!prepare_file(path, error)) {
        return NULL;
    }
    struct zw_store *store = calloc(1, sizeof *store);
    if (store) {
        store->path = strdup(path);
    }
    if (!store || !store->path) {
        snprintf(error, ZW_STORE_ERROR_SIZE, "out of memory");
    } else if (open_prepared(store, error)) {
        return store;
    }
    zw_store_close(store);
    return NULL;
}

void zw_store_close(struct zw_store *store)
{
    if (!store) {
        return;
    }
    zw_inserter_destroy(store->inserter);
    sqlite3_finalize(store->last_id);
    sqlite3_close(store->db);
    free(store->path);
    free(store);
}

bool zw_store_is_replaced(const struct zw_store *store)
{
    struct stat st;
    if (stat(store->path, &st)) {
        return errno == ENOENT || errno == ENOTDIR;
    }
    return st.st_dev != store->dev || st.st_ino != store->ino;
}

void zw_store_checkpoint(struct zw_store *store)
{
    sqlite3_wal_checkpoint_v2(store->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
}

bool zw_store_was_cut_off(struct zw_store *store, int64_t *last_us)
{
    int64_t stopped = 1; /* In a new log nothing was cut off. */
    return zw_db_get_int(store->db, "SELECT what = 'stop' FROM daemon ORDER BY id DESC LIMIT 1", &stopped) ==
               SQLITE_OK &&
           !stopped && zw_db_get_int(store->db, MAX_OF("time_us"), last_us) == SQLITE_OK;
}

static bool fail(struct zw_store *store, int rc)
{
    zw_db_error_text(store->db, rc, store->error, sizeof store->error);
    return false;
}

bool zw_store_begin(struct zw_store *store, int64_t *next_id)
{
    int rc = sqlite3_exec(store->db, "BEGIN IMMEDIATE", NULL, NULL, NULL);
    if (rc != SQLITE_OK) {
        return fail(store, rc);
    }
    rc = sqlite3_step(store->last_id);
    if (rc != SQLITE_ROW) {
        sqlite3_reset(store->last_id);
        return fail(store, rc);
    }
    *next_id = sqlite3_column_int64(store->last_id, 0) + 1;
    sqlite3_reset(store->last_id);
    if (*next_id != store->next_id) {
        zw_inserter_forget(store->inserter);
        store->next_id = *next_id;
    }
    return true;
}

bool zw_store_add(struct zw_store *store, const struct zw_record *record)
{
    int rc = zw_inserter_add(store->inserter, store->next_id, record);
    if (rc != SQLITE_DONE) {
        return fail(store, rc);
    }
    store->next_id++;
    return true;
}

bool zw_store_commit(struct zw_store *store)
{
    int rc = sqlite3_exec(store->db, "COMMIT", NULL, NULL, NULL);
    return rc == SQLITE_OK || fail(store, rc);
}

bool zw_store_sort(struct zw_store *store)
{
    if (store->next_id - 1 - store->sorted_id < ZW_STORE_SEGMENT) {
        return true;
    }
    int rc = sqlite3_exec(store->db, sort_segment, NULL, NULL, NULL);
    if (rc != SQLITE_OK) {
        return fail(store, rc);
    }
    store->sorted_id = store->next_id - 1;
    return true;
}

const char *zw_store_error(const struct zw_store *store)
{
    return store->error;
}
