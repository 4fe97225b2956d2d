/* SPDX-License-Identifier: Apache-2.0 */
#include "zw-config.h"

#include "controller/policy/yaml.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/zw-test.h"

static struct zw_pool *pool;
static struct zw_problems problems = ZW_PROBLEMS_INIT;

static struct zw_yaml_node *read_text(const char *text)
{
    pool = zw_pool_new();
    return zw_yaml_read(pool, "f", text, strlen(text), &problems);
}

static void end(void)
{
    zw_problems_clear(&problems);
    zw_pool_destroy(pool);
}

static void test_tree(void)
{
    const struct zw_yaml_node *root = read_text("a: [x, \"y\"]\nb:\n  c: \"\xc3\xbc\"\n  d:\n");
    const struct zw_yaml_node *a = root->first, *b = a->next, *c = b->first, *d = c->next;

    CU_ASSERT_EQUAL(root->type, ZW_YAML_MAP);
    CU_ASSERT_EQUAL(root->n, 2);
    CU_ASSERT_STRING_EQUAL(a->key->text, "a");
    CU_ASSERT_EQUAL(a->type, ZW_YAML_LIST);
    CU_ASSERT_EQUAL(a->n, 2);
    CU_ASSERT_STRING_EQUAL(a->first->text, "x");
    CU_ASSERT_TRUE(a->first->plain);
    CU_ASSERT_STRING_EQUAL(a->first->next->text, "y");
    CU_ASSERT_FALSE(a->first->next->plain);
    CU_ASSERT_EQUAL(a->first->next->line, 1);
    CU_ASSERT_EQUAL(a->first->next->column, 8);
    CU_ASSERT_PTR_NULL(a->first->next->next);
    CU_ASSERT_EQUAL(c->line, 3);
    CU_ASSERT_EQUAL(c->column, 6);
    CU_ASSERT_STRING_EQUAL(zw_yaml_type_name(d), "nothing");
    CU_ASSERT_PTR_NULL(b->next);
    end();
}

/* Editors do not show it: it is no column. */
static void test_byte_order_mark(void)
{
    const struct zw_yaml_node *root = read_text("\xef\xbb\xbf"
                                                "a: x\nb: y\n");

    CU_ASSERT_PTR_NOT_NULL_FATAL(root);
    CU_ASSERT_EQUAL(root->n, 2);
    CU_ASSERT_STRING_EQUAL(root->first->key->text, "a");
    CU_ASSERT_EQUAL(root->first->key->column, 1);
    CU_ASSERT_EQUAL(root->first->column, 4);
    CU_ASSERT_EQUAL(root->first->next->line, 2);
    CU_ASSERT_STRING_EQUAL(root->first->next->text, "y");
    end();
}

static void assert_problem(const char *text, const char *expected)
{
    char *formatted;

    CU_ASSERT_PTR_NULL(read_text(text));
    formatted = zw_problems_format(&problems);
    CU_ASSERT_STRING_EQUAL(formatted, expected);
    free(formatted);
    end();
}

static void test_empty(void)
{
    assert_problem("", "f: the file is empty; expected at least version: 1\n");
    assert_problem("# only a comment\n", "f: the file is empty; expected at least version: 1\n");
    assert_problem("\xef\xbb\xbf", "f: the file is empty; expected at least version: 1\n");
}

static void test_refused(void)
{
    assert_problem("a: *b\n", "f:1:4: alias \"*b\" is not supported; quote the text if none is meant\n");
    assert_problem("a: 1\n---\nb: 2\n", "f:2:1: a second document; expected one document in a file\n");
    assert_problem("a:\n\tb: 1\n", "f:2:1: a tab cannot indent or start a value in YAML; use spaces\n");
    assert_problem("a: \xff\n", "f:1:4: byte 0xff is not valid here; expected UTF-8 text\n");
    assert_problem("\xc3\xbc: \x01\n", "f:1:4: control character 0x01; expected text\n");
    assert_problem("\"a\\0b\": 1\n", "f:1:1: NUL in a text\n");
}

/* A duplicate does not hide the other problems of the file: the tree is there, without it. */
static void test_duplicates(void)
{
    const struct zw_yaml_node *root = read_text("a: 1\nb: 2\na: 3\n");

    CU_ASSERT_PTR_NOT_NULL_FATAL(root);
    CU_ASSERT_EQUAL(root->n, 2);
    CU_ASSERT_STRING_EQUAL(root->first->text, "1");
    CU_ASSERT_PTR_NULL(root->first->next->next);
    CU_ASSERT_EQUAL(problems.n, 1);
    CU_ASSERT_STRING_EQUAL(problems.list[0].text, "\"a\" is given twice; the first is on line 1");
    end();
}

static void test_depth(void)
{
    char text[2 * (ZW_YAML_MAX_DEPTH + 1) + 1];

    memset(text, '[', ZW_YAML_MAX_DEPTH);
    memset(text + ZW_YAML_MAX_DEPTH, ']', ZW_YAML_MAX_DEPTH);
    text[2 * ZW_YAML_MAX_DEPTH] = '\0';
    CU_ASSERT_PTR_NOT_NULL(read_text(text));
    end();
    memset(text, '[', ZW_YAML_MAX_DEPTH + 1);
    memset(text + ZW_YAML_MAX_DEPTH + 1, ']', ZW_YAML_MAX_DEPTH + 1);
    text[2 * (ZW_YAML_MAX_DEPTH + 1)] = '\0';
    assert_problem(text, "f:1:33: more than 32 lists and mappings within each other\n");
}

static void test_not_text(void)
{
    static const char *const texts[] = {"web", "a1",    "10.0.0.1", "1.2.3", "0x",    "0xg",  "on1",
                                        ".",   "-",     "+",        "1-2",   "e5",    "6f1c", "tcp/80",
                                        "::1", "vnet0", "_1",       "1e",    "nulls", "5e+",  "0b"};
    static const char *const others[][2] = {
        {"on", "a boolean"},   {"Yes", "a boolean"}, {"FALSE", "a boolean"}, {"~", "nothing"},
        {"null", "nothing"},   {"", "nothing"},      {"5", "a number"},      {"-5", "a number"},
        {"1.5", "a number"},   {"1.", "a number"},   {".5", "a number"},     {"1e3", "a number"},
        {"1.e-3", "a number"}, {"0x1F", "a number"}, {"0o17", "a number"},   {"0b101", "a number"},
        {"1_000", "a number"}, {".inf", "a number"}, {"-.Inf", "a number"},  {".NaN", "a number"},
    };
    struct zw_yaml_node node = {.type = ZW_YAML_TEXT, .plain = true};

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        node.text = texts[i];
        CU_ASSERT_PTR_NULL(zw_yaml_not_text(&node));
        CU_ASSERT_FALSE(zw_yaml_needs_quotes(texts[i]));
    }
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        const char *what;

        node.text = others[i][0];
        what = zw_yaml_not_text(&node);
        if (!what || strcmp(what, others[i][1])) {
            printf("# %s: %s\n", others[i][0], what ? what : "a text");
            CU_FAIL("wrong");
        }
    }
    node.plain = false;
    CU_ASSERT_PTR_NULL(zw_yaml_not_text(&node));
}

static void test_excerpt(void)
{
    char text[101] = "";

    pool = zw_pool_new();
    for (int i = 0; i < 50; i++) {
        strcat(text, "\xc3\xbc");
    }
    CU_ASSERT_PTR_EQUAL(zw_yaml_excerpt(pool, text + 36), text + 36);
    CU_ASSERT_EQUAL(strlen(zw_yaml_excerpt(pool, text)), 63);
    CU_ASSERT_STRING_EQUAL(zw_yaml_excerpt(pool, text) + 58, "\xc3\xbc...");
    zw_pool_destroy(pool);
}

ZW_TEST_MAIN({"a tree with places", test_tree}, {"a byte order mark is skipped", test_byte_order_mark},
             {"an empty file is a problem", test_empty}, {"what is refused, and where", test_refused},
             {"duplicate keys", test_duplicates}, {"a bound on the depth", test_depth},
             {"texts that others read as something else", test_not_text},
             {"excerpts end between characters", test_excerpt})
