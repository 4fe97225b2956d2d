/* SPDX-License-Identifier: Apache-2.0 */

#include "controller/compile/compile.h"

#include <assert.h>
#include <stdlib.h>

#include "controller/base/memory.h"
#include "controller/compile/compile-private.h"

struct zw_flow *zw_static_flow(enum zw_stage stage, uint16_t priority)
{
    return zw_flow_new(stage, priority, zw_cookie(ZW_COOKIE_STATIC, 0));
}

struct zw_flow *zw_port_flow(enum zw_stage stage, uint16_t priority, const struct zw_port *port)
{
    return zw_flow_new(stage, priority, zw_cookie(ZW_COOKIE_PORT, port->ofport));
}

struct zw_flow *zw_drop_flow(enum zw_stage stage, uint16_t priority, enum zw_drop drop, const struct zw_port *port)
{
    return zw_flow_new(stage, priority, zw_drop_cookie(drop, port ? (uint16_t)port->ofport : 0));
}

void zw_emit(struct zw_compiler *c, struct zw_flow *flow)
{
    bool added = zw_flow_table_add(c->flows, flow);

    assert(added);
    (void)added;
}

void zw_emit_else(struct zw_compiler *c, enum zw_stage stage, enum zw_stage next)
{
    struct zw_flow *flow = zw_static_flow(stage, ZW_PRIO_ELSE);

    zw_act_goto(flow, next);
    zw_emit(c, flow);
}

void zw_emit_drop(struct zw_compiler *c, enum zw_stage stage, enum zw_drop drop)
{
    zw_emit(c, zw_drop_flow(stage, ZW_PRIO_ELSE, drop, NULL));
}

bool zw_port_carries_all(const struct zw_port *port)
{
    return port->vlan_mode != ZW_VLAN_ACCESS && !port->n_trunks;
}

static void warn(struct zw_compiler *c, const struct zw_port *port, const char *why)
{
    zw_problems_add(c->warnings, NULL, 0, 0, "bridge %s: port %s is closed: %s", c->bridge->name, port->name, why);
}

/* Whether 'port' could be open if a zone claims it. */
static bool is_usable(struct zw_compiler *c, const struct zw_port *port)
{
    if (!port->ofport) {
        return false;
    }
    if (port->in_bond) {
        warn(c, port, "it is part of a bond, which belongs on a bridge of its own behind a patch port");
        return false;
    }
    if (port->vlan_mode == ZW_VLAN_UNSUPPORTED) {
        warn(c, port, "its vlan_mode is not supported");
        return false;
    }
    return true;
}

static void find_open_ports(struct zw_compiler *c)
{
    c->ports = zw_xcalloc(c->bridge->n_ports + 1, sizeof *c->ports);
    for (size_t i = 0; i < c->bridge->n_ports; i++) {
        const struct zw_port *port = &c->bridge->ports[i];
        enum zw_membership how;
        const struct zw_zone *zone = zw_policy_zone_of_port(c->policy, port, &how, NULL);

        if (zone && is_usable(c, port)) {
            c->ports[c->n_ports++] = (struct zw_open_port){port, zone};
        }
    }
}

/* The segments that 'segments[4096]' marks because 'port' names them. */
static void mark_segments(const struct zw_port *port, bool segments[4096])
{
    if (port->tag != ZW_VLAN_NONE) {
        segments[port->tag & 0xfff] = true;
    }
    for (size_t i = 0; i < port->n_trunks; i++) {
        segments[port->trunks[i] & 0xfff] = true;
    }
}

static void find_segments(struct zw_compiler *c)
{
    bool marked[4096] = {[0] = true};

    for (size_t i = 0; i < c->n_ports; i++) {
        mark_segments(c->ports[i].port, marked);
    }
    c->segments = zw_xcalloc(4096, sizeof *c->segments);
    for (unsigned int segment = 0; segment < 4096; segment++) {
        if (marked[segment]) {
            c->segments[c->n_segments++] = (uint16_t)segment;
        }
    }
}

static void (*const stages[ZW_N_STAGES])(struct zw_compiler *) = {
    [ZW_STAGE_CLASSIFY] = zw_compile_classify,
    [ZW_STAGE_GUARD] = zw_compile_guard,
    [ZW_STAGE_BINDING] = zw_compile_binding,
    [ZW_STAGE_SOURCE] = zw_compile_source,
    [ZW_STAGE_DESTINATION] = zw_compile_destination,
    [ZW_STAGE_MACS] = zw_compile_macs,
    [ZW_STAGE_DELIVER] = zw_compile_deliver,
    [ZW_STAGE_TARGET] = zw_compile_target,
    [ZW_STAGE_REMOTE] = zw_compile_remote,
    [ZW_STAGE_CONNTRACK] = zw_compile_conntrack,
    [ZW_STAGE_STATE] = zw_compile_state,
    [ZW_STAGE_NEW] = zw_compile_new,
    [ZW_STAGE_POLICY] = zw_compile_policy,
    [ZW_STAGE_VERDICT] = zw_compile_verdict,
    [ZW_STAGE_COMMIT] = zw_compile_commit,
    [ZW_STAGE_OUTPUT] = zw_compile_output,
};

struct zw_flow_table *zw_compile(const struct zw_policy *policy, const struct zw_bridge *bridge,
                                 unsigned int bridge_index, struct zw_problems *warnings)
{
    struct zw_compiler c = {
        .policy = policy,
        .bridge = bridge,
        .ct_zone_base = (bridge_index + 1) << ZW_CT_ZONE_BRIDGE_SHIFT,
        .flows = zw_flow_table_new(),
        .warnings = warnings,
    };

    find_open_ports(&c);
    find_segments(&c);
    for (size_t i = 0; i < ZW_N_STAGES; i++) {
        stages[i](&c);
    }
    free(c.ports);
    free(c.segments);
    return c.flows;
}
