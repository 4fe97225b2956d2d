/* SPDX-License-Identifier: Apache-2.0 */
/* CLASSIFY: from port and VLAN tag to source zone, segment and conntrack zone; the tag comes off.
 *
 * The segment follows the port's own tag, trunks and vlan_mode as ovs-vswitchd.conf.db(5) describes them, because only
 * OVS's NORMAL action honours those by itself.  A port that no zone claims has no flow here: nothing passes. */

#include "controller/compile/compile-private.h"

static struct zw_flow *from_port(const struct zw_open_port *open, const struct zw_zone *zone, uint16_t priority)
{
    struct zw_flow *flow = zw_port_flow(ZW_STAGE_CLASSIFY, priority, open->port);

    zw_match_in_port(flow, open->port->ofport);
    zw_act_set_reg(flow, ZW_REG_SRC_ZONE, zone->id);
    return flow;
}

static void finish_in_segment(struct zw_compiler *c, struct zw_flow *flow, unsigned int segment)
{
    zw_act_set_reg(flow, ZW_REG_SEGMENT, segment);
    zw_act_set_reg(flow, ZW_REG_CT_ZONE, c->ct_zone_base | segment);
    zw_act_goto(flow, ZW_STAGE_GUARD);
    zw_emit(c, flow);
}

static void take_tag_off(struct zw_flow *flow)
{
    zw_act_pcp_to_flags(flow);
    zw_act_pop_vlan(flow);
}

static void take_vlan_off(struct zw_flow *flow)
{
    zw_act_set_flags(flow, ZW_FLAG_TAGGED_MASK, ZW_FLAG_TAGGED_MASK);
    take_tag_off(flow);
}

/* Untagged packets, and those that carry only a priority, belong to 'segment'. */
static void untagged(struct zw_compiler *c, const struct zw_open_port *open, unsigned int segment)
{
    const struct zw_zone *zone = zw_open_zone(open, segment);

    if (!zone) {
        return;
    }
    struct zw_flow *flow = from_port(open, zone, ZW_PRIO_EXACT);
    zw_match_untagged(flow);
    finish_in_segment(c, flow, segment);

    flow = from_port(open, zone, ZW_PRIO_EXACT);
    zw_match_tagged(flow, 0);
    take_tag_off(flow);
    finish_in_segment(c, flow, segment);
}

static void tagged(struct zw_compiler *c, const struct zw_open_port *open, const struct zw_zone *zone, unsigned int vid)
{
    struct zw_flow *flow = from_port(open, zone, ZW_PRIO_EXACT);

    zw_match_tagged(flow, vid);
    take_vlan_off(flow);
    finish_in_segment(c, flow, vid);
}

/* The segment is the tag's VLAN. */
static void finish_by_tag(struct zw_compiler *c, struct zw_flow *flow)
{
    zw_act_set_reg(flow, ZW_REG_CT_ZONE, c->ct_zone_base);
    zw_act_vlan_to_reg(flow, ZW_REG_SEGMENT);
    zw_act_vlan_to_reg(flow, ZW_REG_CT_ZONE);
    take_vlan_off(flow);
    zw_act_goto(flow, ZW_STAGE_GUARD);
    zw_emit(c, flow);
}

static void any_tag(struct zw_compiler *c, const struct zw_open_port *open)
{
    struct zw_flow *flow = from_port(open, open->zone, ZW_PRIO_MATCH);

    zw_match_any_tag(flow);
    finish_by_tag(c, flow);
}

/* VLANs from 'first' to 'last', all of one zone, in as few flows as masks can say it. */
static void tags(struct zw_compiler *c, const struct zw_open_port *open, const struct zw_zone *zone, unsigned int first,
                 unsigned int last)
{
    struct zw_port_mask masks[ZW_MAX_PORT_MASKS];
    size_t n = zw_port_masks((uint16_t)first, (uint16_t)last, masks);

    for (size_t i = 0; i < n; i++) {
        if (masks[i].mask == UINT16_MAX) {
            tagged(c, open, zone, masks[i].value);
            continue;
        }
        struct zw_flow *flow = from_port(open, zone, ZW_PRIO_EXACT);
        zw_match_tagged_masked(flow, masks[i].value, masks[i].mask & (ZW_N_VLANS - 1));
        finish_by_tag(c, flow);
    }
}

static void trunk(struct zw_compiler *c, const struct zw_open_port *open)
{
    const struct zw_port *port = open->port;
    unsigned int native = port->vlan_mode == ZW_VLAN_TRUNK || port->tag == ZW_VLAN_NONE ? 0 : (unsigned int)port->tag;

    if (native || zw_port_carries(port, 0)) {
        untagged(c, open, native);
    }
    if (open->zone && zw_port_carries_all(port)) {
        any_tag(c, open);
        return;
    }
    for (unsigned int vid = 1, last; vid < ZW_N_VLANS; vid = last + 1) { /* VLAN 0 is no tag. */
        const struct zw_zone *zone = zw_open_zone(open, vid);

        for (last = vid; last + 1 < ZW_N_VLANS && zw_open_zone(open, last + 1) == zone; last++) {}
        if (zone) {
            tags(c, open, zone, vid, last);
        }
    }
}

void zw_compile_classify(struct zw_compiler *c)
{
    for (size_t i = 0; i < c->n_ports; i++) {
        const struct zw_open_port *open = &c->ports[i];

        if (open->port->vlan_mode == ZW_VLAN_ACCESS) {
            untagged(c, open, open->port->tag == ZW_VLAN_NONE ? 0 : (unsigned int)open->port->tag);
        } else {
            trunk(c, open);
        }
        struct zw_flow *flow = zw_drop_flow(ZW_STAGE_CLASSIFY, ZW_PRIO_WIDE, ZW_DROP_VLAN, open->port);
        zw_match_in_port(flow, open->port->ofport);
        zw_emit(c, flow);
    }
    zw_emit_drop(c, ZW_STAGE_CLASSIFY, ZW_DROP_NO_ZONE);
}
