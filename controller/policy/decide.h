/* SPDX-License-Identifier: Apache-2.0 */
/* decide - what the policy says about the first packet of a session.
 *
 * One pure function, used by the slow path, `zoneward explain` and the checks of the flow compiler, so that all of
 * them give the same answer for the same reason.  It reads nothing but its arguments: no clock, no switch.  Thread-safe.
 *
 * The first call for a policy builds an index of its rules (rule-index.h); from then on it allocates nothing, and looks only at
 * rules for the packet's zones and port, however many others there are. */

#ifndef ZW_POLICY_DECIDE_H
#define ZW_POLICY_DECIDE_H 1

#include "controller/policy/policy.h"

/* Where in the policy a decision was made.  DISCOVERY is no answer of zw_decide(), which is not asked: the switch says so, and
 * explain.h after it. */
#define ZW_STEPS                                                            \
    ZW_STEP(NO_ZONE, "a port that belongs to no zone")                      \
    ZW_STEP(ISOLATED, "two ports of one zone that is isolated")             \
    ZW_STEP(RULE, "the first rule that matches")                            \
    ZW_STEP(OTHERWISE, "an ask that nothing decided follows its otherwise") \
    ZW_STEP(NOT_IP, "no rule for this EtherType matches")                   \
    ZW_STEP(DEFAULT, "no rule matches")                                     \
    ZW_STEP(DISCOVERY, "this is neighbour discovery, which passes without a rule")
enum zw_step {
#define ZW_STEP(NAME, TEXT) ZW_STEP_##NAME,
    ZW_STEPS
#undef ZW_STEP
};
const char *zw_step_name(enum zw_step); /* "rule"... */
const char *zw_step_text(enum zw_step);

struct zw_verdict {
    enum zw_action action; /* Never ZW_ASK: an ask is answered here. */
    enum zw_step step;
    const struct zw_rule *rule; /* NULL unless 'step' names a rule.  Lives as long as the policy. */
    const struct zw_zone *src;  /* The zones that were judged, after zones 'behind' a port were found by address. */
    const struct zw_zone *dst;
    enum zw_log_level log;
    bool slow; /* The rule is an ask: in traffic, the slow path gives this verdict. */
};

/* Judges 'key' from a port of zone 'src' to a port of zone 'dst'; NULL is a port without zone. First match wins.  What is not
 * IP has no addresses and no default: it passes by a rule that names its EtherType, each packet by itself. */
struct zw_verdict zw_decide(const struct zw_policy *, const struct zw_zone *src, const struct zw_zone *dst,
                            const struct zw_packet_key *key);

/* The zone of address 'addr' at a port of zone 'port_zone': the zone behind it with the longest prefix that contains
 * the address, else 'port_zone' itself.  NULL stays NULL. */
const struct zw_zone *zw_zone_at(const struct zw_policy *, const struct zw_zone *port_zone, const struct zw_addr *);

/* Whether any prefix of the set contains the address; an empty set contains none. */
bool zw_prefixes_contain(const struct zw_prefixes *, const struct zw_addr *);

/* Whether a service covers 'key'. */
bool zw_service_matches(const struct zw_service *, const struct zw_packet_key *);

#endif
