/* SPDX-License-Identifier: Apache-2.0 */
/* gather - reads flows with their counters from several bridges, and calls back once when all have answered.
 *
 * Private to controller/daemon.  In the thread of the event base. */

#ifndef ZW_DAEMON_GATHER_H
#define ZW_DAEMON_GATHER_H 1

#include <cjson/cJSON.h>

#include "controller/daemon/daemon.h"

struct zw_gather_ops {
    void (*flow)(void *arg, const struct zw_managed *, const struct zw_flow *, const struct zw_flow_counters *);
    /* 'unread' ([{"bridge":..,"error":..}]) is the callee's: the bridges that did not answer. */
    void (*done)(void *arg, cJSON *unread);
};

/* Reads the stages of 'stages' (bit N: stage number N) of every bridge, or of the one called 'bridge' if that is not NULL.
 * 'done' may be called before this returns. */
void zw_gather(const struct zw_daemon *, const char *bridge, uint32_t stages, const struct zw_gather_ops *, void *arg);

#endif
