/* SPDX-License-Identifier: Apache-2.0 */
#include "zw-config.h"

#include <string.h>

#include "controller/cli/cli.h"
#include "controller/control/explain-json.h"
#include "controller/control/json.h"

static const struct zw_cli_option options[] = {
    {"policy", "FILE|DIR", "ask this policy, not the daemon's; it knows zones, but no ports"},
    {"from-port", "PORT", "sent from this port; without it, from any high one"},
    {NULL, NULL, NULL},
};

static void print_end(FILE *out, const char *label, const cJSON *end)
{
    const char *zone = zw_json_string(end, "zone");
    const char *behind = zw_json_string(end, "behind");
    const char *port = zw_json_string(end, "port");
    const char *address = zw_json_string(end, "address");

    fprintf(out, "  %-8s ", label);
    zw_text_print(out, zone ? zone : "no zone");
    if (behind) {
        fputs(", behind ", out);
        zw_text_print(out, behind);
    }
    if (port) {
        fputs(", port ", out);
        zw_text_print(out, port);
    }
    if (cJSON_IsNumber(cJSON_GetObjectItemCaseSensitive(end, "vlan"))) {
        fprintf(out, ", VLAN %.0f", zw_json_number(end, "vlan"));
    }
    if (address) {
        fputs(", address ", out);
        zw_text_print(out, address);
    }
    putc('\n', out);
}

static void print_line(FILE *out, const char *label, const cJSON *result, const char *key)
{
    const char *text = zw_json_string(result, key);

    fprintf(out, "  %-8s ", label);
    zw_text_print(out, text ? text : "?");
    putc('\n', out);
}

/* "allow, by rule 2 "names" (policy.yaml:14): the first rule that matches" */
static void print_verdict(FILE *out, const cJSON *result)
{
    const cJSON *rule = cJSON_GetObjectItemCaseSensitive(result, "rule");
    const char *verdict = zw_json_string(result, "verdict");
    const char *text = zw_json_string(result, "text");
    const char *name = zw_json_string(rule, "name");
    const char *file = zw_json_string(rule, "file");

    zw_text_print(out, verdict ? verdict : "?");
    if (name) {
        fprintf(out, ", by rule %.0f \"", zw_json_number(rule, "number"));
        zw_text_print(out, name);
        fputs("\" (", out);
        zw_text_print(out, file ? file : "?");
        fprintf(out, ":%.0f)", zw_json_number(rule, "line"));
    }
    fputs(": ", out);
    zw_text_print(out, text ? text : "?");
    putc('\n', out);
}

static void print_text(FILE *out, const cJSON *result)
{
    const cJSON *note;

    print_verdict(out, result);
    print_end(out, "from", cJSON_GetObjectItemCaseSensitive(result, "from"));
    print_end(out, "to", cJSON_GetObjectItemCaseSensitive(result, "to"));
    print_line(out, "service", result, "service");
    print_line(out, "path", result, "path");
    print_line(out, "log", result, "log");
    if (zw_json_number(result, "policy_version")) {
        fprintf(out, "  %-8s version %.0f\n", "policy", zw_json_number(result, "policy_version"));
    }
    cJSON_ArrayForEach (note, cJSON_GetObjectItemCaseSensitive(result, "notes")) {
        fputs("note: ", out);
        zw_text_print(out, cJSON_IsString(note) ? note->valuestring : "?");
        putc('\n', out);
    }
}

static enum zw_exit ask_policy(const struct zw_cli *cli, const struct zw_policy *policy, cJSON **result,
                               struct zw_problems *problems)
{
    struct zw_explanation explanation;
    bool ok = zw_explain(policy, NULL, cli->args[0], cli->args[1], cli->args[2], zw_cli_value(cli, "from-port"),
                         &explanation, problems);

    if (ok) {
        *result = zw_explanation_json(policy, &explanation);
    }
    zw_explanation_clear(&explanation);
    return ok ? ZW_EXIT_OK : ZW_EXIT_USAGE;
}

/* Without a daemon, from the policy at 'path'. */
static enum zw_exit ask_file(const struct zw_cli *cli, const char *path, cJSON **result)
{
    struct zw_problems problems = ZW_PROBLEMS_INIT;
    struct zw_policy_source *sources;
    enum zw_exit status = ZW_EXIT_FILE;
    size_t n;

    if (!zw_policy_sources_load(path, &sources, &n, &problems)) {
        struct zw_policy *policy = zw_policy_read(sources, n, &problems);
        if (policy) {
            status = ask_policy(cli, policy, result, &problems);
        }
        zw_policy_unref(policy);
        zw_policy_sources_free(sources, n);
    }
    zw_cli_print_problems(cli, &problems);
    zw_problems_clear(&problems);
    return status;
}

static enum zw_exit ask_daemon(const struct zw_cli *cli, cJSON **result)
{
    cJSON *args = cJSON_CreateObject();

    cJSON_AddStringToObject(args, "from", cli->args[0]);
    cJSON_AddStringToObject(args, "to", cli->args[1]);
    cJSON_AddStringToObject(args, "service", cli->args[2]);
    if (zw_cli_value(cli, "from-port")) {
        cJSON_AddStringToObject(args, "from-port", zw_cli_value(cli, "from-port"));
    }
    return zw_cli_call(cli, "explain", args, result);
}

static enum zw_exit run(struct zw_cli *cli)
{
    const char *path = zw_cli_value(cli, "policy");
    cJSON *result = NULL;
    enum zw_exit status = path ? ask_file(cli, path, &result) : ask_daemon(cli, &result);

    if (status != ZW_EXIT_OK) {
        return status == ZW_EXIT_NO ? ZW_EXIT_USAGE : status; /* 1 says "denied" here, and nothing else. */
    }
    if (cli->format == ZW_FORMAT_JSON) {
        zw_output_document(cli->out, result);
    } else {
        print_text(cli->out, result);
    }
    const char *verdict = zw_json_string(result, "verdict");
    status = verdict && !strcmp(verdict, "allow") ? ZW_EXIT_OK : ZW_EXIT_NO;
    cJSON_Delete(result);
    return status;
}

const struct zw_cli_verb zw_verb_explain = {
    .name = "explain",
    .arguments = "FROM TO SERVICE",
    .min_args = 3,
    .max_args = 3,
    .summary = "Whether a session would be let in, by which rule, and why",
    .help = "FROM and TO are a zone or a port, either with @ADDRESS, or an address alone if a zone behind another has\n"
            "it; \"zone:NAME\" and \"port:NAME\" say which is meant.  A port whose zone depends on the VLAN needs it,\n"
            "as in uplink0/100; 0 is untagged.  SERVICE is tcp/443, udp/53, icmp/8, icmpv6/128, gre,\n"
            "proto/89 or ethertype/0x8892.  Where no address is named, the answer is for those that no rule singles\n"
            "out, and notes name the rules that do.  The exit status is 0 for allow and 1 for deny and reject.\n"
            "    zoneward explain office@192.168.10.7 web tcp/443\n",
    .options = options,
    .run = run,
};
