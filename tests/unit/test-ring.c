/* SPDX-License-Identifier: Apache-2.0 */
#include "zw-config.h"

#include "controller/audit/ring.h"

#include <pthread.h>
#include <sched.h>
#include <stdint.h>

#include "tests/unit/zw-test.h"

#define SIZE 8

static void test_order(void)
{
    struct zw_ring *ring = zw_ring_create(SIZE, sizeof(int));
    CU_ASSERT_FATAL(ring != NULL);
    CU_ASSERT_EQUAL(zw_ring_count(ring), 0);
    for (int round = 0; round < 100; round++) {
        for (int i = 0; i < 5; i++) {
            int value = round * 5 + i;
            CU_ASSERT(zw_ring_put(ring, &value));
        }
        CU_ASSERT_EQUAL(zw_ring_count(ring), 5);
        for (int i = 0; i < 5; i++) {
            CU_ASSERT_EQUAL(*(const int *)zw_ring_peek(ring, (size_t)i), round * 5 + i);
        }
        zw_ring_drop(ring, 5);
    }
    zw_ring_destroy(ring);
}

static void test_full(void)
{
    struct zw_ring *ring = zw_ring_create(SIZE, sizeof(int));
    for (int i = 0; i < SIZE; i++) {
        CU_ASSERT(zw_ring_put(ring, &i));
    }
    int more = 99;
    CU_ASSERT_FALSE(zw_ring_put(ring, &more));
    CU_ASSERT_EQUAL(zw_ring_count(ring), SIZE);
    CU_ASSERT_EQUAL(*(const int *)zw_ring_peek(ring, 0), 0);
    CU_ASSERT_EQUAL(*(const int *)zw_ring_peek(ring, SIZE - 1), SIZE - 1);
    zw_ring_drop(ring, 1);
    CU_ASSERT(zw_ring_put(ring, &more));
    CU_ASSERT_EQUAL(*(const int *)zw_ring_peek(ring, SIZE - 1), 99);
    zw_ring_destroy(ring);
    zw_ring_destroy(NULL);
}

/* Each element says its number twice, so that a torn one shows. */
struct pair {
    uint64_t number, again;
};
#define N_PAIRS 200000

static void *produce(void *arg)
{
    struct zw_ring *ring = arg;
    for (uint64_t i = 0; i < N_PAIRS; i++) {
        struct pair pair = {i, i};
        while (!zw_ring_put(ring, &pair)) {
            sched_yield();
        }
    }
    return NULL;
}

static void test_two_threads(void)
{
    struct zw_ring *ring = zw_ring_create(64, sizeof(struct pair));
    pthread_t thread;
    CU_ASSERT_EQUAL_FATAL(pthread_create(&thread, NULL, produce, ring), 0);
    uint64_t expected = 0, n_wrong = 0;
    while (expected < N_PAIRS) {
        size_t n = zw_ring_count(ring);
        n_wrong += n > 64;
        for (size_t i = 0; i < n; i++, expected++) {
            const struct pair *pair = zw_ring_peek(ring, i);
            n_wrong += pair->number != expected || pair->again != expected;
        }
        zw_ring_drop(ring, n);
        if (!n) {
            sched_yield();
        }
    }
    pthread_join(thread, NULL);
    CU_ASSERT_EQUAL(n_wrong, 0);
    CU_ASSERT_EQUAL(zw_ring_count(ring), 0);
    zw_ring_destroy(ring);
}

ZW_TEST_MAIN({"elements come out in order, round and round", test_order},
             {"a full ring takes nothing and keeps what it has", test_full},
             {"two threads pass every element whole and in order", test_two_threads})
