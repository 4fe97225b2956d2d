/* SPDX-License-Identifier: Apache-2.0 */
#include "zw-config.h"

#include "controller/daemon/learning.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "controller/base/memory.h"
#include "controller/daemon/learning-asked.h"
#include "tests/unit/learning-fixture.h"
#include "tests/unit/policy-fixture.h"
#include "tests/unit/zw-test.h"

static const char deaf_text[] = "version: 1\nzones: {learns: {ports: [{name: a}, {name: b}], guard: {learn: dhcp}}}\n";

static const char among_text[] =
    "version: 1\nzones:\n  servers: {ports: [{name: s}], guard: {mac: false, ip: false, dhcp-server: allow}}\n"
    "  learns: {ports: [{name: a}, {name: b}], guard: {learn: [dhcp, nd], learn-addresses: [10.0.0.0/28, \"2001:db8::/124\"]}}\n";

static void test_leases(void)
{
    struct bed bed = bed_new();
    int64_t next_us;

    CU_ASSERT(give(&bed, 1, "10.0.0.1", 60));
    CU_ASSERT(give(&bed, 2, "10.0.0.2", ZW_LEASE_FOREVER));
    CU_ASSERT_FALSE(give(&bed, 3, "10.0.0.3", 60)); /* Its zone learns nothing, */
    CU_ASSERT_FALSE(give(&bed, 9, "10.0.0.9", 60)); /* and nobody has that MAC address. */
    check_list(bed.learning, "a=10.0.0.1 b=10.0.0.2");
    CU_ASSERT_FALSE(pass(&bed, 50 * S, &next_us));
    CU_ASSERT_EQUAL(next_us, 10 * S);
    CU_ASSERT(give(&bed, 1, "10.0.0.1", 60)); /* Renewed. */
    CU_ASSERT_FALSE(pass(&bed, 59 * S, &next_us));
    CU_ASSERT_EQUAL(next_us, 1 * S);
    CU_ASSERT(pass(&bed, 1 * S, &next_us));
    CU_ASSERT_EQUAL(next_us, 0);
    check_list(bed.learning, "b=10.0.0.2");
    bed_clear(&bed);
}

static void test_leases_of_others(void)
{
    struct bed bed = bed_new();

    CU_ASSERT(give(&bed, 1, "10.0.0.1", 60));
    CU_ASSERT(give(&bed, 2, "10.0.0.1", 60));
    check_list(bed.learning, "b=10.0.0.1");
    CU_ASSERT_FALSE(give(&bed, 1, "10.0.0.50", 60)); /* Bound to x. */
    CU_ASSERT_EQUAL(zw_learning_status(bed.learning).n_refused, 1);
    CU_ASSERT(give(&bed, 5, "10.0.0.1", 60)); /* In another segment, it is another's. */
    check_list(bed.learning, "b=10.0.0.1 other=10.0.0.1");
    bed_clear(&bed);
}

static void test_probes(void)
{
    struct bed bed = bed_new();
    int64_t next_us;

    probe(&bed, 1, "2001:db8::1");
    probe(&bed, 4, "2001:db8::3"); /* Its zone learns nothing. */
    check_list(bed.learning, "");
    CU_ASSERT_FALSE(pass(&bed, ZW_LEARN_PROBE_US - 1, &next_us));
    CU_ASSERT_EQUAL(next_us, 1);
    CU_ASSERT(pass(&bed, 1, &next_us));
    CU_ASSERT_EQUAL(next_us, 0);
    check_list(bed.learning, "a=2001:db8::1");
    probe(&bed, 2, "2001:db8::1");  /* The first has it; */
    probe(&bed, 2, "2001:db8::50"); /* x is bound to it. */
    CU_ASSERT_EQUAL(zw_learning_status(bed.learning).n_refused, 2);
    CU_ASSERT_FALSE(pass(&bed, S, NULL));
    use(&bed, 3, "2001:db8::1"); /* Too late. */
    check_list(bed.learning, "a=2001:db8::1");
    bed_clear(&bed);
}

static void test_objections(void)
{
    struct bed bed = bed_new();

    probe(&bed, 1, "2001:db8::1");
    use(&bed, 1, "2001:db8::1"); /* That is itself. */
    probe(&bed, 1, "2001:db8::2");
    use(&bed, 5, "2001:db8::2"); /* In another segment. */
    probe(&bed, 1, "2001:db8::3");
    use(&bed, 3, "2001:db8::3");
    probe(&bed, 1, "2001:db8::4");
    probe(&bed, 2, "2001:db8::4"); /* Neither gets it. */
    CU_ASSERT(pass(&bed, S, NULL));
    check_list(bed.learning, "a=2001:db8::1 a=2001:db8::2");
    CU_ASSERT_EQUAL(zw_learning_status(bed.learning).n_refused, 2);
    bed_clear(&bed);
}

/* A server is who may be one where it speaks. */
static void test_servers(void)
{
    struct bed bed = bed_new();

    ask(&bed, 1, 1, "10.0.0.1", XID);
    ask(&bed, 2, 2, "10.0.0.1", XID);
    CU_ASSERT_FALSE(give_from(&bed, 3, 1, "10.0.0.1", 60)); /* No guard, */
    CU_ASSERT_FALSE(give_from(&bed, 2, 1, "10.0.0.1", 60)); /* one that allows no server, */
    CU_ASSERT_FALSE(give_from(&bed, 9, 1, "10.0.0.1", 60)); /* no port. */
    check_list(bed.learning, "");
    CU_ASSERT(give_from(&bed, 6, 1, "10.0.0.1", 60));
    CU_ASSERT_FALSE(give_from(&bed, 3, 1, "10.0.0.1", 0));  /* Nor does it end a lease, */
    CU_ASSERT_FALSE(give_from(&bed, 3, 2, "10.0.0.1", 60)); /* or take it away. */
    CU_ASSERT_FALSE(pass(&bed, 59 * S, NULL));
    check_list(bed.learning, "a=10.0.0.1");
    bed_clear(&bed);
}

/* A neighbour that asks in a's name gets a nothing, and takes nothing from it: what the server makes of its questions is not a's. */
static void test_asked_by_another(void)
{
    struct bed bed = bed_new();
    char addr[32];

    CU_ASSERT(give(&bed, 1, "10.0.0.1", 60));
    for (unsigned int i = 0; i <= ZW_LEARN_MAX;
         i++) { /* As many clients, to a server that goes by their identifiers. */
        snprintf(addr, sizeof addr, "10.0.1.%u", i);
        ask(&bed, 2, 1, addr, XID);
        CU_ASSERT_FALSE(give_from(&bed, 6, 1, addr, 3600));
    }
    CU_ASSERT_EQUAL(zw_learning_status(bed.learning).n_unasked, ZW_LEARN_MAX + 1);
    check_list(bed.learning, "a=10.0.0.1");

    ask(&bed, 2, 1, "10.0.0.1", XID + 1); /* Nor does it make a's lease shorter, by its own question or by a's own, */
    CU_ASSERT_FALSE(hear(
        &bed, (struct zw_address_event){ZW_ADDRESS_GIVEN, .mac = {{2, 0, 0, 0, 0, 1}}, .xid = XID + 1, .lease_s = 1},
        "10.0.0.1", 6, 5));
    CU_ASSERT_FALSE(give_from(&bed, 6, 1, "10.0.0.77", 3600)); /* or longer by an address that a has not asked for. */
    CU_ASSERT_FALSE(pass(&bed, 59 * S, NULL));
    check_list(bed.learning, "a=10.0.0.1");
    bed_clear(&bed);
}

static void test_asked(void)
{
    struct bed bed = bed_new();
    int64_t next_us;

    CU_ASSERT_FALSE(give_from(&bed, 6, 1, "10.0.0.1", 60));
    ask(&bed, 1, 1, "10.0.0.1", XID + 1); /* Another question. */
    ask(&bed, 1, 2, "10.0.0.1", XID);     /* For another one. */
    ask(&bed, 1, 1, "10.0.0.2", XID);     /* For another address. */
    ask(&bed, 5, 1, "10.0.0.1", XID);     /* From elsewhere. */
    CU_ASSERT_FALSE(hear(&bed, (struct zw_address_event){ZW_ADDRESS_ASKED, .mac = {{2, 0, 0, 0, 0, 1}}, .xid = XID},
                         "10.0.0.1", 1, 6)); /* In another segment. */
    CU_ASSERT_FALSE(give_from(&bed, 6, 1, "10.0.0.1", 60));
    CU_ASSERT_EQUAL(zw_learning_status(bed.learning).n_unasked, 2);
    bed.now_us += ZW_ASKED_LATE_US + 1;

    ask(&bed, 1, 1, "10.0.0.1", XID);
    bed.now_us += ZW_ASKED_US + 1;
    CU_ASSERT_FALSE(give_from(&bed, 6, 1, "10.0.0.1", 60)); /* Too long ago. */
    bed.now_us += ZW_ASKED_LATE_US + 1;
    ask(&bed, 1, 1, "10.0.0.1", XID);
    bed.now_us += ZW_ASKED_US;
    CU_ASSERT(give_from(&bed, 6, 1, "10.0.0.1", 600));
    CU_ASSERT(give_from(&bed, 6, 1, "10.0.0.1", 500)); /* A second answer makes no lease shorter, */
    CU_ASSERT_FALSE(pass(&bed, 0, &next_us));
    CU_ASSERT_EQUAL(next_us, 600 * S);
    CU_ASSERT(give_from(&bed, 6, 1, "10.0.0.1", 700)); /* but longer. */
    CU_ASSERT_FALSE(pass(&bed, 0, &next_us));
    CU_ASSERT_EQUAL(next_us, 700 * S);
    bed.now_us += 1;
    CU_ASSERT_FALSE(give_from(&bed, 6, 1, "10.0.0.1", 600)); /* Renewed, and not asked again. */
    bed.now_us -= 2 * ZW_ASKED_US;
    CU_ASSERT(give_from(&bed, 6, 1, "10.0.0.1", ZW_LEASE_FOREVER)); /* The clock was set back. */
    CU_ASSERT(give_from(&bed, 6, 1, "10.0.0.1", 600));
    CU_ASSERT_FALSE(pass(&bed, 0, &next_us));
    CU_ASSERT_EQUAL(next_us, 0);
    CU_ASSERT(give(&bed, 1, "10.0.0.1", 30)); /* One to a new question does. */
    CU_ASSERT_FALSE(pass(&bed, 0, &next_us));
    CU_ASSERT_EQUAL(next_us, 30 * S);
    bed_clear(&bed);
}

/* An answer may be heard before its question, a little, and is one to nothing else. */
static void test_asked_late(void)
{
    struct bed bed = bed_new();
    const struct zw_bridge *bridge = &bed.inventory->bridges[0];
    const struct zw_address_event late = {ZW_ADDRESS_ASKED, .mac = {{2, 0, 0, 0, 0, 1}}, .xid = XID,
                                          .addr = {.family = ZW_IPV4, .bytes = {10, 0, 0, 1}}};

    CU_ASSERT_FALSE(give_from(&bed, 6, 1, "10.0.0.1", 60));
    ask(&bed, 2, 1, "10.0.0.1", XID); /* By another port; */
    ask(&bed, 1, 1, "10.0.0.2", XID); /* for another address; */
    ask(&bed, 1, 1, "10.0.0.1", XID + 1);
    CU_ASSERT_FALSE(zw_learning_hear(bed.learning, bed.policy, bridge, &late, 1, 6, bed.now_us)); /* elsewhere; */
    bed.now_us += ZW_ASKED_LATE_US + 1;
    ask(&bed, 1, 1, "10.0.0.1", XID); /* too late. */
    check_list(bed.learning, "");

    bed.now_us += ZW_ASKED_US + 1;
    CU_ASSERT_FALSE(give_from(&bed, 6, 1, "10.0.0.1", 60));
    bed.now_us += ZW_ASKED_LATE_US;
    CU_ASSERT(zw_learning_hear(bed.learning, bed.policy, bridge, &late, 1, 5, bed.now_us));
    check_list(bed.learning, "a=10.0.0.1");
    CU_ASSERT_FALSE(give_from(&bed, 3, 2, "10.0.0.2", 60)); /* Of who is no server nothing is kept. */
    ask(&bed, 2, 2, "10.0.0.2", XID);
    check_list(bed.learning, "a=10.0.0.1");
    bed_clear(&bed);
}

/* RFC 4039: who says so gets an address at once, whichever it is; and who does not is not taken to have said so. */
static void test_asked_rapidly(void)
{
    struct bed bed = bed_new();
    struct zw_address_event question = {ZW_ADDRESS_ASKED, .mac = {{2, 0, 0, 0, 0, 1}}, .xid = XID, .is_rapid = true};
    struct zw_address_event answer = {ZW_ADDRESS_GIVEN, .mac = {{2, 0, 0, 0, 0, 1}}, .xid = XID, .is_rapid = true,
                                      .lease_s = 60};
    const struct zw_bridge *bridge = &bed.inventory->bridges[0];

    ask(&bed, 1, 1, "10.0.0.3", XID);
    CU_ASSERT_FALSE(hear(&bed, answer, "10.0.0.1", 6, 5));
    bed.now_us += ZW_ASKED_LATE_US + 1;
    CU_ASSERT_FALSE(zw_learning_hear(bed.learning, bed.policy, bridge, &question, 1, 5, bed.now_us));
    CU_ASSERT_FALSE(give_from(&bed, 6, 1, "10.0.0.2", 60));
    CU_ASSERT(hear(&bed, answer, "10.0.0.1", 6, 5));
    CU_ASSERT(hear(&bed, answer, "10.0.0.3", 6, 5)); /* Asked for in so many words. */
    check_list(bed.learning, "a=10.0.0.1 a=10.0.0.3");
    bed_clear(&bed);
}

/* A question is its port's, as that is: not of the next one with that name, nor of a daemon that has not heard it. */
static void test_asked_before(void)
{
    struct bed bed = bed_new();
    struct zw_learning *read = zw_learning_new();
    struct zw_port *a = &bed.inventory->bridges[0].ports[0];

    ask(&bed, 1, 1, "10.0.0.1", XID);
    ask(&bed, 2, 2, "10.0.0.2", XID);
    CU_ASSERT(give_from(&bed, 6, 1, "10.0.0.1", 60));
    char *text = zw_learning_format(bed.learning);
    CU_ASSERT(zw_learning_parse(read, text));
    CU_ASSERT_FALSE(
        zw_learning_hear(read, bed.policy, &bed.inventory->bridges[0],
                         &(struct zw_address_event){ZW_ADDRESS_GIVEN, .mac = {{2, 0, 0, 0, 0, 1}}, .xid = XID,
                                                    .lease_s = 60, .addr = {.family = ZW_IPV4, .bytes = {10, 0, 0, 1}}},
                         6, 5, bed.now_us));
    CU_ASSERT_EQUAL(zw_learning_status(read).n_unasked, 1);

    CU_ASSERT_FALSE(zw_learning_check(bed.learning, bed.policy, bed.inventory));
    CU_ASSERT(give_from(&bed, 6, 1, "10.0.0.1", 60));
    a->iface_id = zw_xstrdup("another");
    CU_ASSERT(zw_learning_check(bed.learning, bed.policy, bed.inventory));
    CU_ASSERT_FALSE(give_from(&bed, 6, 1, "10.0.0.1", 60));
    CU_ASSERT(give_from(&bed, 6, 2, "10.0.0.2", 60));
    check_list(bed.learning, "b=10.0.0.2");
    free(text);
    zw_learning_free(read);
    bed_clear(&bed);
}

/* A lease that runs is not taken for another one. */
static void test_full(void)
{
    struct bed bed = bed_new();
    char addr[32];

    for (unsigned int i = 1; i <= ZW_LEARN_MAX; i++) {
        snprintf(addr, sizeof addr, "10.0.0.%u", i);
        CU_ASSERT(give(&bed, 1, addr, i == 1 ? 60 : 3600));
    }
    CU_ASSERT(give(&bed, 2, "10.0.1.2", 3600));
    CU_ASSERT_FALSE(give(&bed, 1, "10.0.1.1", 3600));
    CU_ASSERT_FALSE(give(&bed, 1, "10.0.1.2", 3600)); /* It stays where it is, too. */
    CU_ASSERT_EQUAL(zw_learning_status(bed.learning).n_full, 2);
    CU_ASSERT_EQUAL(zw_learning_status(bed.learning).n_learned, ZW_LEARN_MAX + 1);
    CU_ASSERT(give(&bed, 1, "10.0.0.1", 70)); /* What it has can be renewed. */
    CU_ASSERT_FALSE(pass(&bed, 60 * S, NULL));
    CU_ASSERT(pass(&bed, 10 * S, NULL)); /* What has ended leaves room. */
    CU_ASSERT(give(&bed, 1, "10.0.1.1", 3600));
    CU_ASSERT_EQUAL(zw_learning_status(bed.learning).n_full, 2);
    CU_ASSERT_EQUAL(zw_learning_status(bed.learning).n_replaced, 0);
    bed_clear(&bed);
}

/* Time alone does not do it: what was said in the meantime must have been heard. */
static void test_not_heard(void)
{
    struct bed bed = bed_new();
    int64_t next_us, begun_us = bed.now_us;

    probe(&bed, 1, "2001:db8::1");
    bed.now_us += S / 10;
    probe(&bed, 2, "2001:db8::2");
    CU_ASSERT_FALSE(zw_learning_is_due(bed.learning, "br0", begun_us + ZW_LEARN_PROBE_US - 1));
    CU_ASSERT(zw_learning_is_due(bed.learning, "br0", begun_us + ZW_LEARN_PROBE_US));
    CU_ASSERT_FALSE(zw_learning_is_due(bed.learning, "br1", begun_us + ZW_LEARN_PROBE_US));
    CU_ASSERT_FALSE(zw_learning_tick(bed.learning, begun_us + 9 * S, &next_us));
    CU_ASSERT_EQUAL(next_us, 0);
    check_list(bed.learning, "");
    CU_ASSERT_FALSE(zw_learning_heard(bed.learning, "br1", begun_us + 9 * S));
    CU_ASSERT(
        zw_learning_heard(bed.learning, "br0", begun_us + ZW_LEARN_PROBE_US)); /* Not until when the second is ripe. */
    check_list(bed.learning, "a=2001:db8::1");
    use(&bed, 3, "2001:db8::2"); /* Read late. */
    CU_ASSERT_FALSE(zw_learning_heard(bed.learning, "br0", begun_us + 9 * S));
    check_list(bed.learning, "a=2001:db8::1");

    probe(&bed, 2, "2001:db8::3");
    zw_learning_missed(bed.learning, "br1");
    CU_ASSERT_EQUAL(zw_learning_status(bed.learning).n_unsure, 0);
    zw_learning_missed(bed.learning, "br0");
    CU_ASSERT_EQUAL(zw_learning_status(bed.learning).n_unsure, 1);
    CU_ASSERT_FALSE(pass(&bed, S, NULL));
    check_list(bed.learning, "a=2001:db8::1");
    bed_clear(&bed);
}

static void test_bound(void)
{
    struct bed bed = bed_new();
    char addr[32];

    CU_ASSERT(give(&bed, 1, "10.0.0.1", 60));
    for (unsigned int i = 0; i < ZW_LEARN_MAX + 2; i++) {
        snprintf(addr, sizeof addr, "2001:db8::1:%x", i);
        probe(&bed, 1, addr);
    }
    CU_ASSERT(pass(&bed, S, NULL));
    CU_ASSERT_EQUAL(zw_learning_status(bed.learning).n_learned, ZW_LEARN_MAX + 1);
    CU_ASSERT_EQUAL(zw_learning_status(bed.learning).n_replaced, 2);
    size_t n;
    struct zw_learned *list = zw_learning_list(bed.learning, "br0", &n);
    char buf[ZW_ADDR_STRLEN];
    CU_ASSERT_STRING_EQUAL(zw_addr_format(&list[0].addr, buf), "10.0.0.1"); /* Of another source. */
    CU_ASSERT_STRING_EQUAL(zw_addr_format(&list[1].addr, buf), "2001:db8::1:2");
    free(list);
    bed_clear(&bed);
}

/* What it has does not go for a probe that fails; and when it goes, that is said. */
static void test_bound_kept(void)
{
    struct bed bed = bed_new();
    char addr[32], want[1024] = "", left[1024] = "";

    for (unsigned int i = 0; i < ZW_LEARN_MAX; i++) {
        snprintf(addr, sizeof addr, "2001:db8::1:%x", i);
        probe(&bed, 1, addr);
        snprintf(want + strlen(want), sizeof want - strlen(want), "%sa=%s", i ? " " : "", addr);
        if (i) {
            snprintf(left + strlen(left), sizeof left - strlen(left), "a=%s ", addr);
        }
    }
    CU_ASSERT(pass(&bed, S, NULL));
    check_list(bed.learning, want);
    probe(&bed, 1, "2001:db8::2");
    check_list(bed.learning, want);
    use(&bed, 3, "2001:db8::2");
    CU_ASSERT_FALSE(pass(&bed, S, NULL));
    check_list(bed.learning, want);
    CU_ASSERT_EQUAL(zw_learning_status(bed.learning).n_replaced, 0);
    probe(&bed, 1, "2001:db8::3");
    probe(&bed, 2, "2001:db8::4");
    CU_ASSERT(pass(&bed, S, NULL));
    snprintf(left + strlen(left), sizeof left - strlen(left), "a=2001:db8::3 b=2001:db8::4");
    check_list(bed.learning, left);
    CU_ASSERT_EQUAL(zw_learning_status(bed.learning).n_replaced, 1);
    bed_clear(&bed);
}

static void test_changes(void)
{
    struct bed bed = bed_new();
    struct zw_policy *deaf = policy_of(deaf_text);

    CU_ASSERT(give(&bed, 1, "10.0.0.1", 60));
    CU_ASSERT(give(&bed, 2, "10.0.0.2", 60));
    probe(&bed, 1, "2001:db8::1");
    CU_ASSERT(pass(&bed, S, NULL));
    CU_ASSERT_FALSE(zw_learning_check(bed.learning, bed.policy, bed.inventory));
    CU_ASSERT(zw_learning_check(bed.learning, deaf, bed.inventory));
    check_list(bed.learning, "a=10.0.0.1 b=10.0.0.2");

    struct zw_port *a = &bed.inventory->bridges[0].ports[0];
    a->iface_id = zw_xstrdup("another");
    CU_ASSERT(zw_learning_check(bed.learning, bed.policy, bed.inventory));
    check_list(bed.learning, "b=10.0.0.2");

    CU_ASSERT(give(&bed, 1, "10.0.0.1", 60)); /* Learned, and then bound to another. */
    CU_ASSERT(give(&bed, 5, "10.0.0.1", 60)); /* That one is in another segment. */
    struct zw_port *x = &bed.inventory->bridges[0].ports[5];
    CU_ASSERT_STRING_EQUAL(x->name, "x");
    x->external_ids = zw_xcalloc(1, sizeof *x->external_ids);
    x->external_ids[0] = (struct zw_external_id){zw_xstrdup("attached-ips"), zw_xstrdup("10.0.0.1")};
    x->n_external_ids = 1;
    CU_ASSERT(zw_learning_check(bed.learning, bed.policy, bed.inventory));
    check_list(bed.learning, "b=10.0.0.2 other=10.0.0.1");

    struct zw_port *b = &bed.inventory->bridges[0].ports[1];
    b->tag = 7;
    CU_ASSERT(zw_learning_check(bed.learning, bed.policy, bed.inventory));
    check_list(bed.learning, "other=10.0.0.1");
    zw_policy_unref(deaf);
    bed_clear(&bed);
}

static void test_json(void)
{
    static const char *const bad[] = {
        "",
        "{}",
        "[1]",
        "[{\"bridge\": \"br0\"}]",
        "[{\"bridge\":\"br0\",\"port\":\"a\",\"owner\":\"\",\"segment\":5,\"address\":\"10.0.0.300\",\"source\":\"dhcp\","
        "\"until_us\":0}]",
        "[{\"bridge\":\"br0\",\"port\":\"a\",\"owner\":\"\",\"segment\":5,\"address\":\"10.0.0.3\",\"source\":\"arp\","
        "\"until_us\":0}]",
        "[{\"bridge\":\"br0\",\"port\":\"a\",\"owner\":\"\",\"segment\":-1,\"address\":\"10.0.0.3\",\"source\":\"nd\","
        "\"until_us\":0}]",
    };
    struct bed bed = bed_new();
    struct zw_learning *read = zw_learning_new();
    int64_t next_us;

    CU_ASSERT(give(&bed, 1, "10.0.0.1", 60));
    probe(&bed, 2, "2001:db8::2");
    CU_ASSERT(pass(&bed, S, NULL));
    probe(&bed, 2, "2001:db8::3"); /* Not learned yet. */
    char *text = zw_learning_format(bed.learning);
    CU_ASSERT(zw_learning_parse(read, text));
    check_list(read, "a=10.0.0.1 b=2001:db8::2");
    CU_ASSERT_FALSE(zw_learning_check(read, bed.policy, bed.inventory));
    CU_ASSERT_FALSE(zw_learning_tick(read, bed.now_us, &next_us));
    CU_ASSERT_EQUAL(next_us, 1060 * S);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        CU_ASSERT_FALSE(zw_learning_parse(read, bad[i]));
    }
    check_list(read, "a=10.0.0.1 b=2001:db8::2");
    free(text);
    zw_learning_free(read);
    bed_clear(&bed);
}

static void test_among(void)
{
    struct bed bed = bed_new();

    CU_ASSERT(give(&bed, 1, "10.0.0.15", 100) && give(&bed, 1, "10.0.0.16", 100));
    zw_policy_unref(bed.policy);
    bed.policy = policy_of(among_text);
    CU_ASSERT(zw_learning_check(bed.learning, bed.policy, bed.inventory));
    check_list(bed.learning, "a=10.0.0.15");
    CU_ASSERT_FALSE(give(&bed, 2, "10.0.0.16", 100));
    probe(&bed, 1, "2001:db8::10");
    probe(&bed, 1, "2001:db8::f");
    CU_ASSERT(pass(&bed, S, NULL));
    CU_ASSERT_EQUAL(zw_learning_status(bed.learning).n_refused, 2);
    check_list(bed.learning, "a=10.0.0.15 a=2001:db8::f");
    bed_clear(&bed);
}

ZW_TEST_MAIN({"leases come, are renewed and end", test_leases},
             {"a server's word moves an address, but not one that is bound", test_leases_of_others},
             {"who probes first has it", test_probes}, {"only learn-addresses are learned", test_among},
             {"who has it may object", test_objections}, {"only who may be a DHCP server is believed", test_servers},
             {"who asks in another's name gets it nothing", test_asked_by_another},
             {"an answer needs its question, and not too old a one", test_asked},
             {"a question may be heard after its answer", test_asked_late},
             {"an address without an offer", test_asked_rapidly},
             {"questions are of a port as it is, and of a daemon that heard them", test_asked_before},
             {"a lease that runs makes no room", test_full},
             {"nothing is learned while an objection may have been missed", test_not_heard},
             {"a port has so many, of each source", test_bound}, {"and loses none for nothing", test_bound_kept},
             {"what is learned goes with its port and its policy", test_changes}, {"JSON there and back", test_json})
