/* SPDX-License-Identifier: Apache-2.0 */
#include "zw-config.h"

#include "controller/compile/sets.h"

#include <stdlib.h>

#include "controller/base/memory.h"

/* In their order a prefix comes before those that it covers, and these before all others. */
struct zw_prefixes zw_disjoint_prefixes(const struct zw_prefixes *set)
{
    struct zw_prefixes disjoint = {.list = zw_xcalloc(set->n + 1, sizeof *disjoint.list)};

    for (size_t i = 0; i < set->n; i++) {
        const struct zw_prefix *prefix = &set->list[i];

        if (!disjoint.n || !zw_prefix_contains(&disjoint.list[disjoint.n - 1], &prefix->addr)) {
            disjoint.list[disjoint.n++] = *prefix;
        }
    }
    return disjoint;
}

/* What covers others comes first. */
static int compare_items(const void *a_, const void *b_)
{
    const struct zw_service_item *a = a_, *b = b_;
    const int orders[] = {a->eth_type - b->eth_type, a->proto - b->proto, b->any_ports - a->any_ports,
                          a->first - b->first,       a->code - b->code,   b->last - a->last};

    for (size_t i = 0; i < sizeof orders / sizeof orders[0]; i++) {
        if (orders[i]) {
            return orders[i];
        }
    }
    return 0;
}

/* Whether 'item' is, or has become, part of 'last', which comes before it in their order. */
static bool is_taken_in(struct zw_service_item *last, const struct zw_service_item *item)
{
    if (last->eth_type != item->eth_type || last->proto != item->proto) {
        return false;
    }
    if (last->eth_type || last->any_ports) {
        return true;
    }
    if (item->proto == IPPROTO_ICMP || item->proto == IPPROTO_ICMPV6) {
        return last->first == item->first && (last->code < 0 || last->code == item->code);
    }
    if (item->first > last->last + 1) {
        return false;
    }
    last->last = item->last > last->last ? item->last : last->last;
    last->any_ports = !last->first && last->last == UINT16_MAX;
    return true;
}

struct zw_service zw_disjoint_items(const struct zw_service *service)
{
    struct zw_service disjoint = {.items = zw_xcalloc(service->n + 1, sizeof *disjoint.items)};

    for (size_t i = 0; i < service->n; i++) {
        disjoint.items[i] = service->items[i];
    }
    if (service->n) {
        qsort(disjoint.items, service->n, sizeof *disjoint.items, compare_items);
    }
    for (size_t i = 0; i < service->n; i++) {
        struct zw_service_item item = disjoint.items[i];

        if (!disjoint.n || !is_taken_in(&disjoint.items[disjoint.n - 1], &item)) {
            disjoint.items[disjoint.n++] = item;
        }
    }
    return disjoint;
}
