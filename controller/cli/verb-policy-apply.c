/* SPDX-License-Identifier: Apache-2.0 */
/* `policy apply` and `policy reload`: both end with the same answer. */
#include "zw-config.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "controller/base/file.h"
#include "controller/base/memory.h"
#include "controller/cli/cli.h"
#include "controller/control/json.h"
#include "controller/policy/policy.h"

#define MAX_IN_JSON 65536 /* Bytes of texts: more of them come in a file, which need not be quoted. */

/* What policy.apply is asked with. */
struct order {
    cJSON *args;
    int file; /* With the texts, if they are not in 'args'; else -1. */
};

/* No policy holds a NUL, nor does a JSON string: what is wrong with it is said here, as the daemon would. */
static bool check_texts(const struct zw_policy_source *sources, size_t n, struct zw_problems *problems)
{
    for (size_t i = 0; i < n; i++) {
        if (memchr(sources[i].text, '\0', sources[i].size)) {
            zw_policy_unref(zw_policy_read(sources, n, problems));
            return false;
        }
    }
    return true;
}

/* All texts in one file; -1 if it cannot be made, or is not worth it. */
static int seal_texts(const struct zw_policy_source *sources, size_t n)
{
    struct iovec *parts = zw_xcalloc(n, sizeof *parts);
    size_t size = 0;

    for (size_t i = 0; i < n; i++) {
        parts[i] = (struct iovec){.iov_base = (char *)sources[i].text, .iov_len = sources[i].size};
        size += sources[i].size;
    }
    int file = size > MAX_IN_JSON ? zw_file_seal(parts, n) : -1;
    free(parts);
    return file;
}

static struct order make_order(const struct zw_policy_source *sources, size_t n)
{
    struct order order = {.args = cJSON_CreateObject(), .file = seal_texts(sources, n)};
    cJSON *array = cJSON_AddArrayToObject(order.args, "sources");

    for (size_t i = 0; i < n; i++) {
        cJSON *object = cJSON_CreateObject();
        cJSON_AddStringToObject(object, "name", sources[i].name);
        if (order.file < 0) {
            cJSON_AddStringToObject(object, "text", sources[i].text);
        } else {
            cJSON_AddNumberToObject(object, "size", (double)sources[i].size);
        }
        cJSON_AddItemToArray(array, object);
    }
    return order;
}

static enum zw_exit read_order(const char *path, struct order *order, struct zw_problems *problems)
{
    struct zw_policy_source *sources;
    enum zw_exit status = ZW_EXIT_NO;
    size_t n;

    if (zw_policy_sources_load(path, &sources, &n, problems)) {
        return ZW_EXIT_FILE;
    }
    if (check_texts(sources, n, problems)) {
        *order = make_order(sources, n);
        status = ZW_EXIT_OK;
    }
    zw_policy_sources_free(sources, n);
    return status;
}

/* How many bridges have confirmed it, of how many. */
struct confirmed {
    size_t n, of;
};

static struct confirmed count_confirmed(const cJSON *result)
{
    struct confirmed confirmed = {0, 0};
    const cJSON *bridge;

    cJSON_ArrayForEach (bridge, cJSON_GetObjectItemCaseSensitive(result, "bridges")) {
        confirmed.n += zw_json_bool(bridge, "confirmed");
        confirmed.of++;
    }
    return confirmed;
}

static void print_change(FILE *out, const cJSON *result, struct confirmed confirmed)
{
    fprintf(out, "policy version %.0f is in force", zw_json_number(result, "version"));
    if (confirmed.n < confirmed.of) {
        fprintf(out, " on %zu of %zu bridges", confirmed.n, confirmed.of);
    }
    if (zw_json_bool(result, "unchanged")) {
        fputs(" already\n", out);
        return;
    }
    fprintf(out, ": %.0f flow changes in %.1f ms\n", zw_json_number(result, "n_flow_changes"),
            zw_json_number(result, "ms"));
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

static enum zw_exit change(struct zw_cli *cli, const char *verb, struct order order)
{
    struct confirmed confirmed;
    cJSON *result;
    enum zw_exit status = zw_cli_call_with(cli, verb, order.args, order.file, &result);

    if (order.file >= 0) {
        close(order.file);
    }
    if (status != ZW_EXIT_OK) {
        return status;
    }
    confirmed = count_confirmed(result);
    if (cli->format == ZW_FORMAT_JSON) {
        zw_output_document(cli->out, result);
    } else {
        print_change(cli->out, result, confirmed);
        print_bridges(cli->out, result);
    }
    cJSON_Delete(result);
    return confirmed.n == confirmed.of ? ZW_EXIT_OK : ZW_EXIT_NO;
}

static enum zw_exit run_apply(struct zw_cli *cli)
{
    struct zw_problems problems = ZW_PROBLEMS_INIT;
    struct order order = {.file = -1};
    enum zw_exit status = read_order(cli->args[0], &order, &problems);

    zw_cli_print_problems(cli, &problems);
    zw_problems_clear(&problems);
    return status == ZW_EXIT_OK ? change(cli, "policy.apply", order) : status;
}

static enum zw_exit run_reload(struct zw_cli *cli)
{
    return change(cli, "policy.reload", (struct order){.file = -1});
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
