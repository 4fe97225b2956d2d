/* SPDX-License-Identifier: Apache-2.0 */
/* Asking the daemon, and telling the user what came of it. */
#include "zw-config.h"

#include <errno.h>
#include <stdlib.h>

#include "controller/cli/cli.h"
#include "controller/control/json.h"

void zw_cli_print_problems(const struct zw_cli *cli, const struct zw_problems *problems)
{
    for (size_t i = 0; i < problems->n; i++) {
        const struct zw_problem *problem = &problems->list[i];
        if (problem->file) {
            zw_text_print(cli->err, problem->file);
            fputs(":", cli->err);
        }
        if (problem->line) {
            fprintf(cli->err, "%d:", problem->line);
        }
        if (problem->line && problem->column) {
            fprintf(cli->err, "%d:", problem->column);
        }
        fputs(problem->file || problem->line ? " " : "", cli->err);
        zw_text_print(cli->err, problem->text);
        fputs("\n", cli->err);
    }
    if (problems->n_dropped) {
        fprintf(cli->err, "%zu more problems\n", problems->n_dropped);
    }
}

/* A policy that the daemon finds wrong is an answer, and what a list cannot be asked for is a wrong command line; all else
 * that it refuses is an error. */
static enum zw_exit exit_of(const struct zw_answer *answer, bool is_list)
{
    static const enum zw_exit exits[] = {
        [ZW_ANSWER_OK] = ZW_EXIT_OK,
        [ZW_ANSWER_UNREACHABLE] = ZW_EXIT_UNREACHABLE,
        [ZW_ANSWER_DENIED] = ZW_EXIT_DENIED,
        [ZW_ANSWER_ERROR] = ZW_EXIT_ERROR,
    };
    if (is_list && answer->status == ZW_ANSWER_ERROR && (answer->error == ENOENT || answer->error == EINVAL)) {
        return ZW_EXIT_USAGE;
    }
    return answer->status == ZW_ANSWER_ERROR && answer->problems.n ? ZW_EXIT_NO : exits[answer->status];
}

static enum zw_exit call(const struct zw_cli *cli, const char *verb, cJSON *args, int file, bool is_list,
                         cJSON **result)
{
    struct zw_answer answer;

    zw_control_call_with(cli->run_dir, verb, args, file, cli->timeout_ms, &answer);
    *result = answer.result;
    answer.result = NULL;
    if (answer.status != ZW_ANSWER_OK) {
        zw_cli_print_problems(cli, &answer.problems);
        fputs("zoneward: ", cli->err);
        zw_text_print(cli->err, answer.text ? answer.text : "out of memory");
        fputs("\n", cli->err);
    }
    enum zw_exit status = exit_of(&answer, is_list);
    zw_answer_clear(&answer);
    return status;
}

enum zw_exit zw_cli_call_with(const struct zw_cli *cli, const char *verb, cJSON *args, int file, cJSON **result)
{
    return call(cli, verb, args, file, false, result);
}

enum zw_exit zw_cli_call(const struct zw_cli *cli, const char *verb, cJSON *args, cJSON **result)
{
    return zw_cli_call_with(cli, verb, args, -1, result);
}

enum zw_exit zw_cli_add_limit(const struct zw_cli *cli, cJSON *args)
{
    const char *text = zw_cli_value(cli, "limit");
    uint64_t n;

    if (!text) {
        return ZW_EXIT_OK;
    }
    if (!zw_cli_number(text, UINT64_MAX, &n) || !n) {
        return zw_cli_usage(cli, "--limit takes a number from 1");
    }
    cJSON_AddNumberToObject(args, "limit", (double)n);
    return ZW_EXIT_OK;
}

/* What the list does not show, on standard error. */
static void print_missing(const struct zw_cli *cli, const cJSON *result, const char *list)
{
    const cJSON *item;
    int n = cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(result, list));
    double n_total = zw_json_number(result, "n_total");

    if (n_total > n) {
        fprintf(cli->err, "zoneward: %d of %.0f shown (see --limit)\n", n, n_total);
    }
    cJSON_ArrayForEach (item, cJSON_GetObjectItemCaseSensitive(result, "unread")) {
        const char *bridge = zw_json_string(item, "bridge"), *error = zw_json_string(item, "error");
        fputs("zoneward: without bridge ", cli->err);
        zw_text_print(cli->err, bridge ? bridge : "?");
        fputs(": ", cli->err);
        zw_text_print(cli->err, error ? error : "?");
        putc('\n', cli->err);
    }
}

enum zw_exit zw_cli_list(const struct zw_cli *cli, const char *verb, cJSON *args, const char *list)
{
    const struct zw_column *columns = cli->verb->columns;
    size_t n_columns = cli->verb->n_columns;
    cJSON *result;
    enum zw_exit status = call(cli, verb, args, -1, true, &result);

    if (status != ZW_EXIT_OK) {
        return status;
    } else if (cli->format == ZW_FORMAT_JSON) {
        zw_output_document(cli->out, result);
    } else {
        struct zw_output *output =
            zw_output_new(cli->format, cli->out, cli->out_is_terminal, cli->wide, columns, n_columns);
        zw_output_json_rows(output, cJSON_GetObjectItemCaseSensitive(result, list), columns, n_columns);
        zw_output_end(output);
        print_missing(cli, result, list);
    }
    cJSON_Delete(result);
    return ZW_EXIT_OK;
}
