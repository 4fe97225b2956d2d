/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "ovs-ext/packet-in.h"

#include <errno.h>

#include "lib/dp-packet.h"
#include "lib/flow.h"
#include "lib/util.h"
#include "openvswitch/ofp-msgs.h"
#include "openvswitch/ofp-packet.h"
#include "openvswitch/ofp-protocol.h"
#include "ovs-ext/flow.h"

/* Points into the message. */
struct zw_packet_in_private {
    struct ofputil_packet_in pin;
    struct ofpbuf continuation;
};

/* What was dropped is recorded whatever it is, and ARP with whom it claimed to be from. */
static void fill_key_without_ip(struct zw_packet_in *in, const struct flow *flow)
{
    struct zw_packet_key *key = &in->key;
    bool was_dropped = in->punt == ZW_PUNT_DROPPED;

    key->eth_type = ntohs(flow->dl_type);
    in->has_key = key->eth_type >= ETH_TYPE_MIN || was_dropped;
    if (was_dropped && flow->dl_type == htons(ETH_TYPE_ARP)) {
        key->src.family = key->dst.family = ZW_IPV4;
        memcpy(key->src.bytes, &flow->nw_src, sizeof flow->nw_src);
        memcpy(key->dst.bytes, &flow->nw_dst, sizeof flow->nw_dst);
    }
}

static void fill_key(struct zw_packet_in *in, const struct flow *flow)
{
    struct zw_packet_key *key = &in->key;

    if (flow->dl_type == htons(ETH_TYPE_IP)) {
        key->src.family = key->dst.family = ZW_IPV4;
        memcpy(key->src.bytes, &flow->nw_src, sizeof flow->nw_src);
        memcpy(key->dst.bytes, &flow->nw_dst, sizeof flow->nw_dst);
    } else if (flow->dl_type == htons(ETH_TYPE_IPV6)) {
        key->src.family = key->dst.family = ZW_IPV6;
        memcpy(key->src.bytes, &flow->ipv6_src, sizeof flow->ipv6_src);
        memcpy(key->dst.bytes, &flow->ipv6_dst, sizeof flow->ipv6_dst);
    } else {
        fill_key_without_ip(in, flow);
        return;
    }
    key->proto = flow->nw_proto;
    key->sport = ntohs(flow->tp_src);
    key->dport = ntohs(flow->tp_dst);
    in->has_key = true;
}

static void fill(struct zw_packet_in *in, const struct ofputil_packet_in *pin)
{
    struct dp_packet packet;
    struct flow flow;

    dp_packet_use_const(&packet, pin->packet, pin->packet_len);
    flow_extract(&packet, &flow);
    memcpy(in->src_mac, flow.dl_src.ea, sizeof in->src_mac);
    memcpy(in->dst_mac, flow.dl_dst.ea, sizeof in->dst_mac);
    in->eth_type = ntohs(flow.dl_type);
    in->tcp_flags = ntohs(flow.tcp_flags);
    in->packet = pin->packet;
    in->packet_size = pin->packet_len;
    in->in_port = ofp_to_u16(pin->flow_metadata.flow.in_port.ofp_port);
    memcpy(in->regs, pin->flow_metadata.flow.regs, sizeof in->regs);
    fill_key(in, &flow);
}

int zw_packet_in_decode(const uint8_t *msg, size_t size, struct zw_packet_in *in)
{
    struct zw_packet_in_private *private = in->private_ ? in->private_ : xmalloc(sizeof *private);
    struct ofputil_packet_in *pin = &private->pin;
    size_t total_len;
    uint32_t buffer_id;

    ovs_assert(ntohs(((const struct ofp_header *)(const void *)msg)->length) == size);
    *in = (struct zw_packet_in){.private_ = private};
    /* The decoder takes any reason, and the encoder of a resume none that it does not know. */
    if (ofputil_decode_packet_in((const void *)msg, true, NULL, NULL, pin, &total_len, &buffer_id,
                                 &private->continuation) ||
        pin->reason >= OFPR_N_REASONS) {
        return EPROTO;
    }
    if (pin->userdata_len && pin->userdata[0] >= 1 && pin->userdata[0] <= ZW_N_PUNTS) {
        in->punt = pin->userdata[0];
        in->is_ours = true;
        fill(in, pin);
    }
    return 0;
}

void zw_packet_in_destroy(struct zw_packet_in *in)
{
    free(in->private_);
    in->private_ = NULL;
}

void zw_packet_in_resume(const struct zw_packet_in *in, uint32_t flags, uint32_t rule, uint32_t version,
                         struct zw_outbuf *out)
{
    struct ofputil_packet_in *pin = &in->private_->pin;

    match_set_reg(&pin->flow_metadata, ZW_REG_FLAGS, flags);
    match_set_reg(&pin->flow_metadata, ZW_REG_RULE, rule);
    match_set_reg(&pin->flow_metadata, ZW_REG_VERSION, version);

    struct ofpbuf *msg = ofputil_encode_resume(pin, &in->private_->continuation, OFPUTIL_P_OF15_OXM);
    zw_outbuf_put(out, msg->data, msg->size);
    ofpbuf_delete(msg);
}
