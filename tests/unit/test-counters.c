/* SPDX-License-Identifier: Apache-2.0 */
/* Counters of flows, asked of a fake switch. */

#include "zw-config.h"

#include "tests/unit/switch-fixture.h"
#include "tests/unit/zw-test.h"

static bool is_idle(const struct fixture *f)
{
    return zw_switch_status(f->sw).state == ZW_SWITCH_IDLE;
}

struct reading {
    unsigned int n_flows, n_done, n_errors;
    uint64_t n_packets;
    unsigned int order; /* When it was done, from 1. */
};

static unsigned int n_done_in_all;

static void count_flow(void *reading_, const struct zw_flow *flow, const struct zw_flow_counters *counters)
{
    struct reading *reading = reading_;

    CU_ASSERT_PTR_NOT_NULL(flow);
    reading->n_flows++;
    reading->n_packets += counters->n_packets;
}

static void count_done(void *reading_, const char *error)
{
    struct reading *reading = reading_;

    reading->n_done++;
    reading->n_errors += error != NULL;
    reading->order = ++n_done_in_all;
}

static bool three_are_done(const struct fixture *f)
{
    (void)f;
    return n_done_in_all >= 3;
}

static void test_counters(void)
{
    struct reading readings[3] = {{0}};
    struct fixture f;

    n_done_in_all = 0;
    fixture_create(&f);
    fixture_connect(&f);
    fixture_desire(&f, 3000, 1);
    CU_ASSERT(fixture_wait(&f, is_in_sync));
    zw_switch_read_counters(f.sw, ZW_STAGE_POLICY, count_flow, count_done, &readings[0]);
    zw_switch_read_counters(f.sw, ZW_STAGE_OUTPUT, count_flow, count_done, &readings[1]);
    zw_switch_read_counters(f.sw, ZW_STAGE_POLICY, count_flow, count_done, &readings[2]);
    CU_ASSERT_EQUAL(n_done_in_all, 0);
    CU_ASSERT(fixture_wait(&f, three_are_done));
    for (unsigned int i = 0; i < 3; i++) {
        CU_ASSERT_EQUAL(readings[i].n_done, 1);
        CU_ASSERT_EQUAL(readings[i].n_errors, 0);
        CU_ASSERT_EQUAL(readings[i].order, i + 1);
        CU_ASSERT_EQUAL(readings[i].n_flows, i == 1 ? 0 : 3000);
        CU_ASSERT_EQUAL(readings[i].n_packets, i == 1 ? 0 : 9000);
    }
    fixture_destroy(&f);
}

static void test_counters_without_a_switch(void)
{
    struct reading readings[3] = {{0}};
    struct fixture f;

    n_done_in_all = 0;
    fixture_create(&f);
    fixture_connect(&f);
    zw_switch_read_counters(f.sw, ZW_STAGE_POLICY, count_flow, count_done, &readings[0]);
    CU_ASSERT_EQUAL(readings[0].n_errors, 1);
    CU_ASSERT(fixture_wait(&f, is_idle));
    zw_switch_read_counters(f.sw, ZW_STAGE_POLICY, count_flow, count_done, &readings[1]);
    zw_switch_read_counters(f.sw, ZW_STAGE_POLICY, count_flow, count_done, &readings[2]);
    fake_switch_die(f.fake);
    CU_ASSERT(fixture_wait(&f, three_are_done));
    CU_ASSERT_EQUAL(readings[1].n_errors, 1);
    CU_ASSERT_EQUAL(readings[2].n_errors, 1);
    fixture_destroy(&f);
}

static bool one_is_done(const struct fixture *f)
{
    return n_done_in_all >= 1 && is_in_sync(f);
}

static void test_counters_refused(void)
{
    struct reading reading = {0};
    struct fixture f;

    n_done_in_all = 0;
    fixture_create(&f);
    fixture_connect(&f);
    CU_ASSERT(fixture_wait(&f, is_idle));
    f.fake->trick = FAKE_REFUSE;
    f.fake->trick_at = FAKE_DUMP;
    zw_switch_read_counters(f.sw, ZW_STAGE_POLICY, count_flow, count_done, &reading);
    fixture_desire(&f, 10, 1); /* Is no worse for it. */
    CU_ASSERT(fixture_wait(&f, one_is_done));
    CU_ASSERT_EQUAL(reading.n_errors, 1);
    CU_ASSERT_EQUAL(f.n_failed, 0);
    fixture_destroy(&f);
}

static void test_counters_given_up(void)
{
    struct reading reading = {0};
    struct fixture f;

    fixture_create(&f);
    fixture_connect(&f);
    CU_ASSERT(fixture_wait(&f, is_idle));
    zw_switch_read_counters(f.sw, ZW_STAGE_POLICY, count_flow, count_done, &reading);
    fixture_destroy(&f);
    CU_ASSERT_EQUAL(reading.n_done, 0);
}

ZW_TEST_MAIN({"counters", test_counters}, {"counters without a switch", test_counters_without_a_switch},
             {"counters that the switch does not give", test_counters_refused},
             {"counters that nobody waits for any more", test_counters_given_up})
