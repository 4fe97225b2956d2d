/* SPDX-License-Identifier: Apache-2.0 */
#include "zw-config.h"

#include "controller/cli/cli.h"
#include "controller/control/json.h"

static const struct zw_cli_option options[] = {
    {"zone", "ZONE", "either side is in this zone"},
    {"address", "ADDRESS", "either side has this address, or one within ADDRESS/BITS"},
    {"rule", "RULE", "let in by the rule of this name"},
    {"limit", "N", "at most so many"},
    {NULL, NULL, NULL},
};

static const struct zw_column columns[] = {
    {"proto", "PROTO", false, false},
    {"src", "SOURCE", false, false},
    {"sport", "SPORT", true, false},
    {"dst", "DESTINATION", false, false},
    {"dport", "DPORT", true, false},
    {"from", "FROM", false, false},
    {"to", "TO", false, false},
    {"rule", "RULE", false, false},
    {"policy_version", "POLICY", true, false},
    {"path", "PATH", false, false},
    {"state", "STATE", false, false},
    {"segment", "VLAN", true, true},
    {"bridge", "BRIDGE", false, true},
    {"bytes_out", "BYTES-OUT", true, true},
    {"bytes_in", "BYTES-IN", true, true},
};

static enum zw_exit run(struct zw_cli *cli)
{
    cJSON *args = cJSON_CreateObject();

    zw_json_add_string(args, "zone", zw_cli_value(cli, "zone"));
    zw_json_add_string(args, "address", zw_cli_value(cli, "address"));
    zw_json_add_string(args, "rule", zw_cli_value(cli, "rule"));
    if (zw_cli_add_limit(cli, args) != ZW_EXIT_OK) {
        cJSON_Delete(args);
        return ZW_EXIT_USAGE;
    }
    return zw_cli_list(cli, "sessions", args, "sessions");
}

const struct zw_cli_verb zw_verb_sessions = {
    .name = "sessions",
    .arguments = "",
    .columns = columns,
    .n_columns = sizeof columns / sizeof columns[0],
    .summary = "Sessions that are alive now",
    .help = "Each one as it began: the source is who opened it.  For ICMP, SPORT and DPORT are its\n"
            "type and code.\n",
    .options = options,
    .run = run,
};
