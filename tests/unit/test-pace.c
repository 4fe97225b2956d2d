/* SPDX-License-Identifier: Apache-2.0 */
#include "zw-config.h"

#include "controller/daemon/pace.h"

#include "tests/unit/zw-test.h"

static void test_first(void)
{
    struct zw_pace pace = {.n_done = 0};

    CU_ASSERT_EQUAL(zw_pace_ask(&pace, 5), 0);
    zw_pace_done(&pace, 5, 5); /* It took nothing. */
    CU_ASSERT_EQUAL(zw_pace_ask(&pace, 5), 0);
    CU_ASSERT_EQUAL(pace.n_done, 1);
    CU_ASSERT_EQUAL(pace.n_put_off, 0);
}

static void test_rest(void)
{
    struct zw_pace pace = {.n_done = 0};

    zw_pace_done(&pace, 1000, 1100);
    CU_ASSERT_EQUAL(zw_pace_ask(&pace, 1100), 100 * ZW_PACE_REST);
    CU_ASSERT_EQUAL(zw_pace_ask(&pace, 1200), 100 * ZW_PACE_REST - 100);
    CU_ASSERT_EQUAL(pace.n_put_off, 1); /* Once for all that wait together. */
    CU_ASSERT_EQUAL(zw_pace_ask(&pace, 1100 + 100 * ZW_PACE_REST - 1), 1);
    CU_ASSERT_EQUAL(zw_pace_ask(&pace, 1100 + 100 * ZW_PACE_REST), 0);
    zw_pace_done(&pace, 2000, 2010); /* The next one was quicker. */
    CU_ASSERT_EQUAL(zw_pace_ask(&pace, 2010), 10 * ZW_PACE_REST);
    CU_ASSERT_EQUAL(pace.n_put_off, 2);
    CU_ASSERT_EQUAL(zw_pace_ask(&pace, 9000), 0);
}

/* Asked for all the time, whatever each one takes: no more than a fifth. */
static void test_share(void)
{
    struct zw_pace pace = {.n_done = 0};
    int64_t now_us = 0, busy_us = 0;

    for (int64_t i = 0; i < 1000; i++) {
        int64_t took_us = 1 + i * 7919 % 300;

        now_us += zw_pace_ask(&pace, now_us);
        zw_pace_done(&pace, now_us, now_us + took_us);
        now_us += took_us;
        busy_us += took_us;
    }
    now_us += zw_pace_ask(&pace, now_us);
    CU_ASSERT_EQUAL(busy_us * (1 + ZW_PACE_REST), now_us);
    CU_ASSERT_EQUAL(pace.n_done, 1000);
}

ZW_TEST_MAIN({"after a silence it is done at once", test_first}, {"it rests after what it took", test_rest},
             {"it never takes more than its share", test_share})
