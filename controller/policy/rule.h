/* SPDX-License-Identifier: Apache-2.0 */
/* rule - whether two rules, perhaps of two versions, are one, and whether they say the same; for what compares policies.
 *
 * Whoever adds a member to struct zw_rule adds it here. */

#ifndef ZW_POLICY_RULE_H
#define ZW_POLICY_RULE_H 1

#include "controller/policy/policy.h"

/* Whether both decide the same for the same packets.  Neither name, number, id nor priority counts. */
bool zw_rule_says_same(const struct zw_rule *, const struct zw_rule *);

/* Whether both are one rule, changed or not: of one name, or, if they have none of their own, of the same content. */
bool zw_rule_is(const struct zw_rule *, const struct zw_rule *);

/* Whether it is certain that no packet matches both.  False does not say that there is one. */
bool zw_rules_are_apart(const struct zw_rule *, const struct zw_rule *);

/* Equal for rules of which zw_rule_is() is true. */
uint32_t zw_rule_hash(const struct zw_rule *);

#endif
