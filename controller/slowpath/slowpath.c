/* SPDX-License-Identifier: Apache-2.0 */

#include "controller/slowpath/slowpath.h"

#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "controller/base/memory.h"
#include "controller/policy/decide.h"
#include "controller/slowpath/refusal.h"
#include "ovs-ext/packet-out.h"
#include "ovs-ext/pipeline.h"

struct zw_slowpath {
    struct zw_audit *audit;
    struct zw_policy *policies[ZW_SLOWPATH_POLICIES]; /* Newest first; NULL: none. */
    struct zw_refusal_limit limit;
    struct zw_slowpath_status status;
};

struct zw_slowpath *zw_slowpath_new(struct zw_audit *audit)
{
    struct zw_slowpath *sp = zw_xcalloc(1, sizeof *sp);

    sp->audit = audit;
    return sp;
}

void zw_slowpath_free(struct zw_slowpath *sp)
{
    if (!sp) {
        return;
    }
    for (size_t i = 0; i < ZW_SLOWPATH_POLICIES; i++) {
        zw_policy_unref(sp->policies[i]);
    }
    free(sp);
}

void zw_slowpath_set_policy(struct zw_slowpath *sp, const struct zw_policy *policy)
{
    zw_policy_unref(sp->policies[ZW_SLOWPATH_POLICIES - 1]);
    memmove(&sp->policies[1], &sp->policies[0], (ZW_SLOWPATH_POLICIES - 1) * sizeof sp->policies[0]);
    sp->policies[0] = zw_policy_ref(policy);
}

const struct zw_policy *zw_slowpath_policy(const struct zw_slowpath *sp, uint32_t version)
{
    for (size_t i = 0; i < ZW_SLOWPATH_POLICIES && sp->policies[i]; i++) {
        if (sp->policies[i]->version == version) {
            return sp->policies[i];
        }
    }
    return NULL;
}

/* Several for each packet: snprintf() would take a tenth of all its time. */
static void put_name(char *buf, size_t size, const char *name)
{
    size_t length = name ? strnlen(name, size - 1) : 0;

    if (length) {
        memcpy(buf, name, length);
    }
    buf[length] = '\0';
}

static void put_port(char *buf, size_t size, const struct zw_bridge *bridge, uint32_t ofport)
{
    const struct zw_port *port = bridge ? zw_bridge_port_by_ofport(bridge, ofport) : NULL;

    if (port) {
        put_name(buf, size, port->name);
    } else {
        snprintf(buf, size, "#%u", ofport);
    }
}

/* Everything about the packet; nothing about the verdict. */
static void describe_packet(struct zw_record *record, const struct zw_bridge *bridge, const struct zw_packet_in *in)
{
    struct zw_flow_record *flow = &record->flow;

    memset(record, 0, sizeof *record);
    record->time_us = zw_audit_now_us();
    flow->key = in->key;
    flow->segment = (uint16_t)in->regs[ZW_REG_SEGMENT];
    memcpy(flow->src_mac, in->src_mac, sizeof flow->src_mac);
    memcpy(flow->dst_mac, in->dst_mac, sizeof flow->dst_mac);
    put_port(flow->src_port, sizeof flow->src_port, bridge, in->in_port);
    put_port(flow->dst_port, sizeof flow->dst_port, bridge, in->regs[ZW_REG_OUT_PORT]);
    put_name(flow->bridge, sizeof flow->bridge, bridge ? bridge->name : NULL);
}

static void put_zone(char *buf, size_t size, const struct zw_policy *policy, uint32_t id)
{
    const struct zw_zone *zone = policy ? zw_policy_zone_by_id(policy, id) : NULL;

    put_name(buf, size, zone ? zone->name : NULL);
}

static void describe_rule(struct zw_flow_record *flow, const struct zw_rule *rule, enum zw_step step, uint32_t version)
{
    flow->rule = rule ? rule->number : 0;
    flow->policy_version = version;
    put_name(flow->rule_name, sizeof flow->rule_name, rule ? rule->name : step == ZW_STEP_DEFAULT ? "default" : NULL);
    put_name(flow->step, sizeof flow->step, zw_step_name(step));
}

/* A copy: the fast path decided, by the rule and version in the registers. */
static void record_copy(struct zw_slowpath *sp, const struct zw_bridge *bridge, const struct zw_packet_in *in)
{
    const struct zw_policy *policy = zw_slowpath_policy(sp, in->regs[ZW_REG_VERSION]);
    uint32_t id = in->regs[ZW_REG_RULE];
    const struct zw_rule *rule = policy ? zw_policy_rule_by_id(policy, id) : NULL;
    struct zw_record record;

    describe_packet(&record, bridge, in);
    record.type = in->punt == ZW_PUNT_SESSION ? ZW_RECORD_SESSION : ZW_RECORD_DENIAL;
    record.flow.path = ZW_PATH_FAST;
    describe_rule(&record.flow, rule, id ? ZW_STEP_RULE : ZW_STEP_DEFAULT, in->regs[ZW_REG_VERSION]);
    if (id && !rule) {
        snprintf(record.flow.rule_name, sizeof record.flow.rule_name, "#%u", id);
    }
    put_zone(record.flow.src_zone, sizeof record.flow.src_zone, policy, in->regs[ZW_REG_SRC_ZONE]);
    put_zone(record.flow.dst_zone, sizeof record.flow.dst_zone, policy, in->regs[ZW_REG_DST_ZONE]);
    if (in->punt == ZW_PUNT_SESSION) {
        sp->status.n_sessions++;
    } else {
        sp->status.n_denials++;
    }
    zw_audit_put(sp->audit, &record);
}

/* A copy: the fast path dropped it without asking a rule.  The registers hold what it knew by then. */
static void record_drop(struct zw_slowpath *sp, const struct zw_bridge *bridge, const struct zw_packet_in *in)
{
    const struct zw_policy *policy = sp->policies[0];
    struct zw_record record;

    describe_packet(&record, bridge, in);
    record.type = ZW_RECORD_DENIAL;
    record.flow.path = ZW_PATH_FAST;
    record.flow.policy_version = policy ? policy->version : 0;
    put_name(record.flow.step, sizeof record.flow.step, zw_drop_name((enum zw_drop)in->regs[ZW_REG_RULE]));
    put_zone(record.flow.src_zone, sizeof record.flow.src_zone, policy, in->regs[ZW_REG_SRC_ZONE]);
    put_zone(record.flow.dst_zone, sizeof record.flow.dst_zone, policy, in->regs[ZW_REG_DST_ZONE]);
    if (!in->regs[ZW_REG_OUT_PORT]) {
        record.flow.dst_port[0] = '\0';
    }
    sp->status.n_drops++;
    zw_audit_put(sp->audit, &record);
}

static void record_verdict(struct zw_slowpath *sp, const struct zw_bridge *bridge, const struct zw_packet_in *in,
                           const struct zw_verdict *verdict, uint32_t version)
{
    struct zw_record record;

    describe_packet(&record, bridge, in);
    record.type = verdict->action == ZW_ALLOW ? ZW_RECORD_SESSION : ZW_RECORD_DENIAL;
    record.flow.path = ZW_PATH_SLOW;
    describe_rule(&record.flow, verdict->rule, verdict->step, version);
    put_name(record.flow.src_zone, sizeof record.flow.src_zone, verdict->src ? verdict->src->name : NULL);
    put_name(record.flow.dst_zone, sizeof record.flow.dst_zone, verdict->dst ? verdict->dst->name : NULL);
    zw_audit_put(sp->audit, &record);
}

static void resume_allowed(const struct zw_packet_in *in, const struct zw_verdict *verdict, bool logged,
                           uint32_t version, struct zw_outbuf *answer)
{
    uint32_t flags = in->regs[ZW_REG_FLAGS] & ~(uint32_t)(ZW_FLAG_VERDICT_MASK | ZW_FLAG_LOG_MASK);

    flags |= (uint32_t)ZW_FLAG_ALLOW << ZW_FLAG_VERDICT_FIRST | ZW_FLAG_SLOW_MASK | (logged ? ZW_FLAG_LOG_MASK : 0);
    zw_packet_in_resume(in, flags, verdict->rule ? verdict->rule->id : 0, version, answer);
}

/* Only `pickup: loose` lets TCP that opens nothing be judged.  It may be of a session that the switch has forgotten and its
 * other end is about to go on with: a reset would end what is to be taken up. */
static bool is_midstream(const struct zw_packet_in *in)
{
    return in->has_key && in->key.proto == IPPROTO_TCP && !(in->tcp_flags & TH_SYN);
}

/* To the port and the segment that it came from, and nowhere else: whoever's address it was sent with. */
static void refuse(struct zw_slowpath *sp, const struct zw_packet_in *in, struct zw_outbuf *answer)
{
    uint8_t frame[ZW_REFUSAL_MAX_SIZE];
    size_t size = is_midstream(in) ? 0 : zw_refusal_make(in->packet, in->packet_size, frame);

    if (size) {
        uint32_t other_port = in->in_port == ZW_OFPORT_LOCAL ? in->regs[ZW_REG_OUT_PORT] : ZW_OFPORT_LOCAL;

        zw_packet_out_put(answer, frame, size, in->regs[ZW_REG_SEGMENT], other_port, in->in_port,
                          in->regs[ZW_REG_FLAGS]);
        sp->status.n_rejected++;
    } else {
        sp->status.n_silent++;
    }
}

static int64_t monotonic_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* As the fast path does it (compile/verdict.c): not of what is judged packet by packet, or copied to where the receiver
 * may not be. */
static void refuse_asked(struct zw_slowpath *sp, const struct zw_packet_in *in, struct zw_outbuf *answer)
{
    if (in->regs[ZW_REG_FLAGS] & (ZW_FLAG_STATELESS_MASK | ZW_FLAG_COPY_MASK)) {
        sp->status.n_silent++;
    } else if (!zw_refusal_allowed(&sp->limit, monotonic_us())) {
        sp->status.n_rejects_limited++;
    } else {
        refuse(sp, in, answer);
    }
}

/* Its zones, as stage NEW has it, which the packet has behind it. */
static bool got_here_by(const struct zw_policy *policy, const struct zw_packet_in *in)
{
    return policy->zones_digest == in->regs[ZW_REG_ZONES];
}

/* Of a policy with other zones that the switch may not have yet, the packet knows nothing: the one that sent it up judges,
 * wholly, or a newer one that the switch has confirmed.  A session that it opens is looked at again when the newest is in
 * force (daemon/sweep.h).  NULL: nobody can. */
static const struct zw_policy *find_judge(const struct zw_slowpath *sp, const struct zw_packet_in *in,
                                          uint32_t version_in_force)
{
    const struct zw_policy *newest = sp->policies[0], *then;
    uint32_t version = in->regs[ZW_REG_VERSION];

    if (got_here_by(newest, in)) {
        return newest;
    }
    version = version > version_in_force ? version : version_in_force;
    then = version_in_force != newest->version ? zw_slowpath_policy(sp, version) : NULL;
    return then && got_here_by(then, in) ? then : NULL;
}

/* Back to CLASSIFY (zw_compile_again()), and here again if that asks again.  Not to flows that nobody here knows, which
 * would only ask the same. */
static void classify_again(struct zw_slowpath *sp, uint32_t version_in_force, const struct zw_packet_in *in,
                           struct zw_outbuf *answer)
{
    uint32_t flags = in->regs[ZW_REG_FLAGS];

    if (!version_in_force || (flags & ZW_FLAG_AGAIN_MASK) == ZW_FLAG_AGAIN_MASK) {
        sp->status.n_unjudged++;
        return;
    }
    sp->status.n_zones_changed++;
    flags &= ~(uint32_t)(ZW_FLAG_VERDICT_MASK | ZW_FLAG_LOG_MASK);
    zw_packet_in_resume(in, flags | ZW_FLAG_SLOW_MASK, 0, in->regs[ZW_REG_VERSION], answer);
}

static void judge(struct zw_slowpath *sp, const struct zw_bridge *bridge, uint32_t version_in_force,
                  const struct zw_packet_in *in, struct zw_outbuf *answer)
{
    sp->status.n_asked++;
    if (!sp->policies[0] || !in->has_key) {
        sp->status.n_unjudged++;
        return;
    }
    const struct zw_policy *policy = find_judge(sp, in, version_in_force);
    if (!policy) {
        classify_again(sp, version_in_force, in, answer);
        return;
    }
    /* The registers hold the zones after those behind a port were found; decide() leaves such zones as they are. */
    struct zw_verdict verdict = zw_decide(policy, zw_policy_zone_by_id(policy, in->regs[ZW_REG_SRC_ZONE]),
                                          zw_policy_zone_by_id(policy, in->regs[ZW_REG_DST_ZONE]), &in->key);
    bool logged = verdict.log != ZW_LOG_NONE;

    if (verdict.action == ZW_ALLOW) {
        sp->status.n_allowed++;
        resume_allowed(in, &verdict, logged, policy->version, answer);
    } else {
        sp->status.n_denied++;
    }
    if (verdict.action == ZW_REJECT) {
        refuse_asked(sp, in, answer);
    }
    if (logged) {
        record_verdict(sp, bridge, in, &verdict, policy->version);
    }
}

void zw_slowpath_packet_in(struct zw_slowpath *sp, const struct zw_bridge *bridge, uint32_t version_in_force,
                           const struct zw_packet_in *in, struct zw_outbuf *answer)
{
    if (!in->is_ours) {
        sp->status.n_foreign++;
    } else if (in->punt == ZW_PUNT_ASK) {
        judge(sp, bridge, version_in_force, in, answer);
    } else if (in->punt == ZW_PUNT_REJECT) {
        refuse(sp, in, answer);
    } else if (in->has_key && in->punt == ZW_PUNT_DROPPED) {
        record_drop(sp, bridge, in);
    } else if (in->has_key) {
        record_copy(sp, bridge, in);
    }
}

struct zw_slowpath_status zw_slowpath_status(const struct zw_slowpath *sp)
{
    return sp->status;
}
