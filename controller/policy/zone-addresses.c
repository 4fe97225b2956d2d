/* SPDX-License-Identifier: Apache-2.0 */
#include "zw-config.h"

#include "controller/policy/zone-addresses.h"

#include <stdlib.h>
#include <string.h>

#include "controller/policy/decide.h"
#include "controller/policy/policy-private.h"

/* Whether a host may have an address is the same for all that begin with these bits (zw_addr_is_host()). */
#define HOST_BITS_IPV4 8u
#define HOST_BITS_IPV6 16u

/* Moves '*addr' to the first address behind 'prefix'.  False: the family ends there. */
static bool step_behind(const struct zw_prefix *prefix, struct zw_addr *addr)
{
    *addr = prefix->addr;
    for (unsigned int i = prefix->n_bits; i-- > 0;) {
        uint8_t bit = (uint8_t)(0x80 >> i % 8);

        addr->bytes[i / 8] ^= bit;
        if (addr->bytes[i / 8] & bit) {
            return true;
        }
    }
    return false;
}

/* The shortest prefix of a set that contains 'addr', or NULL. */
static const struct zw_prefix *widest(const struct zw_prefixes *set, const struct zw_addr *addr)
{
    for (unsigned int n_bits = 0; set->n && n_bits <= zw_family_bits(addr->family); n_bits++) {
        struct zw_prefix wanted = zw_addr_network(addr, n_bits);
        const struct zw_prefix *found = bsearch(&wanted, set->list, set->n, sizeof *set->list, zw_prefix_compare);

        if (found) {
            return found;
        }
    }
    return NULL;
}

/* Where the next prefix of a set begins behind 'addr', or NULL. */
static const struct zw_addr *next_begin(const struct zw_prefixes *set, const struct zw_addr *addr)
{
    struct zw_prefix last = {.addr = *addr, .n_bits = (uint8_t)zw_family_bits(addr->family)};
    size_t low = 0, high = set->n;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (zw_prefix_compare(&set->list[middle], &last) <= 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low < set->n && set->list[low].addr.family == addr->family ? &set->list[low].addr : NULL;
}

/* The longest prefix that a zone behind 'at' has with 'addr': by it zw_zone_at() goes.  NULL: there is none. */
static const struct zw_prefix *longest(const struct zw_zone *owner, const struct zw_addr *addr)
{
    const struct zw_prefix *best = NULL;

    for (int n_bits = (int)zw_family_bits(addr->family); n_bits >= 0 && !best; n_bits--) {
        struct zw_prefix wanted = zw_addr_network(addr, (unsigned int)n_bits);

        best = bsearch(&wanted, owner->addresses.list, owner->addresses.n, sizeof wanted, zw_prefix_compare);
    }
    return best;
}

/* 'addr' is not of 'zone', but of 'owner'. */
static bool next_candidate(const struct zw_zone *zone, const struct zw_zone *owner, struct zw_addr *addr)
{
    const struct zw_addr *begin = zone->behind ? next_begin(&zone->addresses, addr) : NULL;
    struct zw_addr end = {.family = 0};

    if (owner->behind && (!zone->behind || widest(&zone->addresses, addr))) {
        /* Another zone took it: 'zone' goes on behind that, or within it with a prefix that is longer still. */
        if (!step_behind(longest(owner, addr), &end)) {
            end.family = 0;
        }
    }
    if (begin && (!end.family || memcmp(begin->bytes, end.bytes, sizeof end.bytes) < 0)) {
        *addr = *begin;
    } else {
        *addr = end;
    }
    return addr->family != 0;
}

bool zw_zone_address_from(const struct zw_policy *policy, const struct zw_zone *zone, struct zw_addr *addr)
{
    for (;;) {
        const struct zw_zone *owner = zw_zone_at(policy, zone->behind ? zone->behind : zone, addr);

        if (owner == zone) {
            return true;
        } else if (!next_candidate(zone, owner, addr)) {
            return false;
        }
    }
}

/* Whether a prefix of a sorted set begins at 'addr' or before it, as those of the families before its own do. */
static bool begins_by(const struct zw_prefix *prefix, const struct zw_addr *addr)
{
    struct zw_prefix last = {.addr = *addr, .n_bits = (uint8_t)zw_family_bits(addr->family)};

    return zw_prefix_compare(prefix, &last) <= 0;
}

bool zw_zone_address_outside(const struct zw_policy *policy, const struct zw_zone *zone, const struct zw_prefixes *set,
                             struct zw_addr *addr)
{
    size_t i = 0; /* Prefixes before it end before '*addr', which only grows: so each is looked at once. */

    while (zw_zone_address_from(policy, zone, addr)) {
        bool is_within = false;

        for (; !is_within && i < set->n && begins_by(&set->list[i], addr); i++) {
            is_within = zw_prefix_contains(&set->list[i], addr);
        }
        if (!is_within) {
            return true;
        } else if (!step_behind(&set->list[i - 1], addr)) {
            return false;
        }
    }
    return false;
}

bool zw_zone_address_within(const struct zw_policy *policy, const struct zw_zone *zone, const struct zw_prefixes *set,
                            struct zw_addr *addr)
{
    while (zw_zone_address_from(policy, zone, addr)) {
        if (widest(set, addr)) {
            return true;
        }
        const struct zw_addr *begin = next_begin(set, addr);
        if (!begin) {
            return false;
        }
        *addr = *begin;
    }
    return false;
}

bool zw_zone_host_outside(const struct zw_policy *policy, const struct zw_zone *zone, const struct zw_prefixes *set,
                          struct zw_addr *addr)
{
    while (zw_zone_address_outside(policy, zone, set, addr)) {
        if (zw_addr_is_host(addr)) {
            return true;
        }
        struct zw_prefix nobody = zw_addr_network(addr, addr->family == ZW_IPV4 ? HOST_BITS_IPV4 : HOST_BITS_IPV6);
        if (!step_behind(&nobody, addr)) {
            return false;
        }
    }
    return false;
}
