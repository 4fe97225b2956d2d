/* SPDX-License-Identifier: Apache-2.0 */
#include <config.h>

#include "ovs-ext/session-end.h"

#include <string.h>

#include "lib/crc32c.h"
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
    struct icmp6_header icmp6;
    ovs_be16 id, seq;
};
_Static_assert(sizeof(struct echo) == 8, "no padding");

static void put_echo(const struct zw_ct_entry *entry, const struct ovs_16aligned_ip6_hdr *ip6, struct ofpbuf *packet)
{
    struct echo echo = {.icmp6 = {.icmp6_type = (uint8_t)entry->key.sport, .icmp6_code = (uint8_t)entry->key.dport},
                        .id = htons(entry->icmp_id)};

    echo.icmp6.icmp6_cksum = csum_finish(csum_continue(packet_csum_pseudoheader6(ip6), &echo, sizeof echo));
    ofpbuf_put(packet, &echo, sizeof echo);
}

/* RFC 9260, 3.3.5, without information.  It changes no state, and the kernel's conntrack takes it with any tag. */
struct heartbeat {
    struct sctp_header sctp;
    uint8_t type, flags;
    ovs_be16 size;
    ovs_be16 info_type, info_size;
};
_Static_assert(sizeof(struct heartbeat) == 20, "no padding");

static void put_heartbeat(const struct zw_packet_key *key, struct ofpbuf *packet)
{
    enum { TYPE = 4, INFO = 1 };
    struct heartbeat beat = {.sctp = {.sctp_src = htons(key->sport), .sctp_dst = htons(key->dport)},
                             .type = TYPE,
                             .size = htons(sizeof beat - sizeof beat.sctp),
                             .info_type = htons(INFO),
                             .info_size = htons(sizeof beat.info_type + sizeof beat.info_size)};

    put_16aligned_be32(&beat.sctp.sctp_vtag, htonl(1));
    put_16aligned_be32(&beat.sctp.sctp_csum, crc32c((const uint8_t *)&beat, sizeof beat));
    ofpbuf_put(packet, &beat, sizeof beat);
}

static size_t l4_size(const struct zw_packet_key *key)
{
    enum { OF_OTHERS = 8 };
    return key->proto == IPPROTO_ICMPV6 ? sizeof(struct echo)
           : key->proto == IPPROTO_SCTP ? sizeof(struct heartbeat)
                                        : OF_OTHERS;
}

static void *put_ip(const struct zw_packet_key *key, struct ofpbuf *packet)
{
    enum { TTL = 64 };
    size_t size = l4_size(key);

    if (key->src.family == ZW_IPV6) {
        struct ovs_16aligned_ip6_hdr *ip6 = ofpbuf_put_zeros(packet, sizeof *ip6);
        put_16aligned_be32(&ip6->ip6_flow, htonl(6u << 28));
        ip6->ip6_plen = htons((uint16_t)size);
        ip6->ip6_nxt = key->proto;
        ip6->ip6_hlim = TTL;
        memcpy(&ip6->ip6_src, key->src.bytes, sizeof ip6->ip6_src);
        memcpy(&ip6->ip6_dst, key->dst.bytes, sizeof ip6->ip6_dst);
        return ip6;
    }
    struct ip_header *ip = ofpbuf_put_zeros(packet, sizeof *ip);
    ip->ip_ihl_ver = IP_IHL_VER(5, 4);
    ip->ip_tot_len = htons((uint16_t)(sizeof *ip + size));
    ip->ip_ttl = TTL;
    ip->ip_proto = key->proto;
    memcpy(&ip->ip_src, key->src.bytes, sizeof ip->ip_src);
    memcpy(&ip->ip_dst, key->dst.bytes, sizeof ip->ip_dst);
    ip->ip_csum = csum(ip, sizeof *ip);
    return ip;
}

/* A packet in the session's original direction.  Of protocols that conntrack knows nothing of, zeroes do. */
static void compose(const struct zw_ct_entry *entry, struct ofpbuf *packet)
{
    const struct zw_packet_key *key = &entry->key;
    struct eth_header *eth = ofpbuf_put_zeros(packet, sizeof *eth);

    eth->eth_type = htons(key->src.family == ZW_IPV6 ? ETH_TYPE_IPV6 : ETH_TYPE_IP);
    const void *ip = put_ip(key, packet);
    if (key->proto == IPPROTO_ICMPV6) {
        put_echo(entry, ip, packet);
    } else if (key->proto == IPPROTO_SCTP) {
        put_heartbeat(key, packet);
    } else {
        ofpbuf_put_zeros(packet, l4_size(key));
    }
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
    enum { MOST = sizeof(struct eth_header) + sizeof(struct ovs_16aligned_ip6_hdr) + sizeof(struct heartbeat) };
    struct ofpbuf ofpacts, packet;

    ofpbuf_init(&packet, MOST); /* Nothing of it moves. */
    compose(entry, &packet);
    ofpbuf_init(&ofpacts, 0);
    put_take_back(&ofpacts, entry->ct_zone);
    struct ofputil_packet_out po = {.packet = packet.data,
                                    .packet_len = packet.size,
                                    .buffer_id = UINT32_MAX,
                                    .ofpacts = ofpacts.data,
                                    .ofpacts_len = ofpacts.size};
    match_init_catchall(&po.flow_metadata);
    match_set_in_port(&po.flow_metadata, OFPP_CONTROLLER);
    struct ofpbuf *msg = ofputil_encode_packet_out(&po, OFPUTIL_P_OF15_OXM);
    ofpbuf_uninit(&ofpacts);
    ofpbuf_uninit(&packet);
    return msg;
}

static uint32_t put(struct zw_outbuf *out, struct ofpbuf *msg)
{
    const struct ofp_header *oh = msg->data;
    uint32_t xid = ntohl(oh->xid);

    ofpmsg_update_length(msg);
    zw_outbuf_put(out, msg->data, msg->size);
    ofpbuf_delete(msg);
    return xid;
}

uint32_t zw_ofp_put_session_end(struct zw_outbuf *out, const struct zw_ct_entry *entry, uint32_t *last_xid)
{
    uint8_t proto = entry->key.proto;
    bool is_flushed = proto == IPPROTO_TCP || proto == IPPROTO_UDP || proto == IPPROTO_ICMP;
    uint32_t xid = put(out, is_flushed ? flush(entry) : take_back(entry));

    *last_xid = is_flushed || proto == IPPROTO_ICMPV6 ? xid : put(out, flush(entry));
    return xid;
}
