/* SPDX-License-Identifier: Apache-2.0 */
/* db - what the writer and the reader of the log both need to know of SQLite files and errors. */

#ifndef ZW_AUDIT_DB_H
#define ZW_AUDIT_DB_H 1

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What lies at a path. */
enum zw_db_what {
    ZW_DB_LOG,   /* An audit log of this schema version. */
    ZW_DB_OLD,   /* One of an older version: see the text. */
    ZW_DB_EMPTY, /* An empty file. */
    ZW_DB_OTHER, /* Nothing, or anything else: see the text. */
};

struct zw_db_kind {
    enum zw_db_what what;
    int error;      /* A positive errno for ZW_DB_OTHER and ZW_DB_OLD. */
    char text[256]; /* For people, without the path: "this is a directory, ..." */
};

/* Looks without changing anything, without a lock, and without making files next to it.  Sees what the file itself
 * says, not its WAL: that is enough, because a log is created before it is switched to WAL. */
struct zw_db_kind zw_db_inspect(const char *path);

/* Opens 'path' as an SQLite URI with 'query', for example "mode=ro".  The caller closes '*db' also after an error. */
int zw_db_open_uri(const char *path, const char *query, sqlite3 **db);

/* The first column of the first row as a number; without a row '*value' stays.  SQLITE_OK or an error code. */
int zw_db_get_int(sqlite3 *, const char *sql, int64_t *value);

/* What an SQLite error means.  'db' may be NULL. */
int zw_db_errno(sqlite3 *, int rc);
void zw_db_error_text(sqlite3 *, int rc, char *text, size_t size);

#endif
