/* SPDX-License-Identifier: Apache-2.0 */
#include "zw-config.h"

#include <stdio.h>
#include <string.h>

#include "ovs-ext/inventory.h"
#include "tests/unit/policy-fixture.h"
#include "tests/unit/zw-test.h"

static const char text[] = "version: 1\n"
                           "zones:\n"
                           "  web: {ports: [{name: \"vnet-web*\"}, {name: \"tap[0-9]\"}]}\n"
                           "  db: {ports: [{iface-id: id-db}, {external-id: role=db}], trust-external-id: true}\n"
                           "  any-vm: {ports: [{name: \"vnet-*\"}]}\n"
                           "  trusting: {trust-external-id: true}\n"
                           "  plain: {}\n"
                           "  behind: {behind: web, addresses: 10.0.0.0/8}\n";

static const struct {
    const char *name, *iface_id, *role, *zone; /* Of the port. */
    const char *expected;                      /* The zone, or in a conflict the two that claim it. */
    enum zw_membership membership;
} cases[] = {
    {"tap1", NULL, NULL, NULL, "web", ZW_MEMBERSHIP_SELECTOR},
    {"tap10", NULL, NULL, NULL, NULL, ZW_MEMBERSHIP_NONE},
    {"vnet-7", NULL, NULL, NULL, "any-vm", ZW_MEMBERSHIP_SELECTOR},
    {"vnet-web1", NULL, NULL, NULL, "web any-vm", ZW_MEMBERSHIP_CONFLICT},
    {"x", "id-db", NULL, NULL, "db", ZW_MEMBERSHIP_SELECTOR},
    {"x", "id-db2", NULL, NULL, NULL, ZW_MEMBERSHIP_NONE},
    {"x", "id-db", "db", NULL, "db", ZW_MEMBERSHIP_SELECTOR},
    {"x", NULL, "db", NULL, "db", ZW_MEMBERSHIP_SELECTOR},
    {"x", NULL, "dbx", NULL, NULL, ZW_MEMBERSHIP_NONE},
    {"tap1", NULL, "db", NULL, "web db", ZW_MEMBERSHIP_CONFLICT},
    {"x", NULL, NULL, "trusting", "trusting", ZW_MEMBERSHIP_EXTERNAL_ID},
    {"x", NULL, NULL, "plain", NULL, ZW_MEMBERSHIP_UNTRUSTED},
    {"x", NULL, NULL, "behind", NULL, ZW_MEMBERSHIP_UNTRUSTED},
    {"x", NULL, NULL, "nowhere", NULL, ZW_MEMBERSHIP_UNKNOWN},
    {"x", NULL, NULL, "", NULL, ZW_MEMBERSHIP_UNKNOWN},
    {"x", "id-db", NULL, "db", "db", ZW_MEMBERSHIP_EXTERNAL_ID},
    {"tap1", NULL, NULL, "trusting", "trusting web", ZW_MEMBERSHIP_CONFLICT},
    {"tap1", NULL, NULL, "plain", "web", ZW_MEMBERSHIP_SELECTOR},
    {"tap1", NULL, NULL, "nowhere", "web", ZW_MEMBERSHIP_SELECTOR},
    {"vnet-web1", NULL, NULL, "plain", "web any-vm", ZW_MEMBERSHIP_CONFLICT},
};

static void check_case(const struct zw_policy *policy, size_t i)
{
    struct zw_external_id ids[2];
    struct zw_port port = {.name = (char *)cases[i].name, .iface_id = (char *)cases[i].iface_id, .external_ids = ids};
    const struct zw_zone *claimants[2], *zone;
    enum zw_membership membership;
    char got[64];

    if (cases[i].role) {
        ids[port.n_external_ids++] = (struct zw_external_id){.key = (char *)"role", .value = (char *)cases[i].role};
    }
    if (cases[i].zone) {
        ids[port.n_external_ids++] = (struct zw_external_id){.key = (char *)"zone", .value = (char *)cases[i].zone};
    }
    zone = zw_policy_zone_of_port(policy, &port, &membership, claimants);
    snprintf(got, sizeof got, "%s", zone ? zone->name : "-");
    if (claimants[0]) {
        CU_ASSERT_PTR_NULL(zone);
        snprintf(got, sizeof got, "%s %s", claimants[0]->name, claimants[1]->name);
    }
    if (membership != cases[i].membership || strcmp(got, cases[i].expected ? cases[i].expected : "-")) {
        printf("# case %zu: %s, %s\n", i, got, zw_membership_text(membership));
        CU_FAIL("wrong zone");
    }
    CU_ASSERT_PTR_EQUAL(zw_policy_zone_of_port(policy, &port, &membership, NULL), zone);
}

static void test_cases(void)
{
    struct zw_policy *policy = policy_of(text);

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        check_case(policy, i);
    }
    zw_policy_unref(policy);
}

static void test_texts(void)
{
    CU_ASSERT_STRING_EQUAL(zw_membership_text(ZW_MEMBERSHIP_NONE), "no zone selects it");
    CU_ASSERT_STRING_EQUAL(zw_membership_text(ZW_MEMBERSHIP_CONFLICT), "more than one zone claims it");
}

ZW_TEST_MAIN({"ports and their zones", test_cases}, {"each has a text", test_texts})
