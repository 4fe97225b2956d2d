/* SPDX-License-Identifier: Apache-2.0 */
#include "zw-config.h"

#include "controller/audit/cache.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define WAYS 4

struct entry {
    uint64_t hash;
    int64_t id; /* 0: unused. */
};

struct zw_cache {
    size_t n_entries;
    size_t key_size;
    uint64_t salt;
    unsigned int victim; /* Which way of a full set goes next. */
    struct entry *entries;
    unsigned char *keys;
};

struct zw_cache *zw_cache_create(size_t n_entries, size_t key_size)
{
    assert(n_entries >= WAYS && !(n_entries & (n_entries - 1)) && key_size % 8 == 0);
    struct zw_cache *cache = calloc(1, sizeof *cache);
    if (!cache) {
        return NULL;
    }
    cache->n_entries = n_entries;
    cache->key_size = key_size;
    cache->entries = calloc(n_entries, sizeof *cache->entries);
    cache->keys = calloc(n_entries, key_size);
    if (!cache->entries || !cache->keys) {
        zw_cache_destroy(cache);
        return NULL;
    }
    if (getrandom(&cache->salt, sizeof cache->salt, GRND_NONBLOCK) < 0) {
        cache->salt = (uintptr_t)cache->keys; /* Early in a boot; better than none. */
    }
    return cache;
}

void zw_cache_destroy(struct zw_cache *cache)
{
    if (cache) {
        free(cache->entries);
        free(cache->keys);
        free(cache);
    }
}

static uint64_t mix(uint64_t x)
{
    x ^= x >> 32;
    x *= 0xd6e8feb86659fd93ULL;
    x ^= x >> 32;
    return x;
}

static uint64_t hash_key(const struct zw_cache *cache, const void *key)
{
    uint64_t hash = cache->salt;
    for (size_t i = 0; i < cache->key_size; i += 8) {
        uint64_t word;
        memcpy(&word, (const unsigned char *)key + i, 8);
        hash = mix(hash ^ word) + 0x9e3779b97f4a7c15ULL;
    }
    return mix(hash);
}

static size_t first_of_set(const struct zw_cache *cache, uint64_t hash)
{
    return hash & (cache->n_entries - 1) & ~(size_t)(WAYS - 1);
}

int64_t zw_cache_find(const struct zw_cache *cache, const void *key, uint64_t *hash)
{
    *hash = hash_key(cache, key);
    size_t first = first_of_set(cache, *hash);
    for (size_t i = first; i < first + WAYS; i++) {
        const struct entry *e = &cache->entries[i];
        if (e->id && e->hash == *hash && !memcmp(cache->keys + i * cache->key_size, key, cache->key_size)) {
            return e->id;
        }
    }
    return 0;
}

void zw_cache_add(struct zw_cache *cache, const void *key, uint64_t hash, int64_t id)
{
    size_t first = first_of_set(cache, hash);
    size_t i = first;
    while (i < first + WAYS && cache->entries[i].id) {
        i++;
    }
    if (i == first + WAYS) {
        i = first + cache->victim++ % WAYS;
    }
    cache->entries[i] = (struct entry){.hash = hash, .id = id};
    memcpy(cache->keys + i * cache->key_size, key, cache->key_size);
}

void zw_cache_clear(struct zw_cache *cache)
{
    memset(cache->entries, 0, cache->n_entries * sizeof *cache->entries);
}
