/* SPDX-License-Identifier: Apache-2.0 */
/* yaml - one YAML document as a tree that knows its places.
 *
 * A policy needs lists, mappings and texts; of the rest of YAML, what makes one text mean two things is refused:
 * anchors and aliases, tags, several documents in one file, keys given twice, anything but UTF-8.  Scalars stay texts;
 * whoever reads one says what it expects.
 *
 * The tree lives in the caller's pool.  Over libyaml, whose events carry lines and columns. */

#ifndef ZW_POLICY_YAML_H
#define ZW_POLICY_YAML_H 1

#include <stdbool.h>
#include <stddef.h>

#include "controller/base/memory.h"
#include "controller/base/problems.h"

/* Lists and mappings within each other. */
#define ZW_YAML_MAX_DEPTH 32

enum zw_yaml_type { ZW_YAML_TEXT, ZW_YAML_LIST, ZW_YAML_MAP };

struct zw_yaml_node {
    enum zw_yaml_type type;
    int line, column;           /* From 1. */
    const char *text;           /* Of a text; without NUL bytes, valid UTF-8. */
    bool plain;                 /* The text is not quoted. */
    bool is_block;              /* The list or mapping goes by indentation, not by brackets. */
    struct zw_yaml_node *first; /* Of a list or mapping: the first member. */
    size_t n;                   /* Members. */
    struct zw_yaml_node *next;  /* The next member of what this node is in. */
    struct zw_yaml_node *key;   /* Of a mapping's member: a text. */
};

/* The tree of 'text', or NULL with a problem added. */
struct zw_yaml_node *zw_yaml_read(struct zw_pool *, const char *file, const char *text, size_t size,
                                  struct zw_problems *);

/* NULL if other programs, too, read this text as a text.  Else what they read it as, for a message: "a boolean",
 * "a number", "nothing".  That goes for an unquoted on, yes, 5, 1e3, ~ and the like in YAML 1.1 or 1.2. */
const char *zw_yaml_not_text(const struct zw_yaml_node *);

/* Whether 'text' would be such a text if it were not quoted. */
bool zw_yaml_needs_quotes(const char *text);

/* 'text' as it goes into a message: cut, at a character's border, if it is long.  In 'pool' if it is cut. */
const char *zw_yaml_excerpt(struct zw_pool *pool, const char *text);

/* "a list", "a mapping", "nothing" (an empty value) or "a text". */
const char *zw_yaml_type_name(const struct zw_yaml_node *);

#endif
