/* SPDX-License-Identifier: Apache-2.0 */
/* The meters that flows name.
 *
 * Some are the same on every bridge.  The others (ZW_LEARN_HOST_METER, ZW_LEARN_MANY_METER) are for a port each and come and
 * go with the flows that name them: a meter is made before the bundle whose flows need it, and deleted when the switch has
 * confirmed that no flow does.  OVS looks up a meter when a flow is added, and lets a flow pass unbounded whose meter is
 * not there; so, where meters were missing, flows that were right are sent again.
 *
 * No flow monitor tells that somebody else deletes meters, and only flows that have one as an action go with it: so what
 * there is is looked at time and again (look.c). */

#include "zw-config.h"

#include <stdlib.h>
#include <string.h>

#include "controller/base/log.h"
#include "controller/base/memory.h"
#include "controller/switch/switch-private.h"

static const struct {
    uint32_t id, pps, burst;
    const char *what;
} fixed[ZW_SWITCH_N_METERS] = {
    {ZW_COPY_METER_ID, ZW_COPY_METER_PPS, ZW_COPY_METER_PPS, "copies of denied packets"},
    {ZW_DROP_METER_ID, ZW_COPY_METER_PPS, ZW_COPY_METER_PPS, "copies of dropped packets"},
    {ZW_REJECT_METER_ID, ZW_REJECT_METER_PPS, ZW_REJECT_METER_BURST, "answers to rejected packets"},
};

static uint32_t put(struct zw_switch *sw, bool modify, uint32_t id, uint32_t pps, uint32_t burst)
{
    return zw_ofp_put_meter_mod(zw_ofconn_out(sw->flows), modify, id, pps, burst);
}

static void put_fixed_one(struct zw_switch *sw, size_t i, bool modify)
{
    sw->meters.fixed[i].xid = put(sw, modify, fixed[i].id, fixed[i].pps, fixed[i].burst);
}

static void put_fixed(struct zw_switch *sw)
{
    for (size_t i = 0; i < ZW_SWITCH_N_METERS; i++) {
        put_fixed_one(sw, i, false);
    }
}

/* --- Sets of meters of ports --- */

static bool has(const struct zw_meter_set *set, uint32_t id)
{
    uint32_t bit = id - ZW_LEARN_HOST_METER;

    return set->bits[bit / 64] >> bit % 64 & 1;
}

static void set_to(struct zw_meter_set *set, uint32_t id, bool is_in)
{
    uint32_t bit = id - ZW_LEARN_HOST_METER;
    uint64_t mask = UINT64_C(1) << bit % 64;

    set->bits[bit / 64] = is_in ? set->bits[bit / 64] | mask : set->bits[bit / 64] & ~mask;
}

static void put_for_port(struct zw_switch *sw, uint32_t id, bool modify)
{
    struct zw_meters *m = &sw->meters;
    bool is_host = zw_meter_is_of_host(id);
    uint32_t xid = put(sw, modify, id, is_host ? ZW_LEARN_HOST_PPS : ZW_LEARN_MANY_PPS,
                       is_host ? ZW_LEARN_HOST_BURST : ZW_LEARN_MANY_BURST);

    m->sent = zw_xgrow(m->sent, m->n_sent, &m->sent_allocated, sizeof *m->sent);
    m->sent[m->n_sent++] = (struct zw_sent_meter){.xid = xid, .id = id, .is_modify = modify};
    set_to(&m->there, id, true);
}

/* --- Reading --- */

void zw_meters_read(struct zw_switch *sw)
{
    struct zw_meters *m = &sw->meters;

    memset(&m->there, 0, sizeof m->there);
    memset(m->fixed, 0, sizeof m->fixed);
    m->n_sent = 0;
    m->has_old = false;
    m->must_look = true;
    m->was_read = true;
    m->look_xid = 0;
    m->dump_xid = zw_ofp_put_meter_dump(zw_ofconn_out(sw->flows));
    put_fixed(sw); /* After it: what it says was there before. */
}

void zw_meters_look(struct zw_switch *sw)
{
    struct zw_meters *m = &sw->meters;
    bool is_quiet = sw->status.state == ZW_SWITCH_IN_SYNC || sw->status.state == ZW_SWITCH_IDLE;

    if (!is_quiet || sw->dirty || !sw->status.metered) {
        return;
    }
    memset(&m->seen, 0, sizeof m->seen);
    for (size_t i = 0; i < ZW_SWITCH_N_METERS; i++) {
        m->fixed[i].is_seen = false;
    }
    m->look_xid = zw_ofp_put_meter_dump(zw_ofconn_out(sw->flows));
}

static struct zw_fixed_meter *find_fixed(struct zw_switch *sw, uint32_t id)
{
    for (size_t i = 0; i < ZW_SWITCH_N_METERS; i++) {
        if (fixed[i].id == id) {
            return &sw->meters.fixed[i];
        }
    }
    return NULL;
}

static void see(void *sw_, uint32_t id, uint32_t pps, uint32_t burst)
{
    struct zw_switch *sw = sw_;
    struct zw_fixed_meter *one = find_fixed(sw, id);

    (void)pps, (void)burst;
    if (one) {
        one->is_seen = true;
    } else if (zw_meter_learns(id)) {
        set_to(&sw->meters.seen, id, true);
    }
}

static unsigned int count_missing(const struct zw_meters *m)
{
    unsigned int n = 0;

    for (size_t i = 0; i < ZW_SWITCH_N_METERS; i++) {
        n += !m->fixed[i].is_seen;
    }
    for (size_t i = 0; i < sizeof m->seen.bits / sizeof m->seen.bits[0]; i++) {
        n += (unsigned int)__builtin_popcountll(m->needed.bits[i] & ~m->seen.bits[i]);
    }
    return n;
}

static void end_look(struct zw_switch *sw)
{
    static struct zw_log_limit limit = ZW_LOG_LIMIT_INIT(10, 5000);
    unsigned int n = count_missing(&sw->meters);

    sw->meters.look_xid = 0;
    if (n) {
        zw_log_rl(&limit, ZW_LOG_WARN, "bridge %s: somebody else deleted %u meters; mending that", sw->name, n);
        sw->status.n_meters_mended += n;
        zw_sync_foreign_change(sw);
    }
}

static void found(void *sw_, uint32_t id, uint32_t pps, uint32_t burst)
{
    struct zw_switch *sw = sw_;
    struct zw_fixed_meter *one = find_fixed(sw, id);

    if (one) {
        one->is_there = true;
    } else if (id == ZW_OLD_LEARN_METER) {
        sw->meters.has_old = true;
    } else if (zw_meter_learns(id)) {
        bool is_host = zw_meter_is_of_host(id);

        set_to(&sw->meters.there, id, true);
        if (pps != (is_host ? ZW_LEARN_HOST_PPS : ZW_LEARN_MANY_PPS) ||
            burst != (is_host ? ZW_LEARN_HOST_BURST : ZW_LEARN_MANY_BURST)) {
            put_for_port(sw, id, true);
        }
    }
}

void zw_meters_message(struct zw_switch *sw, const struct zw_ofp_msg *msg, const uint8_t *data, size_t size)
{
    bool is_look = sw->meters.look_xid && msg->xid == sw->meters.look_xid;

    if (!is_look && msg->xid != sw->meters.dump_xid) {
        return;
    }
    if (zw_ofp_decode_meters(data, size, is_look ? see : found, sw)) {
        zw_ofconn_fail(sw->flows, true, "a bad list of meters");
    } else if (is_look && !msg->more) {
        end_look(sw);
    }
}

/* --- What flows need --- */

struct look {
    struct zw_switch *sw;
    struct zw_meter_set missing;
};

static void note(void *look_, const struct zw_flow *flow)
{
    struct look *look = look_;
    uint32_t id = zw_flow_learn_meter(flow);

    if (id) {
        set_to(&look->sw->meters.needed, id, true);
        set_to(&look->missing, id, !has(&look->sw->meters.there, id));
    }
}

/* Of those that are the same on every bridge. */
static bool lacks_fixed(const struct zw_switch *sw, const struct zw_flow *flow)
{
    for (size_t i = 0; i < ZW_SWITCH_N_METERS; i++) {
        if (!sw->meters.fixed[i].is_there && zw_flow_names_meter(flow, fixed[i].id)) {
            return true;
        }
    }
    return false;
}

/* What is there and names a meter that is not, or was not when meters were read. */
static void send_again(void *look_, const struct zw_flow *flow)
{
    struct look *look = look_;
    uint32_t id = zw_flow_learn_meter(flow);

    if (((id && has(&look->missing, id)) || lacks_fixed(look->sw, flow)) &&
        zw_flow_table_find(look->sw->replaced, flow)) {
        zw_changes_add(&look->sw->changes, ZW_CHANGE_MODIFY, flow);
    }
}

static bool touches_meters(const struct zw_changes *changes)
{
    for (size_t i = 0; i < changes->n; i++) {
        if (zw_flow_stage(changes->list[i].flow) == ZW_STAGE_BINDING) {
            return true;
        }
    }
    return false;
}

void zw_meters_before(struct zw_switch *sw)
{
    struct zw_meters *m = &sw->meters;
    struct look look = {.sw = sw};

    m->look_xid = 0; /* What is needed may be another. */
    if (!m->must_look && !touches_meters(&sw->changes)) {
        return;
    }
    m->must_look = true; /* Until the flows are in force. */
    m->n_sent = 0;       /* Of what was sent before, the switch has said what it had to. */
    memset(&m->needed, 0, sizeof m->needed);
    zw_flow_table_each_unordered(zw_flow_journal_table(sw->wanted), note, &look);
    if (m->was_read && sw->replaced) {
        zw_flow_table_each_unordered(zw_flow_journal_table(sw->wanted), send_again, &look);
        m->was_read = false;
    }
    for (uint32_t id = ZW_LEARN_HOST_METER; id < ZW_LEARN_METER_END; id++) {
        if (has(&look.missing, id)) {
            put_for_port(sw, id, false);
        }
    }
}

void zw_meters_with_bundle(struct zw_switch *sw)
{
    put_fixed(sw);
}

void zw_meters_after(struct zw_switch *sw)
{
    struct zw_meters *m = &sw->meters;
    struct zw_outbuf *out = zw_ofconn_out(sw->flows);

    if (!m->must_look) {
        return;
    }
    for (uint32_t id = ZW_LEARN_HOST_METER; id < ZW_LEARN_METER_END; id++) {
        if (has(&m->there, id) && !has(&m->needed, id)) {
            zw_ofp_put_meter_delete(out, id);
            set_to(&m->there, id, false);
        }
    }
    if (m->has_old) {
        zw_ofp_put_meter_delete(out, ZW_OLD_LEARN_METER);
        m->has_old = false;
    }
    m->must_look = false;
    zw_ofconn_flush(sw->flows);
}

/* --- The connection, and errors --- */

void zw_meters_start(struct zw_switch *sw)
{
    sw->status.metered = true;
}

void zw_meters_free(struct zw_switch *sw)
{
    free(sw->meters.sent);
}

static void unbounded(struct zw_switch *sw, const char *why, const char *what)
{
    static struct zw_log_limit limit = ZW_LOG_LIMIT_INIT(10, 5000);

    sw->status.metered = false;
    zw_log_rl(&limit, ZW_LOG_WARN, "bridge %s: no meters (%s): %s are not bounded", sw->name, why, what);
}

/* A meter that is there already may be from our life before, and then it may differ. */
static void fixed_error(struct zw_switch *sw, size_t i, const struct zw_ofp_msg *msg)
{
    if (msg->meter_exists) {
        if (!sw->meters.fixed[i].is_ours) {
            put_fixed_one(sw, i, true);
            sw->meters.fixed[i].is_ours = true;
        }
    } else if (msg->meter_unknown) { /* It was there a moment ago. */
        put_fixed_one(sw, i, false);
    } else {
        unbounded(sw, msg->text, fixed[i].what);
    }
}

/* Others made, or deleted, one of the same number since the meters were read. */
static void port_error(struct zw_switch *sw, const struct zw_sent_meter *sent, const struct zw_ofp_msg *msg)
{
    if (msg->meter_exists && !sent->is_modify) {
        put_for_port(sw, sent->id, true);
    } else {
        set_to(&sw->meters.there, sent->id, false);
        unbounded(sw, msg->text, "copies of what ports say of addresses");
    }
}

bool zw_meters_error(struct zw_switch *sw, const struct zw_ofp_msg *msg)
{
    const struct zw_meters *m = &sw->meters;

    for (size_t i = 0; i < ZW_SWITCH_N_METERS; i++) {
        if (msg->xid == m->fixed[i].xid) {
            fixed_error(sw, i, msg);
            return true;
        }
    }
    for (size_t i = 0; i < m->n_sent; i++) {
        if (msg->xid == m->sent[i].xid) {
            const struct zw_sent_meter sent = m->sent[i];

            port_error(sw, &sent, msg);
            return true;
        }
    }
    return msg->xid == m->dump_xid ||
           (m->look_xid && msg->xid == m->look_xid); /* It has none; adding them will say so. */
}
