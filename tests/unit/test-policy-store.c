/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/daemon/policy-store.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "controller/base/file.h"
#include "controller/base/memory.h"
#include "controller/base/sha256.h"
#include "tests/unit/audit-records.h"
#include "tests/unit/zw-test.h"

static struct zw_test_log folder;

static struct zw_stored_policy stored(uint32_t version, char letter, bool from_file)
{
    struct zw_stored_policy s = {.version = version, .from_file = from_file, .time_us = 1700000000000001 + version};

    memset(s.sha256, letter, 64);
    s.origin = zw_xstrdup(from_file ? "file /p" : "apply by \"root\"");
    s.placement = zw_xstrdup("since=1 next=4 1+3@500-64");
    s.sources = zw_xcalloc(1, sizeof *s.sources);
    s.sources[0].name = zw_xstrdup("p.yaml");
    s.sources[0].text = zw_xstrdup("version: 1\n# \xc3\xa4 \"\\\t\n");
    s.sources[0].size = strlen(s.sources[0].text);
    s.n_sources = 1;
    return s;
}

static int save(uint32_t version, char letter, bool from_file)
{
    struct zw_stored_policy s = stored(version, letter, from_file);
    struct zw_problems problems = ZW_PROBLEMS_INIT;
    int error = zw_policy_store_save(folder.dir, &s, NULL, &problems);

    CU_ASSERT_EQUAL(!error, !problems.n);
    zw_problems_clear(&problems);
    zw_stored_policy_clear(&s);
    return error;
}

static int load(struct zw_stored_policy *newest, char file_sha256[65])
{
    struct zw_problems problems = ZW_PROBLEMS_INIT;
    int error = zw_policy_store_load(folder.dir, newest, file_sha256, &problems);

    CU_ASSERT_EQUAL(!error, !problems.n);
    zw_problems_clear(&problems);
    return error;
}

static void damage(uint32_t version, const char *text)
{
    char path[160];

    snprintf(path, sizeof path, "%s/policies/%06u.json", folder.dir, version);
    if (text) {
        zw_file_replace(path, text);
    } else {
        unlink(path);
    }
}

static void test_round_trip(void)
{
    struct zw_stored_policy newest, expected = stored(2, 'b', false);
    char sha256[65];

    folder = zw_test_log_make();
    CU_ASSERT_EQUAL(load(&newest, sha256), 0);
    CU_ASSERT_EQUAL(newest.version, 0);
    CU_ASSERT_STRING_EQUAL(sha256, "");
    CU_ASSERT_EQUAL(save(1, 'a', true), 0);
    CU_ASSERT_EQUAL(save(2, 'b', false), 0);
    CU_ASSERT_EQUAL_FATAL(load(&newest, sha256), 0);
    CU_ASSERT_EQUAL(newest.version, 2);
    CU_ASSERT_EQUAL(newest.time_us, expected.time_us);
    CU_ASSERT_FALSE(newest.from_file);
    CU_ASSERT_STRING_EQUAL(newest.origin, expected.origin);
    CU_ASSERT_STRING_EQUAL(newest.sha256, expected.sha256);
    CU_ASSERT_STRING_EQUAL(newest.placement, expected.placement);
    CU_ASSERT_EQUAL_FATAL(newest.n_sources, 1);
    CU_ASSERT_STRING_EQUAL(newest.sources[0].text, expected.sources[0].text);
    CU_ASSERT_EQUAL(sha256[0], 'a'); /* The last that came from the file. */
    zw_stored_policy_clear(&newest);
    zw_stored_policy_clear(&expected);
    zw_test_log_remove(&folder);
}

/* A version means one policy for ever. */
static void test_no_version_twice(void)
{
    struct zw_stored_policy newest;
    char sha256[65];

    folder = zw_test_log_make();
    CU_ASSERT_EQUAL(load(&newest, sha256), 0);
    CU_ASSERT_EQUAL(save(1, 'a', true), 0);
    CU_ASSERT_EQUAL(save(1, 'b', true), EEXIST);
    CU_ASSERT_EQUAL(load(&newest, sha256), 0);
    CU_ASSERT_EQUAL(newest.sha256[0], 'a');
    zw_stored_policy_clear(&newest);
    zw_test_log_remove(&folder);
}

/* Damage is told, and the number of a damaged version is known all the same; one that is missing is passed over. */
static void test_damaged(void)
{
    static const char *const texts[] = {"", "{", "[]", "{\"version\": \"x\"}", "{\"version\": 3, \"sources\": []}"};
    struct zw_stored_policy newest;
    char sha256[65];

    folder = zw_test_log_make();
    load(&newest, sha256);
    CU_ASSERT_EQUAL(save(1, 'a', true), 0);
    CU_ASSERT_EQUAL(save(2, 'b', false), 0);
    CU_ASSERT_EQUAL(save(3, 'c', false), 0);
    damage(2, NULL);
    CU_ASSERT_EQUAL(load(&newest, sha256), 0);
    CU_ASSERT_EQUAL(sha256[0], 'a');
    zw_stored_policy_clear(&newest);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        damage(3, texts[i]);
        CU_ASSERT_NOT_EQUAL(load(&newest, sha256), 0);
        CU_ASSERT_EQUAL(newest.version, 3);
        CU_ASSERT_EQUAL(newest.n_sources, 0);
    }
    zw_test_log_remove(&folder);
}

/* --- Sources that are too large to be written again and again. --- */

#define N_LINES 8000

/* A policy of two files, of which the second has 'line' in the middle. */
static struct zw_stored_policy large(uint32_t version, const char *line)
{
    struct zw_stored_policy s = stored(version, 'x', false);
    struct zw_sha256 *ctx = zw_sha256_new();
    uint8_t digest[ZW_SHA256_SIZE];
    char *text = zw_xcalloc(N_LINES + 1, 32), *end = text;

    for (int i = 0; i < N_LINES; i++) {
        end += sprintf(end, "# line %d\n", i);
        end += i == N_LINES / 2 ? sprintf(end, "%s", line) : 0;
    }
    s.sources = realloc(s.sources, 2 * sizeof *s.sources);
    s.sources[1] = (struct zw_policy_source){.name = zw_xstrdup("q.yaml"), .text = text, .size = (size_t)(end - text)};
    s.n_sources = 2;
    for (size_t i = 0; i < 2; i++) {
        zw_sha256_add(ctx, s.sources[i].text, s.sources[i].size);
    }
    zw_sha256_finish(ctx, digest);
    zw_sha256_format(digest, s.sha256);
    return s;
}

static int save_large(struct zw_stored_policy *s, const struct zw_stored_policy *previous)
{
    struct zw_problems problems = ZW_PROBLEMS_INIT;
    int error = zw_policy_store_save(folder.dir, s, previous, &problems);

    zw_problems_clear(&problems);
    return error;
}

/* Whether the newest version is this one. */
static bool is_newest(const struct zw_stored_policy *s)
{
    struct zw_stored_policy newest;
    char sha256[65];
    bool is = !load(&newest, sha256) && newest.version == s->version && newest.n_sources == s->n_sources &&
              !strcmp(newest.sha256, s->sha256);

    for (size_t i = 0; is && i < s->n_sources; i++) {
        is = newest.sources[i].size == s->sources[i].size && !strcmp(newest.sources[i].text, s->sources[i].text) &&
             !strcmp(newest.sources[i].name, s->sources[i].name);
    }
    zw_stored_policy_clear(&newest);
    return is;
}

static char *file_name(uint32_t version, const char *end)
{
    return zw_xasprintf("%s/policies/%06u.%s", folder.dir, version, end);
}

static struct stat file_status(uint32_t version, const char *end)
{
    char *path = file_name(version, end);
    struct stat st = {.st_size = -1};

    stat(path, &st);
    free(path);
    return st;
}

static void delete_version(uint32_t version)
{
    static const char *const ends[] = {"json", "base"};

    for (size_t i = 0; i < 2; i++) {
        char *path = file_name(version, ends[i]);

        CU_ASSERT_EQUAL(unlink(path), 0);
        free(path);
    }
}

/* A change costs what it is; after a restart, too; and no version needs the files of another. */
static void test_large(void)
{
    struct zw_stored_policy a = large(1, ""), b = large(2, "- {a: \"b\"}\n"), c = large(3, "\xc3\xa4\n"), loaded;
    char sha256[65];

    folder = zw_test_log_make();
    load(&loaded, sha256);
    CU_ASSERT_EQUAL(save_large(&a, NULL), 0);
    CU_ASSERT(is_newest(&a));
    CU_ASSERT_EQUAL(file_status(1, "base").st_size, (off_t)(a.sources[0].size + a.sources[1].size));
    CU_ASSERT_EQUAL(save_large(&b, &a), 0);
    CU_ASSERT(is_newest(&b));
    CU_ASSERT(file_status(2, "json").st_size < 2000);
    CU_ASSERT_EQUAL(file_status(1, "base").st_ino, file_status(2, "base").st_ino);
    delete_version(1);
    CU_ASSERT_EQUAL(load(&loaded, sha256), 0);
    CU_ASSERT_EQUAL(save_large(&c, &loaded), 0);
    CU_ASSERT_EQUAL(file_status(2, "base").st_ino, file_status(3, "base").st_ino);
    CU_ASSERT(file_status(3, "json").st_size < 2000);
    delete_version(2);
    CU_ASSERT(is_newest(&c));
    zw_stored_policy_clear(&a);
    zw_stored_policy_clear(&b);
    zw_stored_policy_clear(&c);
    zw_stored_policy_clear(&loaded);
    zw_test_log_remove(&folder);
}

/* What has changed too much, or has lost what it was made of, is written whole; a small one needs no second file. */
static void test_written_anew(void)
{
    char *much = zw_xcalloc(100001, 1);
    struct zw_stored_policy none;
    char sha256[65];

    folder = zw_test_log_make();
    load(&none, sha256);
    memset(much, '#', 100000);
    struct zw_stored_policy a = large(1, ""), b = large(2, much), c = large(3, "x\n"), d = stored(4, 'd', false),
                            e = large(5, "");
    CU_ASSERT_EQUAL(save_large(&a, NULL), 0);
    CU_ASSERT_EQUAL(save_large(&b, &a), 0);
    CU_ASSERT(is_newest(&b));
    CU_ASSERT_NOT_EQUAL(file_status(1, "base").st_ino, file_status(2, "base").st_ino);
    delete_version(2);
    CU_ASSERT_EQUAL(save_large(&c, &b), 0);
    CU_ASSERT(is_newest(&c));
    CU_ASSERT_EQUAL(save_large(&d, &c), 0);
    CU_ASSERT(is_newest(&d));
    CU_ASSERT_EQUAL(file_status(4, "base").st_size, -1);
    CU_ASSERT_EQUAL(save_large(&e, &d), 0);
    CU_ASSERT(is_newest(&e));
    zw_stored_policy_clear(&a);
    zw_stored_policy_clear(&b);
    zw_stored_policy_clear(&c);
    zw_stored_policy_clear(&d);
    zw_stored_policy_clear(&e);
    free(much);
    zw_test_log_remove(&folder);
}

/* The daemon died between the two files: the version does not exist, and its number is given to another. */
static void test_half_a_version(void)
{
    struct zw_stored_policy a = large(1, ""), b = large(2, "b\n"), lost = large(2, "lost\n");

    folder = zw_test_log_make();
    struct zw_stored_policy none;
    char sha256[65];
    load(&none, sha256);
    CU_ASSERT_EQUAL(save_large(&a, NULL), 0);
    CU_ASSERT_EQUAL(save_large(&lost, NULL), 0);
    damage(2, NULL);
    CU_ASSERT(is_newest(&a));
    CU_ASSERT_EQUAL(save_large(&b, &a), 0);
    CU_ASSERT(is_newest(&b));
    zw_stored_policy_clear(&a);
    zw_stored_policy_clear(&b);
    zw_stored_policy_clear(&lost);
    zw_test_log_remove(&folder);
}

/* What it was made of is gone, or another text. */
static void test_damaged_base(void)
{
    struct zw_stored_policy a = large(1, "- {a: b}\n"), newest;
    char sha256[65], *path, *text;

    folder = zw_test_log_make();
    load(&newest, sha256);
    CU_ASSERT_EQUAL(save_large(&a, NULL), 0);
    path = file_name(1, "base");
    CU_ASSERT_EQUAL_FATAL(zw_file_read(path, &text), 0);
    text[100] ^= 1;
    for (int i = 0; i < 3; i++) {
        CU_ASSERT_EQUAL(i == 2 ? unlink(path) : zw_file_replace(path, i ? "short" : text), 0);
        CU_ASSERT_NOT_EQUAL(load(&newest, sha256), 0);
        CU_ASSERT_EQUAL(newest.version, 1);
        CU_ASSERT_EQUAL(newest.n_sources, 0);
    }
    free(path);
    free(text);
    zw_stored_policy_clear(&a);
    zw_test_log_remove(&folder);
}

/* A version had all texts in the JSON file once, however large: such a history is read, and goes on. */
static void test_old_format(void)
{
    struct zw_stored_policy a = large(1, "- {a: \"b\"}\n"), b = large(2, "c\n"), loaded;
    cJSON *root = cJSON_CreateObject(), *list = cJSON_AddArrayToObject(root, "sources");
    char sha256[65];

    folder = zw_test_log_make();
    load(&loaded, sha256);
    cJSON_AddNumberToObject(root, "version", 1);
    cJSON_AddStringToObject(root, "sha256", a.sha256);
    for (size_t i = 0; i < a.n_sources; i++) {
        cJSON *item = cJSON_CreateObject();

        cJSON_AddStringToObject(item, "name", a.sources[i].name);
        cJSON_AddStringToObject(item, "text", a.sources[i].text);
        cJSON_AddItemToArray(list, item);
    }
    char *text = cJSON_Print(root);
    damage(1, text);
    CU_ASSERT(is_newest(&a));
    CU_ASSERT_EQUAL(load(&loaded, sha256), 0);
    CU_ASSERT_EQUAL(save_large(&b, &loaded), 0);
    CU_ASSERT(is_newest(&b));
    cJSON_free(text);
    cJSON_Delete(root);
    zw_stored_policy_clear(&a);
    zw_stored_policy_clear(&b);
    zw_stored_policy_clear(&loaded);
    zw_test_log_remove(&folder);
}

static void test_nowhere(void)
{
    struct zw_stored_policy newest;
    char sha256[65];

    snprintf(folder.dir, sizeof folder.dir, "/nonexistent");
    CU_ASSERT_EQUAL(load(&newest, sha256), ENOENT);
    CU_ASSERT_EQUAL(save(1, 'a', true), ENOENT);
}

ZW_TEST_MAIN({"what is saved is loaded", test_round_trip}, {"no version twice", test_no_version_twice},
             {"damage is told", test_damaged}, {"large sources: only what differs", test_large},
             {"large sources: written anew", test_written_anew}, {"half a version", test_half_a_version},
             {"large sources: damage is told", test_damaged_base}, {"an old history", test_old_format},
             {"a folder that is not there", test_nowhere})
