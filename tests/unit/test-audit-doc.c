/* SPDX-License-Identifier: Apache-2.0 */
/* Runs what doc/audit-log.md tells people to run, and looks whether it names what there is. */
#include "zw-config.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "controller/audit/writer.h"
#include "tests/unit/audit-records.h"
#include "tests/unit/zw-test.h"

static struct zw_test_log log_;
static char *text;
static sqlite3 *db;

static char *read_document(void)
{
    const char *srcdir = getenv("ZW_SRCDIR");
    char path[4096];
    snprintf(path, sizeof path, "%s/doc/audit-log.md", srcdir ? srcdir : ".");
    FILE *file = fopen(path, "r");
    CU_ASSERT_FATAL(file != NULL);
    char *data = calloc(1, 1 << 16);
    CU_ASSERT(data && fread(data, 1, (1 << 16) - 1, file) > 0);
    fclose(file);
    return data;
}

static void put(struct zw_audit *audit, struct zw_record record)
{
    record.time_us = zw_audit_now_us(); /* "The last day" is asked for. */
    zw_audit_put(audit, &record);
}

static void test_set_up(void)
{
    text = read_document();
    log_ = zw_test_log_make();
    struct zw_problems problems = ZW_PROBLEMS_INIT;
    struct zw_audit *audit;
    CU_ASSERT_EQUAL_FATAL(zw_audit_start(log_.path, &audit, &problems), 0);
    put(audit, zw_test_daemon("start"));
    put(audit, zw_test_policy());
    put(audit, zw_test_admin());
    put(audit, zw_test_gap());
    for (unsigned int i = 0; i < 30; i++) {
        put(audit, i % 3 ? zw_test_session(i) : zw_test_denial(i));
    }
    put(audit, zw_test_end(1));
    CU_ASSERT(zw_audit_flush(audit, 20000));
    zw_audit_stop(audit);
    CU_ASSERT_EQUAL_FATAL(sqlite3_open_v2(log_.path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
}

static int run(const char *sql)
{
    sqlite3_stmt *stmt;
    int n_rows = 0;
    int rc = sqlite3_prepare_v2(db, sql, -1, &stmt, NULL);
    while (rc == SQLITE_OK && sqlite3_step(stmt) == SQLITE_ROW) {
        n_rows++;
    }
    if (rc == SQLITE_OK) {
        rc = sqlite3_finalize(stmt);
    }
    if (rc != SQLITE_OK || !n_rows) {
        printf("# %d rows, %s:\n# %.100s\n", n_rows, sqlite3_errmsg(db), sql);
    }
    return rc == SQLITE_OK ? n_rows : -1;
}

static void test_examples(void)
{
    int n_examples = 0;
    const char *start = text;
    while ((start = strstr(start, "```sql\n"))) {
        start += strlen("```sql\n");
        const char *end = strstr(start, "```");
        CU_ASSERT_FATAL(end != NULL);
        char *sql = strndup(start, (size_t)(end - start));
        CU_ASSERT(run(sql) > 0);
        free(sql);
        n_examples++;
        start = end + 3;
    }
    CU_ASSERT(n_examples >= 7);
}

static void test_names(void)
{
    sqlite3_stmt *stmt;
    CU_ASSERT_EQUAL(sqlite3_prepare_v2(db,
                                       "SELECT '`' || name || '`' FROM sqlite_schema WHERE type IN ('table', 'view')",
                                       -1, &stmt, NULL),
                    SQLITE_OK);
    int n_names = 0;
    while (sqlite3_step(stmt) == SQLITE_ROW) {
        const char *name = (const char *)sqlite3_column_text(stmt, 0);
        CU_ASSERT_PTR_NOT_NULL(strstr(text, name));
        if (!strstr(text, name)) {
            printf("# %s is not explained\n", name);
        }
        n_names++;
    }
    sqlite3_finalize(stmt);
    CU_ASSERT(n_names > 10);
}

static void test_bounds(void)
{
    char bound[40];
    snprintf(bound, sizeof bound, " %d records", ZW_AUDIT_RING_RECORDS);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, bound));
    snprintf(bound, sizeof bound, " %d ms after", ZW_AUDIT_COMMIT_MS);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, bound));
}

static void test_clean_up(void)
{
    sqlite3_close(db);
    zw_test_log_remove(&log_);
    free(text);
}

ZW_TEST_MAIN({"a log is written", test_set_up}, {"every example runs and shows something", test_examples},
             {"every table and view is named", test_names}, {"its numbers are the program's", test_bounds},
             {"the log is removed", test_clean_up})
