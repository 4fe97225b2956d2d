/* SPDX-License-Identifier: Apache-2.0 */
#include "zw-config.h"

#include "controller/daemon/ct-want.h"

#include <stdlib.h>
#include <string.h>

#include "controller/base/memory.h"
#include "controller/daemon/daemon-private.h"
#include "ovs-ext/pipeline.h"

#define N_SEGMENTS (1u << ZW_CT_ZONE_BRIDGE_SHIFT)
#define CLOSED_S 1

/* Both ends have closed it, or one has reset it.  Each datapath has its own word for that; the other one's means a session
 * whose last packets are still under way. */
static void set_default_timeouts(struct zw_ct_want *want)
{
    want->timeouts[ZW_DATAPATH_NETDEV].s[ZW_CT_TCP_CLOSE] = CLOSED_S;
    want->timeouts[ZW_DATAPATH_SYSTEM].s[ZW_CT_TCP_CLOSE] = CLOSED_S;
    want->timeouts[ZW_DATAPATH_SYSTEM].s[ZW_CT_TCP_TIME_WAIT] = CLOSED_S;
}

static void set_timeouts(const struct zw_policy *policy, struct zw_ct_want *want)
{
    set_default_timeouts(want);
    for (int datapath = 0; datapath < ZW_N_DATAPATHS; datapath++) {
        for (int i = 0; i < ZW_CT_N_TIMEOUTS; i++) {
            if (policy->timeouts.s[i]) {
                want->timeouts[datapath].s[i] = policy->timeouts.s[i];
            }
        }
    }
}

static void count_port(const struct zw_port *port, uint32_t n_ports[N_SEGMENTS])
{
    if (port->vlan_mode == ZW_VLAN_ACCESS) {
        n_ports[port->tag > 0 ? port->tag : 0]++;
        return;
    }
    for (unsigned int segment = 0; segment < N_SEGMENTS; segment++) {
        n_ports[segment] += zw_port_carries(port, segment);
    }
}

static void add_bridge(const struct zw_bridge *bridge, unsigned int index, struct zw_ct_want *want)
{
    enum zw_datapath datapath = zw_bridge_is_netdev(bridge) ? ZW_DATAPATH_NETDEV : ZW_DATAPATH_SYSTEM;
    uint32_t n_ports[N_SEGMENTS] = {0};

    for (size_t i = 0; i < bridge->n_ports; i++) {
        if (bridge->ports[i].ofport && !bridge->ports[i].in_bond) {
            count_port(&bridge->ports[i], n_ports);
        }
    }
    for (unsigned int segment = 0; segment < N_SEGMENTS; segment++) {
        if (n_ports[segment] > 1) {
            zw_ct_want_add(want, datapath, (uint16_t)((index + 1) << ZW_CT_ZONE_BRIDGE_SHIFT | segment));
        }
    }
}

void zw_ct_want_make(const struct zw_policy *policy, const struct zw_inventory *inventory, struct zw_ct_want *want)
{
    set_timeouts(policy, want);
    for (size_t i = 0; i < inventory->n_bridges; i++) {
        if (inventory->bridges[i].exists) {
            add_bridge(&inventory->bridges[i], (unsigned int)i, want);
        }
    }
}

/* Rules want nothing of conntrack. */
static bool is_settled(const struct zw_daemon *daemon)
{
    return daemon->ct_want && daemon->ct_want_inventory == daemon->inventory &&
           zw_policy_same_frame(daemon->ct_want_policy, daemon->policy);
}

static void forget_made(struct zw_daemon *daemon)
{
    zw_policy_unref(daemon->ct_want_policy);
    zw_inventory_unref(daemon->ct_want_inventory);
    daemon->ct_want_policy = NULL;
    daemon->ct_want_inventory = NULL;
}

static void update(struct zw_daemon *daemon)
{
    struct zw_ct_want *want = zw_xcalloc(1, sizeof *want);

    zw_ct_want_make(daemon->policy, daemon->inventory, want);
    forget_made(daemon);
    daemon->ct_want_policy = zw_policy_ref(daemon->policy);
    daemon->ct_want_inventory = zw_inventory_ref(daemon->inventory);
    if (daemon->ct_want && !memcmp(daemon->ct_want, want, sizeof *want)) {
        free(want);
    } else {
        free(daemon->ct_want);
        daemon->ct_want = want;
        zw_ovsdb_want(daemon->ovsdb, want);
    }
}

void zw_ct_want_update(struct zw_daemon *daemon)
{
    if (!daemon->inventory || !daemon->policy) {
        return;
    }
    if (!is_settled(daemon)) {
        update(daemon);
    }
    zw_ct_limits_update(daemon->ct_limits);
}

void zw_ct_want_clear(struct zw_daemon *daemon)
{
    forget_made(daemon);
    free(daemon->ct_want);
    daemon->ct_want = NULL;
}
