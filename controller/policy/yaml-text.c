/* SPDX-License-Identifier: Apache-2.0 */
/* What a scalar's text is to people and to other YAML readers. */
#include "zw-config.h"

#include "controller/policy/yaml.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

/* Bytes of the input in a message. */
#define EXCERPT_SIZE 64

const char *zw_yaml_excerpt(struct zw_pool *pool, const char *text)
{
    size_t n = EXCERPT_SIZE - strlen("...");
    char *excerpt;

    if (strlen(text) <= EXCERPT_SIZE) {
        return text;
    }
    while (((unsigned char)text[n] & 0xc0) == 0x80) {
        n--;
    }
    excerpt = zw_pool_calloc(pool, EXCERPT_SIZE + 1, 1);
    memcpy(excerpt, text, n);
    memcpy(excerpt + n, "...", strlen("..."));
    return excerpt;
}

static bool is_word(const char *text, const char *const *words)
{
    while (*words && strcasecmp(text, *words)) {
        words++;
    }
    return *words;
}

static const char *skip_digits(const char *s)
{
    while (isdigit((unsigned char)*s) || *s == '_') {
        s++;
    }
    return s;
}

/* [+-]digits[.digits][e[+-]digits], with the underscores of YAML 1.1. */
static bool is_decimal(const char *s)
{
    const char *start;
    bool any;

    s += *s == '+' || *s == '-';
    start = s;
    s = skip_digits(s);
    any = s > start && *start != '_';
    if (*s == '.') {
        start = s + 1;
        s = skip_digits(start);
        any |= s > start;
    }
    if (any && (*s == 'e' || *s == 'E')) {
        s += s[1] == '+' || s[1] == '-' ? 2 : 1;
        start = s;
        s = skip_digits(s);
        any = s > start;
    }
    return any && !*s;
}

/* 0x1f, 0o17, 0b101. */
static bool is_based(const char *s)
{
    s += *s == '+' || *s == '-';
    return s[0] == '0' && s[1] && strchr("xob", s[1]) && s[2] && !s[2 + strspn(s + 2, "0123456789abcdefABCDEF_")];
}

static const char *not_text(const char *text)
{
    static const char *const booleans[] = {"true", "false", "yes", "no", "on", "off", NULL};
    static const char *const nulls[] = {"", "~", "null", NULL};
    static const char *const numbers[] = {".inf", "+.inf", "-.inf", ".nan", NULL};

    return is_word(text, nulls)                                           ? "nothing"
           : is_word(text, booleans)                                      ? "a boolean"
           : is_word(text, numbers) || is_decimal(text) || is_based(text) ? "a number"
                                                                          : NULL;
}

const char *zw_yaml_not_text(const struct zw_yaml_node *node)
{
    return node->plain ? not_text(node->text) : NULL;
}

bool zw_yaml_needs_quotes(const char *text)
{
    return not_text(text);
}

const char *zw_yaml_type_name(const struct zw_yaml_node *node)
{
    switch (node->type) {
    case ZW_YAML_LIST:
        return "a list";
    case ZW_YAML_MAP:
        return "a mapping";
    case ZW_YAML_TEXT:
        break;
    }
    return node->plain && !*node->text ? "nothing" : "a text";
}
