/* SPDX-License-Identifier: Apache-2.0 */
/* STATE and NEW: a packet of a session that was let in goes on, a new session is judged, the rest is dropped.
 *
 * A label is honoured only between the two zones that the session was let in for, so that an address that moves to
 * another zone does not take its sessions along.  That is two conditions joined by a conjunction (ovs-fields(7)): one
 * that compares the label's source, one its destination.  Two flows for each zone and direction, not one for each pair.
 *
 * A label counts whether conntrack calls the packet new or established: until the first answer, every packet of a
 * session is "new". */

#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>

#include "controller/compile/compile-private.h"

enum { CONJ_ORIGINAL = 1, CONJ_REPLY = 2, CONJ_SECOND_SYN = 3 };

#define RELATED_OTHERS (ZW_PRIO_EXACT - 10)

static void allowed_label(struct zw_flow *flow)
{
    zw_match_label_bits(flow, ZW_LABEL_ALLOWED_FIRST, ZW_LABEL_ALLOWED_BITS, 1);
}

struct direction {
    uint32_t conj;
    uint16_t priority;
    uint8_t n_clauses;
    uint32_t ct_state_set, ct_state_clear; /* Besides tracked; besides invalid and related. */
    enum zw_reg opener, other;             /* Where the zones are that the label calls source and destination. */
};

static struct zw_flow *clause(const struct direction *d, unsigned int number, uint64_t cookie)
{
    struct zw_flow *flow = zw_flow_new(ZW_STAGE_STATE, d->priority, cookie);

    zw_match_ct_state(flow, ZW_CT_TRACKED | d->ct_state_set, ZW_CT_INVALID | ZW_CT_RELATED | d->ct_state_clear);
    allowed_label(flow);
    zw_act_conjunction(flow, d->conj, number, d->n_clauses);
    return flow;
}

/* The label's zone at 'label_first' is the zone in 'reg', and it is 'zone'. */
static void zone_clause(struct zw_compiler *c, const struct direction *d, unsigned int number, unsigned int label_first,
                        enum zw_reg reg, const struct zw_zone *zone)
{
    struct zw_flow *flow = clause(d, number, zw_cookie(ZW_COOKIE_ZONE, zone->id));

    zw_match_label_bits(flow, label_first, 32, zone->id);
    zw_match_reg(flow, reg, zone->id);
    zw_emit(c, flow);
}

static void zone_clauses(struct zw_compiler *c, const struct direction *d)
{
    for (size_t i = 0; i < c->policy->n_zones; i++) {
        zone_clause(c, d, 0, ZW_LABEL_SRC_ZONE_FIRST, d->opener, c->policy->zones[i]);
        zone_clause(c, d, 1, ZW_LABEL_DST_ZONE_FIRST, d->other, c->policy->zones[i]);
    }
}

static void sessions(struct zw_compiler *c)
{
    static const struct direction directions[] = {{.conj = CONJ_ORIGINAL,
                                                   .priority = ZW_PRIO_EXACT,
                                                   .n_clauses = 2,
                                                   .ct_state_clear = ZW_CT_REPLY,
                                                   .opener = ZW_REG_SRC_ZONE,
                                                   .other = ZW_REG_DST_ZONE},
                                                  {.conj = CONJ_REPLY,
                                                   .priority = ZW_PRIO_EXACT,
                                                   .n_clauses = 2,
                                                   .ct_state_set = ZW_CT_REPLY,
                                                   .opener = ZW_REG_DST_ZONE,
                                                   .other = ZW_REG_SRC_ZONE}};
    for (size_t i = 0; i < 2; i++) {
        struct zw_flow *flow = zw_static_flow(ZW_STAGE_STATE, directions[i].priority);

        zw_match_conj_id(flow, directions[i].conj);
        zw_act_goto(flow, ZW_STAGE_OUTPUT);
        zw_emit(c, flow);
        zone_clauses(c, &directions[i]);
    }
}

/* Of a session that both ends begin (RFC 9293, 3.5) the second SYN is an answer to the kernel's conntrack.  To the userspace
 * datapath's it is new, though it has the first one's entry, and nothing comes of it.  It must not put its own label on that entry;
 * and it does not pass, for nothing says that it comes from the other end, and is not the first one's own from other zones. */
static void second_syn(struct zw_compiler *c)
{
    static const enum zw_family families[] = {ZW_IPV4, ZW_IPV6};
    static const struct direction direction = {.conj = CONJ_SECOND_SYN,
                                               .priority = ZW_PRIO_EXACT - 1,
                                               .n_clauses = 3,
                                               .ct_state_set = ZW_CT_NEW,
                                               .ct_state_clear = ZW_CT_REPLY,
                                               .opener = ZW_REG_DST_ZONE,
                                               .other = ZW_REG_SRC_ZONE};
    struct zw_flow *flow = zw_drop_flow(ZW_STAGE_STATE, direction.priority, ZW_DROP_OTHER_ZONES, NULL);

    zw_match_conj_id(flow, direction.conj);
    zw_match_reg(flow, ZW_REG_ZONES, c->policy->zones_digest); /* Else it starts again, as all that does. */
    zw_emit(c, flow);
    zone_clauses(c, &direction);
    for (size_t i = 0; i < 2; i++) {
        flow = clause(&direction, 2, zw_cookie(ZW_COOKIE_STATIC, 0));
        zw_match_ip_proto(flow, families[i], IPPROTO_TCP);
        zw_match_bare_syn(flow);
        zw_emit(c, flow);
    }
}

/* Conntrack takes a redirect for an error; it tells a host where to send, and nobody that something went wrong.  One of IPv6 gets here
 * in fragments only, see hidden_discovery(). */
static void no_redirect(struct zw_compiler *c, enum zw_family family, uint8_t proto, uint8_t type)
{
    struct zw_flow *flow = zw_drop_flow(ZW_STAGE_STATE, ZW_PRIO_EXACT + 3, ZW_DROP_RELATED, NULL);

    zw_match_ct_state(flow, ZW_CT_TRACKED | ZW_CT_RELATED, 0);
    zw_match_ip_proto(flow, family, proto);
    zw_match_icmp(flow, type, -1);
    zw_emit(c, flow);
}

/* An ICMP error about a session may come from a router anywhere, but goes to one of the session's ends. */
static void related(struct zw_compiler *c)
{
    static const unsigned int ends[] = {ZW_LABEL_SRC_ZONE_FIRST, ZW_LABEL_DST_ZONE_FIRST};

    for (size_t i = 0; i < c->policy->n_zones; i++) {
        for (size_t end = 0; end < 2; end++) {
            const struct zw_zone *zone = c->policy->zones[i];
            struct zw_flow *flow =
                zw_flow_new(ZW_STAGE_STATE, ZW_PRIO_EXACT + 1 + (uint16_t)end, zw_cookie(ZW_COOKIE_ZONE, zone->id));

            zw_match_ct_state(flow, ZW_CT_TRACKED | ZW_CT_RELATED, ZW_CT_INVALID);
            allowed_label(flow);
            zw_match_label_bits(flow, ends[end], 32, zone->id);
            zw_match_reg(flow, ZW_REG_DST_ZONE, zone->id);
            zw_act_goto(flow, ZW_STAGE_OUTPUT);
            zw_emit(c, flow);
        }
    }
    struct zw_flow *flow = zw_drop_flow(ZW_STAGE_STATE, RELATED_OTHERS, ZW_DROP_RELATED, NULL);
    zw_match_ct_state(flow, ZW_CT_TRACKED | ZW_CT_RELATED, 0);
    zw_match_reg(flow, ZW_REG_ZONES, c->policy->zones_digest);
    zw_emit(c, flow);

    no_redirect(c, ZW_IPV4, IPPROTO_ICMP, ICMP_REDIRECT);
    no_redirect(c, ZW_IPV6, IPPROTO_ICMPV6, ND_REDIRECT);
}

/* The rules judge it.  They find protocol and port in a register (ZW_SERVICE_FIELDS), which is filled here: ct() has put
 * fragments together. */
static void judge_service(struct zw_compiler *c, struct zw_flow *flow, enum zw_family family, uint8_t proto)
{
    zw_match_ip_proto(flow, family, proto);
    zw_act_read_service(flow, proto);
    zw_act_goto(flow, ZW_STAGE_NEW);
    zw_emit(c, flow);
}

/* What has no ports. */
static void judge_proto(struct zw_compiler *c, struct zw_flow *flow, enum zw_family family)
{
    zw_match_family(flow, family);
    zw_act_read_proto(flow);
    zw_act_goto(flow, ZW_STAGE_NEW);
    zw_emit(c, flow);
}

static struct zw_flow *new_flow(uint16_t priority)
{
    struct zw_flow *flow = zw_static_flow(ZW_STAGE_STATE, priority);

    zw_match_ct_state(flow, ZW_CT_TRACKED | ZW_CT_NEW, ZW_CT_INVALID);
    return flow;
}

static void open_by(struct zw_compiler *c, enum zw_family family, void (*match_flags)(struct zw_flow *))
{
    struct zw_flow *flow = new_flow(ZW_PRIO_MATCH);

    zw_match_ip_proto(flow, family, IPPROTO_TCP);
    match_flags(flow);
    judge_service(c, flow, family, IPPROTO_TCP);
}

static struct zw_flow *drop_stateless(enum zw_family family, uint8_t proto)
{
    struct zw_flow *flow = zw_drop_flow(ZW_STAGE_STATE, ZW_PRIO_BLOCK + 3, ZW_DROP_INVALID, NULL);

    zw_match_ct_state(flow, ZW_CT_TRACKED | ZW_CT_INVALID, 0);
    zw_match_flags(flow, ZW_FLAG_STATELESS_MASK, ZW_FLAG_STATELESS_MASK);
    zw_match_ip_proto(flow, family, proto);
    return flow;
}

/* What IP's length cuts short has port 0 and type 0 for OVS, and may be all there for a receiver that does not look at that
 * length, as clients of DHCP do that read raw frames. */
static void cut_short(struct zw_compiler *c, enum zw_family family)
{
    struct zw_flow *flow = drop_stateless(family, family == ZW_IPV4 ? IPPROTO_ICMP : IPPROTO_ICMPV6);

    zw_match_icmp(flow, 0, 0);
    zw_emit(c, flow);
    zw_emit(c, drop_stateless(family, IPPROTO_UDP));
    zw_emit(c, drop_stateless(family, IPPROTO_SCTP));
}

/* The userspace datapath gives up fragments that it waits in vain for the rest of.  It sends them on with whatever goes through
 * conntrack next, as if they were that, and says of them that they are invalid and not that they are tracked. */
static void given_up(struct zw_compiler *c, enum zw_family family)
{
    struct zw_flow *flow = zw_drop_flow(ZW_STAGE_STATE, ZW_PRIO_BLOCK + 6, ZW_DROP_FRAGMENT, NULL);

    zw_match_ct_state(flow, 0, ZW_CT_TRACKED);
    zw_match_family(flow, family);
    zw_match_fragment(flow);
    zw_emit(c, flow);
}

static struct zw_flow *drop_hidden(uint16_t priority, enum zw_drop drop, uint8_t proto, uint32_t flags)
{
    struct zw_flow *flow = zw_drop_flow(ZW_STAGE_STATE, priority, drop, NULL);

    zw_match_ip_proto(flow, ZW_IPV6, proto);
    zw_match_flags(flow, flags, flags);
    return flow;
}

/* On the kernel's datapath BINDING does not see these in fragments that the kernel cannot tell from others; ct() puts them together
 * (tests/system/two-readers.sh).  What came whole ends in BINDING or, true neighbour discovery, goes past here. */
static void hidden_servers(struct zw_compiler *c)
{
    struct zw_flow *flow = drop_hidden(ZW_PRIO_BLOCK + 5, ZW_DROP_DHCP_SERVER, IPPROTO_UDP, ZW_FLAG_NO_SERVER_MASK);

    zw_match_l4_dst(flow, ZW_DHCPV6_CLIENT_PORT, UINT16_MAX);
    zw_emit(c, flow);
    flow = drop_hidden(ZW_PRIO_BLOCK + 4, ZW_DROP_DHCP_SERVER, IPPROTO_UDP, ZW_FLAG_NO_SERVER_MASK);
    zw_match_l4_src(flow, ZW_DHCPV6_SERVER_PORT, UINT16_MAX);
    zw_emit(c, flow);
}

/* The same of discovery to groups.  To one receiver conntrack calls it invalid, or a redirect related. */
static void hidden_discovery(struct zw_compiler *c)
{
    static const uint8_t of_routers[] = {ND_ROUTER_ADVERT, ND_REDIRECT};
    static const uint8_t of_neighbours[] = {ND_NEIGHBOR_SOLICIT, ND_NEIGHBOR_ADVERT};

    for (size_t i = 0; i < 2; i++) {
        struct zw_flow *flow = drop_hidden(ZW_PRIO_BLOCK + 4, ZW_DROP_ROUTER, IPPROTO_ICMPV6,
                                           ZW_FLAG_NO_ROUTER_MASK | ZW_FLAG_STATELESS_MASK);
        zw_match_icmp(flow, of_routers[i], -1);
        zw_emit(c, flow);

        flow = drop_hidden(ZW_PRIO_BLOCK + 4, ZW_DROP_ND_FRAGMENT, IPPROTO_ICMPV6, ZW_FLAG_STATELESS_MASK);
        zw_match_hop_limit(flow, 255);
        zw_match_icmp(flow, of_neighbours[i], 0);
        zw_emit(c, flow);
    }
}

/* ct() takes off one layer of fragments only.  The kernel calls protocol 59, "no next header", what has no end to its chain of
 * headers, a fragment within a fragment, too; so none of that goes on to groups.  To one receiver it is invalid. */
static void hidden_chain(struct zw_compiler *c)
{
    static const uint8_t protos[] = {IPPROTO_HOPOPTS /* vswitchd's word for it. */, IPPROTO_NONE};

    for (size_t i = 0; i < sizeof protos; i++) {
        zw_emit(c, drop_hidden(ZW_PRIO_BLOCK + 4, ZW_DROP_IP_UNREADABLE, protos[i], ZW_FLAG_STATELESS_MASK));
    }
}

/* A packet to several receivers is no part of a session, whatever conntrack says of it, unless it is broken. */
static void stateless(struct zw_compiler *c, enum zw_family family)
{
    static const uint8_t with_ports[] = {IPPROTO_UDP, IPPROTO_SCTP}; /* TCP ended in CONNTRACK. */

    for (size_t i = 0; i <= sizeof with_ports; i++) {
        struct zw_flow *flow = zw_static_flow(ZW_STAGE_STATE, ZW_PRIO_BLOCK + (i < sizeof with_ports ? 2 : 1));

        zw_match_flags(flow, ZW_FLAG_STATELESS_MASK, ZW_FLAG_STATELESS_MASK);
        if (i < sizeof with_ports) {
            judge_service(c, flow, family, with_ports[i]);
        } else {
            judge_proto(c, flow, family);
        }
    }
}

static void new_session(struct zw_compiler *c, enum zw_family family)
{
    open_by(c, family, zw_match_bare_syn);
    if (c->policy->pickup == ZW_PICKUP_LOOSE) {
        open_by(c, family, zw_match_mid_stream);
    }
    struct zw_flow *flow = zw_drop_flow(ZW_STAGE_STATE, ZW_PRIO_MATCH - 1, ZW_DROP_NOT_SYN, NULL);
    zw_match_ct_state(flow, ZW_CT_TRACKED | ZW_CT_NEW, ZW_CT_INVALID);
    zw_match_ip_proto(flow, family, IPPROTO_TCP);
    zw_emit(c, flow);
    judge_service(c, new_flow(ZW_PRIO_MATCH), family, IPPROTO_UDP);
    judge_service(c, new_flow(ZW_PRIO_MATCH), family, IPPROTO_SCTP);
    judge_proto(c, new_flow(ZW_PRIO_WIDE), family);
}

/* A session that was taken back without leaving conntrack (ovs-ext/session-end.h: ICMPv6) is judged again, until it is
 * let in again. */
static void taken_back(struct zw_compiler *c)
{
    struct zw_flow *flow = zw_static_flow(ZW_STAGE_STATE, ZW_PRIO_WIDE + 1);

    zw_match_ct_state(flow, ZW_CT_TRACKED, ZW_CT_INVALID | ZW_CT_RELATED | ZW_CT_REPLY);
    zw_match_ip_proto(flow, ZW_IPV6, IPPROTO_ICMPV6);
    zw_match_label_bits(flow, ZW_LABEL_ALLOWED_FIRST, ZW_LABEL_ALLOWED_BITS, 0);
    judge_proto(c, flow, ZW_IPV6);
}

static struct zw_flow *no_session_by_other_zones(void)
{
    return zw_static_flow(ZW_STAGE_STATE, ZW_PRIO_ELSE + 1);
}

void zw_compile_state(struct zw_compiler *c)
{
    struct zw_flow *flow = zw_drop_flow(ZW_STAGE_STATE, ZW_PRIO_BLOCK, ZW_DROP_INVALID, NULL);
    zw_match_ct_state(flow, ZW_CT_TRACKED | ZW_CT_INVALID, 0);
    zw_emit(c, flow);

    sessions(c);
    second_syn(c);
    related(c);
    given_up(c, ZW_IPV4);
    given_up(c, ZW_IPV6);
    hidden_servers(c);
    hidden_discovery(c);
    hidden_chain(c);
    cut_short(c, ZW_IPV4);
    cut_short(c, ZW_IPV6);
    stateless(c, ZW_IPV4);
    stateless(c, ZW_IPV6);
    new_session(c, ZW_IPV4);
    new_session(c, ZW_IPV6);
    taken_back(c);
    /* By zones of now, for the label may be, too; see zw_compile_new(). */
    flow = zw_drop_flow(ZW_STAGE_STATE, ZW_PRIO_ELSE + 2, ZW_DROP_OTHER_ZONES, NULL);
    zw_match_reg(flow, ZW_REG_ZONES, c->policy->zones_digest);
    zw_emit(c, flow);
    zw_compile_again(c, no_session_by_other_zones);
    zw_emit_drop(c, ZW_STAGE_STATE, ZW_DROP_ZONES_CHANGED);
}

/* The userspace datapath puts a packet together for conntrack and then sends its fragments on one by one.  They show port 0
 * and type 0, which is no ground for a verdict: a session does not begin with a fragment.  (Fragments of a session have
 * its label and do not come here.) */
static void new_fragment(struct zw_compiler *c, enum zw_family family)
{
    struct zw_flow *flow = zw_drop_flow(ZW_STAGE_NEW, ZW_PRIO_BLOCK, ZW_DROP_FRAGMENT, NULL);

    zw_match_family(flow, family);
    zw_match_fragment(flow);
    zw_emit(c, flow);
}

/* Destinations that no host has (RFC 1122, 3.2.1.3; RFC 6890; RFC 4291, 2.5).  They are looked at here, and not in GUARD,
 * because only what is new needs it: nobody can answer from there. */
static void reserved_destinations(struct zw_compiler *c)
{
    static const char *const texts[] = {"0.0.0.0/8", "127.0.0.0/8", "240.0.0.0/4", "::/16"};

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct zw_flow *flow = zw_drop_flow(ZW_STAGE_NEW, ZW_PRIO_MATCH, ZW_DROP_RESERVED_DESTINATION, NULL);
        struct zw_prefix prefix;

        zw_prefix_parse(texts[i], &prefix);
        zw_match_ip_dst(flow, &prefix);
        zw_match_reg(flow, ZW_REG_ZONES, c->policy->zones_digest); /* Else it starts again, as all that does. */
        zw_emit(c, flow);
    }
}

/* The flows that carry the policy version: a new version that changes nothing else changes these four. */
static void with_version(struct zw_compiler *c, struct zw_flow *flow, enum zw_stage next)
{
    zw_act_set_reg(flow, ZW_REG_VERSION, c->policy->version);
    zw_act_goto(flow, next);
    zw_emit(c, flow);
}

/* CONNTRACK found a rule for its EtherType. */
static void judged(struct zw_compiler *c, enum zw_flag_verdict verdict)
{
    struct zw_flow *flow = zw_static_flow(ZW_STAGE_NEW, ZW_PRIO_WIDE);

    zw_match_flags(flow, (uint32_t)verdict << ZW_FLAG_VERDICT_FIRST, ZW_FLAG_VERDICT_MASK);
    with_version(c, flow, ZW_STAGE_VERDICT);
}

/* Zones are looked up before ct() and rules behind it.  When a policy with other zones comes into force, what is between the
 * two, and what the datapath's cache still sends here by the old zones until it follows, would be judged by the zones of one
 * policy and the rules of another.  It starts again at CLASSIFY instead (again.c): what both policies allow is not to notice
 * the change. */
static void behind_ct(struct zw_compiler *c, struct zw_flow *flow)
{
    zw_match_reg(flow, ZW_REG_ZONES, c->policy->zones_digest);
    with_version(c, flow, ZW_STAGE_POLICY);
}

static struct zw_flow *by_other_zones(void)
{
    return zw_static_flow(ZW_STAGE_NEW, ZW_PRIO_ELSE + 1);
}

void zw_compile_new(struct zw_compiler *c)
{
    struct zw_prefix broadcast;

    new_fragment(c, ZW_IPV4);
    new_fragment(c, ZW_IPV6);
    zw_compile_land(c);
    reserved_destinations(c);

    struct zw_flow *flow = zw_static_flow(ZW_STAGE_NEW, ZW_PRIO_MATCH + 1);
    zw_prefix_parse("255.255.255.255", &broadcast);
    zw_match_ip_dst(flow, &broadcast);
    behind_ct(c, flow);
    judged(c, ZW_FLAG_ALLOW);
    judged(c, ZW_FLAG_DENY);
    behind_ct(c, zw_static_flow(ZW_STAGE_NEW, ZW_PRIO_ELSE + 2));
    zw_compile_again(c, by_other_zones);
    zw_emit_drop(c, ZW_STAGE_NEW, ZW_DROP_ZONES_CHANGED);
}
