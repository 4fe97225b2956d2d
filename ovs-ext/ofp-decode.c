/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "ovs-ext/ofp-decode.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lib/byte-order.h"
#include "openvswitch/ofp-errors.h"
#include "openvswitch/ofp-flow.h"
#include "openvswitch/ofp-meter.h"
#include "openvswitch/ofp-monitor.h"
#include "openvswitch/ofp-msgs.h"
#include "openvswitch/ofp-switch.h"
#include "openvswitch/ofp-util.h"
#include "ovs-ext/flow-private.h"

size_t zw_ofp_message_size(const uint8_t header[ZW_OFP_HEADER_SIZE])
{
    size_t size = (size_t)header[2] << 8 | header[3];

    return header[0] >= OFP10_VERSION && header[0] <= OFP15_VERSION && size >= ZW_OFP_HEADER_SIZE ? size : 0;
}

static int fail(struct zw_ofp_msg *msg, const char *text)
{
    snprintf(msg->text, sizeof msg->text, "%s", text);
    return EPROTO;
}

static void decode_hello(const struct ofp_header *oh, struct zw_ofp_msg *msg)
{
    uint32_t versions;

    msg->type = ZW_OFP_HELLO;
    /* Unknown hello elements are no error (OpenFlow 1.5, 7.5.1). */
    ofputil_decode_hello(oh, &versions);
    msg->version = versions & 1u << OFP15_VERSION ? OFP15_VERSION : 0;
}

static int decode_error(const struct ofp_header *oh, struct zw_ofp_msg *msg)
{
    enum ofperr error = ofperr_decode_msg(oh, NULL);

    msg->type = ZW_OFP_ERROR;
    msg->meter_exists = error == OFPERR_OFPMMFC_METER_EXISTS;
    msg->meter_unknown = error == OFPERR_OFPMMFC_UNKNOWN_METER;
    snprintf(msg->text, sizeof msg->text, "%s", error ? ofperr_to_string(error) : "an error that nobody knows");
    return 0;
}

static enum zw_ofp_type type_of(enum ofptype type)
{
    switch ((int)type) {
    case OFPTYPE_ECHO_REQUEST:
        return ZW_OFP_ECHO_REQUEST;
    case OFPTYPE_ECHO_REPLY:
        return ZW_OFP_ECHO_REPLY;
    case OFPTYPE_PACKET_IN:
        return ZW_OFP_PACKET_IN;
    case OFPTYPE_BARRIER_REPLY:
        return ZW_OFP_BARRIER_REPLY;
    case OFPTYPE_FLOW_STATS_REPLY:
        return ZW_OFP_FLOW_STATS;
    case OFPTYPE_FLOW_MONITOR_STATS_REPLY:
        return ZW_OFP_FLOW_UPDATE;
    case OFPTYPE_BUNDLE_CONTROL:
        return ZW_OFP_BUNDLE_REPLY;
    case OFPTYPE_METER_CONFIG_STATS_REPLY:
        return ZW_OFP_METERS;
    case OFPTYPE_METER_STATS_REPLY:
        return ZW_OFP_METER_COUNTERS;
    case OFPTYPE_GET_CONFIG_REPLY:
        return ZW_OFP_CONFIG;
    default:
        return ZW_OFP_OTHER;
    }
}

static bool has_parts(enum zw_ofp_type type)
{
    return type == ZW_OFP_FLOW_STATS || type == ZW_OFP_METERS || type == ZW_OFP_METER_COUNTERS;
}

int zw_ofp_decode(const uint8_t *data, size_t size, struct zw_ofp_msg *msg)
{
    const struct ofp_header *oh = (const void *)data;
    enum ofptype type;

    memset(msg, 0, sizeof *msg);
    if (size < sizeof *oh || zw_ofp_message_size(data) != size) {
        return fail(msg, "no OpenFlow message");
    }
    msg->xid = ntohl(oh->xid);
    enum ofperr error = ofptype_decode(&type, oh);
    if (error) {
        return fail(msg, ofperr_to_string(error));
    }
    if (type == OFPTYPE_HELLO) {
        decode_hello(oh, msg);
        return 0;
    }
    if (type == OFPTYPE_ERROR) {
        return decode_error(oh, msg);
    }
    msg->type = type_of(type);
    msg->more = has_parts(msg->type) && ofpmp_more(oh);
    return 0;
}

int zw_ofp_decode_flow_stats(const uint8_t *data, size_t size, zw_flow_stats_cb *each, void *arg)
{
    struct ofpbuf msg = ofpbuf_const_initializer(data, size);
    uint64_t stub[256];
    struct ofpbuf ofpacts = OFPBUF_STUB_INITIALIZER(stub);
    struct ofputil_flow_stats stats;
    int error;

    while (!(error = ofputil_decode_flow_stats_reply(&stats, &msg, false, &ofpacts))) {
        struct zw_flow_counters counters = {stats.packet_count, stats.byte_count};

        if (stats.table_id >= ZW_N_STAGES) {
            continue;
        }
        struct zw_flow *flow = zw_flow_from_switch(stats.table_id, stats.priority, ntohll(stats.cookie), &stats.match,
                                                   stats.ofpacts, stats.ofpacts_len);

        flow->timed = stats.idle_timeout || stats.hard_timeout;
        each(arg, flow, &counters);
    }
    ofpbuf_uninit(&ofpacts);
    return error == EOF ? 0 : EPROTO;
}

static bool is_pause(const struct ofputil_flow_update *update)
{
    return update->event == OFPFME_PAUSED || update->event == OFPFME_RESUMED;
}

static bool is_foreign(const struct ofputil_flow_update *update)
{
    return update->event != OFPFME_ABBREV && !is_pause(update) && update->table_id < ZW_N_STAGES &&
           !zw_flow_key_is_learned(update->table_id, ntohll(update->cookie));
}

static bool is_learned(const struct ofputil_flow_update *update)
{
    return update->event != OFPFME_ABBREV && !is_pause(update) &&
           zw_flow_key_is_learned(update->table_id, ntohll(update->cookie));
}

int zw_ofp_decode_flow_updates(const uint8_t *data, size_t size, zw_learned_mac_cb *learned, void *arg,
                               unsigned int *n_foreign, bool *missed)
{
    struct ofpbuf msg = ofpbuf_const_initializer(data, size);
    uint64_t stub[256];
    struct ofpbuf ofpacts = OFPBUF_STUB_INITIALIZER(stub);
    struct ofputil_flow_update update;
    int error;

    *n_foreign = 0;
    *missed = false;
    while (!(error = ofputil_decode_flow_update(&update, &msg, &ofpacts))) {
        *n_foreign += is_foreign(&update);
        if (is_learned(&update)) {
            struct zw_learned_mac what = zw_learned_mac_from_match(&update.match, ntohll(update.cookie));

            what.is_there = update.event != OFPFME_REMOVED;
            learned(arg, &what);
        }
        *missed |= is_pause(&update);
    }
    ofpbuf_uninit(&ofpacts);
    return error == EOF ? 0 : EPROTO;
}

bool zw_ofp_shows_fragments(const uint8_t *data)
{
    struct ofputil_switch_config config;

    ofputil_decode_get_config_reply((const void *)data, &config);
    return config.frag == OFPUTIL_FRAG_NX_MATCH;
}

int zw_ofp_decode_meters(const uint8_t *data, size_t size, zw_meter_cb *each, void *arg)
{
    struct ofpbuf msg = ofpbuf_const_initializer(data, size);
    uint64_t stub[32];
    struct ofpbuf bands = OFPBUF_STUB_INITIALIZER(stub);
    struct ofputil_meter_config meter;
    int error;

    while (!(error = ofputil_decode_meter_config(&msg, &meter, &bands))) {
        bool is_plain = meter.n_bands == 1 && meter.bands[0].type == OFPMBT13_DROP && meter.flags & OFPMF13_PKTPS &&
                        meter.flags & OFPMF13_BURST;

        each(arg, meter.meter_id, is_plain ? meter.bands[0].rate : 0, is_plain ? meter.bands[0].burst_size : 0);
    }
    ofpbuf_uninit(&bands);
    return error == EOF ? 0 : EPROTO;
}

int zw_ofp_decode_meter_counters(const uint8_t *data, size_t size, zw_meter_counter_cb *each, void *arg)
{
    struct ofpbuf msg = ofpbuf_const_initializer(data, size);
    uint64_t stub[32];
    struct ofpbuf bands = OFPBUF_STUB_INITIALIZER(stub);
    struct ofputil_meter_stats stats;
    int error;

    while (!(error = ofputil_decode_meter_stats(&msg, &stats, &bands))) {
        uint64_t n_beyond = 0;

        for (size_t i = 0; i < stats.n_bands; i++) {
            n_beyond += stats.bands[i].packet_count;
        }
        each(arg, stats.meter_id, n_beyond);
    }
    ofpbuf_uninit(&bands);
    return error == EOF ? 0 : EPROTO;
}
