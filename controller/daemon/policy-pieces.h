/* SPDX-License-Identifier: Apache-2.0 */
/* policy-pieces - a text as pieces of an older one, with what is its own between them.
 *
 * A policy of thousands of rules changes by a line or two: the history keeps those, and where the rest is found.  Every
 * version refers to the same base, not to the version before, so that one piece of work puts it together.
 *
 * Pure: no I/O. */

#ifndef ZW_DAEMON_POLICY_PIECES_H
#define ZW_DAEMON_POLICY_PIECES_H 1

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>

struct zw_piece {
    bool is_own; /* Else it is in the base, */
    size_t from; /* from here on. */
    size_t size;
};

/* They follow each other in the text, without gaps. */
struct zw_pieces {
    struct zw_piece *list;
    size_t n;
};

void zw_pieces_clear(struct zw_pieces *);

/* A text that is 'size' bytes of the base, from 'from' on. */
struct zw_pieces zw_pieces_whole(size_t from, size_t size);

/* The pieces of 'text', of an earlier state ('old') of which the pieces are known.  What is its own are whole lines. */
struct zw_pieces zw_pieces_change(const struct zw_pieces *, const char *old, size_t old_size, const char *text,
                                  size_t size);

/* Bytes that are the text's own. */
size_t zw_pieces_own_size(const struct zw_pieces *);

/* As in [[0,4711],"- {name: new}\n",[4711,800]]: a string is the text's own, two numbers are from where and how many bytes
 * of the base. */
cJSON *zw_pieces_to_json(const struct zw_pieces *, const char *text);

/* Puts the text together, for the caller to free, with a NUL behind it.  False if the pieces are none, or not of this base,
 * or the text would be larger than 'max_size'; then there is nothing to free. */
bool zw_pieces_from_json(const cJSON *, const char *base, size_t base_size, size_t max_size, struct zw_pieces *,
                         char **text, size_t *size);

#endif
