/* SPDX-License-Identifier: Apache-2.0 */
#include "zw-config.h"

#include "controller/control/explain-json.h"

#include <stdio.h>

#include "controller/control/json.h"

static cJSON *endpoint_json(const struct zw_endpoint *end, const struct zw_zone *judged)
{
    cJSON *object = cJSON_CreateObject();
    char addr[ZW_ADDR_STRLEN];

    zw_json_add_string(object, "zone", judged ? judged->name : NULL);
    zw_json_add_string(object, "behind", judged && judged->behind ? judged->behind->name : NULL);
    zw_json_add_string(object, "port", end->port ? end->port->name : NULL);
    if (end->vlan >= 0) {
        cJSON_AddNumberToObject(object, "vlan", end->vlan);
    } else {
        cJSON_AddNullToObject(object, "vlan");
    }
    zw_json_add_string(object, "address", end->has_addr ? zw_addr_format(&end->addr, addr) : NULL);
    return object;
}

/* NULL (which adds nothing) becomes null: the default decided, or no rule was asked. */
static cJSON *rule_json(const struct zw_rule *rule)
{
    if (!rule) {
        return cJSON_CreateNull();
    }
    cJSON *object = cJSON_CreateObject();
    cJSON_AddNumberToObject(object, "number", rule->number);
    cJSON_AddStringToObject(object, "name", rule->name);
    zw_json_add_string(object, "file", rule->file);
    cJSON_AddNumberToObject(object, "line", rule->line);
    return object;
}

static void add_service(cJSON *object, const struct zw_packet_key *key)
{
    char text[32];

    if (key->eth_type) {
        snprintf(text, sizeof text, "ethertype/0x%04x", key->eth_type);
        cJSON_AddStringToObject(object, "service", text);
        return;
    }
    switch (key->proto) {
    case IPPROTO_ICMP:
    case IPPROTO_ICMPV6:
        snprintf(text, sizeof text, "%s/%u/%u", key->proto == IPPROTO_ICMP ? "icmp" : "icmpv6", key->sport, key->dport);
        break;
    case IPPROTO_TCP:
    case IPPROTO_UDP:
    case IPPROTO_SCTP:
        snprintf(text, sizeof text, "%s/%u",
                 key->proto == IPPROTO_TCP   ? "tcp"
                 : key->proto == IPPROTO_UDP ? "udp"
                                             : "sctp",
                 key->dport);
        break;
    default:
        snprintf(text, sizeof text, "proto/%u", key->proto);
    }
    cJSON_AddStringToObject(object, "service", text);
}

cJSON *zw_explanation_json(const struct zw_policy *policy, const struct zw_explanation *explanation)
{
    const struct zw_verdict *verdict = &explanation->verdict;
    cJSON *object = cJSON_CreateObject();
    char text[64];

    cJSON_AddStringToObject(object, "verdict", zw_action_name(verdict->action));
    cJSON_AddItemToObject(object, "rule", rule_json(verdict->rule));
    cJSON_AddStringToObject(object, "step", zw_step_name(verdict->step));
    cJSON_AddStringToObject(object, "text", zw_step_text(verdict->step));
    cJSON_AddItemToObject(object, "from", endpoint_json(&explanation->from, verdict->src));
    cJSON_AddItemToObject(object, "to", endpoint_json(&explanation->to, verdict->dst));
    add_service(object, &explanation->key);
    cJSON_AddStringToObject(object, "path", verdict->slow ? "slow" : "fast");
    cJSON_AddStringToObject(object, "log", zw_log_level_name(verdict->log));
    cJSON_AddNumberToObject(object, "policy_version", policy->version);
    cJSON *notes = cJSON_AddArrayToObject(object, "notes");
    for (size_t i = 0; i < explanation->notes.n; i++) {
        cJSON_AddItemToArray(notes, cJSON_CreateString(explanation->notes.list[i].text));
    }
    if (explanation->notes.n_dropped) {
        snprintf(text, sizeof text, "and %zu more notes", explanation->notes.n_dropped);
        cJSON_AddItemToArray(notes, cJSON_CreateString(text));
    }
    return object;
}
