/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "ovs-ext/ofp-encode.h"

#include "lib/byte-order.h"
#include "openflow/nicira-ext.h"
#include "openvswitch/ofp-bundle.h"
#include "openvswitch/ofp-connection.h"
#include "openvswitch/ofp-flow.h"
#include "openvswitch/ofp-meter.h"
#include "openvswitch/ofp-monitor.h"
#include "openvswitch/ofp-msgs.h"
#include "openvswitch/ofp-packet.h"
#include "openvswitch/ofp-switch.h"
#include "openvswitch/ofp-util.h"
#include "ovs-ext/flow-private.h"

#define PROTOCOL OFPUTIL_P_OF15_OXM
#define OF_VERSION OFP15_VERSION

/* Appends 'msg' and frees it. */
static uint32_t put(struct zw_outbuf *out, struct ofpbuf *msg)
{
    const struct ofp_header *oh = msg->data;
    uint32_t xid = ntohl(oh->xid);

    ofpmsg_update_length(msg);
    zw_outbuf_put(out, msg->data, msg->size);
    ofpbuf_delete(msg);
    return xid;
}

void zw_ofp_put_hello(struct zw_outbuf *out)
{
    put(out, ofputil_encode_hello(1u << OF_VERSION));
}

/* 'reasons' of packet-ins are wanted, and nothing else that comes unasked. */
static void put_async(struct zw_outbuf *out, uint32_t reasons)
{
    struct ofputil_async_cfg config = OFPUTIL_ASYNC_CFG_INIT;

    config.primary[OAM_PACKET_IN] = reasons;
    put(out, ofputil_encode_set_async_config(&config, (1u << OAM_N_TYPES) - 1, OF_VERSION));
}

/* A connection to a management socket gets no packet-ins until it asks for a length (ovs-vswitchd(8)).
 *
 * First fragments show their ports and types (ovs-ofctl(8), set-frags): otherwise what stage GUARD and BINDING drop by them
 * would get by in fragments.  That is the bridge's setting, whoever sets it, so all that we send says the same. */
static void put_config(struct zw_outbuf *out, uint16_t length)
{
    struct ofputil_switch_config config = {
        .frag = OFPUTIL_FRAG_NX_MATCH, .invalid_ttl_to_controller = 0, .miss_send_len = length};

    put(out, ofputil_encode_set_config(&config, OF_VERSION));
}

void zw_ofp_put_config_flows(struct zw_outbuf *out)
{
    put_config(out, 0);
}

void zw_ofp_put_config_request(struct zw_outbuf *out)
{
    put(out, ofpraw_alloc(OFPRAW_OFPT_GET_CONFIG_REQUEST, OF_VERSION, 0));
}

static void put_controller_id(struct zw_outbuf *out, uint16_t id)
{
    struct ofpbuf *msg = ofpraw_alloc(OFPRAW_NXT_SET_CONTROLLER_ID, OF_VERSION, 0);
    struct nx_controller_id *body = ofpbuf_put_zeros(msg, sizeof *body);

    body->controller_id = htons(id);
    put(out, msg);
}

void zw_ofp_put_setup_flows(struct zw_outbuf *out)
{
    put_async(out, 0);
    zw_ofp_put_config_flows(out);
}

void zw_ofp_put_setup_packets(struct zw_outbuf *out, uint16_t controller_id)
{
    put_controller_id(out, controller_id);
    put(out, ofputil_encode_set_packet_in_format(OF_VERSION, OFPUTIL_PACKET_IN_NXT2));
    put_config(out, UINT16_MAX);
    put_async(out, 1u << OFPR_ACTION | 1u << OFPR_PACKET_OUT | 1u << OFPR_ACTION_SET | 1u << OFPR_GROUP);
}

void zw_ofp_put_echo_request(struct zw_outbuf *out)
{
    put(out, ofputil_encode_echo_request(OF_VERSION));
}

void zw_ofp_put_echo_reply(struct zw_outbuf *out, const uint8_t *request, size_t size)
{
    struct ofp_header header;

    memcpy(&header, request, sizeof header);
    header.type = 3; /* OFPT_ECHO_REPLY, with the request's transaction id and contents. */
    zw_outbuf_put(out, &header, sizeof header);
    zw_outbuf_put(out, request + sizeof header, size - sizeof header);
}

uint32_t zw_ofp_put_barrier(struct zw_outbuf *out)
{
    return put(out, ofputil_encode_barrier_request(OF_VERSION));
}

static uint32_t put_dump(struct zw_outbuf *out, uint8_t table)
{
    struct ofputil_flow_stats_request request = {.table_id = table, .out_port = OFPP_ANY, .out_group = OFPG_ANY};

    match_init_catchall(&request.match);
    return put(out, ofputil_encode_flow_stats_request(&request, PROTOCOL));
}

uint32_t zw_ofp_put_flow_dump(struct zw_outbuf *out)
{
    return put_dump(out, OFPTT_ALL);
}

uint32_t zw_ofp_put_stage_dump(struct zw_outbuf *out, enum zw_stage stage)
{
    return put_dump(out, stage);
}

uint32_t zw_ofp_put_flow_monitor(struct zw_outbuf *out)
{
    struct ofputil_flow_monitor_request request = {
        .id = 1,
        .command = OFPFMC_ADD,
        .flags = OFPFMF_ADD | OFPFMF_REMOVED | OFPFMF_MODIFY,
        .out_port = OFPP_ANY,
        .out_group = OFPG_ANY,
        .table_id = OFPTT_ALL,
    };
    struct ofpbuf *msg = ofpbuf_new(0);

    match_init_catchall(&request.match);
    ofputil_append_flow_monitor_request(&request, msg, PROTOCOL);
    return put(out, msg);
}

uint32_t zw_ofp_put_meter_mod(struct zw_outbuf *out, bool modify, uint32_t meter_id, uint32_t pps, uint32_t burst)
{
    struct ofputil_meter_band band = {.type = OFPMBT13_DROP, .rate = pps, .burst_size = burst};
    struct ofputil_meter_mod mod = {
        .command = modify ? OFPMC13_MODIFY : OFPMC13_ADD,
        .meter = {.meter_id = meter_id, .flags = OFPMF13_PKTPS | OFPMF13_BURST, .n_bands = 1, .bands = &band},
    };

    return put(out, ofputil_encode_meter_mod(OF_VERSION, &mod));
}

void zw_ofp_put_meter_delete(struct zw_outbuf *out, uint32_t meter_id)
{
    const struct ofputil_meter_mod mod = {.command = OFPMC13_DELETE, .meter = {.meter_id = meter_id}};

    put(out, ofputil_encode_meter_mod(OF_VERSION, &mod));
}

uint32_t zw_ofp_put_meter_dump(struct zw_outbuf *out)
{
    return put(out, ofputil_encode_meter_request(OF_VERSION, OFPUTIL_METER_CONFIG, OFPM13_ALL));
}

uint32_t zw_ofp_put_meter_counters(struct zw_outbuf *out)
{
    return put(out, ofputil_encode_meter_request(OF_VERSION, OFPUTIL_METER_STATS, OFPM13_ALL));
}

static struct ofpbuf *encode_change(const struct zw_change *change)
{
    static const uint16_t commands[] = {
        [ZW_CHANGE_ADD] = OFPFC_ADD,
        [ZW_CHANGE_MODIFY] = OFPFC_ADD, /* Replaces actions and cookie alike; with no reset flag counters stay. */
        [ZW_CHANGE_DELETE] = OFPFC_DELETE_STRICT,
    };
    const struct zw_flow *flow = change->flow;
    struct ofputil_flow_mod mod = {
        .match = flow->packed,
        .priority = flow->priority,
        .new_cookie = htonll(flow->cookie),
        .table_id = flow->table,
        .command = commands[change->type],
        .buffer_id = UINT32_MAX,
        .out_port = OFPP_ANY,
        .out_group = OFPG_ANY,
        .ofpacts = flow->ofpacts.data,
        .ofpacts_len = change->type == ZW_CHANGE_DELETE ? 0 : flow->ofpacts.size,
    };

    return ofputil_encode_flow_mod(&mod, PROTOCOL);
}

static uint32_t put_bundle_control(struct zw_outbuf *out, uint32_t id, uint16_t type)
{
    struct ofputil_bundle_ctrl_msg control = {.bundle_id = id, .type = type, .flags = OFPBF_ATOMIC | OFPBF_ORDERED};

    return put(out, ofputil_encode_bundle_ctrl_request(OF_VERSION, &control));
}

static void put_bundle_add(struct zw_outbuf *out, uint32_t id, uint32_t xid, const struct zw_change *change)
{
    struct ofpbuf *mod = encode_change(change);
    struct ofp_header *oh = mod->data;
    struct ofputil_bundle_add_msg add = {.bundle_id = id, .flags = OFPBF_ATOMIC | OFPBF_ORDERED, .msg = oh};

    oh->xid = htonl(xid); /* The message around it gets the same. */
    put(out, ofputil_encode_bundle_add(OF_VERSION, &add));
    ofpbuf_delete(mod);
}

struct zw_ofp_bundle zw_ofp_put_bundle(struct zw_outbuf *out, uint32_t id, const struct zw_changes *changes)
{
    struct zw_ofp_bundle bundle;

    bundle.first_xid = put_bundle_control(out, id, OFPBCT_OPEN_REQUEST) + 1;
    for (size_t i = 0; i < changes->n; i++) {
        put_bundle_add(out, id, bundle.first_xid + (uint32_t)i, &changes->list[i]);
    }
    bundle.barrier_xid = zw_ofp_put_barrier(out);
    return bundle;
}

struct zw_ofp_commit zw_ofp_put_bundle_commit(struct zw_outbuf *out, uint32_t bundle_id)
{
    struct zw_ofp_commit commit;

    commit.xid = put_bundle_control(out, bundle_id, OFPBCT_COMMIT_REQUEST);
    commit.barrier_xid = zw_ofp_put_barrier(out);
    return commit;
}

void zw_ofp_put_bundle_discard(struct zw_outbuf *out, uint32_t bundle_id)
{
    put_bundle_control(out, bundle_id, OFPBCT_DISCARD_REQUEST);
}
