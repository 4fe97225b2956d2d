/* SPDX-License-Identifier: Apache-2.0 */
/* What a flow matches. */

#include <config.h>

#include "ovs-ext/flow-private.h"

#include <netinet/in.h>
#include <string.h>

#include "lib/flow.h"
#include "openvswitch/packets.h"
#include "lib/packets.h"
#include "lib/util.h"

/* A switch adds to a match on any Ethernet field that the packet is Ethernet (OXM_OF_PACKET_TYPE, prerequisites in
 * ovs-fields(7)); so do we, for what we asked for and what it has to compare equal. */
static void ethernet(struct zw_flow *flow)
{
    match_set_default_packet_type(flow->match);
}

void zw_match_in_port(struct zw_flow *flow, uint32_t ofport)
{
    match_set_in_port(flow->match, u16_to_ofp(ofport));
}

void zw_match_untagged(struct zw_flow *flow)
{
    ethernet(flow);
    match_set_vlan_vid(flow->match, htons(0));
}

void zw_match_tagged(struct zw_flow *flow, unsigned int vid)
{
    ethernet(flow);
    match_set_vlan_vid(flow->match, htons(vid | VLAN_CFI));
}

void zw_match_tagged_masked(struct zw_flow *flow, unsigned int vid, unsigned int mask)
{
    ethernet(flow);
    match_set_vlan_vid_masked(flow->match, htons(vid | VLAN_CFI), htons(mask | VLAN_CFI));
}

void zw_match_any_tag(struct zw_flow *flow)
{
    ethernet(flow);
    match_set_dl_tci_masked(flow->match, htons(VLAN_CFI), htons(VLAN_CFI));
}

void zw_match_reg(struct zw_flow *flow, enum zw_reg reg, uint32_t value)
{
    match_set_reg(flow->match, reg, value);
}

void zw_match_reg_masked(struct zw_flow *flow, enum zw_reg reg, uint32_t value, uint32_t mask)
{
    match_set_reg_masked(flow->match, reg, value, mask);
}

void zw_match_flags(struct zw_flow *flow, uint32_t value, uint32_t mask)
{
    mask |= flow->match->wc.masks.regs[ZW_REG_FLAGS];
    value |= flow->match->flow.regs[ZW_REG_FLAGS];
    match_set_reg_masked(flow->match, ZW_REG_FLAGS, value, mask);
}

static const struct eth_addr multicast_bit = ETH_ADDR_C(01, 00, 00, 00, 00, 00);

void zw_match_eth_src_multicast(struct zw_flow *flow)
{
    ethernet(flow);
    match_set_dl_src_masked(flow->match, multicast_bit, multicast_bit);
}

static struct eth_addr eth_addr(const uint8_t mac[6])
{
    struct eth_addr ea;

    memcpy(ea.ea, mac, sizeof ea.ea);
    return ea;
}

void zw_match_eth_src(struct zw_flow *flow, const uint8_t mac[6])
{
    ethernet(flow);
    match_set_dl_src(flow->match, eth_addr(mac));
}

void zw_match_eth_dst_multicast(struct zw_flow *flow)
{
    ethernet(flow);
    match_set_dl_dst_masked(flow->match, multicast_bit, multicast_bit);
}

void zw_match_eth_dst(struct zw_flow *flow, const uint8_t mac[6])
{
    ethernet(flow);
    match_set_dl_dst(flow->match, eth_addr(mac));
}

void zw_match_eth_dst_masked(struct zw_flow *flow, const uint8_t mac[6], const uint8_t mask[6])
{
    ethernet(flow);
    match_set_dl_dst_masked(flow->match, eth_addr(mac), eth_addr(mask));
}

void zw_match_eth_type(struct zw_flow *flow, uint16_t type)
{
    ethernet(flow);
    match_set_dl_type(flow->match, htons(type));
}

void zw_match_family(struct zw_flow *flow, enum zw_family family)
{
    zw_match_eth_type(flow, family == ZW_IPV4 ? ETH_TYPE_IP : ETH_TYPE_IPV6);
}

static ovs_be32 ipv4_of(const struct zw_prefix *prefix)
{
    ovs_be32 ip;

    memcpy(&ip, prefix->addr.bytes, sizeof ip);
    return ip;
}

static struct in6_addr ipv6_of(const struct zw_prefix *prefix)
{
    struct in6_addr ip;

    memcpy(&ip, prefix->addr.bytes, sizeof ip);
    return ip;
}

void zw_match_ip_src(struct zw_flow *flow, const struct zw_prefix *prefix)
{
    zw_match_family(flow, prefix->addr.family);
    if (prefix->addr.family == ZW_IPV4) {
        match_set_nw_src_masked(flow->match, ipv4_of(prefix), be32_prefix_mask(prefix->n_bits));
    } else {
        struct in6_addr ip = ipv6_of(prefix), mask = ipv6_create_mask(prefix->n_bits);

        match_set_ipv6_src_masked(flow->match, &ip, &mask);
    }
}

void zw_match_ip_dst(struct zw_flow *flow, const struct zw_prefix *prefix)
{
    zw_match_family(flow, prefix->addr.family);
    if (prefix->addr.family == ZW_IPV4) {
        match_set_nw_dst_masked(flow->match, ipv4_of(prefix), be32_prefix_mask(prefix->n_bits));
    } else {
        struct in6_addr ip = ipv6_of(prefix), mask = ipv6_create_mask(prefix->n_bits);

        match_set_ipv6_dst_masked(flow->match, &ip, &mask);
    }
}

void zw_match_ip_proto(struct zw_flow *flow, enum zw_family family, uint8_t proto)
{
    zw_match_family(flow, family);
    match_set_nw_proto(flow->match, proto);
}

void zw_match_l4_src(struct zw_flow *flow, uint16_t port, uint16_t mask)
{
    match_set_tp_src_masked(flow->match, htons(port), htons(mask));
}

void zw_match_l4_dst(struct zw_flow *flow, uint16_t port, uint16_t mask)
{
    match_set_tp_dst_masked(flow->match, htons(port), htons(mask));
}

void zw_match_icmp(struct zw_flow *flow, int type, int code)
{
    if (type >= 0) {
        match_set_tp_src(flow->match, htons(type));
    }
    if (code >= 0) {
        match_set_tp_dst(flow->match, htons(code));
    }
}

void zw_match_fragment(struct zw_flow *flow)
{
    match_set_nw_frag_masked(flow->match, FLOW_NW_FRAG_ANY, FLOW_NW_FRAG_ANY);
}

void zw_match_first_fragment(struct zw_flow *flow)
{
    match_set_nw_frag(flow->match, FLOW_NW_FRAG_ANY);
}

void zw_match_no_later_fragment(struct zw_flow *flow)
{
    match_set_nw_frag_masked(flow->match, 0, FLOW_NW_FRAG_LATER);
}

void zw_match_hop_limit(struct zw_flow *flow, uint8_t hop_limit)
{
    match_set_nw_ttl(flow->match, hop_limit);
}

void zw_match_arp_op(struct zw_flow *flow, uint8_t op)
{
    zw_match_eth_type(flow, ETH_TYPE_ARP);
    match_set_nw_proto(flow->match, op);
}

void zw_match_arp_sender_mac(struct zw_flow *flow, const uint8_t mac[6])
{
    zw_match_eth_type(flow, ETH_TYPE_ARP);
    match_set_arp_sha(flow->match, eth_addr(mac));
}

void zw_match_arp_sender_multicast(struct zw_flow *flow)
{
    zw_match_eth_type(flow, ETH_TYPE_ARP);
    match_set_arp_sha_masked(flow->match, multicast_bit, multicast_bit);
}

void zw_match_arp_sender(struct zw_flow *flow, const struct zw_prefix *prefix)
{
    zw_match_eth_type(flow, ETH_TYPE_ARP);
    match_set_nw_src_masked(flow->match, ipv4_of(prefix), be32_prefix_mask(prefix->n_bits)); /* OVS keeps it there. */
}

void zw_match_nd_target(struct zw_flow *flow, const struct zw_addr *target)
{
    struct in6_addr ip;

    memcpy(&ip, target->bytes, sizeof ip);
    match_set_nd_target(flow->match, &ip);
}

/* OVS keeps the options' addresses where it keeps those of ARP. */
void zw_match_nd_source_mac(struct zw_flow *flow, const uint8_t mac[6])
{
    match_set_arp_sha(flow->match, eth_addr(mac));
}

void zw_match_nd_target_mac(struct zw_flow *flow, const uint8_t mac[6])
{
    match_set_arp_tha(flow->match, eth_addr(mac));
}

void zw_match_ct_state(struct zw_flow *flow, uint32_t set, uint32_t clear)
{
    match_set_ct_state_masked(flow->match, set, set | clear);
}

static ovs_u128 label_bits(unsigned int first, uint64_t value)
{
    ovs_u128 bits = OVS_U128_ZERO;

    if (first < 64) {
        bits.u64.lo = value << first;
    } else {
        bits.u64.hi = value << (first - 64);
    }
    return bits;
}

/* Fields never straddle the two halves of a label (pipeline.h). */
void zw_match_label_bits(struct zw_flow *flow, unsigned int first, unsigned int n_bits, uint32_t value)
{
    ovs_u128 bits = label_bits(first, value);
    ovs_u128 mask = label_bits(first, (UINT64_C(1) << n_bits) - 1);

    bits.u64.lo |= flow->match->flow.ct_label.u64.lo;
    bits.u64.hi |= flow->match->flow.ct_label.u64.hi;
    mask.u64.lo |= flow->match->wc.masks.ct_label.u64.lo;
    mask.u64.hi |= flow->match->wc.masks.ct_label.u64.hi;
    match_set_ct_label_masked(flow->match, bits, mask);
}

void zw_match_bare_syn(struct zw_flow *flow)
{
    match_set_tcp_flags_masked(flow->match, htons(TCP_SYN), htons(TCP_SYN | TCP_ACK | TCP_RST | TCP_FIN));
}

void zw_match_mid_stream(struct zw_flow *flow)
{
    match_set_tcp_flags_masked(flow->match, htons(TCP_ACK), htons(TCP_SYN | TCP_ACK | TCP_RST));
}

void zw_match_conj_id(struct zw_flow *flow, uint32_t id)
{
    match_set_conj_id(flow->match, id);
}
