/* SPDX-License-Identifier: Apache-2.0 */
/* Fails the n-th write, truncation or sync of SQLite, for every n, and looks whether each record is there once. */
#include "zw-config.h"

#include <pthread.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "controller/audit/writer.h"
#include "controller/base/log.h"
#include "tests/unit/audit-records.h"
#include "tests/unit/zw-test.h"

#define FLUSH_MS 20000

/* A VFS that passes everything on to the usual one, but for the operations that are to fail. */

static sqlite3_vfs *usual;
static sqlite3_vfs failing;
static atomic_int n_operations, first_to_fail, n_to_fail, how_to_fail; /* From 1; 0: none. */

struct file {
    sqlite3_file base;
    sqlite3_file *real; /* Lies behind this. */
};

static sqlite3_file *real(sqlite3_file *file)
{
    return ((struct file *)file)->real;
}

static bool is_to_fail(void)
{
    int n = atomic_fetch_add(&n_operations, 1) + 1;
    int first = atomic_load(&first_to_fail);
    return first && n >= first && n < first + atomic_load(&n_to_fail);
}

static int file_close(sqlite3_file *f)
{
    return real(f)->pMethods->xClose(real(f));
}

static int file_read(sqlite3_file *f, void *data, int n, sqlite3_int64 offset)
{
    return real(f)->pMethods->xRead(real(f), data, n, offset);
}

static int file_write(sqlite3_file *f, const void *data, int n, sqlite3_int64 offset)
{
    if (is_to_fail()) {
        real(f)->pMethods->xWrite(real(f), data, n / 2, offset); /* Half of it arrives. */
        return atomic_load(&how_to_fail);
    }
    return real(f)->pMethods->xWrite(real(f), data, n, offset);
}

static int file_truncate(sqlite3_file *f, sqlite3_int64 size)
{
    return is_to_fail() ? SQLITE_IOERR_TRUNCATE : real(f)->pMethods->xTruncate(real(f), size);
}

/* What was written may well be on the disk. */
static int file_sync(sqlite3_file *f, int flags)
{
    int rc = real(f)->pMethods->xSync(real(f), flags);
    return is_to_fail() ? SQLITE_IOERR_FSYNC : rc;
}

static int file_size(sqlite3_file *f, sqlite3_int64 *size)
{
    return real(f)->pMethods->xFileSize(real(f), size);
}

static int file_lock(sqlite3_file *f, int level)
{
    return real(f)->pMethods->xLock(real(f), level);
}

static int file_unlock(sqlite3_file *f, int level)
{
    return real(f)->pMethods->xUnlock(real(f), level);
}

static int file_check_lock(sqlite3_file *f, int *is_reserved)
{
    return real(f)->pMethods->xCheckReservedLock(real(f), is_reserved);
}

static int file_control(sqlite3_file *f, int operation, void *arg)
{
    return real(f)->pMethods->xFileControl(real(f), operation, arg);
}

static int file_sector_size(sqlite3_file *f)
{
    return real(f)->pMethods->xSectorSize(real(f));
}

static int file_characteristics(sqlite3_file *f)
{
    return real(f)->pMethods->xDeviceCharacteristics(real(f));
}

static int file_shm_map(sqlite3_file *f, int page, int size, int extend, void volatile **memory)
{
    return real(f)->pMethods->xShmMap(real(f), page, size, extend, memory);
}

static int file_shm_lock(sqlite3_file *f, int offset, int n, int flags)
{
    return real(f)->pMethods->xShmLock(real(f), offset, n, flags);
}

static void file_shm_barrier(sqlite3_file *f)
{
    real(f)->pMethods->xShmBarrier(real(f));
}

static int file_shm_unmap(sqlite3_file *f, int delete)
{
    return real(f)->pMethods->xShmUnmap(real(f), delete);
}

static const sqlite3_io_methods methods = {
    .iVersion = 2,
    .xClose = file_close,
    .xRead = file_read,
    .xWrite = file_write,
    .xTruncate = file_truncate,
    .xSync = file_sync,
    .xFileSize = file_size,
    .xLock = file_lock,
    .xUnlock = file_unlock,
    .xCheckReservedLock = file_check_lock,
    .xFileControl = file_control,
    .xSectorSize = file_sector_size,
    .xDeviceCharacteristics = file_characteristics,
    .xShmMap = file_shm_map,
    .xShmLock = file_shm_lock,
    .xShmBarrier = file_shm_barrier,
    .xShmUnmap = file_shm_unmap,
};

static int vfs_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *f, int flags, int *out_flags)
{
    struct file *file = (struct file *)f;
    file->real = (sqlite3_file *)(file + 1);
    int rc = usual->xOpen(usual, name, file->real, flags, out_flags);
    file->base.pMethods = file->real->pMethods ? &methods : NULL;
    return rc;
}

static void test_install(void)
{
    usual = sqlite3_vfs_find(NULL);
    failing = *usual;
    failing.zName = "failing";
    failing.pNext = NULL;
    failing.szOsFile += (int)sizeof(struct file);
    failing.xOpen = vfs_open;
    CU_ASSERT_EQUAL(sqlite3_vfs_register(&failing, 1), SQLITE_OK);
    zw_log_set_level(ZW_LOG_ERR); /* Not each recovery. */
}

static void fail_operations(int first, int n, int how)
{
    atomic_store(&n_operations, 0);
    atomic_store(&how_to_fail, how);
    atomic_store(&n_to_fail, n);
    atomic_store(&first_to_fail, first);
}

/* One life of a log. */

static void put_sessions(struct zw_audit *audit, unsigned int first, unsigned int n)
{
    for (unsigned int i = first; i < first + n; i++) {
        struct zw_record record = zw_test_session(i);
        zw_audit_put(audit, &record);
    }
}

static bool is_whole(const char *path, int64_t n_sessions)
{
    char sql[200];
    snprintf(sql, sizeof sql,
             "SELECT count(*) = %d AND count(DISTINCT sport) = %d AND max(id) = %d AND "
             "(SELECT integrity_check = 'ok' FROM pragma_integrity_check) FROM sessions",
             (int)n_sessions, (int)n_sessions, (int)n_sessions);
    return zw_test_log_number(path, sql) == 1;
}

/* Returns how many operations there were. */
static int live(int first, int n, int how)
{
    struct zw_test_log log = zw_test_log_make();
    struct zw_problems problems = ZW_PROBLEMS_INIT;
    struct zw_audit *audit = NULL;
    fail_operations(first, n, how);
    CU_ASSERT_EQUAL(zw_audit_start(log.path, &audit, &problems), 0);
    CU_ASSERT_FATAL(audit != NULL);
    put_sessions(audit, 0, 40);
    bool ok = zw_audit_flush(audit, FLUSH_MS);
    put_sessions(audit, 40, 40);
    ok &= zw_audit_flush(audit, FLUSH_MS);
    put_sessions(audit, 80, 20);
    zw_audit_stop(audit);
    int n_done = atomic_load(&n_operations);
    fail_operations(0, 0, 0);
    ok &= is_whole(log.path, 100);
    CU_ASSERT(ok);
    if (!ok) {
        printf("# when %d operations from the %d-th on fail with %d\n", n, first, how);
    }
    zw_test_log_remove(&log);
    return n_done;
}

/* Until there are fewer operations than the one that is to fail. */
static void live_many_times(int n, int how, int step)
{
    int first = 1;
    while (live(first, n, how) >= first) {
        first += step;
    }
    CU_ASSERT(first > 20);
}

static void test_full(void)
{
    live_many_times(1, SQLITE_FULL, 1);
}

static void test_io_error(void)
{
    live_many_times(1, SQLITE_IOERR_WRITE, 1);
}

static void test_several(void)
{
    live_many_times(4, SQLITE_FULL, 3);
}

/* A disk that stays full for long, and then not. */
static void test_long(void)
{
    struct zw_test_log log = zw_test_log_make();
    struct zw_problems problems = ZW_PROBLEMS_INIT;
    struct zw_audit *audit = NULL;
    CU_ASSERT_EQUAL(zw_audit_start(log.path, &audit, &problems), 0);
    CU_ASSERT_FATAL(audit != NULL);
    put_sessions(audit, 0, 10);
    CU_ASSERT(zw_audit_flush(audit, FLUSH_MS));
    fail_operations(1, 1000000, SQLITE_FULL);
    put_sessions(audit, 10, 20);
    CU_ASSERT_FALSE(zw_audit_flush(audit, 300));
    struct zw_audit_status status = zw_audit_status(audit);
    CU_ASSERT(status.failing);
    CU_ASSERT_STRING_EQUAL(status.error, "database or disk is full");
    CU_ASSERT(status.failing_since_us >= status.last_commit_us);
    CU_ASSERT_EQUAL(status.n_queued, 20);
    CU_ASSERT_EQUAL(status.n_written, 10);
    fail_operations(0, 0, 0);
    CU_ASSERT(zw_audit_flush(audit, FLUSH_MS));
    CU_ASSERT_FALSE(zw_audit_status(audit).failing);
    zw_audit_stop(audit);
    CU_ASSERT(is_whole(log.path, 30));
    zw_test_log_remove(&log);
}

/* A real limit of the system: the signal that comes with it must not end the daemon. */
static int live_under_limit(const char *path)
{
    struct rlimit limit;
    getrlimit(RLIMIT_FSIZE, &limit);
    rlim_t before = limit.rlim_cur;
    struct zw_problems problems = ZW_PROBLEMS_INIT;
    struct zw_audit *audit;
    if (zw_audit_start(path, &audit, &problems)) {
        return 1;
    }
    limit.rlim_cur = 256 << 10;
    setrlimit(RLIMIT_FSIZE, &limit);
    put_sessions(audit, 0, 20000);
    bool flushed = zw_audit_flush(audit, 500);
    struct zw_audit_status status = zw_audit_status(audit);
    if (flushed || !status.failing || !strstr(status.error, "disk I/O error")) {
        return 2;
    }
    limit.rlim_cur = before;
    setrlimit(RLIMIT_FSIZE, &limit);
    bool ok = zw_audit_flush(audit, FLUSH_MS);
    zw_audit_stop(audit);
    return ok ? 0 : 3;
}

static void test_limit(void)
{
    struct zw_test_log log = zw_test_log_make();
    pid_t pid = fork();
    if (!pid) {
        _exit(live_under_limit(log.path));
    }
    int status;
    CU_ASSERT_EQUAL(waitpid(pid, &status, 0), pid);
    CU_ASSERT(WIFEXITED(status));
    CU_ASSERT_EQUAL(WEXITSTATUS(status), 0);
    CU_ASSERT(is_whole(log.path, 20000));
    zw_test_log_remove(&log);
}

ZW_TEST_MAIN({"a VFS that fails is put in", test_install}, {"a disk that is full once, at each write", test_full},
             {"an I/O error once, at each write", test_io_error}, {"several failures in a row", test_several},
             {"a disk that is full for long", test_long}, {"the system's limit of a file's size", test_limit})
