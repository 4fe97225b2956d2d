/* SPDX-License-Identifier: Apache-2.0 */
#include "zw-config.h"

#include "controller/policy/policy.h"
#include "controller/policy/service.h"

static bool has_dhcp_server(const struct zw_policy *policy)
{
    for (size_t i = 0; i < policy->n_zones; i++) {
        if (policy->zones[i]->guard.allows_dhcp_server) {
            return true;
        }
    }
    return false;
}

static const struct zw_zone *ports_of(const struct zw_zone *zone)
{
    return zone->behind ? zone->behind : zone;
}

/* The isolated zone whose ports are all that the rule is about; NULL: there is more, or none. */
static const struct zw_zone *isolates_all(const struct zw_rule *rule)
{
    const struct zw_zone *zone = rule->from.n && rule->to.n ? ports_of(rule->from.list[0]) : NULL;

    for (size_t i = 0; zone && i < rule->from.n; i++) {
        zone = ports_of(rule->from.list[i]) == zone ? zone : NULL;
    }
    for (size_t i = 0; zone && i < rule->to.n; i++) {
        zone = ports_of(rule->to.list[i]) == zone ? zone : NULL;
    }
    return zone && zone->is_isolated ? zone : NULL;
}

static bool has_ipv6(const struct zw_prefixes *set)
{
    for (size_t i = 0; i < set->n; i++) {
        if (set->list[i].addr.family == ZW_IPV6) {
            return true;
        }
    }
    return !set->n;
}

/* "ah" for a rule that may be about IPv6, where it matches nothing. */
static void warn_of_headers(const struct zw_rule *rule, struct zw_problems *warnings)
{
    if (!has_ipv6(&rule->from_addresses) || !has_ipv6(&rule->to_addresses)) {
        return;
    }
    for (size_t i = 0; i < rule->service.n; i++) {
        const struct zw_service_item *item = &rule->service.items[i];

        if (!item->eth_type && zw_ipv6_looks_past(item->proto)) {
            zw_problems_add(warnings, rule->file, rule->line + rule->service_below, rule->service_column,
                            "warning: protocol %u of rule \"%s\" matches IPv4 only: in IPv6 the switch looks past this "
                            "header, and rules see the protocol behind it",
                            item->proto, rule->name);
        }
    }
}

static void warn_of_rules(const struct zw_policy *policy, struct zw_problems *warnings)
{
    for (size_t i = 0; i < policy->n_rules; i++) {
        const struct zw_rule *rule = &policy->rules[i];
        const struct zw_zone *zone = isolates_all(rule);

        if (zone) {
            zw_problems_add(
                warnings, rule->file, rule->line, 0,
                "warning: rule \"%s\" never counts: it is about ports of zone \"%s\" among themselves, and that is "
                "isolated",
                rule->name, zone->name);
        }
        warn_of_headers(rule, warnings);
    }
}

/* The first rule that tells IPv6 addresses of senders apart, or NULL. */
static const struct zw_rule *tells_ipv6_senders(const struct zw_policy *policy)
{
    for (size_t i = 0; i < policy->n_rules; i++) {
        const struct zw_prefixes *from = &policy->rules[i].from_addresses;

        for (size_t j = 0; j < from->n; j++) {
            if (from->list[j].addr.family == ZW_IPV6) {
                return &policy->rules[i];
            }
        }
    }
    return NULL;
}

static void warn_of_any_address(const struct zw_policy *policy, struct zw_problems *warnings)
{
    const struct zw_rule *rule = tells_ipv6_senders(policy);

    for (size_t i = 0; rule && i < policy->n_zones; i++) {
        const struct zw_guard *guard = &policy->zones[i]->guard;

        if (guard->learns_nd && !guard->learn_addresses.n) {
            zw_problems_add(
                warnings, guard->learn_file, guard->learn_line, guard->learn_column,
                "warning: zone \"%s\" learns any IPv6 address that nobody has, also one that rule \"%s\" is for: "
                "its ports may take it; \"learn-addresses\" says which may be learned",
                policy->zones[i]->name, rule->name);
        }
    }
}

void zw_policy_warn(const struct zw_policy *policy, struct zw_problems *warnings)
{
    bool has_server = has_dhcp_server(policy);

    warn_of_rules(policy, warnings);
    warn_of_any_address(policy, warnings);

    for (size_t i = 0; i < policy->n_zones; i++) {
        const struct zw_zone *zone = policy->zones[i];

        if (zone->guard.learns_dhcp && !has_server) {
            zw_problems_add(warnings, zone->guard.learn_file, zone->guard.learn_line, zone->guard.learn_column,
                            "warning: zone \"%s\" learns from DHCP, and no zone's guard says \"dhcp-server: allow\": "
                            "no server is believed",
                            zone->name);
        }
    }
}
