/* SPDX-License-Identifier: Apache-2.0 */
/* fail-mode - holds the managed bridges at fail_mode=secure, through OVSDB.
 *
 * Private to the OVSDB watcher's thread.  Writes when the database has another value (ovs-ext/ovsdb-write.h). */

#ifndef ZW_OVS_FAIL_MODE_H
#define ZW_OVS_FAIL_MODE_H 1

#include <stddef.h>

struct jsonrpc_msg;
struct jsonrpc_session;
struct zw_fail_mode;
struct zw_ovsdb_status;
struct zw_ovsdb_tables;

/* 'bridges' stays the caller's and has to outlive it. */
struct zw_fail_mode *zw_fail_mode_create(char *const *bridges, size_t n_bridges);
void zw_fail_mode_destroy(struct zw_fail_mode *);

/* Writes what is due. */
void zw_fail_mode_run(struct zw_fail_mode *, const struct zw_ovsdb_tables *, struct jsonrpc_session *);
void zw_fail_mode_wait(struct zw_fail_mode *, const struct zw_ovsdb_tables *);

/* Takes 'msg' if it answers one of our writes, counts it or says in 'status' why it failed. */
void zw_fail_mode_reply(struct zw_fail_mode *, const struct jsonrpc_msg *msg, struct zw_ovsdb_status *status);
/* No answer comes any more. */
void zw_fail_mode_disconnected(struct zw_fail_mode *);

#endif
