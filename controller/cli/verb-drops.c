/* SPDX-License-Identifier: Apache-2.0 */
#include "zw-config.h"

#include "controller/cli/cli.h"
#include "controller/control/json.h"

static const struct zw_cli_option options[] = {
    {"bridge", "BRIDGE", "only of this bridge"},
    {"port", "PORT", "only what is counted for this port"},
    {"reason", "REASON", "only for this reason"},
    {"all", NULL, "reasons that have dropped nothing, too"},
    {NULL, NULL, NULL},
};

static const struct zw_column columns[] = {
    {"bridge", "BRIDGE", false, false}, {"reason", "REASON", false, false},    {"port", "PORT", false, false},
    {"ofport", "OFPORT", true, true},   {"n_packets", "PACKETS", true, false}, {"n_bytes", "BYTES", true, false},
    {"text", "WHY", false, false},
};

static enum zw_exit run(struct zw_cli *cli)
{
    cJSON *args = cJSON_CreateObject();

    zw_json_add_string(args, "bridge", zw_cli_value(cli, "bridge"));
    zw_json_add_string(args, "port", zw_cli_value(cli, "port"));
    zw_json_add_string(args, "reason", zw_cli_value(cli, "reason"));
    cJSON_AddBoolToObject(args, "all", zw_cli_value(cli, "all") != NULL);
    return zw_cli_list(cli, "drops", args, "drops");
}

const struct zw_cli_verb zw_verb_drops = {
    .name = "drops",
    .arguments = "",
    .columns = columns,
    .n_columns = sizeof columns / sizeof columns[0],
    .summary = "Packets that the switch dropped, and why",
    .help =
        "Counted by the switch, since the flow that drops them is there: a bridge or a port that comes anew begins\n"
        "at 0.  Some reasons are counted for each port, others for the bridge.\n",
    .options = options,
    .run = run,
};
