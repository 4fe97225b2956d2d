/* SPDX-License-Identifier: Apache-2.0 */
/* SOURCE and REMOTE: the zone behind a port, by address.  The longest prefix wins, so priority is its length.
 *
 * REMOTE begins with the zones of both ports known, or that behind the one and that of the other: here isolated zones end, for
 * whatever goes from port to port, before conntrack is asked. */

#include "controller/compile/compile-private.h"

static void one_prefix(struct zw_compiler *c, enum zw_stage stage, enum zw_reg reg, enum zw_stage next,
                       const struct zw_zone *zone, const struct zw_prefix *prefix)
{
    struct zw_flow *flow = zw_flow_new(stage, ZW_PRIO_MATCH + prefix->n_bits, zw_cookie(ZW_COOKIE_ZONE, zone->id));

    zw_match_reg(flow, reg, zone->behind->id);
    if (stage == ZW_STAGE_SOURCE) {
        zw_match_ip_src(flow, prefix);
    } else {
        zw_match_ip_dst(flow, prefix);
    }
    zw_act_set_reg(flow, reg, zone->id);
    zw_act_goto(flow, next);
    zw_emit(c, flow);
}

static void by_address(struct zw_compiler *c, enum zw_stage stage, enum zw_reg reg, enum zw_stage next)
{
    for (size_t i = 0; i < c->policy->n_zones; i++) {
        const struct zw_zone *zone = c->policy->zones[i];

        for (size_t j = 0; zone->behind && j < zone->addresses.n; j++) {
            one_prefix(c, stage, reg, next, zone, &zone->addresses.list[j]);
        }
    }
    zw_emit_else(c, stage, next);
}

void zw_compile_source(struct zw_compiler *c)
{
    by_address(c, ZW_STAGE_SOURCE, ZW_REG_SRC_ZONE, ZW_STAGE_DESTINATION);
}

static void isolate(struct zw_compiler *c, const struct zw_zone *src, const struct zw_zone *dst)
{
    struct zw_flow *flow = zw_drop_flow(ZW_STAGE_REMOTE, ZW_PRIO_BLOCK, ZW_DROP_ISOLATED, NULL);

    zw_match_reg(flow, ZW_REG_SRC_ZONE, src->id);
    zw_match_reg(flow, ZW_REG_DST_ZONE, dst->id);
    zw_emit(c, flow);
}

static void isolated_zones(struct zw_compiler *c)
{
    for (size_t i = 0; i < c->policy->n_zones; i++) {
        const struct zw_zone *src = c->policy->zones[i], *ports = src->behind ? src->behind : src;

        if (ports->is_isolated) {
            isolate(c, src, ports);
        }
    }
}

void zw_compile_remote(struct zw_compiler *c)
{
    isolated_zones(c);
    by_address(c, ZW_STAGE_REMOTE, ZW_REG_DST_ZONE, ZW_STAGE_CONNTRACK);
}
