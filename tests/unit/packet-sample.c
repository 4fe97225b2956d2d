/* SPDX-License-Identifier: Apache-2.0 */
#include <config.h>

#include "tests/unit/packet-sample.h"

#include "lib/byte-order.h"
#include "lib/dp-packet.h"
#include "lib/flow.h"
#include "lib/util.h"
#include "openflow/nicira-ext.h"
#include "openvswitch/match.h"
#include "openvswitch/ofp-actions.h"
#include "openvswitch/ofp-msgs.h"
#include "openvswitch/ofp-packet.h"
#include "ovs-ext/flow.h"

const uint8_t packet_sample_syn[] = {
    0x02, 0, 0, 0,  0, 2, 0x02, 0,    0, 0, 0,  1, 0x08, 0, 0x45, 0, 0, 40, 0, 1,    0,    0, 64, 6, 0x66, 0xcd, 10,
    0,    0, 1, 10, 0, 0, 2,    0x04, 1, 0, 80, 0, 0,    0, 1,    0, 0, 0,  0, 0x50, 0x02, 1, 0,  0, 0,    0,    0,
};
const size_t packet_sample_syn_size = sizeof packet_sample_syn;

struct ofpbuf *packet_sample_paused(const uint8_t *userdata, size_t userdata_len)
{
    struct ofputil_packet_in_private pin = {
        .base =
            {
                .packet = CONST_CAST(uint8_t *, packet_sample_syn),
                .packet_len = sizeof packet_sample_syn,
                .reason = OFPR_ACTION,
                .table_id = ZW_STAGE_VERDICT,
                .cookie = htonll(zw_cookie(ZW_COOKIE_STATIC, 0)),
                .userdata = CONST_CAST(uint8_t *, userdata),
                .userdata_len = userdata_len,
            },
        .bridge = {.parts = {1, 2, 3, 4}},
        .conntracked = true,
    };

    match_init_catchall(&pin.base.flow_metadata);
    match_set_in_port(&pin.base.flow_metadata, u16_to_ofp(5));
    match_set_reg(&pin.base.flow_metadata, ZW_REG_SRC_ZONE, 11);
    match_set_reg(&pin.base.flow_metadata, ZW_REG_DST_ZONE, 12);
    match_set_reg(&pin.base.flow_metadata, ZW_REG_FLAGS, ZW_FLAG_ASK);
    match_set_ct_state(&pin.base.flow_metadata, ZW_CT_TRACKED | ZW_CT_NEW);
    match_set_ct_zone(&pin.base.flow_metadata, 0x1064);
    struct ofpbuf *msg = ofputil_encode_packet_in_private(&pin, OFPUTIL_P_OF15_OXM, OFPUTIL_PACKET_IN_NXT2);
    ofpmsg_update_length(msg);
    return msg;
}

/* As conntrack leaves the packet that it has not seen before. */
static void put_metadata(struct match *metadata, const struct packet_punt *punt)
{
    struct dp_packet packet;
    struct flow flow;

    dp_packet_use_const(&packet, punt->packet, punt->packet_size);
    flow_extract(&packet, &flow);
    flow.in_port.ofp_port = u16_to_ofp(punt->in_port);
    memcpy(flow.regs, punt->regs, sizeof punt->regs);
    flow.ct_state = ZW_CT_TRACKED | ZW_CT_NEW;
    flow.ct_zone = (uint16_t)punt->regs[ZW_REG_CT_ZONE];
    flow.ct_nw_proto = flow.nw_proto;
    flow.ct_tp_src = flow.tp_src;
    flow.ct_tp_dst = flow.tp_dst;
    if (flow.dl_type == htons(ETH_TYPE_IP)) {
        flow.ct_nw_src = flow.nw_src;
        flow.ct_nw_dst = flow.nw_dst;
    } else {
        flow.ct_ipv6_src = flow.ipv6_src;
        flow.ct_ipv6_dst = flow.ipv6_dst;
    }
    flow_get_metadata(&flow, metadata);
}

/* What is left to do for a paused packet: to go on with stage COMMIT. */
static void put_continuation(struct ofputil_packet_in_private *pin, const struct packet_punt *punt,
                             struct ofpbuf *actions)
{
    ofpact_put_UNROLL_XLATE(actions);
    struct ofpact_resubmit *resubmit = ofpact_put_RESUBMIT(actions);
    resubmit->in_port = OFPP_IN_PORT;
    resubmit->table_id = ZW_STAGE_COMMIT;
    pin->bridge = (struct uuid){.parts = {0xf1439e99, 0x08a54683, 0xb642026e, 0xd16fc222}};
    pin->conntracked = true;
    pin->actions = actions->data;
    pin->actions_len = actions->size;
    pin->odp_port = u32_to_odp(punt->odp_port);
}

struct ofpbuf *packet_sample_punted(const struct packet_punt *punt)
{
    uint8_t userdata[8] = {(uint8_t)punt->punt};
    struct ofpbuf actions;
    struct ofputil_packet_in_private pin = {
        .base =
            {
                .packet = CONST_CAST(uint8_t *, punt->packet),
                .packet_len = punt->packet_size,
                .reason = OFPR_ACTION,
                .table_id = ZW_STAGE_VERDICT,
                .cookie = htonll(zw_punt_cookie(punt->punt, 0)),
                .userdata = userdata,
                .userdata_len = sizeof userdata,
            },
    };

    ofpbuf_init(&actions, 0);
    put_metadata(&pin.base.flow_metadata, punt);
    if (punt->punt == ZW_PUNT_ASK) { /* Thawed, vswitchd has forgotten which flow paused it. */
        pin.base.table_id = 0;
        pin.base.cookie = htonll(zw_cookie(ZW_COOKIE_STATIC, 0));
        put_continuation(&pin, punt, &actions);
    }
    struct ofpbuf *msg = ofputil_encode_packet_in_private(&pin, OFPUTIL_P_OF15_OXM, OFPUTIL_PACKET_IN_NXT2);
    ofpmsg_update_length(msg);
    ofpbuf_uninit(&actions);
    return msg;
}
