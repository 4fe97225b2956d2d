/* SPDX-License-Identifier: Apache-2.0 */
/* frame - the first packet of a flow as an Ethernet frame, with right lengths and checksums: a TCP SYN (with an MSS
 * option) or a UDP packet, over IPv4 or IPv6.  RFC 791, 8200, 768, 9293. */
#ifndef ZW_TESTS_BENCH_FRAME_H
#define ZW_TESTS_BENCH_FRAME_H 1

#include <net/ethernet.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    FRAME_UDP_PAYLOAD = 22, /* Makes 64 bytes over IPv4. */
    FRAME_MAX_SIZE = 14 + 40 + 8 + FRAME_UDP_PAYLOAD,
};

/* Addresses are in network order; IPv4 has the first 4 bytes.  Ports are in host order. */
struct flow {
    bool is_v6, is_tcp;
    uint8_t src[16], dst[16];
    uint16_t sport, dport;
    uint8_t src_mac[ETH_ALEN], dst_mac[ETH_ALEN];
};

/* Writes it and returns its size; 'sequence' is TCP's. */
size_t frame_build(uint8_t bytes[FRAME_MAX_SIZE], const struct flow *, uint32_t sequence);

/* Of text.  The address tells its family, which both must share; false if they do not, or if one is none. */
bool frame_parse_addresses(struct flow *, const char *src, const char *dst);
bool frame_parse_mac(uint8_t mac[ETH_ALEN], const char *text);

#endif
