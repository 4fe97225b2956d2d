/* SPDX-License-Identifier: Apache-2.0 */
/* ovsdb-tables - the watcher's copy of OVSDB's tables: those in ovs-ext/ovsdb-row.h.
 *
 * Fed with the <table-updates> of RFC 7047 section 4.1.6, turned into an inventory on demand.  Not thread-safe. */

#ifndef ZW_OVS_OVSDB_TABLES_H
#define ZW_OVS_OVSDB_TABLES_H 1

#include <stdbool.h>
#include <stddef.h>

#include "ovs-ext/ovsdb-row.h"

struct json;
struct zw_inventory;
struct zw_ovsdb_tables;

struct zw_ovsdb_tables *zw_ovsdb_tables_create(void);
void zw_ovsdb_tables_destroy(struct zw_ovsdb_tables *);

/* The <monitor-requests> that asks for what we need.  The caller's. */
struct json *zw_ovsdb_tables_monitor(void);

/* False, and a text in 'error' (ZW_OVSDB_ERROR_SIZE), if 'updates' is malformed.  The tables are then not to be used
 * any more. */
bool zw_ovsdb_tables_update(struct zw_ovsdb_tables *, const struct json *updates, char *error);

/* NULL if there is none. */
const struct zw_ovsdb_row *zw_ovsdb_tables_row(const struct zw_ovsdb_tables *, enum zw_ovsdb_table,
                                               const struct uuid *);
/* The row of Open_vSwitch, or NULL. */
const struct zw_ovsdb_row *zw_ovsdb_tables_root(const struct zw_ovsdb_tables *);
/* The Bridge row called 'name', or NULL. */
const struct zw_ovsdb_row *zw_ovsdb_tables_bridge(const struct zw_ovsdb_tables *, const char *name);

/* What 'bridges' are now; never NULL.  A reference to a row that does not exist, which OVSDB rules out, is passed
 * over: that port gets nothing through. */
struct zw_inventory *zw_ovsdb_tables_inventory(const struct zw_ovsdb_tables *, char *const *bridges, size_t n_bridges);

#endif
