/* SPDX-License-Identifier: Apache-2.0 */
/* ovsdb - watches OVSDB, and asks vswitchd, in a thread of its own.
 *
 * libopenvswitch's event loop exports no file descriptors, so all that needs it (the OVSDB client and vswitchd's
 * control socket) lives in one thread here.  The rest of the daemon sees a file descriptor that becomes readable when
 * there is news, and takes the news without blocking.
 *
 * The watcher sets 'fail_mode=secure' on each managed bridge whenever it finds another value: an unset fail_mode
 * turns the bridge into an open learning switch when its controller goes.  So it does with the timeouts of our conntrack
 * zones (ovs-ext/ct-zones.h).  While the database is away the last
 * inventory stays valid; it is tried again each second.  Database lost, found and fail_mode mended are logged here.
 *
 * All functions are for one thread, the one that called zw_ovsdb_start().  The watcher's thread has all signals
 * blocked. */

#ifndef ZW_OVS_OVSDB_H
#define ZW_OVS_OVSDB_H 1

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ovs-ext/ct-timeouts.h"
#include "ovs-ext/inventory.h"

struct zw_ovsdb;

struct zw_ovsdb_status {
    bool connected;   /* The database answers and its contents are known. */
    int64_t since_ms; /* Wall clock (Unix, ms) of the last change of 'connected'; of the start at first. */
    uint64_t n_reconnects;
    uint64_t n_fail_mode_set; /* How often fail_mode had to be (re)written. */
    char error[128];          /* Last error, or "".  While connected: what cannot be written. */
};

/* 'remote' is OVSDB's address ("unix:PATH" with an absolute path, "tcp:IP:PORT", "ssl:IP:PORT", or several with commas
 * between).  Calls zw_ovs_init() (ovs-ext/ovs-init.h) if nobody has.  A database that is not there is no error here, but
 * is in the status.  0, EINVAL (remote) or another positive errno. */
int zw_ovsdb_start(const char *remote, const char *const *bridges, size_t n_bridges, struct zw_ovsdb **);
/* Joins the thread.  Calls 'done' of the calls that still wait, with an error.  NULL is fine. */
void zw_ovsdb_stop(struct zw_ovsdb *);

/* Readable when zw_ovsdb_take() or zw_ovsdb_run_replies() has news, or the status changed.  Taking the inventory and
 * the replies makes it unreadable; do not read it. */
int zw_ovsdb_fd(const struct zw_ovsdb *);
/* The newest inventory if it changed since the last call, else NULL.  A reference for the caller. */
struct zw_inventory *zw_ovsdb_take(struct zw_ovsdb *);
struct zw_ovsdb_status zw_ovsdb_status(const struct zw_ovsdb *);

/* What our conntrack zones are to have from now on; copied.  Before the first call nothing is written about them. */
void zw_ovsdb_want(struct zw_ovsdb *, const struct zw_ct_want *);

/* Runs an ovs-appctl command (unixctl) in vswitchd, asynchronously: 'socket' is the absolute path of its control socket,
 * or of a directory in which ovs-vswitchd.pid names it (DIR/ovs-vswitchd.PID.ctl).  'done' is called from
 * zw_ovsdb_run_replies() in the caller's thread, once, with the text or with an error ('text' NULL); both are only
 * valid during the call.  It may call zw_ovsdb_call() again, but not zw_ovsdb_stop().  At most ZW_OVSDB_MAX_CALLS wait
 * at a time; more fail at once with EBUSY (and without 'done'), no call waits for more than 'timeout_ms', and no answer
 * may be larger than 256 MiB. */
#define ZW_OVSDB_MAX_CALLS 16
typedef void zw_ovsdb_done_cb(void *arg, const char *text, const char *error);
int zw_ovsdb_call(struct zw_ovsdb *, const char *socket, const char *command, const char *const *args, size_t n_args,
                  int timeout_ms, zw_ovsdb_done_cb *, void *arg);
/* Calls 'done' of all calls that ended.  Call it when the descriptor is readable (after zw_ovsdb_take()). */
void zw_ovsdb_run_replies(struct zw_ovsdb *);
/* Only during 'done' and only with a text: it becomes the caller's, who frees it.  For what is too long to be read in one
 * go. */
char *zw_ovsdb_keep_text(struct zw_ovsdb *);

#endif
