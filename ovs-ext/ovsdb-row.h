/* SPDX-License-Identifier: Apache-2.0 */
/* ovsdb-row - one row of the tables that the watcher monitors, read from JSON (RFC 7047, section 5.1).
 *
 * Private to the watcher: the only header of ovs-ext with OVSDB's own types.  Reading is strict about the form of each
 * value and trusts no server: what is not of the column's type is an error with text, and never an assertion (which
 * libopenvswitch's own IDL has for some malformed updates). */

#ifndef ZW_OVS_OVSDB_ROW_H
#define ZW_OVS_OVSDB_ROW_H 1

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <openvswitch/hmap.h>
#include <openvswitch/uuid.h>

#include "ovs-ext/inventory.h"

struct json;

#define ZW_OVSDB_ERROR_SIZE 128

enum zw_ovsdb_table {
    ZW_OVSDB_ROOT, /* Open_vSwitch: one row. */
    ZW_OVSDB_BRIDGE,
    ZW_OVSDB_PORT,
    ZW_OVSDB_INTERFACE,
    ZW_OVSDB_DATAPATH,
    ZW_OVSDB_CT_ZONE,
    ZW_OVSDB_CT_TIMEOUTS, /* CT_Timeout_Policy. */
    ZW_OVSDB_N_TABLES
};

struct zw_ovsdb_uuids {
    struct uuid *elems;
    size_t n;
};

struct zw_ovsdb_integers {
    int64_t *elems;
    size_t n;
};

struct zw_ovsdb_map {
    struct zw_external_id *elems;
    size_t n;
};

/* A map to or from something else than strings: the members that its column has. */
struct zw_ovsdb_pair {
    char *text;
    int64_t number;
    struct uuid uuid;
};

struct zw_ovsdb_pairs {
    struct zw_ovsdb_pair *elems;
    size_t n;
};

struct zw_ovsdb_root {
    struct zw_ovsdb_pairs datapaths; /* Type to row. */
};

struct zw_ovsdb_bridge {
    char *name, *datapath_id, *datapath_type, *fail_mode; /* NULL: the column is empty. */
    struct zw_ovsdb_uuids ports;
};

struct zw_ovsdb_port {
    char *vlan_mode;
    struct zw_ovsdb_integers tag, trunks;
    struct zw_ovsdb_uuids interfaces;
};

struct zw_ovsdb_interface {
    char *name, *type, *error;
    struct zw_ovsdb_integers ofport;
    struct zw_ovsdb_map external_ids;
};

struct zw_ovsdb_datapath {
    struct zw_ovsdb_pairs ct_zones; /* Number to row. */
};

struct zw_ovsdb_ct_zone {
    struct zw_ovsdb_uuids timeout_policy;
    struct zw_ovsdb_map external_ids;
};

struct zw_ovsdb_ct_timeouts {
    struct zw_ovsdb_pairs timeouts; /* Name to seconds. */
};

struct zw_ovsdb_row {
    struct hmap_node hmap_node; /* By 'uuid'. */
    struct uuid uuid;
    union {
        struct zw_ovsdb_root root;
        struct zw_ovsdb_bridge bridge;
        struct zw_ovsdb_port port;
        struct zw_ovsdb_interface interface;
        struct zw_ovsdb_datapath datapath;
        struct zw_ovsdb_ct_zone ct_zone;
        struct zw_ovsdb_ct_timeouts ct_timeouts;
    };
};

const char *zw_ovsdb_table_name(enum zw_ovsdb_table);
/* The JSON array of the columns that a row is read from.  The caller's. */
struct json *zw_ovsdb_table_columns(enum zw_ovsdb_table);

/* Reads 'columns' (name to value) of the row 'uuid'.  NULL, and a text in 'error' (ZW_OVSDB_ERROR_SIZE), if a column is
 * missing or malformed. */
struct zw_ovsdb_row *zw_ovsdb_row_from_json(enum zw_ovsdb_table, const char *uuid, const struct json *columns,
                                            char *error);
void zw_ovsdb_row_destroy(enum zw_ovsdb_table, struct zw_ovsdb_row *);

#endif
