/* SPDX-License-Identifier: Apache-2.0 */
#include "zw-config.h"

#include "controller/daemon/ct-limits.h"

#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "controller/base/log.h"
#include "controller/base/memory.h"
#include "controller/daemon/daemon-private.h"
#include "ovs-ext/pipeline.h"

#define PATIENCE 5 /* So many attempts in a row fail before it is worth a warning. */

/* Zones of one question.  The kernel's answer to it has room for some three hundred, and its refusal is all that one
 * who asks for more gets ("Message too long"). */
#define PORTION 200
#define ZONES_SIZE (sizeof "zone=" + PORTION * sizeof "65535,")
#define LIMIT_SIZE sizeof "zone=65535,limit=4294967295"
#define UNKNOWN UINT32_MAX
#define FIRST_ZONE (1u << ZW_CT_ZONE_BRIDGE_SHIFT) /* Of our bridges, which are numbered from 1. */

static const char *const datapaths[ZW_N_DATAPATHS] = {
    [ZW_DATAPATH_NETDEV] = "netdev@ovs-netdev",
    [ZW_DATAPATH_SYSTEM] = "system@ovs-system",
};

struct zw_ct_limits {
    struct zw_daemon *daemon;
    struct event *timer;
    bool is_clean;       /* The policy has no limit, and vswitchd none of ours: a look costs it some milliseconds. */
    bool is_waiting;     /* For vswitchd. */
    bool is_again;       /* Something changed meanwhile. */
    uint32_t n_failures; /* In a row. */
    struct zw_ct_limits_status status, next; /* Of the last look, and of the one that goes on. */

    /* What is being looked at. */
    int datapath;
    unsigned int zone; /* The next to ask for. */
    uint16_t asked[PORTION];
    size_t n_asked;

    /* By zone, below 'n_zones': the limit that it had when it was last asked for, 0 for none, or UNKNOWN. */
    uint32_t *limits[ZW_N_DATAPATHS];
    unsigned int n_zones;
};

static void ask_next(struct zw_ct_limits *);

static void wake_in(struct zw_ct_limits *limits, unsigned int ms)
{
    struct timeval tv = {.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000};

    evtimer_add(limits->timer, &tv);
}

static void forget(struct zw_ct_limits *limits)
{
    for (int datapath = 0; datapath < ZW_N_DATAPATHS; datapath++) {
        for (unsigned int zone = 0; zone < limits->n_zones; zone++) {
            limits->limits[datapath][zone] = UNKNOWN;
        }
    }
}

/* While vswitchd starts again this happens a few times.  Without a limit in the policy nothing is lost by it. */
static void fail(struct zw_ct_limits *limits, const char *error)
{
    limits->n_failures++;
    if (limits->daemon->policy->max_sessions) {
        if (limits->n_failures == PATIENCE) {
            zw_log(ZW_LOG_WARN, "the limits of conntrack zones cannot be set yet: %s", error);
        }
        snprintf(limits->status.error, sizeof limits->status.error, "%s", error);
    }
    forget(limits);
    limits->is_waiting = false;
    wake_in(limits, ZW_CT_LIMITS_PERIOD_MS);
}

static void over(struct zw_ct_limits *limits)
{
    limits->status = limits->next;
    limits->n_failures = 0;
    limits->is_waiting = false;
    if (limits->is_again) {
        zw_ct_limits_update(limits);
    } else if (limits->daemon->policy->max_sessions) {
        wake_in(limits, ZW_CT_LIMITS_PERIOD_MS);
    } else {
        limits->is_clean = true;
    }
}

static bool is_wanted(const struct zw_ct_limits *limits, unsigned int zone)
{
    const struct zw_daemon *daemon = limits->daemon;

    return daemon->policy->max_sessions &&
           zw_ct_want_has(daemon->ct_want, (enum zw_datapath)limits->datapath, (uint16_t)zone);
}

static void call(struct zw_ct_limits *limits, const char *command, const char *const *args, size_t n,
                 zw_ovsdb_done_cb *done)
{
    int error = zw_ovsdb_call(limits->daemon->ovsdb, limits->daemon->options.ovs_run_dir, command, args, n,
                              ZW_CT_LIMITS_CALL_MS, done, limits);

    if (error) {
        fail(limits, strerror(error));
    }
}

/* A limit that is there all the same shows at the next look. */
static void on_dropped(void *limits_, const char *text, const char *error)
{
    if (!text) {
        fail(limits_, error);
        return;
    }
    ask_next(limits_);
}

/* "zone=1,2,3" of those that were asked for and 'is_one_of'.  Returns how many. */
static size_t list_zones(const struct zw_ct_limits *limits, bool is_one_of(const struct zw_ct_limits *, unsigned int),
                         char list[ZONES_SIZE])
{
    size_t n = 0, length = 0;

    for (size_t i = 0; i < limits->n_asked; i++) {
        if (is_one_of(limits, limits->asked[i])) {
            length += (size_t)sprintf(list + length, "%s%u", n++ ? "," : "zone=", limits->asked[i]);
        }
    }
    return n;
}

static bool has_to_go(const struct zw_ct_limits *limits, unsigned int zone)
{
    return !is_wanted(limits, zone) && limits->limits[limits->datapath][zone];
}

/* Returns whether there was any to take away. */
static bool drop_limits(struct zw_ct_limits *limits)
{
    char zones[ZONES_SIZE];

    if (!list_zones(limits, has_to_go, zones)) {
        return false;
    }
    for (size_t i = 0; i < limits->n_asked; i++) {
        if (has_to_go(limits, limits->asked[i])) {
            limits->limits[limits->datapath][limits->asked[i]] = 0;
        }
    }
    call(limits, "dpctl/ct-del-limits", (const char *[]){datapaths[limits->datapath], zones}, 2, on_dropped);
    return true;
}

/* What this portion has too much, then the next one. */
static void drop_and_ask_next(struct zw_ct_limits *limits)
{
    if (!drop_limits(limits)) {
        ask_next(limits);
    }
}

static void on_set(void *limits_, const char *text, const char *error)
{
    if (!text) {
        fail(limits_, error);
        return;
    }
    drop_and_ask_next(limits_);
}

/* Returns whether there was any to set. */
static bool set_limits(struct zw_ct_limits *limits)
{
    uint32_t max = limits->daemon->policy->max_sessions, *limit_of = limits->limits[limits->datapath];
    const char *args[1 + PORTION] = {datapaths[limits->datapath]};
    char set[PORTION][LIMIT_SIZE];
    size_t n = 0;

    for (size_t i = 0; i < limits->n_asked; i++) {
        unsigned int zone = limits->asked[i];

        if (is_wanted(limits, zone) && limit_of[zone] != max) {
            snprintf(set[n], sizeof set[n], "zone=%u,limit=%u", zone, max);
            args[1 + n] = set[n];
            n++;
            limit_of[zone] = UNKNOWN;
        }
    }
    if (n) {
        call(limits, "dpctl/ct-set-limits", args, 1 + n, on_set);
    }
    return n;
}

/* 'text' has "zone=N,limit=N,count=N" in lines. */
static void read_limits(struct zw_ct_limits *limits, const char *text)
{
    uint32_t max = limits->daemon->policy->max_sessions, *limit_of = limits->limits[limits->datapath];

    for (size_t i = 0; i < limits->n_asked; i++) {
        limit_of[limits->asked[i]] = 0;
    }
    for (const char *line = text; line; line = strchr(line, '\n')) {
        unsigned int zone, limit, count;

        line += *line == '\n';
        if (sscanf(line, "zone=%u,limit=%u,count=%u", &zone, &limit, &count) == 3 && zone < limits->n_zones) {
            limit_of[zone] = limit;
            if (is_wanted(limits, zone) && limit == max && count >= limit) {
                limits->next.n_full++;
                limits->next.full_zone = (uint16_t)zone;
            }
        }
    }
}

static void on_limits(void *limits_, const char *text, const char *error)
{
    struct zw_ct_limits *limits = limits_;

    if (!text) {
        fail(limits, error);
        return;
    }
    read_limits(limits, text);
    if (!set_limits(limits)) {
        drop_and_ask_next(limits);
    }
}

static bool is_used(const struct zw_daemon *daemon, enum zw_datapath datapath)
{
    for (size_t i = 0; i < daemon->inventory->n_bridges; i++) {
        const struct zw_bridge *bridge = &daemon->inventory->bridges[i];

        if (bridge->exists && zw_bridge_is_netdev(bridge) == (datapath == ZW_DATAPATH_NETDEV)) {
            return true;
        }
    }
    return false;
}

/* Zones that had no limit when they were asked for have none now: who but us would set one? */
static void choose_next(struct zw_ct_limits *limits)
{
    const uint32_t *limit_of = limits->limits[limits->datapath];

    limits->n_asked = 0;
    for (; limits->zone < limits->n_zones && limits->n_asked < PORTION; limits->zone++) {
        if (limit_of[limits->zone] || is_wanted(limits, limits->zone)) {
            limits->asked[limits->n_asked++] = (uint16_t)limits->zone;
        }
    }
}

static bool is_any(const struct zw_ct_limits *limits, unsigned int zone)
{
    (void)limits, (void)zone;
    return true;
}

static void ask(struct zw_ct_limits *limits)
{
    char zones[ZONES_SIZE];

    list_zones(limits, is_any, zones);
    call(limits, "dpctl/ct-get-limits", (const char *[]){datapaths[limits->datapath], zones}, 2, on_limits);
}

static void ask_next(struct zw_ct_limits *limits)
{
    while (limits->datapath < ZW_N_DATAPATHS) {
        if (is_used(limits->daemon, (enum zw_datapath)limits->datapath)) {
            choose_next(limits);
            if (limits->n_asked) {
                ask(limits);
                return;
            }
        }
        limits->datapath++;
        limits->zone = FIRST_ZONE;
    }
    over(limits);
}

static void begin(evutil_socket_t fd, short what, void *limits_)
{
    struct zw_ct_limits *limits = limits_;

    (void)fd, (void)what;
    limits->is_waiting = true;
    limits->is_again = false;
    limits->datapath = 0;
    limits->zone = FIRST_ZONE;
    limits->next = (struct zw_ct_limits_status){.n_full = 0};
    ask_next(limits);
}

void zw_ct_limits_update(struct zw_ct_limits *limits)
{
    limits->is_clean &= !limits->daemon->policy->max_sessions;
    if (limits->is_clean) {
        return;
    }
    if (limits->is_waiting) {
        limits->is_again = true;
    } else {
        wake_in(limits, 0);
    }
}

struct zw_ct_limits *zw_ct_limits_new(struct zw_daemon *daemon)
{
    struct zw_ct_limits *limits = zw_xcalloc(1, sizeof *limits);

    limits->daemon = daemon;
    limits->timer = evtimer_new(daemon->base, begin, limits);
    limits->n_zones = (unsigned int)(daemon->options.n_bridges + 1) << ZW_CT_ZONE_BRIDGE_SHIFT;
    for (int datapath = 0; datapath < ZW_N_DATAPATHS; datapath++) {
        limits->limits[datapath] = zw_xcalloc(limits->n_zones, sizeof *limits->limits[datapath]);
    }
    forget(limits);
    return limits;
}

void zw_ct_limits_free(struct zw_ct_limits *limits)
{
    if (limits) {
        event_free(limits->timer);
        for (int datapath = 0; datapath < ZW_N_DATAPATHS; datapath++) {
            free(limits->limits[datapath]);
        }
        free(limits);
    }
}

struct zw_ct_limits_status zw_ct_limits_status(const struct zw_ct_limits *limits)
{
    return limits->status;
}
