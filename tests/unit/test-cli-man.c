/* SPDX-License-Identifier: Apache-2.0 */
/* zoneward(1) has every verb, option, column and exit status that the program has. */
#include "zw-config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "controller/cli/cli.h"
#include "tests/unit/zw-test.h"

static char *page;

static void read_page(void)
{
    const char *srcdir = getenv("ZW_SRCDIR");
    char path[4096];
    size_t size = 0;

    snprintf(path, sizeof path, "%s/doc/zoneward.1", srcdir ? srcdir : ".");
    FILE *file = fopen(path, "r");
    page = calloc(1, 1 << 20);
    if (file) {
        size = fread(page, 1, (1 << 20) - 1, file);
        fclose(file);
    }
    if (!size) {
        printf("# %s cannot be read\n", path); /* Every test fails then. */
    }
}

/* The section that begins with 'heading', up to the next one.  Empty if there is none; for the caller to free. */
static char *section(const char *heading)
{
    char *start = strstr(page, heading);
    char *end = start ? strstr(start + 1, "\n.S") : NULL;

    if (!start) {
        printf("# no \"%s\" in zoneward(1)\n", heading);
        CU_FAIL("a section is missing");
        return strdup("");
    }
    return end ? strndup(start, (size_t)(end - start)) : strdup(start);
}

/* Whether a line of 'text' that begins with 'macro' has 'word' as one of its words. */
static bool has_item(const char *text, const char *macro, const char *word)
{
    size_t size = strlen(word);

    for (const char *line = text; line; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (strncmp(line, macro, strlen(macro)) != 0) {
            continue;
        }
        size_t length = strcspn(line, "\n");
        for (const char *p = line; (p = strstr(p, word)) && p < line + length; p += size) {
            if (p[-1] == ' ' && strchr(" \n", p[size])) {
                return true;
            }
        }
    }
    return false;
}

static void check_item(const char *where, const char *text, const char *macro, const char *word)
{
    if (!has_item(text, macro, word)) {
        printf("# zoneward(1) does not have %s %s under %s\n", macro, word, where);
        CU_FAIL("an item is missing");
    }
}

static void test_verbs(void)
{
    size_t n;
    const struct zw_cli_verb *const *verbs = zw_cli_verbs(&n);
    char heading[128];

    for (size_t i = 0; i < n; i++) {
        const struct zw_cli_verb *verb = verbs[i];
        snprintf(heading, sizeof heading, "\n.Ss %s%s%s\n", verb->name, *verb->arguments ? " " : "", verb->arguments);
        char *text = section(heading);
        for (size_t j = 0; verb->options && verb->options[j].name; j++) {
            check_item(verb->name, text, ".It Fl Fl ", verb->options[j].name);
        }
        for (size_t j = 0; j < verb->n_columns; j++) {
            check_item(verb->name, text, ".It Cm ", verb->columns[j].key);
        }
        free(text);
    }
}

static void test_common_options(void)
{
    char *text = section("\n.Sh DESCRIPTION\n");

    for (size_t i = 0; zw_cli_common_options[i].name; i++) {
        check_item("DESCRIPTION", text, ".It Fl Fl ", zw_cli_common_options[i].name);
    }
    free(text);
}

static void test_exit_statuses(void)
{
    char *text = section("\n.Sh EXIT STATUS\n");
    char want[256];

#define ZW_EXIT(NAME, STATUS, TEXT)                            \
    snprintf(want, sizeof want, ".It %d\n%s\n", STATUS, TEXT); \
    CU_ASSERT_PTR_NOT_NULL(strstr(text, want));
    ZW_EXITS
#undef ZW_EXIT
    free(text);
}

int main(int argc, char **argv)
{
    static const struct zw_test tests[] = {
        {"every verb with its options and columns", test_verbs},
        {"the options of every verb", test_common_options},
        {"the exit statuses", test_exit_statuses},
    };

    read_page();
    int status = zw_test_run(argc, argv, tests, sizeof tests / sizeof tests[0]);
    free(page);
    return status;
}
