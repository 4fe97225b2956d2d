/* SPDX-License-Identifier: Apache-2.0 */
/* pipeline - the map of the fast path: tables, registers, label, cookies, priorities.
 *
 * One header that the compiler, the slow path, the documentation (doc/pipeline.md) and the tests share.  Nothing else
 * in the project writes a table number, a register number or a bit position.
 *
 * How to think about it: a packet enters at CLASSIFY and leaves at OUTPUT.  Each stage settles one thing, leaves it in
 * a register and goes on to the next; a stage that cannot settle it drops.  A packet with several destinations is
 * cloned at DELIVER, and from there each copy is judged by itself.  IP passes ct() once, at CONNTRACK; what finds behind it
 * that the zones have changed begins again (flag AGAIN). */

#ifndef ZW_OVS_PIPELINE_H
#define ZW_OVS_PIPELINE_H 1

#include <stdint.h>

/*           number  name         what it settles, and where it leaves that */
/* clang-format off */
#define ZW_STAGES                                                                         \
    ZW_STAGE( 0, CLASSIFY,    "source zone, segment and conntrack zone, from port and VLAN tag") \
    ZW_STAGE( 1, GUARD,       "no sender, protocol or destination that is never right")   \
    ZW_STAGE( 2, BINDING,     "no sender but the port's own")                             \
    ZW_STAGE( 3, SOURCE,      "the zone behind the port, from the source address")        \
    ZW_STAGE( 4, DESTINATION, "learns the sender's MAC address, looks up the receiver's") \
    ZW_STAGE( 5, MACS,        "MAC address and segment to output port; most of it learned") \
    ZW_STAGE( 6, DELIVER,     "one receiver, or a copy for each port of the segment")     \
    ZW_STAGE( 7, TARGET,      "destination zone, from the output port; never back")       \
    ZW_STAGE( 8, REMOTE,      "the zone behind the port, from the destination address")   \
    ZW_STAGE( 9, CONNTRACK,   "ARP and ND go on; IP passes ct()")                         \
    ZW_STAGE(10, STATE,       "packets of a session go on, a new session is judged")      \
    ZW_STAGE(11, NEW,         "the version of the policy that judges")                    \
    ZW_STAGE(12, POLICY,      "rule and verdict")                                         \
    ZW_STAGE(13, VERDICT,     "logs, asks the slow path, denies")                         \
    ZW_STAGE(14, COMMIT,      "an allowed session enters conntrack, with its label")      \
    ZW_STAGE(15, OUTPUT,      "to the port, with the VLAN tag it carries")
/* clang-format on */

enum zw_stage {
#define ZW_STAGE(NUMBER, NAME, TEXT) ZW_STAGE_##NAME = NUMBER,
    ZW_STAGES
#undef ZW_STAGE
        ZW_N_STAGES
};

/*         number  name         what it holds */
/* clang-format off */
#define ZW_REGS                                                                     \
    ZW_REG(0, SRC_ZONE, "id of the source zone")                                    \
    ZW_REG(1, DST_ZONE, "id of the destination zone")                               \
    ZW_REG(2, SEGMENT,  "VLAN of the L2 segment, 0 if untagged")                    \
    ZW_REG(3, OUT_PORT, "OpenFlow port that the packet goes to, 0: not known")      \
    ZW_REG(4, RULE,     "id of the rule, 0: the default")                       \
    ZW_REG(5, VERSION,  "policy version")                                           \
    ZW_REG(6, CT_ZONE,  "conntrack zone")                                           \
    ZW_REG(7, FLAGS,    "verdict, and how to treat it")                             \
    ZW_REG(8, ZONES,    "digest of the zones that it was classified by")            \
    ZW_REG(9, SERVICE,  "protocol and destination port of what rules judge")
/* clang-format on */

enum zw_reg {
#define ZW_REG(NUMBER, NAME, TEXT) ZW_REG_##NAME = NUMBER,
    ZW_REGS
#undef ZW_REG
        ZW_N_REGS
};

/* Fields of the FLAGS register.  First bit, bits. */
/* clang-format off */
#define ZW_FLAG_FIELDS                                                                     \
    ZW_FLAG(VERDICT,   0, 2, "1 allow, 2 deny, 3 ask")                                     \
    ZW_FLAG(LOG,       2, 1, "a copy of the packet goes to the log")                       \
    ZW_FLAG(SLOW,      3, 1, "the slow path gave the verdict")                             \
    ZW_FLAG(STATELESS, 4, 1, "each packet is judged: to several receivers, or not tracked") \
    ZW_FLAG(PCP,       5, 3, "priority in the VLAN tag that CLASSIFY took off")            \
    ZW_FLAG(COPY,      8, 1, "for a receiver that may be elsewhere: opens no session")     \
    ZW_FLAG(BOUND,     9, 2, "how far stage BINDING has come")                             \
    ZW_FLAG(REJECT,   11, 1, "with deny: the sender is told")                              \
    ZW_FLAG(DROPPED,  12, 1, "with deny: not by a rule; register RULE has the reason's number (ZW_DROPS)") \
    ZW_FLAG(TAGGED,   13, 1, "CLASSIFY took a tag off that named its VLAN")                                \
    ZW_FLAG(AGAIN,    14, 2, "sent back to CLASSIFY, because zones had changed: 1 once, 3 twice")           \
    ZW_FLAG(LONG,     16, 2, "its frame is longer than the neighbour discovery in it: 1, and 3 behind ct()") \
    ZW_FLAG(NO_SERVER, 18, 1, "its port may be no DHCP server")                                             \
    ZW_FLAG(NO_ROUTER, 19, 1, "its port may be no router")                                                 \
    ZW_FLAG(THROUGH,   20, 1, "between COMMIT and OUTPUT it passed ct()")
/* clang-format on */

enum {
#define ZW_FLAG(NAME, FIRST, BITS, TEXT) \
    ZW_FLAG_##NAME##_FIRST = FIRST, ZW_FLAG_##NAME##_BITS = BITS, ZW_FLAG_##NAME##_MASK = ((1 << BITS) - 1) << FIRST,
    ZW_FLAG_FIELDS
#undef ZW_FLAG
};

/* Values of AGAIN: a bit for each time. */
enum zw_flag_again { ZW_FLAG_NOT_AGAIN = 0, ZW_FLAG_ONCE_AGAIN = 1, ZW_FLAG_TWICE_AGAIN = 3 };

enum zw_flag_long { ZW_FLAG_LONGER = 1, ZW_FLAG_LONGER_ALONE = 3 };

enum zw_flag_verdict { ZW_FLAG_ALLOW = 1, ZW_FLAG_DENY = 2, ZW_FLAG_ASK = 3 };

/* Fields of the SERVICE register.  It says of IPv4 and IPv6, and of TCP, UDP and SCTP, in one way what a packet says in several: so
 * a rule needs one flow for both families, and the switch fewer masks. */
/* clang-format off */
#define ZW_SERVICE_FIELDS                                                            \
    ZW_SERVICE(PORT,   0, 16, "destination port of TCP, UDP and SCTP; else 0")       \
    ZW_SERVICE(PROTO, 16,  8, "IP protocol; of IPv6 that behind extension headers")
/* clang-format on */

enum {
#define ZW_SERVICE(NAME, FIRST, BITS, TEXT)                             \
    ZW_SERVICE_##NAME##_FIRST = FIRST, ZW_SERVICE_##NAME##_BITS = BITS, \
    ZW_SERVICE_##NAME##_MASK = ((1 << BITS) - 1) << FIRST,
    ZW_SERVICE_FIELDS
#undef ZW_SERVICE
};

/* Fields of the 128-bit conntrack label: who let the session in.  First bit (0 is the least significant), bits. A
 * session is honoured only between the two zones that it was let in for. */
/* clang-format off */
#define ZW_LABEL_FIELDS                                     \
    ZW_LABEL(ALLOWED,    0,  1, "the session was let in")   \
    ZW_LABEL(SLOW,       1,  1, "by the slow path")         \
    ZW_LABEL(LOGGED,     2,  1, "the log was told")         \
    ZW_LABEL(RULE,       8, 24, "id of the rule")       \
    ZW_LABEL(VERSION,   32, 32, "policy version")           \
    ZW_LABEL(SRC_ZONE,  64, 32, "id of the source zone")    \
    ZW_LABEL(DST_ZONE,  96, 32, "id of the destination zone")
/* clang-format on */

enum {
#define ZW_LABEL(NAME, FIRST, BITS, TEXT) ZW_LABEL_##NAME##_FIRST = FIRST, ZW_LABEL_##NAME##_BITS = BITS,
    ZW_LABEL_FIELDS
#undef ZW_LABEL
};

/* Fields of the 32-bit conntrack mark: the ports that the session was let in at.  No flow matches it.  It tells, when a port
 * has gone to another zone, which sessions are that port's (controller/daemon/sweep.h). */
/* clang-format off */
#define ZW_MARK_FIELDS                                                    \
    ZW_MARK(IN_PORT,   0, 16, "OpenFlow port that it was opened from")    \
    ZW_MARK(OUT_PORT, 16, 16, "OpenFlow port that it was opened to")
/* clang-format on */

enum {
#define ZW_MARK(NAME, FIRST, BITS, TEXT) ZW_MARK_##NAME##_FIRST = FIRST, ZW_MARK_##NAME##_BITS = BITS,
    ZW_MARK_FIELDS
#undef ZW_MARK
};

/* Cookies: what a flow is for.  Bits 63..56: ZW_COOKIE_MAGIC, so that nobody else's flow is taken for ours; 55..48:
 * kind; 31..0: what the kind says.
 *
 * They carry no policy version: a new version would change every cookie and with it every flow.  The one flow of
 * stage NEW carries it, and every verdict and label gets it from there. */
#define ZW_COOKIE_MAGIC 0x5au
/* clang-format off */
#define ZW_COOKIE_KINDS                                                   \
    ZW_COOKIE(STATIC, "part of every pipeline")                           \
    ZW_COOKIE(PORT,   "for a port; low bits: its OpenFlow number")        \
    ZW_COOKIE(ZONE,   "for a zone; low bits: its id")                     \
    ZW_COOKIE(RULE,   "for a rule; low bits: its id, 0: the default")     \
    ZW_COOKIE(LEARNED, "a learned MAC address; low bits: its OpenFlow port") \
    ZW_COOKIE(PUNT,   "sends packets up; low byte: why; the next: why else, or 0") \
    ZW_COOKIE(DROP,   "drops; bits 31..16: why, 15..0: for which OpenFlow port, 0: any")
/* clang-format on */

enum zw_cookie_kind {
#define ZW_COOKIE(NAME, TEXT) ZW_COOKIE_##NAME,
    ZW_COOKIE_KINDS
#undef ZW_COOKIE
};

static inline uint64_t zw_cookie(enum zw_cookie_kind kind, uint32_t value)
{
    return (uint64_t)ZW_COOKIE_MAGIC << 56 | (uint64_t)kind << 48 | value;
}

static inline int zw_cookie_is_ours(uint64_t cookie)
{
    return cookie >> 56 == ZW_COOKIE_MAGIC;
}

static inline enum zw_cookie_kind zw_cookie_kind(uint64_t cookie)
{
    return (enum zw_cookie_kind)(cookie >> 48 & 0xff);
}

static inline uint32_t zw_cookie_value(uint64_t cookie)
{
    return (uint32_t)cookie;
}

/* Why a packet is dropped, other than by a rule.  Each has flows of its own, so that the switch counts it. */
/*         number  name         as people read it    why */
/* clang-format off */
#define ZW_DROPS                                                                                        \
    ZW_DROP( 1, NO_ZONE,       "no-zone",       "it comes from a port that belongs to no zone")         \
    ZW_DROP( 2, VLAN,          "vlan",          "its VLAN is none that the port carries and has a zone in") \
    ZW_DROP( 3, GROUP_SOURCE,  "group-source",  "its source MAC address is a group")                    \
    ZW_DROP( 4, LINK_LOCAL,    "link-local",    "it is for bridges only: spanning tree, LLDP, LACP")    \
    ZW_DROP( 5, DOUBLE_TAG,    "double-tag",    "it has a second VLAN tag")                             \
    ZW_DROP( 6, BACK,          "back",          "its receiver is known to be where it comes from")      \
    ZW_DROP( 7, NO_RECEIVER,   "no-receiver",   "its receiver's port is gone or has no zone")           \
    ZW_DROP( 8, ETHERTYPE,     "ethertype",     "it is neither ARP nor IP")                             \
    ZW_DROP( 9, GROUP_TCP,     "group-tcp",     "it is TCP to several receivers")                       \
    ZW_DROP(10, INVALID,       "invalid",       "conntrack calls it invalid")                           \
    ZW_DROP(11, RELATED,       "related",       "it is an error about no session that was let in")      \
    ZW_DROP(12, NOT_SYN,       "not-syn",       "it is TCP of no session and does not open one")        \
    ZW_DROP(13, OTHER_ZONES,   "other-zones",   "its session was not let in between these zones")       \
    ZW_DROP(14, FRAGMENT,      "fragment",      "it is a fragment of no session")                       \
    ZW_DROP(15, QUIET_DENIAL,  "quiet-denial",  "a rule that does not log denies it")                   \
    ZW_DROP(16, NO_VERDICT,    "no-verdict",    "it came back from the slow path without a verdict")    \
    ZW_DROP(17, OTHER_SEGMENT, "other-segment", "its receiver's port does not carry its VLAN")      \
    ZW_DROP(18, BROADCAST_SOURCE, "broadcast-source", "its source address is the broadcast address")    \
    ZW_DROP(19, MULTICAST_SOURCE, "multicast-source", "its source address is a group")                  \
    ZW_DROP(20, LOOPBACK_SOURCE, "loopback-source", "its source address is 127.0.0.0/8")                \
    ZW_DROP(21, RESERVED_SOURCE, "reserved-source", "its source address is no host's: 0.0.0.0/8, 240.0.0.0/4, ::/16") \
    ZW_DROP(22, ARP_SENDER,    "arp-sender",    "its ARP sender is a group, loopback or reserved")      \
    ZW_DROP(23, ND_FRAGMENT,   "nd-fragment",   "it is neighbour discovery in fragments")               \
    ZW_DROP(24, ND_UNREADABLE, "nd-unreadable", "it is neighbour discovery that cannot be read")        \
    ZW_DROP(25, IP_UNREADABLE, "ip-unreadable", "it ends within its headers, or looks so: ports 0, type 0") \
    ZW_DROP(26, NO_BINDING,    "no-binding",    "its port's guard binds addresses, and it has none")    \
    ZW_DROP(27, MAC_SOURCE,    "mac-source",    "its source MAC address is not the port's")             \
    ZW_DROP(28, IP_SOURCE,     "ip-source",     "its source IP address is not the port's")              \
    ZW_DROP(29, ARP_MAC,       "arp-mac",       "its ARP sender has a MAC address that is not the port's") \
    ZW_DROP(30, ARP_IP,        "arp-ip",        "its ARP sender has an IP address that is not the port's") \
    ZW_DROP(31, ND_MAC,        "nd-mac",        "its neighbour discovery gives a MAC address that is not the port's") \
    ZW_DROP(32, ND_TARGET,     "nd-target",     "its neighbour discovery claims an address that is not the port's") \
    ZW_DROP(33, DHCP_SERVER,   "dhcp-server",   "it is from a DHCP server where none may be")           \
    ZW_DROP(34, ROUTER,        "router",        "it is from a router where none may be")                \
    ZW_DROP(35, LAND,          "land",          "its source is its receiver's own address")                 \
    ZW_DROP(36, RESERVED_DESTINATION, "reserved-destination", "no host has the address that it goes to") \
    ZW_DROP(37, HEADER_FRAGMENT, "header-fragment", "it is a first fragment that ends before its ports or its type") \
    ZW_DROP(38, FULL,          "full",          "its segment has as many sessions as the policy allows") \
    ZW_DROP(39, ZONES_CHANGED, "zones-changed", "the policy's zones changed again and again while it was on its way")      \
    ZW_DROP(40, ISOLATED,      "isolated",      "it goes from one port of an isolated zone to another")        \
    ZW_DROP(41, ARP_UNREADABLE, "arp-unreadable", "it is ARP that is not about Ethernet and IPv4, or asks for nothing known") \
    ZW_DROP(42, FRAGMENT_REFUSED, "fragment-refused", "it is a fragment, and the zone of its port lets none in")
/* clang-format on */

enum zw_drop {
#define ZW_DROP(NUMBER, NAME, WORD, TEXT) ZW_DROP_##NAME = NUMBER,
    ZW_DROPS
#undef ZW_DROP
};

/* 'ofport' 0: not of one port. */
static inline uint64_t zw_drop_cookie(enum zw_drop drop, uint16_t ofport)
{
    return zw_cookie(ZW_COOKIE_DROP, (uint32_t)drop << 16 | ofport);
}

static inline enum zw_drop zw_cookie_drop(uint64_t cookie)
{
    return (enum zw_drop)(zw_cookie_value(cookie) >> 16);
}

static inline uint16_t zw_cookie_drop_port(uint64_t cookie)
{
    return (uint16_t)cookie;
}

/* Why a packet comes up: the first byte of the packet-in's userdata. */
/* clang-format off */
#define ZW_PUNTS                                                    \
    ZW_PUNT(1, ASK,     "paused: the slow path gives the verdict")  \
    ZW_PUNT(2, SESSION, "a copy: the fast path let a session in")   \
    ZW_PUNT(3, DENIED,  "a copy: the fast path denied a packet")    \
    ZW_PUNT(4, REJECT,  "a copy: the sender is to be told that it is refused") \
    ZW_PUNT(5, DROPPED, "a copy: the fast path dropped a packet, and not by a rule") \
    ZW_PUNT(6, LEARN,   "a copy: who has an address")
/* clang-format on */

enum zw_punt {
#define ZW_PUNT(NUMBER, NAME, TEXT) ZW_PUNT_##NAME = NUMBER,
    ZW_PUNTS
#undef ZW_PUNT
};

enum { /* From 1 on, without holes. */
#define ZW_PUNT(NUMBER, NAME, TEXT) +1
       ZW_N_PUNTS = 0 ZW_PUNTS
#undef ZW_PUNT
};

/* 'other' 0: the flow sends up one copy. */
static inline uint64_t zw_punt_cookie(enum zw_punt punt, uint32_t other)
{
    return zw_cookie(ZW_COOKIE_PUNT, punt | other << 8);
}

/* Whether each packet of a flow with that cookie, one of ours, is sent up for that reason. */
static inline int zw_cookie_punts(uint64_t cookie, enum zw_punt punt)
{
    return zw_cookie_kind(cookie) == ZW_COOKIE_PUNT && ((uint8_t)cookie == punt || (uint8_t)(cookie >> 8) == punt);
}

/* Rules have a priority each in stage POLICY, with gaps between them: from FIRST, the highest, down to LAST. */
#define ZW_PRIORITY_RULE_FIRST 65000u
#define ZW_PRIORITY_RULE_LAST 101u
#define ZW_PRIORITY_DEFAULT 10

/* Conntrack zones: a bridge's index (from 1) and the segment.  Sessions of two segments never meet, even if a VM routes
 * between them, nor do those of two bridges that share a datapath. */
#define ZW_CT_ZONE_BRIDGE_SHIFT 12
#define ZW_MAX_BRIDGES 15u

#define ZW_CONTROLLER_ID 0x5a57u       /* Whose packet-ins are ours; */
#define ZW_LEARN_CONTROLLER_ID 0x5a58u /* those for ZW_PUNT_LEARN have a queue of their own, which no others fill. */
#define ZW_COPY_MAX_LEN 128u           /* Bytes of a packet that is copied for the log: all headers that it shows. */
#define ZW_PAUSE_MAX_LEN 65535u        /* A paused packet comes whole: it goes on from what is sent back. */
#define ZW_COPY_METER_ID 0x5a57u       /* Bounds the copies of packets that are judged one by one, */
#define ZW_DROP_METER_ID 0x5a59u /* and, so that nobody can hide these behind others, of those that no rule dropped. */
#define ZW_COPY_METER_PPS 1000u  /* Copies a second of either, for a bridge; the rest is counted as a gap. */
/* What is quoted of a rejected packet: Ethernet and the least MTU of IPv6 without the headers around (RFC 4443, 2.4 c). */
#define ZW_REJECT_MAX_LEN (14u + 1280u - 40u - 8u)
#define ZW_REJECT_METER_ID 0x5a58u /* Bounds the packets that come up to be answered; the rest gets no answer. */
#define ZW_REJECT_METER_PPS 500u   /* Answers a second, for a bridge, */
#define ZW_REJECT_METER_BURST 50u  /* and at once: those who ask share the switch's queue of 100. */
#define ZW_LEARN_MAX_LEN 1514u     /* Of a copy that says who has an address: one that is cut short does not count. */
#define ZW_MAC_IDLE_S 300u         /* A learned MAC address that nobody talks to is forgotten. */
#define ZW_MACS_PER_PORT 4096u     /* Learned MAC addresses of one port. */
#define ZW_FLOOD_MAX_PORTS 1000u   /* Copies of one packet: an OpenFlow action list holds no more. */

/* Those copies have a meter for each port, so that who floods is not heard himself, and everybody else is.  Its number is one of
 * these and the port's OpenFlow number.  Rates are copies a second, bursts copies at once: a host that comes up probes for all its
 * addresses.  The kernel's datapath has no more than 200000 meters. */
#define ZW_LEARN_HOST_METER 0x10000u /* For a port that its guard binds to addresses: of one host. */
#define ZW_LEARN_HOST_PPS 20u
#define ZW_LEARN_HOST_BURST 20u
#define ZW_LEARN_MANY_METER 0x20000u /* For any other: there may be a network behind it. */
#define ZW_LEARN_MANY_PPS 200u
#define ZW_LEARN_MANY_BURST 50u
#define ZW_LEARN_METER_END 0x30000u /* The first number beyond. */
#define ZW_OLD_LEARN_METER \
    0x5a5au /* The one that all ports of a bridge once shared; it goes with the flows that name it. */

static inline int zw_meter_learns(uint32_t meter_id)
{
    return meter_id >= ZW_LEARN_HOST_METER && meter_id < ZW_LEARN_METER_END;
}

static inline int zw_meter_is_of_host(uint32_t meter_id)
{
    return meter_id < ZW_LEARN_MANY_METER;
}

static inline uint16_t zw_meter_port(uint32_t meter_id)
{
    return (uint16_t)meter_id;
}

const char *zw_stage_name(enum zw_stage);
const char *zw_stage_text(enum zw_stage);
const char *zw_punt_name(enum zw_punt);
const char *zw_punt_text(enum zw_punt);
const char *zw_drop_name(enum zw_drop); /* "no-zone"..., "?" for none of these. */
const char *zw_drop_text(enum zw_drop);

#endif
