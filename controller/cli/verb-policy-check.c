/* SPDX-License-Identifier: Apache-2.0 */
#include "zw-config.h"

#include "controller/cli/cli.h"
#include "controller/control/json.h"
#include "controller/policy/policy.h"

static void print_document(struct zw_cli *cli, const struct zw_policy *policy, const struct zw_problems *problems)
{
    cJSON *document = cJSON_CreateObject();

    cJSON_AddBoolToObject(document, "ok", policy != NULL);
    if (policy) {
        cJSON_AddNumberToObject(document, "n_zones", (double)policy->n_zones);
        cJSON_AddNumberToObject(document, "n_rules", (double)policy->n_rules);
        cJSON_AddStringToObject(document, "sha256", policy->sha256);
    }
    cJSON_AddItemToObject(document, "problems", zw_json_problems(problems));
    zw_output_document(cli->out, document);
    cJSON_Delete(document);
}

static void print_text(struct zw_cli *cli, const char *path, const struct zw_policy *policy,
                       const struct zw_problems *problems)
{
    zw_cli_print_problems(cli, problems);
    if (policy) {
        zw_text_print(cli->out, path);
        fprintf(cli->out, ": %zu zone%s, %zu rule%s: ok\n", policy->n_zones, policy->n_zones == 1 ? "" : "s",
                policy->n_rules, policy->n_rules == 1 ? "" : "s");
    }
}

static enum zw_exit run(struct zw_cli *cli)
{
    struct zw_problems problems = ZW_PROBLEMS_INIT;
    struct zw_policy_source *sources = NULL;
    struct zw_policy *policy = NULL;
    size_t n = 0;
    int error = zw_policy_sources_load(cli->args[0], &sources, &n, &problems);

    if (!error) {
        policy = zw_policy_read(sources, n, &problems);
        zw_policy_sources_free(sources, n);
    }
    if (policy) {
        zw_policy_warn(policy, &problems);
    }
    if (cli->format == ZW_FORMAT_JSON) {
        print_document(cli, policy, &problems);
    } else {
        print_text(cli, cli->args[0], policy, &problems);
    }
    enum zw_exit status = error ? ZW_EXIT_FILE : policy ? ZW_EXIT_OK : ZW_EXIT_NO;
    zw_problems_clear(&problems);
    zw_policy_unref(policy);
    return status;
}

const struct zw_cli_verb zw_verb_policy_check = {
    .name = "policy check",
    .arguments = "FILE|DIR",
    .min_args = 1,
    .max_args = 1,
    .summary = "Whether a policy is well formed; needs no daemon",
    .help = "Reads the file, or every *.yaml of the directory, as the daemon would, and prints every problem as\n"
            "file:line:column: text.  What is well formed and hardly meant is a warning, and does not count.\n",
    .run = run,
};
