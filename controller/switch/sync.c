/* SPDX-License-Identifier: Apache-2.0 */
/* Reads what is installed, sends what differs from the desired flows, and waits for the barrier.
 *
 * A dump is needed once on each connection, and again after somebody else changed a flow: otherwise what is installed
 * is what was last confirmed. */

#include "zw-config.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <event2/event.h>

#include "controller/base/log.h"
#include "controller/switch/switch-private.h"

static int64_t now_us(clockid_t clock)
{
    struct timespec now;

    clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static void set_timer(struct zw_switch *sw, unsigned int ms)
{
    struct timeval tv = {.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000};

    event_add(sw->timer, &tv);
}

/* Puts 'table' into 'slot', and frees what was there. */
static void set_table(struct zw_flow_table **slot, struct zw_flow_table *table)
{
    zw_flow_table_free(*slot);
    *slot = table;
}

/* --- Reading. --- */

static void read_flows(struct zw_switch *sw)
{
    zw_switch_set_state(sw, ZW_SWITCH_READING);
    set_timer(sw, ZW_SWITCH_ANSWER_S * 1000);
    set_table(&sw->reading, zw_flow_table_new());
    zw_stations_begin(sw->stations);
    sw->dirty = false;
    sw->last_read_us = now_us(CLOCK_MONOTONIC);
    zw_meters_read(sw);
    sw->dump_xid = zw_ofp_put_flow_dump(zw_ofconn_out(sw->flows));
    zw_ofconn_flush(sw->flows);
}

/* In a state in which nothing is under way. */
static void read_again_soon(struct zw_switch *sw)
{
    if (now_us(CLOCK_MONOTONIC) - sw->last_read_us > 2 * ZW_SWITCH_RESYNC_MAX_MS * 1000) {
        sw->again_ms = ZW_SWITCH_RESYNC_MS;
    }
    set_timer(sw, sw->again_ms);
    sw->again_ms = sw->again_ms * 2 < ZW_SWITCH_RESYNC_MAX_MS ? sw->again_ms * 2 : ZW_SWITCH_RESYNC_MAX_MS;
}

static void add_flow(void *sw_, struct zw_flow *flow, const struct zw_flow_counters *counters)
{
    struct zw_switch *sw = sw_;

    (void)counters;
    if (zw_flow_is_learned(flow)) {
        const struct zw_learned_mac learned = zw_flow_learned(flow);

        zw_switch_learned(sw, &learned);
        zw_flow_free(flow);
    } else {
        zw_flow_table_replace(sw->reading, flow);
    }
}

/* What others changed since we last knew: for people, and for nothing else. */
static void count_foreign_flows(struct zw_switch *sw)
{
    struct zw_changes changes;

    sw->n_foreign_flows = 0;
    if (sw->found) {
        zw_flow_table_diff(sw->found, sw->reading, &changes);
        sw->n_foreign_flows = changes.n;
        zw_changes_free(&changes);
    } else if (sw->is_known) {
        sw->n_foreign_flows = zw_flow_journal_count_differences(sw->wanted, sw->reading);
    }
}

/* --- Sending. --- */

static void confirmed(struct zw_switch *sw, size_t n_changes)
{
    struct zw_switch_status *status = &sw->status;

    zw_switch_set_state(sw, ZW_SWITCH_IN_SYNC);
    zw_switch_set_error(sw, "");
    status->generation = sw->wanted_generation;
    status->n_installed = zw_flow_table_count(zw_flow_journal_table(sw->wanted));
    event_del(sw->timer);
    if (sw->dirty) {
        read_again_soon(sw);
    }
    sw->ops->in_sync(sw->arg, sw->wanted_generation, n_changes, now_us(CLOCK_MONOTONIC) - sw->sync_start_us);
}

static void log_repair(struct zw_switch *sw)
{
    static struct zw_log_limit limit = ZW_LOG_LIMIT_INIT(10, 5000);

    zw_log_rl(&limit, ZW_LOG_WARN, "bridge %s: somebody else changed %zu flows; mended", sw->name, sw->n_foreign_flows);
    sw->repaired_us[sw->status.n_repairs++ % ZW_SWITCH_OFTEN] = now_us(CLOCK_MONOTONIC);
    sw->status.n_repaired_flows += sw->n_foreign_flows;
    sw->status.last_repair_us = now_us(CLOCK_REALTIME);
    sw->n_foreign_flows = 0;
}

bool zw_sync_is_contended(const struct zw_switch *sw)
{
    uint64_t n = sw->status.n_repairs;

    /* The next one takes the place of the oldest. */
    return n >= ZW_SWITCH_OFTEN &&
           now_us(CLOCK_MONOTONIC) - sw->repaired_us[n % ZW_SWITCH_OFTEN] < INT64_C(1000000) * ZW_SWITCH_OFTEN_S;
}

static void send_bundle(struct zw_switch *sw)
{
    zw_switch_set_state(sw, ZW_SWITCH_SYNCING);
    set_timer(sw, ZW_SWITCH_ANSWER_S * 1000);
    sw->sent_generation = sw->wanted_generation;
    sw->filled = sw->committed = false;
    sw->refusal[0] = '\0';
    sw->status.n_bundles++;
    sw->status.n_flow_mods += sw->changes.n;
    zw_meters_with_bundle(sw);
    sw->bundle = zw_ofp_put_bundle(zw_ofconn_out(sw->flows), ++sw->bundle_id, &sw->changes);
    zw_ofconn_flush(sw->flows);
}

/* What makes the switch right, from what it has or, if that is what it was told last, from what has changed since. */
static void find_changes(struct zw_switch *sw)
{
    if (sw->found) {
        zw_flow_table_diff(sw->found, zw_flow_journal_table(sw->wanted), &sw->changes);
        zw_flow_table_free(zw_flow_journal_settle(sw->wanted));
        sw->replaced = sw->found;
        sw->found = NULL;
    } else {
        zw_flow_journal_changes(sw->wanted, &sw->changes);
        sw->replaced = zw_flow_journal_settle(sw->wanted);
    }
    sw->is_known = true;
}

/* Neither what was sent nor its changes are needed any longer. */
static void forget_sent(struct zw_switch *sw)
{
    zw_changes_free(&sw->changes);
    set_table(&sw->replaced, NULL);
}

/* It refused what it was told last; or others changed flows, and since then one change of ours has followed the other. */
static bool must_read(const struct zw_switch *sw)
{
    bool is_overdue = sw->dirty && now_us(CLOCK_MONOTONIC) - sw->dirty_since_us > ZW_SWITCH_RESYNC_MAX_MS * 1000;

    return !sw->found && (!sw->is_known || is_overdue);
}

/* They would come back when flows are read again, and end each connection.  What is in force stays. */
static void refuse_desired(struct zw_switch *sw, size_t n)
{
    char error[sizeof sw->refusal];

    snprintf(error, sizeof error, "%zu flows are desired; expected no more than %zu", n, sw->max_flows);
    set_table(&sw->found, NULL);
    sw->is_known = false;
    event_del(sw->timer);
    zw_switch_set_error(sw, error);
    zw_switch_set_state(sw, ZW_SWITCH_REFUSED);
    sw->ops->sync_failed(sw->arg, sw->wanted_generation, error);
}

/* Nothing is under way. */
static void sync(struct zw_switch *sw)
{
    if (!sw->wanted) {
        zw_switch_set_state(sw, ZW_SWITCH_IDLE);
        event_del(sw->timer);
        if (sw->dirty) {
            read_again_soon(sw);
        }
        return;
    }
    size_t n_wanted = zw_flow_table_count(zw_flow_journal_table(sw->wanted));
    if (n_wanted > sw->max_flows) {
        refuse_desired(sw, n_wanted);
        return;
    }
    if (must_read(sw)) {
        read_flows(sw);
        return;
    }
    sw->sync_start_us = now_us(CLOCK_MONOTONIC);
    find_changes(sw);
    zw_meters_before(sw);
    if (sw->changes.n) {
        send_bundle(sw);
    } else {
        sw->n_foreign_flows = 0;
        forget_sent(sw);
        zw_meters_after(sw);
        confirmed(sw, 0);
    }
}

static void desired_changed(struct zw_switch *sw, uint64_t generation)
{
    sw->wanted_generation = generation;
    switch (sw->status.state) {
    case ZW_SWITCH_IDLE:
    case ZW_SWITCH_REFUSED:
    case ZW_SWITCH_IN_SYNC:
        zw_switch_set_error(sw, ""); /* It is about what was desired before. */
        sync(sw);
        break;
    case ZW_SWITCH_READING:
    case ZW_SWITCH_SYNCING:
        zw_switch_set_error(sw, "");
        break;
    case ZW_SWITCH_DISCONNECTED:
    case ZW_SWITCH_HELLO:
        break;
    }
}

void zw_switch_set_desired(struct zw_switch *sw, struct zw_flow_table *desired, uint64_t generation)
{
    if (sw->wanted) {
        zw_flow_journal_become(sw->wanted, desired);
    } else {
        sw->wanted = zw_flow_journal_new(desired);
    }
    desired_changed(sw, generation);
}

bool zw_switch_change_desired(struct zw_switch *sw, struct zw_flow_delta *delta, uint64_t base, uint64_t generation)
{
    if (!sw->wanted || base != sw->wanted_generation || !zw_flow_journal_apply(sw->wanted, delta)) {
        return false;
    }
    desired_changed(sw, generation);
    return true;
}

static void accepted(struct zw_switch *sw)
{
    size_t n_changes = sw->changes.n;

    forget_sent(sw);
    zw_meters_after(sw);
    if (sw->n_foreign_flows) {
        log_repair(sw);
    }
    if (sw->sent_generation == sw->wanted_generation) {
        confirmed(sw, n_changes);
    } else {
        sync(sw);
    }
}

static void refused(struct zw_switch *sw)
{
    char error[sizeof sw->refusal];

    forget_sent(sw);
    sw->is_known = false;
    zw_switch_set_state(sw, ZW_SWITCH_REFUSED);
    if (sw->sent_generation != sw->wanted_generation) {
        sync(sw);
        return;
    }
    memcpy(error, sw->refusal, sizeof error);
    zw_switch_set_error(sw, error);
    set_timer(sw, ZW_SWITCH_RETRY_MS);
    sw->ops->sync_failed(sw->arg, sw->sent_generation, error);
}

/* --- What the switch says. --- */

bool zw_sync_flow_stats(struct zw_switch *sw, const struct zw_ofp_msg *msg, const uint8_t *data, size_t size)
{
    if (sw->status.state != ZW_SWITCH_READING || msg->xid != sw->dump_xid) {
        return false;
    }
    if (zw_ofp_decode_flow_stats(data, size, add_flow, sw)) {
        zw_ofconn_fail(sw->flows, true, "a bad list of flows");
    } else if (zw_flow_table_count(sw->reading) > sw->max_flows) {
        zw_ofconn_fail(sw->flows, true, "more than %zu flows", sw->max_flows);
    } else if (!msg->more) {
        zw_stations_end(sw->stations);
        count_foreign_flows(sw);
        set_table(&sw->found, sw->reading);
        sw->reading = NULL;
        sync(sw);
    }
    return true;
}

void zw_sync_foreign_change(struct zw_switch *sw)
{
    enum zw_switch_state state = sw->status.state;

    if (sw->dirty) {
        return;
    }
    sw->dirty = true;
    sw->dirty_since_us = now_us(CLOCK_MONOTONIC);
    if (state == ZW_SWITCH_IN_SYNC || state == ZW_SWITCH_IDLE) {
        read_again_soon(sw);
    }
}

/* Nothing of a bundle is committed if the switch did not like one part of it. */
static void filled(struct zw_switch *sw)
{
    struct zw_outbuf *out = zw_ofconn_out(sw->flows);

    sw->filled = true;
    if (sw->refusal[0]) {
        zw_ofp_put_bundle_discard(out, sw->bundle_id);
        refused(sw);
    } else {
        sw->commit = zw_ofp_put_bundle_commit(out, sw->bundle_id);
    }
}

static void answered(struct zw_switch *sw)
{
    if (sw->committed) {
        accepted(sw);
        return;
    }
    if (!sw->refusal[0]) {
        snprintf(sw->refusal, sizeof sw->refusal, "no answer to the commit");
    }
    refused(sw);
}

void zw_sync_bundle_reply(struct zw_switch *sw, const struct zw_ofp_msg *msg)
{
    sw->committed |= sw->status.state == ZW_SWITCH_SYNCING && sw->filled && msg->xid == sw->commit.xid;
}

void zw_sync_barrier_reply(struct zw_switch *sw, const struct zw_ofp_msg *msg)
{
    if (sw->status.state != ZW_SWITCH_SYNCING) {
        return;
    }
    if (!sw->filled && msg->xid == sw->bundle.barrier_xid) {
        filled(sw);
    } else if (sw->filled && msg->xid == sw->commit.barrier_xid) {
        answered(sw);
    }
}

/* Only the first one: those that follow say no more than that the bundle failed. */
static void note_refusal(struct zw_switch *sw, const struct zw_ofp_msg *msg)
{
    uint32_t i = msg->xid - sw->bundle.first_xid;

    if (sw->refusal[0]) {
        return;
    }
    if (i < sw->changes.n) {
        char *flow = zw_flow_format(sw->changes.list[i].flow);

        snprintf(sw->refusal, sizeof sw->refusal, "%s for %s", msg->text, flow);
        free(flow);
    } else {
        snprintf(sw->refusal, sizeof sw->refusal, "%s", msg->text);
    }
}

bool zw_sync_error(struct zw_switch *sw, const struct zw_ofp_msg *msg)
{
    if (sw->status.state == ZW_SWITCH_READING && msg->xid == sw->dump_xid) {
        zw_ofconn_fail(sw->flows, false, "it does not list its flows: %s", msg->text);
        return true;
    }
    if (sw->status.state == ZW_SWITCH_SYNCING) {
        note_refusal(sw, msg);
        return true;
    }
    return false;
}

void zw_sync_expired(struct zw_switch *sw)
{
    switch (sw->status.state) {
    case ZW_SWITCH_READING:
    case ZW_SWITCH_SYNCING:
        zw_ofconn_fail(sw->flows, false, "no answer for %u s", ZW_SWITCH_ANSWER_S);
        break;
    case ZW_SWITCH_IDLE:
    case ZW_SWITCH_REFUSED:
    case ZW_SWITCH_IN_SYNC:
        read_flows(sw);
        break;
    case ZW_SWITCH_DISCONNECTED:
    case ZW_SWITCH_HELLO:
        break;
    }
}

void zw_sync_start(struct zw_switch *sw)
{
    read_flows(sw);
}

void zw_sync_stop(struct zw_switch *sw, const char *why)
{
    bool was_sent = sw->changes.n;
    uint64_t generation = sw->sent_generation;

    event_del(sw->timer);
    forget_sent(sw);
    sw->is_known = false;
    set_table(&sw->reading, NULL);
    set_table(&sw->found, NULL);
    if (was_sent) {
        sw->ops->sync_failed(sw->arg, generation, why);
    }
}

void zw_sync_free(struct zw_switch *sw)
{
    forget_sent(sw);
    set_table(&sw->reading, NULL);
    set_table(&sw->found, NULL);
    zw_flow_journal_free(sw->wanted);
}
