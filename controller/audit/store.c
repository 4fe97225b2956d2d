/* SPDX-License-Identifier: Apache-2.0 */
#include "zw-config.h"

#include "controller/audit/store.h"

#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "controller/audit/db.h"
#include "controller/audit/insert.h"
#include "controller/audit/schema.h"

/* A reader that holds a lock is waited for this long; after that the batch waits for the next attempt. */
#define BUSY_MS 1000

/* WAL for concurrent readers; every commit is durable; the WAL shrinks again after a burst. */
#define SETTINGS                                                         \
    "PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 4000; "      \
    "PRAGMA journal_size_limit = 67108864; PRAGMA cache_size = -16384; " \
    "PRAGMA temp_store = MEMORY; PRAGMA trusted_schema = OFF"

#define MAX_OF(COLUMN)                                              \
    "SELECT max((SELECT ifnull(max(" COLUMN "), 0) FROM sessions)," \
    "(SELECT ifnull(max(" COLUMN "), 0) FROM denials),"             \
    "(SELECT ifnull(max(" COLUMN "), 0) FROM policies),"            \
    "(SELECT ifnull(max(" COLUMN "), 0) FROM daemon),"              \
    "(SELECT ifnull(max(" COLUMN "), 0) FROM admin),"               \
    "(SELECT ifnull(max(" COLUMN "), 0) FROM gaps))"

struct zw_store {
    char *path;
    dev_t dev; /* The file that is open. */
    ino_t ino;
    sqlite3 *db;
    sqlite3_stmt *last_id;
    struct zw_inserter *inserter;
    int64_t next_id; /* Of the next record; 0: not known yet. */
    char error[ZW_STORE_ERROR_SIZE];
};

static void set_error(struct zw_store_error *e, enum zw_store_trouble trouble, int error, const char *text)
{
    e->trouble = trouble;
    e->error = error;
    snprintf(e->text, sizeof e->text, "%s", text);
}

static void set_db_error(struct zw_store_error *e, sqlite3 *db, int rc)
{
    e->error = zw_db_errno(db, rc);
    e->trouble = zw_db_is_passing(db, rc) ? ZW_STORE_PASSING : ZW_STORE_LASTING;
    zw_db_error_text(db, rc, e->text, sizeof e->text);
}

/* Makes sure that there is a log or an empty file, or says what else is there. */
static bool prepare_file(const char *path, struct zw_store_error *e)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0640);
    if (fd >= 0) {
        close(fd);
        return true;
    }
    if (errno != EEXIST) {
        int error = errno;
        bool passing =
            error == ENOSPC || error == EDQUOT || error == EMFILE || error == ENFILE || error == EIO || error == ENOMEM;
        set_error(e, passing ? ZW_STORE_PASSING : ZW_STORE_LASTING, error, "");
        snprintf(e->text, sizeof e->text, "cannot create the audit log: %s", strerror(error));
        return false;
    }

    struct zw_db_kind kind = zw_db_inspect(path);
    if (kind.what == ZW_DB_EMPTY || kind.what == ZW_DB_LOG) {
        return true;
    }
    set_error(e, kind.is_passing ? ZW_STORE_PASSING : ZW_STORE_LASTING, kind.error, kind.text);
    return false;
}

/* Also where an earlier attempt ended half-way: SQLite then finds its journal and an empty database. */
static int create_schema(sqlite3 *db)
{
    int64_t n_tables = 0;
    int rc = zw_db_get_int(db, "SELECT count(*) FROM sqlite_schema", &n_tables);
    if (rc != SQLITE_OK || n_tables) {
        return rc;
    }
    rc = sqlite3_exec(db, "BEGIN EXCLUSIVE", NULL, NULL, NULL);
    if (rc == SQLITE_OK) {
        rc = sqlite3_exec(db, zw_audit_schema, NULL, NULL, NULL);
    }
    return rc == SQLITE_OK ? sqlite3_exec(db, "COMMIT", NULL, NULL, NULL) : rc;
}

static int set_up(struct zw_store *store)
{
    sqlite3 *db = store->db;
    sqlite3_extended_result_codes(db, 1);
    sqlite3_busy_timeout(db, BUSY_MS);
    int rc = create_schema(db);
    if (rc == SQLITE_OK) {
        rc = sqlite3_exec(db, "PRAGMA journal_mode = WAL", NULL, NULL, NULL);
    }
    if (rc == SQLITE_OK) {
        rc = sqlite3_exec(db, SETTINGS, NULL, NULL, NULL);
    }
    if (rc == SQLITE_OK) {
        rc = sqlite3_prepare_v3(db, MAX_OF("id"), -1, SQLITE_PREPARE_PERSISTENT, &store->last_id, NULL);
    }
    return rc == SQLITE_OK ? zw_inserter_create(db, &store->inserter) : rc;
}

static bool note_file(struct zw_store *store, struct zw_store_error *e)
{
    struct stat st;
    if (stat(store->path, &st)) {
        set_error(e, ZW_STORE_PASSING, errno, "the file was removed while it was opened");
        return false;
    }
    store->dev = st.st_dev;
    store->ino = st.st_ino;
    return true;
}

struct zw_store *zw_store_open(const char *path, struct zw_store_error *e)
{
    *e = (struct zw_store_error){.trouble = ZW_STORE_OK};
    if (!prepare_file(path, e)) {
        return NULL;
    }
    struct zw_store *store = calloc(1, sizeof *store);
    char *copy = strdup(path);
    if (!store || !copy) {
        free(store);
        free(copy);
        set_error(e, ZW_STORE_PASSING, ENOMEM, "out of memory");
        return NULL;
    }
    store->path = copy;

    int rc = sqlite3_open_v2(path, &store->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
    if (rc == SQLITE_OK) {
        rc = set_up(store);
    }
    if (rc != SQLITE_OK) {
        set_db_error(e, store->db, rc);
    } else if (note_file(store, e)) {
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

const char *zw_store_error(const struct zw_store *store)
{
    return store->error;
}
