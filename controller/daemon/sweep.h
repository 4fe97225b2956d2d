/* SPDX-License-Identifier: Apache-2.0 */
/* sweep - ends the sessions that the policy in force forbids.
 *
 * When a bridge has confirmed a change that may forbid something (a policy; a port in another zone), and once after a
 * start, the connection table is listed, each session of ours is judged (controller/policy/session.h), and those that
 * may no longer be are taken out of conntrack, each with a record.  The others do not notice.
 *
 * That is done twice.  The first time at once, for all that is there.  vswitchd says that a change is in force when its
 * tables are changed; its cache may let in sessions by the old tables until it has gone through the cache once.  So we
 * wait until it says that it has, and look again.
 *
 * Reading and judging go on in slices of ZW_SWEEP_SLICE_MS between other events.  A change that comes meanwhile makes it
 * begin again; from its confirmation on the new policy judges.  What fails (vswitchd is away, the list is too long) is
 * tried again every ZW_SWEEP_RETRY_MS, and `status` says so: it is not over until every session was judged.
 *
 * In the thread of the event base. */

#ifndef ZW_DAEMON_SWEEP_H
#define ZW_DAEMON_SWEEP_H 1

#include <stdbool.h>
#include <stdint.h>

struct zw_daemon;
struct zw_managed;
struct zw_sweep;

#define ZW_SWEEP_SLICE_MS 2
#define ZW_SWEEP_RETRY_MS 1000
#define ZW_SWEEP_LIST_MS 20000   /* For one list. */
#define ZW_SWEEP_SETTLE_MS 10000 /* For one round of vswitchd through its cache. */

struct zw_sweep_status {
    bool is_ending;           /* Sessions that are forbidden may still live. */
    bool is_running;          /* That, or it waits to look a second time. */
    uint64_t n_found;         /* By the look that goes on: ended, or about to be. */
    uint64_t n_ended;         /* Since the start. */
    uint64_t n_sweeps;        /* That came to their end. */
    uint64_t n_unreadable;    /* Lines of the last list that are no entries. */
    int64_t ended_us;         /* Unix time at which the last first look was over, 0: never. */
    int64_t first_us, all_us; /* From the confirmation to the end of the last first and second look. */
    char error[200];          /* Why it does not get on, or "". */
};

struct zw_sweep *zw_sweep_new(struct zw_daemon *);
/* NULL is fine.  Call it when the OVSDB watcher is gone, and with it all calls that wait. */
void zw_sweep_free(struct zw_sweep *);

/* The switch confirmed a change that may forbid sessions of this bridge. */
void zw_sweep_request(struct zw_sweep *, const struct zw_managed *);

struct zw_sweep_status zw_sweep_status(const struct zw_sweep *);

#endif
