/* SPDX-License-Identifier: Apache-2.0 */
/* The messages that end sessions, as a switch reads them. */

#include <config.h>

#include "ovs-ext/session-end.h"

#include <stdlib.h>
#include <string.h>

#include "lib/csum.h"
#include "lib/dp-packet.h"
#include "lib/flow.h"
#include "openvswitch/ofp-actions.h"
#include "openvswitch/ofp-ct.h"
#include "openvswitch/ofp-msgs.h"
#include "openvswitch/ofp-packet.h"
#include "lib/packets.h"
#include "tests/unit/zw-test.h"

static struct zw_ct_entry entry_of(const char *line)
{
    struct zw_ct_entry entry;

    CU_ASSERT_EQUAL(zw_ct_parse(line, &entry), 0);
    return entry;
}

/* The one message that ends the session.  Caller frees. */
static struct ofp_header *message_of(const char *line, enum ofptype expected)
{
    struct zw_outbuf out = ZW_OUTBUF_INIT;
    struct zw_ct_entry entry = entry_of(line);
    uint32_t xid = zw_ofp_put_session_end(&out, &entry);
    struct ofp_header *oh = xmemdup(out.data, out.size);
    enum ofptype type;

    CU_ASSERT_EQUAL(ntohs(oh->length), out.size);
    CU_ASSERT_EQUAL(ntohl(oh->xid), xid);
    CU_ASSERT_EQUAL(ofptype_decode(&type, oh), 0);
    CU_ASSERT_EQUAL(type, expected);
    zw_outbuf_free(&out);
    return oh;
}

static struct ofp_ct_match flush_of(const char *line, uint16_t expected_zone)
{
    struct ofp_header *oh = message_of(line, OFPTYPE_CT_FLUSH);
    struct ofp_ct_match match;
    bool with_zone;
    uint16_t zone;

    memset(&match, 0, sizeof match);
    CU_ASSERT_EQUAL(ofp_ct_match_decode(&match, &with_zone, &zone, oh), 0);
    CU_ASSERT(with_zone && zone == expected_zone);
    CU_ASSERT(ofp_ct_tuple_is_zero(&match.tuple_reply, match.ip_proto));
    free(oh);
    return match;
}

static void test_ports(void)
{
    struct ofp_ct_match m =
        flush_of("tcp,orig=(src=10.1.1.1,dst=10.1.1.2,sport=34239,dport=80),"
                 "reply=(src=10.1.1.2,dst=10.1.1.1,sport=80,dport=34239),zone=4106,protoinfo=(state=ESTABLISHED)",
                 4106);

    CU_ASSERT(m.ip_proto == IPPROTO_TCP && m.l3_type == AF_INET);
    CU_ASSERT_EQUAL(ntohl(in6_addr_get_mapped_ipv4(&m.tuple_orig.src)), 0x0a010101);
    CU_ASSERT_EQUAL(ntohl(in6_addr_get_mapped_ipv4(&m.tuple_orig.dst)), 0x0a010102);
    CU_ASSERT(ntohs(m.tuple_orig.src_port) == 34239 && ntohs(m.tuple_orig.dst_port) == 80);
    CU_ASSERT(ofp_ct_tuple_is_five_tuple(&m.tuple_orig, m.ip_proto)); /* Nothing else can be meant. */

    m = flush_of("udp,orig=(src=2001:db8::1,dst=2001:db8::2,sport=5353,dport=53),"
                 "reply=(src=2001:db8::2,dst=2001:db8::1,sport=53,dport=5353),zone=1",
                 1);
    CU_ASSERT(m.ip_proto == IPPROTO_UDP && m.l3_type == AF_INET6);
    CU_ASSERT(m.tuple_orig.src.s6_addr[15] == 1 && m.tuple_orig.dst.s6_addr[15] == 2);
    CU_ASSERT(ntohs(m.tuple_orig.src_port) == 5353 && ntohs(m.tuple_orig.dst_port) == 53);
}

static void test_icmp(void)
{
    struct ofp_ct_match m = flush_of("icmp,orig=(src=10.1.1.1,dst=10.1.1.2,id=44673,type=8,code=0),"
                                     "reply=(src=10.1.1.2,dst=10.1.1.1,id=44673,type=0,code=0),zone=65535",
                                     65535);

    CU_ASSERT_EQUAL(m.ip_proto, IPPROTO_ICMP);
    CU_ASSERT(ntohs(m.tuple_orig.icmp_id) == 44673 && m.tuple_orig.icmp_type == 8 && m.tuple_orig.icmp_code == 0);
}

static void test_others(void)
{
    struct ofp_ct_match m = flush_of("47,orig=(src=10.1.1.1,dst=10.1.1.2,sport=0,dport=0),"
                                     "reply=(src=10.1.1.2,dst=10.1.1.1,sport=0,dport=0),zone=5",
                                     5);

    CU_ASSERT_EQUAL(m.ip_proto, 47);
    CU_ASSERT_EQUAL(ntohl(in6_addr_get_mapped_ipv4(&m.tuple_orig.dst)), 0x0a010102);
}

/* Never a flush: OVS 3.1 dies of it.  A request of the session, whole and right, goes to conntrack and nowhere else. */
static void test_icmpv6(void)
{
    struct ofp_header *oh = message_of("icmpv6,orig=(src=fe80::1,dst=fe80::2,id=7,type=128,code=0),"
                                       "reply=(src=fe80::2,dst=fe80::1,id=7,type=129,code=0),zone=4096",
                                       OFPTYPE_PACKET_OUT);
    struct ofputil_packet_out po;
    struct ofpbuf ofpacts;
    struct dp_packet packet;
    struct flow flow;

    ofpbuf_init(&ofpacts, 0);
    CU_ASSERT_EQUAL_FATAL(ofputil_decode_packet_out(&po, oh, NULL, &ofpacts), 0);
    dp_packet_use_const(&packet, po.packet, po.packet_len);
    flow_extract(&packet, &flow);
    CU_ASSERT(flow.nw_proto == IPPROTO_ICMPV6 && ntohs(flow.tp_src) == 128 && !flow.tp_dst);
    CU_ASSERT(flow.ipv6_src.s6_addr[15] == 1 && flow.ipv6_dst.s6_addr[15] == 2);
    const uint8_t *icmp = dp_packet_l4(&packet);
    CU_ASSERT(dp_packet_l4_size(&packet) == 8 && icmp[4] == 0 && icmp[5] == 7);
    uint32_t sum = packet_csum_pseudoheader6(dp_packet_l3(&packet));
    CU_ASSERT_EQUAL(csum_finish(csum_continue(sum, icmp, 8)), 0);

    const struct ofpact_conntrack *ct = (const struct ofpact_conntrack *)po.ofpacts;
    CU_ASSERT(ct->ofpact.type == OFPACT_CT && po.ofpacts_len == (size_t)OFPACT_ALIGN(ct->ofpact.len)); /* Alone. */
    CU_ASSERT(ct->flags == NX_CT_F_COMMIT && ct->zone_imm == 4096 && ct->recirc_table == NX_CT_RECIRC_NONE);
    const struct ofpact_set_field *set = (const struct ofpact_set_field *)ct->actions;
    CU_ASSERT(set->ofpact.type == OFPACT_SET_FIELD && set->field->id == MFF_CT_LABEL);
    CU_ASSERT(set->value->be128.be64.lo == 0 && ofpact_set_field_mask(set)->be128.be64.lo == htonll(1));
    ofpbuf_uninit(&ofpacts);
    free(oh);
}

ZW_TEST_MAIN({"TCP and UDP by their five-tuple", test_ports}, {"ICMP by its id", test_icmp},
             {"protocols without ports", test_others}, {"ICMPv6 without a flush", test_icmpv6})
