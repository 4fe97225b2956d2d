/* SPDX-License-Identifier: Apache-2.0 */
/* zone-addresses - which addresses a zone has, one after the other.
 *
 * A zone behind another has those of its prefixes that no longer prefix of another zone there takes from it; a zone of ports has
 * what is left.  That is what zw_zone_at() says, and these functions find the next address for which it says so, without
 * looking at each.  Pure. */

#ifndef ZW_POLICY_ZONE_ADDRESSES_H
#define ZW_POLICY_ZONE_ADDRESSES_H 1

#include "controller/policy/policy.h"

/* Moves '*addr' to the first address of its family, from itself on, that 'zone' has.  False: there is none, and '*addr' has no
 * meaning any more; so it is for the next two. */
bool zw_zone_address_from(const struct zw_policy *, const struct zw_zone *, struct zw_addr *addr);

/* The same, for addresses that no prefix of 'set' contains. */
bool zw_zone_address_outside(const struct zw_policy *, const struct zw_zone *, const struct zw_prefixes *set,
                             struct zw_addr *addr);

/* The same, for addresses that some prefix of 'set' contains. */
bool zw_zone_address_within(const struct zw_policy *, const struct zw_zone *, const struct zw_prefixes *set,
                            struct zw_addr *addr);

/* The same, for addresses outside a set that a host may have (zw_addr_is_host()). */
bool zw_zone_host_outside(const struct zw_policy *, const struct zw_zone *, const struct zw_prefixes *set,
                          struct zw_addr *addr);

#endif
