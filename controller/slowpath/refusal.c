/* SPDX-License-Identifier: Apache-2.0 */
#include "zw-config.h"

#include "controller/slowpath/refusal.h"

#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <string.h>

enum { ETH_SIZE = 14, IPV4_SIZE = 20, IPV6_SIZE = 40, TCP_SIZE = 20, ICMP_SIZE = 8 };
enum { ETH_TYPE_IPV4 = 0x0800, ETH_TYPE_IPV6 = 0x86dd };
enum { TCP_FIN = 0x01, TCP_SYN = 0x02, TCP_RST = 0x04, TCP_ACK = 0x10 };

#define IPV4_QUOTE_SIZE (576 - IPV4_SIZE - ICMP_SIZE)
#define IPV6_QUOTE_SIZE (1280 - IPV6_SIZE - ICMP_SIZE)
#define HOP_LIMIT 64
#define IPV4_DONT_FRAGMENT 0x4000
#define IPV4_PRECEDENCE 0xc0   /* Internetwork control, of ICMP errors: RFC 1812, 4.3.2.5. */
#define IPV6_MAX_EXTENSIONS 16 /* More than any host sends; beyond, what is behind them is not known. */
#define MLDV2_REPORT 143

/* A packet, taken apart.  'ip' is in the frame. */
struct packet {
    const uint8_t *ip;
    size_t known;      /* Bytes from 'ip' on that we have; no padding of Ethernet's. */
    size_t size;       /* Bytes that it has. */
    bool is_ipv6;      /* Else IPv4. */
    bool is_fragment;  /* The first one. */
    uint8_t proto;     /* Behind all extension headers. */
    size_t l4;         /* Where that begins, from 'ip'; <= known. */
    uint32_t seq, ack; /* Of a reset that answers it. */
    uint8_t flags;
};

static uint16_t get16(const uint8_t *p)
{
    return (uint16_t)(p[0] << 8 | p[1]);
}

static uint32_t get32(const uint8_t *p)
{
    return (uint32_t)get16(p) << 16 | get16(p + 2);
}

static void put16(uint8_t *p, size_t value)
{
    p[0] = (uint8_t)(value >> 8);
    p[1] = (uint8_t)value;
}

static void put32(uint8_t *p, uint32_t value)
{
    put16(p, value >> 16);
    put16(p + 2, value & 0xffff);
}

/* RFC 1071, not folded yet. */
static uint32_t sum(const uint8_t *p, size_t size, uint32_t total)
{
    for (; size > 1; p += 2, size -= 2) {
        total += get16(p);
    }
    return size ? total + (uint32_t)(p[0] << 8) : total;
}

static uint16_t fold(uint32_t total)
{
    total = (total & 0xffff) + (total >> 16);
    total = (total & 0xffff) + (total >> 16);
    return (uint16_t)~total;
}

/* --- Who must not be answered. --- */

/* One host, that is not this one: RFC 1122, 3.2.1.3. */
static bool is_one_ipv4_host(const uint8_t *addr)
{
    return addr[0] != 0 && addr[0] != 127 && addr[0] < 224;
}

static bool is_one_ipv6_host(const uint8_t *addr)
{
    static const uint8_t zeros[15];

    return addr[0] != 0xff && (memcmp(addr, zeros, sizeof zeros) || addr[15] > 1);
}

/* Questions and answers.  Whatever else there is may be an error: no error is answered by another one. */
static bool is_icmp_query(uint8_t type)
{
    static const uint8_t types[] = {ICMP_ECHOREPLY,    ICMP_ECHO,       ICMP_TIMESTAMP, ICMP_TIMESTAMPREPLY,
                                    ICMP_INFO_REQUEST, ICMP_INFO_REPLY, ICMP_ADDRESS,   ICMP_ADDRESSREPLY};

    return memchr(types, type, sizeof types);
}

/* Not errors, which come first, nor what neighbours and routers tell each other. */
static bool is_icmpv6_query(uint8_t type)
{
    return type >= ICMP6_ECHO_REQUEST && !(type >= MLD_LISTENER_QUERY && type <= ND_REDIRECT) && type != MLDV2_REPORT;
}

/* --- Reading. --- */

static bool read_ipv4(struct packet *p)
{
    const uint8_t *ip = p->ip;
    size_t header_size = p->known >= IPV4_SIZE ? (ip[0] & 15u) * 4 : 0;

    if (header_size < IPV4_SIZE || ip[0] >> 4 != 4 || header_size > p->known || fold(sum(ip, header_size, 0))) {
        return false;
    }
    uint16_t fragment = get16(ip + 6);
    p->size = get16(ip + 2);
    p->is_fragment = fragment & 0x2000;
    p->proto = ip[9];
    p->l4 = header_size;
    return p->size >= header_size && !(fragment & 0x1fff) && is_one_ipv4_host(ip + 12) && is_one_ipv4_host(ip + 16);
}

/* Moves behind one extension header (RFC 8200, 4; RFC 4302).  False if that cannot be known, or it is not for the receiver. */
static bool skip_extension(struct packet *p)
{
    const uint8_t *header = p->ip + p->l4;
    size_t size = 8;

    if (p->known - p->l4 < size) {
        return false;
    }
    switch (p->proto) {
    case IPPROTO_FRAGMENT:
        p->is_fragment = get16(header + 2) & 1;
        if (get16(header + 2) & 0xfff8) {
            return false;
        }
        break;
    case IPPROTO_AH:
        size = (header[1] + 2u) * 4;
        break;
    case IPPROTO_ROUTING:
        if (header[3]) {
            return false; /* On its way elsewhere. */
        }
        /* fall through */
    default:
        size = (header[1] + 1u) * 8;
    }
    p->proto = header[0];
    p->l4 += size;
    return p->l4 <= p->known;
}

static bool is_extension(uint8_t proto)
{
    return proto == IPPROTO_HOPOPTS || proto == IPPROTO_ROUTING || proto == IPPROTO_FRAGMENT || proto == IPPROTO_AH ||
           proto == IPPROTO_DSTOPTS;
}

static bool read_ipv6(struct packet *p)
{
    if (p->known < IPV6_SIZE || p->ip[0] >> 4 != 6 || !is_one_ipv6_host(p->ip + 8) || !is_one_ipv6_host(p->ip + 24)) {
        return false;
    }
    p->size = IPV6_SIZE + (size_t)get16(p->ip + 4);
    p->known = p->known < p->size ? p->known : p->size;
    p->proto = p->ip[6];
    p->l4 = IPV6_SIZE;
    for (int i = 0; is_extension(p->proto); i++) {
        if (i == IPV6_MAX_EXTENSIONS || !skip_extension(p)) {
            return false;
        }
    }
    return true;
}

static bool read_ip(struct packet *p, uint16_t eth_type)
{
    p->is_ipv6 = eth_type == ETH_TYPE_IPV6;
    if (p->is_ipv6 ? !read_ipv6(p) : eth_type != ETH_TYPE_IPV4 || !read_ipv4(p)) {
        return false;
    }
    p->known = p->known < p->size ? p->known : p->size;
    return p->l4 <= p->known;
}

/* What a reset must say, so that the sender takes it for an answer to this very segment. */
static bool read_tcp(struct packet *p)
{
    const uint8_t *tcp = p->ip + p->l4;
    size_t length = p->size - p->l4;

    if (p->is_fragment || p->known - p->l4 < TCP_SIZE) {
        return false;
    }
    size_t header_size = (tcp[12] >> 4) * 4u;
    uint8_t flags = tcp[13];
    if (header_size < TCP_SIZE || header_size > length || flags & TCP_RST) {
        return false;
    }
    if (flags & TCP_ACK) {
        p->seq = get32(tcp + 8);
        p->flags = TCP_RST;
    } else {
        p->ack = get32(tcp + 4) + (uint32_t)(length - header_size) + !!(flags & TCP_SYN) + !!(flags & TCP_FIN);
        p->flags = TCP_RST | TCP_ACK;
    }
    return true;
}

/* --- Writing. --- */

static size_t ip_size(const struct packet *p)
{
    return p->is_ipv6 ? IPV6_SIZE : IPV4_SIZE;
}

/* The header around 'size' bytes that stand behind it already. */
static void put_ipv4(const struct packet *p, uint8_t *ip, uint8_t proto, size_t size)
{
    memset(ip, 0, IPV4_SIZE);
    ip[0] = 0x45;
    ip[1] = proto == IPPROTO_ICMP ? IPV4_PRECEDENCE : 0;
    put16(ip + 2, IPV4_SIZE + size);
    put16(ip + 6, IPV4_DONT_FRAGMENT);
    ip[8] = HOP_LIMIT;
    ip[9] = proto;
    memcpy(ip + 12, p->ip + 16, 4);
    memcpy(ip + 16, p->ip + 12, 4);
    put16(ip + 10, fold(sum(ip, IPV4_SIZE, 0)));
}

static void put_ipv6(const struct packet *p, uint8_t *ip, uint8_t proto, size_t size)
{
    memset(ip, 0, IPV6_SIZE);
    ip[0] = 6 << 4;
    put16(ip + 4, size);
    ip[6] = proto;
    ip[7] = HOP_LIMIT;
    memcpy(ip + 8, p->ip + 24, 16);
    memcpy(ip + 24, p->ip + 8, 16);
}

/* With the pseudo header of RFC 9293, 3.1, or RFC 8200, 8.1. */
static uint16_t l4_checksum(const struct packet *p, const uint8_t *ip, uint8_t proto, size_t size)
{
    uint32_t total = p->is_ipv6 ? sum(ip + 8, 32, 0) : sum(ip + 12, 8, 0);

    return fold(sum(ip + ip_size(p), size, total + proto + (uint32_t)size));
}

static size_t put_reset(const struct packet *p, uint8_t *ip)
{
    const uint8_t *theirs = p->ip + p->l4;
    uint8_t *tcp = ip + ip_size(p);

    memset(tcp, 0, TCP_SIZE);
    memcpy(tcp, theirs + 2, 2);
    memcpy(tcp + 2, theirs, 2);
    put32(tcp + 4, p->seq);
    put32(tcp + 8, p->ack);
    tcp[12] = TCP_SIZE / 4 << 4;
    tcp[13] = p->flags;
    (p->is_ipv6 ? put_ipv6 : put_ipv4)(p, ip, IPPROTO_TCP, TCP_SIZE);
    put16(tcp + 16, l4_checksum(p, ip, IPPROTO_TCP, TCP_SIZE));
    return TCP_SIZE;
}

static size_t put_error(const struct packet *p, uint8_t *ip)
{
    size_t quote_max = p->is_ipv6 ? IPV6_QUOTE_SIZE : IPV4_QUOTE_SIZE;
    size_t quote_size = p->known < quote_max ? p->known : quote_max;
    uint8_t *icmp = ip + ip_size(p);
    size_t size = ICMP_SIZE + quote_size;

    memset(icmp, 0, ICMP_SIZE);
    icmp[0] = p->is_ipv6 ? ICMP6_DST_UNREACH : ICMP_DEST_UNREACH;
    icmp[1] = p->is_ipv6 ? ICMP6_DST_UNREACH_ADMIN : ICMP_PKT_FILTERED;
    memcpy(icmp + ICMP_SIZE, p->ip, quote_size);
    if (p->is_ipv6) {
        put_ipv6(p, ip, IPPROTO_ICMPV6, size);
        put16(icmp + 2, l4_checksum(p, ip, IPPROTO_ICMPV6, size));
    } else {
        put_ipv4(p, ip, IPPROTO_ICMP, size);
        put16(icmp + 2, fold(sum(icmp, size, 0)));
    }
    return size;
}

size_t zw_refusal_make(const uint8_t *frame, size_t size, uint8_t answer[ZW_REFUSAL_MAX_SIZE])
{
    if (size < ETH_SIZE || frame[0] & 1 || frame[6] & 1) {
        return 0;
    }
    struct packet p = {.ip = frame + ETH_SIZE, .known = size - ETH_SIZE};
    if (!read_ip(&p, get16(frame + 12))) {
        return 0;
    }
    bool is_tcp = p.proto == IPPROTO_TCP, is_icmp = p.proto == (p.is_ipv6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP);
    if (is_tcp && !read_tcp(&p)) {
        return 0;
    }
    if (is_icmp && (p.known == p.l4 || !(p.is_ipv6 ? is_icmpv6_query : is_icmp_query)(p.ip[p.l4]))) {
        return 0;
    }
    memcpy(answer, frame + 6, 6);
    memcpy(answer + 6, frame, 6);
    memcpy(answer + 12, frame + 12, 2);
    return ETH_SIZE + ip_size(&p) + (is_tcp ? put_reset : put_error)(&p, answer + ETH_SIZE);
}

/* The generic cell rate algorithm: each takes its share of a second, and BURST shares may be taken ahead. */
bool zw_refusal_allowed(struct zw_refusal_limit *limit, int64_t now_us)
{
    const int64_t share_us = 1000000 / ZW_REFUSALS_PPS;
    int64_t full_us = limit->full_us > now_us ? limit->full_us : now_us;

    if (full_us - now_us > (ZW_REFUSALS_BURST - 1) * share_us) {
        return false;
    }
    limit->full_us = full_us + share_us;
    return true;
}
