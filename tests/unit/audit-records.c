/* SPDX-License-Identifier: Apache-2.0 */
#include "zw-config.h"

#include "tests/unit/audit-records.h"

#include <ftw.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NOW_US (INT64_C(1700000000) * 1000000)

static struct zw_addr make_address(unsigned int i)
{
    char text[ZW_ADDR_STRLEN];
    struct zw_addr addr;
    snprintf(text, sizeof text, i % 3 ? "10.0.%u.%u" : "2001:db8:%x::%x", i / 7 % 4, 1 + i % 7);
    if (!zw_addr_parse(text, &addr)) {
        abort();
    }
    return addr;
}

static struct zw_record make_flow(enum zw_record_type type, unsigned int i)
{
    struct zw_record r = {.type = type, .time_us = NOW_US + i * INT64_C(1000)};
    struct zw_flow_record *f = &r.flow;
    f->key.src = make_address(i);
    f->key.dst = make_address(i + 3); /* Of the same family. */
    f->key.proto = i % 5 ? IPPROTO_TCP : IPPROTO_UDP;
    f->key.sport = (uint16_t)i;
    f->key.dport = i % 2 ? 443 : 53;
    f->path = i % 4 ? ZW_PATH_FAST : ZW_PATH_SLOW;
    f->rule = 1 + i % 6;
    f->policy_version = 7;
    snprintf(f->rule_name, sizeof f->rule_name, "rule-%u", f->rule);
    snprintf(f->step, sizeof f->step, "rule");
    snprintf(f->src_zone, sizeof f->src_zone, "zone-%u", i % 3);
    snprintf(f->dst_zone, sizeof f->dst_zone, "zone-%u", i % 4);
    snprintf(f->src_port, sizeof f->src_port, "vnet%u", i % 8);
    snprintf(f->dst_port, sizeof f->dst_port, "vnet%u", i % 9);
    snprintf(f->bridge, sizeof f->bridge, "br0");
    f->segment = 100;
    f->src_mac[0] = 0x02;
    f->src_mac[5] = (uint8_t)(i % 8);
    f->dst_mac[0] = 0x02;
    f->dst_mac[5] = (uint8_t)(i % 9);
    return r;
}

struct zw_record zw_test_session(unsigned int i)
{
    return make_flow(ZW_RECORD_SESSION, i);
}

struct zw_record zw_test_denial(unsigned int i)
{
    return make_flow(ZW_RECORD_DENIAL, i);
}

struct zw_record zw_test_end(unsigned int i)
{
    struct zw_record r = make_flow(ZW_RECORD_END, i);

    strcpy(r.end.reason, i % 2 ? "policy" : "moved");
    r.end.was_path = i % 3 ? ZW_PATH_FAST : ZW_PATH_SLOW;
    r.end.was_rule = 2;
    r.end.was_version = 6;
    strcpy(r.end.was_rule_name, "was-rule");
    strcpy(r.end.was_step, "rule");
    return r;
}

struct zw_record zw_test_policy(void)
{
    struct zw_record r = {.type = ZW_RECORD_POLICY, .time_us = NOW_US};
    r.policy = (struct zw_policy_record){.version = 7, .n_rules = 6, .n_zones = 4};
    memset(r.policy.sha256, 'a', sizeof r.policy.sha256 - 1);
    strcpy(r.policy.origin, "file /etc/zoneward/policy.yaml");
    return r;
}

struct zw_record zw_test_daemon(const char *what)
{
    struct zw_record r = {.type = ZW_RECORD_DAEMON, .time_us = NOW_US};
    snprintf(r.daemon.what, sizeof r.daemon.what, "%s", what);
    strcpy(r.daemon.text, "zonewardd 0.1");
    return r;
}

struct zw_record zw_test_admin(void)
{
    struct zw_record r = {.type = ZW_RECORD_ADMIN, .time_us = NOW_US};
    r.admin.peer = (struct zw_peer){.uid = 1000, .gid = 100, .pid = 4711, .user = "alice"};
    strcpy(r.admin.verb, "policy.apply");
    r.admin.result = 13;
    strcpy(r.admin.text, "not allowed");
    return r;
}

struct zw_record zw_test_gap(void)
{
    struct zw_record r = {.type = ZW_RECORD_GAP, .time_us = NOW_US};
    r.gap = (struct zw_gap_record){.what = "denial", .n_missing = 12, .from_us = NOW_US - 500000, .to_us = NOW_US};
    strcpy(r.gap.text, "the rate limit of denials");
    return r;
}

struct zw_test_log zw_test_log_make(void)
{
    struct zw_test_log log;
    strcpy(log.dir, "/tmp/zw-audit-XXXXXX");
    if (!mkdtemp(log.dir)) {
        perror(log.dir);
        abort();
    }
    snprintf(log.path, sizeof log.path, "%s/audit.db", log.dir);
    return log;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st, (void)type, (void)ftw;
    return remove(path);
}

void zw_test_log_remove(const struct zw_test_log *log)
{
    nftw(log->dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

int64_t zw_test_log_number(const char *path, const char *sql)
{
    sqlite3 *db;
    sqlite3_stmt *stmt = NULL;
    int64_t number = -1000;
    if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL) == SQLITE_OK &&
        sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) == SQLITE_OK && sqlite3_step(stmt) == SQLITE_ROW) {
        number = sqlite3_column_int64(stmt, 0);
    } else {
        fprintf(stderr, "%s: %s: %s\n", path, sql, sqlite3_errmsg(db));
    }
    sqlite3_finalize(stmt);
    sqlite3_close(db);
    return number;
}

int zw_test_log_run(const char *path, const char *sql)
{
    sqlite3 *db;
    int rc = sqlite3_open(path, &db);
    if (rc == SQLITE_OK) {
        rc = sqlite3_exec(db, sql, NULL, NULL, NULL);
    }
    sqlite3_close(db);
    return rc;
}
