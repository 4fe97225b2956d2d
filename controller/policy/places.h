/* SPDX-License-Identifier: Apache-2.0 */
/* places - which zone each port of a bridge is in, for many look-ups: a policy's membership.c of one moment, by OpenFlow
 * port and VLAN.
 *
 * Pure.  The zones belong to the policy, which has to outlive it; the bridge does not. */

#ifndef ZW_POLICY_PLACES_H
#define ZW_POLICY_PLACES_H 1

#include "controller/policy/policy.h"
#include "ovs-ext/inventory.h"

struct zw_places;

struct zw_places *zw_places_new(const struct zw_policy *, const struct zw_bridge *);
void zw_places_free(struct zw_places *);

/* False: the bridge has no such port.  Else '*zone' is its zone in this VLAN, or NULL: it has none there. */
bool zw_places_find(const struct zw_places *, uint32_t ofport, unsigned int vlan, const struct zw_zone **zone);

/* Whether a port that both moments of a bridge have is in another zone in the newer one, in any VLAN.  Ports that come and
 * ports that go do not count. */
bool zw_places_moved(const struct zw_policy *, const struct zw_bridge *older, const struct zw_bridge *newer);

#endif
