/* SPDX-License-Identifier: Apache-2.0 */
#include "zw-config.h"

#include "controller/daemon/requests.h"

#include <string.h>

const struct zw_request_type zw_daemon_requests[] = {
    {"status", ZW_RIGHT_READ, zw_handle_status},
    {"zones", ZW_RIGHT_READ, zw_handle_zones},
    {"ports", ZW_RIGHT_READ, zw_handle_ports},
    {"rules", ZW_RIGHT_READ, zw_handle_rules},
    {"sessions", ZW_RIGHT_READ, zw_handle_sessions},
    {"flows", ZW_RIGHT_READ, zw_handle_flows},
    {"drops", ZW_RIGHT_READ, zw_handle_drops},
    {"explain", ZW_RIGHT_READ, zw_handle_explain},
    {"policy.show", ZW_RIGHT_READ, zw_handle_policy_show},
    {"policy.apply", ZW_RIGHT_CHANGE, zw_handle_policy_apply},
    {"policy.reload", ZW_RIGHT_CHANGE, zw_handle_policy_reload},
    {NULL, ZW_RIGHT_READ, NULL},
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
