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

/* Segments that share a list of copies. */
struct segments {
    unsigned int one;          /* Any of them. */
    bool unnamed;              /* Among those that no port names: only ports that carry all are there. */
    struct zw_port_mask match; /* Which; mask 0: whatever has no flow of its own. */
};

static bool is_there(const struct zw_open_port *open, const struct segments *segments)
{
    return (!segments->unnamed || zw_port_carries_all(open->port)) && zw_open_zone(open, segments->one);
}

/* The ports of a segment that unknown addresses may be behind.  Returns how many; 'ports' gets the first two. */
static size_t find_open_ended(const struct zw_compiler *c, const struct segments *segments,
                              const struct zw_port *ports[2])
{
    size_t n = 0;

    for (size_t i = 0; i < c->n_ports; i++) {
        const struct zw_port *port = c->ports[i].port;

        if (!port->attached_mac && is_there(&c->ports[i], segments)) {
            if (n < 2) {
                ports[n] = port;
            }
            n++;
        }
    }
    return n;
}

static size_t add_copies(struct zw_compiler *c, struct zw_flow *flow, const struct segments *segments,
                         const struct zw_port *likely)
{
    size_t n_likely = likely ? 1 : 0, n = n_likely;

    if (likely) {
        zw_act_copy_to(flow, likely->ofport, ZW_STAGE_TARGET);
    }
    for (size_t i = 0; i < c->n_ports; i++) {
        const struct zw_port *port = c->ports[i].port;

        if (port == likely || !is_there(&c->ports[i], segments)) {
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
static void flood(struct zw_compiler *c, const struct segments *segments, const struct zw_port *from,
                  const struct zw_port *likely)
{
    uint16_t priority = segments->unnamed ? ZW_PRIO_WIDE : ZW_PRIO_MATCH;
    struct zw_flow *flow = zw_static_flow(ZW_STAGE_DELIVER, from ? priority + 1 : priority);

    zw_match_reg(flow, ZW_REG_OUT_PORT, 0);
    if (segments->match.mask) {
        zw_match_segments(flow, &segments->match);
    }
    if (from) {
        zw_match_in_port(flow, from->ofport);
    }
    size_t n = add_copies(c, flow, segments, likely);
    if (n > ZW_FLOOD_MAX_PORTS && !from) {
        zw_problems_add(
            c->warnings, NULL, 0, 0,
            "bridge %s: VLAN %u has %zu ports; packets to unknown receivers and broadcasts reach the first %u",
            c->bridge->name, segments->one, n, ZW_FLOOD_MAX_PORTS);
    }
    zw_emit(c, flow);
}

static void segment_floods(struct zw_compiler *c, const struct segments *segments)
{
    const struct zw_port *open_ended[2] = {NULL, NULL};
    size_t n = find_open_ended(c, segments, open_ended);

    flood(c, segments, NULL, n == 1 ? open_ended[0] : NULL);
    if (n == 2) { /* What comes from one of them is behind the other. */
        flood(c, segments, open_ended[0], open_ended[1]);
        flood(c, segments, open_ended[1], open_ended[0]);
    }
}

static bool is_anybody_there(const struct zw_compiler *c, const struct segments *segments)
{
    for (size_t i = 0; i < c->n_ports; i++) {
        if (is_there(&c->ports[i], segments)) {
            return true;
        }
    }
    return false;
}

/* Marks in 'starts' where the ports that carry every VLAN change their zone, or have none. */
static bool mark_starts(const struct zw_compiler *c, bool starts[ZW_N_VLANS + 1])
{
    bool any = false;

    for (size_t i = 0; i < c->n_ports; i++) {
        const struct zw_open_port *open = &c->ports[i];

        for (size_t j = 0; !open->zone && zw_port_carries_all(open->port) && j < open->n_runs; j++) {
            starts[open->runs[j].first] = starts[open->runs[j].last + 1] = any = true;
        }
    }
    return any;
}

/* VLANs that no port names are known only to the ports that carry every VLAN, but these may have a zone in some only. */
static void unnamed_floods(struct zw_compiler *c)
{
    bool starts[ZW_N_VLANS + 1] = {false};

    if (!mark_starts(c, starts)) {
        segment_floods(c, &(struct segments){.one = ZW_N_VLANS - 1, .unnamed = true});
        return;
    }
    for (unsigned int first = 1, last; first < ZW_N_VLANS; first = last + 1) { /* VLAN 0 has flows of its own. */
        struct zw_port_mask masks[ZW_MAX_PORT_MASKS];

        for (last = first; last + 1 < ZW_N_VLANS && !starts[last + 1]; last++) {}
        size_t n = zw_port_masks((uint16_t)first, (uint16_t)last, masks);
        for (size_t i = 0; i < n; i++) {
            const struct segments segments = {.one = first, .unnamed = true, .match = masks[i]};

            if (is_anybody_there(c, &segments)) {
                segment_floods(c, &segments);
            }
        }
    }
    /* Where nobody is. */
    struct zw_flow *flow = zw_static_flow(ZW_STAGE_DELIVER, ZW_PRIO_WIDE - 1);
    zw_match_reg(flow, ZW_REG_OUT_PORT, 0);
    zw_emit(c, flow);
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
        segment_floods(c, &(struct segments){.one = c->segments[i], .match = {c->segments[i], UINT16_MAX}});
    }
    unnamed_floods(c);
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

static void target(struct zw_compiler *c, const struct zw_open_port *open, const struct zw_zone *zone,
                   const struct zw_port_mask *segments)
{
    const struct zw_bindings *bindings = zw_open_bindings(open, zone);

    if (bindings && bindings->closed) {
        return; /* Nothing passes, in either direction. */
    }
    struct zw_flow *flow = zw_port_flow(ZW_STAGE_TARGET, ZW_PRIO_MATCH, open->port);
    zw_match_reg(flow, ZW_REG_OUT_PORT, open->port->ofport);
    if (segments) {
        zw_match_segments(flow, segments);
    }
    zw_act_set_reg(flow, ZW_REG_DST_ZONE, zone->id);
    zw_act_goto(flow, ZW_STAGE_REMOTE);
    zw_emit(c, flow);
}

void zw_compile_target(struct zw_compiler *c)
{
    for (size_t i = 0; i < c->n_ports; i++) {
        const struct zw_open_port *open = &c->ports[i];

        no_copy_back(c, open->port);
        zw_open_each_zone(c, open, target);
    }
    zw_emit_drop(c, ZW_STAGE_TARGET, ZW_DROP_NO_RECEIVER);
}
