/* SPDX-License-Identifier: Apache-2.0 */
#include "zw-config.h"

#include "controller/base/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/zw-test.h"

static char output[65536];
static int saved_stderr;
static FILE *capture;

static void capture_start(void)
{
    saved_stderr = dup(STDERR_FILENO);
    capture = tmpfile();
    dup2(fileno(capture), STDERR_FILENO);
}

/* Leaves in 'output' what was written to standard error since capture_start(). */
static void capture_end(void)
{
    size_t n;

    dup2(saved_stderr, STDERR_FILENO);
    close(saved_stderr);
    rewind(capture);
    n = fread(output, 1, sizeof output - 1, capture);
    output[n] = '\0';
    fclose(capture);
}

static size_t n_lines(void)
{
    size_t n = 0;

    for (const char *p = output; *p; p++) {
        n += *p == '\n';
    }
    return n;
}

static void test_line_has_time_and_level(void)
{
    int year, month, day, hour, minute, second, ms, end = 0;

    capture_start();
    zw_log(ZW_LOG_WARN, "bridge %s is gone", "br0");
    capture_end();
    CU_ASSERT_EQUAL(sscanf(output, "%d-%d-%dT%d:%d:%d.%dZ %n", &year, &month, &day, &hour, &minute, &second, &ms, &end),
                    7);
    CU_ASSERT_STRING_EQUAL(output + end, "warning: bridge br0 is gone\n");
}

static void test_level_filters(void)
{
    enum zw_severity level;

    CU_ASSERT_EQUAL(zw_log_get_level(), ZW_LOG_INFO);
    capture_start();
    zw_log(ZW_LOG_DBG, "not seen");
    zw_log_set_level(ZW_LOG_DBG);
    zw_log(ZW_LOG_DBG, "seen");
    zw_log_set_level(ZW_LOG_INFO);
    capture_end();
    CU_ASSERT_EQUAL(n_lines(), 1);
    CU_ASSERT_PTR_NOT_NULL(strstr(output, "debug: seen\n"));

    CU_ASSERT_TRUE(zw_log_level_from_string("warning", &level));
    CU_ASSERT_EQUAL(level, ZW_LOG_WARN);
    CU_ASSERT_FALSE(zw_log_level_from_string("loud", &level));
}

static void test_input_cannot_forge_a_line(void)
{
    capture_start();
    zw_log(ZW_LOG_INFO, "name '%s'", "x\n2026-01-01T00:00:00.000Z error: forged\x1b[2J");
    capture_end();
    CU_ASSERT_EQUAL(n_lines(), 1);
    CU_ASSERT_PTR_NULL(strchr(output, '\x1b'));
}

static void test_long_line_is_cut(void)
{
    char text[2 * ZW_LOG_LINE_SIZE];

    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    capture_start();
    zw_log(ZW_LOG_INFO, "%s", text);
    capture_end();
    CU_ASSERT_EQUAL(n_lines(), 1);
    CU_ASSERT_TRUE(strlen(output) <= ZW_LOG_LINE_SIZE);
    CU_ASSERT_TRUE(strlen(output) > ZW_LOG_LINE_SIZE - 64);
}

static void test_limit_counts_what_it_leaves_out(void)
{
    struct zw_log_limit limit = ZW_LOG_LIMIT_INIT(3, 50);

    capture_start();
    for (int i = 0; i < 10; i++) {
        zw_log_rl(&limit, ZW_LOG_WARN, "flood %d", i);
    }
    capture_end();
    CU_ASSERT_EQUAL(n_lines(), 3);

    usleep(60 * 1000);
    capture_start();
    zw_log_rl(&limit, ZW_LOG_WARN, "after");
    capture_end();
    CU_ASSERT_PTR_NOT_NULL(strstr(output, "after (7 more like this left out)\n"));
}

static void test_journal_gets_priorities(void)
{
    char stream[64];
    struct stat st;

    capture_start();
    fstat(STDERR_FILENO, &st);
    snprintf(stream, sizeof stream, "%llu:%llu", (unsigned long long)st.st_dev, (unsigned long long)st.st_ino);
    setenv("JOURNAL_STREAM", stream, 1);
    zw_log(ZW_LOG_ERR, "no bridge");
    setenv("JOURNAL_STREAM", "1:1", 1);
    zw_log(ZW_LOG_ERR, "inherited");
    unsetenv("JOURNAL_STREAM");
    capture_end();
    CU_ASSERT_EQUAL(strncmp(output, "<3>no bridge\n", 13), 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(output, "Z error: inherited\n"));
}

ZW_TEST_MAIN({"a line has time and level", test_line_has_time_and_level}, {"the level filters", test_level_filters},
             {"input cannot forge a line", test_input_cannot_forge_a_line},
             {"a long line is cut", test_long_line_is_cut},
             {"a limit counts what it leaves out", test_limit_counts_what_it_leaves_out},
             {"the journal gets priorities", test_journal_gets_priorities})
