/* SPDX-License-Identifier: Apache-2.0 */
/* slowpath - what comes up from the switch: questions to answer, and copies for the log.
 *
 * A paused packet (ZW_PUNT_ASK) is judged by decide() and either goes on with the verdict in its registers or, denied,
 * is not heard of again: the switch keeps nothing of it.  Nothing is remembered here for a session; it lives in
 * conntrack from then on.  Copies (ZW_PUNT_SESSION, ZW_PUNT_DENIED) become records.  The sender of a rejected packet
 * (ZW_PUNT_REJECT, or a question with that answer) is told so (slowpath/refusal.h), and by nobody while no daemon runs.
 *
 * In the thread of the event base. */

#ifndef ZW_SLOWPATH_SLOWPATH_H
#define ZW_SLOWPATH_SLOWPATH_H 1

#include <stddef.h>
#include <stdint.h>

#include "controller/audit/writer.h"
#include "controller/policy/policy.h"
#include "ovs-ext/inventory.h"
#include "ovs-ext/packet-in.h"

/* Policies that packets on their way may still refer to: the newest and those before it. */
#define ZW_SLOWPATH_POLICIES 8

struct zw_slowpath;

struct zw_slowpath_status {
    uint64_t n_asked, n_allowed, n_denied; /* Verdicts given. */
    uint64_t n_sessions, n_denials;        /* Copies that became records, */
    uint64_t n_drops;                      /* also those of packets that no rule dropped. */
    uint64_t n_unjudged;        /* Paused packets without an IP header, or that no policy can judge: dropped. */
    uint64_t n_zones_changed;   /* Paused packets that got here by other zones: sent to be classified again. */
    uint64_t n_rejected;        /* Senders that were told, */
    uint64_t n_silent;          /* and those that were not: no answer is due, */
    uint64_t n_rejects_limited; /* or too many questions are answered so (ZW_REFUSALS_PPS). */
    uint64_t n_foreign;         /* Packet-ins that are not ours: ignored. */
};

/* 'audit' outlives it. */
struct zw_slowpath *zw_slowpath_new(struct zw_audit *);
void zw_slowpath_free(struct zw_slowpath *);

/* From now on 'policy' judges: call it when it is about to be sent to the switch.  Packets that name an older version
 * are judged by this one as well, unless its zones were others: then by the older while the switch has not confirmed this one,
 * and later by none, but classified again.  Copies are described in the version that they name. */
void zw_slowpath_set_policy(struct zw_slowpath *, const struct zw_policy *);

/* 'bridge' (for names) is where the packet came up; valid during the call.  'version_in_force': the last that it confirmed. */
void zw_slowpath_packet_in(struct zw_slowpath *, const struct zw_bridge *bridge, uint32_t version_in_force,
                           const struct zw_packet_in *, struct zw_outbuf *answer);

/* The policy of that version, if it is one of the last ZW_SLOWPATH_POLICIES; else NULL. */
const struct zw_policy *zw_slowpath_policy(const struct zw_slowpath *, uint32_t version);

struct zw_slowpath_status zw_slowpath_status(const struct zw_slowpath *);

#endif
