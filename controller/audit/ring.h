/* SPDX-License-Identifier: Apache-2.0 */
/* ring - a bounded queue of equal elements from one thread to one other.
 *
 * Neither side ever locks or allocates.  The consumer reads elements in place and drops them when it is done with
 * them, so that what it failed to use is still there.  Exactly one producer and one consumer thread. */

#ifndef ZW_AUDIT_RING_H
#define ZW_AUDIT_RING_H 1

#include <stdbool.h>
#include <stddef.h>

struct zw_ring;

/* 'n_elements' is a power of two.  NULL without memory. */
struct zw_ring *zw_ring_create(size_t n_elements, size_t element_size);

/* When neither side uses it any more.  NULL is fine. */
void zw_ring_destroy(struct zw_ring *);

/* Producer: copies an element in.  False if the ring is full. */
bool zw_ring_put(struct zw_ring *, const void *element);

/* Anybody: how many elements are in it, at some moment during the call. */
size_t zw_ring_count(const struct zw_ring *);

/* Consumer: the element at place 'i' of those that wait, the oldest first.  'i' is below a zw_ring_count() that the
 * consumer saw.  Valid until it is dropped. */
const void *zw_ring_peek(const struct zw_ring *, size_t i);

/* Consumer: gives the places of the 'n' oldest elements back. */
void zw_ring_drop(struct zw_ring *, size_t n);

#endif
