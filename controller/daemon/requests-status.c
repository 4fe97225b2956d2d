/* SPDX-License-Identifier: Apache-2.0 */
#include "zw-config.h"

#include <ctype.h>
#include <stdlib.h>
#include <unistd.h>

#include "controller/daemon/addresses.h"
#include "controller/daemon/floods.h"
#include "controller/daemon/requests.h"

static void add_count(cJSON *object, const char *key, uint64_t n)
{
    cJSON_AddNumberToObject(object, key, (double)n);
}

static const char *or_null(const char *text)
{
    return text && *text ? text : NULL;
}

static cJSON *daemon_json(const struct zw_daemon *daemon)
{
    cJSON *object = cJSON_CreateObject();

    cJSON_AddStringToObject(object, "version", PACKAGE_VERSION);
    add_count(object, "pid", (uint64_t)getpid());
    add_count(object, "uptime_s", (uint64_t)(zw_audit_now_us() - daemon->start_us) / 1000000);
    add_count(object, "uid", geteuid());
    return object;
}

static cJSON *policy_json(const struct zw_daemon *daemon)
{
    cJSON *object = cJSON_CreateObject();

    add_count(object, "version", daemon->policy->version);
    cJSON_AddStringToObject(object, "sha256", daemon->policy->sha256);
    zw_json_add_string(object, "origin", daemon->stored.origin);
    zw_json_add_time(object, "since", daemon->stored.time_us);
    add_count(object, "n_zones", daemon->policy->n_zones);
    add_count(object, "n_rules", daemon->policy->n_rules);
    return object;
}

static size_t count_closed(const struct zw_daemon *daemon, const struct zw_bridge *bridge)
{
    size_t n = 0;

    for (size_t i = 0; i < bridge->n_ports; i++) {
        struct zw_claim *claims;
        size_t n_claims = zw_policy_carried_claims(daemon->policy, &bridge->ports[i], &claims);

        n += zw_port_closed(&bridge->ports[i], claims, n_claims) != NULL;
        free(claims);
    }
    return n;
}

/* "IN_SYNC" as "in sync". */
static void add_state(cJSON *object, enum zw_switch_state state)
{
    char text[32];

    snprintf(text, sizeof text, "%s", zw_switch_state_name(state));
    for (char *p = text; *p; p++) {
        *p = *p == '_' ? ' ' : (char)tolower((unsigned char)*p);
    }
    cJSON_AddStringToObject(object, "state", text);
}

static cJSON *bridge_json(const struct zw_daemon *daemon, const struct zw_managed *managed)
{
    const struct zw_bridge *bridge = zw_daemon_bridge(daemon, managed);
    struct zw_switch_status status = zw_switch_status(managed->sw);
    cJSON *object = cJSON_CreateObject();

    cJSON_AddStringToObject(object, "name", managed->name);
    add_state(object, status.state);
    cJSON_AddBoolToObject(object, "connected", status.state != ZW_SWITCH_DISCONNECTED);
    zw_json_add_string(object, "fail_mode", bridge ? or_null(bridge->fail_mode) : NULL);
    zw_json_add_string(object, "datapath_type", bridge ? or_null(bridge->datapath_type) : NULL);
    add_count(object, "n_ports", bridge ? bridge->n_ports : 0);
    add_count(object, "n_closed_ports", bridge ? count_closed(daemon, bridge) : 0);
    add_count(object, "policy_version", managed->version_in_force);
    add_count(object, "n_flows", status.n_installed);
    zw_json_add_time(object, "last_sync", managed->in_sync_us);
    add_count(object, "n_connects", status.n_connects);
    add_count(object, "n_bundles", status.n_bundles);
    add_count(object, "n_flow_mods", status.n_flow_mods);
    add_count(object, "n_foreign_changes", status.n_foreign_changes);
    add_count(object, "n_mended", status.n_repairs);
    add_count(object, "n_mended_flows", status.n_repaired_flows);
    zw_json_add_time(object, "last_mended", status.last_repair_us);
    cJSON_AddBoolToObject(object, "contended", status.is_contended);
    add_count(object, "n_fragments_mended", status.n_fragments_mended);
    add_count(object, "n_meters_mended", status.n_meters_mended);
    add_count(object, "n_bad_messages", status.n_bad_messages);
    add_count(object, "n_rejects_unanswered", managed->n_rejects_unanswered);
    add_count(object, "n_unheard", managed->n_unheard);
    cJSON_AddItemToObject(object, "unheard", zw_floods_json(managed));
    cJSON_AddItemToObject(object, "addresses", zw_addresses_json(daemon, managed));
    zw_json_add_string(object, "error", or_null(status.error));
    return object;
}

static cJSON *bridges_json(const struct zw_daemon *daemon)
{
    cJSON *array = cJSON_CreateArray();

    for (size_t i = 0; i < daemon->n_bridges; i++) {
        cJSON_AddItemToArray(array, bridge_json(daemon, &daemon->bridges[i]));
    }
    return array;
}

static cJSON *ovsdb_json(const struct zw_daemon *daemon)
{
    struct zw_ovsdb_status status = zw_ovsdb_status(daemon->ovsdb);
    cJSON *object = cJSON_CreateObject();

    cJSON_AddBoolToObject(object, "connected", status.connected);
    zw_json_add_time(object, "since", status.since_ms * 1000);
    zw_json_add_string(object, "remote", daemon->options.ovsdb);
    add_count(object, "n_reconnects", status.n_reconnects);
    add_count(object, "n_fail_mode_set", status.n_fail_mode_set);
    zw_json_add_string(object, "error", or_null(status.error));
    return object;
}

static cJSON *audit_json(const struct zw_daemon *daemon)
{
    struct zw_audit_status status = zw_audit_status(daemon->audit);
    cJSON *object = cJSON_CreateObject();

    cJSON_AddStringToObject(object, "path", status.path);
    add_count(object, "n_written", status.n_written);
    add_count(object, "n_queued", status.n_queued);
    add_count(object, "n_lost", status.n_lost);
    zw_json_add_time(object, "last_commit", status.last_commit_us);
    cJSON_AddBoolToObject(object, "failing", status.failing);
    zw_json_add_time(object, "failing_since", status.failing ? status.failing_since_us : 0);
    zw_json_add_string(object, "error", status.failing ? or_null(status.error) : NULL);
    return object;
}

static cJSON *slow_path_json(const struct zw_daemon *daemon)
{
    struct zw_slowpath_status status = zw_slowpath_status(daemon->slowpath);
    cJSON *object = cJSON_CreateObject();

    add_count(object, "n_asked", status.n_asked);
    add_count(object, "n_allowed", status.n_allowed);
    add_count(object, "n_denied", status.n_denied);
    add_count(object, "n_unjudged", status.n_unjudged);
    add_count(object, "n_zones_changed", status.n_zones_changed);
    add_count(object, "n_session_copies", status.n_sessions);
    add_count(object, "n_denial_copies", status.n_denials);
    add_count(object, "n_drop_copies", status.n_drops);
    add_count(object, "n_rejected", status.n_rejected);
    add_count(object, "n_rejected_silently", status.n_silent);
    add_count(object, "n_rejects_limited", status.n_rejects_limited);
    add_count(object, "n_foreign", status.n_foreign);
    return object;
}

static cJSON *learning_json(const struct zw_daemon *daemon)
{
    struct zw_learning_status status = zw_learning_status(daemon->learning);
    cJSON *object = cJSON_CreateObject();

    add_count(object, "n_learned", status.n_learned);
    add_count(object, "n_refused", status.n_refused);
    add_count(object, "n_unasked", status.n_unasked);
    add_count(object, "n_crowded", status.n_crowded);
    add_count(object, "n_full", status.n_full);
    add_count(object, "n_unsure", status.n_unsure);
    add_count(object, "n_replaced", status.n_replaced);
    add_count(object, "n_updates", daemon->learn_pace.n_done);
    add_count(object, "n_updates_put_off", daemon->learn_pace.n_put_off);
    return object;
}

static cJSON *sweep_json(const struct zw_daemon *daemon)
{
    struct zw_sweep_status status = zw_sweep_status(daemon->sweep);
    cJSON *object = cJSON_CreateObject();

    add_count(object, "n_ended", status.n_ended);
    add_count(object, "n_sweeps", status.n_sweeps);
    cJSON_AddBoolToObject(object, "ending", status.is_ending);
    cJSON_AddBoolToObject(object, "running", status.is_running);
    zw_json_add_time(object, "last_ended", status.ended_us);
    cJSON_AddNumberToObject(object, "first_ms", (double)status.first_us / 1000);
    cJSON_AddNumberToObject(object, "all_ms", (double)status.all_us / 1000);
    zw_json_add_string(object, "error", or_null(status.error));
    return object;
}

static cJSON *control_json(const struct zw_daemon *daemon)
{
    struct zw_control_status status = zw_control_status(daemon->control);
    cJSON *object = cJSON_CreateObject();

    add_count(object, "n_clients", status.n_clients);
    add_count(object, "n_requests", status.n_requests);
    add_count(object, "n_bad_requests", status.n_bad_requests);
    add_count(object, "n_refused", status.n_refused);
    add_count(object, "n_denied", status.n_denied);
    add_count(object, "n_timeouts", status.n_timeouts);
    return object;
}

/* Warnings do not make it unhealthy: what is promised holds. */
static bool has_errors(const cJSON *problems)
{
    const cJSON *problem;

    cJSON_ArrayForEach (problem, problems) {
        if (zw_json_bool(problem, "is_error")) {
            return true;
        }
    }
    return false;
}

void zw_handle_status(void *daemon_, struct zw_request *request, const cJSON *args)
{
    const struct zw_daemon *daemon = daemon_;
    cJSON *result = cJSON_CreateObject();
    cJSON *problems = zw_health_problems(daemon);

    (void)args;
    cJSON_AddBoolToObject(result, "healthy", !has_errors(problems));
    cJSON_AddItemToObject(result, "problems", problems);
    cJSON_AddItemToObject(result, "daemon", daemon_json(daemon));
    cJSON_AddItemToObject(result, "policy", policy_json(daemon));
    cJSON_AddItemToObject(result, "bridges", bridges_json(daemon));
    cJSON_AddItemToObject(result, "ovsdb", ovsdb_json(daemon));
    cJSON_AddItemToObject(result, "audit", audit_json(daemon));
    cJSON_AddItemToObject(result, "slow_path", slow_path_json(daemon));
    cJSON_AddItemToObject(result, "learning", learning_json(daemon));
    cJSON_AddItemToObject(result, "forbidden_sessions", sweep_json(daemon));
    cJSON_AddItemToObject(result, "control", control_json(daemon));
    zw_request_reply(request, result);
}
