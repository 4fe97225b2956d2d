/* SPDX-License-Identifier: Apache-2.0 */
#include <config.h>

#include "ovs-ext/inventory.h"

#include <stdlib.h>
#include <string.h>

#include "controller/base/memory.h"

struct zw_inventory *zw_inventory_new(size_t n_bridges)
{
    struct zw_inventory *inventory = zw_xcalloc(1, sizeof *inventory);

    inventory->bridges = zw_xcalloc(n_bridges, sizeof *inventory->bridges);
    inventory->n_bridges = n_bridges;
    inventory->n_refs = 1;
    return inventory;
}

/* The header keeps atomic types out, so that the structs stay plain values. */
static unsigned int *refs(const struct zw_inventory *inventory)
{
    return (unsigned int *)&inventory->n_refs;
}

struct zw_inventory *zw_inventory_ref(const struct zw_inventory *inventory)
{
    if (inventory) {
        __atomic_fetch_add(refs(inventory), 1, __ATOMIC_RELAXED);
    }
    return (struct zw_inventory *)inventory;
}

static void port_clear(struct zw_port *port)
{
    for (size_t i = 0; i < port->n_external_ids; i++) {
        free(port->external_ids[i].key);
        free(port->external_ids[i].value);
    }
    free(port->external_ids);
    free(port->name);
    free(port->type);
    free(port->iface_id);
    free(port->attached_mac);
    free(port->trunks);
    free(port->error);
}

static void bridge_clear(struct zw_bridge *bridge)
{
    for (size_t i = 0; i < bridge->n_ports; i++) {
        port_clear(&bridge->ports[i]);
    }
    free(bridge->ports);
    free(bridge->by_ofport);
    free(bridge->name);
    free(bridge->datapath_type);
    free(bridge->fail_mode);
}

void zw_inventory_unref(struct zw_inventory *inventory)
{
    if (!inventory || __atomic_fetch_sub(refs(inventory), 1, __ATOMIC_ACQ_REL) != 1) {
        return;
    }
    for (size_t i = 0; i < inventory->n_bridges; i++) {
        bridge_clear(&inventory->bridges[i]);
    }
    free(inventory->bridges);
    free(inventory);
}

static int compare_external_ids(const void *a_, const void *b_)
{
    const struct zw_external_id *a = a_, *b = b_;

    return strcmp(a->key, b->key);
}

static int compare_vlans(const void *a_, const void *b_)
{
    const uint16_t *a = a_, *b = b_;

    return *a < *b ? -1 : *a > *b;
}

static int compare_ports(const void *a_, const void *b_)
{
    const struct zw_port *a = a_, *b = b_;

    return strcmp(a->name, b->name);
}

static void sort(void *elems, size_t n, size_t elem_size, int (*compare)(const void *, const void *))
{
    if (n > 1) {
        qsort(elems, n, elem_size, compare);
    }
}

/* The number above the place. */
static int compare_ofports(const void *a_, const void *b_)
{
    uint64_t a = *(const uint64_t *)a_, b = *(const uint64_t *)b_;

    return a < b ? -1 : a > b;
}

static struct zw_port *indexed_port(const struct zw_bridge *bridge, size_t i)
{
    return &bridge->ports[bridge->by_ofport[i] & UINT32_MAX];
}

static void mark_shared(struct zw_bridge *bridge)
{
    for (size_t i = 1; i < bridge->n_by_ofport; i++) {
        struct zw_port *a = indexed_port(bridge, i - 1), *b = indexed_port(bridge, i);

        if (a->ofport == b->ofport) {
            a->shares_ofport = b->shares_ofport = true;
        }
    }
}

static void index_ofports(struct zw_bridge *bridge)
{
    free(bridge->by_ofport);
    bridge->by_ofport = zw_xcalloc(bridge->n_ports + 1, sizeof *bridge->by_ofport);
    bridge->n_by_ofport = 0;
    for (size_t i = 0; i < bridge->n_ports; i++) {
        bridge->ports[i].shares_ofport = false;
        if (bridge->ports[i].ofport) {
            bridge->by_ofport[bridge->n_by_ofport++] = (uint64_t)bridge->ports[i].ofport << 32 | i;
        }
    }
    sort(bridge->by_ofport, bridge->n_by_ofport, sizeof *bridge->by_ofport, compare_ofports);
    mark_shared(bridge);
}

void zw_inventory_sort(struct zw_inventory *inventory)
{
    for (size_t i = 0; i < inventory->n_bridges; i++) {
        struct zw_bridge *bridge = &inventory->bridges[i];

        for (size_t j = 0; j < bridge->n_ports; j++) {
            struct zw_port *port = &bridge->ports[j];

            sort(port->external_ids, port->n_external_ids, sizeof *port->external_ids, compare_external_ids);
            sort(port->trunks, port->n_trunks, sizeof *port->trunks, compare_vlans);
        }
        sort(bridge->ports, bridge->n_ports, sizeof *bridge->ports, compare_ports);
        index_ofports(bridge);
    }
}

static bool same_string(const char *a, const char *b)
{
    return a && b ? !strcmp(a, b) : a == b;
}

static bool same_external_ids(const struct zw_port *a, const struct zw_port *b)
{
    if (a->n_external_ids != b->n_external_ids) {
        return false;
    }
    for (size_t i = 0; i < a->n_external_ids; i++) {
        if (strcmp(a->external_ids[i].key, b->external_ids[i].key) ||
            strcmp(a->external_ids[i].value, b->external_ids[i].value)) {
            return false;
        }
    }
    return true;
}

static bool same_vlans(const struct zw_port *a, const struct zw_port *b)
{
    return a->vlan_mode == b->vlan_mode && a->tag == b->tag && a->n_trunks == b->n_trunks &&
           (!a->n_trunks || !memcmp(a->trunks, b->trunks, a->n_trunks * sizeof *a->trunks));
}

/* iface_id and attached_mac follow from external_ids in the watcher's inventories, but not in those that tests write. */
bool zw_port_equal(const struct zw_port *a, const struct zw_port *b)
{
    return same_string(a->name, b->name) && a->ofport == b->ofport && same_string(a->type, b->type) &&
           same_string(a->iface_id, b->iface_id) && same_string(a->attached_mac, b->attached_mac) &&
           same_external_ids(a, b) && same_vlans(a, b) && a->in_bond == b->in_bond &&
           a->shares_ofport == b->shares_ofport && same_string(a->error, b->error);
}

static bool same_bridge(const struct zw_bridge *a, const struct zw_bridge *b)
{
    if (!same_string(a->name, b->name) || a->datapath_id != b->datapath_id ||
        !same_string(a->datapath_type, b->datapath_type) || !same_string(a->fail_mode, b->fail_mode) ||
        a->exists != b->exists || a->n_ports != b->n_ports) {
        return false;
    }
    for (size_t i = 0; i < a->n_ports; i++) {
        if (!zw_port_equal(&a->ports[i], &b->ports[i])) {
            return false;
        }
    }
    return true;
}

bool zw_inventory_equal(const struct zw_inventory *a, const struct zw_inventory *b)
{
    if (!a || !b || a == b) {
        return a == b;
    }
    if (a->n_bridges != b->n_bridges) {
        return false;
    }
    for (size_t i = 0; i < a->n_bridges; i++) {
        if (!same_bridge(&a->bridges[i], &b->bridges[i])) {
            return false;
        }
    }
    return true;
}

bool zw_bridge_is_netdev(const struct zw_bridge *bridge)
{
    return bridge->datapath_type && !strcmp(bridge->datapath_type, "netdev");
}

/* From 'i' on, which then points behind it; NULL: no more. */
static const struct zw_port *next_numbered(const struct zw_bridge *bridge, size_t *i)
{
    while (*i < bridge->n_ports) {
        const struct zw_port *port = &bridge->ports[(*i)++];

        if (port->ofport) {
            return port;
        }
    }
    return NULL;
}

bool zw_bridge_same_for_flows(const struct zw_bridge *a, const struct zw_bridge *b)
{
    size_t i = 0, j = 0;

    if (!same_string(a->datapath_type, b->datapath_type)) {
        return false;
    }
    for (;;) {
        const struct zw_port *p = next_numbered(a, &i), *q = next_numbered(b, &j);

        if (!p || !q) {
            return p == q;
        }
        if (!zw_port_equal(p, q)) {
            return false;
        }
    }
}

const char *zw_port_external_id(const struct zw_port *port, const char *key)
{
    for (size_t i = 0; i < port->n_external_ids; i++) {
        if (!strcmp(port->external_ids[i].key, key)) {
            return port->external_ids[i].value;
        }
    }
    return NULL;
}

const struct zw_port *zw_bridge_port_by_ofport(const struct zw_bridge *bridge, uint32_t ofport)
{
    size_t low = 0, high = bridge->n_by_ofport;

    while (low < high) {
        size_t mid = low + (high - low) / 2;

        if (bridge->by_ofport[mid] >> 32 < ofport) {
            low = mid + 1;
        } else {
            high = mid;
        }
    }
    const struct zw_port *port = low < bridge->n_by_ofport ? indexed_port(bridge, low) : NULL;

    return port && port->ofport == ofport && !port->shares_ofport ? port : NULL;
}

const struct zw_port *zw_bridge_port_by_name(const struct zw_bridge *bridge, const char *name)
{
    size_t low = 0, high = bridge->n_ports;

    while (low < high) {
        size_t mid = low + (high - low) / 2;
        int order = strcmp(name, bridge->ports[mid].name);

        if (!order) {
            return &bridge->ports[mid];
        } else if (order < 0) {
            high = mid;
        } else {
            low = mid + 1;
        }
    }
    return NULL;
}

/* The names of Port.vlan_mode in ovs-vswitchd.conf.db(5). */
const char *zw_vlan_mode_name(enum zw_vlan_mode mode)
{
    switch (mode) {
    case ZW_VLAN_ACCESS:
        return "access";
    case ZW_VLAN_TRUNK:
        return "trunk";
    case ZW_VLAN_NATIVE_TAGGED:
        return "native-tagged";
    case ZW_VLAN_NATIVE_UNTAGGED:
        return "native-untagged";
    case ZW_VLAN_UNSUPPORTED:
        break;
    }
    return "unsupported";
}

static bool in_trunks(const struct zw_port *port, unsigned int segment)
{
    for (size_t i = 0; i < port->n_trunks; i++) {
        if (port->trunks[i] == segment) {
            return true;
        }
    }
    return !port->n_trunks;
}

/* As ofproto-dpif.c has it: a native VLAN is always carried, and takes the place of VLAN 0. */
static bool native_carries(const struct zw_port *port, unsigned int segment)
{
    if (port->tag > 0 && segment == (unsigned int)port->tag) {
        return true;
    }
    return (segment || port->tag <= 0) && in_trunks(port, segment);
}

bool zw_port_carries(const struct zw_port *port, unsigned int segment)
{
    if (segment > 4095) {
        return false;
    }
    switch (port->vlan_mode) {
    case ZW_VLAN_ACCESS:
        return segment == (port->tag == ZW_VLAN_NONE ? 0 : (unsigned int)port->tag);
    case ZW_VLAN_TRUNK:
        return in_trunks(port, segment);
    case ZW_VLAN_NATIVE_TAGGED:
    case ZW_VLAN_NATIVE_UNTAGGED:
        return native_carries(port, segment);
    case ZW_VLAN_UNSUPPORTED:
        break;
    }
    return false;
}
