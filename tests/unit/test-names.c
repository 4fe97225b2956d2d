/* SPDX-License-Identifier: Apache-2.0 */
#include "zw-config.h"

#include "controller/base/names.h"

#include <stdio.h>

#include "tests/unit/zw-test.h"

#define N_MANY 5000

static void test_many(void)
{
    static char keys[N_MANY][16];
    struct zw_names names = ZW_NAMES_INIT;

    CU_ASSERT_PTR_NULL(zw_names_find(&names, "key-0"));
    for (int i = 0; i < N_MANY; i++) {
        snprintf(keys[i], sizeof keys[i], "key-%d", i);
        CU_ASSERT_PTR_NULL(zw_names_add(&names, keys[i], &keys[i]));
    }
    CU_ASSERT_EQUAL(names.n, N_MANY);
    for (int i = 0; i < N_MANY; i++) {
        CU_ASSERT_PTR_EQUAL(zw_names_find(&names, keys[i]), &keys[i]);
    }
    CU_ASSERT_PTR_NULL(zw_names_find(&names, "key-5000"));
    zw_names_destroy(&names);
    CU_ASSERT_EQUAL(names.n, 0);
}

static void test_first_stays(void)
{
    struct zw_names names = ZW_NAMES_INIT;
    int a, b;

    CU_ASSERT_PTR_NULL(zw_names_add(&names, "x", &a));
    CU_ASSERT_PTR_EQUAL(zw_names_add(&names, "x", &b), &a);
    CU_ASSERT_PTR_EQUAL(zw_names_find(&names, "x"), &a);
    CU_ASSERT_EQUAL(names.n, 1);
    zw_names_destroy(&names);
}

static void test_suggestions(void)
{
    static const struct {
        const char *word, *candidate;
        bool near;
    } cases[] = {
        {"dbs", "db", true},      {"prots", "ports", true},     {"Allow", "allow", true}, {"zone", "zones", true},
        {"ruels", "rules", true}, {"servcie", "service", true}, {"a", "b", false},        {"web", "db", false},
        {"", "db", false},        {"internet", "web", false},   {"ab", "cd", false},      {"db", "DB", true},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct zw_suggestion s;

        zw_suggestion_start(&s, cases[i].word);
        zw_suggestion_try(&s, cases[i].candidate);
        if ((s.best != NULL) != cases[i].near) {
            printf("# %s, %s\n", cases[i].word, cases[i].candidate);
        }
        CU_ASSERT_EQUAL(s.best != NULL, cases[i].near);
    }
}

static void test_nearest_wins(void)
{
    struct zw_names names = ZW_NAMES_INIT;
    int value;

    zw_names_add(&names, "outsider", &value);
    zw_names_add(&names, "outside", &value);
    zw_names_add(&names, "web", &value);
    CU_ASSERT_STRING_EQUAL(zw_names_suggest(&names, "outsid"), "outside");
    CU_ASSERT_PTR_NULL(zw_names_suggest(&names, "mail"));
    zw_names_destroy(&names);
}

ZW_TEST_MAIN({"finds each of many", test_many}, {"the first of two equal names stays", test_first_stays},
             {"suggests a word that is near, and no other", test_suggestions},
             {"suggests the nearest name", test_nearest_wins})
