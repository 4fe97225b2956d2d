/* SPDX-License-Identifier: Apache-2.0 */
/* What the guards learn, on its way: packets come up, STATE/learned.json is written, the bridges are told.
 *
 * The file is there so that a new daemon finds the flows right that are installed.  It is written before the bridges are told;
 * what happens at once is written and told at once, ZW_LEARN_DELAY_US later.  Both cost more the more ports there are, and a VM
 * may have something new to be learned 20 times a second: so they keep the pace of daemon/pace.h, and the timer carries what waits.
 * Who compiles for other reasons does not wait, and takes along what is learned by then; it is written when its turn comes.
 *
 * When a probe's time is over, the switch gets a barrier on the connection that copies come by: its answer comes after all that was
 * sent before, however late anybody is with reading it. */
#include "zw-config.h"

#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "controller/base/file.h"
#include "controller/base/log.h"
#include "controller/daemon/daemon-private.h"

#define PATH_SIZE 4096
#define ZW_LEARN_DELAY_US 10000

static void path_of(const struct zw_daemon *daemon, char path[PATH_SIZE])
{
    snprintf(path, PATH_SIZE, "%s/learned.json", daemon->options.state_dir);
}

static void save(const struct zw_daemon *daemon)
{
    static struct zw_log_limit limit = ZW_LOG_LIMIT_INIT(1, 60000);
    char *text = zw_learning_format(daemon->learning);
    char path[PATH_SIZE];

    path_of(daemon, path);
    int error = zw_file_replace(path, text);
    if (error) {
        zw_log_rl(&limit, ZW_LOG_WARN, "%s: cannot be written: %s", path, strerror(error));
    }
    free(text);
}

static void load(struct zw_daemon *daemon)
{
    char path[PATH_SIZE];
    char *text;

    path_of(daemon, path);
    if (zw_file_read(path, &text)) {
        return; /* Nothing was learned before. */
    }
    if (!zw_learning_parse(daemon->learning, text)) {
        zw_log(ZW_LOG_WARN, "%s: cannot be read; addresses are learned anew", path);
    }
    free(text);
}

static void wake_in(struct zw_daemon *daemon, int64_t us)
{
    const struct timeval tv = {.tv_sec = us / 1000000, .tv_usec = us % 1000000};

    evtimer_add(daemon->learn_timer, &tv);
}

/* Where probes have waited long enough. */
static void ask_switches(struct zw_daemon *daemon, int64_t now_us)
{
    for (size_t i = 0; i < daemon->n_bridges; i++) {
        struct zw_managed *managed = &daemon->bridges[i];

        if (!managed->heard_ask_us && zw_learning_is_due(daemon->learning, managed->name, now_us)) {
            if (zw_switch_ask_learn(managed->sw)) {
                managed->heard_ask_us = now_us;
            } else {
                zw_learning_missed(daemon->learning, managed->name);
            }
        }
    }
}

static int64_t monotonic_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* Writes the file and tells the bridges.  0, or how long that has to wait. */
static int64_t update(struct zw_daemon *daemon)
{
    int64_t begin_us = monotonic_us(), wait_us = zw_pace_ask(&daemon->learn_pace, begin_us);

    if (!wait_us) {
        daemon->has_learned = false;
        save(daemon);
        zw_bridges_learned(daemon);
        zw_pace_done(&daemon->learn_pace, begin_us, monotonic_us());
    }
    return wait_us;
}

static void on_timer(evutil_socket_t fd, short what, void *daemon_)
{
    struct zw_daemon *daemon = daemon_;
    int64_t now_us = zw_audit_now_us(), next_us;

    (void)fd;
    (void)what;
    daemon->is_learning_soon = false;
    ask_switches(daemon, now_us);
    daemon->has_learned |= zw_learning_tick(daemon->learning, now_us, &next_us);
    int64_t wait_us = daemon->has_learned ? update(daemon) : 0;
    int64_t due_us = next_us > now_us ? next_us - now_us : 0;
    if (next_us || wait_us) {
        wake_in(daemon, next_us && (!wait_us || due_us < wait_us) ? due_us : wait_us);
    }
}

static void wake_soon(struct zw_daemon *daemon)
{
    if (!daemon->is_learning_soon) {
        daemon->is_learning_soon = true;
        wake_in(daemon, ZW_LEARN_DELAY_US);
    }
}

void zw_learner_start(struct zw_daemon *daemon)
{
    daemon->learning = zw_learning_new();
    daemon->learn_timer = evtimer_new(daemon->base, on_timer, daemon);
    load(daemon);
    wake_soon(daemon); /* Leases may have ended. */
}

void zw_learner_stop(struct zw_daemon *daemon)
{
    if (daemon->learn_timer) {
        event_free(daemon->learn_timer);
        daemon->learn_timer = NULL;
    }
    zw_learning_free(daemon->learning);
    daemon->learning = NULL;
}

void zw_learner_check(struct zw_daemon *daemon)
{
    if (zw_learning_check(daemon->learning, daemon->policy, daemon->inventory)) {
        daemon->has_learned = true;
        wake_soon(daemon);
    }
}

void zw_learner_hear(struct zw_managed *managed, const struct zw_packet_in *in)
{
    struct zw_daemon *daemon = managed->daemon;
    const struct zw_bridge *bridge = zw_daemon_bridge(daemon, managed);
    struct zw_address_event event;

    if (bridge && zw_address_event_read(in->packet, in->packet_size, &event)) {
        daemon->has_learned |= zw_learning_hear(daemon->learning, daemon->policy, bridge, &event, in->in_port,
                                                in->regs[ZW_REG_SEGMENT], zw_audit_now_us());
        wake_soon(daemon);
    }
}

void zw_learner_heard(struct zw_managed *managed)
{
    struct zw_daemon *daemon = managed->daemon;

    daemon->has_learned |= zw_learning_heard(daemon->learning, managed->name, managed->heard_ask_us);
    managed->heard_ask_us = 0;
    wake_soon(daemon);
}

void zw_learner_missed(struct zw_managed *managed)
{
    managed->heard_ask_us = 0;
    zw_learning_missed(managed->daemon->learning, managed->name);
}
