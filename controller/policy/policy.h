/* SPDX-License-Identifier: Apache-2.0 */
/* policy - what an administrator wrote, checked and resolved.
 *
 * A policy is a value: the reader builds it whole in one pool, nobody changes it afterwards, and it is freed in one
 * go when its last reference goes.  Names are resolved to pointers; what the file left unsaid is filled in.  Nothing
 * here knows a switch: ports come in as 'struct zw_port' (ovs-ext/inventory.h).
 *
 * Thread-safe to read.  References are counted atomically. */

#ifndef ZW_POLICY_POLICY_H
#define ZW_POLICY_POLICY_H 1

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "controller/base/problems.h"
#include "ovs-ext/ct-timeouts.h"
#include "ovs-ext/packet-key.h"

struct zw_port;

#define ZW_POLICY_FORMAT 1 /* 'version:' in the file. */
#define ZW_POLICY_MAX_SESSIONS 100000000
#define ZW_POLICY_MAX_SIZE (64u * 1024 * 1024) /* Bytes of all files together. */
#define ZW_POLICY_MAX_FILES 1000               /* In a directory. */
#define ZW_POLICY_MAX_RULES 200000
#define ZW_POLICY_MAX_ALONE 60000      /* So many have a priority of their own in OpenFlow's 16 bits (placement.h). */
#define ZW_POLICY_MAX_READ_AGAIN 20000 /* Changed rules, until all are read afresh: till then, all stay in memory. */
/* That the rules of a policy become (flow-count.h); beyond, it is refused before it is in force anywhere: a file of some
 * kilobytes can ask for more than there is memory.  As many are in force some ten seconds after they are sent; of a third
 * more, the bundle would be larger than what may wait for the switch (ZW_SWITCH_MAX_OUTBUF). */
#define ZW_POLICY_MAX_FLOWS 1000000u
#define ZW_SERVICE_MAX_ITEMS 1000 /* Alternatives of one service. */
#define ZW_VALUE_MAX 255          /* Bytes of a selector's key or value. */
#define ZW_BINDINGS_MAX 64u       /* MAC addresses, and IP addresses, that a port is bound to. */
#define ZW_NAME_MAX 63            /* Bytes of a zone's, set's, service's or rule's name. */

enum zw_action {
    ZW_ALLOW,
    ZW_DENY,   /* Without a word. */
    ZW_REJECT, /* And the sender is told: a TCP reset, or an ICMP error. */
    ZW_ASK,
};
enum zw_log_level {
    ZW_LOG_NONE,    /* Nothing. */
    ZW_LOG_DENIED,  /* Denials, and whatever the slow path decided. */
    ZW_LOG_SESSION, /* Denials and every session that was let in. */
};

/* A set of addresses; of both families, without duplicates, sorted (IPv4 first, then by bytes, then by length). */
struct zw_prefixes {
    struct zw_prefix *list;
    size_t n;
};

enum zw_selector_type { ZW_SELECT_NAME, ZW_SELECT_IFACE_ID, ZW_SELECT_EXTERNAL_ID, ZW_SELECT_MAC };

/* Inclusive; 0: untagged packets. */
struct zw_vlan_range {
    uint16_t first, last;
};
#define ZW_N_VLANS 4096u

/* One way to say which ports are meant.  All of a zone's selectors are alternatives. */
struct zw_selector {
    enum zw_selector_type type;
    const char *key;   /* ZW_SELECT_EXTERNAL_ID: the key. */
    const char *value; /* NAME: a shell pattern (fnmatch(3), no flags).  Else the exact value; MAC: in lower case. */
    struct zw_vlan_range *vlans; /* Of the ports, only these; sorted, apart. */
    size_t n_vlans;              /* 0: every VLAN that no other zone claims by name. */
    int line;                    /* For messages. */
    struct zw_mac *macs;         /* What a port that is selected so may send from, if its zone has a guard; sorted. */
    struct zw_addr *addresses;   /* The same. */
    size_t n_macs, n_addresses;
};

/* What a zone's ports may say that they are; all false: anything.  controller/policy/binding.h. */
struct zw_guard {
    bool is_on;
    bool mac, ip;                /* Only from the MAC addresses, and IP addresses, that the port is bound to. */
    bool learns_dhcp, learns_nd; /* IP addresses are bound by what DHCP gives, or neighbour discovery claims, too. */
    bool allows_dhcp_server, allows_router; /* What a DHCP server says is learned from where one is allowed. */
    struct zw_prefixes learn_addresses;     /* Only these are learned; n == 0: any. */
    const char *learn_file;                 /* Where the policy says what is learned; NULL: nowhere. */
    int learn_line, learn_column;
};

/* Whether IP fragments come in from a zone's ports.  By default where the datapath can be trusted with them, which is the
 * kernel's: OVS 3.1's userspace datapath can be ended by some tens of them (doc/pipeline.md, GUARD). */
enum zw_fragments { ZW_FRAGMENTS_BY_DATAPATH, ZW_FRAGMENTS_ALLOW, ZW_FRAGMENTS_DENY };

struct zw_zone {
    const char *name;
    uint32_t id; /* zw_zone_id(name): the same on every host and for ever.  Never 0. */
    struct zw_selector *selectors;
    size_t n_selectors;
    const struct zw_zone *behind; /* NULL: a zone of ports.  Else a zone of ports that carries these addresses. */
    struct zw_prefixes addresses; /* Only of a zone 'behind' another. */
    struct zw_guard guard;        /* Only of a zone of ports. */
    bool is_isolated;             /* Only of a zone of ports: they exchange nothing with each other. */
    enum zw_fragments fragments;  /* Only of a zone of ports. */
    bool trusts_external_id;      /* external_ids:zone of an Interface may put it here. */
    int line;
};

/* One alternative of a service.  Ranges are inclusive. */
struct zw_service_item {
    uint16_t eth_type;    /* Not IP, but packets of this EtherType, each by itself; the rest is 0 then.  0: IP. */
    uint8_t proto;        /* IPPROTO_*. */
    uint8_t family;       /* ZW_IPV4 for icmp, ZW_IPV6 for icmpv6, 0: both. */
    bool any_ports;       /* No port or type was named. */
    uint16_t first, last; /* TCP, UDP, SCTP: destination ports.  ICMP: the type (first == last). */
    int code;             /* ICMP: the code, or -1 for any. */
};

/* Alternatives; n == 0 means any IP packet. */
struct zw_service {
    struct zw_service_item *items;
    size_t n;
};

struct zw_port_range {
    uint16_t first, last; /* Inclusive. */
};

/* n == 0 means any port.  Else sorted, neither overlapping nor touching. */
struct zw_port_ranges {
    struct zw_port_range *list;
    size_t n;
};

/* n == 0 means any zone. */
struct zw_zone_set {
    const struct zw_zone **list; /* Sorted by name, no duplicates. */
    size_t n;
};

struct zw_rule {
    uint32_t number;   /* From 1, in the order of the file: first match wins. */
    uint32_t id;       /* From 1, for as long as the rule exists; in flows and labels (placement.h). */
    uint16_t priority; /* In stage POLICY: the higher the earlier. */
    bool is_named;     /* The file gives it a name; else */
    const char *name;  /* it is "rule-N".  Unique. */
    struct zw_zone_set from, to;
    struct zw_prefixes from_addresses, to_addresses; /* n == 0: any. */
    struct zw_service service;
    struct zw_port_ranges from_ports; /* Source ports; n != 0 only if every item of 'service' has ports. */
    enum zw_action action;
    enum zw_action otherwise; /* ZW_ASK: any but ZW_ASK, if nothing else decides. */
    enum zw_log_level log;
    const char *file;
    int line;
    int service_below, service_column; /* Lines below 'line', and column, of what "service" says. */
    uint32_t n_flows;                  /* That it becomes, or some more (flow-count.h).  Follows from the rest. */
};

/* What opens a TCP session. */
enum zw_pickup {
    ZW_PICKUP_STRICT, /* A bare SYN. */
    ZW_PICKUP_LOOSE,  /* Also a packet from its middle, for sessions that the switch has forgotten. */
};

struct zw_policy {
    uint32_t version;       /* Given by the policy store; 0: none yet. */
    char sha256[65];        /* Hexadecimal, of the sources. */
    uint32_t zones_digest;  /* Of the zones and all that they say: policies with other zones have another one. */
    struct zw_zone **zones; /* In the order of the file. */
    size_t n_zones;
    struct zw_rule *rules; /* rules[i].number == i + 1. */
    size_t n_rules;
    enum zw_action default_action; /* Any but ZW_ASK: where no rule matches ("rule 0", named "default"). */
    enum zw_log_level default_log;
    enum zw_pickup pickup;
    bool logs_drops;                /* What is dropped before a rule is asked is recorded, too. */
    struct zw_ct_timeouts timeouts; /* 0: not given. */
    uint32_t max_sessions;          /* In each conntrack zone; 0: as many as there is room for. */
    uint32_t next_rule_id;          /* Not given yet in the history of this policy. */
    uint32_t rule_ids_since;        /* Of labels of older versions no id is known. */
    /* Private: pool, reference count, name index. */
    struct zw_policy_private *private_;
};

/* A text to read and the name that its problems are reported under. */
struct zw_policy_source {
    const char *name;
    const char *text; /* Those that are loaded or stored have a NUL behind them, and none within if they can be read. */
    size_t size;
};

/* Reads a policy from 'n' sources, which together make one policy: zones, sets, services and rules add up in order,
 * 'defaults' may be given once.  NULL if there are problems, each of which is added to 'problems'. */
struct zw_policy *zw_policy_read(const struct zw_policy_source *, size_t n, struct zw_problems *problems);

/* The same, for sources of which 'previous' was read from an earlier state ('old'): gives what zw_policy_read() gives, and
 * says the same problems, but where only some rules differ reads no more than these. */
struct zw_policy *zw_policy_read_change(const struct zw_policy *previous, const struct zw_policy_source *old,
                                        size_t n_old, const struct zw_policy_source *, size_t n,
                                        struct zw_problems *problems);

/* What is no mistake and yet hardly meant, each as "warning: ..." with its place. */
void zw_policy_warn(const struct zw_policy *, struct zw_problems *warnings);

/* The sources at 'path': that file, or all "*.yaml" of that directory in the order of their names.  Returns 0 or a
 * positive errno (with a problem added).  Free with zw_policy_sources_free(). */
int zw_policy_sources_load(const char *path, struct zw_policy_source **, size_t *n, struct zw_problems *);
void zw_policy_sources_free(struct zw_policy_source *, size_t n);

struct zw_policy *zw_policy_ref(const struct zw_policy *);
void zw_policy_unref(struct zw_policy *); /* NULL is fine. */

/* The policy in its normal form: YAML that reads back as an equal policy.  Caller frees. */
char *zw_policy_format(const struct zw_policy *);
/* Its section "zones" alone, with the addresses that sets stand for. */
char *zw_policy_format_zones(const struct zw_policy *);

/* Whether two policies are the same but for rules, version and ids because one was made of the other.  False does not say
 * that they differ. */
bool zw_policy_same_frame(const struct zw_policy *, const struct zw_policy *);

const struct zw_zone *zw_policy_zone_by_name(const struct zw_policy *, const char *name);
const struct zw_zone *zw_policy_zone_by_id(const struct zw_policy *, uint32_t id);
/* Rule 0 is the default: NULL. */
const struct zw_rule *zw_policy_rule(const struct zw_policy *, uint32_t number);
const struct zw_rule *zw_policy_rule_by_id(const struct zw_policy *, uint32_t id); /* The same by id. */

/* A name's number in registers and conntrack labels: 32 bits of its SHA-256, never 0.  The reader refuses two zones
 * with one number. */
uint32_t zw_zone_id(const char *name);

const char *zw_action_name(enum zw_action);       /* "allow", "deny", "reject", "ask". */
const char *zw_log_level_name(enum zw_log_level); /* "none", "denied", "session". */
/* "tcp/80", "icmp/8", "ospf", "any" for n == 0; alternatives with ", ".  Caller frees. */
char *zw_service_format(const struct zw_service *);
/* Reads "tcp/80", "udp/53-60", "icmp/8", "icmpv6/128", "icmp", "gre", "proto/89": one item of the policy language.
 * Returns NULL, or a text that says what was expected (constant). */
const char *zw_service_item_parse(const char *, struct zw_service_item *);

/* Reads "53" or "1024-65535".  Returns NULL, or a text that says what was expected (constant). */
const char *zw_port_range_parse(const char *, struct zw_port_range *);

/* How a port came to its zone, or why it has none. */
#define ZW_MEMBERSHIPS                                                                \
    ZW_MEMBERSHIP(NONE, "no zone selects it")                                         \
    ZW_MEMBERSHIP(SELECTOR, "selected by the zone")                                   \
    ZW_MEMBERSHIP(EXTERNAL_ID, "external_ids:zone")                                   \
    ZW_MEMBERSHIP(CONFLICT, "more than one zone claims it")                           \
    ZW_MEMBERSHIP(UNTRUSTED, "external_ids:zone names a zone that does not trust it") \
    ZW_MEMBERSHIP(UNKNOWN, "external_ids:zone names a zone that does not exist")
enum zw_membership {
#define ZW_MEMBERSHIP(NAME, TEXT) ZW_MEMBERSHIP_##NAME,
    ZW_MEMBERSHIPS
#undef ZW_MEMBERSHIP
};
const char *zw_membership_text(enum zw_membership);

/* Whether 'port' is one that the selector means, in whichever VLANs. */
bool zw_selector_selects(const struct zw_selector *, const struct zw_port *port);

/* Whose a port is in a run of VLANs. */
struct zw_claim {
    uint16_t first, last;
    const struct zw_zone *zone; /* NULL: nobody's, and nothing passes. */
    enum zw_membership membership;
    const struct zw_zone *claimants[2]; /* In a conflict, two zones that claim it there; else NULLs. */
};

/* All VLANs of 'port', 0 to 4095, in runs; whether it carries them is another question.  Returns how many, at least one; the
 * caller frees '*claims'.
 *
 * In each VLAN: the zone with a selector that names this VLAN; else the one with a selector that names none, or that a
 * trusted external_ids:zone names (if these are two, it is a conflict).  Two zones that name one VLAN are a conflict
 * there.  With an untrusted or unknown external_ids:zone a selector still counts. */
size_t zw_policy_claims(const struct zw_policy *, const struct zw_port *, struct zw_claim **claims);

/* The same for the VLANs that 'port' carries: one claim for all VLANs if it is the same in each that it carries, else only
 * what it carries. */
size_t zw_policy_carried_claims(const struct zw_policy *, const struct zw_port *, struct zw_claim **claims);

/* The zone of 'port' in one VLAN, or NULL; 'claim' (may be NULL) says more. */
const struct zw_zone *zw_policy_zone_of_port(const struct zw_policy *, const struct zw_port *, unsigned int vlan,
                                             struct zw_claim *claim);

#endif
