/* SPDX-License-Identifier: Apache-2.0 */
/* session-end - the messages to a switch that end a session of conntrack.
 *
 * The entry is flushed (NXT_CT_FLUSH, by conntrack zone and original five-tuple): the session's next packet, either way,
 * belongs to no session.  An entry that is not there is no error.
 *
 * But for ICMPv6: OVS 3.1's userspace datapath dies of a flush of such an entry (it looks for the answer to its type
 * among ICMPv4's, and aborts).  So an echo request of that session is sent to conntrack and nowhere else, and the
 * session's label is taken back there: from then on its requests are judged like first ones, and answers are dropped.
 *
 * And for what is not TCP, UDP or ICMP either: on the kernel's datapath OVS 3.1 does not flush it, and says nothing of that.
 * So its label is taken back in the same way, by a packet of its protocol, before the flush.  Where that does nothing, the
 * session's packets are dropped until it has been silent for conntrack's time. */

#ifndef ZW_OVS_SESSION_END_H
#define ZW_OVS_SESSION_END_H 1

#include "ovs-ext/conntrack.h"
#include "ovs-ext/outbuf.h"

/* Returns the transaction id of the first message, as zw_ofp_decode() reports it; 'last_xid' becomes that of the last, and no
 * others are between. */
uint32_t zw_ofp_put_session_end(struct zw_outbuf *, const struct zw_ct_entry *, uint32_t *last_xid);

#endif
