/* SPDX-License-Identifier: Apache-2.0 */
#include <config.h>

#include "ovs-ext/session-end.h"

#include <string.h>

#include "lib/csum.h"
#include "lib/dp-packet.h"
#include "openvswitch/match.h"
#include "openvswitch/meta-flow.h"
#include "openvswitch/ofp-actions.h"
#include "openvswitch/ofp-ct.h"
#include "openvswitch/ofp-msgs.h"
#include "openvswitch/ofp-packet.h"
#include "openvswitch/ofpbuf.h"
#include "lib/packets.h"

static struct in6_addr to_in6(const struct zw_addr *addr)
{
    struct in6_addr in6;
    ovs_be32 ip;

    if (addr->family == ZW_IPV4) {
        memcpy(&ip, addr->bytes, sizeof ip);
        return in6_addr_mapped_ipv4(ip);
    }
    memcpy(&in6, addr->bytes, sizeof in6);
    return in6;
}

/* OVS finds an entry with ports (or ICMP) at once.  For one without, of another protocol, it looks through all, and ends
 * all of that protocol between these addresses: there is but one. */
static struct ofpbuf *flush(const struct zw_ct_entry *entry)
{
    const struct zw_packet_key *key = &entry->key;
    uint16_t zone = entry->ct_zone;
    struct ofp_ct_match match = {
        .ip_proto = key->proto,
        .l3_type = key->src.family == ZW_IPV4 ? AF_INET : AF_INET6,
        .tuple_orig = {.src = to_in6(&key->src), .dst = to_in6(&key->dst)},
    };

    if (key->proto == IPPROTO_ICMP) {
        match.tuple_orig.icmp_id = htons(entry->icmp_id);
        match.tuple_orig.icmp_type = (uint8_t)key->sport;
        match.tuple_orig.icmp_code = (uint8_t)key->dport;
    } else {
        match.tuple_orig.src_port = htons(key->sport);
        match.tuple_orig.dst_port = htons(key->dport);
    }
    return ofp_ct_match_encode(&match, &zone, OFP15_VERSION);
}

/* RFC 4443, 4.1, without data. */
struct echo {
    struct eth_header eth;
    struct ovs_16aligned_ip6_hdr ip6;
    struct icmp6_header icmp6;
    ovs_be16 id, seq;
};
_Static_assert(sizeof(struct echo) == 62, "no padding");

static void compose_echo(const struct zw_ct_entry *entry, struct echo *echo)
{
    size_t size = sizeof echo->icmp6 + sizeof echo->id + sizeof echo->seq;

    memset(echo, 0, sizeof *echo);
    echo->eth.eth_type = htons(ETH_TYPE_IPV6);
    put_16aligned_be32(&echo->ip6.ip6_flow, htonl(6u << 28));
    echo->ip6.ip6_plen = htons((uint16_t)size);
    echo->ip6.ip6_nxt = IPPROTO_ICMPV6;
    echo->ip6.ip6_hlim = 64;
    memcpy(&echo->ip6.ip6_src, entry->key.src.bytes, sizeof echo->ip6.ip6_src);
    memcpy(&echo->ip6.ip6_dst, entry->key.dst.bytes, sizeof echo->ip6.ip6_dst);
    echo->icmp6.icmp6_type = (uint8_t)entry->key.sport;
    echo->icmp6.icmp6_code = (uint8_t)entry->key.dport;
    echo->id = htons(entry->icmp_id);
    echo->icmp6.icmp6_cksum = csum_finish(csum_continue(packet_csum_pseudoheader6(&echo->ip6), &echo->icmp6, size));
}

/* ct(commit,zone=ZONE,exec(set_field:0/ALLOWED->ct_label)) */
static void put_take_back(struct ofpbuf *ofpacts, uint16_t zone)
{
    ovs_be128 none = {.be64 = {0}}, allowed = {.be64 = {.lo = htonll(UINT64_C(1) << ZW_LABEL_ALLOWED_FIRST)}};
    struct ofpact_conntrack *ct = ofpact_put_CT(ofpacts);

    ct->flags = NX_CT_F_COMMIT;
    ct->zone_imm = zone;
    ct->recirc_table = NX_CT_RECIRC_NONE;
    ofpact_put_set_field(ofpacts, mf_from_id(MFF_CT_LABEL), &none, &allowed);
    ct = ofpacts->data;
    ofpacts->header = ct;
    ofpact_finish_CT(ofpacts, &ct);
}

static struct ofpbuf *take_back(const struct zw_ct_entry *entry)
{
    struct ofpbuf ofpacts;
    struct echo echo;

    compose_echo(entry, &echo);
    ofpbuf_init(&ofpacts, 0);
    put_take_back(&ofpacts, entry->ct_zone);
    struct ofputil_packet_out po = {.packet = &echo,
                                    .packet_len = sizeof echo,
                                    .buffer_id = UINT32_MAX,
                                    .ofpacts = ofpacts.data,
                                    .ofpacts_len = ofpacts.size};
    match_init_catchall(&po.flow_metadata);
    match_set_in_port(&po.flow_metadata, OFPP_CONTROLLER);
    struct ofpbuf *msg = ofputil_encode_packet_out(&po, OFPUTIL_P_OF15_OXM);
    ofpbuf_uninit(&ofpacts);
    return msg;
}

uint32_t zw_ofp_put_session_end(struct zw_outbuf *out, const struct zw_ct_entry *entry)
{
    struct ofpbuf *msg = entry->key.proto == IPPROTO_ICMPV6 ? take_back(entry) : flush(entry);
    const struct ofp_header *oh = msg->data;
    uint32_t xid = ntohl(oh->xid);

    ofpmsg_update_length(msg);
    zw_outbuf_put(out, msg->data, msg->size);
    ofpbuf_delete(msg);
    return xid;
}
