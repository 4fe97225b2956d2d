/* SPDX-License-Identifier: Apache-2.0 */
/* DESTINATION and MACS: learns where the sender is, looks up where the receiver is.
 *
 * Learned flows live in MACS and carry only a port, never a zone or a verdict: what the address may do is judged
 * later, from the port.  An address that OVSDB gives (external_ids:attached-mac) stands above anything learned, and its
 * port teaches nothing: a VM that sends with another's address does not draw that one's packets. */

#include <stdio.h>

#include "controller/compile/compile-private.h"

void zw_compile_destination(struct zw_compiler *c)
{
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

static bool parse_mac(const char *text, uint8_t mac[6])
{
    return sscanf(text, "%2hhx:%2hhx:%2hhx:%2hhx:%2hhx:%2hhx", &mac[0], &mac[1], &mac[2], &mac[3], &mac[4], &mac[5]) ==
           6;
}

/* 'segment' below 0: any that the port carries. */
static void known_mac(struct zw_compiler *c, const struct zw_port *port, const uint8_t mac[6], int segment)
{
    struct zw_flow *flow = zw_port_flow(ZW_STAGE_MACS, segment < 0 ? ZW_PRIO_EXACT : ZW_PRIO_EXACT + 1, port);

    if (segment >= 0) {
        zw_match_reg(flow, ZW_REG_SEGMENT, (uint32_t)segment);
    }
    zw_match_eth_dst(flow, mac);
    zw_act_set_reg(flow, ZW_REG_OUT_PORT, port->ofport);
    if (!zw_flow_table_add(c->flows, flow)) {
        zw_problems_add(c->warnings, NULL, 0, 0,
                        "bridge %s: port %s has the attached-mac %s of another port, which keeps it", c->bridge->name,
                        port->name, port->attached_mac);
    }
}

void zw_compile_macs(struct zw_compiler *c)
{
    for (size_t i = 0; i < c->n_ports; i++) {
        const struct zw_port *port = c->ports[i].port;
        uint8_t mac[6];

        if (!port->attached_mac || !parse_mac(port->attached_mac, mac)) {
            continue;
        }
        if (zw_port_carries_all(port)) {
            known_mac(c, port, mac, -1);
            continue;
        }
        for (unsigned int segment = 0; segment < 4096; segment++) {
            if (zw_port_carries(port, segment)) {
                known_mac(c, port, mac, (int)segment);
            }
        }
    }
}
