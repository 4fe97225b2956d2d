/* SPDX-License-Identifier: Apache-2.0 */
#include "zw-config.h"

#include "controller/cli/cli.h"
#include "controller/control/json.h"

static const struct zw_cli_option options[] = {
    {"zone", "ZONE", "only ports of this zone"},
    {"bridge", "BRIDGE", "only ports of this bridge"},
    {NULL, NULL, NULL},
};

static const struct zw_column columns[] = {
    {"bridge", "BRIDGE", false, false},   {"name", "PORT", false, false},
    {"ofport", "OFPORT", true, false},    {"zone", "ZONE", false, false},
    {"by_vlan", "BY VLAN", false, false}, {"how", "HOW", false, false},
    {"vlan_mode", "MODE", false, true},   {"tag", "TAG", true, false},
    {"trunks", "TRUNKS", false, true},    {"mac", "MAC", false, true},
    {"macs", "BOUND-MACS", false, true},  {"addresses", "BOUND-ADDRESSES", false, true},
    {"closed", "CLOSED", false, false},
};

static enum zw_exit run(struct zw_cli *cli)
{
    cJSON *args = cJSON_CreateObject();

    zw_json_add_string(args, "zone", zw_cli_value(cli, "zone"));
    zw_json_add_string(args, "bridge", zw_cli_value(cli, "bridge"));
    return zw_cli_list(cli, "ports", args, "ports");
}

const struct zw_cli_verb zw_verb_ports = {
    .name = "ports",
    .arguments = "",
    .columns = columns,
    .n_columns = sizeof columns / sizeof columns[0],
    .summary = "Ports, their zones, and why nothing passes one",
    .options = options,
    .run = run,
};
