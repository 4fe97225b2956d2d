/* SPDX-License-Identifier: Apache-2.0 */
#include <config.h>

#include "tests/unit/packet-sample.h"

#include "lib/byte-order.h"
#include "lib/flow.h"
#include "lib/util.h"
#include "openflow/nicira-ext.h"
#include "openvswitch/match.h"
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
