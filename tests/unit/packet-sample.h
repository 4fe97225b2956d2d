/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ZW_PACKET_SAMPLE_H
#define ZW_PACKET_SAMPLE_H 1

/* packet-sample - a packet, and the packet-in that vswitchd makes of it when it is paused. */

#include <stddef.h>
#include <stdint.h>

#include "ovs-ext/pipeline.h"

struct ofpbuf;

/* Ethernet, IPv4, TCP SYN from 10.0.0.1:1025 to 10.0.0.2:80. */
extern const uint8_t packet_sample_syn[];
extern const size_t packet_sample_syn_size;

/* Of port 5, from zone 11 to zone 12, new in conntrack zone 0x1064, with ZW_FLAG_ASK.  Caller frees. */
struct ofpbuf *packet_sample_paused(const uint8_t *userdata, size_t userdata_len);

/* A packet that the pipeline sends up in stage VERDICT, new in conntrack. */
struct packet_punt {
    enum zw_punt punt;
    const uint8_t *packet; /* Ethernet. */
    size_t packet_size;
    uint16_t in_port;
    uint32_t odp_port; /* The datapath's number for it. */
    uint32_t regs[ZW_N_REGS];
};

/* The same bytes as vswitchd 3.1 sends, but for the bridge's UUID, which is always the same one.  Caller frees. */
struct ofpbuf *packet_sample_punted(const struct packet_punt *);

#endif
