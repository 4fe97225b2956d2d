/* SPDX-License-Identifier: Apache-2.0 */
#include "zw-config.h"

#include "controller/daemon/learning-index.h"

#include <stdlib.h>
#include <string.h>

#include "controller/base/memory.h"
#include "controller/policy/binding.h"
#include "tests/unit/policy-fixture.h"
#include "tests/unit/zw-test.h"

static const char index_text[] =
    "version: 1\n"
    "zones:\n"
    "  learns:\n"
    "    ports: [{name: \"l*\"}, {name: l3, macs: \"02:00:00:00:00:33\", addresses: [10.0.0.3, \"2001:db8::3\"]}]\n"
    "    guard: {learn: [dhcp, nd]}\n"
    "  fixed: {ports: [{name: \"x*\", addresses: [10.0.0.50, 10.0.0.51]}], guard: true}\n"
    "  some: {ports: [{name: t, vlans: [10-12, 20], addresses: 10.0.0.3}], guard: {learn: dhcp}}\n"
    "  others: {ports: [{name: t, vlans: [13-15], addresses: 10.0.0.50}], guard: true}\n"
    "  rest: {ports: [{name: t, vlans: 30, macs: \"02:00:00:00:00:01\"}], guard: {learn: nd}}\n"
    "  servers: {ports: [{name: s}], guard: {mac: false, ip: false, dhcp-server: allow}}\n"
    "  free: {ports: [{name: f}]}\n";

/* What the last byte of a MAC address is, 0: it has none; and the VLAN, or ZW_VLAN_NONE. */
static const struct {
    const char *name;
    unsigned int mac;
    int tag;
    enum zw_vlan_mode mode;
} ports[] = {
    {"l1", 1, 5, ZW_VLAN_ACCESS},  {"l2", 2, 5, ZW_VLAN_ACCESS},          {"l3", 3, 5, ZW_VLAN_ACCESS},
    {"l4", 1, 5, ZW_VLAN_ACCESS}, /* The same MAC address as l1. */
    {"l5", 1, 11, ZW_VLAN_ACCESS}, {"x1", 6, 5, ZW_VLAN_ACCESS},          {"x2", 7, 5, ZW_VLAN_ACCESS},
    {"x3", 1, 5, ZW_VLAN_ACCESS},  {"t", 9, ZW_VLAN_NONE, ZW_VLAN_TRUNK}, {"s", 0, ZW_VLAN_NONE, ZW_VLAN_TRUNK},
    {"f", 1, 5, ZW_VLAN_ACCESS},   {"l9", 8, 5, ZW_VLAN_UNSUPPORTED},     {"nobody", 2, 5, ZW_VLAN_ACCESS},
};
#define N_PORTS (sizeof ports / sizeof ports[0])

static struct zw_inventory *inventory_new(void)
{
    struct zw_inventory *inventory = zw_inventory_new(1);
    struct zw_bridge *bridge = &inventory->bridges[0];

    bridge->name = zw_xstrdup("br0");
    bridge->datapath_type = zw_xstrdup("netdev");
    bridge->fail_mode = zw_xstrdup("secure");
    bridge->exists = true;
    bridge->n_ports = N_PORTS;
    bridge->ports = zw_xcalloc(N_PORTS, sizeof *bridge->ports);
    for (size_t i = 0; i < N_PORTS; i++) {
        bridge->ports[i] = (struct zw_port){.name = zw_xstrdup(ports[i].name),
                                            .ofport = (uint32_t)i + 1,
                                            .type = zw_xstrdup(""),
                                            .tag = ports[i].tag,
                                            .vlan_mode = ports[i].mode};
        if (ports[i].mac) {
            bridge->ports[i].attached_mac = zw_xasprintf("02:00:00:00:00:%02x", ports[i].mac);
        }
    }
    zw_inventory_sort(inventory);
    return inventory;
}

static const unsigned int segments[] = {0, 4, 5, 6, 9, 10, 11, 12, 13, 15, 16, 20, 21, 30, 31, 4095};
#define N_SEGMENTS (sizeof segments / sizeof segments[0])

/* --- The same by trying everything --- */

static const struct zw_guard *guard_of(const struct zw_policy *policy, const struct zw_port *port, unsigned int segment,
                                       struct zw_bindings *bindings)
{
    const struct zw_zone *zone = zw_policy_zone_of_port(policy, port, segment, NULL);

    *bindings = (struct zw_bindings){.n_macs = 0};
    if (!zone || !zone->guard.is_on || !zw_port_carries(port, segment)) {
        return NULL;
    }
    zw_bindings_find(zone, port, NULL, 0, bindings);
    return &zone->guard;
}

static bool has_mac(const struct zw_bindings *bindings, const struct zw_mac *mac)
{
    bool found = false;

    for (size_t i = 0; i < bindings->n_macs && !found; i++) {
        found = !memcmp(&bindings->macs[i], mac, sizeof *mac);
    }
    return found;
}

static bool has_addr(const struct zw_bindings *bindings, const struct zw_addr *addr)
{
    bool found = zw_bindings_have(bindings, addr);

    for (size_t i = 0; i < bindings->n_macs && !found; i++) {
        struct zw_addr own = zw_mac_link_local(&bindings->macs[i]);
        found = zw_addr_equal(&own, addr);
    }
    return found;
}

/* --- Cases --- */

static void check_mac(const struct zw_learning_index *index, const struct zw_policy *policy,
                      const struct zw_bridge *bridge, unsigned int segment, const struct zw_mac *mac, size_t *n_found)
{
    const struct zw_port *want = NULL;

    for (size_t i = 0; i < bridge->n_ports; i++) {
        struct zw_bindings bindings;
        const struct zw_guard *guard = guard_of(policy, &bridge->ports[i], segment, &bindings);
        bool is_client = guard && guard->learns_dhcp && has_mac(&bindings, mac);

        CU_ASSERT_PTR_EQUAL(zw_learning_index_guard(index, &bridge->ports[i], segment), guard);
        CU_ASSERT_EQUAL(zw_learning_index_is_client(index, &bridge->ports[i], mac, segment), is_client);
        want = is_client && !want ? &bridge->ports[i] : want;
        zw_bindings_clear(&bindings);
    }
    CU_ASSERT_PTR_EQUAL(zw_learning_index_client(index, mac, segment), want);
    *n_found += want != NULL;
}

static void check_addr(const struct zw_learning_index *index, const struct zw_policy *policy,
                       const struct zw_bridge *bridge, unsigned int segment, const struct zw_addr *addr,
                       size_t *n_found)
{
    const struct zw_port *want[2] = {NULL, NULL};

    for (size_t i = 0; i < bridge->n_ports; i++) {
        struct zw_bindings bindings;
        const struct zw_guard *guard = guard_of(policy, &bridge->ports[i], segment, &bindings);

        if (guard && has_addr(&bindings, addr) && !want[1]) {
            want[want[0] != NULL] = &bridge->ports[i];
        }
        zw_bindings_clear(&bindings);
    }
    CU_ASSERT_PTR_EQUAL(zw_learning_index_owner(index, addr, segment, NULL), want[0]);
    CU_ASSERT_PTR_EQUAL(zw_learning_index_owner(index, addr, segment, want[0]), want[1]);
    CU_ASSERT_PTR_EQUAL(zw_learning_index_owner(index, addr, segment, want[1]), want[0]);
    *n_found += want[0] != NULL;
}

static void test_all(void)
{
    static const uint8_t macs[] = {1, 2, 3, 6, 7, 8, 9, 0x33, 0x44};
    static const char *const addrs[] = {"10.0.0.3",    "10.0.0.50",   "10.0.0.51", "10.0.0.52",
                                        "2001:db8::3", "2001:db8::4", "::",        "0200::1"};
    struct zw_policy *policy = policy_of(index_text);
    struct zw_inventory *inventory = inventory_new();
    const struct zw_bridge *bridge = &inventory->bridges[0];
    struct zw_learning_index *index = zw_learning_index_new(policy, bridge);
    size_t n_clients = 0, n_owners = 0;

    for (size_t s = 0; s < N_SEGMENTS; s++) {
        for (size_t i = 0; i < sizeof macs; i++) {
            struct zw_mac mac = {{2, 0, 0, 0, 0, macs[i]}};
            struct zw_addr own = zw_mac_link_local(&mac);

            check_mac(index, policy, bridge, segments[s], &mac, &n_clients);
            check_addr(index, policy, bridge, segments[s], &own, &n_owners);
        }
        for (size_t i = 0; i < sizeof addrs / sizeof addrs[0]; i++) {
            struct zw_addr addr;

            CU_ASSERT_FATAL(zw_addr_parse(addrs[i], &addr));
            check_addr(index, policy, bridge, segments[s], &addr, &n_owners);
        }
    }
    CU_ASSERT(n_clients > 8 && n_owners > 20); /* It was about something. */
    zw_learning_index_free(index);
    zw_inventory_unref(inventory);
    zw_policy_unref(policy);
}

static void test_is_of(void)
{
    struct zw_policy *policy = policy_of(index_text), *other = policy_of(index_text);
    struct zw_inventory *inventory = inventory_new(), *later = inventory_new();
    struct zw_learning_index *index = zw_learning_index_new(policy, &inventory->bridges[0]);

    CU_ASSERT(zw_learning_index_is_of(index, policy, &inventory->bridges[0]));
    CU_ASSERT_FALSE(zw_learning_index_is_of(index, other, &inventory->bridges[0]));
    CU_ASSERT_FALSE(zw_learning_index_is_of(index, policy, &later->bridges[0]));
    zw_policy_unref(policy);
    zw_policy_unref(other);
    zw_inventory_unref(inventory);
    zw_inventory_unref(later);
    zw_learning_index_free(index); /* After all of them. */
}

static void test_empty(void)
{
    struct zw_policy *policy = policy_of("version: 1\nzones: {}\n");
    struct zw_inventory *inventory = inventory_new();
    struct zw_learning_index *index = zw_learning_index_new(policy, &inventory->bridges[0]);
    const struct zw_mac mac = {{2, 0, 0, 0, 0, 1}};
    const struct zw_addr addr = zw_mac_link_local(&mac);

    CU_ASSERT_PTR_NULL(zw_learning_index_client(index, &mac, 5));
    CU_ASSERT_PTR_NULL(zw_learning_index_owner(index, &addr, 5, NULL));
    CU_ASSERT_PTR_NULL(zw_learning_index_guard(index, &inventory->bridges[0].ports[0], 5));
    zw_learning_index_free(index);
    zw_inventory_unref(inventory);
    zw_policy_unref(policy);
}

ZW_TEST_MAIN({"it finds what trying everything finds", test_all}, {"it knows whose it is", test_is_of},
             {"it may be empty", test_empty})
