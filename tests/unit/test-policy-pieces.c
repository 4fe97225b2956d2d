/* SPDX-License-Identifier: Apache-2.0 */
/* However often a text is changed: its pieces, read back, are the text, and remember no more than what has changed. */
#include "controller/daemon/policy-pieces.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "controller/base/memory.h"
#include "tests/unit/zw-test.h"

#define N_LINES 400
#define MAX_SIZE 65536

static unsigned int seed = 1;

static size_t random_below(size_t n)
{
    seed = seed * 1103515245 + 12345;
    return (seed >> 8) % n;
}

static char *make_base(void)
{
    char *text = zw_xcalloc(MAX_SIZE, 1), *end = text;

    for (int i = 0; i < N_LINES; i++) {
        end += sprintf(end, "line %d of \xc3\xa4 \"text\"\n", i);
    }
    return text;
}

/* 'text' with some bytes at a random place replaced by others; caller frees. */
static char *change(const char *text)
{
    static const char *const news[] = {"", "x", "\n", "a new line\n", "\xe2\x82\xac", "two\nlines\n"};
    const char *new = news[random_below(sizeof news / sizeof news[0])];
    size_t size = strlen(text), at = random_below(size + 1), gone = random_below(30);

    gone = gone > size - at ? size - at : gone;
    return zw_xasprintf("%.*s%s%s", (int)at, text, new, text + at + gone);
}

/* Whether the JSON gives the text again, and the same pieces. */
static bool reads_back(const struct zw_pieces *pieces, const char *base, const char *text)
{
    cJSON *json = zw_pieces_to_json(pieces, text);
    struct zw_pieces again;
    size_t size;
    char *read;
    bool good = zw_pieces_from_json(json, base, strlen(base), MAX_SIZE, &again, &read, &size);

    good = good && size == strlen(text) && !strcmp(read, text) && again.n == pieces->n &&
           zw_pieces_own_size(&again) == zw_pieces_own_size(pieces);
    if (good) {
        zw_pieces_clear(&again);
        free(read);
    }
    cJSON_Delete(json);
    return good;
}

static void test_random(void)
{
    for (int round = 0; round < 20; round++) {
        char *base = make_base(), *text = zw_xstrdup(base);
        struct zw_pieces pieces = zw_pieces_whole(0, strlen(base));

        CU_ASSERT(reads_back(&pieces, base, text));
        for (int i = 0; i < 50; i++) {
            char *now = change(text);
            struct zw_pieces next = zw_pieces_change(&pieces, text, strlen(text), now, strlen(now));

            CU_ASSERT_FATAL(reads_back(&next, base, now));
            zw_pieces_clear(&pieces);
            free(text);
            pieces = next;
            text = now;
        }
        zw_pieces_clear(&pieces);
        free(text);
        free(base);
    }
}

/* One line more, and away again: no more than that line is the text's own. */
static void test_own_lines(void)
{
    static const char base[] = "a\nb\nc\nd\n", more[] = "a\nb\nbb\nc\nd\n";
    struct zw_pieces whole = zw_pieces_whole(0, strlen(base));
    struct zw_pieces now = zw_pieces_change(&whole, base, strlen(base), more, strlen(more));
    struct zw_pieces back = zw_pieces_change(&now, more, strlen(more), base, strlen(base));
    cJSON *json = zw_pieces_to_json(&now, more);
    char *text = cJSON_PrintUnformatted(json);

    CU_ASSERT_STRING_EQUAL(text, "[[0,4],\"bb\\n\",[4,4]]");
    CU_ASSERT(zw_pieces_own_size(&back) <= 3);
    cJSON_free(text);
    cJSON_Delete(json);
    zw_pieces_clear(&whole);
    zw_pieces_clear(&now);
    zw_pieces_clear(&back);
}

/* Of a file that somebody has edited. */
static void test_bad(void)
{
    static const char *const bad[] = {
        "{}",      "[7]",     "[[0]]",       "[[\"0\",1]]", "[[-1,2]]", "[[0,-1]]",      "[[0,9]]",
        "[[9,0]]", "[[8,1]]", "[[1e300,1]]", "[[1,1e300]]", "[null]",   "[\"a\",[9,9]]", "[[0,8],[0,8],\"x\"]",
        "null"};
    static const char base[] = "12345678";

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        cJSON *json = cJSON_Parse(bad[i]);
        struct zw_pieces pieces;
        size_t size;
        char *text;

        if (zw_pieces_from_json(json, base, strlen(base), 16, &pieces, &text, &size)) {
            printf("# %s\n", bad[i]);
            CU_FAIL("was taken for pieces");
            zw_pieces_clear(&pieces);
            free(text);
        }
        cJSON_Delete(json);
    }
}

ZW_TEST_MAIN({"random changes", test_random}, {"whole lines, and no more", test_own_lines},
             {"what is no list of pieces", test_bad})
