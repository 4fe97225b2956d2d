/* SPDX-License-Identifier: Apache-2.0 */
#include "zw-config.h"

#include "ovs-ext/ovsdb.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ovs-ext/ovs-init.h"
#include "tests/unit/ovsdb-fixture.h"
#include "tests/unit/zw-test.h"

static struct zw_ovsdb *ovsdb;
static struct zw_inventory *inventory; /* The newest. */
static unsigned int n_inventories;

/* Takes news for up to 'timeout_ms'. */
static void take_news(int timeout_ms)
{
    struct pollfd pfd = {.fd = zw_ovsdb_fd(ovsdb), .events = POLLIN};
    struct zw_inventory *news;

    if (poll(&pfd, 1, timeout_ms) <= 0) {
        return;
    }
    news = zw_ovsdb_take(ovsdb);
    zw_ovsdb_run_replies(ovsdb);
    if (news) {
        zw_inventory_unref(inventory);
        inventory = news;
        n_inventories++;
    }
}

/* Waits until 'condition', which looks at 'inventory' or the status, holds. */
#define WAIT_FOR(CONDITION)                                          \
    do {                                                             \
        long long deadline_ = fixture_now_ms() + FIXTURE_TIMEOUT_MS; \
        while (!(CONDITION) && fixture_now_ms() < deadline_) {       \
            take_news(100);                                          \
        }                                                            \
        CU_ASSERT_TRUE(CONDITION);                                   \
    } while (0)

static void start_at(const char *remote)
{
    static const char *const bridges[] = {"br0", "br1"};

    CU_ASSERT_EQUAL_FATAL(zw_ovsdb_start(remote, bridges, 2, &ovsdb), 0);
    inventory = NULL;
    n_inventories = 0;
}

static void start(void)
{
    fixture_create();
    fixture_start_server();
    CU_ASSERT_TRUE(fixture_vsctl("init -- add-br br0 -- set bridge br0 fail_mode=secure"));
    start_at(fixture_remote());
}

static void stop(void)
{
    zw_ovsdb_stop(ovsdb);
    ovsdb = NULL;
    zw_inventory_unref(inventory);
    inventory = NULL;
    fixture_destroy();
}

static struct zw_ovsdb_status status(void)
{
    return zw_ovsdb_status(ovsdb);
}

static const struct zw_bridge *bridge(size_t i)
{
    static const struct zw_bridge none;

    return inventory ? &inventory->bridges[i] : &none;
}

/* A port of br0; one without a name if there is none. */
static const struct zw_port *port(const char *name)
{
    static const struct zw_port none;
    const struct zw_port *found = zw_bridge_port_by_name(bridge(0), name);

    return found ? found : &none;
}

static bool has_port(const char *name)
{
    return port(name)->name;
}

static bool has_error(const char *text)
{
    return strstr(status().error, text);
}

static void test_first_inventory(void)
{
    start();
    WAIT_FOR(inventory && status().connected);
    CU_ASSERT_EQUAL(inventory->n_bridges, 2);
    CU_ASSERT_STRING_EQUAL(bridge(0)->name, "br0");
    CU_ASSERT_TRUE(bridge(0)->exists);
    CU_ASSERT_STRING_EQUAL(bridge(0)->fail_mode, "secure");
    CU_ASSERT_STRING_EQUAL(bridge(0)->datapath_type, "system");
    CU_ASSERT_EQUAL(bridge(0)->n_ports, 1);
    CU_ASSERT_STRING_EQUAL(port("br0")->type, "internal");
    CU_ASSERT_STRING_EQUAL(bridge(1)->name, "br1");
    CU_ASSERT_FALSE(bridge(1)->exists);
    CU_ASSERT_EQUAL(status().n_fail_mode_set, 0);
    CU_ASSERT_STRING_EQUAL(status().error, "");
    stop();
}

static void test_ports_come_and_go(void)
{
    start();
    WAIT_FOR(inventory != NULL);
    CU_ASSERT_TRUE(fixture_vsctl("add-port br0 vm1 -- set interface vm1 ofport=5"));
    WAIT_FOR(port("vm1")->ofport == 5);
    CU_ASSERT_PTR_EQUAL(zw_bridge_port_by_ofport(bridge(0), 5), port("vm1"));
    CU_ASSERT_TRUE(fixture_vsctl("set interface vm1 ofport=6"));
    WAIT_FOR(port("vm1")->ofport == 6);
    CU_ASSERT_TRUE(fixture_vsctl("set interface vm1 ofport=-1 error='\"no such device\"'"));
    WAIT_FOR(has_port("vm1") && !port("vm1")->ofport);
    CU_ASSERT_STRING_EQUAL(port("vm1")->error, "no such device");
    CU_ASSERT_TRUE(fixture_vsctl("set interface br0 ofport=65534"));
    WAIT_FOR(port("br0")->ofport == ZW_OFPORT_LOCAL);
    CU_ASSERT_TRUE(fixture_vsctl("del-port br0 vm1"));
    WAIT_FOR(!has_port("vm1"));
    CU_ASSERT_TRUE(fixture_vsctl("add-port br0 vm2 -- set interface vm2 type=internal"));
    WAIT_FOR(has_port("vm2"));
    CU_ASSERT_STRING_EQUAL(port("vm2")->type, "internal");
    stop();
}

static void test_rename(void)
{
    start();
    CU_ASSERT_TRUE(fixture_vsctl("add-port br0 old"));
    WAIT_FOR(has_port("old"));
    CU_ASSERT_TRUE(fixture_vsctl("del-port old -- add-port br0 new"));
    WAIT_FOR(has_port("new"));
    CU_ASSERT_FALSE(has_port("old"));
    stop();
}

static void test_external_ids(void)
{
    start();
    CU_ASSERT_TRUE(fixture_vsctl("add-port br0 vm1 -- set interface vm1 external_ids:zone=web "
                                 "external_ids:iface-id=i-1 "
                                 "external_ids:attached-mac='\"52:54:00:AB:CD:EF\"'"));
    WAIT_FOR(has_port("vm1"));
    CU_ASSERT_EQUAL(port("vm1")->n_external_ids, 3);
    CU_ASSERT_STRING_EQUAL(port("vm1")->external_ids[0].key, "attached-mac");
    CU_ASSERT_STRING_EQUAL(zw_port_external_id(port("vm1"), "zone"), "web");
    CU_ASSERT_STRING_EQUAL(port("vm1")->iface_id, "i-1");
    CU_ASSERT_STRING_EQUAL(port("vm1")->attached_mac, "52:54:00:ab:cd:ef");
    CU_ASSERT_TRUE(fixture_vsctl("set interface vm1 external_ids:zone=db external_ids:attached-mac=x"));
    WAIT_FOR(!strcmp(zw_port_external_id(port("vm1"), "zone"), "db"));
    CU_ASSERT_PTR_NULL(port("vm1")->attached_mac);
    CU_ASSERT_TRUE(fixture_vsctl("clear interface vm1 external_ids"));
    WAIT_FOR(!port("vm1")->n_external_ids);
    CU_ASSERT_PTR_NULL(port("vm1")->iface_id);
    stop();
}

/* The defaults of ovs-vswitchd.conf.db(5). */
static void test_vlan_modes(void)
{
    start();
    CU_ASSERT_TRUE(fixture_vsctl("add-port br0 plain -- add-port br0 access tag=10 -- add-port br0 zero tag=0"
                                 " -- add-port br0 trunk trunks=30,20 -- add-port br0 nativetag tag=7"
                                 " vlan_mode=native-tagged -- add-port br0 native tag=7 trunks=8"
                                 " vlan_mode=native-untagged -- add-port br0 tunnel tag=9"
                                 " vlan_mode=dot1q-tunnel -- add-port br0 forced vlan_mode=access"
                                 " -- add-port br0 loose tag=5 vlan_mode=trunk trunks=6"));
    WAIT_FOR(has_port("loose"));
    CU_ASSERT_EQUAL(port("plain")->vlan_mode, ZW_VLAN_TRUNK);
    CU_ASSERT_EQUAL(port("plain")->n_trunks, 0);
    CU_ASSERT_EQUAL(port("plain")->tag, ZW_VLAN_NONE);
    CU_ASSERT_EQUAL(port("access")->vlan_mode, ZW_VLAN_ACCESS);
    CU_ASSERT_EQUAL(port("access")->tag, 10);
    CU_ASSERT_EQUAL(port("zero")->vlan_mode, ZW_VLAN_ACCESS);
    CU_ASSERT_EQUAL(port("zero")->tag, 0);
    CU_ASSERT_EQUAL(port("trunk")->vlan_mode, ZW_VLAN_TRUNK);
    CU_ASSERT_EQUAL(port("trunk")->n_trunks, 2);
    CU_ASSERT_EQUAL(port("trunk")->trunks[0], 20);
    CU_ASSERT_EQUAL(port("nativetag")->vlan_mode, ZW_VLAN_NATIVE_TAGGED);
    CU_ASSERT_EQUAL(port("native")->vlan_mode, ZW_VLAN_NATIVE_UNTAGGED);
    CU_ASSERT_EQUAL(port("native")->tag, 7);
    CU_ASSERT_EQUAL(port("tunnel")->vlan_mode, ZW_VLAN_UNSUPPORTED);
    CU_ASSERT_EQUAL(port("forced")->vlan_mode, ZW_VLAN_ACCESS);
    CU_ASSERT_EQUAL(port("forced")->tag, ZW_VLAN_NONE);
    CU_ASSERT_EQUAL(port("loose")->vlan_mode, ZW_VLAN_TRUNK);
    CU_ASSERT_EQUAL(port("loose")->n_trunks, 1);
    CU_ASSERT_TRUE(fixture_vsctl("set port plain tag=3"));
    WAIT_FOR(port("plain")->vlan_mode == ZW_VLAN_ACCESS);
    stop();
}

static void test_bonds(void)
{
    start();
    CU_ASSERT_TRUE(fixture_vsctl("add-bond br0 bond0 e0 e1 -- add-port br0 single"));
    WAIT_FOR(has_port("single"));
    CU_ASSERT_TRUE(port("e0")->in_bond);
    CU_ASSERT_TRUE(port("e1")->in_bond);
    CU_ASSERT_FALSE(port("single")->in_bond);
    CU_ASSERT_FALSE(has_port("bond0"));
    stop();
}

static void test_bridge_deleted_and_recreated(void)
{
    start();
    WAIT_FOR(bridge(0)->exists);
    CU_ASSERT_TRUE(fixture_vsctl("del-br br0"));
    WAIT_FOR(!bridge(0)->exists);
    CU_ASSERT_EQUAL(bridge(0)->n_ports, 0);
    CU_ASSERT_TRUE(fixture_vsctl("add-br br0 -- set bridge br0 datapath_type=netdev "
                                 "datapath_id='\"00000000000000ab\"'"));
    WAIT_FOR(bridge(0)->exists && !strcmp(bridge(0)->fail_mode, "secure"));
    CU_ASSERT_EQUAL(bridge(0)->datapath_id, 0xab);
    CU_ASSERT_STRING_EQUAL(bridge(0)->datapath_type, "netdev");
    CU_ASSERT_TRUE(fixture_vsctl("add-br br1"));
    WAIT_FOR(bridge(1)->exists);
    stop();
}

/* Promise 1 begins here: a bridge that is not at fail_mode=secure opens when its controller goes. */
static void test_fail_mode_is_mended(void)
{
    start();
    WAIT_FOR(bridge(0)->exists);
    CU_ASSERT_TRUE(fixture_vsctl("del-fail-mode br0"));
    WAIT_FOR(status().n_fail_mode_set == 1);
    CU_ASSERT_STRING_EQUAL(fixture_vsctl_get("get-fail-mode br0"), "secure");
    CU_ASSERT_TRUE(fixture_vsctl("set-fail-mode br0 standalone"));
    WAIT_FOR(status().n_fail_mode_set == 2);
    CU_ASSERT_STRING_EQUAL(fixture_vsctl_get("get-fail-mode br0"), "secure");
    CU_ASSERT_TRUE(fixture_vsctl("add-br br1 -- add-br other -- set-fail-mode other standalone"));
    WAIT_FOR(status().n_fail_mode_set == 3);
    CU_ASSERT_STRING_EQUAL(fixture_vsctl_get("get-fail-mode br1"), "secure");
    CU_ASSERT_STRING_EQUAL(fixture_vsctl_get("get-fail-mode other"), "standalone");
    stop();
}

/* A writer that keeps changing it back gets fewer and fewer answers. */
static void test_fail_mode_fight_is_bounded(void)
{
    uint64_t elapsed_s;
    long long begin;

    start();
    WAIT_FOR(bridge(0)->exists);
    begin = fixture_now_ms();
    for (int i = 0; i < 30; i++) {
        CU_ASSERT_TRUE(fixture_vsctl("set-fail-mode br0 standalone"));
        take_news(20);
    }
    /* Writes are due at 0, 0.25, 0.75, 1.75, 3.75 ... seconds from the first. */
    elapsed_s = (uint64_t)(fixture_now_ms() - begin) / 1000;
    CU_ASSERT_TRUE(status().n_fail_mode_set >= 1);
    CU_ASSERT_TRUE(status().n_fail_mode_set <= 3 + elapsed_s);
    WAIT_FOR(!strcmp(fixture_vsctl_get("get-fail-mode br0"), "secure"));
    stop();
}

/* The inventory stays, whatever happens to the server. */
static void test_database_gone_and_back(void)
{
    start();
    CU_ASSERT_TRUE(fixture_vsctl("add-port br0 vm1"));
    WAIT_FOR(has_port("vm1") && status().connected);
    for (int i = 0; i < 2; i++) {
        unsigned int n = n_inventories;

        fixture_kill_server();
        WAIT_FOR(!status().connected);
        CU_ASSERT_STRING_NOT_EQUAL(status().error, "");
        fixture_start_server();
        WAIT_FOR(status().connected);
        CU_ASSERT_EQUAL(status().n_reconnects, (unsigned int)i + 1);
        CU_ASSERT_EQUAL(n_inventories, n);
        CU_ASSERT_STRING_EQUAL(status().error, "");
    }
    CU_ASSERT_TRUE(has_port("vm1"));
    CU_ASSERT_TRUE(fixture_vsctl("add-port br0 vm2"));
    WAIT_FOR(has_port("vm2"));
    stop();
}

static void test_database_comes_later(void)
{
    fixture_create();
    start_at(fixture_remote());
    WAIT_FOR(has_error("No such file"));
    CU_ASSERT_FALSE(status().connected);
    CU_ASSERT_PTR_NULL(inventory);
    fixture_start_server();
    WAIT_FOR(status().connected && inventory);
    CU_ASSERT_EQUAL(status().n_reconnects, 0);
    stop();
}

/* A schema that is not the one we know. */
static void test_schema_lacks_a_column(void)
{
    fixture_create_changed("s/\"fail_mode\"/\"other_mode\"/");
    fixture_start_server();
    start_at(fixture_remote());
    WAIT_FOR(has_error("refuses to be watched: "));
    CU_ASSERT_TRUE(has_error("fail_mode"));
    CU_ASSERT_FALSE(status().connected);
    CU_ASSERT_PTR_NULL(inventory);
    stop();
}

static void test_schema_has_another_type(void)
{
    fixture_create_changed("/\"datapath_type\": {/{n;s/\"string\"/\"integer\"/}");
    fixture_start_server();
    CU_ASSERT_TRUE(fixture_vsctl("init -- add-br br0"));
    start_at(fixture_remote());
    WAIT_FOR(has_error("unexpected value in column datapath_type of table Bridge"));
    CU_ASSERT_PTR_NULL(inventory);
    stop();
}

#define UUID "\"01234567-89ab-cdef-0123-456789abcdef\""
#define CONTENTS(JSON) "{\"id\":@,\"error\":null,\"result\":" JSON "}"
#define BRIDGE(COLUMNS) CONTENTS("{\"Bridge\":{" UUID ":{\"new\":{" COLUMNS "}}}}")
#define GOOD_BRIDGE \
    "\"name\":\"br0\",\"datapath_id\":[\"set\",[]],\"datapath_type\":\"\",\"fail_mode\":\"secure\",\"ports\":[\"set\",[]]"
#define UPDATE(PARAMS) "{\"id\":null,\"method\":\"update\",\"params\":" PARAMS "}"

/* Promise 8: a database that sends rubbish is an error in the status, and no more. */
static void test_fake_server_sends_rubbish(void)
{
    static const struct {
        const char *answer, *error;
    } servers[] = {
        {"rubbish ", "Protocol error"},
        {"{\"id\":@}", "Protocol error"},
        {CONTENTS("[]"), "malformed update"},
        {CONTENTS("{\"Bridge\":7}"), "malformed update of table Bridge"},
        {CONTENTS("{\"Bridge\":{\"x\":{}}}"), "malformed update of table Bridge"},
        {CONTENTS("{\"Port\":{" UUID ":[]}}"), "malformed update of table Port"},
        {CONTENTS("{\"Interface\":{" UUID ":{\"new\":3}}}"), "malformed row in table Interface"},
        {BRIDGE(""), "no value in column name of table Bridge"},
        {BRIDGE("\"name\":[\"set\",[]]"), "unexpected value in column name of table Bridge"},
        {BRIDGE("\"name\":[\"set\",7]"), "unexpected value in column name of table Bridge"},
        {BRIDGE("\"name\":null"), "unexpected value in column name of table Bridge"},
        {BRIDGE("\"name\":\"x\",\"datapath_id\":[\"set\",[\"a\",\"b\"]]"), "unexpected value in column datapath_id"},
        {"{\"id\":@,\"result\":null,\"error\":[]}", "refuses to be watched: error of an unknown form"},
        {"{\"id\":@,\"result\":null,\"error\":\"not now\"}", "refuses to be watched: not now"},
        {BRIDGE(GOOD_BRIDGE) UPDATE("[]"), "malformed update"},
        {BRIDGE(GOOD_BRIDGE) UPDATE("[\"zoneward\",{\"Bridge\":[]}]"), "malformed update of table Bridge"},
        {BRIDGE(GOOD_BRIDGE) UPDATE("[\"zoneward\",{\"Port\":{" UUID ":{\"new\":{}}}}]"),
         "no value in column vlan_mode"},
        {BRIDGE(GOOD_BRIDGE) "{\"id\":null,\"method\":\"update3\",\"params\":[1,2,3]}]", "Protocol error"},
    };

    fixture_create();
    for (size_t i = 0; i < sizeof servers / sizeof servers[0]; i++) {
        char path[128];

        snprintf(path, sizeof path, "%s/db.sock", fixture_dir());
        fixture_start_fake(path, servers[i].answer, false);
        start_at(fixture_remote());
        WAIT_FOR(has_error(servers[i].error));
        zw_ovsdb_stop(ovsdb);
        zw_inventory_unref(inventory);
        fixture_stop_fake();
    }
    fixture_destroy();
}

/* What a database said before it broke stays valid. */
static void test_rubbish_keeps_the_inventory(void)
{
    unsigned int n;
    char path[128];

    start();
    CU_ASSERT_TRUE(fixture_vsctl("add-port br0 vm1"));
    WAIT_FOR(has_port("vm1"));
    n = n_inventories;
    fixture_kill_server();
    snprintf(path, sizeof path, "%s/db.sock", fixture_dir());
    fixture_start_fake(path, CONTENTS("{\"Bridge\":[]}"), false);
    WAIT_FOR(has_error("malformed update"));
    CU_ASSERT_TRUE(has_port("vm1"));
    fixture_stop_fake();
    unlink(path);
    fixture_start_server();
    WAIT_FOR(status().connected);
    CU_ASSERT_EQUAL(n_inventories, n);
    CU_ASSERT_TRUE(has_port("vm1"));
    stop();
}

/* Who may not write says so, and is not asked in a loop. */
static void test_fail_mode_cannot_be_set(void)
{
    char path[128];

    fixture_create();
    snprintf(path, sizeof path, "%s/db.sock", fixture_dir());
    fixture_start_fake(
        path,
        BRIDGE(
            "\"name\":\"br0\",\"datapath_id\":[\"set\",[]],\"datapath_type\":\"\",\"fail_mode\":"
            "[\"set\",[]],\"ports\":[\"set\",[]]") "\n{\"id\":@,\"error\":null,\"result\":[{\"error\":\"permission error\",\"details\":\"RBAC\"}]}",
        false);
    start_at(fixture_remote());
    WAIT_FOR(has_error("bridge br0: cannot set fail_mode: RBAC (permission error)"));
    CU_ASSERT_TRUE(status().connected);
    CU_ASSERT_EQUAL(status().n_fail_mode_set, 0);
    stop();
}

/* A database that hangs is given up, and found again. */
static void test_database_falls_silent(void)
{
    start();
    WAIT_FOR(status().connected);
    fixture_signal_server(SIGSTOP);
    WAIT_FOR(!status().connected);
    CU_ASSERT_TRUE(has_error("does not answer"));
    CU_ASSERT_TRUE(bridge(0)->exists);
    fixture_signal_server(SIGCONT);
    WAIT_FOR(status().connected);
    stop();
}

static void test_remotes(void)
{
    static const char *const bad[] = {"", "nonsense", "unix:relative", "punix:/tmp/x", "unix:/x,bad:y"};
    struct zw_ovsdb *none;

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        CU_ASSERT_EQUAL(zw_ovsdb_start(bad[i], NULL, 0, &none), EINVAL);
        CU_ASSERT_PTR_NULL(none);
    }
    zw_ovsdb_stop(NULL);
}

/* libopenvswitch takes fatal signals with default action, and must not. */
static void test_signals_stay(void)
{
    static const int signals[] = {SIGTERM, SIGINT, SIGHUP, SIGALRM};
    struct sigaction now;

    start();
    WAIT_FOR(inventory != NULL);
    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++) {
        sigaction(signals[i], NULL, &now);
        CU_ASSERT_PTR_EQUAL(now.sa_handler, SIG_DFL);
    }
    stop();
}

ZW_TEST_MAIN({"the first inventory", test_first_inventory}, {"ports come and go", test_ports_come_and_go},
             {"a port changes its name", test_rename}, {"external_ids", test_external_ids},
             {"VLAN modes have OVSDB's defaults", test_vlan_modes}, {"bonds are marked", test_bonds},
             {"a bridge is deleted and made again", test_bridge_deleted_and_recreated},
             {"fail_mode is mended", test_fail_mode_is_mended},
             {"a fight for fail_mode is bounded", test_fail_mode_fight_is_bounded},
             {"the database goes and comes back", test_database_gone_and_back},
             {"the database comes later than we", test_database_comes_later},
             {"a schema without one of our columns", test_schema_lacks_a_column},
             {"a schema with another type", test_schema_has_another_type},
             {"a server that sends rubbish", test_fake_server_sends_rubbish},
             {"rubbish leaves the inventory", test_rubbish_keeps_the_inventory},
             {"fail_mode cannot be set", test_fail_mode_cannot_be_set},
             {"the database falls silent", test_database_falls_silent}, {"only addresses to connect to", test_remotes},
             {"signal handlers stay as they were", test_signals_stay})
