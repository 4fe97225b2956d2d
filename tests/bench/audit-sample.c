/* SPDX-License-Identifier: Apache-2.0 */
#include "zw-config.h"

#include "tests/bench/audit-sample.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The first record is of this time. */
#define FIRST_US (INT64_C(1750000000) * 1000000)

/* So many clients that nobody saw before are there, and none of them comes back soon. */
#define N_STRANGERS (1 << 20)

/* What is asked for, and how often: of 100. */
static const struct {
    uint8_t proto, proto_ipv6;
    uint16_t dport; /* The code of ICMP and ICMPv6. */
    unsigned int up_to;
} services[] = {
    {IPPROTO_TCP, IPPROTO_TCP, 443, 35},  {IPPROTO_TCP, IPPROTO_TCP, 80, 45},    {IPPROTO_UDP, IPPROTO_UDP, 53, 65},
    {IPPROTO_TCP, IPPROTO_TCP, 5432, 75}, {IPPROTO_TCP, IPPROTO_TCP, 22, 80},    {IPPROTO_UDP, IPPROTO_UDP, 123, 85},
    {IPPROTO_TCP, IPPROTO_TCP, 8080, 90}, {IPPROTO_ICMP, IPPROTO_ICMPV6, 0, 94}, {IPPROTO_UDP, IPPROTO_UDP, 514, 98},
    {IPPROTO_TCP, IPPROTO_TCP, 25, 100},
};

struct zw_shape zw_shape_default(void)
{
    return (struct zw_shape){
#define ZW_SHAPE_NUMBER(NAME, VALUE, TEXT) .NAME = (VALUE),
        ZW_SHAPE
#undef ZW_SHAPE_NUMBER
    };
}

static bool is_possible(const struct zw_shape *s)
{
    return s->zones >= 2 && s->zones <= 200 && s->rules && s->rules <= 100000 && s->vms && s->vms <= s->hosts &&
           s->hosts <= 65536 && s->hosts >= s->zones && s->conversations && s->peers && s->services &&
           s->policy_records && s->step_us;
}

bool zw_shape_set(struct zw_shape *shape, const char *text)
{
    static const struct {
        const char *name;
        size_t offset;
    } members[] = {
#define ZW_SHAPE_NUMBER(NAME, VALUE, TEXT) {#NAME, offsetof(struct zw_shape, NAME)},
        ZW_SHAPE
#undef ZW_SHAPE_NUMBER
    };
    const char *equals = strchr(text, '=');
    for (size_t i = 0; equals && i < sizeof members / sizeof members[0]; i++) {
        if (strlen(members[i].name) == (size_t)(equals - text) &&
            !strncmp(text, members[i].name, strlen(members[i].name))) {
            char *end;
            errno = 0;
            uint64_t value = strtoull(equals + 1, &end, 10);
            memcpy((char *)shape + members[i].offset, &value, sizeof value);
            return end != equals + 1 && !*end && !errno && is_possible(shape);
        }
    }
    return false;
}

uint64_t zw_sample_random(uint64_t seed, uint64_t i)
{
    uint64_t x = seed * 0x9e3779b97f4a7c15ULL + i + 1;
    for (int round = 0; round < 3; round++) {
        x ^= x >> 32;
        x *= 0xd6e8feb86659fd93ULL;
    }
    return x ^ x >> 32;
}

/* Names, of which there are too many records to print each again. */

static char *put_number(char *to, uint64_t number)
{
    char digits[20];
    int n = 0;
    do {
        digits[n++] = (char)('0' + number % 10);
    } while (number /= 10);
    while (n) {
        *to++ = digits[--n];
    }
    return to;
}

static void put_name(char *to, const char *stem, uint64_t number)
{
    size_t length = strlen(stem);
    memcpy(to, stem, length);
    *put_number(to + length, number) = '\0';
}

/* A host: the VMs come first.  Each is in one zone; nobody but strangers is in zone 0. */

static uint64_t zone_of(const struct zw_shape *shape, uint64_t host)
{
    return 1 + host % (shape->zones - 1);
}

static void put_address(struct zw_addr *addr, bool is_ipv6, const uint8_t bytes[4])
{
    static const uint8_t prefix[12] = {0xfd, 0x00, 0x5a};
    memset(addr, 0, sizeof *addr);
    addr->family = is_ipv6 ? ZW_IPV6 : ZW_IPV4;
    if (is_ipv6) {
        memcpy(addr->bytes, prefix, sizeof prefix);
    }
    memcpy(addr->bytes + (is_ipv6 ? sizeof prefix : 0), bytes, 4);
}

static void put_host(const struct zw_shape *shape, uint64_t host, bool is_ipv6, struct zw_addr *addr)
{
    put_address(addr, is_ipv6,
                (const uint8_t[]){10, (uint8_t)zone_of(shape, host), (uint8_t)(host >> 8), (uint8_t)host});
}

static void put_stranger(uint64_t number, bool is_ipv6, struct zw_addr *addr)
{
    put_address(addr, is_ipv6,
                (const uint8_t[]){100, (uint8_t)(64 + (number >> 16 & 0xf)), (uint8_t)(number >> 8), (uint8_t)number});
}

static void put_port(const struct zw_shape *shape, uint64_t host, char *port, uint8_t mac[6])
{
    bool is_vm = host < shape->vms;
    if (is_vm) {
        put_name(port, "vnet", host);
    } else {
        strcpy(port, "uplink0");
    }
    memset(mac, 0, 6);
    mac[0] = 0x02;
    mac[5] = is_vm ? (uint8_t)host : 0xff;
}

/* What the policy says to a conversation. */
static void put_verdict(const struct zw_shape *shape, uint64_t random, bool is_denied, struct zw_flow_record *f)
{
    if (is_denied && random % 2) {
        f->rule = 0;
        f->path = ZW_PATH_SLOW;
        strcpy(f->step, "default");
        return;
    }
    f->rule = (uint32_t)(1 + random % shape->rules);
    f->path = f->rule % 8 ? ZW_PATH_FAST : ZW_PATH_SLOW;
    strcpy(f->step, "rule");
    put_name(f->rule_name, "rule-", f->rule);
}

/* One of the services that a host has. */
static void put_service(const struct zw_shape *shape, uint64_t host, uint64_t random, struct zw_packet_key *key)
{
    bool is_ipv6 = key->dst.family == ZW_IPV6;
    uint64_t which = zw_sample_random(shape->seed ^ 0xc3, host * shape->services + random % shape->services);
    size_t i = 0;
    while (services[i].up_to <= which % 100) {
        i++;
    }
    key->proto = is_ipv6 ? services[i].proto_ipv6 : services[i].proto;
    key->dport = services[i].dport;
}

/* Some host of one of the zones that a VM speaks with. */
static uint64_t pick_peer(const struct zw_shape *shape, uint64_t vm, uint64_t random)
{
    uint64_t n_inner = shape->zones - 1;
    uint64_t which = zw_sample_random(shape->seed ^ 0xc4, vm * shape->peers + random % shape->peers);
    return which % n_inner + random / shape->peers % (shape->hosts / n_inner) * n_inner;
}

/* One side is a VM; the other one any host, or a stranger. */
static void put_conversation(const struct zw_shape *shape, uint64_t number, struct zw_record *record)
{
    struct zw_flow_record *f = &record->flow;
    uint64_t random = zw_sample_random(shape->seed ^ 0xc0, number), more = zw_sample_random(shape->seed ^ 0xc1, number);
    bool is_stranger = number >= shape->conversations, is_ipv6 = more % 1000 < shape->ipv6;
    bool is_denied = number * 7919 % 1000 < shape->denied;
    uint64_t vm = random % shape->vms, other = is_stranger ? shape->hosts : pick_peer(shape, vm, random >> 20);
    bool vm_opens = !is_stranger && random >> 60 & 1;
    uint64_t src = vm_opens ? vm : other, dst = vm_opens ? other : vm;

    record->type = is_denied ? ZW_RECORD_DENIAL : ZW_RECORD_SESSION;
    if (is_stranger) {
        put_stranger(number - shape->conversations, is_ipv6, &f->key.src);
    } else {
        put_host(shape, src, is_ipv6, &f->key.src);
    }
    put_host(shape, dst, is_ipv6, &f->key.dst);
    put_service(shape, dst, more >> 10, &f->key);
    put_port(shape, src, f->src_port, f->src_mac);
    put_port(shape, dst, f->dst_port, f->dst_mac);
    put_name(f->src_zone, "zone-", is_stranger ? 0 : zone_of(shape, src));
    put_name(f->dst_zone, "zone-", zone_of(shape, dst));
    put_verdict(shape, zw_sample_random(shape->seed ^ 0xc2, f->key.dport + (zone_of(shape, dst) << 16)), is_denied, f);
}

/* The one with the lowest number is the most frequent. */
static uint64_t pick_conversation(const struct zw_shape *shape, uint64_t random)
{
    if (random % 1000 < shape->strangers) {
        return shape->conversations + (random >> 20) % N_STRANGERS;
    }
    double unit = (double)(random >> 11) / (double)(UINT64_C(1) << 53);
    return (uint64_t)((double)shape->conversations * unit * unit * unit);
}

void zw_sample_record(const struct zw_shape *shape, uint64_t i, struct zw_record *record)
{
    uint64_t random = zw_sample_random(shape->seed, i);
    memset(record, 0, sizeof *record);
    record->time_us = FIRST_US + (int64_t)(i * shape->step_us);
    put_conversation(shape, pick_conversation(shape, random), record);
    struct zw_flow_record *f = &record->flow;
    bool is_icmp = f->key.proto == IPPROTO_ICMP || f->key.proto == IPPROTO_ICMPV6;
    f->key.sport = is_icmp ? (f->key.proto == IPPROTO_ICMP ? 8 : 128) : (uint16_t)(1024 + (random >> 32) % 64512);
    f->policy_version = (uint32_t)(1 + i / shape->policy_records);
    strcpy(f->bridge, "br0");
    f->segment = 100;
}
