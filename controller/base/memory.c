/* SPDX-License-Identifier: Apache-2.0 */
#include "zw-config.h"

#include "controller/base/memory.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define POOL_ALIGNMENT 16
#define POOL_BLOCK_SIZE ((size_t)64 * 1024)

struct pool_block {
    struct pool_block *next;
    size_t used, size;
    _Alignas(POOL_ALIGNMENT) unsigned char data[];
};

struct zw_pool {
    struct pool_block *blocks; /* The first one has room, perhaps. */
};

static void __attribute__((noreturn)) out_of_memory(void)
{
    fputs("out of memory\n", stderr);
    abort();
}

void *zw_xcalloc(size_t n, size_t size)
{
    void *p = calloc(n ? n : 1, size ? size : 1);

    if (!p) {
        out_of_memory();
    }
    return p;
}

void *zw_xreallocarray(void *old, size_t n, size_t size)
{
    void *p = reallocarray(old, n ? n : 1, size ? size : 1);

    if (!p) {
        out_of_memory();
    }
    return p;
}

char *zw_xstrdup(const char *s)
{
    char *copy = strdup(s);

    if (!copy) {
        out_of_memory();
    }
    return copy;
}

char *zw_xasprintf(const char *format, ...)
{
    va_list args;
    char *text;
    int n;

    va_start(args, format);
    n = vasprintf(&text, format, args);
    va_end(args);
    if (n < 0) {
        out_of_memory();
    }
    return text;
}

void *zw_xgrow(void *array, size_t n, size_t *capacity, size_t size)
{
    if (array && n < *capacity) {
        return array;
    }
    *capacity = n ? 2 * n : 8;
    return zw_xreallocarray(array, *capacity, size);
}

struct zw_pool *zw_pool_new(void)
{
    return zw_xcalloc(1, sizeof(struct zw_pool));
}

void zw_pool_destroy(struct zw_pool *pool)
{
    if (!pool) {
        return;
    }
    for (struct pool_block *b = pool->blocks, *next; b; b = next) {
        next = b->next;
        free(b);
    }
    free(pool);
}

/* A block with room for 'size' bytes.  A large one goes behind the first, which keeps its room. */
static struct pool_block *add_block(struct zw_pool *pool, size_t size)
{
    size_t block_size = size > POOL_BLOCK_SIZE / 4 ? size : POOL_BLOCK_SIZE;
    struct pool_block *b;

    if (block_size > SIZE_MAX - sizeof *b) {
        out_of_memory();
    }
    b = zw_xcalloc(1, sizeof *b + block_size);
    b->size = block_size;
    if (pool->blocks && block_size == size) {
        b->next = pool->blocks->next;
        pool->blocks->next = b;
    } else {
        b->next = pool->blocks;
        pool->blocks = b;
    }
    return b;
}

void *zw_pool_calloc(struct zw_pool *pool, size_t n, size_t size)
{
    struct pool_block *b = pool->blocks;
    size_t bytes;
    void *p;

    if (__builtin_mul_overflow(n, size, &bytes) || bytes > SIZE_MAX - POOL_ALIGNMENT) {
        out_of_memory();
    }
    bytes = (bytes + POOL_ALIGNMENT - 1) / POOL_ALIGNMENT * POOL_ALIGNMENT;
    if (!b || b->size - b->used < bytes) {
        b = add_block(pool, bytes);
    }
    p = b->data + b->used;
    b->used += bytes;
    return p;
}

char *zw_pool_strndup(struct zw_pool *pool, const char *s, size_t n)
{
    char *copy = zw_pool_calloc(pool, n + 1, 1);

    memcpy(copy, s, n);
    return copy;
}

char *zw_pool_strdup(struct zw_pool *pool, const char *s)
{
    return zw_pool_strndup(pool, s, strlen(s));
}
