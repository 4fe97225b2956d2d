/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/daemon/policy-store.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "controller/base/file.h"
#include "controller/base/memory.h"
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
    int error = zw_policy_store_save(folder.dir, &s, &problems);

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

static void test_nowhere(void)
{
    struct zw_stored_policy newest;
    char sha256[65];

    snprintf(folder.dir, sizeof folder.dir, "/nonexistent");
    CU_ASSERT_EQUAL(load(&newest, sha256), ENOENT);
    CU_ASSERT_EQUAL(save(1, 'a', true), ENOENT);
}

ZW_TEST_MAIN({"what is saved is loaded", test_round_trip}, {"no version twice", test_no_version_twice},
             {"damage is told", test_damaged}, {"a folder that is not there", test_nowhere})
