/* SPDX-License-Identifier: Apache-2.0 */
/* The section "address-sets", and addresses wherever they are listed. */
#include "zw-config.h"

#include <stdio.h>
#include <string.h>

#include "controller/policy/reader.h"

static const char expected_in_set[] = "an address or a list of addresses, such as 10.0.0.0/24 or \"2001:db8::/32\"";
static const char expected_anywhere[] = "an address, an address set or a list of them";

static void add_prefix(struct zw_reader *r, const struct zw_prefix *prefix)
{
    r->prefixes = zw_xgrow(r->prefixes, r->n_prefixes, &r->prefixes_capacity, sizeof *r->prefixes);
    r->prefixes[r->n_prefixes++] = *prefix;
}

static void take_prefixes(struct zw_reader *r, struct zw_prefixes *set)
{
    set->n = zw_prefixes_normalize(r->prefixes, r->n_prefixes);
    set->list = zw_pool_calloc(r->pool, set->n, sizeof *set->list);
    if (set->n) {
        memcpy(set->list, r->prefixes, set->n * sizeof *set->list);
    }
}

static bool looks_like_address(const char *text)
{
    return strpbrk(text, ":/") || !text[strspn(text, "0123456789.")];
}

/* 'text' was refused by zw_prefix_parse(), which left in 'prefix' what it understood. */
static void refuse_address(struct zw_reader *r, const struct zw_yaml_node *node, const char *why,
                           const struct zw_prefix *prefix)
{
    struct zw_prefix network = zw_addr_network(&prefix->addr, prefix->n_bits);
    const char *length = strchr(node->text, '/');
    char buf[ZW_PREFIX_STRLEN];

    zw_prefix_format(&network, buf);
    if (prefix->addr.family && length && strchr(buf, '/') && !strcmp(length, strchr(buf, '/'))) {
        zw_reader_problem(r, node, "\"%s\": %s (did you mean %s?)", zw_reader_excerpt(r, node), why, buf);
    } else {
        zw_reader_problem(r, node, "\"%s\": %s; expected %s", zw_reader_excerpt(r, node), why,
                          "an address or a prefix, such as 10.0.0.1, 10.0.0.0/24 or \"2001:db8::/32\"");
    }
}

/* NULL, too, if the name of a set stood there, whose addresses were added. */
static void add_address(struct zw_reader *r, const struct zw_yaml_node *node, bool sets_allowed)
{
    const char *expected = sets_allowed ? expected_anywhere : expected_in_set;
    const struct zw_prefixes *set;
    struct zw_prefix prefix;
    const char *why;

    if (node->type == ZW_YAML_MAP) {
        zw_reader_problem(r, node, "a mapping; expected %s; quote an IPv6 address that ends in a colon", expected);
        return;
    }
    if (!zw_reader_text(r, node, expected)) {
        return;
    }
    why = zw_prefix_parse(node->text, &prefix);
    if (!why) {
        add_prefix(r, &prefix);
    } else if (looks_like_address(node->text)) {
        refuse_address(r, node, why, &prefix);
    } else if (!sets_allowed) {
        zw_reader_problem(r, node, "\"%s\" is not an address; a set cannot contain others; expected %s",
                          zw_reader_excerpt(r, node), expected);
    } else if (!strcmp(node->text, "any")) {
        zw_reader_problem(r, node, "\"any\" is no address set; expected no such key where any address will do");
    } else if ((set = zw_names_find(&r->address_sets, node->text))) {
        r->n_sets_named++;
        for (size_t i = 0; i < set->n; i++) {
            add_prefix(r, &set->list[i]);
        }
    } else {
        zw_reader_undefined(r, node, "address set", "address-sets", &r->address_sets);
    }
}

bool zw_reader_addresses(struct zw_reader *r, const struct zw_yaml_node *node, bool sets_allowed,
                         struct zw_prefixes *result)
{
    size_t n_problems = r->problems->n + r->problems->n_dropped;
    const struct zw_yaml_node *item;
    struct zw_reader_list list;

    *result = (struct zw_prefixes){.list = NULL, .n = 0};
    if (node->type == ZW_YAML_MAP) {
        add_address(r, node, sets_allowed);
        return false;
    }
    if (!zw_reader_list(r, node, sets_allowed ? expected_anywhere : expected_in_set, &list)) {
        return false;
    }
    /* Many rules name one large set: they share it. */
    if (list.n == 1 && sets_allowed && list.first->type == ZW_YAML_TEXT && !zw_yaml_not_text(list.first)) {
        const struct zw_prefixes *set = zw_names_find(&r->address_sets, list.first->text);

        if (set) {
            r->n_sets_named++;
            *result = *set;
            return true;
        }
    }
    r->n_prefixes = 0;
    item = list.first;
    for (size_t i = 0; i < list.n; i++, item = item->next) {
        add_address(r, item, sets_allowed);
    }
    take_prefixes(r, result);
    return r->problems->n + r->problems->n_dropped == n_problems;
}

static void read_set(struct zw_reader *r, const struct zw_yaml_node *node)
{
    const char *name = zw_reader_name(r, node->key, "an address set");
    struct zw_prefixes *set;

    if (name && looks_like_address(name)) {
        zw_reader_problem(r, node->key, "\"%s\" looks like an address; expected a name with a letter", name);
        name = NULL;
    }
    if (name && !strcmp(name, "any")) {
        zw_reader_problem(r, node->key, "\"any\" means every address; expected another name");
        name = NULL;
    }
    set = zw_pool_calloc(r->pool, 1, sizeof *set);
    if (name && zw_names_add(&r->address_sets, name, set)) {
        zw_reader_problem(r, node->key, "address set \"%s\" is defined in an earlier file, too; expected another name",
                          name);
    }
    zw_reader_addresses(r, node, false, set);
}

void zw_reader_address_sets(struct zw_reader *r, const struct zw_yaml_node *node)
{
    if (node->type != ZW_YAML_MAP) {
        zw_reader_problem(r, node, "%s; expected address sets as a mapping of names to addresses",
                          zw_yaml_type_name(node));
        return;
    }
    for (const struct zw_yaml_node *m = node->first; m; m = m->next) {
        read_set(r, m);
    }
}
