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
    "  - {name: asked, from: web, to: db, action: ask, otherwise: allow}\n"
    "  - {name: high, from: db, to: web, service: sctp/7, from-ports: 49152-60000, action: allow}\n"
    "  - {name: all-high, from: db, to: web, service: sctp/8, from-ports: 1024-65535, action: allow}\n";

static struct zw_policy *policy;
static struct zw_inventory *inventory;

/* Two ports with a zone, one without, and one that is called as a zone is. */
static void set_up_with(const char *text)
{
    static const char *const names[] = {"db", "nowhere", "split", "tenth-port", "vnet-db", "vnet-web0"};

    policy = policy_of(text);
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

static void set_up(void)
{
    set_up_with(policy_text);
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
        "rule 1 \"one-host\" comes first for some source addresses, and says deny: name one, as in ZONE@ADDRESS\n";
    char want[256];

    set_up();
    /* 192.168.10.0 itself is in desk, and 192.168.10.128 is the first that stands for the office. */
    snprintf(want, sizeof want, "allow office-web office>web 6:80\n%s", note);
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
          "rule 3 \"low\" comes first for some source ports, and says deny: name one, as in --from-port=53\n");
    check("zone:db", "web", "sctp/7",
          "allow high db>web 132:7\n"
          "rule 7 \"high\" is for some source ports only: name one, as in --from-port=53\n");
    check("zone:db", "web", "sctp/8", "allow all-high db>web 132:8\n");
    check_from("zone:db", "web", "sctp/7", "50000", "allow high db>web 132:7\n");
    check_from("zone:db", "web", "udp/123", "123", "deny low db>web 17:123\n");
    check_from("zone:db", "web", "udp/123", "124", "allow any db>web 17:123\n");
    check_from("zone:db", "web", "gre", "124", "source port \"124\": this service has no ports\n");
    check_from("zone:db", "web", "udp/123", "1-2", "source port \"1-2\": expected one port, not a range\n");
    check_from("zone:db", "web", "udp/123", "x",
               "source port \"x\": expected a port or a range of ports, 0 to 65535, such as 80 or 8000-8080\n");
    tear_down();
}

#define ADDRESS ": name one, as in ZONE@ADDRESS\n"

static const char singling_text[] =
    "version: 1\n"
    "zones:\n"
    "  web: {ports: [{name: 'vnet-web*'}]}\n"
    "  db: {ports: [{name: vnet-db}]}\n"
    "  outside: {ports: [{name: uplink0}]}\n"
    "  guests: {ports: [{name: 'guest*'}], isolated: true}\n"
    "  office: {behind: outside, addresses: [10.20.10.0/24]}\n"
    "address-sets:\n"
    "  internet: [0.0.0.0/5, 8.0.0.0/7, 11.0.0.0/8, 12.0.0.0/6, 16.0.0.0/4, 32.0.0.0/3, 64.0.0.0/2, 128.0.0.0/1]\n"
    "  hosts: [1.0.0.0/8, 2.0.0.0/7, 4.0.0.0/6, 8.0.0.0/5, 16.0.0.0/4, 32.0.0.0/3, 64.0.0.0/2, 128.0.0.0/2, 192.0.0.0/3]\n"
    "rules:\n"
    "  - {name: admins, from: office, to: db, from-addresses: 10.20.10.0/28, service: tcp/22, action: allow}\n"
    "  - {name: https, from: web, to: outside, to-addresses: internet, service: tcp/443, action: allow}\n"
    "  - {name: wide, from: office, to: db, from-addresses: 10.20.0.0/16, service: tcp/23, action: allow}\n"
    "  - {name: four, from: web, to: db, to-addresses: 0.0.0.0/0, service: tcp/24, action: allow}\n"
    "  - {name: low-half, from: office, to: db, from-addresses: 10.20.10.0/25, service: tcp/25, action: reject}\n"
    "  - {name: high-half, from: office, to: db, from-addresses: 10.20.10.128/25, service: tcp/25, action: allow}\n"
    "  - {name: pair, from: office, to: db, from-addresses: 10.20.10.0/28, to-addresses: 1.0.0.0/8, service: udp/1,\n"
    "     from-ports: 53, action: ask, otherwise: allow}\n"
    "  - {name: some, from: office, to: db, from-addresses: 10.20.10.0/28, service: tcp/26, action: deny}\n"
    "  - {name: others, from: office, to: db, from-addresses: 10.20.10.16/28, service: tcp/26, action: deny}\n"
    "  - {name: rest, from: office, to: db, service: tcp/26, action: allow}\n"
    "  - {name: hosts, from: web, to: outside, to-addresses: hosts, service: [tcp/27, icmp], action: allow}\n"
    "  - {name: none, from: any, to: db, from-addresses: [10.20.10.0/24, 10.20.10.9], service: tcp/28, action: allow}\n"
    "  - {name: first-half, from: office, to: db, from-addresses: 10.20.10.0/25, service: tcp/29, action: allow}\n"
    "  - {name: second-half, from: office, to: db, from-addresses: 10.20.10.128/25, service: tcp/29, action: deny}\n"
    "  - {name: one-half, from: office, to: db, from-addresses: 10.20.10.0/25, service: tcp/30, action: allow}\n"
    "  - {name: last-half, from: office, to: db, from-addresses: 10.20.10.128/25, service: tcp/30, action: allow}\n"
    "  - {name: four-ah, from: web, to: db, to-addresses: 0.0.0.0/0, service: ah, action: allow}\n"
    "  - {name: own, from: guests, to: guests, from-addresses: 10.0.0.0/8, action: allow}\n";

/* The answer is about those that no rule singles out, and a note says which rules do. */
static void test_rules_for_some_addresses(void)
{
    set_up_with(singling_text);
    check("office", "zone:db", "tcp/22",
          "deny default office>db 6:22\n"
          "rule 1 \"admins\" comes first for some source addresses, and says allow" ADDRESS);
    check("office@10.20.10.7", "zone:db", "tcp/22", "allow admins office>db 6:22\n");
    check("office@10.20.10.77", "zone:db", "tcp/22", "deny default office>db 6:22\n");
    check("web", "outside", "tcp/443",
          "deny default web>outside 6:443\n"
          "rule 2 \"https\" comes first for some destination addresses, and says allow" ADDRESS);
    check("web", "outside@10.0.0.1", "tcp/443", "deny default web>outside 6:443\n");
    check("web", "outside@9.9.9.9", "tcp/443", "allow https web>outside 6:443\n");
    check("office", "zone:db", "tcp/26",
          "allow rest office>db 6:26\n"
          "rule 8 \"some\" comes first for some source addresses, and says deny" ADDRESS
          "rule 9 \"others\" comes first for some source addresses, and says deny" ADDRESS);
    check("office", "zone:db", "udp/1",
          "deny default office>db 17:1\n"
          "rule 7 \"pair\" comes first for some source addresses and ports and destination addresses, and says "
          "ask" ADDRESS);
    check("outside", "zone:db", "tcp/28", "deny default outside>db 6:28\n");
    check("office@10.20.10.77", "zone:db", "udp/1", "deny default office>db 17:1\n");
    check("office@10.20.10.7", "zone:db", "udp/1",
          "deny default office>db 17:1\n"
          "rule 7 \"pair\" comes first for some destination addresses and source ports, and says ask" ADDRESS);
    check_from("office@10.20.10.7", "zone:db@1.1.1.1", "udp/1", "54", "deny default office>db 17:1\n");
    check_from("office@10.20.10.7", "zone:db@1.1.1.1", "udp/1", "53", "allow pair office>db 17:1\n");
    check("guests", "guests", "tcp/1", "deny isolated guests>guests 6:1\n");
    tear_down();
}

static void test_rules_for_all_addresses(void)
{
    set_up_with(singling_text);
    check("office", "zone:db", "tcp/23", "allow wide office>db 6:23\n");
    /* IPv6 is left. */
    check("web", "zone:db", "tcp/24",
          "deny default web>db 6:24 v6\n"
          "rule 4 \"four\" comes first for some destination addresses, and says allow" ADDRESS);
    check("web", "zone:db", "ah",
          "allow four-ah web>db 51:0\nrule 17 \"four-ah\" is for some destination addresses only" ADDRESS
          "this is for IPv4: in IPv6 the switch looks past this header, to the protocol behind it\n");
    check("web@10.0.0.1", "zone:db", "tcp/24", "allow four web>db 6:24\n");
    check("web@fd00::1", "zone:db", "tcp/24", "deny default web>db 6:24 v6\n");
    /* No address is left. */
    check("office", "zone:db", "tcp/25",
          "reject low-half office>db 6:25\n"
          "rule 5 \"low-half\" is for some source addresses only" ADDRESS);
    check("office", "zone:db", "tcp/29",
          "deny second-half office>db 6:29\n"
          "rule 14 \"second-half\" is for some source addresses only" ADDRESS
          "rule 13 \"first-half\" comes first for some source addresses, and says allow" ADDRESS);
    check("office", "zone:db", "tcp/30",
          "allow last-half office>db 6:30\n"
          "rule 16 \"last-half\" is for some source addresses only" ADDRESS
          "rule 15 \"one-half\" comes first for some source addresses, and says allow" ADDRESS);
    /* But for what no host has, and in IPv6. */
    check("web", "outside", "icmp/8",
          "allow hosts web>outside 1:8\nrule 11 \"hosts\" is for some destination addresses only" ADDRESS);
    check("web", "outside", "tcp/27",
          "deny default web>outside 6:27 v6\n"
          "rule 11 \"hosts\" comes first for some destination addresses, and says allow" ADDRESS);
    tear_down();
}

static const char families_text[] =
    "version: 1\n"
    "zones:\n"
    "  outside: {ports: [{name: uplink0}]}\n"
    "  other: {ports: [{name: uplink1}]}\n"
    "  full: {ports: [{name: uplink2}]}\n"
    "  web: {ports: [{name: 'vnet-web*'}]}\n"
    "  office: {behind: outside, addresses: [10.1.0.0/16, 'fd01::/16']}\n"
    "  campus6: {behind: outside, addresses: ['fd06::/16']}\n"
    "  campus4: {behind: outside, addresses: [10.4.0.0/16]}\n"
    "  branch: {behind: other, addresses: [10.4.0.0/16, 10.1.0.0/24]}\n"
    "  taken: {behind: outside, addresses: [10.9.0.0/16, 'fd09::/16']}\n"
    "  taker: {behind: outside, addresses: [10.9.0.0/17, 10.9.128.0/17]}\n"
    "  all: {behind: full, addresses: [0.0.0.0/0, '::/0']}\n"
    "rules:\n"
    "  - {name: forbid, from: [office, campus6], to: [office, campus6], service: tcp/80, action: deny}\n"
    "  - {name: permit, from: office, to: outside, service: tcp/80, action: allow}\n"
    "  - {name: together, from: [office, campus6], to: [office, campus6], service: tcp/81, action: allow}\n"
    "  - {name: apart, from: office, to: outside, service: tcp/81, action: deny}\n";

/* What was not named is of a family that both ends have. */
static void test_families(void)
{
    set_up_with(families_text);
    check("office", "campus6", "tcp/80", "deny forbid office>campus6 6:80 v6\n");
    check("campus6", "office", "tcp/80", "deny forbid campus6>office 6:80 v6\n");
    check("office", "campus6", "tcp/81", "allow together office>campus6 6:81 v6\n");
    check("office", "office", "tcp/81", "allow together office>office 6:81\n");
    check("web", "campus6", "tcp/1", "deny default web>campus6 6:1 v6\n");
    check("taken", "web", "tcp/1", "deny default taken>web 6:1 v6\n");
    check("nowhere", "campus6", "tcp/1",
          "deny no-zone ->campus6 6:1 v6\nport \"nowhere\" has no zone: no zone selects it\n");
    check("campus4", "campus6", "tcp/1",
          "zone \"campus4\" and zone \"campus6\" have addresses of different families: nothing passes between them\n");
    check("office@10.1.0.1", "campus6", "tcp/1",
          "zone \"campus6\" has no IPv4 address of its own: look at the addresses and the service\n");
    check("campus4", "office", "icmpv6/128",
          "zone \"campus4\" has no IPv6 address of its own: look at the addresses and the service\n");
    check("taken", "web", "icmp/8",
          "zone \"taken\" has no IPv4 address of its own: look at the addresses and the service\n");
    check("web", "full", "tcp/1",
          "zone \"full\" has no address of its own: other zones behind \"full\" have them all\n");
    check("web", "full@10.0.0.1", "tcp/1",
          "deny default web>all 6:1\nthis address is in zone \"all\", not in \"full\"\n");
    tear_down();
}

static void test_one_address_in_two_places(void)
{
    set_up_with(families_text);
    check("10.4.0.1", "web", "tcp/1",
          "10.4.0.1 is in zone \"campus4\" behind \"outside\" and in zone \"branch\" behind \"other\": say which is "
          "meant, as in campus4@10.4.0.1\n");
    check("web", "10.1.0.1", "tcp/1", "deny default web>branch 6:1\n");
    check("web", "10.1.1.1", "tcp/1", "deny default web>office 6:1\n");
    check("branch@10.4.0.1", "web", "tcp/1", "deny default branch>web 6:1\n");
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
             {"rules for some of the addresses that were not named", test_rules_for_some_addresses},
             {"rules for all addresses that were not named", test_rules_for_all_addresses},
             {"a family that both ends have", test_families},
             {"one address in two places", test_one_address_in_two_places},
             {"questions without meaning", test_questions_without_meaning})
