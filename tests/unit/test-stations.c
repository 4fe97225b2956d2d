/* SPDX-License-Identifier: Apache-2.0 */
#include "zw-config.h"

#include "controller/switch/stations.h"

#include <stdlib.h>
#include <string.h>

#include "controller/base/memory.h"
#include "tests/unit/zw-test.h"

#define SECOND INT64_C(1000000)

static struct zw_stations *stations;
static struct zw_station last; /* What was said last. */

static struct zw_learned_mac learned(uint16_t segment, uint32_t number, uint16_t ofport)
{
    struct zw_learned_mac l = {.segment = segment, .ofport = ofport, .is_there = true};

    l.mac.bytes[0] = 2;
    memcpy(&l.mac.bytes[2], &number, sizeof number);
    return l;
}

static enum zw_station_news learn(uint16_t segment, uint32_t number, uint16_t ofport, int64_t now_us)
{
    struct zw_learned_mac l = learned(segment, number, ofport);

    return zw_stations_learned(stations, &l, now_us, &last);
}

static void forget(uint16_t segment, uint32_t number, uint16_t ofport)
{
    struct zw_learned_mac l = learned(segment, number, ofport);

    l.is_there = false;
    CU_ASSERT_EQUAL(zw_stations_learned(stations, &l, 0, &last), ZW_STATION_SAME);
}

static void test_moves(void)
{
    stations = zw_stations_new();
    CU_ASSERT_EQUAL(learn(10, 1, 3, 0), ZW_STATION_NEW);
    CU_ASSERT_EQUAL(learn(10, 1, 3, 0), ZW_STATION_SAME);
    CU_ASSERT_EQUAL(learn(20, 1, 4, 0), ZW_STATION_NEW); /* An address of two segments is two. */
    CU_ASSERT_EQUAL(learn(10, 1, 5, SECOND), ZW_STATION_MOVED);
    CU_ASSERT(last.from == 3 && last.ofport == 5 && last.n_moves == 1 && !last.n_back && last.moved_us == SECOND);
    CU_ASSERT_EQUAL(learn(10, 1, 6, 2 * SECOND), ZW_STATION_MOVED);
    CU_ASSERT(last.from == 5 && last.n_moves == 2 && !last.n_back); /* Somewhere else again. */
    CU_ASSERT_EQUAL(learn(10, 1, 5, 3 * SECOND), ZW_STATION_MOVED);
    CU_ASSERT(last.from == 6 && last.n_back == 1);
    CU_ASSERT_EQUAL(learn(10, 1, 6, (3 + ZW_STATION_BACK_S) * SECOND), ZW_STATION_MOVED);
    CU_ASSERT(last.n_moves == 4 && last.n_back == 1); /* Moved there and, much later, back. */
    struct zw_stations_status status = zw_stations_status(stations);
    CU_ASSERT(status.n == 2 && status.n_moves == 4 && status.n_back == 1 && !status.n_unfollowed);
    CU_ASSERT_EQUAL(zw_stations_at(stations, 6), 1);
    CU_ASSERT_EQUAL(zw_stations_at(stations, 5), 0);
    zw_stations_free(stations);
}

/* Forgotten at one port and learned at another: it is nowhere in between, so it did not move. */
static void test_forgotten(void)
{
    stations = zw_stations_new();
    learn(10, 1, 3, 0);
    forget(10, 1, 4); /* An old word: it is elsewhere now. */
    CU_ASSERT_EQUAL(learn(10, 1, 3, 0), ZW_STATION_SAME);
    forget(10, 1, 3);
    forget(10, 1, 3);
    CU_ASSERT_EQUAL(zw_stations_status(stations).n, 0);
    CU_ASSERT_EQUAL(learn(10, 1, 4, 0), ZW_STATION_NEW);
    CU_ASSERT_EQUAL(zw_stations_status(stations).n_moves, 0);
    zw_stations_free(stations);
}

/* What is not in a whole reading is gone; what is elsewhere there has moved. */
static void test_reading(void)
{
    stations = zw_stations_new();
    for (uint32_t i = 0; i < 1000; i++) {
        learn(0, i, 3, 0);
    }
    zw_stations_begin(stations);
    for (uint32_t i = 0; i < 1000; i += 10) {
        CU_ASSERT_EQUAL(learn(0, i, i % 20 ? 4 : 3, 0), i % 20 ? ZW_STATION_MOVED : ZW_STATION_SAME);
    }
    zw_stations_end(stations);
    CU_ASSERT_EQUAL(zw_stations_status(stations).n, 100);
    CU_ASSERT_EQUAL(zw_stations_at(stations, 3), 50);
    CU_ASSERT_EQUAL(zw_stations_at(stations, 4), 50);
    for (uint32_t i = 0; i < 1000; i++) {
        CU_ASSERT_EQUAL(learn(0, i, i % 20 ? 4 : 3, 0), i % 10 ? ZW_STATION_NEW : ZW_STATION_SAME);
    }
    zw_stations_free(stations);
}

static void test_bound(void)
{
    stations = zw_stations_new();
    for (uint32_t i = 0; i < ZW_STATIONS_MAX; i++) {
        CU_ASSERT_FATAL(learn((uint16_t)(i % 3), i, (uint16_t)(1 + i % 5), 0) == ZW_STATION_NEW);
    }
    CU_ASSERT_EQUAL(learn(0, ZW_STATIONS_MAX, 1, 0), ZW_STATION_SAME);
    CU_ASSERT_EQUAL(learn(0, ZW_STATIONS_MAX, 2, 0), ZW_STATION_SAME);
    struct zw_stations_status status = zw_stations_status(stations);
    CU_ASSERT(status.n == ZW_STATIONS_MAX && status.n_unfollowed == 2 && !status.n_moves);
    CU_ASSERT_EQUAL(learn(0, 0, 2, 0), ZW_STATION_MOVED); /* Those that are followed still are. */
    forget(0, 0, 2);
    CU_ASSERT_EQUAL(learn(0, ZW_STATIONS_MAX, 2, 0), ZW_STATION_NEW);
    zw_stations_free(stations);
}

/* Against an array that has them all. */
#define N_RANDOM 500u
static void test_random(void)
{
    uint16_t at[N_RANDOM] = {0};
    size_t n = 0;
    uint32_t seed = 1;

    stations = zw_stations_new();
    for (size_t step = 0; step < 200000; step++) {
        seed = seed * 1664525u + 1013904223u;
        uint32_t i = (seed >> 8) % N_RANDOM;
        uint16_t port = (uint16_t)(1 + (seed >> 20) % 3);

        if (seed >> 30) {
            enum zw_station_news wanted = !at[i] ? ZW_STATION_NEW : at[i] == port ? ZW_STATION_SAME : ZW_STATION_MOVED;

            CU_ASSERT_FATAL(learn(0, i, port, 0) == wanted);
            n += !at[i];
            at[i] = port;
        } else {
            forget(0, i, port);
            n -= at[i] == port;
            at[i] = at[i] == port ? 0 : at[i];
        }
        CU_ASSERT_FATAL(zw_stations_status(stations).n == n);
    }
    zw_stations_free(stations);
}

struct order {
    uint32_t numbers[1000];
    size_t n;
};

static void note_number(void *order_, const struct zw_station *station)
{
    struct order *order = order_;

    memcpy(&order->numbers[order->n++], &station->mac.bytes[2], sizeof order->numbers[0]);
}

/* Nobody outside can know which addresses are neighbours, and make one long row of his own. */
static void test_seed(void)
{
    struct order orders[2] = {{.n = 0}, {.n = 0}};

    for (size_t i = 0; i < 2; i++) {
        stations = zw_stations_new();
        for (uint32_t number = 0; number < 1000; number++) {
            learn(1, number, 1, 0);
        }
        zw_stations_each(stations, note_number, &orders[i]);
        zw_stations_free(stations);
    }
    CU_ASSERT_EQUAL(orders[0].n, 1000);
    CU_ASSERT_EQUAL(orders[1].n, 1000);
    CU_ASSERT(memcmp(orders[0].numbers, orders[1].numbers, sizeof orders[0].numbers) != 0);
}

ZW_TEST_MAIN({"an address that moves, and one that is at two places", test_moves},
             {"one that was forgotten in between", test_forgotten}, {"a whole reading", test_reading},
             {"no more than there is room for", test_bound}, {"random moves are followed", test_random},
             {"two tables have two orders", test_seed})
