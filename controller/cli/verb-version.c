/* SPDX-License-Identifier: Apache-2.0 */
#include "zw-config.h"

#include "controller/cli/cli.h"
#include "ovs-ext/ovs-version.h"

static enum zw_exit run(struct zw_cli *cli)
{
    if (cli->format == ZW_FORMAT_JSON) {
        cJSON *document = cJSON_CreateObject();
        cJSON_AddStringToObject(document, "version", PACKAGE_VERSION);
        cJSON_AddStringToObject(document, "libopenvswitch", zw_ovs_version());
        cJSON_AddNumberToObject(document, "protocol", ZW_CONTROL_VERSION);
        zw_output_document(cli->out, document);
        cJSON_Delete(document);
    } else {
        fprintf(cli->out, "zoneward %s (libopenvswitch %s)\n", PACKAGE_VERSION, zw_ovs_version());
    }
    return ZW_EXIT_OK;
}

const struct zw_cli_verb zw_verb_version = {
    .name = "version",
    .arguments = "",
    .summary = "Version of this program",
    .run = run,
};
