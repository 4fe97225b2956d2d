/* SPDX-License-Identifier: Apache-2.0 */
/* icmp - how a message of ICMP or ICMPv6 gets on where rules judge sessions.
 *
 * Conntrack lets a session begin with few of them: echo, timestamp and information requests (RFC 792) and ICMPv6's echo
 * request (RFC 4443) in Open vSwitch's own (lib/conntrack-icmp.c), address mask requests (RFC 950) and node information
 * queries (RFC 4620) in the kernel's, too (nf_conntrack_proto_icmp.c, nf_conntrack_proto_icmpv6.c).  Neither tracks what
 * hosts of a link say to find each other, routers and listeners (RFC 4861, 2710, 3810).  Pure. */

#ifndef ZW_POLICY_ICMP_H
#define ZW_POLICY_ICMP_H 1

#include <stdbool.h>
#include <stdint.h>

#include "ovs-ext/packet-key.h"

enum zw_icmp_way {
    ZW_ICMP_NO_RULE,      /* Neighbour discovery: passes without a rule, but for zones that are isolated. */
    ZW_ICMP_BY_ITSELF,    /* The rules judge each packet, and no session comes of it. */
    ZW_ICMP_BEGINS,       /* Begins a session. */
    ZW_ICMP_KERNEL_ALONE, /* Begins one with the kernel's conntrack, and is dropped with Open vSwitch's own. */
    ZW_ICMP_FOLLOWS,      /* Passes with a session that was let in, as an answer or an error, and else is dropped. */
    ZW_ICMP_NEVER,        /* Is dropped, with a session, too. */
};

/* What becomes of a message to one receiver.  To a group any is judged by itself, but what needs no rule. */
enum zw_icmp_way zw_icmp_way(enum zw_family, uint8_t type, uint8_t code);

/* Whether conntrack leaves this type of ICMPv6 alone, or we do not ask it: ZW_ICMP_NO_RULE and ZW_ICMP_BY_ITSELF, of any
 * code. */
bool zw_icmpv6_is_untracked(uint8_t type);

#endif
