/* SPDX-License-Identifier: Apache-2.0 */
#include "zw-config.h"

#include "controller/audit/query.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "controller/audit/db.h"
#include "controller/audit/sql.h"

/* KiB, negative for SQLite.  Records of one answer are all over the file; the pages on the way to them are shared. */
#define CACHE_SIZE "-32768"

/* A writer never blocks a reader for long; a copy in progress may. */
#define BUSY_MS 2000

/* The columns of a result, in order.  The names are part of the interface: zoneward(1). */
#define COLUMNS                                      \
    COLUMN(TIME, "time", false)                      \
    COLUMN(TYPE, "type", false)                      \
    COLUMN(VERDICT, "verdict", false)                \
    COLUMN(PATH, "path", false)                      \
    COLUMN(RULE, "rule", false)                      \
    COLUMN(RULE_NUMBER, "rule_number", true)         \
    COLUMN(POLICY_VERSION, "policy_version", true)   \
    COLUMN(STEP, "step", false)                      \
    COLUMN(FROM, "from", false)                      \
    COLUMN(TO, "to", false)                          \
    COLUMN(FROM_PORT, "from_port", false)            \
    COLUMN(TO_PORT, "to_port", false)                \
    COLUMN(PROTO, "proto", false)                    \
    COLUMN(SRC, "src", false)                        \
    COLUMN(SPORT, "sport", true)                     \
    COLUMN(DST, "dst", false)                        \
    COLUMN(DPORT, "dport", true)                     \
    COLUMN(SERVICE, "service", false)                \
    COLUMN(BRIDGE, "bridge", false)                  \
    COLUMN(SEGMENT, "segment", true)                 \
    COLUMN(SRC_MAC, "src_mac", false)                \
    COLUMN(DST_MAC, "dst_mac", false)                \
    COLUMN(WAS_RULE, "was_rule", false)              \
    COLUMN(WAS_RULE_NUMBER, "was_rule_number", true) \
    COLUMN(WAS_VERSION, "was_version", true)         \
    COLUMN(WHO, "who", false)                        \
    COLUMN(WHAT, "what", false)                      \
    COLUMN(TEXT, "text", false)                      \
    COLUMN(COUNT, "count", true)

enum column {
#define COLUMN(NAME, TEXT, IS_NUMBER) COLUMN_##NAME,
    COLUMNS
#undef COLUMN
        N_COLUMNS
};

static const struct zw_audit_column no_row[] = {
#define COLUMN(NAME, TEXT, IS_NUMBER) {TEXT, "", IS_NUMBER},
    COLUMNS
#undef COLUMN
};

/* As the policy writes it. */
#define SQL_SERVICE                                                              \
    "CASE t.proto WHEN 1 THEN 'icmp/' || r.sport WHEN 6 THEN 'tcp/' || t.dport " \
    "WHEN 17 THEN 'udp/' || t.dport WHEN 58 THEN 'icmpv6/' || r.sport "          \
    "WHEN 132 THEN 'sctp/' || t.dport "                                          \
    "ELSE printf(CASE WHEN t.proto < 256 THEN 'proto/%d' ELSE 'ethertype/0x%04x' END, t.proto) END"

/* One record of each type by its id, in these columns. */
#define FLOW(TABLE, TYPE, VERDICT, OPENED, WHAT, JOIN)                                                               \
    "SELECT r.time_us, " TYPE ", " VERDICT ", d.path, d.rule, d.rule_number, d.policy_version, "                     \
    "d.step, d.from_zone, d.to_zone, d.from_port, d.to_port, t.proto, s.text, r.sport, a.text, "                     \
    "t.dport, " SQL_SERVICE ", d.bridge, d.segment, t.src_mac, t.dst_mac, " OPENED ", NULL, " WHAT ", 1 FROM " TABLE \
    " AS r "                                                                                                         \
    "JOIN tuples AS t ON t.id = r.tuple JOIN decisions AS d ON d.id = t.decision "                                   \
    "JOIN addresses AS s ON s.id = t.src JOIN addresses AS a ON a.id = t.dst" JOIN " WHERE r.id = ?1"

#define NOT_OPENED "NULL, NULL, NULL"

/* The others have a time, a type, perhaps a version, and the four columns at the end. */
#define EVENT(TABLE, TYPE, VERSION, WHO, WHAT, TEXT, COUNT)                                                  \
    "SELECT time_us, " TYPE ", NULL, NULL, NULL, NULL, " VERSION ", NULL, NULL, NULL, NULL, NULL, "          \
    "NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, " WHO ", " WHAT ", " TEXT \
    ", " COUNT " FROM " TABLE " WHERE id = ?1"

#define SQL_TIME(COLUMN)                                               \
    "strftime('%Y-%m-%dT%H:%M:%S', " COLUMN " / 1000000, 'unixepoch')" \
    " || printf('.%06dZ', " COLUMN " % 1000000)"

static const char *const records[] = {
    [ZW_RECORD_SESSION] = FLOW("sessions", "'session'", "'allow'", NOT_OPENED, "NULL, NULL", ""),
    [ZW_RECORD_DENIAL] =
        FLOW("denials", "'denial'", "'deny'", NOT_OPENED, "CASE d.rule WHEN '' THEN d.step END, NULL", ""),
    [ZW_RECORD_END] = FLOW("ends", "'end'", "'deny'", "o.rule, o.rule_number, o.policy_version",
                           "r.reason, 'let in by ' || o.rule || ', version ' || o.policy_version",
                           " JOIN decisions AS o ON o.id = r.opened"),
    [ZW_RECORD_POLICY] = EVENT("policies", "'policy'", "version", "NULL", "'in force'",
                               "origin || ', ' || n_rules || ' rules, ' || n_zones"
                               " || ' zones, sha256 ' || sha256",
                               "NULL"),
    [ZW_RECORD_DAEMON] = EVENT("daemon", "'daemon'", "NULL", "NULL", "what", "text", "NULL"),
    [ZW_RECORD_ADMIN] = EVENT("admin", "'admin'", "NULL", "user || '(' || uid || ')'", "verb",
                              "CASE result WHEN 0 THEN text"
                              " ELSE 'failed (' || result || '): ' || text END",
                              "NULL"),
    [ZW_RECORD_GAP] =
        EVENT("gaps", "'gap'", "NULL", "NULL", "what",
              "CASE n_missing WHEN 0 THEN '' ELSE n_missing || ' missing: ' END || text || '; from ' || " SQL_TIME(
                  "from_us") " || ' to ' || " SQL_TIME("to_us"),
              "n_missing"),
};

enum { N_TYPES = sizeof records / sizeof records[0] };

/* Room for the columns that are written out here and not by SQLite. */
struct texts {
    char time[40], proto[8], src_mac[18], dst_mac[18];
};

static const char *format_time(int64_t time_us, char *text, size_t size)
{
    time_t seconds = (time_t)(time_us / 1000000);
    struct tm tm;
    char date[24];
    if (!gmtime_r(&seconds, &tm) || !strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S", &tm)) {
        snprintf(text, size, "%lld us", (long long)time_us);
    } else {
        snprintf(text, size, "%s.%06dZ", date, (int)(time_us % 1000000));
    }
    return text;
}

static const char *format_proto(unsigned int proto, char *text, size_t size)
{
    switch (proto) {
    case IPPROTO_ICMP:
        return "icmp";
    case IPPROTO_TCP:
        return "tcp";
    case IPPROTO_UDP:
        return "udp";
    case IPPROTO_ICMPV6:
        return "icmpv6";
    case IPPROTO_SCTP:
        return "sctp";
    default:
        snprintf(text, size, proto < 256 ? "%u" : "0x%04x", proto);
        return text;
    }
}

static const char *format_mac(int64_t mac, char *text, size_t size)
{
    snprintf(text, size, "%02x:%02x:%02x:%02x:%02x:%02x", (int)(mac >> 40 & 255), (int)(mac >> 32 & 255),
             (int)(mac >> 24 & 255), (int)(mac >> 16 & 255), (int)(mac >> 8 & 255), (int)(mac & 255));
    return text;
}

static bool give_row(sqlite3_stmt *stmt, zw_audit_row_cb *row, void *arg)
{
    struct zw_audit_column columns[N_COLUMNS];
    struct texts texts;
    memcpy(columns, no_row, sizeof columns);
    for (int i = 0; i < N_COLUMNS; i++) {
        if (sqlite3_column_type(stmt, i) == SQLITE_NULL) {
            continue;
        }
        switch (i) {
        case COLUMN_TIME:
            columns[i].value = format_time(sqlite3_column_int64(stmt, i), texts.time, sizeof texts.time);
            break;
        case COLUMN_PROTO:
            columns[i].value = format_proto((unsigned int)sqlite3_column_int(stmt, i), texts.proto, sizeof texts.proto);
            break;
        case COLUMN_SRC_MAC:
            columns[i].value = format_mac(sqlite3_column_int64(stmt, i), texts.src_mac, sizeof texts.src_mac);
            break;
        case COLUMN_DST_MAC:
            columns[i].value = format_mac(sqlite3_column_int64(stmt, i), texts.dst_mac, sizeof texts.dst_mac);
            break;
        default: {
            const char *text = (const char *)sqlite3_column_text(stmt, i);
            columns[i].value = text ? text : "";
            break;
        }
        }
    }
    return row(arg, columns, N_COLUMNS);
}

/* The database. */

/* Whether records wait in a WAL, which is beside the file itself and not beside a link to it. */
static bool has_wal(const char *path)
{
    struct stat st;
    char *place = realpath(path, NULL), *name = NULL;
    bool has = place && asprintf(&name, "%s-wal", place) >= 0 && !stat(name, &st) && st.st_size > 0;
    free(place);
    free(name);
    return has;
}

static int try_open(const char *path, const char *uri_query, sqlite3 **db)
{
    int rc = zw_db_open_uri(path, uri_query, db);
    if (rc == SQLITE_OK) {
        sqlite3_extended_result_codes(*db, 1);
        sqlite3_busy_timeout(*db, BUSY_MS);
        rc =
            sqlite3_exec(*db,
                         "PRAGMA temp_store = MEMORY; PRAGMA trusted_schema = OFF; PRAGMA cache_size = " CACHE_SIZE "; "
                         "SELECT 1 FROM sqlite_schema LIMIT 1",
                         NULL, NULL, NULL);
    }
    return rc;
}

/* Where nothing can be written, a log without a WAL (a copy, an archive) is read as it is: it does not change. */
static int open_readable(const char *path, sqlite3 **db)
{
    int rc = try_open(path, "mode=ro", db);
    int primary = rc & 0xff;
    if ((primary == SQLITE_CANTOPEN || primary == SQLITE_READONLY) && !has_wal(path)) {
        sqlite3_close(*db);
        rc = try_open(path, "mode=ro&immutable=1", db);
    }
    return rc;
}

static int add_db_problem(sqlite3 *db, int rc, const char *path, struct zw_problems *problems)
{
    char text[256];
    zw_db_error_text(db, rc, text, sizeof text);
    zw_problems_add(problems, path, 0, 0, "cannot read the audit log: %s", text);
    return zw_db_errno(db, rc);
}

static int open_log(const char *path, sqlite3 **db, struct zw_problems *problems)
{
    *db = NULL;
    struct zw_db_kind kind = zw_db_inspect(path);
    if (kind.what == ZW_DB_EMPTY) {
        kind.error = EINVAL;
        snprintf(kind.text, sizeof kind.text, "this is an empty file, not an audit log");
    }
    if (kind.what != ZW_DB_LOG) {
        zw_problems_add(problems, path, 0, 0, "%s", kind.text);
        return kind.error;
    }
    int rc = open_readable(path, db);
    if ((rc & 0xff) == SQLITE_CANTOPEN && has_wal(path)) {
        zw_problems_add(problems, path, 0, 0,
                        "cannot read the newest records, which are in %s-wal: copy %s* to a folder that you may write "
                        "to, and read it there",
                        path, path);
        return EACCES;
    }
    return rc == SQLITE_OK ? 0 : add_db_problem(*db, rc, path, problems);
}

static bool check_word(const char *name, const char *value, const char *const words[], const char *expected,
                       struct zw_problems *problems)
{
    for (int i = 0; value && words[i]; i++) {
        if (!strcmp(value, words[i])) {
            return true;
        }
    }
    if (value) {
        zw_problems_add(problems, NULL, 0, 0, "%s \"%s\" is unknown: expected %s", name, value, expected);
    }
    return !value;
}

static bool check_filter(const struct zw_audit_filter *f, struct zw_problems *problems)
{
    static const char *const verdicts[] = {"allow", "deny", NULL};
    static const char *const paths[] = {"fast", "slow", NULL};
    static const char *const types[] = {"session", "denial", "end", "policy", "daemon", "admin", "gap", NULL};
    bool ok = check_word("verdict", f->verdict, verdicts, "allow or deny", problems);
    ok &= check_word("path", f->path, paths, "fast or slow", problems);
    return ok & check_word("type", f->type, types, "session, denial, end, policy, daemon, admin or gap", problems);
}

/* Gives the record that 'keys' stands at.  SQLITE_OK, SQLITE_DONE to stop, or an error code. */
static int give_record(sqlite3 *db, sqlite3_stmt *keys, sqlite3_stmt *by_id[N_TYPES], zw_audit_row_cb *row, void *arg)
{
    int type = sqlite3_column_int(keys, 0);
    int rc = SQLITE_OK;
    if (!by_id[type]) {
        rc = sqlite3_prepare_v2(db, records[type], -1, &by_id[type], NULL);
    }
    if (rc != SQLITE_OK) {
        return rc;
    }
    sqlite3_bind_int64(by_id[type], 1, sqlite3_column_int64(keys, 1));
    bool go_on = true;
    if (sqlite3_step(by_id[type]) == SQLITE_ROW) {
        go_on = give_row(by_id[type], row, arg);
    }
    rc = sqlite3_reset(by_id[type]);
    return rc != SQLITE_OK ? rc : go_on ? SQLITE_OK : SQLITE_DONE;
}

/* All in one transaction: what the writer adds meanwhile is not seen. */
static int give_records(sqlite3 *db, const struct zw_audit_filter *filter, zw_audit_row_cb *row, void *arg)
{
    sqlite3_stmt *keys = NULL;
    sqlite3_stmt *by_id[N_TYPES] = {NULL};
    int rc = sqlite3_exec(db, "BEGIN", NULL, NULL, NULL);
    if (rc == SQLITE_OK) {
        rc = zw_audit_sql_prepare(db, filter, &keys);
    }
    while (rc == SQLITE_OK) {
        rc = sqlite3_step(keys);
        if (rc == SQLITE_ROW) {
            rc = give_record(db, keys, by_id, row, arg);
        }
    }
    sqlite3_finalize(keys);
    for (int i = 0; i < N_TYPES; i++) {
        sqlite3_finalize(by_id[i]);
    }
    return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

int zw_audit_query(const char *path, const struct zw_audit_filter *filter, zw_audit_row_cb *row, void *arg,
                   struct zw_problems *problems)
{
    if (!check_filter(filter, problems)) {
        return EINVAL;
    }
    sqlite3 *db;
    int error = open_log(path, &db, problems);
    if (!error) {
        int rc = give_records(db, filter, row, arg);
        if (rc != SQLITE_OK) {
            error = add_db_problem(db, rc, path, problems);
        }
    }
    sqlite3_close(db);
    return error;
}
