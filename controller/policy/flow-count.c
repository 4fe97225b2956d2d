/* SPDX-License-Identifier: Apache-2.0 */
#include "zw-config.h"

#include "controller/policy/flow-count.h"

#include <netinet/in.h>

#include "controller/policy/masks.h"

enum dimension { FROM, TO, FROM_ADDRESSES, TO_ADDRESSES, SERVICE, N_DIMENSIONS };

/* How many members a dimension has that fit either family, or one; none of any: anything.  No number here is more than
 * UINT32_MAX, so that two can be multiplied. */
struct size {
    uint64_t any, v4, v6;
    bool whole_v4, whole_v6; /* Has 0.0.0.0/0, ::/0. */
};

static uint64_t at_most(uint64_t n)
{
    return n < UINT32_MAX ? n : UINT32_MAX;
}

static uint64_t times(uint64_t a, uint64_t b)
{
    return at_most(a * b);
}

static uint64_t size_all(const struct size *size)
{
    return at_most(size->any + size->v4 + size->v6);
}

static bool is_anything(const struct size *size)
{
    return !size_all(size);
}

static struct size size_of_zones(const struct zw_zone_set *zones)
{
    return (struct size){.any = at_most(zones->n)};
}

/* Sorted: IPv4 first. */
static size_t count_ipv4(const struct zw_prefixes *prefixes)
{
    size_t low = 0, high = prefixes->n;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (prefixes->list[middle].addr.family == ZW_IPV4) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

/* The first prefix of a family is the whole of it, or none is; it covers the others. */
static struct size size_of_prefixes(const struct zw_prefixes *prefixes)
{
    size_t n_v4 = count_ipv4(prefixes), n_v6 = prefixes->n - n_v4;
    bool whole_v4 = n_v4 && !prefixes->list[0].n_bits, whole_v6 = n_v6 && !prefixes->list[n_v4].n_bits;

    return (struct size){.v4 = whole_v4 ? 1 : at_most(n_v4),
                         .v6 = whole_v6 ? 1 : at_most(n_v6),
                         .whole_v4 = whole_v4,
                         .whole_v6 = whole_v6};
}

static uint64_t count_from_masks(const struct zw_port_ranges *ranges)
{
    uint64_t n = 0;

    for (size_t i = 0; i < ranges->n; i++) {
        n += zw_count_port_masks(ranges->list[i].first, ranges->list[i].last);
    }
    return n ? at_most(n) : 1;
}

static unsigned int count_item_masks(const struct zw_service_item *item)
{
    if (item->any_ports || item->proto == IPPROTO_ICMP || item->proto == IPPROTO_ICMPV6) {
        return 1;
    }
    return zw_count_port_masks(item->first, item->last);
}

/* What is not IP is counted in '*n_ether_types' instead. */
static struct size size_of_service(const struct zw_service *service, const struct zw_port_ranges *from_ports,
                                   uint64_t *n_ether_types)
{
    uint64_t n_from = count_from_masks(from_ports);
    struct size size = {.any = 0};

    *n_ether_types = 0;
    for (size_t i = 0; i < service->n; i++) {
        const struct zw_service_item *item = &service->items[i];
        uint64_t n = item->eth_type ? 0 : times(count_item_masks(item), n_from);

        *n_ether_types += item->eth_type != 0;
        if (!item->family && !from_ports->n) {
            size.any = at_most(size.any + n);
            continue;
        }
        size.v4 = at_most(size.v4 + (item->family != ZW_IPV6 ? n : 0));
        size.v6 = at_most(size.v6 + (item->family != ZW_IPV4 ? n : 0));
    }
    return size;
}

/* The product of what fits either family, and that of 'family' (0: no more). */
static uint64_t multiply(const struct size sizes[N_DIMENSIONS], uint8_t family)
{
    uint64_t product = 1;

    for (size_t i = 0; i < N_DIMENSIONS; i++) {
        uint64_t n = sizes[i].any + (family == ZW_IPV4 ? sizes[i].v4 : family == ZW_IPV6 ? sizes[i].v6 : 0);

        product = is_anything(&sizes[i]) ? product : times(product, at_most(n));
    }
    return product;
}

/* emit_rule().  Combinations of two families make no flow. */
static uint64_t count_emitted(const struct size sizes[N_DIMENSIONS])
{
    uint64_t product = 1, sum = 1;
    unsigned int n_clauses = 0;

    for (size_t i = 0; i < N_DIMENSIONS; i++) {
        uint64_t n = size_all(&sizes[i]);

        product = times(product, n ? n : 1);
        if (n > 1) {
            sum = at_most(sum + n);
            n_clauses++;
        }
    }
    if (n_clauses < 2 || product <= sum) {
        uint64_t agreeing = multiply(sizes, ZW_IPV4) + multiply(sizes, ZW_IPV6) - multiply(sizes, 0);

        return agreeing < product ? agreeing : product;
    }
    return sum;
}

static bool has_family(const struct size *size, uint8_t family)
{
    return is_anything(size) || size->any || (family == ZW_IPV4 ? size->v4 : size->v6);
}

/* emit_family(). */
static uint64_t count_family(const struct size sizes[N_DIMENSIONS], uint8_t family)
{
    struct size own[N_DIMENSIONS];

    for (size_t i = 0; i < N_DIMENSIONS; i++) {
        if (!has_family(&sizes[i], family)) {
            return 0;
        }
        own[i] = (struct size){.any = at_most(sizes[i].any + (family == ZW_IPV4 ? sizes[i].v4 : sizes[i].v6))};
    }
    return count_emitted(own);
}

/* settle_families(). */
static void settle_families(struct size sizes[N_DIMENSIONS])
{
    bool v4 = true, v6 = true;

    for (size_t i = 0; i < N_DIMENSIONS; i++) {
        v4 = v4 && has_family(&sizes[i], ZW_IPV4);
        v6 = v6 && has_family(&sizes[i], ZW_IPV6);
    }
    for (size_t i = 0; i < N_DIMENSIONS && v4 != v6; i++) {
        sizes[i].v4 = v4 ? sizes[i].v4 : 0;
        sizes[i].v6 = v6 ? sizes[i].v6 : 0;
        sizes[i].whole_v4 = v4 && sizes[i].whole_v4;
        sizes[i].whole_v6 = v6 && sizes[i].whole_v6;
    }
}

/* compile_ip(). */
static uint64_t count_ip(struct size sizes[N_DIMENSIONS])
{
    const struct size *from = &sizes[FROM_ADDRESSES], *to = &sizes[TO_ADDRESSES];

    settle_families(sizes);
    if ((from->whole_v4 && to->whole_v4) || (from->whole_v6 && to->whole_v6)) {
        return count_family(sizes, ZW_IPV4) + count_family(sizes, ZW_IPV6);
    }
    return count_emitted(sizes);
}

/* compile_ether_types().  The flow that joins the clauses of each is the same one. */
static uint64_t count_ether_types(const struct size sizes[N_DIMENSIONS], uint64_t n)
{
    struct size zones[N_DIMENSIONS] = {[FROM] = sizes[FROM], [TO] = sizes[TO]};
    uint64_t product = multiply(zones, 0), emitted = count_emitted(zones);

    if (!n) {
        return 0;
    }
    return emitted < product ? times(n, emitted - 1) + 1 : times(n, emitted);
}

uint32_t zw_rule_count_flows(const struct zw_rule *rule)
{
    uint64_t n_ether_types, n;
    struct size sizes[N_DIMENSIONS] = {
        [FROM] = size_of_zones(&rule->from),
        [TO] = size_of_zones(&rule->to),
        [FROM_ADDRESSES] = size_of_prefixes(&rule->from_addresses),
        [TO_ADDRESSES] = size_of_prefixes(&rule->to_addresses),
        [SERVICE] = size_of_service(&rule->service, &rule->from_ports, &n_ether_types),
    };

    n = count_ether_types(sizes, n_ether_types);
    if (!rule->service.n || !is_anything(&sizes[SERVICE])) {
        n += count_ip(sizes);
    }
    return (uint32_t)at_most(n);
}

uint64_t zw_policy_count_flows(const struct zw_policy *policy)
{
    uint64_t n = 0;

    for (size_t i = 0; i < policy->n_rules; i++) {
        n += policy->rules[i].n_flows;
    }
    return n;
}
