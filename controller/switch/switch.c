/* SPDX-License-Identifier: Apache-2.0 */

#include "controller/switch/switch.h"

#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "controller/base/log.h"
#include "controller/switch/ofconn.h"
#include "ovs-ext/ofp-encode.h"

/* A dump of one stage's counters that somebody waits for. */
struct reader {
    struct reader *next;
    enum zw_stage stage;
    zw_counters_cb *each;
    zw_counters_done_cb *done;
    void *arg;
    uint32_t xid; /* 0: not sent yet, because another one is under way. */
};

struct zw_switch {
    struct event_base *base;
    char *name;
    const struct zw_switch_ops *ops;
    void *arg;
    struct zw_ofconn *flows, *packets;
    struct zw_outbuf out;     /* For 'flows'. */
    struct zw_outbuf answers; /* For 'packets'. */

    struct zw_flow_table *desired;   /* NULL: nobody has said yet. */
    uint64_t generation;             /* Of 'desired'. */
    struct zw_flow_table *installed; /* What the switch has, as far as we know. */
    bool dirty;                      /* Somebody changed flows: 'installed' is not to be trusted. */
    bool repairing;                  /* The next bundle mends what others did. */

    uint32_t dump_xid;
    struct zw_changes changes;  /* SYNCING: what was sent.  Refers to both tables. */
    struct zw_flow_table *sent; /* SYNCING: the desired table that was sent, */
    uint64_t sent_generation;   /* and its generation. */
    int64_t sent_us;
    uint32_t barrier_xid, meter_xid;
    uint32_t bundle_id;
    bool committing;      /* SYNCING: the bundle is filled, and was sent to be committed. */
    char sync_error[160]; /* SYNCING: the switch refused. */

    struct event *timer; /* Reads again, or tries again. */
    struct reader *readers;
    struct zw_switch_status status;
};

static const char *const state_names[] = {
#define ZW_SWITCH_STATE(NAME, TEXT) #NAME,
    ZW_SWITCH_STATES
#undef ZW_SWITCH_STATE
};

const char *zw_switch_state_name(enum zw_switch_state state)
{
    return state_names[state];
}

static int64_t now_us(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_REALTIME, &ts);
    return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

static void set_state(struct zw_switch *sw, enum zw_switch_state state)
{
    if (sw->status.state != state) {
        sw->status.state = state;
        sw->status.since_us = now_us();
    }
}

static void set_error(struct zw_switch *sw, const char *error)
{
    snprintf(sw->status.error, sizeof sw->status.error, "%s", error);
}

static void flush(struct zw_switch *sw)
{
    zw_ofconn_send(sw->flows, &sw->out);
}

static void wait_ms(struct zw_switch *sw, unsigned int ms)
{
    const struct timeval tv = {.tv_sec = ms / 1000, .tv_usec = (suseconds_t)(ms % 1000) * 1000};

    if (!evtimer_pending(sw->timer, NULL)) {
        evtimer_add(sw->timer, &tv);
    }
}

/* --- Reading what is installed. --- */

static void begin_reading(struct zw_switch *sw)
{
    zw_flow_table_clear(sw->installed);
    sw->dirty = false;
    sw->dump_xid = zw_ofp_put_flow_dump(&sw->out);
    set_state(sw, ZW_SWITCH_READING);
    flush(sw);
}

static bool is_learned(const struct zw_flow *flow)
{
    uint64_t cookie = zw_flow_cookie(flow);

    return zw_flow_stage(flow) == ZW_STAGE_MACS && zw_cookie_is_ours(cookie) &&
           zw_cookie_kind(cookie) == ZW_COOKIE_LEARNED;
}

static void take_installed(void *sw_, struct zw_flow *flow, const struct zw_flow_counters *counters)
{
    struct zw_switch *sw = sw_;

    (void)counters;
    if (zw_flow_stage(flow) >= ZW_N_STAGES || is_learned(flow)) {
        zw_flow_free(flow);
    } else {
        zw_flow_table_replace(sw->installed, flow);
    }
}

/* --- Making it as desired. --- */

/* What was sent is still wanted, or a newer table took its place meanwhile. */
static void drop_superseded(struct zw_switch *sw)
{
    if (sw->sent != sw->desired) {
        zw_flow_table_free(sw->sent);
    }
    sw->sent = NULL;
}

static void confirmed(struct zw_switch *sw)
{
    size_t n_changes = sw->changes.n;

    zw_changes_free(&sw->changes);
    if (sw->repairing && n_changes) {
        sw->status.n_repairs++;
        sw->status.n_repaired_flows += n_changes;
        sw->status.last_repair_us = now_us();
        zw_log(ZW_LOG_WARN, "bridge %s: somebody else changed its flows; %zu mended", sw->name, n_changes);
    }
    sw->repairing = false;
    sw->status.n_installed = zw_flow_table_count(sw->installed);
    sw->status.generation = sw->sent_generation;
    sw->status.error[0] = '\0';
    drop_superseded(sw);
    set_state(sw, ZW_SWITCH_IN_SYNC);
    sw->ops->in_sync(sw->arg, sw->sent_generation, n_changes, now_us() - sw->sent_us);
}

static void send_bundle(struct zw_switch *sw)
{
    sw->sync_error[0] = '\0';
    sw->committing = false;
    sw->barrier_xid = zw_ofp_put_bundle(&sw->out, ++sw->bundle_id, &sw->changes);
    sw->status.n_bundles++;
    sw->status.n_flow_mods += sw->changes.n;
    set_state(sw, ZW_SWITCH_SYNCING);
    flush(sw);
}

/* Sends what 'installed' lacks of 'desired'.  While that is under way a newer table may be set; this one stays until the
 * switch has answered. */
static void sync_now(struct zw_switch *sw)
{
    if (!sw->desired) {
        set_state(sw, ZW_SWITCH_IDLE);
        return;
    }
    zw_flow_table_diff(sw->installed, sw->desired, &sw->changes);
    sw->sent = sw->desired;
    sw->sent_generation = sw->generation;
    sw->sent_us = now_us();
    if (sw->changes.n) {
        send_bundle(sw);
    } else {
        confirmed(sw);
    }
}

/* The next thing to do, unless something is under way. */
static void go_on(struct zw_switch *sw)
{
    if (sw->status.state != ZW_SWITCH_IN_SYNC) {
        return;
    }
    if (sw->dirty) {
        sw->repairing = true;
        wait_ms(sw, ZW_SWITCH_RESYNC_MS);
    } else if (sw->desired && sw->generation != sw->status.generation) {
        sync_now(sw);
    }
}

static void refused(struct zw_switch *sw)
{
    zw_changes_free(&sw->changes);
    drop_superseded(sw);
    set_error(sw, sw->sync_error);
    sw->dirty = true;
    set_state(sw, ZW_SWITCH_IDLE);
    wait_ms(sw, ZW_SWITCH_RECONNECT_MAX_MS);
    sw->ops->sync_failed(sw->arg, sw->sent_generation, sw->status.error);
}

/* 'installed' becomes what was sent, by the same changes. */
static void note_changes(struct zw_switch *sw)
{
    for (size_t i = 0; i < sw->changes.n; i++) {
        const struct zw_change *change = &sw->changes.list[i];

        if (change->type == ZW_CHANGE_DELETE) {
            zw_flow_table_remove(sw->installed, change->flow);
        } else {
            zw_flow_table_replace(sw->installed, zw_flow_clone(change->flow));
        }
    }
}

static void on_barrier(struct zw_switch *sw)
{
    if (sw->sync_error[0]) {
        if (!sw->committing) {
            zw_ofp_put_bundle_discard(&sw->out, sw->bundle_id);
            flush(sw);
        }
        refused(sw);
        return;
    }
    if (!sw->committing) {
        sw->committing = true;
        sw->barrier_xid = zw_ofp_put_bundle_commit(&sw->out, sw->bundle_id);
        flush(sw);
        return;
    }
    note_changes(sw);
    confirmed(sw);
    go_on(sw);
}

static void on_read_all(struct zw_switch *sw)
{
    if (sw->dirty) { /* Changed while we read. */
        set_state(sw, ZW_SWITCH_IDLE);
        wait_ms(sw, ZW_SWITCH_RESYNC_MS);
        return;
    }
    sync_now(sw);
    go_on(sw);
}

static void on_timer(evutil_socket_t fd, short what, void *sw_)
{
    struct zw_switch *sw = sw_;

    (void)fd;
    (void)what;
    if (zw_ofconn_is_up(sw->flows) && sw->status.state != ZW_SWITCH_READING && sw->status.state != ZW_SWITCH_SYNCING) {
        begin_reading(sw);
    }
}

static void on_foreign(struct zw_switch *sw, unsigned int n)
{
    sw->status.n_foreign_changes += n;
    sw->dirty = true;
    sw->repairing = true;
    if (sw->status.state == ZW_SWITCH_IN_SYNC || sw->status.state == ZW_SWITCH_IDLE) {
        wait_ms(sw, ZW_SWITCH_RESYNC_MS);
    }
}

/* --- Counters. --- */

static void send_reader(struct zw_switch *sw)
{
    if (sw->readers && !sw->readers->xid && zw_ofconn_is_up(sw->flows)) {
        sw->readers->xid = zw_ofp_put_stage_dump(&sw->out, sw->readers->stage);
        flush(sw);
    }
}

static void end_reader(struct zw_switch *sw, const char *error)
{
    struct reader *reader = sw->readers;

    sw->readers = reader->next;
    reader->done(reader->arg, error);
    free(reader);
}

static void pass_counters(void *reader_, struct zw_flow *flow, const struct zw_flow_counters *counters)
{
    struct reader *reader = reader_;

    reader->each(reader->arg, flow, counters);
    zw_flow_free(flow);
}

void zw_switch_read_counters(struct zw_switch *sw, enum zw_stage stage, zw_counters_cb *each, zw_counters_done_cb *done,
                             void *arg)
{
    if (!zw_ofconn_is_up(sw->flows)) {
        done(arg, "the bridge is not connected");
        return;
    }
    struct reader **last = &sw->readers;
    while (*last) {
        last = &(*last)->next;
    }
    *last = calloc(1, sizeof **last);
    if (!*last) {
        abort();
    }
    **last = (struct reader){.stage = stage, .each = each, .done = done, .arg = arg};
    send_reader(sw);
}

/* --- The connection for flows. --- */

static void on_flow_stats(struct zw_switch *sw, const struct zw_ofp_msg *msg, const uint8_t *data, size_t size)
{
    bool ours = sw->status.state == ZW_SWITCH_READING && msg->xid == sw->dump_xid;
    bool readers = sw->readers && sw->readers->xid && msg->xid == sw->readers->xid;
    int error = 0;

    if (ours) {
        error = zw_ofp_decode_flow_stats(data, size, take_installed, sw);
    } else if (readers) {
        error = zw_ofp_decode_flow_stats(data, size, pass_counters, sw->readers);
    }
    if (error) {
        zw_ofconn_reset(sw->flows, "the switch sent flows that cannot be read");
    } else if (ours && !msg->more) {
        on_read_all(sw);
    } else if (readers && !msg->more) {
        end_reader(sw, NULL);
        send_reader(sw);
    }
}

static void on_error(struct zw_switch *sw, const struct zw_ofp_msg *msg)
{
    static struct zw_log_limit limit = ZW_LOG_LIMIT_INIT(5, 5000);

    if (msg->xid == sw->meter_xid && msg->meter_exists) {
        return;
    }
    if (sw->status.state == ZW_SWITCH_SYNCING) {
        /* The first error says why. */
        if (!sw->sync_error[0]) {
            snprintf(sw->sync_error, sizeof sw->sync_error, "the switch refuses the flows: %.100s", msg->text);
        }
        return;
    }
    set_error(sw, msg->text);
    zw_log_rl(&limit, ZW_LOG_WARN, "bridge %s: the switch reports an error: %s", sw->name, msg->text);
}

static void on_flow_message(void *sw_, const struct zw_ofp_msg *msg, const uint8_t *data, size_t size)
{
    struct zw_switch *sw = sw_;
    unsigned int n_foreign;

    switch (msg->type) {
    case ZW_OFP_FLOW_STATS:
        on_flow_stats(sw, msg, data, size);
        break;
    case ZW_OFP_FLOW_UPDATE:
        if (zw_ofp_decode_flow_updates(data, size, &n_foreign)) {
            n_foreign = 1; /* Not readable: look for ourselves. */
        }
        if (n_foreign) {
            on_foreign(sw, n_foreign);
        }
        break;
    case ZW_OFP_BARRIER_REPLY:
        if (sw->status.state == ZW_SWITCH_SYNCING && msg->xid == sw->barrier_xid) {
            on_barrier(sw);
        }
        break;
    case ZW_OFP_ERROR:
        on_error(sw, msg);
        break;
    default:
        break;
    }
}

static void on_flows_up(void *sw_)
{
    struct zw_switch *sw = sw_;

    sw->status.n_connects++;
    sw->repairing = false;
    sw->status.generation = 0;
    zw_ofp_put_setup_flows(&sw->out);
    zw_ofp_put_flow_monitor(&sw->out);
    sw->meter_xid = zw_ofp_put_meter_mod(&sw->out, false, ZW_DENIED_METER_ID, ZW_DENIED_METER_PPS);
    begin_reading(sw);
}

static void on_flows_down(void *sw_, const char *why)
{
    struct zw_switch *sw = sw_;
    bool syncing = sw->status.state == ZW_SWITCH_SYNCING;

    zw_log(ZW_LOG_WARN, "bridge %s: disconnected: %s", sw->name, why);
    set_error(sw, why);
    set_state(sw, ZW_SWITCH_DISCONNECTED);
    evtimer_del(sw->timer);
    zw_changes_free(&sw->changes);
    drop_superseded(sw);
    while (sw->readers) {
        end_reader(sw, why);
    }
    if (syncing) {
        sw->ops->sync_failed(sw->arg, sw->sent_generation, why);
    }
}

static const struct zw_ofconn_ops flow_ops = {
    .up = on_flows_up,
    .message = on_flow_message,
    .down = on_flows_down,
};

/* --- The connection for packets. --- */

static void on_packets_up(void *sw_)
{
    struct zw_switch *sw = sw_;

    sw->status.packets_connected = true;
    zw_ofp_put_setup_packets(&sw->answers);
    zw_ofconn_send(sw->packets, &sw->answers);
}

static void on_packets_down(void *sw_, const char *why)
{
    struct zw_switch *sw = sw_;

    (void)why; /* Said by the connection for flows, which shares its fate. */
    sw->status.packets_connected = false;
    zw_outbuf_clear(&sw->answers);
}

static void on_packet_message(void *sw_, const struct zw_ofp_msg *msg, const uint8_t *data, size_t size)
{
    static struct zw_log_limit limit = ZW_LOG_LIMIT_INIT(5, 5000);
    struct zw_switch *sw = sw_;
    struct zw_packet_in in;

    if (msg->type == ZW_OFP_ERROR) {
        zw_log_rl(&limit, ZW_LOG_WARN, "bridge %s: the switch refuses a packet: %s", sw->name, msg->text);
        return;
    }
    if (msg->type != ZW_OFP_PACKET_IN) {
        return;
    }
    sw->status.n_packet_ins++;
    if (zw_packet_in_decode(data, size, &in)) {
        sw->status.n_bad_messages++;
        zw_log_rl(&limit, ZW_LOG_WARN, "bridge %s: a packet-in cannot be read", sw->name);
        return;
    }
    sw->ops->packet_in(sw->arg, &in, &sw->answers);
    zw_packet_in_destroy(&in);
}

static void on_packets_end(void *sw_)
{
    struct zw_switch *sw = sw_;

    zw_ofconn_send(sw->packets, &sw->answers);
}

static const struct zw_ofconn_ops packet_ops = {
    .up = on_packets_up,
    .message = on_packet_message,
    .batch_end = on_packets_end,
    .down = on_packets_down,
};

/* --- For the owner. --- */

struct zw_switch *zw_switch_new(struct event_base *base, const char *name, const char *path,
                                const struct zw_switch_ops *ops, void *arg)
{
    struct zw_switch *sw = calloc(1, sizeof *sw);

    if (!sw) {
        abort();
    }
    sw->base = base;
    sw->name = strdup(name);
    sw->ops = ops;
    sw->arg = arg;
    sw->installed = zw_flow_table_new();
    sw->timer = evtimer_new(base, on_timer, sw);
    sw->status.since_us = now_us();
    sw->flows = zw_ofconn_new(base, path, name, &flow_ops, sw);
    sw->packets = zw_ofconn_new(base, path, name, &packet_ops, sw);
    return sw;
}

void zw_switch_free(struct zw_switch *sw)
{
    if (!sw) {
        return;
    }
    while (sw->readers) {
        end_reader(sw, "stopping");
    }
    zw_ofconn_free(sw->flows);
    zw_ofconn_free(sw->packets);
    event_free(sw->timer);
    zw_changes_free(&sw->changes);
    drop_superseded(sw);
    zw_flow_table_free(sw->desired);
    zw_flow_table_free(sw->installed);
    zw_outbuf_free(&sw->out);
    zw_outbuf_free(&sw->answers);
    free(sw->name);
    free(sw);
}

void zw_switch_set_desired(struct zw_switch *sw, struct zw_flow_table *desired, uint64_t generation)
{
    if (sw->desired != sw->sent) {
        zw_flow_table_free(sw->desired);
    }
    sw->desired = desired;
    sw->generation = generation;
    if ((sw->status.state == ZW_SWITCH_IN_SYNC || sw->status.state == ZW_SWITCH_IDLE) && !sw->dirty) {
        sync_now(sw);
    }
}

void zw_switch_kick(struct zw_switch *sw)
{
    zw_ofconn_kick(sw->flows);
    zw_ofconn_kick(sw->packets);
}

struct zw_switch_status zw_switch_status(const struct zw_switch *sw)
{
    struct zw_switch_status status = sw->status;

    status.n_bad_messages += zw_ofconn_bad_messages(sw->flows) + zw_ofconn_bad_messages(sw->packets);
    return status;
}
