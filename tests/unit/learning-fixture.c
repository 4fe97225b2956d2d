/* SPDX-License-Identifier: Apache-2.0 */
#include "zw-config.h"

#include "tests/unit/learning-fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "controller/base/memory.h"
#include "tests/unit/policy-fixture.h"
#include "tests/unit/zw-test.h"

static const char learning_text[] =
    "version: 1\n"
    "zones:\n"
    "  free: {ports: [{name: f}]}\n"
    "  servers: {ports: [{name: s}], guard: {mac: false, ip: false, dhcp-server: allow}}\n"
    "  fixed: {ports: [{name: x, addresses: [10.0.0.50, \"2001:db8::50\"]}], guard: true}\n"
    "  learns: {ports: [{name: a}, {name: b}, {name: other}], guard: {learn: [dhcp, nd]}}\n";

static struct zw_inventory *ports(void)
{
    static const char *const names[] = {"a", "b", "f", "other", "x", "s"};
    static const uint32_t numbers[] = {1, 2, 3, 5, 4, 6};
    struct zw_inventory *inventory = zw_inventory_new(1);
    struct zw_bridge *bridge = &inventory->bridges[0];

    bridge->name = zw_xstrdup("br0");
    bridge->datapath_type = zw_xstrdup("netdev");
    bridge->fail_mode = zw_xstrdup("secure");
    bridge->exists = true;
    bridge->n_ports = 6;
    bridge->ports = zw_xcalloc(6, sizeof *bridge->ports);
    for (size_t i = 0; i < 6; i++) {
        bridge->ports[i] = (struct zw_port){.name = zw_xstrdup(names[i]),
                                            .ofport = numbers[i],
                                            .type = zw_xstrdup(""),
                                            .attached_mac = zw_xasprintf("02:00:00:00:00:%02x", numbers[i]),
                                            .tag = numbers[i] == 6   ? ZW_VLAN_NONE
                                                   : numbers[i] == 5 ? 6
                                                                     : 5,
                                            .vlan_mode = numbers[i] == 6 ? ZW_VLAN_TRUNK : ZW_VLAN_ACCESS};
    }
    zw_inventory_sort(inventory);
    return inventory;
}

struct bed bed_new(void)
{
    return (struct bed){policy_of(learning_text), ports(), zw_learning_new(), 1000 * S};
}

void bed_clear(struct bed *bed)
{
    zw_policy_unref(bed->policy);
    zw_inventory_unref(bed->inventory);
    zw_learning_free(bed->learning);
}

bool hear(struct bed *bed, struct zw_address_event event, const char *addr, uint32_t in_port, unsigned int segment)
{
    CU_ASSERT_FATAL(zw_addr_parse(addr, &event.addr));
    return zw_learning_hear(bed->learning, bed->policy, &bed->inventory->bridges[0], &event, in_port, segment,
                            bed->now_us);
}

void ask(struct bed *bed, uint32_t port, uint8_t client, const char *addr, uint32_t xid)
{
    CU_ASSERT_FALSE(hear(bed, (struct zw_address_event){ZW_ADDRESS_ASKED, .mac = {{2, 0, 0, 0, 0, client}}, .xid = xid},
                         addr, port, port == 5 ? 6 : 5));
}

bool give_from(struct bed *bed, uint32_t server, uint8_t client, const char *addr, uint32_t lease_s)
{
    return hear(bed,
                (struct zw_address_event){ZW_ADDRESS_GIVEN, .mac = {{2, 0, 0, 0, 0, client}}, .xid = XID,
                                          .lease_s = lease_s},
                addr, server, client == 5 ? 6 : 5);
}

bool give(struct bed *bed, uint8_t client, const char *addr, uint32_t lease_s)
{
    ask(bed, client, client, addr, XID);
    return give_from(bed, 6, client, addr, lease_s);
}

void probe_from(struct bed *bed, uint32_t port, unsigned int segment, uint8_t mac, const char *addr)
{
    CU_ASSERT_FALSE(hear(bed, (struct zw_address_event){.type = ZW_ADDRESS_PROBED, .mac = {{2, 0, 0, 0, 0, mac}}}, addr,
                         port, segment));
}

void probe(struct bed *bed, uint32_t port, const char *addr)
{
    probe_from(bed, port, port == 5 ? 6 : 5, (uint8_t)port, addr);
}

void use(struct bed *bed, uint32_t port, const char *addr)
{
    CU_ASSERT_FALSE(hear(bed, (struct zw_address_event){.type = ZW_ADDRESS_USED}, addr, port, port == 5 ? 6 : 5));
}

bool pass(struct bed *bed, int64_t us, int64_t *next_us)
{
    int64_t at_us;

    bed->now_us += us;
    bool changed = zw_learning_tick(bed->learning, bed->now_us, &at_us);
    bool is_due = zw_learning_is_due(bed->learning, "br0", bed->now_us);
    bool learned = zw_learning_heard(bed->learning, "br0", bed->now_us);
    CU_ASSERT(is_due || !learned);
    if (next_us) {
        *next_us = at_us ? at_us - bed->now_us : 0;
    }
    return changed || learned;
}

void check_list(const struct zw_learning *learning, const char *want)
{
    char got[2048] = "", buf[ZW_ADDR_STRLEN];
    size_t n;
    struct zw_learned *list = zw_learning_list(learning, "br0", &n);

    for (size_t i = 0; i < n; i++) {
        size_t at = strlen(got);
        snprintf(got + at, sizeof got - at, "%s%s=%s", i ? " " : "", list[i].port, zw_addr_format(&list[i].addr, buf));
    }
    CU_ASSERT_STRING_EQUAL(got, want);
    CU_ASSERT_EQUAL(zw_learning_status(learning).n_learned, n);
    free(list);
}
