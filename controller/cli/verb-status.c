/* SPDX-License-Identifier: Apache-2.0 */
/* One screen: what is wrong and what to do comes first, then each part in a line. */
#include "zw-config.h"

#include "controller/cli/cli.h"
#include "controller/control/json.h"

static void print_string(FILE *out, const cJSON *object, const char *key)
{
    const char *text = zw_json_string(object, key);
    zw_text_print(out, text ? text : "?");
}

static void print_label(FILE *out, const char *label)
{
    fprintf(out, "%-11s", label);
}

static void print_counter(FILE *out, const cJSON *object, const char *key, const char *text)
{
    fprintf(out, "%.0f %s", zw_json_number(object, key), text);
}

/* "3 d 4 h", "4 h 5 min", "5 min 6 s", "6 s". */
static void print_duration(FILE *out, double seconds)
{
    static const struct {
        long size;
        const char *unit;
    } units[] = {{86400, "d"}, {3600, "h"}, {60, "min"}, {1, "s"}};
    long s = seconds > 0 && seconds < 1e12 ? (long)seconds : 0;

    for (size_t i = 0; i < 3; i++) {
        if (s >= units[i].size) {
            fprintf(out, "%ld %s %ld %s", s / units[i].size, units[i].unit, s % units[i].size / units[i + 1].size,
                    units[i + 1].unit);
            return;
        }
    }
    fprintf(out, "%ld s", s);
}

static void print_problems(FILE *out, const cJSON *status)
{
    const cJSON *problem;
    bool healthy = zw_json_bool(status, "healthy");

    fputs(healthy ? "healthy\n" : "not healthy\n", out);
    cJSON_ArrayForEach (problem, cJSON_GetObjectItemCaseSensitive(status, "problems")) {
        print_label(out, zw_json_bool(problem, "is_error") ? "problem" : "warning");
        print_string(out, problem, "text");
        putc('\n', out);
        if (zw_json_string(problem, "advice")) {
            print_label(out, "  to do");
            print_string(out, problem, "advice");
            putc('\n', out);
        }
    }
}

static void print_daemon(FILE *out, const cJSON *daemon)
{
    print_label(out, "daemon");
    fputs("zonewardd ", out);
    print_string(out, daemon, "version");
    fprintf(out, ", pid %.0f, up ", zw_json_number(daemon, "pid"));
    print_duration(out, zw_json_number(daemon, "uptime_s"));
    putc('\n', out);
}

static void print_policy(FILE *out, const cJSON *policy)
{
    const char *sha256 = zw_json_string(policy, "sha256");

    print_label(out, "policy");
    if (!cJSON_IsObject(policy)) {
        fputs("none: nothing passes\n", out);
        return;
    }
    fprintf(out, "version %.0f (%.12s), from ", zw_json_number(policy, "version"), sha256 ? sha256 : "?");
    print_string(out, policy, "origin");
    fputs(", since ", out);
    print_string(out, policy, "since");
    fputs("; ", out);
    print_counter(out, policy, "n_zones", "zones, ");
    print_counter(out, policy, "n_rules", "rules\n");
}

static void print_addresses(FILE *out, const cJSON *addresses)
{
    if (!addresses) {
        return;
    }
    print_label(out, "  learned");
    print_counter(out, addresses, "n_learned", "MAC addresses; ");
    print_counter(out, addresses, "n_moves", "moves, ");
    print_counter(out, addresses, "n_back", "of them back and forth; ");
    print_counter(out, addresses, "n_taken", "times another port's\n");
}

/* Of ports that say more of addresses than guards hear. */
static void print_unheard(FILE *out, const cJSON *bridge)
{
    const cJSON *flood;
    const char *separator = ": ";

    if (!(zw_json_number(bridge, "n_unheard") > 0)) {
        return;
    }
    print_label(out, "  unheard");
    print_counter(out, bridge, "n_unheard", "probes or answers beyond the rate");
    cJSON_ArrayForEach (flood, cJSON_GetObjectItemCaseSensitive(bridge, "unheard")) {
        fputs(separator, out);
        print_string(out, flood, "port");
        fprintf(out, " %.0f", zw_json_number(flood, "n"));
        separator = ", ";
    }
    putc('\n', out);
}

static void print_bridge(FILE *out, const cJSON *bridge)
{
    print_label(out, "bridge");
    print_string(out, bridge, "name");
    fputs(": ", out);
    print_string(out, bridge, "state");
    fprintf(out, ", policy version %.0f, fail_mode ", zw_json_number(bridge, "policy_version"));
    print_string(out, bridge, "fail_mode");
    fputs("; ", out);
    print_counter(out, bridge, "n_ports", "ports (");
    print_counter(out, bridge, "n_closed_ports", "closed), ");
    print_counter(out, bridge, "n_flows", "flows, last change ");
    print_string(out, bridge, "last_sync");
    fputs(", mended ", out);
    print_counter(out, bridge, "n_mended", "times");
    fputs(", ", out);
    print_counter(out, bridge, "n_rejects_unanswered", "rejects beyond the rate\n");
    print_addresses(out, cJSON_GetObjectItemCaseSensitive(bridge, "addresses"));
    print_unheard(out, bridge);
}

/* A connection of which there is one: "connected to REMOTE", or the error. */
static void print_ovsdb(FILE *out, const cJSON *ovsdb)
{
    const char *error = zw_json_string(ovsdb, "error");

    print_label(out, "ovsdb");
    fputs(zw_json_bool(ovsdb, "connected") ? "connected to " : "not connected to ", out);
    print_string(out, ovsdb, "remote");
    fputs(error ? ": " : "", out);
    zw_text_print(out, error ? error : "");
    putc('\n', out);
}

static void print_audit(FILE *out, const cJSON *audit)
{
    print_label(out, "audit log");
    print_string(out, audit, "path");
    fputs(": ", out);
    print_counter(out, audit, "n_written", "written, ");
    print_counter(out, audit, "n_queued", "queued, ");
    print_counter(out, audit, "n_lost", "lost");
    if (zw_json_bool(audit, "failing")) {
        fputs("; failing since ", out);
        print_string(out, audit, "failing_since");
        fputs(": ", out);
        print_string(out, audit, "error");
    }
    putc('\n', out);
}

static void print_slow_path(FILE *out, const cJSON *slow)
{
    print_label(out, "slow path");
    print_counter(out, slow, "n_asked", "asked: ");
    print_counter(out, slow, "n_allowed", "allowed, ");
    print_counter(out, slow, "n_denied", "denied, ");
    print_counter(out, slow, "n_unjudged", "unjudged, ");
    print_counter(out, slow, "n_zones_changed", "classified again; ");
    print_counter(out, slow, "n_rejected", "rejected packets answered\n");
}

static void print_control(FILE *out, const cJSON *control)
{
    print_label(out, "control");
    print_counter(out, control, "n_clients", "clients, ");
    print_counter(out, control, "n_requests", "requests, ");
    print_counter(out, control, "n_bad_requests", "unreadable, ");
    print_counter(out, control, "n_denied", "without the right, ");
    print_counter(out, control, "n_refused", "clients refused, ");
    print_counter(out, control, "n_timeouts", "timed out\n");
}

static void print_status(FILE *out, const cJSON *status)
{
    const cJSON *bridge;

    print_problems(out, status);
    print_daemon(out, cJSON_GetObjectItemCaseSensitive(status, "daemon"));
    print_policy(out, cJSON_GetObjectItemCaseSensitive(status, "policy"));
    cJSON_ArrayForEach (bridge, cJSON_GetObjectItemCaseSensitive(status, "bridges")) {
        print_bridge(out, bridge);
    }
    print_ovsdb(out, cJSON_GetObjectItemCaseSensitive(status, "ovsdb"));
    print_audit(out, cJSON_GetObjectItemCaseSensitive(status, "audit"));
    print_slow_path(out, cJSON_GetObjectItemCaseSensitive(status, "slow_path"));
    print_control(out, cJSON_GetObjectItemCaseSensitive(status, "control"));
}

static enum zw_exit run(struct zw_cli *cli)
{
    cJSON *result;
    enum zw_exit status = zw_cli_call(cli, "status", NULL, &result);

    if (status != ZW_EXIT_OK) {
        return status;
    }
    if (cli->format == ZW_FORMAT_JSON) {
        zw_output_document(cli->out, result);
    } else {
        print_status(cli->out, result);
    }
    status = zw_json_bool(result, "healthy") ? ZW_EXIT_OK : ZW_EXIT_NO;
    cJSON_Delete(result);
    return status;
}

const struct zw_cli_verb zw_verb_status = {
    .name = "status",
    .arguments = "",
    .summary = "Healthy, or what is wrong and what to do",
    .run = run,
};
