/* SPDX-License-Identifier: Apache-2.0 */
/* drops: what the switches have dropped, why, and whose packets they were. */
#include "zw-config.h"

#include <stdlib.h>
#include <string.h>

#include "controller/base/memory.h"
#include "controller/daemon/gather.h"
#include "controller/daemon/requests.h"

/* Nothing is dropped where addresses are learned and rules are looked up, and those are the long tables. */
#define STAGES (((1u << ZW_N_STAGES) - 1) & ~(1u << ZW_STAGE_MACS | 1u << ZW_STAGE_POLICY))

/* A denial that is logged, or answered, is counted by the flow that sends up the copy. */
#define LOGGED_DENIAL 0

struct row {
    const struct zw_managed *managed;
    unsigned int reason; /* enum zw_drop, or LOGGED_DENIAL. */
    uint16_t ofport;
    struct zw_flow_counters counters;
};

struct drops {
    const struct zw_daemon *daemon;
    struct zw_request *request;
    const cJSON *args;
    struct row *rows;
    size_t n_rows, capacity;
};

static void on_flow(void *drops_, const struct zw_managed *managed, const struct zw_flow *flow,
                    const struct zw_flow_counters *counters)
{
    struct drops *drops = drops_;
    uint64_t cookie = zw_flow_cookie(flow);
    struct row row = {.managed = managed, .counters = *counters};

    if (!zw_cookie_is_ours(cookie)) {
        return;
    } else if (zw_cookie_kind(cookie) == ZW_COOKIE_DROP) {
        row.reason = zw_cookie_drop(cookie);
        row.ofport = zw_cookie_drop_port(cookie);
    } else if (zw_cookie_punts(cookie, ZW_PUNT_DENIED)) {
        row.reason = LOGGED_DENIAL;
    } else if (zw_cookie_punts(cookie, ZW_PUNT_REJECT)) {
        row.reason = ZW_DROP_QUIET_DENIAL;
    } else {
        return;
    }
    drops->rows = zw_xgrow(drops->rows, drops->n_rows, &drops->capacity, sizeof *drops->rows);
    drops->rows[drops->n_rows++] = row;
}

static int compare_rows(const void *a_, const void *b_)
{
    const struct row *a = a_, *b = b_;

    if (a->managed != b->managed) {
        return a->managed->index < b->managed->index ? -1 : 1;
    }
    return a->reason != b->reason ? (int)a->reason - (int)b->reason : (int)a->ofport - (int)b->ofport;
}

/* One row for each bridge, reason and port, whichever flows counted. */
static void add_up(struct drops *drops)
{
    size_t n = 0;

    if (drops->n_rows) {
        qsort(drops->rows, drops->n_rows, sizeof *drops->rows, compare_rows);
    }
    for (size_t i = 0; i < drops->n_rows; i++) {
        if (n && !compare_rows(&drops->rows[n - 1], &drops->rows[i])) {
            drops->rows[n - 1].counters.n_packets += drops->rows[i].counters.n_packets;
            drops->rows[n - 1].counters.n_bytes += drops->rows[i].counters.n_bytes;
        } else {
            drops->rows[n++] = drops->rows[i];
        }
    }
    drops->n_rows = n;
}

static const char *port_name(const struct zw_daemon *daemon, const struct row *row)
{
    const struct zw_bridge *bridge = row->ofport ? zw_daemon_bridge(daemon, row->managed) : NULL;
    const struct zw_port *port = bridge ? zw_bridge_port_by_ofport(bridge, row->ofport) : NULL;

    return port ? port->name : NULL;
}

static cJSON *row_json(const struct row *row, const char *reason, const char *port)
{
    cJSON *object = cJSON_CreateObject();

    cJSON_AddStringToObject(object, "bridge", row->managed->name);
    cJSON_AddStringToObject(object, "reason", reason);
    zw_json_add_string(object, "port", port);
    if (row->ofport) {
        cJSON_AddNumberToObject(object, "ofport", row->ofport);
    } else {
        cJSON_AddNullToObject(object, "ofport");
    }
    cJSON_AddNumberToObject(object, "n_packets", (double)row->counters.n_packets);
    cJSON_AddNumberToObject(object, "n_bytes", (double)row->counters.n_bytes);
    cJSON_AddStringToObject(object, "text",
                            row->reason == LOGGED_DENIAL ? "a rule that logs denies it"
                                                         : zw_drop_text((enum zw_drop)row->reason));
    return object;
}

static void add_row(const struct drops *drops, const struct row *row, cJSON *array)
{
    const char *reason = row->reason == LOGGED_DENIAL ? ZW_LOGGED_DENIAL : zw_drop_name((enum zw_drop)row->reason);
    const char *port = port_name(drops->daemon, row);

    if ((row->counters.n_packets || zw_json_bool(drops->args, "all")) && zw_list_wants(drops->args, "reason", reason) &&
        zw_list_wants(drops->args, "port", port)) {
        cJSON_AddItemToArray(array, row_json(row, reason, port));
    }
}

static void on_done(void *drops_, cJSON *unread)
{
    struct drops *drops = drops_;
    cJSON *result = cJSON_CreateObject();
    uint64_t n_packets = 0;

    add_up(drops);
    cJSON *array = cJSON_AddArrayToObject(result, "drops");
    for (size_t i = 0; i < drops->n_rows; i++) {
        n_packets += drops->rows[i].counters.n_packets;
        add_row(drops, &drops->rows[i], array);
    }
    cJSON_AddNumberToObject(result, "n_packets", (double)n_packets);
    cJSON_AddItemToObject(result, "unread", unread);
    zw_request_reply(drops->request, result);
    free(drops->rows);
    free(drops);
}

static const struct zw_gather_ops gather_ops = {.flow = on_flow, .done = on_done};

void zw_handle_drops(void *daemon_, struct zw_request *request, const cJSON *args)
{
    if (!zw_list_knows(daemon_, request, args, "bridge") || !zw_list_knows(daemon_, request, args, "port") ||
        !zw_list_knows(daemon_, request, args, "reason")) {
        return;
    }
    struct drops *drops = zw_xcalloc(1, sizeof *drops);
    *drops = (struct drops){.daemon = daemon_, .request = request, .args = args};
    zw_gather(daemon_, zw_json_string(args, "bridge"), STAGES, &gather_ops, drops);
}
