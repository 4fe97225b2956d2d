/* SPDX-License-Identifier: Apache-2.0 */
/* switch-private - what the files of this room share.
 *
 * switch.c has the connections and says which state a switch is in, sync.c reads what is installed and sends the
 * difference, meters.c has the meters that flows name, look.c looks for what no monitor tells,
 * counters.c reads counters, flush.c ends sessions.  Functions that may call the owner back are the last thing that their callers
 * do: the owner may have changed everything. */

#ifndef ZW_SWITCH_SWITCH_PRIVATE_H
#define ZW_SWITCH_SWITCH_PRIVATE_H 1

#include <sys/queue.h>

#include "controller/switch/ofconn.h"
#include "controller/switch/switch.h"
#include "ovs-ext/flow-journal.h"
#include "ovs-ext/ofp-encode.h"
#include "ovs-ext/session-end.h"

struct event;

enum { ZW_SWITCH_N_METERS = 3 }; /* Of copies, of drops, and of packets to be answered. */
struct zw_counters_request;

/* Of meters for one port each. */
struct zw_meter_set {
    uint64_t bits[(ZW_LEARN_METER_END - ZW_LEARN_HOST_METER) / 64];
};

/* meters.c. */
struct zw_meters {
    struct zw_fixed_meter {
        uint32_t xid;
        bool is_ours;  /* It was made, or made right, since meters were last read; */
        bool is_there; /* and it was there by then. */
        bool is_seen;  /* By the look that is under way, */
    } fixed[ZW_SWITCH_N_METERS];
    struct zw_meter_set there;  /* That the switch has, as far as we know, */
    struct zw_meter_set needed; /* and that the flows name that were sent last; */
    struct zw_meter_set seen;   /* and as 'is_seen'. */
    uint32_t look_xid;          /* 0: no look is under way. */
    bool has_old;               /* It has ZW_OLD_LEARN_METER. */
    bool must_look;             /* Flows may need others than when last looked at, or there are more than they need. */
    bool was_read;              /* And flows have not been looked at since. */
    uint32_t dump_xid;
    struct zw_sent_meter {
        uint32_t xid, id;
        bool is_modify;
    } * sent; /* Since last read, or looked at; 'n_sent' of them. */
    size_t n_sent, sent_allocated;
};

/* Sessions that are being ended (flush.c).  Nothing is under way without 'done'. */
struct zw_flush {
    zw_switch_ended_cb *done;
    void *arg;
    uint32_t first_xid, last_xid, barrier_xid;
    char error[80];
};

struct zw_switch {
    struct event_base *base;
    char *name;
    const struct zw_switch_ops *ops;
    void *arg;
    struct zw_ofconn *flows, *packets, *learn;
    struct zw_switch_status status; /* But for what connections count. */
    struct zw_packet_in packet_in;  /* The last one, for its memory. */
    uint32_t monitor_xid, learn_xid;
    struct zw_meters meters;

    /* sync.c. */
    size_t max_flows;               /* ZW_SWITCH_MAX_FLOWS; tests do with fewer. */
    struct zw_flow_journal *wanted; /* The newest desired table.  NULL: none yet. */
    bool is_known;                  /* The switch has 'wanted' as it was when settled, or will have when it confirms. */
    struct zw_flow_table *found;    /* What it has instead, read and not compared yet; else NULL. */
    struct zw_flow_table *reading;  /* What it said so far, while READING. */
    struct zw_flow_table *replaced; /* While SYNCING: flows that 'changes' may speak of. */
    uint64_t wanted_generation, sent_generation;
    bool dirty;             /* Somebody else changed flows since they were last read, */
    int64_t dirty_since_us; /* and when that was first seen.  Monotonic, */
    int64_t last_read_us;   /* as this is. */
    unsigned int again_ms;  /* How long to wait before they are read again. */
    uint32_t dump_xid, bundle_id;
    struct zw_changes changes;   /* What was sent, while SYNCING; flows of 'replaced' and 'wanted'. */
    struct zw_ofp_bundle bundle; /* 'changes', until they are all taken; */
    bool filled;                 /* and from then on */
    struct zw_ofp_commit commit;
    bool committed;
    char refusal[256];                    /* The first thing that the switch did not like in the bundle. */
    size_t n_foreign_flows;               /* That differed from what we knew, when last read. */
    int64_t sync_start_us;                /* Monotonic, */
    int64_t repaired_us[ZW_SWITCH_OFTEN]; /* as these are: the last repairs. */
    struct event *look;                   /* It is time to look again (look.c). */
    struct event *timer; /* What 'status.state' waits for takes too long, or has been waited for long enough. */

    struct zw_flush flush;
    struct zw_stations *stations;

    STAILQ_HEAD(zw_counters_queue, zw_counters_request) counters; /* The first one is under way. */
};

void zw_switch_set_state(struct zw_switch *, enum zw_switch_state);
void zw_switch_set_error(struct zw_switch *, const char *);

/* The connection for flows came up; flows are about to be read. */
void zw_meters_start(struct zw_switch *);
void zw_meters_read(struct zw_switch *);
/* 'changes' are known, and about to be sent if there are any: makes what they need.  May add flows that are sent again. */
void zw_meters_before(struct zw_switch *);
/* A bundle follows.  A change of fail_mode takes meters along with all flows. */
void zw_meters_with_bundle(struct zw_switch *);
/* What was sent is in force. */
void zw_meters_after(struct zw_switch *);
/* Asks what meters there are; flows are read again if one is missing that should be there. */
void zw_meters_look(struct zw_switch *);
void zw_meters_message(struct zw_switch *, const struct zw_ofp_msg *, const uint8_t *data, size_t size);
/* True if it was about meters. */
bool zw_meters_error(struct zw_switch *, const struct zw_ofp_msg *);
void zw_meters_free(struct zw_switch *);

/* The connection for flows came up, or went down. */
void zw_look_start(struct zw_switch *);
void zw_look_stop(struct zw_switch *);
/* While it is up. */
void zw_look_now(struct zw_switch *);
void zw_look_config(struct zw_switch *, const uint8_t *data);

/* The switch has learned or forgotten an address. */
void zw_switch_learned(void *sw, const struct zw_learned_mac *);

/* The connection for flows came up, or went down because of 'why'. */
void zw_sync_start(struct zw_switch *);
void zw_sync_stop(struct zw_switch *, const char *why);
void zw_sync_free(struct zw_switch *);
/* Part of a dump; true if it was ours. */
bool zw_sync_flow_stats(struct zw_switch *, const struct zw_ofp_msg *, const uint8_t *data, size_t size);
void zw_sync_foreign_change(struct zw_switch *);
void zw_sync_bundle_reply(struct zw_switch *, const struct zw_ofp_msg *);
void zw_sync_barrier_reply(struct zw_switch *, const struct zw_ofp_msg *);
/* True if it was about a dump or a bundle of ours; while a bundle is under way, whatever nobody else claims is. */
bool zw_sync_error(struct zw_switch *, const struct zw_ofp_msg *);
bool zw_sync_is_contended(const struct zw_switch *);
void zw_sync_expired(struct zw_switch *);

/* True if it was about sessions that are being ended. */
bool zw_flush_barrier_reply(struct zw_switch *, const struct zw_ofp_msg *);
bool zw_flush_error(struct zw_switch *, const struct zw_ofp_msg *);
void zw_flush_stop(struct zw_switch *, const char *why);

void zw_counters_start(struct zw_switch *);
void zw_counters_stop(struct zw_switch *, const char *why);
void zw_counters_free(struct zw_switch *);
bool zw_counters_flow_stats(struct zw_switch *, const struct zw_ofp_msg *, const uint8_t *data, size_t size);
void zw_counters_meters(struct zw_switch *, const struct zw_ofp_msg *, const uint8_t *data, size_t size);
bool zw_counters_error(struct zw_switch *, const struct zw_ofp_msg *);

#endif
