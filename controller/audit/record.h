/* SPDX-License-Identifier: Apache-2.0 */
/* record - what the audit log keeps, as a value on its way to the writer.
 *
 * Names are copied into a record when it is made, because the log must be readable when the policy, the port and the
 * zone of that moment are gone.  Fixed size: the queue between the packet path and the writer never allocates. */

#ifndef ZW_AUDIT_RECORD_H
#define ZW_AUDIT_RECORD_H 1

#include <stdint.h>

#include "ovs-ext/packet-key.h"

#define ZW_AUDIT_NAME_SIZE 64   /* Zones, rules: ZW_NAME_MAX and a zero. */
#define ZW_AUDIT_IFNAME_SIZE 32 /* Interface and bridge names in OVS; longer ones are cut. */
#define ZW_AUDIT_STEP_SIZE 24   /* Steps of a decision, names of ZW_DROPS. */
#define ZW_AUDIT_TEXT_SIZE 256  /* Longer texts are cut and end in "...". */

/* How a verdict was reached. */
enum zw_path { ZW_PATH_FAST, ZW_PATH_SLOW };

enum zw_record_type {
    ZW_RECORD_SESSION, /* A session was let in. */
    ZW_RECORD_DENIAL,  /* A packet was denied. */
    ZW_RECORD_END,     /* A session that was let in was ended, because it is no longer allowed. */
    ZW_RECORD_POLICY,  /* A policy version came into force. */
    ZW_RECORD_DAEMON,  /* The daemon started or stopped. */
    ZW_RECORD_ADMIN,   /* Somebody asked for a change. */
    ZW_RECORD_GAP,     /* Records are missing: how many, of what, from when to when. */
};

/* Who asked, over the control socket. */
struct zw_peer {
    uint32_t uid, gid;
    int32_t pid;
    char user[32]; /* Name of 'uid', or its number. */
};

struct zw_flow_record { /* SESSION, DENIAL and, as its first member, END. */
    struct zw_packet_key key;
    enum zw_path path;
    uint32_t rule; /* 0: the default. */
    uint32_t policy_version;
    char rule_name[ZW_AUDIT_NAME_SIZE];
    char step[ZW_AUDIT_STEP_SIZE]; /* zw_step_name(), or zw_drop_name() where no rule was asked. */
    char src_zone[ZW_AUDIT_NAME_SIZE], dst_zone[ZW_AUDIT_NAME_SIZE];
    char src_port[ZW_AUDIT_IFNAME_SIZE], dst_port[ZW_AUDIT_IFNAME_SIZE];
    char bridge[ZW_AUDIT_IFNAME_SIZE];
    uint16_t segment; /* VLAN; 0: untagged. */
    uint8_t src_mac[6], dst_mac[6];
};

/* 'flow' says what ended the session: the zones that it had, and the rule and version that forbid it. */
struct zw_end_record {
    struct zw_flow_record flow;
    char reason[16];       /* "policy": a rule forbids it; "moved": an end of it is in another zone now. */
    enum zw_path was_path; /* Who had let it in: */
    uint32_t was_rule, was_version;
    char was_rule_name[ZW_AUDIT_NAME_SIZE];
    char was_step[ZW_AUDIT_STEP_SIZE];
};

struct zw_policy_record {
    uint32_t version;
    char sha256[65];
    char origin[ZW_AUDIT_TEXT_SIZE]; /* "file PATH" or "apply by USER". */
    uint32_t n_rules, n_zones;
};

struct zw_daemon_record {
    char what[16];                 /* "start" or "stop". */
    char text[ZW_AUDIT_TEXT_SIZE]; /* Program version, or the reason. */
};

struct zw_admin_record {
    struct zw_peer peer;
    char verb[32]; /* "policy.apply", "reload"... */
    int result;    /* 0, or the errno that the request failed with. */
    char text[ZW_AUDIT_TEXT_SIZE];
};

struct zw_gap_record {
    char what[16]; /* "session", "denial", or "any". */
    uint64_t n_missing;
    int64_t from_us, to_us;
    char text[ZW_AUDIT_TEXT_SIZE]; /* Why. */
};

struct zw_record {
    enum zw_record_type type;
    int64_t time_us; /* Unix time. */
    union {
        struct zw_flow_record flow; /* Of an END, too. */
        struct zw_end_record end;
        struct zw_policy_record policy;
        struct zw_daemon_record daemon;
        struct zw_admin_record admin;
        struct zw_gap_record gap;
    };
};

#endif
