/* SPDX-License-Identifier: Apache-2.0 */
/* The two connections: setting up, packets, meters, a silent peer. */

#include "zw-config.h"

#include <stdio.h>
#include <string.h>

#include "tests/unit/switch-fixture.h"
#include "tests/unit/zw-test.h"

static void test_set_up(void)
{
    struct fixture f;

    fixture_create(&f);
    fixture_connect(&f);
    fixture_desire(&f, 1, 1);
    CU_ASSERT(fixture_wait(&f, is_in_sync));
    CU_ASSERT(fixture_wait(&f, has_packets_connection));
    CU_ASSERT_EQUAL(f.fake->n[FAKE_CONNECT], 2);
    CU_ASSERT_EQUAL(f.fake->n[FAKE_HELLO], 2);
    /* Added; added again with the bundle, in case it went with all flows; there it was, so it was made right. */
    CU_ASSERT_EQUAL(f.fake->n[FAKE_METER], 3);
    CU_ASSERT_EQUAL(f.fake->n[FAKE_MONITOR], 1);
    CU_ASSERT(zw_switch_status(f.sw).metered);
    CU_ASSERT_EQUAL(zw_switch_status(f.sw).n_connects, 1);
    CU_ASSERT_EQUAL(zw_switch_status(f.sw).n_bad_messages, 0);
    fixture_destroy(&f);
}

static bool meter_was_modified(const struct fixture *f)
{
    return f->fake->n_meters_modified;
}

static void test_meter_from_before(void)
{
    struct fixture f;

    fixture_create(&f);
    f.fake->has_meter = true;
    fixture_connect(&f);
    fixture_desire(&f, 1, 1);
    CU_ASSERT(fixture_wait(&f, is_in_sync));
    CU_ASSERT(fixture_wait(&f, meter_was_modified));
    /* Added, made right, and added with the bundle. */
    CU_ASSERT_EQUAL(f.fake->n[FAKE_METER], 3);
    CU_ASSERT(zw_switch_status(f.sw).metered);
    fixture_destroy(&f);
}

static void test_no_meters(void)
{
    struct fixture f;

    fixture_create(&f);
    f.fake->no_meters = true;
    fixture_connect(&f);
    fixture_desire(&f, 1, 1);
    CU_ASSERT(fixture_wait(&f, is_in_sync));
    CU_ASSERT(!zw_switch_status(f.sw).metered);
    fixture_destroy(&f);
}

static void test_no_flow_monitor(void)
{
    struct fixture f;

    fixture_create(&f);
    f.fake->trick = FAKE_REFUSE;
    f.fake->trick_at = FAKE_MONITOR;
    fixture_connect(&f);
    fixture_desire(&f, 1, 1);
    CU_ASSERT(fixture_wait(&f, is_in_sync));
    fixture_destroy(&f);
}

static bool all_resumed(const struct fixture *f)
{
    return f->fake->n[FAKE_RESUME] == 1000;
}

static void test_packets(void)
{
    struct fixture f;

    fixture_create(&f);
    fixture_connect(&f);
    CU_ASSERT(fixture_wait(&f, has_packets_connection));
    f.resume = true;
    fake_switch_packet_ins(f.fake, 1000);
    CU_ASSERT(fixture_wait(&f, all_resumed));
    CU_ASSERT_EQUAL(f.n_packets, 1000);
    CU_ASSERT_EQUAL(zw_switch_status(f.sw).n_packet_ins, 1000);
    fixture_destroy(&f);
}

static bool packets_were_closed(const struct fixture *f)
{
    return f->fake->n[FAKE_CONNECT] >= 3 && has_packets_connection(f);
}

/* The two connections fail by themselves. */
static void test_packets_connection_lost(void)
{
    struct fixture f;

    fixture_create(&f);
    fixture_connect(&f);
    fixture_desire(&f, 1, 1);
    CU_ASSERT(fixture_wait(&f, is_in_sync));
    CU_ASSERT(fixture_wait(&f, has_packets_connection));
    f.resume = true;
    f.fake->trick = FAKE_RUBBISH;
    f.fake->trick_at = FAKE_RESUME;
    fake_switch_packet_ins(f.fake, 1);
    CU_ASSERT(fixture_wait(&f, packets_were_closed));
    CU_ASSERT_EQUAL(zw_switch_status(f.sw).n_connects, 1);
    CU_ASSERT_EQUAL(zw_switch_status(f.sw).n_bad_messages, 1);
    CU_ASSERT_EQUAL(zw_switch_status(f.sw).state, ZW_SWITCH_IN_SYNC);
    fixture_destroy(&f);
}

static bool was_probed_twice(const struct fixture *f)
{
    return f->fake->n[FAKE_ECHO] >= 2;
}

static bool has_third_connection(const struct fixture *f)
{
    return f->fake->n[FAKE_CONNECT] >= 3;
}

/* Both connections are probed; the first that gets no answer ends, the other goes on. */
static void test_silence(void)
{
    struct fixture f;

    fixture_create(&f);
    fixture_connect(&f);
    CU_ASSERT(fixture_wait(&f, has_packets_connection));
    f.fake->trick = FAKE_IGNORE;
    f.fake->trick_at = FAKE_ECHO;
    CU_ASSERT(fixture_wait(&f, was_probed_twice));
    CU_ASSERT_EQUAL(f.fake->n[FAKE_CONNECT], 2);
    CU_ASSERT(fixture_wait(&f, has_third_connection));
    CU_ASSERT_EQUAL(zw_switch_status(f.sw).n_bad_messages, 0);
    fixture_destroy(&f);
}

ZW_TEST_MAIN({"two connections are set up", test_set_up}, {"a meter from before is taken over", test_meter_from_before},
             {"a datapath without meters", test_no_meters}, {"a switch without flow monitors", test_no_flow_monitor},
             {"many packets, all answered", test_packets},
             {"rubbish among packets does not touch the flows", test_packets_connection_lost},
             {"a silent switch is probed, and left", test_silence})
