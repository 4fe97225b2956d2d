/* SPDX-License-Identifier: Apache-2.0 */
#include "zw-config.h"

#include "controller/base/problems.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/zw-test.h"

static void assert_format(struct zw_problems *problems, const char *expected)
{
    char *text = zw_problems_format(problems);

    CU_ASSERT_STRING_EQUAL(text, expected);
    free(text);
    zw_problems_clear(problems);
}

static void test_places(void)
{
    struct zw_problems problems = ZW_PROBLEMS_INIT;

    zw_problems_add(&problems, "policy.yaml", 14, 11, "zone \"%s\" is not defined", "dbs");
    zw_problems_add(&problems, "policy.yaml", 14, 0, "a line");
    zw_problems_add(&problems, "policy.yaml", 0, 0, "a file");
    zw_problems_add(&problems, NULL, 0, 0, "nowhere");
    assert_format(&problems, "policy.yaml:14:11: zone \"dbs\" is not defined\n"
                             "policy.yaml:14: a line\n"
                             "policy.yaml: a file\n"
                             "nowhere\n");
}

static void assert_first(struct zw_problems *problems, const char *expected)
{
    char *text = zw_problems_first(problems, ENOSPC);

    CU_ASSERT_STRING_EQUAL(text, expected);
    free(text);
    zw_problems_clear(problems);
}

static void test_first(void)
{
    struct zw_problems problems = ZW_PROBLEMS_INIT;

    zw_problems_add(&problems, "policy.yaml", 14, 11, "zone \"%s\" is not defined", "dbs");
    zw_problems_add(&problems, "policy.yaml", 15, 1, "another");
    assert_first(&problems, "policy.yaml:14:11: zone \"dbs\" is not defined");
    zw_problems_add(&problems, "policy.yaml", 0, 0, "cannot be written");
    assert_first(&problems, "policy.yaml: cannot be written");
    assert_first(&problems, "No space left on device");
}

static void test_none(void)
{
    struct zw_problems problems = ZW_PROBLEMS_INIT;

    zw_problems_sort(&problems);
    assert_format(&problems, "");
}

static void test_order(void)
{
    struct zw_problems problems = ZW_PROBLEMS_INIT;

    zw_problems_add(&problems, "b", 2, 1, "1");
    zw_problems_add(&problems, "a", 1, 1, "2");
    zw_problems_add(&problems, "b", 1, 9, "3");
    zw_problems_add(&problems, "b", 1, 2, "4");
    zw_problems_add(&problems, "b", 1, 2, "5");
    zw_problems_sort(&problems);
    assert_format(&problems, "b:1:2: 4\nb:1:2: 5\nb:1:9: 3\nb:2:1: 1\na:1:1: 2\n");
}

/* A file of garbage must not fill the memory, and the count of its problems is not lost. */
static void test_bound(void)
{
    struct zw_problems problems = ZW_PROBLEMS_INIT;

    for (int i = 0; i < ZW_PROBLEMS_MAX + 3; i++) {
        zw_problems_add(&problems, "f", i + 1, 0, "x");
    }
    CU_ASSERT_EQUAL(problems.n, ZW_PROBLEMS_MAX);
    CU_ASSERT_EQUAL(problems.n_dropped, 3);
    char *text = zw_problems_format(&problems);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "f:200: x\nand 3 more problems\n"));
    free(text);
    zw_problems_clear(&problems);
    CU_ASSERT_EQUAL(problems.n_dropped, 0);
}

static void test_no_control_characters(void)
{
    struct zw_problems problems = ZW_PROBLEMS_INIT;

    zw_problems_add(&problems, "f\n", 1, 1,
                    "a\x1b[2J\nb\xc2\x9b"
                    "c\xc3\xbc");
    assert_format(&problems, "f?:1:1: a?[2J?b??c\xc3\xbc\n");
}

ZW_TEST_MAIN({"places are printed as far as they are known", test_places},
             {"the first one alone, with its place", test_first}, {"no problem is no text", test_none},
             {"sorts by file, line and column", test_order}, {"keeps so many and counts the rest", test_bound},
             {"input cannot talk to the terminal", test_no_control_characters})
