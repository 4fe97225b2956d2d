/* SPDX-License-Identifier: Apache-2.0 */
/* session - whether a session that was let in before is still allowed.
 *
 * Judged by zw_decide() as if it opened now, between the zones that its ends have now.  The zones that it was let in for
 * must be these: the fast path honours a session between no others.  An `ask` is answered by its `otherwise`.
 *
 * Pure, thread-safe. */

#ifndef ZW_POLICY_SESSION_H
#define ZW_POLICY_SESSION_H 1

#include "controller/policy/decide.h"

/* What is known of one end. */
struct zw_session_end {
    uint32_t zone_id;                /* That it was let in for. */
    bool has_port;                   /* Its port is known: */
    const struct zw_zone *port_zone; /* the zone that the port is in now; NULL: none. */
};

enum zw_fate {
    ZW_FATE_STAYS,
    ZW_FATE_FORBIDDEN, /* By the rule in the verdict, or one of its zones does not exist any more. */
    ZW_FATE_MOVED,     /* An end of it is in another zone than it was let in for. */
};

/* 'key' in the direction in which it opened.  '*verdict' is what zw_decide() says of it now. */
enum zw_fate zw_session_judge(const struct zw_policy *, const struct zw_session_end *src,
                              const struct zw_session_end *dst, const struct zw_packet_key *key,
                              struct zw_verdict *verdict);

#endif
