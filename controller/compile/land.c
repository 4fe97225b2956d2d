/* SPDX-License-Identifier: Apache-2.0 */
/* LAND (CVE-1999-0016): a source that is the receiver's own.  Who is bound to addresses cannot take another's; this is for
 * who is not bound, such as an uplink.  A session has passed it when it was new. */

#include "controller/compile/compile-private.h"

static void land(struct zw_compiler *c, const struct zw_port *port, const struct zw_addr *addr,
                 const struct zw_port_mask *segments)
{
    struct zw_prefix prefix = {.addr = *addr, .n_bits = (uint8_t)zw_family_bits(addr->family)};
    struct zw_flow *flow = zw_drop_flow(ZW_STAGE_NEW, ZW_PRIO_EXACT, ZW_DROP_LAND, port);

    zw_match_reg(flow, ZW_REG_OUT_PORT, port->ofport);
    if (segments) {
        zw_match_segments(flow, segments);
    }
    zw_match_ip_src(flow, &prefix);
    zw_emit(c, flow);
}

static void land_in(struct zw_compiler *c, const struct zw_open_port *open, const struct zw_zone *zone,
                    const struct zw_port_mask *segments)
{
    const struct zw_bindings *bindings = zw_open_bindings(open, zone);
    struct zw_addr all[ZW_ALL_ADDRESSES_MAX];
    size_t n = bindings && zone->guard.ip ? zw_all_addresses(bindings, all) : 0;

    for (size_t i = 0; i < n; i++) {
        land(c, open->port, &all[i], segments);
    }
    for (size_t i = 0; bindings && zone->guard.ip && i < bindings->n_learned; i++) {
        const struct zw_learned *learned = &bindings->learned[i];
        const struct zw_port_mask here = {.value = learned->segment, .mask = 0xffff};

        if (!segments || (learned->segment & segments->mask) == segments->value) {
            land(c, open->port, &learned->addr, &here);
        }
    }
}

void zw_compile_land(struct zw_compiler *c)
{
    for (size_t i = 0; i < c->n_ports; i++) {
        zw_open_each_zone(c, &c->ports[i], land_in);
    }
}
