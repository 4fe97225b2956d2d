/* SPDX-License-Identifier: Apache-2.0 */
#include "zw-config.h"

#include "controller/audit/sql.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "controller/audit/db.h"

/* With more tuples than this, or more records than the larger bound, the way along the time is taken. */
#define TUPLES_MAX 100000
#define RECORDS_MAX 20000
/* Without a limit everything is read in any case; then this part of all records is the bound. */
#define RECORDS_PART 8

/* The values of a filter have fixed places in every statement. */
enum place {
    SINCE = 1,
    UNTIL = 2,
    ZONE = 3,
    FROM_ZONE = 4,
    TO_ZONE = 5,
    KEY_FIRST = 6,
    KEY_LAST = 7,
    PORT = 8,
    SERVICE_PORT = 9,
    PROTO = 10,
    RULE = 11,
    PATH = 12,
    LIMIT = 13,
};

/* Every statement fits with room to spare. */
struct sql {
    char text[4096];
    size_t length;
};

static void append(struct sql *sql, const char *piece)
{
    size_t n = strlen(piece);
    assert(sql->length + n < sizeof sql->text);
    memcpy(sql->text + sql->length, piece, n + 1);
    sql->length += n;
}

static void append_if(struct sql *sql, bool condition, const char *piece)
{
    if (condition) {
        append(sql, piece);
    }
}

/* The range of addresses.key that a prefix covers. */
struct key_range {
    unsigned char first[17], last[17];
    int size;
};

static void make_key_range(const struct zw_prefix *prefix, struct key_range *range)
{
    int n_bytes = prefix->addr.family == ZW_IPV4 ? 4 : 16;
    range->size = 1 + n_bytes;
    range->first[0] = range->last[0] = prefix->addr.family;
    for (int i = 0; i < n_bytes; i++) {
        int n_bits = prefix->n_bits - 8 * i;
        unsigned char host = n_bits >= 8 ? 0 : n_bits <= 0 ? 0xff : 0xff >> n_bits;
        range->first[1 + i] = prefix->addr.bytes[i] & (unsigned char)~host;
        range->last[1 + i] = prefix->addr.bytes[i] | host;
    }
}

static void bind_text(sqlite3_stmt *stmt, enum place place, const char *text)
{
    if (text) {
        sqlite3_bind_text(stmt, place, text, -1, SQLITE_STATIC);
    }
}

/* A place that the statement does not use is out of its range, which does no harm. */
static void bind_filter(sqlite3_stmt *stmt, const struct zw_audit_filter *f)
{
    sqlite3_bind_int64(stmt, SINCE, f->since_us);
    sqlite3_bind_int64(stmt, UNTIL, f->until_us);
    bind_text(stmt, ZONE, f->zone);
    bind_text(stmt, FROM_ZONE, f->from_zone);
    bind_text(stmt, TO_ZONE, f->to_zone);
    bind_text(stmt, PORT, f->port);
    sqlite3_bind_int(stmt, SERVICE_PORT, f->service_port);
    sqlite3_bind_int(stmt, PROTO, f->proto);
    bind_text(stmt, RULE, f->rule);
    bind_text(stmt, PATH, f->path);
    sqlite3_bind_int64(stmt, LIMIT, f->limit && f->limit < INT64_MAX ? (int64_t)f->limit : -1);
    if (f->address) {
        struct key_range range;
        make_key_range(f->address, &range);
        sqlite3_bind_blob(stmt, KEY_FIRST, range.first, range.size, SQLITE_TRANSIENT);
        sqlite3_bind_blob(stmt, KEY_LAST, range.last, range.size, SQLITE_TRANSIENT);
    }
}

static int prepare(sqlite3 *db, const struct sql *sql, const struct zw_audit_filter *f, sqlite3_stmt **stmt)
{
    int rc = sqlite3_prepare_v2(db, sql->text, -1, stmt, NULL);
    if (rc == SQLITE_OK) {
        bind_filter(*stmt, f);
    }
    return rc;
}

/* Runs a statement for its first number, which stays as it was if there is none. */
static int run(sqlite3 *db, const struct sql *sql, const struct zw_audit_filter *f, int64_t *value)
{
    sqlite3_stmt *stmt;
    int rc = prepare(db, sql, f, &stmt);
    if (rc != SQLITE_OK) {
        return rc;
    }
    if (sqlite3_step(stmt) == SQLITE_ROW) {
        *value = sqlite3_column_int64(stmt, 0);
    }
    return sqlite3_finalize(stmt);
}

/* Conditions. */

static bool is_on_decision(const struct zw_audit_filter *f)
{
    return f->zone || f->from_zone || f->to_zone || f->port || f->rule || f->path;
}

/* What only sessions and denials have, but for the verdict. */
static bool is_on_tuple(const struct zw_audit_filter *f)
{
    return is_on_decision(f) || f->address || f->service_port || f->proto;
}

static void append_decision_conditions(struct sql *sql, const struct zw_audit_filter *f)
{
    append_if(sql, f->zone, " AND (d.from_zone = ?3 OR d.to_zone = ?3)");
    append_if(sql, f->from_zone, " AND d.from_zone = ?4");
    append_if(sql, f->to_zone, " AND d.to_zone = ?5");
    append_if(sql, f->port, " AND (d.from_port = ?8 OR d.to_port = ?8)");
    append_if(sql, f->rule, " AND d.rule = ?11");
    append_if(sql, f->path, " AND d.path = ?12");
}

static void append_tuple_conditions(struct sql *sql, const struct zw_audit_filter *f)
{
    append_if(sql, f->service_port, " AND t.proto IN (6, 17, 132) AND t.dport = ?9");
    append_if(sql, f->proto, " AND t.proto = ?10");
}

static void append_time_conditions(struct sql *sql, const struct zw_audit_filter *f)
{
    append_if(sql, f->since_us, " AND r.time_us >= ?1");
    append_if(sql, f->until_us, " AND r.time_us < ?2");
}

/* Which tables are asked. */

enum { N_TYPES = ZW_RECORD_GAP + 1 };

static const struct {
    const char *name;    /* Of the type, as in a filter. */
    const char *verdict; /* NULL: none. */
    const char *select, *from;
} types[N_TYPES] = {
    [ZW_RECORD_SESSION] = {"session", "allow", "SELECT 0, r.id, r.time_us FROM ", "sessions AS r"},
    [ZW_RECORD_DENIAL] = {"denial", "deny", "SELECT 1, r.id, r.time_us FROM ", "denials AS r"},
    [ZW_RECORD_POLICY] = {"policy", NULL, "SELECT 2, r.id, r.time_us FROM ", "policies AS r"},
    [ZW_RECORD_DAEMON] = {"daemon", NULL, "SELECT 3, r.id, r.time_us FROM ", "daemon AS r"},
    [ZW_RECORD_ADMIN] = {"admin", NULL, "SELECT 4, r.id, r.time_us FROM ", "admin AS r"},
    [ZW_RECORD_GAP] = {"gap", NULL, "SELECT 5, r.id, r.time_us FROM ", "gaps AS r"},
};

static bool is_asked(const struct zw_audit_filter *f, int type)
{
    if (f->type && strcmp(f->type, types[type].name)) {
        return false;
    }
    if (!types[type].verdict) {
        return !f->verdict && !is_on_tuple(f);
    }
    return !f->verdict || !strcmp(f->verdict, types[type].verdict);
}

/* The first way: tuples that pass are put into temp.hits. */

static int add_hits(sqlite3 *db, const struct zw_audit_filter *f, const char *from)
{
    struct sql sql = {.length = 0};
    append(&sql, "INSERT OR IGNORE INTO temp.hits SELECT t.id FROM ");
    append(&sql, from);
    append_decision_conditions(&sql, f);
    append_tuple_conditions(&sql, f);
    append(&sql, " LIMIT 100001");
    _Static_assert(TUPLES_MAX == 100000, "one more");
    int64_t unused;
    return run(db, &sql, f, &unused);
}

#define BY_ADDRESS(END)                                                \
    "addresses AS x CROSS JOIN tuples AS t CROSS JOIN decisions AS d " \
    "WHERE t." END " = x.id AND d.id = t.decision AND x.key BETWEEN ?6 AND ?7"

static int find_hits(sqlite3 *db, const struct zw_audit_filter *f)
{
    int rc = sqlite3_exec(db, "CREATE TEMP TABLE hits (tuple INTEGER PRIMARY KEY)", NULL, NULL, NULL);
    if (rc != SQLITE_OK) {
        return rc;
    }
    if (f->address) {
        rc = add_hits(db, f, BY_ADDRESS("src"));
        return rc == SQLITE_OK ? add_hits(db, f, BY_ADDRESS("dst")) : rc;
    }
    if (is_on_decision(f)) {
        return add_hits(db, f, "decisions AS d CROSS JOIN tuples AS t WHERE t.decision = d.id");
    }
    return add_hits(db, f, "tuples AS t WHERE true");
}

static void append_from_hits(struct sql *sql, int type, const struct zw_audit_filter *f)
{
    append(sql, "temp.hits AS h CROSS JOIN ");
    append(sql, types[type].from);
    append(sql, " WHERE r.tuple = h.tuple");
    append_time_conditions(sql, f);
}

/* Counts the records of all hits, up to 'bound' of each type. */
static int count_records(sqlite3 *db, const struct zw_audit_filter *f, int64_t bound, int64_t *n_records)
{
    *n_records = 0;
    for (int type = ZW_RECORD_SESSION; type <= ZW_RECORD_DENIAL; type++) {
        if (!is_asked(f, type)) {
            continue;
        }
        struct sql sql = {.length = 0};
        append(&sql, "SELECT count(*) FROM (SELECT 1 FROM ");
        append_from_hits(&sql, type, f);
        append(&sql, " LIMIT ?13)");
        struct zw_audit_filter bounded = *f;
        bounded.limit = (uint64_t)bound;
        int64_t n = 0;
        int rc = run(db, &sql, &bounded, &n);
        if (rc != SQLITE_OK) {
            return rc;
        }
        *n_records += n;
    }
    return SQLITE_OK;
}

static int get_bound(sqlite3 *db, const struct zw_audit_filter *f, int64_t *bound)
{
    int64_t last_id = 0;
    *bound = RECORDS_MAX;
    if (f->limit) {
        return SQLITE_OK;
    }
    int rc = zw_db_get_int(db,
                           "SELECT max((SELECT ifnull(max(id), 0) FROM sessions), "
                           "(SELECT ifnull(max(id), 0) FROM denials))",
                           &last_id);
    *bound = last_id / RECORDS_PART > RECORDS_MAX ? last_id / RECORDS_PART : RECORDS_MAX;
    return rc;
}

static int choose_way(sqlite3 *db, const struct zw_audit_filter *f, bool *through_hits)
{
    *through_hits = false;
    int64_t n_hits = 0, n_records = 0, bound;
    int rc = find_hits(db, f);
    if (rc == SQLITE_OK) {
        rc = zw_db_get_int(db, "SELECT count(*) FROM temp.hits", &n_hits);
    }
    if (rc != SQLITE_OK || n_hits > TUPLES_MAX) {
        return rc;
    }
    rc = get_bound(db, f, &bound);
    if (rc == SQLITE_OK) {
        rc = count_records(db, f, bound, &n_records);
    }
    *through_hits = n_records < bound;
    return rc;
}

/* The second way. */
static void append_along_time(struct sql *sql, int type, const struct zw_audit_filter *f)
{
    append(sql, types[type].from);
    if (is_on_tuple(f)) {
        append(sql, " CROSS JOIN tuples AS t CROSS JOIN decisions AS d");
        append_if(sql, f->address, " CROSS JOIN addresses AS s CROSS JOIN addresses AS a");
    }
    append(sql, " WHERE true");
    append_time_conditions(sql, f);
    if (is_on_tuple(f)) {
        append(sql, " AND t.id = r.tuple AND d.id = t.decision");
        append_decision_conditions(sql, f);
        append_tuple_conditions(sql, f);
        append_if(sql, f->address,
                  " AND s.id = t.src AND a.id = t.dst"
                  " AND (s.key BETWEEN ?6 AND ?7 OR a.key BETWEEN ?6 AND ?7)");
    }
}

static void append_union(struct sql *sql, const struct zw_audit_filter *f, bool through_hits)
{
    const char *separator = "";
    for (int type = 0; type < N_TYPES; type++) {
        if (is_asked(f, type)) {
            append(sql, separator);
            append(sql, types[type].select);
            if (through_hits) {
                append_from_hits(sql, type, f);
            } else {
                append_along_time(sql, type, f);
            }
            separator = " UNION ALL ";
        }
    }
    /* Nothing can pass, as with a policy's verdict; still a statement. */
    append_if(sql, !*separator, "SELECT 0, 0, 0 WHERE false");
}

int zw_audit_sql_prepare(sqlite3 *db, const struct zw_audit_filter *f, sqlite3_stmt **stmt)
{
    *stmt = NULL;
    bool through_hits = false;
    if (is_on_tuple(f)) {
        int rc = choose_way(db, f, &through_hits);
        if (rc != SQLITE_OK) {
            return rc;
        }
    }
    struct sql sql = {.length = 0};
    append_if(&sql, f->limit, "SELECT * FROM (");
    append_union(&sql, f, through_hits);
    append(&sql, f->limit ? " ORDER BY 3 DESC, 2 DESC LIMIT ?13) ORDER BY 3, 2" : " ORDER BY 3, 2");
    return prepare(db, &sql, f, stmt);
}
