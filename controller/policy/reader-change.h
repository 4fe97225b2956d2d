/* SPDX-License-Identifier: Apache-2.0 */
/* reader-change - what the two ways to read a change have in common; for reader-change*.c only.
 *
 * A part of a file is found by lines that begin in its first column, or as all rules do, and is read by itself.  Whatever is
 * not as simple as that is left to zw_policy_read(): that costs time and gives the messages. */

#ifndef ZW_POLICY_READER_CHANGE_H
#define ZW_POLICY_READER_CHANGE_H 1

#include "controller/policy/reader.h"

struct zw_change {
    const struct zw_policy *previous;
    const struct zw_policy_source *old_sources; /* Of 'previous', as many as it has documents. */
    const struct zw_document *document;         /* Of the file that differs, */
    bool is_renamed;                            /* It or another one. */
    const struct zw_policy_source *old, *now;   /* Its two texts: */
    size_t n_same_before, n_same_behind;        /* bytes that both begin and end with. */
    size_t indent;                              /* Spaces before the "- " of each rule. */

    size_t first, end;     /* rules[first..end) of 'previous' are replaced */
    size_t begin;          /* by those that stand from here on */
    size_t old_size, size; /* in what took so many bytes, and takes so many now. */
};

/* Lines end where libyaml ends them, too: it takes CR, U+2028 and U+2029 for line ends (and C1's NEL, which is refused). */
bool zw_change_has_plain_lines(const struct zw_policy_source *);

size_t zw_change_count_lines(const char *text, size_t size);

/* Where the line begins that is 'n' lines below the one that has 'offset' in it; the text's size if it has not as many. */
size_t zw_change_line_below(const struct zw_policy_source *, size_t offset, size_t n);

/* The end of a document would make the rest of the file another one. */
bool zw_change_has_marker(const char *text, size_t size);

/* Whether a rule begins at 'offset', by no more than 'indent' spaces and "- ". */
bool zw_change_begins_rule(const struct zw_policy_source *, size_t offset, size_t indent);
size_t zw_change_count_spaces(const struct zw_policy_source *, size_t offset);

/* The one section that 'text' is, as a mapping of its own: its value, or NULL.  In r->scratch. */
const struct zw_yaml_node *zw_change_read_section(struct zw_reader *, const char *file, const char *key,
                                                  const char *text, size_t size);

/* The rules of file 'name' are rules[*first..*end). */
void zw_change_find_rules(const struct zw_policy *, const char *name, size_t *first, size_t *end);

/* Rules without a name are called by their number. */
void zw_change_name_rules(struct zw_policy *);

/* Looks up what rules of 'policy' name. */
void zw_change_lend(struct zw_reader *, const struct zw_policy *);
void zw_change_give_back(struct zw_reader *, const struct zw_policy *);

/* The policy if only members of address sets differ, and all else is as usual; or NULL (reader-change-sets.c). */
struct zw_policy *zw_change_read_sets(const struct zw_change *);

#endif
