/* SPDX-License-Identifier: Apache-2.0 */
#include "zw-config.h"

#include "tests/unit/flow-samples.h"

#include <string.h>

static const uint8_t mac[6] = {0x02, 0, 0, 0, 0, 0x11};

static struct zw_prefix prefix(const char *text)
{
    struct zw_prefix p;

    zw_prefix_parse(text, &p);
    return p;
}

static void nothing(struct zw_flow *flow)
{
    (void)flow;
}

/* --- Matches. --- */

static void in_port(struct zw_flow *flow)
{
    zw_match_in_port(flow, 7);
}

static void untagged(struct zw_flow *flow)
{
    zw_match_untagged(flow);
}

static void tagged(struct zw_flow *flow)
{
    zw_match_tagged(flow, 100);
}

static void priority_tagged(struct zw_flow *flow)
{
    zw_match_tagged(flow, 0);
}

static void any_tag(struct zw_flow *flow)
{
    zw_match_any_tag(flow);
}

static void reg(struct zw_flow *flow)
{
    zw_match_reg(flow, ZW_REG_DST_ZONE, 0xfffffffe);
    zw_match_reg(flow, ZW_REG_OUT_PORT, 0);
}

static void flags(struct zw_flow *flow)
{
    zw_match_flags(flow, ZW_FLAG_ASK, ZW_FLAG_VERDICT_MASK);
    zw_match_flags(flow, 0, ZW_FLAG_STATELESS_MASK);
}

static void multicast(struct zw_flow *flow)
{
    zw_match_eth_src_multicast(flow);
    zw_match_eth_dst_multicast(flow);
}

static void eth_dst(struct zw_flow *flow)
{
    zw_match_eth_dst(flow, mac);
}

static void eth_dst_masked(struct zw_flow *flow)
{
    static const uint8_t group[6] = {0x33, 0x33}, mask[6] = {0xff, 0xff};

    zw_match_eth_dst_masked(flow, group, mask);
}

static void arp(struct zw_flow *flow)
{
    zw_match_eth_type(flow, 0x0806);
}

static void ipv4(struct zw_flow *flow)
{
    struct zw_prefix src = prefix("10.0.0.0/8"), dst = prefix("192.0.2.7");

    zw_match_ip_src(flow, &src);
    zw_match_ip_dst(flow, &dst);
}

static void ipv6(struct zw_flow *flow)
{
    struct zw_prefix src = prefix("2001:db8::/33"), dst = prefix("fd00::7");

    zw_match_ip_src(flow, &src);
    zw_match_ip_dst(flow, &dst);
}

static void any_ipv6(struct zw_flow *flow)
{
    struct zw_prefix dst = prefix("::/0");

    zw_match_ip_dst(flow, &dst);
}

static void tcp_ports(struct zw_flow *flow)
{
    zw_match_ip_proto(flow, ZW_IPV4, IPPROTO_TCP);
    zw_match_l4_dst(flow, 0x1000, 0xfff0);
}

static void udp6_port(struct zw_flow *flow)
{
    zw_match_ip_proto(flow, ZW_IPV6, IPPROTO_UDP);
    zw_match_l4_dst(flow, 53, 0xffff);
}

static void sctp_port(struct zw_flow *flow)
{
    zw_match_ip_proto(flow, ZW_IPV4, IPPROTO_SCTP);
    zw_match_l4_dst(flow, 3868, 0xffff);
}

static void gre(struct zw_flow *flow)
{
    zw_match_ip_proto(flow, ZW_IPV4, IPPROTO_GRE);
}

static void icmp(struct zw_flow *flow)
{
    zw_match_ip_proto(flow, ZW_IPV4, IPPROTO_ICMP);
    zw_match_icmp(flow, 3, 4);
}

static void icmpv6(struct zw_flow *flow)
{
    zw_match_ip_proto(flow, ZW_IPV6, IPPROTO_ICMPV6);
    zw_match_icmp(flow, 135, -1);
    zw_match_hop_limit(flow, 255);
}

static void fragment(struct zw_flow *flow)
{
    zw_match_family(flow, ZW_IPV6);
    zw_match_fragment(flow);
}

static void ct_state(struct zw_flow *flow)
{
    zw_match_ct_state(flow, ZW_CT_TRACKED | ZW_CT_REPLY, ZW_CT_INVALID | ZW_CT_RELATED);
}

static void label(struct zw_flow *flow)
{
    zw_match_label_bits(flow, ZW_LABEL_ALLOWED_FIRST, ZW_LABEL_ALLOWED_BITS, 1);
    zw_match_label_bits(flow, ZW_LABEL_RULE_FIRST, ZW_LABEL_RULE_BITS, 0x123456);
    zw_match_label_bits(flow, ZW_LABEL_DST_ZONE_FIRST, ZW_LABEL_DST_ZONE_BITS, 0xffffffff);
}

static void bare_syn(struct zw_flow *flow)
{
    zw_match_ip_proto(flow, ZW_IPV6, IPPROTO_TCP);
    zw_match_bare_syn(flow);
}

static void mid_stream(struct zw_flow *flow)
{
    zw_match_ip_proto(flow, ZW_IPV4, IPPROTO_TCP);
    zw_match_mid_stream(flow);
}

static void conj_id(struct zw_flow *flow)
{
    zw_match_conj_id(flow, 3);
}

/* --- Actions. --- */

static void set_regs(struct zw_flow *flow)
{
    zw_act_set_reg(flow, ZW_REG_SRC_ZONE, 0);
    zw_act_set_reg(flow, ZW_REG_VERSION, 0xffffffff);
    zw_act_set_flags(flow, ZW_FLAG_LOG_MASK, ZW_FLAG_LOG_MASK);
    zw_act_set_flags(flow, 0, ZW_FLAG_VERDICT_MASK);
}

static void from_vlan(struct zw_flow *flow)
{
    zw_match_any_tag(flow);
    zw_act_vlan_to_reg(flow, ZW_REG_SEGMENT);
    zw_act_pcp_to_flags(flow);
    zw_act_pop_vlan(flow);
    zw_act_goto(flow, ZW_STAGE_GUARD);
}

static void to_vlan(struct zw_flow *flow)
{
    zw_act_push_vlan(flow, 100);
    zw_act_output(flow, 3);
}

static void to_any_vlan(struct zw_flow *flow)
{
    zw_act_push_vlan_from_reg(flow, ZW_REG_SEGMENT);
    zw_act_pcp_from_flags(flow);
    zw_act_output(flow, 0xfffe);
}

static void flood(struct zw_flow *flow)
{
    zw_act_copy_to(flow, 1, ZW_STAGE_TARGET);
    zw_act_copy_to(flow, 2, ZW_STAGE_TARGET);
}

static void learn(struct zw_flow *flow)
{
    zw_match_in_port(flow, 5);
    zw_act_learn_mac(flow, 5);
    zw_act_goto(flow, ZW_STAGE_MACS);
}

static void ct(struct zw_flow *flow)
{
    zw_match_family(flow, ZW_IPV4);
    zw_act_ct(flow, ZW_STAGE_STATE);
}

static void commit(struct zw_flow *flow)
{
    zw_match_family(flow, ZW_IPV6);
    zw_act_ct_commit(flow);
    zw_act_goto(flow, ZW_STAGE_OUTPUT);
}

static void commit_and_go_on(struct zw_flow *flow)
{
    zw_match_family(flow, ZW_IPV4);
    zw_act_ct_commit_to(flow, ZW_STAGE_OUTPUT);
}

static void pause_packet(struct zw_flow *flow)
{
    zw_act_punt(flow, ZW_PUNT_ASK, true, 0);
    zw_act_goto(flow, ZW_STAGE_COMMIT);
}

static void copy_packet(struct zw_flow *flow)
{
    zw_act_punt(flow, ZW_PUNT_DENIED, false, ZW_COPY_METER_ID);
}

static void conjunction(struct zw_flow *flow)
{
    zw_match_reg(flow, ZW_REG_SRC_ZONE, 1);
    zw_act_conjunction(flow, 9, 0, 2);
    zw_act_conjunction(flow, 0xffffffff, 63, 64);
}

#define COMMITTED                                                                                       \
    "zone=NXM_NX_REG6[0..15],exec(set_field:0x1/0x1->ct_label,move:NXM_NX_REG7[3]->NXM_NX_CT_LABEL[1]," \
    "move:NXM_NX_REG7[2]->NXM_NX_CT_LABEL[2],move:NXM_NX_REG4[0..23]->NXM_NX_CT_LABEL[8..31],"          \
    "move:NXM_NX_REG5[]->NXM_NX_CT_LABEL[32..63],move:NXM_NX_REG0[]->NXM_NX_CT_LABEL[64..95],"          \
    "move:NXM_NX_REG1[]->NXM_NX_CT_LABEL[96..127],move:NXM_OF_IN_PORT[]->NXM_NX_CT_MARK[0..15],"        \
    "move:NXM_NX_REG3[0..15]->NXM_NX_CT_MARK[16..31]))"
#define LEARNED                                                                                                      \
    "learn(table=5,idle_timeout=300,priority=100,delete_learned,cookie=0x5a04000000000005,limit=4096,NXM_NX_REG2[]," \
    "NXM_OF_ETH_DST[]=NXM_OF_ETH_SRC[],load:NXM_OF_IN_PORT[]->NXM_NX_REG3[0..15])"

/* clang-format off */
const struct flow_sample flow_samples[] = {
    {ZW_STAGE_CLASSIFY, nothing, " actions=drop"},
    {ZW_STAGE_CLASSIFY, in_port, ",in_port=7 actions=drop"},
    {ZW_STAGE_CLASSIFY, untagged, ",vlan_tci=0x0000/0x1fff actions=drop"},
    {ZW_STAGE_CLASSIFY, tagged, ",dl_vlan=100 actions=drop"},
    {ZW_STAGE_CLASSIFY, priority_tagged, ",dl_vlan=0 actions=drop"},
    {ZW_STAGE_CLASSIFY, any_tag, ",vlan_tci=0x1000/0x1000 actions=drop"},
    {ZW_STAGE_POLICY, reg, ",reg1=0xfffffffe,reg3=0 actions=drop"},
    {ZW_STAGE_VERDICT, flags, ",reg7=0x3/0x13 actions=drop"},
    {ZW_STAGE_GUARD, multicast, ",dl_src=01:00:00:00:00:00/01:00:00:00:00:00,dl_dst=01:00:00:00:00:00/01:00:00:00:00:00 actions=drop"},
    {ZW_STAGE_MACS, eth_dst, ",dl_dst=02:00:00:00:00:11 actions=drop"},
    {ZW_STAGE_GUARD, eth_dst_masked, ",dl_dst=33:33:00:00:00:00/ff:ff:00:00:00:00 actions=drop"},
    {ZW_STAGE_CONNTRACK, arp, ",arp actions=drop"},
    {ZW_STAGE_REMOTE, ipv4, ",ip,nw_src=10.0.0.0/8,nw_dst=192.0.2.7 actions=drop"},
    {ZW_STAGE_REMOTE, ipv6, ",ipv6,ipv6_src=2001:db8::/33,ipv6_dst=fd00::7 actions=drop"},
    {ZW_STAGE_REMOTE, any_ipv6, ",ipv6 actions=drop"},
    {ZW_STAGE_POLICY, tcp_ports, ",tcp,tp_dst=0x1000/0xfff0 actions=drop"},
    {ZW_STAGE_POLICY, udp6_port, ",udp6,tp_dst=53 actions=drop"},
    {ZW_STAGE_POLICY, sctp_port, ",sctp,tp_dst=3868 actions=drop"},
    {ZW_STAGE_POLICY, gre, ",ip,nw_proto=47 actions=drop"},
    {ZW_STAGE_POLICY, icmp, ",icmp,icmp_type=3,icmp_code=4 actions=drop"},
    {ZW_STAGE_CONNTRACK, icmpv6, ",icmp6,nw_ttl=255,icmp_type=135 actions=drop"},
    {ZW_STAGE_GUARD, fragment, ",ipv6,nw_frag=yes actions=drop"},
    {ZW_STAGE_STATE, ct_state, ",ct_state=-rel+rpl-inv+trk actions=drop"},
    {ZW_STAGE_STATE, label, ",ct_label=0xffffffff000000000000000012345601/0xffffffff0000000000000000ffffff01 actions=drop"},
    {ZW_STAGE_STATE, bare_syn, ",tcp6,tcp_flags=-fin+syn-rst-ack actions=drop"},
    {ZW_STAGE_STATE, mid_stream, ",tcp,tcp_flags=-syn-rst+ack actions=drop"},
    {ZW_STAGE_STATE, conj_id, ",conj_id=3 actions=drop"},
    {ZW_STAGE_POLICY, set_regs, " actions=set_field:0->reg0,set_field:0xffffffff->reg5,set_field:0x4/0x4->reg7,set_field:0/0x3->reg7"},
    {ZW_STAGE_CLASSIFY, from_vlan, ",vlan_tci=0x1000/0x1000 actions=move:NXM_OF_VLAN_TCI[0..11]->NXM_NX_REG2[0..11],move:NXM_OF_VLAN_TCI[13..15]->NXM_NX_REG7[5..7],pop_vlan,resubmit(,1)"},
    {ZW_STAGE_OUTPUT, to_vlan, " actions=push_vlan:0x8100,set_field:4196/0x1fff->vlan_vid,output:3"},
    {ZW_STAGE_OUTPUT, to_any_vlan, " actions=push_vlan:0x8100,move:NXM_NX_REG2[0..11]->NXM_OF_VLAN_TCI[0..11],move:NXM_NX_REG7[5..7]->NXM_OF_VLAN_TCI[13..15],LOCAL"},
    {ZW_STAGE_DELIVER, flood, " actions=clone(set_field:0x1->reg3,resubmit(,7)),clone(set_field:0x2->reg3,resubmit(,7))"},
    {ZW_STAGE_DESTINATION, learn, ",in_port=5 actions=" LEARNED ",resubmit(,5)"},
    {ZW_STAGE_CONNTRACK, ct, ",ip actions=ct(table=10,zone=NXM_NX_REG6[0..15])"},
    {ZW_STAGE_COMMIT, commit, ",ipv6 actions=clone(ct(commit," COMMITTED "),resubmit(,15)"},
    {ZW_STAGE_COMMIT, commit_and_go_on, ",ip actions=ct(commit,table=15," COMMITTED},
    {ZW_STAGE_VERDICT, pause_packet, " actions=controller(id=23127,userdata=01.00.00.00.00.00.00.00,pause),resubmit(,14)"},
    {ZW_STAGE_VERDICT, copy_packet, " actions=controller(max_len=128,id=23127,userdata=03.00.00.00.00.00.00.00,meter_id=23127)"},
    {ZW_STAGE_STATE, conjunction, ",reg0=0x1 actions=conjunction(9,1/2),conjunction(4294967295,64/64)"},
};
/* clang-format on */
const size_t n_flow_samples = sizeof flow_samples / sizeof flow_samples[0];

struct zw_flow *flow_sample_new(size_t i)
{
    struct zw_flow *flow =
        zw_flow_new(flow_samples[i].stage, (uint16_t)(100 + i), zw_cookie(ZW_COOKIE_RULE, (uint32_t)i));

    flow_samples[i].build(flow);
    return flow;
}
