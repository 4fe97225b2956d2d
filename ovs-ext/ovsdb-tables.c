/* SPDX-License-Identifier: Apache-2.0 */
#include <config.h>

#include "ovs-ext/ovsdb-tables.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openvswitch/json.h>
#include <openvswitch/shash.h>
#include <packets.h>
#include <util.h>
#include <uuid.h>

#include "ovs-ext/inventory.h"
#include "ovs-ext/ovsdb-row.h"
#include "ovs-ext/packet-key.h"

#define OFPORT_MAX 0xfeff /* The last of a bridge's own numbering: OFPP_MAX - 1 of OpenFlow 1.0. */

struct zw_ovsdb_tables {
    struct hmap rows[ZW_OVSDB_N_TABLES]; /* struct zw_ovsdb_row by UUID. */
};

struct zw_ovsdb_tables *zw_ovsdb_tables_create(void)
{
    struct zw_ovsdb_tables *tables = xmalloc(sizeof *tables);

    for (int i = 0; i < ZW_OVSDB_N_TABLES; i++) {
        hmap_init(&tables->rows[i]);
    }
    return tables;
}

void zw_ovsdb_tables_destroy(struct zw_ovsdb_tables *tables)
{
    struct zw_ovsdb_row *row;

    if (!tables) {
        return;
    }
    for (int i = 0; i < ZW_OVSDB_N_TABLES; i++) {
        HMAP_FOR_EACH_POP (row, hmap_node, &tables->rows[i]) {
            zw_ovsdb_row_destroy((enum zw_ovsdb_table)i, row);
        }
        hmap_destroy(&tables->rows[i]);
    }
    free(tables);
}

struct json *zw_ovsdb_tables_monitor(void)
{
    struct json *requests = json_object_create();

    for (int i = 0; i < ZW_OVSDB_N_TABLES; i++) {
        struct json *request = json_object_create();

        json_object_put(request, "columns", zw_ovsdb_table_columns((enum zw_ovsdb_table)i));
        json_object_put(requests, zw_ovsdb_table_name((enum zw_ovsdb_table)i), request);
    }
    return requests;
}

static struct zw_ovsdb_row *find_row(const struct zw_ovsdb_tables *tables, enum zw_ovsdb_table table,
                                     const struct uuid *uuid)
{
    struct zw_ovsdb_row *row;

    HMAP_FOR_EACH_WITH_HASH (row, hmap_node, uuid_hash(uuid), &tables->rows[table]) {
        if (uuid_equals(&row->uuid, uuid)) {
            return row;
        }
    }
    return NULL;
}

static void remove_row(struct zw_ovsdb_tables *tables, enum zw_ovsdb_table table, const struct uuid *uuid)
{
    struct zw_ovsdb_row *row = find_row(tables, table, uuid);

    if (row) {
        hmap_remove(&tables->rows[table], &row->hmap_node);
        zw_ovsdb_row_destroy(table, row);
    }
}

/* 'update' is a <row-update>: "new" has all columns of a row that is there now, and is missing from one that is not. */
static bool update_row(struct zw_ovsdb_tables *tables, enum zw_ovsdb_table table, const char *id,
                       const struct json *update, char *error)
{
    const struct json *columns;
    struct zw_ovsdb_row *row;
    struct uuid uuid;

    if (update->type != JSON_OBJECT || !uuid_from_string(&uuid, id)) {
        snprintf(error, ZW_OVSDB_ERROR_SIZE, "malformed update of table %s", zw_ovsdb_table_name(table));
        return false;
    }
    columns = shash_find_data(update->object, "new");
    if (!columns) {
        remove_row(tables, table, &uuid);
        return true;
    }
    row = zw_ovsdb_row_from_json(table, id, columns, error);
    if (!row) {
        return false;
    }
    remove_row(tables, table, &uuid);
    hmap_insert(&tables->rows[table], &row->hmap_node, uuid_hash(&row->uuid));
    return true;
}

static bool update_table(struct zw_ovsdb_tables *tables, enum zw_ovsdb_table table, const struct json *updates,
                         char *error)
{
    struct shash_node *node;

    if (updates->type != JSON_OBJECT) {
        snprintf(error, ZW_OVSDB_ERROR_SIZE, "malformed update of table %s", zw_ovsdb_table_name(table));
        return false;
    }
    SHASH_FOR_EACH (node, updates->object) {
        if (!update_row(tables, table, node->name, node->data, error)) {
            return false;
        }
    }
    return true;
}

bool zw_ovsdb_tables_update(struct zw_ovsdb_tables *tables, const struct json *updates, char *error)
{
    if (updates->type != JSON_OBJECT) {
        snprintf(error, ZW_OVSDB_ERROR_SIZE, "malformed update");
        return false;
    }
    for (int i = 0; i < ZW_OVSDB_N_TABLES; i++) {
        enum zw_ovsdb_table table = (enum zw_ovsdb_table)i;
        const struct json *rows = shash_find_data(updates->object, zw_ovsdb_table_name(table));

        if (rows && !update_table(tables, table, rows, error)) {
            return false;
        }
    }
    return true;
}

const struct zw_ovsdb_row *zw_ovsdb_tables_row(const struct zw_ovsdb_tables *tables, enum zw_ovsdb_table table,
                                               const struct uuid *uuid)
{
    return find_row(tables, table, uuid);
}

const struct zw_ovsdb_row *zw_ovsdb_tables_root(const struct zw_ovsdb_tables *tables)
{
    const struct hmap_node *first = hmap_first(&tables->rows[ZW_OVSDB_ROOT]);

    return first ? CONTAINER_OF(first, struct zw_ovsdb_row, hmap_node) : NULL;
}

const struct zw_ovsdb_row *zw_ovsdb_tables_bridge(const struct zw_ovsdb_tables *tables, const char *name)
{
    const struct zw_ovsdb_row *row;

    HMAP_FOR_EACH (row, hmap_node, &tables->rows[ZW_OVSDB_BRIDGE]) {
        if (!strcmp(row->bridge.name, name)) {
            return row;
        }
    }
    return NULL;
}

static uint32_t ofport_from_ovsdb(const struct zw_ovsdb_integers *ofport)
{
    int64_t value = ofport->n ? ofport->elems[0] : -1;

    return (value >= 1 && value <= OFPORT_MAX) || value == ZW_OFPORT_LOCAL ? (uint32_t)value : 0;
}

static void set_external_ids(struct zw_port *port, const struct zw_ovsdb_map *map)
{
    char buf[ZW_MAC_STRLEN];
    struct zw_mac mac;

    port->external_ids = xcalloc(MAX(map->n, 1), sizeof *port->external_ids);
    for (size_t i = 0; i < map->n; i++) {
        port->external_ids[i].key = xstrdup(map->elems[i].key);
        port->external_ids[i].value = xstrdup(map->elems[i].value);
    }
    port->n_external_ids = map->n;

    port->iface_id = nullable_xstrdup(zw_port_external_id(port, "iface-id"));
    const char *text = zw_port_external_id(port, "attached-mac");
    if (text && zw_mac_parse(text, &mac)) {
        port->attached_mac = xstrdup(zw_mac_format(&mac, buf));
    }
}

/* As vswitchd's port_configure() reads them. */
static enum zw_vlan_mode vlan_mode_from_ovsdb(const char *mode, int tag)
{
    if (!mode) {
        return tag == ZW_VLAN_NONE ? ZW_VLAN_TRUNK : ZW_VLAN_ACCESS;
    }
    for (int i = 0; i < ZW_VLAN_UNSUPPORTED; i++) {
        if (!strcmp(mode, zw_vlan_mode_name((enum zw_vlan_mode)i))) {
            return (enum zw_vlan_mode)i;
        }
    }
    return ZW_VLAN_UNSUPPORTED;
}

static bool is_vlan(int64_t value)
{
    return value >= 0 && value <= 4095;
}

static void set_vlans(struct zw_port *port, const struct zw_ovsdb_port *row)
{
    port->tag = row->tag.n && is_vlan(row->tag.elems[0]) ? (int)row->tag.elems[0] : ZW_VLAN_NONE;
    port->vlan_mode = vlan_mode_from_ovsdb(row->vlan_mode, port->tag);
    if (port->vlan_mode == ZW_VLAN_ACCESS) {
        return;
    }
    port->trunks = xcalloc(MAX(row->trunks.n, 1), sizeof *port->trunks);
    for (size_t i = 0; i < row->trunks.n; i++) {
        if (is_vlan(row->trunks.elems[i])) {
            port->trunks[port->n_trunks++] = (uint16_t)row->trunks.elems[i];
        }
    }
}

static void add_port(struct zw_bridge *bridge, size_t *allocated, const struct zw_ovsdb_port *port_row,
                     const struct zw_ovsdb_interface *row)
{
    if (bridge->n_ports >= *allocated) {
        bridge->ports = x2nrealloc(bridge->ports, allocated, sizeof *bridge->ports);
    }
    struct zw_port *port = &bridge->ports[bridge->n_ports++];

    memset(port, 0, sizeof *port);
    port->name = xstrdup(row->name);
    port->ofport = ofport_from_ovsdb(&row->ofport);
    port->type = xstrdup(row->type ? row->type : "");
    port->error = nullable_xstrdup(row->error);
    port->in_bond = port_row->interfaces.n > 1;
    set_external_ids(port, &row->external_ids);
    set_vlans(port, port_row);
}

static void add_interfaces(const struct zw_ovsdb_tables *tables, const struct zw_ovsdb_port *port,
                           struct zw_bridge *bridge, size_t *allocated)
{
    for (size_t i = 0; i < port->interfaces.n; i++) {
        const struct zw_ovsdb_row *row = find_row(tables, ZW_OVSDB_INTERFACE, &port->interfaces.elems[i]);

        if (row) {
            add_port(bridge, allocated, port, &row->interface);
        }
    }
}

static uint64_t datapath_id_from_ovsdb(const char *text)
{
    char *end;
    uint64_t id = text ? strtoull(text, &end, 16) : 0;

    return text && strlen(text) == 16 && !*end ? id : 0;
}

static void fill_bridge(const struct zw_ovsdb_tables *tables, const struct zw_ovsdb_bridge *row,
                        struct zw_bridge *bridge)
{
    size_t allocated = 0;

    bridge->exists = true;
    bridge->datapath_id = datapath_id_from_ovsdb(row->datapath_id);
    bridge->datapath_type = xstrdup(row->datapath_type && *row->datapath_type ? row->datapath_type : "system");
    bridge->fail_mode = xstrdup(row->fail_mode ? row->fail_mode : "");
    for (size_t i = 0; i < row->ports.n; i++) {
        const struct zw_ovsdb_row *port = find_row(tables, ZW_OVSDB_PORT, &row->ports.elems[i]);

        if (port) {
            add_interfaces(tables, &port->port, bridge, &allocated);
        }
    }
}

struct zw_inventory *zw_ovsdb_tables_inventory(const struct zw_ovsdb_tables *tables, char *const *bridges,
                                               size_t n_bridges)
{
    struct zw_inventory *inventory = zw_inventory_new(n_bridges);

    for (size_t i = 0; i < n_bridges; i++) {
        struct zw_bridge *bridge = &inventory->bridges[i];
        const struct zw_ovsdb_row *row = zw_ovsdb_tables_bridge(tables, bridges[i]);

        bridge->name = xstrdup(bridges[i]);
        if (row) {
            fill_bridge(tables, &row->bridge, bridge);
        } else {
            bridge->datapath_type = xstrdup("");
            bridge->fail_mode = xstrdup("");
        }
    }
    zw_inventory_sort(inventory);
    return inventory;
}
