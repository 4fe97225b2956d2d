/* SPDX-License-Identifier: Apache-2.0 */
#include "zw-config.h"

#include "controller/base/memory.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/zw-test.h"

/* Large and small pieces in turn, across many blocks: each aligned, zeroed and its own. */
static void test_pool(void)
{
    struct zw_pool *pool = zw_pool_new();
    unsigned char *pieces[2000];

    for (size_t i = 0; i < 2000; i++) {
        size_t size = i % 10 ? i % 97 : i * 50;

        pieces[i] = zw_pool_calloc(pool, size, 1);
        CU_ASSERT_EQUAL((uintptr_t)pieces[i] % 16, 0);
        for (size_t j = 0; j < size; j++) {
            if (pieces[i][j]) {
                CU_FAIL("not zeroed");
                break;
            }
        }
        memset(pieces[i], (int)(i % 255) + 1, size);
    }
    for (size_t i = 0; i < 2000; i++) {
        size_t size = i % 10 ? i % 97 : i * 50;

        if (size) {
            CU_ASSERT_EQUAL(pieces[i][0], i % 255 + 1);
            CU_ASSERT_EQUAL(pieces[i][size - 1], i % 255 + 1);
        }
    }
    zw_pool_destroy(pool);
    zw_pool_destroy(NULL);
}

static void test_strings(void)
{
    struct zw_pool *pool = zw_pool_new();
    char *text = zw_xasprintf("%s-%d", "vnet", 7);

    CU_ASSERT_STRING_EQUAL(text, "vnet-7");
    CU_ASSERT_STRING_EQUAL(zw_pool_strdup(pool, text), "vnet-7");
    CU_ASSERT_STRING_EQUAL(zw_pool_strndup(pool, text, 4), "vnet");
    free(text);
    zw_pool_destroy(pool);
}

static void test_grow(void)
{
    size_t capacity = 0;
    int *list = NULL;

    for (size_t i = 0; i < 1000; i++) {
        list = zw_xgrow(list, i, &capacity, sizeof *list);
        list[i] = (int)i;
    }
    CU_ASSERT_TRUE(capacity >= 1000);
    CU_ASSERT_EQUAL(list[0], 0);
    CU_ASSERT_EQUAL(list[999], 999);
    free(list);
}

ZW_TEST_MAIN({"a pool's pieces are aligned, zeroed and apart", test_pool}, {"copies of texts", test_strings},
             {"an array grows", test_grow})
