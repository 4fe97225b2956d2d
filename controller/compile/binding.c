/* SPDX-License-Identifier: Apache-2.0 */
/* BINDING: a port sends as itself and as nobody else, if its zone has a guard.
 *
 * Several things must all be so: Ethernet source, hardware addresses in ARP and neighbour discovery, their protocol
 * addresses, IP source.  A flow for each combination would multiply; so a packet comes here several times, and
 * ZW_FLAG_BOUND says how far it has come.  Each step is for one port and one zone: where a port is in different zones by
 * VLAN, each has its own guard.  Numbers of flows and masks: doc/pipeline.md.
 *
 * OVS decides by what it has read itself, as far as IP's length goes; the entry that it makes in the kernel's datapath is for what the
 * kernel has read, and that is all of the frame.  So where the two may differ a packet is dropped, harmless as it may be: else the
 * entry that it leaves would let the next one pass, which is not (tests/system/two-readers.sh).
 *
 * RFC 826 (ARP), 5227 (its probes), 4861 and 4862 (neighbour discovery), 6105 (RA guard), 7610 (DHCPv6 shield), 7513. */

#include <limits.h>
#include <netinet/icmp6.h>
#include <netinet/ip_icmp.h>
#include <string.h>

#include "controller/compile/compile-private.h"

#define ETH_TYPE_ARP 0x0806
#define DHCP_SERVER_PORT 67
#define DHCP_CLIENT_PORT 68

/* What solicitations and advertisements fill of a frame: Ethernet (14 bytes), IPv6 (40) and the target (24), or one option (8) more. */
#define DISCOVERY_BYTES 78
#define WITH_OPTION_BYTES 86

enum step {
    ETHERNET, /* The Ethernet source. */
    CONTENTS, /* What a VM is not to be, and hardware addresses within. */
    TARGET,   /* Who ARP says the sender is; what a neighbour advertisement is about. */
    SOURCE,   /* The IP source. */
};

#define ANY_SEGMENT UINT_MAX

static const struct zw_mac no_mac;
static const struct zw_addr unspecified[] = {{.family = ZW_IPV4}, {.family = ZW_IPV6}};

static struct zw_prefix host(const struct zw_addr *addr)
{
    return (struct zw_prefix){.addr = *addr, .n_bits = (uint8_t)zw_family_bits(addr->family)};
}

static void match_step(struct zw_flow *flow, enum step step)
{
    zw_match_flags(flow, (uint32_t)step << ZW_FLAG_BOUND_FIRST, ZW_FLAG_BOUND_MASK);
}

static struct zw_flow *at(const struct zw_bound *bound, enum step step, uint16_t priority)
{
    struct zw_flow *flow = zw_port_flow(ZW_STAGE_BINDING, priority, bound->port);

    zw_match_in_port(flow, bound->port->ofport);
    zw_match_reg(flow, ZW_REG_SRC_ZONE, bound->zone->id);
    match_step(flow, step);
    return flow;
}

static struct zw_flow *drop_at(const struct zw_bound *bound, enum step step, uint16_t priority, enum zw_drop drop)
{
    struct zw_flow *flow = zw_drop_flow(ZW_STAGE_BINDING, priority, drop, bound->port);

    zw_match_in_port(flow, bound->port->ofport);
    zw_match_reg(flow, ZW_REG_SRC_ZONE, bound->zone->id);
    match_step(flow, step);
    return flow;
}

static void pass(struct zw_compiler *c, struct zw_flow *flow)
{
    zw_act_goto(flow, ZW_STAGE_SOURCE);
    zw_emit(c, flow);
}

static void next(struct zw_compiler *c, struct zw_flow *flow, enum step step)
{
    zw_act_set_flags(flow, (uint32_t)step << ZW_FLAG_BOUND_FIRST, ZW_FLAG_BOUND_MASK);
    zw_act_goto(flow, ZW_STAGE_BINDING);
    zw_emit(c, flow);
}

/* The guard ties the port to addresses, and it may not speak for others: there is one host behind it. */
static bool is_of_host(const struct zw_guard *guard)
{
    return guard->ip && !guard->allows_dhcp_server;
}

/* 'guard' NULL: there is none. */
static uint32_t meter_of(const struct zw_port *port, const struct zw_guard *guard)
{
    return (guard && is_of_host(guard) ? ZW_LEARN_HOST_METER : ZW_LEARN_MANY_METER) | port->ofport;
}

/* Sends up a copy of what says who has an address (controller/daemon/learning.h). */
static void tell(struct zw_flow *flow, const struct zw_port *port, const struct zw_guard *guard)
{
    zw_act_punt(flow, ZW_PUNT_LEARN, false, meter_of(port, guard));
}

static void tell_bound(struct zw_flow *flow, const struct zw_bound *bound)
{
    tell(flow, bound->port, &bound->zone->guard);
}

/* The same, and what is too much to be told does not go on either: others answer to it, and would be beyond their rates. */
static void tell_or_drop(struct zw_flow *flow, const struct zw_bound *bound)
{
    zw_act_meter(flow, meter_of(bound->port, &bound->zone->guard));
    zw_act_punt(flow, ZW_PUNT_LEARN, false, 0);
}

/* On to 'step', or out if the guard does not look at IP addresses. */
static void next_if_ip(struct zw_compiler *c, const struct zw_bound *bound, struct zw_flow *flow, enum step step)
{
    if (bound->zone->guard.ip) {
        next(c, flow, step);
    } else {
        pass(c, flow);
    }
}

static struct zw_flow *discovery(struct zw_flow *flow, uint8_t type, int code)
{
    zw_match_ip_proto(flow, ZW_IPV6, IPPROTO_ICMPV6);
    zw_match_icmp(flow, type, code);
    return flow;
}

/* On to 'step', if it fills no more of the frame: what the frame has behind it would be options to the kernel. */
static void next_in_frame(struct zw_compiler *c, struct zw_flow *flow, enum step step, uint16_t n_bytes)
{
    zw_act_measure(flow, n_bytes);
    next(c, flow, step);
}

static void match_long(struct zw_flow *flow, const struct zw_bound *bound, enum zw_family family,
                       enum zw_flag_long value)
{
    zw_match_family(flow, family);
    zw_match_in_port(flow, bound->port->ofport);
    zw_match_reg(flow, ZW_REG_SRC_ZONE, bound->zone->id);
    zw_match_flags(flow, (uint32_t)value << ZW_FLAG_LONG_FIRST, ZW_FLAG_LONG_MASK);
}

/* The switch translates what follows a measurement for both of its results, and counts both for each frame.  Only behind ct()
 * are those that are longer alone, or with others' fragments of any family (state.c, given_up()). */
static void longer_than_it_says(struct zw_compiler *c, const struct zw_bound *bound)
{
    struct zw_flow *flow = zw_port_flow(ZW_STAGE_BINDING, ZW_PRIO_BLOCK + 2, bound->port);

    match_long(flow, bound, ZW_IPV6, ZW_FLAG_LONGER);
    zw_act_set_flags(flow, (uint32_t)ZW_FLAG_LONGER_ALONE << ZW_FLAG_LONG_FIRST, ZW_FLAG_LONG_MASK);
    zw_act_ct(flow, ZW_STAGE_BINDING);
    zw_emit(c, flow);

    for (size_t i = 0; i < 2; i++) {
        flow = zw_drop_flow(ZW_STAGE_BINDING, ZW_PRIO_BLOCK + 2, ZW_DROP_ND_UNREADABLE, bound->port);
        match_long(flow, bound, i ? ZW_IPV6 : ZW_IPV4, ZW_FLAG_LONGER_ALONE);
        zw_emit(c, flow);
    }
}

/* OVS shows ports 0, or type and code 0, where IP's length ends before them. */
static struct zw_flow *cut_short(const struct zw_bound *bound, enum zw_family family, uint8_t proto)
{
    struct zw_flow *flow = drop_at(bound, CONTENTS, ZW_PRIO_BLOCK + 2, ZW_DROP_IP_UNREADABLE);

    zw_match_ip_proto(flow, family, proto);
    zw_match_no_later_fragment(flow);
    zw_match_l4_src(flow, 0, UINT16_MAX);
    zw_match_l4_dst(flow, 0, UINT16_MAX);
    return flow;
}

/* On to CONTENTS.  What fragments hide from it meets these flags in STATE, behind ct(). */
static void next_contents(struct zw_compiler *c, const struct zw_bound *bound, struct zw_flow *flow)
{
    const struct zw_guard *guard = &bound->zone->guard;
    uint32_t flags =
        (guard->allows_dhcp_server ? 0 : ZW_FLAG_NO_SERVER_MASK) | (guard->allows_router ? 0 : ZW_FLAG_NO_ROUTER_MASK);

    zw_act_set_flags(flow, flags | (uint32_t)CONTENTS << ZW_FLAG_BOUND_FIRST,
                     ZW_FLAG_NO_SERVER_MASK | ZW_FLAG_NO_ROUTER_MASK | ZW_FLAG_BOUND_MASK);
    zw_act_goto(flow, ZW_STAGE_BINDING);
    zw_emit(c, flow);
}

static void ethernet(struct zw_compiler *c, const struct zw_bound *bound)
{
    if (bound->bindings.closed) {
        zw_emit(c, drop_at(bound, ETHERNET, ZW_PRIO_WIDE, ZW_DROP_NO_BINDING));
        return;
    }
    if (!bound->zone->guard.mac) {
        next_contents(c, bound, at(bound, ETHERNET, ZW_PRIO_WIDE));
        return;
    }
    for (size_t i = 0; i < bound->bindings.n_macs; i++) {
        struct zw_flow *flow = at(bound, ETHERNET, ZW_PRIO_EXACT);
        zw_match_eth_src(flow, bound->bindings.macs[i].bytes);
        next_contents(c, bound, flow);
    }
    zw_emit(c, drop_at(bound, ETHERNET, ZW_PRIO_WIDE, ZW_DROP_MAC_SOURCE));
}

/* To and from which ports a DHCP server talks.  Clients listen at theirs, wherever a packet comes from. */
static void dhcp_server(struct zw_compiler *c, const struct zw_bound *bound)
{
    static const struct {
        enum zw_family family;
        uint16_t server, client;
    } dhcp[] = {{ZW_IPV4, DHCP_SERVER_PORT, DHCP_CLIENT_PORT}, {ZW_IPV6, ZW_DHCPV6_SERVER_PORT, ZW_DHCPV6_CLIENT_PORT}};

    for (size_t i = 0; i < 2; i++) {
        struct zw_flow *flow = drop_at(bound, CONTENTS, ZW_PRIO_BLOCK, ZW_DROP_DHCP_SERVER);
        zw_match_ip_proto(flow, dhcp[i].family, IPPROTO_UDP);
        zw_match_l4_src(flow, dhcp[i].server, 0xffff);
        zw_emit(c, flow);

        flow = drop_at(bound, CONTENTS, ZW_PRIO_BLOCK + 1, ZW_DROP_DHCP_SERVER);
        zw_match_ip_proto(flow, dhcp[i].family, IPPROTO_UDP);
        zw_match_l4_dst(flow, dhcp[i].client, 0xffff);
        zw_emit(c, flow);
        zw_emit(c, cut_short(bound, dhcp[i].family, IPPROTO_UDP));
    }
}

static void router(struct zw_compiler *c, const struct zw_bound *bound)
{
    zw_emit(c, discovery(drop_at(bound, CONTENTS, ZW_PRIO_BLOCK, ZW_DROP_ROUTER), ND_ROUTER_ADVERT, -1));
    zw_emit(c, discovery(drop_at(bound, CONTENTS, ZW_PRIO_BLOCK, ZW_DROP_ROUTER), ND_REDIRECT, -1));
    static const uint8_t of_routers[] = {ICMP_REDIRECT, ICMP_ROUTERADVERT};

    for (size_t i = 0; i < sizeof of_routers; i++) {
        struct zw_flow *flow = drop_at(bound, CONTENTS, ZW_PRIO_BLOCK, ZW_DROP_ROUTER);
        zw_match_ip_proto(flow, ZW_IPV4, IPPROTO_ICMP);
        zw_match_icmp(flow, of_routers[i], -1);
        zw_emit(c, flow);
    }
    /* To one receiver this is an echo's reply.  A redirect does not pass STATE, whoever it is from. */
    struct zw_flow *flow = cut_short(bound, ZW_IPV4, IPPROTO_ICMP);
    zw_match_flags(flow, ZW_FLAG_STATELESS_MASK, ZW_FLAG_STATELESS_MASK);
    zw_emit(c, flow);
}

enum claim {
    OBJECTION, /* Who has an address that another one probes for answers to all (RFC 4862, 5.4.3). */
    PROBE,     /* Who probes for one himself does not object to another's probe for it. */
    N_CLAIMS,
};

/* What is said to groups only is told from other packets by their Ethernet addresses: the rest of them is not looked at. */
static void match_claim(struct zw_flow *flow, enum claim claim)
{
    static const uint8_t all_nodes[] = {0x33, 0x33, 0, 0, 0, 1};
    static const uint8_t solicited[] = {0x33, 0x33, 0xff, 0, 0, 0}, solicited_mask[] = {0xff, 0xff, 0xff, 0, 0, 0};
    struct zw_prefix none = host(&unspecified[1]);

    if (claim == PROBE) {
        zw_match_eth_dst_masked(flow, solicited, solicited_mask);
        discovery(flow, ND_NEIGHBOR_SOLICIT, 0);
        zw_match_ip_src(flow, &none);
    } else {
        zw_match_eth_dst(flow, all_nodes);
        discovery(flow, ND_NEIGHBOR_ADVERT, 0);
    }
}

/* 'mac' in ARP and in the options of neighbour discovery; no_mac: there is no option. */
static void hardware_address(struct zw_compiler *c, const struct zw_bound *bound, const struct zw_mac *mac)
{
    uint16_t n_bytes = mac == &no_mac ? DISCOVERY_BYTES : WITH_OPTION_BYTES;
    struct zw_flow *flow;

    if (mac != &no_mac) {
        flow = at(bound, CONTENTS, ZW_PRIO_EXACT);
        zw_match_arp_sender_mac(flow, mac->bytes);
        next_if_ip(c, bound, flow, TARGET);
    }
    flow = discovery(at(bound, CONTENTS, ZW_PRIO_EXACT), ND_NEIGHBOR_SOLICIT, 0);
    zw_match_nd_source_mac(flow, mac->bytes);
    next_in_frame(c, flow, SOURCE, n_bytes);

    flow = discovery(at(bound, CONTENTS, ZW_PRIO_EXACT), ND_NEIGHBOR_ADVERT, 0);
    zw_match_nd_target_mac(flow, mac->bytes);
    next_in_frame(c, flow, TARGET, n_bytes);

    if (c->learns_nd && !bound->zone->guard.ip) { /* Only these: of answers to one, anybody can ask for many. */
        flow = at(bound, CONTENTS, ZW_PRIO_EXACT + 1);
        match_claim(flow, OBJECTION);
        zw_match_nd_target_mac(flow, mac->bytes);
        tell_bound(flow, bound);
        next_in_frame(c, flow, TARGET, n_bytes);
    }
}

/* Who looks for duplicates gives no address, but may add a nonce (RFC 7527): one option, which OVS does not show. */
static void duplicates(struct zw_compiler *c, const struct zw_bound *bound)
{
    struct zw_prefix none = host(&unspecified[1]);
    struct zw_flow *flow = discovery(at(bound, CONTENTS, ZW_PRIO_EXACT + 1), ND_NEIGHBOR_SOLICIT, 0);

    zw_match_ip_src(flow, &none);
    zw_match_nd_source_mac(flow, no_mac.bytes);
    if (c->learns_nd && !bound->zone->guard.ip) {
        tell_bound(flow, bound);
    }
    next_in_frame(c, flow, SOURCE, WITH_OPTION_BYTES);
}

static void match_dhcp_answer(struct zw_flow *flow)
{
    zw_match_ip_proto(flow, ZW_IPV4, IPPROTO_UDP);
    zw_match_l4_src(flow, DHCP_SERVER_PORT, UINT16_MAX);
    zw_match_l4_dst(flow, DHCP_CLIENT_PORT, UINT16_MAX);
}

static bool has_unbound(const struct zw_open_port *open)
{
    for (size_t i = 0; i < open->n_runs; i++) {
        if (!open->runs[i].zone->guard.is_on) {
            return true;
        }
    }
    return false;
}

/* What ports say of addresses where they have no guard. */
static void tell_of_unbound(struct zw_compiler *c)
{
    for (size_t i = 0; c->learns_nd && i < c->n_ports; i++) {
        const struct zw_port *port = c->ports[i].port;

        for (enum claim claim = 0; claim < N_CLAIMS && has_unbound(&c->ports[i]); claim++) {
            struct zw_flow *flow = zw_port_flow(ZW_STAGE_BINDING, ZW_PRIO_WIDE - 1, port);
            zw_match_in_port(flow, port->ofport);
            match_step(flow, ETHERNET);
            match_claim(flow, claim);
            tell(flow, port, NULL);
            pass(c, flow);
        }
    }
}

/* Each question has an answer, which is heard up to the rate of the server's port: so no host asks beyond its own.  Who learns from
 * the answer is believed to have asked by what is told here; a server or relay that learns itself may ask for many. */
static void ask_for_address(struct zw_compiler *c, const struct zw_bound *bound)
{
    const struct zw_guard *guard = &bound->zone->guard;
    struct zw_flow *flow = at(bound, CONTENTS, ZW_PRIO_MATCH);

    zw_match_ip_proto(flow, ZW_IPV4, IPPROTO_UDP);
    zw_match_l4_dst(flow, DHCP_SERVER_PORT, UINT16_MAX);
    if (!is_of_host(guard)) {
        tell_bound(flow, bound);
    } else if (guard->learns_dhcp) {
        tell_or_drop(flow, bound);
    } else {
        zw_act_meter(flow, meter_of(bound->port, guard));
    }
    next_if_ip(c, bound, flow, SOURCE);
}

/* Where the guard looks at no address. */
static void tell_claims(struct zw_compiler *c, const struct zw_bound *bound)
{
    for (enum claim claim = 0; claim < N_CLAIMS; claim++) {
        struct zw_flow *flow = at(bound, CONTENTS, ZW_PRIO_MATCH);

        match_claim(flow, claim);
        tell_bound(flow, bound);
        pass(c, flow);
    }
}

static void contents(struct zw_compiler *c, const struct zw_bound *bound)
{
    const struct zw_guard *guard = &bound->zone->guard;
    struct zw_flow *flow;

    if (!guard->allows_dhcp_server) {
        dhcp_server(c, bound);
    } else if (c->learns_dhcp) {
        flow = at(bound, CONTENTS, ZW_PRIO_BLOCK);
        match_dhcp_answer(flow);
        tell_bound(flow, bound);
        next_if_ip(c, bound, flow, SOURCE);
    }
    if (guard->learns_dhcp || (c->learns_dhcp && is_of_host(guard))) {
        ask_for_address(c, bound);
    }
    if (!guard->allows_router) {
        router(c, bound);
    }
    if (!guard->allows_router || guard->mac || guard->ip) {
        zw_emit(c, cut_short(bound, ZW_IPV6, IPPROTO_ICMPV6));
    }
    if (guard->mac || guard->ip) {
        longer_than_it_says(c, bound);
    }
    if (guard->mac) {
        for (size_t i = 0; i < bound->bindings.n_macs; i++) {
            hardware_address(c, bound, &bound->bindings.macs[i]);
        }
        hardware_address(c, bound, &no_mac);
        duplicates(c, bound);
        flow = drop_at(bound, CONTENTS, ZW_PRIO_MATCH, ZW_DROP_ARP_MAC);
        zw_match_eth_type(flow, ETH_TYPE_ARP);
        zw_emit(c, flow);
        zw_emit(c, discovery(drop_at(bound, CONTENTS, ZW_PRIO_MATCH, ZW_DROP_ND_MAC), ND_NEIGHBOR_SOLICIT, -1));
        zw_emit(c, discovery(drop_at(bound, CONTENTS, ZW_PRIO_MATCH, ZW_DROP_ND_MAC), ND_NEIGHBOR_ADVERT, -1));
    } else if (guard->ip) {
        flow = at(bound, CONTENTS, ZW_PRIO_MATCH);
        zw_match_eth_type(flow, ETH_TYPE_ARP);
        next(c, flow, TARGET);
        flow = discovery(at(bound, CONTENTS, ZW_PRIO_MATCH), ND_NEIGHBOR_SOLICIT, -1);
        next_in_frame(c, flow, SOURCE, WITH_OPTION_BYTES);
        flow = discovery(at(bound, CONTENTS, ZW_PRIO_MATCH), ND_NEIGHBOR_ADVERT, -1);
        next_in_frame(c, flow, TARGET, WITH_OPTION_BYTES);
    } else if (c->learns_nd) {
        tell_claims(c, bound);
    }
    next_if_ip(c, bound, at(bound, CONTENTS, ZW_PRIO_WIDE), SOURCE);
}

size_t zw_all_addresses(const struct zw_bindings *bindings, struct zw_addr all[ZW_ALL_ADDRESSES_MAX])
{
    size_t n = bindings->n_addresses;

    memcpy(all, bindings->addresses, n * sizeof *all);
    for (size_t i = 0; i < bindings->n_macs; i++) {
        struct zw_addr addr = zw_mac_link_local(&bindings->macs[i]);

        if (!zw_bindings_have(bindings, &addr)) {
            all[n++] = addr;
        }
    }
    return n;
}

/* At a step, and in this segment only (ANY_SEGMENT: wherever the zone has the port). */
static struct zw_flow *in_segment(const struct zw_bound *bound, enum step step, uint16_t priority, unsigned int segment)
{
    struct zw_flow *flow = at(bound, step, priority);

    if (segment != ANY_SEGMENT) {
        zw_match_reg(flow, ZW_REG_SEGMENT, segment);
    }
    return flow;
}

/* What 'addr', which is the port's own, lets pass. */
static void bound_address(struct zw_compiler *c, const struct zw_bound *bound, const struct zw_addr *addr,
                          unsigned int segment)
{
    struct zw_prefix prefix = host(addr), none = host(&unspecified[1]);
    struct zw_flow *flow = in_segment(bound, SOURCE, ZW_PRIO_EXACT, segment);

    zw_match_ip_src(flow, &prefix);
    pass(c, flow);
    if (addr->family == ZW_IPV4) {
        flow = in_segment(bound, TARGET, ZW_PRIO_EXACT, segment);
        zw_match_arp_sender(flow, &prefix);
        pass(c, flow);
        return;
    }
    flow = discovery(in_segment(bound, TARGET, ZW_PRIO_EXACT, segment), ND_NEIGHBOR_ADVERT, 0);
    zw_match_nd_target(flow, addr);
    next(c, flow, SOURCE);

    /* Detection of duplicates: a solicitation about an address that the sender is about to use. */
    flow = discovery(in_segment(bound, SOURCE, ZW_PRIO_BLOCK, segment), ND_NEIGHBOR_SOLICIT, 0);
    zw_match_ip_src(flow, &none);
    zw_match_nd_target(flow, addr);
    pass(c, flow);
}

static void addresses(struct zw_compiler *c, const struct zw_bound *bound)
{
    struct zw_addr all[ZW_ALL_ADDRESSES_MAX];
    struct zw_prefix none = host(&unspecified[1]);
    size_t n = zw_all_addresses(&bound->bindings, all);

    for (size_t i = 0; i < n; i++) {
        bound_address(c, bound, &all[i], ANY_SEGMENT);
    }
    for (size_t i = 0; i < bound->bindings.n_learned; i++) {
        bound_address(c, bound, &bound->bindings.learned[i].addr, bound->bindings.learned[i].segment);
    }
    struct zw_flow *flow = drop_at(bound, TARGET, ZW_PRIO_MATCH, ZW_DROP_ARP_IP);
    zw_match_eth_type(flow, ETH_TYPE_ARP);
    zw_emit(c, flow);
    zw_emit(c, discovery(drop_at(bound, TARGET, ZW_PRIO_MATCH, ZW_DROP_ND_TARGET), ND_NEIGHBOR_ADVERT, -1));

    if (bound->zone->guard.learns_nd) { /* It may go on, so that who has the address can say so. */
        flow = discovery(at(bound, SOURCE, ZW_PRIO_BLOCK - 1), ND_NEIGHBOR_SOLICIT, 0);
        zw_match_ip_src(flow, &none);
        tell_or_drop(flow, bound);
        pass(c, flow);
    }
    flow = discovery(drop_at(bound, SOURCE, ZW_PRIO_BLOCK - 2, ZW_DROP_ND_TARGET), ND_NEIGHBOR_SOLICIT, -1);
    zw_match_ip_src(flow, &none);
    zw_emit(c, flow);
    for (size_t i = 0; i < 2; i++) {
        flow = drop_at(bound, SOURCE, ZW_PRIO_MATCH, ZW_DROP_IP_SOURCE);
        zw_match_family(flow, i ? ZW_IPV6 : ZW_IPV4);
        zw_emit(c, flow);
    }
}

/* Who has no address yet may say so: GUARD has seen to it that nothing else has an unspecified source. */
static void without_address(struct zw_compiler *c)
{
    struct zw_prefix none = host(&unspecified[0]);

    struct zw_flow *flow = zw_static_flow(ZW_STAGE_BINDING, ZW_PRIO_EXACT);
    match_step(flow, TARGET);
    zw_match_arp_sender(flow, &none);
    pass(c, flow);
    for (size_t i = 0; i < 2; i++) {
        none = host(&unspecified[i]);
        flow = zw_static_flow(ZW_STAGE_BINDING, ZW_PRIO_EXACT);
        match_step(flow, SOURCE);
        zw_match_ip_src(flow, &none);
        pass(c, flow);
    }
}

static void bound_port(struct zw_compiler *c, const struct zw_bound *bound)
{
    ethernet(c, bound);
    if (bound->bindings.closed) {
        return;
    }
    contents(c, bound);
    if (bound->zone->guard.ip) {
        addresses(c, bound);
    }
}

static void find_learners(struct zw_compiler *c)
{
    for (size_t i = 0; i < c->n_ports; i++) {
        for (size_t j = 0; j < c->ports[i].n_bound; j++) {
            const struct zw_guard *guard = &c->ports[i].bound[j].zone->guard;

            c->learns_dhcp = c->learns_dhcp || guard->learns_dhcp;
            c->learns_nd = c->learns_nd || guard->learns_nd;
        }
    }
}

void zw_compile_binding(struct zw_compiler *c)
{
    bool any_ip = false;

    find_learners(c);
    for (size_t i = 0; i < c->n_ports; i++) {
        for (size_t j = 0; j < c->ports[i].n_bound; j++) {
            const struct zw_bound *bound = &c->ports[i].bound[j];

            bound_port(c, bound);
            any_ip = any_ip || (bound->zone->guard.ip && !bound->bindings.closed);
        }
    }
    if (any_ip) {
        without_address(c);
    }
    tell_of_unbound(c);
    zw_emit_else(c, ZW_STAGE_BINDING, ZW_STAGE_SOURCE);
}
