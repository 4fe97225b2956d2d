/* SPDX-License-Identifier: Apache-2.0 */
#include <config.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "openvswitch/ofp-msgs.h"
#include "openvswitch/ofp-packet.h"
#include "openvswitch/vlog.h"
#include "ovs-ext/flow-private.h"
#include "ovs-ext/ofp-decode.h"
#include "ovs-ext/ofp-encode.h"
#include "ovs-ext/packet-in.h"
#include "lib/flow.h"
#include "lib/util.h"
#include "tests/unit/ofp-mutilate.h"
#include "tests/unit/packet-sample.h"
#include "tests/unit/zw-test.h"

static void check_packet_in(const struct zw_packet_in *in)
{
    static const uint8_t src_mac[6] = {2, 0, 0, 0, 0, 1}, dst_mac[6] = {2, 0, 0, 0, 0, 2};
    char buf[ZW_ADDR_STRLEN];

    CU_ASSERT(in->is_ours && in->has_key);
    CU_ASSERT_EQUAL(in->punt, ZW_PUNT_ASK);
    CU_ASSERT_EQUAL(in->in_port, 5);
    CU_ASSERT_EQUAL(in->eth_type, 0x0800);
    CU_ASSERT_EQUAL(memcmp(in->src_mac, src_mac, 6), 0);
    CU_ASSERT_EQUAL(memcmp(in->dst_mac, dst_mac, 6), 0);
    CU_ASSERT_STRING_EQUAL(zw_addr_format(&in->key.src, buf), "10.0.0.1");
    CU_ASSERT_STRING_EQUAL(zw_addr_format(&in->key.dst, buf), "10.0.0.2");
    CU_ASSERT_EQUAL(in->key.proto, IPPROTO_TCP);
    CU_ASSERT_EQUAL(in->key.sport, 1025);
    CU_ASSERT_EQUAL(in->key.dport, 80);
    CU_ASSERT_EQUAL(in->regs[ZW_REG_SRC_ZONE], 11);
    CU_ASSERT_EQUAL(in->regs[ZW_REG_DST_ZONE], 12);
    CU_ASSERT_EQUAL(in->regs[ZW_REG_FLAGS], ZW_FLAG_ASK);
}

static void check_resume(const struct zw_outbuf *out)
{
    struct ofputil_packet_in_private pin;
    struct ofp_header *oh = xmemdup(out->data, out->size);
    enum ofptype type;

    CU_ASSERT_EQUAL(ntohs(oh->length), out->size);
    CU_ASSERT_EQUAL(ofptype_decode(&type, oh), 0);
    CU_ASSERT_EQUAL(type, OFPTYPE_NXT_RESUME);
    CU_ASSERT_EQUAL(ofputil_decode_packet_in_private(oh, false, NULL, NULL, &pin, NULL, NULL), 0);
    const struct flow *flow = &pin.base.flow_metadata.flow;
    CU_ASSERT_EQUAL(flow->regs[ZW_REG_FLAGS], ZW_FLAG_ALLOW | ZW_FLAG_SLOW_MASK);
    CU_ASSERT_EQUAL(flow->regs[ZW_REG_RULE], 4711);
    CU_ASSERT_EQUAL(flow->regs[ZW_REG_VERSION], 0xffffffff);
    CU_ASSERT_EQUAL(flow->regs[ZW_REG_SRC_ZONE], 11);
    CU_ASSERT_EQUAL(flow->ct_state, ZW_CT_TRACKED | ZW_CT_NEW);
    CU_ASSERT_EQUAL(flow->ct_zone, 0x1064);
    CU_ASSERT_EQUAL(pin.base.packet_len, packet_sample_syn_size);
    CU_ASSERT_EQUAL(memcmp(pin.base.packet, packet_sample_syn, packet_sample_syn_size), 0);
    CU_ASSERT(pin.conntracked);
    CU_ASSERT_EQUAL(pin.bridge.parts[3], 4);
    ofputil_packet_in_private_destroy(&pin);
    free(oh);
}

static void test_pause_and_resume(void)
{
    static const uint8_t userdata[8] = {ZW_PUNT_ASK};
    struct ofpbuf *msg = packet_sample_paused(userdata, sizeof userdata);
    uint8_t *copy = xmemdup(msg->data, msg->size);
    struct zw_outbuf out = ZW_OUTBUF_INIT;
    struct zw_packet_in in = ZW_PACKET_IN_INIT;

    CU_ASSERT_EQUAL(zw_packet_in_decode(copy, msg->size, &in), 0);
    check_packet_in(&in);
    zw_packet_in_resume(&in, ZW_FLAG_ALLOW | ZW_FLAG_SLOW_MASK, 4711, 0xffffffff, &out);
    zw_packet_in_destroy(&in);
    free(copy);
    check_resume(&out);
    zw_outbuf_free(&out);
    ofpbuf_delete(msg);
}

static void test_foreign_packet_ins(void)
{
    static const uint8_t foreign[][8] = {{0}, {ZW_N_PUNTS + 1}, {'m', 'e'}};

    for (size_t i = 0; i < 4; i++) {
        struct ofpbuf *msg = packet_sample_paused(i < 3 ? foreign[i] : NULL, i < 3 ? 8 : 0);
        void *copy = xmemdup(msg->data, msg->size);
        struct zw_packet_in in = ZW_PACKET_IN_INIT;

        CU_ASSERT_EQUAL(zw_packet_in_decode(copy, msg->size, &in), 0);
        CU_ASSERT(!in.is_ours);
        zw_packet_in_destroy(&in);
        free(copy);
        ofpbuf_delete(msg);
    }
}

/* What is not IP has its EtherType and nothing else; a length is no EtherType. */
static void test_not_ip(void)
{
    static const uint8_t types[][2] = {{0x88, 0x92}, {0x00, 0x2e}};

    for (size_t i = 0; i < 2; i++) {
        uint8_t frame[60] = {2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, types[i][0], types[i][1], 0x45};
        struct packet_punt punt = {
            .punt = ZW_PUNT_SESSION, .packet = frame, .packet_size = sizeof frame, .in_port = 5, .odp_port = 5};
        struct ofpbuf *msg = packet_sample_punted(&punt);
        struct zw_packet_in in = ZW_PACKET_IN_INIT;
        void *copy = xmemdup(msg->data, msg->size);

        CU_ASSERT_EQUAL(zw_packet_in_decode(copy, msg->size, &in), 0);
        CU_ASSERT(in.is_ours);
        CU_ASSERT_EQUAL(in.has_key, !i);
        CU_ASSERT(i || in.key.eth_type == 0x8892);
        CU_ASSERT(!in.key.src.family && !in.key.proto && !in.key.dport);
        zw_packet_in_destroy(&in);
        free(copy);
        ofpbuf_delete(msg);
    }
}

static void test_one_after_the_other(void)
{
    static const uint8_t ours[8] = {ZW_PUNT_ASK}, foreign[8] = {'m', 'e'};
    struct zw_packet_in in = ZW_PACKET_IN_INIT;

    for (unsigned int i = 0; i < 4; i++) {
        struct ofpbuf *msg = packet_sample_paused(i % 2 ? foreign : ours, 8);
        void *copy = xmemdup(msg->data, msg->size);

        CU_ASSERT_EQUAL(zw_packet_in_decode(copy, msg->size, &in), 0);
        CU_ASSERT_EQUAL(in.is_ours, i % 2 == 0);
        CU_ASSERT_EQUAL(in.has_key, i % 2 == 0);
        CU_ASSERT_EQUAL(in.key.dport, i % 2 ? 0 : 80);
        free(copy);
        ofpbuf_delete(msg);
    }
    zw_packet_in_destroy(&in);
}

/* Whatever the bytes are: an error, or a packet-in that can be resumed. */
static void decode_and_resume(const uint8_t *data, size_t size)
{
    struct zw_outbuf out = ZW_OUTBUF_INIT;
    struct zw_packet_in in = ZW_PACKET_IN_INIT;
    struct zw_ofp_msg msg;

    if (!zw_ofp_decode(data, size, &msg) && msg.type == ZW_OFP_PACKET_IN && !zw_packet_in_decode(data, size, &in)) {
        zw_packet_in_resume(&in, 1, 2, 3, &out);
    }
    zw_packet_in_destroy(&in);
    zw_outbuf_free(&out);
}

static void test_rubbish(void)
{
    static const uint8_t userdata[8] = {ZW_PUNT_ASK};
    struct ofpbuf *msg = packet_sample_paused(userdata, sizeof userdata);

    vlog_set_levels(NULL, VLF_ANY_DESTINATION, VLL_OFF);
    ofp_mutilate(msg, 100000, decode_and_resume);
    CU_PASS("nothing was read that is not there");
    ofpbuf_delete(msg);
}

/* What ovs-vswitchd 3.1.0 sent: an IPv4 and an IPv6 packet that were paused, and a copy of an IPv4 packet.  (The numbers
 * of stages VERDICT and COMMIT in it were brought up to date since.) */
static const struct {
    enum zw_punt punt;
    size_t packet_size;
    uint32_t flags;
    uint32_t version;
    const char *bytes;
} captures[] = {
    {ZW_PUNT_ASK, 74, 0x3, 1,
     "0604015800000000000023200000001e0000004e02000000000b02000000000a08004500003c585040004006ce190a14"
     "00150a140016afee232897f1cb6600000000a002faf090e80000020405b40402080a2a24473e000000000103030a0000"
     "000300050000000000040010000000005a0000000000000000050005010000000006007d800000040000000180000a02"
     "080080010008948fe603b3eacd3380010310000000000000000200000000ffffffff8001040800000001000000018001"
     "060800001000000000030001d30800000021000000ff0001d40210000001f0040a1400150001f2040a1400160001ee01"
     "060001f802afee0001fa022328000000000800480000000080000014999e43f18346a5086e0242b622c26fd100000000"
     "80030004000000008006001800000000ffff001000002320000efff80e00000080080008000000020007000c01000000"
     "0000000000000000"},
    {ZW_PUNT_ASK, 94, 0x3, 1,
     "0604018800000000000023200000001e0000006202000000000b02000000000a86dd600555da00280640fd0000200000"
     "00000000000000000021fd000020000000000000000000000022baea2328edf25a5800000000a002fd2097f300000204"
     "05a00402080a98c5f954000000000103030a000000000000000300050000000000040010000000005a00000000000000"
     "000500050100000000060095800000040000000180000a0286dd80010008948fe603b3eacd3380010310000000000000"
     "000200000000ffffffff8001040800000001000000018001060800001000000000030001d30800000021000000ff0001"
     "d40210000001f410fd0000200000000000000000000000210001f610fd0000200000000000000000000000220001ee01"
     "060001f802baea0001fa022328000000000800480000000080000014999e43f18346a5086e0242b622c26fd100000000"
     "80030004000000008006001800000000ffff001000002320000efff80e00000080080008000000020007000c01000000"
     "0000000000000000"},
    {ZW_PUNT_SESSION, 74, 0x5, 2,
     "0604011000000000000023200000001e0000004e02000000000b02000000000a08004500003c39ff40004006ec6a0a14"
     "00150a140016affa232819b61f5a00000000a002faf067510000020405b40402080a4a287b0d000000000103030a0000"
     "000300050d00000000040010000000005a0500000000000200050005010000000006007d800000040000000180000a02"
     "080080010008948fe603b3eacd3380010310000000000000000200000000ffffffff8001040800000001000000028001"
     "060800001000000000050001d30800000021000000ff0001d40210000001f0040a1400150001f2040a1400160001ee01"
     "060001f802affa0001fa0223280000000007000c020000000000000000000000"},
};

static void test_samples_are_true(void)
{
    for (size_t i = 0; i < sizeof captures / sizeof captures[0]; i++) {
        struct ofpbuf *want = ofpbuf_new(512);

        CU_ASSERT_STRING_EQUAL(ofpbuf_put_hex(want, captures[i].bytes, NULL), "");
        struct packet_punt punt = {
            .punt = captures[i].punt,
            .packet = ofpbuf_at_assert(want, 20, captures[i].packet_size),
            .packet_size = captures[i].packet_size,
            .in_port = 1,
            .odp_port = 2,
            .regs = {0x948fe603, 0xb3eacd33, 0, 2, 1, captures[i].version, 0x1000, captures[i].flags},
        };
        struct ofpbuf *msg = packet_sample_punted(&punt);
        CU_ASSERT(ofpbuf_equal(msg, want));
        ofpbuf_delete(msg);
        ofpbuf_delete(want);
    }
}

ZW_TEST_MAIN({"the packet-ins that we make are those of vswitchd", test_samples_are_true},
             {"a paused packet goes on with a verdict and all else as it was", test_pause_and_resume},
             {"packet-ins that are not ours", test_foreign_packet_ins}, {"an EtherType alone", test_not_ip},
             {"one after the other in the same memory", test_one_after_the_other},
             {"100,000 mutilated packet-ins", test_rubbish})
