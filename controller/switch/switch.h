/* SPDX-License-Identifier: Apache-2.0 */
/* switch - one managed bridge: its three OpenFlow connections and what is installed there.
 *
 * Like a database client: the owner says what flows it wants (all of them, or what changes of them), the switch room
 * finds out what the bridge has, and sends the difference as one atomic bundle and a barrier.  It says so when the
 * barrier is answered: from then on those flows, and no others, are in force.  It does this again whenever the bridge
 * comes (back), and whenever somebody else changes a flow of the pipeline.
 *
 * Three connections to the bridge's management socket, because a connection whose packet-ins are not read blocks its own
 * replies, and the switch has a queue of packet-ins for each: one for flows, one for packets, and one for what guards learn from
 * (ZW_PUNT_LEARN), whose copies are few and must not be lost among the others.  On a new flow connection it reads all flows of the pipeline's tables
 * first (so that what is right is adopted and not sent again), and asks for a flow monitor, so that later changes by
 * others are noticed at once.  How the bridge treats fragments, and its meters, it asks for every ZW_SWITCH_LOOK_S, and puts
 * right what others changed.
 *
 * Flows in tables beyond the pipeline are left alone: nothing leads there.  Learned flows (ZW_COOKIE_LEARNED in
 * ZW_STAGE_MACS) belong to the switch.  Every other flow in a table of the pipeline that is not desired is deleted.
 *
 * Everything runs in the thread of the event base.  Callbacks may call any function here but zw_switch_free().  The
 * program ignores SIGPIPE. */

#ifndef ZW_SWITCH_SWITCH_H
#define ZW_SWITCH_SWITCH_H 1

#include <stdbool.h>
#include <stdint.h>

#include "controller/switch/stations.h"
#include "ovs-ext/conntrack.h"
#include "ovs-ext/flow-journal.h"
#include "ovs-ext/ofp-decode.h"
#include "ovs-ext/packet-in.h"

struct event_base;
struct zw_switch;

#define ZW_SWITCH_RECONNECT_MS 100     /* First wait; doubles ... */
#define ZW_SWITCH_RECONNECT_MAX_MS 500 /* ... up to this: a bridge that is back gets its policy within a second. */
#define ZW_SWITCH_RETRY_MS 1000        /* After a bundle was refused. */
#define ZW_SWITCH_PROBE_S 5            /* An idle connection is probed; no answer for as long again ends it. */
#define ZW_SWITCH_MAX_OUTBUF \
    (256u * 1024 * 1024)             /* Bytes that wait when there is more to send: then the connection is closed. */
#define ZW_SWITCH_ANSWER_S 60        /* A dump or a bundle that is not answered for as long ends the connection. */
#define ZW_SWITCH_RESYNC_MS 50       /* From a foreign change to reading the flows again: changes come in flocks. */
#define ZW_SWITCH_RESYNC_MAX_MS 1000 /* Doubles up to this while they go on; desired changes do not delay it further. */
#define ZW_SWITCH_LOOK_S 5           /* From one look at what no flow monitor tells of to the next. */
#define ZW_SWITCH_OFTEN 5u           /* So many repairs ... */
#define ZW_SWITCH_OFTEN_S 60         /* ... within this: somebody else believes that the bridge is his. */
/* That may be desired, beyond, none of them is sent; and that a switch may say it has, beyond, the connection is closed.  A bundle
 * of as many may be larger than ZW_SWITCH_MAX_OUTBUF: it is not its size that tells that a switch does not read. */
#define ZW_SWITCH_MAX_FLOWS 2000000u

/*                name           what it waits for */
#define ZW_SWITCH_STATES                                                                         \
    ZW_SWITCH_STATE(DISCONNECTED, "the bridge's management socket")                              \
    ZW_SWITCH_STATE(HELLO, "the switch to say hello")                                            \
    ZW_SWITCH_STATE(READING, "the flows that are installed")                                     \
    ZW_SWITCH_STATE(IDLE, "a desired flow table")                                                \
    ZW_SWITCH_STATE(SYNCING, "the switch to confirm a bundle")                                   \
    ZW_SWITCH_STATE(REFUSED, "a while, because the switch refused a bundle; or a smaller table") \
    ZW_SWITCH_STATE(IN_SYNC, "nothing: the desired flows are in force")
enum zw_switch_state {
#define ZW_SWITCH_STATE(NAME, TEXT) ZW_SWITCH_##NAME,
    ZW_SWITCH_STATES
#undef ZW_SWITCH_STATE
};
const char *zw_switch_state_name(enum zw_switch_state);

struct zw_switch_ops {
    /* A packet of ours came up.  What is put into 'answer' is sent on the same connection. */
    void (*packet_in)(void *arg, const struct zw_packet_in *, struct zw_outbuf *answer);
    /* The switch confirmed the flow table of 'generation' (n_changes flow changes were needed; 0: all was right). */
    void (*in_sync)(void *arg, uint64_t generation, size_t n_changes, int64_t duration_us);
    /* The switch refused it, or the connection was lost before it confirmed; nothing of it is in force.  It is tried
     * again (after a reconnect, or ZW_SWITCH_RETRY_MS).  Or it has more than ZW_SWITCH_MAX_FLOWS: then it is not. */
    void (*sync_failed)(void *arg, uint64_t generation, const char *error);
    /* The switch has learned an address that was not known, or was known elsewhere.  May be NULL. */
    void (*learned)(void *arg, const struct zw_station *);
    /* What zw_switch_ask_learn() was called for.  May be NULL. */
    void (*learn_heard)(void *arg);
    /* The connection for what guards learn from went down: something may have been lost.  May be NULL. */
    void (*learn_lost)(void *arg);
};

struct zw_switch *zw_switch_new(struct event_base *, const char *name, const char *management_socket,
                                const struct zw_switch_ops *, void *arg);
void zw_switch_free(struct zw_switch *); /* NULL is fine. */

/* Takes 'desired' and makes it so; an older one that is not confirmed yet is forgotten (in_sync comes for the newest
 * only).  'generation' is the caller's number for it. */
void zw_switch_set_desired(struct zw_switch *, struct zw_flow_table *desired, uint64_t generation);

/* The same for a table that differs by 'delta' from that of generation 'base': what is sent is the delta, if the switch has
 * the rest, and costs no more than it.  Takes what is in 'delta'.  False, and nothing has happened, if 'base' is not the
 * newest desired generation, or does not have what should go: then say the whole table. */
bool zw_switch_change_desired(struct zw_switch *, struct zw_flow_delta *delta, uint64_t base, uint64_t generation);

/* What it has learned; as long as the switch lives. */
const struct zw_stations *zw_switch_stations(const struct zw_switch *);

/* Asks for learn_heard, which comes after every packet of ZW_PUNT_LEARN that the switch had sent by then; the newest call
 * counts.  False if there is no connection; if it is lost later, learn_lost comes instead. */
bool zw_switch_ask_learn(struct zw_switch *);

/* Connects now, if it is waiting to: the bridge is known to be back. */
void zw_switch_kick(struct zw_switch *);

/* Reads all flows of 'stage' with their counters, learned ones too.  'each' takes no ownership; 'done' comes last, once,
 * with an error text or NULL, and before this returns if there is no connection.  Several may be under way; they end
 * in order.  zw_switch_free() ends them without calling anything. */
typedef void zw_counters_cb(void *arg, const struct zw_flow *, const struct zw_flow_counters *);
typedef void zw_counters_done_cb(void *arg, const char *error);
void zw_switch_read_counters(struct zw_switch *, enum zw_stage, zw_counters_cb *each, zw_counters_done_cb *done,
                             void *arg);

/* The same for what the bridge's meters have counted: packets beyond their rates, since a meter was made or changed. */
void zw_switch_read_meters(struct zw_switch *, zw_meter_counter_cb *each, zw_counters_done_cb *done, void *arg);

/* Ends these sessions: their entries are taken out of conntrack.  'done' comes once: when the switch has confirmed that
 * all are gone (NULL), or with an error; before this returns if there is no connection.  The entries are needed only
 * during the call.  One call at a time.  zw_switch_free() ends it without calling anything. */
#define ZW_SWITCH_END_MAX 500u /* Sessions a call, so that neither side is kept from its other work. */
typedef void zw_switch_ended_cb(void *arg, const char *error);
void zw_switch_end_sessions(struct zw_switch *, const struct zw_ct_entry *const *, size_t n, zw_switch_ended_cb *done,
                            void *arg);

struct zw_switch_status {
    enum zw_switch_state state;
    bool packets_connected; /* The second connection, */
    bool learn_connected;   /* and the third. */
    int64_t since_us;       /* Unix time of the last change of 'state'. */
    uint64_t generation;    /* Last confirmed, 0: none. */
    size_t n_installed;     /* Flows of ours, without learned ones, when last confirmed. */
    uint64_t n_connects;
    uint64_t n_flow_mods; /* Sent since the start. */
    uint64_t n_bundles;
    uint64_t n_foreign_changes;  /* Changes by others that were noticed. */
    uint64_t n_repairs;          /* Bundles that mended them, */
    uint64_t n_repaired_flows;   /* and how many flows that took. */
    int64_t last_repair_us;      /* Unix time, 0: never. */
    bool is_contended;           /* ZW_SWITCH_OFTEN of them in the last ZW_SWITCH_OFTEN_S. */
    uint64_t n_fragments_mended; /* Times that the bridge was told again how to treat fragments. */
    uint64_t n_meters_mended;    /* Meters that somebody else took away. */
    uint64_t n_packet_ins, n_bad_messages;
    bool metered;    /* Copies and answers are bounded; false: the datapath has no meters. */
    char error[160]; /* Last error, or "". */
};
struct zw_switch_status zw_switch_status(const struct zw_switch *);

#endif
