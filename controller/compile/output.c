/* SPDX-License-Identifier: Apache-2.0 */
/* OUTPUT: to the port, with the VLAN tag that it carries there.  A port gets only segments that it carries, whatever
 * was learned before its VLAN settings changed. */

#include "controller/compile/compile-private.h"

static struct zw_flow *to_port(const struct zw_port *port, uint16_t priority)
{
    struct zw_flow *flow = zw_port_flow(ZW_STAGE_OUTPUT, priority, port);

    zw_match_reg(flow, ZW_REG_OUT_PORT, port->ofport);
    return flow;
}

/* Where tags are at home, one that says nothing but a priority stays, as NORMAL has it. */
static bool keeps_priority(const struct zw_port *port, unsigned int segment)
{
    return port->vlan_mode != ZW_VLAN_ACCESS && !segment;
}

static void untagged(struct zw_compiler *c, const struct zw_port *port, unsigned int segment)
{
    struct zw_flow *flow = to_port(port, ZW_PRIO_EXACT);

    zw_match_reg(flow, ZW_REG_SEGMENT, segment);
    if (keeps_priority(port, segment)) {
        zw_match_flags(flow, 0, ZW_FLAG_PCP_MASK);
    }
    zw_act_output(flow, port->ofport);
    zw_emit(c, flow);
}

static void tagged(struct zw_compiler *c, const struct zw_port *port, unsigned int vid)
{
    struct zw_flow *flow = to_port(port, ZW_PRIO_MATCH);

    zw_match_reg(flow, ZW_REG_SEGMENT, vid);
    zw_act_push_vlan(flow, vid);
    zw_act_pcp_from_flags(flow);
    zw_act_output(flow, port->ofport);
    zw_emit(c, flow);
}

static void any_tag(struct zw_compiler *c, const struct zw_port *port)
{
    struct zw_flow *flow;

    if (!zw_port_carries(port, 0)) { /* VLAN 0 would be no tag at all. */
        flow = zw_drop_flow(ZW_STAGE_OUTPUT, ZW_PRIO_EXACT, ZW_DROP_OTHER_SEGMENT, port);
        zw_match_reg(flow, ZW_REG_OUT_PORT, port->ofport);
        zw_match_reg(flow, ZW_REG_SEGMENT, 0);
        zw_emit(c, flow);
    }
    flow = to_port(port, ZW_PRIO_WIDE);
    zw_act_push_vlan_from_reg(flow, ZW_REG_SEGMENT);
    zw_act_pcp_from_flags(flow);
    zw_act_output(flow, port->ofport);
    zw_emit(c, flow);
}

/* The segment that leaves a port without a tag, or -1. */
static int untagged_segment(const struct zw_port *port)
{
    if (port->tag > 0 && (port->vlan_mode == ZW_VLAN_ACCESS || port->vlan_mode == ZW_VLAN_NATIVE_UNTAGGED)) {
        return port->tag;
    }
    return zw_port_carries(port, 0) ? 0 : -1;
}

/* A conntrack zone that is full takes no session, and lets the packet go on without a label.  Only the first packet of a
 * session comes here with what COMMIT made of it; whatever opens none is marked. */
static void refuse_when_full(struct zw_compiler *c)
{
    struct zw_flow *flow = zw_drop_flow(ZW_STAGE_OUTPUT, ZW_PRIO_BLOCK, ZW_DROP_FULL, NULL);

    zw_match_ct_state(flow, ZW_CT_TRACKED | ZW_CT_NEW, 0);
    zw_match_label_bits(flow, ZW_LABEL_ALLOWED_FIRST, ZW_LABEL_ALLOWED_BITS, 0);
    zw_match_flags(flow, 0, ZW_FLAG_STATELESS_MASK | ZW_FLAG_COPY_MASK);
    zw_emit(c, flow);
}

/* Of the userspace datapath's conntrack others' fragments may come out with a packet: what it gave up, and of datagrams of more than 32
 * fragments the rest.  The packet itself is none: it has begun a session, or could. */
static void strangers(struct zw_compiler *c, enum zw_family family)
{
    struct zw_flow *flow = zw_drop_flow(ZW_STAGE_OUTPUT, ZW_PRIO_BLOCK + 1, ZW_DROP_FRAGMENT, NULL);

    zw_match_flags(flow, ZW_FLAG_THROUGH_MASK, ZW_FLAG_THROUGH_MASK);
    zw_match_family(flow, family);
    zw_match_fragment(flow);
    zw_emit(c, flow);
}

void zw_compile_output(struct zw_compiler *c)
{
    for (size_t i = 0; i < c->n_ports; i++) {
        const struct zw_port *port = c->ports[i].port;
        int bare = untagged_segment(port);

        if (bare >= 0) {
            untagged(c, port, (unsigned int)bare);
        }
        if (port->vlan_mode == ZW_VLAN_ACCESS) {
            continue;
        }
        if (zw_port_carries_all(port)) {
            any_tag(c, port);
            continue;
        }
        for (unsigned int vid = 0; vid < 4096; vid++) {
            if (((int)vid != bare || keeps_priority(port, vid)) && zw_port_carries(port, vid)) {
                tagged(c, port, vid);
            }
        }
    }
    strangers(c, ZW_IPV4);
    strangers(c, ZW_IPV6);
    if (c->policy->max_sessions) {
        refuse_when_full(c);
    }
    zw_emit_drop(c, ZW_STAGE_OUTPUT, ZW_DROP_OTHER_SEGMENT);
}
