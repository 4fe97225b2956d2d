/* SPDX-License-Identifier: Apache-2.0 */
#include "zw-config.h"

#include "controller/policy/reader.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAME_CHARACTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-"
#define MAX_CHOICES 16

const struct zw_reader_word zw_reader_log_words[] = {
    {"none", ZW_LOG_NONE, false},
    {"denied", ZW_LOG_DENIED, false},
    {"session", ZW_LOG_SESSION, false},
    {"required", -1, true},
    {NULL, -1, false},
};

const struct zw_reader_word zw_reader_final_action_words[] = {
    {"allow", ZW_ALLOW, false},
    {"deny", ZW_DENY, false},
    {"reject", ZW_REJECT, false},
    {NULL, -1, false},
};

void zw_reader_problem(struct zw_reader *r, const struct zw_yaml_node *node, const char *format, ...)
{
    char text[1024];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    zw_problems_add(r->problems, r->file, node->line, node->column, "%s", text);
}

void zw_reader_undefined(struct zw_reader *r, const struct zw_yaml_node *node, const char *kind, const char *section,
                         const struct zw_names *names)
{
    const char *near;

    if (r->incomplete) {
        return;
    }
    /* A file of garbage shall not cost a search for each problem that nobody sees. */
    near = r->problems->n < ZW_PROBLEMS_MAX ? zw_names_suggest(names, node->text) : NULL;
    if (near) {
        zw_reader_problem(r, node, "%s \"%s\" is not defined (did you mean \"%s\"?)", kind, zw_reader_excerpt(r, node),
                          near);
    } else {
        zw_reader_problem(r, node, "%s \"%s\" is not defined; expected a name in \"%s\"", kind,
                          zw_reader_excerpt(r, node), section);
    }
}

const char *zw_reader_choices(struct zw_reader *r, const char *const *words, size_t n)
{
    size_t size = 1;
    char *text, *end;

    for (size_t i = 0; i < n; i++) {
        size += strlen(words[i]) + 4;
    }
    text = zw_pool_calloc(r->scratch, size, 1);
    end = text;
    for (size_t i = 0; i < n; i++) {
        end += sprintf(end, "%s%s", !i ? "" : i + 1 < n ? ", " : " or ", words[i]);
    }
    return text;
}

const char *zw_reader_excerpt(struct zw_reader *r, const struct zw_yaml_node *node)
{
    return zw_yaml_excerpt(r->scratch, node->text);
}

static bool is_text(struct zw_reader *r, const struct zw_yaml_node *node, const char *expected, bool may_be_quoted)
{
    const char *not_text, *excerpt;

    if (node->type != ZW_YAML_TEXT || (node->plain && !*node->text)) {
        zw_reader_problem(r, node, "%s; expected %s", zw_yaml_type_name(node), expected);
        return false;
    }
    not_text = zw_yaml_not_text(node);
    if (not_text) {
        excerpt = zw_reader_excerpt(r, node);
        zw_reader_problem(r, node, "%s is %s in YAML; expected %s%s%s%s", excerpt, not_text, expected,
                          may_be_quoted ? " (quote it if it is one: \"" : "", may_be_quoted ? excerpt : "",
                          may_be_quoted ? "\")" : "");
    }
    return !not_text;
}

const char *zw_reader_text(struct zw_reader *r, const struct zw_yaml_node *node, const char *expected)
{
    return is_text(r, node, expected, false) ? node->text : NULL;
}

const char *zw_reader_any_text(struct zw_reader *r, const struct zw_yaml_node *node, const char *expected)
{
    return is_text(r, node, expected, true) ? node->text : NULL;
}

const char *zw_reader_name(struct zw_reader *r, const struct zw_yaml_node *node, const char *what)
{
    char expected[64];
    const char *text;

    snprintf(expected, sizeof expected, "a name for %s", what);
    text = zw_reader_any_text(r, node, expected);
    if (!text) {
        return NULL;
    }
    if (!*text || strlen(text) > ZW_NAME_MAX || text[strspn(text, NAME_CHARACTERS)]) {
        zw_reader_problem(r, node, "\"%s\" cannot name %s; expected 1 to %d of A-Z a-z 0-9 _ . -",
                          zw_reader_excerpt(r, node), what, ZW_NAME_MAX);
        return NULL;
    }
    return zw_pool_strdup(r->pool, text);
}

bool zw_reader_bool(struct zw_reader *r, const struct zw_yaml_node *node, bool *value)
{
    static const char *const words[] = {"true", "True", "TRUE", "false", "False", "FALSE"};

    for (size_t i = 0; node->type == ZW_YAML_TEXT && node->plain && i < 6; i++) {
        if (!strcmp(node->text, words[i])) {
            *value = i < 3;
            return true;
        }
    }
    if (node->type == ZW_YAML_TEXT && *node->text) {
        zw_reader_problem(r, node, "\"%s\"; expected true or false%s", zw_reader_excerpt(r, node),
                          node->plain ? "" : ", without quotes");
    } else {
        zw_reader_problem(r, node, "%s; expected true or false", zw_yaml_type_name(node));
    }
    return false;
}

/* The choices of 'words' in words. */
static const char *word_choices(struct zw_reader *r, const struct zw_reader_word *words)
{
    const char *list[MAX_CHOICES];
    size_t n = 0;

    for (; words->word; words++) {
        if (!words->later && n < MAX_CHOICES) {
            list[n++] = words->word;
        }
    }
    return zw_reader_choices(r, list, n);
}

static int unknown_word(struct zw_reader *r, const struct zw_yaml_node *node, const char *what,
                        const struct zw_reader_word *words, const char *choices)
{
    struct zw_suggestion s;

    zw_suggestion_start(&s, node->text);
    for (; words->word; words++) {
        if (!words->later) {
            zw_suggestion_try(&s, words->word);
        }
    }
    if (s.best) {
        zw_reader_problem(r, node, "unknown %s \"%s\" (did you mean \"%s\"?); expected %s", what,
                          zw_reader_excerpt(r, node), s.best, choices);
    } else {
        zw_reader_problem(r, node, "unknown %s \"%s\"; expected %s", what, zw_reader_excerpt(r, node), choices);
    }
    return -1;
}

int zw_reader_word(struct zw_reader *r, const struct zw_yaml_node *node, const char *what,
                   const struct zw_reader_word *words)
{
    const char *choices = word_choices(r, words);

    if (!zw_reader_text(r, node, choices)) {
        return -1;
    }
    for (const struct zw_reader_word *w = words; w->word; w++) {
        if (!strcmp(node->text, w->word)) {
            if (w->later) {
                zw_reader_problem(r, node, "%s \"%s\" is not supported by this version; expected %s", what, w->word,
                                  choices);
            }
            return w->value;
        }
    }
    return unknown_word(r, node, what, words, choices);
}

static const char *key_choices(struct zw_reader *r, const struct zw_reader_key *keys)
{
    const char *list[MAX_CHOICES];
    size_t n = 0;

    for (; keys->name; keys++) {
        if (!keys->later && n < MAX_CHOICES) {
            list[n++] = keys->name;
        }
    }
    return zw_reader_choices(r, list, n);
}

static void unknown_key(struct zw_reader *r, const struct zw_yaml_node *key, const char *what,
                        const struct zw_reader_key *keys)
{
    struct zw_suggestion s;

    zw_suggestion_start(&s, key->text);
    for (const struct zw_reader_key *k = keys; k->name; k++) {
        zw_suggestion_try(&s, k->name);
    }
    if (s.best) {
        zw_reader_problem(r, key, "unknown key \"%s\" in %s (did you mean \"%s\"?)", zw_reader_excerpt(r, key), what,
                          s.best);
    } else {
        zw_reader_problem(r, key, "unknown key \"%s\" in %s; expected %s", zw_reader_excerpt(r, key), what,
                          key_choices(r, keys));
    }
}

bool zw_reader_map(struct zw_reader *r, const struct zw_yaml_node *node, const char *what,
                   const struct zw_reader_key *keys, const struct zw_yaml_node **values)
{
    for (size_t i = 0; keys[i].name; i++) {
        values[i] = NULL;
    }
    if (node->type != ZW_YAML_MAP) {
        zw_reader_problem(r, node, "%s; expected %s as a mapping with %s", zw_yaml_type_name(node), what,
                          key_choices(r, keys));
        return false;
    }
    for (const struct zw_yaml_node *m = node->first; m; m = m->next) {
        size_t i = 0;

        while (keys[i].name && strcmp(keys[i].name, m->key->text)) {
            i++;
        }
        if (!keys[i].name) {
            unknown_key(r, m->key, what, keys);
        } else if (keys[i].later) {
            zw_reader_problem(r, m->key, "\"%s\" in %s is not supported by this version; expected %s", keys[i].name,
                              what, key_choices(r, keys));
        } else {
            values[i] = m;
        }
    }
    return true;
}

bool zw_reader_list(struct zw_reader *r, const struct zw_yaml_node *node, const char *expected,
                    struct zw_reader_list *list)
{
    *list = (struct zw_reader_list){.first = NULL, .n = 0};
    if (node->type == ZW_YAML_MAP || (node->type == ZW_YAML_TEXT && node->plain && !*node->text)) {
        zw_reader_problem(r, node, "%s; expected %s", zw_yaml_type_name(node), expected);
        return false;
    }
    if (node->type == ZW_YAML_LIST && !node->n) {
        zw_reader_problem(r, node, "an empty list; expected %s", expected);
        return false;
    }
    list->first = node->type == ZW_YAML_LIST ? node->first : node;
    list->n = node->type == ZW_YAML_LIST ? node->n : 1;
    return true;
}
