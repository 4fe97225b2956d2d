/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/policy/masks.h"

#include <stdbool.h>
#include <stdlib.h>

#include "tests/unit/zw-test.h"

/* How many of the masks a port matches. */
static unsigned int matches(const struct zw_port_mask *masks, size_t n, unsigned int port)
{
    unsigned int hits = 0;

    for (size_t i = 0; i < n; i++) {
        hits += (port & masks[i].mask) == masks[i].value;
    }
    return hits;
}

/* Every port of the range is covered once, no other one. */
static bool covers(uint16_t first, uint16_t last)
{
    struct zw_port_mask masks[ZW_MAX_PORT_MASKS];
    size_t n = zw_port_masks(first, last, masks);

    for (unsigned int port = 0; port <= 0xffff; port++) {
        if (matches(masks, n, port) != (port >= first && port <= last)) {
            return false;
        }
    }
    return n >= 1 && n <= ZW_MAX_PORT_MASKS;
}

static void test_edges(void)
{
    static const uint16_t edges[] = {0, 1, 2, 3, 79, 80, 1023, 1024, 32767, 32768, 65534, 65535};
    enum { N = sizeof edges / sizeof edges[0] };

    for (size_t i = 0; i < N; i++) {
        for (size_t j = i; j < N; j++) {
            CU_ASSERT(covers(edges[i], edges[j]));
        }
    }
}

static void test_random(void)
{
    srandom(1);
    for (int i = 0; i < 200; i++) {
        uint16_t a = (uint16_t)random(), b = (uint16_t)random();

        CU_ASSERT(covers(a < b ? a : b, a < b ? b : a));
    }
}

static void test_counts(void)
{
    struct zw_port_mask masks[ZW_MAX_PORT_MASKS];

    CU_ASSERT_EQUAL(zw_port_masks(80, 80, masks), 1);
    CU_ASSERT_EQUAL(masks[0].mask, 0xffff);
    CU_ASSERT_EQUAL(zw_port_masks(0, 65535, masks), 1);
    CU_ASSERT_EQUAL(masks[0].mask, 0);
    CU_ASSERT_EQUAL(zw_port_masks(1024, 65535, masks), 6);
    CU_ASSERT_EQUAL(zw_port_masks(1, 65534, masks), ZW_MAX_PORT_MASKS);
}

static void test_count_alone(void)
{
    struct zw_port_mask masks[ZW_MAX_PORT_MASKS];
    unsigned int n_wrong = 0;

    for (unsigned int i = 0; i < 100000; i++) {
        uint16_t a = (uint16_t)random(), b = i % 2 ? (uint16_t)random() : (uint16_t)(a + random() % 70);
        uint16_t first = a < b ? a : b, last = a < b ? b : a;

        n_wrong += zw_count_port_masks(first, last) != zw_port_masks(first, last, masks);
    }
    for (unsigned int bits = 0; bits < 16; bits++) {
        uint16_t last = (uint16_t)((2u << bits) - 1);

        for (unsigned int first = 0; first < 3; first++) {
            if (first < last) {
                n_wrong += zw_count_port_masks((uint16_t)first, last) != zw_port_masks((uint16_t)first, last, masks);
                n_wrong +=
                    zw_count_port_masks((uint16_t)first, last - 1) != zw_port_masks((uint16_t)first, last - 1, masks);
            }
        }
    }
    CU_ASSERT_EQUAL(n_wrong, 0);
    CU_ASSERT_EQUAL(zw_count_port_masks(0, 65535), 1);
    CU_ASSERT_EQUAL(zw_count_port_masks(1, 65534), ZW_MAX_PORT_MASKS);
}

ZW_TEST_MAIN({"the edges of ranges", test_edges}, {"random ranges", test_random}, {"the fewest masks", test_counts},
             {"how many these are", test_count_alone})
