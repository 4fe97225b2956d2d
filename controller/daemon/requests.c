/* SPDX-License-Identifier: Apache-2.0 */
#include "zw-config.h"

#include "controller/daemon/requests.h"

#include <string.h>

/* What each verb knows. */
static const struct zw_request_arg ports_args[] = {
    {"zone", ZW_ARG_STRING},
    {"bridge", ZW_ARG_STRING},
    {NULL, ZW_ARG_STRING},
};
static const struct zw_request_arg rules_args[] = {
    {"zone", ZW_ARG_STRING},
    {"unused", ZW_ARG_BOOL},
    {NULL, ZW_ARG_STRING},
};
static const struct zw_request_arg sessions_args[] = {
    {"zone", ZW_ARG_STRING}, {"address", ZW_ARG_STRING}, {"rule", ZW_ARG_STRING},
    {"limit", ZW_ARG_COUNT}, {NULL, ZW_ARG_STRING},
};
static const struct zw_request_arg flows_args[] = {
    {"bridge", ZW_ARG_STRING}, {"stage", ZW_ARG_STRING}, {"rule", ZW_ARG_STRING},
    {"limit", ZW_ARG_COUNT},   {NULL, ZW_ARG_STRING},
};
static const struct zw_request_arg drops_args[] = {
    {"bridge", ZW_ARG_STRING}, {"port", ZW_ARG_STRING}, {"reason", ZW_ARG_STRING},
    {"all", ZW_ARG_BOOL},      {NULL, ZW_ARG_STRING},
};
static const struct zw_request_arg explain_args[] = {
    {"from", ZW_ARG_STRING},      {"to", ZW_ARG_STRING}, {"service", ZW_ARG_STRING},
    {"from-port", ZW_ARG_STRING}, {NULL, ZW_ARG_STRING},
};
static const struct zw_request_arg show_args[] = {
    {"normal", ZW_ARG_BOOL},
    {NULL, ZW_ARG_STRING},
};
static const struct zw_request_arg apply_args[] = {
    {"sources", ZW_ARG_LIST},
    {NULL, ZW_ARG_STRING},
};

const struct zw_request_type zw_daemon_requests[] = {
    {"status", ZW_RIGHT_READ, zw_handle_status, NULL},
    {"zones", ZW_RIGHT_READ, zw_handle_zones, NULL},
    {"ports", ZW_RIGHT_READ, zw_handle_ports, ports_args},
    {"rules", ZW_RIGHT_READ, zw_handle_rules, rules_args},
    {"sessions", ZW_RIGHT_READ, zw_handle_sessions, sessions_args},
    {"flows", ZW_RIGHT_READ, zw_handle_flows, flows_args},
    {"drops", ZW_RIGHT_READ, zw_handle_drops, drops_args},
    {"explain", ZW_RIGHT_READ, zw_handle_explain, explain_args},
    {"policy.show", ZW_RIGHT_READ, zw_handle_policy_show, show_args},
    {"policy.apply", ZW_RIGHT_CHANGE, zw_handle_policy_apply, apply_args},
    {"policy.reload", ZW_RIGHT_CHANGE, zw_handle_policy_reload, NULL},
    {NULL, ZW_RIGHT_READ, NULL, NULL},
};

size_t zw_list_limit(const cJSON *args)
{
    double limit = zw_json_number(args, "limit");

    return limit < 1 ? ZW_LIST_DEFAULT : limit > ZW_LIST_MAX ? ZW_LIST_MAX : (size_t)limit;
}

bool zw_list_wants(const cJSON *args, const char *key, const char *value)
{
    const char *wanted = zw_json_string(args, key);

    return !wanted || (value && !strcmp(wanted, value));
}

cJSON *zw_prefixes_json(const struct zw_prefixes *prefixes)
{
    cJSON *array = cJSON_CreateArray();
    char text[ZW_PREFIX_STRLEN];

    for (size_t i = 0; i < prefixes->n; i++) {
        cJSON_AddItemToArray(array, cJSON_CreateString(zw_prefix_format(&prefixes->list[i], text)));
    }
    return array;
}
