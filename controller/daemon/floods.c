/* SPDX-License-Identifier: Apache-2.0 */
#include "zw-config.h"

#include "controller/daemon/floods.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "controller/base/log.h"
#include "controller/base/memory.h"
#include "controller/control/json.h"

static void describe(const struct zw_managed *managed, const struct zw_flood *flood, uint64_t n, char *text,
                     size_t size)
{
    bool is_host = zw_meter_is_of_host(flood->meter);

    snprintf(text, size,
             "bridge %s: port %s says more of addresses than guards hear: %llu probes or answers beyond %u a second",
             managed->name, flood->port, (unsigned long long)n, is_host ? ZW_LEARN_HOST_PPS : ZW_LEARN_MANY_PPS);
}

static struct zw_flood *find(struct zw_managed *managed, uint32_t meter)
{
    for (size_t i = 0; i < managed->n_floods; i++) {
        if (managed->floods[i].meter == meter) {
            return &managed->floods[i];
        }
    }
    managed->floods = zw_xgrow(managed->floods, managed->n_floods, &managed->floods_allocated, sizeof *managed->floods);
    managed->floods[managed->n_floods] = (struct zw_flood){.meter = meter, .port = zw_xstrdup("")};
    return &managed->floods[managed->n_floods++];
}

/* The port that has that number now; another one's flood is not its. */
static void name_port(const struct zw_managed *managed, struct zw_flood *flood)
{
    const struct zw_bridge *bridge = zw_daemon_bridge(managed->daemon, managed);
    const struct zw_port *port = bridge ? zw_bridge_port_by_ofport(bridge, zw_meter_port(flood->meter)) : NULL;
    const char *name = port ? port->name : "?";

    if (strcmp(flood->port, name) != 0) {
        free(flood->port);
        flood->port = zw_xstrdup(name);
        flood->n = 0;
    }
}

static void on_meter(void *managed_, uint32_t meter, uint64_t n_beyond)
{
    static struct zw_log_limit limit = ZW_LOG_LIMIT_INIT(5, 60000);
    struct zw_managed *managed = managed_;
    char text[256];

    if (!zw_meter_learns(meter) || !n_beyond) {
        return;
    }
    struct zw_flood *flood = find(managed, meter);
    /* A meter that was made anew counts from 0. */
    uint64_t n = n_beyond >= flood->n_counted ? n_beyond - flood->n_counted : n_beyond;
    flood->n_counted = n_beyond;
    if (!n || !managed->has_read_meters) {
        return;
    }
    name_port(managed, flood);
    flood->n += n;
    flood->last_us = zw_audit_now_us();
    managed->n_unheard += n;
    describe(managed, flood, n, text, sizeof text);
    zw_log_rl(&limit, ZW_LOG_WARN, "%s", text);
}

static void on_read(void *managed_, const char *error)
{
    struct zw_managed *managed = managed_;

    managed->has_read_meters |= !error;
}

void zw_floods_check(struct zw_managed *managed)
{
    zw_switch_read_meters(managed->sw, on_meter, on_read, managed);
}

void zw_floods_clear(struct zw_managed *managed)
{
    for (size_t i = 0; i < managed->n_floods; i++) {
        free(managed->floods[i].port);
    }
    free(managed->floods);
    managed->floods = NULL;
    managed->n_floods = managed->floods_allocated = 0;
}

cJSON *zw_floods_json(const struct zw_managed *managed)
{
    cJSON *array = cJSON_CreateArray();
    size_t n = 0;

    for (size_t i = managed->n_floods; i-- && n < ZW_FLOODS_SHOWN;) {
        const struct zw_flood *flood = &managed->floods[i];

        if (flood->n) {
            cJSON *object = cJSON_CreateObject();
            cJSON_AddStringToObject(object, "port", flood->port);
            cJSON_AddNumberToObject(object, "n", (double)flood->n);
            zw_json_add_time(object, "last", flood->last_us);
            cJSON_AddItemToArray(array, object);
            n++;
        }
    }
    return array;
}

void zw_floods_problems(const struct zw_managed *managed, zw_floods_cb *each, void *arg)
{
    int64_t since_us = zw_audit_now_us() - INT64_C(1000000) * ZW_FLOOD_RECENT_S;
    size_t n = 0;
    char text[256], advice[160];

    snprintf(
        advice, sizeof advice,
        "look what it sends (neighbour discovery, DHCP); the others are heard all the same; said until %u s after the last",
        ZW_FLOOD_RECENT_S);
    for (size_t i = managed->n_floods; i-- && n < ZW_FLOODS_SHOWN;) {
        const struct zw_flood *flood = &managed->floods[i];

        if (flood->n && flood->last_us > since_us) {
            describe(managed, flood, flood->n, text, sizeof text);
            each(arg, advice, text);
            n++;
        }
    }
}
