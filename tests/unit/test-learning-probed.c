/* SPDX-License-Identifier: Apache-2.0 */
#include "zw-config.h"

#include "controller/daemon/learning-probed.h"

#include "tests/unit/learning-fixture.h"
#include "tests/unit/policy-fixture.h"
#include "tests/unit/zw-test.h"

#define ADDR "2001:db8::1"

static uint64_t refused(const struct bed *bed)
{
    return zw_learning_status(bed->learning).n_refused;
}

/* Who has no guard, or one that binds no addresses, probes first, and again: it keeps what it is about to have. */
static void test_first(void)
{
    static const uint32_t others[] = {3, 6};

    for (size_t i = 0; i < 2; i++) {
        struct bed bed = bed_new();

        probe(&bed, others[i], ADDR);
        probe(&bed, 1, ADDR);
        probe(&bed, others[i], ADDR);
        CU_ASSERT_EQUAL(refused(&bed), 1);
        CU_ASSERT_FALSE(pass(&bed, ZW_PROBED_US - 1, NULL)); /* Its own wait may be longer than ours. */
        probe(&bed, 1, ADDR);
        CU_ASSERT_EQUAL(refused(&bed), 2);
        probe(&bed, others[i], ADDR); /* It counts from its last probe. */
        CU_ASSERT_FALSE(pass(&bed, ZW_PROBED_US - 1, NULL));
        probe(&bed, 1, ADDR);
        check_list(bed.learning, "");
        CU_ASSERT_EQUAL(refused(&bed), 3);
        CU_ASSERT_FALSE(pass(&bed, 1, NULL)); /* From now on it would object. */
        probe(&bed, 1, ADDR);
        CU_ASSERT(pass(&bed, ZW_LEARN_PROBE_US, NULL));
        check_list(bed.learning, "a=" ADDR);
        bed_clear(&bed);
    }
}

static void test_second(void)
{
    struct bed bed = bed_new();

    probe(&bed, 1, ADDR);
    probe(&bed, 1, "2001:db8::2");
    CU_ASSERT_FALSE(pass(&bed, ZW_LEARN_PROBE_US - 1, NULL));
    probe(&bed, 3, ADDR);
    CU_ASSERT_EQUAL(refused(&bed), 1);
    probe(&bed, 1, ADDR); /* Nor by asking once more. */
    CU_ASSERT_EQUAL(refused(&bed), 2);
    CU_ASSERT(pass(&bed, ZW_LEARN_PROBE_US, NULL));
    check_list(bed.learning, "a=2001:db8::2");
    probe(&bed, 3, "2001:db8::2"); /* Too late: */
    probe(&bed, 1, "2001:db8::2");
    CU_ASSERT_EQUAL(refused(&bed), 2);
    check_list(bed.learning, "a=2001:db8::2");
    bed_clear(&bed);
}

static void test_two_learners(void)
{
    struct bed bed = bed_new();

    probe(&bed, 1, ADDR);
    probe(&bed, 2, ADDR);
    probe(&bed, 2, ADDR);
    CU_ASSERT_FALSE(pass(&bed, ZW_LEARN_PROBE_US, NULL));
    probe(&bed, 2, ADDR);
    CU_ASSERT_FALSE(pass(&bed, ZW_PROBED_US - ZW_LEARN_PROBE_US, NULL));
    CU_ASSERT_EQUAL(refused(&bed), 3);
    probe(&bed, 2, ADDR); /* The other one has given up. */
    CU_ASSERT(pass(&bed, ZW_LEARN_PROBE_US, NULL));
    check_list(bed.learning, "b=" ADDR);
    bed_clear(&bed);
}

static void test_where(void)
{
    struct bed bed = bed_new();

    probe_from(&bed, 6, 6, 9, ADDR); /* In another segment, */
    probe(&bed, 3, "2001:db8::2");   /* another address, */
    probe(&bed, 4, ADDR);            /* and who may have but its own. */
    probe(&bed, 1, ADDR);
    probe(&bed, 5, ADDR);
    CU_ASSERT_EQUAL(refused(&bed), 1);
    CU_ASSERT(pass(&bed, ZW_LEARN_PROBE_US, NULL));
    check_list(bed.learning, "a=" ADDR);

    probe(&bed, 1, "2001:db8::50"); /* Nobody need be told whose that is; when x has lost it, it is free. */
    probe(&bed, 3, "2001:db8::50");
    CU_ASSERT_EQUAL(refused(&bed), 2);
    zw_policy_unref(bed.policy);
    bed.policy =
        policy_of("version: 1\nzones: {learns: {ports: [{name: a}, {name: b}, {name: x}], guard: {learn: nd}}}\n");
    CU_ASSERT_FALSE(zw_learning_check(bed.learning, bed.policy, bed.inventory));
    probe(&bed, 1, "2001:db8::50");
    CU_ASSERT_EQUAL(refused(&bed), 2);
    CU_ASSERT(pass(&bed, ZW_LEARN_PROBE_US, NULL));
    check_list(bed.learning, "a=" ADDR " a=2001:db8::50");
    bed_clear(&bed);
}

/* Two uplinks into one network: what goes out by one comes back by the other. */
static void test_come_back(void)
{
    struct bed bed = bed_new();

    probe(&bed, 1, ADDR);
    probe_from(&bed, 6, 5, 1, ADDR);
    probe_from(&bed, 3, 5, 1, ADDR);
    probe_from(&bed, 3, 5, 1, "2001:db8::2"); /* Before its own is heard. */
    probe(&bed, 1, "2001:db8::2");
    CU_ASSERT(pass(&bed, ZW_LEARN_PROBE_US, NULL));
    check_list(bed.learning, "a=" ADDR " a=2001:db8::2");
    CU_ASSERT_EQUAL(refused(&bed), 0);

    probe(&bed, 2, "2001:db8::3"); /* These are of others: */
    probe_from(&bed, 6, 5, 6, "2001:db8::3");
    probe(&bed, 2, "2001:db8::4");
    probe_from(&bed, 6, 5, 9, "2001:db8::4");
    probe(&bed, 5, "2001:db8::5"); /* in VLAN 6 nobody has a's address. */
    probe_from(&bed, 6, 6, 1, "2001:db8::5");
    CU_ASSERT_EQUAL(refused(&bed), 3);
    CU_ASSERT_FALSE(pass(&bed, ZW_LEARN_PROBE_US, NULL));
    bed_clear(&bed);
}

/* Time alone does not end it: what has come up since may be heard late.  What was said before a loss may not have been heard. */
static void test_heard_late(void)
{
    struct bed bed = bed_new();
    int64_t next_us, begun_us = bed.now_us;

    probe(&bed, 3, ADDR);
    CU_ASSERT_FALSE(zw_learning_tick(bed.learning, begun_us, &next_us));
    CU_ASSERT_EQUAL(next_us, begun_us + ZW_PROBED_US);
    CU_ASSERT_FALSE(zw_learning_is_due(bed.learning, "br0", begun_us + ZW_PROBED_US - 1));
    CU_ASSERT(zw_learning_is_due(bed.learning, "br0", begun_us + ZW_PROBED_US));
    CU_ASSERT_FALSE(zw_learning_is_due(bed.learning, "br1", begun_us + ZW_PROBED_US));
    bed.now_us += 60 * S;
    CU_ASSERT_FALSE(zw_learning_tick(bed.learning, bed.now_us, &next_us));
    CU_ASSERT_EQUAL(next_us, 0);
    CU_ASSERT_FALSE(zw_learning_heard(bed.learning, "br0", begun_us + ZW_PROBED_US - 1));
    CU_ASSERT_FALSE(zw_learning_heard(bed.learning, "br1", bed.now_us));
    zw_learning_missed(bed.learning, "br1");
    probe(&bed, 1, ADDR);
    CU_ASSERT_EQUAL(refused(&bed), 1);

    zw_learning_missed(bed.learning, "br0");
    CU_ASSERT_FALSE(zw_learning_is_due(bed.learning, "br0", bed.now_us));
    probe(&bed, 1, ADDR);
    CU_ASSERT(pass(&bed, ZW_LEARN_PROBE_US, NULL));
    check_list(bed.learning, "a=" ADDR);
    bed_clear(&bed);
}

/* An objection may be heard before the probe that it answers. */
static void test_used_before(void)
{
    struct bed bed = bed_new();

    use(&bed, 3, ADDR);
    probe(&bed, 1, ADDR);
    CU_ASSERT_EQUAL(refused(&bed), 1);
    CU_ASSERT_FALSE(pass(&bed, ZW_PROBED_US, NULL));
    probe(&bed, 1, ADDR);
    use(&bed, 3, ADDR);
    CU_ASSERT_EQUAL(refused(&bed), 2);
    probe(&bed, 1, ADDR); /* It will object to that, too. */
    CU_ASSERT_EQUAL(refused(&bed), 2);
    use(&bed, 3, ADDR);
    CU_ASSERT_FALSE(pass(&bed, ZW_LEARN_PROBE_US, NULL));
    check_list(bed.learning, "");
    bed_clear(&bed);
}

static struct zw_addr numbered(uint32_t i)
{
    return (struct zw_addr){.family = ZW_IPV6,
                            .bytes = {0x20, 1, [13] = (uint8_t)(i >> 16), (uint8_t)(i >> 8), (uint8_t)i}};
}

/* Too many: then it is any. */
static void test_too_many(void)
{
    struct zw_probed *probed = zw_probed_new();
    struct zw_addr addr, beyond = numbered(ZW_PROBED_MAX), never = numbered(ZW_PROBED_MAX + 1);

    for (uint32_t i = 0; i < ZW_PROBED_MAX; i++) {
        addr = numbered(i);
        zw_probed_note(probed, "br0", 5, &addr, S);
        zw_probed_note(probed, "br0", 5, &addr, S); /* That is no further one. */
    }
    addr = numbered(0);
    CU_ASSERT(zw_probed_has(probed, "br0", 5, &addr));
    CU_ASSERT_FALSE(zw_probed_has(probed, "br0", 6, &addr));
    CU_ASSERT_FALSE(zw_probed_has(probed, "br1", 5, &addr));
    CU_ASSERT_FALSE(zw_probed_has(probed, "br0", 5, &beyond));
    zw_probed_note(probed, "br0", 5, &beyond, S + 1);
    CU_ASSERT(zw_probed_has(probed, "br0", 5, &beyond));
    CU_ASSERT(zw_probed_has(probed, "br0", 6, &never));
    CU_ASSERT_FALSE(zw_probed_has(probed, "br1", 5, &beyond));
    CU_ASSERT_EQUAL(zw_probed_next(probed, S), S + ZW_PROBED_US);
    CU_ASSERT_EQUAL(zw_probed_next(probed, S + ZW_PROBED_US), S + ZW_PROBED_US + 1);

    zw_probed_heard(probed, "br0", S + ZW_PROBED_US);
    CU_ASSERT_FALSE(zw_probed_is_due(probed, "br0", S + ZW_PROBED_US));
    CU_ASSERT(zw_probed_has(probed, "br0", 5, &addr)); /* There may be one that was not noted. */
    zw_probed_heard(probed, "br0", S + ZW_PROBED_US + 1);
    CU_ASSERT_FALSE(zw_probed_has(probed, "br0", 5, &addr));
    CU_ASSERT_EQUAL(zw_probed_next(probed, 0), 0);
    zw_probed_note(probed, "br0", 5, &beyond, S);
    CU_ASSERT(zw_probed_has(probed, "br0", 5, &beyond));
    CU_ASSERT_FALSE(zw_probed_has(probed, "br0", 5, &never));
    zw_probed_free(probed);
}

ZW_TEST_MAIN({"who is not learned from probes first", test_first}, {"and second", test_second},
             {"of two that probe neither has it, nor by probing once more", test_two_learners},
             {"a probe counts for its address, in its VLAN", test_where},
             {"a probe that comes back is its port's own", test_come_back},
             {"a probe counts until all is heard", test_heard_late},
             {"an objection heard before its probe", test_used_before}, {"too many probes", test_too_many})
