/* SPDX-License-Identifier: Apache-2.0 */
/* GUARD: what is never right, whoever sends it.
 *
 * Sources: RFC 1122, 3.2.1.3 and RFC 6890 (IPv4); RFC 4291, 2.5 and 2.7 (IPv6); RFC 826 and 5227 (ARP).  An unspecified
 * source belongs to a host that has no address yet: RFC 2131, 4.1 (DHCP), RFC 4861, 4.1 and 4.3 (discovery), RFC 3810,
 * 5.2.13 (listeners).  Neighbour discovery comes whole: RFC 6980. */

#include <arpa/inet.h>
#include <netinet/icmp6.h>
#include <string.h>

#include "controller/compile/compile-private.h"

/* IEEE 802.1D, 7.12.6: addresses that no bridge forwards (spanning tree, LLDP, LACP...). */
static const uint8_t link_local[6] = {0x01, 0x80, 0xc2, 0x00, 0x00, 0x00};
static const uint8_t link_local_mask[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xf0};

#define ETH_TYPE_VLAN 0x8100
#define ETH_TYPE_QINQ 0x88a8
#define MLDV2_REPORT 143
#define DHCP_SERVER_PORT 67
#define DHCP_CLIENT_PORT 68

static const uint8_t families[] = {ZW_IPV4, ZW_IPV6};

static void drop_eth_type(struct zw_compiler *c, uint16_t type)
{
    struct zw_flow *flow = zw_drop_flow(ZW_STAGE_GUARD, ZW_PRIO_BLOCK, ZW_DROP_DOUBLE_TAG, NULL);

    zw_match_eth_type(flow, type);
    zw_emit(c, flow);
}

static void ethernet(struct zw_compiler *c)
{
    struct zw_flow *flow = zw_drop_flow(ZW_STAGE_GUARD, ZW_PRIO_BLOCK, ZW_DROP_GROUP_SOURCE, NULL);
    zw_match_eth_src_multicast(flow);
    zw_emit(c, flow);

    flow = zw_drop_flow(ZW_STAGE_GUARD, ZW_PRIO_BLOCK, ZW_DROP_LINK_LOCAL, NULL);
    zw_match_eth_dst_masked(flow, link_local, link_local_mask);
    zw_emit(c, flow);

    /* A second tag, below the one that CLASSIFY took off; OVS shows it as a tag or, by default, as an EtherType. */
    flow = zw_drop_flow(ZW_STAGE_GUARD, ZW_PRIO_BLOCK, ZW_DROP_DOUBLE_TAG, NULL);
    zw_match_any_tag(flow);
    zw_emit(c, flow);
    drop_eth_type(c, ETH_TYPE_VLAN);
    drop_eth_type(c, ETH_TYPE_QINQ);
}

/* Sources that no host has.  IPv6's ::/16 has the unspecified address, loopback and what looks like IPv4 in one: a mask
 * for each would show the switch more of every other address (doc/pipeline.md). */
static const struct bad_source {
    const char *prefix;
    uint16_t priority;
    enum zw_drop drop;
} bad_sources[] = {
    {"255.255.255.255", ZW_PRIO_EXACT, ZW_DROP_BROADCAST_SOURCE},
    {"224.0.0.0/4", ZW_PRIO_EXACT - 1, ZW_DROP_MULTICAST_SOURCE},
    {"240.0.0.0/4", ZW_PRIO_EXACT - 1, ZW_DROP_RESERVED_SOURCE},
    {"127.0.0.0/8", ZW_PRIO_EXACT - 1, ZW_DROP_LOOPBACK_SOURCE},
    {"0.0.0.0/8", ZW_PRIO_EXACT - 1, ZW_DROP_RESERVED_SOURCE},
    {"ff00::/8", ZW_PRIO_EXACT - 1, ZW_DROP_MULTICAST_SOURCE},
    {"::/16", ZW_PRIO_EXACT - 1, ZW_DROP_RESERVED_SOURCE},
};

static struct zw_prefix prefix_of(const char *text)
{
    struct zw_prefix prefix;

    zw_prefix_parse(text, &prefix);
    return prefix;
}

static void sources(struct zw_compiler *c)
{
    for (size_t i = 0; i < sizeof bad_sources / sizeof bad_sources[0]; i++) {
        const struct bad_source *bad = &bad_sources[i];
        struct zw_prefix prefix = prefix_of(bad->prefix);

        struct zw_flow *flow = zw_drop_flow(ZW_STAGE_GUARD, bad->priority, bad->drop, NULL);
        zw_match_ip_src(flow, &prefix);
        zw_emit(c, flow);
        if (prefix.addr.family == ZW_IPV4) {
            flow = zw_drop_flow(ZW_STAGE_GUARD, bad->priority, ZW_DROP_ARP_SENDER, NULL);
            zw_match_arp_sender(flow, &prefix);
            zw_emit(c, flow);
        }
    }
    struct zw_flow *flow = zw_drop_flow(ZW_STAGE_GUARD, ZW_PRIO_BLOCK, ZW_DROP_ARP_SENDER, NULL);
    zw_match_arp_sender_multicast(flow);
    zw_emit(c, flow);
}

/* Goes on as a packet to several receivers.  It is no session: every copy of it would be one and the same to conntrack. */
static void to_group(struct zw_compiler *c, struct zw_flow *flow)
{
    zw_match_eth_dst_multicast(flow);
    zw_act_set_flags(flow, ZW_FLAG_STATELESS_MASK, ZW_FLAG_STATELESS_MASK);
    zw_act_goto(flow, ZW_STAGE_BINDING);
    zw_emit(c, flow);
}

/* What a host says that has no address yet goes to a group. */
static void without_address(struct zw_compiler *c)
{
    static const uint8_t types[] = {ND_ROUTER_SOLICIT, ND_NEIGHBOR_SOLICIT, MLD_LISTENER_REPORT, MLD_LISTENER_REDUCTION,
                                    MLDV2_REPORT};
    struct zw_prefix unspecified = prefix_of("0.0.0.0");

    struct zw_flow *flow = zw_static_flow(ZW_STAGE_GUARD, ZW_PRIO_EXACT + 1);
    zw_match_ip_proto(flow, ZW_IPV4, IPPROTO_UDP);
    zw_match_ip_src(flow, &unspecified);
    zw_match_l4_src(flow, DHCP_CLIENT_PORT, 0xffff);
    zw_match_l4_dst(flow, DHCP_SERVER_PORT, 0xffff);
    to_group(c, flow);

    flow = zw_static_flow(ZW_STAGE_GUARD, ZW_PRIO_EXACT + 1);
    zw_match_arp_sender(flow, &unspecified); /* A probe (RFC 5227), which may go to one receiver, too. */
    zw_act_set_flags(flow, ZW_FLAG_STATELESS_MASK, ZW_FLAG_STATELESS_MASK);
    zw_act_goto(flow, ZW_STAGE_BINDING);
    zw_emit(c, flow);

    unspecified = prefix_of("::");
    for (size_t i = 0; i < sizeof types; i++) {
        flow = zw_static_flow(ZW_STAGE_GUARD, ZW_PRIO_EXACT + 1);
        zw_match_ip_proto(flow, ZW_IPV6, IPPROTO_ICMPV6);
        zw_match_ip_src(flow, &unspecified);
        zw_match_icmp(flow, types[i], -1);
        to_group(c, flow);
    }
}

static struct zw_flow *drop_discovery(enum zw_drop drop, uint8_t type)
{
    struct zw_flow *flow = zw_drop_flow(ZW_STAGE_GUARD, ZW_PRIO_BLOCK, drop, NULL);

    zw_match_ip_proto(flow, ZW_IPV6, IPPROTO_ICMPV6);
    zw_match_icmp(flow, type, -1);
    return flow;
}

/* OVS looks past IPv6's extension headers; what it cannot follow to the end has protocol 0 then. */
static void unreadable(struct zw_compiler *c)
{
    static const struct zw_addr unspecified = {.family = ZW_IPV6};

    for (uint8_t type = ND_ROUTER_SOLICIT; type <= ND_REDIRECT; type++) {
        struct zw_flow *flow = drop_discovery(ZW_DROP_ND_FRAGMENT, type);
        zw_match_fragment(flow);
        zw_emit(c, flow);
    }
    for (uint8_t type = ND_NEIGHBOR_SOLICIT; type <= ND_NEIGHBOR_ADVERT; type++) {
        struct zw_flow *flow = drop_discovery(ZW_DROP_ND_UNREADABLE, type);
        zw_match_icmp(flow, -1, 0);
        zw_match_nd_target(flow, &unspecified);
        zw_emit(c, flow);
    }
    /* Of another kind of hardware, or with an unknown operation, OVS shows no sender, and hosts may believe it all the same. */
    struct zw_flow *flow = zw_drop_flow(ZW_STAGE_GUARD, ZW_PRIO_BLOCK - 1, ZW_DROP_ARP_UNREADABLE, NULL);
    zw_match_arp_op(flow, 0);
    zw_emit(c, flow);

    /* IPv4 has no such protocol, and to who flushes conntrack it means any. */
    for (size_t i = 0; i < sizeof families; i++) {
        flow = zw_drop_flow(ZW_STAGE_GUARD, ZW_PRIO_BLOCK, ZW_DROP_IP_UNREADABLE, NULL);
        zw_match_ip_proto(flow, families[i], 0);
        zw_emit(c, flow);
    }
}

/* RFC 7112: all headers are in the first fragment.  Where they are not, OVS shows port 0 and type 0 for what the receiver,
 * or the kernel's conntrack, puts together later: an advertisement or a DHCP server that BINDING would not see. */
static void header_fragments(struct zw_compiler *c)
{
    static const uint8_t protos[] = {IPPROTO_TCP, IPPROTO_UDP, IPPROTO_ICMPV6};

    for (size_t i = 0; i < sizeof protos; i++) {
        struct zw_flow *flow = zw_drop_flow(ZW_STAGE_GUARD, ZW_PRIO_BLOCK, ZW_DROP_HEADER_FRAGMENT, NULL);

        zw_match_ip_proto(flow, ZW_IPV6, protos[i]);
        zw_match_first_fragment(flow);
        zw_match_l4_src(flow, 0, UINT16_MAX);
        zw_match_l4_dst(flow, 0, UINT16_MAX);
        zw_emit(c, flow);
    }
}

static bool lets_fragments_in(const struct zw_compiler *c, const struct zw_zone *zone)
{
    return zone->fragments == ZW_FRAGMENTS_ALLOW ||
           (zone->fragments == ZW_FRAGMENTS_BY_DATAPATH && !zw_bridge_is_netdev(c->bridge));
}

/* 'zone' NULL: of all. */
static void drop_fragments(struct zw_compiler *c, const struct zw_zone *zone)
{
    for (size_t i = 0; i < sizeof families; i++) {
        struct zw_flow *flow = zw_drop_flow(ZW_STAGE_GUARD, ZW_PRIO_BLOCK - 1, ZW_DROP_FRAGMENT_REFUSED, NULL);

        if (zone) {
            zw_match_reg(flow, ZW_REG_SRC_ZONE, zone->id);
        }
        zw_match_family(flow, families[i]);
        zw_match_fragment(flow);
        zw_emit(c, flow);
    }
}

/* They end here, for every ct() puts fragments together, BINDING's too, whoever they are from. */
static void fragments(struct zw_compiler *c)
{
    struct zw_zone *const *zones = c->policy->zones;
    bool some_let_in = false;

    for (size_t i = 0; i < c->policy->n_zones; i++) {
        some_let_in |= !zones[i]->behind && lets_fragments_in(c, zones[i]);
    }
    if (!some_let_in) {
        drop_fragments(c, NULL);
        return;
    }
    for (size_t i = 0; i < c->policy->n_zones; i++) {
        if (!zones[i]->behind && !lets_fragments_in(c, zones[i])) {
            drop_fragments(c, zones[i]);
        }
    }
}

void zw_compile_guard(struct zw_compiler *c)
{
    ethernet(c);
    unreadable(c);
    header_fragments(c);
    fragments(c);
    sources(c);
    without_address(c);
    to_group(c, zw_static_flow(ZW_STAGE_GUARD, ZW_PRIO_MATCH));
    zw_emit_else(c, ZW_STAGE_GUARD, ZW_STAGE_BINDING);
}
