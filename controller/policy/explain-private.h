/* SPDX-License-Identifier: Apache-2.0 */
/* explain-private - what the two halves of explain share: the verdict (explain.c), and what it leaves open (explain-notes.c). */

#ifndef ZW_POLICY_EXPLAIN_PRIVATE_H
#define ZW_POLICY_EXPLAIN_PRIVATE_H 1

#include "controller/policy/explain.h"
#include "controller/policy/icmp.h"

/* One end of the question, for what it leaves open of addresses. */
struct zw_side {
    struct zw_endpoint *end;
    const struct zw_zone
        *zone; /* One of its addresses stands for all, for none was named; NULL: one was, or it has none. */
    struct zw_addr first[2]; /* Its first address in IPv4 and in IPv6; without family: it has none. */
};

struct zw_question {
    const struct zw_policy *policy;
    struct zw_explanation *explanation;
    struct zw_side from, to;
    bool asks_family[2]; /* Whether the answer is about IPv4, and about IPv6. */
};

/* Which addresses of a side a rule is for, if it is for those of 'set' (n == 0: any): of the one that was named, or of all that
 * were not. */
enum zw_reach { ZW_REACH_NONE, ZW_REACH_SOME, ZW_REACH_ALL };
enum zw_reach zw_explain_reach(const struct zw_question *, const struct zw_side *, const struct zw_prefixes *set);

enum zw_icmp_way zw_explain_icmp_way(const struct zw_packet_key *);

/* Adds the notes of an explanation that has its verdict; 'from' and 'to' are the zones that were named, or NULL. */
void zw_explain_note(const struct zw_question *, const struct zw_zone *from, const struct zw_zone *to);

#endif
