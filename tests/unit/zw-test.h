/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ZW_TEST_H
#define ZW_TEST_H 1

/* zw-test - runs one file's CUnit tests and reports each in TAP, which automake's driver counts.
 *
 *     static void test_one_thing(void)
 *     {
 *         CU_ASSERT_EQUAL(1 + 1, 2);
 *     }
 *
 *     ZW_TEST_MAIN({"one thing", test_one_thing}, {"another", test_another})
 *
 * The CU_ASSERT family goes on after a failure; CU_ASSERT_FATAL, which ends the test case, jumps over its clean-up. */

#include <stddef.h>
#include <CUnit/CUnit.h>

struct zw_test {
    const char *name; /* What holds, in words. */
    void (*run)(void);
};

/* Runs 'tests' in order, or only the one that argv[1] names.  Returns the exit status: 0 if all passed. */
int zw_test_run(int argc, char **argv, const struct zw_test tests[], size_t n_tests);

/* A seed for random tests: $ZW_SEED, else another one each time.  Printed, so that a failure can be had again. */
unsigned int zw_test_seed(void);

#define ZW_TEST_MAIN(...)                                                      \
    int main(int argc, char **argv)                                            \
    {                                                                          \
        static const struct zw_test tests[] = {__VA_ARGS__};                   \
                                                                               \
        return zw_test_run(argc, argv, tests, sizeof tests / sizeof tests[0]); \
    }

#endif
