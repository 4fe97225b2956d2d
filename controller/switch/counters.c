/* SPDX-License-Identifier: Apache-2.0 */
/* Reads the counters of a stage's flows, or of meters, one at a time: a switch limits the replies in flight. */

#include "zw-config.h"

#include <stdlib.h>

#include "controller/base/memory.h"
#include "controller/switch/switch-private.h"

struct zw_counters_request {
    STAILQ_ENTRY(zw_counters_request) next;
    enum zw_stage stage;
    zw_counters_cb *each;
    zw_meter_counter_cb *each_meter; /* NULL: flows are read. */
    zw_counters_done_cb *done;
    void *arg;
    uint32_t xid;
    bool sent;
};

static bool is_connected(const struct zw_switch *sw)
{
    return sw->status.state != ZW_SWITCH_DISCONNECTED && sw->status.state != ZW_SWITCH_HELLO;
}

void zw_counters_start(struct zw_switch *sw)
{
    struct zw_counters_request *request = STAILQ_FIRST(&sw->counters);

    if (request && !request->sent && is_connected(sw)) {
        request->sent = true;
        request->xid = request->each_meter ? zw_ofp_put_meter_counters(zw_ofconn_out(sw->flows))
                                           : zw_ofp_put_stage_dump(zw_ofconn_out(sw->flows), request->stage);
        zw_ofconn_flush(sw->flows);
    }
}

/* The first request ends. */
static void finish(struct zw_switch *sw, const char *error)
{
    struct zw_counters_request *request = STAILQ_FIRST(&sw->counters);

    STAILQ_REMOVE_HEAD(&sw->counters, next);
    zw_counters_start(sw);
    request->done(request->arg, error);
    free(request);
}

static void ask(struct zw_switch *sw, const struct zw_counters_request *what)
{
    struct zw_counters_request *request;

    if (!is_connected(sw)) {
        what->done(what->arg, "no connection to the switch");
        return;
    }
    request = zw_xcalloc(1, sizeof *request);
    *request = *what;
    STAILQ_INSERT_TAIL(&sw->counters, request, next);
    zw_counters_start(sw);
}

void zw_switch_read_counters(struct zw_switch *sw, enum zw_stage stage, zw_counters_cb *each, zw_counters_done_cb *done,
                             void *arg)
{
    ask(sw, &(struct zw_counters_request){.stage = stage, .each = each, .done = done, .arg = arg});
}

void zw_switch_read_meters(struct zw_switch *sw, zw_meter_counter_cb *each, zw_counters_done_cb *done, void *arg)
{
    ask(sw, &(struct zw_counters_request){.each_meter = each, .done = done, .arg = arg});
}

static void pass(void *request_, struct zw_flow *flow, const struct zw_flow_counters *counters)
{
    struct zw_counters_request *request = request_;

    request->each(request->arg, flow, counters);
    zw_flow_free(flow);
}

static struct zw_counters_request *under_way(struct zw_switch *sw, uint32_t xid)
{
    struct zw_counters_request *request = STAILQ_FIRST(&sw->counters);

    return request && request->sent && request->xid == xid ? request : NULL;
}

bool zw_counters_flow_stats(struct zw_switch *sw, const struct zw_ofp_msg *msg, const uint8_t *data, size_t size)
{
    struct zw_counters_request *request = under_way(sw, msg->xid);

    if (request && request->each_meter) {
        return false;
    } else if (request && zw_ofp_decode_flow_stats(data, size, pass, request)) {
        zw_ofconn_fail(sw->flows, true, "a bad list of flows");
    } else if (request && !msg->more) {
        finish(sw, NULL);
    }
    return request;
}

void zw_counters_meters(struct zw_switch *sw, const struct zw_ofp_msg *msg, const uint8_t *data, size_t size)
{
    struct zw_counters_request *request = under_way(sw, msg->xid);

    if (!request || !request->each_meter) {
        return;
    } else if (zw_ofp_decode_meter_counters(data, size, request->each_meter, request->arg)) {
        zw_ofconn_fail(sw->flows, true, "a bad list of meters");
    } else if (!msg->more) {
        finish(sw, NULL);
    }
}

bool zw_counters_error(struct zw_switch *sw, const struct zw_ofp_msg *msg)
{
    bool is_ours = under_way(sw, msg->xid);

    if (is_ours) {
        finish(sw, msg->text);
    }
    return is_ours;
}

void zw_counters_stop(struct zw_switch *sw, const char *why)
{
    while (!STAILQ_EMPTY(&sw->counters)) {
        finish(sw, why);
    }
}

void zw_counters_free(struct zw_switch *sw)
{
    struct zw_counters_request *request;

    while ((request = STAILQ_FIRST(&sw->counters))) {
        STAILQ_REMOVE_HEAD(&sw->counters, next);
        free(request);
    }
}
