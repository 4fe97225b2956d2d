/* SPDX-License-Identifier: Apache-2.0 */
#include <config.h>

#include "ovs-ext/ovsdb-tables.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openvswitch/json.h>
#include <random.h>
#include <util.h>

#include "ovs-ext/inventory.h"
#include "ovs-ext/ovsdb-row.h"
#include "tests/unit/zw-test.h"

#define ID(N) "00000000-0000-0000-0000-00000000000" #N

/* As ovsdb-server 3.1 answers "monitor". */
static const char contents[] = "{\"Bridge\":{\"" ID(
    1) "\":{\"new\":{\"name\":\"br0\",\"datapath_id\":\"0000000000000abc\","
       "\"datapath_type\":\"netdev\",\"fail_mode\":\"secure\",\"ports\":[\"set\",[[\"uuid\",\"" ID(
           2) "\"],"
              "[\"uuid\",\"" ID(
                  3) "\"]]]}}},"
                     "\"Port\":{\"" ID(
                         2) "\":{\"new\":{\"vlan_mode\":[\"set\",[]],\"tag\":7,\"trunks\":[\"set\",[]],"
                            "\"interfaces\":[\"uuid\",\"" ID(
                                4) "\"]}},"
                                   "\"" ID(
                                       3) "\":{\"new\":{\"vlan_mode\":\"trunk\",\"tag\":[\"set\",[]],\"trunks\":[\"set\",[9,8]],"
                                          "\"interfaces\":[\"set\",[[\"uuid\",\"" ID(5) "\"],[\"uuid\",\"" ID(
                                              6) "\"]]]}}},"
                                                 "\"Interface\":{\"" ID(
                                                     4) "\":{\"new\":{\"name\":\"vm1\",\"type\":\"\",\"error\":[\"set\",[]],\"ofport\":1,"
                                                        "\"external_ids\":[\"map\",[[\"zone\",\"web\"],[\"attached-mac\",\"52:54:00:00:00:0A\"]]]}},"
                                                        "\"" ID(
                                                            5) "\":{\"new\":{\"name\":\"e0\",\"type\":\"\",\"error\":[\"set\",[]],\"ofport\":-1,"
                                                               "\"external_ids\":[\"map\",[]]}},"
                                                               "\"" ID(
                                                                   6) "\":{\"new\":{\"name\":\"e1\",\"type\":\"\",\"error\":\"gone\",\"ofport\":65534,"
                                                                      "\"external_ids\":[\"map\",[]]}}}}";

static char *const bridges[] = {(char *)"br0"};

/* Feeds JSON text; true if it was well-formed as JSON and as an update. */
static bool feed(struct zw_ovsdb_tables *tables, const char *text, char *error)
{
    struct json *json = json_from_string(text);
    bool ok = zw_ovsdb_tables_update(tables, json, error);

    json_destroy(json);
    return ok;
}

static struct zw_ovsdb_tables *loaded(void)
{
    struct zw_ovsdb_tables *tables = zw_ovsdb_tables_create();
    char error[ZW_OVSDB_ERROR_SIZE];

    CU_ASSERT_TRUE(feed(tables, contents, error));
    return tables;
}

static void test_contents(void)
{
    struct zw_ovsdb_tables *tables = loaded();
    struct zw_inventory *inventory = zw_ovsdb_tables_inventory(tables, bridges, 1);
    const struct zw_bridge *bridge = &inventory->bridges[0];

    CU_ASSERT_EQUAL(bridge->datapath_id, 0xabc);
    CU_ASSERT_EQUAL_FATAL(bridge->n_ports, 3);
    CU_ASSERT_STRING_EQUAL(bridge->ports[0].name, "e0");
    CU_ASSERT_TRUE(bridge->ports[0].in_bond);
    CU_ASSERT_EQUAL(bridge->ports[0].ofport, 0);
    CU_ASSERT_EQUAL(bridge->ports[0].trunks[0], 8);
    CU_ASSERT_EQUAL(bridge->ports[1].ofport, ZW_OFPORT_LOCAL);
    CU_ASSERT_STRING_EQUAL(bridge->ports[1].error, "gone");
    CU_ASSERT_EQUAL(bridge->ports[2].vlan_mode, ZW_VLAN_ACCESS);
    CU_ASSERT_STRING_EQUAL(bridge->ports[2].attached_mac, "52:54:00:00:00:0a");
    zw_inventory_unref(inventory);
    zw_ovsdb_tables_destroy(tables);
}

/* A group's address is no port's: all broadcasts would go there. */
static void test_attached_macs(void)
{
    static const char *const none[] = {"ff:ff:ff:ff:ff:ff",    "33:33:00:00:00:01",
                                       "01:00:00:00:00:00",    "00:00:00:00:00:00",
                                       "2:0:0:0:0:1",          "02:00:00:00:00:01 ",
                                       "02:00:00:00:00:01:02", ""};
    struct zw_ovsdb_tables *tables = loaded();
    char error[ZW_OVSDB_ERROR_SIZE];

    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
        char *text = xasprintf("{\"Interface\":{\"" ID(4) "\":{\"old\":{},\"new\":{\"name\":\"vm1\",\"type\":\"\","
                                                          "\"error\":[\"set\",[]],\"ofport\":1,"
                                                          "\"external_ids\":[\"map\",[[\"attached-mac\",\"%s\"]]]}}}}",
                               none[i]);

        CU_ASSERT_TRUE(feed(tables, text, error));
        struct zw_inventory *inventory = zw_ovsdb_tables_inventory(tables, bridges, 1);
        const struct zw_port *port = zw_bridge_port_by_name(&inventory->bridges[0], "vm1");
        CU_ASSERT_PTR_NULL(port->attached_mac);
        CU_ASSERT_STRING_EQUAL(zw_port_external_id(port, "attached-mac"), none[i]);
        zw_inventory_unref(inventory);
        free(text);
    }
    zw_ovsdb_tables_destroy(tables);
}

static void test_rows_change_and_go(void)
{
    struct zw_ovsdb_tables *tables = loaded();
    char error[ZW_OVSDB_ERROR_SIZE];
    struct zw_inventory *inventory;

    CU_ASSERT_TRUE(feed(tables,
                        "{\"Interface\":{\"" ID(
                            4) "\":{\"old\":{\"ofport\":1},\"new\":{\"name\":\"vm1\",\"type\":\"\","
                               "\"error\":[\"set\",[]],\"ofport\":[\"set\",[]],\"external_ids\":[\"map\",[]]}}}}",
                        error));
    /* What goes may leave references behind until the rest of the update is read, or, in rubbish, for good. */
    CU_ASSERT_TRUE(
        feed(tables, "{\"Port\":{\"" ID(3) "\":{\"old\":{}},\"" ID(9) "\":{\"old\":{}}},\"Other\":7}", error));
    inventory = zw_ovsdb_tables_inventory(tables, bridges, 1);
    CU_ASSERT_EQUAL_FATAL(inventory->bridges[0].n_ports, 1);
    CU_ASSERT_EQUAL(inventory->bridges[0].ports[0].ofport, 0);
    CU_ASSERT_PTR_NULL(inventory->bridges[0].ports[0].attached_mac);
    zw_inventory_unref(inventory);

    CU_ASSERT_TRUE(feed(tables, "{\"Bridge\":{\"" ID(1) "\":{\"old\":{}}}}", error));
    CU_ASSERT_PTR_NULL(zw_ovsdb_tables_bridge(tables, "br0"));
    inventory = zw_ovsdb_tables_inventory(tables, bridges, 1);
    CU_ASSERT_FALSE(inventory->bridges[0].exists);
    zw_inventory_unref(inventory);
    zw_ovsdb_tables_destroy(tables);
}

static void test_ofports_and_vlans_out_of_range(void)
{
    static const struct {
        const char *ofport, *tag;
        uint32_t expected_ofport;
        int expected_tag;
    } cases[] = {{"0", "0", 0, 0},
                 {"65279", "4095", 65279, 4095},
                 {"65280", "4096", 0, ZW_VLAN_NONE},
                 {"65534", "-1", ZW_OFPORT_LOCAL, ZW_VLAN_NONE},
                 {"65535", "65536", 0, ZW_VLAN_NONE},
                 {"4294967297", "4294967297", 0, ZW_VLAN_NONE}};
    char text[1024], error[ZW_OVSDB_ERROR_SIZE];

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct zw_ovsdb_tables *tables = loaded();

        snprintf(
            text, sizeof text,
            "{\"Interface\":{\"" ID(
                4) "\":{\"new\":{\"name\":\"vm1\",\"type\":\"\",\"error\":[\"set\",[]],"
                   "\"ofport\":%s,\"external_ids\":[\"map\",[]]}}},\"Port\":{\"" ID(
                       2) "\":{\"new\":{"
                          "\"vlan_mode\":[\"set\",[]],\"tag\":%s,\"trunks\":[\"set\",[]],\"interfaces\":[\"uuid\",\"" ID(
                              4) "\"]}}}}",
            cases[i].ofport, cases[i].tag);
        CU_ASSERT_TRUE(feed(tables, text, error));
        struct zw_inventory *inventory = zw_ovsdb_tables_inventory(tables, bridges, 1);
        const struct zw_port *port = zw_bridge_port_by_name(&inventory->bridges[0], "vm1");
        CU_ASSERT_EQUAL(port->ofport, cases[i].expected_ofport);
        CU_ASSERT_EQUAL(port->tag, cases[i].expected_tag);
        zw_inventory_unref(inventory);
        zw_ovsdb_tables_destroy(tables);
    }
}

/* Changes the text here and there.  Whatever comes out, it is read or rejected, with no leak and no crash. */
static void test_mutations(void)
{
    static const char alphabet[] = "\"[]{},:01a-tn";
    char error[ZW_OVSDB_ERROR_SIZE];
    unsigned int n_read = 0, n_rejected = 0;

    random_set_seed(20263);
    for (int i = 0; i < 20000; i++) {
        struct zw_ovsdb_tables *tables = i % 2 ? loaded() : zw_ovsdb_tables_create();
        char *text = xstrdup(contents);

        for (int n = 1 + random_range(3); n; n--) {
            text[random_range(sizeof contents - 1)] = alphabet[random_range(sizeof alphabet - 1)];
        }
        error[0] = '\0';
        if (feed(tables, text, error)) {
            zw_inventory_unref(zw_ovsdb_tables_inventory(tables, bridges, 1));
            n_read++;
        } else {
            CU_ASSERT_STRING_NOT_EQUAL(error, "");
            n_rejected++;
        }
        free(text);
        zw_ovsdb_tables_destroy(tables);
    }
    CU_ASSERT_TRUE(n_read > 1000);
    CU_ASSERT_TRUE(n_rejected > 1000);
}

ZW_TEST_MAIN({"contents become an inventory", test_contents}, {"addresses that no host has", test_attached_macs},
             {"rows change and go", test_rows_change_and_go},
             {"numbers out of range", test_ofports_and_vlans_out_of_range}, {"changed updates", test_mutations})
