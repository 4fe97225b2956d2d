/* SPDX-License-Identifier: Apache-2.0 */
/* inventory - the managed bridges and their ports, as OVSDB has them at one moment.
 *
 * A snapshot: built whole by the OVSDB watcher (ovs-ext/ovsdb.h), never changed, shared by reference count.  Plain
 * values only, so that tests can write one by hand. */

#ifndef ZW_OVS_INVENTORY_H
#define ZW_OVS_INVENTORY_H 1

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ZW_OFPORT_LOCAL 0xfffeu /* The bridge's own port, in 16 bits. */
#define ZW_VLAN_NONE (-1)

enum zw_vlan_mode {
    ZW_VLAN_ACCESS,          /* Carries one segment, untagged: 'tag' (0 if the port has none: a port of segment 0). */
    ZW_VLAN_TRUNK,           /* Carries 'trunks', tagged; segment 0, if it is one of them, untagged. */
    ZW_VLAN_NATIVE_TAGGED,   /* As trunk; untagged packets are of segment 'tag', which leaves tagged. */
    ZW_VLAN_NATIVE_UNTAGGED, /* The same, and 'tag' leaves untagged. */
    ZW_VLAN_UNSUPPORTED,     /* dot1q-tunnel: closed, and said so. */
};

struct zw_external_id {
    char *key, *value;
};

/* One Interface of a managed bridge.  Bonds (a Port with several Interfaces) are marked: they work only under
 * NORMAL, see doc/architecture.md. */
struct zw_port {
    char *name;         /* Interface.name. */
    uint32_t ofport;    /* 1..0xfeff or ZW_OFPORT_LOCAL; 0: OVS has given it none (yet). */
    char *type;         /* Interface.type: "" (system), "internal", "patch", "afxdp", ... */
    char *iface_id;     /* external_ids:iface-id, or NULL. */
    char *attached_mac; /* external_ids:attached-mac if it is the address of one host, lower case, or NULL. */
    struct zw_external_id *external_ids; /* Sorted by key. */
    size_t n_external_ids;
    enum zw_vlan_mode vlan_mode; /* With OVSDB's defaults filled in: no mode and a tag is access; no tag, trunk. */
    int tag;                     /* 0..4095, or ZW_VLAN_NONE. */
    uint16_t *trunks;            /* Sorted.  n_trunks == 0 of a trunk or native port: every VLAN. */
    size_t n_trunks;
    bool in_bond;
    bool shares_ofport; /* Another port of the bridge has its number, too: nobody knows whose packets those are.  OVSDB
                         * does not rule it out. */
    char *error;        /* Interface.error, or NULL. */
};

struct zw_bridge {
    char *name;
    uint64_t datapath_id;  /* 0: unknown. */
    char *datapath_type;   /* "system" or "netdev". */
    char *fail_mode;       /* "" if unset. */
    bool exists;           /* False: asked for, and not in OVSDB. */
    struct zw_port *ports; /* Sorted by name. */
    size_t n_ports;
    uint64_t *by_ofport; /* Private: places of the ports that have a number, by that number. */
    size_t n_by_ofport;
};

struct zw_inventory {
    struct zw_bridge *bridges; /* One for each managed bridge, in the order they were asked for. */
    size_t n_bridges;
    unsigned int n_refs; /* Private. */
};

/* For the watcher and tests: an empty one; fill it in before sharing.  Strings and arrays are from malloc() and become
 * the inventory's own. */
struct zw_inventory *zw_inventory_new(size_t n_bridges);
/* Any thread may take and give back references. */
struct zw_inventory *zw_inventory_ref(const struct zw_inventory *);
void zw_inventory_unref(struct zw_inventory *);

bool zw_port_equal(const struct zw_port *, const struct zw_port *);
bool zw_inventory_equal(const struct zw_inventory *, const struct zw_inventory *);
bool zw_bridge_is_netdev(const struct zw_bridge *); /* On the userspace datapath. */
/* Whether two moments of a bridge have the same ports among those with an OpenFlow number, for no flow is about others, and
 * the same kind of datapath. */
bool zw_bridge_same_for_flows(const struct zw_bridge *, const struct zw_bridge *);
/* Sorts the ports and what they hold as promised above, and finds those that share a number.  For who fills one in, before sharing it. */
void zw_inventory_sort(struct zw_inventory *);

/* NULL if there is none. */
const char *zw_port_external_id(const struct zw_port *, const char *key);
/* NULL, too, if several have this number. */
const struct zw_port *zw_bridge_port_by_ofport(const struct zw_bridge *, uint32_t ofport);
const struct zw_port *zw_bridge_port_by_name(const struct zw_bridge *, const char *name);
const char *zw_vlan_mode_name(enum zw_vlan_mode);
/* Whether 'port' carries VLAN 'segment' (0: untagged).  A native port always carries its 'tag', and then never VLAN 0. */
bool zw_port_carries(const struct zw_port *, unsigned int segment);

#endif
