/* SPDX-License-Identifier: Apache-2.0 */
/* sets - a rule's addresses and services as alternatives of which no two match one packet.
 *
 * Flows of one rule have one priority, where flows must not overlap (ovs-fields(7)), and each alternative is a flow, or a
 * factor of flows.
 *
 * Prefixes are left out, never joined: 10.0.0.2 and 10.0.0.3 stay two flows.  As 10.0.0.2/31 they would be one, of a mask that
 * nobody else has, and masks are what a lookup costs.  Ranges of ports are joined: they become masks only afterwards.
 *
 * Pure. */

#ifndef ZW_COMPILE_SETS_H
#define ZW_COMPILE_SETS_H 1

#include "controller/policy/policy.h"

/* Without prefixes that others cover.  Sorted as a policy's are.  Caller frees the list. */
struct zw_prefixes zw_disjoint_prefixes(const struct zw_prefixes *);

/* Ranges of ports that overlap or touch as one; types and codes that others cover are left out.  Sorted.  Caller frees the
 * items. */
struct zw_service zw_disjoint_items(const struct zw_service *);

#endif
