/* SPDX-License-Identifier: Apache-2.0 */
#include <config.h>

#include "ovs-ext/ovs-init.h"

#include <pthread.h>
#include <signal.h>
#include <stdbool.h>

#include <fatal-signal.h>
#include <openvswitch/vlog.h>
#include <util.h>

static void set_up_log(void)
{
    /* What a peer says wrong is an error to us, and said once, by who called the codec. */
    static const char *const codec[] = {"nx_match",   "ofp_actions",    "ofp_bundle", "ofp_errors",
                                        "ofp_flow",   "ofp_match",      "ofp_msgs",   "ofp_monitor",
                                        "ofp_packet", "ofp_connection", "ofp_util",   "meta_flow"};

    vlog_set_syslog_method("null");
    vlog_set_levels(NULL, VLF_ANY_DESTINATION, VLL_OFF);
    vlog_set_levels(NULL, VLF_CONSOLE, VLL_WARN);
    /* It warns when a thread was busy for a second, which a dump of a large table takes. */
    vlog_set_levels(vlog_module_from_name("timeval"), VLF_CONSOLE, VLL_ERR);
    for (size_t i = 0; i < ARRAY_SIZE(codec); i++) {
        vlog_set_levels(vlog_module_from_name(codec[i]), VLF_CONSOLE, VLL_ERR);
    }
    vlog_set_pattern(VLF_CONSOLE, "%D{%Y-%m-%dT%H:%M:%S.###}Z %p: libopenvswitch: %c: %m");
}

/* fatal_signal_init(), which poll_block() calls, takes the signals that have the default action, once.  So let it, and
 * put them back; while they are blocked none gets lost. */
static void keep_signals(void)
{
    static const int taken[] = {SIGTERM, SIGINT, SIGHUP, SIGALRM, SIGSEGV};
    struct sigaction saved[ARRAY_SIZE(taken)];
    sigset_t all, mask;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &mask);
    for (size_t i = 0; i < ARRAY_SIZE(taken); i++) {
        sigaction(taken[i], NULL, &saved[i]);
    }
    fatal_signal_init();
    for (size_t i = 0; i < ARRAY_SIZE(taken); i++) {
        sigaction(taken[i], &saved[i], NULL);
    }
    pthread_sigmask(SIG_SETMASK, &mask, NULL);
}

void zw_ovs_init(const char *program_name)
{
    static bool done;

    if (!done) {
        done = true;
        ovs_set_program_name(program_name, VERSION);
        set_up_log();
        keep_signals();
    }
}
