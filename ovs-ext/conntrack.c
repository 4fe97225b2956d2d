/* SPDX-License-Identifier: Apache-2.0 */
#include <config.h>

#include "ovs-ext/conntrack.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <util.h>

/* What one direction says. */
struct tuple {
    struct zw_packet_key key;
    uint16_t icmp_id;
    bool has_bytes;
    uint64_t bytes;
};

/* Everything below reads at '*p', and leaves '*p' behind what it has read if it returns true. */

static bool skip(const char **p, const char *text)
{
    size_t n = strlen(text);

    if (strncmp(*p, text, n)) {
        return false;
    }
    *p += n;
    return true;
}

static bool read_number(const char **p, uint64_t max, uint64_t *value)
{
    const char *start = *p;
    uint64_t n = 0;

    for (; **p >= '0' && **p <= '9'; ++*p) {
        unsigned int digit = (unsigned int)(**p - '0');

        if (n > (max - digit) / 10) {
            return false;
        }
        n = n * 10 + digit;
    }
    *value = n;
    return *p != start;
}

static bool read_u16(const char **p, uint16_t *value)
{
    uint64_t n;

    if (!read_number(p, UINT16_MAX, &n)) {
        return false;
    }
    *value = (uint16_t)n;
    return true;
}

/* Copies what is before the next of 'end' (or a newline, or the end) if it fits and is not empty. */
static bool read_word(const char **p, const char *end, char *word, size_t size)
{
    size_t n = strcspn(*p, end);

    if (!n || n >= size || !(*p)[n] || memchr(*p, '\n', n)) {
        return false;
    }
    memcpy(word, *p, n);
    word[n] = '\0';
    *p += n;
    return true;
}

static bool read_addr(const char **p, struct zw_addr *addr)
{
    char text[ZW_ADDR_STRLEN];

    return read_word(p, ",)", text, sizeof text) && zw_addr_parse(text, addr);
}

static bool read_protocol(const char **p, uint8_t *proto)
{
    static const struct {
        const char *name;
        uint8_t proto;
    } names[] = {{"icmp,", IPPROTO_ICMP}, {"icmpv6,", IPPROTO_ICMPV6}, {"tcp,", IPPROTO_TCP},
                 {"udp,", IPPROTO_UDP},   {"sctp,", IPPROTO_SCTP},     {"udplite,", IPPROTO_UDPLITE},
                 {"dccp,", IPPROTO_DCCP}, {"igmp,", IPPROTO_IGMP}};
    uint64_t number;

    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        if (skip(p, names[i].name)) {
            *proto = names[i].proto;
            return true;
        }
    }
    if (!read_number(p, UINT8_MAX, &number) || !skip(p, ",")) {
        return false;
    }
    *proto = (uint8_t)number;
    return true;
}

static bool is_icmp(uint8_t proto)
{
    return proto == IPPROTO_ICMP || proto == IPPROTO_ICMPV6;
}

static bool read_ports(const char **p, struct tuple *tuple)
{
    struct zw_packet_key *key = &tuple->key;

    if (is_icmp(key->proto)) {
        return skip(p, ",id=") && read_u16(p, &tuple->icmp_id) && skip(p, ",type=") && read_u16(p, &key->sport) &&
               key->sport <= UINT8_MAX && skip(p, ",code=") && read_u16(p, &key->dport) && key->dport <= UINT8_MAX;
    }
    return skip(p, ",sport=") && read_u16(p, &key->sport) && skip(p, ",dport=") && read_u16(p, &key->dport);
}

static bool read_counters(const char **p, struct tuple *tuple)
{
    uint64_t packets;

    if (!skip(p, ",packets=")) {
        return true;
    }
    tuple->has_bytes = true;
    return read_number(p, UINT64_MAX, &packets) && skip(p, ",bytes=") && read_number(p, UINT64_MAX, &tuple->bytes);
}

static bool read_tuple(const char **p, uint8_t proto, struct tuple *tuple)
{
    memset(tuple, 0, sizeof *tuple);
    tuple->key.proto = proto;
    return skip(p, "src=") && read_addr(p, &tuple->key.src) && skip(p, ",dst=") && read_addr(p, &tuple->key.dst) &&
           tuple->key.src.family == tuple->key.dst.family && read_ports(p, tuple) && read_counters(p, tuple) &&
           skip(p, ")");
}

static int hex_digit(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* A 128-bit number in hexadecimal without leading zeros. */
static bool read_label(const char **p, uint8_t label[16])
{
    size_t n = strspn(*p, "0123456789abcdef");

    if (!n || n > 32) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        int value = hex_digit((*p)[n - 1 - i]);

        label[15 - i / 2] |= (uint8_t)(i % 2 ? value << 4 : value);
    }
    *p += n;
    return true;
}

/* Up to the parenthesis that closes the one before '*p'. */
static bool skip_group(const char **p)
{
    for (int depth = 1; depth;) {
        char c = **p;

        if (!c || c == '\n') {
            return false;
        }
        depth += c == '(' ? 1 : c == ')' ? -1 : 0;
        ++*p;
    }
    return true;
}

/* "state=X)", with more behind X for SCTP, or, with `-m`, "state_orig=X,state_reply=Y...)". */
static bool read_protoinfo(const char **p, char state[24])
{
    if (skip(p, "state=") && !read_word(p, ",)", state, 24)) {
        return false;
    }
    return skip_group(p);
}

static bool skip_field(const char **p)
{
    size_t n = strspn(*p, "abcdefghijklmnopqrstuvwxyz_");

    if (!n || (*p)[n] != '=') {
        return false;
    }
    *p += n + 1;
    if (skip(p, "(")) {
        return skip_group(p);
    }
    *p += strcspn(*p, ",()\n");
    return true;
}

/* One field behind the tuples.  'seen' has a bit for each that may come once. */
static bool read_field(const char **p, unsigned int *seen, struct zw_ct_entry *entry)
{
    enum { ZONE = 1, LABELS = 2, PROTOINFO = 4, MARK = 8 };
    uint64_t mark;
    unsigned int field = 0;
    bool ok;

    if (skip(p, "zone=")) {
        field = ZONE;
        ok = read_u16(p, &entry->ct_zone);
    } else if (skip(p, "mark=")) {
        field = MARK;
        ok = read_number(p, UINT32_MAX, &mark);
        entry->mark = ok ? (uint32_t)mark : 0;
    } else if (skip(p, "labels=0x")) {
        field = LABELS;
        ok = read_label(p, entry->label);
    } else if (skip(p, "protoinfo=(")) {
        field = PROTOINFO;
        ok = read_protoinfo(p, entry->state);
    } else {
        ok = !skip(p, "labels=") && skip_field(p);
    }
    ok = ok && !(*seen & field);
    *seen |= field;
    return ok;
}

static bool read_entry(const char *p, struct zw_ct_entry *entry)
{
    struct tuple orig, reply;
    unsigned int seen = 0;
    uint8_t proto;

    if (!read_protocol(&p, &proto) || !skip(&p, "orig=(") || !read_tuple(&p, proto, &orig) || !skip(&p, ",reply=(") ||
        !read_tuple(&p, proto, &reply) || orig.key.src.family != reply.key.src.family) {
        return false;
    }
    entry->key = orig.key;
    entry->icmp_id = orig.icmp_id;
    entry->has_bytes = orig.has_bytes || reply.has_bytes;
    entry->orig_bytes = orig.bytes;
    entry->reply_bytes = reply.bytes;
    while (*p && *p != '\n') {
        if (!skip(&p, ",") || !read_field(&p, &seen, entry)) {
            return false;
        }
    }
    return true;
}

uint32_t zw_ct_label_bits(const struct zw_ct_entry *entry, unsigned int first, unsigned int n_bits)
{
    uint32_t value = 0;

    for (unsigned int i = n_bits; i-- > 0;) {
        unsigned int bit = first + i;
        value = value << 1 | (entry->label[15 - bit / 8] >> bit % 8 & 1u);
    }
    return value;
}

int zw_ct_parse(const char *line, struct zw_ct_entry *entry)
{
    memset(entry, 0, sizeof *entry);
    return read_entry(line, entry) ? 0 : EINVAL;
}
