/* SPDX-License-Identifier: Apache-2.0 */
/* The messages that end sessions, as a switch reads them. */

#include <config.h>

#include "ovs-ext/session-end.h"

#include <stdlib.h>
#include <string.h>

#include "lib/crc32c.h"
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

/* Message 'i' of the 'n' that end the session.  Caller frees. */
static struct ofp_header *message_of(const char *line, unsigned int i, unsigned int n, enum ofptype expected)
{
    struct zw_outbuf out = ZW_OUTBUF_INIT;
    struct zw_ct_entry entry = entry_of(line);
    uint32_t last, first = zw_ofp_put_session_end(&out, &entry, &last);
    struct ofp_header *found = NULL;
    unsigned int n_found = 0;
    enum ofptype type;

    CU_ASSERT_EQUAL(last - first, n - 1);
    for (size_t at = 0; at < out.size;) {
        const uint8_t *start = (const uint8_t *)out.data + at;
        struct ofp_header oh;
        memcpy(&oh, start, sizeof oh);
        CU_ASSERT_EQUAL(ntohl(oh.xid), first + n_found);
        at += ntohs(oh.length);
        CU_ASSERT_FATAL(at <= out.size && ntohs(oh.length) >= sizeof oh);
        if (n_found++ == i) {
            found = xmemdup(start, ntohs(oh.length));
        }
    }
    CU_ASSERT_EQUAL(n_found, n);
    CU_ASSERT_PTR_NOT_NULL_FATAL(found);
    CU_ASSERT_EQUAL(ofptype_decode(&type, found), 0);
    CU_ASSERT_EQUAL(type, expected);
    zw_outbuf_free(&out);
    return found;
}

/* The last of 'n' is a flush. */
static struct ofp_ct_match flush_of(const char *line, unsigned int n, uint16_t expected_zone)
{
    struct ofp_header *oh = message_of(line, n - 1, n, OFPTYPE_CT_FLUSH);
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
                 1, 4106);

    CU_ASSERT(m.ip_proto == IPPROTO_TCP && m.l3_type == AF_INET);
    CU_ASSERT_EQUAL(ntohl(in6_addr_get_mapped_ipv4(&m.tuple_orig.src)), 0x0a010101);
    CU_ASSERT_EQUAL(ntohl(in6_addr_get_mapped_ipv4(&m.tuple_orig.dst)), 0x0a010102);
    CU_ASSERT(ntohs(m.tuple_orig.src_port) == 34239 && ntohs(m.tuple_orig.dst_port) == 80);
    CU_ASSERT(ofp_ct_tuple_is_five_tuple(&m.tuple_orig, m.ip_proto)); /* Nothing else can be meant. */

    m = flush_of("udp,orig=(src=2001:db8::1,dst=2001:db8::2,sport=5353,dport=53),"
                 "reply=(src=2001:db8::2,dst=2001:db8::1,sport=53,dport=5353),zone=1",
                 1, 1);
    CU_ASSERT(m.ip_proto == IPPROTO_UDP && m.l3_type == AF_INET6);
    CU_ASSERT(m.tuple_orig.src.s6_addr[15] == 1 && m.tuple_orig.dst.s6_addr[15] == 2);
    CU_ASSERT(ntohs(m.tuple_orig.src_port) == 5353 && ntohs(m.tuple_orig.dst_port) == 53);
}

static void test_icmp(void)
{
    struct ofp_ct_match m = flush_of("icmp,orig=(src=10.1.1.1,dst=10.1.1.2,id=44673,type=8,code=0),"
                                     "reply=(src=10.1.1.2,dst=10.1.1.1,id=44673,type=0,code=0),zone=65535",
                                     1, 65535);

    CU_ASSERT_EQUAL(m.ip_proto, IPPROTO_ICMP);
    CU_ASSERT(ntohs(m.tuple_orig.icmp_id) == 44673 && m.tuple_orig.icmp_type == 8 && m.tuple_orig.icmp_code == 0);
}

/* Packets that are sent to conntrack and nowhere else. */
struct taken_back {
    struct ofp_header *oh;
    struct ofpbuf ofpacts;
    struct dp_packet packet;
    struct flow flow;
};

static void take_back_of(const char *line, unsigned int n, uint16_t expected_zone, struct taken_back *t)
{
    struct ofputil_packet_out po;

    t->oh = message_of(line, 0, n, OFPTYPE_PACKET_OUT);
    ofpbuf_init(&t->ofpacts, 0);
    CU_ASSERT_EQUAL_FATAL(ofputil_decode_packet_out(&po, t->oh, NULL, &t->ofpacts), 0);
    dp_packet_use_const(&t->packet, po.packet, po.packet_len);
    flow_extract(&t->packet, &t->flow);

    const struct ofpact_conntrack *ct = (const struct ofpact_conntrack *)po.ofpacts;
    CU_ASSERT(ct->ofpact.type == OFPACT_CT && po.ofpacts_len == (size_t)OFPACT_ALIGN(ct->ofpact.len)); /* Alone. */
    CU_ASSERT(ct->flags == NX_CT_F_COMMIT && ct->zone_imm == expected_zone && ct->recirc_table == NX_CT_RECIRC_NONE);
    const struct ofpact_set_field *set = (const struct ofpact_set_field *)ct->actions;
    CU_ASSERT(set->ofpact.type == OFPACT_SET_FIELD && set->field->id == MFF_CT_LABEL);
    CU_ASSERT(set->value->be128.be64.lo == 0 && ofpact_set_field_mask(set)->be128.be64.lo == htonll(1));
}

static void taken_back_free(struct taken_back *t)
{
    ofpbuf_uninit(&t->ofpacts);
    free(t->oh);
}

/* Not by the flush alone: the kernel's datapath does nothing on it. */
static void test_others(void)
{
    const char *gre = "47,orig=(src=10.1.1.1,dst=10.1.1.2,sport=0,dport=0),"
                      "reply=(src=10.1.1.2,dst=10.1.1.1,sport=0,dport=0),zone=5";
    const char *ospf = "89,orig=(src=fe80::1,dst=fe80::2,sport=0,dport=0),"
                       "reply=(src=fe80::2,dst=fe80::1,sport=0,dport=0),zone=6";
    struct taken_back t;

    struct ofp_ct_match m = flush_of(gre, 2, 5);
    CU_ASSERT_EQUAL(m.ip_proto, 47);
    CU_ASSERT_EQUAL(ntohl(in6_addr_get_mapped_ipv4(&m.tuple_orig.dst)), 0x0a010102);
    take_back_of(gre, 2, 5, &t);
    CU_ASSERT(t.flow.dl_type == htons(ETH_TYPE_IP) && t.flow.nw_proto == 47 && t.flow.nw_ttl == 64);
    CU_ASSERT(ntohl(t.flow.nw_src) == 0x0a010101 && ntohl(t.flow.nw_dst) == 0x0a010102);
    CU_ASSERT_EQUAL(csum(dp_packet_l3(&t.packet), sizeof(struct ip_header)), 0);
    taken_back_free(&t);

    take_back_of(ospf, 2, 6, &t);
    CU_ASSERT(t.flow.dl_type == htons(ETH_TYPE_IPV6) && t.flow.nw_proto == 89);
    CU_ASSERT(t.flow.ipv6_src.s6_addr[15] == 1 && t.flow.ipv6_dst.s6_addr[15] == 2);
    taken_back_free(&t);
}

static void test_sctp(void)
{
    struct taken_back t;

    take_back_of("sctp,orig=(src=10.1.1.1,dst=10.1.1.2,sport=1000,dport=36412),"
                 "reply=(src=10.1.1.2,dst=10.1.1.1,sport=36412,dport=1000),zone=5,protoinfo=(state=ESTABLISHED)",
                 2, 5, &t);
    CU_ASSERT(t.flow.nw_proto == IPPROTO_SCTP && ntohs(t.flow.tp_src) == 1000 && ntohs(t.flow.tp_dst) == 36412);

    uint8_t *sctp = xmemdup(dp_packet_l4(&t.packet), dp_packet_l4_size(&t.packet));
    ovs_be32 said;
    CU_ASSERT_EQUAL_FATAL(dp_packet_l4_size(&t.packet), 20);
    CU_ASSERT(sctp[12] == 4 && sctp[14] == 0 && sctp[15] == 8); /* A chunk that fills the packet. */
    memcpy(&said, sctp + 8, sizeof said);
    memset(sctp + 8, 0, sizeof said);
    CU_ASSERT_EQUAL(crc32c(sctp, 20), said);
    free(sctp);
    taken_back_free(&t);
}

/* Never a flush: OVS 3.1 dies of it.  A request of the session, whole and right. */
static void test_icmpv6(void)
{
    struct taken_back t;

    take_back_of("icmpv6,orig=(src=fe80::1,dst=fe80::2,id=7,type=128,code=0),"
                 "reply=(src=fe80::2,dst=fe80::1,id=7,type=129,code=0),zone=4096",
                 1, 4096, &t);
    CU_ASSERT(t.flow.nw_proto == IPPROTO_ICMPV6 && ntohs(t.flow.tp_src) == 128 && !t.flow.tp_dst);
    CU_ASSERT(t.flow.ipv6_src.s6_addr[15] == 1 && t.flow.ipv6_dst.s6_addr[15] == 2);
    const uint8_t *icmp = dp_packet_l4(&t.packet);
    CU_ASSERT(dp_packet_l4_size(&t.packet) == 8 && icmp[4] == 0 && icmp[5] == 7);
    uint32_t sum = packet_csum_pseudoheader6(dp_packet_l3(&t.packet));
    CU_ASSERT_EQUAL(csum_finish(csum_continue(sum, icmp, 8)), 0);
    taken_back_free(&t);
}

ZW_TEST_MAIN({"TCP and UDP by their five-tuple", test_ports}, {"ICMP by its id", test_icmp},
             {"protocols without ports", test_others}, {"SCTP", test_sctp}, {"ICMPv6 without a flush", test_icmpv6})
