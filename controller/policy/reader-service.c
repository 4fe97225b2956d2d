/* SPDX-License-Identifier: Apache-2.0 */
/* The section "services", and services wherever they are listed. */
#include "zw-config.h"

#include <stdlib.h>
#include <string.h>

#include "controller/policy/reader.h"
#include "controller/policy/service.h"

/* Of one item, such as "tcp/" and one range of ports. */
#define ITEM_SIZE_MAX 64

#define ITEM_SLOTS 2048u
_Static_assert(ITEM_SLOTS >= 2 * ZW_SERVICE_MAX_ITEMS, "items are found after a few steps");

static const char expected_in_service[] = "an item such as tcp/80, or a list of them";
static const char expected_anywhere[] = "a service, an item such as tcp/80, a list of them, or any";

static bool same_item(const struct zw_service_item *a, const struct zw_service_item *b)
{
    return a->eth_type == b->eth_type && a->proto == b->proto && a->family == b->family &&
           a->any_ports == b->any_ports && a->first == b->first && a->last == b->last && a->code == b->code;
}

static size_t hash_item(const struct zw_service_item *item)
{
    uint64_t ports = (uint64_t)item->first << 16 | item->last, code = (uint64_t)(item->code + 1);
    uint64_t what =
        (uint64_t)item->eth_type << 17 | (uint64_t)item->proto << 9 | (uint64_t)item->family << 1 | item->any_ports;
    uint64_t h = (ports | code << 32) * UINT64_C(0x9e3779b97f4a7c15) ^ what * UINT64_C(0xc2b2ae3d27d4eb4f);

    return (size_t)((h ^ h >> 32) * UINT64_C(0xd6e8feb86659fd93) >> 32);
}

/* Where 'item' is, or could be noted. */
static struct zw_item_slot *find_item(struct zw_reader *r, const struct zw_service_item *item)
{
    size_t i = hash_item(item) % ITEM_SLOTS;

    if (!r->item_slots) {
        r->item_slots = zw_pool_calloc(r->scratch, ITEM_SLOTS, sizeof *r->item_slots);
    }
    while (r->item_slots[i].list == r->n_item_lists && !same_item(&r->items[r->item_slots[i].at], item)) {
        i = (i + 1) % ITEM_SLOTS;
    }
    return &r->item_slots[i];
}

/* Keeps the order of the file: it has no meaning, but people find their lines again. */
static void add_item(struct zw_reader *r, const struct zw_yaml_node *node, const struct zw_service_item *item)
{
    r->n_items_given++;
    if (r->n_items_given > ZW_SERVICE_MAX_ITEMS) {
        if (r->n_items_given == ZW_SERVICE_MAX_ITEMS + 1) {
            zw_reader_problem(r, node, "more than %d items; expected no more in one service", ZW_SERVICE_MAX_ITEMS);
        }
        return;
    }
    struct zw_item_slot *slot = find_item(r, item);
    if (slot->list == r->n_item_lists) {
        return;
    }
    *slot = (struct zw_item_slot){.list = r->n_item_lists, .at = (uint32_t)r->n_items};
    r->items = zw_xgrow(r->items, r->n_items, &r->items_capacity, sizeof *r->items);
    r->items[r->n_items++] = *item;
}

static void take_items(struct zw_reader *r, struct zw_service *service)
{
    service->n = r->n_items;
    service->items = zw_pool_calloc(r->pool, service->n, sizeof *service->items);
    if (service->n) {
        memcpy(service->items, r->items, service->n * sizeof *service->items);
    }
}

/* 'size' bytes of 'part', behind 'protocol' and its slash: one item. */
static bool add_part(struct zw_reader *r, const struct zw_yaml_node *node, size_t protocol_size, const char *part,
                     size_t size)
{
    struct zw_service_item item;
    char text[2 * ITEM_SIZE_MAX];
    const char *wrong;

    if (protocol_size + size >= sizeof text) {
        zw_reader_problem(r, node, "\"%s\" is too long; expected an item such as tcp/80", zw_reader_excerpt(r, node));
        return false;
    }
    memcpy(text, node->text, protocol_size);
    memcpy(text + protocol_size, part, size);
    text[protocol_size + size] = '\0';
    wrong = zw_service_item_parse(text, &item);
    if (wrong) {
        zw_reader_problem(r, node, "\"%s\": %s", zw_reader_excerpt(r, node), wrong);
        return false;
    }
    add_item(r, node, &item);
    return true;
}

/* "tcp/80,443": one item for each part, up to the first that is wrong. */
static void add_text(struct zw_reader *r, const struct zw_yaml_node *node)
{
    size_t protocol_size = strcspn(node->text, "/");
    const char *part;

    if (!node->text[protocol_size]) {
        add_part(r, node, protocol_size, "", 0);
        return;
    }
    protocol_size++;
    part = node->text + protocol_size;
    for (;;) {
        size_t size = strcspn(part, ",");

        if (!add_part(r, node, protocol_size, part, size) || !part[size]) {
            return;
        }
        part += size + 1;
    }
}

/* "22", or the rest of "tcp/22,80" in a list: YAML has split it at the comma. */
static bool is_number(const struct zw_yaml_node *node)
{
    return node->type == ZW_YAML_TEXT && node->plain && *node->text && !node->text[strspn(node->text, "0123456789")];
}

static void add_service(struct zw_reader *r, const struct zw_yaml_node *node, bool names_allowed)
{
    const struct zw_service *service;

    if (is_number(node)) {
        zw_reader_problem(r, node, "%s has no protocol; expected an item such as tcp/%s, in quotes if it has commas",
                          zw_reader_excerpt(r, node), zw_reader_excerpt(r, node));
        return;
    }
    if (!zw_reader_text(r, node, names_allowed ? expected_anywhere : expected_in_service)) {
        return;
    }
    service = names_allowed ? zw_names_find(&r->services, node->text) : NULL;
    if (service) {
        for (size_t i = 0; i < service->n; i++) {
            add_item(r, node, &service->items[i]);
        }
    } else if (!strcmp(node->text, "any")) {
        zw_reader_problem(r, node, "\"any\" in a list; expected %s", "any alone, or the list without it");
    } else if (strchr(node->text, '/') || zw_is_protocol(node->text) || !names_allowed) {
        add_text(r, node);
    } else {
        zw_reader_undefined(r, node, "service", "services", &r->services);
    }
}

static int compare_ranges(const void *a_, const void *b_)
{
    const struct zw_port_range *a = a_, *b = b_;

    return a->first != b->first ? (a->first > b->first) - (a->first < b->first)
                                : (a->last > b->last) - (a->last < b->last);
}

/* Ranges that overlap or touch become one.  All ports is the same as none named. */
static void normalize_ranges(struct zw_port_ranges *ranges)
{
    size_t n = 0;

    qsort(ranges->list, ranges->n, sizeof *ranges->list, compare_ranges);
    for (size_t i = 0; i < ranges->n; i++) {
        const struct zw_port_range *range = &ranges->list[i];

        if (!n || range->first > ranges->list[n - 1].last + 1) {
            ranges->list[n++] = *range;
        } else if (range->last > ranges->list[n - 1].last) {
            ranges->list[n - 1].last = range->last;
        }
    }
    ranges->n = n == 1 && !ranges->list[0].first && ranges->list[0].last == UINT16_MAX ? 0 : n;
}

void zw_reader_port_ranges(struct zw_reader *r, const struct zw_yaml_node *node, struct zw_port_ranges *ranges)
{
    static const char expected[] = "a port, a range such as 1024-65535, or a list of them";
    const struct zw_yaml_node *item;
    struct zw_reader_list list;

    if (!zw_reader_list(r, node, expected, &list)) {
        return;
    }
    if (list.n > ZW_SERVICE_MAX_ITEMS) {
        zw_reader_problem(r, node, "more than %d ranges; expected no more in one rule", ZW_SERVICE_MAX_ITEMS);
        return;
    }
    ranges->list = zw_pool_calloc(r->pool, list.n, sizeof *ranges->list);
    item = list.first;
    for (size_t i = 0; i < list.n; i++, item = item->next) {
        const char *text = item->type == ZW_YAML_TEXT ? item->text : zw_reader_any_text(r, item, expected);
        const char *wrong = text ? zw_port_range_parse(text, &ranges->list[ranges->n]) : NULL;

        if (wrong) {
            zw_reader_problem(r, item, "\"%s\": %s", zw_reader_excerpt(r, item), wrong);
        } else if (text) {
            ranges->n++;
        }
    }
    normalize_ranges(ranges);
}

/* Many rules name one large service: they share it. */
static const struct zw_service *named_alone(const struct zw_reader *r, const struct zw_reader_list *list,
                                            bool names_allowed)
{
    const struct zw_yaml_node *node = list->first;

    if (!names_allowed || list->n != 1 || node->type != ZW_YAML_TEXT || zw_yaml_not_text(node) || is_number(node)) {
        return NULL;
    }
    return zw_names_find(&r->services, node->text);
}

bool zw_reader_service(struct zw_reader *r, const struct zw_yaml_node *node, bool names_allowed,
                       struct zw_service *result)
{
    size_t n_problems = r->problems->n + r->problems->n_dropped;
    const struct zw_yaml_node *item;
    const struct zw_service *service;
    struct zw_reader_list list;

    *result = (struct zw_service){.items = NULL, .n = 0};
    if (names_allowed && node->type == ZW_YAML_TEXT && !strcmp(node->text, "any")) {
        return true;
    }
    if (!zw_reader_list(r, node, names_allowed ? expected_anywhere : expected_in_service, &list)) {
        return false;
    }
    service = named_alone(r, &list, names_allowed);
    if (service) {
        *result = *service;
        return true;
    }
    r->n_items = r->n_items_given = 0;
    r->n_item_lists++;
    item = list.first;
    for (size_t i = 0; i < list.n; i++, item = item->next) {
        add_service(r, item, names_allowed);
    }
    take_items(r, result);
    return r->problems->n + r->problems->n_dropped == n_problems;
}

static void read_service(struct zw_reader *r, const struct zw_yaml_node *node)
{
    const char *name = zw_reader_name(r, node->key, "a service");
    struct zw_service *service = zw_pool_calloc(r->pool, 1, sizeof *service);

    if (name && (zw_is_protocol(name) || !strcmp(name, "any"))) {
        zw_reader_problem(r, node->key, "\"%s\" means something already; expected another name", name);
    } else if (name && zw_names_add(&r->services, name, service)) {
        zw_reader_problem(r, node->key, "service \"%s\" is defined in an earlier file, too; expected another name",
                          name);
    }
    zw_reader_service(r, node, false, service);
}

void zw_reader_services(struct zw_reader *r, const struct zw_yaml_node *node)
{
    if (node->type != ZW_YAML_MAP) {
        zw_reader_problem(r, node, "%s; expected services as a mapping of names to items", zw_yaml_type_name(node));
        return;
    }
    for (const struct zw_yaml_node *m = node->first; m; m = m->next) {
        read_service(r, m);
    }
}
