/* SPDX-License-Identifier: Apache-2.0 */
#include "zw-config.h"

#include "controller/audit/db.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "controller/audit/schema.h"

/* An SQLite file is never smaller than its header. */
#define HEADER_SIZE 100

int zw_db_get_int(sqlite3 *db, const char *sql, int64_t *value)
{
    sqlite3_stmt *stmt;
    int rc = sqlite3_prepare_v2(db, sql, -1, &stmt, NULL);
    if (rc != SQLITE_OK) {
        return rc;
    }
    if (sqlite3_step(stmt) == SQLITE_ROW) {
        *value = sqlite3_column_int64(stmt, 0);
    }
    return sqlite3_finalize(stmt);
}

int zw_db_errno(sqlite3 *db, int rc)
{
    int error = db ? sqlite3_system_errno(db) : 0;
    switch (rc & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return EBUSY;
    case SQLITE_FULL:
        return ENOSPC;
    case SQLITE_NOMEM:
        return ENOMEM;
    case SQLITE_READONLY:
        return EROFS;
    case SQLITE_PERM:
        return EACCES;
    case SQLITE_CANTOPEN:
        return error ? error : EACCES;
    case SQLITE_IOERR:
        return error ? error : EIO;
    default:
        return EINVAL;
    }
}

void zw_db_error_text(sqlite3 *db, int rc, char *text, size_t size)
{
    int error = db ? sqlite3_system_errno(db) : 0;
    bool is_io = (rc & 0xff) == SQLITE_IOERR || (rc & 0xff) == SQLITE_CANTOPEN;
    if (is_io && error) {
        snprintf(text, size, "%s: %s", sqlite3_errstr(rc), strerror(error));
    } else if (db && sqlite3_errcode(db) == (rc & 0xff)) {
        snprintf(text, size, "%s", sqlite3_errmsg(db));
    } else {
        snprintf(text, size, "%s", sqlite3_errstr(rc));
    }
}

int zw_db_open_uri(const char *path, const char *query, sqlite3 **db)
{
    *db = NULL;
    /* Every byte that could mean something in a URI is escaped.  "file:" and a path, absolute or not. */
    char *uri = malloc(strlen("file:?") + 3 * strlen(path) + strlen(query) + 1);
    if (!uri) {
        return SQLITE_NOMEM;
    }
    char *to = uri + sprintf(uri, "file:");
    for (const char *p = path; *p; p++) {
        to += sprintf(to, strchr("%?#", *p) ? "%%%02X" : "%c", (unsigned char)*p);
    }
    sprintf(to, "?%s", query);
    int rc = sqlite3_open_v2(uri, db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX, NULL);
    free(uri);
    return rc;
}

static struct zw_db_kind other(int error, const char *text)
{
    struct zw_db_kind kind = {.what = ZW_DB_OTHER, .error = error};
    snprintf(kind.text, sizeof kind.text, "%s", text);
    return kind;
}

static struct zw_db_kind judge(int64_t application_id, int64_t version)
{
    struct zw_db_kind kind = {.what = ZW_DB_LOG};
    if (application_id != ZW_AUDIT_APPLICATION_ID) {
        return other(EINVAL, "this is not an audit log but an SQLite database of another program");
    }
    if (version > ZW_AUDIT_SCHEMA_VERSION) {
        kind = other(ENOTSUP, "");
        snprintf(kind.text, sizeof kind.text,
                 "this is an audit log of schema version %lld, written by a newer zonewardd; this "
                 "program knows versions up to %d",
                 (long long)version, ZW_AUDIT_SCHEMA_VERSION);
    } else if (version >= 1 && version < ZW_AUDIT_SCHEMA_VERSION) {
        kind = (struct zw_db_kind){.what = ZW_DB_OLD, .error = ENOTSUP};
        snprintf(kind.text, sizeof kind.text,
                 "this is an audit log of schema version %lld; a zonewardd of this version brings it up to %d when it "
                 "opens it",
                 (long long)version, ZW_AUDIT_SCHEMA_VERSION);
    } else if (version < 1) {
        kind = other(EINVAL, "this is an audit log without a schema version: it is damaged");
    }
    return kind;
}

static int64_t get_be32(const unsigned char *bytes)
{
    return (int64_t)bytes[0] << 24 | bytes[1] << 16 | bytes[2] << 8 | bytes[3];
}

/* By the file that SQLite has opened: closing one of our own would drop all locks of this process on the log. */
static int read_header(sqlite3 *db, unsigned char header[HEADER_SIZE])
{
    sqlite3_file *file = NULL;
    int rc = sqlite3_file_control(db, "main", SQLITE_FCNTL_FILE_POINTER, &file);
    if (rc == SQLITE_OK) {
        rc = file->pMethods->xRead(file, header, HEADER_SIZE, 0);
    }
    return rc;
}

/* Reads the header itself (see "Database File Format" of SQLite): SQLite without locks would now and then find a file
 * damaged in which the writer is just moving pages from the WAL. */
static struct zw_db_kind inspect_content(const char *path)
{
    static const char magic[16] = "SQLite format 3";
    unsigned char header[HEADER_SIZE] = "";
    sqlite3 *db;
    int rc = zw_db_open_uri(path, "mode=ro&immutable=1", &db);
    if (rc == SQLITE_OK) {
        rc = read_header(db, header);
    }

    struct zw_db_kind kind;
    if (rc != SQLITE_OK && rc != SQLITE_IOERR_SHORT_READ) {
        kind = other(zw_db_errno(db, rc), "");
        zw_db_error_text(db, rc, kind.text, sizeof kind.text);
    } else if (memcmp(header, magic, sizeof magic)) {
        kind = other(EINVAL, "this is not an audit log: not an SQLite database");
    } else {
        kind = judge(get_be32(header + 68), get_be32(header + 60));
    }
    sqlite3_close(db);
    return kind;
}

struct zw_db_kind zw_db_inspect(const char *path)
{
    struct stat st;
    if (stat(path, &st)) {
        return other(errno, strerror(errno));
    }
    if (S_ISDIR(st.st_mode)) {
        return other(EISDIR, "this is a directory, not an audit log");
    }
    if (!S_ISREG(st.st_mode)) {
        return other(EINVAL, "this is not a regular file");
    }
    if (!st.st_size) {
        return (struct zw_db_kind){.what = ZW_DB_EMPTY};
    }
    if (st.st_size < HEADER_SIZE) {
        return other(EINVAL, "this is not an audit log: shorter than the header of an SQLite database");
    }
    return inspect_content(path);
}
