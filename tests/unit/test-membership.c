/* SPDX-License-Identifier: Apache-2.0 */
#include "zw-config.h"

#include <stdio.h>
#include <stdlib.h>
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
    struct zw_claim claim, *claims;
    const struct zw_zone *zone;
    char got[64];

    if (cases[i].role) {
        ids[port.n_external_ids++] = (struct zw_external_id){.key = (char *)"role", .value = (char *)cases[i].role};
    }
    if (cases[i].zone) {
        ids[port.n_external_ids++] = (struct zw_external_id){.key = (char *)"zone", .value = (char *)cases[i].zone};
    }
    zone = zw_policy_zone_of_port(policy, &port, 7, &claim);
    snprintf(got, sizeof got, "%s", zone ? zone->name : "-");
    if (claim.claimants[0]) {
        CU_ASSERT_PTR_NULL(zone);
        snprintf(got, sizeof got, "%s %s", claim.claimants[0]->name, claim.claimants[1]->name);
    }
    if (claim.membership != cases[i].membership || strcmp(got, cases[i].expected ? cases[i].expected : "-")) {
        printf("# case %zu: %s, %s\n", i, got, zw_membership_text(claim.membership));
        CU_FAIL("wrong zone");
    }
    CU_ASSERT_PTR_EQUAL(zw_policy_zone_of_port(policy, &port, 0, NULL), zone);
    CU_ASSERT_EQUAL(zw_policy_claims(policy, &port, &claims), 1);
    CU_ASSERT_PTR_EQUAL(claims->zone, zone);
    CU_ASSERT_EQUAL(claims->membership, claim.membership);
    CU_ASSERT(claims->first == 0 && claims->last == 4095);
    free(claims);
}

static void test_cases(void)
{
    struct zw_policy *policy = policy_of(text);

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        check_case(policy, i);
    }
    zw_policy_unref(policy);
}

static const char vlans_text[] =
    "version: 1\n"
    "zones:\n"
    "  lab: {ports: [{name: up, vlans: [100-199, 300]}, {name: side, vlans: 5}]}\n"
    "  dmz: {ports: [{name: up, vlans: [0, 200-299]}, {mac: \"52:54:00:00:00:0A\", vlans: [299, 300, 400]}]}\n"
    "  rest: {ports: [{name: \"u*\"}]}\n"
    "  own: {trust-external-id: true}\n";

static const struct {
    const char *name, *mac, *zone;
    enum zw_vlan_mode mode;
    int tag;
    const char *expected; /* Of what the port carries. */
} vlan_cases[] = {
    {"up", NULL, NULL, ZW_VLAN_TRUNK, ZW_VLAN_NONE,
     "0-0 dmz, 1-99 rest, 100-199 lab, 200-299 dmz, 300-300 lab, 301-4095 rest, "},
    /* Two that name a VLAN; a selector that names none does not count there. */
    {"up", "52:54:00:00:00:0a", NULL, ZW_VLAN_TRUNK, ZW_VLAN_NONE,
     "0-0 dmz, 1-99 rest, 100-199 lab, 200-299 dmz, 300-300 lab+dmz, 301-399 rest, 400-400 dmz, 401-4095 rest, "},
    {"up", NULL, NULL, ZW_VLAN_ACCESS, 100, "0-4095 lab, "},
    {"up", NULL, NULL, ZW_VLAN_ACCESS, 99, "0-4095 rest, "},
    {"up", NULL, NULL, ZW_VLAN_ACCESS, ZW_VLAN_NONE, "0-4095 dmz, "},
    {"up", "52:54:00:00:00:0a", NULL, ZW_VLAN_ACCESS, 300, "0-4095 lab+dmz, "},
    {"up", NULL, NULL, ZW_VLAN_NATIVE_TAGGED, 100, "1-99 rest, 100-199 lab, 200-299 dmz, 300-300 lab, 301-4095 rest, "},
    {"side", NULL, NULL, ZW_VLAN_TRUNK, ZW_VLAN_NONE, "0-4 -, 5-5 lab, 6-4095 -, "},
    {"side", NULL, NULL, ZW_VLAN_ACCESS, 4, "0-4095 -, "},
    {"side", NULL, "own", ZW_VLAN_TRUNK, ZW_VLAN_NONE, "0-4 own, 5-5 lab, 6-4095 own, "},
    /* Two that name none are a conflict, but for what is named. */
    {"up", NULL, "own", ZW_VLAN_TRUNK, ZW_VLAN_NONE,
     "0-0 dmz, 1-99 own+rest, 100-199 lab, 200-299 dmz, 300-300 lab, 301-4095 own+rest, "},
    {"other", "52:54:00:00:00:0a", NULL, ZW_VLAN_ACCESS, 400, "0-4095 dmz, "},
};

static void check_vlans(const struct zw_policy *policy, size_t i)
{
    struct zw_external_id id = {.key = (char *)"zone", .value = (char *)vlan_cases[i].zone};
    struct zw_port port = {.name = (char *)vlan_cases[i].name,
                           .attached_mac = (char *)vlan_cases[i].mac,
                           .external_ids = &id,
                           .n_external_ids = vlan_cases[i].zone ? 1 : 0,
                           .vlan_mode = vlan_cases[i].mode,
                           .tag = vlan_cases[i].tag};
    struct zw_claim *claims, one;
    char got[512] = "";
    size_t n = zw_policy_carried_claims(policy, &port, &claims);

    for (size_t j = 0; j < n; j++) {
        const struct zw_claim *c = &claims[j];
        unsigned int vlan =
            vlan_cases[i].mode == ZW_VLAN_ACCESS ? (unsigned int)(port.tag < 0 ? 0 : port.tag) : c->first;

        snprintf(got + strlen(got), sizeof got - strlen(got), "%u-%u %s%s%s, ", c->first, c->last,
                 c->zone           ? c->zone->name
                 : c->claimants[0] ? c->claimants[0]->name
                                   : "-",
                 c->claimants[0] ? "+" : "", c->claimants[0] ? c->claimants[1]->name : "");
        CU_ASSERT_EQUAL(c->membership == ZW_MEMBERSHIP_CONFLICT, c->claimants[0] != NULL);
        CU_ASSERT_PTR_EQUAL(zw_policy_zone_of_port(policy, &port, vlan, &one), c->zone);
        CU_ASSERT_EQUAL(one.membership, c->membership);
        CU_ASSERT_PTR_EQUAL(one.claimants[1], c->claimants[1]);
    }
    if (strcmp(got, vlan_cases[i].expected)) {
        printf("# case %zu: %s\n", i, got);
        CU_FAIL("wrong zones");
    }
    free(claims);
}

static void test_vlans(void)
{
    struct zw_policy *policy = policy_of(vlans_text);

    for (size_t i = 0; i < sizeof vlan_cases / sizeof vlan_cases[0]; i++) {
        check_vlans(policy, i);
    }
    zw_policy_unref(policy);
}

static void test_texts(void)
{
    CU_ASSERT_STRING_EQUAL(zw_membership_text(ZW_MEMBERSHIP_NONE), "no zone selects it");
    CU_ASSERT_STRING_EQUAL(zw_membership_text(ZW_MEMBERSHIP_CONFLICT), "more than one zone claims it");
}

ZW_TEST_MAIN({"ports and their zones", test_cases}, {"a port in several zones, by VLAN", test_vlans},
             {"each has a text", test_texts})
