/* SPDX-License-Identifier: Apache-2.0 */
#include "zw-config.h"

#include <string.h>

#include "controller/cli/cli.h"

static enum zw_exit run(struct zw_cli *cli)
{
    size_t n, size = 0;
    const struct zw_cli_verb *const *verbs = zw_cli_verbs(&n);
    bool found = false;
    char name[64] = "";

    if (!cli->n_args) {
        zw_cli_help(cli->out);
        return ZW_EXIT_OK;
    }
    snprintf(name, sizeof name, "%s%s%s", cli->args[0], cli->n_args > 1 ? " " : "",
             cli->n_args > 1 ? cli->args[1] : "");
    size = strlen(name);
    for (size_t i = 0; i < n; i++) { /* "help policy" is the help of all that begin with it. */
        if (!strncmp(verbs[i]->name, name, size) && strchr(" ", verbs[i]->name[size])) {
            fputs(found ? "\n" : "", cli->out);
            zw_cli_help_verb(verbs[i], cli->out);
            found = true;
        }
    }
    return found ? ZW_EXIT_OK : zw_cli_usage(cli, "there is no verb \"%s\"", name);
}

const struct zw_cli_verb zw_verb_help = {
    .name = "help",
    .arguments = "[VERB]",
    .max_args = 2,
    .summary = "This list, or how a verb is used",
    .run = run,
};
