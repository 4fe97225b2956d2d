/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/base/file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/zw-test.h"

static char dir[] = "/tmp/zw-file-XXXXXX";
static char path[64];

static void test_round_trip(void)
{
    char *text;

    CU_ASSERT_EQUAL(zw_file_replace(path, "first"), 0);
    CU_ASSERT_EQUAL(zw_file_replace(path, "second\n"), 0);
    CU_ASSERT_EQUAL_FATAL(zw_file_read(path, &text), 0);
    CU_ASSERT_STRING_EQUAL(text, "second\n");
    free(text);
}

static void test_errors(void)
{
    char *text = path;

    CU_ASSERT_EQUAL(zw_file_read("/nonexistent/file", &text), ENOENT);
    CU_ASSERT_PTR_NULL(text);
    CU_ASSERT_EQUAL(zw_file_read(dir, &text), EINVAL);
    CU_ASSERT_EQUAL(zw_file_replace(path, ""), 0);
    CU_ASSERT_EQUAL(zw_file_read(path, &text), EINVAL);
    CU_ASSERT_EQUAL(zw_file_replace("/nonexistent/file", "x"), ENOENT);
}

/* What cannot be written leaves the old file, and nothing else. */
static void test_old_stays(void)
{
    char in_the_way[80];
    char *text;

    CU_ASSERT_EQUAL(zw_file_replace(path, "old"), 0);
    snprintf(in_the_way, sizeof in_the_way, "%s.new", path);
    CU_ASSERT_EQUAL(mkdir(in_the_way, 0700), 0);
    CU_ASSERT_EQUAL(zw_file_replace(path, "new"), EISDIR);
    CU_ASSERT_EQUAL_FATAL(zw_file_read(path, &text), 0);
    CU_ASSERT_STRING_EQUAL(text, "old");
    free(text);
    rmdir(in_the_way);
}

int main(int argc, char **argv)
{
    static const struct zw_test tests[] = {
        {"what is written is read", test_round_trip},
        {"each error is told", test_errors},
        {"a failure leaves the old file", test_old_stays},
    };

    if (!mkdtemp(dir)) {
        return 99;
    }
    snprintf(path, sizeof path, "%s/file", dir);
    int status = zw_test_run(argc, argv, tests, sizeof tests / sizeof tests[0]);
    unlink(path);
    rmdir(dir);
    return status;
}
