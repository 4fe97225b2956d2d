/* SPDX-License-Identifier: Apache-2.0 */
#include "zw-config.h"

#include "controller/daemon/gather.h"

#include <stdlib.h>
#include <string.h>

#include "controller/base/memory.h"

struct gather;

struct part {
    struct gather *gather;
    const struct zw_managed *managed;
    bool failed;
};

struct gather {
    const struct zw_gather_ops *ops;
    void *arg;
    cJSON *unread;
    size_t n_pending; /* Readings, and one for the start itself. */
    struct part parts[ZW_MAX_BRIDGES];
};

static void release(struct gather *gather)
{
    if (!--gather->n_pending) {
        gather->ops->done(gather->arg, gather->unread);
        free(gather);
    }
}

static void add_unread(struct part *part, const char *error)
{
    cJSON *object;

    if (part->failed) {
        return; /* One line a bridge says enough. */
    }
    part->failed = true;
    object = cJSON_CreateObject();
    cJSON_AddStringToObject(object, "bridge", part->managed->name);
    cJSON_AddStringToObject(object, "error", error);
    cJSON_AddItemToArray(part->gather->unread, object);
}

static void on_flow(void *part_, const struct zw_flow *flow, const struct zw_flow_counters *counters)
{
    struct part *part = part_;

    part->gather->ops->flow(part->gather->arg, part->managed, flow, counters);
}

static void on_done(void *part_, const char *error)
{
    struct part *part = part_;

    if (error) {
        add_unread(part, error);
    }
    release(part->gather);
}

static void read_bridge(struct gather *gather, struct part *part, uint32_t stages)
{
    for (unsigned int stage = 0; stage < ZW_N_STAGES; stage++) {
        if (stages & 1u << stage) {
            gather->n_pending++;
            zw_switch_read_counters(part->managed->sw, (enum zw_stage)stage, on_flow, on_done, part);
        }
    }
}

void zw_gather(const struct zw_daemon *daemon, const char *bridge, uint32_t stages, const struct zw_gather_ops *ops,
               void *arg)
{
    struct gather *gather = zw_xcalloc(1, sizeof *gather);

    gather->ops = ops;
    gather->arg = arg;
    gather->unread = cJSON_CreateArray();
    gather->n_pending = 1;
    for (size_t i = 0; i < daemon->n_bridges; i++) {
        struct part *part = &gather->parts[i];
        *part = (struct part){.gather = gather, .managed = &daemon->bridges[i]};
        if (bridge && strcmp(bridge, part->managed->name) != 0) {
            continue;
        } else if (zw_switch_status(part->managed->sw).state == ZW_SWITCH_DISCONNECTED) {
            add_unread(part, "not connected");
        } else {
            read_bridge(gather, part, stages);
        }
    }
    release(gather);
}
