/* SPDX-License-Identifier: Apache-2.0 */
#include "zw-config.h"

#include "controller/daemon/sweep.h"

#include <event2/event.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "controller/base/log.h"
#include "controller/base/memory.h"
#include "controller/daemon/daemon-private.h"
#include "controller/policy/places.h"
#include "controller/policy/session.h"
#include "ovs-ext/conntrack.h"

/* Rounds of vswitchd through its cache.  One may be under way that began before the change, and the first answer may be
 * about it even when it comes before vswitchd has told its threads of the change; the third is surely about a whole one
 * behind it. */
#define SETTLE_ROUNDS 3

/* If it cannot say when (with a userspace and a kernel datapath at once): it takes no more than a second or so. */
#define SETTLE_BLIND_MS 3000

/* So many attempts in a row fail before it is worth a warning. */
#define PATIENCE 5

#define SLICE_LINES 64 /* Between looks at the clock. */

enum state {
    IDLE,
    LISTING,  /* vswitchd writes its list. */
    JUDGING,  /* We go through it. */
    ENDING,   /* The switch takes out what we told it to. */
    SETTLING, /* vswitchd goes through its cache. */
    FAILED,   /* Until the next attempt. */
};

/* A session that ends, and why. */
struct forbidden {
    struct zw_ct_entry entry;
    enum zw_fate fate;
    struct zw_verdict verdict; /* Of 'policy' below. */
};

struct zw_sweep {
    struct zw_daemon *daemon;
    enum state state;
    bool is_second;
    uint32_t due;                /* Bridges to be looked at, a bit each; */
    uint32_t covered;            /* those that are being looked at. */
    unsigned int n_rounds_left;  /* While SETTLING, */
    unsigned int n_rounds_stale; /* and of one that was given up. */
    unsigned int datapath;       /* Which list is next. */
    unsigned int n_failures;     /* In a row. */
    struct event *timer;
    char *text, *next; /* The list, and how far it was read. */
    struct zw_policy *policy;
    struct zw_places *places[ZW_MAX_BRIDGES]; /* NULL: not made yet. */
    struct zw_inventory *places_of;           /* What they were made of. */

    struct zw_managed *batch_bridge;
    struct forbidden batch[ZW_SWITCH_END_MAX];
    size_t n_batch;

    int64_t start_us; /* Monotonic. */
    uint64_t n_ended_before;
    struct zw_sweep_status status;
};

static void begin(struct zw_sweep *);
static void list_next(struct zw_sweep *);

static int64_t monotonic_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static void wake_in(struct zw_sweep *sweep, unsigned int ms)
{
    struct timeval tv = {.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000};

    evtimer_add(sweep->timer, &tv);
}

static void drop_list(struct zw_sweep *sweep)
{
    free(sweep->text);
    sweep->text = sweep->next = NULL;
}

static void fail(struct zw_sweep *sweep, const char *error)
{
    /* While vswitchd starts again this happens a few times. */
    if (++sweep->n_failures == PATIENCE) {
        zw_log(ZW_LOG_WARN, "sessions that the policy forbids cannot be ended yet: %s", error);
    }
    snprintf(sweep->status.error, sizeof sweep->status.error, "%s", error);
    drop_list(sweep);
    sweep->n_batch = 0;
    sweep->due |= sweep->covered;
    sweep->state = FAILED;
    wake_in(sweep, ZW_SWEEP_RETRY_MS);
}

static unsigned int segment_of(const struct zw_ct_entry *entry)
{
    return entry->ct_zone & ((1u << ZW_CT_ZONE_BRIDGE_SHIFT) - 1);
}

/* --- Which zone a port is in now. --- */

static void forget_places(struct zw_sweep *sweep)
{
    for (size_t i = 0; i < ZW_MAX_BRIDGES; i++) {
        zw_places_free(sweep->places[i]);
        sweep->places[i] = NULL;
    }
    zw_inventory_unref(sweep->places_of);
    sweep->places_of = NULL;
}

/* The newest policy that this bridge has confirmed judges its sessions; none while a change is on its way. */
static bool may_judge(struct zw_sweep *sweep, const struct zw_managed *managed)
{
    struct zw_daemon *daemon = sweep->daemon;

    if (!(sweep->covered >> managed->index & 1) || managed->version_in_force != daemon->policy->version) {
        return false;
    }
    if (sweep->policy != daemon->policy || sweep->places_of != daemon->inventory) {
        zw_policy_unref(sweep->policy);
        sweep->policy = zw_policy_ref(daemon->policy);
        forget_places(sweep);
        sweep->places_of = zw_inventory_ref(daemon->inventory);
    }
    if (!sweep->places[managed->index]) {
        sweep->places[managed->index] = zw_places_new(sweep->policy, zw_daemon_bridge(daemon, managed));
    }
    return true;
}

static struct zw_session_end session_end(const struct zw_places *places, const struct zw_ct_entry *entry,
                                         uint32_t zone_id, uint32_t ofport)
{
    struct zw_session_end end = {.zone_id = zone_id};

    end.has_port = zw_places_find(places, ofport, segment_of(entry), &end.port_zone);
    return end;
}

/* --- Ending. --- */

static void put_name(char *buf, size_t size, const char *name)
{
    snprintf(buf, size, "%.*s", (int)size - 1, name ? name : "");
}

static void put_port(char *buf, size_t size, const struct zw_bridge *bridge, uint32_t ofport)
{
    const struct zw_port *port = bridge && ofport ? zw_bridge_port_by_ofport(bridge, ofport) : NULL;

    if (port) {
        put_name(buf, size, port->name);
    } else {
        snprintf(buf, size, "#%u", ofport);
    }
}

/* A zone that the policy in force does not know has kept its name in the one that let the session in. */
static void put_zone(char *buf, size_t size, const struct zw_policy *now, const struct zw_policy *then, uint32_t id)
{
    const struct zw_zone *zone = zw_policy_zone_by_id(now, id);

    zone = zone || !then ? zone : zw_policy_zone_by_id(then, id);
    if (zone) {
        put_name(buf, size, zone->name);
    } else {
        snprintf(buf, size, "#%08x", id);
    }
}

static void describe_was(struct zw_end_record *end, const struct zw_daemon *daemon, const struct zw_ct_entry *entry)
{
    uint32_t id = ZW_CT_LABEL(entry, RULE), version = ZW_CT_LABEL(entry, VERSION);
    const struct zw_rule *rule = zw_daemon_find_rule(daemon, id, version);
    bool slow = ZW_CT_LABEL(entry, SLOW);

    end->was_version = version;
    end->was_path = slow ? ZW_PATH_SLOW : ZW_PATH_FAST;
    end->was_rule = rule && zw_slowpath_policy(daemon->slowpath, version) ? rule->number : 0;
    if (rule || !id) {
        put_name(end->was_rule_name, sizeof end->was_rule_name, rule ? rule->name : "default");
    } else {
        snprintf(end->was_rule_name, sizeof end->was_rule_name, "#%u", id);
    }
    put_name(end->was_step, sizeof end->was_step,
             zw_step_name(!id    ? ZW_STEP_DEFAULT
                          : slow ? ZW_STEP_OTHERWISE
                                 : ZW_STEP_RULE));
}

/* Of a session that moved, a rule that would allow it in its new place did not end it. */
static void describe_verdict(struct zw_flow_record *flow, const struct forbidden *forbidden, uint32_t version)
{
    const struct zw_verdict *verdict = &forbidden->verdict;

    flow->path = ZW_PATH_SLOW;
    flow->policy_version = version;
    if (forbidden->fate == ZW_FATE_MOVED && verdict->action == ZW_ALLOW) {
        put_name(flow->step, sizeof flow->step, "moved");
        return;
    }
    flow->rule = verdict->rule ? verdict->rule->number : 0;
    put_name(flow->rule_name, sizeof flow->rule_name,
             verdict->rule                      ? verdict->rule->name
             : verdict->step == ZW_STEP_DEFAULT ? "default"
                                                : NULL);
    put_name(flow->step, sizeof flow->step, zw_step_name(verdict->step));
}

static void record_end(struct zw_sweep *sweep, const struct forbidden *forbidden)
{
    const struct zw_bridge *bridge = zw_daemon_bridge(sweep->daemon, sweep->batch_bridge);
    const struct zw_ct_entry *entry = &forbidden->entry;
    const struct zw_policy *then = zw_slowpath_policy(sweep->daemon->slowpath, ZW_CT_LABEL(entry, VERSION));
    struct zw_record record = {.type = ZW_RECORD_END, .time_us = zw_audit_now_us()};
    struct zw_flow_record *flow = &record.end.flow;

    flow->key = entry->key;
    flow->segment = segment_of(entry);
    describe_verdict(flow, forbidden, sweep->policy->version);
    put_zone(flow->src_zone, sizeof flow->src_zone, sweep->policy, then, ZW_CT_LABEL(entry, SRC_ZONE));
    put_zone(flow->dst_zone, sizeof flow->dst_zone, sweep->policy, then, ZW_CT_LABEL(entry, DST_ZONE));
    put_port(flow->src_port, sizeof flow->src_port, bridge, ZW_CT_MARK(entry, IN_PORT));
    put_port(flow->dst_port, sizeof flow->dst_port, bridge, ZW_CT_MARK(entry, OUT_PORT));
    put_name(flow->bridge, sizeof flow->bridge, sweep->batch_bridge->name);
    put_name(record.end.reason, sizeof record.end.reason, forbidden->fate == ZW_FATE_MOVED ? "moved" : "policy");
    describe_was(&record.end, sweep->daemon, entry);
    zw_audit_put(sweep->daemon->audit, &record);
}

static void on_ended(void *sweep_, const char *error)
{
    struct zw_sweep *sweep = sweep_;

    if (error) {
        fail(sweep, error);
        return;
    }
    for (size_t i = 0; i < sweep->n_batch; i++) {
        record_end(sweep, &sweep->batch[i]);
    }
    sweep->status.n_ended += sweep->n_batch;
    sweep->n_batch = 0;
    sweep->state = JUDGING;
    wake_in(sweep, 0);
}

/* Returns at once; on_ended() goes on. */
static void end_batch(struct zw_sweep *sweep)
{
    const struct zw_ct_entry *entries[ZW_SWITCH_END_MAX];

    for (size_t i = 0; i < sweep->n_batch; i++) {
        entries[i] = &sweep->batch[i].entry;
    }
    sweep->state = ENDING;
    zw_switch_end_sessions(sweep->batch_bridge->sw, entries, sweep->n_batch, on_ended, sweep);
}

/* --- Judging. --- */

/* OVS's userspace conntrack does not know the ports of SCTP, so that they cannot be judged here.  What the policy in force
 * let in was judged by its packet. */
static bool was_judged(const struct zw_ct_entry *entry, const struct zw_policy *policy)
{
    return entry->key.proto == IPPROTO_SCTP && !entry->key.sport && !entry->key.dport &&
           ZW_CT_LABEL(entry, VERSION) == policy->version;
}

/* Of the session that 'entry' is, if it is one of ours.  False if the batch has to end before it. */
static bool judge(struct zw_sweep *sweep, const struct zw_ct_entry *entry)
{
    unsigned int number = entry->ct_zone >> ZW_CT_ZONE_BRIDGE_SHIFT; /* From 1. */

    if (!number || number > sweep->daemon->n_bridges || !ZW_CT_LABEL(entry, ALLOWED)) {
        return true;
    }
    struct zw_managed *managed = &sweep->daemon->bridges[number - 1];
    if (!may_judge(sweep, managed)) {
        return true;
    }
    const struct zw_places *places = sweep->places[managed->index];
    struct zw_session_end src = session_end(places, entry, ZW_CT_LABEL(entry, SRC_ZONE), ZW_CT_MARK(entry, IN_PORT));
    struct zw_session_end dst = session_end(places, entry, ZW_CT_LABEL(entry, DST_ZONE), ZW_CT_MARK(entry, OUT_PORT));
    struct forbidden forbidden = {.entry = *entry};
    forbidden.fate = zw_session_judge(sweep->policy, &src, &dst, &entry->key, &forbidden.verdict);
    if (forbidden.fate == ZW_FATE_STAYS || (forbidden.fate == ZW_FATE_FORBIDDEN && was_judged(entry, sweep->policy))) {
        return true;
    }
    if (sweep->n_batch && (sweep->n_batch == ZW_SWITCH_END_MAX || sweep->batch_bridge != managed)) {
        return false;
    }
    sweep->batch_bridge = managed;
    sweep->batch[sweep->n_batch++] = forbidden;
    return true;
}

/* False at the end of the list, or when the batch has to end first. */
static bool judge_line(struct zw_sweep *sweep)
{
    struct zw_ct_entry entry;
    char *line = sweep->next;
    size_t length = strcspn(line, "\n");

    if (!*line) {
        return false;
    }
    if (zw_ct_parse(line, &entry)) {
        sweep->status.n_unreadable++;
    } else if (!judge(sweep, &entry)) {
        return false;
    }
    sweep->next += length + (line[length] == '\n');
    return true;
}

/* Verdicts of a batch belong to one policy: what another one is to judge waits until the batch has ended. */
static bool batch_is_old(const struct zw_sweep *sweep)
{
    return sweep->n_batch && sweep->policy != sweep->daemon->policy;
}

static void judge_slice(struct zw_sweep *sweep)
{
    int64_t end_us = monotonic_us() + ZW_SWEEP_SLICE_MS * 1000;

    while (!batch_is_old(sweep)) {
        for (int i = 0; i < SLICE_LINES; i++) {
            if (!judge_line(sweep)) {
                if (sweep->n_batch) {
                    end_batch(sweep);
                } else {
                    drop_list(sweep);
                    list_next(sweep);
                }
                return;
            }
        }
        if (monotonic_us() >= end_us) {
            wake_in(sweep, 0);
            return;
        }
    }
    end_batch(sweep);
}

/* --- Listing. --- */

static void on_list(void *sweep_, const char *text, const char *error)
{
    struct zw_sweep *sweep = sweep_;

    if (sweep->state != LISTING) {
        return; /* It is being freed. */
    }
    if (!text) {
        fail(sweep, error);
        return;
    }
    sweep->text = sweep->next = zw_ovsdb_keep_text(sweep->daemon->ovsdb);
    sweep->state = JUDGING;
    wake_in(sweep, 0);
}

static bool is_covered(const struct zw_sweep *sweep, bool netdev)
{
    const struct zw_inventory *inventory = sweep->daemon->inventory;

    for (size_t i = 0; inventory && i < inventory->n_bridges; i++) {
        const struct zw_bridge *bridge = &inventory->bridges[i];

        if (bridge->exists && sweep->covered >> i & 1 && zw_bridge_is_netdev(bridge) == netdev) {
            return true;
        }
    }
    return false;
}

/* vswitchd went through its cache once more. */
static void on_settled(void *sweep_, const char *text, const char *error);

static void settle(struct zw_sweep *sweep)
{
    int result = zw_ovsdb_call(sweep->daemon->ovsdb, sweep->daemon->options.ovs_run_dir, "revalidator/wait", NULL, 0,
                               ZW_SWEEP_SETTLE_MS, on_settled, sweep);
    if (result) {
        fail(sweep, strerror(result));
    }
}

static void on_settled(void *sweep_, const char *text, const char *error)
{
    struct zw_sweep *sweep = sweep_;

    (void)error;
    if (sweep->n_rounds_stale) {
        sweep->n_rounds_stale--;
    } else if (sweep->state != SETTLING) {
        return; /* It is being freed. */
    } else if (!text) {
        sweep->n_rounds_left = 0;
        wake_in(sweep, SETTLE_BLIND_MS);
    } else if (--sweep->n_rounds_left) {
        settle(sweep);
    } else {
        wake_in(sweep, 0);
    }
}

static void over(struct zw_sweep *sweep)
{
    sweep->state = IDLE;
    sweep->covered = 0;
    sweep->status.n_sweeps++;
    sweep->status.all_us = monotonic_us() - sweep->start_us;
    forget_places(sweep);
    zw_policy_unref(sweep->policy);
    sweep->policy = NULL;
}

/* Every list was gone through. */
static void looked(struct zw_sweep *sweep)
{
    sweep->status.error[0] = '\0';
    sweep->n_failures = 0;
    if (sweep->due) {
        begin(sweep);
        return;
    }
    if (sweep->is_second) {
        over(sweep);
    } else {
        sweep->status.first_us = monotonic_us() - sweep->start_us;
        sweep->status.ended_us = zw_audit_now_us();
        sweep->state = SETTLING;
        sweep->n_rounds_left = SETTLE_ROUNDS;
        settle(sweep);
    }
    if (sweep->status.n_ended > sweep->n_ended_before) {
        zw_log(ZW_LOG_INFO, "%llu sessions ended that the policy forbids",
               (unsigned long long)(sweep->status.n_ended - sweep->n_ended_before));
    }
    sweep->n_ended_before = sweep->status.n_ended;
    zw_apply_check(sweep->daemon);
}

/* One list serves all bridges of a datapath type. */
static void list_next(struct zw_sweep *sweep)
{
    static const char *const datapaths[] = {"netdev@ovs-netdev", "system@ovs-system"};

    while (sweep->datapath < 2 && !is_covered(sweep, sweep->datapath == 0)) {
        sweep->datapath++;
    }
    if (sweep->datapath == 2) {
        looked(sweep);
        return;
    }
    sweep->state = LISTING;
    int error = zw_ovsdb_call(sweep->daemon->ovsdb, sweep->daemon->options.ovs_run_dir, "dpctl/dump-conntrack",
                              &datapaths[sweep->datapath++], 1, ZW_SWEEP_LIST_MS, on_list, sweep);
    if (error) {
        fail(sweep, strerror(error));
    }
}

static void look(struct zw_sweep *sweep)
{
    sweep->covered |= sweep->due;
    sweep->due = 0;
    sweep->datapath = 0;
    sweep->status.n_unreadable = 0;
    list_next(sweep);
}

static void begin(struct zw_sweep *sweep)
{
    sweep->is_second = false;
    sweep->start_us = monotonic_us();
    look(sweep);
}

static void on_timer(evutil_socket_t fd, short what, void *sweep_)
{
    struct zw_sweep *sweep = sweep_;

    (void)fd, (void)what;
    switch (sweep->state) {
    case JUDGING:
        judge_slice(sweep);
        break;
    case SETTLING:
        sweep->is_second = true;
        look(sweep);
        break;
    case FAILED:
        begin(sweep);
        break;
    case IDLE:
    case LISTING:
    case ENDING:
        break;
    }
}

void zw_sweep_request(struct zw_sweep *sweep, const struct zw_managed *managed)
{
    sweep->due |= UINT32_C(1) << managed->index;
    if (sweep->state == SETTLING) {
        sweep->n_rounds_stale += sweep->n_rounds_left != 0;
        event_del(sweep->timer);
        begin(sweep);
    } else if (sweep->state == IDLE) {
        begin(sweep);
    }
}

struct zw_sweep *zw_sweep_new(struct zw_daemon *daemon)
{
    struct zw_sweep *sweep = zw_xcalloc(1, sizeof *sweep);

    sweep->daemon = daemon;
    sweep->timer = evtimer_new(daemon->base, on_timer, sweep);
    return sweep;
}

void zw_sweep_free(struct zw_sweep *sweep)
{
    if (sweep) {
        event_free(sweep->timer);
        drop_list(sweep);
        forget_places(sweep);
        zw_policy_unref(sweep->policy);
        free(sweep);
    }
}

struct zw_sweep_status zw_sweep_status(const struct zw_sweep *sweep)
{
    struct zw_sweep_status status = sweep->status;

    status.n_found = sweep->n_batch + status.n_ended - sweep->n_ended_before;
    status.is_running = sweep->state != IDLE;
    status.is_ending = sweep->due || (sweep->state != IDLE && sweep->state != SETTLING && !sweep->is_second);
    return status;
}
