/* SPDX-License-Identifier: Apache-2.0 */
/* packet-out - a packet of our own, out at one port. */

#ifndef ZW_OVS_PACKET_OUT_H
#define ZW_OVS_PACKET_OUT_H 1

#include <stddef.h>
#include <stdint.h>

#include "ovs-ext/outbuf.h"

/* Appends the message that sends 'frame', which has no VLAN tag, to port 'ofport' in 'segment', by way of stage OUTPUT: only
 * if the port carries the segment, with the tag that it has there.  'flags' is of ZW_REG_FLAGS; its ZW_FLAG_PCP goes
 * into the tag.  No other stage of this bridge sees the packet.
 *
 * 'in_port' is any other port of the bridge, ZW_OFPORT_LOCAL for one.  Nothing looks at it, but vswitchd 3.1 loses what
 * a controller sends through a patch port and the other bridge gives to ct(): it looks for the port that it came from. */
void zw_packet_out_put(struct zw_outbuf *, const uint8_t *frame, size_t size, uint32_t segment, uint32_t in_port,
                       uint32_t ofport, uint32_t flags);

#endif
