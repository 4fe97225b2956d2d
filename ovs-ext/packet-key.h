/* SPDX-License-Identifier: Apache-2.0 */
/* packet-key - what a decision needs to know of the first packet of a session.
 *
 * Plain values without any OVS type, so that the policy, the log and the tests can use them as well. */

#ifndef ZW_OVS_PACKET_KEY_H
#define ZW_OVS_PACKET_KEY_H 1

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

enum zw_family { ZW_IPV4 = 4, ZW_IPV6 = 6 };

/* An address of either family.  IPv4 uses the first 4 bytes, the rest is zero; network byte order. */
struct zw_addr {
    uint8_t family; /* enum zw_family. */
    uint8_t bytes[16];
};

/* An Ethernet address. */
struct zw_mac {
    uint8_t bytes[6];
};

/* An address and how many of its leading bits count.  Bits beyond that are zero. */
struct zw_prefix {
    struct zw_addr addr;
    uint8_t n_bits;
};

struct zw_packet_key {
    uint16_t eth_type;       /* 0: IP.  Else there is nothing but this EtherType, and addresses perhaps for the log. */
    struct zw_addr src, dst; /* Of one family. */
    uint8_t proto;           /* IPPROTO_*. */
    uint16_t sport, dport;   /* Host byte order; TCP, UDP and SCTP.  ICMP and ICMPv6: type and code. */
};

#define ZW_ADDR_STRLEN INET6_ADDRSTRLEN /* With the terminating zero. */
#define ZW_PREFIX_STRLEN (INET6_ADDRSTRLEN + 4)

/* "52:54:00:00:00:01" to the address of a host: neither a group nor 0.  False if it is none. */
bool zw_mac_parse(const char *, struct zw_mac *);
#define ZW_MAC_STRLEN 18
const char *zw_mac_format(const struct zw_mac *, char *buf); /* Returns 'buf'; lower case. */

/* Text to address; accepts no prefix length.  False if it is not an address. */
bool zw_addr_parse(const char *, struct zw_addr *);

/* "ADDRESS" or "ADDRESS/BITS".  Host bits that are set are an error: returns a constant text that says what is
 * wrong, or NULL if all is well. */
const char *zw_prefix_parse(const char *, struct zw_prefix *);

/* The network of 'n_bits' bits that 'addr' is in. */
struct zw_prefix zw_addr_network(const struct zw_addr *, unsigned int n_bits);

/* What has no family is "".  Both return 'buf', which has room for ZW_ADDR_STRLEN or ZW_PREFIX_STRLEN. */
const char *zw_addr_format(const struct zw_addr *, char *buf);
const char *zw_prefix_format(const struct zw_prefix *, char *buf);

unsigned int zw_family_bits(uint8_t family); /* 32 or 128. */
bool zw_addr_equal(const struct zw_addr *, const struct zw_addr *);

/* Whether a host may send from it: it is no group, broadcast, loopback or reserved address (stage GUARD). */
bool zw_addr_is_host(const struct zw_addr *);

bool zw_prefix_contains(const struct zw_prefix *, const struct zw_addr *);

#endif
