/* SPDX-License-Identifier: Apache-2.0 */
/* cache - remembers the row ids of what was interned.
 *
 * Of fixed size, whatever the traffic: a new entry displaces another one of its set.  What was displaced is interned
 * again, as a second row, so a miss costs space and is never wrong.  Keys are compared byte by byte: no padding, and
 * zeros behind the end of strings.  Hashes are salted, so a peer cannot choose addresses that collide.  Used by one
 * thread. */

#ifndef ZW_AUDIT_CACHE_H
#define ZW_AUDIT_CACHE_H 1

#include <stddef.h>
#include <stdint.h>

struct zw_cache;

/* 'n_entries' is a power of two and at least 4; 'key_size' a multiple of 8.  NULL without memory. */
struct zw_cache *zw_cache_create(size_t n_entries, size_t key_size);
void zw_cache_destroy(struct zw_cache *);

/* The id of 'key', or 0.  '*hash' is for zw_cache_add(). */
int64_t zw_cache_find(const struct zw_cache *, const void *key, uint64_t *hash);

/* Remembers 'key', which zw_cache_find() just missed. */
void zw_cache_add(struct zw_cache *, const void *key, uint64_t hash, int64_t id);

void zw_cache_clear(struct zw_cache *);

#endif
