/* SPDX-License-Identifier: Apache-2.0 */
#include "zw-config.h"

#include "controller/policy/policy.h"

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
    }
}

void zw_policy_warn(const struct zw_policy *policy, struct zw_problems *warnings)
{
    bool has_server = has_dhcp_server(policy);

    warn_of_rules(policy, warnings);

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
