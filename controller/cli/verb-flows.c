/* SPDX-License-Identifier: Apache-2.0 */
#include "zw-config.h"

#include "controller/cli/cli.h"
#include "controller/control/json.h"

static const struct zw_cli_option options[] = {
    {"bridge", "BRIDGE", "only flows of this bridge"},
    {"stage", "STAGE", "only flows of this stage"},
    {"rule", "RULE", "only flows of the rule of this name"},
    {"limit", "N", "at most so many"},
    {NULL, NULL, NULL},
};

static const struct zw_column columns[] = {
    {"bridge", "BRIDGE", false, false}, {"table", "TABLE", true, true},        {"stage", "STAGE", false, false},
    {"priority", "PRIO", true, false},  {"meaning", "MEANING", false, false},  {"zone", "ZONE", false, true},
    {"rule", "RULE", false, false},     {"n_packets", "PACKETS", true, false}, {"n_bytes", "BYTES", true, true},
    {"cookie", "COOKIE", false, true},  {"match", "MATCH", false, false},      {"actions", "ACTIONS", false, true},
};

static enum zw_exit run(struct zw_cli *cli)
{
    cJSON *args = cJSON_CreateObject();

    zw_json_add_string(args, "bridge", zw_cli_value(cli, "bridge"));
    zw_json_add_string(args, "stage", zw_cli_value(cli, "stage"));
    zw_json_add_string(args, "rule", zw_cli_value(cli, "rule"));
    if (zw_cli_add_limit(cli, args) != ZW_EXIT_OK) {
        cJSON_Delete(args);
        return ZW_EXIT_USAGE;
    }
    return zw_cli_list(cli, "flows", args, "flows");
}

const struct zw_cli_verb zw_verb_flows = {
    .name = "flows",
    .arguments = "",
    .columns = columns,
    .n_columns = sizeof columns / sizeof columns[0],
    .summary = "Installed flows and what each one is for",
    .options = options,
    .run = run,
};
