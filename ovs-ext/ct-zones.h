/* SPDX-License-Identifier: Apache-2.0 */
/* ct-zones - holds the timeouts of our conntrack zones as they are wanted, through OVSDB.
 *
 * Private to the OVSDB watcher's thread.  vswitchd gives a conntrack zone the timeouts that Datapath.ct_zones, CT_Zone and
 * CT_Timeout_Policy say, to sessions that begin from then on.  The rows of CT_Zone that are ours have the key "zoneward" in
 * their external_ids; those of others are left alone, but for a zone that is wanted.  Writes only what differs
 * (ovs-ext/ovsdb-write.h). */

#ifndef ZW_OVS_CT_ZONES_H
#define ZW_OVS_CT_ZONES_H 1

#include <stdbool.h>

#include "ovs-ext/ct-timeouts.h"

struct jsonrpc_msg;
struct jsonrpc_session;
struct zw_ct_zones;
struct zw_ovsdb_status;
struct zw_ovsdb_tables;

struct zw_ct_zones *zw_ct_zones_create(void);
void zw_ct_zones_destroy(struct zw_ct_zones *);

/* Takes 'want', from malloc().  Before the first nothing is written. */
void zw_ct_zones_want(struct zw_ct_zones *, struct zw_ct_want *want);

/* Writes what is due.  'is_news': the tables may have changed since the last time. */
void zw_ct_zones_run(struct zw_ct_zones *, const struct zw_ovsdb_tables *, bool is_news, struct jsonrpc_session *);
void zw_ct_zones_wait(const struct zw_ct_zones *);

/* Takes 'msg' if it answers one of our writes, and says in 'status' why it failed. */
void zw_ct_zones_reply(struct zw_ct_zones *, const struct jsonrpc_msg *msg, struct zw_ovsdb_status *status);
/* No answer comes any more. */
void zw_ct_zones_disconnected(struct zw_ct_zones *);

#endif
