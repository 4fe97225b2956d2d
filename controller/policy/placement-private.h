/* SPDX-License-Identifier: Apache-2.0 */
/* placement-private - what the files of the placement share: placement.c gives each rule a priority of its own,
 * placement-shared.c lets neighbours share them, placement-text.c writes and reads them. */

#ifndef ZW_POLICY_PLACEMENT_PRIVATE_H
#define ZW_POLICY_PLACEMENT_PRIVATE_H 1

#include "controller/policy/placement.h"
#include "ovs-ext/pipeline.h"

#define ZW_N_PRIORITIES (ZW_PRIORITY_RULE_FIRST - ZW_PRIORITY_RULE_LAST + 1)

enum { ZW_NOWHERE = 0 }; /* A rule that has no priority yet. */

/* Priorities for rules that have none, of a policy where those that stay are in order.  Others change as little as it goes.
 * False if there are not enough, even afresh. */
bool zw_share_priorities(struct zw_policy *);
/* The same for all rules, whatever they have. */
bool zw_share_afresh(struct zw_policy *);

/* Whether an earlier rule never has a lower priority, nor an equal one unless no packet matches both. */
bool zw_priorities_hold(const struct zw_policy *);

#endif
