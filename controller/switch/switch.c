/* SPDX-License-Identifier: Apache-2.0 */
/* The three connections, and which message goes where. */

#include "zw-config.h"

#include "controller/switch/switch-private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <event2/event.h>

#include "controller/base/log.h"
#include "controller/base/memory.h"
#include "controller/policy/policy.h"

_Static_assert(ZW_POLICY_MAX_FLOWS <= ZW_SWITCH_MAX_FLOWS, "what a policy may ask for may be sent");

const char *zw_switch_state_name(enum zw_switch_state state)
{
    switch (state) {
#define ZW_SWITCH_STATE(NAME, TEXT) \
    case ZW_SWITCH_##NAME:          \
        return #NAME;
        ZW_SWITCH_STATES
#undef ZW_SWITCH_STATE
    }
    return "?";
}

static int64_t unix_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

void zw_switch_set_state(struct zw_switch *sw, enum zw_switch_state state)
{
    if (sw->status.state != state) {
        sw->status.state = state;
        sw->status.since_us = unix_us();
    }
}

void zw_switch_set_error(struct zw_switch *sw, const char *error)
{
    snprintf(sw->status.error, sizeof sw->status.error, "%s", error);
}

/* --- The connection for flows. --- */

static void flows_up(struct zw_switch *sw)
{
    struct zw_outbuf *out = zw_ofconn_out(sw->flows);

    zw_log(ZW_LOG_INFO, "bridge %s: connected", sw->name);
    zw_ofp_put_setup_flows(out);
    zw_meters_start(sw);
    sw->monitor_xid = zw_ofp_put_flow_monitor(out);
    zw_sync_start(sw);
    zw_counters_start(sw);
    zw_look_start(sw);
}

static void flows_changed(void *sw_, enum zw_ofconn_state state, const char *why)
{
    struct zw_switch *sw = sw_;

    switch (state) {
    case ZW_OFCONN_DOWN:
        zw_switch_set_error(sw, why);
        zw_switch_set_state(sw, ZW_SWITCH_DISCONNECTED);
        zw_look_stop(sw);
        zw_counters_stop(sw, why);
        zw_flush_stop(sw, why);
        zw_sync_stop(sw, why);
        break;
    case ZW_OFCONN_HELLO:
        zw_switch_set_state(sw, ZW_SWITCH_HELLO);
        break;
    case ZW_OFCONN_UP:
        flows_up(sw);
        break;
    }
}

static void flows_error(struct zw_switch *sw, const struct zw_ofp_msg *msg)
{
    static struct zw_log_limit limit = ZW_LOG_LIMIT_INIT(10, 5000);

    if (zw_meters_error(sw, msg)) {
        return;
    } else if (msg->xid == sw->monitor_xid) {
        zw_log(ZW_LOG_WARN, "bridge %s: no flow monitor (%s): changes by others go unnoticed", sw->name, msg->text);
    } else if (!zw_counters_error(sw, msg) && !zw_flush_error(sw, msg) && !zw_sync_error(sw, msg)) {
        zw_log_rl(&limit, ZW_LOG_WARN, "bridge %s: the switch says %s", sw->name, msg->text);
    }
}

void zw_switch_learned(void *sw_, const struct zw_learned_mac *learned)
{
    struct zw_switch *sw = sw_;
    struct zw_station station;

    if (zw_stations_learned(sw->stations, learned, unix_us(), &station) != ZW_STATION_SAME && sw->ops->learned) {
        sw->ops->learned(sw->arg, &station);
    }
}

static void flow_update(struct zw_switch *sw, const uint8_t *data, size_t size)
{
    unsigned int n_foreign;
    bool missed;

    if (zw_ofp_decode_flow_updates(data, size, zw_switch_learned, sw, &n_foreign, &missed)) {
        zw_ofconn_fail(sw->flows, true, "a bad flow update");
        return;
    }
    sw->status.n_foreign_changes += n_foreign;
    if (n_foreign || missed) {
        zw_sync_foreign_change(sw);
    }
}

static void flows_message(void *sw_, const struct zw_ofp_msg *msg, const uint8_t *data, size_t size)
{
    struct zw_switch *sw = sw_;

    switch (msg->type) {
    case ZW_OFP_ERROR:
        flows_error(sw, msg);
        break;
    case ZW_OFP_FLOW_STATS:
        if (!zw_sync_flow_stats(sw, msg, data, size)) {
            zw_counters_flow_stats(sw, msg, data, size);
        }
        break;
    case ZW_OFP_METERS:
        zw_meters_message(sw, msg, data, size);
        break;
    case ZW_OFP_METER_COUNTERS:
        zw_counters_meters(sw, msg, data, size);
        break;
    case ZW_OFP_CONFIG:
        zw_look_config(sw, data);
        break;
    case ZW_OFP_FLOW_UPDATE:
        flow_update(sw, data, size);
        break;
    case ZW_OFP_BUNDLE_REPLY:
        zw_sync_bundle_reply(sw, msg);
        break;
    case ZW_OFP_BARRIER_REPLY:
        if (!zw_flush_barrier_reply(sw, msg)) {
            zw_sync_barrier_reply(sw, msg);
        }
        break;
    case ZW_OFP_HELLO:
    case ZW_OFP_ECHO_REQUEST:
    case ZW_OFP_ECHO_REPLY:
    case ZW_OFP_PACKET_IN:
    case ZW_OFP_OTHER:
        break;
    }
}

static const struct zw_ofconn_ops flows_ops = {.changed = flows_changed, .message = flows_message};

/* --- The connection for packets. --- */

static void packets_changed(void *sw_, enum zw_ofconn_state state, const char *why)
{
    struct zw_switch *sw = sw_;

    (void)why;
    sw->status.packets_connected = state == ZW_OFCONN_UP;
    if (state == ZW_OFCONN_UP) {
        zw_ofp_put_setup_packets(zw_ofconn_out(sw->packets), ZW_CONTROLLER_ID);
    }
}

static void packet_in(struct zw_switch *sw, struct zw_ofconn *conn, const uint8_t *data, size_t size)
{
    struct zw_packet_in *in = &sw->packet_in;

    if (zw_packet_in_decode(data, size, in)) {
        zw_ofconn_fail(conn, true, "a bad packet-in");
        return;
    }
    sw->status.n_packet_ins++;
    sw->ops->packet_in(sw->arg, in, zw_ofconn_out(conn));
}

static void packets_message(void *sw_, const struct zw_ofp_msg *msg, const uint8_t *data, size_t size)
{
    static struct zw_log_limit limit = ZW_LOG_LIMIT_INIT(10, 5000);
    struct zw_switch *sw = sw_;

    if (msg->type == ZW_OFP_PACKET_IN) {
        packet_in(sw, sw->packets, data, size);
    } else if (msg->type == ZW_OFP_ERROR) {
        zw_log_rl(&limit, ZW_LOG_WARN, "bridge %s: to an answer the switch says %s", sw->name, msg->text);
    }
}

static const struct zw_ofconn_ops packets_ops = {.changed = packets_changed, .message = packets_message};

/* --- The connection for what is learned. --- */

static void learn_changed(void *sw_, enum zw_ofconn_state state, const char *why)
{
    struct zw_switch *sw = sw_;

    (void)why;
    sw->status.learn_connected = state == ZW_OFCONN_UP;
    if (state == ZW_OFCONN_UP) {
        zw_ofp_put_setup_packets(zw_ofconn_out(sw->learn), ZW_LEARN_CONTROLLER_ID);
    } else if (state == ZW_OFCONN_DOWN && sw->ops->learn_lost) {
        sw->ops->learn_lost(sw->arg);
    }
}

static void learn_message(void *sw_, const struct zw_ofp_msg *msg, const uint8_t *data, size_t size)
{
    struct zw_switch *sw = sw_;

    if (msg->type == ZW_OFP_PACKET_IN) {
        packet_in(sw, sw->learn, data, size);
    } else if (msg->type == ZW_OFP_BARRIER_REPLY && msg->xid == sw->learn_xid && sw->ops->learn_heard) {
        sw->ops->learn_heard(sw->arg);
    }
}

static const struct zw_ofconn_ops learn_ops = {.changed = learn_changed, .message = learn_message};

bool zw_switch_ask_learn(struct zw_switch *sw)
{
    if (!sw->status.learn_connected) {
        return false;
    }
    sw->learn_xid = zw_ofp_put_barrier(zw_ofconn_out(sw->learn));
    zw_ofconn_flush(sw->learn);
    return true;
}

/* --- The whole. --- */

static void on_timer(evutil_socket_t unused, short what, void *sw)
{
    (void)unused, (void)what;
    zw_sync_expired(sw);
}

static void on_look(evutil_socket_t unused, short what, void *sw)
{
    (void)unused, (void)what;
    zw_look_now(sw);
}

struct zw_switch *zw_switch_new(struct event_base *base, const char *name, const char *management_socket,
                                const struct zw_switch_ops *ops, void *arg)
{
    struct zw_switch *sw = zw_xcalloc(1, sizeof *sw);

    sw->base = base;
    sw->name = zw_xstrdup(name);
    sw->ops = ops;
    sw->arg = arg;
    sw->status.since_us = unix_us();
    sw->again_ms = ZW_SWITCH_RESYNC_MS;
    sw->timer = evtimer_new(base, on_timer, sw);
    sw->look = evtimer_new(base, on_look, sw);
    STAILQ_INIT(&sw->counters);
    sw->stations = zw_stations_new();
    sw->max_flows = ZW_SWITCH_MAX_FLOWS;
    sw->flows = zw_ofconn_new(base, name, management_socket, false, &flows_ops, sw);
    sw->packets = zw_ofconn_new(base, name, management_socket, true, &packets_ops, sw);
    sw->learn = zw_ofconn_new(base, name, management_socket, true, &learn_ops, sw);
    return sw;
}

void zw_switch_free(struct zw_switch *sw)
{
    if (sw) {
        zw_ofconn_free(sw->flows);
        zw_ofconn_free(sw->packets);
        zw_ofconn_free(sw->learn);
        zw_counters_free(sw);
        zw_sync_free(sw);
        zw_meters_free(sw);
        zw_packet_in_destroy(&sw->packet_in);
        zw_stations_free(sw->stations);
        event_free(sw->timer);
        event_free(sw->look);
        free(sw->name);
        free(sw);
    }
}

const struct zw_stations *zw_switch_stations(const struct zw_switch *sw)
{
    return sw->stations;
}

void zw_switch_kick(struct zw_switch *sw)
{
    zw_ofconn_kick(sw->flows);
    zw_ofconn_kick(sw->packets);
    zw_ofconn_kick(sw->learn);
}

struct zw_switch_status zw_switch_status(const struct zw_switch *sw)
{
    struct zw_ofconn_status flows = zw_ofconn_status(sw->flows);
    struct zw_switch_status status = sw->status;

    status.is_contended = zw_sync_is_contended(sw);
    status.n_connects = flows.n_connects;
    status.n_bad_messages = flows.n_bad_messages + zw_ofconn_status(sw->packets).n_bad_messages +
                            zw_ofconn_status(sw->learn).n_bad_messages;
    return status;
}
