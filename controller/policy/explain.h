/* SPDX-License-Identifier: Apache-2.0 */
/* explain - a question in words ("web", "office@192.168.10.7", "tcp/443"), and what decide() says to it.
 *
 * An end of the session is
 *     ZONE or PORT              any address there that no rule singles out, in IPv4 or else in IPv6; notes name the
 *                               rules that do.  If rules do so with all, what one of them says, not "allow" if one
 *                               is found that says otherwise
 *     PORT/VLAN                 in this VLAN, 0: untagged; must be said if the port's zone depends on it
 *     ZONE@ADDRESS, PORT@ADDRESS, PORT/VLAN@ADDRESS
 *     ADDRESS                   the zone "behind" another that has it, by the longest prefix; of one zone only
 * where "zone:NAME" and "port:NAME" say which one is meant if a zone and a port have one name; else it is the zone.
 * Neighbour discovery, which the switch lets pass without a rule, is answered so.  Pure: reads the policy and, for ports, an
 * inventory. */

#ifndef ZW_POLICY_EXPLAIN_H
#define ZW_POLICY_EXPLAIN_H 1

#include "controller/base/problems.h"
#include "controller/policy/decide.h"
#include "ovs-ext/inventory.h"

/* One end, as it was understood. */
struct zw_endpoint {
    const struct zw_zone *port_zone; /* The zone of its port; NULL: a port without zone. */
    const struct zw_port *port;      /* NULL unless a port was named. */
    int vlan;                        /* Of 'port', -1: none was named. */
    enum zw_membership membership;   /* Of 'port'. */
    bool has_addr;                   /* An address was named. */
    struct zw_addr addr;             /* That, or one that stands for those of the zone. */
};

struct zw_explanation {
    struct zw_endpoint from, to;
    struct zw_packet_key key;
    bool has_from_port; /* One was named. */
    struct zw_verdict verdict;
    struct zw_problems notes; /* What the answer leaves open; texts without a place. */
};

/* Answers from zone, port or address 'from' to 'to' for one 'service' ("tcp/443", "icmp/8"), sent from 'from_port' ("53";
 * NULL: from any high one).  'inventory' may be NULL: then there are no ports.  False, and problems, if the question has no meaning.  The answer points into the policy
 * and the inventory; clear it in either case. */
bool zw_explain(const struct zw_policy *, const struct zw_inventory *, const char *from, const char *to,
                const char *service, const char *from_port, struct zw_explanation *, struct zw_problems *);
void zw_explanation_clear(struct zw_explanation *);

#endif
