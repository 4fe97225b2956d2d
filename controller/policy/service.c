/* SPDX-License-Identifier: Apache-2.0 */
#include "zw-config.h"

#include "controller/policy/service.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "controller/base/memory.h"

/* What may follow the protocol's name and a slash. */
enum detail { NOTHING, PORTS, TYPE, ETHER_TYPE };

static const struct protocol {
    const char *name;
    uint8_t proto, family;
    enum detail detail;
} protocols[] = {
    {"tcp", IPPROTO_TCP, 0, PORTS},
    {"udp", IPPROTO_UDP, 0, PORTS},
    {"sctp", IPPROTO_SCTP, 0, PORTS},
    {"icmp", IPPROTO_ICMP, ZW_IPV4, TYPE},
    {"icmpv6", IPPROTO_ICMPV6, ZW_IPV6, TYPE},
    {"igmp", IPPROTO_IGMP, 0, NOTHING},
    {"gre", IPPROTO_GRE, 0, NOTHING},
    {"esp", IPPROTO_ESP, 0, NOTHING},
    {"ah", IPPROTO_AH, 0, NOTHING},
    {"ospf", 89, 0, NOTHING},
    {"pim", IPPROTO_PIM, 0, NOTHING},
    {"vrrp", 112, 0, NOTHING},
    {"ethertype", 0, 0, ETHER_TYPE},
};
#define N_PROTOCOLS (sizeof protocols / sizeof protocols[0])

/* EtherTypes that no rule can name.  Smaller numbers are lengths (IEEE 802.3, 3.2.6). */
#define ETHER_TYPE_MIN 0x0600
static const struct {
    uint16_t type;
    const char *why;
} other_ether_types[] = {
    {0x0800, "this is IPv4; expected its protocols, such as tcp/80, or any"},
    {0x86dd, "this is IPv6; expected its protocols, such as tcp/80, or any"},
    {0x0806, "this is ARP, which passes without a rule"},
    {0x8100, "this is a VLAN tag; expected the EtherType behind it"},
    {0x88a8, "this is a VLAN tag; expected the EtherType behind it"},
    {0x9100, "this is a VLAN tag; expected the EtherType behind it"}, /* As switches had it before IEEE 802.1ad. */
    {0x9200, "this is a VLAN tag; expected the EtherType behind it"},
};

/* RFC 792, 1256; RFC 4443, 4861. */
static const struct icmp_type {
    uint8_t family, type;
    const char *name;
} icmp_types[] = {
    {ZW_IPV4, 0, "echo-reply"},
    {ZW_IPV4, 3, "destination-unreachable"},
    {ZW_IPV4, 5, "redirect"},
    {ZW_IPV4, 8, "echo-request"},
    {ZW_IPV4, 9, "router-advertisement"},
    {ZW_IPV4, 10, "router-solicitation"},
    {ZW_IPV4, 11, "time-exceeded"},
    {ZW_IPV4, 12, "parameter-problem"},
    {ZW_IPV4, 13, "timestamp-request"},
    {ZW_IPV4, 14, "timestamp-reply"},
    {ZW_IPV6, 1, "destination-unreachable"},
    {ZW_IPV6, 2, "packet-too-big"},
    {ZW_IPV6, 3, "time-exceeded"},
    {ZW_IPV6, 4, "parameter-problem"},
    {ZW_IPV6, 128, "echo-request"},
    {ZW_IPV6, 129, "echo-reply"},
    {ZW_IPV6, 133, "router-solicitation"},
    {ZW_IPV6, 134, "router-advertisement"},
    {ZW_IPV6, 135, "neighbor-solicitation"},
    {ZW_IPV6, 136, "neighbor-advertisement"},
    {ZW_IPV6, 137, "redirect"},
};
#define N_ICMP_TYPES (sizeof icmp_types / sizeof icmp_types[0])

static const char expected_item[] =
    "expected a protocol, such as tcp/80, tcp/8000-8080, udp/53, icmp/8, icmpv6, gre, proto/89 or ethertype/0x8892";
static const char expected_port[] = "expected a port or a range of ports, 0 to 65535, such as 80 or 8000-8080";
static const char expected_order[] = "the range is upside down; expected the lower port first";
static const char expected_icmp[] =
    "expected an ICMP type, such as 8 or echo-request, or a type and a code, such as 3/4; each 0 to 255";
static const char expected_proto[] = "expected a protocol number, 1 to 255";
static const char expected_ether_type[] = "expected an EtherType, 0x and four hexadecimal digits, 0x0600 or more";
static const char expected_nothing[] = "this protocol has no ports or types; expected its name alone";

/* Decimal digits without a leading zero, up to 'max'; moves '*s' behind them. */
static bool parse_number(const char **s, unsigned int max, unsigned int *value)
{
    size_t n = strspn(*s, "0123456789");

    if (n < 1 || n > 5 || (n > 1 && **s == '0')) {
        return false;
    }
    *value = (unsigned int)strtoul(*s, NULL, 10);
    *s += n;
    return *value <= max;
}

const char *zw_port_range_parse(const char *s, struct zw_port_range *range)
{
    unsigned int first, last;

    if (!parse_number(&s, UINT16_MAX, &first)) {
        return expected_port;
    }
    last = first;
    if (*s == '-') {
        s++;
        if (!parse_number(&s, UINT16_MAX, &last)) {
            return expected_port;
        }
    }
    if (*s) {
        return expected_port;
    }
    if (first > last) {
        return expected_order;
    }
    range->first = (uint16_t)first;
    range->last = (uint16_t)last;
    return NULL;
}

static const char *parse_ports(const char *s, struct zw_service_item *item)
{
    struct zw_port_range range;
    const char *wrong = zw_port_range_parse(s, &range);

    if (!wrong) {
        item->first = range.first;
        item->last = range.last;
        item->any_ports = range.first == 0 && range.last == UINT16_MAX;
    }
    return wrong;
}

static bool parse_type_name(const char **s, uint8_t family, unsigned int *type)
{
    size_t n = strcspn(*s, "/");

    for (size_t i = 0; i < N_ICMP_TYPES; i++) {
        if (icmp_types[i].family == family && strlen(icmp_types[i].name) == n && !strncmp(icmp_types[i].name, *s, n)) {
            *type = icmp_types[i].type;
            *s += n;
            return true;
        }
    }
    return false;
}

static const char *parse_type(const char *s, struct zw_service_item *item)
{
    unsigned int type, code;

    if (!parse_number(&s, UINT8_MAX, &type) && !parse_type_name(&s, item->family, &type)) {
        return expected_icmp;
    }
    item->first = item->last = (uint16_t)type;
    item->any_ports = false;
    if (*s == '/') {
        s++;
        if (!parse_number(&s, UINT8_MAX, &code)) {
            return expected_icmp;
        }
        item->code = (int)code;
    }
    return *s ? expected_icmp : NULL;
}

/* "proto/6" is "tcp". */
static const char *parse_proto(const char *s, struct zw_service_item *item)
{
    unsigned int proto;

    if (!parse_number(&s, UINT8_MAX, &proto) || !proto || *s) {
        return expected_proto;
    }
    item->proto = (uint8_t)proto;
    item->family = proto == IPPROTO_ICMP ? ZW_IPV4 : proto == IPPROTO_ICMPV6 ? ZW_IPV6 : 0;
    return NULL;
}

/* An item of its own: nothing of IP is left in it. */
static const char *parse_ether_type(const char *s, struct zw_service_item *item)
{
    static const char digits[] = "0123456789abcdefABCDEF";
    unsigned long type;

    if (strncmp(s, "0x", 2) || strspn(s + 2, digits) != 4 || s[6]) {
        return expected_ether_type;
    }
    type = strtoul(s + 2, NULL, 16);
    if (type < ETHER_TYPE_MIN) {
        return expected_ether_type;
    }
    for (size_t i = 0; i < sizeof other_ether_types / sizeof other_ether_types[0]; i++) {
        if (other_ether_types[i].type == type) {
            return other_ether_types[i].why;
        }
    }
    *item = (struct zw_service_item){.eth_type = (uint16_t)type};
    return NULL;
}

static const struct protocol *find_protocol(const char *name, size_t size)
{
    for (size_t i = 0; i < N_PROTOCOLS; i++) {
        if (strlen(protocols[i].name) == size && !strncmp(protocols[i].name, name, size)) {
            return &protocols[i];
        }
    }
    return NULL;
}

bool zw_is_protocol(const char *name)
{
    return find_protocol(name, strlen(name)) || !strcmp(name, "proto");
}

bool zw_protocol_has_ports(uint8_t proto)
{
    return proto == IPPROTO_TCP || proto == IPPROTO_UDP || proto == IPPROTO_SCTP;
}

bool zw_ipv6_looks_past(uint8_t proto)
{
    return proto == IPPROTO_HOPOPTS || proto == IPPROTO_ROUTING || proto == IPPROTO_FRAGMENT || proto == IPPROTO_AH ||
           proto == IPPROTO_DSTOPTS;
}

const char *zw_service_item_parse(const char *text, struct zw_service_item *item)
{
    size_t size = strcspn(text, "/");
    const char *detail = text[size] ? text + size + 1 : NULL;
    const struct protocol *p = find_protocol(text, size);

    *item = (struct zw_service_item){.any_ports = true, .last = UINT16_MAX, .code = -1};
    if (!p) {
        return size == 5 && !strncmp(text, "proto", 5) && detail ? parse_proto(detail, item) : expected_item;
    }
    item->proto = p->proto;
    item->family = p->family;
    if (!detail) {
        return p->detail == ETHER_TYPE ? expected_ether_type : NULL;
    }
    switch (p->detail) {
    case PORTS:
        return parse_ports(detail, item);
    case TYPE:
        return parse_type(detail, item);
    case ETHER_TYPE:
        return parse_ether_type(detail, item);
    case NOTHING:
        break;
    }
    return expected_nothing;
}

static void print_item(FILE *stream, const struct zw_service_item *item)
{
    const struct protocol *p = protocols;

    if (item->eth_type) {
        fprintf(stream, "ethertype/0x%04x", item->eth_type);
        return;
    }
    while (p < protocols + N_PROTOCOLS && p->proto != item->proto) {
        p++;
    }
    if (p == protocols + N_PROTOCOLS) {
        fprintf(stream, "proto/%u", item->proto);
        return;
    }
    fputs(p->name, stream);
    if (item->any_ports) {
        return;
    }
    fprintf(stream, "/%u", item->first);
    if (item->last != item->first) {
        fprintf(stream, "-%u", item->last);
    }
    if (item->code >= 0) {
        fprintf(stream, "/%d", item->code);
    }
}

char *zw_service_format(const struct zw_service *service)
{
    char *text = NULL;
    size_t size;
    FILE *stream = open_memstream(&text, &size);

    if (!stream) {
        return zw_xstrdup("out of memory");
    }
    if (!service->n) {
        fputs("any", stream);
    }
    for (size_t i = 0; i < service->n; i++) {
        fputs(i ? ", " : "", stream);
        print_item(stream, &service->items[i]);
    }
    return fclose(stream) ? zw_xstrdup("out of memory") : text;
}
