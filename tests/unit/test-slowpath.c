/* SPDX-License-Identifier: Apache-2.0 */
#include <netinet/tcp.h>
#include <config.h>

#include "controller/slowpath/slowpath.h"

#include <stdlib.h>
#include <string.h>

#include "controller/base/memory.h"
#include "lib/flow.h"
#include "lib/util.h"
#include "openvswitch/dynamic-string.h"
#include "openvswitch/ofp-actions.h"
#include "openvswitch/ofp-errors.h"
#include "openvswitch/ofp-msgs.h"
#include "openvswitch/ofp-packet.h"
#include "openvswitch/ofpbuf.h"
#include "tests/unit/audit-records.h"
#include "tests/unit/packet-sample.h"
#include "tests/unit/policy-fixture.h"
#include "tests/unit/zw-test.h"

/* The sample packet is tcp/80 from 10.0.0.1 to 10.0.0.2. */
#define ZONES "version: 1\nzones: {a: {}, b: {}, c: {}}\nrules:\n"
#define ASK_80 "  - {name: asked, from: a, to: b, service: tcp/80, action: ask, otherwise: %s, log: %s}\n"

struct bed {
    uint16_t tcp_flags; /* Of the packets that come up, 0: a SYN. */
    struct zw_test_log log;
    struct zw_audit *audit;
    struct zw_slowpath *slowpath;
    uint32_t n_policies;
    uint32_t zones; /* By which those that come up got here. */
    uint32_t in_force;
};

static struct bed bed_make(void)
{
    struct bed bed = {.log = zw_test_log_make()};
    struct zw_problems problems = ZW_PROBLEMS_INIT;

    CU_ASSERT_EQUAL_FATAL(zw_audit_start(bed.log.path, &bed.audit, &problems), 0);
    bed.slowpath = zw_slowpath_new(bed.audit);
    return bed;
}

static void bed_remove(struct bed *bed)
{
    zw_slowpath_free(bed->slowpath);
    zw_audit_stop(bed->audit);
    zw_test_log_remove(&bed->log);
}

/* The next version of the policy. */
static void set_policy(struct bed *bed, const char *text)
{
    struct zw_policy *policy = policy_of(text);

    policy->version = ++bed->n_policies;
    bed->zones = policy->zones_digest;
    zw_slowpath_set_policy(bed->slowpath, policy);
    bed->in_force = policy->version;
    zw_policy_unref(policy);
}

struct answer {
    bool resumed;
    uint32_t flags, rule, version;
    bool refused; /* A packet goes out, */
    size_t size;  /* so many bytes of it, */
    char actions[128];
};

static struct answer decode_refusal(const struct ofp_header *oh)
{
    struct answer answer = {.refused = true};
    struct ofputil_packet_out po;
    struct ofpbuf ofpacts;
    struct ds s = DS_EMPTY_INITIALIZER;

    ofpbuf_init(&ofpacts, 0);
    CU_ASSERT_EQUAL_FATAL(ofputil_decode_packet_out(&po, oh, NULL, &ofpacts), 0);
    CU_ASSERT_EQUAL(ofp_to_u16(po.flow_metadata.flow.in_port.ofp_port), ZW_OFPORT_LOCAL);
    answer.size = po.packet_len;
    ofpacts_format(po.ofpacts, po.ofpacts_len, &(struct ofpact_format_params){.s = &s});
    snprintf(answer.actions, sizeof answer.actions, "%s", ds_cstr(&s));
    ds_destroy(&s);
    ofpbuf_uninit(&ofpacts);
    return answer;
}

static struct answer decode_answer(const struct zw_outbuf *out)
{
    struct answer answer = {.resumed = out->size > 0};
    struct ofputil_packet_in_private pin;

    if (answer.resumed) {
        void *copy = xmemdup(out->data, out->size);
        enum ofptype type;

        if (!ofptype_decode(&type, copy) && type == OFPTYPE_PACKET_OUT) {
            answer = decode_refusal(copy);
            free(copy);
            return answer;
        }

        CU_ASSERT_EQUAL(ofputil_decode_packet_in_private(copy, false, NULL, NULL, &pin, NULL, NULL), 0);
        answer.flags = pin.base.flow_metadata.flow.regs[ZW_REG_FLAGS];
        answer.rule = pin.base.flow_metadata.flow.regs[ZW_REG_RULE];
        answer.version = pin.base.flow_metadata.flow.regs[ZW_REG_VERSION];
        ofputil_packet_in_private_destroy(&pin);
        free(copy);
    }
    return answer;
}

/* The sample packet comes up, from zone to zone, with these registers. */
static struct answer punt(struct bed *bed, enum zw_punt why, const char *from, const char *to, uint32_t rule,
                          uint32_t version, uint32_t flags)
{
    const uint8_t userdata[8] = {(uint8_t)why};
    struct ofpbuf *msg = packet_sample_paused(userdata, sizeof userdata);
    void *copy = xmemdup(msg->data, msg->size);
    struct zw_outbuf out = ZW_OUTBUF_INIT;
    struct zw_packet_in in = ZW_PACKET_IN_INIT;

    CU_ASSERT_EQUAL_FATAL(zw_packet_in_decode(copy, msg->size, &in), 0);
    in.tcp_flags = bed->tcp_flags ? bed->tcp_flags : in.tcp_flags;
    in.regs[ZW_REG_SRC_ZONE] = zw_zone_id(from);
    in.regs[ZW_REG_DST_ZONE] = zw_zone_id(to);
    in.regs[ZW_REG_RULE] = rule;
    in.regs[ZW_REG_VERSION] = version;
    in.regs[ZW_REG_FLAGS] = flags;
    in.regs[ZW_REG_SEGMENT] = 100;
    in.regs[ZW_REG_ZONES] = bed->zones;
    zw_slowpath_packet_in(bed->slowpath, NULL, bed->in_force, &in, &out);
    zw_packet_in_destroy(&in);
    struct answer answer = decode_answer(&out);
    zw_outbuf_free(&out);
    ofpbuf_delete(msg);
    free(copy);
    return answer;
}

static struct answer ask(struct bed *bed, const char *from, const char *to)
{
    return punt(bed, ZW_PUNT_ASK, from, to, 1, bed->n_policies, ZW_FLAG_ASK);
}

static int64_t count(struct bed *bed, const char *condition)
{
    char *sql = zw_xasprintf("SELECT count(*) FROM flows WHERE %s", condition);

    CU_ASSERT(zw_audit_flush(bed->audit, 10000));
    int64_t n = zw_test_log_number(bed->log.path, sql);
    free(sql);
    return n;
}

static void set_ask(struct bed *bed, const char *otherwise, const char *log)
{
    char *text = zw_xasprintf(ZONES ASK_80, otherwise, log);

    set_policy(bed, text);
    free(text);
}

static void test_allowed(void)
{
    struct bed bed = bed_make();

    set_ask(&bed, "allow", "session");
    struct answer answer = ask(&bed, "a", "b");
    CU_ASSERT(answer.resumed);
    CU_ASSERT_EQUAL(answer.flags, ZW_FLAG_ALLOW | ZW_FLAG_SLOW_MASK | ZW_FLAG_LOG_MASK);
    CU_ASSERT_EQUAL(answer.rule, 1);
    CU_ASSERT_EQUAL(answer.version, 1);
    CU_ASSERT_EQUAL(count(&bed, "type = 'session' AND path = 'slow' AND rule = 'asked' AND policy_version = 1 "
                                "AND from_zone = 'a' AND to_zone = 'b' AND step = 'otherwise' AND service = 'tcp/80'"),
                    1);
    bed_remove(&bed);
}

/* Promise 1: what is denied is not resumed, and goes nowhere. */
static void test_denied(void)
{
    struct bed bed = bed_make();

    set_ask(&bed, "deny", "denied");
    CU_ASSERT_FALSE(ask(&bed, "a", "b").resumed);
    CU_ASSERT_EQUAL(count(&bed, "type = 'denial' AND path = 'slow' AND rule = 'asked'"), 1);
    CU_ASSERT_EQUAL(zw_slowpath_status(bed.slowpath).n_denied, 1);
    bed_remove(&bed);
}

/* Out at the port and in the segment that it came from. */
static void test_rejected(void)
{
    char actions[128];
    struct bed bed = bed_make();

    snprintf(actions, sizeof actions,
             "set_field:0x64->reg2,set_field:0x5->reg3,set_field:0x40/0xe0->reg7,resubmit(,%d)", ZW_STAGE_OUTPUT);
    set_ask(&bed, "reject", "denied");
    struct answer answer = punt(&bed, ZW_PUNT_ASK, "a", "b", 1, 1, ZW_FLAG_ASK | 2 << ZW_FLAG_PCP_FIRST);
    CU_ASSERT(answer.refused && !answer.resumed);
    CU_ASSERT_EQUAL(answer.size, 54);
    CU_ASSERT_STRING_EQUAL(answer.actions, actions);
    answer = punt(&bed, ZW_PUNT_REJECT, "a", "b", 1, 1, ZW_FLAG_DENY | 2 << ZW_FLAG_PCP_FIRST);
    CU_ASSERT(answer.refused);
    CU_ASSERT_STRING_EQUAL(answer.actions, actions);
    CU_ASSERT_EQUAL(zw_slowpath_status(bed.slowpath).n_rejected, 2);

    /* Not in the middle of a session that may have been forgotten. */
    bed.tcp_flags = TH_ACK;
    CU_ASSERT_FALSE(punt(&bed, ZW_PUNT_REJECT, "a", "b", 1, 1, ZW_FLAG_DENY).refused);
    bed.tcp_flags = 0;
    CU_ASSERT_EQUAL(zw_slowpath_status(bed.slowpath).n_silent, 1);

    /* Not if there are several receivers, or this is perhaps not the one. */
    CU_ASSERT_FALSE(punt(&bed, ZW_PUNT_ASK, "a", "b", 1, 1, ZW_FLAG_ASK | ZW_FLAG_STATELESS_MASK).refused);
    CU_ASSERT_FALSE(punt(&bed, ZW_PUNT_ASK, "a", "b", 1, 1, ZW_FLAG_ASK | ZW_FLAG_COPY_MASK).refused);
    CU_ASSERT_EQUAL(zw_slowpath_status(bed.slowpath).n_silent, 3);
    CU_ASSERT_EQUAL(zw_slowpath_status(bed.slowpath).n_denied, 3);
    CU_ASSERT_EQUAL(count(&bed, "type = 'denial' AND path = 'slow' AND rule = 'asked'"), 3);
    bed_remove(&bed);
}

static void test_log_none(void)
{
    struct bed bed = bed_make();

    set_ask(&bed, "allow", "none");
    CU_ASSERT_EQUAL(ask(&bed, "a", "b").flags, ZW_FLAG_ALLOW | ZW_FLAG_SLOW_MASK);
    set_ask(&bed, "deny", "none");
    CU_ASSERT_FALSE(ask(&bed, "a", "b").resumed);
    CU_ASSERT_EQUAL(count(&bed, "1"), 0);
    bed_remove(&bed);
}

/* A packet that an older policy sent up is judged by the one in force. */
static void test_newer_policy(void)
{
    struct bed bed = bed_make();

    set_ask(&bed, "allow", "session");
    set_policy(&bed, ZONES "  - {name: no-more, from: a, to: b, action: deny}\n");
    CU_ASSERT_FALSE(punt(&bed, ZW_PUNT_ASK, "a", "b", 1, 1, ZW_FLAG_ASK).resumed);
    CU_ASSERT_EQUAL(count(&bed, "type = 'denial' AND rule = 'no-more' AND policy_version = 2"), 1);
    bed_remove(&bed);
}

static void test_unknown_zone(void)
{
    struct bed bed = bed_make();

    set_ask(&bed, "allow", "session");
    CU_ASSERT_FALSE(ask(&bed, "a", "gone").resumed);
    CU_ASSERT_FALSE(ask(&bed, "gone", "b").resumed);
    CU_ASSERT_EQUAL(count(&bed, "type = 'denial' AND step = 'no-zone'"), 2);
    bed_remove(&bed);
}

/* By no rule: the number of the reason is where the rule would be. */
static void test_dropped(void)
{
    struct bed bed = bed_make();

    set_ask(&bed, "allow", "none");
    CU_ASSERT_FALSE(punt(&bed, ZW_PUNT_DROPPED, "a", "gone", ZW_DROP_LOOPBACK_SOURCE, 0, ZW_FLAG_DENY).resumed);
    CU_ASSERT_EQUAL(zw_slowpath_status(bed.slowpath).n_drops, 1);
    CU_ASSERT_EQUAL(count(&bed, "type = 'denial' AND step = 'loopback-source' AND rule = '' AND from_zone = 'a'"), 1);
    bed_remove(&bed);
}

/* It would be judged by the new rules between the old zones: it is classified again, once. */
static void test_other_zones(void)
{
    struct bed bed = bed_make();

    set_ask(&bed, "allow", "session");
    bed.zones++;
    struct answer answer =
        punt(&bed, ZW_PUNT_ASK, "a", "b", 1, 1, ZW_FLAG_ASK | ZW_FLAG_LOG_MASK | ZW_FLAG_TAGGED_MASK);
    CU_ASSERT_TRUE(answer.resumed);
    CU_ASSERT_EQUAL(answer.flags, ZW_FLAG_SLOW_MASK | ZW_FLAG_TAGGED_MASK);
    CU_ASSERT_FALSE(punt(&bed, ZW_PUNT_ASK, "a", "b", 1, 1, ZW_FLAG_ASK | ZW_FLAG_AGAIN_MASK).resumed);
    CU_ASSERT_EQUAL(zw_slowpath_status(bed.slowpath).n_zones_changed, 1);
    CU_ASSERT_EQUAL(zw_slowpath_status(bed.slowpath).n_unjudged, 1);
    CU_ASSERT_EQUAL(zw_slowpath_status(bed.slowpath).n_allowed, 0);
    CU_ASSERT_EQUAL(count(&bed, "type IN ('session', 'denial')"), 0);
    bed_remove(&bed);
}

/* Until the switch has confirmed the newer policy, its packets come by the zones of the older one, which judges them. */
static void test_not_in_force_yet(void)
{
    struct bed bed = bed_make();

    set_ask(&bed, "allow", "session");
    uint32_t old_zones = bed.zones;
    set_policy(&bed, "version: 1\nzones: {a: {}, b: {}}\nrules:\n  - {name: no-more, from: a, to: b, action: deny}\n");
    uint32_t new_zones = bed.zones;
    bed.zones = old_zones;
    bed.in_force = 1;
    CU_ASSERT_EQUAL(punt(&bed, ZW_PUNT_ASK, "a", "b", 1, 1, ZW_FLAG_ASK).version, 1);
    CU_ASSERT_EQUAL(count(&bed, "type = 'session' AND rule = 'asked' AND policy_version = 1"), 1);
    bed.zones = new_zones; /* The switch has it, and has not said so yet. */
    CU_ASSERT_FALSE(punt(&bed, ZW_PUNT_ASK, "a", "b", 1, 2, ZW_FLAG_ASK).resumed);
    CU_ASSERT_EQUAL(count(&bed, "type = 'denial' AND rule = 'no-more' AND policy_version = 2"), 1);
    bed.zones = old_zones;
    bed.in_force = 2;
    CU_ASSERT_EQUAL(punt(&bed, ZW_PUNT_ASK, "a", "b", 1, 1, ZW_FLAG_ASK).flags, ZW_FLAG_SLOW_MASK);
    /* Nor does one that is past judge what is late, while still another is on its way to the switch. */
    set_policy(&bed, "version: 1\nzones: {a: {}, b: {}, d: {}}\nrules: []\n");
    bed.zones = old_zones;
    bed.in_force = 2;
    CU_ASSERT_EQUAL(punt(&bed, ZW_PUNT_ASK, "a", "b", 1, 1, ZW_FLAG_ASK).flags, ZW_FLAG_SLOW_MASK);
    bed.in_force = 0; /* A daemon that has just begun knows nothing of what the switch has. */
    CU_ASSERT_FALSE(punt(&bed, ZW_PUNT_ASK, "a", "b", 1, 7, ZW_FLAG_ASK).resumed);
    bed_remove(&bed);
}

static void test_no_policy(void)
{
    struct bed bed = bed_make();

    CU_ASSERT_FALSE(ask(&bed, "a", "b").resumed);
    CU_ASSERT_EQUAL(zw_slowpath_status(bed.slowpath).n_unjudged, 1);
    bed_remove(&bed);
}

static void test_flags_stay(void)
{
    struct bed bed = bed_make();

    set_ask(&bed, "allow", "none");
    struct answer answer =
        punt(&bed, ZW_PUNT_ASK, "a", "b", 1, 1, ZW_FLAG_ASK | ZW_FLAG_STATELESS_MASK | ZW_FLAG_LOG_MASK);
    CU_ASSERT_EQUAL(answer.flags, ZW_FLAG_ALLOW | ZW_FLAG_SLOW_MASK | ZW_FLAG_STATELESS_MASK);
    bed_remove(&bed);
}

/* Copies are described in the version that they name, for as long as it is remembered. */
static void test_copies(void)
{
    struct bed bed = bed_make();

    set_policy(&bed, ZONES "  - {name: first, from: a, to: b, action: allow}\n");
    set_policy(&bed, ZONES "  - {name: second, from: a, to: b, action: allow}\n");
    CU_ASSERT_FALSE(punt(&bed, ZW_PUNT_SESSION, "a", "b", 1, 1, 0).resumed);
    punt(&bed, ZW_PUNT_SESSION, "a", "b", 1, 2, 0);
    punt(&bed, ZW_PUNT_DENIED, "a", "c", 0, 2, 0);
    punt(&bed, ZW_PUNT_SESSION, "a", "b", 7, 4711, 0);
    CU_ASSERT_EQUAL(count(&bed, "type = 'session' AND path = 'fast' AND rule = 'first' AND policy_version = 1"), 1);
    CU_ASSERT_EQUAL(count(&bed, "type = 'session' AND path = 'fast' AND rule = 'second' AND policy_version = 2"), 1);
    CU_ASSERT_EQUAL(count(&bed, "type = 'denial' AND rule = 'default' AND rule_number = 0 AND to_zone = 'c'"), 1);
    CU_ASSERT_EQUAL(count(&bed, "type = 'session' AND rule = '#7' AND rule_number = 0 AND policy_version = 4711"), 1);
    CU_ASSERT_EQUAL(zw_slowpath_status(bed.slowpath).n_sessions, 3);
    CU_ASSERT_EQUAL(zw_slowpath_status(bed.slowpath).n_denials, 1);
    bed_remove(&bed);
}

static void test_not_ours(void)
{
    struct bed bed = bed_make();

    set_ask(&bed, "allow", "session");
    CU_ASSERT_FALSE(punt(&bed, (enum zw_punt)99, "a", "b", 1, 1, ZW_FLAG_ASK).resumed);
    CU_ASSERT_EQUAL(zw_slowpath_status(bed.slowpath).n_foreign, 1);
    CU_ASSERT_EQUAL(count(&bed, "1"), 0);
    bed_remove(&bed);
}

ZW_TEST_MAIN({"an allowed packet goes on with the verdict", test_allowed}, {"a denied one does not", test_denied},
             {"a rejected one is answered", test_rejected}, {"log: none leaves no record", test_log_none},
             {"the policy in force judges", test_newer_policy}, {"a zone that is gone gets nothing", test_unknown_zone},
             {"no policy, no verdict", test_no_policy}, {"other zones: classified again", test_other_zones},
             {"the older judges what has its zones until the newer is in force", test_not_in_force_yet},
             {"what no rule dropped is recorded with its reason", test_dropped},
             {"other flags stay as they were", test_flags_stay}, {"copies become records", test_copies},
             {"what is not ours is ignored", test_not_ours})
