/* SPDX-License-Identifier: Apache-2.0 */
/* pipeline - the map of the fast path: tables, registers, label, cookies, priorities.
 *
 * One header that the compiler, the slow path, the documentation (doc/pipeline.md) and the tests share.  Nothing else
 * in the project writes a table number, a register number or a bit position.
 *
 * How to think about it: a packet enters at CLASSIFY and leaves at OUTPUT.  Each stage settles one thing, leaves it in
 * a register and goes on to the next; a stage that cannot settle it drops.  A packet with several destinations is
 * cloned at DELIVER, and from there each copy is judged by itself.  IP passes ct() once, at CONNTRACK. */

#ifndef ZW_OVS_PIPELINE_H
#define ZW_OVS_PIPELINE_H 1

#include <stdint.h>

/*           number  name         what it settles, and where it leaves that */
/* clang-format off */
#define ZW_STAGES                                                                         \
    ZW_STAGE( 0, CLASSIFY,    "source zone, segment and conntrack zone, from port and VLAN tag") \
    ZW_STAGE( 1, GUARD,       "no sender, protocol or destination that is never right")   \
    ZW_STAGE( 2, SOURCE,      "the zone behind the port, from the source address")        \
    ZW_STAGE( 3, DESTINATION, "learns the sender's MAC address, looks up the receiver's") \
    ZW_STAGE( 4, MACS,        "MAC address and segment to output port; most of it learned") \
    ZW_STAGE( 5, DELIVER,     "one receiver, or a copy for each port of the segment")     \
    ZW_STAGE( 6, TARGET,      "destination zone, from the output port; never back")       \
    ZW_STAGE( 7, REMOTE,      "the zone behind the port, from the destination address")   \
    ZW_STAGE( 8, CONNTRACK,   "ARP and ND go on; IP passes ct()")                         \
    ZW_STAGE( 9, STATE,       "packets of a session go on, a new session is judged")      \
    ZW_STAGE(10, NEW,         "the version of the policy that judges")                    \
    ZW_STAGE(11, POLICY,      "rule and verdict")                                         \
    ZW_STAGE(12, VERDICT,     "logs, asks the slow path, denies")                         \
    ZW_STAGE(13, COMMIT,      "an allowed session enters conntrack, with its label")      \
    ZW_STAGE(14, OUTPUT,      "to the port, with the VLAN tag it carries")
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
    ZW_REG(4, RULE,     "number of the rule, 0: the default")                       \
    ZW_REG(5, VERSION,  "policy version")                                           \
    ZW_REG(6, CT_ZONE,  "conntrack zone")                                           \
    ZW_REG(7, FLAGS,    "verdict, and how to treat it")
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
    ZW_FLAG(COPY,      8, 1, "for a receiver that may be elsewhere: opens no session")
/* clang-format on */

enum {
#define ZW_FLAG(NAME, FIRST, BITS, TEXT) \
    ZW_FLAG_##NAME##_FIRST = FIRST, ZW_FLAG_##NAME##_BITS = BITS, ZW_FLAG_##NAME##_MASK = ((1 << BITS) - 1) << FIRST,
    ZW_FLAG_FIELDS
#undef ZW_FLAG
};

enum zw_flag_verdict { ZW_FLAG_ALLOW = 1, ZW_FLAG_DENY = 2, ZW_FLAG_ASK = 3 };

/* Fields of the 128-bit conntrack label: who let the session in.  First bit (0 is the least significant), bits. A
 * session is honoured only between the two zones that it was let in for. */
/* clang-format off */
#define ZW_LABEL_FIELDS                                     \
    ZW_LABEL(ALLOWED,    0,  1, "the session was let in")   \
    ZW_LABEL(SLOW,       1,  1, "by the slow path")         \
    ZW_LABEL(LOGGED,     2,  1, "the log was told")         \
    ZW_LABEL(RULE,       8, 24, "number of the rule")       \
    ZW_LABEL(VERSION,   32, 32, "policy version")           \
    ZW_LABEL(SRC_ZONE,  64, 32, "id of the source zone")    \
    ZW_LABEL(DST_ZONE,  96, 32, "id of the destination zone")
/* clang-format on */

enum {
#define ZW_LABEL(NAME, FIRST, BITS, TEXT) ZW_LABEL_##NAME##_FIRST = FIRST, ZW_LABEL_##NAME##_BITS = BITS,
    ZW_LABEL_FIELDS
#undef ZW_LABEL
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
    ZW_COOKIE(RULE,   "for a rule; low bits: its number, 0: the default") \
    ZW_COOKIE(LEARNED, "a learned MAC address; low bits: its OpenFlow port") \
    ZW_COOKIE(PUNT,   "sends packets up; low bits: why")
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

/* Why a packet comes up: the first byte of the packet-in's userdata. */
/* clang-format off */
#define ZW_PUNTS                                                    \
    ZW_PUNT(1, ASK,     "paused: the slow path gives the verdict")  \
    ZW_PUNT(2, SESSION, "a copy: the fast path let a session in")   \
    ZW_PUNT(3, DENIED,  "a copy: the fast path denied a packet")
/* clang-format on */

enum zw_punt {
#define ZW_PUNT(NUMBER, NAME, TEXT) ZW_PUNT_##NAME = NUMBER,
    ZW_PUNTS
#undef ZW_PUNT
};

/* Rules have a priority each in stage POLICY: the first rule the highest. */
#define ZW_PRIORITY_RULE(NUMBER) (61000u - (NUMBER))
#define ZW_MAX_RULES 60000u
#define ZW_PRIORITY_DEFAULT 10

/* Conntrack zones: a bridge's index (from 1) and the segment.  Sessions of two segments never meet, even if a VM routes
 * between them, nor do those of two bridges that share a datapath. */
#define ZW_CT_ZONE_BRIDGE_SHIFT 12
#define ZW_MAX_BRIDGES 15u

#define ZW_CONTROLLER_ID 0x5a57u /* Whose packet-ins are ours. */
#define ZW_COPY_MAX_LEN 128u     /* Bytes of a packet that is copied for the log: all headers that it shows. */
#define ZW_PAUSE_MAX_LEN 65535u  /* A paused packet comes whole: it goes on from what is sent back. */
#define ZW_COPY_METER_ID 0x5a57u /* Bounds the copies of packets that are judged one by one. */
#define ZW_COPY_METER_PPS 1000u  /* Copies a second, for a bridge; the rest is counted as a gap. */
#define ZW_MAC_IDLE_S 300u       /* A learned MAC address that nobody talks to is forgotten. */
#define ZW_MACS_PER_PORT 4096u   /* Learned MAC addresses of one port. */
#define ZW_FLOOD_MAX_PORTS 1000u /* Copies of one packet: an OpenFlow action list holds no more. */

const char *zw_stage_name(enum zw_stage);
const char *zw_stage_text(enum zw_stage);
const char *zw_punt_name(enum zw_punt);
const char *zw_punt_text(enum zw_punt);

#endif
