/* SPDX-License-Identifier: Apache-2.0 */
#include "zw-config.h"

#include "controller/slowpath/address-event.h"

#include <stdlib.h>
#include <string.h>

#include "tests/unit/zw-test.h"

#define LEASE 51, 4, 0, 0, 0x0e, 0x10 /* 3600 s. */

/* DHCP's answer with 'options' to 02:00:00:00:00:07, who gets 10.0.0.7.  Returns its size. */
static size_t dhcp(uint8_t packet[512], const uint8_t *options, size_t n_options)
{
    static const uint8_t head[] = {2, 0, 0, 0, 0, 7, 2, 0, 0, 0, 0, 1, 8, 0};
    static const uint8_t ip[] = {0x45, 0, 0, 0, 0, 0, 0, 0, 64, 17, 0, 0, 10, 0, 0, 1, 10, 0, 0, 7};
    static const uint8_t udp[] = {0, 67, 0, 68, 0, 0, 0, 0};
    uint8_t *bootp = packet + sizeof head + sizeof ip + sizeof udp;

    memset(packet, 0, 512);
    memcpy(packet, head, sizeof head);
    memcpy(packet + sizeof head, ip, sizeof ip);
    memcpy(packet + sizeof head + sizeof ip, udp, sizeof udp);
    memcpy(bootp, (const uint8_t[]){2, 1, 6, 0}, 4);
    memcpy(bootp + 4, (const uint8_t[]){1, 2, 3, 4}, 4);
    memcpy(bootp + 16, (const uint8_t[]){10, 0, 0, 7}, 4);
    memcpy(bootp + 28, (const uint8_t[]){2, 0, 0, 0, 0, 7}, 6);
    memcpy(bootp + 236, (const uint8_t[]){0x63, 0x82, 0x53, 0x63}, 4);
    memcpy(bootp + 240, options, n_options);
    return (size_t)(bootp + 240 - packet) + n_options;
}

/* A solicitation from :: (135) or an advertisement from fe80::1 (136) about 2001:db8::7. */
static size_t discovery(uint8_t packet[512], uint8_t type)
{
    static const uint8_t target[] = {0x20, 1, 0x0d, 0xb8, [15] = 7};

    memset(packet, 0, 512);
    memcpy(packet + 12, (const uint8_t[]){0x86, 0xdd, 0x60, 0, 0, 0, 0, 24, 58, 255}, 10);
    if (type == 136) {
        memcpy(packet + 22, (const uint8_t[]){0xfe, 0x80}, 2);
        packet[37] = 1;
    }
    packet[54] = type;
    memcpy(packet + 62, target, sizeof target);
    return 78;
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
    for (size_t cut = 0; cut < size - 1; cut++) { /* All but the end mark is needed. */
        CU_ASSERT_FALSE(reads(packet, cut, &event));
    }
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
            for (size_t cut = 0; cut < size - cases[i].n + 3; cut++) { /* What says that it is one. */
                CU_ASSERT_FALSE(reads(packet, cut, &event));
            }
        }
        packet[42] = 2; /* An answer that goes to a server's port. */
        CU_ASSERT_FALSE(reads(packet, size, &event));
        packet[42] = 1;
        packet[37] = 68; /* A question that does not. */
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

/* One byte of a packet that is right, and what makes it wrong. */
static void test_dhcp_bytes(void)
{
    static const uint8_t options[] = {53, 1, 5, LEASE, 255};
    static const struct {
        size_t at;
        uint8_t value;
    } cases[] = {{12, 6},      {14, 0x65},     {14, 0x44},     {14, 0x4f},    {23, 6}, {21, 1},
                 {35, 68},     {37, 69},       {42, 1},        {43, 6},       {44, 8}, {42 + 236, 0},
                 {42 + 16, 0}, {42 + 16, 127}, {42 + 16, 224}, {42 + 16, 240}};
    struct zw_address_event event;
    uint8_t packet[512];

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        size_t size = dhcp(packet, options, sizeof options);

        CU_ASSERT(reads(packet, size, &event));
        packet[cases[i].at] = cases[i].value;
        CU_ASSERT_FALSE(reads(packet, size, &event));
    }
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
        size_t size = discovery(packet, cases[i].type);

        CU_ASSERT_FATAL(reads(packet, size, &event));
        CU_ASSERT_EQUAL(event.type, cases[i].event);
        CU_ASSERT_STRING_EQUAL(zw_addr_format(&event.addr, buf), "2001:db8::7");
        for (size_t cut = 0; cut < size; cut++) {
            CU_ASSERT_FALSE(reads(packet, cut, &event));
        }
    }
}

static void test_discovery_bytes(void)
{
    static const struct {
        uint8_t type;
        size_t at;
        uint8_t value;
    } cases[] = {
        {135, 14, 0x40}, {135, 20, 17},  {135, 21, 254}, {135, 37, 1},   {135, 54, 133},
        {135, 55, 1},    {135, 62, 255}, {136, 55, 1},   {136, 62, 255}, {136, 54, 134},
    };
    struct zw_address_event event;
    uint8_t packet[512];

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        size_t size = discovery(packet, cases[i].type);

        packet[cases[i].at] = cases[i].value;
        CU_ASSERT_FALSE(reads(packet, size, &event));
    }
    size_t size = discovery(packet, 136); /* From nowhere nobody uses an address. */
    memset(packet + 22, 0, 16);
    CU_ASSERT_FALSE(reads(packet, size, &event));
}

ZW_TEST_MAIN({"a lease, whole or not at all", test_dhcp}, {"what gives no lease", test_dhcp_other},
             {"who asks for which address", test_dhcp_questions}, {"a lease without an offer", test_dhcp_rapid},
             {"each byte of DHCP counts", test_dhcp_bytes}, {"probes and advertisements", test_discovery},
             {"each byte of neighbour discovery counts", test_discovery_bytes})
