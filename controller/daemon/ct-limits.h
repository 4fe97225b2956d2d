/* SPDX-License-Identifier: Apache-2.0 */
/* ct-limits - holds the conntrack zones of the managed bridges to the sessions that the policy allows.
 *
 * OVS 3.1 has limits in vswitchd alone, which forgets them when it ends.  So they are read every ZW_CT_LIMITS_PERIOD_MS, and
 * at once when the policy or the ports change, and what differs is set.  Zones are ours if their number is that of a
 * managed bridge (ovs-ext/pipeline.h); others are left alone.  The first look is at all of ours, to take away what an older
 * policy left; from then on at those that are to have a limit or had one.
 *
 * In the thread of the event base. */

#ifndef ZW_DAEMON_CT_LIMITS_H
#define ZW_DAEMON_CT_LIMITS_H 1

#include <stdint.h>

struct zw_ct_limits;
struct zw_daemon;

#define ZW_CT_LIMITS_PERIOD_MS 2000
#define ZW_CT_LIMITS_CALL_MS 5000 /* For one answer of vswitchd. */

struct zw_ct_limits_status {
    uint32_t n_full;    /* Zones that had no room at the last look, */
    uint16_t full_zone; /* and one of them. */
    char error[200];    /* Why they cannot be read or set, or "". */
};

struct zw_ct_limits *zw_ct_limits_new(struct zw_daemon *);
/* NULL is fine.  Call it when the OVSDB watcher is gone, and with it all calls that wait. */
void zw_ct_limits_free(struct zw_ct_limits *);

/* The policy or the ports changed. */
void zw_ct_limits_update(struct zw_ct_limits *);

struct zw_ct_limits_status zw_ct_limits_status(const struct zw_ct_limits *);

#endif
