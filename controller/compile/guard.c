/* SPDX-License-Identifier: Apache-2.0 */
/* GUARD: what is never right, whoever sends it. */

#include "controller/compile/compile-private.h"

/* IEEE 802.1D, 7.12.6: addresses that no bridge forwards (spanning tree, LLDP, LACP...). */
static const uint8_t link_local[6] = {0x01, 0x80, 0xc2, 0x00, 0x00, 0x00};
static const uint8_t link_local_mask[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xf0};

#define ETH_TYPE_VLAN 0x8100
#define ETH_TYPE_QINQ 0x88a8

static void drop_eth_type(struct zw_compiler *c, uint16_t type)
{
    struct zw_flow *flow = zw_drop_flow(ZW_STAGE_GUARD, ZW_PRIO_BLOCK, ZW_DROP_DOUBLE_TAG, NULL);

    zw_match_eth_type(flow, type);
    zw_emit(c, flow);
}

void zw_compile_guard(struct zw_compiler *c)
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

    /* A packet to several receivers is no session: every copy of it would be one and the same to conntrack. */
    flow = zw_static_flow(ZW_STAGE_GUARD, ZW_PRIO_MATCH);
    zw_match_eth_dst_multicast(flow);
    zw_act_set_flags(flow, ZW_FLAG_STATELESS_MASK, ZW_FLAG_STATELESS_MASK);
    zw_act_goto(flow, ZW_STAGE_BINDING);
    zw_emit(c, flow);

    zw_emit_else(c, ZW_STAGE_GUARD, ZW_STAGE_BINDING);
}
