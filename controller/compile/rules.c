/* SPDX-License-Identifier: Apache-2.0 */
/* POLICY: the rules, in the administrator's order.
 *
 * A rule has up to five dimensions: from, to, from-addresses, to-addresses, service.  Each rule has a priority of its
 * own, so that the order is kept exactly and flows of two rules never overlap at one priority.  Nor do those of one rule,
 * but for the clauses of its conjunction: the members of a dimension exclude each other (compile/sets.h).  A rule whose
 * dimensions multiply to few flows gets them all; otherwise it becomes a conjunction (ovs-fields(7)): as many flows as
 * the dimensions have members, and one that joins them.
 *
 * Protocols and destination ports are in a register (ZW_SERVICE_FIELDS), of either family.  Flows that look at addresses, source
 * ports or ICMP's types exist for each family that the rule can match.
 *
 * EtherTypes that a rule names are judged in CONNTRACK, where what is not IP ends: so "any" in POLICY is any IP without having
 * to say so.  Flows for one EtherType meet no others there, so they are in the rules' order as well.
 *
 * How many flows a rule becomes the policy's reader counts beforehand (controller/policy/flow-count.h): who changes the one
 * changes the other. */

#include <stdlib.h>
#include <string.h>

#include "controller/base/memory.h"
#include "controller/compile/compile-private.h"
#include "controller/compile/sets.h"
#include "controller/policy/masks.h"

enum dimension { FROM, TO, FROM_ADDRESSES, TO_ADDRESSES, SERVICE, N_DIMENSIONS };

/* One member of a dimension: what a flow has to match.  'family' 0 fits both. */
struct member {
    uint8_t family;
    const struct zw_zone *zone;
    const struct zw_prefix *prefix;
    const struct zw_service_item *item;
    struct zw_port_mask from_ports, ports; /* mask 0: any. */
};

struct members {
    struct member *list;
    size_t n, allocated;
};

struct rule_compiler {
    struct zw_compiler *c;
    enum zw_stage stage; /* POLICY; CONNTRACK: for what is not IP. */
    const struct zw_rule *rule;
    uint8_t family; /* Of all its flows; 0: any. */
    uint32_t conj_id;
    struct members dimensions[N_DIMENSIONS]; /* n == 0: anything. */
};

/* What a rule says, without repeating itself (sets.h).  Members point into it. */
struct disjoint {
    struct zw_prefixes from_addresses, to_addresses;
    struct zw_service service;
};

static void put(struct members *members, struct member member)
{
    members->list = zw_xgrow(members->list, members->n, &members->allocated, sizeof *members->list);
    members->list[members->n++] = member;
}

static void put_zones(struct members *members, const struct zw_zone_set *zones)
{
    for (size_t i = 0; i < zones->n; i++) {
        put(members, (struct member){.zone = zones->list[i]});
    }
}

static void put_prefixes(struct members *members, const struct zw_prefixes *prefixes)
{
    for (size_t i = 0; i < prefixes->n; i++) {
        const struct zw_prefix *prefix = &prefixes->list[i];

        put(members, (struct member){.family = prefix->addr.family, .prefix = prefix});
    }
}

/* 'item' for each of the masks that the rule's source ports are. */
static void put_item_from(struct members *members, struct member member, const struct zw_port_ranges *from_ports)
{
    struct zw_port_mask masks[ZW_MAX_PORT_MASKS];

    if (!from_ports->n) {
        put(members, member);
    }
    for (size_t i = 0; i < from_ports->n; i++) {
        size_t n = zw_port_masks(from_ports->list[i].first, from_ports->list[i].last, masks);

        for (size_t j = 0; j < n; j++) {
            member.from_ports = masks[j];
            put(members, member);
        }
    }
}

static void put_item(struct members *members, const struct zw_service_item *item, uint8_t family,
                     const struct zw_port_ranges *from_ports)
{
    struct zw_port_mask masks[ZW_MAX_PORT_MASKS];
    size_t n = 1;

    masks[0] = (struct zw_port_mask){0, 0};
    if (!item->any_ports && item->proto != IPPROTO_ICMP && item->proto != IPPROTO_ICMPV6) {
        n = zw_port_masks(item->first, item->last, masks);
    }
    for (size_t i = 0; i < n; i++) {
        put_item_from(members, (struct member){.family = family, .item = item, .ports = masks[i]}, from_ports);
    }
}

/* Only what is not in the SERVICE register has to be said for each family. */
static void put_service(struct members *members, const struct zw_service *service,
                        const struct zw_port_ranges *from_ports)
{
    for (size_t i = 0; i < service->n; i++) {
        const struct zw_service_item *item = &service->items[i];

        if (item->eth_type) {
            continue;
        }
        if (!item->family && !from_ports->n) {
            put_item(members, item, 0, from_ports);
            continue;
        }
        if (item->family != ZW_IPV6) {
            put_item(members, item, ZW_IPV4, from_ports);
        }
        if (item->family != ZW_IPV4) {
            put_item(members, item, ZW_IPV6, from_ports);
        }
    }
}

static bool has_family(const struct members *members, uint8_t family)
{
    for (size_t i = 0; i < members->n; i++) {
        if (!members->list[i].family || members->list[i].family == family) {
            return true;
        }
    }
    return !members->n;
}

static void keep_family(struct members *members, uint8_t family)
{
    size_t n = 0;

    for (size_t i = 0; i < members->n; i++) {
        if (!members->list[i].family || members->list[i].family == family) {
            members->list[n++] = members->list[i];
        }
    }
    members->n = n;
}

/* A family that some dimension excludes is out for all. */
static void settle_families(struct rule_compiler *rc)
{
    bool v4 = true, v6 = true;

    for (size_t i = 0; i < N_DIMENSIONS; i++) {
        v4 = v4 && has_family(&rc->dimensions[i], ZW_IPV4);
        v6 = v6 && has_family(&rc->dimensions[i], ZW_IPV6);
    }
    for (size_t i = 0; i < N_DIMENSIONS && v4 != v6; i++) {
        keep_family(&rc->dimensions[i], v4 ? ZW_IPV4 : ZW_IPV6);
    }
}

static void match_service(struct zw_flow *flow, const struct member *member)
{
    const struct zw_service_item *item = member->item;

    if (item->eth_type) {
        zw_match_eth_type(flow, item->eth_type);
        return;
    }
    zw_match_reg_masked(flow, ZW_REG_SERVICE, (uint32_t)item->proto << ZW_SERVICE_PROTO_FIRST | member->ports.value,
                        ZW_SERVICE_PROTO_MASK | member->ports.mask);
    if (member->family) {
        zw_match_ip_proto(flow, member->family, item->proto);
    }
    if (member->from_ports.mask) {
        zw_match_l4_src(flow, member->from_ports.value, member->from_ports.mask);
    }
    if (!item->any_ports && (item->proto == IPPROTO_ICMP || item->proto == IPPROTO_ICMPV6)) {
        zw_match_icmp(flow, item->first, item->code);
    }
}

static void match_member(struct zw_flow *flow, enum dimension dimension, const struct member *member)
{
    switch (dimension) {
    case FROM:
        zw_match_reg(flow, ZW_REG_SRC_ZONE, member->zone->id);
        break;
    case TO:
        zw_match_reg(flow, ZW_REG_DST_ZONE, member->zone->id);
        break;
    case FROM_ADDRESSES:
        zw_match_ip_src(flow, member->prefix);
        break;
    case TO_ADDRESSES:
        zw_match_ip_dst(flow, member->prefix);
        break;
    case SERVICE:
        match_service(flow, member);
        break;
    case N_DIMENSIONS:
        break;
    }
}

static struct zw_flow *rule_flow(const struct rule_compiler *rc)
{
    struct zw_flow *flow = zw_flow_new(rc->stage, rc->rule->priority, zw_cookie(ZW_COOKIE_RULE, rc->rule->id));

    if (rc->family) {
        zw_match_family(flow, rc->family);
    }
    return flow;
}

/* What is not IP and passes has nothing to leave.  A broadcast may have a thousand copies, and each stage that each of them
 * goes to is one of the 4096 that OVS allows a packet. */
static bool passes_at_once(enum zw_stage stage, enum zw_action action, bool logs)
{
    return stage == ZW_STAGE_CONNTRACK && action == ZW_ALLOW && !logs;
}

/* What the flow of a rule, or of the default (id 0), leaves in the registers. */
static void act_verdict(struct zw_flow *flow, enum zw_stage stage, uint32_t id, enum zw_action action,
                        enum zw_log_level log)
{
    static const enum zw_flag_verdict verdicts[] = {
        [ZW_ALLOW] = ZW_FLAG_ALLOW, [ZW_DENY] = ZW_FLAG_DENY, [ZW_REJECT] = ZW_FLAG_DENY, [ZW_ASK] = ZW_FLAG_ASK};
    bool denies = action == ZW_DENY || action == ZW_REJECT;
    bool logs = (action == ZW_ALLOW && log == ZW_LOG_SESSION) || (denies && log != ZW_LOG_NONE);
    uint32_t flags = (uint32_t)verdicts[action] << ZW_FLAG_VERDICT_FIRST | (logs ? ZW_FLAG_LOG_MASK : 0);
    /* 0 until now: no other flow need say so. */
    uint32_t more =
        (action == ZW_REJECT ? ZW_FLAG_REJECT_MASK : 0) | (stage == ZW_STAGE_CONNTRACK ? ZW_FLAG_STATELESS_MASK : 0);

    if (passes_at_once(stage, action, logs)) {
        zw_act_goto(flow, ZW_STAGE_OUTPUT);
        return;
    }
    zw_act_set_reg(flow, ZW_REG_RULE, id);
    zw_act_set_flags(flow, flags | more, ZW_FLAG_VERDICT_MASK | ZW_FLAG_LOG_MASK | more);
    zw_act_goto(flow, stage == ZW_STAGE_POLICY ? ZW_STAGE_VERDICT : ZW_STAGE_NEW);
}

/* Two members of different families make no flow. */
static bool families_agree(const struct rule_compiler *rc, const size_t chosen[N_DIMENSIONS])
{
    uint8_t family = 0;

    for (size_t i = 0; i < N_DIMENSIONS; i++) {
        uint8_t f = rc->dimensions[i].n ? rc->dimensions[i].list[chosen[i]].family : 0;

        if (f && family && f != family) {
            return false;
        }
        family = f ? f : family;
    }
    return true;
}

static void emit_combination(struct rule_compiler *rc, const size_t chosen[N_DIMENSIONS])
{
    if (!families_agree(rc, chosen)) {
        return;
    }
    struct zw_flow *flow = rule_flow(rc);
    for (size_t i = 0; i < N_DIMENSIONS; i++) {
        if (rc->dimensions[i].n) {
            match_member(flow, i, &rc->dimensions[i].list[chosen[i]]);
        }
    }
    act_verdict(flow, rc->stage, rc->rule->id, rc->rule->action, rc->rule->log);
    zw_emit(rc->c, flow);
}

static bool next_combination(const struct rule_compiler *rc, size_t chosen[N_DIMENSIONS])
{
    for (size_t i = 0; i < N_DIMENSIONS; i++) {
        if (rc->dimensions[i].n && ++chosen[i] < rc->dimensions[i].n) {
            return true;
        }
        chosen[i] = 0;
    }
    return false;
}

static void emit_product(struct rule_compiler *rc)
{
    size_t chosen[N_DIMENSIONS] = {0};

    do {
        emit_combination(rc, chosen);
    } while (next_combination(rc, chosen));
}

/* A dimension with one member narrows every flow of the conjunction instead of being a clause. */
static bool is_clause(const struct members *members)
{
    return members->n > 1;
}

static void emit_clause(struct rule_compiler *rc, enum dimension dimension, unsigned int number, unsigned int n_clauses)
{
    for (size_t i = 0; i < rc->dimensions[dimension].n; i++) {
        const struct member *member = &rc->dimensions[dimension].list[i];
        struct zw_flow *flow = rule_flow(rc);
        for (size_t other = 0; other < N_DIMENSIONS; other++) {
            const struct members *members = &rc->dimensions[other];

            if (members->n == 1 &&
                (!members->list->family || !member->family || members->list->family == member->family)) {
                match_member(flow, other, members->list);
            }
        }
        match_member(flow, dimension, member);
        zw_act_conjunction(flow, rc->conj_id, number, n_clauses);
        zw_emit(rc->c, flow);
    }
}

static void emit_conjunction(struct rule_compiler *rc, unsigned int n_clauses)
{
    unsigned int number = 0;

    for (size_t i = 0; i < N_DIMENSIONS; i++) {
        if (is_clause(&rc->dimensions[i])) {
            emit_clause(rc, i, number++, n_clauses);
        }
    }
    struct zw_flow *flow = rule_flow(rc);
    zw_match_conj_id(flow, rc->conj_id);
    act_verdict(flow, rc->stage, rc->rule->id, rc->rule->action, rc->rule->log);
    zw_flow_table_add(rc->c->flows, flow); /* All EtherTypes of a rule share it. */
}

static void emit_rule(struct rule_compiler *rc)
{
    size_t product = 1, sum = 1;
    unsigned int n_clauses = 0;

    for (size_t i = 0; i < N_DIMENSIONS; i++) {
        size_t n = rc->dimensions[i].n;

        product *= n ? n : 1;
        if (is_clause(&rc->dimensions[i])) {
            sum += n;
            n_clauses++;
        }
        if (product > SIZE_MAX / 0x100000) {
            product = SIZE_MAX / 0x100000;
        }
    }
    if (n_clauses < 2 || product <= sum) {
        emit_product(rc);
    } else {
        emit_conjunction(rc, n_clauses);
    }
}

static bool has_whole_family(const struct members *members, uint8_t family)
{
    for (size_t i = 0; i < members->n; i++) {
        if (members->list[i].family == family && !members->list[i].prefix->n_bits) {
            return true;
        }
    }
    return false;
}

static bool is_whole(const struct rule_compiler *rc, uint8_t family)
{
    return has_whole_family(&rc->dimensions[FROM_ADDRESSES], family) &&
           has_whole_family(&rc->dimensions[TO_ADDRESSES], family);
}

static void put_family(struct members *members, const struct members *all, uint8_t family)
{
    for (size_t i = 0; i < all->n; i++) {
        if (!all->list[i].family || all->list[i].family == family) {
            put(members, all->list[i]);
        }
    }
}

static void release(struct rule_compiler *rc)
{
    for (size_t i = 0; i < N_DIMENSIONS; i++) {
        free(rc->dimensions[i].list);
    }
}

static void emit_family(const struct rule_compiler *all, uint8_t family)
{
    struct rule_compiler rc = {.c = all->c,
                               .stage = all->stage,
                               .rule = all->rule,
                               .family = family,
                               .conj_id = all->rule->id + (family == ZW_IPV6 ? 1u << ZW_LABEL_RULE_BITS : 0)};
    bool exists = true;

    for (size_t i = 0; i < N_DIMENSIONS; i++) {
        exists = exists && has_family(&all->dimensions[i], family);
        put_family(&rc.dimensions[i], &all->dimensions[i], family);
    }
    if (exists) {
        emit_rule(&rc);
    }
    release(&rc);
}

static struct rule_compiler begin_rule(struct zw_compiler *c, const struct zw_rule *rule, enum zw_stage stage)
{
    struct rule_compiler rc = {.c = c, .stage = stage, .rule = rule, .conj_id = rule->id};

    put_zones(&rc.dimensions[FROM], &rule->from);
    put_zones(&rc.dimensions[TO], &rule->to);
    return rc;
}

/* Each EtherType by itself, so that all its flows name it and no other packet has to be looked at. */
static void compile_ether_types(struct zw_compiler *c, const struct zw_rule *rule, const struct zw_service *service)
{
    for (size_t i = 0; i < service->n; i++) {
        if (service->items[i].eth_type) {
            struct rule_compiler rc = begin_rule(c, rule, ZW_STAGE_CONNTRACK);

            put(&rc.dimensions[SERVICE], (struct member){.item = &service->items[i]});
            emit_rule(&rc);
            release(&rc);
        }
    }
}

static void compile_ip(struct zw_compiler *c, const struct zw_rule *rule, const struct disjoint *disjoint)
{
    struct rule_compiler rc = begin_rule(c, rule, ZW_STAGE_POLICY);

    put_prefixes(&rc.dimensions[FROM_ADDRESSES], &disjoint->from_addresses);
    put_prefixes(&rc.dimensions[TO_ADDRESSES], &disjoint->to_addresses);
    put_service(&rc.dimensions[SERVICE], &disjoint->service, &rule->from_ports);
    settle_families(&rc);
    /* 0.0.0.0/0 in both lists would be two clauses that match the same; one flow cannot stand for two clauses, since the
     * switch counts flows.  Taken by itself, such a family has no addresses to look at. */
    if (rule->service.n && !rc.dimensions[SERVICE].n) {
        /* EtherTypes alone. */
    } else if (is_whole(&rc, ZW_IPV4) || is_whole(&rc, ZW_IPV6)) {
        emit_family(&rc, ZW_IPV4);
        emit_family(&rc, ZW_IPV6);
    } else {
        emit_rule(&rc);
    }
    release(&rc);
}

void zw_compile_rule(struct zw_compiler *c, const struct zw_rule *rule)
{
    struct disjoint disjoint = {.from_addresses = zw_disjoint_prefixes(&rule->from_addresses),
                                .to_addresses = zw_disjoint_prefixes(&rule->to_addresses),
                                .service = zw_disjoint_items(&rule->service)};

    compile_ether_types(c, rule, &disjoint.service);
    compile_ip(c, rule, &disjoint);
    free(disjoint.from_addresses.list);
    free(disjoint.to_addresses.list);
    free(disjoint.service.items);
}

void zw_compile_policy(struct zw_compiler *c)
{
    for (size_t i = 0; i < c->policy->n_rules; i++) {
        zw_compile_rule(c, &c->policy->rules[i]);
    }
    zw_compile_default(c);
}

void zw_compile_default(struct zw_compiler *c)
{
    struct zw_flow *flow = zw_flow_new(ZW_STAGE_POLICY, ZW_PRIORITY_DEFAULT, zw_cookie(ZW_COOKIE_RULE, 0));

    act_verdict(flow, ZW_STAGE_POLICY, 0, c->policy->default_action, c->policy->default_log);
    zw_emit(c, flow);
}
