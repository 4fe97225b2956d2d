/* SPDX-License-Identifier: Apache-2.0 */
/* flows: what the switch has, and what each flow is for. */
#include "zw-config.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "controller/base/memory.h"
#include "controller/daemon/gather.h"
#include "controller/daemon/requests.h"

struct flows {
    const struct zw_daemon *daemon;
    struct zw_policy *policy; /* Ours, for the time that it takes. */
    struct zw_request *request;
    const cJSON *args;
    cJSON **rows; /* Sorted when they are all there. */
    size_t n_rows, rows_capacity;
    size_t n, limit;
};

/* What a flow is for. */
struct meaning {
    char text[256];
    const char *zone, *rule;
};

static const struct zw_port *find_port(const struct zw_daemon *daemon, const struct zw_managed *managed,
                                       uint32_t ofport)
{
    const struct zw_bridge *bridge = zw_daemon_bridge(daemon, managed);

    return bridge ? zw_bridge_port_by_ofport(bridge, ofport) : NULL;
}

static void explain_port(const struct flows *flows, const struct zw_managed *managed, uint32_t ofport, const char *what,
                         struct meaning *meaning)
{
    const struct zw_port *port = find_port(flows->daemon, managed, ofport);
    struct zw_claim *claims;

    if (port) {
        size_t n = zw_policy_carried_claims(flows->policy, port, &claims);
        const struct zw_zone *zone = n == 1 ? claims->zone : NULL;

        meaning->zone = zone ? zone->name : NULL;
        snprintf(meaning->text, sizeof meaning->text, "%s %s, %s%s", what, port->name,
                 n > 1  ? "zone by VLAN"
                 : zone ? "zone "
                        : "no zone",
                 zone ? zone->name : "");
        free(claims);
    } else {
        meaning->zone = NULL;
        snprintf(meaning->text, sizeof meaning->text, "%s %" PRIu32, what, ofport);
    }
}

static void explain_zone(const struct flows *flows, uint32_t id, struct meaning *meaning)
{
    const struct zw_zone *zone = zw_policy_zone_by_id(flows->policy, id);

    meaning->zone = zone ? zone->name : NULL;
    snprintf(meaning->text, sizeof meaning->text, "zone %s%s%s", zone ? zone->name : "of an older policy",
             zone && zone->behind ? ", behind " : "", zone && zone->behind ? zone->behind->name : "");
}

static void explain_rule(const struct flows *flows, uint32_t id, struct meaning *meaning)
{
    const struct zw_rule *rule = zw_policy_rule_by_id(flows->policy, id);

    if (rule) {
        meaning->rule = rule->name;
        snprintf(meaning->text, sizeof meaning->text, "rule %" PRIu32 ": %s", rule->number,
                 zw_action_name(rule->action));
    } else if (!id) {
        meaning->rule = "default";
        snprintf(meaning->text, sizeof meaning->text, "no rule matches: %s",
                 zw_action_name(flows->policy->default_action));
    } else {
        snprintf(meaning->text, sizeof meaning->text, "rule #%" PRIu32 " of an older policy", id);
    }
}

static void explain_punts(uint32_t value, struct meaning *meaning)
{
    uint32_t other = value >> 8;

    snprintf(meaning->text, sizeof meaning->text, "sends up %s%s%s", zw_punt_text((enum zw_punt)(value & 0xff)),
             other ? "; and " : "", other ? zw_punt_text((enum zw_punt)other) : "");
}

static void explain(const struct flows *flows, const struct zw_managed *managed, const struct zw_flow *flow,
                    struct meaning *meaning)
{
    uint64_t cookie = zw_flow_cookie(flow);
    uint32_t value = zw_cookie_value(cookie);

    *meaning = (struct meaning){.text = "not ours"};
    if (!zw_cookie_is_ours(cookie)) {
        return;
    }
    switch (zw_cookie_kind(cookie)) {
    case ZW_COOKIE_STATIC:
        snprintf(meaning->text, sizeof meaning->text, "always: %s", zw_stage_text(zw_flow_stage(flow)));
        break;
    case ZW_COOKIE_PORT:
        explain_port(flows, managed, value, "port", meaning);
        break;
    case ZW_COOKIE_LEARNED:
        explain_port(flows, managed, value, "learned MAC address at port", meaning);
        break;
    case ZW_COOKIE_ZONE:
        explain_zone(flows, value, meaning);
        break;
    case ZW_COOKIE_RULE:
        explain_rule(flows, value, meaning);
        break;
    case ZW_COOKIE_PUNT:
        explain_punts(value, meaning);
        break;
    case ZW_COOKIE_DROP:
        snprintf(meaning->text, sizeof meaning->text, "drops: %s", zw_drop_text(zw_cookie_drop(cookie)));
        break;
    }
}

/* Takes zw_flow_format()'s "table=N cookie=N priority=N,MATCH actions=ACTIONS" apart. */
static void add_text(cJSON *object, const struct zw_flow *flow)
{
    char *text = zw_flow_format(flow);
    char *priority = strstr(text, "priority="), *actions = strstr(text, " actions=");

    if (!priority || !actions) {
        abort(); /* Another room changed its format. */
    }
    *actions = '\0';
    char *match = strchr(priority, ',');
    cJSON_AddNumberToObject(object, "priority", atoi(priority + strlen("priority=")));
    cJSON_AddStringToObject(object, "match", match ? match + 1 : "");
    cJSON_AddStringToObject(object, "actions", actions + strlen(" actions="));
    free(text);
}

static void on_flow(void *flows_, const struct zw_managed *managed, const struct zw_flow *flow,
                    const struct zw_flow_counters *counters)
{
    struct flows *flows = flows_;
    struct meaning meaning;
    char stage[32], cookie[32];

    explain(flows, managed, flow, &meaning);
    if (!zw_list_wants(flows->args, "rule", meaning.rule) || flows->n++ >= flows->limit) {
        return;
    }
    zw_list_lower(zw_stage_name(zw_flow_stage(flow)), stage, sizeof stage);
    snprintf(cookie, sizeof cookie, "0x%" PRIx64, zw_flow_cookie(flow));
    cJSON *object = cJSON_CreateObject();
    cJSON_AddStringToObject(object, "bridge", managed->name);
    cJSON_AddNumberToObject(object, "table", zw_flow_stage(flow));
    cJSON_AddStringToObject(object, "stage", stage);
    add_text(object, flow);
    cJSON_AddStringToObject(object, "cookie", cookie);
    cJSON_AddStringToObject(object, "meaning", meaning.text);
    zw_json_add_string(object, "zone", meaning.zone);
    zw_json_add_string(object, "rule", meaning.rule);
    cJSON_AddNumberToObject(object, "n_packets", (double)counters->n_packets);
    cJSON_AddNumberToObject(object, "n_bytes", (double)counters->n_bytes);
    flows->rows = zw_xgrow(flows->rows, flows->n_rows, &flows->rows_capacity, sizeof *flows->rows);
    flows->rows[flows->n_rows++] = object;
}

/* As a packet meets them: by bridge, table, priority (high first), then in any order that stays. */
static int compare_rows(const void *a_, const void *b_)
{
    const cJSON *a = *(cJSON *const *)a_, *b = *(cJSON *const *)b_;
    int order = strcmp(zw_json_string(a, "bridge"), zw_json_string(b, "bridge"));
    double table = zw_json_number(a, "table") - zw_json_number(b, "table");
    double priority = zw_json_number(b, "priority") - zw_json_number(a, "priority");

    if (order) {
        return order;
    } else if (table) {
        return table < 0 ? -1 : 1;
    } else if (priority) {
        return priority < 0 ? -1 : 1;
    }
    return strcmp(zw_json_string(a, "match"), zw_json_string(b, "match"));
}

static void on_done(void *flows_, cJSON *unread)
{
    struct flows *flows = flows_;
    cJSON *result = cJSON_CreateObject();

    cJSON_AddNumberToObject(result, "n_total", (double)flows->n);
    cJSON_AddItemToObject(result, "unread", unread);
    cJSON *array = cJSON_AddArrayToObject(result, "flows");
    if (flows->n_rows) {
        qsort(flows->rows, flows->n_rows, sizeof *flows->rows, compare_rows);
    }
    for (size_t i = 0; i < flows->n_rows; i++) {
        cJSON_AddItemToArray(array, flows->rows[i]);
    }
    zw_request_reply(flows->request, result);
    zw_policy_unref(flows->policy);
    free(flows->rows);
    free(flows);
}

static const struct zw_gather_ops gather_ops = {.flow = on_flow, .done = on_done};

/* The stages that the request asks for, a bit each. */
static uint32_t find_stages(const char *name)
{
    uint32_t stages = 0;

    for (unsigned int stage = 0; stage < ZW_N_STAGES; stage++) {
        if (!name || !strcasecmp(name, zw_stage_name((enum zw_stage)stage))) {
            stages |= 1u << stage;
        }
    }
    return stages;
}

void zw_handle_flows(void *daemon_, struct zw_request *request, const cJSON *args)
{
    const struct zw_daemon *daemon = daemon_;
    uint32_t stages = find_stages(zw_json_string(args, "stage"));

    if (!zw_list_knows(daemon, request, args, "bridge") || !zw_list_knows(daemon, request, args, "stage") ||
        !zw_list_knows(daemon, request, args, "rule")) {
        return;
    }
    struct flows *flows = zw_xcalloc(1, sizeof *flows);
    *flows = (struct flows){
        .daemon = daemon,
        .policy = zw_policy_ref(daemon->policy),
        .request = request,
        .args = args,
        .limit = zw_list_limit(args),
    };
    zw_gather(daemon, zw_json_string(args, "bridge"), stages, &gather_ops, flows);
}
