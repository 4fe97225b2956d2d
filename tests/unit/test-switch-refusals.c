/* SPDX-License-Identifier: Apache-2.0 */
/* What a switch refuses, on a fake one. */

#include "zw-config.h"

#include <string.h>

#include "controller/switch/switch-private.h"
#include "tests/unit/switch-fixture.h"
#include "tests/unit/zw-test.h"

static bool has_failed(const struct fixture *f)
{
    return f->n_failed;
}

static void test_one_change_refused(void)
{
    struct fixture f;

    fixture_create(&f);
    fixture_connect(&f);
    f.fake->trick = FAKE_REFUSE;
    f.fake->trick_at = FAKE_ADD;
    f.fake->trick_nth = 4;
    fixture_desire(&f, 10, 1);
    CU_ASSERT(fixture_wait(&f, has_failed));
    CU_ASSERT_EQUAL(f.failed_generation, 1);
    CU_ASSERT_PTR_NOT_NULL(strstr(f.error, "OFPBRC_EPERM for table=12 cookie=0x5a0300"));
    CU_ASSERT_EQUAL(zw_switch_status(f.sw).state, ZW_SWITCH_REFUSED);
    CU_ASSERT_STRING_NOT_EQUAL(zw_switch_status(f.sw).error, "");
    CU_ASSERT_EQUAL(f.fake->n[FAKE_COMMIT], 0); /* It would have left out one flow. */
    CU_ASSERT_EQUAL(zw_flow_table_count(f.fake->flows), 0);

    CU_ASSERT(fixture_wait(&f, is_in_sync)); /* Tried again. */
    CU_ASSERT_EQUAL(f.fake->n[FAKE_DISCARD], 1);
    CU_ASSERT(fixture_has(&f, 10, 1));
    CU_ASSERT_STRING_EQUAL(zw_switch_status(f.sw).error, "");
    fixture_destroy(&f);
}

static bool is_refused(const struct fixture *f)
{
    return zw_switch_status(f->sw).state == ZW_SWITCH_REFUSED;
}

/* More than could be read back: not sent, and said. */
static void test_too_many_desired(void)
{
    struct fixture f;

    fixture_create(&f);
    fixture_connect(&f);
    f.sw->max_flows = 5;
    fixture_desire(&f, 5, 1);
    CU_ASSERT(fixture_wait(&f, is_in_sync));
    fixture_desire(&f, 6, 2);
    CU_ASSERT(fixture_wait(&f, is_refused));
    CU_ASSERT_EQUAL(f.failed_generation, fixture_generation);
    CU_ASSERT_STRING_EQUAL(f.error, "6 flows are desired; expected no more than 5");
    CU_ASSERT_STRING_EQUAL(zw_switch_status(f.sw).error, f.error);
    CU_ASSERT_EQUAL(f.fake->n[FAKE_OPEN], 1);
    CU_ASSERT(fixture_has(&f, 5, 1));
    fixture_desire(&f, 4, 2);
    CU_ASSERT(fixture_wait(&f, is_in_sync));
    CU_ASSERT(fixture_has(&f, 4, 2));
    fixture_destroy(&f);
}

static void check_refused_at(enum fake_request request, enum fake_trick trick)
{
    struct fixture f;

    fixture_create(&f);
    fixture_connect(&f);
    fixture_desire(&f, 3, 1);
    CU_ASSERT(fixture_wait(&f, is_in_sync));
    f.fake->trick = trick;
    f.fake->trick_at = request;
    fixture_desire(&f, 10, 2);
    CU_ASSERT(fixture_wait(&f, has_failed));
    CU_ASSERT(fixture_has(&f, 3, 1)); /* No effect. */
    CU_ASSERT_EQUAL(zw_switch_status(f.sw).generation, 1);
    CU_ASSERT(fixture_wait(&f, is_in_sync));
    CU_ASSERT(fixture_has(&f, 10, 2));
    CU_ASSERT_EQUAL(zw_switch_status(f.sw).n_repairs, 0);
    fixture_destroy(&f);
}

static void test_refused(void)
{
    check_refused_at(FAKE_OPEN, FAKE_REFUSE);
    check_refused_at(FAKE_COMMIT, FAKE_REFUSE);
    check_refused_at(FAKE_COMMIT, FAKE_IGNORE);
}

static void test_something_better_after_a_refusal(void)
{
    struct fixture f;

    fixture_create(&f);
    fixture_connect(&f);
    f.fake->trick = FAKE_REFUSE;
    f.fake->trick_at = FAKE_ADD;
    f.then = fixture_flows(20, 2);
    fixture_desire(&f, 10, 1);
    CU_ASSERT(fixture_wait(&f, is_in_sync));
    CU_ASSERT_EQUAL(f.n_failed, 1);
    CU_ASSERT_EQUAL(fixture_generation, 2);
    CU_ASSERT(fixture_has(&f, 20, 2));
    fixture_destroy(&f);
}

/* A refusal is told of what was refused, and of nothing that is desired since. */
static void test_refusal_of_something_former(void)
{
    struct fixture f;

    fixture_create(&f);
    fixture_connect(&f);
    f.fake->trick = FAKE_REFUSE;
    f.fake->trick_at = FAKE_ADD;
    fixture_desire(&f, 10, 1);
    CU_ASSERT(fixture_wait(&f, has_failed));
    CU_ASSERT_STRING_NOT_EQUAL(zw_switch_status(f.sw).error, "");
    fixture_desire(&f, 20, 2);
    CU_ASSERT_STRING_EQUAL(zw_switch_status(f.sw).error, "");
    CU_ASSERT(fixture_wait(&f, is_in_sync));
    f.fake->trick = FAKE_REFUSE;
    f.fake->trick_nth = 0;
    fixture_desire(&f, 30, 3);
    fixture_desire(&f, 40, 4);
    CU_ASSERT(fixture_wait(&f, is_in_sync));
    CU_ASSERT_EQUAL(f.fake->trick, FAKE_NO_TRICK);
    CU_ASSERT_EQUAL(f.n_failed, 1);
    CU_ASSERT(fixture_has(&f, 40, 4));
    fixture_destroy(&f);
}

ZW_TEST_MAIN({"more flows than a switch may have are not sent", test_too_many_desired},
             {"one refused change refuses them all", test_one_change_refused},
             {"a refused bundle has no effect and is tried again", test_refused},
             {"after a refusal something better is taken", test_something_better_after_a_refusal},
             {"a refusal is not told of what is desired since", test_refusal_of_something_former})
