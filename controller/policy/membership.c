/* SPDX-License-Identifier: Apache-2.0 */
#include "zw-config.h"

#include <fnmatch.h>
#include <string.h>

#include "controller/policy/policy.h"
#include "ovs-ext/inventory.h"

const char *zw_membership_text(enum zw_membership membership)
{
    static const char *const texts[] = {
#define ZW_MEMBERSHIP(NAME, TEXT) [ZW_MEMBERSHIP_##NAME] = TEXT,
        ZW_MEMBERSHIPS
#undef ZW_MEMBERSHIP
    };

    return texts[membership];
}

static bool equal(const char *a, const char *b)
{
    return a && b && !strcmp(a, b);
}

static bool selects(const struct zw_selector *s, const struct zw_port *port)
{
    switch (s->type) {
    case ZW_SELECT_NAME:
        return port->name && !fnmatch(s->value, port->name, 0);
    case ZW_SELECT_IFACE_ID:
        return equal(s->value, port->iface_id);
    case ZW_SELECT_EXTERNAL_ID:
        return equal(s->value, zw_port_external_id(port, s->key));
    }
    return false;
}

static bool zone_selects(const struct zw_zone *zone, const struct zw_port *port)
{
    for (size_t i = 0; i < zone->n_selectors; i++) {
        if (selects(&zone->selectors[i], port)) {
            return true;
        }
    }
    return false;
}

/* What external_ids:zone says: the zone that trusts it or NULL, and then why. */
static const struct zw_zone *zone_by_external_id(const struct zw_policy *policy, const struct zw_port *port,
                                                 enum zw_membership *membership)
{
    const char *name = zw_port_external_id(port, "zone");
    const struct zw_zone *zone = name ? zw_policy_zone_by_name(policy, name) : NULL;

    *membership = !name                       ? ZW_MEMBERSHIP_NONE
                  : !zone                     ? ZW_MEMBERSHIP_UNKNOWN
                  : !zone->trusts_external_id ? ZW_MEMBERSHIP_UNTRUSTED
                                              : ZW_MEMBERSHIP_EXTERNAL_ID;
    return *membership == ZW_MEMBERSHIP_EXTERNAL_ID ? zone : NULL;
}

const struct zw_zone *zw_policy_zone_of_port(const struct zw_policy *policy, const struct zw_port *port,
                                             enum zw_membership *membership, const struct zw_zone *claimants[2])
{
    const struct zw_zone *found = zone_by_external_id(policy, port, membership);

    if (claimants) {
        claimants[0] = claimants[1] = NULL;
    }
    for (size_t i = 0; i < policy->n_zones; i++) {
        const struct zw_zone *zone = policy->zones[i];

        if (zone == found || !zone_selects(zone, port)) {
            continue;
        }
        if (found) {
            *membership = ZW_MEMBERSHIP_CONFLICT;
            if (claimants) {
                claimants[0] = found;
                claimants[1] = zone;
            }
            return NULL;
        }
        found = zone;
        *membership = ZW_MEMBERSHIP_SELECTOR;
    }
    return found;
}
