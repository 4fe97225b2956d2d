/* SPDX-License-Identifier: Apache-2.0 */
#include "zw-config.h"

#include "tests/bench/frame.h"

#include <arpa/inet.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <stdio.h>
#include <string.h>

enum {
    MSS_OPTION_SIZE = 4,
    HOPS = 64,
};

/* One's complement sum of 16-bit words in network order; 'size' is even. */
static uint32_t sum_up(uint32_t sum, const uint8_t *bytes, size_t size)
{
    for (size_t i = 0; i < size; i += 2) {
        sum += (uint32_t)bytes[i] << 8 | bytes[i + 1];
    }
    return sum;
}

static uint16_t fold(uint32_t sum)
{
    while (sum >> 16) {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    return htons((uint16_t)~sum);
}

static void put_ip(uint8_t *bytes, const struct flow *f, uint8_t protocol, size_t l4_size)
{
    if (f->is_v6) {
        struct ip6_hdr ip6 = {.ip6_hlim = HOPS, .ip6_nxt = protocol, .ip6_plen = htons((uint16_t)l4_size)};

        ip6.ip6_vfc = 6 << 4;
        memcpy(&ip6.ip6_src, f->src, sizeof ip6.ip6_src);
        memcpy(&ip6.ip6_dst, f->dst, sizeof ip6.ip6_dst);
        memcpy(bytes, &ip6, sizeof ip6);
    } else {
        struct iphdr ip = {.version = 4, .ihl = 5, .ttl = HOPS, .protocol = protocol, .frag_off = htons(IP_DF)};

        ip.tot_len = htons((uint16_t)(sizeof ip + l4_size));
        memcpy(&ip.saddr, f->src, sizeof ip.saddr);
        memcpy(&ip.daddr, f->dst, sizeof ip.daddr);
        memcpy(bytes, &ip, sizeof ip);
        ip.check = fold(sum_up(0, bytes, sizeof ip));
        memcpy(bytes, &ip, sizeof ip);
    }
}

/* With its checksum field 0. */
static size_t put_l4(uint8_t *bytes, const struct flow *f, uint32_t sequence)
{
    if (f->is_tcp) {
        static const uint8_t mss[MSS_OPTION_SIZE] = {TCPOPT_MAXSEG, TCPOLEN_MAXSEG, 1400 >> 8, 1400 & 0xff};
        struct tcphdr tcp = {.syn = 1, .doff = (sizeof tcp + sizeof mss) / 4, .window = htons(64240)};

        tcp.source = htons(f->sport);
        tcp.dest = htons(f->dport);
        tcp.seq = htonl(sequence);
        memcpy(bytes, &tcp, sizeof tcp);
        memcpy(bytes + sizeof tcp, mss, sizeof mss);
        return sizeof tcp + sizeof mss;
    } else {
        struct udphdr udp = {.source = htons(f->sport), .dest = htons(f->dport)};

        udp.len = htons(sizeof udp + FRAME_UDP_PAYLOAD);
        memcpy(bytes, &udp, sizeof udp);
        memset(bytes + sizeof udp, 'z', FRAME_UDP_PAYLOAD);
        return sizeof udp + FRAME_UDP_PAYLOAD;
    }
}

static void put_l4_checksum(uint8_t *l4, size_t size, const struct flow *f, uint8_t protocol)
{
    size_t address_size = f->is_v6 ? 16 : 4;
    size_t place = f->is_tcp ? offsetof(struct tcphdr, check) : offsetof(struct udphdr, check);
    uint32_t sum = sum_up(sum_up(sum_up(0, f->src, address_size), f->dst, address_size), l4, size);
    uint16_t check = fold(sum + protocol + (uint32_t)size);

    if (!check && !f->is_tcp) {
        check = 0xffff; /* In UDP, 0 is "none". */
    }
    memcpy(l4 + place, &check, sizeof check);
}

size_t frame_build(uint8_t bytes[FRAME_MAX_SIZE], const struct flow *f, uint32_t sequence)
{
    struct ether_header eth = {.ether_type = htons(f->is_v6 ? ETHERTYPE_IPV6 : ETHERTYPE_IP)};
    size_t l3 = sizeof eth, l4 = l3 + (f->is_v6 ? sizeof(struct ip6_hdr) : sizeof(struct iphdr));
    uint8_t protocol = f->is_tcp ? IPPROTO_TCP : IPPROTO_UDP;
    size_t l4_size = put_l4(bytes + l4, f, sequence);

    memcpy(eth.ether_dhost, f->dst_mac, ETH_ALEN);
    memcpy(eth.ether_shost, f->src_mac, ETH_ALEN);
    memcpy(bytes, &eth, sizeof eth);
    put_ip(bytes + l3, f, protocol, l4_size);
    put_l4_checksum(bytes + l4, l4_size, f, protocol);
    return l4 + l4_size;
}

bool frame_parse_addresses(struct flow *f, const char *src, const char *dst)
{
    f->is_v6 = strchr(src, ':') != NULL;
    return inet_pton(f->is_v6 ? AF_INET6 : AF_INET, src, f->src) == 1 &&
           inet_pton(f->is_v6 ? AF_INET6 : AF_INET, dst, f->dst) == 1;
}

bool frame_parse_mac(uint8_t mac[ETH_ALEN], const char *text)
{
    int end = 0;

    return sscanf(text, "%2hhx:%2hhx:%2hhx:%2hhx:%2hhx:%2hhx%n", &mac[0], &mac[1], &mac[2], &mac[3], &mac[4], &mac[5],
                  &end) == ETH_ALEN &&
           text[end] == '\0';
}
