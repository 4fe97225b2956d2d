/* SPDX-License-Identifier: Apache-2.0 */
#include "zw-config.h"

#include "controller/compile/sets.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "controller/policy/decide.h"
#include "controller/policy/policy-private.h"
#include "tests/unit/zw-test.h"

static uint32_t state = 99;

static uint32_t next_random(uint32_t limit)
{
    state = state * 1664525u + 1013904223u;
    return (state >> 8) % limit;
}

static const char *disjoint_of(const char *const texts[])
{
    static char result[512];
    struct zw_prefix list[20];
    struct zw_prefixes set = {.list = list};

    for (; texts[set.n]; set.n++) {
        CU_ASSERT_PTR_NULL_FATAL(zw_prefix_parse(texts[set.n], &list[set.n]));
    }
    set.n = zw_prefixes_normalize(list, set.n);
    struct zw_prefixes disjoint = zw_disjoint_prefixes(&set);
    result[0] = '\0';
    for (size_t i = 0; i < disjoint.n; i++) {
        char buf[ZW_PREFIX_STRLEN];

        snprintf(result + strlen(result), sizeof result - strlen(result), "%s%s", i ? " " : "",
                 zw_prefix_format(&disjoint.list[i], buf));
    }
    free(disjoint.list);
    return result;
}
#define DISJOINT(...) disjoint_of((const char *const[]){__VA_ARGS__, NULL})

static void test_prefixes(void)
{
    CU_ASSERT_STRING_EQUAL(DISJOINT("10.1.0.0/16", "10.0.0.0/8"), "10.0.0.0/8");
    CU_ASSERT_STRING_EQUAL(DISJOINT("10.0.0.0", "10.0.0.1", "10.0.0.2", "10.0.0.3"),
                           "10.0.0.0 10.0.0.1 10.0.0.2 10.0.0.3");
    CU_ASSERT_STRING_EQUAL(DISJOINT("10.0.0.1", "10.0.0.2"), "10.0.0.1 10.0.0.2");
    CU_ASSERT_STRING_EQUAL(DISJOINT("0.0.0.0/1", "64.0.0.0/2", "::/1", "fd00::1"), "0.0.0.0/1 ::/1 fd00::1");
    CU_ASSERT_STRING_EQUAL(DISJOINT("0.0.0.0/0", "::/0"), "0.0.0.0/0 ::/0");
    CU_ASSERT_STRING_EQUAL(DISJOINT("fd00::2/127", "fd00::3", "fd00::"), "fd00:: fd00::2/127");
}

static struct zw_prefix random_prefix(uint8_t family)
{
    struct zw_addr addr = {.family = family};
    unsigned int first = zw_family_bits(family) / 8 - 1; /* Only the last byte differs: prefixes nest and meet. */

    addr.bytes[first] = (uint8_t)next_random(64);
    return zw_addr_network(&addr, zw_family_bits(family) - (next_random(3) ? 0 : next_random(7)));
}

static size_t n_containing(const struct zw_prefixes *set, const struct zw_addr *addr)
{
    size_t n = 0;

    for (size_t i = 0; i < set->n; i++) {
        n += zw_prefix_contains(&set->list[i], addr);
    }
    return n;
}

/* None but those of 'set': no mask that it has not. */
static bool is_part_of(const struct zw_prefixes *part, const struct zw_prefixes *set)
{
    for (size_t i = 0; i < part->n; i++) {
        if (!bsearch(&part->list[i], set->list, set->n, sizeof *set->list, zw_prefix_compare)) {
            return false;
        }
    }
    return true;
}

static void test_random_prefixes(void)
{
    size_t n_fewer = 0, n_wrong = 0;

    for (int i = 0; i < 2000; i++) {
        struct zw_prefix list[40];
        struct zw_prefixes set = {.list = list, .n = next_random(40)};

        for (size_t j = 0; j < set.n; j++) {
            list[j] = random_prefix(next_random(2) ? ZW_IPV4 : ZW_IPV6);
        }
        set.n = zw_prefixes_normalize(list, set.n);
        struct zw_prefixes disjoint = zw_disjoint_prefixes(&set);
        n_fewer += disjoint.n < set.n;
        n_wrong += !is_part_of(&disjoint, &set);
        for (uint32_t byte = 0; byte < 128; byte++) {
            struct zw_addr addr = {.family = byte & 1 ? ZW_IPV4 : ZW_IPV6};

            addr.bytes[addr.family == ZW_IPV4 ? 3 : 15] = (uint8_t)(byte / 2);
            n_wrong += n_containing(&disjoint, &addr) != (n_containing(&set, &addr) > 0);
        }
        free(disjoint.list);
    }
    CU_ASSERT_EQUAL(n_wrong, 0);
    CU_ASSERT(n_fewer > 1000);
}

static char *disjoint_items(const char *const texts[])
{
    struct zw_service_item items[20];
    struct zw_service service = {.items = items};

    for (; texts[service.n]; service.n++) {
        CU_ASSERT_PTR_NULL_FATAL(zw_service_item_parse(texts[service.n], &items[service.n]));
    }
    struct zw_service disjoint = zw_disjoint_items(&service);
    char *text = zw_service_format(&disjoint);
    free(disjoint.items);
    return text;
}

#define CHECK_ITEMS(EXPECTED, ...)                                             \
    do {                                                                       \
        char *text = disjoint_items((const char *const[]){__VA_ARGS__, NULL}); \
        CU_ASSERT_STRING_EQUAL(text, EXPECTED);                                \
        free(text);                                                            \
    } while (0)

static void test_items(void)
{
    CHECK_ITEMS("tcp/80-83", "tcp/83", "tcp/80", "tcp/82", "tcp/81");
    CHECK_ITEMS("tcp/80-90, udp/80", "tcp/80-85", "udp/80", "tcp/83-90", "tcp/80");
    CHECK_ITEMS("tcp", "tcp/0-100", "tcp/101-65535");
    CHECK_ITEMS("tcp", "tcp/80", "tcp");
    CHECK_ITEMS("tcp/1, tcp/3", "tcp/3", "tcp/1");
    CHECK_ITEMS("icmp/3, icmp/8/0", "icmp/8/0", "icmp/3/4", "icmp/3", "icmp/8/0");
    CHECK_ITEMS("icmp", "icmp/8", "icmp");
    CHECK_ITEMS("gre, ethertype/0x8892, ethertype/0x88f7", "ethertype/0x88f7", "gre", "ethertype/0x8892",
                "ethertype/0x88f7");
    CHECK_ITEMS("gre, icmpv6/128", "gre", "icmpv6/128", "proto/47");
}

static struct zw_service_item random_item(void)
{
    static const char *const fixed[] = {"tcp",      "icmp",     "icmp/8", "icmp/8/0", "icmp/3/1",
                                        "icmp/3/0", "icmpv6/3", "gre",    "udp"};
    struct zw_service_item item;
    char text[32];

    if (!next_random(4)) {
        snprintf(text, sizeof text, "%s", fixed[next_random(9)]);
    } else {
        uint32_t first = next_random(24);

        snprintf(text, sizeof text, "%s/%u-%u", next_random(2) ? "tcp" : "udp", first, first + next_random(6));
    }
    CU_ASSERT_PTR_NULL_FATAL(zw_service_item_parse(text, &item));
    return item;
}

static size_t n_matching(const struct zw_service *service, const struct zw_packet_key *key)
{
    size_t n = 0;

    for (size_t i = 0; i < service->n; i++) {
        n += zw_service_matches(&(struct zw_service){.items = &service->items[i], .n = 1}, key);
    }
    return n;
}

static bool is_wrong(const struct zw_service *service, const struct zw_service *disjoint, uint8_t family)
{
    static const uint8_t protos[] = {6, 17, 1, 58, 47};
    bool wrong = false;

    for (size_t i = 0; i < sizeof protos; i++) {
        for (uint32_t port = 0; port < 32; port++) {
            for (uint32_t type = 0; type < (protos[i] == 1 || protos[i] == 58 ? 10u : 1u); type++) {
                struct zw_packet_key key = {.src = {.family = family},
                                            .dst = {.family = family},
                                            .proto = protos[i],
                                            .sport = (uint16_t)type,
                                            .dport = (uint16_t)port};

                wrong = wrong || n_matching(disjoint, &key) != (n_matching(service, &key) > 0);
            }
        }
    }
    return wrong;
}

static void test_random_items(void)
{
    size_t n_fewer = 0, n_wrong = 0;

    for (int i = 0; i < 1000; i++) {
        struct zw_service_item items[12];
        struct zw_service service = {.items = items, .n = next_random(12)};

        for (size_t j = 0; j < service.n; j++) {
            items[j] = random_item();
        }
        struct zw_service disjoint = zw_disjoint_items(&service);
        n_fewer += disjoint.n < service.n;
        n_wrong += is_wrong(&service, &disjoint, ZW_IPV4) || is_wrong(&service, &disjoint, ZW_IPV6);
        free(disjoint.items);
    }
    CU_ASSERT_EQUAL(n_wrong, 0);
    CU_ASSERT(n_fewer > 500);
}

ZW_TEST_MAIN({"prefixes that others cover", test_prefixes}, {"random prefixes", test_random_prefixes},
             {"ranges and types that overlap", test_items}, {"random items", test_random_items})
