/* SPDX-License-Identifier: Apache-2.0 */
/* The writers of rows: table, JSON lines, CSV. */
#include "zw-config.h"

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "controller/cli/output.h"
#include "tests/unit/zw-test.h"

static const struct zw_column columns[] = {
    {"name", "NAME", false, false},
    {"n", "COUNT", true, false},
    {"more", "MORE", false, true},
    {"last", "LAST", false, false},
};
#define N_COLUMNS (sizeof columns / sizeof columns[0])

/* What is written for 'n' rows; for the caller to free. */
static char *write_rows(enum zw_format format, bool is_terminal, bool wide, const char *const rows[][N_COLUMNS],
                        size_t n)
{
    char *text = NULL;
    size_t size;
    FILE *file = open_memstream(&text, &size);
    struct zw_output *output = zw_output_new(format, file, is_terminal, wide, columns, N_COLUMNS);

    for (size_t i = 0; i < n; i++) {
        zw_output_row(output, rows[i]);
    }
    zw_output_end(output);
    fclose(file);
    return text;
}

static void check(const char *got, const char *want)
{
    if (strcmp(got, want) != 0) {
        printf("# expected:\n%s\n# found:\n%s\n", want, got);
        CU_FAIL("the output differs");
    }
}

static void check_rows(enum zw_format format, bool is_terminal, bool wide, const char *const rows[][N_COLUMNS],
                       size_t n, const char *want)
{
    char *text = write_rows(format, is_terminal, wide, rows, n);

    check(text, want);
    free(text);
}

static void test_table(void)
{
    static const char *const rows[][N_COLUMNS] = {
        {"web", "7", "x", "end"},
        {"a longer name", "12345678", "", NULL},
        {"東京", NULL, NULL, "wide"},
        {"e\u0301", "1", NULL, "combining"},
    };

    check_rows(ZW_FORMAT_TABLE, false, false, rows, 4,
               "NAME              COUNT  LAST\n"
               "web                   7  end\n"
               "a longer name  12345678  -\n"
               "東京                  -  wide\n"
               "e\u0301                     1  combining\n");
    check_rows(ZW_FORMAT_TABLE, false, true, rows, 1,
               "NAME  COUNT  MORE  LAST\n"
               "web       7  x     end\n");
    check_rows(ZW_FORMAT_TABLE, false, false, rows, 0, "NAME  COUNT  LAST\n");
    check_rows(ZW_FORMAT_TABLE, true, false, rows, 1,
               "\033[1mNAME  COUNT  LAST\033[0m\n"
               "web       7  end\n");
}

static void test_nothing_drives_the_terminal(void)
{
    static const char *const rows[][N_COLUMNS] = {
        {"\033[2J\a\n\r\x7f", "1", NULL,
         "\xc2\x9b"
         "31m"},
        {"\u202egnp.exe", "2", NULL, "\xff\xc0\xaf\xed\xa0\x80\xf4\x90\x80\x80 ok\xe2\x82"},
    };

    check_rows(ZW_FORMAT_TABLE, false, false, rows, 2,
               "NAME                     COUNT  LAST\n"
               "\\x1b[2J\\x07\\x0a\\x0d\\x7f      1  \\u{9b}31m\n"
               "\\u{202e}gnp.exe              2  \\xff\\xc0\\xaf\\xed\\xa0\\x80\\xf4\\x90\\x80\\x80 ok\\xe2\\x82\n");
}

static void test_json_lines(void)
{
    static const char *const rows[][N_COLUMNS] = {
        {"a \"b\"\n", "18446744073709551615", "", NULL},
        {"x", "12 apples", "-1", "0"},
    };

    check_rows(ZW_FORMAT_JSON, false, false, rows, 2,
               "{\"name\":\"a \\\"b\\\"\\n\",\"n\":18446744073709551615,\"more\":null,\"last\":null}\n"
               "{\"name\":\"x\",\"n\":\"12 apples\",\"more\":\"-1\",\"last\":\"0\"}\n");
}

static void test_csv(void)
{
    static const char *const rows[][N_COLUMNS] = {
        {"a \"b\", c", "1", "two\nlines", NULL},
        {"", "2", "plain text", "\r"},
    };

    check_rows(ZW_FORMAT_CSV, false, false, rows, 2,
               "name,n,more,last\r\n"
               "\"a \"\"b\"\", c\",1,\"two\nlines\",\r\n"
               ",2,plain text,\"\r\"\r\n");
    check_rows(ZW_FORMAT_CSV, true, false, rows + 1, 1,
               "name,n,more,last\r\n"
               ",2,plain text,\\x0d\r\n");
}

/* The first rows decide on the widths; what comes later is neither lost nor held back. */
static void test_long_table(void)
{
    char *text = NULL, number[32];
    size_t size, n_lines = 0;
    FILE *file = open_memstream(&text, &size);
    struct zw_output *output = zw_output_new(ZW_FORMAT_TABLE, file, false, false, columns, N_COLUMNS);

    for (int i = 0; i < 20000; i++) {
        snprintf(number, sizeof number, "%d", i);
        const char *const row[N_COLUMNS] = {i < 10000 ? "short" : "much longer than before", number, NULL, "x"};
        zw_output_row(output, row);
    }
    fflush(file);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "much longer than before  19999  x\n"));
    zw_output_end(output);
    fclose(file);
    for (const char *p = text; *p; p++) {
        n_lines += *p == '\n';
        CU_ASSERT_FALSE(*p == '\n' && p > text && p[-1] == ' ');
    }
    CU_ASSERT_EQUAL(n_lines, 20001);
    free(text);
}

static void test_rows_of_json(void)
{
    cJSON *array = cJSON_Parse("[{\"name\":[\"a\",\"b\",3],\"n\":12345678901,\"last\":true},{\"name\":null,\"n\":\"x\","
                               "\"last\":{}},7]");
    char *text = NULL;
    size_t size;
    FILE *file = open_memstream(&text, &size);
    struct zw_output *output = zw_output_new(ZW_FORMAT_CSV, file, false, false, columns, N_COLUMNS);

    zw_output_json_rows(output, array, columns, N_COLUMNS);
    zw_output_json_rows(output, NULL, columns, N_COLUMNS);
    zw_output_end(output);
    fclose(file);
    check(text, "name,n,more,last\r\n"
                "\"a, b, 3\",12345678901,,yes\r\n"
                ",x,,\r\n"
                ",,,\r\n");
    free(text);
    cJSON_Delete(array);
}

static void test_document(void)
{
    static const char *const want = "{\n"
                                    "  \"a\": [1, \"two\", null],\n"
                                    "  \"b\": {},\n"
                                    "  \"c\": [\n"
                                    "    {\n"
                                    "      \"d\\n\": 1.5\n"
                                    "    },\n"
                                    "    []\n"
                                    "  ]\n"
                                    "}\n";
    cJSON *document = cJSON_Parse(want), *again;
    char *text = NULL;
    size_t size;
    FILE *file = open_memstream(&text, &size);

    zw_output_document(file, document);
    fclose(file);
    check(text, want);
    again = cJSON_Parse(text);
    CU_ASSERT(cJSON_Compare(document, again, true));
    cJSON_Delete(document);
    cJSON_Delete(again);
    free(text);
}

int main(int argc, char **argv)
{
    static const struct zw_test tests[] = {
        {"a table is aligned, without trailing blanks", test_table},
        {"nothing in a table drives the terminal", test_nothing_drives_the_terminal},
        {"JSON lines", test_json_lines},
        {"CSV by RFC 4180", test_csv},
        {"a long table is neither lost nor held back", test_long_table},
        {"rows of a JSON array", test_rows_of_json},
        {"a JSON document, indented", test_document},
    };

    setlocale(LC_CTYPE, "C.UTF-8");
    return zw_test_run(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
