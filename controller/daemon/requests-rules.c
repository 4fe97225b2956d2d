/* SPDX-License-Identifier: Apache-2.0 */
/* rules: the policy's rules, and what the switches have counted for each. */
#include "zw-config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "controller/base/memory.h"
#include "controller/daemon/gather.h"
#include "controller/daemon/requests.h"

struct rules {
    struct zw_policy *policy; /* Ours, for the time that it takes. */
    struct zw_request *request;
    const cJSON *args;
    struct zw_flow_counters *counters; /* By number of the rule; 0 is the default. */
};

static void on_flow(void *rules_, const struct zw_managed *managed, const struct zw_flow *flow,
                    const struct zw_flow_counters *counters)
{
    struct rules *rules = rules_;
    uint64_t cookie = zw_flow_cookie(flow);
    uint32_t id = zw_cookie_value(cookie);

    (void)managed;
    if (!zw_cookie_is_ours(cookie) || zw_cookie_kind(cookie) != ZW_COOKIE_RULE) {
        return;
    }
    const struct zw_rule *rule = zw_policy_rule_by_id(rules->policy, id);
    uint32_t number = rule ? rule->number : 0;

    if (rule || !id) { /* Else of an older policy. */
        rules->counters[number].n_packets += counters->n_packets;
        rules->counters[number].n_bytes += counters->n_bytes;
    }
}

static cJSON *zones_json(const struct zw_zone_set *set)
{
    cJSON *array = cJSON_CreateArray();

    for (size_t i = 0; i < set->n; i++) {
        cJSON_AddItemToArray(array, cJSON_CreateString(set->list[i]->name));
    }
    return array;
}

static cJSON *port_ranges_json(const struct zw_port_ranges *ranges)
{
    cJSON *array = cJSON_CreateArray();
    char text[16];

    for (size_t i = 0; i < ranges->n; i++) {
        const struct zw_port_range *range = &ranges->list[i];

        if (range->first == range->last) {
            snprintf(text, sizeof text, "%u", range->first);
        } else {
            snprintf(text, sizeof text, "%u-%u", range->first, range->last);
        }
        cJSON_AddItemToArray(array, cJSON_CreateString(text));
    }
    return array;
}

static cJSON *rule_json(const struct zw_rule *rule, const struct zw_flow_counters *counters)
{
    cJSON *object = cJSON_CreateObject();
    char *service = zw_service_format(&rule->service);

    cJSON_AddNumberToObject(object, "number", rule->number);
    cJSON_AddStringToObject(object, "name", rule->name);
    cJSON_AddItemToObject(object, "from", zones_json(&rule->from));
    cJSON_AddItemToObject(object, "to", zones_json(&rule->to));
    cJSON_AddItemToObject(object, "from_addresses", zw_prefixes_json(&rule->from_addresses));
    cJSON_AddItemToObject(object, "to_addresses", zw_prefixes_json(&rule->to_addresses));
    cJSON_AddStringToObject(object, "service", service);
    cJSON_AddItemToObject(object, "from_ports", port_ranges_json(&rule->from_ports));
    cJSON_AddStringToObject(object, "action", zw_action_name(rule->action));
    zw_json_add_string(object, "otherwise", rule->action == ZW_ASK ? zw_action_name(rule->otherwise) : NULL);
    cJSON_AddStringToObject(object, "log", zw_log_level_name(rule->log));
    cJSON_AddNumberToObject(object, "n_hits", (double)counters->n_packets);
    cJSON_AddNumberToObject(object, "n_bytes", (double)counters->n_bytes);
    zw_json_add_string(object, "file", rule->file);
    cJSON_AddNumberToObject(object, "line", rule->line);
    free(service);
    return object;
}

/* What no rule matches, as a rule. */
static cJSON *default_json(const struct zw_policy *policy, const struct zw_flow_counters *counters)
{
    const struct zw_rule rule = {.name = "default", .action = policy->default_action, .log = policy->default_log};
    cJSON *object = rule_json(&rule, counters);

    cJSON_ReplaceItemInObjectCaseSensitive(object, "line", cJSON_CreateNull());
    return object;
}

static bool set_has(const struct zw_zone_set *set, const char *zone)
{
    for (size_t i = 0; i < set->n; i++) {
        if (!strcmp(set->list[i]->name, zone)) {
            return true;
        }
    }
    return set->n == 0;
}

static bool is_wanted(const struct rules *rules, const struct zw_rule *rule)
{
    const char *zone = zw_json_string(rules->args, "zone");

    if (zw_json_bool(rules->args, "unused") && rules->counters[rule->number].n_packets) {
        return false;
    }
    return !zone || set_has(&rule->from, zone) || set_has(&rule->to, zone);
}

static void on_done(void *rules_, cJSON *unread)
{
    struct rules *rules = rules_;
    const struct zw_policy *policy = rules->policy;
    cJSON *result = cJSON_CreateObject();

    cJSON_AddNumberToObject(result, "policy_version", policy->version);
    cJSON *array = cJSON_AddArrayToObject(result, "rules");
    for (size_t i = 0; i < policy->n_rules; i++) {
        if (is_wanted(rules, &policy->rules[i])) {
            cJSON_AddItemToArray(array, rule_json(&policy->rules[i], &rules->counters[i + 1]));
        }
    }
    if (!zw_json_bool(rules->args, "unused")) {
        cJSON_AddItemToArray(array, default_json(policy, &rules->counters[0]));
    }
    cJSON_AddItemToObject(result, "unread", unread);
    zw_request_reply(rules->request, result);
    zw_policy_unref(rules->policy);
    free(rules->counters);
    free(rules);
}

static const struct zw_gather_ops gather_ops = {.flow = on_flow, .done = on_done};

void zw_handle_rules(void *daemon_, struct zw_request *request, const cJSON *args)
{
    const struct zw_daemon *daemon = daemon_;

    if (!zw_list_knows(daemon, request, args, "zone")) {
        return;
    }
    struct rules *rules = zw_xcalloc(1, sizeof *rules);
    *rules = (struct rules){
        .policy = zw_policy_ref(daemon->policy),
        .request = request,
        .args = args,
        .counters = zw_xcalloc(daemon->policy->n_rules + 1, sizeof *rules->counters),
    };
    /* Rules for EtherTypes are in CONNTRACK. */
    zw_gather(daemon, NULL, 1u << ZW_STAGE_POLICY | 1u << ZW_STAGE_CONNTRACK, &gather_ops, rules);
}
