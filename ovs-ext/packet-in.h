/* SPDX-License-Identifier: Apache-2.0 */
/* packet-in - a packet that came up, and sending it on its way again. */

#ifndef ZW_OVS_PACKET_IN_H
#define ZW_OVS_PACKET_IN_H 1

#include <stdbool.h>
#include <stdint.h>

#include "ovs-ext/outbuf.h"
#include "ovs-ext/packet-key.h"
#include "ovs-ext/pipeline.h"

struct zw_packet_in_private;

struct zw_packet_in {
    enum zw_punt punt;
    bool is_ours; /* Has our userdata; nothing else is filled in if not. */
    bool
        has_key; /* It is IP, has an EtherType or was dropped, and 'key' is filled in; of ARP that was dropped with its addresses. */
    struct zw_packet_key key;
    uint8_t src_mac[6], dst_mac[6];
    uint16_t eth_type;
    uint16_t tcp_flags;    /* Of TCP, as its header has them. */
    const uint8_t *packet; /* Ethernet without the VLAN tag; in the message. */
    size_t packet_size;    /* A copy may be cut short. */
    uint32_t in_port;
    uint32_t regs[ZW_N_REGS];              /* As the pipeline left them. */
    struct zw_packet_in_private *private_; /* What a resume needs. */
};

#define ZW_PACKET_IN_INIT \
    {                     \
        .is_ours = false  \
    }

/* Decodes 'size' bytes at 'msg' that zw_ofp_decode() has found to be a ZW_OFP_PACKET_IN.  They are aligned to 8 bytes and
 * stay as long as the packet-in is used: nothing is copied.  0, or EPROTO if it makes no sense.
 *
 * A packet-in begins as ZW_PACKET_IN_INIT and may serve for one message after the other; then destroy it. */
int zw_packet_in_decode(const uint8_t *msg, size_t size, struct zw_packet_in *);
void zw_packet_in_destroy(struct zw_packet_in *);

/* The paused packet goes on from where it was paused, with 'flags' in ZW_REG_FLAGS, and the rule and policy version that
 * decided. */
void zw_packet_in_resume(const struct zw_packet_in *, uint32_t flags, uint32_t rule, uint32_t version,
                         struct zw_outbuf *);

#endif
