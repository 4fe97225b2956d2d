/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ZW_FAKE_SWITCH_H
#define ZW_FAKE_SWITCH_H 1

/* fake-switch - a switch in the test's own process and event loop, that can be told to misbehave.
 *
 * Listens on a Unix socket as a bridge's management socket does, keeps flows in a table, and answers what the switch
 * room asks: dumps, bundles, barriers, meters, a flow monitor.  It says only what OVS says, in OVS's own encoding, but
 * for its tricks. */

#include <stdbool.h>
#include <stdint.h>

#include "ovs-ext/flow-table.h"

struct event_base;
struct fake_switch_private;

/* What it was asked. */
enum fake_request {
    FAKE_CONNECT, /* Before it says hello. */
    FAKE_HELLO,
    FAKE_ECHO,
    FAKE_DUMP,
    FAKE_METER,
    FAKE_METER_DUMP,
    FAKE_MONITOR,
    FAKE_OPEN,
    FAKE_ADD,
    FAKE_COMMIT,
    FAKE_DISCARD,
    FAKE_BARRIER,
    FAKE_RESUME,
    FAKE_END, /* A session. */
    FAKE_CONFIG,
    FAKE_SET_CONFIG,
    FAKE_OTHER,
    FAKE_N_REQUESTS,
};

/* What it does instead of answering. */
enum fake_trick {
    FAKE_NO_TRICK,
    FAKE_IGNORE,
    FAKE_CLOSE,
    FAKE_RUBBISH,     /* Bytes that are not OpenFlow. */
    FAKE_BAD_MESSAGE, /* A message of a type that does not exist. */
    FAKE_HALF,        /* Half an answer, and closes. */
    FAKE_OLD_VERSION, /* An echo request of OpenFlow 1.3. */
    FAKE_REFUSE,      /* An error. */
};

struct fake_switch {
    /* What to do: 'trick', once, when it is asked 'trick_at' for the 'trick_nth' time from now (from 0). */
    enum fake_request trick_at;
    enum fake_trick trick;
    unsigned int trick_nth;
    struct fake_meter { /* Those that it has, 'n_meters' of them. */
        uint32_t id, pps, burst;
    } meters[64];
    unsigned int n_meters;
    bool no_meters;
    bool hides_fragments;     /* How it treats them, as it was last told by anybody. */
    bool foreign_during_dump; /* Somebody adds a flow right after the next dump. */

    /* What it has, and what it was asked. */
    struct zw_flow_table *flows;
    unsigned int n[FAKE_N_REQUESTS];
    unsigned int n_meters_modified;
    unsigned int n_unmetered; /* Flows that came and named a meter of zw_meter_learns() that it had not. */

    struct fake_switch_private *private_;
};

struct fake_switch *fake_switch_new(struct event_base *, const char *path);
void fake_switch_free(struct fake_switch *);

/* Stops listening and closes all connections; its flows are lost, as with a vswitchd that dies.  And the reverse. */
void fake_switch_die(struct fake_switch *);
void fake_switch_revive(struct fake_switch *);

/* Somebody else does this; who monitors flows is told. */
void fake_switch_foreign_clear(struct fake_switch *);
void fake_switch_foreign_add(struct fake_switch *, struct zw_flow *); /* Takes the flow. */
/* Tells who monitors flows that changes came too fast to tell. */
void fake_switch_foreign_pause(struct fake_switch *);

/* Sends 'n' paused packets in one piece to who wants packets. */
void fake_switch_packet_ins(struct fake_switch *, unsigned int n);
bool fake_switch_wants_packets(const struct fake_switch *); /* Is there anybody? */
/* From now on the caller serves the connection of who wants packets, echo requests too, and closes the descriptor.  -1
 * if there is none, or something is under way. */
int fake_switch_take_packets(struct fake_switch *);

#endif
