/* SPDX-License-Identifier: Apache-2.0 */
#include "zw-config.h"

#include "controller/audit/writer.h"

#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "controller/audit/query.h"
#include "controller/audit/schema.h"
#include "tests/unit/audit-records.h"
#include "tests/unit/zw-test.h"

#define FLUSH_MS 20000

static struct zw_audit *start(const char *path)
{
    struct zw_problems problems = ZW_PROBLEMS_INIT;
    struct zw_audit *audit = NULL;
    CU_ASSERT_EQUAL(zw_audit_start(path, &audit, &problems), 0);
    CU_ASSERT_EQUAL(problems.n, 0);
    CU_ASSERT_FATAL(audit != NULL);
    zw_problems_clear(&problems);
    return audit;
}

static void put(struct zw_audit *audit, struct zw_record record)
{
    zw_audit_put(audit, &record);
}

static void put_sessions(struct zw_audit *audit, unsigned int first, unsigned int n)
{
    for (unsigned int i = first; i < first + n; i++) {
        put(audit, zw_test_session(i));
    }
}

static void wait_for_failure(struct zw_audit *audit)
{
    for (int i = 0; i < 1000 && !zw_audit_status(audit).failing; i++) {
        usleep(10000);
    }
    CU_ASSERT(zw_audit_status(audit).failing);
}

static void test_identity(void)
{
    struct zw_test_log log = zw_test_log_make();
    zw_audit_stop(start(log.path));
    CU_ASSERT_EQUAL(zw_test_log_number(log.path, "PRAGMA application_id"), ZW_AUDIT_APPLICATION_ID);
    CU_ASSERT_EQUAL(zw_test_log_number(log.path, "PRAGMA user_version"), ZW_AUDIT_SCHEMA_VERSION);
    CU_ASSERT_EQUAL(zw_test_log_number(log.path, "SELECT journal_mode = 'wal' FROM pragma_journal_mode"), 1);
    CU_ASSERT_EQUAL(zw_test_log_number(log.path, "SELECT count(*) FROM log"), 0);
    struct stat st;
    CU_ASSERT_EQUAL(stat(log.path, &st), 0);
    CU_ASSERT_EQUAL(st.st_mode & 0007, 0);
    zw_test_log_remove(&log);
}

static void test_every_type(void)
{
    struct zw_test_log log = zw_test_log_make();
    struct zw_audit *audit = start(log.path);
    put(audit, zw_test_daemon("start"));
    put(audit, zw_test_policy());
    put(audit, zw_test_session(1));
    put(audit, zw_test_denial(2));
    put(audit, zw_test_end(3));
    put(audit, zw_test_admin());
    put(audit, zw_test_gap());
    put(audit, zw_test_daemon("stop"));
    CU_ASSERT(zw_audit_flush(audit, FLUSH_MS));
    struct zw_audit_status status = zw_audit_status(audit);
    CU_ASSERT_EQUAL(status.n_put, 8);
    CU_ASSERT_EQUAL(status.n_written, 8);
    CU_ASSERT_EQUAL(status.n_lost, 0);
    CU_ASSERT_EQUAL(status.n_queued, 0);
    CU_ASSERT_FALSE(status.failing);
    CU_ASSERT(status.last_commit_us > 0);
    CU_ASSERT_STRING_EQUAL(status.path, log.path);
    zw_audit_stop(audit);

    CU_ASSERT_EQUAL(zw_test_log_number(log.path, "SELECT count(*) FROM log"), 8);
    CU_ASSERT_EQUAL(zw_test_log_number(log.path, "SELECT group_concat(type) = "
                                                 "'daemon,policy,session,denial,end,admin,gap,daemon' FROM log"),
                    1);
    CU_ASSERT_EQUAL(
        zw_test_log_number(log.path, "SELECT count(*) FROM flows WHERE type = 'session' AND verdict = 'allow' "
                                     "AND rule = 'rule-2' AND rule_number = 2 AND policy_version = 7 AND path = 'fast' "
                                     "AND from_zone = 'zone-1' AND to_zone = 'zone-1' AND from_port = 'vnet1' "
                                     "AND service = 'tcp/443' AND sport = 1 AND bridge = 'br0' AND segment = 100 "
                                     "AND src = '10.0.0.2' AND dst = '10.0.0.5' AND step = 'rule' "
                                     "AND src_mac = '02:00:00:00:00:01' AND time = '2023-11-14T22:13:20.001000Z'"),
        1);
    zw_test_log_remove(&log);
}

static void test_restart_goes_on(void)
{
    struct zw_test_log log = zw_test_log_make();
    for (unsigned int run = 0; run < 3; run++) {
        struct zw_audit *audit = start(log.path);
        put(audit, zw_test_daemon("start"));
        put_sessions(audit, run * 100, 100);
        put(audit, zw_test_daemon("stop"));
        zw_audit_stop(audit);
    }
    CU_ASSERT_EQUAL(zw_test_log_number(log.path, "SELECT count(DISTINCT sport) FROM sessions"), 300);
    CU_ASSERT_EQUAL(zw_test_log_number(log.path, "SELECT count(*) FROM sessions"), 300);
    CU_ASSERT_EQUAL(zw_test_log_number(log.path, "SELECT count(*) FROM log"), 306);
    CU_ASSERT_EQUAL(zw_test_log_number(log.path, "SELECT max(id) FROM log"), 306);
    CU_ASSERT_EQUAL(zw_test_log_number(log.path, "SELECT count(*) FROM gaps"), 0);
    zw_test_log_remove(&log);
}

/* Commits without being asked: within the bound that writer.h states (and a lot of slack for a busy machine). */
static void test_commits_by_itself(void)
{
    struct zw_test_log log = zw_test_log_make();
    struct zw_audit *audit = start(log.path);
    put_sessions(audit, 0, 3);
    for (int i = 0; i < 500 && zw_audit_status(audit).n_written < 3; i++) {
        usleep(10000);
    }
    CU_ASSERT_EQUAL(zw_audit_status(audit).n_written, 3);
    CU_ASSERT_EQUAL(zw_test_log_number(log.path, "SELECT count(*) FROM sessions"), 3);
    zw_audit_stop(audit);
    zw_test_log_remove(&log);
}

static void run_until_killed(const char *path)
{
    struct zw_problems problems = ZW_PROBLEMS_INIT;
    struct zw_audit *audit;
    if (zw_audit_start(path, &audit, &problems)) {
        _exit(1);
    }
    put(audit, zw_test_daemon("start"));
    put_sessions(audit, 0, 1000);
    if (!zw_audit_flush(audit, FLUSH_MS)) {
        _exit(1);
    }
    kill(getpid(), SIGKILL);
}

static void test_kill(void)
{
    struct zw_test_log log = zw_test_log_make();
    pid_t pid = fork();
    if (!pid) {
        run_until_killed(log.path);
    }
    int status;
    CU_ASSERT_EQUAL(waitpid(pid, &status, 0), pid);
    CU_ASSERT(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);

    struct zw_audit *audit = start(log.path);
    put(audit, zw_test_daemon("start"));
    put_sessions(audit, 1000, 10);
    zw_audit_stop(audit);
    CU_ASSERT_EQUAL(zw_test_log_number(log.path, "SELECT count(DISTINCT sport) FROM sessions"), 1010);
    CU_ASSERT_EQUAL(zw_test_log_number(log.path, "SELECT count(*) FROM sessions"), 1010);
    CU_ASSERT_EQUAL(zw_test_log_number(log.path, "SELECT count(*) FROM gaps WHERE text LIKE '%without saying so%'"), 1);
    zw_test_log_remove(&log);
}

/* A database that somebody holds a lock on. */
static sqlite3 *lock(const char *path)
{
    sqlite3 *db;
    CU_ASSERT_EQUAL(sqlite3_open(path, &db), SQLITE_OK);
    CU_ASSERT_EQUAL(sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
    return db;
}

static void test_overflow(void)
{
    struct zw_test_log log = zw_test_log_make();
    struct zw_audit *audit = start(log.path);
    sqlite3 *holder = lock(log.path);
    put_sessions(audit, 0, ZW_AUDIT_RING_RECORDS);
    for (unsigned int i = 0; i < 20; i++) {
        put(audit, zw_test_denial(i));
    }
    put_sessions(audit, 40000, 5);
    put(audit, zw_test_admin());
    struct zw_audit_status status = zw_audit_status(audit);
    CU_ASSERT_EQUAL(status.n_put, ZW_AUDIT_RING_RECORDS + 26);
    CU_ASSERT_EQUAL(status.n_lost, 26);
    CU_ASSERT_EQUAL(status.n_queued, ZW_AUDIT_RING_RECORDS);
    wait_for_failure(audit);
    CU_ASSERT_PTR_NOT_NULL(strstr(zw_audit_status(audit).error, "locked"));
    CU_ASSERT_FALSE(zw_audit_flush(audit, 50));

    sqlite3_close(holder);
    CU_ASSERT(zw_audit_flush(audit, FLUSH_MS));
    CU_ASSERT_FALSE(zw_audit_status(audit).failing);
    CU_ASSERT_STRING_EQUAL(zw_audit_status(audit).error, "");
    zw_audit_stop(audit);
    CU_ASSERT_EQUAL(zw_test_log_number(log.path, "SELECT count(*) FROM sessions"), ZW_AUDIT_RING_RECORDS);
    CU_ASSERT_EQUAL(zw_test_log_number(log.path, "SELECT count(DISTINCT sport) FROM sessions"), ZW_AUDIT_RING_RECORDS);
    CU_ASSERT_EQUAL(zw_test_log_number(log.path, "SELECT sum(n_missing) FROM gaps"), 26);
    CU_ASSERT_EQUAL(zw_test_log_number(log.path, "SELECT n_missing FROM gaps WHERE what = 'denial'"), 20);
    CU_ASSERT_EQUAL(zw_test_log_number(log.path, "SELECT n_missing FROM gaps WHERE what = 'session'"), 5);
    CU_ASSERT_EQUAL(zw_test_log_number(log.path, "SELECT to_us - from_us FROM gaps WHERE what = 'denial'"), 19000);
    CU_ASSERT_EQUAL(zw_test_log_number(log.path, "SELECT n_missing FROM gaps WHERE what = 'any'"), 1);
    zw_test_log_remove(&log);
}

static void remove_log(const char *path)
{
    static const char *const suffixes[] = {"", "-wal", "-shm"};
    for (int i = 0; i < 3; i++) {
        char name[160];
        snprintf(name, sizeof name, "%s%s", path, suffixes[i]);
        unlink(name);
    }
}

static void test_removed(void)
{
    struct zw_test_log log = zw_test_log_make();
    struct zw_audit *audit = start(log.path);
    put_sessions(audit, 0, 50);
    CU_ASSERT(zw_audit_flush(audit, FLUSH_MS));
    remove_log(log.path);
    put_sessions(audit, 50, 7);
    CU_ASSERT(zw_audit_flush(audit, FLUSH_MS));
    CU_ASSERT_EQUAL(zw_audit_status(audit).n_written, 57);
    zw_audit_stop(audit);
    CU_ASSERT_EQUAL(zw_test_log_number(log.path, "SELECT count(*) FROM sessions"), 7);
    CU_ASSERT_EQUAL(zw_test_log_number(log.path, "SELECT n_missing FROM gaps WHERE text LIKE '%replaced%'"), 50);
    zw_test_log_remove(&log);
}

/* An idle daemon notices by itself. */
static void test_removed_while_idle(void)
{
    struct zw_test_log log = zw_test_log_make();
    struct zw_audit *audit = start(log.path);
    put_sessions(audit, 0, 5);
    CU_ASSERT(zw_audit_flush(audit, FLUSH_MS));
    remove_log(log.path);
    for (int i = 0; i < 1000 && access(log.path, F_OK); i++) {
        usleep(10000);
    }
    CU_ASSERT_EQUAL(access(log.path, F_OK), 0);
    zw_audit_stop(audit);
    CU_ASSERT_EQUAL(zw_test_log_number(log.path, "SELECT n_missing FROM gaps"), 5);
    zw_test_log_remove(&log);
}

/* What a crash left beside a log that was removed then must not come back in the new one. */
static void test_stale_wal(void)
{
    struct zw_test_log log = zw_test_log_make();
    pid_t pid = fork();
    if (!pid) {
        run_until_killed(log.path);
    }
    int status;
    CU_ASSERT_EQUAL(waitpid(pid, &status, 0), pid);
    CU_ASSERT_EQUAL(unlink(log.path), 0);
    struct zw_audit *audit = start(log.path);
    put_sessions(audit, 0, 3);
    zw_audit_stop(audit);
    CU_ASSERT_EQUAL(zw_test_log_number(log.path, "SELECT count(*) FROM log"), 3);
    CU_ASSERT_EQUAL(zw_test_log_number(log.path, "SELECT integrity_check = 'ok' FROM pragma_integrity_check"), 1);
    zw_test_log_remove(&log);
}

/* As a rotation by hand does it: the old file stays whole, and the new one goes on. */
static void test_moved_away(void)
{
    struct zw_test_log log = zw_test_log_make();
    char moved[160];
    snprintf(moved, sizeof moved, "%s.1", log.path);
    struct zw_audit *audit = start(log.path);
    put_sessions(audit, 0, 50);
    CU_ASSERT(zw_audit_flush(audit, FLUSH_MS));
    CU_ASSERT_EQUAL(rename(log.path, moved), 0);
    put_sessions(audit, 50, 7);
    CU_ASSERT(zw_audit_flush(audit, FLUSH_MS));
    zw_audit_stop(audit);
    CU_ASSERT_EQUAL(zw_test_log_number(moved, "SELECT count(*) FROM sessions"), 50);
    CU_ASSERT_EQUAL(zw_test_log_number(log.path, "SELECT count(*) FROM sessions"), 7);
    zw_test_log_remove(&log);
}

static void write_file(const char *path, const void *data, size_t size)
{
    FILE *file = fopen(path, "w");
    CU_ASSERT_FATAL(file != NULL);
    CU_ASSERT_EQUAL(fwrite(data, 1, size, file), size);
    fclose(file);
}

static void test_replaced_by_foreign(void)
{
    struct zw_test_log log = zw_test_log_make();
    struct zw_audit *audit = start(log.path);
    put_sessions(audit, 0, 5);
    CU_ASSERT(zw_audit_flush(audit, FLUSH_MS));
    remove_log(log.path);
    write_file(log.path, "some notes", 10);
    put_sessions(audit, 5, 5);
    wait_for_failure(audit);
    CU_ASSERT_PTR_NOT_NULL(strstr(zw_audit_status(audit).error, "is not an audit log"));
    struct stat st;
    CU_ASSERT_EQUAL(stat(log.path, &st), 0);
    CU_ASSERT_EQUAL(st.st_size, 10);

    unlink(log.path);
    CU_ASSERT(zw_audit_flush(audit, FLUSH_MS));
    zw_audit_stop(audit);
    CU_ASSERT_EQUAL(zw_test_log_number(log.path, "SELECT count(*) FROM sessions"), 5);
    zw_test_log_remove(&log);
}

/* What must not be touched. */

static char *read_file(const char *path, size_t *size)
{
    FILE *file = fopen(path, "r");
    char *data = malloc(1 << 20);
    *size = file && data ? fread(data, 1, 1 << 20, file) : 0;
    if (file) {
        fclose(file);
    }
    return data;
}

/* It starts, and fails with 'expected' in its one clear text. */
static void check_failing(const char *path, const char *expected)
{
    struct zw_audit *audit = start(path);
    struct zw_audit_status status = zw_audit_status(audit);
    CU_ASSERT(status.failing);
    CU_ASSERT_PTR_NOT_NULL(strstr(status.error, expected));
    if (!strstr(status.error, expected)) {
        printf("# \"%s\", not \"%s\"\n", status.error, expected);
    }
    zw_audit_stop(audit);
}

/* The file stays as it was, with nothing new beside it. */
static void check_refused(const struct zw_test_log *log, const char *expected)
{
    size_t before_size, after_size;
    char *before = read_file(log->path, &before_size);
    check_failing(log->path, expected);
    char *after = read_file(log->path, &after_size);
    CU_ASSERT_EQUAL(before_size, after_size);
    CU_ASSERT_EQUAL(memcmp(before, after, before_size), 0);
    char sidecar[160];
    snprintf(sidecar, sizeof sidecar, "%s-shm", log->path);
    CU_ASSERT(access(sidecar, F_OK) < 0);
    free(before);
    free(after);
}

static void test_foreign(void)
{
    struct zw_test_log log = zw_test_log_make();
    char garbage[5000];
    memset(garbage, 'x', sizeof garbage);
    write_file(log.path, garbage, sizeof garbage);
    check_refused(&log, "is not an audit log: not an SQLite database");
    write_file(log.path, "SQLite format 3", 16);
    check_refused(&log, "shorter than the header");

    unlink(log.path);
    CU_ASSERT_EQUAL(zw_test_log_run(log.path, "CREATE TABLE t (x)"), 0);
    check_refused(&log, "an SQLite database of another program");
    CU_ASSERT_EQUAL(zw_test_log_run(log.path, "PRAGMA application_id = 1234; PRAGMA journal_mode = WAL"), 0);
    check_refused(&log, "an SQLite database of another program");

    unlink(log.path);
    CU_ASSERT_EQUAL(mkdir(log.path, 0700), 0);
    check_failing(log.path, "");
    zw_test_log_remove(&log);
}

static void test_newer(void)
{
    struct zw_test_log log = zw_test_log_make();
    zw_audit_stop(start(log.path));
    CU_ASSERT_EQUAL(zw_test_log_run(log.path, "PRAGMA user_version = 99; PRAGMA wal_checkpoint(TRUNCATE)"), 0);
    check_refused(&log, "schema version 99, written by a newer zonewardd");
    zw_test_log_remove(&log);
}

static void test_damaged(void)
{
    struct zw_test_log log = zw_test_log_make();
    struct zw_audit *audit = start(log.path);
    put_sessions(audit, 0, 100);
    zw_audit_stop(audit);
    CU_ASSERT_EQUAL(truncate(log.path, 4096), 0);
    check_failing(log.path, "malformed");
    zw_test_log_remove(&log);
}

static void test_no_folder(void)
{
    check_failing("/nonexistent/folder/audit.db", "cannot create the audit log: No such file or directory");
}

static void test_empty_file(void)
{
    struct zw_test_log log = zw_test_log_make();
    write_file(log.path, "", 0);
    CU_ASSERT_EQUAL(chmod(log.path, 0604), 0);
    struct zw_audit *audit = start(log.path);
    put_sessions(audit, 0, 1);
    zw_audit_stop(audit);
    struct stat st;
    CU_ASSERT_EQUAL(stat(log.path, &st), 0);
    CU_ASSERT_EQUAL(st.st_mode & 0777, 0604);
    CU_ASSERT_EQUAL(zw_test_log_number(log.path, "SELECT count(*) FROM sessions"), 1);
    zw_test_log_remove(&log);
}

/* A link, also one to nothing yet, stays a link. */
static void test_link(void)
{
    struct zw_test_log log = zw_test_log_make();
    char place[160];
    snprintf(place, sizeof place, "%s/elsewhere.db", log.dir);
    CU_ASSERT_EQUAL(symlink(place, log.path), 0);
    for (unsigned int run = 0; run < 2; run++) {
        struct zw_audit *audit = start(log.path);
        put_sessions(audit, run, 1);
        zw_audit_stop(audit);
    }
    struct stat st;
    CU_ASSERT_EQUAL(lstat(log.path, &st), 0);
    CU_ASSERT(S_ISLNK(st.st_mode));
    CU_ASSERT_EQUAL(zw_test_log_number(place, "SELECT count(*) FROM sessions"), 2);
    zw_test_log_remove(&log);
}

static char *read_text(const char *name)
{
    const char *srcdir = getenv("ZW_SRCDIR");
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", srcdir ? srcdir : ".", name);
    FILE *file = fopen(path, "r");
    CU_ASSERT_FATAL(file != NULL);
    char *text = calloc(1, 1 << 16);
    CU_ASSERT_FATAL(text && fread(text, 1, (1 << 16) - 1, file) > 0);
    fclose(file);
    return text;
}

/* A log that version 1 wrote: what it holds stays, and its tables and views are those of a new log. */
static void test_older(void)
{
    struct zw_test_log log = zw_test_log_make(), fresh = zw_test_log_make();
    char *old = read_text("tests/unit/audit-1.sql"), sql[1000], other[200];
    CU_ASSERT_EQUAL(zw_test_log_run(log.path, old), 0);
    CU_ASSERT_EQUAL(zw_test_log_run(log.path,
                                    "PRAGMA journal_mode = WAL;"
                                    "INSERT INTO daemon VALUES (1, 5, 'start', ''), (2, 6, 'stop', '');"
                                    "INSERT INTO decisions VALUES (1,'r',1,1,'rule','fast','a','b','','','',0);"
                                    "INSERT INTO addresses VALUES (1, '10.0.0.1', x'040a000001');"
                                    "INSERT INTO tuples VALUES (1, 1, 1, 1, 6, 80, 0, 0);"
                                    "INSERT INTO sessions VALUES (3, 7, 1, 1000)"),
                    0);
    struct zw_problems problems = ZW_PROBLEMS_INIT;
    CU_ASSERT_EQUAL(zw_audit_query(log.path, &(struct zw_audit_filter){.limit = 1}, NULL, NULL, &problems), ENOTSUP);
    CU_ASSERT(problems.n == 1 && strstr(problems.list[0].text, "schema version 1"));
    zw_problems_clear(&problems);

    struct zw_audit *audit = start(log.path);
    put(audit, zw_test_end(1));
    zw_audit_stop(audit);
    zw_audit_stop(start(fresh.path));
    CU_ASSERT_EQUAL(zw_test_log_number(log.path, "PRAGMA user_version"), ZW_AUDIT_SCHEMA_VERSION);
    CU_ASSERT_EQUAL(zw_test_log_number(log.path, "SELECT count(*) FROM flows WHERE id = 3 AND rule = 'r'"), 1);
    CU_ASSERT_EQUAL(zw_test_log_number(log.path, "SELECT count(*) FROM log WHERE id = 4 AND type = 'end' AND text LIKE "
                                                 "'%; policy, let in by was-rule of version 6'"),
                    1);
    snprintf(sql, sizeof sql,
             "ATTACH '%s' AS a; ATTACH '%s' AS b; CREATE TABLE none (n CHECK (n = 0));"
             "INSERT INTO none SELECT count(*) FROM (SELECT type, name, sql FROM a.sqlite_schema EXCEPT "
             "                                       SELECT type, name, sql FROM b.sqlite_schema);"
             "INSERT INTO none SELECT count(*) FROM (SELECT type, name, sql FROM b.sqlite_schema EXCEPT "
             "                                       SELECT type, name, sql FROM a.sqlite_schema)",
             log.path, fresh.path);
    snprintf(other, sizeof other, "%s/other.db", log.dir);
    fclose(fopen(other, "w"));
    CU_ASSERT_EQUAL(zw_test_log_run(other, sql), 0);
    zw_test_log_remove(&log);
    zw_test_log_remove(&fresh);
    free(old);
}

static void test_append_only(void)
{
    struct zw_test_log log = zw_test_log_make();
    struct zw_audit *audit = start(log.path);
    put(audit, zw_test_policy());
    put(audit, zw_test_daemon("start"));
    put(audit, zw_test_session(1));
    put(audit, zw_test_denial(1));
    put(audit, zw_test_end(1));
    put(audit, zw_test_admin());
    put(audit, zw_test_gap());
    zw_audit_stop(audit);
    static const char *const tables[] = {"decisions", "addresses", "tuples", "sessions", "denials",
                                         "ends",      "policies",  "daemon", "admin",    "gaps"};
    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++) {
        char sql[80];
        snprintf(sql, sizeof sql, "DELETE FROM %s", tables[i]);
        CU_ASSERT_EQUAL(zw_test_log_run(log.path, sql), SQLITE_CONSTRAINT);
        snprintf(sql, sizeof sql, "UPDATE %s SET id = id", tables[i]);
        CU_ASSERT_EQUAL(zw_test_log_run(log.path, sql), SQLITE_CONSTRAINT);
    }
    CU_ASSERT_EQUAL(zw_test_log_number(log.path, "SELECT count(*) FROM log"), 7);
    zw_test_log_remove(&log);
}

ZW_TEST_MAIN({"a new log says whose it is", test_identity}, {"every type of record arrives", test_every_type},
             {"a restart goes on in the same log", test_restart_goes_on},
             {"records are committed without being asked", test_commits_by_itself},
             {"after kill -9 the log opens, goes on and says so", test_kill},
             {"what does not fit is counted in gap records", test_overflow},
             {"a log that was removed is begun anew and says so", test_removed},
             {"an idle writer notices that the log was removed", test_removed_while_idle},
             {"a new log does not inherit what a crash left", test_stale_wal},
             {"a log that was moved away stays whole", test_moved_away},
             {"a foreign file in the log's place is left alone until it is gone", test_replaced_by_foreign},
             {"foreign files are refused and not touched", test_foreign},
             {"a newer schema is refused and not touched", test_newer},
             {"an older log is brought up, and is then as a new one", test_older},
             {"a damaged log is refused", test_damaged}, {"a folder that does not exist is said so", test_no_folder},
             {"an empty file becomes a log", test_empty_file}, {"a symbolic link is followed", test_link},
             {"the tables refuse changes", test_append_only})
