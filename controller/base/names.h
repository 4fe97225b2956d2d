/* SPDX-License-Identifier: Apache-2.0 */
/* names - a hash table from names to pointers, and the nearest name to one that is not there.
 *
 * Keys are not copied: they must live as long as the table.  The table owns nothing but itself.  Not thread-safe while
 * it is being filled. */

#ifndef ZW_BASE_NAMES_H
#define ZW_BASE_NAMES_H 1

#include <stdbool.h>
#include <stddef.h>

struct zw_names_entry {
    const char *name; /* NULL: free. */
    void *value;
};

struct zw_names {
    struct zw_names_entry *entries;
    size_t n;
    size_t capacity; /* A power of two, or 0. */
};

#define ZW_NAMES_INIT                          \
    {                                          \
        .entries = NULL, .n = 0, .capacity = 0 \
    }

/* Adds 'name' unless it is there already.  Returns the value that it had, or NULL if it is new.  'value' is not NULL. */
void *zw_names_add(struct zw_names *, const char *name, void *value);
void *zw_names_find(const struct zw_names *, const char *name); /* NULL if there is none. */
void zw_names_destroy(struct zw_names *);

/* The word nearest to one that was misspelt: start, try each candidate, look at 'best' (NULL: none is near).  Letter
 * case does not count, a transposition counts once. */
struct zw_suggestion {
    const char *word;
    const char *best;
    size_t distance;
};
void zw_suggestion_start(struct zw_suggestion *, const char *word);
void zw_suggestion_try(struct zw_suggestion *, const char *candidate);

/* The nearest name in the table, or NULL.  Looks at no more than ZW_NAMES_SUGGEST_MAX of them. */
#define ZW_NAMES_SUGGEST_MAX 10000
const char *zw_names_suggest(const struct zw_names *, const char *word);

#endif
