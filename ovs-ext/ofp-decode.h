/* SPDX-License-Identifier: Apache-2.0 */
/* ofp-decode - what a switch says to us.
 *
 * Bytes come from a peer that may be broken: whatever they hold, the answer is a message, or an error that says what
 * is wrong with it. */

#ifndef ZW_OVS_OFP_DECODE_H
#define ZW_OVS_OFP_DECODE_H 1

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ovs-ext/flow-table.h"

#define ZW_OFP_HEADER_SIZE 8

/* The length of the message that starts with these ZW_OFP_HEADER_SIZE bytes, or 0 if no OpenFlow message can start so:
 * then nothing that follows can be read. */
size_t zw_ofp_message_size(const uint8_t header[ZW_OFP_HEADER_SIZE]);

enum zw_ofp_type {
    ZW_OFP_HELLO,
    ZW_OFP_ERROR,
    ZW_OFP_ECHO_REQUEST,
    ZW_OFP_ECHO_REPLY,
    ZW_OFP_PACKET_IN, /* For zw_packet_in_decode(). */
    ZW_OFP_BARRIER_REPLY,
    ZW_OFP_FLOW_STATS,  /* For zw_ofp_decode_flow_stats(). */
    ZW_OFP_FLOW_UPDATE, /* For zw_ofp_decode_flow_updates(). */
    ZW_OFP_BUNDLE_REPLY,
    ZW_OFP_METERS,         /* For zw_ofp_decode_meters(). */
    ZW_OFP_METER_COUNTERS, /* For zw_ofp_decode_meter_counters(). */
    ZW_OFP_CONFIG,         /* For zw_ofp_shows_fragments(). */
    ZW_OFP_OTHER,          /* Known to OpenFlow, and nothing that we asked for. */
};

struct zw_ofp_msg {
    enum zw_ofp_type type;
    uint32_t xid;
    uint8_t version;    /* HELLO: the highest version that both sides speak, 0: none. */
    bool more;          /* FLOW_STATS, METERS, METER_COUNTERS: another part follows. */
    char text[80];      /* ERROR: what the switch says is wrong. */
    bool meter_exists;  /* ERROR: a meter of that id is there already. */
    bool meter_unknown; /* ERROR: there is no meter of that id. */
};

/* Decodes a whole message, aligned to 8 bytes.  0, or EPROTO with the reason in msg->text. */
int zw_ofp_decode(const uint8_t *data, size_t size, struct zw_ofp_msg *);

struct zw_flow_counters {
    uint64_t n_packets, n_bytes;
};

/* Calls 'each' for every flow of a FLOW_STATS message; it takes the flow.  Learned flows (zw_flow_is_learned()) are
 * passed as well, flows of tables beyond the pipeline are not.  0 or EPROTO. */
typedef void zw_flow_stats_cb(void *arg, struct zw_flow *, const struct zw_flow_counters *);
int zw_ofp_decode_flow_stats(const uint8_t *data, size_t size, zw_flow_stats_cb *each, void *arg);

/* Counts the changes in a FLOW_UPDATE message that somebody else made to flows of the pipeline: not ours, not
 * learned.  Calls 'learned' for what the switch has learned, or forgotten.  '*missed' is set if the switch could not say all:
 * changes came faster than we read.  0 or EPROTO. */
typedef void zw_learned_mac_cb(void *arg, const struct zw_learned_mac *);
int zw_ofp_decode_flow_updates(const uint8_t *data, size_t size, zw_learned_mac_cb *learned, void *arg,
                               unsigned int *n_foreign, bool *missed);

/* Whether a CONFIG message says that first fragments show their ports, as all that we send asks for. */
bool zw_ofp_shows_fragments(const uint8_t *data);

/* Calls 'each' for every meter of a METERS message.  'pps' 0: it is not one that only drops beyond a number of packets a
 * second.  0 or EPROTO. */
typedef void zw_meter_cb(void *arg, uint32_t meter_id, uint32_t pps, uint32_t burst);
int zw_ofp_decode_meters(const uint8_t *data, size_t size, zw_meter_cb *each, void *arg);

/* Calls 'each' for every meter of a METER_COUNTERS message, with the packets that were beyond its rate since it was made or
 * changed.  0 or EPROTO. */
typedef void zw_meter_counter_cb(void *arg, uint32_t meter_id, uint64_t n_beyond);
int zw_ofp_decode_meter_counters(const uint8_t *data, size_t size, zw_meter_counter_cb *each, void *arg);

#endif
