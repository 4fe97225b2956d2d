/* SPDX-License-Identifier: Apache-2.0 */

#include "controller/policy/rule.h"

#include <netinet/in.h>
#include <string.h>

#include "controller/policy/policy-private.h"

/* A reminder: a new member that decides about packets belongs into zw_rule_says_same(), or changes of it are not sent. */
_Static_assert(sizeof(void *) != 8 || sizeof(struct zw_rule) == 160,
               "struct zw_rule is as zw_rule_says_same() knows it");

static bool same_zones(const struct zw_zone_set *a, const struct zw_zone_set *b)
{
    if (a->n != b->n) {
        return false;
    }
    for (size_t i = 0; i < a->n && a->list != b->list; i++) {
        if (a->list[i]->id != b->list[i]->id) {
            return false;
        }
    }
    return true;
}

static bool same_prefixes(const struct zw_prefixes *a, const struct zw_prefixes *b)
{
    if (a->n != b->n) {
        return false;
    }
    for (size_t i = 0; i < a->n && a->list != b->list; i++) {
        if (zw_prefix_compare(&a->list[i], &b->list[i])) {
            return false;
        }
    }
    return true;
}

static bool same_ports(const struct zw_port_ranges *a, const struct zw_port_ranges *b)
{
    if (a->n != b->n) {
        return false;
    }
    for (size_t i = 0; i < a->n && a->list != b->list; i++) {
        if (a->list[i].first != b->list[i].first || a->list[i].last != b->list[i].last) {
            return false;
        }
    }
    return true;
}

static bool same_services(const struct zw_service *a, const struct zw_service *b)
{
    if (a->n != b->n) {
        return false;
    }
    for (size_t i = 0; i < a->n && a->items != b->items; i++) {
        const struct zw_service_item *x = &a->items[i], *y = &b->items[i];

        if (x->eth_type != y->eth_type || x->proto != y->proto || x->family != y->family ||
            x->any_ports != y->any_ports || x->first != y->first || x->last != y->last || x->code != y->code) {
            return false;
        }
    }
    return true;
}

bool zw_rule_says_same(const struct zw_rule *a, const struct zw_rule *b)
{
    return a->action == b->action && a->otherwise == b->otherwise && a->log == b->log &&
           same_zones(&a->from, &b->from) && same_zones(&a->to, &b->to) &&
           same_prefixes(&a->from_addresses, &b->from_addresses) && same_prefixes(&a->to_addresses, &b->to_addresses) &&
           same_services(&a->service, &b->service) && same_ports(&a->from_ports, &b->from_ports);
}

bool zw_rule_is(const struct zw_rule *a, const struct zw_rule *b)
{
    if (a->is_named || b->is_named) {
        return a->is_named && b->is_named && (a->name == b->name || !strcmp(a->name, b->name));
    }
    return zw_rule_says_same(a, b);
}

/* --- Apart. --- */

#define MAX_PAIRS 64 /* More are not compared. */

/* Whether two lists are both given, and short enough to be compared member by member. */
static bool are_comparable(size_t n, size_t n_other)
{
    return n && n_other && n <= MAX_PAIRS / n_other;
}

static bool zones_are_apart(const struct zw_zone_set *a, const struct zw_zone_set *b)
{
    bool apart = are_comparable(a->n, b->n);

    for (size_t i = 0; apart && i < a->n; i++) {
        for (size_t j = 0; apart && j < b->n; j++) {
            apart = a->list[i]->id != b->list[j]->id;
        }
    }
    return apart;
}

static bool prefixes_are_apart(const struct zw_prefixes *a, const struct zw_prefixes *b)
{
    bool apart = are_comparable(a->n, b->n);

    for (size_t i = 0; apart && i < a->n; i++) {
        for (size_t j = 0; apart && j < b->n; j++) {
            apart = !zw_prefix_contains(&a->list[i], &b->list[j].addr) &&
                    !zw_prefix_contains(&b->list[j], &a->list[i].addr);
        }
    }
    return apart;
}

static bool items_are_apart(const struct zw_service_item *a, const struct zw_service_item *b)
{
    if (a->eth_type != b->eth_type || a->proto != b->proto || (a->family && b->family && a->family != b->family)) {
        return true;
    } else if (a->any_ports || b->any_ports) {
        return false;
    } else if (a->proto == IPPROTO_ICMP || a->proto == IPPROTO_ICMPV6) {
        return a->first != b->first || (a->code >= 0 && b->code >= 0 && a->code != b->code);
    }
    return a->last < b->first || b->last < a->first;
}

static bool services_are_apart(const struct zw_service *a, const struct zw_service *b)
{
    bool apart = are_comparable(a->n, b->n);

    for (size_t i = 0; apart && i < a->n; i++) {
        for (size_t j = 0; apart && j < b->n; j++) {
            apart = items_are_apart(&a->items[i], &b->items[j]);
        }
    }
    return apart;
}

static bool ports_are_apart(const struct zw_port_ranges *a, const struct zw_port_ranges *b)
{
    bool apart = are_comparable(a->n, b->n);

    for (size_t i = 0; apart && i < a->n; i++) {
        for (size_t j = 0; apart && j < b->n; j++) {
            apart = a->list[i].last < b->list[j].first || b->list[j].last < a->list[i].first;
        }
    }
    return apart;
}

bool zw_rules_are_apart(const struct zw_rule *a, const struct zw_rule *b)
{
    return zones_are_apart(&a->to, &b->to) || zones_are_apart(&a->from, &b->from) ||
           services_are_apart(&a->service, &b->service) || prefixes_are_apart(&a->from_addresses, &b->from_addresses) ||
           prefixes_are_apart(&a->to_addresses, &b->to_addresses) || ports_are_apart(&a->from_ports, &b->from_ports);
}

/* --- One rule. --- */

/* FNV-1a. */
static uint32_t mix(uint32_t hash, uint32_t value)
{
    for (int i = 0; i < 4; i++, value >>= 8) {
        hash = (hash ^ (value & 0xff)) * 0x01000193u;
    }
    return hash;
}

static uint32_t mix_prefixes(uint32_t hash, const struct zw_prefixes *prefixes)
{
    for (size_t i = 0; i < prefixes->n; i++) {
        for (size_t j = 0; j < sizeof prefixes->list[i].addr.bytes; j++) {
            hash = (hash ^ prefixes->list[i].addr.bytes[j]) * 0x01000193u;
        }
        hash = mix(hash, prefixes->list[i].n_bits);
    }
    return mix(hash, (uint32_t)prefixes->n);
}

static uint32_t mix_zones(uint32_t hash, const struct zw_zone_set *zones)
{
    for (size_t i = 0; i < zones->n; i++) {
        hash = mix(hash, zones->list[i]->id);
    }
    return mix(hash, (uint32_t)zones->n);
}

static uint32_t mix_service(uint32_t hash, const struct zw_service *service)
{
    for (size_t i = 0; i < service->n; i++) {
        const struct zw_service_item *item = &service->items[i];

        hash = mix(hash, (uint32_t)item->eth_type << 16 | (uint32_t)item->family << 8 | item->proto);
        hash = mix(hash, (uint32_t)item->first << 16 | item->last);
        hash = mix(hash, (uint32_t)item->code << 1 | item->any_ports);
    }
    return mix(hash, (uint32_t)service->n);
}

static uint32_t mix_ports(uint32_t hash, const struct zw_port_ranges *ports)
{
    for (size_t i = 0; i < ports->n; i++) {
        hash = mix(hash, (uint32_t)ports->list[i].first << 16 | ports->list[i].last);
    }
    return mix(hash, (uint32_t)ports->n);
}

/* All that zw_rule_says_same() compares: rules that differ in one thing alone would make one long chain. */
static uint32_t hash_content(const struct zw_rule *rule)
{
    uint32_t hash =
        mix(0x811c9dc5u, (uint32_t)rule->action << 16 | (uint32_t)rule->otherwise << 8 | (uint32_t)rule->log);

    hash = mix_zones(mix_zones(hash, &rule->from), &rule->to);
    hash = mix_prefixes(mix_prefixes(hash, &rule->from_addresses), &rule->to_addresses);
    return mix_ports(mix_service(hash, &rule->service), &rule->from_ports);
}

uint32_t zw_rule_hash(const struct zw_rule *rule)
{
    uint32_t hash = 0x811c9dc5u;

    if (!rule->is_named) {
        return hash_content(rule);
    }
    for (const char *s = rule->name; *s; s++) {
        hash = (hash ^ (uint8_t)*s) * 0x01000193u;
    }
    return hash;
}
