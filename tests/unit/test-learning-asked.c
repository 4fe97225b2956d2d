/* SPDX-License-Identifier: Apache-2.0 */
#include "zw-config.h"

#include "controller/daemon/learning-asked.h"

#include "controller/base/memory.h"
#include "tests/unit/zw-test.h"

#define SEGMENT 5
#define S INT64_C(1000000)

/* About 10.0.0.'n', with this transaction id, for the client with that last byte of a MAC address. */
static struct zw_address_event about(uint8_t n, uint32_t xid, uint8_t client)
{
    return (struct zw_address_event){
        .mac = {{2, 0, 0, 0, 0, client}}, .xid = xid, .addr = {.family = ZW_IPV4, .bytes = {10, 0, 0, n}}};
}

static char name_a[] = "a", name_b[] = "b";
static const struct zw_port a = {.name = name_a}, b = {.name = name_b};

static void note(struct zw_asked *asked, const struct zw_port *port, uint32_t xid, int64_t at_us)
{
    const struct zw_address_event event = about(1, xid, 1);

    zw_asked_note(asked, "br0", port, SEGMENT, &event, at_us);
}

static bool is_answer(struct zw_asked *asked, const char *bridge, const struct zw_port *port, uint32_t xid,
                      int64_t at_us)
{
    const struct zw_address_event event = about(1, xid, 1);
    bool is_first;

    return zw_asked_answer(asked, bridge, port, SEGMENT, &event, at_us, &is_first);
}

/* A port has so many questions: who floods them has its own forgotten, and no one else's. */
static void test_crowded(void)
{
    struct zw_asked *asked = zw_asked_new();

    note(asked, &b, 0, S);
    for (uint32_t i = 0; i < ZW_ASKED_MAX; i++) {
        note(asked, &a, i, S + i);
        note(asked, &a, i, S + i); /* Again: that is the same question. */
    }
    CU_ASSERT(is_answer(asked, "br0", &a, 0, 2 * S));
    CU_ASSERT_EQUAL(zw_asked_n_crowded(asked), 0);
    note(asked, &a, ZW_ASKED_MAX, 2 * S);
    CU_ASSERT_EQUAL(zw_asked_n_crowded(asked), 1);
    CU_ASSERT_FALSE(is_answer(asked, "br0", &a, 0, 2 * S)); /* The oldest. */
    for (uint32_t i = 1; i <= ZW_ASKED_MAX; i++) {
        CU_ASSERT(is_answer(asked, "br0", &a, i, 2 * S));
    }
    CU_ASSERT(is_answer(asked, "br0", &b, 0, 2 * S));
    note(asked, &a, 99, 3 * S + ZW_ASKED_US); /* What nobody needs any more is no loss. */
    CU_ASSERT_EQUAL(zw_asked_n_crowded(asked), 1);
    zw_asked_free(asked);
}

static void test_answers(void)
{
    struct zw_asked *asked = zw_asked_new();
    const struct zw_address_event event = about(1, 7, 1);
    bool is_first = false;

    CU_ASSERT_FALSE(is_answer(asked, "br0", &a, 7, S));
    note(asked, &a, 7, S);
    CU_ASSERT_FALSE(is_answer(asked, "br1", &a, 7, S));
    CU_ASSERT_FALSE(is_answer(asked, "br0", &b, 7, S));
    CU_ASSERT_FALSE(zw_asked_answer(asked, "br0", &a, SEGMENT + 1, &event, S, &is_first));
    CU_ASSERT(zw_asked_answer(asked, "br0", &a, SEGMENT, &event, S, &is_first));
    CU_ASSERT(is_first);
    CU_ASSERT(zw_asked_answer(asked, "br0", &a, SEGMENT, &event, S, &is_first));
    CU_ASSERT_FALSE(is_first);
    note(asked, &a, 7, S); /* Asked anew. */
    CU_ASSERT(zw_asked_answer(asked, "br0", &a, SEGMENT, &event, S, &is_first));
    CU_ASSERT(is_first);
    zw_asked_free(asked);
}

/* Ports that stay keep what they have asked, and what was kept for them, when others go. */
static void test_check(void)
{
    struct zw_asked *asked = zw_asked_new();
    struct zw_inventory *inventory = zw_inventory_new(1);
    struct zw_bridge *bridge = &inventory->bridges[0];
    const struct zw_address_event event = about(2, 7, 1);
    struct zw_address_event answer;

    bridge->name = zw_xstrdup("br0");
    bridge->datapath_type = zw_xstrdup("netdev");
    bridge->fail_mode = zw_xstrdup("");
    bridge->n_ports = 1;
    bridge->ports = zw_xcalloc(1, sizeof *bridge->ports);
    bridge->ports[0] = (struct zw_port){.name = zw_xstrdup("b"), .type = zw_xstrdup("")};
    zw_inventory_sort(inventory);
    note(asked, &a, 7, S);
    note(asked, &b, 7, S);
    zw_asked_keep(asked, "br0", &a, SEGMENT, &event, S);
    zw_asked_keep(asked, "br0", &b, SEGMENT, &event, S);
    CU_ASSERT(zw_asked_kept(asked, "br0", &a, SEGMENT, &event, S, &answer));
    zw_asked_check(asked, inventory);
    CU_ASSERT_FALSE(is_answer(asked, "br0", &a, 7, S));
    CU_ASSERT_FALSE(zw_asked_kept(asked, "br0", &a, SEGMENT, &event, S, &answer));
    CU_ASSERT(is_answer(asked, "br0", &b, 7, S));
    CU_ASSERT(zw_asked_kept(asked, "br0", &b, SEGMENT, &event, S, &answer));
    CU_ASSERT(zw_addr_equal(&answer.addr, &event.addr));
    CU_ASSERT_FALSE(zw_asked_kept(asked, "br0", &b, SEGMENT + 1, &event, S, &answer));
    CU_ASSERT_FALSE(zw_asked_kept(asked, "br0", &b, SEGMENT, &event, S + ZW_ASKED_LATE_US + 1, &answer));
    zw_inventory_unref(inventory);
    zw_asked_free(asked);
}

ZW_TEST_MAIN({"who asks too much forgets its own questions only", test_crowded},
             {"an answer is to a port, once for the first time", test_answers}, {"what goes with a port", test_check})
