/* SPDX-License-Identifier: Apache-2.0 */
/* problems - errors for people: a text and the place it speaks of.
 *
 * A reader collects every problem of its input before it gives up, so that a user mends a file in one go.
 * Prints as "file:line:column: text".  Owner: whoever initialised it.  Not thread-safe. */

#ifndef ZW_BASE_PROBLEMS_H
#define ZW_BASE_PROBLEMS_H 1

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* More than this many problems are counted and not kept: a file of garbage must not fill the memory. */
#define ZW_PROBLEMS_MAX 200

struct zw_problem {
    char *file; /* NULL: no file. */
    int line;   /* From 1; 0: the whole file. */
    int column; /* From 1; 0: the whole line. */
    char *text;
};

struct zw_problems {
    struct zw_problem *list;
    size_t n;
    size_t n_dropped; /* Beyond ZW_PROBLEMS_MAX. */
};

#define ZW_PROBLEMS_INIT                     \
    {                                        \
        .list = NULL, .n = 0, .n_dropped = 0 \
    }

void zw_problems_add(struct zw_problems *, const char *file, int line, int column, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

/* Sorts by file (in the order they were first named), line and column. */
void zw_problems_sort(struct zw_problems *);

/* "file:line:column: text", as far as they are known, without a newline.  Returns a string for the caller to free. */
char *zw_problem_format(const struct zw_problem *);

/* The first one so; if there is none, what 'error', a positive errno, means.  For the caller to free, too. */
char *zw_problems_first(const struct zw_problems *, int error);

/* One line each, and a last one for those dropped.  Returns a string for the caller to free. */
char *zw_problems_format(const struct zw_problems *);

void zw_problems_clear(struct zw_problems *);

#endif
