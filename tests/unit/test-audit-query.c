/* SPDX-License-Identifier: Apache-2.0 */
#include "zw-config.h"

#include "controller/audit/query.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "controller/audit/db.h"
#include "controller/audit/writer.h"
#include "tests/unit/audit-records.h"
#include "tests/unit/zw-test.h"

/* The one log that most tests ask: so many sessions and denials that both ways to a record are taken, and that some are
 * newer than the last segment; and one record of each other type. */
#define N_FLOWS 90000
static struct zw_test_log log_;
static struct zw_record flows[N_FLOWS];

static struct zw_audit *start(const char *path)
{
    struct zw_problems problems = ZW_PROBLEMS_INIT;
    struct zw_audit *audit = NULL;
    CU_ASSERT_EQUAL_FATAL(zw_audit_start(path, &audit, &problems), 0);
    return audit;
}

static void put(struct zw_audit *audit, struct zw_record record)
{
    zw_audit_put(audit, &record);
}

static void test_fill(void)
{
    log_ = zw_test_log_make();
    struct zw_audit *audit = start(log_.path);
    put(audit, zw_test_policy());
    put(audit, zw_test_daemon("start"));
    put(audit, zw_test_admin());
    put(audit, zw_test_gap());
    for (unsigned int i = 0; i < N_FLOWS; i++) {
        flows[i] = i % 10 == 5 ? zw_test_end(i) : i % 10 ? zw_test_session(i) : zw_test_denial(i);
        if (i % 1000 == 17) { /* Few of something. */
            strcpy(flows[i].flow.dst_zone, "rare");
            strcpy(flows[i].flow.rule_name, "rare-rule");
            zw_addr_parse("192.0.2.77", &flows[i].flow.key.dst);
            zw_addr_parse("192.0.2.1", &flows[i].flow.key.src);
        }
        flows[i].flow.key.proto = i % 11 ? flows[i].flow.key.proto : IPPROTO_ICMP;
        put(audit, flows[i]);
        if (i % 20000 == 0) {
            CU_ASSERT(zw_audit_flush(audit, 20000)); /* More would not fit in the queue. */
        }
    }
    CU_ASSERT(zw_audit_flush(audit, 20000));
    CU_ASSERT_EQUAL(zw_audit_status(audit).n_lost, 0);
    zw_audit_stop(audit);
}

static void test_clean_up(void)
{
    zw_test_log_remove(&log_);
}

/* What a query gave. */
struct result {
    size_t n_rows, stop_after;
    char first[400];
    uint64_t sum; /* Of the places that the rows tell by their source ports, in order. */
};

static const char *column(const struct zw_audit_column *columns, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++) {
        if (!strcmp(columns[i].name, name)) {
            return columns[i].value;
        }
    }
    CU_FAIL("no such column");
    return "";
}

static uint64_t add_to_sum(uint64_t sum, unsigned int sport)
{
    return sum * 31 + sport + 1;
}

static void join(const struct zw_audit_column *columns, size_t n, char *line, size_t size)
{
    size_t length = 0;
    for (size_t i = 0; i < n && length < size; i++) {
        length += (size_t)snprintf(line + length, size - length, "%s%s", i ? "|" : "", columns[i].value);
    }
}

static bool take_row(void *arg, const struct zw_audit_column *columns, size_t n)
{
    struct result *result = arg;
    if (!result->n_rows) {
        join(columns, n, result->first, sizeof result->first);
    }
    CU_ASSERT_EQUAL(n, 29);
    result->sum = add_to_sum(result->sum, (unsigned int)atoi(column(columns, n, "sport")));
    return ++result->n_rows != result->stop_after;
}

static struct result ask(struct zw_audit_filter filter)
{
    struct result result = {.n_rows = 0};
    struct zw_problems problems = ZW_PROBLEMS_INIT;
    CU_ASSERT_EQUAL(zw_audit_query(log_.path, &filter, take_row, &result, &problems), 0);
    CU_ASSERT_EQUAL(problems.n, 0);
    zw_problems_clear(&problems);
    return result;
}

/* The filter once more, as plain as can be. */

static bool is(const char *wanted, const char *value)
{
    return !wanted || !strcmp(wanted, value);
}

static bool passes(const struct zw_audit_filter *f, const struct zw_record *r)
{
    const struct zw_flow_record *w = &r->flow;
    bool has_ports = w->key.proto == IPPROTO_TCP || w->key.proto == IPPROTO_UDP;
    return r->time_us >= f->since_us && (!f->until_us || r->time_us < f->until_us) &&
           (is(f->zone, w->src_zone) || is(f->zone, w->dst_zone)) && is(f->from_zone, w->src_zone) &&
           is(f->to_zone, w->dst_zone) &&
           (!f->address || zw_prefix_contains(f->address, &w->key.src) ||
            zw_prefix_contains(f->address, &w->key.dst)) &&
           (is(f->port, w->src_port) || is(f->port, w->dst_port)) &&
           (!f->has_service_port || (has_ports && f->service_port == w->key.dport)) &&
           (!f->proto || f->proto == w->key.proto) && is(f->rule, w->rule_name) &&
           is(f->verdict, r->type == ZW_RECORD_SESSION ? "allow" : "deny") &&
           is(f->path, w->path == ZW_PATH_FAST ? "fast" : "slow") &&
           is(f->type, r->type == ZW_RECORD_SESSION ? "session"
                       : r->type == ZW_RECORD_END   ? "end"
                                                    : "denial");
}

/* Compares with the plain filter: the same records in the same order. */
static size_t check(struct zw_audit_filter f)
{
    size_t n = 0;
    for (size_t i = 0; i < N_FLOWS; i++) {
        n += passes(&f, &flows[i]);
    }
    size_t skip = f.limit && n > f.limit ? n - f.limit : 0, n_expected = n - skip;
    uint64_t sum = 0;
    for (size_t i = 0; i < N_FLOWS; i++) {
        if (passes(&f, &flows[i]) && (!skip || !skip--)) {
            sum = add_to_sum(sum, flows[i].flow.key.sport);
        }
    }
    struct result result = ask(f);
    CU_ASSERT_EQUAL(result.n_rows, n_expected);
    CU_ASSERT_EQUAL(result.sum, sum);
    if (result.n_rows != n_expected) {
        printf("# %zu rows, not %zu\n", result.n_rows, n_expected);
    }
    return n_expected;
}

static struct zw_prefix prefix(const char *text)
{
    struct zw_prefix p = {.n_bits = 0};
    CU_ASSERT_PTR_NULL(zw_prefix_parse(text, &p));
    return p;
}

static void test_each_filter(void)
{
    static const char *const addresses[] = {"10.0.1.0/24",   "10.0.2.3",        "10.0.0.0/8",
                                            "0.0.0.0/0",     "2001:db8:1::/48", "::/0",
                                            "192.0.2.77/32", "192.0.2.64/26",   "10.0.2.4/30"};
    for (size_t i = 0; i < sizeof addresses / sizeof addresses[0]; i++) {
        struct zw_prefix p = prefix(addresses[i]);
        CU_ASSERT(check((struct zw_audit_filter){.address = &p}) > 0);
        CU_ASSERT(check((struct zw_audit_filter){.address = &p, .limit = 10}) == 10);
    }
    CU_ASSERT(check((struct zw_audit_filter){.zone = "zone-1"}) > 0);
    CU_ASSERT(check((struct zw_audit_filter){.zone = "rare"}) == 90);
    CU_ASSERT(check((struct zw_audit_filter){.from_zone = "zone-2"}) > 0);
    CU_ASSERT(check((struct zw_audit_filter){.to_zone = "zone-3"}) > 0);
    CU_ASSERT(check((struct zw_audit_filter){.port = "vnet3"}) > 0);
    CU_ASSERT(check((struct zw_audit_filter){.has_service_port = true, .service_port = 443}) > 0);
    CU_ASSERT(check((struct zw_audit_filter){.proto = IPPROTO_UDP}) > 0);
    CU_ASSERT(check((struct zw_audit_filter){.proto = IPPROTO_UDP, .has_service_port = true}) == 0); /* Port 0. */
    CU_ASSERT(check((struct zw_audit_filter){.rule = "rule-4"}) > 0);
    CU_ASSERT(check((struct zw_audit_filter){.rule = "rare-rule"}) == 90);
    CU_ASSERT(check((struct zw_audit_filter){.verdict = "allow"}) > 0);
    CU_ASSERT(check((struct zw_audit_filter){.verdict = "deny"}) > 0);
    CU_ASSERT(check((struct zw_audit_filter){.path = "slow"}) > 0);
    CU_ASSERT(check((struct zw_audit_filter){.type = "session"}) > 0);
    CU_ASSERT(check((struct zw_audit_filter){.type = "denial", .limit = 100}) == 100);
    CU_ASSERT(check((struct zw_audit_filter){.type = "end"}) == N_FLOWS / 10);
    CU_ASSERT(check((struct zw_audit_filter){.type = "end", .zone = "zone-1", .limit = 30}) == 30);
    /* More than the newest have, of a type with many and one with few; and few in all. */
    CU_ASSERT(check((struct zw_audit_filter){.zone = "zone-1", .limit = 8000}) == 8000);
    CU_ASSERT(check((struct zw_audit_filter){.zone = "rare", .limit = 60}) == 60);
    int64_t t = flows[1000].time_us;
    CU_ASSERT_EQUAL(check((struct zw_audit_filter){.since_us = t, .until_us = t + 10000, .proto = IPPROTO_TCP}), 7);
    CU_ASSERT(check((struct zw_audit_filter){.since_us = t, .path = "fast", .limit = 5}) == 5);
}

/* Nobody's name is SQL. */
static void test_no_match(void)
{
    static const char *const names[] = {"nothing", "", "' OR 1=1 --", "zone%", "zone-1'"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        CU_ASSERT_EQUAL(check((struct zw_audit_filter){.zone = names[i]}), 0);
        CU_ASSERT_EQUAL(check((struct zw_audit_filter){.rule = names[i]}), 0);
        CU_ASSERT_EQUAL(check((struct zw_audit_filter){.port = names[i]}), 0);
    }
    CU_ASSERT_EQUAL(check((struct zw_audit_filter){.type = "session", .verdict = "deny"}), 0);
    CU_ASSERT_EQUAL(ask((struct zw_audit_filter){.type = "policy", .verdict = "allow"}).n_rows, 0);
}

static const char *pick(unsigned int *seed, const char *const list[], unsigned int n)
{
    *seed = *seed * 1103515245 + 12345;
    unsigned int i = (*seed >> 16) % (n * 3);
    return i < n ? list[i] : NULL;
}
#define PICK(...) \
    pick(&seed, (const char *const[]){__VA_ARGS__}, sizeof((const char *const[]){__VA_ARGS__}) / sizeof(const char *))

static void test_random(void)
{
    unsigned int seed = 1;
    for (int i = 0; i < 100; i++) {
        struct zw_audit_filter f = {
            .zone = PICK("zone-0", "zone-3", "rare"),
            .from_zone = PICK("zone-1", "zone-2"),
            .to_zone = PICK("zone-0", "zone-3", "rare"),
            .port = PICK("vnet1", "vnet8"),
            .rule = PICK("rule-1", "rule-6", "rare-rule"),
            .verdict = PICK("allow", "deny"),
            .path = PICK("fast", "slow"),
        };
        struct zw_prefix p;
        const char *address = PICK("10.0.1.0/24", "10.0.0.0/16", "2001:db8::/33", "192.0.2.1", "10.0.3.7");
        if (address) {
            p = prefix(address);
            f.address = &p;
        }
        f.proto = PICK("tcp") ? IPPROTO_TCP : 0;
        f.has_service_port = PICK("dns") != NULL;
        f.service_port = 53;
        f.since_us = PICK("since") ? flows[N_FLOWS / 3].time_us : 0;
        f.until_us = PICK("until") ? flows[N_FLOWS / 2].time_us : 0;
        f.limit = PICK("limit") ? 50 : 0;
        f.type = f.verdict ? NULL : PICK("session", "denial", "end");
        if (!f.zone && !f.from_zone && !f.to_zone && !f.port && !f.rule && !f.verdict && !f.path && !f.address &&
            !f.proto && !f.has_service_port && !f.type) {
            continue; /* The other types would come along. */
        }
        check(f);
    }
}

/* The two ways to read it say the same: the query, and the view of the file itself. */
static void test_not_ip(void)
{
    struct zw_test_log log = zw_test_log_make();
    struct zw_audit *audit = start(log.path);
    struct zw_record r = zw_test_session(1), ip = zw_test_session(2);
    struct zw_problems problems = ZW_PROBLEMS_INIT;
    struct result result = {.n_rows = 0};

    r.flow.key = (struct zw_packet_key){.eth_type = 0x8892};
    put(audit, r);
    r.flow.key.eth_type = 0x88f7;
    put(audit, r);
    ip.flow.key.proto = 0x92;
    put(audit, ip);
    zw_audit_stop(audit);
    CU_ASSERT_EQUAL(zw_audit_query(log.path, &(struct zw_audit_filter){.type = "session", .proto = 0x8892}, take_row,
                                   &result, &problems),
                    0);
    CU_ASSERT_EQUAL(result.n_rows, 1);
    CU_ASSERT_PTR_NOT_NULL(
        strstr(result.first, "|vnet1|vnet1|0x8892||0||0|ethertype/0x8892|br0|100|02:00:00:00:00:01|"));
    CU_ASSERT_EQUAL(zw_test_log_number(log.path, "SELECT count(*) FROM flows WHERE service = 'ethertype/0x88f7' AND "
                                                 "proto = '0x88f7' AND src = '' AND dst = ''"),
                    1);
    CU_ASSERT_EQUAL(
        zw_test_log_number(log.path, "SELECT count(*) FROM flows WHERE service = 'proto/146' AND proto = '146'"), 1);
    CU_ASSERT_EQUAL(zw_test_log_number(log.path, "SELECT count(*) FROM addresses WHERE text = ''"), 1);
    zw_problems_clear(&problems);
    zw_test_log_remove(&log);
}

static void test_columns(void)
{
    struct result r = ask((struct zw_audit_filter){.type = "session", .until_us = flows[2].time_us});
    CU_ASSERT_EQUAL(r.n_rows, 1);
    CU_ASSERT_STRING_EQUAL(
        r.first, "2023-11-14T22:13:20.001000Z|session|allow|fast|rule-2|2|7|rule|zone-1|zone-1|vnet1|"
                 "vnet1|tcp|10.0.0.2|1|10.0.0.5|443|tcp/443|br0|100|02:00:00:00:00:01|02:00:00:00:00:01|||||||1");
    r = ask((struct zw_audit_filter){.type = "denial", .until_us = flows[1].time_us});
    CU_ASSERT_STRING_EQUAL(r.first, "2023-11-14T22:13:20.000000Z|denial|deny|slow|rule-1|1|7|rule|zone-0|zone-0|vnet0|"
                                    "vnet0|icmp|2001:db8::1|0|2001:db8::4|53|icmp/0|br0|100|02:00:00:00:00:00|"
                                    "02:00:00:00:00:00|||||||1");
    r = ask((struct zw_audit_filter){.type = "end", .until_us = flows[6].time_us});
    CU_ASSERT_STRING_EQUAL(r.first, "2023-11-14T22:13:20.005000Z|end|deny|fast|rule-6|6|7|rule|zone-2|zone-1|vnet5|"
                                    "vnet5|udp|10.0.0.6|5|10.0.1.2|443|udp/443|br0|100|02:00:00:00:00:05|"
                                    "02:00:00:00:00:05|was-rule|2|6||policy|let in by was-rule, version 6|1");
    r = ask((struct zw_audit_filter){.type = "policy"});
    CU_ASSERT_STRING_EQUAL(r.first, "2023-11-14T22:13:20.000000Z|policy|||||7|||||||||||||||||||"
                                    "|in force|file /etc/zoneward/policy.yaml, 6 rules, 4 zones, sha256 "
                                    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa|");
    r = ask((struct zw_audit_filter){.type = "daemon"});
    CU_ASSERT_STRING_EQUAL(r.first, "2023-11-14T22:13:20.000000Z|daemon||||||||||||||||||||||||"
                                    "|start|zonewardd 0.1|");
    r = ask((struct zw_audit_filter){.type = "admin"});
    CU_ASSERT_STRING_EQUAL(r.first, "2023-11-14T22:13:20.000000Z|admin|||||||||||||||||||||||"
                                    "|alice(1000)|policy.apply|failed (13): not allowed|");
    r = ask((struct zw_audit_filter){.type = "gap"});
    CU_ASSERT_STRING_EQUAL(r.first,
                           "2023-11-14T22:13:20.000000Z|gap||||||||||||||||||||||||"
                           "|denial|12 missing: the rate limit of denials; from 2023-11-14T22:13:19.500000Z to "
                           "2023-11-14T22:13:20.000000Z|12");
}

/* More tuples than half of TUPLES_MAX in sql.c, each of which a prefix finds by both its addresses. */
static void test_both_ends(void)
{
    const unsigned int n = 70000;
    struct zw_test_log log = zw_test_log_make();
    struct zw_audit *audit = start(log.path);
    for (unsigned int i = 0; i < n; i++) {
        struct zw_record r = i % 100 ? zw_test_session(i) : zw_test_denial(i);
        r.flow.key.src = (struct zw_addr){ZW_IPV4, {10, 1 + i / 65536, i / 256 % 256, i % 256}};
        r.flow.key.dst = (struct zw_addr){ZW_IPV4, {10, 1 + (i + 1) / 65536, (i + 1) / 256 % 256, (i + 1) % 256}};
        put(audit, r);
        if (i % 20000 == 0) {
            CU_ASSERT(zw_audit_flush(audit, 20000));
        }
    }
    zw_audit_stop(audit);

    static const struct zw_prefix ten = {{ZW_IPV4, {10}}, 8};
    struct zw_audit_filter filters[] = {{.address = &ten}, {.address = &ten, .verdict = "deny"}};
    const size_t expected[] = {n, n / 100};
    for (size_t i = 0; i < 2; i++) {
        struct result result = {.n_rows = 0};
        struct zw_problems problems = ZW_PROBLEMS_INIT;
        CU_ASSERT_EQUAL(zw_audit_query(log.path, &filters[i], take_row, &result, &problems), 0);
        CU_ASSERT_EQUAL(result.n_rows, expected[i]);
    }
    zw_test_log_remove(&log);
}

static void test_everything(void)
{
    struct result r = ask((struct zw_audit_filter){.limit = 0});
    CU_ASSERT_EQUAL(r.n_rows, N_FLOWS + 4);
    CU_ASSERT_PTR_NOT_NULL(strstr(r.first, "|policy|"));
    r = ask((struct zw_audit_filter){.limit = 7});
    CU_ASSERT_EQUAL(r.n_rows, 7);
    r = ask((struct zw_audit_filter){.until_us = flows[1].time_us});
    CU_ASSERT_EQUAL(r.n_rows, 5);
}

static void test_stop(void)
{
    struct result result = {.stop_after = 3};
    struct zw_problems problems = ZW_PROBLEMS_INIT;
    struct zw_audit_filter all = {.limit = 0};
    CU_ASSERT_EQUAL(zw_audit_query(log_.path, &all, take_row, &result, &problems), 0);
    CU_ASSERT_EQUAL(result.n_rows, 3);
}

static void check_problem(const char *path, struct zw_audit_filter filter, int error, const char *text)
{
    struct result result = {.n_rows = 0};
    struct zw_problems problems = ZW_PROBLEMS_INIT;
    CU_ASSERT_EQUAL(zw_audit_query(path, &filter, take_row, &result, &problems), error);
    CU_ASSERT_EQUAL(result.n_rows, 0);
    CU_ASSERT_EQUAL_FATAL(problems.n, 1);
    CU_ASSERT_STRING_EQUAL(problems.list[0].text, text);
    zw_problems_clear(&problems);
}

static void test_bad_words(void)
{
    check_problem(log_.path, (struct zw_audit_filter){.verdict = "maybe"}, EINVAL,
                  "verdict \"maybe\" is unknown: expected allow or deny");
    check_problem(log_.path, (struct zw_audit_filter){.path = "long"}, EINVAL,
                  "path \"long\" is unknown: expected fast or slow");
    check_problem(log_.path, (struct zw_audit_filter){.type = "x"}, EINVAL,
                  "type \"x\" is unknown: expected session, denial, end, policy, daemon, admin or gap");
}

static void write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    CU_ASSERT_FATAL(file != NULL);
    fputs(text, file);
    fclose(file);
}

static void test_foreign(void)
{
    struct zw_test_log log = zw_test_log_make();
    struct zw_audit_filter all = {.limit = 0};
    check_problem(log.path, all, ENOENT, "No such file or directory");
    check_problem(log.dir, all, EISDIR, "this is a directory, not an audit log");
    write_file(log.path, "");
    check_problem(log.path, all, EINVAL, "this is an empty file, not an audit log");
    write_file(log.path, "hello");
    check_problem(log.path, all, EINVAL, "this is not an audit log: shorter than the header of an SQLite database");
    char text[400];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    write_file(log.path, text);
    check_problem(log.path, all, EINVAL, "this is not an audit log: not an SQLite database");
    unlink(log.path);
    CU_ASSERT_EQUAL(zw_test_log_run(log.path, "CREATE TABLE t (x)"), 0);
    check_problem(log.path, all, EINVAL, "this is not an audit log but an SQLite database of another program");
    zw_test_log_remove(&log);
}

/* Runs a query as a user who may read and not write.  Returns the number of rows; 200 for a problem with 'text'. */
static int ask_unprivileged(const char *path, const char *text)
{
    pid_t pid = fork();
    if (!pid) {
        if (!getuid() && (setgid(65534) || setuid(65534))) {
            _exit(255);
        }
        struct result result = {.n_rows = 0};
        struct zw_problems problems = ZW_PROBLEMS_INIT;
        struct zw_audit_filter all = {.limit = 0};
        int error = zw_audit_query(path, &all, take_row, &result, &problems);
        if (error && (!text || !strstr(problems.list[0].text, text))) {
            printf("# %s\n", problems.list[0].text);
            fflush(stdout);
            _exit(255);
        }
        zw_problems_clear(&problems);
        _exit(error ? 200 : (int)result.n_rows);
    }
    int status;
    waitpid(pid, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 255;
}

static void shell(const char *dir, const char *command)
{
    char line[600];
    snprintf(line, sizeof line, "cd %s && %s", dir, command);
    CU_ASSERT_EQUAL(system(line), 0);
}

/* A moment of a checkpoint: the header is the new one already, and the pages that it speaks of are not there yet. */
static void test_checkpoint_half_way(void)
{
    struct zw_test_log log = zw_test_log_make();
    zw_audit_stop(start(log.path));
    int fd = open(log.path, O_RDWR | O_CLOEXEC);
    CU_ASSERT_EQUAL(pwrite(fd, "\0\0\xff\xff", 4, 28), 4);
    close(fd);
    CU_ASSERT_EQUAL(zw_db_inspect(log.path).what, ZW_DB_LOG);
    zw_test_log_remove(&log);
}

/* Whether this process holds a lock on the file, as another one sees it. */
static bool is_locked(const char *path)
{
    pid_t child = fork();
    if (!child) {
        struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
        int fd = open(path, O_RDWR | O_CLOEXEC);
        _exit(fd >= 0 && !fcntl(fd, F_GETLK, &lock) && lock.l_type != F_UNLCK);
    }
    int status = 0;
    CU_ASSERT_EQUAL(waitpid(child, &status, 0), child);
    return WIFEXITED(status) && WEXITSTATUS(status) == 1;
}

/* The daemon asks while it writes.  Without the writer's lock the next program that closes the log would take itself
 * for the last one, and delete the WAL that is written to. */
static void test_own_log(void)
{
    struct zw_test_log log = zw_test_log_make();
    struct zw_audit *audit = start(log.path);
    put(audit, zw_test_session(1));
    CU_ASSERT(zw_audit_flush(audit, 20000));
    CU_ASSERT(is_locked(log.path));
    struct result result = {.n_rows = 0};
    struct zw_problems problems = ZW_PROBLEMS_INIT;
    struct zw_audit_filter all = {.limit = 0};
    CU_ASSERT_EQUAL(zw_audit_query(log.path, &all, take_row, &result, &problems), 0);
    CU_ASSERT_EQUAL(result.n_rows, 1);
    CU_ASSERT(is_locked(log.path));
    zw_audit_stop(audit);
    zw_test_log_remove(&log);
}

static void test_read_only(void)
{
    struct zw_test_log log = zw_test_log_make();
    char copy[160];
    snprintf(copy, sizeof copy, "%s/copy.db", log.dir);
    struct zw_audit *audit = start(log.path);
    put(audit, zw_test_session(1));
    put(audit, zw_test_session(2));
    CU_ASSERT(zw_audit_flush(audit, 20000));
    shell(log.dir, "chmod a+r audit.db* && chmod 555 .");
    CU_ASSERT_EQUAL(ask_unprivileged(log.path, NULL), 2); /* While the daemon writes. */
    /* What a crash leaves: newest records in the WAL, which SQLite does not read without files of its own. */
    shell(log.dir, "chmod 755 . && cp audit.db copy.db && cp audit.db-wal copy.db-wal && chmod a+r * && chmod 555 .");
    CU_ASSERT_EQUAL(ask_unprivileged(copy, "to a folder that you may write to"), 200);
    char link[160];
    snprintf(link, sizeof link, "%s-link", log.path);
    shell(log.dir, "chmod 755 . && ln -s copy.db audit.db-link && chmod 555 .");
    CU_ASSERT_EQUAL(ask_unprivileged(link, "to a folder that you may write to"), 200);
    shell(log.dir, "chmod 777 .");
    CU_ASSERT_EQUAL(ask_unprivileged(copy, NULL), 2);
    zw_audit_stop(audit);
    shell(log.dir, "test ! -e audit.db-wal && chmod 555 .");
    CU_ASSERT_EQUAL(ask_unprivileged(log.path, NULL), 2); /* A log at rest. */
    shell(log.dir, "chmod 755 .");
    zw_test_log_remove(&log);
}

static void test_while_writing(void)
{
    struct zw_test_log log = zw_test_log_make();
    struct zw_audit *audit = start(log.path);
    size_t last = 0;
    for (unsigned int i = 0; i < 50; i++) {
        for (unsigned int k = 0; k < 100; k++) {
            put(audit, zw_test_session(i * 100 + k));
        }
        if (i % 10 == 9) {
            CU_ASSERT(zw_audit_flush(audit, 20000));
        }
        struct result result = {.n_rows = 0};
        struct zw_problems problems = ZW_PROBLEMS_INIT;
        struct zw_audit_filter all = {.limit = 0};
        CU_ASSERT_EQUAL(zw_audit_query(log.path, &all, take_row, &result, &problems), 0);
        CU_ASSERT(result.n_rows >= last && result.n_rows >= (i + 1) / 10 * 1000);
        last = result.n_rows;
    }
    CU_ASSERT_EQUAL(last, 5000);
    zw_audit_stop(audit);
    zw_test_log_remove(&log);
}

ZW_TEST_MAIN({"a log is written to be asked", test_fill},
             {"each filter gives what it says, in order", test_each_filter},
             {"names that match nothing give nothing", test_no_match},
             {"random filters give what a plain loop gives", test_random}, {"each type has its columns", test_columns},
             {"what is not IP has its EtherType", test_not_ip},
             {"a prefix of both ends gives all between them", test_both_ends},
             {"without a filter everything comes", test_everything}, {"the caller can stop", test_stop},
             {"unknown words are refused", test_bad_words},
             {"foreign files are refused with one clear text", test_foreign},
             {"a log of which pages are just being moved is a log", test_checkpoint_half_way},
             {"a log that this process writes keeps its lock when it is asked", test_own_log},
             {"a log that cannot be written to can be read", test_read_only},
             {"a log can be read while it is written", test_while_writing}, {"the log is removed", test_clean_up})
