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

#define ARG_SIZE sizeof "zone=65535,limit=4294967295"

static const char *const datapaths[ZW_N_DATAPATHS] = {
    [ZW_DATAPATH_NETDEV] = "netdev@ovs-netdev",
    [ZW_DATAPATH_SYSTEM] = "system@ovs-system",
};

struct zw_ct_limits {
    struct zw_daemon *daemon;
    struct event *timer;
    bool is_clean;   /* The policy has no limit, and vswitchd has none for our zones: a look costs it a millisecond. */
    bool is_waiting; /* For vswitchd. */
    bool is_again;   /* Something changed meanwhile. */
    int datapath;    /* That is being looked at. */
    uint32_t n_failures;                     /* In a row. */
    struct zw_ct_limits_status status, next; /* Of the last look, and of the one that goes on. */
};

static void look_at_next(struct zw_ct_limits *);

static void wake_in(struct zw_ct_limits *limits, unsigned int ms)
{
    struct timeval tv = {.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000};

    evtimer_add(limits->timer, &tv);
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

static bool is_ours(const struct zw_ct_limits *limits, unsigned int zone)
{
    unsigned int number = zone >> ZW_CT_ZONE_BRIDGE_SHIFT; /* From 1. */

    return number && number <= limits->daemon->n_bridges;
}

/* What vswitchd has to be told. */
struct difference {
    char (*set)[ARG_SIZE];
    size_t n_set;
    char *drop; /* "zone=1,2,3" */
    size_t n_drop;
};

/* 'text' has "zone=N,limit=N,count=N" in lines.  Writes to 'drop', and returns how many zones. */
static size_t read_limits(struct zw_ct_limits *limits, const char *text, uint32_t limit_of[ZW_CT_N_ZONES], FILE *drop)
{
    uint32_t max = limits->daemon->policy->max_sessions;
    size_t n = 0;

    for (const char *line = text; line; line = strchr(line, '\n')) {
        unsigned int zone, limit, count;

        line += *line == '\n';
        if (sscanf(line, "zone=%u,limit=%u,count=%u", &zone, &limit, &count) != 3 || zone >= ZW_CT_N_ZONES ||
            !is_ours(limits, zone)) {
            continue;
        }
        limit_of[zone] = limit;
        if (!max || !zw_ct_want_has(limits->daemon->ct_want, (enum zw_datapath)limits->datapath, (uint16_t)zone)) {
            fprintf(drop, "%s%u", n++ ? "," : "zone=", zone);
        } else if (limit == max && count >= limit) {
            limits->next.n_full++;
            limits->next.full_zone = (uint16_t)zone;
        }
    }
    return n;
}

/* False if there is no memory for it. */
static bool find_drops(struct zw_ct_limits *limits, const char *text, uint32_t limit_of[ZW_CT_N_ZONES],
                       struct difference *difference)
{
    size_t size;
    FILE *stream = open_memstream(&difference->drop, &size);

    if (!stream) {
        return false;
    }
    difference->n_drop = read_limits(limits, text, limit_of, stream);
    return !fclose(stream);
}

/* False if there is no memory for it.  Free with difference_clear(). */
static bool find_difference(struct zw_ct_limits *limits, const char *text, struct difference *difference)
{
    const struct zw_daemon *daemon = limits->daemon;
    uint32_t *limit_of = zw_xcalloc(ZW_CT_N_ZONES, sizeof *limit_of), max = daemon->policy->max_sessions;

    *difference = (struct difference){.set = zw_xcalloc(ZW_CT_N_ZONES, sizeof *difference->set)};
    bool found = find_drops(limits, text, limit_of, difference);
    for (unsigned int zone = 0; found && max && zone < ZW_CT_N_ZONES; zone++) {
        if (limit_of[zone] != max &&
            zw_ct_want_has(daemon->ct_want, (enum zw_datapath)limits->datapath, (uint16_t)zone)) {
            snprintf(difference->set[difference->n_set++], ARG_SIZE, "zone=%u,limit=%u", zone, max);
        }
    }
    free(limit_of);
    return found;
}

static void difference_clear(struct difference *difference)
{
    free(difference->set);
    free(difference->drop);
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

/* A limit that is there shows at the next look, so one call at a time is enough. */
static void on_told(void *limits_, const char *text, const char *error)
{
    struct zw_ct_limits *limits = limits_;

    if (!text) {
        fail(limits, error);
        return;
    }
    look_at_next(limits);
}

static void tell(struct zw_ct_limits *limits, const struct difference *difference)
{
    const char **args = zw_xcalloc(difference->n_set + 2, sizeof *args);

    args[0] = datapaths[limits->datapath];
    if (difference->n_set) {
        for (size_t i = 0; i < difference->n_set; i++) {
            args[i + 1] = difference->set[i];
        }
        limits->is_again |= difference->n_drop != 0;
        call(limits, "dpctl/ct-set-limits", args, difference->n_set + 1, on_told);
    } else {
        args[1] = difference->drop;
        call(limits, "dpctl/ct-del-limits", args, 2, on_told);
    }
    free(args);
}

static void on_limits(void *limits_, const char *text, const char *error)
{
    struct zw_ct_limits *limits = limits_;

    if (!text) {
        fail(limits, error);
        return;
    }
    struct difference difference;
    if (!find_difference(limits, text, &difference)) {
        fail(limits, "out of memory");
    } else if (difference.n_set || difference.n_drop) {
        tell(limits, &difference);
    } else {
        look_at_next(limits);
    }
    difference_clear(&difference);
}

static bool is_used(const struct zw_daemon *daemon, enum zw_datapath datapath)
{
    for (size_t i = 0; i < daemon->inventory->n_bridges; i++) {
        const struct zw_bridge *bridge = &daemon->inventory->bridges[i];
        bool is_netdev = !strcmp(bridge->datapath_type, zw_datapath_name(ZW_DATAPATH_NETDEV));

        if (bridge->exists && is_netdev == (datapath == ZW_DATAPATH_NETDEV)) {
            return true;
        }
    }
    return false;
}

static void look_at_next(struct zw_ct_limits *limits)
{
    do {
        limits->datapath++;
    } while (limits->datapath < ZW_N_DATAPATHS && !is_used(limits->daemon, (enum zw_datapath)limits->datapath));
    if (limits->datapath < ZW_N_DATAPATHS) {
        call(limits, "dpctl/ct-get-limits", &datapaths[limits->datapath], 1, on_limits);
    } else {
        over(limits);
    }
}

static void begin(evutil_socket_t fd, short what, void *limits_)
{
    struct zw_ct_limits *limits = limits_;

    (void)fd, (void)what;
    limits->is_waiting = true;
    limits->is_again = false;
    limits->datapath = -1;
    limits->next = (struct zw_ct_limits_status){.n_full = 0};
    look_at_next(limits);
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
    return limits;
}

void zw_ct_limits_free(struct zw_ct_limits *limits)
{
    if (limits) {
        event_free(limits->timer);
        free(limits);
    }
}

struct zw_ct_limits_status zw_ct_limits_status(const struct zw_ct_limits *limits)
{
    return limits->status;
}
