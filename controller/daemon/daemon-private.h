/* SPDX-License-Identifier: Apache-2.0 */
/* daemon-private - between daemon.c, apply.c and bridges.c. */

#ifndef ZW_DAEMON_DAEMON_PRIVATE_H
#define ZW_DAEMON_DAEMON_PRIVATE_H 1

#include "controller/daemon/daemon.h"

/* bridges.c: */
void zw_bridges_start(struct zw_daemon *);
void zw_bridges_stop(struct zw_daemon *);
/* Compiles and sends the desired flows of every bridge.  'new_policy' begins a new policy generation. */
void zw_bridges_update(struct zw_daemon *, bool new_policy);
/* A new inventory came. */
void zw_bridges_inventory(struct zw_daemon *, struct zw_inventory *);

/* copies.c: copies for the log that did not come. */
/* What an earlier daemon knew of the bridges' tallies; call it when bridges and log are there. */
void zw_copies_start(struct zw_daemon *);
void zw_copies_stop(struct zw_daemon *);
/* Reads the bridge's counters and records what is missing. */
void zw_copies_check(struct zw_managed *);
/* A copy came. */
void zw_copies_received(struct zw_managed *, enum zw_punt);

/* Compiles and sends again where other addresses are learned than when it was last done. */
void zw_bridges_learned(struct zw_daemon *);

/* learner.c: addresses that guards learn. */
void zw_learner_start(struct zw_daemon *);
void zw_learner_stop(struct zw_daemon *);
/* Ports or policy have changed: call it before compiling. */
void zw_learner_check(struct zw_daemon *);
/* A packet came up with ZW_PUNT_LEARN. */
void zw_learner_hear(struct zw_managed *, const struct zw_packet_in *);
/* All that the switch had sent when zw_switch_ask_learn() was called has come; and: something may not have come. */
void zw_learner_heard(struct zw_managed *);
void zw_learner_missed(struct zw_managed *);

/* apply.c: */
/* The policy to start with, from store and file.  0 or a positive errno with problems. */
int zw_policy_start(struct zw_daemon *, struct zw_problems *);
/* A bridge confirmed its policy generation, or went away: whoever waits may have waited enough. */
void zw_apply_check(struct zw_daemon *);
/* Ends the wait, if there is one. */
void zw_apply_finish(struct zw_daemon *);

/* Logs every problem, a line each. */
void zw_daemon_log_problems(const struct zw_problems *);

#endif
