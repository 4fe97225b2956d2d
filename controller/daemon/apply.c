/* SPDX-License-Identifier: Apache-2.0 */
/* The policy in force: where it comes from, and how another one takes its place. */

#include <errno.h>
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "controller/base/log.h"
#include "controller/base/memory.h"
#include "controller/daemon/daemon-private.h"
#include "controller/policy/placement.h"

/* Somebody waits for a policy to be confirmed. */
struct zw_apply {
    zw_apply_cb *done;
    void *arg;
    struct event *timeout;
    int64_t start_us;
    int64_t confirmed_us; /* When all bridges had confirmed; 0: not yet. */
    uint64_t n_ended_before;
    bool changed;
};

void zw_daemon_log_problems(const struct zw_problems *problems)
{
    for (size_t i = 0; i < problems->n; i++) {
        char *text = zw_problem_format(&problems->list[i]);

        zw_log(ZW_LOG_ERR, "%s", text);
        free(text);
    }
}

static void record_policy(struct zw_daemon *daemon)
{
    struct zw_record record = {.type = ZW_RECORD_POLICY, .time_us = zw_audit_now_us()};
    const struct zw_policy *policy = daemon->policy;

    record.policy.version = policy->version;
    memcpy(record.policy.sha256, policy->sha256, sizeof record.policy.sha256);
    snprintf(record.policy.origin, sizeof record.policy.origin, "%s", daemon->stored.origin);
    record.policy.n_rules = (uint32_t)policy->n_rules;
    record.policy.n_zones = (uint32_t)policy->n_zones;
    zw_audit_put(daemon->audit, &record);
}

/* What the policy file says is in force. */
static void file_is_in_force(struct zw_daemon *daemon, const char *sha256)
{
    snprintf(daemon->file_sha256, sizeof daemon->file_sha256, "%s", sha256);
    daemon->file_problem[0] = '\0';
}

/* It is not, for the first of 'problems': it may be no problem of the file. */
static void file_is_not_in_force(struct zw_daemon *daemon, int error, const struct zw_problems *problems)
{
    char *text = zw_problems_first(problems, error);

    snprintf(daemon->file_problem, sizeof daemon->file_problem, "%s is not in force: %s", daemon->options.policy, text);
    free(text);
}

/* Takes 'policy' and 'stored'. */
static void put_in_force(struct zw_daemon *daemon, struct zw_policy *policy, struct zw_stored_policy *stored)
{
    policy->version = stored->version;
    zw_policy_unref(daemon->policy);
    zw_stored_policy_clear(&daemon->stored);
    daemon->policy = policy;
    daemon->stored = *stored;
    if (stored->from_file) {
        file_is_in_force(daemon, stored->sha256);
    }
    memset(stored, 0, sizeof *stored);
}

/* The next version of the policy; its rules keep the ids and priorities that they have.  Takes 'sources', unless there are
 * not enough priorities: whoever read the policy has said so before, but a rule without one must never go to a switch. */
static int begin_stored(struct zw_daemon *daemon, struct zw_stored_policy *stored, struct zw_policy *policy,
                        struct zw_policy_source *sources, size_t n_sources, const char *origin, bool from_file,
                        struct zw_problems *problems)
{
    uint32_t version = daemon->stored.version + 1;

    if (!zw_policy_place(policy, daemon->policy, version)) {
        zw_problems_add(problems, NULL, 0, 0, "too many rules: there are not enough priorities for them");
        return EINVAL;
    }
    *stored = (struct zw_stored_policy){.version = version,
                                        .origin = zw_xstrdup(origin),
                                        .placement = zw_placement_format(policy),
                                        .from_file = from_file,
                                        .time_us = zw_audit_now_us(),
                                        .sources = sources,
                                        .n_sources = n_sources};
    memcpy(stored->sha256, policy->sha256, sizeof stored->sha256);
    return 0;
}

/* Makes 'policy' the next version and puts it in force, as soon as it is written.  Takes it, and 'sources'. */
static int store_and_put_in_force(struct zw_daemon *daemon, struct zw_policy *policy, struct zw_policy_source *sources,
                                  size_t n, const char *origin, bool from_file, struct zw_problems *problems)
{
    struct zw_stored_policy stored;
    int error = begin_stored(daemon, &stored, policy, sources, n, origin, from_file, problems);

    if (error) {
        zw_policy_unref(policy);
        zw_policy_sources_free(sources, n);
        return error;
    }
    error = zw_policy_store_save(daemon->options.state_dir, &stored, &daemon->stored, problems);
    if (error) {
        zw_stored_policy_clear(&stored);
        zw_policy_unref(policy);
        return error;
    }
    put_in_force(daemon, policy, &stored);
    return 0;
}

/* The newest version cannot be used: the policy file has to, and its number is not given again. */
static void pass_over(struct zw_daemon *daemon, uint32_t version, struct zw_problems *problems)
{
    zw_daemon_log_problems(problems);
    zw_log(ZW_LOG_ERR, "policy version %u of the history cannot be used; taking the policy file", version);
    zw_problems_clear(problems);
    daemon->stored.version = version;
    daemon->file_sha256[0] = '\0';
}

/* One that was stored without a placement had the numbers of its rules for ids: those are what it has been read with. */
static void restore_placement(struct zw_policy *policy, const struct zw_stored_policy *stored)
{
    policy->rule_ids_since = stored->version;
    if (stored->placement[0] && !zw_placement_parse(stored->placement, policy)) {
        zw_log(
            ZW_LOG_WARN,
            "policy version %u of the history: the ids of its rules cannot be read; rules of older sessions have no name",
            stored->version);
    }
}

/* Reads the newest version of the store.  If there is none that can be used, daemon->policy stays NULL. */
static int load_stored(struct zw_daemon *daemon, struct zw_problems *problems)
{
    struct zw_stored_policy stored;
    int error = zw_policy_store_load(daemon->options.state_dir, &stored, daemon->file_sha256, problems);

    if (!stored.version) {
        return error;
    }
    struct zw_policy *policy = error ? NULL : zw_policy_read(stored.sources, stored.n_sources, problems);
    if (policy) {
        restore_placement(policy, &stored);
        put_in_force(daemon, policy, &stored);
    } else {
        pass_over(daemon, stored.version, problems);
        zw_stored_policy_clear(&stored);
    }
    return 0;
}

static int read_file(struct zw_daemon *daemon, struct zw_policy_source **sources, size_t *n, struct zw_policy **policy,
                     struct zw_problems *problems)
{
    int error = zw_policy_sources_load(daemon->options.policy, sources, n, problems);

    if (error) {
        return error;
    }
    *policy = zw_policy_read(*sources, *n, problems);
    if (!*policy) {
        zw_policy_sources_free(*sources, *n);
        return EINVAL;
    }
    return 0;
}

static void keep_stored(struct zw_daemon *daemon, int error, struct zw_problems *problems)
{
    zw_daemon_log_problems(problems);
    file_is_not_in_force(daemon, error, problems);
    zw_log(ZW_LOG_ERR, "the policy file is not used; version %u stays in force", daemon->policy->version);
    zw_problems_clear(problems);
}

/* The file's policy becomes a new version. */
static int adopt_file(struct zw_daemon *daemon, struct zw_policy *policy, struct zw_policy_source *sources, size_t n,
                      struct zw_problems *problems)
{
    char origin[ZW_AUDIT_TEXT_SIZE];

    snprintf(origin, sizeof origin, "file %s", daemon->options.policy);
    int error = store_and_put_in_force(daemon, policy, sources, n, origin, true, problems);
    if (!error) {
        record_policy(daemon);
    }
    return error;
}

/* Whether 'policy', the file's, has been read before, or is in force. */
static bool is_known(const struct zw_daemon *daemon, const struct zw_policy *policy)
{
    return !strcmp(policy->sha256, daemon->file_sha256) ||
           (daemon->policy && !strcmp(policy->sha256, daemon->policy->sha256));
}

int zw_policy_start(struct zw_daemon *daemon, struct zw_problems *problems)
{
    struct zw_policy_source *sources;
    struct zw_policy *policy;
    size_t n;
    int error = load_stored(daemon, problems);

    if (error) {
        return error;
    }
    error = read_file(daemon, &sources, &n, &policy, problems);
    if (!error && is_known(daemon, policy)) {
        zw_policy_sources_free(sources, n);
        zw_policy_unref(policy);
    } else if (!error) {
        error = adopt_file(daemon, policy, sources, n, problems);
    }
    if (error && !daemon->policy) {
        return error;
    } else if (error) {
        keep_stored(daemon, error, problems);
    }
    zw_slowpath_set_policy(daemon->slowpath, daemon->policy);
    zw_log(ZW_LOG_INFO, "policy version %u (%s), %zu zones, %zu rules", daemon->policy->version, daemon->stored.origin,
           daemon->policy->n_zones, daemon->policy->n_rules);
    return 0;
}

const struct zw_rule *zw_daemon_find_rule(const struct zw_daemon *daemon, uint32_t id, uint32_t version)
{
    const struct zw_policy *then = zw_slowpath_policy(daemon->slowpath, version), *now = daemon->policy;

    if (then) {
        return zw_policy_rule_by_id(then, id);
    }
    return version >= now->rule_ids_since && version <= now->version ? zw_policy_rule_by_id(now, id) : NULL;
}

static bool is_waiting(const struct zw_daemon *daemon, const struct zw_managed *managed)
{
    return managed->version_in_force != daemon->policy->version;
}

static bool is_connected(const struct zw_managed *managed)
{
    return zw_switch_status(managed->sw).state != ZW_SWITCH_DISCONNECTED;
}

/* Not here but by the event loop: whoever finishes a change may be about to begin another one. */
static void reload_if_due(struct zw_daemon *daemon)
{
    if (daemon->must_reload) {
        event_active(daemon->reload_event, EV_TIMEOUT, 0);
    }
}

void zw_apply_finish(struct zw_daemon *daemon)
{
    struct zw_apply *apply = daemon->apply;
    struct zw_apply_result result = {0};

    if (!apply) {
        return;
    }
    daemon->apply = NULL;
    result.version = daemon->policy->version;
    result.changed = apply->changed;
    result.duration_us = (apply->confirmed_us ? apply->confirmed_us : zw_audit_now_us()) - apply->start_us;
    struct zw_sweep_status sweep = zw_sweep_status(daemon->sweep);
    result.n_ended = sweep.n_ended - apply->n_ended_before;
    result.is_ending = sweep.is_ending;
    for (size_t i = 0; i < daemon->n_bridges; i++) {
        const struct zw_managed *managed = &daemon->bridges[i];

        if (is_waiting(daemon, managed)) {
            result.n_waiting++;
        } else {
            result.n_confirmed++;
            result.n_flow_changes += apply->changed ? managed->n_changes : 0;
        }
    }
    if (apply->done) {
        apply->done(apply->arg, &result);
    }
    event_free(apply->timeout);
    free(apply);
    reload_if_due(daemon);
}

void zw_apply_check(struct zw_daemon *daemon)
{
    for (size_t i = 0; daemon->apply && i < daemon->n_bridges; i++) {
        const struct zw_managed *managed = &daemon->bridges[i];

        if (is_waiting(daemon, managed) && is_connected(managed)) {
            return;
        }
    }
    if (daemon->apply && !daemon->apply->confirmed_us) {
        daemon->apply->confirmed_us = zw_audit_now_us();
        reload_if_due(daemon);
    }
    if (!zw_sweep_status(daemon->sweep).is_ending) {
        zw_apply_finish(daemon);
    }
}

static void on_timeout(evutil_socket_t fd, short what, void *daemon)
{
    (void)fd;
    (void)what;
    zw_apply_finish(daemon);
}

static void begin_wait(struct zw_daemon *daemon, bool changed, int64_t start_us, zw_apply_cb *done, void *arg)
{
    const struct timeval timeout = {.tv_sec = ZW_APPLY_TIMEOUT_S};
    struct zw_apply *apply = zw_xcalloc(1, sizeof *apply);

    *apply = (struct zw_apply){.done = done,
                               .arg = arg,
                               .start_us = start_us,
                               .n_ended_before = zw_sweep_status(daemon->sweep).n_ended,
                               .changed = changed};
    apply->timeout = evtimer_new(daemon->base, on_timeout, daemon);
    evtimer_add(apply->timeout, &timeout);
    daemon->apply = apply;
}

/* Whether 'policy' is what is in force already. */
static bool is_same(const struct zw_daemon *daemon, const struct zw_policy *policy)
{
    return !strcmp(policy->sha256, daemon->policy->sha256);
}

static void drop_same(struct zw_daemon *daemon, struct zw_policy *policy, struct zw_policy_source *sources, size_t n,
                      bool from_file)
{
    if (from_file) {
        file_is_in_force(daemon, policy->sha256);
    }
    zw_policy_unref(policy);
    zw_policy_sources_free(sources, n);
}

int zw_daemon_apply(struct zw_daemon *daemon, struct zw_policy_source *sources, size_t n, const char *origin,
                    bool from_file, zw_apply_cb *done, void *arg, struct zw_problems *problems)
{
    int64_t start_us = zw_audit_now_us();

    if (daemon->apply && daemon->apply->confirmed_us) {
        zw_apply_finish(daemon); /* Ending sessions goes on; nobody has to wait for it. */
    }
    if (daemon->apply) {
        zw_problems_add(problems, NULL, 0, 0, "another policy is being applied; try again when it is confirmed");
        zw_policy_sources_free(sources, n);
        return EBUSY;
    }
    struct zw_policy *policy =
        zw_policy_read_change(daemon->policy, daemon->stored.sources, daemon->stored.n_sources, sources, n, problems);
    if (!policy) {
        zw_policy_sources_free(sources, n);
        return EINVAL;
    }
    if (is_same(daemon, policy)) {
        drop_same(daemon, policy, sources, n, from_file);
        begin_wait(daemon, false, start_us, done, arg);
        zw_apply_check(daemon);
        return 0;
    }

    int error = store_and_put_in_force(daemon, policy, sources, n, origin, from_file, problems);
    if (error) {
        return error;
    }
    zw_slowpath_set_policy(daemon->slowpath, daemon->policy);
    record_policy(daemon);
    zw_log(ZW_LOG_INFO, "policy version %u (%s), %zu zones, %zu rules", daemon->policy->version, daemon->stored.origin,
           daemon->policy->n_zones, daemon->policy->n_rules);
    begin_wait(daemon, true, start_us, done, arg);
    zw_bridges_update(daemon, true);
    zw_apply_check(daemon);
    return 0;
}

int zw_daemon_reload(struct zw_daemon *daemon, zw_apply_cb *done, void *arg, struct zw_problems *problems)
{
    struct zw_policy_source *sources;
    char origin[ZW_AUDIT_TEXT_SIZE];
    size_t n;
    int error = zw_policy_sources_load(daemon->options.policy, &sources, &n, problems);

    if (!error) {
        snprintf(origin, sizeof origin, "file %s", daemon->options.policy);
        error = zw_daemon_apply(daemon, sources, n, origin, true, done, arg, problems);
    }
    if (error && !(error == EBUSY && daemon->apply)) { /* Or the file itself is busy. */
        file_is_not_in_force(daemon, error, problems);
    }
    return error;
}
