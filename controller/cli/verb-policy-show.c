/* SPDX-License-Identifier: Apache-2.0 */
#include "zw-config.h"

#include <string.h>

#include "controller/cli/cli.h"
#include "controller/control/json.h"

static const struct zw_cli_option options[] = {
    {"normal", NULL, "in normal form: everything resolved, nothing left unsaid"},
    {NULL, NULL, NULL},
};

/* As a comment, so that what is printed is still a policy. */
static void print_heading(FILE *out, const cJSON *result)
{
    const char *sha256 = zw_json_string(result, "sha256");
    const char *origin = zw_json_string(result, "origin");
    const char *since = zw_json_string(result, "since");

    fprintf(out, "# policy version %.0f, from ", zw_json_number(result, "version"));
    zw_text_print(out, origin ? origin : "?");
    fprintf(out, ", in force since %s\n# sha256 %s\n", since ? since : "?", sha256 ? sha256 : "?");
}

/* Texts are written as they are: they are what `policy apply` takes. */
static void print_text(FILE *out, const char *text)
{
    size_t size = strlen(text);

    fwrite(text, 1, size, out);
    if (size && text[size - 1] != '\n') {
        putc('\n', out);
    }
}

static void print_sources(FILE *out, const cJSON *result)
{
    const cJSON *source;

    cJSON_ArrayForEach (source, cJSON_GetObjectItemCaseSensitive(result, "sources")) {
        const char *name = zw_json_string(source, "name");
        const char *text = zw_json_string(source, "text");
        fputs("# file ", out);
        zw_text_print(out, name ? name : "?");
        putc('\n', out);
        print_text(out, text ? text : "");
    }
}

static enum zw_exit run(struct zw_cli *cli)
{
    bool normal = zw_cli_value(cli, "normal") != NULL;
    cJSON *args = cJSON_CreateObject();
    cJSON *result;

    cJSON_AddBoolToObject(args, "normal", normal);
    enum zw_exit status = zw_cli_call(cli, "policy.show", args, &result);
    if (status != ZW_EXIT_OK) {
        return status;
    } else if (cli->format == ZW_FORMAT_JSON) {
        zw_output_document(cli->out, result);
    } else {
        const char *text = zw_json_string(result, "normal");
        print_heading(cli->out, result);
        if (normal) {
            print_text(cli->out, text ? text : "");
        } else {
            print_sources(cli->out, result);
        }
    }
    cJSON_Delete(result);
    return ZW_EXIT_OK;
}

const struct zw_cli_verb zw_verb_policy_show = {
    .name = "policy show",
    .arguments = "",
    .summary = "The policy in force, its version and origin",
    .options = options,
    .run = run,
};
