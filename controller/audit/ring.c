/* SPDX-License-Identifier: Apache-2.0 */
#include "zw-config.h"

#include "controller/audit/ring.h"

#include <assert.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define CACHE_LINE 64

struct zw_ring {
    size_t mask;
    size_t element_size;
    unsigned char *elements;

    /* Positions only grow; the place of one is its low bits.  Each side has a cache line of its own. */
    alignas(CACHE_LINE) _Atomic uint64_t head; /* The producer's: one past the newest element. */
    uint64_t tail_seen;                        /* What the producer last saw of 'tail'. */
    alignas(CACHE_LINE) _Atomic uint64_t tail; /* The consumer's: the oldest element. */
};

struct zw_ring *zw_ring_create(size_t n_elements, size_t element_size)
{
    assert(n_elements && !(n_elements & (n_elements - 1)));
    struct zw_ring *ring = aligned_alloc(CACHE_LINE, sizeof *ring);
    if (!ring) {
        return NULL;
    }
    memset(ring, 0, sizeof *ring);
    ring->mask = n_elements - 1;
    ring->element_size = element_size;
    ring->elements = calloc(n_elements, element_size);
    if (!ring->elements) {
        free(ring);
        return NULL;
    }
    atomic_init(&ring->head, 0);
    atomic_init(&ring->tail, 0);
    return ring;
}

void zw_ring_destroy(struct zw_ring *ring)
{
    if (ring) {
        free(ring->elements);
        free(ring);
    }
}

static unsigned char *place(const struct zw_ring *ring, uint64_t position)
{
    return ring->elements + (size_t)(position & ring->mask) * ring->element_size;
}

bool zw_ring_put(struct zw_ring *ring, const void *element)
{
    uint64_t head = atomic_load_explicit(&ring->head, memory_order_relaxed);
    if (head - ring->tail_seen > ring->mask) {
        ring->tail_seen = atomic_load_explicit(&ring->tail, memory_order_acquire);
        if (head - ring->tail_seen > ring->mask) {
            return false;
        }
    }
    memcpy(place(ring, head), element, ring->element_size);
    atomic_store_explicit(&ring->head, head + 1, memory_order_release);
    return true;
}

size_t zw_ring_count(const struct zw_ring *ring)
{
    /* The tail first: read the other way round, it could have overtaken the head that was seen. */
    uint64_t tail = atomic_load_explicit(&ring->tail, memory_order_acquire);
    uint64_t head = atomic_load_explicit(&ring->head, memory_order_acquire);
    uint64_t n = head - tail;
    return n > ring->mask ? ring->mask + 1 : n;
}

const void *zw_ring_peek(const struct zw_ring *ring, size_t i)
{
    return place(ring, atomic_load_explicit(&ring->tail, memory_order_relaxed) + i);
}

void zw_ring_drop(struct zw_ring *ring, size_t n)
{
    uint64_t tail = atomic_load_explicit(&ring->tail, memory_order_relaxed);
    atomic_store_explicit(&ring->tail, tail + n, memory_order_release);
}
