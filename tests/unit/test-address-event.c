/* SPDX-License-Identifier: Apache-2.0 */
#include "zw-config.h"

#include "controller/slowpath/address-event.h"

#include <stdlib.h>
#include <string.h>

#include "tests/unit/zw-test.h"

#define LEASE 51, 4, 0, 0, 0x0e, 0x10 /* 3600 s. */

enum { IP = 14, UDP = IP + 20, BOOTP = UDP + 8, BOOTP_OPTIONS = BOOTP + 240, ND = IP + 40, ND_OPTIONS = ND + 24 };

static void put16(uint8_t *p, uint32_t value)
{
    p[0] = (uint8_t)(value >> 8);
    p[1] = (uint8_t)value;
}

/* RFC 1071, of 'size' bytes and what else is in 'sum'. */
static uint16_t checksum(uint32_t sum, const uint8_t *p, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        sum += (uint32_t)p[i] << (i % 2 ? 0 : 8);
    }
    while (sum >> 16) {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    return (uint16_t)~sum;
}

/* Makes checksums of IPv4 and UDP right for what the packet says otherwise. */
static void seal_ipv4(uint8_t *packet)
{
    uint8_t *ip = packet + IP, *udp = ip + 4u * (ip[0] & 15);
    size_t size = (size_t)(udp[4] << 8 | udp[5]);

    put16(ip + 10, 0);
    put16(ip + 10, checksum(0, ip, 4u * (ip[0] & 15)));
    put16(udp + 6, 0);
    uint16_t addresses = (uint16_t)~checksum(17 + (uint32_t)size, ip + 12, 8);
    put16(udp + 6, checksum(addresses, udp, size));
}

/* The same for ICMPv6. */
static void seal_ipv6(uint8_t *packet)
{
    uint32_t size = (uint32_t)(packet[IP + 4] << 8 | packet[IP + 5]);

    put16(packet + ND + 2, 0);
    uint16_t addresses = (uint16_t)~checksum(58 + size, packet + IP + 8, 32);
    put16(packet + ND + 2, checksum(addresses, packet + ND, size));
}

/* DHCP's answer with 'options' to 02:00:00:00:00:07, who gets 10.0.0.7.  Returns its size. */
static size_t dhcp(uint8_t packet[512], const uint8_t *options, size_t n_options)
{
    static const uint8_t head[] = {2, 0, 0, 0, 0, 7, 2, 0, 0, 0, 0, 1, 8, 0};
    static const uint8_t ip[] = {0x45, 0, 0, 0, 0, 0, 0, 0, 64, 17, 0, 0, 10, 0, 0, 1, 10, 0, 0, 7};
    static const uint8_t udp[] = {0, 67, 0, 68, 0, 0, 0, 0};
    uint8_t *bootp = packet + BOOTP;

    memset(packet, 0, 512);
    memcpy(packet, head, sizeof head);
    memcpy(packet + IP, ip, sizeof ip);
    memcpy(packet + UDP, udp, sizeof udp);
    memcpy(bootp, (const uint8_t[]){2, 1, 6, 0}, 4);
    memcpy(bootp + 4, (const uint8_t[]){1, 2, 3, 4}, 4);
    memcpy(bootp + 16, (const uint8_t[]){10, 0, 0, 7}, 4);
    memcpy(bootp + 28, (const uint8_t[]){2, 0, 0, 0, 0, 7}, 6);
    memcpy(bootp + 236, (const uint8_t[]){0x63, 0x82, 0x53, 0x63}, 4);
    memcpy(bootp + 240, options, n_options);
    put16(packet + IP + 2, (uint32_t)(BOOTP_OPTIONS - IP + n_options));
    put16(packet + UDP + 4, (uint32_t)(BOOTP_OPTIONS - UDP + n_options));
    seal_ipv4(packet);
    return BOOTP_OPTIONS + n_options;
}

/* A solicitation from :: (135) or an advertisement from fe80::1 (136) about 2001:db8::12:3407, with 'options'.  Returns its size. */
static size_t discovery(uint8_t packet[512], uint8_t type, const uint8_t *options, size_t n_options)
{
    static const uint8_t target[] = {0x20, 1, 0x0d, 0xb8, [13] = 0x12, 0x34, 7};
    static const uint8_t head[] = {0x33, 0x33, 0xff, 0x12, 0x34, 7, 2, 0, 0, 0,  0,
                                   7,    0x86, 0xdd, 0x60, 0,    0, 0, 0, 0, 58, 255};
    static const uint8_t group[] = {0xff, 2, [11] = 1, 0xff, 0x12, 0x34, 7};

    memset(packet, 0, 512);
    memcpy(packet, head, sizeof head);
    memcpy(packet + IP + 24, group, sizeof group);
    if (type == 136) {
        memcpy(packet, (const uint8_t[]){0x33, 0x33, 0, 0, 0, 1}, 6);
        memcpy(packet + IP + 8, (const uint8_t[]){0xfe, 0x80, [15] = 1}, 16);
        memcpy(packet + IP + 24, (const uint8_t[]){0xff, 2, [15] = 1}, 16);
    }
    packet[ND] = type;
    memcpy(packet + ND + 8, target, sizeof target);
    if (n_options) {
        memcpy(packet + ND_OPTIONS, options, n_options);
    }
    put16(packet + IP + 4, (uint32_t)(24 + n_options));
    seal_ipv6(packet);
    return ND_OPTIONS + n_options;
}

/* From memory of just that size, so that the sanitizer sees what is read beyond it. */
static bool reads(const uint8_t *packet, size_t size, struct zw_address_event *event)
{
    uint8_t *copy = malloc(size ? size : 1);

    memcpy(copy, packet, size);
    bool ok = zw_address_event_read(copy, size, event);
    free(copy);
    return ok;
}

static void test_dhcp(void)
{
    static const uint8_t options[] = {53, 1, 5, 0, 12, 1, 'x', LEASE, 255};
    struct zw_address_event event;
    char buf[ZW_ADDR_STRLEN];
    uint8_t packet[512];
    size_t size = dhcp(packet, options, sizeof options);

    CU_ASSERT_FATAL(reads(packet, size, &event));
    CU_ASSERT_EQUAL(event.type, ZW_ADDRESS_GIVEN);
    CU_ASSERT_EQUAL(event.lease_s, 3600);
    CU_ASSERT_EQUAL(event.xid, 0x01020304);
    CU_ASSERT_FALSE(event.is_rapid);
    CU_ASSERT_STRING_EQUAL(zw_addr_format(&event.addr, buf), "10.0.0.7");
    CU_ASSERT_STRING_EQUAL(zw_mac_format(&event.mac, buf), "02:00:00:00:00:07");
    for (size_t cut = 0; cut < size; cut++) {
        CU_ASSERT_FALSE(reads(packet, cut, &event));
    }
    CU_ASSERT(reads(packet, size + 20, &event)); /* Ethernet's padding. */
}

static void test_dhcp_other(void)
{
    static const struct {
        uint8_t options[16];
        size_t n;
    } cases[] = {
        {{53, 1, 2, LEASE, 255}, 10}, /* An offer. */
        {{53, 1, 6, LEASE, 255}, 10}, /* A refusal. */
        {{53, 1, 5, 255}, 4},         /* No lease: an answer to who has an address. */
        {{53, 1, 5, 51, 4, 0, 0, 0, 0, 255}, 10} /* A lease of no time. */,
        {{53, 1, 5, 51, 2, 0, 1, 255}, 8}, /* A lease of two bytes. */
        {{53, 1, 5, 255, LEASE}, 10},      /* The lease behind the end. */
        {{53, 1, 5, 12, 200, LEASE}, 11},  /* An option longer than the packet. */
        {{LEASE, 53}, 7},                  /* An option without a length. */
        {{53, 1, 5, LEASE}, 9},            /* No end, */
        {{53, 1, 5, LEASE, 12, 9, 255}, 12} /* or it is within an option. */,
    };
    struct zw_address_event event;
    uint8_t packet[512];

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        size_t size = dhcp(packet, cases[i].options, cases[i].n);
        CU_ASSERT_FALSE(reads(packet, size, &event));
    }
}

/* A question of the same client, who has 'has' (ciaddr). */
static size_t question(uint8_t packet[512], const uint8_t has[4], const uint8_t *options, size_t n_options)
{
    size_t size = dhcp(packet, options, n_options);

    memcpy(packet + 34, (const uint8_t[]){0, 68, 0, 67}, 4);
    packet[42] = 1;
    memcpy(packet + 42 + 12, has, 4);
    memset(packet + 42 + 16, 0, 4);
    seal_ipv4(packet);
    return size;
}

static void test_dhcp_questions(void)
{
    static const struct {
        uint8_t has[4];
        uint8_t options[16];
        size_t n;
        const char *want; /* NULL: nothing. */
        bool is_rapid;
    } cases[] = {
        {{0}, {53, 1, 3, 50, 4, 10, 0, 0, 9, 255}, 10, "10.0.0.9", false},           /* Selects an offer. */
        {{10, 0, 0, 7}, {53, 1, 3, 255}, 4, "10.0.0.7", false},                      /* Renews. */
        {{10, 0, 0, 7}, {53, 1, 3, 50, 4, 10, 0, 0, 9, 255}, 10, "10.0.0.9", false}, /* Both. */
        {{0}, {53, 1, 3, 255}, 4, NULL, false},                                      /* Neither. */
        {{0}, {53, 1, 3, 50, 4, 255, 255, 255, 255, 255}, 10, NULL, false},          /* No host's. */
        {{0}, {53, 1, 1, 50, 4, 10, 0, 0, 9, 255}, 10, NULL, false},                 /* Looks for offers. */
        {{0}, {53, 1, 1, 80, 0, 255}, 6, "", true},                                  /* Or has one at once. */
        {{0}, {53, 1, 1, 80, 1, 0, 255}, 7, NULL, false},                            /* That is another option. */
        {{10, 0, 0, 7}, {53, 1, 3, 80, 0, 255}, 6, "10.0.0.7", false},               /* No matter then. */
        {{10, 0, 0, 7}, {53, 1, 8, 255}, 4, NULL, false},                            /* Informs. */
        {{10, 0, 0, 7}, {53, 1, 7, 255}, 4, NULL, false},                            /* Releases. */
        {{10, 0, 0, 7}, {53, 1, 5, LEASE, 255}, 10, NULL, false},                    /* No question. */
    };
    struct zw_address_event event;
    char buf[ZW_ADDR_STRLEN];
    uint8_t packet[512];

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        size_t size = question(packet, cases[i].has, cases[i].options, cases[i].n);

        CU_ASSERT_EQUAL(reads(packet, size, &event), cases[i].want != NULL);
        if (cases[i].want) {
            CU_ASSERT_EQUAL(event.type, ZW_ADDRESS_ASKED);
            CU_ASSERT_STRING_EQUAL(zw_addr_format(&event.addr, buf), cases[i].want);
            CU_ASSERT_EQUAL(event.is_rapid, cases[i].is_rapid);
            CU_ASSERT_EQUAL(event.xid, 0x01020304);
            CU_ASSERT_STRING_EQUAL(zw_mac_format(&event.mac, buf), "02:00:00:00:00:07");
            for (size_t cut = 0; cut < size; cut++) {
                CU_ASSERT_FALSE(reads(packet, cut, &event));
            }
        }
        packet[42] = 2; /* An answer that goes to a server's port. */
        seal_ipv4(packet);
        CU_ASSERT_FALSE(reads(packet, size, &event));
        packet[42] = 1;
        packet[37] = 68; /* A question that does not. */
        seal_ipv4(packet);
        CU_ASSERT_FALSE(reads(packet, size, &event));
    }
}

static void test_dhcp_rapid(void)
{
    static const uint8_t options[] = {53, 1, 5, LEASE, 80, 0, 255};
    struct zw_address_event event;
    uint8_t packet[512];
    size_t size = dhcp(packet, options, sizeof options);

    CU_ASSERT_FATAL(reads(packet, size, &event));
    CU_ASSERT_EQUAL(event.type, ZW_ADDRESS_GIVEN);
    CU_ASSERT(event.is_rapid);
}

/* One byte of a packet that is right, and what makes it wrong, with the checksums for it. */
static void test_dhcp_bytes(void)
{
    static const uint8_t options[] = {53, 1, 5, LEASE, 255};
    static const struct {
        size_t at;
        uint8_t value;
    } cases[] = {{12, 6},           {14, 0x65},        {14, 0x44},       {14, 0x4f},      {23, 6},
                 {21, 1},           {20, 0x20},        {35, 68},         {37, 69},        {BOOTP, 1},
                 {BOOTP + 1, 6},    {BOOTP + 2, 8},    {BOOTP + 236, 0}, {BOOTP + 16, 0}, {BOOTP + 16, 127},
                 {BOOTP + 16, 224}, {BOOTP + 16, 240}, {5, 8},           {IP + 3, 19},    {UDP + 5, 7}};
    struct zw_address_event event;
    uint8_t packet[512];

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        size_t size = dhcp(packet, options, sizeof options);

        CU_ASSERT(reads(packet, size, &event));
        packet[cases[i].at] = cases[i].value;
        if (cases[i].at == IP + 3 || cases[i].at == UDP + 5) { /* Lengths: also of the header alone. */
            packet[cases[i].at - 1] = 0;
        }
        if (packet[IP] == 0x45 && cases[i].at != UDP + 5) {
            seal_ipv4(packet);
        }
        CU_ASSERT_FALSE(reads(packet, size, &event));
    }
}

/* Every byte from IP on is covered by a checksum, and UDP's may be missing. */
static void test_dhcp_checksums(void)
{
    static const uint8_t options[] = {53, 1, 5, LEASE, 255};
    static const uint8_t has[] = {10, 0, 0, 7}, asks[] = {53, 1, 3, 255};
    struct zw_address_event event;
    uint8_t packet[512];
    size_t size = dhcp(packet, options, sizeof options);

    for (size_t at = IP; at < size; at++) {
        packet[at] ^= 0x10;
        CU_ASSERT_FALSE(reads(packet, size, &event));
        packet[at] ^= 0x10;
    }
    put16(packet + UDP + 6, 0);
    CU_ASSERT(reads(packet, size, &event));
    packet[IP + 10] ^= 1;
    CU_ASSERT_FALSE(reads(packet, size, &event));

    size = question(packet, has, asks, sizeof asks);
    CU_ASSERT(reads(packet, size, &event));
    packet[UDP + 6] ^= 1;
    CU_ASSERT_FALSE(reads(packet, size, &event));

    size = dhcp(packet, options, sizeof options);
    memset(packet, 255, 6); /* To all. */
    CU_ASSERT(reads(packet, size, &event));
}

static void test_discovery(void)
{
    static const struct {
        uint8_t type;
        enum zw_address_event_type event;
    } cases[] = {{135, ZW_ADDRESS_PROBED}, {136, ZW_ADDRESS_USED}};
    struct zw_address_event event;
    char buf[ZW_ADDR_STRLEN];
    uint8_t packet[512];

    for (size_t i = 0; i < 2; i++) {
        size_t size = discovery(packet, cases[i].type, NULL, 0);

        CU_ASSERT_FATAL(reads(packet, size, &event));
        CU_ASSERT_EQUAL(event.type, cases[i].event);
        CU_ASSERT_STRING_EQUAL(zw_addr_format(&event.addr, buf), "2001:db8::12:3407");
        CU_ASSERT(event.type == ZW_ADDRESS_USED || !memcmp(event.mac.bytes, packet + 6, 6));
        for (size_t cut = 0; cut < size; cut++) {
            CU_ASSERT_FALSE(reads(packet, cut, &event));
        }
    }
}

/* A host that has the address would not hear of the probe, or not believe it, though its checksum is right. */
static void test_probe_bytes(void)
{
    static const struct {
        size_t at;
        uint8_t value;
    } cases[] = {
        {14, 0x40},
        {20, 17},
        {21, 254},
        {37, 1},
        {54, 133},
        {55, 1},
        {62, 255},
        {5, 8},
        {2, 0xfe},
        {0, 2},
        {6, 3},
        {IP + 24 + 15, 8},
        {IP + 24 + 13, 0x13},
        {IP + 24 + 1, 5},
        {IP + 24, 0xfe},
        {IP + 24 + 11, 0},
        {IP + 24 + 12, 0},
        {IP + 5, 23},
    };
    struct zw_address_event event;
    uint8_t packet[512];

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        size_t size = discovery(packet, 135, NULL, 0);

        CU_ASSERT(reads(packet, size, &event));
        packet[cases[i].at] = cases[i].value;
        seal_ipv6(packet);
        CU_ASSERT_FALSE(reads(packet, size, &event));
    }
    size_t size = discovery(packet, 135, NULL, 0);
    memset(packet + 6, 0, 6); /* From no hardware address. */
    CU_ASSERT_FALSE(reads(packet, size, &event));

    size = discovery(packet, 135, NULL, 0);
    memcpy(packet + IP + 24, (const uint8_t[]){0x20, 1, 0x0d, 0xb8, [13] = 0x12, 0x34, 7},
           16); /* To the address itself. */
    seal_ipv6(packet);
    CU_ASSERT_FALSE(reads(packet, size, &event));

    size = discovery(packet, 135, NULL, 0);
    packet[size] = 0; /* More than the header says is there. */
    CU_ASSERT_FALSE(reads(packet, size + 1, &event));
}

static void test_probe_checksum(void)
{
    static const uint8_t nonce[] = {14, 1, 1, 2, 3, 4, 5, 6};
    struct zw_address_event event;
    uint8_t packet[512];
    size_t size = discovery(packet, 135, nonce, sizeof nonce);

    CU_ASSERT(reads(packet, size, &event));
    for (size_t at = ND; at < size; at++) {
        packet[at] ^= 0x10;
        CU_ASSERT_FALSE(reads(packet, size, &event));
        packet[at] ^= 0x10;
    }
    memset(packet + ND + 2, 0, 2); /* Of ICMPv6 it is never missing. */
    CU_ASSERT_FALSE(reads(packet, size, &event));
}

static void test_probe_options(void)
{
    static const struct {
        uint8_t options[80];
        size_t n;
        bool counts;
    } cases[] = {
        {{0}, 0, true},
        {{14, 1, 1, 2, 3, 4, 5, 6}, 8, true},               /* A nonce, */
        {{14, 2, [8] = 200, 1, [15] = 1}, 16, true},        /* a longer one, */
        {{200, 1, [8] = 14, 1}, 16, true},                  /* something that nobody knows yet. */
        {{200, 8}, 64, true},                               /* As long as may be, */
        {{200, 9}, 72, false},                              /* and longer. */
        {{1, 1, 2, 0, 0, 0, 0, 7}, 8, false},               /* A source link-layer address, */
        {{14, 1, [8] = 1, 1, 2, 0, 0, 0, 0, 7}, 16, false}, /* also behind another option. */
        {{14, 1, 0, 0}, 4, false},                          /* It ends too late, */
        {{14, 1, [8] = 14, 2}, 16, false},
        {{14}, 1, false},                      /* or has no length, */
        {{14, 0, 0, 0, 0, 0, 0, 0}, 8, false}, /* or none that could be. */
    };
    struct zw_address_event event;
    uint8_t packet[512];

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        size_t size = discovery(packet, 135, cases[i].options, cases[i].n);

        CU_ASSERT_EQUAL(reads(packet, size, &event), cases[i].counts);
        size = discovery(packet, 136, cases[i].options, cases[i].n); /* Who objects is believed. */
        CU_ASSERT(reads(packet, size, &event));
    }
}

/* An objection that the prober may not believe keeps the address from it all the same. */
static void test_objections(void)
{
    static const struct {
        size_t at;
        uint8_t value;
        bool counts;
    } cases[] = {
        {21, 254, true},   {55, 1, true},   {56, 1, true},    {IP + 8, 0xff, true}, {IP + 5, 99, true},
        {14, 0x40, false}, {20, 17, false}, {54, 134, false}, {62, 255, false},
    };
    struct zw_address_event event;
    uint8_t packet[512];

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        size_t size = discovery(packet, 136, NULL, 0);

        packet[cases[i].at] = cases[i].value;
        CU_ASSERT_EQUAL(reads(packet, size, &event), cases[i].counts);
    }
}

ZW_TEST_MAIN({"a lease, whole or not at all", test_dhcp}, {"what gives no lease", test_dhcp_other},
             {"who asks for which address", test_dhcp_questions}, {"a lease without an offer", test_dhcp_rapid},
             {"each byte of DHCP counts", test_dhcp_bytes}, {"and its checksums", test_dhcp_checksums},
             {"probes and advertisements", test_discovery}, {"a probe that the owner does not hear", test_probe_bytes},
             {"a probe's checksum", test_probe_checksum}, {"a probe's options", test_probe_options},
             {"an objection counts however odd it is", test_objections})
