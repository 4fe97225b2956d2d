/* SPDX-License-Identifier: Apache-2.0 */
/* memory - allocation that never returns NULL, and pools for what dies together.
 *
 * Out of memory ends the program with one line on standard error: a firewall whose fast path lives in the switch loses
 * nothing by a restart, and half-built state is worse.  zw_x*() give memory for free(3).  Thread-safe; one pool is for
 * one thread at a time. */

#ifndef ZW_BASE_MEMORY_H
#define ZW_BASE_MEMORY_H 1

#include <stddef.h>

/* 'n' elements of 'size' bytes, zeroed; never NULL, also for n == 0. */
void *zw_xcalloc(size_t n, size_t size) __attribute__((malloc, returns_nonnull));
void *zw_xreallocarray(void *, size_t n, size_t size) __attribute__((returns_nonnull));
char *zw_xstrdup(const char *) __attribute__((malloc, returns_nonnull));
char *zw_xasprintf(const char *format, ...) __attribute__((format(printf, 1, 2), returns_nonnull));

/* Room for one more in a growing array: doubles '*capacity' when 'n' has reached it. */
void *zw_xgrow(void *array, size_t n, size_t *capacity, size_t size) __attribute__((returns_nonnull));

struct zw_pool;

struct zw_pool *zw_pool_new(void);
void zw_pool_destroy(struct zw_pool *); /* NULL is fine. */

/* 'n' elements of 'size' bytes, zeroed, aligned for anything; lives as long as the pool. */
void *zw_pool_calloc(struct zw_pool *, size_t n, size_t size) __attribute__((returns_nonnull));
char *zw_pool_strndup(struct zw_pool *, const char *, size_t n) __attribute__((returns_nonnull));
char *zw_pool_strdup(struct zw_pool *, const char *) __attribute__((returns_nonnull));

#endif
