/* SPDX-License-Identifier: Apache-2.0 */
/* DESTINATION and MACS: learns where the sender is, looks up where the receiver is.
 *
 * Learned flows live in MACS and carry only a port, never a zone or a verdict: what the address may do is judged
 * later, from the port.  An address that OVSDB gives (external_ids:attached-mac) stands above anything learned, and its
 * port teaches nothing: a VM that sends with another's address does not draw that one's packets. */

#include <string.h>

#include "controller/compile/compile-private.h"

void zw_compile_destination(struct zw_compiler *c)
{
    /* Its receiver was found the first time, or each of its copies would become copies for all. */
    struct zw_flow *again = zw_static_flow(ZW_STAGE_DESTINATION, ZW_PRIO_BLOCK);
    zw_match_flags(again, ZW_FLAG_ONCE_AGAIN << ZW_FLAG_AGAIN_FIRST, ZW_FLAG_ONCE_AGAIN << ZW_FLAG_AGAIN_FIRST);
    zw_act_goto(again, ZW_STAGE_TARGET);
    zw_emit(c, again);

    for (size_t i = 0; i < c->n_ports; i++) {
        const struct zw_port *port = c->ports[i].port;
        struct zw_flow *flow = zw_port_flow(ZW_STAGE_DESTINATION, ZW_PRIO_MATCH, port);

        zw_match_in_port(flow, port->ofport);
        if (!port->attached_mac) {
            zw_act_learn_mac(flow, port->ofport);
        }
        zw_act_goto(flow, ZW_STAGE_MACS);
        zw_act_goto(flow, ZW_STAGE_DELIVER);
        zw_emit(c, flow);
    }
}

/* 'segments' NULL: any that the port carries.  False if another port has the address there. */
static bool add_mac(struct zw_compiler *c, const struct zw_port *port, const struct zw_mac *mac,
                    const struct zw_port_mask *segments)
{
    bool is_one = segments && segments->mask == UINT16_MAX;
    struct zw_flow *flow = zw_port_flow(ZW_STAGE_MACS, is_one ? ZW_PRIO_EXACT + 1 : ZW_PRIO_EXACT, port);

    if (segments) {
        zw_match_segments(flow, segments);
    }
    zw_match_eth_dst(flow, mac->bytes);
    zw_act_set_reg(flow, ZW_REG_OUT_PORT, port->ofport);
    return zw_flow_table_add(c->flows, flow);
}

static void known_mac(struct zw_compiler *c, const struct zw_port *port, const struct zw_mac *mac,
                      const struct zw_port_mask *segments)
{
    if (!add_mac(c, port, mac, segments)) {
        zw_problems_add(c->warnings, NULL, 0, 0,
                        "bridge %s: port %s has the attached-mac %s of another port, which keeps it", c->bridge->name,
                        port->name, port->attached_mac);
    }
}

static bool is_shared(const struct zw_compiler *c, const struct zw_port *port)
{
    for (size_t i = 0; i < c->n_ports; i++) {
        const struct zw_port *other = c->ports[i].port;

        if (other != port && other->attached_mac && !strcmp(other->attached_mac, port->attached_mac)) {
            return true;
        }
    }
    return false;
}

/* A port that carries every VLAN and has a zone in some.  Masks that overlap would be two flows of one priority, so where
 * another port has the address as well it is a flow for each VLAN. */
static void known_in_runs(struct zw_compiler *c, const struct zw_open_port *open, const struct zw_mac *mac)
{
    bool one_by_one = is_shared(c, open->port);

    for (size_t i = 0; i < open->n_runs; i++) {
        struct zw_port_mask masks[ZW_MAX_PORT_MASKS];
        size_t n = zw_port_masks(open->runs[i].first, open->runs[i].last, masks);

        for (size_t j = 0; j < n && !one_by_one; j++) {
            known_mac(c, open->port, mac, &masks[j]);
        }
        for (unsigned int segment = open->runs[i].first; segment <= open->runs[i].last && one_by_one; segment++) {
            known_mac(c, open->port, mac, &(struct zw_port_mask){(uint16_t)segment, UINT16_MAX});
        }
    }
}

/* A port without a zone gets nothing; but what is for it is not to be copied to others, as it would be if nobody knew where
 * it is.  An open port with the same address comes first. */
static void closed_mac(struct zw_compiler *c, const struct zw_port *port)
{
    struct zw_mac mac;

    if (!zw_compile_is_usable(port) || !port->attached_mac || !zw_mac_parse(port->attached_mac, &mac)) {
        return;
    }
    if (zw_port_carries_all(port)) {
        add_mac(c, port, &mac, NULL);
        return;
    }
    for (unsigned int segment = 0; segment < ZW_N_VLANS; segment++) {
        if (zw_port_carries(port, segment)) {
            add_mac(c, port, &mac, &(struct zw_port_mask){(uint16_t)segment, UINT16_MAX});
        }
    }
}

static void closed_macs(struct zw_compiler *c)
{
    size_t n_open = 0; /* In the order of the bridge's. */

    for (size_t i = 0; i < c->bridge->n_ports; i++) {
        if (n_open < c->n_ports && c->ports[n_open].port == &c->bridge->ports[i]) {
            n_open++;
        } else {
            closed_mac(c, &c->bridge->ports[i]);
        }
    }
}

void zw_compile_macs(struct zw_compiler *c)
{
    for (size_t i = 0; i < c->n_ports; i++) {
        const struct zw_open_port *open = &c->ports[i];
        const struct zw_port *port = open->port;
        struct zw_mac mac;

        if (!port->attached_mac || !zw_mac_parse(port->attached_mac, &mac)) {
            continue;
        }
        if (zw_port_carries_all(port)) {
            if (open->zone) {
                known_mac(c, port, &mac, NULL);
            } else {
                known_in_runs(c, open, &mac);
            }
            continue;
        }
        for (unsigned int segment = 0; segment < ZW_N_VLANS; segment++) {
            if (zw_open_zone(open, segment)) {
                known_mac(c, port, &mac, &(struct zw_port_mask){(uint16_t)segment, UINT16_MAX});
            }
        }
    }
    closed_macs(c);
}
