/* SPDX-License-Identifier: Apache-2.0 */
/* daemon - puts the rooms together: one policy, the ports, the bridges, the log, the control socket.
 *
 * Whatever changes (the policy, a port, a bridge) leads to the same thing: compile, and tell the switch room what is
 * desired.  Everything here runs in the thread of the event base; the audit writer and the OVSDB watcher have their
 * own and are spoken to through their functions only.
 *
 * The members are for this room: requests-*.c read them to answer the control socket, and change nothing but through
 * the functions below. */

#ifndef ZW_DAEMON_DAEMON_H
#define ZW_DAEMON_DAEMON_H 1

#include <stdbool.h>
#include <stdint.h>

#include "controller/audit/writer.h"
#include "controller/control/server.h"
#include "controller/daemon/ct-limits.h"
#include "controller/daemon/learning.h"
#include "controller/daemon/options.h"
#include "controller/daemon/pace.h"
#include "controller/daemon/policy-store.h"
#include "controller/daemon/sweep.h"
#include "controller/slowpath/slowpath.h"
#include "controller/slowpath/tally.h"
#include "controller/switch/switch.h"
#include "ovs-ext/ovsdb.h"

struct event;
struct event_base;
struct zw_apply;

#define ZW_APPLY_TIMEOUT_S 10 /* How long `policy apply` waits for the bridges to confirm. */

/* One managed bridge. */
struct zw_managed {
    struct zw_daemon *daemon;
    unsigned int index;
    const char *name;
    struct zw_switch *sw;
    struct zw_problems warnings;       /* Of the last compilation; */
    struct zw_policy *compiled_policy; /* and what it was made of.  NULL: nothing yet. */
    struct zw_inventory *compiled_inventory;
    struct zw_learned *compiled_learned; /* 'n_compiled_learned' of them. */
    size_t n_compiled_learned;
    uint64_t n_full;           /* How often everything was compiled, not only what differs. */
    uint32_t version_sent;     /* Policy version of the desired flows, 0: none. */
    uint32_t version_in_force; /* Last one that the switch confirmed, 0: none. */
    uint64_t generation_sent;
    uint64_t policy_generation;    /* The first generation with 'version_sent'. */
    size_t n_changes;              /* Flow changes of the last confirmed generation, */
    int64_t duration_us;           /* and the time from sending to confirmation. */
    int64_t in_sync_us;            /* Unix time of the last confirmation, 0: never. */
    struct zw_tally sessions;      /* Copies of what the fast path let in, */
    struct zw_tally denials;       /* of what it denied, */
    struct zw_tally drops;         /* and of what it dropped by no rule. */
    struct zw_tally rejects;       /* Packets to be answered. */
    uint64_t n_rejects_unanswered; /* Of them, beyond ZW_REJECT_METER_PPS, or not arrived. */
    struct zw_owned_mac *owned;    /* Addresses that OVSDB gives to ports, sorted (addresses.c), */
    size_t n_owned;                /* of the inventory. */
    uint64_t n_taken;              /* How often one of them was learned elsewhere. */
    struct zw_flood *floods;       /* Ports that say too much of addresses (floods.c), */
    size_t n_floods, floods_allocated;
    uint64_t n_unheard;   /* and what was not heard of them, of all meters. */
    bool has_read_meters; /* Once. */
    int64_t heard_ask_us; /* When its switch was asked whether all was heard (learner.c); 0: it has answered. */
    bool must_sweep;      /* What is on its way may forbid sessions; so may what was in force before us. */
};

struct zw_daemon {
    struct zw_options options;
    struct event_base *base;
    int64_t start_us;
    bool ran;             /* It got as far as its event loop. */
    int run_fd, state_fd; /* Locked while it lives. */
    int pid_fd;

    struct zw_ovsdb *ovsdb;
    struct event *ovsdb_event;
    struct zw_audit *audit;
    struct zw_slowpath *slowpath;
    struct zw_control *control;
    struct event *signals[3];
    struct event *copies_timer;

    struct zw_learning *learning;
    struct event *learn_timer;
    struct zw_pace learn_pace;
    bool has_learned;      /* Since the bridges were told. */
    bool is_learning_soon; /* The timer is about what was heard, not about what comes later. */

    struct zw_policy *policy;       /* In force, or on its way there. Never NULL while it runs. */
    struct zw_stored_policy stored; /* Its sources and origin. */
    char file_sha256[65];           /* Of the policy file when it was last read. */
    char file_problem[1024];        /* Why the policy file is not what is in force, or "". */
    bool must_reload;               /* SIGHUP came while another policy was being applied. */
    struct event *reload_event;     /* That is done: the file can be read. */

    struct zw_inventory *inventory; /* NULL until OVSDB answered for the first time. */
    struct zw_managed bridges[ZW_MAX_BRIDGES];
    size_t n_bridges;
    uint64_t generation;
    struct zw_sweep *sweep;
    struct zw_ct_limits *ct_limits;
    struct zw_ct_want *ct_want;       /* What OVSDB was told last; NULL: nothing yet. */
    struct zw_policy *ct_want_policy; /* What it was made of. */
    struct zw_inventory *ct_want_inventory;
    struct zw_apply *apply; /* Waits for confirmation; NULL: none. */
};

/* Starts everything.  0 or a positive errno, with problems. */
int zw_daemon_start(struct zw_daemon *, struct zw_problems *);
/* Until a signal or zw_daemon_quit(). */
void zw_daemon_run(struct zw_daemon *);
void zw_daemon_stop(struct zw_daemon *);

/* The bridge as OVSDB has it now, or NULL. */
const struct zw_bridge *zw_daemon_bridge(const struct zw_daemon *, const struct zw_managed *);

/* The rule by which a session was let in: of that version, if it is still known; else the rule that has the same id now.
 * NULL for the default, and if it is not known (any more). */
const struct zw_rule *zw_daemon_find_rule(const struct zw_daemon *, uint32_t id, uint32_t version);

struct zw_apply_result {
    uint32_t version;
    bool changed;                  /* False: this very policy was in force already. */
    size_t n_flow_changes;         /* On all bridges. */
    size_t n_confirmed, n_waiting; /* Bridges: whose switch confirmed; which are not connected, or did not answer in
                                    * time, and will get it when they do. */
    int64_t duration_us;           /* From the request to the last confirmation. */
    uint64_t n_ended;              /* Sessions that it forbids and that were ended. */
    bool is_ending;                /* Not all of them were, in the time: that goes on. */
};

typedef void zw_apply_cb(void *arg, const struct zw_apply_result *);

/* Reads 'sources', which it takes, gives them a version, writes that to the store and sends it.  0, and 'done' is
 * called when every connected bridge has confirmed, and the sessions that they had and that it forbids have ended, or
 * ZW_APPLY_TIMEOUT_S have passed (perhaps before this returns); or a
 * positive errno with problems and nothing has changed: EINVAL for a bad policy, EBUSY if another one waits. */
int zw_daemon_apply(struct zw_daemon *, struct zw_policy_source *sources, size_t n_sources, const char *origin,
                    bool from_file, zw_apply_cb *done, void *arg, struct zw_problems *);

/* Reads the policy file again, as SIGHUP does. */
int zw_daemon_reload(struct zw_daemon *, zw_apply_cb *done, void *arg, struct zw_problems *);

/* The verbs of the control socket (requests-*.c); ends with a NULL verb.  Their 'arg' is the daemon. */
extern const struct zw_request_type zw_daemon_requests[];

#endif
