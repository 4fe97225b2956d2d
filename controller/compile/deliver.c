/* SPDX-License-Identifier: Apache-2.0 */
/* DELIVER and TARGET: one receiver, or a copy for each port of the segment; then that port's zone.
 *
 * Each copy goes through the rest of the pipeline by itself and is judged for its own destination.
 *
 * If the receiver's port is not known, all copies but the one that gets there are in vain, and must not leave a session
 * behind: conntrack has one entry for all of them, and the last would make it a session with a zone that is not in it.
 * So such a copy opens none (ZW_FLAG_COPY), and the receiver's answer, which is dropped, says where it is.  That is not
 * asked of the one port whose addresses OVSDB does not give, as an uplink is beside VMs: most likely it is there. */

#include "controller/compile/compile-private.h"

#define ANY_SEGMENT (-1)

static bool carries(const struct zw_port *port, int segment)
{
    return segment == ANY_SEGMENT ? zw_port_carries_all(port) : zw_port_carries(port, (unsigned int)segment);
}

/* The ports of a segment that unknown addresses may be behind.  Returns how many; 'ports' gets the first two. */
static size_t find_open_ended(const struct zw_compiler *c, int segment, const struct zw_port *ports[2])
{
    size_t n = 0;

    for (size_t i = 0; i < c->n_ports; i++) {
        const struct zw_port *port = c->ports[i].port;

        if (!port->attached_mac && carries(port, segment)) {
            if (n < 2) {
                ports[n] = port;
            }
            n++;
        }
    }
    return n;
}

static size_t add_copies(struct zw_compiler *c, struct zw_flow *flow, int segment, const struct zw_port *likely)
{
    size_t n_likely = likely ? 1 : 0, n = n_likely;

    if (likely) {
        zw_act_copy_to(flow, likely->ofport, ZW_STAGE_TARGET);
    }
    for (size_t i = 0; i < c->n_ports; i++) {
        const struct zw_port *port = c->ports[i].port;

        if (port == likely || !carries(port, segment)) {
            continue;
        }
        if (n == n_likely) {
            zw_act_set_flags(flow, ZW_FLAG_COPY_MASK, ZW_FLAG_COPY_MASK);
        }
        if (n++ < ZW_FLOOD_MAX_PORTS) {
            zw_act_copy_to(flow, port->ofport, ZW_STAGE_TARGET);
        }
    }
    return n;
}

/* From port 'from', NULL: any other. */
static void flood(struct zw_compiler *c, int segment, const struct zw_port *from, const struct zw_port *likely)
{
    uint16_t priority = segment == ANY_SEGMENT ? ZW_PRIO_WIDE : ZW_PRIO_MATCH;
    struct zw_flow *flow = zw_static_flow(ZW_STAGE_DELIVER, from ? priority + 1 : priority);

    zw_match_reg(flow, ZW_REG_OUT_PORT, 0);
    if (segment != ANY_SEGMENT) {
        zw_match_reg(flow, ZW_REG_SEGMENT, (uint32_t)segment);
    }
    if (from) {
        zw_match_in_port(flow, from->ofport);
    }
    size_t n = add_copies(c, flow, segment, likely);
    if (n > ZW_FLOOD_MAX_PORTS && !from) {
        zw_problems_add(
            c->warnings, NULL, 0, 0,
            "bridge %s: VLAN %d has %zu ports; packets to unknown receivers and broadcasts reach the first %u",
            c->bridge->name, segment, n, ZW_FLOOD_MAX_PORTS);
    }
    zw_emit(c, flow);
}

static void segment_floods(struct zw_compiler *c, int segment)
{
    const struct zw_port *open_ended[2] = {NULL, NULL};
    size_t n = find_open_ended(c, segment, open_ended);

    flood(c, segment, NULL, n == 1 ? open_ended[0] : NULL);
    if (n == 2) { /* What comes from one of them is behind the other. */
        flood(c, segment, open_ended[0], open_ended[1]);
        flood(c, segment, open_ended[1], open_ended[0]);
    }
}

/* A known receiver that is where the packet comes from has it already. */
static void drop_back(struct zw_compiler *c, const struct zw_port *port)
{
    struct zw_flow *flow = zw_drop_flow(ZW_STAGE_DELIVER, ZW_PRIO_BLOCK, ZW_DROP_BACK, port);

    zw_match_in_port(flow, port->ofport);
    zw_match_reg(flow, ZW_REG_OUT_PORT, port->ofport);
    zw_emit(c, flow);
}

void zw_compile_deliver(struct zw_compiler *c)
{
    for (size_t i = 0; i < c->n_ports; i++) {
        drop_back(c, c->ports[i].port);
    }
    for (size_t i = 0; i < c->n_segments; i++) {
        segment_floods(c, c->segments[i]);
    }
    /* A VLAN that no port names is known only to the ports that carry every VLAN. */
    segment_floods(c, ANY_SEGMENT);
    zw_emit_else(c, ZW_STAGE_DELIVER, ZW_STAGE_TARGET);
}

/* All ports of a segment share one list of copies, so the sender's own port has one, too.  It ends here, and is no drop:
 * nobody misses it. */
static void no_copy_back(struct zw_compiler *c, const struct zw_port *port)
{
    struct zw_flow *flow = zw_port_flow(ZW_STAGE_TARGET, ZW_PRIO_BLOCK, port);

    zw_match_in_port(flow, port->ofport);
    zw_match_reg(flow, ZW_REG_OUT_PORT, port->ofport);
    zw_emit(c, flow);
}

void zw_compile_target(struct zw_compiler *c)
{
    for (size_t i = 0; i < c->n_ports; i++) {
        const struct zw_open_port *open = &c->ports[i];

        no_copy_back(c, open->port);
        struct zw_flow *flow = zw_port_flow(ZW_STAGE_TARGET, ZW_PRIO_MATCH, open->port);
        zw_match_reg(flow, ZW_REG_OUT_PORT, open->port->ofport);
        zw_act_set_reg(flow, ZW_REG_DST_ZONE, open->zone->id);
        zw_act_goto(flow, ZW_STAGE_REMOTE);
        zw_emit(c, flow);
    }
    zw_emit_drop(c, ZW_STAGE_TARGET, ZW_DROP_NO_RECEIVER);
}
