/* SPDX-License-Identifier: Apache-2.0 */
/* What is wrong, and what an administrator can do about it.  An error breaks something that is promised; a warning is
 * something that somebody should look at. */
#include "zw-config.h"

#include <stdarg.h>
#include <string.h>

#include "controller/daemon/addresses.h"
#include "controller/daemon/floods.h"
#include "controller/daemon/requests.h"

static void add(cJSON *problems, bool is_error, const char *advice, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

static void add(cJSON *problems, bool is_error, const char *advice, const char *format, ...)
{
    cJSON *object = cJSON_CreateObject();
    char text[1024];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    cJSON_AddBoolToObject(object, "is_error", is_error);
    cJSON_AddStringToObject(object, "text", text);
    zw_json_add_string(object, "advice", advice);
    cJSON_AddItemToArray(problems, object);
}

static void add_warning(void *problems, const char *advice, const char *text)
{
    add(problems, false, advice, "%s", text);
}

/* What others did to the bridge apart from its flows. */
static void check_settings(const struct zw_managed *managed, const struct zw_switch_status *status, cJSON *problems)
{
    if (status->n_fragments_mended) {
        add(problems, false, "look who else sets it (ovs-ofctl set-frags); it is looked at every 5 s, and mended",
            "bridge %s: somebody else changed how it treats fragments; mended %llu times", managed->name,
            (unsigned long long)status->n_fragments_mended);
    }
    if (status->n_meters_mended) {
        add(problems, false,
            "look who else deletes them (ovs-ofctl del-meters); they are looked at every 5 s, and mended",
            "bridge %s: somebody else deleted %llu meters of the pipeline; mended", managed->name,
            (unsigned long long)status->n_meters_mended);
    }
}

/* The first thing that keeps the bridge from having what it should; the rest follows from it. */
static void check_bridge(const struct zw_daemon *daemon, const struct zw_managed *managed, cJSON *problems)
{
    const struct zw_bridge *bridge = zw_daemon_bridge(daemon, managed);
    struct zw_switch_status status = zw_switch_status(managed->sw);
    const char *colon = status.error[0] ? ": " : "";
    bool is_connected = status.state != ZW_SWITCH_DISCONNECTED && status.state != ZW_SWITCH_HELLO;

    if (bridge && !bridge->exists) {
        add(problems, true, "create it (ovs-vsctl add-br), or take it off --bridge", "bridge %s is not in OVSDB",
            managed->name);
    } else if (status.state == ZW_SWITCH_DISCONNECTED) {
        add(problems, true, "look whether ovs-vswitchd runs; the flows it had from us stay as they are",
            "bridge %s is not connected%s%s", managed->name, colon, status.error);
    } else if (status.state != ZW_SWITCH_IN_SYNC) {
        add(problems, true, "wait a second; if it stays, look at the logs of zonewardd and ovs-vswitchd",
            "bridge %s has not confirmed its flows: %s%s%s", managed->name, zw_switch_state_name(status.state), colon,
            status.error);
    } else if (managed->version_in_force != daemon->policy->version) {
        add(problems, true, "wait a second; if it stays, look at the logs of zonewardd and ovs-vswitchd",
            "bridge %s enforces policy version %u, not %u", managed->name, managed->version_in_force,
            daemon->policy->version);
    } else if (!status.packets_connected || !status.learn_connected) {
        add(problems, true, "wait a second; sessions that need the slow path, and their records, wait for it",
            "bridge %s: the connection for packets is down%s%s", managed->name, colon, status.error);
    } else if (bridge && strcmp(bridge->fail_mode, "secure") != 0) {
        add(problems, true, "look who else sets it; zonewardd sets fail_mode=secure whenever it finds another value",
            "bridge %s has fail_mode \"%s\": it would let everything pass if the pipeline went away", managed->name,
            bridge->fail_mode);
    }
    if (status.is_contended) {
        add(problems, true,
            "is there a second zonewardd for this bridge, or another controller (ovs-vsctl get-controller), or a script?",
            "bridge %s: somebody else changes its flows again and again: mended %llu times, %u of them in the last %u s",
            managed->name, (unsigned long long)status.n_repairs, ZW_SWITCH_OFTEN, ZW_SWITCH_OFTEN_S);
    } else if (status.n_repairs) {
        add(problems, false, "look who else writes flows there; each time it was put right within moments",
            "bridge %s: somebody else changed flows of the pipeline; mended %llu times", managed->name,
            (unsigned long long)status.n_repairs);
    }
    check_settings(managed, &status, problems);
    zw_addresses_problems(daemon, managed, add_warning, problems);
    zw_floods_problems(managed, add_warning, problems);
    if (is_connected && !status.metered) {
        add(problems, false, "the log of zonewardd says why",
            "bridge %s: the switch has not all the meters that it should; copies that come up are not bounded",
            managed->name);
    }
    for (size_t i = 0; i < managed->warnings.n; i++) {
        add(problems, false, NULL, "%s", managed->warnings.list[i].text);
    }
}

static void check_ovsdb(const struct zw_daemon *daemon, cJSON *problems)
{
    struct zw_ovsdb_status status = zw_ovsdb_status(daemon->ovsdb);
    const char *colon = status.error[0] ? ": " : "";

    if (!status.connected) {
        add(problems, true, "look whether ovsdb-server runs there; until then new ports stay closed",
            "OVSDB at %s does not answer%s%s", daemon->options.ovsdb, colon, status.error);
    } else if (status.error[0]) {
        add(problems, true, NULL, "OVSDB: %s", status.error);
    }
}

static void check_audit(const struct zw_daemon *daemon, cJSON *problems)
{
    struct zw_audit_status status = zw_audit_status(daemon->audit);

    if (status.failing) {
        add(problems, true,
            "make room or mend the disk; records wait meanwhile, and a gap is recorded if they do not fit",
            "the audit log cannot be written: %s (%u records wait)", status.error, status.n_queued);
    }
    if (status.n_lost) {
        add(problems, false, "zoneward audit query --type gap says which",
            "%llu records are missing from the audit log", (unsigned long long)status.n_lost);
    }
}

static void check_limits(const struct zw_daemon *daemon, cJSON *problems)
{
    struct zw_ct_limits_status status = zw_ct_limits_status(daemon->ct_limits);
    unsigned int bridge = status.full_zone >> ZW_CT_ZONE_BRIDGE_SHIFT; /* From 1. */

    if (status.error[0]) {
        add(problems, false, "it is tried again every 2 seconds; look whether ovs-vswitchd answers",
            "the limits of sessions cannot be read or set: %s", status.error);
    } else if (status.n_full && bridge && bridge <= daemon->n_bridges) {
        add(problems, false, "zoneward drops counts what is refused (full); zoneward sessions says who has them",
            "%u segments have as many sessions as the policy allows, among them VLAN %u of %s", status.n_full,
            status.full_zone & ((1u << ZW_CT_ZONE_BRIDGE_SHIFT) - 1), daemon->bridges[bridge - 1].name);
    }
}

static void check_sweep(const struct zw_daemon *daemon, cJSON *problems)
{
    struct zw_sweep_status status = zw_sweep_status(daemon->sweep);

    if (status.error[0]) {
        add(problems, true, "it is tried again each second; look whether ovs-vswitchd answers",
            "sessions that the policy forbids may still live: %s", status.error);
    } else if (status.is_ending && status.n_found) {
        add(problems, false, NULL, "sessions that the policy forbids are being ended: %llu so far",
            (unsigned long long)status.n_found);
    }
    if (status.n_unreadable) {
        add(problems, false, "they are no sessions that this program understands; zoneward sessions shows the others",
            "%llu lines of the connection table could not be read", (unsigned long long)status.n_unreadable);
    }
}

static void check_policy(const struct zw_daemon *daemon, cJSON *problems)
{
    struct zw_problems warnings = ZW_PROBLEMS_INIT;

    zw_policy_warn(daemon->policy, &warnings);
    for (size_t i = 0; i < warnings.n; i++) {
        const struct zw_problem *w = &warnings.list[i];

        add(problems, false, NULL, "%s:%d:%d: %s", w->file ? w->file : "?", w->line, w->column,
            w->text + strlen("warning: "));
    }
    zw_problems_clear(&warnings);
}

cJSON *zw_health_problems(const struct zw_daemon *daemon)
{
    cJSON *problems = cJSON_CreateArray();

    if (!daemon->n_bridges) {
        add(problems, true, "name one with --bridge", "no bridge is managed");
    }
    check_ovsdb(daemon, problems);
    for (size_t i = 0; i < daemon->n_bridges; i++) {
        check_bridge(daemon, &daemon->bridges[i], problems);
    }
    check_audit(daemon, problems);
    check_sweep(daemon, problems);
    check_limits(daemon, problems);
    check_policy(daemon, problems);
    if (daemon->file_problem[0]) {
        add(problems, false,
            "mend that (zoneward policy check names every problem of a policy), then zoneward policy reload", "%s",
            daemon->file_problem);
    }
    return problems;
}
