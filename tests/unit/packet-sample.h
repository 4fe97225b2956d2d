/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ZW_PACKET_SAMPLE_H
#define ZW_PACKET_SAMPLE_H 1

/* packet-sample - a packet, and the packet-in that vswitchd makes of it when it is paused. */

#include <stddef.h>
#include <stdint.h>

struct ofpbuf;

/* Ethernet, IPv4, TCP SYN from 10.0.0.1:1025 to 10.0.0.2:80. */
extern const uint8_t packet_sample_syn[];
extern const size_t packet_sample_syn_size;

/* Of port 5, from zone 11 to zone 12, new in conntrack zone 0x1064, with ZW_FLAG_ASK.  Caller frees. */
struct ofpbuf *packet_sample_paused(const uint8_t *userdata, size_t userdata_len);

#endif
