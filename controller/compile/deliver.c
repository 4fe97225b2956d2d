/* SPDX-License-Identifier: Apache-2.0 */
/* DELIVER and TARGET: one receiver, or a copy for each port of the segment; then that port's zone.
 *
 * Each copy goes through the rest of the pipeline by itself and is judged for its own destination. */

#include "controller/compile/compile-private.h"

static size_t add_copies(struct zw_compiler *c, struct zw_flow *flow, int segment)
{
    size_t n = 0;

    for (size_t i = 0; i < c->n_ports; i++) {
        const struct zw_port *port = c->ports[i].port;
        bool carries = segment < 0 ? zw_port_carries_all(port) : zw_port_carries(port, (unsigned int)segment);

        if (carries && n++ < ZW_FLOOD_MAX_PORTS) {
            zw_act_copy_to(flow, port->ofport, ZW_STAGE_TARGET);
        }
    }
    return n;
}

static void flood(struct zw_compiler *c, int segment)
{
    struct zw_flow *flow = zw_static_flow(ZW_STAGE_DELIVER, segment < 0 ? ZW_PRIO_WIDE : ZW_PRIO_MATCH);

    zw_match_reg(flow, ZW_REG_OUT_PORT, 0);
    if (segment >= 0) {
        zw_match_reg(flow, ZW_REG_SEGMENT, (uint32_t)segment);
    }
    size_t n = add_copies(c, flow, segment);
    if (n > ZW_FLOOD_MAX_PORTS) {
        zw_problems_add(
            c->warnings, NULL, 0, 0,
            "bridge %s: VLAN %d has %zu ports; packets to unknown receivers and broadcasts reach the first %u",
            c->bridge->name, segment, n, ZW_FLOOD_MAX_PORTS);
    }
    zw_emit(c, flow);
}

void zw_compile_deliver(struct zw_compiler *c)
{
    for (size_t i = 0; i < c->n_segments; i++) {
        flood(c, c->segments[i]);
    }
    /* A VLAN that no port names is known only to the ports that carry every VLAN. */
    flood(c, -1);
    zw_emit_else(c, ZW_STAGE_DELIVER, ZW_STAGE_TARGET);
}

void zw_compile_target(struct zw_compiler *c)
{
    for (size_t i = 0; i < c->n_ports; i++) {
        const struct zw_open_port *open = &c->ports[i];

        struct zw_flow *flow = zw_port_flow(ZW_STAGE_TARGET, ZW_PRIO_BLOCK, open->port);
        zw_match_in_port(flow, open->port->ofport);
        zw_match_reg(flow, ZW_REG_OUT_PORT, open->port->ofport);
        zw_emit(c, flow);

        flow = zw_port_flow(ZW_STAGE_TARGET, ZW_PRIO_MATCH, open->port);
        zw_match_reg(flow, ZW_REG_OUT_PORT, open->port->ofport);
        zw_act_set_reg(flow, ZW_REG_DST_ZONE, open->zone->id);
        zw_act_goto(flow, ZW_STAGE_REMOTE);
        zw_emit(c, flow);
    }
}
