/* SPDX-License-Identifier: Apache-2.0 */
/* `zoneward audit query` on a log that the writer wrote. */
#include "zw-config.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "controller/audit/writer.h"
#include "controller/cli/cli.h"
#include "tests/unit/audit-records.h"
#include "tests/unit/zw-test.h"

#define N_SESSIONS 60
#define N_DENIALS 30
#define N_ALL (N_SESSIONS + N_DENIALS + 2)

static struct zw_test_log log_;
static char *out, *err;

static void write_log(void)
{
    struct zw_problems problems = ZW_PROBLEMS_INIT;
    struct zw_audit *audit;

    log_ = zw_test_log_make();
    CU_ASSERT_EQUAL_FATAL(zw_audit_start(log_.path, &audit, &problems), 0);
    for (unsigned int i = 0; i < N_SESSIONS; i++) {
        struct zw_record record = zw_test_session(i);
        zw_audit_put(audit, &record);
    }
    for (unsigned int i = 0; i < N_DENIALS; i++) {
        struct zw_record record = zw_test_denial(i);
        zw_audit_put(audit, &record);
    }
    struct zw_record policy = zw_test_policy(), admin = zw_test_admin();
    zw_audit_put(audit, &policy);
    zw_audit_put(audit, &admin);
    zw_audit_stop(audit);
}

/* Runs `zoneward audit query --db=LOG` with the options, which end with NULL. */
static int query(const char *option, ...)
{
    char db[256];
    char *argv[32] = {(char *)"zoneward", (char *)"audit", (char *)"query", db};
    int argc = 4;
    size_t size;
    va_list args;

    snprintf(db, sizeof db, "--db=%s", log_.path);
    va_start(args, option);
    for (; option; option = va_arg(args, const char *)) {
        argv[argc++] = (char *)option;
    }
    va_end(args);
    free(out);
    free(err);
    FILE *out_file = open_memstream(&out, &size), *err_file = open_memstream(&err, &size);
    int status = zw_cli_run(argc, argv, out_file, err_file);
    fclose(out_file);
    fclose(err_file);
    return status;
}

static size_t count_lines(void)
{
    size_t n = 0;

    for (const char *p = out; *p; p++) {
        n += *p == '\n';
    }
    return n;
}

static void end(void)
{
    free(out);
    free(err);
    out = err = NULL;
    zw_test_log_remove(&log_);
}

static void test_formats(void)
{
    write_log();
    CU_ASSERT_EQUAL(query(NULL), 0);
    CU_ASSERT_EQUAL(count_lines(), N_ALL + 1);
    CU_ASSERT_EQUAL(strncmp(out, "TIME ", 5), 0);
    CU_ASSERT_PTR_NULL(strstr(out, " \n"));
    CU_ASSERT_EQUAL(query("--format=csv", NULL), 0);
    CU_ASSERT_EQUAL(count_lines(), N_ALL + 1);
    CU_ASSERT_EQUAL(query("--json", NULL), 0);
    CU_ASSERT_EQUAL(count_lines(), N_ALL);
    char *line = strtok(out, "\n");
    for (; line; line = strtok(NULL, "\n")) {
        cJSON *json = cJSON_Parse(line);
        const cJSON *version = cJSON_GetObjectItem(json, "policy_version");
        CU_ASSERT(cJSON_IsObject(json));
        CU_ASSERT(cJSON_IsString(cJSON_GetObjectItem(json, "time")));
        CU_ASSERT(cJSON_IsNumber(version) || cJSON_IsNull(version));
        cJSON_Delete(json);
    }
    end();
}

/* How many rows a query has; -1 if it fails. */
static int rows(const char *a, const char *b)
{
    return query("--json", a, b, NULL) ? -1 : (int)count_lines();
}

static void test_filters(void)
{
    write_log();
    CU_ASSERT_EQUAL(rows("--type=session", NULL), N_SESSIONS);
    CU_ASSERT_EQUAL(rows("--verdict=deny", NULL), N_DENIALS);
    CU_ASSERT_EQUAL(rows("--type=admin", NULL), 1);
    CU_ASSERT_EQUAL(rows("--limit=7", NULL), 7);
    CU_ASSERT_EQUAL(rows("--path=slow", "--type=session"), N_SESSIONS / 4);
    CU_ASSERT_EQUAL(rows("--rule=rule-1", "--type=session"), N_SESSIONS / 6);
    CU_ASSERT_EQUAL(rows("--from=zone-0", "--type=session"), N_SESSIONS / 3);
    CU_ASSERT_EQUAL(rows("--to=zone-0", "--type=session"), N_SESSIONS / 4);
    CU_ASSERT_EQUAL(rows("--zone=zone-3", "--type=session"), N_SESSIONS / 4);
    CU_ASSERT_EQUAL(rows("--service=443", "--type=session"), N_SESSIONS / 2);
    CU_ASSERT_EQUAL(rows("--service=udp", "--type=session"), N_SESSIONS / 5);
    CU_ASSERT_EQUAL(rows("--service=udp/53", "--type=session"), N_SESSIONS / 10);
    CU_ASSERT(rows("--service=tcp", "--type=session") > 0);
    CU_ASSERT_EQUAL(rows("--service=tcp/0", "--type=session"), 0); /* No packet has port 0; it is not any port. */
    CU_ASSERT_EQUAL(rows("--service=0", "--type=session"), 0);
    CU_ASSERT(rows("--address=10.0.0.0/8", "--type=session") > 0);
    CU_ASSERT(rows("--port=vnet8", NULL) > 0);
    CU_ASSERT_EQUAL(rows("--rule=no-such-rule", NULL), 0);
    CU_ASSERT_EQUAL(rows("--since=2023-11-14T22:13:20.030Z", "--type=session"), N_SESSIONS - 30);
    CU_ASSERT_EQUAL(rows("--until=2023-11-14T22:13:20.030Z", "--type=session"), 30);
    end();
}

static void test_state_dir(void)
{
    char state_dir[128];
    char *argv[] = {(char *)"zoneward", (char *)"audit", (char *)"query", state_dir, (char *)"--json"};
    size_t size;

    write_log();
    snprintf(state_dir, sizeof state_dir, "--state-dir=%s", log_.dir);
    FILE *out_file = open_memstream(&out, &size), *err_file = open_memstream(&err, &size);
    int status = zw_cli_run(5, argv, out_file, err_file);
    fclose(out_file);
    fclose(err_file);
    CU_ASSERT_EQUAL(status, strcmp(strrchr(log_.path, '/'), "/" ZW_AUDIT_FILE) ? ZW_EXIT_FILE : ZW_EXIT_OK);
    end();
}

static void test_manual_has_the_columns(void)
{
    const char *srcdir = getenv("ZW_SRCDIR");
    char path[4096], word[64];
    static char page[1 << 18];

    write_log();
    CU_ASSERT_EQUAL(query("--format=csv", "--limit=1", NULL), 0);
    snprintf(path, sizeof path, "%s/doc/zoneward.1", srcdir ? srcdir : ".");
    FILE *file = fopen(path, "r");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    page[fread(page, 1, sizeof page - 1, file)] = '\0';
    fclose(file);
    const char *section = strstr(page, ".Ss audit query");
    CU_ASSERT_PTR_NOT_NULL_FATAL(section);
    *strchr(out, '\r') = '\0';
    for (char *name = strtok(out, ","); name; name = strtok(NULL, ",")) {
        snprintf(word, sizeof word, " %s ", name);
        if (!strstr(section, word)) {
            printf("# zoneward(1) does not have the column %s\n", name);
            CU_FAIL("a column is missing");
        }
    }
    end();
}

ZW_TEST_MAIN({"table, CSV and JSON lines", test_formats}, {"every filter", test_filters},
             {"the log in the state directory", test_state_dir},
             {"the manual has every column", test_manual_has_the_columns})
