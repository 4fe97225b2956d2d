/* SPDX-License-Identifier: Apache-2.0 */
#include <config.h>

#include "ovs-ext/packet-key.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

unsigned int zw_family_bits(uint8_t family)
{
    return family == ZW_IPV4 ? 32 : 128;
}

static int hex_digit(char c)
{
    const char *digits = "0123456789abcdef", *p = c ? strchr(digits, c | (c >= 'A' && c <= 'F' ? 0x20 : 0)) : NULL;

    return p ? (int)(p - digits) : -1;
}

bool zw_mac_parse(const char *text, struct zw_mac *mac)
{
    static const struct zw_mac none;

    for (size_t i = 0; i < sizeof mac->bytes; i++, text += 3) {
        int high = hex_digit(text[0]), low = high < 0 ? -1 : hex_digit(text[1]);

        if (low < 0 || text[2] != (i + 1 < sizeof mac->bytes ? ':' : '\0')) {
            return false;
        }
        mac->bytes[i] = (uint8_t)(high << 4 | low);
    }
    return !(mac->bytes[0] & 1) && memcmp(mac, &none, sizeof none) != 0;
}

const char *zw_mac_format(const struct zw_mac *mac, char *buf)
{
    const uint8_t *b = mac->bytes;

    snprintf(buf, ZW_MAC_STRLEN, "%02x:%02x:%02x:%02x:%02x:%02x", b[0], b[1], b[2], b[3], b[4], b[5]);
    return buf;
}

bool zw_addr_parse(const char *text, struct zw_addr *addr)
{
    *addr = (struct zw_addr){.family = 0};
    if (inet_pton(AF_INET, text, addr->bytes) == 1) {
        addr->family = ZW_IPV4;
    } else if (inet_pton(AF_INET6, text, addr->bytes) == 1) {
        addr->family = ZW_IPV6;
    }
    return addr->family;
}

struct zw_prefix zw_addr_network(const struct zw_addr *addr, unsigned int n_bits)
{
    struct zw_prefix prefix = {.addr = {.family = addr->family}, .n_bits = (uint8_t)n_bits};

    memcpy(prefix.addr.bytes, addr->bytes, n_bits / 8);
    if (n_bits % 8) {
        prefix.addr.bytes[n_bits / 8] = (uint8_t)(addr->bytes[n_bits / 8] & 0xff00 >> n_bits % 8);
    }
    return prefix;
}

/* "0".."128" without sign, space or leading zero; -1 otherwise. */
static int parse_length(const char *text)
{
    size_t n = strspn(text, "0123456789");
    int value = 0;

    if (n < 1 || n > 3 || text[n] || (n > 1 && text[0] == '0')) {
        return -1;
    }
    for (size_t i = 0; i < n; i++) {
        value = 10 * value + (text[i] - '0');
    }
    return value;
}

const char *zw_prefix_parse(const char *text, struct zw_prefix *prefix)
{
    const char *slash = strchr(text, '/');
    char addr[ZW_ADDR_STRLEN];
    size_t addr_size = slash ? (size_t)(slash - text) : strlen(text);
    struct zw_prefix network;
    int n_bits;

    *prefix = (struct zw_prefix){.n_bits = 0};
    if (addr_size >= sizeof addr) {
        return "not an IPv4 or IPv6 address";
    }
    memcpy(addr, text, addr_size);
    addr[addr_size] = '\0';
    if (!zw_addr_parse(addr, &prefix->addr)) {
        return "not an IPv4 or IPv6 address";
    }
    n_bits = slash ? parse_length(slash + 1) : (int)zw_family_bits(prefix->addr.family);
    if (n_bits < 0 || n_bits > (int)zw_family_bits(prefix->addr.family)) {
        return prefix->addr.family == ZW_IPV4 ? "an IPv4 prefix length is 0 to 32"
                                              : "an IPv6 prefix length is 0 to 128";
    }
    prefix->n_bits = (uint8_t)n_bits;
    network = zw_addr_network(&prefix->addr, prefix->n_bits);
    return !zw_addr_equal(&network.addr, &prefix->addr)
               ? "bits are set behind the prefix length: not the address of a network"
               : NULL;
}

const char *zw_addr_format(const struct zw_addr *addr, char *buf)
{
    if (!addr->family || !inet_ntop(addr->family == ZW_IPV4 ? AF_INET : AF_INET6, addr->bytes, buf, ZW_ADDR_STRLEN)) {
        buf[0] = '\0';
    }
    return buf;
}

const char *zw_prefix_format(const struct zw_prefix *prefix, char *buf)
{
    zw_addr_format(&prefix->addr, buf);
    if (prefix->n_bits != zw_family_bits(prefix->addr.family)) {
        size_t n = strlen(buf);

        snprintf(buf + n, ZW_PREFIX_STRLEN - n, "/%u", prefix->n_bits);
    }
    return buf;
}

bool zw_addr_equal(const struct zw_addr *a, const struct zw_addr *b)
{
    return a->family == b->family && !memcmp(a->bytes, b->bytes, zw_family_bits(a->family) / 8);
}

bool zw_prefix_contains(const struct zw_prefix *prefix, const struct zw_addr *addr)
{
    unsigned int n_bytes = prefix->n_bits / 8, rest = prefix->n_bits % 8;

    if (prefix->addr.family != addr->family || memcmp(prefix->addr.bytes, addr->bytes, n_bytes)) {
        return false;
    }
    return !rest || !((prefix->addr.bytes[n_bytes] ^ addr->bytes[n_bytes]) >> (8 - rest));
}

bool zw_addr_is_host(const struct zw_addr *addr)
{
    static const char *const nobody[] = {"0.0.0.0/8", "127.0.0.0/8", "224.0.0.0/3", "::/16", "ff00::/8"};

    for (size_t i = 0; i < sizeof nobody / sizeof nobody[0]; i++) {
        struct zw_prefix prefix;

        if (!zw_prefix_parse(nobody[i], &prefix) && zw_prefix_contains(&prefix, addr)) {
            return false;
        }
    }
    return true;
}
