/* SPDX-License-Identifier: Apache-2.0 */
/* The OpenFlow codec: what we say is what a switch hears, and what it says back is what we meant. */

#include <config.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "openvswitch/ofp-bundle.h"
#include "openvswitch/ofp-connection.h"
#include "openvswitch/ofp-errors.h"
#include "openvswitch/ofp-flow.h"
#include "openvswitch/ofp-meter.h"
#include "openvswitch/ofp-monitor.h"
#include "openvswitch/ofp-msgs.h"
#include "openvswitch/ofp-util.h"
#include "openvswitch/vlog.h"
#include "ovs-ext/flow-private.h"
#include "ovs-ext/ofp-decode.h"
#include "ovs-ext/ofp-encode.h"
#include "lib/byte-order.h"
#include "lib/flow.h"
#include "lib/util.h"
#include "tests/unit/flow-samples.h"
#include "tests/unit/ofp-mutilate.h"
#include "tests/unit/zw-test.h"

#define PROTOCOL OFPUTIL_P_OF15_OXM

/* The message at '*offset' of 'out', aligned; the caller frees it.  NULL at the end. */
static struct ofp_header *next_message(const struct zw_outbuf *out, size_t *offset, enum ofptype *type)
{
    size_t size = *offset + ZW_OFP_HEADER_SIZE <= out->size ? zw_ofp_message_size(out->data + *offset) : 0;

    if (!size || *offset + size > out->size) {
        CU_ASSERT_EQUAL(*offset, out->size);
        return NULL;
    }
    struct ofp_header *oh = xmemdup(out->data + *offset, size);
    *offset += size;
    CU_ASSERT_EQUAL(ofptype_decode(type, oh), 0);
    return oh;
}

static struct zw_outbuf bundle_of(enum zw_change_type type, const struct zw_flow *flow, struct zw_ofp_bundle *bundle)
{
    struct zw_change change = {.type = type, .flow = flow};
    struct zw_changes changes = {.list = &change, .n = 1};
    struct zw_outbuf out = ZW_OUTBUF_INIT;

    *bundle = zw_ofp_put_bundle(&out, 7, &changes);
    return out;
}

/* The flow mod inside the bundle, as a switch decodes it. */
static enum ofperr decode_flow_mod(const struct zw_outbuf *out, struct ofputil_flow_mod *mod, struct ofpbuf *ofpacts)
{
    struct ofputil_bundle_add_msg add;
    enum ofperr error = OFPERR_OFPBRC_BAD_TYPE;
    struct ofp_header *oh;
    enum ofptype type;
    size_t offset = 0;

    while ((oh = next_message(out, &offset, &type))) {
        if (type == OFPTYPE_BUNDLE_ADD_MESSAGE) {
            error = ofputil_decode_bundle_add(oh, &add, &type);
            if (!error) {
                error = ofputil_decode_flow_mod(mod, add.msg, PROTOCOL, NULL, NULL, ofpacts, u16_to_ofp(0xff00), 255);
            }
        }
        free(oh);
    }
    return error;
}

/* What a switch says of a flow that it was sent so. */
static struct ofpbuf *encode_stats(const struct ofputil_flow_mod *mod, const struct ofpbuf *ofpacts)
{
    struct ofputil_flow_stats_request request = {.table_id = OFPTT_ALL, .out_port = OFPP_ANY, .out_group = OFPG_ANY};
    struct ofputil_flow_stats stats = {
        .cookie = mod->new_cookie,
        .table_id = mod->table_id,
        .priority = mod->priority,
        .packet_count = 5,
        .byte_count = 500,
        .ofpacts = ofpacts->data,
        .ofpacts_len = ofpacts->size,
    };
    struct ovs_list replies;

    match_init_catchall(&request.match);
    struct ofpbuf *msg = ofputil_encode_flow_stats_request(&request, PROTOCOL);
    minimatch_expand(&mod->match, &stats.match);
    ofpmp_init(&replies, msg->data);
    ofpbuf_delete(msg);
    ofputil_append_flow_stats_reply(&stats, &replies, NULL);
    msg = ofpbuf_from_list(ovs_list_pop_front(&replies));
    ofpmsg_update_length(msg);
    return msg;
}

static void keep_flow(void *flow_, struct zw_flow *flow, const struct zw_flow_counters *counters)
{
    struct zw_flow **kept = flow_;

    CU_ASSERT_PTR_NULL(*kept);
    CU_ASSERT_EQUAL(counters->n_packets, 5);
    CU_ASSERT_EQUAL(counters->n_bytes, 500);
    *kept = flow;
}

/* 'flow' sent to a switch and read back. */
static struct zw_flow *round_trip(const struct zw_flow *flow)
{
    struct ofputil_flow_mod mod;
    struct zw_ofp_bundle bundle;
    struct zw_outbuf out = bundle_of(ZW_CHANGE_ADD, flow, &bundle);
    struct zw_flow *back = NULL;
    struct ofpbuf ofpacts;

    ofpbuf_init(&ofpacts, 0);
    if (!decode_flow_mod(&out, &mod, &ofpacts)) {
        struct ofpbuf *stats = encode_stats(&mod, &ofpacts);
        void *copy = xmemdup(stats->data, stats->size);

        CU_ASSERT_EQUAL(zw_ofp_decode_flow_stats(copy, stats->size, keep_flow, &back), 0);
        free(copy);
        ofpbuf_delete(stats);
        minimatch_destroy(&mod.match);
    }
    ofpbuf_uninit(&ofpacts);
    zw_outbuf_free(&out);
    return back;
}

static void check_same(const struct zw_flow *flow, const struct zw_flow *back)
{
    char *there = zw_flow_format(flow), *here = zw_flow_format(back);

    CU_ASSERT(zw_flow_same_key(flow, back));
    CU_ASSERT_EQUAL(zw_flow_hash(flow), zw_flow_hash(back));
    CU_ASSERT(zw_flow_same_effect(flow, back));
    CU_ASSERT_STRING_EQUAL(there, here);
    if (strcmp(there, here) || !zw_flow_same_key(flow, back) || !zw_flow_same_effect(flow, back)) {
        printf("# sent %s\n# read %s\n", there, here);
    }
    free(there);
    free(here);
}

/* Promise 7: a flow that is installed is recognized, whatever it matches and does. */
static void test_round_trip(void)
{
    for (size_t i = 0; i < n_flow_samples; i++) {
        struct zw_flow *flow = flow_sample_new(i);

        zw_flow_pack(flow);
        struct zw_flow *back = round_trip(flow);
        CU_ASSERT_PTR_NOT_NULL(back);
        if (back) {
            check_same(flow, back);
        } else {
            printf("# refused: %s\n", flow_samples[i].format);
        }
        zw_flow_free(back);
        zw_flow_free(flow);
    }
}

static void test_differences_count(void)
{
    for (size_t i = 0; i < n_flow_samples; i++) {
        struct zw_flow *flow = flow_sample_new(i), *other = flow_sample_new((i + 1) % n_flow_samples);

        zw_flow_pack(flow);
        zw_flow_pack(other);
        CU_ASSERT(!zw_flow_same_key(flow, other));
        CU_ASSERT(!zw_flow_same_effect(flow, other)); /* They have different cookies, too. */
        zw_flow_free(flow);
        zw_flow_free(other);
    }
}

static void test_bundle(void)
{
    static const enum ofptype expected[] = {OFPTYPE_BUNDLE_CONTROL, OFPTYPE_BUNDLE_ADD_MESSAGE,
                                            OFPTYPE_BARRIER_REQUEST};
    struct zw_flow *flow = flow_sample_new(1);
    struct zw_ofp_bundle bundle;
    struct ofp_header *oh;
    enum ofptype type;
    size_t offset = 0, n = 0;

    zw_flow_pack(flow);
    struct zw_outbuf out = bundle_of(ZW_CHANGE_ADD, flow, &bundle);
    while ((oh = next_message(&out, &offset, &type))) {
        CU_ASSERT(n < 3 && type == expected[n]);
        CU_ASSERT(n != 1 || ntohl(oh->xid) == bundle.first_xid);
        CU_ASSERT(n != 2 || ntohl(oh->xid) == bundle.barrier_xid);
        n++;
        free(oh);
    }
    CU_ASSERT_EQUAL(n, 3);
    zw_outbuf_free(&out);
    zw_flow_free(flow);
}

static void test_delete(void)
{
    struct zw_flow *flow = flow_sample_new(1);
    struct ofputil_flow_mod mod;
    struct zw_ofp_bundle bundle;
    struct ofpbuf ofpacts;

    zw_flow_pack(flow);
    ofpbuf_init(&ofpacts, 0);
    struct zw_outbuf out = bundle_of(ZW_CHANGE_DELETE, flow, &bundle);
    CU_ASSERT_EQUAL(decode_flow_mod(&out, &mod, &ofpacts), 0);
    CU_ASSERT_EQUAL(mod.command, OFPFC_DELETE_STRICT);
    CU_ASSERT_EQUAL(mod.priority, 101);
    CU_ASSERT_EQUAL(mod.table_id, flow_samples[1].stage);
    CU_ASSERT_EQUAL(mod.cookie_mask, 0); /* Whoever's it is. */
    minimatch_destroy(&mod.match);
    ofpbuf_uninit(&ofpacts);
    zw_outbuf_free(&out);
    zw_flow_free(flow);
}

/* --- What a switch says. --- */

static struct zw_ofp_msg decode(struct ofpbuf *msg)
{
    struct zw_ofp_msg decoded;

    ofpmsg_update_length(msg);
    void *copy = xmemdup(msg->data, msg->size);
    CU_ASSERT_EQUAL(zw_ofp_decode(copy, msg->size, &decoded), 0);
    free(copy);
    ofpbuf_delete(msg);
    return decoded;
}

static void test_message_size(void)
{
    static const uint8_t good[8] = {6, 0, 0, 8}, large[8] = {1, 2, 0xff, 0xff}, small[8] = {6, 0, 0, 7},
                         old[8] = {0, 0, 0, 8}, new[8] = {7, 0, 0, 8}, text[8] = {'H', 'T', 'T', 'P'};

    CU_ASSERT_EQUAL(zw_ofp_message_size(good), 8);
    CU_ASSERT_EQUAL(zw_ofp_message_size(large), 65535);
    CU_ASSERT_EQUAL(zw_ofp_message_size(small), 0);
    CU_ASSERT_EQUAL(zw_ofp_message_size(old), 0);
    CU_ASSERT_EQUAL(zw_ofp_message_size(new), 0);
    CU_ASSERT_EQUAL(zw_ofp_message_size(text), 0);
}

static void test_hello(void)
{
    struct zw_ofp_msg msg = decode(ofputil_encode_hello(0x7e)); /* 1.0 to 1.5 */

    CU_ASSERT_EQUAL(msg.type, ZW_OFP_HELLO);
    CU_ASSERT_EQUAL(msg.version, 6);
    msg = decode(ofputil_encode_hello(1u << 4));
    CU_ASSERT_EQUAL(msg.version, 0);

    struct zw_outbuf out = ZW_OUTBUF_INIT;
    enum ofptype type;
    size_t offset = 0;
    uint32_t versions;
    zw_ofp_put_hello(&out);
    struct ofp_header *oh = next_message(&out, &offset, &type);
    CU_ASSERT_EQUAL(type, OFPTYPE_HELLO);
    CU_ASSERT(ofputil_decode_hello(oh, &versions));
    CU_ASSERT_EQUAL(versions, 1u << 6);
    free(oh);
    zw_outbuf_free(&out);
}

static void test_error(void)
{
    struct zw_outbuf out = ZW_OUTBUF_INIT;
    uint32_t xid = zw_ofp_put_meter_mod(&out, false, ZW_COPY_METER_ID, ZW_COPY_METER_PPS, ZW_COPY_METER_PPS);
    enum ofptype type;
    size_t offset = 0;
    struct ofp_header *oh = next_message(&out, &offset, &type);

    CU_ASSERT_EQUAL(type, OFPTYPE_METER_MOD);
    struct zw_ofp_msg msg = decode(ofperr_encode_reply(OFPERR_OFPMMFC_METER_EXISTS, oh));
    CU_ASSERT_EQUAL(msg.type, ZW_OFP_ERROR);
    CU_ASSERT_EQUAL(msg.xid, xid);
    CU_ASSERT(msg.meter_exists);
    CU_ASSERT(!msg.meter_unknown);
    msg = decode(ofperr_encode_reply(OFPERR_OFPMMFC_UNKNOWN_METER, oh));
    CU_ASSERT(msg.meter_unknown);
    msg = decode(ofperr_encode_reply(OFPERR_OFPMMFC_OUT_OF_METERS, oh));
    CU_ASSERT(!msg.meter_exists);
    CU_ASSERT_STRING_EQUAL(msg.text, "OFPMMFC_OUT_OF_METERS");
    free(oh);
    zw_outbuf_free(&out);
}

struct meters_seen {
    char text[256];
};

static void see_meter(void *seen_, uint32_t id, uint32_t pps, uint32_t burst)
{
    struct meters_seen *seen = seen_;
    size_t at = strlen(seen->text);

    snprintf(seen->text + at, sizeof seen->text - at, " %x:%u/%u", id, pps, burst);
}

static void see_counter(void *seen_, uint32_t id, uint64_t n_beyond)
{
    struct meters_seen *seen = seen_;
    size_t at = strlen(seen->text);

    snprintf(seen->text + at, sizeof seen->text - at, " %x:%u", id, (unsigned int)n_beyond);
}

/* The answer to the last message in 'out', and its first part.  The caller frees. */
static struct ofpbuf *meters_reply(struct zw_outbuf *out, enum ofptype expected, struct ovs_list *replies)
{
    enum ofptype type;
    size_t offset = 0;
    struct ofp_header *oh = next_message(out, &offset, &type);
    struct ofputil_meter_band bands[2] = {{.type = OFPMBT13_DROP, .rate = 20, .burst_size = 30},
                                          {.type = OFPMBT13_DROP, .rate = 40, .burst_size = 50}};
    struct ofputil_meter_band_stats counts[2] = {{.packet_count = 3}, {.packet_count = 4}};
    const struct ofputil_meter_config configs[] = {
        {.meter_id = 0x10001, .flags = OFPMF13_PKTPS | OFPMF13_BURST, .n_bands = 1, .bands = bands},
        {.meter_id = 0x10002, .flags = OFPMF13_KBPS | OFPMF13_BURST, .n_bands = 1, .bands = bands},
        {.meter_id = 0x10003, .flags = OFPMF13_PKTPS | OFPMF13_BURST, .n_bands = 2, .bands = bands},
        {.meter_id = 0x10004, .flags = OFPMF13_PKTPS | OFPMF13_BURST}};
    const struct ofputil_meter_stats stats[] = {{.meter_id = 0x10001, .n_bands = 1, .bands = counts},
                                                {.meter_id = 0x10002, .n_bands = 2, .bands = counts},
                                                {.meter_id = 0x10003}};

    CU_ASSERT_EQUAL(type, expected);
    ofpmp_init(replies, oh);
    for (size_t i = 0; i < ARRAY_SIZE(configs) && type == OFPTYPE_METER_CONFIG_STATS_REQUEST; i++) {
        ofputil_append_meter_config(replies, &configs[i]);
    }
    for (size_t i = 0; i < ARRAY_SIZE(stats) && type == OFPTYPE_METER_STATS_REQUEST; i++) {
        ofputil_append_meter_stats(replies, &stats[i]);
    }
    free(oh);
    struct ofpbuf *msg = ofpbuf_from_list(ovs_list_front(replies));
    ofpmsg_update_length(msg);
    return msg;
}

static void test_meters(void)
{
    struct zw_outbuf out = ZW_OUTBUF_INIT, out2 = ZW_OUTBUF_INIT;
    struct meters_seen seen = {""}, counted = {""};
    struct ovs_list replies;
    struct zw_ofp_msg decoded;

    uint32_t xid = zw_ofp_put_meter_dump(&out);
    struct ofpbuf *msg = meters_reply(&out, OFPTYPE_METER_CONFIG_STATS_REQUEST, &replies);
    CU_ASSERT_EQUAL(zw_ofp_decode(msg->data, msg->size, &decoded), 0);
    CU_ASSERT_EQUAL(decoded.type, ZW_OFP_METERS);
    CU_ASSERT_EQUAL(decoded.xid, xid);
    CU_ASSERT_EQUAL(zw_ofp_decode_meters(msg->data, msg->size, see_meter, &seen), 0);
    CU_ASSERT_STRING_EQUAL(seen.text, " 10001:20/30 10002:0/0 10003:0/0 10004:0/0");
    ((uint8_t *)msg->data)[17] = 9; /* The length of the first. */
    CU_ASSERT_EQUAL(zw_ofp_decode_meters(msg->data, msg->size, see_meter, &seen), EPROTO);
    ofpbuf_list_delete(&replies);

    xid = zw_ofp_put_meter_counters(&out2);
    msg = meters_reply(&out2, OFPTYPE_METER_STATS_REQUEST, &replies);
    CU_ASSERT_EQUAL(zw_ofp_decode(msg->data, msg->size, &decoded), 0);
    CU_ASSERT_EQUAL(decoded.type, ZW_OFP_METER_COUNTERS);
    CU_ASSERT_EQUAL(decoded.xid, xid);
    CU_ASSERT_FALSE(decoded.more);
    CU_ASSERT_EQUAL(zw_ofp_decode_meter_counters(msg->data, msg->size, see_counter, &counted), 0);
    CU_ASSERT_STRING_EQUAL(counted.text, " 10001:3 10002:7 10003:0");
    CU_ASSERT_EQUAL(zw_ofp_decode_meter_counters(msg->data, msg->size - 8, see_counter, &counted), EPROTO);
    ofpbuf_list_delete(&replies);
    zw_outbuf_free(&out);
    zw_outbuf_free(&out2);
}

static void test_echo(void)
{
    static const uint64_t request[2] = {CONSTANT_HTONLL(0x0602001012345678), CONSTANT_HTONLL(0x6162636465666768)};
    struct zw_outbuf out = ZW_OUTBUF_INIT;
    struct zw_ofp_msg msg;

    CU_ASSERT_EQUAL(zw_ofp_decode((const uint8_t *)request, sizeof request, &msg), 0);
    CU_ASSERT_EQUAL(msg.type, ZW_OFP_ECHO_REQUEST);
    zw_ofp_put_echo_reply(&out, (const uint8_t *)request, sizeof request);
    CU_ASSERT_EQUAL(out.size, sizeof request);
    CU_ASSERT_EQUAL(out.data[1], 3);
    CU_ASSERT_EQUAL(memcmp(out.data + 4, (const uint8_t *)request + 4, 12), 0);
    zw_outbuf_free(&out);
}

/* A flow update of one event for 'flow', in a message of its own. */
static struct ofpbuf *flow_update(enum ofp_flow_update_event event, uint8_t table, uint64_t cookie)
{
    struct ofputil_flow_update update = {
        .event = event, .table_id = table, .cookie = htonll(cookie), .priority = 1, .xid = htonl(1)};
    struct ovs_list messages;

    match_init_catchall(&update.match);
    match_set_reg(&update.match, ZW_REG_SEGMENT, 20);
    match_set_dl_dst(&update.match, (struct eth_addr){.ea = {2, 0, 0, 0, 0, 9}});
    ofputil_start_flow_update(&messages, PROTOCOL);
    ofputil_append_flow_update(&update, &messages, NULL);
    struct ofpbuf *msg = ofpbuf_from_list(ovs_list_pop_front(&messages));
    ofpmsg_update_length(msg);
    return msg;
}

static struct zw_learned_mac learned_last;

static void take_learned(void *arg, const struct zw_learned_mac *learned)
{
    (void)arg;
    learned_last = *learned;
}

static unsigned int count_foreign(struct ofpbuf *msg, bool *missed)
{
    void *copy = xmemdup(msg->data, msg->size);
    struct zw_ofp_msg decoded;
    unsigned int n_foreign = 77;

    CU_ASSERT_EQUAL(zw_ofp_decode(copy, msg->size, &decoded), 0);
    CU_ASSERT_EQUAL(decoded.type, ZW_OFP_FLOW_UPDATE);
    learned_last = (struct zw_learned_mac){.segment = 4711};
    CU_ASSERT_EQUAL(zw_ofp_decode_flow_updates(copy, msg->size, take_learned, NULL, &n_foreign, missed), 0);
    free(copy);
    ofpbuf_delete(msg);
    return n_foreign;
}

static void test_flow_updates(void)
{
    static const enum ofp_flow_update_event events[] = {OFPFME_ADDED, OFPFME_REMOVED, OFPFME_MODIFIED};
    const uint64_t learned = zw_cookie(ZW_COOKIE_LEARNED, 3);
    bool missed;

    for (size_t i = 0; i < 3; i++) {
        CU_ASSERT_EQUAL(count_foreign(flow_update(events[i], ZW_STAGE_POLICY, 0), &missed), 1);
        CU_ASSERT_EQUAL(learned_last.segment, 4711); /* Nothing was learned. */
        CU_ASSERT_EQUAL(count_foreign(flow_update(events[i], ZW_STAGE_MACS, learned), &missed), 0);
        CU_ASSERT(learned_last.segment == 20 && learned_last.ofport == 3 && learned_last.mac.bytes[5] == 9);
        CU_ASSERT_EQUAL(learned_last.is_there, events[i] != OFPFME_REMOVED);
        CU_ASSERT_EQUAL(count_foreign(flow_update(events[i], ZW_STAGE_POLICY, learned), &missed), 1);
        CU_ASSERT_EQUAL(count_foreign(flow_update(events[i], ZW_N_STAGES, 0), &missed), 0);
        CU_ASSERT(!missed);
    }
    CU_ASSERT_EQUAL(count_foreign(flow_update(OFPFME_ABBREV, 0, 0), &missed), 0);
    CU_ASSERT(!missed);
    CU_ASSERT_EQUAL(count_foreign(ofputil_encode_flow_monitor_pause(OFPFME_PAUSED, PROTOCOL), &missed), 0);
    CU_ASSERT(missed);
    CU_ASSERT_EQUAL(count_foreign(ofputil_encode_flow_monitor_pause(OFPFME_RESUMED, PROTOCOL), &missed), 0);
    CU_ASSERT(missed);
}

/* --- Rubbish. --- */

static void drop_flow(void *arg, struct zw_flow *flow, const struct zw_flow_counters *counters)
{
    (void)arg, (void)counters;
    zw_flow_free(flow);
}

/* Whatever the bytes are, every decoder says something and stays inside them. */
static void decode_everything(const uint8_t *data, size_t size)
{
    struct zw_ofp_msg msg;
    unsigned int n_foreign;
    bool missed;

    if (zw_ofp_decode(data, size, &msg)) {
        CU_ASSERT(msg.text[0]);
        return;
    }
    switch (msg.type) {
    case ZW_OFP_FLOW_STATS:
        zw_ofp_decode_flow_stats(data, size, drop_flow, NULL);
        break;
    case ZW_OFP_FLOW_UPDATE:
        zw_ofp_decode_flow_updates(data, size, take_learned, NULL, &n_foreign, &missed);
        break;
    default:
        break;
    }
}

static struct ofpbuf *sample_stats(size_t i)
{
    struct ofputil_flow_mod mod;
    struct zw_ofp_bundle bundle;
    struct zw_flow *flow = flow_sample_new(i);
    struct ofpbuf ofpacts, *stats = NULL;

    zw_flow_pack(flow);
    ofpbuf_init(&ofpacts, 0);
    struct zw_outbuf out = bundle_of(ZW_CHANGE_ADD, flow, &bundle);
    if (!decode_flow_mod(&out, &mod, &ofpacts)) {
        stats = encode_stats(&mod, &ofpacts);
        minimatch_destroy(&mod.match);
    }
    ofpbuf_uninit(&ofpacts);
    zw_outbuf_free(&out);
    zw_flow_free(flow);
    return stats;
}

static void mutilate(struct ofpbuf *msg)
{
    ofp_mutilate(msg, 5000, decode_everything);
    ofpbuf_delete(msg);
}

static void test_rubbish(void)
{
    vlog_set_levels(NULL, VLF_ANY_DESTINATION, VLL_OFF);
    for (size_t i = 0; i < n_flow_samples; i++) {
        mutilate(sample_stats(i));
    }
    mutilate(flow_update(OFPFME_ADDED, ZW_STAGE_POLICY, 0));
    mutilate(flow_update(OFPFME_ABBREV, ZW_STAGE_POLICY, 0));
    mutilate(ofputil_encode_hello(0x7e));
    CU_PASS("nothing was read that is not there");
}

ZW_TEST_MAIN({"each flow is recognized when a switch says that it has it", test_round_trip},
             {"different flows are told apart", test_differences_count},
             {"a bundle is filled and waits for its barrier", test_bundle},
             {"a deletion names its flow exactly", test_delete}, {"how a message may start", test_message_size},
             {"hello: OpenFlow 1.5 or nothing", test_hello}, {"errors say what they are about", test_error},
             {"meters and what they count", test_meters}, {"an echo comes back as it went", test_echo},
             {"other people's changes are told from ours", test_flow_updates},
             {"200,000 mutilated messages", test_rubbish})
