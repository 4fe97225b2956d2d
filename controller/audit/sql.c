/* SPDX-License-Identifier: Apache-2.0 */
#include "zw-config.h"

#include "controller/audit/sql.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "controller/audit/db.h"

/* With more tuples than this, or more records than the larger bound, the way along the time is taken: with
 * the tuples, if it is not them that are too many. */
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

/* What only sessions, denials and ends have, but for the verdict. */
static bool is_on_tuple(const struct zw_audit_filter *f)
{
    return is_on_decision(f) || f->address || f->has_service_port || f->proto;
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
    append_if(sql, f->has_service_port, " AND t.proto IN (6, 17, 132) AND t.dport = ?9");
    append_if(sql, f->proto, " AND t.proto = ?10");
}

static void append_time_conditions(struct sql *sql, const struct zw_audit_filter *f)
{
    append_if(sql, f->since_us, " AND r.time_us >= ?1");
    append_if(sql, f->until_us, " AND r.time_us < ?2");
}

/* Which tables are asked. */

enum { N_TYPES = ZW_RECORD_GAP + 1 };

#define TYPE(NUMBER, NAME, VERDICT, TABLE, SORTED) \
    [NUMBER] = {NAME, VERDICT, "SELECT " #NUMBER ", r.id, r.time_us FROM ", TABLE " AS r", SORTED}

static const struct {
    const char *name;          /* Of the type, as in a filter. */
    const char *verdict;       /* NULL: none. */
    const char *select, *from; /* The table is "r". */
    const char *sorted;        /* The table of a tuple's records, as "x". */
} types[] = {
    TYPE(0, "session", "allow", "sessions", "tuple_sessions AS x"),
    TYPE(1, "denial", "deny", "denials", "tuple_denials AS x"),
    TYPE(2, "end", "deny", "ends", "tuple_ends AS x"),
    TYPE(3, "policy", NULL, "policies", NULL),
    TYPE(4, "daemon", NULL, "daemon", NULL),
    TYPE(5, "admin", NULL, "admin", NULL),
    TYPE(6, "gap", NULL, "gaps", NULL),
};

_Static_assert(ZW_RECORD_SESSION == 0 && ZW_RECORD_DENIAL == 1 && ZW_RECORD_END == 2 && ZW_RECORD_POLICY == 3 &&
                   ZW_RECORD_DAEMON == 4 && ZW_RECORD_ADMIN == 5 && ZW_RECORD_GAP == 6,
               "the numbers above are enum zw_record_type");

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

/* The first way: tuples that pass are put into temp.hits.  For each question there is the way through the sorted
 * tables, and the one along what is newer than them. */

#define LAST_SORTED(COLUMN) "(SELECT max(" COLUMN ") FROM segments)"

static int add_hits(sqlite3 *db, const struct zw_audit_filter *f, const char *from)
{
    struct sql sql = {.length = 0};
    append(&sql, "INSERT OR IGNORE INTO temp.hits SELECT ");
    append_if(&sql, f->address, "DISTINCT "); /* Found by both its addresses a tuple comes twice, and counts once. */
    append(&sql, "t.id FROM ");
    append(&sql, from);
    append_decision_conditions(&sql, f);
    append_tuple_conditions(&sql, f);
    append(&sql, " LIMIT 100001");
    _Static_assert(TUPLES_MAX == 100000, "one more");
    int64_t unused;
    return run(db, &sql, f, &unused);
}

static const char by_address[] =
    "address_keys AS x CROSS JOIN address_tuples AS y CROSS JOIN tuples AS t CROSS JOIN decisions AS d "
    "WHERE x.key BETWEEN ?6 AND ?7 AND y.address = x.address AND t.id = y.tuple AND d.id = t.decision";

static const char by_address_newer[] =
    "tuples AS t CROSS JOIN decisions AS d CROSS JOIN addresses AS s CROSS JOIN addresses AS a "
    "WHERE t.id > " LAST_SORTED("tuple") " AND d.id = t.decision AND s.id = t.src AND a.id = t.dst "
                                         "AND (s.key BETWEEN ?6 AND ?7 OR a.key BETWEEN ?6 AND ?7)";

static const char by_decision[] = "decisions AS d CROSS JOIN decision_tuples AS y CROSS JOIN tuples AS t "
                                  "WHERE y.decision = d.id AND t.id = y.tuple";

static const char by_decision_newer[] = "tuples AS t CROSS JOIN decisions AS d "
                                        "WHERE t.id > " LAST_SORTED("tuple") " AND d.id = t.decision";

static int find_hits(sqlite3 *db, const struct zw_audit_filter *f)
{
    int rc = sqlite3_exec(db, "CREATE TEMP TABLE hits (tuple INTEGER PRIMARY KEY)", NULL, NULL, NULL);
    if (rc != SQLITE_OK) {
        return rc;
    }
    if (!f->address && !is_on_decision(f)) {
        return add_hits(db, f, "tuples AS t WHERE true");
    }
    rc = add_hits(db, f, f->address ? by_address : by_decision);
    return rc == SQLITE_OK ? add_hits(db, f, f->address ? by_address_newer : by_decision_newer) : rc;
}

static void append_from_hits(struct sql *sql, int type, const struct zw_audit_filter *f)
{
    append(sql, "temp.hits AS h CROSS JOIN ");
    append(sql, types[type].sorted);
    append(sql, " CROSS JOIN ");
    append(sql, types[type].from);
    append(sql, " WHERE x.tuple = h.tuple AND r.id = x.id");
    append_time_conditions(sql, f);
}

static void append_newer_hits(struct sql *sql, int type, const struct zw_audit_filter *f)
{
    append(sql, types[type].from);
    /* By the range of ids: for the sake of the order SQLite would rather go through the whole index of times. */
    append(sql, " NOT INDEXED WHERE r.id > " LAST_SORTED("record") " AND r.tuple IN temp.hits");
    append_time_conditions(sql, f);
}

/* Counts a type's records of all hits, up to 'bound', and without those that are newer than the last segment: they are
 * bounded anyhow. */
static int count_records(sqlite3 *db, int type, const struct zw_audit_filter *f, int64_t bound, int64_t *n_records)
{
    struct sql sql = {.length = 0};
    append(&sql, "SELECT count(*) FROM (SELECT 1 FROM temp.hits AS h CROSS JOIN ");
    append(&sql, types[type].sorted);
    append(&sql, " WHERE x.tuple = h.tuple LIMIT ?13)");
    struct zw_audit_filter bounded = *f;
    bounded.limit = (uint64_t)bound;
    *n_records = 0;
    return run(db, &sql, &bounded, n_records);
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
                           "(SELECT ifnull(max(id), 0) FROM denials), (SELECT ifnull(max(id), 0) FROM ends))",
                           &last_id);
    *bound = last_id / RECORDS_PART > RECORDS_MAX ? last_id / RECORDS_PART : RECORDS_MAX;
    return rc;
}

/* The second way. */

/* Each record is looked up for what it says. */
static void append_joins(struct sql *sql, const struct zw_audit_filter *f)
{
    append(sql, " CROSS JOIN tuples AS t CROSS JOIN decisions AS d");
    append_if(sql, f->address, " CROSS JOIN addresses AS s CROSS JOIN addresses AS a");
    append(sql, " WHERE t.id = r.tuple AND d.id = t.decision");
    append_decision_conditions(sql, f);
    append_tuple_conditions(sql, f);
    append_if(sql, f->address,
              " AND s.id = t.src AND a.id = t.dst"
              " AND (s.key BETWEEN ?6 AND ?7 OR a.key BETWEEN ?6 AND ?7)");
}

static void append_along_time(struct sql *sql, int type, const struct zw_audit_filter *f, bool has_hits)
{
    append(sql, types[type].from);
    if (!is_on_tuple(f)) {
        append(sql, " WHERE true");
    } else if (has_hits) {
        append(sql, " WHERE r.tuple IN temp.hits");
    } else {
        append_joins(sql, f);
    }
    append_time_conditions(sql, f);
}

/* How many records of a type pass, up to the limit. */
static int count_along_time(sqlite3 *db, int type, const struct zw_audit_filter *f, int64_t *n)
{
    struct sql sql = {.length = 0};
    append(&sql, "SELECT count(*) FROM (SELECT 1 FROM ");
    append_along_time(&sql, type, f, false);
    append(&sql, " LIMIT ?13)");
    *n = 0;
    return run(db, &sql, f, n);
}

/* Puts the beginning of 'f' off to where each type has no more than 5000 records after it, which are looked through in
 * about 10 ms. */
static int shorten(sqlite3 *db, struct zw_audit_filter *f)
{
    for (int type = ZW_RECORD_SESSION; type <= ZW_RECORD_END; type++) {
        if (!is_asked(f, type)) {
            continue;
        }
        struct sql sql = {.length = 0};
        append(&sql, "SELECT r.time_us FROM ");
        append(&sql, types[type].from);
        append(&sql, " WHERE true");
        append_time_conditions(&sql, f);
        append(&sql, " ORDER BY r.time_us DESC LIMIT 1 OFFSET 5000");
        int rc = run(db, &sql, f, &f->since_us);
        if (rc != SQLITE_OK) {
            return rc;
        }
    }
    return SQLITE_OK;
}

/* Whether the newest records alone fill the limit: then nothing needs to be looked for, and 'f' is shortened to them. */
static int probe_newest(sqlite3 *db, struct zw_audit_filter *f, bool *enough)
{
    struct zw_audit_filter newest = *f;
    uint64_t n_found = 0;
    int rc = shorten(db, &newest);
    for (int type = ZW_RECORD_SESSION; rc == SQLITE_OK && type <= ZW_RECORD_END; type++) {
        int64_t n = 0;
        if (is_asked(f, type)) {
            rc = count_along_time(db, type, &newest, &n);
        }
        n_found += (uint64_t)n;
    }
    *enough = n_found >= f->limit;
    if (*enough) {
        *f = newest;
    }
    return rc;
}

enum way {
    ALONG_TIME,
    ALONG_TIME_WITH_HITS,
    THROUGH_HITS,
};

/* The ways to the sessions, to the denials and to the ends: of a rule that allows there are many of one and none of the other.  May
 * shorten 'f'. */
static int choose_ways(sqlite3 *db, struct zw_audit_filter *f, enum way ways[N_TYPES])
{
    int64_t n_hits = 0, bound;
    bool enough = false;
    int rc = f->limit ? probe_newest(db, f, &enough) : SQLITE_OK;
    if (rc != SQLITE_OK || enough) {
        return rc;
    }
    rc = find_hits(db, f);
    if (rc == SQLITE_OK) {
        rc = zw_db_get_int(db, "SELECT count(*) FROM temp.hits", &n_hits);
    }
    if (rc != SQLITE_OK || n_hits > TUPLES_MAX) {
        return rc;
    }
    rc = get_bound(db, f, &bound);
    for (int type = ZW_RECORD_SESSION; rc == SQLITE_OK && type <= ZW_RECORD_END; type++) {
        int64_t n_records = 0;
        if (is_asked(f, type)) {
            rc = count_records(db, type, f, bound, &n_records);
        }
        ways[type] = n_records < bound ? THROUGH_HITS : ALONG_TIME_WITH_HITS;
    }
    return rc;
}

static void append_union(struct sql *sql, const struct zw_audit_filter *f, const enum way ways[N_TYPES])
{
    const char *separator = "";
    for (int type = 0; type < N_TYPES; type++) {
        if (is_asked(f, type)) {
            append(sql, separator);
            append(sql, types[type].select);
            if (ways[type] == THROUGH_HITS) {
                append_from_hits(sql, type, f);
                append(sql, " UNION ALL ");
                append(sql, types[type].select);
                append_newer_hits(sql, type, f);
            } else {
                append_along_time(sql, type, f, ways[type] == ALONG_TIME_WITH_HITS);
            }
            separator = " UNION ALL ";
        }
    }
    /* Nothing can pass, as with a policy's verdict; still a statement. */
    append_if(sql, !*separator, "SELECT 0, 0, 0 WHERE false");
}

int zw_audit_sql_prepare(sqlite3 *db, const struct zw_audit_filter *filter, sqlite3_stmt **stmt)
{
    *stmt = NULL;
    struct zw_audit_filter f = *filter;
    enum way ways[N_TYPES] = {ALONG_TIME};
    if (is_on_tuple(&f)) {
        int rc = choose_ways(db, &f, ways);
        if (rc != SQLITE_OK) {
            return rc;
        }
    }
    struct sql sql = {.length = 0};
    append_if(&sql, f.limit, "SELECT * FROM (");
    append_union(&sql, &f, ways);
    append(&sql, f.limit ? " ORDER BY 3 DESC, 2 DESC LIMIT ?13) ORDER BY 3, 2" : " ORDER BY 3, 2");
    return prepare(db, &sql, &f, stmt);
}
