/* SPDX-License-Identifier: Apache-2.0 */
/* placement - which id and which priority each rule of a policy has in the switch.
 *
 * A rule's number says where it stands in its file, and changes with every rule that is put before it.  Flows, cookies,
 * registers and conntrack labels therefore carry an id, which a rule keeps for as long as it exists; and its priority
 * in stage POLICY comes from a range with gaps, so that a rule can be put between two others without touching them.
 *
 * A rule is the same one in two versions if it has the same name, or, without a name of its own, the same content (its
 * name follows its number).  An id is not given to another rule as long as the history lasts.
 *
 * Pure: the same policies always give the same placement.  The priorities are a list labelling: a rule that is new or
 * was moved goes into the gap where it stands; where a gap is full, the smallest neighbourhood that is not crowded is
 * spread out again.
 *
 * Beyond ZW_POLICY_MAX_ALONE rules there are not enough priorities: then neighbours share one that have no packet in common.
 * There is always a place for a rule if the reader found one for each: it refuses a policy that needs too many. */

#ifndef ZW_POLICY_PLACEMENT_H
#define ZW_POLICY_PLACEMENT_H 1

#include "controller/policy/policy.h"

#define ZW_RULE_ID_MAX 0xffffffu /* 24 bits, as many as a conntrack label has for it. */

/* Places the rules of 'policy', which nobody else has yet, as in 'previous' as far as possible; 'previous' NULL: afresh,
 * with ids from 1 on.  'version' is what 'policy' will have: where ids begin anew (there is no previous one, or it has
 * used up all ids), labels of older versions mean nothing.  False if there are more rules than there are priorities for. */
bool zw_policy_place(struct zw_policy *policy, const struct zw_policy *previous, uint32_t version)
    __attribute__((warn_unused_result));
/* The same as if there were more than ZW_POLICY_MAX_ALONE, for tests. */
bool zw_policy_place_shared(struct zw_policy *policy, const struct zw_policy *previous, uint32_t version)
    __attribute__((warn_unused_result));

/* The placement as a text, to be kept with the version: "since=1 next=8 1+5@33216-64 7+1@32864-0 ..." is the version
 * where ids began, the next free id, and runs of rules: first id, how many, first priority, distance of priorities.
 * Caller frees. */
char *zw_placement_format(const struct zw_policy *);

/* Gives 'policy' the placement of such a text.  False if it is none, or not one of a policy of this shape; then 'policy'
 * is as it was. */
bool zw_placement_parse(const char *, struct zw_policy *);

#endif
