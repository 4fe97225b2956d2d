/* SPDX-License-Identifier: Apache-2.0 */
#include "zw-config.h"

#include "controller/cli/cli.h"

static const struct zw_column columns[] = {
    {"name", "ZONE", false, false},
    {"id", "ID", true, true},
    {"n_ports", "PORTS", true, false},
    {"ports", "NAMES", false, true},
    {"behind", "BEHIND", false, false},
    {"addresses", "ADDRESSES", false, false},
    {"trusts_external_id", "TRUSTS-EXTERNAL-ID", false, true},
};

static enum zw_exit run(struct zw_cli *cli)
{
    return zw_cli_list(cli, "zones", NULL, "zones");
}

const struct zw_cli_verb zw_verb_zones = {
    .name = "zones",
    .arguments = "",
    .columns = columns,
    .n_columns = sizeof columns / sizeof columns[0],
    .summary = "Zones and how many ports each has",
    .run = run,
};
