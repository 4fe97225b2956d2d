/* SPDX-License-Identifier: Apache-2.0 */
/* VERDICT and COMMIT: logs, asks, denies; what is allowed enters conntrack.
 *
 * A handful of flows whatever the policy: which rule decided is in a register, and the copies for the log carry it. */

#include "controller/compile/compile-private.h"

static struct zw_flow *on_verdict(enum zw_stage stage, uint16_t priority, enum zw_flag_verdict verdict)
{
    struct zw_flow *flow = zw_static_flow(stage, priority);

    zw_match_flags(flow, (uint32_t)verdict << ZW_FLAG_VERDICT_FIRST, ZW_FLAG_VERDICT_MASK);
    return flow;
}

/* Sends packets up.  Its cookie says why, so that its counter can be compared with what comes. */
static struct zw_flow *punt_flow(enum zw_punt punt, uint16_t priority, enum zw_flag_verdict verdict)
{
    struct zw_flow *flow = zw_flow_new(ZW_STAGE_VERDICT, priority, zw_cookie(ZW_COOKIE_PUNT, punt));

    zw_match_flags(flow, (uint32_t)verdict << ZW_FLAG_VERDICT_FIRST, ZW_FLAG_VERDICT_MASK);
    return flow;
}

void zw_compile_verdict(struct zw_compiler *c)
{
    struct zw_flow *flow = punt_flow(ZW_PUNT_SESSION, ZW_PRIO_EXACT, ZW_FLAG_ALLOW);
    zw_match_flags(flow, ZW_FLAG_LOG_MASK, ZW_FLAG_LOG_MASK | ZW_FLAG_STATELESS_MASK);
    zw_act_punt(flow, ZW_PUNT_SESSION, false, 0);
    zw_act_goto(flow, ZW_STAGE_COMMIT);
    zw_emit(c, flow);

    /* Each packet that is judged by itself is a record; a stream of them must not drown the log. */
    flow = punt_flow(ZW_PUNT_SESSION, ZW_PRIO_EXACT, ZW_FLAG_ALLOW);
    zw_match_flags(flow, ZW_FLAG_LOG_MASK | ZW_FLAG_STATELESS_MASK, ZW_FLAG_LOG_MASK | ZW_FLAG_STATELESS_MASK);
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

    /* Paused here; it goes on with the slow path's verdict, or nowhere if that never comes. */
    flow = punt_flow(ZW_PUNT_ASK, ZW_PRIO_MATCH, ZW_FLAG_ASK);
    zw_act_punt(flow, ZW_PUNT_ASK, true, 0);
    zw_act_goto(flow, ZW_STAGE_COMMIT);
    zw_emit(c, flow);
}

static void pass_without_session(struct zw_compiler *c, uint16_t priority, uint32_t flag)
{
    struct zw_flow *flow = on_verdict(ZW_STAGE_COMMIT, priority, ZW_FLAG_ALLOW);

    zw_match_flags(flow, flag, flag);
    zw_act_goto(flow, ZW_STAGE_OUTPUT);
    zw_emit(c, flow);
}

/* OpenFlow's ct action asks for a match on IP, though nothing else gets here. */
static void commit(struct zw_compiler *c, enum zw_family family)
{
    struct zw_flow *flow = on_verdict(ZW_STAGE_COMMIT, ZW_PRIO_MATCH, ZW_FLAG_ALLOW);

    zw_match_family(flow, family);
    zw_act_ct_commit(flow);
    zw_act_goto(flow, ZW_STAGE_OUTPUT);
    zw_emit(c, flow);
}

void zw_compile_commit(struct zw_compiler *c)
{
    pass_without_session(c, ZW_PRIO_EXACT, ZW_FLAG_STATELESS_MASK);
    pass_without_session(c, ZW_PRIO_EXACT + 1, ZW_FLAG_COPY_MASK);
    commit(c, ZW_IPV4);
    commit(c, ZW_IPV6);
}
