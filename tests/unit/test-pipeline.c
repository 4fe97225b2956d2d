/* SPDX-License-Identifier: Apache-2.0 */
#include "zw-config.h"

#include "ovs-ext/pipeline.h"

#include <stdbool.h>
#include <string.h>

#include "tests/unit/zw-test.h"

static void test_stages(void)
{
    CU_ASSERT_STRING_EQUAL(zw_stage_name(ZW_STAGE_CLASSIFY), "CLASSIFY");
    CU_ASSERT_STRING_EQUAL(zw_stage_name(ZW_STAGE_OUTPUT), "OUTPUT");
    CU_ASSERT_STRING_EQUAL(zw_stage_name(ZW_N_STAGES), "?");
    CU_ASSERT_STRING_EQUAL(zw_stage_text((enum zw_stage)255), "?");
    for (unsigned int stage = 0; stage < ZW_N_STAGES; stage++) { /* No number is left out. */
        CU_ASSERT_PTR_NOT_NULL_FATAL(zw_stage_name(stage));
        CU_ASSERT(strlen(zw_stage_text(stage)) > 10);
    }
}

static void test_punts(void)
{
    CU_ASSERT_STRING_EQUAL(zw_punt_name(ZW_PUNT_ASK), "ASK");
    CU_ASSERT_STRING_EQUAL(zw_punt_name(ZW_PUNT_DENIED), "DENIED");
    CU_ASSERT_STRING_EQUAL(zw_punt_name((enum zw_punt)0), "?");
    CU_ASSERT_STRING_EQUAL(zw_punt_text((enum zw_punt)9), "?");
}

static void test_cookies(void)
{
    for (unsigned int kind = 0; kind <= ZW_COOKIE_DROP; kind++) {
        uint64_t cookie = zw_cookie(kind, 0xfedcba98);

        CU_ASSERT(zw_cookie_is_ours(cookie));
        CU_ASSERT_EQUAL(zw_cookie_kind(cookie), kind);
        CU_ASSERT_EQUAL(zw_cookie_value(cookie), 0xfedcba98);
    }
    CU_ASSERT(!zw_cookie_is_ours(0));
    CU_ASSERT(!zw_cookie_is_ours(UINT64_MAX));
    CU_ASSERT(!zw_cookie_is_ours(UINT64_C(0x005a000000000000)));
}

static void test_drops(void)
{
    uint64_t cookie = zw_drop_cookie(ZW_DROP_OTHER_SEGMENT, 0xfffe);

    CU_ASSERT_EQUAL(zw_cookie_kind(cookie), ZW_COOKIE_DROP);
    CU_ASSERT_EQUAL(zw_cookie_drop(cookie), ZW_DROP_OTHER_SEGMENT);
    CU_ASSERT_EQUAL(zw_cookie_drop_port(cookie), 0xfffe);
    CU_ASSERT_STRING_EQUAL(zw_drop_name(ZW_DROP_NO_ZONE), "no-zone");
    CU_ASSERT_STRING_EQUAL(zw_drop_text(ZW_DROP_INVALID), "conntrack calls it invalid");
    CU_ASSERT_STRING_EQUAL(zw_drop_name((enum zw_drop)0), "?");
    CU_ASSERT_STRING_EQUAL(zw_drop_text((enum zw_drop)0), "?");
}

static void test_label_fields(void)
{
    static const struct {
        const char *name;
        unsigned int first, n_bits;
    } fields[] = {
#define ZW_LABEL(NAME, FIRST, BITS, TEXT) {#NAME, FIRST, BITS},
        ZW_LABEL_FIELDS
#undef ZW_LABEL
    };
    bool taken[128] = {false};

    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        /* zw_match_label_bits() works on one half at a time. */
        CU_ASSERT_EQUAL(fields[i].first / 64, (fields[i].first + fields[i].n_bits - 1) / 64);
        for (unsigned int bit = fields[i].first; bit < fields[i].first + fields[i].n_bits; bit++) {
            CU_ASSERT(!taken[bit]);
            taken[bit] = true;
        }
    }
}

static void test_rule_priorities(void)
{
    CU_ASSERT(ZW_PRIORITY_RULE_FIRST <= UINT16_MAX);
    CU_ASSERT(ZW_PRIORITY_RULE_LAST > ZW_PRIORITY_DEFAULT);
}

ZW_TEST_MAIN({"every stage has a name and says what it does", test_stages},
             {"packet-ins say why they came", test_punts}, {"drops say why", test_drops},
             {"cookies give back what they were made of", test_cookies},
             {"fields of the label do not overlap", test_label_fields},
             {"every rule wins over the default", test_rule_priorities})
