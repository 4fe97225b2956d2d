/* SPDX-License-Identifier: Apache-2.0 */
/* flow-count - how many flows rules become, without making them.
 *
 * What a rule says multiplies: two lists of a thousand ports in a file of some kilobytes are a million flows, for each rule
 * that names them.  Who makes them to see that they are too many has no memory left; so the reader counts, by sizes alone.
 *
 * It does what controller/compile/rules.c does, and tests/unit/test-flow-count.c holds the two together.  Never fewer than
 * are made.  More where a prefix of a list covers another, or ranges of ports touch or overlap: what the compiler leaves out or
 * joins (compile/sets.h) is not looked for, so that a rule costs no more than the items of its service.
 *
 * Pure. */

#ifndef ZW_POLICY_FLOW_COUNT_H
#define ZW_POLICY_FLOW_COUNT_H 1

#include "controller/policy/policy.h"

/* UINT32_MAX: so many, or more. */
uint32_t zw_rule_count_flows(const struct zw_rule *);

/* Of all rules, by their 'n_flows'. */
uint64_t zw_policy_count_flows(const struct zw_policy *);

#endif
