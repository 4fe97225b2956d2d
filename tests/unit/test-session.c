/* SPDX-License-Identifier: Apache-2.0 */
/* Promise 3, of one session: what a policy says of those that were let in before it. */
#include "zw-config.h"

#include "controller/policy/session.h"
#include "tests/unit/policy-fixture.h"
#include "tests/unit/zw-test.h"

static struct zw_policy *policy;
static const struct zw_zone *web, *db, *outside, *office;

static void set_up(void)
{
    policy = policy_of("version: 1\n"
                       "zones:\n"
                       "  web: {ports: [{name: 'vnet-web*'}]}\n"
                       "  db: {ports: [{name: vnet-db}]}\n"
                       "  outside: {ports: [{name: uplink0}]}\n"
                       "  office: {behind: outside, addresses: [192.168.10.0/24, '2001:db8:10::/48']}\n"
                       "rules:\n"
                       "  - {name: never, from: web, to: db, service: tcp/23, action: deny}\n"
                       "  - {name: asked, from: web, to: db, service: tcp/22, action: ask, otherwise: allow}\n"
                       "  - {name: not-asked, from: web, to: db, service: tcp/21, action: ask, otherwise: deny}\n"
                       "  - {name: sql, from: web, to: db, service: [tcp/1-99, icmpv6/128], action: allow}\n"
                       "  - {name: from-office, from: office, to: web, service: tcp/80, action: allow}\n");
    web = zw_policy_zone_by_name(policy, "web");
    db = zw_policy_zone_by_name(policy, "db");
    outside = zw_policy_zone_by_name(policy, "outside");
    office = zw_policy_zone_by_name(policy, "office");
}

static void tear_down(void)
{
    zw_policy_unref(policy);
}

static struct zw_session_end at(const struct zw_zone *zone, const struct zw_zone *port_zone)
{
    return (struct zw_session_end){.zone_id = zone->id, .has_port = true, .port_zone = port_zone};
}

/* Its port is not known any more. */
static struct zw_session_end gone(const char *zone)
{
    return (struct zw_session_end){.zone_id = zw_zone_id(zone)};
}

static enum zw_fate fate(struct zw_session_end src, struct zw_session_end dst, struct zw_packet_key key,
                         const char *rule)
{
    struct zw_verdict verdict;
    enum zw_fate fate = zw_session_judge(policy, &src, &dst, &key, &verdict);

    CU_ASSERT_STRING_EQUAL(verdict.rule ? verdict.rule->name : "", rule);
    return fate;
}

static void test_rules(void)
{
    struct zw_session_end a = at(web, web), b = at(db, db);

    CU_ASSERT_EQUAL(fate(a, b, key_of("10.0.0.1", "10.0.0.2", IPPROTO_TCP, 1000, 80), "sql"), ZW_FATE_STAYS);
    CU_ASSERT_EQUAL(fate(a, b, key_of("fd00::1", "fd00::2", IPPROTO_ICMPV6, 128, 0), "sql"), ZW_FATE_STAYS);
    CU_ASSERT_EQUAL(fate(a, b, key_of("10.0.0.1", "10.0.0.2", IPPROTO_TCP, 1000, 23), "never"), ZW_FATE_FORBIDDEN);
    CU_ASSERT_EQUAL(fate(a, b, key_of("10.0.0.1", "10.0.0.2", IPPROTO_TCP, 1000, 100), ""), ZW_FATE_FORBIDDEN);
    CU_ASSERT_EQUAL(fate(b, a, key_of("10.0.0.1", "10.0.0.2", IPPROTO_TCP, 1000, 80), ""), ZW_FATE_FORBIDDEN);
    CU_ASSERT_EQUAL(fate(a, b, key_of("10.0.0.1", "10.0.0.2", IPPROTO_TCP, 1000, 22), "asked"), ZW_FATE_STAYS);
    CU_ASSERT_EQUAL(fate(a, b, key_of("10.0.0.1", "10.0.0.2", IPPROTO_TCP, 1000, 21), "not-asked"), ZW_FATE_FORBIDDEN);
}

/* The fast path honours a session between the zones that it was let in for, whatever others may. */
static void test_moved(void)
{
    struct zw_packet_key key = key_of("10.0.0.1", "10.0.0.2", IPPROTO_TCP, 1000, 80);

    CU_ASSERT_EQUAL(fate(at(outside, web), at(db, db), key, "sql"), ZW_FATE_MOVED);
    CU_ASSERT_EQUAL(fate(at(web, web), at(db, outside), key, ""), ZW_FATE_MOVED);
    CU_ASSERT_EQUAL(fate(at(web, web), at(db, NULL), key, ""), ZW_FATE_MOVED);
    CU_ASSERT_EQUAL(fate(at(web, NULL), at(db, db), key, ""), ZW_FATE_MOVED);
}

static void test_behind(void)
{
    struct zw_packet_key in = key_of("192.168.10.1", "10.0.0.2", IPPROTO_TCP, 1000, 80),
                         out = key_of("192.168.11.1", "10.0.0.2", IPPROTO_TCP, 1000, 80);

    CU_ASSERT_EQUAL(fate(at(office, outside), at(web, web), in, "from-office"), ZW_FATE_STAYS);
    CU_ASSERT_EQUAL(fate(at(office, outside), at(web, web), out, ""), ZW_FATE_MOVED); /* The office has lost it. */
    CU_ASSERT_EQUAL(fate(at(outside, outside), at(web, web), in, "from-office"), ZW_FATE_MOVED);
    CU_ASSERT_EQUAL(fate(gone("office"), at(web, web), in, "from-office"), ZW_FATE_STAYS);
    CU_ASSERT_EQUAL(fate(gone("office"), at(web, web), out, ""), ZW_FATE_MOVED);
}

/* A port that is gone is where it was; a zone that is gone allows nothing. */
static void test_gone(void)
{
    struct zw_packet_key key = key_of("10.0.0.1", "10.0.0.2", IPPROTO_TCP, 1000, 80);

    CU_ASSERT_EQUAL(fate(gone("web"), gone("db"), key, "sql"), ZW_FATE_STAYS);
    CU_ASSERT_EQUAL(fate(gone("db"), gone("web"), key, ""), ZW_FATE_FORBIDDEN);
    CU_ASSERT_EQUAL(fate(gone("was"), gone("db"), key, ""), ZW_FATE_FORBIDDEN);
    CU_ASSERT_EQUAL(fate(gone("web"), gone("was"), key, ""), ZW_FATE_FORBIDDEN);
    struct zw_session_end was = {.zone_id = zw_zone_id("was"), .has_port = true, .port_zone = web};
    CU_ASSERT_EQUAL(fate(was, at(db, db), key, "sql"), ZW_FATE_FORBIDDEN);
}

ZW_TEST_MAIN({"a policy", set_up}, {"the rules of now decide", test_rules},
             {"a session counts between its zones only", test_moved}, {"zones behind a port", test_behind},
             {"ports and zones that are gone", test_gone}, {"the policy goes", tear_down})
