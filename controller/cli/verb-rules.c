/* SPDX-License-Identifier: Apache-2.0 */
#include "zw-config.h"

#include "controller/cli/cli.h"
#include "controller/control/json.h"

static const struct zw_cli_option options[] = {
    {"zone", "ZONE", "only rules that speak of this zone"},
    {"unused", NULL, "only rules that no session has met"},
    {NULL, NULL, NULL},
};

static const struct zw_column columns[] = {
    {"number", "NO", true, false},        {"name", "RULE", false, false},
    {"from", "FROM", false, false},       {"from_addresses", "FROM-ADDRESSES", false, true},
    {"to", "TO", false, false},           {"to_addresses", "TO-ADDRESSES", false, true},
    {"service", "SERVICE", false, false}, {"from_ports", "FROM-PORTS", false, true},
    {"action", "ACTION", false, false},   {"otherwise", "OTHERWISE", false, true},
    {"log", "LOG", false, false},         {"n_hits", "HITS", true, false},
    {"n_bytes", "BYTES", true, false},    {"file", "FILE", false, true},
    {"line", "LINE", true, true},
};

static enum zw_exit run(struct zw_cli *cli)
{
    cJSON *args = cJSON_CreateObject();

    zw_json_add_string(args, "zone", zw_cli_value(cli, "zone"));
    cJSON_AddBoolToObject(args, "unused", zw_cli_value(cli, "unused") != NULL);
    return zw_cli_list(cli, "rules", args, "rules");
}

const struct zw_cli_verb zw_verb_rules = {
    .name = "rules",
    .arguments = "",
    .columns = columns,
    .n_columns = sizeof columns / sizeof columns[0],
    .summary = "Rules in force, in their order, with hit counts",
    .help = "HITS counts the packets that a rule judged since its flows are in the switch: the first of each session,\n"
            "and each one that it denied.  Rule 0 is the default, for what no rule matches.\n",
    .options = options,
    .run = run,
};
