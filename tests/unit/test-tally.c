/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/slowpath/tally.h"

#include "tests/unit/zw-test.h"

static struct zw_tally_gap gap;

static void test_first_check(void)
{
    struct zw_tally tally = {.n_received = 0};

    CU_ASSERT_FALSE(zw_tally_check(&tally, 1000, 1, &gap));
    CU_ASSERT_FALSE(zw_tally_check(&tally, 1000, 2, &gap));
    CU_ASSERT_EQUAL(tally.n_received, 1000);
}

static void test_nothing_missing(void)
{
    struct zw_tally tally = {.n_received = 0};

    zw_tally_check(&tally, 0, 1, &gap);
    tally.n_received = 7;
    CU_ASSERT_FALSE(zw_tally_check(&tally, 5, 2, &gap)); /* The switch's counter lags. */
    CU_ASSERT_FALSE(zw_tally_check(&tally, 7, 3, &gap));
    CU_ASSERT_EQUAL(tally.complete_us, 3);
}

/* Promise 4: what is not in the log is said to be missing: how many, and when; and said once. */
static void test_missing(void)
{
    struct zw_tally tally = {.n_received = 0};

    zw_tally_check(&tally, 0, 1, &gap);
    tally.n_received = 3;
    zw_tally_check(&tally, 3, 2, &gap);
    tally.n_received = 4;
    CU_ASSERT_FALSE(zw_tally_check(&tally, 10, 3, &gap)); /* Perhaps on their way. */
    tally.n_received += 2;
    CU_ASSERT_TRUE(zw_tally_check(&tally, 12, 4, &gap));
    CU_ASSERT_EQUAL(gap.n_missing, 4);
    CU_ASSERT_EQUAL(gap.from_us, 2);
    CU_ASSERT_EQUAL(gap.to_us, 3);
    tally.n_received += 2;
    CU_ASSERT_FALSE(zw_tally_check(&tally, 12, 5, &gap));
    CU_ASSERT_FALSE(zw_tally_check(&tally, 12, 6, &gap));
}

static void test_late(void)
{
    struct zw_tally tally = {.n_received = 0};

    zw_tally_check(&tally, 0, 1, &gap);
    CU_ASSERT_FALSE(zw_tally_check(&tally, 5, 2, &gap));
    tally.n_received = 5;
    CU_ASSERT_FALSE(zw_tally_check(&tally, 5, 3, &gap));
}

/* Two gaps in a row do not overlap. */
static void test_again(void)
{
    struct zw_tally tally = {.n_received = 0};

    zw_tally_check(&tally, 0, 1, &gap);
    zw_tally_check(&tally, 5, 2, &gap);
    CU_ASSERT_TRUE(zw_tally_check(&tally, 9, 3, &gap));
    CU_ASSERT_EQUAL(gap.n_missing, 5);
    CU_ASSERT_TRUE(zw_tally_check(&tally, 9, 4, &gap));
    CU_ASSERT_EQUAL(gap.n_missing, 4);
    CU_ASSERT_EQUAL(gap.from_us, 2);
    CU_ASSERT_EQUAL(gap.to_us, 3);
}

static void test_counter_restarts(void)
{
    struct zw_tally tally = {.n_received = 0};

    zw_tally_check(&tally, 0, 1, &gap);
    tally.n_received = 100;
    zw_tally_check(&tally, 100, 2, &gap);
    CU_ASSERT_FALSE(zw_tally_check(&tally, 2, 3, &gap));
    tally.n_received++;
    CU_ASSERT_FALSE(zw_tally_check(&tally, 3, 4, &gap));
    CU_ASSERT_FALSE(zw_tally_check(&tally, 3, 5, &gap));
}

ZW_TEST_MAIN({"the first check begins the count", test_first_check}, {"nothing is missing", test_nothing_missing},
             {"what is missing is said once", test_missing}, {"late copies are not missing", test_late},
             {"gaps do not overlap", test_again}, {"a counter that begins anew", test_counter_restarts})
