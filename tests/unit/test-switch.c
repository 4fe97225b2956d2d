/* SPDX-License-Identifier: Apache-2.0 */
/* The switch room against a fake switch that can be told to misbehave; tests/system/switch.sh has a real one. */

#include "zw-config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "controller/switch/switch-private.h"
#include "tests/unit/switch-fixture.h"
#include "tests/unit/zw-test.h"

static bool has_failed(const struct fixture *f)
{
    return f->n_failed;
}

static bool was_connected_again(const struct fixture *f)
{
    return zw_switch_status(f->sw).n_connects > 1 && is_in_sync(f);
}

static bool was_repaired(const struct fixture *f)
{
    return zw_switch_status(f->sw).n_repairs && is_in_sync(f);
}

static bool is_idle(const struct fixture *f)
{
    return zw_switch_status(f->sw).state == ZW_SWITCH_IDLE;
}

static bool has_second_dump(const struct fixture *f)
{
    return f->fake->n[FAKE_DUMP] > 1 && zw_switch_status(f->sw).state == ZW_SWITCH_IN_SYNC;
}

/* --- Installing. --- */

static void test_install(void)
{
    struct fixture f;

    fixture_create(&f);
    fixture_connect(&f);
    fixture_desire(&f, 100, 1);
    CU_ASSERT(fixture_wait(&f, is_in_sync));
    CU_ASSERT_EQUAL(f.n_changes, 100);
    CU_ASSERT_EQUAL(f.n_in_sync, 1);
    CU_ASSERT(fixture_has(&f, 100, 1));
    CU_ASSERT_EQUAL(zw_switch_status(f.sw).n_installed, 100);

    fixture_desire(&f, 101, 1);
    CU_ASSERT(fixture_wait(&f, is_in_sync));
    CU_ASSERT_EQUAL(f.n_changes, 1);
    fixture_desire(&f, 50, 2);
    CU_ASSERT(fixture_wait(&f, is_in_sync));
    CU_ASSERT_EQUAL(f.n_changes, 101);
    CU_ASSERT(fixture_has(&f, 50, 2));
    CU_ASSERT_EQUAL(f.fake->n[FAKE_DUMP], 1); /* What was confirmed need not be read. */
    CU_ASSERT_EQUAL(f.fake->n[FAKE_COMMIT], 3);
    CU_ASSERT_EQUAL(zw_switch_status(f.sw).n_flow_mods, 202);
    CU_ASSERT_EQUAL(zw_switch_status(f.sw).n_repairs, 0);
    fixture_destroy(&f);
}

/* NULL: no flows. */
static struct zw_flow_delta delta_of(struct zw_flow_table *gone, struct zw_flow_table *put)
{
    return (struct zw_flow_delta){.gone = gone ? gone : zw_flow_table_new(), .put = put ? put : zw_flow_table_new()};
}

static bool change_desired(struct fixture *f, struct zw_flow_table *gone, struct zw_flow_table *put, uint64_t base)
{
    struct zw_flow_delta delta = delta_of(gone, put);
    bool taken = zw_switch_change_desired(f->sw, &delta, base, base + 1);

    fixture_generation = taken ? base + 1 : fixture_generation;
    zw_flow_delta_clear(&delta);
    return taken;
}

/* What is sent is what was said to change; a change of something else than the newest is refused. */
static void test_change(void)
{
    struct fixture f;

    fixture_create(&f);
    fixture_connect(&f);
    CU_ASSERT_FALSE(change_desired(&f, NULL, fixture_flows(1, 1), fixture_generation)); /* Of nothing. */
    fixture_desire(&f, 100, 1);
    CU_ASSERT(fixture_wait(&f, is_in_sync));
    CU_ASSERT_FALSE(change_desired(&f, NULL, fixture_flows(1, 2), fixture_generation + 7));
    CU_ASSERT_FALSE(change_desired(&f, fixture_flows(101, 1), NULL, fixture_generation)); /* There are 100. */
    CU_ASSERT(is_in_sync(&f));
    CU_ASSERT(change_desired(&f, NULL, fixture_flows(3, 2), fixture_generation));
    CU_ASSERT(fixture_wait(&f, is_in_sync));
    CU_ASSERT_EQUAL(f.n_changes, 3);
    CU_ASSERT(change_desired(&f, NULL, fixture_flows(3, 1), fixture_generation));
    CU_ASSERT(change_desired(&f, fixture_flows(100, 1), fixture_flows(5, 3),
                             fixture_generation)); /* While the last is under way. */
    CU_ASSERT(fixture_wait(&f, is_in_sync));
    CU_ASSERT_EQUAL(f.n_changes, 100);
    CU_ASSERT(fixture_has(&f, 5, 3));
    CU_ASSERT_EQUAL(f.fake->n[FAKE_DUMP], 1);
    CU_ASSERT_EQUAL(zw_switch_status(f.sw).n_flow_mods, 100 + 3 + 3 + 100);
    fixture_destroy(&f);
}

/* A change that is refused, or cut off, is sent again: by then from what the switch really has. */
static void check_change_that_fails(enum fake_trick trick)
{
    struct fixture f;

    fixture_create(&f);
    fixture_connect(&f);
    fixture_desire(&f, 100, 1);
    CU_ASSERT(fixture_wait(&f, is_in_sync));
    f.fake->trick = trick;
    f.fake->trick_at = FAKE_COMMIT;
    CU_ASSERT(change_desired(&f, NULL, fixture_flows(3, 2), fixture_generation));
    CU_ASSERT(fixture_wait(&f, has_failed));
    CU_ASSERT(change_desired(&f, NULL, fixture_flows(100, 2), fixture_generation));
    CU_ASSERT(fixture_wait(&f, is_in_sync));
    CU_ASSERT(fixture_has(&f, 100, 2));
    CU_ASSERT_EQUAL(zw_switch_status(f.sw).n_repairs, 0);
    fixture_destroy(&f);
}

static void test_change_fails(void)
{
    check_change_that_fails(FAKE_REFUSE);
    check_change_that_fails(FAKE_IGNORE);
    check_change_that_fails(FAKE_CLOSE);
}

/* Promise 7: a restart with what is installed sends nothing. */
static void test_adopt(void)
{
    struct fixture f;

    fixture_create(&f);
    zw_flow_table_free(f.fake->flows);
    f.fake->flows = fixture_flows(3000, 1); /* More than one message of them. */
    fixture_connect(&f);
    fixture_desire(&f, 3000, 1);
    CU_ASSERT(fixture_wait(&f, is_in_sync));
    CU_ASSERT_EQUAL(f.n_changes, 0);
    CU_ASSERT_EQUAL(f.fake->n[FAKE_OPEN], 0);
    CU_ASSERT_EQUAL(zw_switch_status(f.sw).n_flow_mods, 0);
    fixture_destroy(&f);
}

static void test_nothing_desired(void)
{
    struct fixture f;

    fixture_create(&f);
    fake_switch_foreign_add(f.fake, zw_flow_new(ZW_STAGE_CLASSIFY, 1, 0));
    fixture_connect(&f);
    CU_ASSERT(fixture_wait(&f, is_idle));
    CU_ASSERT_EQUAL(zw_flow_table_count(f.fake->flows), 1); /* Nobody said that it must go. */
    fixture_desire(&f, 0, 0);
    CU_ASSERT(fixture_wait(&f, is_in_sync));
    CU_ASSERT_EQUAL(f.n_changes, 1);
    CU_ASSERT_EQUAL(zw_flow_table_count(f.fake->flows), 0);
    fixture_destroy(&f);
}

static void test_newest_wins(void)
{
    struct fixture f;

    fixture_create(&f);
    fixture_connect(&f);
    CU_ASSERT(fixture_wait(&f, is_idle));
    for (uint32_t kind = 1; kind <= 5; kind++) {
        fixture_desire(&f, 10, kind);
    }
    CU_ASSERT(fixture_wait(&f, is_in_sync));
    CU_ASSERT_EQUAL(f.n_in_sync, 1);
    CU_ASSERT_EQUAL(f.fake->n[FAKE_COMMIT], 2); /* The first, which was on its way, and the last. */
    CU_ASSERT(fixture_has(&f, 10, 5));
    fixture_destroy(&f);
}

static void test_desired_from_a_callback(void)
{
    struct fixture f;

    fixture_create(&f);
    fixture_connect(&f);
    f.then = fixture_flows(7, 2);
    fixture_desire(&f, 10, 1);
    CU_ASSERT(fixture_wait(&f, is_in_sync));
    CU_ASSERT_EQUAL(fixture_generation, 2);
    CU_ASSERT(fixture_has(&f, 7, 2));
    fixture_destroy(&f);
}

/* --- Coming and going. --- */

static void check_trick_at(enum fake_request request, enum fake_trick trick)
{
    bool is_syncing = request >= FAKE_OPEN && request <= FAKE_BARRIER;
    struct fixture f;

    fixture_create(&f);
    fixture_connect(&f);
    f.fake->trick = trick;
    f.fake->trick_at = request;
    fixture_desire(&f, 10, 1);
    CU_ASSERT(fixture_wait(&f, is_in_sync));
    CU_ASSERT(fixture_has(&f, 10, 1));
    CU_ASSERT_EQUAL(f.fake->trick, FAKE_NO_TRICK);
    CU_ASSERT(f.fake->n[FAKE_CONNECT] >= 4);
    CU_ASSERT_EQUAL(f.n_failed, is_syncing);
    CU_ASSERT_EQUAL(zw_switch_status(f.sw).n_bad_messages, trick != FAKE_CLOSE);
    CU_ASSERT_EQUAL(zw_switch_status(f.sw).n_repairs, 0);
    CU_ASSERT(fixture_wait(&f, has_packets_connection));
    fixture_destroy(&f);
}

static const enum fake_request each_state[] = {FAKE_CONNECT, FAKE_HELLO, FAKE_METER,  FAKE_MONITOR, FAKE_DUMP,
                                               FAKE_OPEN,    FAKE_ADD,   FAKE_COMMIT, FAKE_BARRIER};
#define N_STATES (sizeof each_state / sizeof each_state[0])

static void test_connection_lost(void)
{
    for (size_t i = 0; i < N_STATES; i++) {
        check_trick_at(each_state[i], FAKE_CLOSE);
    }
}

static void test_rubbish(void)
{
    for (size_t i = 0; i < N_STATES; i++) {
        check_trick_at(each_state[i], FAKE_RUBBISH);
    }
}

static void test_bad_messages(void)
{
    check_trick_at(FAKE_HELLO, FAKE_BAD_MESSAGE);
    check_trick_at(FAKE_DUMP, FAKE_BAD_MESSAGE);
    check_trick_at(FAKE_ADD, FAKE_BAD_MESSAGE);
    check_trick_at(FAKE_CONNECT, FAKE_OLD_VERSION);
    check_trick_at(FAKE_METER, FAKE_OLD_VERSION);
    check_trick_at(FAKE_METER_DUMP, FAKE_BAD_MESSAGE);
    check_trick_at(FAKE_COMMIT, FAKE_OLD_VERSION);
}

static void test_half_a_message(void)
{
    check_trick_at(FAKE_DUMP, FAKE_HALF);
    check_trick_at(FAKE_COMMIT, FAKE_HALF);
}

static void test_switch_restarts(void)
{
    struct fixture f;

    fixture_create(&f);
    fixture_connect(&f);
    fixture_desire(&f, 10, 1);
    CU_ASSERT(fixture_wait(&f, is_in_sync));
    fake_switch_die(f.fake);
    fixture_run(&f, 300);
    CU_ASSERT_EQUAL(zw_switch_status(f.sw).state, ZW_SWITCH_DISCONNECTED);
    CU_ASSERT_PTR_NOT_NULL(strstr(zw_switch_status(f.sw).error, "cannot connect"));
    fake_switch_revive(f.fake);
    zw_switch_kick(f.sw);
    CU_ASSERT(fixture_wait(&f, was_connected_again));
    CU_ASSERT_EQUAL(f.n_changes, 10);
    CU_ASSERT(fixture_has(&f, 10, 1));
    CU_ASSERT(fixture_wait(&f, has_packets_connection));
    CU_ASSERT_EQUAL(zw_switch_status(f.sw).n_repairs, 0); /* Nobody else's doing. */
    fixture_destroy(&f);
}

static void test_no_switch(void)
{
    struct fixture f;

    fixture_create(&f);
    fake_switch_die(f.fake);
    fixture_connect(&f);
    fixture_desire(&f, 10, 1);
    zw_switch_kick(f.sw);
    fixture_run(&f, 200);
    CU_ASSERT_EQUAL(zw_switch_status(f.sw).state, ZW_SWITCH_DISCONNECTED);
    CU_ASSERT_EQUAL(f.n_in_sync + f.n_failed, 0);
    fixture_destroy(&f);
}

/* --- Other people. --- */

static void test_foreign_deletion(void)
{
    struct fixture f;

    fixture_create(&f);
    fixture_connect(&f);
    fixture_desire(&f, 10, 1);
    CU_ASSERT(fixture_wait(&f, is_in_sync));
    fake_switch_foreign_clear(f.fake);
    CU_ASSERT(fixture_wait(&f, was_repaired));
    CU_ASSERT(fixture_has(&f, 10, 1));
    CU_ASSERT_EQUAL(f.n_changes, 10);

    struct zw_switch_status status = zw_switch_status(f.sw);
    CU_ASSERT_EQUAL(status.n_foreign_changes, 10);
    CU_ASSERT_EQUAL(status.n_repairs, 1);
    CU_ASSERT_EQUAL(status.n_repaired_flows, 10);
    CU_ASSERT(status.last_repair_us > 0);
    fixture_destroy(&f);
}

static void test_foreign_flow(void)
{
    struct fixture f;
    struct zw_flow *open_door = zw_flow_new(ZW_STAGE_CLASSIFY, 65535, 0);

    zw_act_output(open_door, 0xfffb);
    fixture_create(&f);
    fixture_connect(&f);
    fixture_desire(&f, 10, 1);
    CU_ASSERT(fixture_wait(&f, is_in_sync));
    fake_switch_foreign_add(f.fake, open_door);
    CU_ASSERT(fixture_wait(&f, was_repaired));
    CU_ASSERT(fixture_has(&f, 10, 1));
    CU_ASSERT_EQUAL(zw_switch_status(f.sw).n_repaired_flows, 1);
    fixture_destroy(&f);
}

static uint64_t n_awaited;

static bool has_awaited_repairs(const struct fixture *f)
{
    return zw_switch_status(f->sw).n_repairs >= n_awaited && is_in_sync(f);
}

/* Somebody who comes back again and again is another matter than a slip. */
static void test_contended(void)
{
    struct fixture f;

    fixture_create(&f);
    fixture_connect(&f);
    fixture_desire(&f, 10, 1);
    CU_ASSERT(fixture_wait(&f, is_in_sync));
    for (n_awaited = 1; n_awaited <= ZW_SWITCH_OFTEN; n_awaited++) {
        CU_ASSERT_FALSE(zw_switch_status(f.sw).is_contended);
        fake_switch_foreign_clear(f.fake);
        CU_ASSERT(fixture_wait(&f, has_awaited_repairs));
    }
    CU_ASSERT(zw_switch_status(f.sw).is_contended);
    for (unsigned int i = 0; i < ZW_SWITCH_OFTEN; i++) { /* All as if it were a minute ago, */
        f.sw->repaired_us[i] -= INT64_C(1000000) * ZW_SWITCH_OFTEN_S;
    }
    CU_ASSERT_FALSE(zw_switch_status(f.sw).is_contended);
    n_awaited = zw_switch_status(f.sw).n_repairs + 1; /* and one more is one. */
    fake_switch_foreign_clear(f.fake);
    CU_ASSERT(fixture_wait(&f, has_awaited_repairs));
    CU_ASSERT_FALSE(zw_switch_status(f.sw).is_contended);
    fixture_destroy(&f);
}

static void test_foreign_change_while_reading(void)
{
    struct fixture f;

    fixture_create(&f);
    f.fake->foreign_during_dump = true;
    fixture_connect(&f);
    fixture_desire(&f, 10, 1);
    CU_ASSERT(fixture_wait(&f, was_repaired));
    CU_ASSERT(fixture_has(&f, 10, 1));
    CU_ASSERT(f.fake->n[FAKE_DUMP] >= 2);
    fixture_destroy(&f);
}

static void test_changes_too_fast_to_tell(void)
{
    struct fixture f;

    fixture_create(&f);
    fixture_connect(&f);
    fixture_desire(&f, 10, 1);
    CU_ASSERT(fixture_wait(&f, is_in_sync));
    zw_flow_table_clear(f.fake->flows);
    fake_switch_foreign_pause(f.fake);
    CU_ASSERT(fixture_wait(&f, was_repaired));
    CU_ASSERT(fixture_has(&f, 10, 1));
    CU_ASSERT_EQUAL(zw_switch_status(f.sw).n_foreign_changes, 0); /* None that we were told of. */
    fixture_destroy(&f);
}

static bool has_mended_fragments(const struct fixture *f)
{
    return zw_switch_status(f->sw).n_fragments_mended && !f->fake->hides_fragments;
}

static void test_fragments(void)
{
    struct fixture f;

    fixture_create(&f);
    fixture_connect(&f);
    fixture_desire(&f, 10, 1);
    CU_ASSERT(fixture_wait(&f, is_in_sync));
    f.fake->hides_fragments = true;
    zw_look_now(f.sw);
    CU_ASSERT(fixture_wait(&f, has_mended_fragments));
    CU_ASSERT_EQUAL(zw_switch_status(f.sw).n_fragments_mended, 1);
    fixture_destroy(&f);
}

static int64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Changes of ours that follow one another without a rest do not keep us from looking at what others did. */
static void test_foreign_deletion_under_changes(void)
{
    int64_t end_ms = now_ms() + FIXTURE_TIMEOUT_MS;
    struct fixture f;

    fixture_create(&f);
    fixture_connect(&f);
    fixture_desire(&f, 10, 1);
    CU_ASSERT(fixture_wait(&f, is_in_sync));
    fake_switch_foreign_clear(f.fake);
    for (uint32_t kind = 2; !zw_switch_status(f.sw).n_repairs && now_ms() < end_ms; kind++) {
        CU_ASSERT_FATAL(change_desired(&f, NULL, fixture_flows(1, kind), fixture_generation));
        CU_ASSERT_FATAL(fixture_wait(&f, is_in_sync));
    }
    CU_ASSERT_EQUAL(zw_switch_status(f.sw).n_repairs, 1);
    CU_ASSERT(change_desired(&f, NULL, fixture_flows(10, 1), fixture_generation));
    CU_ASSERT(fixture_wait(&f, is_in_sync));
    CU_ASSERT(fixture_has(&f, 10, 1));
    fixture_destroy(&f);
}

static void test_foreign_change_and_back(void)
{
    struct zw_flow_table *flows = fixture_flows(1, 1);
    struct fixture f;

    fixture_create(&f);
    fixture_connect(&f);
    fixture_desire(&f, 1, 1);
    CU_ASSERT(fixture_wait(&f, is_in_sync));
    fake_switch_foreign_clear(f.fake);
    zw_flow_table_free(f.fake->flows);
    f.fake->flows = flows;
    CU_ASSERT(fixture_wait(&f, has_second_dump));
    CU_ASSERT_EQUAL(zw_switch_status(f.sw).n_foreign_changes, 1);
    CU_ASSERT_EQUAL(zw_switch_status(f.sw).n_repairs, 0);
    CU_ASSERT_EQUAL(f.n_in_sync, 2);
    CU_ASSERT_EQUAL(f.n_changes, 0);
    fixture_destroy(&f);
}

ZW_TEST_MAIN({"flows are installed, and then only what changes", test_install},
             {"what changes is said and sent", test_change},
             {"a change that fails is sent from what is there", test_change_fails},
             {"what is right is adopted", test_adopt}, {"nothing desired, nothing touched", test_nothing_desired},
             {"the newest desired table wins", test_newest_wins},
             {"a callback may desire something else", test_desired_from_a_callback},
             {"the connection is lost, in each state", test_connection_lost}, {"rubbish, in each state", test_rubbish},
             {"messages that are none, or of another version", test_bad_messages},
             {"half a message", test_half_a_message}, {"the switch restarts", test_switch_restarts},
             {"there is no switch", test_no_switch}, {"foreign deletions are mended", test_foreign_deletion},
             {"foreign deletions are mended while we change flows without a rest", test_foreign_deletion_under_changes},
             {"foreign flows are removed", test_foreign_flow}, {"how fragments are treated is mended", test_fragments},
             {"foreign changes again and again", test_contended},
             {"a foreign change while we read", test_foreign_change_while_reading},
             {"foreign changes that came too fast to tell", test_changes_too_fast_to_tell},
             {"a foreign change and back is no repair", test_foreign_change_and_back})
