/* SPDX-License-Identifier: Apache-2.0 */
#include "zw-config.h"

#include "ovs-ext/inventory.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/zw-test.h"

static void add_external_id(struct zw_port *port, const char *key, const char *value)
{
    size_t n = port->n_external_ids++;

    port->external_ids = realloc(port->external_ids, (n + 1) * sizeof *port->external_ids);
    port->external_ids[n] = (struct zw_external_id){strdup(key), strdup(value)};
}

static void add_trunk(struct zw_port *port, uint16_t vlan)
{
    size_t n = port->n_trunks++;

    port->trunks = realloc(port->trunks, (n + 1) * sizeof *port->trunks);
    port->trunks[n] = vlan;
}

static void fill_port(struct zw_port *port, const char *name, uint32_t ofport)
{
    port->name = strdup(name);
    port->ofport = ofport;
    port->type = strdup("");
    port->vlan_mode = ZW_VLAN_TRUNK;
    port->tag = ZW_VLAN_NONE;
}

/* One bridge with ports "b" (1), "a" (2) and "c" (none), sorted. */
static struct zw_inventory *sample(void)
{
    struct zw_inventory *inventory = zw_inventory_new(1);
    struct zw_bridge *bridge = &inventory->bridges[0];

    bridge->name = strdup("br0");
    bridge->datapath_id = 7;
    bridge->datapath_type = strdup("netdev");
    bridge->fail_mode = strdup("secure");
    bridge->exists = true;
    bridge->ports = calloc(3, sizeof *bridge->ports);
    bridge->n_ports = 3;
    fill_port(&bridge->ports[0], "b", 1);
    fill_port(&bridge->ports[1], "a", 2);
    fill_port(&bridge->ports[2], "c", 0);
    add_external_id(&bridge->ports[0], "zone", "web");
    add_external_id(&bridge->ports[0], "iface-id", "i-1");
    bridge->ports[0].iface_id = strdup("i-1");
    bridge->ports[0].attached_mac = strdup("52:54:00:00:00:01");
    add_trunk(&bridge->ports[0], 20);
    add_trunk(&bridge->ports[0], 10);
    zw_inventory_sort(inventory);
    return inventory;
}

static void test_sort_and_look_up(void)
{
    struct zw_inventory *inventory = sample();
    const struct zw_bridge *bridge = &inventory->bridges[0];
    const struct zw_port *b = zw_bridge_port_by_name(bridge, "b");

    CU_ASSERT_STRING_EQUAL(bridge->ports[0].name, "a");
    CU_ASSERT_PTR_EQUAL(b, &bridge->ports[1]);
    CU_ASSERT_EQUAL(b->trunks[0], 10);
    CU_ASSERT_STRING_EQUAL(b->external_ids[0].key, "iface-id");
    CU_ASSERT_STRING_EQUAL(zw_port_external_id(b, "zone"), "web");
    CU_ASSERT_PTR_NULL(zw_port_external_id(b, "Zone"));
    CU_ASSERT_PTR_NULL(zw_bridge_port_by_name(bridge, "d"));
    CU_ASSERT_PTR_NULL(zw_bridge_port_by_name(bridge, ""));
    CU_ASSERT_PTR_EQUAL(zw_bridge_port_by_ofport(bridge, 1), b);
    CU_ASSERT_PTR_NULL(zw_bridge_port_by_ofport(bridge, 3));
    /* Port "c" has no number: 0 is no number to look for. */
    CU_ASSERT_PTR_NULL(zw_bridge_port_by_ofport(bridge, 0));
    zw_inventory_unref(inventory);
}

/* Every number is found, and its port is the one that has it. */
static void test_many_ofports(void)
{
    enum { N = 500 };
    struct zw_inventory *inventory = zw_inventory_new(1);
    struct zw_bridge *bridge = &inventory->bridges[0];
    size_t n = 0;

    bridge->ports = calloc(N, sizeof *bridge->ports);
    bridge->n_ports = N;
    for (size_t i = 0; i < N; i++) {
        char name[16];

        snprintf(name, sizeof name, "p%zu", i);
        fill_port(&bridge->ports[i], name, i % 7 ? (uint32_t)(i * 131 % 65279 + 1) : 0);
    }
    bridge->ports[8].ofport = ZW_OFPORT_LOCAL;
    zw_inventory_sort(inventory);
    for (uint32_t ofport = 0; ofport <= 65536; ofport++) {
        const struct zw_port *port = zw_bridge_port_by_ofport(bridge, ofport);

        n += port != NULL;
        CU_ASSERT(!port || port->ofport == ofport);
    }
    CU_ASSERT_EQUAL(n, N - N / 7 - 1);
    zw_inventory_unref(inventory);
}

/* OVSDB does not rule it out: such a number is nobody's. */
static void test_shared_ofport(void)
{
    struct zw_inventory *inventory = sample(), *other = sample();
    struct zw_bridge *bridge = &inventory->bridges[0];

    bridge->ports[2].ofport = 1; /* "c", as "b". */
    zw_inventory_sort(inventory);
    CU_ASSERT_FALSE(bridge->ports[0].shares_ofport);
    CU_ASSERT(bridge->ports[1].shares_ofport);
    CU_ASSERT(bridge->ports[2].shares_ofport);
    CU_ASSERT_PTR_NULL(zw_bridge_port_by_ofport(bridge, 1));
    CU_ASSERT_PTR_EQUAL(zw_bridge_port_by_ofport(bridge, 2), &bridge->ports[0]);
    CU_ASSERT_FALSE(zw_port_equal(&bridge->ports[1], &other->bridges[0].ports[1]));
    CU_ASSERT_FALSE(zw_bridge_same_for_flows(bridge, &other->bridges[0]));

    bridge->ports[2].ofport = 3;
    zw_inventory_sort(inventory);
    CU_ASSERT_FALSE(bridge->ports[1].shares_ofport);
    CU_ASSERT_PTR_EQUAL(zw_bridge_port_by_ofport(bridge, 1), &bridge->ports[1]);
    zw_inventory_unref(inventory);
    zw_inventory_unref(other);
}

static void replace(char **string, const char *value)
{
    free(*string);
    *string = value ? strdup(value) : NULL;
}

static struct zw_port *port_b(struct zw_inventory *inventory)
{
    return &inventory->bridges[0].ports[1];
}

static void change_name(struct zw_inventory *i)
{
    replace(&port_b(i)->name, "bb");
}

static void change_ofport(struct zw_inventory *i)
{
    port_b(i)->ofport = 9;
}

static void change_type(struct zw_inventory *i)
{
    replace(&port_b(i)->type, "patch");
}

static void change_iface_id(struct zw_inventory *i)
{
    replace(&port_b(i)->iface_id, NULL);
}

static void change_mac(struct zw_inventory *i)
{
    replace(&port_b(i)->attached_mac, "52:54:00:00:00:02");
}

static void change_external_id(struct zw_inventory *i)
{
    replace(&port_b(i)->external_ids[1].value, "db");
}

static void change_external_key(struct zw_inventory *i)
{
    replace(&port_b(i)->external_ids[1].key, "zones");
}

static void drop_external_id(struct zw_inventory *i)
{
    struct zw_port *port = port_b(i);

    port->n_external_ids--;
    free(port->external_ids[port->n_external_ids].key);
    free(port->external_ids[port->n_external_ids].value);
}

static void change_vlan_mode(struct zw_inventory *i)
{
    port_b(i)->vlan_mode = ZW_VLAN_NATIVE_TAGGED;
}

static void change_tag(struct zw_inventory *i)
{
    port_b(i)->tag = 0;
}

static void change_trunk(struct zw_inventory *i)
{
    port_b(i)->trunks[1] = 21;
}

static void drop_trunk(struct zw_inventory *i)
{
    port_b(i)->n_trunks--;
}

static void change_bond(struct zw_inventory *i)
{
    port_b(i)->in_bond = true;
}

static void change_error(struct zw_inventory *i)
{
    replace(&port_b(i)->error, "no such device");
}

static void change_datapath_id(struct zw_inventory *i)
{
    i->bridges[0].datapath_id = 8;
}

static void change_datapath_type(struct zw_inventory *i)
{
    replace(&i->bridges[0].datapath_type, "system");
}

static void change_fail_mode(struct zw_inventory *i)
{
    replace(&i->bridges[0].fail_mode, "");
}

static void change_existence(struct zw_inventory *i)
{
    i->bridges[0].exists = false;
}

static void change_bridge_name(struct zw_inventory *i)
{
    replace(&i->bridges[0].name, "br1");
}

/* No change of a port or bridge may pass unnoticed: flows depend on each of these. */
static void test_equality_sees_each_field(void)
{
    static void (*const changes[])(struct zw_inventory *) = {
        change_name,      change_ofport,      change_type,         change_iface_id,     change_mac,
        change_error,     change_external_id, change_external_key, drop_external_id,    change_vlan_mode,
        change_tag,       change_trunk,       drop_trunk,          change_bond,         change_fail_mode,
        change_existence, change_bridge_name, change_datapath_id,  change_datapath_type};
    struct zw_inventory *a = sample();

    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        struct zw_inventory *b = sample();

        CU_ASSERT_TRUE(zw_inventory_equal(a, b));
        changes[i](b);
        CU_ASSERT_FALSE(zw_inventory_equal(a, b));
        CU_ASSERT_FALSE(zw_inventory_equal(b, a));
        zw_inventory_unref(b);
    }
    zw_inventory_unref(a);
}

static void test_equality_of_shapes(void)
{
    struct zw_inventory *a = sample(), *none = zw_inventory_new(0), *two = zw_inventory_new(2);

    CU_ASSERT_TRUE(zw_inventory_equal(NULL, NULL));
    CU_ASSERT_FALSE(zw_inventory_equal(a, NULL));
    CU_ASSERT_FALSE(zw_inventory_equal(NULL, a));
    CU_ASSERT_TRUE(zw_inventory_equal(a, a));
    CU_ASSERT_FALSE(zw_inventory_equal(a, none));
    CU_ASSERT_FALSE(zw_inventory_equal(none, two));
    zw_inventory_unref(a);
    zw_inventory_unref(none);
    zw_inventory_unref(two);
    zw_inventory_unref(NULL);
    CU_ASSERT_PTR_NULL(zw_inventory_ref(NULL));
}

/* "c" has no number: what becomes of it changes no flow until it gets one. */
static void test_same_for_flows(void)
{
    struct zw_inventory *a = sample(), *b = sample();
    struct zw_bridge *old = &a->bridges[0], *new = &b->bridges[0];

    CU_ASSERT_TRUE(zw_bridge_same_for_flows(old, new));
    new->ports[2].tag = 7;
    CU_ASSERT_TRUE(zw_bridge_same_for_flows(old, new));
    new->ports[2].ofport = 3;
    CU_ASSERT_FALSE(zw_bridge_same_for_flows(old, new));
    CU_ASSERT_FALSE(zw_bridge_same_for_flows(new, old));
    new->ports[2].ofport = 0;
    new->ports[0].tag = 7;
    CU_ASSERT_FALSE(zw_bridge_same_for_flows(old, new));
    new->ports[0].tag = ZW_VLAN_NONE;
    CU_ASSERT_TRUE(zw_bridge_same_for_flows(old, new));
    change_datapath_type(b); /* By which fragments come in or not. */
    CU_ASSERT_FALSE(zw_bridge_same_for_flows(old, new));
    replace(&new->datapath_type, "netdev");
    CU_ASSERT_TRUE(zw_bridge_same_for_flows(old, new));
    new->ports[0].ofport = 0;
    CU_ASSERT_FALSE(zw_bridge_same_for_flows(old, new));
    CU_ASSERT_FALSE(zw_bridge_same_for_flows(new, old));
    zw_inventory_unref(a);
    zw_inventory_unref(b);
}

static void *share(void *inventory)
{
    for (int i = 0; i < 20000; i++) {
        zw_inventory_unref(zw_inventory_ref(inventory));
    }
    zw_inventory_unref(inventory);
    return NULL;
}

/* A lost reference shows as a leak or a use after free. */
static void test_references_of_threads(void)
{
    struct zw_inventory *inventory = sample();
    pthread_t threads[4];

    for (int i = 0; i < 4; i++) {
        CU_ASSERT_EQUAL_FATAL(pthread_create(&threads[i], NULL, share, zw_inventory_ref(inventory)), 0);
    }
    for (int i = 0; i < 4; i++) {
        pthread_join(threads[i], NULL);
    }
    CU_ASSERT_EQUAL(inventory->n_refs, 1);
    zw_inventory_unref(inventory);
}

static void test_carries(void)
{
    uint16_t trunks[] = {10, 20};
    struct zw_port port = {.vlan_mode = ZW_VLAN_ACCESS, .tag = 10};

    CU_ASSERT_TRUE(zw_port_carries(&port, 10));
    CU_ASSERT_FALSE(zw_port_carries(&port, 0));
    port.tag = ZW_VLAN_NONE;
    CU_ASSERT_TRUE(zw_port_carries(&port, 0));
    CU_ASSERT_FALSE(zw_port_carries(&port, 10));

    port.vlan_mode = ZW_VLAN_TRUNK;
    CU_ASSERT_TRUE(zw_port_carries(&port, 0));
    CU_ASSERT_TRUE(zw_port_carries(&port, 4095));
    CU_ASSERT_FALSE(zw_port_carries(&port, 4096));
    port.trunks = trunks;
    port.n_trunks = 2;
    CU_ASSERT_TRUE(zw_port_carries(&port, 20));
    CU_ASSERT_FALSE(zw_port_carries(&port, 0));
    CU_ASSERT_FALSE(zw_port_carries(&port, 30));

    for (int mode = ZW_VLAN_NATIVE_TAGGED; mode <= ZW_VLAN_NATIVE_UNTAGGED; mode++) {
        port.vlan_mode = (enum zw_vlan_mode)mode;
        port.tag = 30;
        CU_ASSERT_TRUE(zw_port_carries(&port, 30));
        CU_ASSERT_TRUE(zw_port_carries(&port, 20));
        CU_ASSERT_FALSE(zw_port_carries(&port, 40));
        CU_ASSERT_FALSE(zw_port_carries(&port, 0));
        port.n_trunks = 0;
        CU_ASSERT_TRUE(zw_port_carries(&port, 40));
        CU_ASSERT_FALSE(zw_port_carries(&port, 0));
        port.tag = ZW_VLAN_NONE;
        CU_ASSERT_TRUE(zw_port_carries(&port, 0));
        port.n_trunks = 2;
        CU_ASSERT_FALSE(zw_port_carries(&port, 30));
    }
    port.vlan_mode = ZW_VLAN_UNSUPPORTED;
    CU_ASSERT_FALSE(zw_port_carries(&port, 10));
    CU_ASSERT_FALSE(zw_port_carries(&port, 0));
}

static void test_names(void)
{
    CU_ASSERT_STRING_EQUAL(zw_vlan_mode_name(ZW_VLAN_ACCESS), "access");
    CU_ASSERT_STRING_EQUAL(zw_vlan_mode_name(ZW_VLAN_NATIVE_UNTAGGED), "native-untagged");
    CU_ASSERT_STRING_EQUAL(zw_vlan_mode_name(ZW_VLAN_UNSUPPORTED), "unsupported");
}

ZW_TEST_MAIN({"ports are sorted and found", test_sort_and_look_up}, {"many ports by their numbers", test_many_ofports},
             {"a number of two ports is nobody's", test_shared_ofport},
             {"equality sees each field", test_equality_sees_each_field},
             {"equality of other shapes", test_equality_of_shapes},
             {"ports with a number, and the datapath, matter to flows", test_same_for_flows},
             {"threads share references", test_references_of_threads}, {"which segments a port carries", test_carries},
             {"VLAN modes have names", test_names})
