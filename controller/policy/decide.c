/* SPDX-License-Identifier: Apache-2.0 */
#include "zw-config.h"

#include "controller/policy/decide.h"

#include <stdlib.h>

#include "controller/policy/policy-private.h"

/* A set with more prefixes than this is searched by length. */
#define FEW_PREFIXES 16

static const struct {
    const char *name, *text;
} steps[] = {
#define ZW_STEP(NAME, TEXT) [ZW_STEP_##NAME] = {#NAME, TEXT},
    ZW_STEPS
#undef ZW_STEP
};

const char *zw_step_text(enum zw_step step)
{
    return steps[step].text;
}

const char *zw_step_name(enum zw_step step)
{
    switch (step) {
    case ZW_STEP_DISCOVERY:
        return "discovery";
    case ZW_STEP_NO_ZONE:
        return "no-zone";
    case ZW_STEP_ISOLATED:
        return "isolated";
    case ZW_STEP_RULE:
        return "rule";
    case ZW_STEP_OTHERWISE:
        return "otherwise";
    case ZW_STEP_NOT_IP:
        return "not-ip";
    case ZW_STEP_DEFAULT:
        return "default";
    }
    return "unknown";
}

static bool large_set_contains(const struct zw_prefixes *set, const struct zw_addr *addr)
{
    for (unsigned int n_bits = 0; n_bits <= zw_family_bits(addr->family); n_bits++) {
        struct zw_prefix wanted = zw_addr_network(addr, n_bits);

        if (bsearch(&wanted, set->list, set->n, sizeof *set->list, zw_prefix_compare)) {
            return true;
        }
    }
    return false;
}

bool zw_prefixes_contain(const struct zw_prefixes *set, const struct zw_addr *addr)
{
    if (set->n > FEW_PREFIXES) {
        return large_set_contains(set, addr);
    }
    for (size_t i = 0; i < set->n; i++) {
        if (zw_prefix_contains(&set->list[i], addr)) {
            return true;
        }
    }
    return false;
}

const struct zw_zone *zw_zone_at(const struct zw_policy *policy, const struct zw_zone *port_zone,
                                 const struct zw_addr *addr)
{
    const struct zw_policy_private *p = policy->private_;

    if (!port_zone || !p->n_behind || !addr->family) {
        return port_zone;
    }
    for (int n_bits = (int)zw_family_bits(addr->family); n_bits >= 0; n_bits--) {
        if (p->lengths[addr->family == ZW_IPV6][n_bits]) {
            struct zw_behind wanted = {.at = port_zone, .prefix = zw_addr_network(addr, (unsigned int)n_bits)};
            const struct zw_behind *found =
                bsearch(&wanted, p->behind, p->n_behind, sizeof *p->behind, zw_behind_compare);

            if (found) {
                return found->zone;
            }
        }
    }
    return port_zone;
}

static bool item_matches(const struct zw_service_item *item, const struct zw_packet_key *key)
{
    if (item->eth_type || key->eth_type) {
        return item->eth_type == key->eth_type;
    }
    if (item->proto != key->proto || (item->family && item->family != key->src.family)) {
        return false;
    }
    if (item->any_ports) {
        return true;
    }
    if (item->proto == IPPROTO_ICMP || item->proto == IPPROTO_ICMPV6) {
        return key->sport == item->first && (item->code < 0 || key->dport == item->code);
    }
    return key->dport >= item->first && key->dport <= item->last;
}

bool zw_service_matches(const struct zw_service *service, const struct zw_packet_key *key)
{
    for (size_t i = 0; i < service->n; i++) {
        if (item_matches(&service->items[i], key)) {
            return true;
        }
    }
    return !service->n && !key->eth_type; /* "any" is any IP. */
}

static bool from_port_matches(const struct zw_port_ranges *ranges, const struct zw_packet_key *key)
{
    for (size_t i = 0; i < ranges->n; i++) {
        if (key->sport >= ranges->list[i].first && key->sport <= ranges->list[i].last) {
            return true;
        }
    }
    return !ranges->n;
}

static bool zone_matches(const struct zw_zone_set *set, const struct zw_zone *zone)
{
    for (size_t i = 0; i < set->n; i++) {
        if (set->list[i] == zone) {
            return true;
        }
    }
    return !set->n;
}

static bool address_matches(const struct zw_prefixes *set, const struct zw_addr *addr)
{
    return !set->n || zw_prefixes_contain(set, addr);
}

static bool rule_matches(const struct zw_rule *rule, const struct zw_zone *src, const struct zw_zone *dst,
                         const struct zw_packet_key *key)
{
    return zone_matches(&rule->from, src) && zone_matches(&rule->to, dst) && zw_service_matches(&rule->service, key) &&
           from_port_matches(&rule->from_ports, key) && address_matches(&rule->from_addresses, &key->src) &&
           address_matches(&rule->to_addresses, &key->dst);
}

static struct zw_verdict by_rule(const struct zw_rule *rule, struct zw_verdict v)
{
    v.rule = rule;
    v.log = rule->log;
    v.slow = rule->action == ZW_ASK;
    v.step = v.slow ? ZW_STEP_OTHERWISE : ZW_STEP_RULE;
    v.action = v.slow ? rule->otherwise : rule->action;
    return v;
}

struct zw_verdict zw_decide(const struct zw_policy *policy, const struct zw_zone *src, const struct zw_zone *dst,
                            const struct zw_packet_key *key)
{
    struct zw_verdict v = {.action = ZW_DENY, .step = ZW_STEP_NO_ZONE, .log = policy->default_log};

    v.src = zw_zone_at(policy, src, &key->src);
    v.dst = zw_zone_at(policy, dst, &key->dst);
    if (!src || !dst) {
        return v;
    }
    if (src == dst && src->is_isolated) {
        v.step = ZW_STEP_ISOLATED;
        v.log = ZW_LOG_NONE;
        return v;
    }
    struct zw_rule_walk walk = zw_rule_index_walk(zw_policy_rule_index(policy), v.src, v.dst, key);
    for (uint32_t i = zw_rule_walk_next(&walk); i != UINT32_MAX; i = zw_rule_walk_next(&walk)) {
        if (rule_matches(&policy->rules[i], v.src, v.dst, key)) {
            return by_rule(&policy->rules[i], v);
        }
    }
    if (key->eth_type) {
        v.step = ZW_STEP_NOT_IP;
        v.log = ZW_LOG_NONE;
        return v;
    }
    v.step = ZW_STEP_DEFAULT;
    v.action = policy->default_action;
    return v;
}
