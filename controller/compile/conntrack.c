/* SPDX-License-Identifier: Apache-2.0 */
/* CONNTRACK: ARP and neighbour discovery go on, so that hosts find each other; IP passes ct().  What else passes is for the
 * rules to say (rules.c); the rest is dropped.
 *
 * Conntrack does not track neighbour discovery and multicast listener reports (RFC 4861, 2710, 3810), and a packet to
 * several receivers is not one session: both are judged packet by packet, whatever it says.  They pass it all the same:
 * fragments are put together there, and each copy goes on by itself.  (A copy that is paused where it was made takes
 * those that are still to be made with it: in OVS 3.1 a pause within clone() ends the translation.) */

#include <netinet/icmp6.h>
#include <netinet/in.h>

#include "controller/compile/compile-private.h"
#include "controller/policy/icmp.h"

#define ETH_TYPE_ARP 0x0806

/* What goes on behind ct() begins with a lookup of its own, maybe by newer flows: it says by which zones it got so far. */
static void track(struct zw_compiler *c, struct zw_flow *flow)
{
    zw_act_set_reg(flow, ZW_REG_ZONES, c->policy->zones_digest);
    zw_act_ct(flow, ZW_STAGE_STATE);
    zw_emit(c, flow);
}

static void neighbour(struct zw_compiler *c, uint8_t type)
{
    struct zw_flow *flow = zw_static_flow(ZW_STAGE_CONNTRACK, ZW_PRIO_BLOCK);

    zw_match_ip_proto(flow, ZW_IPV6, IPPROTO_ICMPV6);
    zw_match_hop_limit(flow, 255); /* From this link (RFC 4861, 7.1). */
    zw_match_icmp(flow, type, 0);
    zw_act_goto(flow, ZW_STAGE_OUTPUT);
    zw_emit(c, flow);
}

static void untracked(struct zw_compiler *c, uint8_t type)
{
    struct zw_flow *flow = zw_static_flow(ZW_STAGE_CONNTRACK, ZW_PRIO_EXACT);

    zw_match_ip_proto(flow, ZW_IPV6, IPPROTO_ICMPV6);
    zw_match_icmp(flow, type, -1);
    zw_act_set_flags(flow, ZW_FLAG_STATELESS_MASK, ZW_FLAG_STATELESS_MASK);
    track(c, flow);
}

/* Judged packet by packet, a TCP packet could do without a session; and TCP has one receiver (RFC 9293, 3.9.2). */
static void no_stateless_tcp(struct zw_compiler *c, enum zw_family family)
{
    struct zw_flow *flow = zw_drop_flow(ZW_STAGE_CONNTRACK, ZW_PRIO_EXACT, ZW_DROP_GROUP_TCP, NULL);

    zw_match_ip_proto(flow, family, IPPROTO_TCP);
    zw_match_flags(flow, ZW_FLAG_STATELESS_MASK, ZW_FLAG_STATELESS_MASK);
    zw_emit(c, flow);
}

static void ip(struct zw_compiler *c, enum zw_family family)
{
    no_stateless_tcp(c, family);

    struct zw_flow *flow = zw_static_flow(ZW_STAGE_CONNTRACK, ZW_PRIO_WIDE);
    zw_match_family(flow, family);
    track(c, flow);
}

void zw_compile_conntrack(struct zw_compiler *c)
{
    struct zw_flow *flow = zw_static_flow(ZW_STAGE_CONNTRACK, ZW_PRIO_BLOCK);
    zw_match_eth_type(flow, ETH_TYPE_ARP);
    zw_act_goto(flow, ZW_STAGE_OUTPUT);
    zw_emit(c, flow);

    neighbour(c, ND_NEIGHBOR_SOLICIT);
    neighbour(c, ND_NEIGHBOR_ADVERT);
    for (unsigned int type = 0; type <= UINT8_MAX; type++) {
        if (zw_icmpv6_is_untracked((uint8_t)type)) {
            untracked(c, (uint8_t)type);
        }
    }
    ip(c, ZW_IPV4);
    ip(c, ZW_IPV6);
    zw_emit_drop(c, ZW_STAGE_CONNTRACK, ZW_DROP_ETHERTYPE);
}
