/* SPDX-License-Identifier: Apache-2.0 */
#include "zw-config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "controller/audit/query.h"
#include "controller/base/memory.h"
#include "controller/cli/cli.h"
#include "controller/control/json.h"
#include "controller/policy/policy.h"
#include "controller/policy/service.h"

#define DAEMON_TIMEOUT_MS 3000 /* To learn where the log is, which is a convenience. */

static const struct zw_cli_option options[] = {
    {"since", "TIME", "from this time on"},
    {"until", "TIME", "before this time"},
    {"zone", "ZONE", "either side is in this zone"},
    {"from", "ZONE", "the opening side is in this zone"},
    {"to", "ZONE", "the other side is in this zone"},
    {"address", "ADDRESS", "either side has this address, or one within ADDRESS/BITS"},
    {"port", "PORT", "either side is at this port of the switch"},
    {"service", "SERVICE", "tcp/443, tcp, icmp, ethertype/0x8892, or 443 for any protocol"},
    {"rule", "RULE", "decided by the rule of this name"},
    {"verdict", "VERDICT", "allow or deny"},
    {"path", "PATH", "fast or slow"},
    {"type", "TYPE", "session, denial, end, policy, daemon, admin or gap"},
    {"limit", "N", "only the newest N"},
    {"db", "FILE", "read this file, not the daemon's"},
    {NULL, NULL, NULL},
};

/* One run of the verb. */
struct query {
    struct zw_cli *cli;
    struct zw_audit_filter filter;
    struct zw_prefix address;
    struct zw_output *output; /* Made with the first row, which brings the columns. */
    struct zw_column *columns;
    size_t n_columns;
    const char **values;
};

/* The filter. */

static int64_t now_us(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_REALTIME, &ts);
    return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

static enum zw_exit read_time(const struct zw_cli *cli, const char *option, int64_t *time_us)
{
    const char *text = zw_cli_value(cli, option);

    if (text && !zw_audit_time_parse(text, now_us(), time_us)) {
        return zw_cli_usage(cli, "--%s takes a time: 2026-01-31, 2026-01-31T10:00, 2h (ago), now; not \"%s\"", option,
                            text);
    }
    return ZW_EXIT_OK;
}

static enum zw_exit read_word(const struct zw_cli *cli, const char *option, const char *const *words,
                              const char **value)
{
    *value = zw_cli_value(cli, option);
    if (!*value) {
        return ZW_EXIT_OK;
    }
    for (; *words; words++) {
        if (!strcmp(*words, *value)) {
            return ZW_EXIT_OK;
        }
    }
    return zw_cli_usage(cli, "--%s: \"%s\" is none of its words", option, *value);
}

static enum zw_exit read_service(const struct zw_cli *cli, struct zw_audit_filter *filter)
{
    const char *text = zw_cli_value(cli, "service");
    struct zw_service_item item;
    uint64_t port;

    if (!text) {
        return ZW_EXIT_OK;
    }
    if (zw_cli_number(text, UINT16_MAX, &port)) {
        filter->has_service_port = true;
        filter->service_port = (uint16_t)port;
        return ZW_EXIT_OK;
    }
    const char *wrong = zw_service_item_parse(text, &item);
    if (!wrong && !item.any_ports && (item.proto == IPPROTO_ICMP || item.proto == IPPROTO_ICMPV6)) {
        wrong = "expected the protocol alone; the columns sport and dport have type and code";
    } else if (!wrong && !item.any_ports && item.first != item.last) {
        wrong = "expected one port, not a range";
    }
    if (wrong) {
        return zw_cli_usage(cli, "--service: \"%s\": %s", text, wrong);
    }
    filter->proto = item.eth_type ? item.eth_type : item.proto;
    filter->has_service_port = !item.any_ports && !item.eth_type && zw_protocol_has_ports(item.proto);
    filter->service_port = item.first;
    return ZW_EXIT_OK;
}

static enum zw_exit read_address(const struct zw_cli *cli, struct query *query)
{
    const char *text = zw_cli_value(cli, "address");
    const char *wrong = text ? zw_prefix_parse(text, &query->address) : NULL;

    if (wrong) {
        return zw_cli_usage(cli, "--address: \"%s\": %s", text, wrong);
    }
    query->filter.address = text ? &query->address : NULL;
    return ZW_EXIT_OK;
}

static enum zw_exit read_limit(const struct zw_cli *cli, uint64_t *limit)
{
    const char *text = zw_cli_value(cli, "limit");

    if (text && (!zw_cli_number(text, UINT64_MAX, limit) || !*limit)) {
        return zw_cli_usage(cli, "--limit takes a number from 1");
    }
    return ZW_EXIT_OK;
}

static enum zw_exit read_filter(struct query *query)
{
    static const char *const verdicts[] = {"allow", "deny", NULL};
    static const char *const paths[] = {"fast", "slow", NULL};
    static const char *const types[] = {"session", "denial", "end", "policy", "daemon", "admin", "gap", NULL};
    const struct zw_cli *cli = query->cli;
    struct zw_audit_filter *filter = &query->filter;

    filter->zone = zw_cli_value(cli, "zone");
    filter->from_zone = zw_cli_value(cli, "from");
    filter->to_zone = zw_cli_value(cli, "to");
    filter->port = zw_cli_value(cli, "port");
    filter->rule = zw_cli_value(cli, "rule");
    bool wrong = read_time(cli, "since", &filter->since_us) || read_time(cli, "until", &filter->until_us) ||
                 read_word(cli, "verdict", verdicts, &filter->verdict) ||
                 read_word(cli, "path", paths, &filter->path) || read_word(cli, "type", types, &filter->type) ||
                 read_service(cli, filter) || read_address(cli, query) || read_limit(cli, &filter->limit);
    return wrong ? ZW_EXIT_USAGE : ZW_EXIT_OK;
}

/* Rows. */

/* What a first look wants to see; --wide has the rest. */
static bool is_wide(const char *name)
{
    static const char *const narrow[] = {"time",    "type", "verdict", "from", "src",  "to",  "dst",
                                         "service", "rule", "path",    "who",  "what", "text"};

    for (size_t i = 0; i < sizeof narrow / sizeof narrow[0]; i++) {
        if (!strcmp(narrow[i], name)) {
            return false;
        }
    }
    return true;
}

static char *title(const char *name)
{
    char *text = zw_xstrdup(name);

    for (char *p = text; *p; p++) {
        *p = *p == '_' ? '-' : *p >= 'a' && *p <= 'z' ? (char)(*p - 'a' + 'A') : *p;
    }
    return text;
}

static void start_output(struct query *query, const struct zw_audit_column *columns, size_t n_columns)
{
    query->columns = zw_xcalloc(n_columns, sizeof *query->columns);
    query->values = zw_xcalloc(n_columns, sizeof *query->values);
    query->n_columns = n_columns;
    for (size_t i = 0; i < n_columns; i++) {
        query->columns[i] = (struct zw_column){
            .key = zw_xstrdup(columns[i].name),
            .title = title(columns[i].name),
            .is_number = columns[i].is_number,
            .is_wide = is_wide(columns[i].name),
        };
    }
    query->output = zw_output_new(query->cli->format, query->cli->out, query->cli->out_is_terminal, query->cli->wide,
                                  query->columns, n_columns);
}

static bool print_row(void *query_, const struct zw_audit_column *columns, size_t n_columns)
{
    struct query *query = query_;

    if (!query->output) {
        start_output(query, columns, n_columns);
    }
    for (size_t i = 0; i < n_columns; i++) {
        query->values[i] = columns[i].value;
    }
    zw_output_row(query->output, query->values);
    return !ferror(query->cli->out);
}

static void end_output(struct query *query)
{
    zw_output_end(query->output);
    for (size_t i = 0; i < query->n_columns; i++) {
        free((char *)query->columns[i].key);
        free((char *)query->columns[i].title);
    }
    free(query->columns);
    free(query->values);
}

/* The file. */

/* Where the daemon says that its log is, or NULL. */
static char *ask_daemon(const struct zw_cli *cli)
{
    struct zw_answer answer;
    char *path = NULL;

    zw_control_call(cli->run_dir, "status", NULL, DAEMON_TIMEOUT_MS, &answer);
    const char *text = zw_json_string(cJSON_GetObjectItemCaseSensitive(answer.result, "audit"), "path");
    if (text) {
        path = zw_xstrdup(text);
    }
    zw_answer_clear(&answer);
    return path;
}

static char *find_log(const struct zw_cli *cli)
{
    const char *db = zw_cli_value(cli, "db");
    char *path = db ? zw_xstrdup(db) : cli->state_dir_given ? NULL : ask_daemon(cli);

    return path ? path : zw_xasprintf("%s/%s", cli->state_dir, ZW_AUDIT_FILE);
}

static enum zw_exit run(struct zw_cli *cli)
{
    struct zw_problems problems = ZW_PROBLEMS_INIT;
    struct query query = {.cli = cli};
    enum zw_exit status = read_filter(&query);

    if (status != ZW_EXIT_OK) {
        return status;
    }
    char *path = find_log(cli);
    if (zw_audit_query(path, &query.filter, print_row, &query, &problems)) {
        status = ZW_EXIT_FILE;
    }
    end_output(&query);
    zw_cli_print_problems(cli, &problems);
    zw_problems_clear(&problems);
    free(path);
    return status;
}

const struct zw_cli_verb zw_verb_audit_query = {
    .name = "audit query",
    .arguments = "",
    .has_rows = true,
    .summary = "Records of the audit log",
    .help = "Reads the log's file itself, so that it works without the daemon.  Conditions are joined by \"and\";\n"
            "the oldest record comes first.  TIME is 2026-01-31, 2026-01-31T10:00, either with Z for UTC, or 10m,\n"
            "2h, 3d ago, or now.  --json prints one object a line.\n",
    .options = options,
    .run = run,
};
