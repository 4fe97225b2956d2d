/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "ovs-ext/packet-out.h"

#include "lib/flow.h"
#include "openvswitch/match.h"
#include "openvswitch/ofp-msgs.h"
#include "openvswitch/ofp-packet.h"
#include "openvswitch/ofp-protocol.h"
#include "openvswitch/ofp-port.h"
#include "openvswitch/ofpbuf.h"
#include "ovs-ext/flow-private.h"
#include "ovs-ext/pipeline.h"

void zw_packet_out_put(struct zw_outbuf *out, const uint8_t *frame, size_t size, uint32_t segment, uint32_t in_port,
                       uint32_t ofport, uint32_t flags)
{
    struct zw_flow actions; /* Nothing but a place for actions. */
    struct ofputil_packet_out po = {.packet = frame, .packet_len = size, .buffer_id = UINT32_MAX};

    ofpbuf_init(&actions.ofpacts, 256);
    zw_act_set_reg(&actions, ZW_REG_SEGMENT, segment);
    zw_act_set_reg(&actions, ZW_REG_OUT_PORT, ofport);
    zw_act_set_flags(&actions, flags & ZW_FLAG_PCP_MASK, ZW_FLAG_PCP_MASK);
    zw_act_goto(&actions, ZW_STAGE_OUTPUT);
    match_init_catchall(&po.flow_metadata);
    match_set_in_port(&po.flow_metadata, u16_to_ofp((uint16_t)in_port));
    po.ofpacts = actions.ofpacts.data;
    po.ofpacts_len = actions.ofpacts.size;

    struct ofpbuf *msg = ofputil_encode_packet_out(&po, OFPUTIL_P_OF15_OXM);
    ofpmsg_update_length(msg);
    zw_outbuf_put(out, msg->data, msg->size);
    ofpbuf_delete(msg);
    ofpbuf_uninit(&actions.ofpacts);
}
