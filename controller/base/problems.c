/* SPDX-License-Identifier: Apache-2.0 */
#include "zw-config.h"

#include "controller/base/problems.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "controller/base/memory.h"

/* Texts quote their input; what a terminal would obey becomes '?'.  C1 controls are C2 80..C2 9F in UTF-8. */
static void remove_controls(char *text)
{
    for (unsigned char *p = (unsigned char *)text; *p; p++) {
        if (*p < ' ' || *p == 0x7f || (*p == 0xc2 && p[1] >= 0x80 && p[1] <= 0x9f)) {
            if (*p == 0xc2) {
                *p++ = '?';
            }
            *p = '?';
        }
    }
}

void zw_problems_add(struct zw_problems *problems, const char *file, int line, int column, const char *format, ...)
{
    struct zw_problem *p;
    va_list args;

    if (problems->n >= ZW_PROBLEMS_MAX) {
        problems->n_dropped++;
        return;
    }
    if (!problems->list) {
        problems->list = zw_xcalloc(ZW_PROBLEMS_MAX, sizeof *problems->list);
    }
    p = &problems->list[problems->n++];
    *p = (struct zw_problem){.file = file ? zw_xstrdup(file) : NULL, .line = line, .column = column};
    if (p->file) {
        remove_controls(p->file);
    }
    va_start(args, format);
    if (vasprintf(&p->text, format, args) < 0) {
        p->text = zw_xstrdup("a problem whose text could not be formatted");
    }
    va_end(args);
    remove_controls(p->text);
}

static bool same_file(const char *a, const char *b)
{
    return a && b ? !strcmp(a, b) : a == b;
}

/* The place of the first problem of the same file. */
static size_t file_rank(const struct zw_problems *problems, const char *file)
{
    size_t i = 0;

    while (!same_file(problems->list[i].file, file)) {
        i++;
    }
    return i;
}

struct sort_item {
    struct zw_problem problem;
    size_t file_rank, rank;
};

static int compare_numbers(size_t a, size_t b)
{
    return a < b ? -1 : a > b;
}

static int compare(const void *a_, const void *b_)
{
    const struct sort_item *a = a_, *b = b_;
    int order = compare_numbers(a->file_rank, b->file_rank);

    if (!order) {
        order = a->problem.line - b->problem.line;
    }
    if (!order) {
        order = a->problem.column - b->problem.column;
    }
    return order ? order : compare_numbers(a->rank, b->rank);
}

void zw_problems_sort(struct zw_problems *problems)
{
    struct sort_item *items = zw_xcalloc(problems->n, sizeof *items);

    for (size_t i = 0; i < problems->n; i++) {
        items[i].problem = problems->list[i];
        items[i].file_rank = file_rank(problems, problems->list[i].file);
        items[i].rank = i;
    }
    qsort(items, problems->n, sizeof *items, compare);
    for (size_t i = 0; i < problems->n; i++) {
        problems->list[i] = items[i].problem;
    }
    free(items);
}

char *zw_problem_format(const struct zw_problem *p)
{
    if (!p->file) {
        return zw_xstrdup(p->text);
    } else if (!p->line) {
        return zw_xasprintf("%s: %s", p->file, p->text);
    } else if (!p->column) {
        return zw_xasprintf("%s:%d: %s", p->file, p->line, p->text);
    }
    return zw_xasprintf("%s:%d:%d: %s", p->file, p->line, p->column, p->text);
}

char *zw_problems_first(const struct zw_problems *problems, int error)
{
    return problems->n ? zw_problem_format(&problems->list[0]) : zw_xstrdup(strerror(error));
}

static void print_problem(FILE *stream, const struct zw_problem *p)
{
    char *text = zw_problem_format(p);

    fprintf(stream, "%s\n", text);
    free(text);
}

char *zw_problems_format(const struct zw_problems *problems)
{
    char *text = NULL;
    size_t size;
    FILE *stream = open_memstream(&text, &size);

    if (!stream) {
        return zw_xstrdup("out of memory\n");
    }
    for (size_t i = 0; i < problems->n; i++) {
        print_problem(stream, &problems->list[i]);
    }
    if (problems->n_dropped) {
        fprintf(stream, "and %zu more problem%s\n", problems->n_dropped, problems->n_dropped == 1 ? "" : "s");
    }
    return fclose(stream) ? zw_xstrdup("out of memory\n") : text;
}

void zw_problems_clear(struct zw_problems *problems)
{
    for (size_t i = 0; i < problems->n; i++) {
        free(problems->list[i].file);
        free(problems->list[i].text);
    }
    free(problems->list);
    *problems = (struct zw_problems)ZW_PROBLEMS_INIT;
}
