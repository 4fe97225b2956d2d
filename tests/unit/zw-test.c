/* SPDX-License-Identifier: Apache-2.0 */
#include "zw-config.h"

#include "tests/unit/zw-test.h"

#include <libgen.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* Prints where test case number 'i' failed, as TAP comments. */
static void print_failures(void)
{
    for (CU_pFailureRecord f = CU_get_failure_list(); f; f = f->pNext) {
        printf("# %s:%u: %s\n", f->strFileName, f->uiLineNumber, f->strCondition);
    }
}

static bool run_one(CU_pSuite suite, CU_pTest test, size_t number)
{
    unsigned int n_failures;

    CU_run_test(suite, test);
    n_failures = CU_get_number_of_failures();
    print_failures();
    printf("%s %zu - %s\n", n_failures ? "not ok" : "ok", number, test->pName);
    fflush(stdout);
    return !n_failures;
}

int zw_test_run(int argc, char **argv, const struct zw_test tests[], size_t n_tests)
{
    const char *only = argc > 1 ? argv[1] : NULL;
    size_t n_run = 0, n_failed = 0;

    CU_pSuite suite = CU_initialize_registry() == CUE_SUCCESS ? CU_add_suite(basename(argv[0]), NULL, NULL) : NULL;
    if (!suite) {
        printf("Bail out! CUnit: %s\n", CU_get_error_msg());
        return 99;
    }
    for (size_t i = 0; i < n_tests; i++) {
        if (only && strcmp(only, tests[i].name)) {
            continue;
        }
        CU_pTest test = CU_add_test(suite, tests[i].name, tests[i].run);
        n_run++;
        if (!test || !run_one(suite, test, n_run)) {
            n_failed++;
        }
    }
    printf("1..%zu\n", n_run);
    CU_cleanup_registry();
    return n_failed || !n_run;
}

unsigned int zw_test_seed(void)
{
    const char *given = getenv("ZW_SEED");
    unsigned int seed =
        given ? (unsigned int)strtoul(given, NULL, 10) : (unsigned int)time(NULL) ^ (unsigned int)getpid();

    printf("# ZW_SEED=%u\n", seed);
    return seed;
}
