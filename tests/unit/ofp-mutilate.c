/* SPDX-License-Identifier: Apache-2.0 */
#include <config.h>

#include "tests/unit/ofp-mutilate.h"

#include <stdlib.h>

#include "openvswitch/ofpbuf.h"
#include "lib/util.h"

static uint32_t next_random(uint32_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    return *state;
}

static void mutate(const struct ofpbuf *msg, uint32_t *state, void (*decode)(const uint8_t *data, size_t size))
{
    size_t size = msg->size;
    uint8_t *copy;

    if (next_random(state) % 4 == 0) { /* Cut off, with a length that says so. */
        size = 8 + next_random(state) % (size - 7);
        if (next_random(state) % 2) {
            size = size / 8 * 8;
        }
    }
    copy = xmemdup(msg->data, size);
    for (unsigned int n = next_random(state) % 8; n > 0; n--) {
        copy[next_random(state) % size] = (uint8_t)(next_random(state) % 3 ? next_random(state) : 0xff);
    }
    copy[2] = (uint8_t)(size >> 8);
    copy[3] = (uint8_t)size;
    decode(copy, size);
    free(copy);
}

void ofp_mutilate(const struct ofpbuf *msg, unsigned int n_times, void (*decode)(const uint8_t *data, size_t size))
{
    uint32_t state = 2463534242;

    for (unsigned int i = 0; i < n_times; i++) {
        mutate(msg, &state, decode);
    }
}
