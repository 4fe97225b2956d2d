/* SPDX-License-Identifier: Apache-2.0 */
/* What a question in words means; what the policy says to it is decide()'s affair. */
#include "zw-config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "controller/policy/explain.h"
#include "tests/unit/policy-fixture.h"
#include "tests/unit/zw-test.h"

static const char policy_text[] =
    "version: 1\n"
    "zones:\n"
    "  web: {ports: [{name: 'vnet-web*'}]}\n"
    "  db: {ports: [{name: vnet-db}]}\n"
    "  both: {ports: [{name: web-too}]}\n"
    "  outside: {ports: [{name: uplink0}]}\n"
    "  guests: {ports: [{name: 'guest*'}], isolated: true}\n"
    "  dmz: {ports: [{name: split, vlans: [10-19, 30]}]}\n"
    "  lab: {ports: [{name: \"split\", vlans: [20]}, {name: \"spl*\", vlans: 30}, {name: tenth-port}]}\n"
    "  office: {behind: outside, addresses: [192.168.10.0/24, '2001:db8:10::/48']}\n"
    "  desk: {behind: outside, addresses: [192.168.10.0/25]}\n"
    "rules:\n"
    "  - {name: one-host, from: office, from-addresses: 192.168.10.200, to: web, service: tcp/80, action: deny}\n"
    "  - {name: office-web, from: [office, desk], to: web, service: [tcp/80, icmp/8, icmpv6/128], action: allow}\n"
    "  - {name: low, from: db, to: web, service: udp/123, from-ports: 123, action: deny}\n"
    "  - {name: any, from: db, to: web, service: [udp/123, gre], action: allow}\n"
    "  - {name: profinet, from: outside, to: web, service: ethertype/0x8892, action: allow}\n"
    "  - {name: asked, from: web, to: db, action: ask, otherwise: allow}\n";

static struct zw_policy *policy;
static struct zw_inventory *inventory;

/* Two ports with a zone, one without, and one that is called as a zone is. */
static void set_up(void)
{
    static const char *const names[] = {"db", "nowhere", "split", "tenth-port", "vnet-db", "vnet-web0"};

    policy = policy_of(policy_text);
    inventory = zw_inventory_new(1);
    inventory->bridges[0].name = strdup("br0");
    inventory->bridges[0].datapath_type = strdup("netdev");
    inventory->bridges[0].fail_mode = strdup("secure");
    inventory->bridges[0].exists = true;
    inventory->bridges[0].ports = calloc(6, sizeof *inventory->bridges[0].ports);
    inventory->bridges[0].n_ports = 6;
    for (size_t i = 0; i < 6; i++) {
        inventory->bridges[0].ports[i] = (struct zw_port){
            .name = strdup(names[i]), .type = strdup(""), .ofport = 1 + (uint32_t)i, .tag = ZW_VLAN_NONE};
    }
    inventory->bridges[0].ports[2].vlan_mode = ZW_VLAN_TRUNK;
    inventory->bridges[0].ports[3].tag = 10;
}

static void tear_down(void)
{
    zw_inventory_unref(inventory);
    zw_policy_unref(policy);
}

/* "allow office-web office>web tcp:80" and the notes, or the problems; for the caller to free. */
static char *ask(const char *from, const char *to, const char *service, const char *from_port)
{
    struct zw_problems problems = ZW_PROBLEMS_INIT;
    struct zw_explanation e;
    char *text, *notes;

    if (!zw_explain(policy, inventory, from, to, service, from_port, &e, &problems)) {
        text = zw_problems_format(&problems);
    } else {
        notes = zw_problems_format(&e.notes);
        if (asprintf(&text, "%s %s %s>%s %u:%u%s\n%s", zw_action_name(e.verdict.action),
                     e.verdict.rule ? e.verdict.rule->name : zw_step_name(e.verdict.step),
                     e.verdict.src ? e.verdict.src->name : "-", e.verdict.dst ? e.verdict.dst->name : "-", e.key.proto,
                     e.key.proto == IPPROTO_ICMP || e.key.proto == IPPROTO_ICMPV6 ? e.key.sport : e.key.dport,
                     e.key.src.family == ZW_IPV6 ? " v6" : "", notes) < 0) {
            abort();
        }
        free(notes);
    }
    zw_explanation_clear(&e);
    zw_problems_clear(&problems);
    return text;
}

static void check_from(const char *from, const char *to, const char *service, const char *from_port, const char *want)
{
    char *got = ask(from, to, service, from_port);

    if (strcmp(got, want) != 0) {
        printf("# %s %s %s\n# expected: %s\n# found: %s\n", from, to, service, want, got);
        CU_FAIL("another answer");
    }
    free(got);
}

static void check(const char *from, const char *to, const char *service, const char *want)
{
    check_from(from, to, service, NULL, want);
}

static void test_ends(void)
{
    set_up();
    check("web", "db", "tcp/1", "allow asked web>db 6:1\n");
    check("vnet-web0", "vnet-db", "tcp/1", "allow asked web>db 6:1\n");
    check("web", "port:db", "tcp/1", "deny no-zone web>- 6:1\nport \"db\" has no zone: no zone selects it\n");
    check("web", "zone:db", "tcp/1", "allow asked web>db 6:1\n");
    check("web", "nowhere", "gre", "deny no-zone web>- 47:0\nport \"nowhere\" has no zone: no zone selects it\n");
    check("web@10.0.0.1", "db@10.0.0.2", "udp/5", "allow asked web>db 17:5\n");
    check("vnet-web0@fd00::1", "db", "udp/5", "allow asked web>db 17:5 v6\n");
    tear_down();
}

static void test_ether_types(void)
{
    set_up();
    check("outside", "web", "ethertype/0x8892", "allow profinet outside>web 0:0\n");
    check("outside", "vnet-web0", "ethertype/0x8892", "allow profinet outside>web 0:0\n");
    check("web", "outside", "ethertype/0x8892", "deny not-ip web>outside 0:0\n");
    check("db", "web", "ethertype/0x88f7", "deny not-ip db>web 0:0\n");
    check("office", "web", "ethertype/0x8892",
          "allow profinet outside>web 0:0\n"
          "zone \"office\" is addresses, and an EtherType has none: it is of zone \"outside\"\n");
    check("outside@10.0.0.1", "web", "ethertype/0x8892", "an EtherType has no addresses: name zones or ports alone\n");
    check_from("outside", "web", "ethertype/0x8892", "80", "source port \"80\": this service has no ports\n");
    tear_down();
}

static void test_vlans(void)
{
    static const char *const apart = "these ports share no VLAN: nothing passes between them, whatever a rule says\n";
    char want[256];

    set_up();
    check("split/10", "web", "tcp/1", "deny default dmz>web 6:1\n");
    check("web", "port:split/20@10.0.0.1", "tcp/1", "deny default web>lab 6:1\n");
    check("split/0", "web", "gre",
          "deny no-zone ->web 47:0\nport \"split\" has no zone in VLAN 0: no zone selects it\n");
    check("split/30", "web", "gre",
          "deny no-zone ->web 47:0\nport \"split\" has no zone in VLAN 30: more than one zone claims it\n");
    check("split/10", "tenth-port", "tcp/1", "deny default dmz>lab 6:1\n");
    check("tenth-port/10", "split/10", "tcp/1", "deny default lab>dmz 6:1\n");
    snprintf(want, sizeof want, "deny default lab>lab 6:1\n%s", apart);
    check("tenth-port", "split/20", "tcp/1", want);
    check("split", "web", "tcp/1", "port \"split\" is not of one zone in all its VLANs: say in which, as in split/0\n");
    check("tenth-port/11", "web", "tcp/1", "port \"tenth-port\" does not carry VLAN 11\n");
    check("split/4096", "web", "tcp/1", "there is no zone or port \"split/4096\"\n");
    check("zone:split/10", "web", "tcp/1", "there is no zone \"split/10\"\n");
    tear_down();
}

static void test_zones_behind(void)
{
    static const char *const note =
        "rule 1 \"one-host\" comes first for some addresses: name one, as in ZONE@ADDRESS\n";
    char want[256];

    set_up();
    /* 192.168.10.0 itself is in desk: the office's own IPv6 prefix has to stand for it. */
    snprintf(want, sizeof want, "allow office-web office>web 6:80 v6\n%s", note);
    check("office", "web", "tcp/80", want);
    check("office@192.168.10.200", "web", "tcp/80", "deny one-host office>web 6:80\n");
    check("office@192.168.10.201", "web", "tcp/80", "allow office-web office>web 6:80\n");
    check("192.168.10.201", "web", "tcp/80", "allow office-web office>web 6:80\n");
    check("192.168.10.1", "web", "tcp/80", "allow office-web desk>web 6:80\n");
    check("outside@192.168.10.201", "web", "tcp/80",
          "allow office-web office>web 6:80\nthis address is in zone \"office\", not in \"outside\"\n");
    check("desk", "web", "icmp/8", "allow office-web desk>web 1:8\n");
    check("office", "web", "icmpv6/128", "allow office-web office>web 58:128 v6\n");
    check("office@2001:db8:10::1", "web", "icmpv6", "allow office-web office>web 58:128 v6\n");
    tear_down();
}

static const char follows[] =
    "no session begins with this message, whatever a rule says: to one receiver it passes only as an answer or error of "
    "a session that was let in\n";

static void check_noted(const char *from, const char *to, const char *service, const char *verdict, const char *note)
{
    char want[512];

    snprintf(want, sizeof want, "%s\n%s", verdict, note);
    check(from, to, service, want);
}

static void test_neighbour_discovery(void)
{
    set_up();
    check("outside", "zone:db", "icmpv6/135", "allow discovery outside>db 58:135 v6\n");
    check("zone:db", "outside@fd00::1", "icmpv6/neighbor-advertisement", "allow discovery db>outside 58:136 v6\n");
    check("office", "web", "icmpv6/136/0", "allow discovery office>web 58:136 v6\n");
    check("guests", "web", "icmpv6/135", "allow discovery guests>web 58:135 v6\n");
    check("guests", "guests", "icmpv6/135", "deny isolated guests>guests 58:135 v6\n");
    check("web", "nowhere", "icmpv6/135",
          "deny no-zone web>- 58:135 v6\nport \"nowhere\" has no zone: no zone selects it\n");
    check("outside", "zone:db", "icmpv6/135/1", "deny default outside>db 58:135 v6\n");
    check("outside", "zone:db", "icmpv6/133", "deny default outside>db 58:133 v6\n");
    tear_down();
}

static void test_icmp_without_session(void)
{
    static const char kernel[] = "only the kernel's conntrack lets a session begin with this message: on a bridge with "
                                 "datapath_type netdev it is dropped to one receiver, whatever a rule says\n";

    set_up();
    check("web", "db", "icmp/13", "allow asked web>db 1:13\n");
    check("web", "db", "icmp/15", "allow asked web>db 1:15\n");
    check_noted("web", "db", "icmp/3/4", "allow asked web>db 1:3", follows);
    check_noted("web", "db", "icmp/echo-reply", "allow asked web>db 1:0", follows);
    check_noted("db", "web", "icmp/11", "deny default db>web 1:11", follows);
    check_noted("web", "db", "icmpv6/packet-too-big", "allow asked web>db 58:2 v6", follows);
    check_noted("web", "db", "icmpv6/129", "allow asked web>db 58:129 v6", follows);
    check_noted("web", "db", "icmp/17", "allow asked web>db 1:17", kernel);
    check_noted("web", "db", "icmp/8/1", "allow asked web>db 1:8", kernel);
    check_noted("web", "db", "icmpv6/139", "allow asked web>db 58:139 v6", kernel);
    check_noted(
        "web", "db", "icmp/redirect", "allow asked web>db 1:5",
        "no session begins with a redirect, nor is it part of one: to one receiver it is dropped, whatever a rule "
        "says\n");
    check("web", "db@224.0.0.1", "icmp/9", "allow asked web>db 1:9\n");
    check("web", "db@255.255.255.255", "icmp/9", "allow asked web>db 1:9\n");
    check_noted("web", "db@10.0.0.1", "icmp/9", "allow asked web>db 1:9", follows);
    check("web", "db@ff02::1", "icmpv6/1", "allow asked web>db 58:1 v6\n");
    check("web", "db", "icmpv6/134", "allow asked web>db 58:134 v6\n");
    check("web", "db", "icmpv6/143", "allow asked web>db 58:143 v6\n");
    tear_down();
}

static void test_headers_of_ipv6(void)
{
    static const char note[] =
        "this is for IPv4: in IPv6 the switch looks past this header, to the protocol behind it\n";
    static const char *const headers[] = {"ah", "proto/43", "proto/44", "proto/51", "proto/60"};
    char want[256];

    set_up();
    for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++) {
        snprintf(
            want, sizeof want,
            "service \"%s\": in IPv6 the switch looks past this header, and no rule sees it: ask about the protocol "
            "behind it, such as tcp/443\n",
            headers[i]);
        check("web@fd00::1", "db", headers[i], want);
        check("web", "db@fd00::1", headers[i], want);
    }
    check_noted("web", "db", "ah", "allow asked web>db 51:0", note);
    check("web@10.0.0.1", "db", "ah", "allow asked web>db 51:0\n");
    check("web@fd00::1", "db", "esp", "allow asked web>db 50:0 v6\n");
    tear_down();
}

static void test_source_ports(void)
{
    set_up();
    check("zone:db", "web", "udp/123",
          "allow any db>web 17:123\n"
          "rule 3 \"low\" comes first for some source ports: name one, as in --from-port=53\n");
    check_from("zone:db", "web", "udp/123", "123", "deny low db>web 17:123\n");
    check_from("zone:db", "web", "udp/123", "124", "allow any db>web 17:123\n");
    check_from("zone:db", "web", "gre", "124", "source port \"124\": this service has no ports\n");
    check_from("zone:db", "web", "udp/123", "1-2", "source port \"1-2\": expected one port, not a range\n");
    check_from("zone:db", "web", "udp/123", "x",
               "source port \"x\": expected a port or a range of ports, 0 to 65535, such as 80 or 8000-8080\n");
    tear_down();
}

static void test_questions_without_meaning(void)
{
    set_up();
    check("wbe", "web", "tcp/1", "there is no zone or port \"wbe\" (did you mean \"web\"?)\n");
    check("zone:nowhere", "port:web", "tcp/1", "there is no zone \"nowhere\"\nthere is no port \"web\"\n");
    check("10.0.0.1", "web", "tcp/1",
          "no zone \"behind\" another has 10.0.0.1: say which zone or port it is at, as in ZONE@10.0.0.1\n");
    check("web@x", "@10.0.0.1", "tcp/1", "\"x\" is no address\nthere is no zone or port \"\"\n");
    check("web", "db", "tcp", "service \"tcp\": expected a port, as in tcp/443\n");
    check("web", "db", "tcp/1-2", "service \"tcp/1-2\": expected one port, not a range\n");
    check("web@10.0.0.1", "db@fd00::1", "tcp/1", "IPv4 and IPv6 do not mix: look at the addresses and the service\n");
    check("web@10.0.0.1", "db", "icmpv6/128", "IPv4 and IPv6 do not mix: look at the addresses and the service\n");
    tear_down();
}

ZW_TEST_MAIN({"zones, ports and addresses", test_ends}, {"ports in a VLAN", test_vlans},
             {"EtherTypes", test_ether_types}, {"zones behind others", test_zones_behind},
             {"neighbour discovery passes without a rule", test_neighbour_discovery},
             {"ICMP that begins no session", test_icmp_without_session},
             {"headers of IPv6 that the switch looks past", test_headers_of_ipv6}, {"source ports", test_source_ports},
             {"questions without meaning", test_questions_without_meaning})
