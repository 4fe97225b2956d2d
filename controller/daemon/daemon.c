/* SPDX-License-Identifier: Apache-2.0 */

#include "controller/daemon/daemon.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "controller/base/log.h"
#include "controller/control/protocol.h"
#include "controller/daemon/ct-want.h"
#include "controller/daemon/daemon-private.h"
#include "controller/daemon/sd-notify.h"
#include "ovs-ext/ovs-init.h"
#include "zw-config.h"

#define PATH_SIZE 4096
#define LOCK_MODE 0600

static int fail(struct zw_problems *problems, const char *path, int error, const char *what)
{
    zw_problems_add(problems, path, 0, 0, "%s: %s", what, strerror(error));
    return error;
}

/* --- Folders, locks and the pid file. --- */

static int make_dir(const char *path, mode_t mode, struct zw_problems *problems)
{
    return mkdir(path, mode) && errno != EEXIST ? fail(problems, path, errno, "cannot be made") : 0;
}

/* Opens 'dir'/'name' and locks it as long as '*fd' is open.  'what' is what two daemons must not share.  Whoever can read a
 * file can lock it: nobody else can. */
static int lock_file(const char *dir, const char *name, const char *what, int *fd, struct zw_problems *problems)
{
    char path[PATH_SIZE];

    snprintf(path, sizeof path, "%s/%s", dir, name);
    *fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, LOCK_MODE);
    if (*fd < 0) {
        return fail(problems, path, errno, "cannot be opened");
    }
    if (fchmod(*fd, LOCK_MODE)) {
        return fail(problems, path, errno, "cannot be kept from others");
    }
    if (flock(*fd, LOCK_EX | LOCK_NB)) {
        zw_problems_add(problems, path, 0, 0, "another zonewardd runs with this %s directory", what);
        close(*fd);
        *fd = -1;
        return EBUSY;
    }
    return 0;
}

/* One daemon for one run directory and one state directory.  Neither file is deleted in the end: whoever has it open
 * would hold a lock that nobody else sees. */
static int take_locks(struct zw_daemon *daemon, struct zw_problems *problems)
{
    int error = lock_file(daemon->options.run_dir, "zonewardd.lock", "run", &daemon->run_fd, problems);

    return error ? error : lock_file(daemon->options.state_dir, "lock", "state", &daemon->state_fd, problems);
}

/* For service managers, and for whoever wants to know. */
static int write_pid(struct zw_daemon *daemon, struct zw_problems *problems)
{
    char path[PATH_SIZE];

    snprintf(path, sizeof path, "%s/zonewardd.pid", daemon->options.run_dir);
    daemon->pid_fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (daemon->pid_fd < 0 || dprintf(daemon->pid_fd, "%d\n", (int)getpid()) < 0) {
        return fail(problems, path, errno, "cannot be written");
    }
    return 0;
}

static void drop_locks(struct zw_daemon *daemon)
{
    if (daemon->pid_fd >= 0) {
        /* An empty pid file says that nobody runs. */
        if (ftruncate(daemon->pid_fd, 0)) {
            zw_log(ZW_LOG_WARN, "%s/zonewardd.pid: %s", daemon->options.run_dir, strerror(errno));
        }
        close(daemon->pid_fd);
    }
    if (daemon->state_fd >= 0) {
        close(daemon->state_fd);
    }
    if (daemon->run_fd >= 0) {
        close(daemon->run_fd);
    }
}

/* --- Records about ourselves. --- */

static void record_daemon(struct zw_daemon *daemon, const char *what, const char *text)
{
    struct zw_record record = {.type = ZW_RECORD_DAEMON, .time_us = zw_audit_now_us()};

    snprintf(record.daemon.what, sizeof record.daemon.what, "%s", what);
    snprintf(record.daemon.text, sizeof record.daemon.text, "%s", text);
    zw_audit_put(daemon->audit, &record);
}

static void on_admin(void *daemon_, const struct zw_peer *peer, const char *verb, int result, const char *text)
{
    struct zw_daemon *daemon = daemon_;
    struct zw_record record = {.type = ZW_RECORD_ADMIN, .time_us = zw_audit_now_us()};

    record.admin.peer = *peer;
    record.admin.result = result;
    snprintf(record.admin.verb, sizeof record.admin.verb, "%s", verb);
    snprintf(record.admin.text, sizeof record.admin.text, "%s", text ? text : "");
    zw_audit_put(daemon->audit, &record);
}

/* --- Events. --- */

static void end_reload(struct zw_daemon *daemon, int error, const struct zw_problems *problems)
{
    const struct zw_peer nobody = {.uid = 0, .user = "signal"};
    char text[ZW_AUDIT_TEXT_SIZE] = "SIGHUP";

    if (error) {
        char *first = zw_problems_first(problems, error);

        zw_daemon_log_problems(problems);
        zw_log(ZW_LOG_ERR, "the policy file is not used; version %u stays in force", daemon->policy->version);
        snprintf(text, sizeof text, "SIGHUP: %s", first);
        free(first);
    }
    on_admin(daemon, &nobody, "policy.reload", error, text);
}

static void reload(struct zw_daemon *daemon)
{
    struct zw_problems problems = ZW_PROBLEMS_INIT;

    zw_sd_notify("STATUS=reading the policy again");
    daemon->must_reload = false;
    int error = zw_daemon_reload(daemon, NULL, NULL, &problems);
    if (error == EBUSY && daemon->apply) {
        daemon->must_reload = true; /* Nobody waits for an answer to a signal, and would try again. */
        zw_log(ZW_LOG_INFO, "another policy is being applied; the policy file is read when it is confirmed");
    } else {
        end_reload(daemon, error, &problems);
    }
    zw_problems_clear(&problems);
    zw_sd_notify("STATUS=running");
}

static void on_reload_due(evutil_socket_t fd, short what, void *daemon_)
{
    struct zw_daemon *daemon = daemon_;

    (void)fd;
    (void)what;
    if (daemon->must_reload) {
        reload(daemon);
    }
}

static void on_signal(evutil_socket_t number, short what, void *daemon_)
{
    struct zw_daemon *daemon = daemon_;

    (void)what;
    if (number == SIGHUP) {
        reload(daemon);
        return;
    }
    zw_log(ZW_LOG_INFO, "stopping: signal %s", number == SIGTERM ? "TERM" : "INT");
    event_base_loopbreak(daemon->base);
}

static void on_ovsdb(evutil_socket_t fd, short what, void *daemon_)
{
    struct zw_daemon *daemon = daemon_;
    struct zw_inventory *inventory = zw_ovsdb_take(daemon->ovsdb);

    (void)fd;
    (void)what;
    if (inventory) {
        zw_bridges_inventory(daemon, inventory);
    }
    zw_ovsdb_run_replies(daemon->ovsdb);
}

static int start_signals(struct zw_daemon *daemon)
{
    static const int numbers[] = {SIGTERM, SIGINT, SIGHUP};

    signal(SIGPIPE, SIG_IGN);
    daemon->reload_event = event_new(daemon->base, -1, 0, on_reload_due, daemon);
    if (!daemon->reload_event) {
        return ENOMEM;
    }
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        daemon->signals[i] = evsignal_new(daemon->base, numbers[i], on_signal, daemon);
        if (!daemon->signals[i] || evsignal_add(daemon->signals[i], NULL)) {
            return ENOMEM;
        }
    }
    return 0;
}

/* --- Start and stop. --- */

static int start_audit(struct zw_daemon *daemon, struct zw_problems *problems)
{
    char path[PATH_SIZE];

    snprintf(path, sizeof path, "%s/%s", daemon->options.state_dir, ZW_AUDIT_FILE);
    int error = zw_audit_start(path, &daemon->audit, problems);
    if (!error) {
        record_daemon(daemon, "start", "zonewardd " PACKAGE_VERSION);
        daemon->slowpath = zw_slowpath_new(daemon->audit);
    }
    return error;
}

static int start_ovsdb(struct zw_daemon *daemon, struct zw_problems *problems)
{
    int error = zw_ovsdb_start(daemon->options.ovsdb, (const char *const *)daemon->options.bridges,
                               daemon->options.n_bridges, &daemon->ovsdb);

    if (error) {
        return fail(problems, daemon->options.ovsdb, error, "cannot be watched");
    }
    daemon->ovsdb_event = event_new(daemon->base, zw_ovsdb_fd(daemon->ovsdb), EV_READ | EV_PERSIST, on_ovsdb, daemon);
    return event_add(daemon->ovsdb_event, NULL) ? ENOMEM : 0;
}

static int start_control(struct zw_daemon *daemon, struct zw_problems *problems)
{
    char path[PATH_SIZE];

    snprintf(path, sizeof path, "%s/%s", daemon->options.run_dir, ZW_CONTROL_SOCKET);
    return zw_control_start(daemon->base, path, zw_daemon_requests, daemon, on_admin, &daemon->control, problems);
}

static int start_log_level(struct zw_daemon *daemon, struct zw_problems *problems)
{
    enum zw_severity level;

    if (!zw_log_level_from_string(daemon->options.log_level, &level)) {
        zw_problems_add(problems, NULL, 0, 0, "--log-level=%s: expected error, warning, info or debug",
                        daemon->options.log_level);
        return EINVAL;
    }
    zw_log_set_level(level);
    return 0;
}

int zw_daemon_start(struct zw_daemon *daemon, struct zw_problems *problems)
{
    int error = start_log_level(daemon, problems);

    daemon->run_fd = daemon->state_fd = daemon->pid_fd = -1;
    daemon->start_us = zw_audit_now_us();
    zw_ovs_init("zonewardd");
    error = error ? error : make_dir(daemon->options.run_dir, 0755, problems);
    error = error ? error : make_dir(daemon->options.state_dir, 0750, problems);
    error = error ? error : take_locks(daemon, problems);
    error = error ? error : write_pid(daemon, problems);
    if (error) {
        return error;
    }
    daemon->base = event_base_new();
    error = daemon->base ? 0 : ENOMEM;
    error = error ? error : start_signals(daemon); /* Before libopenvswitch would take those that nobody has. */
    error = error ? error : start_audit(daemon, problems);
    error = error ? error : zw_policy_start(daemon, problems);
    if (error) {
        return error;
    }
    daemon->sweep = zw_sweep_new(daemon);
    daemon->ct_limits = zw_ct_limits_new(daemon);
    zw_learner_start(daemon);
    zw_bridges_start(daemon);
    zw_copies_start(daemon);
    error = start_control(daemon, problems);
    return error ? error : start_ovsdb(daemon, problems);
}

void zw_daemon_run(struct zw_daemon *daemon)
{
    zw_log(ZW_LOG_INFO, "zonewardd %s runs", PACKAGE_VERSION);
    daemon->ran = true;
    zw_sd_notify("READY=1\nSTATUS=running");
    event_base_dispatch(daemon->base);
    zw_sd_notify("STOPPING=1");
}

/* The flows stay: the fast path does not need us. */
void zw_daemon_stop(struct zw_daemon *daemon)
{
    zw_apply_finish(daemon);
    zw_control_stop(daemon->control);
    zw_copies_stop(daemon);
    zw_bridges_stop(daemon);
    zw_learner_stop(daemon);
    if (daemon->ovsdb_event) {
        event_free(daemon->ovsdb_event);
    }
    zw_ovsdb_stop(daemon->ovsdb);
    zw_sweep_free(daemon->sweep);
    zw_ct_limits_free(daemon->ct_limits);
    zw_ct_want_clear(daemon);
    zw_inventory_unref(daemon->inventory);
    if (daemon->audit) {
        record_daemon(daemon, "stop", daemon->ran ? "asked to" : "it could not start");
    }
    zw_slowpath_free(daemon->slowpath);
    zw_audit_stop(daemon->audit);
    zw_policy_unref(daemon->policy);
    zw_stored_policy_clear(&daemon->stored);
    for (size_t i = 0; i < sizeof daemon->signals / sizeof daemon->signals[0]; i++) {
        if (daemon->signals[i]) {
            event_free(daemon->signals[i]);
        }
    }
    if (daemon->reload_event) {
        event_free(daemon->reload_event);
    }
    if (daemon->base) {
        event_base_free(daemon->base);
    }
    drop_locks(daemon);
}
