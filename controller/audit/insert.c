/* SPDX-License-Identifier: Apache-2.0 */
#include "zw-config.h"

#include "controller/audit/insert.h"

#include <stdlib.h>
#include <string.h>

#include "controller/audit/cache.h"

/* Memory is bounded by these: 35 MiB in all, of which only what is used is taken.  What misses becomes a second row, with
 * entries of its own in the sorted tables, and a decision that misses takes all its tuples with it: with a quarter of
 * this the conversations of a host with 100 VMs came to three rows each. */
#define N_DECISIONS_CACHED 32768
#define N_TUPLES_CACHED 262144
#define N_ADDRESSES_CACHED 65536

/* The statements; in the text, one "?" for each column. */
#define STATEMENTS                                                                   \
    STATEMENT(DECISION, "INSERT INTO decisions VALUES (NULL,?,?,?,?,?,?,?,?,?,?,?)") \
    STATEMENT(ADDRESS, "INSERT INTO addresses VALUES (NULL,?,?)")                    \
    STATEMENT(TUPLE, "INSERT INTO tuples VALUES (NULL,?,?,?,?,?,?,?)")               \
    STATEMENT(SESSION, "INSERT INTO sessions VALUES (?,?,?,?)")                      \
    STATEMENT(DENIAL, "INSERT INTO denials VALUES (?,?,?,?)")                        \
    STATEMENT(END, "INSERT INTO ends VALUES (?,?,?,?,?,?)")                          \
    STATEMENT(POLICY, "INSERT INTO policies VALUES (?,?,?,?,?,?,?)")                 \
    STATEMENT(DAEMON, "INSERT INTO daemon VALUES (?,?,?,?)")                         \
    STATEMENT(ADMIN, "INSERT INTO admin VALUES (?,?,?,?,?,?,?,?,?)")                 \
    STATEMENT(GAP, "INSERT INTO gaps VALUES (?,?,?,?,?,?,?)")

enum statement {
#define STATEMENT(NAME, SQL) INSERT_##NAME,
    STATEMENTS
#undef STATEMENT
        N_STATEMENTS
};

static const char *const statements[] = {
#define STATEMENT(NAME, SQL) SQL,
    STATEMENTS
#undef STATEMENT
};

struct zw_inserter {
    sqlite3 *db;
    sqlite3_stmt *statements[N_STATEMENTS];
    struct zw_cache *decisions, *tuples, *addresses;
};

/* Keys of the caches: no padding, zeros behind strings. */

struct decision_key {
    char rule[ZW_AUDIT_NAME_SIZE], from_zone[ZW_AUDIT_NAME_SIZE], to_zone[ZW_AUDIT_NAME_SIZE];
    char from_port[ZW_AUDIT_IFNAME_SIZE], to_port[ZW_AUDIT_IFNAME_SIZE], bridge[ZW_AUDIT_IFNAME_SIZE];
    char step[ZW_AUDIT_STEP_SIZE];
    uint32_t rule_number, policy_version, path, segment;
};

struct address_key {
    uint8_t bytes[24]; /* As in the column "key": the family, then the address. */
};

struct tuple_key {
    struct address_key src, dst;
    int64_t decision;
    uint8_t src_mac[6], dst_mac[6];
    uint16_t dport, proto; /* As in the columns. */
};

_Static_assert(sizeof(struct decision_key) == 3 * 64 + 3 * 32 + 24 + 16, "no padding");
_Static_assert(sizeof(struct tuple_key) == 2 * 24 + 8 + 2 * 6 + 4, "no padding");

int zw_inserter_create(sqlite3 *db, struct zw_inserter **inserterp)
{
    *inserterp = NULL;
    struct zw_inserter *ins = calloc(1, sizeof *ins);
    if (!ins) {
        return SQLITE_NOMEM;
    }
    ins->db = db;
    ins->decisions = zw_cache_create(N_DECISIONS_CACHED, sizeof(struct decision_key));
    ins->tuples = zw_cache_create(N_TUPLES_CACHED, sizeof(struct tuple_key));
    ins->addresses = zw_cache_create(N_ADDRESSES_CACHED, sizeof(struct address_key));
    int rc = ins->decisions && ins->tuples && ins->addresses ? SQLITE_OK : SQLITE_NOMEM;
    for (int i = 0; i < N_STATEMENTS && rc == SQLITE_OK; i++) {
        rc = sqlite3_prepare_v3(db, statements[i], -1, SQLITE_PREPARE_PERSISTENT, &ins->statements[i], NULL);
    }
    if (rc != SQLITE_OK) {
        zw_inserter_destroy(ins);
        return rc;
    }
    *inserterp = ins;
    return SQLITE_OK;
}

void zw_inserter_destroy(struct zw_inserter *ins)
{
    if (!ins) {
        return;
    }
    for (int i = 0; i < N_STATEMENTS; i++) {
        sqlite3_finalize(ins->statements[i]);
    }
    zw_cache_destroy(ins->decisions);
    zw_cache_destroy(ins->tuples);
    zw_cache_destroy(ins->addresses);
    free(ins);
}

void zw_inserter_forget(struct zw_inserter *ins)
{
    zw_cache_clear(ins->decisions);
    zw_cache_clear(ins->tuples);
    zw_cache_clear(ins->addresses);
}

static void bind_text(sqlite3_stmt *s, int column, const char *text, size_t size)
{
    sqlite3_bind_text(s, column, text, (int)strnlen(text, size), SQLITE_STATIC);
}
#define BIND_TEXT(STMT, COLUMN, ARRAY) bind_text(STMT, COLUMN, ARRAY, sizeof(ARRAY))

/* All values stay valid until the statement has run, so none is copied.  An error of a bind (there is only want of
 * memory) leaves a NULL, which the table refuses. */
static int run(struct zw_inserter *ins, enum statement which)
{
    sqlite3_stmt *s = ins->statements[which];
    int rc = sqlite3_step(s);
    int reset = sqlite3_reset(s);
    return rc == SQLITE_DONE ? SQLITE_DONE : reset ? reset : rc;
}

static int run_interning(struct zw_inserter *ins, enum statement which, int64_t *id)
{
    int rc = run(ins, which);
    *id = sqlite3_last_insert_rowid(ins->db);
    return rc;
}

/* Interning.  Each gives '*id', or an error code other than SQLITE_DONE. */

static void copy_name(char *to, const char *from, size_t size)
{
    size_t length = strnlen(from, size - 1);
    memcpy(to, from, length);
    memset(to + length, 0, size - length);
}
#define COPY_NAME(TO, FROM)                                      \
    do {                                                         \
        _Static_assert(sizeof(TO) == sizeof(FROM), "same size"); \
        copy_name(TO, FROM, sizeof(TO));                         \
    } while (0)

static void make_decision_key(const struct zw_flow_record *f, struct decision_key *key)
{
    COPY_NAME(key->rule, f->rule_name);
    COPY_NAME(key->from_zone, f->src_zone);
    COPY_NAME(key->to_zone, f->dst_zone);
    COPY_NAME(key->from_port, f->src_port);
    COPY_NAME(key->to_port, f->dst_port);
    COPY_NAME(key->bridge, f->bridge);
    COPY_NAME(key->step, f->step);
    key->rule_number = f->rule;
    key->policy_version = f->policy_version;
    key->path = f->path;
    key->segment = f->segment;
}

static int intern_decision(struct zw_inserter *ins, const struct zw_flow_record *f, int64_t *id)
{
    struct decision_key key;
    make_decision_key(f, &key);
    uint64_t hash;
    *id = zw_cache_find(ins->decisions, &key, &hash);
    if (*id) {
        return SQLITE_DONE;
    }

    sqlite3_stmt *s = ins->statements[INSERT_DECISION];
    BIND_TEXT(s, 1, key.rule);
    sqlite3_bind_int64(s, 2, key.rule_number);
    sqlite3_bind_int64(s, 3, key.policy_version);
    BIND_TEXT(s, 4, key.step);
    sqlite3_bind_text(s, 5, key.path == ZW_PATH_FAST ? "fast" : "slow", -1, SQLITE_STATIC);
    BIND_TEXT(s, 6, key.from_zone);
    BIND_TEXT(s, 7, key.to_zone);
    BIND_TEXT(s, 8, key.from_port);
    BIND_TEXT(s, 9, key.to_port);
    BIND_TEXT(s, 10, key.bridge);
    sqlite3_bind_int64(s, 11, key.segment);
    int rc = run_interning(ins, INSERT_DECISION, id);
    if (rc == SQLITE_DONE) {
        zw_cache_add(ins->decisions, &key, hash, *id);
    }
    return rc;
}

static size_t address_size(const struct zw_addr *addr)
{
    return addr->family == ZW_IPV4 ? 4 : addr->family == ZW_IPV6 ? 16 : 0;
}

static void make_address_key(const struct zw_addr *addr, struct address_key *key)
{
    memset(key, 0, sizeof *key);
    key->bytes[0] = addr->family;
    memcpy(key->bytes + 1, addr->bytes, address_size(addr));
}

static int intern_address(struct zw_inserter *ins, const struct zw_addr *addr, const struct address_key *key,
                          int64_t *id)
{
    uint64_t hash;
    *id = zw_cache_find(ins->addresses, key, &hash);
    if (*id) {
        return SQLITE_DONE;
    }

    char text[ZW_ADDR_STRLEN];
    sqlite3_stmt *s = ins->statements[INSERT_ADDRESS];
    sqlite3_bind_text(s, 1, zw_addr_format(addr, text), -1, SQLITE_STATIC);
    sqlite3_bind_blob(s, 2, key->bytes, 1 + (int)address_size(addr), SQLITE_STATIC);
    int rc = run_interning(ins, INSERT_ADDRESS, id);
    if (rc == SQLITE_DONE) {
        zw_cache_add(ins->addresses, key, hash, *id);
    }
    return rc;
}

static int64_t mac_to_integer(const uint8_t mac[6])
{
    uint64_t value = 0;
    for (int i = 0; i < 6; i++) {
        value = value << 8 | mac[i];
    }
    return (int64_t)value;
}

static int insert_tuple(struct zw_inserter *ins, const struct zw_flow_record *f, const struct tuple_key *key,
                        int64_t *id)
{
    int64_t src, dst;
    int rc = intern_address(ins, &f->key.src, &key->src, &src);
    if (rc == SQLITE_DONE) {
        rc = intern_address(ins, &f->key.dst, &key->dst, &dst);
    }
    if (rc != SQLITE_DONE) {
        return rc;
    }
    sqlite3_stmt *s = ins->statements[INSERT_TUPLE];
    sqlite3_bind_int64(s, 1, key->decision);
    sqlite3_bind_int64(s, 2, src);
    sqlite3_bind_int64(s, 3, dst);
    sqlite3_bind_int(s, 4, key->proto);
    sqlite3_bind_int(s, 5, key->dport);
    sqlite3_bind_int64(s, 6, mac_to_integer(key->src_mac));
    sqlite3_bind_int64(s, 7, mac_to_integer(key->dst_mac));
    return run_interning(ins, INSERT_TUPLE, id);
}

static int intern_tuple(struct zw_inserter *ins, const struct zw_flow_record *f, int64_t *id)
{
    struct tuple_key key = {.dport = f->key.dport, .proto = f->key.eth_type ? f->key.eth_type : f->key.proto};
    int rc = intern_decision(ins, f, &key.decision);
    if (rc != SQLITE_DONE) {
        return rc;
    }
    make_address_key(&f->key.src, &key.src);
    make_address_key(&f->key.dst, &key.dst);
    memcpy(key.src_mac, f->src_mac, sizeof key.src_mac);
    memcpy(key.dst_mac, f->dst_mac, sizeof key.dst_mac);

    uint64_t hash;
    *id = zw_cache_find(ins->tuples, &key, &hash);
    if (*id) {
        return SQLITE_DONE;
    }
    rc = insert_tuple(ins, f, &key, id);
    if (rc == SQLITE_DONE) {
        zw_cache_add(ins->tuples, &key, hash, *id);
    }
    return rc;
}

/* Records.  The first two columns are bound already. */

static int insert_flow(struct zw_inserter *ins, enum statement which, const struct zw_record *r)
{
    sqlite3_stmt *s = ins->statements[which];
    int64_t tuple;
    int rc = intern_tuple(ins, &r->flow, &tuple);
    if (rc != SQLITE_DONE) {
        return rc;
    }
    sqlite3_bind_int64(s, 3, tuple);
    sqlite3_bind_int(s, 4, r->flow.key.sport);
    return run(ins, which);
}

/* What had let the session in is a decision between the same zones. */
static int insert_end(struct zw_inserter *ins, const struct zw_record *r)
{
    struct zw_flow_record was = r->end.flow;
    int64_t opened;

    was.path = r->end.was_path;
    was.rule = r->end.was_rule;
    was.policy_version = r->end.was_version;
    memcpy(was.rule_name, r->end.was_rule_name, sizeof was.rule_name);
    memcpy(was.step, r->end.was_step, sizeof was.step);
    int rc = intern_decision(ins, &was, &opened);
    if (rc != SQLITE_DONE) {
        return rc;
    }
    sqlite3_stmt *s = ins->statements[INSERT_END];
    sqlite3_bind_int64(s, 5, opened);
    BIND_TEXT(s, 6, r->end.reason);
    return insert_flow(ins, INSERT_END, r);
}

static int insert_policy(struct zw_inserter *ins, const struct zw_policy_record *p)
{
    sqlite3_stmt *s = ins->statements[INSERT_POLICY];
    sqlite3_bind_int64(s, 3, p->version);
    BIND_TEXT(s, 4, p->sha256);
    BIND_TEXT(s, 5, p->origin);
    sqlite3_bind_int64(s, 6, p->n_rules);
    sqlite3_bind_int64(s, 7, p->n_zones);
    return run(ins, INSERT_POLICY);
}

static int insert_daemon(struct zw_inserter *ins, const struct zw_daemon_record *d)
{
    sqlite3_stmt *s = ins->statements[INSERT_DAEMON];
    BIND_TEXT(s, 3, d->what);
    BIND_TEXT(s, 4, d->text);
    return run(ins, INSERT_DAEMON);
}

static int insert_admin(struct zw_inserter *ins, const struct zw_admin_record *a)
{
    sqlite3_stmt *s = ins->statements[INSERT_ADMIN];
    BIND_TEXT(s, 3, a->peer.user);
    sqlite3_bind_int64(s, 4, a->peer.uid);
    sqlite3_bind_int64(s, 5, a->peer.gid);
    sqlite3_bind_int64(s, 6, a->peer.pid);
    BIND_TEXT(s, 7, a->verb);
    sqlite3_bind_int(s, 8, a->result);
    BIND_TEXT(s, 9, a->text);
    return run(ins, INSERT_ADMIN);
}

static int insert_gap(struct zw_inserter *ins, const struct zw_gap_record *g)
{
    sqlite3_stmt *s = ins->statements[INSERT_GAP];
    BIND_TEXT(s, 3, g->what);
    sqlite3_bind_int64(s, 4, (int64_t)g->n_missing);
    sqlite3_bind_int64(s, 5, g->from_us);
    sqlite3_bind_int64(s, 6, g->to_us);
    BIND_TEXT(s, 7, g->text);
    return run(ins, INSERT_GAP);
}

int zw_inserter_add(struct zw_inserter *ins, int64_t id, const struct zw_record *r)
{
    enum statement which = INSERT_SESSION + (enum statement)r->type;
    if (which >= N_STATEMENTS) {
        return SQLITE_MISUSE;
    }
    sqlite3_bind_int64(ins->statements[which], 1, id);
    sqlite3_bind_int64(ins->statements[which], 2, r->time_us);
    switch (r->type) {
    case ZW_RECORD_SESSION:
    case ZW_RECORD_DENIAL:
        return insert_flow(ins, which, r);
    case ZW_RECORD_END:
        return insert_end(ins, r);
    case ZW_RECORD_POLICY:
        return insert_policy(ins, &r->policy);
    case ZW_RECORD_DAEMON:
        return insert_daemon(ins, &r->daemon);
    case ZW_RECORD_ADMIN:
        return insert_admin(ins, &r->admin);
    case ZW_RECORD_GAP:
        return insert_gap(ins, &r->gap);
    }
    return SQLITE_MISUSE;
}

_Static_assert(INSERT_SESSION + ZW_RECORD_GAP == INSERT_GAP, "the same order as enum zw_record_type");
