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

void zw_policy_warn(const struct zw_policy *policy, struct zw_problems *warnings)
{
    bool has_server = has_dhcp_server(policy);

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
