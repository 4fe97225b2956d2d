/* SPDX-License-Identifier: Apache-2.0 */

#include "controller/compile/compile.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "controller/base/memory.h"
#include "controller/compile/compile-private.h"
#include "controller/policy/rule.h"

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

/* What is dropped by no rule goes to the log by way of VERDICT, which counts and bounds the copies.  Drops behind VERDICT
 * are of packets that are in the log already. */
static void log_drop(struct zw_flow *flow)
{
    enum zw_drop drop = zw_cookie_drop(zw_flow_cookie(flow));

    if (zw_flow_stage(flow) < ZW_STAGE_VERDICT) {
        zw_act_set_flags(flow, (uint32_t)ZW_FLAG_DENY << ZW_FLAG_VERDICT_FIRST | ZW_FLAG_DROPPED_MASK,
                         ZW_FLAG_VERDICT_MASK | ZW_FLAG_DROPPED_MASK);
        zw_act_set_reg(flow, ZW_REG_RULE, drop);
        zw_act_goto(flow, ZW_STAGE_VERDICT);
    }
}

void zw_emit(struct zw_compiler *c, struct zw_flow *flow)
{
    if (c->policy->logs_drops && zw_cookie_kind(zw_flow_cookie(flow)) == ZW_COOKIE_DROP) {
        log_drop(flow);
    }
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
    if (port->shares_ofport) {
        warn(c, port, "another one has its OpenFlow number, too");
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

bool zw_compile_is_usable(const struct zw_port *port)
{
    return port->ofport && !port->shares_ofport && !port->in_bond && port->vlan_mode != ZW_VLAN_UNSUPPORTED;
}

static void warn_conflict(struct zw_compiler *c, const struct zw_port *port, const struct zw_claim *claim,
                          bool everywhere)
{
    char where[32] = "", last[8] = "";

    if (!everywhere) {
        if (claim->last != claim->first) {
            snprintf(last, sizeof last, "-%u", claim->last);
        }
        snprintf(where, sizeof where, " in VLAN %u%s", claim->first, last);
    }
    zw_problems_add(c->warnings, NULL, 0, 0, "bridge %s: port %s is closed%s: zones %s and %s claim it%s",
                    c->bridge->name, port->name, where, claim->claimants[0]->name, claim->claimants[1]->name,
                    everywhere ? "" : " there");
}

/* Settles which zones 'open' has where.  False if none. */
static bool find_zones(struct zw_compiler *c, struct zw_open_port *open)
{
    struct zw_claim *claims;
    size_t n = zw_policy_carried_claims(c->policy, open->port, &claims);

    open->zone = n == 1 ? claims->zone : NULL;
    open->runs = zw_xcalloc(n, sizeof *open->runs);
    for (size_t i = 0; i < n; i++) {
        if (claims[i].zone) {
            open->runs[open->n_runs++] = (struct zw_zone_run){claims[i].first, claims[i].last, claims[i].zone};
        } else if (claims[i].claimants[0]) {
            warn_conflict(c, open->port, &claims[i], n == 1);
        }
    }
    free(claims);
    return open->n_runs;
}

static void warn_of_bindings(struct zw_compiler *c, const struct zw_bound *bound)
{
    const struct zw_bindings *bindings = &bound->bindings;

    if (bindings->closed) {
        zw_problems_add(c->warnings, NULL, 0, 0, "bridge %s: port %s is closed in zone %s: %s", c->bridge->name,
                        bound->port->name, bound->zone->name, bindings->closed);
    }
    if (bindings->bad) {
        char more[48] = "";

        if (bindings->n_bad > 1) {
            snprintf(more, sizeof more, " (and %zu more)", bindings->n_bad - 1);
        }
        zw_problems_add(c->warnings, NULL, 0, 0,
                        "bridge %s: port %s: \"%s\" in external_ids:attached-ips is no host's address%s",
                        c->bridge->name, bound->port->name, bindings->bad, more);
    }
    if (bindings->n_dropped) {
        zw_problems_add(c->warnings, NULL, 0, 0,
                        "bridge %s: port %s has %zu addresses more than the %u that it may have", c->bridge->name,
                        bound->port->name, bindings->n_dropped, ZW_BINDINGS_MAX);
    }
}

const struct zw_bindings *zw_open_bindings(const struct zw_open_port *open, const struct zw_zone *zone)
{
    for (size_t i = 0; i < open->n_bound; i++) {
        if (open->bound[i].zone == zone) {
            return &open->bound[i].bindings;
        }
    }
    return NULL;
}

static void find_bindings(struct zw_compiler *c, struct zw_open_port *open)
{
    for (size_t i = 0, allocated = 0; i < open->n_runs; i++) {
        const struct zw_zone *zone = open->runs[i].zone;

        if (!zone->guard.is_on || zw_open_bindings(open, zone)) {
            continue;
        }
        open->bound = zw_xgrow(open->bound, open->n_bound, &allocated, sizeof *open->bound);
        struct zw_bound *bound = &open->bound[open->n_bound++];
        *bound = (struct zw_bound){.port = open->port, .zone = zone};
        zw_bindings_find(zone, open->port, c->learned, c->n_learned, &bound->bindings);
        warn_of_bindings(c, bound);
    }
}

/* It is as if there were none, which whoever wrote it did not mean. */
static void warn_of_mac(struct zw_compiler *c, const struct zw_port *port)
{
    const char *text = zw_port_external_id(port, "attached-mac");

    if (text && !port->attached_mac) {
        zw_problems_add(c->warnings, NULL, 0, 0,
                        "bridge %s: port %s: \"%s\" in external_ids:attached-mac is no host's MAC address",
                        c->bridge->name, port->name, text);
    }
}

static void find_open_ports(struct zw_compiler *c)
{
    c->ports = zw_xcalloc(c->bridge->n_ports + 1, sizeof *c->ports);
    for (size_t i = 0; i < c->bridge->n_ports; i++) {
        struct zw_open_port open = {.port = &c->bridge->ports[i]};

        if (find_zones(c, &open) && is_usable(c, open.port)) {
            warn_of_mac(c, open.port);
            find_bindings(c, &open);
            c->ports[c->n_ports++] = open;
        } else {
            free(open.runs);
        }
    }
}

static void close_port(struct zw_open_port *open)
{
    for (size_t i = 0; i < open->n_bound; i++) {
        zw_bindings_clear(&open->bound[i].bindings);
    }
    free(open->bound);
    free(open->runs);
}

const struct zw_zone *zw_open_zone(const struct zw_open_port *open, unsigned int segment)
{
    if (!zw_port_carries(open->port, segment)) {
        return NULL;
    }
    for (size_t i = 0; i < open->n_runs; i++) {
        if (segment >= open->runs[i].first && segment <= open->runs[i].last) {
            return open->runs[i].zone;
        }
    }
    return NULL;
}

void zw_open_each_zone(struct zw_compiler *c, const struct zw_open_port *open,
                       void (*what)(struct zw_compiler *, const struct zw_open_port *, const struct zw_zone *,
                                    const struct zw_port_mask *segments))
{
    if (open->zone) {
        what(c, open, open->zone, NULL);
        return;
    }
    for (size_t i = 0; i < open->n_runs; i++) {
        struct zw_port_mask masks[ZW_MAX_PORT_MASKS];
        size_t n = zw_port_masks(open->runs[i].first, open->runs[i].last, masks);

        for (size_t j = 0; j < n; j++) {
            what(c, open, open->runs[i].zone, &masks[j]);
        }
    }
}

void zw_match_segments(struct zw_flow *flow, const struct zw_port_mask *mask)
{
    zw_match_reg_masked(flow, ZW_REG_SEGMENT, mask->value, 0xffff0000u | mask->mask);
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

static struct zw_compiler begin(const struct zw_compile_input *input, unsigned int bridge_index,
                                struct zw_problems *warnings)
{
    return (struct zw_compiler){
        .policy = input->policy,
        .bridge = input->bridge,
        .learned = input->learned,
        .n_learned = input->n_learned,
        .ct_zone_base = (bridge_index + 1) << ZW_CT_ZONE_BRIDGE_SHIFT,
        .flows = zw_flow_table_new(),
        .warnings = warnings,
    };
}

/* All stages but POLICY. */
static void compile_frame(struct zw_compiler *c)
{
    find_open_ports(c);
    find_segments(c);
    for (size_t i = 0; i < ZW_N_STAGES; i++) {
        if (i != ZW_STAGE_POLICY) {
            stages[i](c);
        }
    }
    for (size_t i = 0; i < c->n_ports; i++) {
        close_port(&c->ports[i]);
    }
    free(c->ports);
    free(c->segments);
}

struct zw_flow_table *zw_compile_bridge(const struct zw_compile_input *input, unsigned int bridge_index,
                                        struct zw_problems *warnings)
{
    struct zw_compiler c = begin(input, bridge_index, warnings);

    compile_frame(&c);
    zw_compile_policy(&c);
    return c.flows;
}

struct zw_flow_table *zw_compile(const struct zw_policy *policy, const struct zw_bridge *bridge,
                                 unsigned int bridge_index, struct zw_problems *warnings)
{
    return zw_compile_bridge(&(struct zw_compile_input){.policy = policy, .bridge = bridge}, bridge_index, warnings);
}

bool zw_compile_same_frame(const struct zw_compile_input *before, const struct zw_compile_input *after)
{
    return zw_learned_same(before->learned, before->n_learned, after->learned, after->n_learned) &&
           zw_policy_same_frame(before->policy, after->policy) &&
           (before->bridge == after->bridge || zw_bridge_same_for_flows(before->bridge, after->bridge));
}

static bool compiles_same(const struct zw_rule *a, const struct zw_rule *b)
{
    return a->id == b->id && a->priority == b->priority && zw_rule_says_same(a, b);
}

/* Rules that both have the same way need no flows in either.  They are the same at both ends most often; between them they
 * are found by their ids. */
static void compile_changed_rules(struct zw_compiler *old, struct zw_compiler *new)
{
    const struct zw_rule *was = old->policy->rules, *is = new->policy->rules;
    size_t first = 0, old_end = old->policy->n_rules, new_end = new->policy->n_rules;

    while (first < old_end && first < new_end && compiles_same(&was[first], &is[first])) {
        first++;
    }
    while (old_end > first && new_end > first && compiles_same(&was[old_end - 1], &is[new_end - 1])) {
        old_end--, new_end--;
    }
    for (size_t i = first; i < old_end; i++) {
        const struct zw_rule *other = zw_policy_rule_by_id(new->policy, was[i].id);

        if (!other || !compiles_same(&was[i], other)) {
            zw_compile_rule(old, &was[i]);
        }
    }
    for (size_t i = first; i < new_end; i++) {
        const struct zw_rule *other = zw_policy_rule_by_id(old->policy, is[i].id);

        if (!other || !compiles_same(&is[i], other)) {
            zw_compile_rule(new, &is[i]);
        }
    }
}

struct zw_flow_delta zw_compile_delta(const struct zw_compile_input *before, const struct zw_compile_input *after,
                                      unsigned int bridge_index, struct zw_problems *warnings)
{
    struct zw_problems said_before = ZW_PROBLEMS_INIT;
    struct zw_compiler old = begin(before, bridge_index, &said_before), new = begin(after, bridge_index, warnings);

    if (zw_compile_same_frame(before, after)) {
        zw_compile_new(&old);
        zw_compile_new(&new);
    } else {
        compile_frame(&old);
        compile_frame(&new);
    }
    compile_changed_rules(&old, &new);
    zw_compile_default(&old);
    zw_compile_default(&new);
    zw_problems_clear(&said_before);
    return zw_flow_delta_make(old.flows, new.flows);
}
