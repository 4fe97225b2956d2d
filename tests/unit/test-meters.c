/* SPDX-License-Identifier: Apache-2.0 */
/* The meters of ports: each is there before a flow names it, and goes when none does. */

#include "zw-config.h"

#include <stdio.h>
#include <string.h>

#include "controller/switch/switch-private.h"
#include "tests/unit/switch-fixture.h"
#include "tests/unit/zw-test.h"

enum { N_FIXED = 3, HOST = ZW_LEARN_HOST_METER, MANY = ZW_LEARN_MANY_METER };

/* Flows that name these meters, one each. */
static struct zw_flow_table *flows(const uint32_t *ids, unsigned int n)
{
    struct zw_flow_table *table = fixture_flows(3, 1);

    for (unsigned int i = 0; i < n; i++) {
        struct zw_flow *flow = zw_flow_new(ZW_STAGE_BINDING, 10, zw_cookie(ZW_COOKIE_PORT, zw_meter_port(ids[i])));

        zw_match_in_port(flow, i + 1);
        zw_act_punt(flow, ZW_PUNT_LEARN, false, ids[i]);
        zw_act_goto(flow, ZW_STAGE_SOURCE);
        zw_flow_table_add(table, flow);
    }
    return table;
}

static void desire(struct fixture *f, const uint32_t *ids, unsigned int n)
{
    zw_switch_set_desired(f->sw, flows(ids, n), ++fixture_generation);
}

/* "ID:RATE/BURST" in the order of their numbers, but for the three that are always there. */
static void check_meters(const struct fixture *f, const char *want)
{
    char got[256] = "";

    for (uint32_t id = HOST; id < ZW_LEARN_METER_END; id++) {
        for (unsigned int i = 0; i < f->fake->n_meters; i++) {
            size_t at = strlen(got);

            if (f->fake->meters[i].id == id) {
                snprintf(got + at, sizeof got - at, "%s%x:%u/%u", at ? " " : "", id, f->fake->meters[i].pps,
                         f->fake->meters[i].burst);
            }
        }
    }
    CU_ASSERT_STRING_EQUAL(got, want);
    CU_ASSERT_EQUAL(f->fake->n_unmetered, 0);
}

static unsigned int n_wanted;

static bool has_meters(const struct fixture *f)
{
    return is_in_sync(f) && f->fake->n_meters == n_wanted;
}

static void wait_for(struct fixture *f, unsigned int n)
{
    n_wanted = N_FIXED + n;
    CU_ASSERT(fixture_wait(f, has_meters));
}

static void test_with_flows(void)
{
    static const uint32_t some[] = {HOST | 1, MANY | 2, HOST | 0xfffe}, others[] = {MANY | 1, HOST | 0xfffe};
    struct fixture f;

    fixture_create(&f);
    fixture_connect(&f);
    desire(&f, some, 3);
    wait_for(&f, 3);
    check_meters(&f, "10001:20/20 1fffe:20/20 20002:200/50");
    desire(&f, others, 2);
    wait_for(&f, 2);
    check_meters(&f, "1fffe:20/20 20001:200/50");

    unsigned int n_meter_mods = f.fake->n[FAKE_METER];
    zw_switch_set_desired(f.sw, flows(others, 2), ++fixture_generation); /* The same. */
    CU_ASSERT(fixture_wait(&f, is_in_sync));
    CU_ASSERT_EQUAL(f.n_changes, 0);
    CU_ASSERT_EQUAL(f.fake->n[FAKE_METER], n_meter_mods);
    desire(&f, NULL, 0);
    wait_for(&f, 0);
    fixture_destroy(&f);
}

/* Another daemon comes to a bridge that an earlier one has left. */
static void test_from_before(void)
{
    static const uint32_t some[] = {HOST | 1, MANY | 2};
    struct fixture f;

    fixture_create(&f);
    zw_flow_table_free(f.fake->flows);
    f.fake->flows = flows(some, 2);
    f.fake->meters[0] = (struct fake_meter){HOST | 1, ZW_LEARN_HOST_PPS, ZW_LEARN_HOST_BURST};
    f.fake->meters[1] = (struct fake_meter){MANY | 2, 7, ZW_LEARN_MANY_BURST};
    f.fake->meters[2] = (struct fake_meter){HOST | 3, ZW_LEARN_HOST_PPS, ZW_LEARN_HOST_BURST};
    f.fake->meters[3] = (struct fake_meter){ZW_OLD_LEARN_METER, 200, 50};
    f.fake->meters[4] = (struct fake_meter){4711, 200, 50}; /* Nobody knows whose. */
    f.fake->n_meters = 5;
    fixture_connect(&f);
    desire(&f, some, 2);
    wait_for(&f, 3);
    CU_ASSERT_EQUAL(f.n_changes, 0);
    check_meters(&f, "10001:20/20 20002:200/50");
    fixture_destroy(&f);
}

static bool was_bundled(const struct fixture *f)
{
    return is_in_sync(f) && f->n_changes;
}

/* Flows were put back by others, their meters were not: the switch must look them up again. */
static void test_flows_without(void)
{
    static const uint32_t some[] = {HOST | 1, MANY | 2};
    struct fixture f;

    fixture_create(&f);
    zw_flow_table_free(f.fake->flows);
    f.fake->flows = flows(some, 2);
    f.fake->meters[f.fake->n_meters++] = (struct fake_meter){MANY | 2, ZW_LEARN_MANY_PPS, ZW_LEARN_MANY_BURST};
    fixture_connect(&f);
    desire(&f, some, 2);
    CU_ASSERT(fixture_wait(&f, was_bundled));
    CU_ASSERT_EQUAL(f.n_changes, 1);
    wait_for(&f, 2);
    check_meters(&f, "10001:20/20 20002:200/50");
    fixture_destroy(&f);
}

static void test_switch_restarts(void)
{
    static const uint32_t some[] = {HOST | 1, MANY | 2};
    struct fixture f;

    fixture_create(&f);
    fixture_connect(&f);
    desire(&f, some, 2);
    wait_for(&f, 2);
    fake_switch_die(f.fake);
    fake_switch_revive(f.fake);
    wait_for(&f, 2);
    check_meters(&f, "10001:20/20 20002:200/50");
    fixture_destroy(&f);
}

static bool has_looked(const struct fixture *f)
{
    return f->fake->n[FAKE_METER_DUMP] == n_wanted;
}

static bool has_mended_meters(const struct fixture *f)
{
    return zw_switch_status(f->sw).n_meters_mended && is_in_sync(f) && f->fake->n_meters == n_wanted &&
           f->n_changes == 3;
}

/* No flow monitor tells of it; a look does.  Flows that named them are sent again, for the switch has not looked them up
 * since. */
static void test_deleted(void)
{
    static const uint32_t some[] = {HOST | 1, MANY | 2};
    struct zw_flow_table *table = flows(some, 2);
    struct zw_flow *copy = zw_flow_new(ZW_STAGE_VERDICT, 10, 0);
    struct fixture f;

    zw_act_punt(copy, ZW_PUNT_DENIED, false, ZW_COPY_METER_ID);
    zw_flow_table_add(table, copy);
    fixture_create(&f);
    fixture_connect(&f);
    zw_switch_set_desired(f.sw, table, ++fixture_generation);
    wait_for(&f, 2);
    CU_ASSERT_EQUAL(f.n_changes, 6);
    f.fake->n_meters = 0;
    zw_look_now(f.sw);
    CU_ASSERT(fixture_wait(&f, has_mended_meters));
    check_meters(&f, "10001:20/20 20002:200/50");
    CU_ASSERT_EQUAL(zw_switch_status(f.sw).n_meters_mended, N_FIXED + 2);
    CU_ASSERT_EQUAL(zw_switch_status(f.sw).n_repairs, 0);

    n_wanted = f.fake->n[FAKE_METER_DUMP] + 1;
    zw_look_now(f.sw); /* All is right: nothing is read. */
    CU_ASSERT(fixture_wait(&f, has_looked));
    fixture_run(&f, 2 * ZW_SWITCH_RESYNC_MS);
    CU_ASSERT_EQUAL(zw_switch_status(f.sw).n_meters_mended, N_FIXED + 2);
    CU_ASSERT(has_looked(&f));
    fixture_destroy(&f);
}

/* The switch has no room for more: it is said, and flows come all the same. */
static void test_too_many(void)
{
    static const uint32_t some[] = {HOST | 1, MANY | 2};
    struct fixture f;

    fixture_create(&f);
    for (uint32_t i = 0; f.fake->n_meters < 64 - N_FIXED - 1; i++) {
        f.fake->meters[f.fake->n_meters++] = (struct fake_meter){1 + i, 1, 1};
    }
    fixture_connect(&f);
    desire(&f, some, 2);
    CU_ASSERT(fixture_wait(&f, is_in_sync));
    CU_ASSERT_EQUAL(f.fake->n_unmetered, 1);
    CU_ASSERT_FALSE(zw_switch_status(f.sw).metered);
    fixture_destroy(&f);
}

ZW_TEST_MAIN({"meters come before the flows that name them, and go after", test_with_flows},
             {"a bridge that a daemon has left", test_from_before},
             {"flows whose meter is not there", test_flows_without}, {"a switch that restarts", test_switch_restarts},
             {"meters that somebody else deletes", test_deleted}, {"a switch that has no room", test_too_many})
