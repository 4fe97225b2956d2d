/* SPDX-License-Identifier: Apache-2.0 */
/* Help texts, from the verbs' entries. */
#include "zw-config.h"

#include <string.h>

#include "controller/cli/cli.h"

static void print_options(const struct zw_cli_option *options, FILE *file)
{
    for (size_t i = 0; options && options[i].name; i++) {
        char left[64];
        snprintf(left, sizeof left, "--%s%s%s", options[i].name, options[i].argument ? "=" : "",
                 options[i].argument ? options[i].argument : "");
        fprintf(file, "  %-22s %s\n", left, options[i].help);
    }
}

void zw_cli_help_verb(const struct zw_cli_verb *verb, FILE *file)
{
    fprintf(file, "usage: zoneward %s [OPTION...]%s%s\n\n%s.\n", verb->name, *verb->arguments ? " " : "",
            verb->arguments, verb->summary);
    if (verb->help) {
        fprintf(file, "\n%s", verb->help);
    }
    fputs("\nOptions:\n", file);
    print_options(verb->options, file);
    print_options(zw_cli_common_options, file);
}

void zw_cli_help(FILE *file)
{
    size_t n;
    const struct zw_cli_verb *const *verbs = zw_cli_verbs(&n);

    fputs("usage: zoneward VERB [OPTION...] [ARGUMENT...]\n\n", file);
    for (size_t i = 0; i < n; i++) {
        char left[64];
        snprintf(left, sizeof left, "%s%s%s", verbs[i]->name, *verbs[i]->arguments ? " " : "", verbs[i]->arguments);
        fprintf(file, "  %-32s %s\n", left, verbs[i]->summary);
    }
    fputs("\nOptions of every verb:\n", file);
    print_options(zw_cli_common_options, file);
    fputs("\nExit status:\n", file);
#define ZW_EXIT(NAME, STATUS, TEXT) fprintf(file, "  %d  %s\n", STATUS, TEXT);
    ZW_EXITS
#undef ZW_EXIT
}
