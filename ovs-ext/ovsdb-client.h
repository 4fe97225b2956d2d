/* SPDX-License-Identifier: Apache-2.0 */
/* ovsdb-client - keeps one OVSDB connection, the tables behind it, the bridges' fail_mode and the timeouts of
 * conntrack zones.
 *
 * Private to the watcher's thread (ovs-ext/ovsdb.h), in the manner of libopenvswitch: run() does what can be done
 * without blocking, wait() says what to wake up for.
 *
 * Speaks RFC 7047 itself over libopenvswitch's jsonrpc_session instead of using its IDL: the IDL asserts on some
 * malformed updates, backs off for up to 8 s, and does not tell a database whose contents are known from a socket that
 * is merely open. */

#ifndef ZW_OVS_OVSDB_CLIENT_H
#define ZW_OVS_OVSDB_CLIENT_H 1

#include <stddef.h>

#include "ovs-ext/ovsdb.h"

/* How long a database may take to answer, and how long a quiet one is left alone before it is probed. */
#define ZW_OVSDB_ANSWER_MS 8000
#define ZW_OVSDB_PROBE_MS 5000
/* A lost database is tried again this often. */
#define ZW_OVSDB_RETRY_MS 1000
/* Between two writes of one thing (a bridge's fail_mode, the timeouts) against somebody who keeps changing it: doubles
 * from the first to the second; starts over after a minute of peace. */
#define ZW_OVSDB_WRITE_MIN_BACKOFF_MS 250
#define ZW_OVSDB_WRITE_MAX_BACKOFF_MS 8000
#define ZW_OVSDB_WRITE_CALM_MS 60000

struct zw_ovsdb_client;

/* Copies its arguments.  'remote' is valid. */
struct zw_ovsdb_client *zw_ovsdb_client_create(const char *remote, const char *const *bridges, size_t n_bridges);
void zw_ovsdb_client_destroy(struct zw_ovsdb_client *);

void zw_ovsdb_client_run(struct zw_ovsdb_client *);
void zw_ovsdb_client_wait(struct zw_ovsdb_client *);

/* What our conntrack zones are to have (ovs-ext/ct-zones.h).  Takes it. */
void zw_ovsdb_client_want(struct zw_ovsdb_client *, struct zw_ct_want *);

/* The newest inventory; NULL before the first.  The client's. */
const struct zw_inventory *zw_ovsdb_client_inventory(const struct zw_ovsdb_client *);
const struct zw_ovsdb_status *zw_ovsdb_client_status(const struct zw_ovsdb_client *);

#endif
