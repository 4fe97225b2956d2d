/* SPDX-License-Identifier: Apache-2.0 */
#include "zw-config.h"

#include "controller/daemon/addresses.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "controller/base/log.h"
#include "controller/base/memory.h"
#include "controller/control/json.h"
#include "controller/daemon/daemon-private.h"

struct zw_owned_mac {
    struct zw_mac mac;
    const struct zw_port *port; /* Of the inventory. */
};

static int compare(const void *a, const void *b)
{
    return memcmp(&((const struct zw_owned_mac *)a)->mac, &((const struct zw_owned_mac *)b)->mac,
                  sizeof(struct zw_mac));
}

void zw_addresses_clear(struct zw_managed *managed)
{
    free(managed->owned);
    managed->owned = NULL;
    managed->n_owned = 0;
}

/* The port that OVSDB gives the address to, if it is learned at another one of its segment. */
static const struct zw_port *find_owner(const struct zw_managed *managed, const struct zw_station *station)
{
    const struct zw_owned_mac wanted = {.mac = station->mac}, *found = NULL;

    if (managed->n_owned) {
        found = bsearch(&wanted, managed->owned, managed->n_owned, sizeof *managed->owned, compare);
    }

    return found && found->port->ofport != station->ofport && zw_port_carries(found->port, station->segment)
               ? found->port
               : NULL;
}

/* A port by its name, or by its number if it is gone. */
struct port_name {
    char text[64];
};

static struct port_name name_of(const struct zw_daemon *daemon, const struct zw_managed *managed, uint16_t ofport)
{
    const struct zw_bridge *bridge = zw_daemon_bridge(daemon, managed);
    const struct zw_port *port = bridge ? zw_bridge_port_by_ofport(bridge, ofport) : NULL;
    struct port_name name;

    if (port) {
        snprintf(name.text, sizeof name.text, "%s", port->name);
    } else {
        snprintf(name.text, sizeof name.text, "#%u", ofport);
    }
    return name;
}

/* What is odd about it, in words: false if nothing is. */
static bool describe(const struct zw_daemon *daemon, const struct zw_managed *managed, const struct zw_station *station,
                     char *text, size_t size)
{
    const struct zw_port *owner = find_owner(managed, station);
    char mac[ZW_MAC_STRLEN];

    if (owner) {
        snprintf(text, size, "bridge %s: %s, in OVSDB the address of port %s, is used behind port %s, too (VLAN %u)",
                 managed->name, zw_mac_format(&station->mac, mac), owner->name,
                 name_of(daemon, managed, station->ofport).text, station->segment);
    } else if (station->n_back) {
        snprintf(text, size, "bridge %s: %s is behind port %s and behind port %s (VLAN %u): it moved %" PRIu32 " times",
                 managed->name, zw_mac_format(&station->mac, mac), name_of(daemon, managed, station->from).text,
                 name_of(daemon, managed, station->ofport).text, station->segment, station->n_moves);
    }
    return owner || station->n_back;
}

void zw_addresses_learned(struct zw_managed *managed, const struct zw_station *station)
{
    static struct zw_log_limit odd = ZW_LOG_LIMIT_INIT(10, 5000), moves = ZW_LOG_LIMIT_INIT(10, 5000);
    const struct zw_daemon *daemon = managed->daemon;
    char text[256], mac[ZW_MAC_STRLEN];

    if (describe(daemon, managed, station, text, sizeof text)) {
        managed->n_taken += find_owner(managed, station) != NULL;
        zw_log_rl(&odd, ZW_LOG_WARN, "%s", text);
    } else if (station->n_moves) {
        zw_log_rl(&moves, ZW_LOG_INFO, "bridge %s: %s moved from port %s to port %s (VLAN %u)", managed->name,
                  zw_mac_format(&station->mac, mac), name_of(daemon, managed, station->from).text,
                  name_of(daemon, managed, station->ofport).text, station->segment);
    }
}

static void learned_before(void *managed_, const struct zw_station *station)
{
    struct zw_managed *managed = managed_;

    if (find_owner(managed, station)) {
        zw_addresses_learned(managed, station);
    }
}

void zw_addresses_inventory(const struct zw_daemon *daemon, struct zw_managed *managed)
{
    const struct zw_bridge *bridge = zw_daemon_bridge(daemon, managed);
    bool is_first = !managed->owned;

    zw_addresses_clear(managed);
    managed->owned = zw_xcalloc(bridge->n_ports, sizeof *managed->owned);
    for (size_t i = 0; i < bridge->n_ports; i++) {
        struct zw_owned_mac *owned = &managed->owned[managed->n_owned];

        owned->port = &bridge->ports[i];
        if (owned->port->ofport && owned->port->attached_mac && zw_mac_parse(owned->port->attached_mac, &owned->mac)) {
            managed->n_owned++;
        }
    }
    qsort(managed->owned, managed->n_owned, sizeof *managed->owned, compare);
    if (is_first) { /* The switch was faster than OVSDB. */
        zw_stations_each(zw_switch_stations(managed->sw), learned_before, managed);
    }
}

/* Those at two places. */
struct listing {
    const struct zw_daemon *daemon;
    const struct zw_managed *managed;
    size_t n;
    cJSON *array; /* Or else */
    zw_addresses_cb *each;
    void *arg;
};

static cJSON *station_json(const struct listing *list, const struct zw_station *station)
{
    const struct zw_port *owner = find_owner(list->managed, station);
    cJSON *object = cJSON_CreateObject();
    char mac[ZW_MAC_STRLEN];

    cJSON_AddStringToObject(object, "mac", zw_mac_format(&station->mac, mac));
    cJSON_AddNumberToObject(object, "vlan", station->segment);
    cJSON_AddStringToObject(object, "port", name_of(list->daemon, list->managed, station->ofport).text);
    zw_json_add_string(object, "other_port",
                       owner ? owner->name : name_of(list->daemon, list->managed, station->from).text);
    cJSON_AddBoolToObject(object, "in_ovsdb", owner != NULL);
    cJSON_AddNumberToObject(object, "n_moves", station->n_moves);
    zw_json_add_time(object, "last_move", station->moved_us);
    return object;
}

static void list_station(void *list_, const struct zw_station *station)
{
    struct listing *list = list_;
    char text[256];

    if (!describe(list->daemon, list->managed, station, text, sizeof text) || list->n++ >= ZW_ADDRESSES_SHOWN) {
        return;
    } else if (list->array) {
        cJSON_AddItemToArray(list->array, station_json(list, station));
    } else {
        list->each(list->arg,
                   find_owner(list->managed, station)
                       ? "look who uses it there; what goes to it goes to the port that OVSDB names"
                       : "look for two hosts with one address, one that pretends, or a loop: uplinks into one network "
                         "need a zone that is isolated",
                   text);
    }
}

cJSON *zw_addresses_json(const struct zw_daemon *daemon, const struct zw_managed *managed)
{
    struct zw_stations_status status = zw_stations_status(zw_switch_stations(managed->sw));
    cJSON *object = cJSON_CreateObject();

    cJSON_AddNumberToObject(object, "n_learned", (double)status.n);
    cJSON_AddNumberToObject(object, "n_moves", (double)status.n_moves);
    cJSON_AddNumberToObject(object, "n_back", (double)status.n_back);
    cJSON_AddNumberToObject(object, "n_taken", (double)managed->n_taken);
    cJSON_AddNumberToObject(object, "n_not_followed", (double)status.n_unfollowed);
    struct listing list = {.daemon = daemon, .managed = managed, .array = cJSON_CreateArray()};
    zw_stations_each(zw_switch_stations(managed->sw), list_station, &list);
    cJSON_AddNumberToObject(object, "n_at_two_places", (double)list.n);
    cJSON_AddItemToObject(object, "at_two_places", list.array);
    return object;
}

void zw_addresses_problems(const struct zw_daemon *daemon, const struct zw_managed *managed, zw_addresses_cb *each,
                           void *arg)
{
    const struct zw_stations *stations = zw_switch_stations(managed->sw);
    const struct zw_bridge *bridge = zw_daemon_bridge(daemon, managed);
    struct listing list = {.daemon = daemon, .managed = managed, .each = each, .arg = arg};
    char text[256];

    zw_stations_each(stations, list_station, &list);
    for (size_t i = 0; bridge && i < bridge->n_ports; i++) {
        uint16_t ofport = (uint16_t)bridge->ports[i].ofport;

        if (ofport && zw_stations_at(stations, ofport) >= ZW_MACS_PER_PORT) {
            snprintf(
                text, sizeof text,
                "bridge %s: port %s has taught %u addresses, the most that is learned; what goes to others is copied to "
                "every port of their VLAN",
                managed->name, bridge->ports[i].name, ZW_MACS_PER_PORT);
            each(arg, "look what is behind it: a flood of false senders, or a network too large for one segment", text);
        }
    }
}
