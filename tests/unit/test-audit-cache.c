/* SPDX-License-Identifier: Apache-2.0 */
#include "zw-config.h"

#include "controller/audit/cache.h"

#include "tests/unit/zw-test.h"

struct key {
    uint64_t a, b;
};

static void test_find(void)
{
    struct zw_cache *cache = zw_cache_create(1024, sizeof(struct key));
    CU_ASSERT_FATAL(cache != NULL);
    uint64_t hash;
    for (uint64_t i = 0; i < 100; i++) {
        struct key key = {i, 7};
        CU_ASSERT_EQUAL(zw_cache_find(cache, &key, &hash), 0);
        zw_cache_add(cache, &key, hash, (int64_t)i + 1);
        CU_ASSERT_EQUAL(zw_cache_find(cache, &key, &hash), (int64_t)i + 1);
        struct key other = {i, 8};
        CU_ASSERT_EQUAL(zw_cache_find(cache, &other, &hash), 0);
    }
    zw_cache_clear(cache);
    struct key key = {5, 7};
    CU_ASSERT_EQUAL(zw_cache_find(cache, &key, &hash), 0);
    zw_cache_destroy(cache);
    zw_cache_destroy(NULL);
}

/* Whatever is still found has its own id, and most of what was added last is found. */
static void test_overflow(void)
{
    struct zw_cache *cache = zw_cache_create(1024, sizeof(struct key));
    uint64_t hash;
    for (uint64_t i = 1; i <= 100000; i++) {
        struct key key = {i, i};
        CU_ASSERT_EQUAL(zw_cache_find(cache, &key, &hash), 0);
        zw_cache_add(cache, &key, hash, (int64_t)i);
    }
    unsigned int n_found = 0, n_wrong = 0;
    for (uint64_t i = 1; i <= 100000; i++) {
        struct key key = {i, i};
        int64_t id = zw_cache_find(cache, &key, &hash);
        n_found += id != 0;
        n_wrong += id && id != (int64_t)i;
    }
    CU_ASSERT_EQUAL(n_wrong, 0);
    CU_ASSERT(n_found > 1000 && n_found <= 1024);
    zw_cache_destroy(cache);
}

ZW_TEST_MAIN({"what was added is found, and nothing else", test_find},
             {"a full cache forgets and never mistakes", test_overflow})
