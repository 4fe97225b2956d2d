/* SPDX-License-Identifier: Apache-2.0 */
/* address-event - what a packet says about who has an address.
 *
 * DHCP (RFC 2131, RFC 2132): a server's acknowledgement gives an IPv4 address to the client with a MAC address, which has
 * asked for just that one by a request; or, if both say so, for any, as soon as it looked for servers (rapid commit, RFC 4039).
 * Neighbour discovery (RFC 4862, 5.4): a solicitation from :: probes for an address that the sender is about to use; an
 * advertisement says that the sender uses it.
 *
 * Silence after a probe, and a server's word, say something only if who has the address, and the client, would have believed the
 * packet: so probes and DHCP count only if they are whole, addressed as they must be, and have the right checksums and options.
 * An advertisement counts however odd it is: it only keeps an address from being learned.
 *
 * Pure.  Bytes come from anybody, may be cut short anywhere, and are read within their bounds only. */

#ifndef ZW_SLOWPATH_ADDRESS_EVENT_H
#define ZW_SLOWPATH_ADDRESS_EVENT_H 1

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ovs-ext/packet-key.h"

enum zw_address_event_type {
    ZW_ADDRESS_ASKED,  /* Of DHCP, for 'mac'. */
    ZW_ADDRESS_GIVEN,  /* By DHCP, to 'mac'. */
    ZW_ADDRESS_PROBED, /* By its sender. */
    ZW_ADDRESS_USED,   /* By its sender. */
};

#define ZW_LEASE_FOREVER UINT32_MAX

struct zw_address_event {
    enum zw_address_event_type type;
    struct zw_addr addr; /* ASKED with 'is_rapid': none. */
    struct zw_mac mac;   /* PROBED: the Ethernet source.  ASKED, GIVEN; */
    uint32_t xid;        /* and there what makes an answer one to a question, */
    bool is_rapid;       /* without an offer in between. */
    uint32_t lease_s;    /* GIVEN: for how long; or ZW_LEASE_FOREVER. */
};

/* Reads an Ethernet frame without VLAN tag.  False if it says nothing of that kind, or about no host's address. */
bool zw_address_event_read(const uint8_t *packet, size_t size, struct zw_address_event *);

#endif
