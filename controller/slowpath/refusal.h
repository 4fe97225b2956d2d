/* SPDX-License-Identifier: Apache-2.0 */
/* refusal - what a sender is told whose packet a rule rejects: the answer, byte by byte.
 *
 * It looks as if the receiver had sent it: addresses swapped, the original destination as its source.  TCP gets a reset
 * (RFC 9293, 3.5.2 and 3.10.7.1), everything else ICMP "communication administratively prohibited" (type 3, code 13: RFC 792
 * and 1812, 5.2.7.1; as much of the packet as fits 576 bytes) or ICMPv6 of the same name (type 1, code 1: RFC 4443, 3.1 and
 * 2.4; 1280 bytes).
 *
 * No answer is due (RFC 1122, 3.2.2; RFC 4443, 2.4 e) to a reset, to an ICMP error or redirect, to what has several
 * receivers or senders, by MAC or IP address, to a fragment other than the first (or, of TCP, any: its length is not known),
 * and to what cannot be read to the end of its headers.  So two who refuse each other's packets never talk in circles.
 *
 * Pure, no allocation.  Reads what strangers made up: nothing beyond 'size', whatever the packet says of itself. */

#ifndef ZW_SLOWPATH_REFUSAL_H
#define ZW_SLOWPATH_REFUSAL_H 1

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ZW_REFUSAL_MAX_SIZE (14 + 1280) /* Bytes: Ethernet and the least MTU of IPv6. */

/* The answer to 'frame', Ethernet without a VLAN tag, of which 'size' bytes are known.  Its size, or 0: none is due. */
size_t zw_refusal_make(const uint8_t *frame, size_t size, uint8_t answer[ZW_REFUSAL_MAX_SIZE]);

/* How many answers go out where no meter of the switch bounds them: ZW_REFUSALS_PPS a second, and ZW_REFUSALS_BURST more
 * after a while of silence. */
#define ZW_REFUSALS_PPS 500
#define ZW_REFUSALS_BURST 50

struct zw_refusal_limit {
    int64_t full_us; /* When the burst is whole again. */
};

/* Whether one more may go at 'now_us', of a clock that does not run backwards. */
bool zw_refusal_allowed(struct zw_refusal_limit *, int64_t now_us);

#endif
