/* SPDX-License-Identifier: Apache-2.0 */
/* `policy apply` and `policy reload`: both end with the same answer. */
#include "zw-config.h"

#include <string.h>

#include "controller/cli/cli.h"
#include "controller/control/json.h"
#include "controller/policy/policy.h"

/* JSON strings hold no NUL; the reader would refuse it, too. */
static bool add_sources(cJSON *args, const struct zw_policy_source *sources, size_t n, struct zw_problems *problems)
{
    cJSON *array = cJSON_AddArrayToObject(args, "sources");

    for (size_t i = 0; i < n; i++) {
        cJSON *object = cJSON_CreateObject();
        if (memchr(sources[i].text, '\0', sources[i].size)) {
            zw_problems_add(problems, sources[i].name, 0, 0, "is no text: it holds a NUL character");
        }
        cJSON_AddStringToObject(object, "name", sources[i].name);
        cJSON_AddStringToObject(object, "text", sources[i].text);
        cJSON_AddItemToArray(array, object);
    }
    return problems->n == 0;
}

/* The arguments of policy.apply, or NULL with problems. */
static cJSON *read_sources(const char *path, struct zw_problems *problems)
{
    struct zw_policy_source *sources;
    size_t n;
    cJSON *args;

    if (zw_policy_sources_load(path, &sources, &n, problems)) {
        return NULL;
    }
    args = cJSON_CreateObject();
    if (!add_sources(args, sources, n, problems)) {
        cJSON_Delete(args);
        args = NULL;
    }
    zw_policy_sources_free(sources, n);
    return args;
}

static void print_change(FILE *out, const cJSON *result)
{
    if (zw_json_bool(result, "unchanged")) {
        fprintf(out, "policy version %.0f is in force already\n", zw_json_number(result, "version"));
        return;
    }
    fprintf(out, "policy version %.0f is in force: %.0f flow changes in %.1f ms\n", zw_json_number(result, "version"),
            zw_json_number(result, "n_flow_changes"), zw_json_number(result, "ms"));
    if (zw_json_number(result, "n_ended_sessions") > 0 || zw_json_bool(result, "ending_sessions")) {
        fprintf(out, "%.0f sessions that it forbids ended%s\n", zw_json_number(result, "n_ended_sessions"),
                zw_json_bool(result, "ending_sessions") ? ", and others are being ended: see zoneward status" : "");
    }
}

static void print_bridges(FILE *out, const cJSON *result)
{
    const cJSON *bridge;

    cJSON_ArrayForEach (bridge, cJSON_GetObjectItemCaseSensitive(result, "bridges")) {
        const char *name = zw_json_string(bridge, "name");
        const char *error = zw_json_string(bridge, "error");
        zw_text_print(out, name ? name : "?");
        fputs(zw_json_bool(bridge, "confirmed") ? ": confirmed" : ": not confirmed", out);
        fputs(error ? ": " : "", out);
        zw_text_print(out, error ? error : "");
        putc('\n', out);
    }
}

static bool all_confirmed(const cJSON *result)
{
    const cJSON *bridge;

    cJSON_ArrayForEach (bridge, cJSON_GetObjectItemCaseSensitive(result, "bridges")) {
        if (!zw_json_bool(bridge, "confirmed")) {
            return false;
        }
    }
    return true;
}

static enum zw_exit change(struct zw_cli *cli, const char *verb, cJSON *args)
{
    cJSON *result;
    enum zw_exit status = zw_cli_call(cli, verb, args, &result);

    if (status != ZW_EXIT_OK) {
        return status;
    }
    if (cli->format == ZW_FORMAT_JSON) {
        zw_output_document(cli->out, result);
    } else {
        print_change(cli->out, result);
        print_bridges(cli->out, result);
    }
    status = all_confirmed(result) ? ZW_EXIT_OK : ZW_EXIT_NO;
    cJSON_Delete(result);
    return status;
}

static enum zw_exit run_apply(struct zw_cli *cli)
{
    struct zw_problems problems = ZW_PROBLEMS_INIT;
    cJSON *args = read_sources(cli->args[0], &problems);

    zw_cli_print_problems(cli, &problems);
    zw_problems_clear(&problems);
    return args ? change(cli, "policy.apply", args) : ZW_EXIT_FILE;
}

static enum zw_exit run_reload(struct zw_cli *cli)
{
    return change(cli, "policy.reload", NULL);
}

const struct zw_cli_verb zw_verb_policy_apply = {
    .name = "policy apply",
    .arguments = "FILE|DIR",
    .min_args = 1,
    .max_args = 1,
    .summary = "Put a policy in force",
    .help = "Sends the file, or every *.yaml of the directory, to the daemon, which checks it, changes the flows of\n"
            "every bridge in one atomic step each, and answers when the bridges have confirmed and the sessions that\n"
            "it forbids have ended.  A policy with problems changes nothing.\n",
    .run = run_apply,
};

const struct zw_cli_verb zw_verb_policy_reload = {
    .name = "policy reload",
    .arguments = "",
    .summary = "Make the daemon read its policy file again",
    .help = "The same as SIGHUP to the daemon, with an answer.\n",
    .run = run_reload,
};
