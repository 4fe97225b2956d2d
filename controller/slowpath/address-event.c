/* SPDX-License-Identifier: Apache-2.0 */
#include "zw-config.h"

#include "controller/slowpath/address-event.h"

#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <string.h>

enum {
    ETH_SIZE = 14,
    ETH_SOURCE = 6,
    ETH_TYPE_IPV4 = 0x0800,
    ETH_TYPE_IPV6 = 0x86dd,
    IPV4_SIZE = 20, /* Without options. */
    IPV4_FRAGMENT = 0x3fff,
    IPV6_SIZE = 40,
    UDP_SIZE = 8,
    ND_SIZE = 24, /* Of a solicitation or advertisement without options. */
};

/* What a probe may carry besides its target: hosts send a nonce of 8 (RFC 7527), or nothing.  Eight options at most, so that neither
 * the MTU of who has the address nor how many options it reads is a reason for it not to object. */
#define ZW_PROBE_OPTIONS_SIZE 64u

/* RFC 2131, figure 1. */
enum {
    BOOTP_REQUEST = 1,
    BOOTP_REPLY = 2,
    BOOTP_ETHERNET = 1,
    BOOTP_XID = 4,
    BOOTP_CLIENTS = 12,
    BOOTP_YOURS = 16,
    BOOTP_HARDWARE = 28,
    BOOTP_COOKIE = 236,
    BOOTP_OPTIONS = 240,
};

/* RFC 2132; RFC 4039. */
enum {
    OPTION_PAD = 0,
    OPTION_REQUESTED = 50,
    OPTION_LEASE = 51,
    OPTION_MESSAGE = 53,
    OPTION_RAPID = 80,
    OPTION_END = 255,
};
enum { MESSAGE_DISCOVER = 1, MESSAGE_REQUEST = 3, MESSAGE_ACK = 5 };

enum { DHCP_SERVER_PORT = 67, DHCP_CLIENT_PORT = 68 };

struct span {
    const uint8_t *p;
    size_t size;
};

static bool skip(struct span *s, size_t size)
{
    if (s->size < size) {
        return false;
    }
    s->p += size;
    s->size -= size;
    return true;
}

static uint16_t get16(const uint8_t *p)
{
    return (uint16_t)(p[0] << 8 | p[1]);
}

static uint32_t get32(const uint8_t *p)
{
    return (uint32_t)get16(p) << 16 | get16(p + 2);
}

/* To be folded by adds_up().  Only what comes last may have an odd size. */
static uint32_t sum(uint32_t before, const uint8_t *p, size_t size)
{
    for (size_t i = 0; i + 1 < size; i += 2) {
        before += get16(p + i);
    }
    return before + (size % 2 ? (uint32_t)p[size - 1] << 8 : 0);
}

/* Of what has its checksum in it (RFC 1071). */
static bool adds_up(uint32_t sum)
{
    while (sum >> 16) {
        sum = (sum & UINT16_MAX) + (sum >> 16);
    }
    return sum == UINT16_MAX;
}

/* Whether the list has its end (RFC 2132, 3.2). */
static bool has_end(struct span s)
{
    while (s.size && s.p[0] != OPTION_END) {
        if (s.p[0] == OPTION_PAD) {
            skip(&s, 1);
        } else if (s.size < 2 || !skip(&s, 2u + s.p[1])) {
            return false;
        }
    }
    return s.size;
}

/* The value of an option that has 'size' bytes, or NULL. */
static const uint8_t *find_option(struct span s, uint8_t type, uint8_t size)
{
    while (s.size && s.p[0] != OPTION_END) {
        if (s.p[0] == OPTION_PAD) {
            skip(&s, 1);
            continue;
        }
        if (s.size < 2 || s.size - 2 < s.p[1]) {
            return NULL;
        }
        if (s.p[0] == type) {
            return s.p[1] == size ? s.p + 2 : NULL;
        }
        skip(&s, 2u + s.p[1]);
    }
    return NULL;
}

static struct zw_addr ipv4(const uint8_t *bytes)
{
    struct zw_addr addr = {.family = ZW_IPV4};

    memcpy(addr.bytes, bytes, 4);
    return addr;
}

/* RFC 2131, table 5: who asks for an address for the first time, or again after a restart, names it in an option; who prolongs
 * a lease sends from the address. */
static bool read_question(const uint8_t *bootp, struct span options, uint8_t message, struct zw_address_event *event)
{
    const uint8_t *requested = find_option(options, OPTION_REQUESTED, 4);

    event->type = ZW_ADDRESS_ASKED;
    event->is_rapid = message == MESSAGE_DISCOVER;
    if (event->is_rapid) {
        return find_option(options, OPTION_RAPID, 0) != NULL; /* Else it leads to an offer. */
    }
    event->addr = ipv4(requested ? requested : bootp + BOOTP_CLIENTS);
    return message == MESSAGE_REQUEST && zw_addr_is_host(&event->addr);
}

static bool read_answer(const uint8_t *bootp, struct span options, uint8_t message, struct zw_address_event *event)
{
    const uint8_t *lease = find_option(options, OPTION_LEASE, 4);

    if (message != MESSAGE_ACK || !lease || !get32(lease)) {
        return false; /* Without a lease it answers who has an address already (RFC 2131, 4.3.5). */
    }
    event->type = ZW_ADDRESS_GIVEN;
    event->addr = ipv4(bootp + BOOTP_YOURS);
    event->lease_s = get32(lease);
    event->is_rapid = find_option(options, OPTION_RAPID, 0) != NULL;
    return has_end(options) && zw_addr_is_host(&event->addr);
}

/* What is sent to another host does not come to the client. */
static bool is_sent_to(const uint8_t *eth, const struct zw_mac *mac)
{
    static const uint8_t broadcast[] = {255, 255, 255, 255, 255, 255};

    return !memcmp(eth, broadcast, sizeof broadcast) || !memcmp(eth, mac->bytes, sizeof mac->bytes);
}

static bool read_dhcp(const uint8_t *eth, struct span s, uint8_t op, struct zw_address_event *event)
{
    static const uint8_t cookie[] = {0x63, 0x82, 0x53, 0x63};
    const uint8_t *bootp = s.p;

    if (!skip(&s, BOOTP_OPTIONS) || bootp[0] != op || bootp[1] != BOOTP_ETHERNET ||
        bootp[2] != sizeof event->mac.bytes || memcmp(bootp + BOOTP_COOKIE, cookie, sizeof cookie)) {
        return false;
    }
    const uint8_t *message = find_option(s, OPTION_MESSAGE, 1);
    *event = (struct zw_address_event){.xid = get32(bootp + BOOTP_XID)};
    memcpy(event->mac.bytes, bootp + BOOTP_HARDWARE, sizeof event->mac.bytes);
    if (!message) {
        return false;
    } else if (op == BOOTP_REQUEST) {
        return read_question(bootp, s, *message, event);
    }
    return is_sent_to(eth, &event->mac) && read_answer(bootp, s, *message, event);
}

/* Leaves what the header says is there, without Ethernet's padding.  A fragment is no message; nor is what was cut short. */
static bool skip_ipv4(struct span *s)
{
    const uint8_t *ip = s->p;

    if (s->size < IPV4_SIZE || ip[0] >> 4 != 4 || get16(ip + 6) & IPV4_FRAGMENT || get16(ip + 2) > s->size) {
        return false;
    }
    size_t header = 4u * (ip[0] & 15);
    s->size = get16(ip + 2);
    return header >= IPV4_SIZE && skip(s, header) && adds_up(sum(0, ip, header));
}

static bool skip_udp(struct span *s, const uint8_t *ip)
{
    const uint8_t *udp = s->p;

    if (s->size < UDP_SIZE || get16(udp + 4) > s->size) {
        return false;
    }
    s->size = get16(udp + 4);
    uint32_t pseudo = sum(IPPROTO_UDP + (uint32_t)s->size, ip + 12, 8);
    return (!get16(udp + 6) || adds_up(sum(pseudo, udp, s->size))) && skip(s, UDP_SIZE);
}

static bool read_ipv4(const uint8_t *eth, struct span s, struct zw_address_event *event)
{
    const uint8_t *ip = s.p;

    if (!skip_ipv4(&s) || ip[9] != IPPROTO_UDP) {
        return false;
    }
    const uint8_t *udp = s.p;
    if (!skip_udp(&s, ip)) {
        return false;
    } else if (get16(udp + 2) == DHCP_SERVER_PORT) { /* Wherever it comes from: servers do not look. */
        return read_dhcp(eth, s, BOOTP_REQUEST, event);
    }
    return get16(udp) == DHCP_SERVER_PORT && get16(udp + 2) == DHCP_CLIENT_PORT &&
           read_dhcp(eth, s, BOOTP_REPLY, event);
}

/* A frame that gets to who has 'target': to its solicited-node group (RFC 4291, 2.7.1; RFC 2464, 7), and from a source that bridges
 * on the way pass on. */
static bool is_for(const uint8_t *eth, const uint8_t *ip, const uint8_t *target)
{
    static const uint8_t nobody[6];
    uint8_t group[16] = {0xff, 2, [11] = 1, [12] = 0xff};
    uint8_t mac[6] = {0x33, 0x33};

    memcpy(group + 13, target + 13, 3);
    memcpy(mac + 2, group + 12, 4);
    return !memcmp(ip + 24, group, sizeof group) && !memcmp(eth, mac, sizeof mac) && !(eth[ETH_SOURCE] & 1) &&
           memcmp(eth + ETH_SOURCE, nobody, sizeof nobody) != 0;
}

/* RFC 4861, 4.6: what makes a host drop the whole; and 7.1.1: from nowhere no source link-layer option. */
static bool has_good_options(struct span s)
{
    if (s.size > ZW_PROBE_OPTIONS_SIZE) {
        return false;
    }
    while (s.size) {
        if (s.size < 2 || !s.p[1] || s.p[0] == ND_OPT_SOURCE_LINKADDR || !skip(&s, 8u * s.p[1])) {
            return false;
        }
    }
    return true;
}

/* Whether silence means that nobody has the address: only if who has it would have believed the probe (RFC 4861, 7.1.1).  's' is what
 * comes after the IPv6 header. */
static bool is_probe(const uint8_t *eth, const uint8_t *ip, struct span s)
{
    static const uint8_t unspecified[16];
    const uint8_t *nd = s.p;
    uint32_t pseudo = sum(IPPROTO_ICMPV6 + (uint32_t)s.size, ip + 8, 32);

    return ip[7] == 255 && get16(ip + 4) == s.size && !memcmp(ip + 8, unspecified, sizeof unspecified) && nd[1] == 0 &&
           is_for(eth, ip, nd + 8) && skip(&s, ND_SIZE) && has_good_options(s) &&
           adds_up(sum(pseudo, nd, ND_SIZE + s.size));
}

/* Extension headers before neighbour discovery are legal and nobody's habit: a host whose probe has them is not learned.  An
 * advertisement counts however odd it is: it cannot but keep an address from being learned. */
static bool read_ipv6(const uint8_t *eth, struct span s, struct zw_address_event *event)
{
    const uint8_t *ip = s.p;

    if (!skip(&s, IPV6_SIZE) || ip[0] >> 4 != 6 || ip[6] != IPPROTO_ICMPV6 || s.size < ND_SIZE) {
        return false;
    }
    const uint8_t *nd = s.p;
    if (nd[0] == ND_NEIGHBOR_ADVERT) {
        *event = (struct zw_address_event){.type = ZW_ADDRESS_USED};
    } else if (nd[0] == ND_NEIGHBOR_SOLICIT && is_probe(eth, ip, s)) {
        *event = (struct zw_address_event){.type = ZW_ADDRESS_PROBED};
        memcpy(event->mac.bytes, eth + ETH_SOURCE, sizeof event->mac.bytes);
    } else {
        return false;
    }
    event->addr.family = ZW_IPV6;
    memcpy(event->addr.bytes, nd + 8, sizeof event->addr.bytes);
    return zw_addr_is_host(&event->addr);
}

bool zw_address_event_read(const uint8_t *packet, size_t size, struct zw_address_event *event)
{
    struct span s = {packet, size};

    if (!skip(&s, ETH_SIZE)) {
        return false;
    }
    switch (get16(packet + 12)) {
    case ETH_TYPE_IPV4:
        return read_ipv4(packet, s, event);
    case ETH_TYPE_IPV6:
        return read_ipv6(packet, s, event);
    default:
        return false;
    }
}
