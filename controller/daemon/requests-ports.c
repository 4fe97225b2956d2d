/* SPDX-License-Identifier: Apache-2.0 */
/* zones and ports: the policy and OVSDB, side by side. */
#include "zw-config.h"

#include <errno.h>

#include "controller/daemon/requests.h"

const char *zw_port_closed(const struct zw_port *port, const struct zw_zone *zone, enum zw_membership how)
{
    if (port->error) {
        return port->error;
    } else if (!port->ofport) {
        return "OVS has given it no OpenFlow number";
    } else if (!zone) {
        return zw_membership_text(how);
    } else if (port->in_bond) {
        return "part of a bond";
    } else if (port->vlan_mode == ZW_VLAN_UNSUPPORTED) {
        return "its vlan_mode is not supported";
    }
    return NULL;
}

/* zones */

/* Adds the ports of 'zone' on all bridges.  Returns how many. */
static size_t add_ports(const struct zw_daemon *daemon, const struct zw_zone *zone, cJSON *array)
{
    const struct zw_inventory *inventory = daemon->inventory;
    enum zw_membership how;
    size_t n = 0;

    for (size_t i = 0; inventory && i < inventory->n_bridges; i++) {
        const struct zw_bridge *bridge = &inventory->bridges[i];
        for (size_t j = 0; j < bridge->n_ports; j++) {
            if (zw_policy_zone_of_port(daemon->policy, &bridge->ports[j], &how, NULL) == zone) {
                cJSON_AddItemToArray(array, cJSON_CreateString(bridge->ports[j].name));
                n++;
            }
        }
    }
    return n;
}

static cJSON *zone_json(const struct zw_daemon *daemon, const struct zw_zone *zone)
{
    cJSON *object = cJSON_CreateObject();
    cJSON *ports = cJSON_CreateArray();

    cJSON_AddStringToObject(object, "name", zone->name);
    cJSON_AddNumberToObject(object, "id", zone->id);
    cJSON_AddNumberToObject(object, "n_ports", (double)add_ports(daemon, zone, ports));
    cJSON_AddItemToObject(object, "ports", ports);
    zw_json_add_string(object, "behind", zone->behind ? zone->behind->name : NULL);
    cJSON_AddItemToObject(object, "addresses", zw_prefixes_json(&zone->addresses));
    cJSON_AddBoolToObject(object, "trusts_external_id", zone->trusts_external_id);
    return object;
}

void zw_handle_zones(void *daemon_, struct zw_request *request, const cJSON *args)
{
    const struct zw_daemon *daemon = daemon_;
    cJSON *result = cJSON_CreateObject();
    cJSON *array = cJSON_AddArrayToObject(result, "zones");

    (void)args;
    for (size_t i = 0; i < daemon->policy->n_zones; i++) {
        cJSON_AddItemToArray(array, zone_json(daemon, daemon->policy->zones[i]));
    }
    zw_request_reply(request, result);
}

/* ports */

static void add_positive(cJSON *object, const char *key, int value)
{
    if (value > 0) {
        cJSON_AddNumberToObject(object, key, value);
    } else {
        cJSON_AddNullToObject(object, key);
    }
}

static cJSON *trunks_json(const struct zw_port *port)
{
    cJSON *array = cJSON_CreateArray();

    for (size_t i = 0; i < port->n_trunks; i++) {
        cJSON_AddItemToArray(array, cJSON_CreateNumber(port->trunks[i]));
    }
    return array;
}

static cJSON *port_json(const struct zw_bridge *bridge, const struct zw_port *port, const struct zw_zone *zone,
                        enum zw_membership how)
{
    cJSON *object = cJSON_CreateObject();

    cJSON_AddStringToObject(object, "bridge", bridge->name);
    cJSON_AddStringToObject(object, "name", port->name);
    add_positive(object, "ofport", (int)port->ofport);
    zw_json_add_string(object, "zone", zone ? zone->name : NULL);
    cJSON_AddStringToObject(object, "how", zw_membership_text(how));
    cJSON_AddStringToObject(object, "vlan_mode", zw_vlan_mode_name(port->vlan_mode));
    add_positive(object, "tag", port->tag);
    cJSON_AddItemToObject(object, "trunks", trunks_json(port));
    zw_json_add_string(object, "mac", port->attached_mac);
    zw_json_add_string(object, "closed", zw_port_closed(port, zone, how));
    return object;
}

static void add_bridge(const struct zw_daemon *daemon, const struct zw_bridge *bridge, const cJSON *args, cJSON *array)
{
    for (size_t i = 0; i < bridge->n_ports; i++) {
        enum zw_membership how;
        const struct zw_zone *zone = zw_policy_zone_of_port(daemon->policy, &bridge->ports[i], &how, NULL);
        if (zw_list_wants(args, "zone", zone ? zone->name : NULL)) {
            cJSON_AddItemToArray(array, port_json(bridge, &bridge->ports[i], zone, how));
        }
    }
}

void zw_handle_ports(void *daemon_, struct zw_request *request, const cJSON *args)
{
    const struct zw_daemon *daemon = daemon_;

    if (!daemon->inventory) {
        zw_request_fail(request, EAGAIN, NULL, "OVSDB has not answered yet: no port is known");
        return;
    }
    cJSON *result = cJSON_CreateObject();
    cJSON *array = cJSON_AddArrayToObject(result, "ports");
    for (size_t i = 0; i < daemon->inventory->n_bridges; i++) {
        const struct zw_bridge *bridge = &daemon->inventory->bridges[i];
        if (zw_list_wants(args, "bridge", bridge->name)) {
            add_bridge(daemon, bridge, args, array);
        }
    }
    zw_request_reply(request, result);
}
