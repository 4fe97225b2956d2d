/* SPDX-License-Identifier: Apache-2.0 */
/* VERDICT and COMMIT: logs, asks, denies; what is allowed enters conntrack.
 *
 * A handful of flows whatever the policy: which rule decided is in a register, and the copies for the log carry it. */

#include <string.h>

#include "controller/compile/compile-private.h"

static struct zw_flow *on_verdict(enum zw_stage stage, uint16_t priority, enum zw_flag_verdict verdict)
{
    struct zw_flow *flow = zw_static_flow(stage, priority);

    zw_match_flags(flow, (uint32_t)verdict << ZW_FLAG_VERDICT_FIRST, ZW_FLAG_VERDICT_MASK);
    return flow;
}

/* Sends packets up.  Its cookie says why, so that its counter can be compared with what comes. */
static struct zw_flow *punts_flow(enum zw_punt punt, uint32_t other, uint16_t priority, enum zw_flag_verdict verdict)
{
    struct zw_flow *flow = zw_flow_new(ZW_STAGE_VERDICT, priority, zw_punt_cookie(punt, other));

    zw_match_flags(flow, (uint32_t)verdict << ZW_FLAG_VERDICT_FIRST, ZW_FLAG_VERDICT_MASK);
    return flow;
}

static struct zw_flow *punt_flow(enum zw_punt punt, uint16_t priority, enum zw_flag_verdict verdict)
{
    return punts_flow(punt, 0, priority, verdict);
}

/* Of one host to one other, whose port is known: broadcasts are not answered, and what is copied to ports where the
 * receiver may be would be answered for those where it is not. */
static void match_answered(struct zw_flow *flow, uint32_t log)
{
    zw_match_flags(flow, ZW_FLAG_REJECT_MASK | log,
                   ZW_FLAG_REJECT_MASK | ZW_FLAG_LOG_MASK | ZW_FLAG_STATELESS_MASK | ZW_FLAG_COPY_MASK);
}

/* One copy for the log, a longer one to be answered; each has a meter of its own. */
static void reject(struct zw_compiler *c)
{
    struct zw_flow *flow = punts_flow(ZW_PUNT_DENIED, ZW_PUNT_REJECT, ZW_PRIO_MATCH + 1, ZW_FLAG_DENY);

    match_answered(flow, ZW_FLAG_LOG_MASK);
    zw_act_punt(flow, ZW_PUNT_DENIED, false, ZW_COPY_METER_ID);
    zw_act_punt(flow, ZW_PUNT_REJECT, false, ZW_REJECT_METER_ID);
    zw_emit(c, flow);

    flow = punt_flow(ZW_PUNT_REJECT, ZW_PRIO_MATCH + 1, ZW_FLAG_DENY);
    match_answered(flow, 0);
    zw_act_punt(flow, ZW_PUNT_REJECT, false, ZW_REJECT_METER_ID);
    zw_emit(c, flow);
}

void zw_compile_verdict(struct zw_compiler *c)
{
    struct zw_flow *flow = punt_flow(ZW_PUNT_SESSION, ZW_PRIO_EXACT, ZW_FLAG_ALLOW);
    zw_match_flags(flow, ZW_FLAG_LOG_MASK, ZW_FLAG_LOG_MASK | ZW_FLAG_STATELESS_MASK | ZW_FLAG_COPY_MASK);
    zw_act_punt(flow, ZW_PUNT_SESSION, false, 0);
    zw_act_goto(flow, ZW_STAGE_COMMIT);
    zw_emit(c, flow);

    /* Each packet that opens no session, to several receivers or copied to where the one may be, is a record, or one for
     * each port; a stream of them must not drown the log. */
    flow = punt_flow(ZW_PUNT_SESSION, ZW_PRIO_MATCH + 2, ZW_FLAG_ALLOW);
    zw_match_flags(flow, ZW_FLAG_LOG_MASK, ZW_FLAG_LOG_MASK);
    zw_act_punt(flow, ZW_PUNT_SESSION, false, ZW_COPY_METER_ID);
    zw_act_goto(flow, ZW_STAGE_COMMIT);
    zw_emit(c, flow);

    flow = on_verdict(ZW_STAGE_VERDICT, ZW_PRIO_MATCH, ZW_FLAG_ALLOW);
    zw_act_goto(flow, ZW_STAGE_COMMIT);
    zw_emit(c, flow);

    flow = punt_flow(ZW_PUNT_DENIED, ZW_PRIO_MATCH, ZW_FLAG_DENY);
    zw_match_flags(flow, ZW_FLAG_LOG_MASK, ZW_FLAG_LOG_MASK);
    zw_act_punt(flow, ZW_PUNT_DENIED, false, ZW_COPY_METER_ID);
    zw_emit(c, flow);

    reject(c);

    /* From zw_emit(), where drops are logged.  It stays when they no longer are, and with it its counter. */
    flow = punt_flow(ZW_PUNT_DROPPED, ZW_PRIO_EXACT, ZW_FLAG_DENY);
    zw_match_flags(flow, ZW_FLAG_DROPPED_MASK, ZW_FLAG_DROPPED_MASK);
    zw_act_punt(flow, ZW_PUNT_DROPPED, false, ZW_DROP_METER_ID);
    zw_emit(c, flow);

    /* Paused here; it goes on with the slow path's verdict, or nowhere if that never comes. */
    flow = punt_flow(ZW_PUNT_ASK, ZW_PRIO_MATCH, ZW_FLAG_ASK);
    zw_act_punt(flow, ZW_PUNT_ASK, true, 0);
    zw_act_goto(flow, ZW_STAGE_COMMIT);
    zw_emit(c, flow);

    zw_emit_drop(c, ZW_STAGE_VERDICT, ZW_DROP_QUIET_DENIAL);
}

static void pass_without_session(struct zw_compiler *c, uint16_t priority, uint32_t flag)
{
    struct zw_flow *flow = on_verdict(ZW_STAGE_COMMIT, priority, ZW_FLAG_ALLOW);

    zw_match_flags(flow, flag, flag);
    zw_act_goto(flow, ZW_STAGE_OUTPUT);
    zw_emit(c, flow);
}

/* What comes out of ct() with it, see state.c, given_up(), does not go to its port. */
static void mark_through(struct zw_flow *flow)
{
    zw_act_set_flags(flow, ZW_FLAG_THROUGH_MASK, ZW_FLAG_THROUGH_MASK);
}

static void commit_to_output(struct zw_flow *flow)
{
    mark_through(flow);
    zw_act_ct_commit_to(flow, ZW_STAGE_OUTPUT);
}

/* OpenFlow's ct action asks for a match on IP, though nothing else gets here. */
static void commit(struct zw_compiler *c, enum zw_family family)
{
    struct zw_flow *flow = on_verdict(ZW_STAGE_COMMIT, ZW_PRIO_MATCH, ZW_FLAG_ALLOW);

    zw_match_family(flow, family);
    if (c->policy->max_sessions) {
        commit_to_output(flow); /* Which sees whether there was room. */
    } else {
        zw_act_ct_commit(flow);
        zw_act_goto(flow, ZW_STAGE_OUTPUT);
    }
    zw_emit(c, flow);
}

/* Whether a packet that is put out there leaves this vswitchd, or gets to a host at least. */
static bool is_plain(const struct zw_port *port)
{
    static const char *const types[] = {"",      "system", "internal",      "tap",
                                        "afxdp", "dpdk",   "dpdkvhostuser", "dpdkvhostuserclient"};

    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        if (!strcmp(port->type, types[i])) {
            return true;
        }
    }
    return false;
}

static struct zw_flow *resumed(const struct zw_port *port, uint16_t priority, enum zw_family family, uint32_t flag)
{
    struct zw_flow *flow = zw_port_flow(ZW_STAGE_COMMIT, priority, port);

    zw_match_flags(flow, (uint32_t)ZW_FLAG_ALLOW << ZW_FLAG_VERDICT_FIRST | ZW_FLAG_SLOW_MASK | flag,
                   ZW_FLAG_VERDICT_MASK | ZW_FLAG_SLOW_MASK | flag);
    zw_match_reg(flow, ZW_REG_OUT_PORT, port->ofport);
    zw_match_family(flow, family);
    return flow;
}

/* A patch port or a tunnel leads to another bridge, and to what is learned there.  vswitchd 3.1 dies of a learn action in
 * the translation of a resumed packet; so that one ends here, and ct() begins another. */
static void through_port(struct zw_compiler *c, const struct zw_port *port, enum zw_family family)
{
    static const uint32_t without_session[] = {ZW_FLAG_STATELESS_MASK, ZW_FLAG_COPY_MASK};
    struct zw_flow *flow;

    for (size_t i = 0; i < 2; i++) {
        flow = resumed(port, ZW_PRIO_BLOCK + 1 + (uint16_t)i, family, without_session[i]);
        mark_through(flow);
        zw_act_ct(flow, ZW_STAGE_OUTPUT);
        zw_emit(c, flow);
    }
    flow = resumed(port, ZW_PRIO_BLOCK, family, 0);
    commit_to_output(flow);
    zw_emit(c, flow);
}

/* The slow path found that zones have changed. */
static struct zw_flow *unjudged(void)
{
    struct zw_flow *flow = zw_static_flow(ZW_STAGE_COMMIT, ZW_PRIO_MATCH);

    zw_match_flags(flow, ZW_FLAG_SLOW_MASK, ZW_FLAG_VERDICT_MASK | ZW_FLAG_SLOW_MASK);
    return flow;
}

void zw_compile_commit(struct zw_compiler *c)
{
    pass_without_session(c, ZW_PRIO_EXACT, ZW_FLAG_STATELESS_MASK);
    pass_without_session(c, ZW_PRIO_EXACT + 1, ZW_FLAG_COPY_MASK);
    commit(c, ZW_IPV4);
    commit(c, ZW_IPV6);
    zw_compile_again(c, unjudged);
    zw_emit_drop(c, ZW_STAGE_COMMIT, ZW_DROP_NO_VERDICT);
    for (size_t i = 0; i < c->n_ports; i++) {
        if (!is_plain(c->ports[i].port)) {
            through_port(c, c->ports[i].port, ZW_IPV4);
            through_port(c, c->ports[i].port, ZW_IPV6);
        }
    }
}
