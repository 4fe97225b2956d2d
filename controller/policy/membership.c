/* SPDX-License-Identifier: Apache-2.0 */
#include "zw-config.h"

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "controller/base/memory.h"
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

bool zw_selector_selects(const struct zw_selector *s, const struct zw_port *port)
{
    switch (s->type) {
    case ZW_SELECT_NAME:
        return port->name && !fnmatch(s->value, port->name, 0);
    case ZW_SELECT_IFACE_ID:
        return equal(s->value, port->iface_id);
    case ZW_SELECT_EXTERNAL_ID:
        return equal(s->value, zw_port_external_id(port, s->key));
    case ZW_SELECT_MAC:
        return equal(s->value, port->attached_mac);
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

static void claim(struct zw_claim *claim, const struct zw_zone *zone, enum zw_membership membership)
{
    if (!claim->zone && !claim->claimants[0]) {
        claim->zone = zone;
        claim->membership = membership;
    } else if (claim->zone && claim->zone != zone) {
        claim->claimants[0] = claim->zone;
        claim->claimants[1] = zone;
        claim->zone = NULL;
        claim->membership = ZW_MEMBERSHIP_CONFLICT;
    }
}

/* Where selectors name VLANs: for each VLAN from 'first' on, who claims it. */
struct named {
    unsigned int first, n;
    struct zw_claim *list; /* NULL: not wanted. */
    bool any;              /* There is such a selector. */
};

static void claim_named(struct named *named, const struct zw_zone *zone, const struct zw_selector *s)
{
    named->any = true;
    for (size_t i = 0; i < s->n_vlans && named->list; i++) {
        for (unsigned int vlan = s->vlans[i].first; vlan <= s->vlans[i].last; vlan++) {
            if (vlan - named->first < named->n) {
                claim(&named->list[vlan - named->first], zone, ZW_MEMBERSHIP_SELECTOR);
            }
        }
    }
}

/* Returns whose the port is where no VLAN is named. */
static struct zw_claim find_claims(const struct zw_policy *policy, const struct zw_port *port, struct named *named)
{
    struct zw_claim whole = {.last = ZW_N_VLANS - 1};

    whole.zone = zone_by_external_id(policy, port, &whole.membership);
    for (size_t i = 0; i < policy->n_zones; i++) {
        const struct zw_zone *zone = policy->zones[i];

        for (size_t j = 0; j < zone->n_selectors; j++) {
            if (!zw_selector_selects(&zone->selectors[j], port)) {
                continue;
            } else if (zone->selectors[j].n_vlans) {
                claim_named(named, zone, &zone->selectors[j]);
            } else {
                claim(&whole, zone, ZW_MEMBERSHIP_SELECTOR);
            }
        }
    }
    return whole;
}

static bool is_named(const struct zw_claim *claim)
{
    return claim->zone || claim->claimants[0];
}

const struct zw_zone *zw_policy_zone_of_port(const struct zw_policy *policy, const struct zw_port *port,
                                             unsigned int vlan, struct zw_claim *claim)
{
    struct zw_claim one = {.last = 0};
    struct named named = {.first = vlan, .n = 1, .list = &one};
    struct zw_claim found = find_claims(policy, port, &named);

    if (is_named(&one)) {
        found = one;
    }
    if (claim) {
        *claim = found;
        claim->first = claim->last = (uint16_t)vlan;
    }
    return found.zone;
}

static bool same_claim(const struct zw_claim *a, const struct zw_claim *b)
{
    return a->zone == b->zone && a->membership == b->membership && a->claimants[0] == b->claimants[0] &&
           a->claimants[1] == b->claimants[1];
}

size_t zw_policy_claims(const struct zw_policy *policy, const struct zw_port *port, struct zw_claim **claims)
{
    struct named named = {.n = ZW_N_VLANS};
    struct zw_claim whole = find_claims(policy, port, &named);
    size_t n = 1;

    if (!named.any) {
        *claims = zw_xcalloc(1, sizeof **claims);
        **claims = whole;
        return 1;
    }
    struct zw_claim *list = named.list = zw_xcalloc(ZW_N_VLANS, sizeof *list);
    find_claims(policy, port, &named);
    for (unsigned int vlan = 0; vlan < ZW_N_VLANS; vlan++) {
        struct zw_claim next = is_named(&list[vlan]) ? list[vlan] : whole;

        if (vlan && same_claim(&next, &list[n - 1])) {
            list[n - 1].last = (uint16_t)vlan;
            continue;
        }
        n += vlan != 0;
        next.first = next.last = (uint16_t)vlan;
        list[n - 1] = next;
    }
    *claims = list;
    return n;
}

size_t zw_policy_carried_claims(const struct zw_policy *policy, const struct zw_port *port, struct zw_claim **claims)
{
    size_t n = zw_policy_claims(policy, port, claims), n_carried = 0, allocated = 0;
    struct zw_claim *carried = NULL;
    bool is_one = true;

    if (n == 1) {
        return n;
    }
    for (size_t i = 0; i < n; i++) {
        for (unsigned int vlan = (*claims)[i].first; vlan <= (*claims)[i].last; vlan++) {
            struct zw_claim *last = n_carried ? &carried[n_carried - 1] : NULL;

            if (!zw_port_carries(port, vlan)) {
                continue;
            } else if (last && same_claim(last, &(*claims)[i]) && last->last + 1u == vlan) {
                last->last = (uint16_t)vlan;
                continue;
            }
            is_one = is_one && (!last || same_claim(last, &(*claims)[i]));
            carried = zw_xgrow(carried, n_carried, &allocated, sizeof *carried);
            carried[n_carried] = (*claims)[i];
            carried[n_carried].first = carried[n_carried].last = (uint16_t)vlan;
            n_carried++;
        }
    }
    if (!n_carried) { /* A mode that is not supported. */
        return n;
    }
    free(*claims);
    *claims = carried;
    if (is_one) {
        carried[0].first = 0;
        carried[0].last = ZW_N_VLANS - 1;
        return 1;
    }
    return n_carried;
}
