/* SPDX-License-Identifier: Apache-2.0 */
#include "zw-config.h"

#include "controller/slowpath/address-event.h"

#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <string.h>

enum {
    ETH_SIZE = 14,
    ETH_TYPE_IPV4 = 0x0800,
    ETH_TYPE_IPV6 = 0x86dd,
    IPV6_SIZE = 40,
    UDP_SIZE = 8,
    ND_SIZE = 24, /* Of a solicitation or advertisement without options. */
};

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
    return zw_addr_is_host(&event->addr);
}

static bool read_dhcp(struct span s, uint8_t op, struct zw_address_event *event)
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
    return message && (op == BOOTP_REQUEST ? read_question : read_answer)(bootp, s, *message, event);
}

static bool read_ipv4(struct span s, struct zw_address_event *event)
{
    const uint8_t *ip = s.p;

    if (s.size < 20 || ip[0] >> 4 != 4 || (ip[0] & 15) < 5 || ip[9] != IPPROTO_UDP || get16(ip + 6) & 0x1fff ||
        !skip(&s, 4u * (ip[0] & 15))) {
        return false;
    }
    const uint8_t *udp = s.p;
    if (!skip(&s, UDP_SIZE)) {
        return false;
    } else if (get16(udp + 2) == DHCP_SERVER_PORT) { /* Wherever it comes from: servers do not look. */
        return read_dhcp(s, BOOTP_REQUEST, event);
    }
    return get16(udp) == DHCP_SERVER_PORT && get16(udp + 2) == DHCP_CLIENT_PORT && read_dhcp(s, BOOTP_REPLY, event);
}

/* Extension headers before neighbour discovery are legal and nobody's habit: a host whose probe has them is not learned. */
static bool read_ipv6(struct span s, struct zw_address_event *event)
{
    static const uint8_t unspecified[16];
    const uint8_t *ip = s.p;

    if (!skip(&s, IPV6_SIZE) || ip[0] >> 4 != 6 || ip[6] != IPPROTO_ICMPV6 || ip[7] != 255) {
        return false;
    }
    const uint8_t *nd = s.p;
    bool from_nowhere = !memcmp(ip + 8, unspecified, sizeof unspecified);
    if (!skip(&s, ND_SIZE) || nd[1] != 0) {
        return false;
    } else if (nd[0] == ND_NEIGHBOR_SOLICIT && from_nowhere) {
        *event = (struct zw_address_event){.type = ZW_ADDRESS_PROBED};
    } else if (nd[0] == ND_NEIGHBOR_ADVERT && !from_nowhere) {
        *event = (struct zw_address_event){.type = ZW_ADDRESS_USED};
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
        return read_ipv4(s, event);
    case ETH_TYPE_IPV6:
        return read_ipv6(s, event);
    default:
        return false;
    }
}
