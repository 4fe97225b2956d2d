/* SPDX-License-Identifier: Apache-2.0 */
/* rule-index - which rules can match at all, in their order.  For controller/policy/ only.
 *
 * A rule is kept under each of the zones, and of the single ports of TCP, UDP and SCTP, that it names: source zone,
 * destination zone, port; "any" for what it does not name, or names too much of (ZW_INDEX_MAX_KEYS).  A packet is asked for
 * under all eight combinations of its own and "any", and the lists that are found are merged by the rules' numbers.  So
 * no rule is left out that matches, and none comes before an earlier one; what comes need not match.
 *
 * Holds places in the policy's array of rules.  Nobody changes it once it is built: thread-safe. */

#ifndef ZW_POLICY_RULE_INDEX_H
#define ZW_POLICY_RULE_INDEX_H 1

#include "controller/policy/policy.h"

#define ZW_INDEX_MAX_KEYS 64u /* Under which one rule is kept. */

struct zw_rule_index;

struct zw_rule_index *zw_rule_index_new(const struct zw_policy *);
void zw_rule_index_free(struct zw_rule_index *); /* NULL is fine. */

#define ZW_INDEX_N_LISTS 8
struct zw_rule_walk {
    const uint32_t *next[ZW_INDEX_N_LISTS], *end[ZW_INDEX_N_LISTS]; /* Places in policy->rules; ascending. */
    size_t n;
};

struct zw_rule_walk zw_rule_index_walk(const struct zw_rule_index *, const struct zw_zone *src,
                                       const struct zw_zone *dst, const struct zw_packet_key *);
/* The place of the next rule that may match, each one once; UINT32_MAX: that was all. */
uint32_t zw_rule_walk_next(struct zw_rule_walk *);

#endif
