/* SPDX-License-Identifier: Apache-2.0 */
/* flow - one OpenFlow flow, built field by field and action by action.
 *
 * A flow is built with the functions below and then given to a flow table (ovs-ext/flow-table.h), which owns it from
 * then on.  Matching nothing matches everything; no action drops.  Functions that match on a protocol's field also
 * match on the protocol (OpenFlow 1.5, 7.2.3.6 prerequisites).  Actions run in the order in which they were added.
 *
 * No thread state. */

#ifndef ZW_OVS_FLOW_H
#define ZW_OVS_FLOW_H 1

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ovs-ext/packet-key.h"
#include "ovs-ext/pipeline.h"

struct zw_flow;

struct zw_flow *zw_flow_new(enum zw_stage, uint16_t priority, uint64_t cookie);
struct zw_flow *zw_flow_clone(const struct zw_flow *);
void zw_flow_free(struct zw_flow *);

enum zw_stage zw_flow_stage(const struct zw_flow *);
uint64_t zw_flow_cookie(const struct zw_flow *);
bool zw_flow_is_learned(const struct zw_flow *); /* By the switch itself, from zw_act_learn_mac(). */
uint16_t zw_flow_priority(const struct zw_flow *);
/* Whether there is a packet that both match, wherever they are.  Of flows in a flow table only. */
bool zw_flow_overlaps(const struct zw_flow *, const struct zw_flow *);

/* What such a flow says, or said before it was forgotten. */
struct zw_learned_mac {
    uint16_t segment;
    struct zw_mac mac;
    uint16_t ofport;
    bool is_there; /* False: forgotten. */
};
struct zw_learned_mac zw_flow_learned(const struct zw_flow *);

/* "table=0 cookie=0x5a01000000000001 priority=100,in_port=1 actions=drop": OVS's syntax, as golden tests compare it and
 * `ovs-ofctl dump-flows` shows it.  Caller frees. */
char *zw_flow_format(const struct zw_flow *);

/* --- Matches --- */

void zw_match_in_port(struct zw_flow *, uint32_t ofport);
void zw_match_untagged(struct zw_flow *);
void zw_match_tagged(struct zw_flow *, unsigned int vid); /* With a tag of that VLAN id; 0: a priority tag. */
void zw_match_tagged_masked(struct zw_flow *, unsigned int vid, unsigned int mask); /* Of 12 bits. */
void zw_match_any_tag(struct zw_flow *);
void zw_match_reg(struct zw_flow *, enum zw_reg, uint32_t value);
void zw_match_reg_masked(struct zw_flow *, enum zw_reg, uint32_t value, uint32_t mask);
void zw_match_flags(struct zw_flow *, uint32_t value, uint32_t mask); /* Of ZW_REG_FLAGS; ZW_FLAG_*_MASK. */
void zw_match_eth_src(struct zw_flow *, const uint8_t mac[6]);
void zw_match_eth_src_multicast(struct zw_flow *);
void zw_match_eth_dst_multicast(struct zw_flow *);
void zw_match_eth_dst(struct zw_flow *, const uint8_t mac[6]);
void zw_match_eth_dst_masked(struct zw_flow *, const uint8_t mac[6], const uint8_t mask[6]);
void zw_match_eth_type(struct zw_flow *, uint16_t);
void zw_match_family(struct zw_flow *, enum zw_family);
void zw_match_ip_src(struct zw_flow *, const struct zw_prefix *);
void zw_match_ip_dst(struct zw_flow *, const struct zw_prefix *);
void zw_match_ip_proto(struct zw_flow *, enum zw_family, uint8_t proto);
void zw_match_l4_src(struct zw_flow *, uint16_t port, uint16_t mask); /* After zw_match_ip_proto(). */
void zw_match_l4_dst(struct zw_flow *, uint16_t port, uint16_t mask); /* After zw_match_ip_proto(). */
void zw_match_icmp(struct zw_flow *, int type, int code);             /* After zw_match_ip_proto(); -1: any. */
void zw_match_fragment(struct zw_flow *);                             /* Any fragment.  After zw_match_family(). */
void zw_match_first_fragment(struct zw_flow *);                       /* After zw_match_family(). */
void zw_match_no_later_fragment(struct zw_flow *);                    /* Whole or first.  After zw_match_family(). */
void zw_match_hop_limit(struct zw_flow *, uint8_t);                   /* After zw_match_family(). */

/* What ARP (RFC 826) and neighbour discovery (RFC 4861) say of their sender; the latter after zw_match_icmp() of 135 or
 * 136.  Where a message has no such option, or cannot be read, its address is 0; what cannot be read has target ::. */
void zw_match_arp_op(struct zw_flow *, uint8_t op); /* 0: none that OVS could read. */
void zw_match_arp_sender_mac(struct zw_flow *, const uint8_t mac[6]);
void zw_match_arp_sender_multicast(struct zw_flow *);
void zw_match_arp_sender(struct zw_flow *, const struct zw_prefix *);
void zw_match_nd_target(struct zw_flow *, const struct zw_addr *);
void zw_match_nd_source_mac(struct zw_flow *, const uint8_t mac[6]); /* Of a solicitation (135), */
void zw_match_nd_target_mac(struct zw_flow *, const uint8_t mac[6]); /* of an advertisement (136). */

/* Bits of ct_state (the wire's own values, nicira-ext.h). */
enum zw_ct_state {
    ZW_CT_NEW = 0x01,
    ZW_CT_ESTABLISHED = 0x02,
    ZW_CT_RELATED = 0x04,
    ZW_CT_REPLY = 0x08,
    ZW_CT_INVALID = 0x10,
    ZW_CT_TRACKED = 0x20,
};
void zw_match_ct_state(struct zw_flow *, uint32_t set, uint32_t clear);
void zw_match_label_bits(struct zw_flow *, unsigned int first, unsigned int n_bits, uint32_t value);
/* A SYN that opens a connection: SYN without ACK, RST or FIN.  After zw_match_ip_proto(IPPROTO_TCP). */
void zw_match_bare_syn(struct zw_flow *);
void zw_match_mid_stream(struct zw_flow *); /* An ACK that neither opens nor resets. */
void zw_match_conj_id(struct zw_flow *, uint32_t id);

/* --- Actions --- */

void zw_act_set_reg(struct zw_flow *, enum zw_reg, uint32_t value);
void zw_act_set_flags(struct zw_flow *, uint32_t value, uint32_t mask);
/* Whether the frame, from its Ethernet header on, is longer than that: to the first bit of ZW_FLAG_LONG.  The datapath looks at each frame's own
 * length, and does all that follows in two ways. */
void zw_act_measure(struct zw_flow *, uint16_t n_bytes);
void zw_act_vlan_to_reg(struct zw_flow *, enum zw_reg); /* VLAN id to the low 12 bits. */
void zw_act_pcp_to_flags(struct zw_flow *);             /* The VLAN tag's priority to ZW_FLAG_PCP, */
void zw_act_pcp_from_flags(struct zw_flow *);           /* and back. */
/* Fills the SERVICE register.  'proto' as in the match: TCP, UDP or SCTP.  The entry that the switch makes of a packet has its whole
 * destination port then, however little of it rules look at. */
void zw_act_read_service(struct zw_flow *, uint8_t proto);
void zw_act_read_proto(struct zw_flow *); /* Of any IP: the protocol alone. */
void zw_act_pop_vlan(struct zw_flow *);
void zw_act_push_vlan(struct zw_flow *, unsigned int vid);
void zw_act_push_vlan_from_reg(struct zw_flow *, enum zw_reg);
void zw_act_goto(struct zw_flow *, enum zw_stage); /* Look up there as well, and come back for further actions. */
/* A copy of the packet goes to 'ofport', by way of 'stage'. */
void zw_act_copy_to(struct zw_flow *, uint32_t ofport, enum zw_stage);
/* Remembers the sender's MAC address in stage MACS: on this segment, behind this port. */
void zw_act_learn_mac(struct zw_flow *, uint32_t ofport);
/* Through conntrack in the zone that ZW_REG_CT_ZONE holds; goes on in 'stage'. */
void zw_act_ct(struct zw_flow *, enum zw_stage);
/* Enters the session into conntrack with a label made of the registers (ZW_LABEL_FIELDS) and its ports as mark (ZW_MARK_FIELDS).  By a copy
 * of the packet: on the userspace datapath others' fragments may come out of ct() with it (doc/pipeline.md, STATE), and end there. */
void zw_act_ct_commit(struct zw_flow *);
/* The same, and the packet goes on in 'stage' as one that comes from conntrack. */
void zw_act_ct_commit_to(struct zw_flow *, enum zw_stage);
/* A copy (pause false), or the packet itself until it is resumed, goes up.  meter_id 0: none. */
void zw_act_punt(struct zw_flow *, enum zw_punt, bool pause, uint32_t meter_id);
/* Beyond the meter's rate the packet is dropped.  Comes first; a switch refuses the flow if it has no such meter. */
void zw_act_meter(struct zw_flow *, uint32_t meter_id);
/* The meter of zw_meter_learns() that it names, 0: none.  Only flows of ZW_STAGE_BINDING name one. */
uint32_t zw_flow_learn_meter(const struct zw_flow *);
/* Whether it names that meter. */
bool zw_flow_names_meter(const struct zw_flow *, uint32_t meter_id);
void zw_act_conjunction(struct zw_flow *, uint32_t id, unsigned int clause, unsigned int n_clauses);
void zw_act_output(struct zw_flow *, uint32_t ofport);

#endif
