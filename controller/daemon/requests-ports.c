/* SPDX-License-Identifier: Apache-2.0 */
/* zones and ports: the policy and OVSDB, side by side. */
#include "zw-config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "controller/base/memory.h"
#include "controller/daemon/requests.h"
#include "controller/policy/binding.h"

/* Why the guards of its zones let nothing pass, or NULL: in one of them something may. */
static const char *closed_by_guards(const struct zw_port *port, const struct zw_claim *claims, size_t n)
{
    const char *closed = NULL;

    for (size_t i = 0; i < n; i++) {
        struct zw_bindings bindings;

        if (!claims[i].zone) {
            continue;
        }
        zw_bindings_find(claims[i].zone, port, NULL, 0, &bindings); /* A port that learns is not closed. */
        closed = bindings.closed;
        zw_bindings_clear(&bindings);
        if (!closed) {
            return NULL;
        }
    }
    return closed;
}

const char *zw_port_closed(const struct zw_port *port, const struct zw_claim *claims, size_t n_claims)
{
    bool has_zone = false;

    for (size_t i = 0; i < n_claims; i++) {
        has_zone = has_zone || claims[i].zone;
    }
    if (port->error) {
        return port->error;
    } else if (!port->ofport) {
        return "OVS has given it no OpenFlow number";
    } else if (port->shares_ofport) {
        return "another one has its OpenFlow number, too";
    } else if (!has_zone) {
        return zw_membership_text(claims->membership);
    } else if (port->in_bond) {
        return "part of a bond";
    } else if (port->vlan_mode == ZW_VLAN_UNSUPPORTED) {
        return "its vlan_mode is not supported";
    }
    return closed_by_guards(port, claims, n_claims);
}

/* zones */

/* A zone, and what has been found of its ports. */
struct zone_view {
    const struct zw_zone *zone;
    cJSON *ports;
    size_t n_ports;
    const struct zw_port *last; /* That was added: a port may have the zone in many VLANs. */
};

static int compare_views(const void *a_, const void *b_)
{
    const struct zone_view *a = a_, *b = b_;

    return a->zone < b->zone ? -1 : a->zone > b->zone;
}

static void add_to_zones(const struct zw_policy *policy, const struct zw_port *port, struct zone_view *views)
{
    struct zw_claim *claims;
    size_t n = zw_policy_carried_claims(policy, port, &claims);

    for (size_t i = 0; i < n; i++) {
        const struct zone_view key = {.zone = claims[i].zone};
        struct zone_view *view = key.zone ? bsearch(&key, views, policy->n_zones, sizeof *views, compare_views) : NULL;

        if (view && view->last != port) {
            cJSON_AddItemToArray(view->ports, cJSON_CreateString(port->name));
            view->n_ports++;
            view->last = port;
        }
    }
    free(claims);
}

/* In the order of their addresses: whoever looks a zone up has one.  Each port is looked at once, however many zones there
 * are.  Caller frees. */
static struct zone_view *view_zones(const struct zw_policy *policy, const struct zw_inventory *inventory)
{
    struct zone_view *views = zw_xcalloc(policy->n_zones, sizeof *views);

    for (size_t i = 0; i < policy->n_zones; i++) {
        views[i] = (struct zone_view){.zone = policy->zones[i], .ports = cJSON_CreateArray()};
    }
    qsort(views, policy->n_zones, sizeof *views, compare_views);
    for (size_t i = 0; inventory && i < inventory->n_bridges; i++) {
        for (size_t j = 0; j < inventory->bridges[i].n_ports; j++) {
            add_to_zones(policy, &inventory->bridges[i].ports[j], views);
        }
    }
    return views;
}

static cJSON *zone_json(const struct zone_view *view)
{
    const struct zw_zone *zone = view->zone;
    cJSON *object = cJSON_CreateObject();

    cJSON_AddStringToObject(object, "name", zone->name);
    cJSON_AddNumberToObject(object, "id", zone->id);
    cJSON_AddNumberToObject(object, "n_ports", (double)view->n_ports);
    cJSON_AddItemToObject(object, "ports", view->ports);
    zw_json_add_string(object, "behind", zone->behind ? zone->behind->name : NULL);
    cJSON_AddItemToObject(object, "addresses", zw_prefixes_json(&zone->addresses));
    cJSON_AddBoolToObject(object, "trusts_external_id", zone->trusts_external_id);
    return object;
}

void zw_handle_zones(void *daemon_, struct zw_request *request, const cJSON *args)
{
    const struct zw_daemon *daemon = daemon_;
    const struct zw_policy *policy = daemon->policy;
    cJSON *result = cJSON_CreateObject();
    cJSON *array = cJSON_AddArrayToObject(result, "zones");
    struct zone_view *views = view_zones(policy, daemon->inventory);

    (void)args;
    for (size_t i = 0; i < policy->n_zones; i++) {
        const struct zone_view key = {.zone = policy->zones[i]};

        cJSON_AddItemToArray(array, zone_json(bsearch(&key, views, policy->n_zones, sizeof *views, compare_views)));
    }
    free(views);
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

static void print_vlans(FILE *f, const struct zw_claim *claim)
{
    fprintf(f, claim->first == claim->last ? "%u" : "%u-%u", claim->first, claim->last);
}

static bool same_claim(const struct zw_claim *a, const struct zw_claim *b)
{
    return a->zone == b->zone && a->membership == b->membership;
}

/* "outside: 100-199 300", "no zone: 7 (more than one zone claims it)": what 'claims[i]' is the first of. */
static char *by_vlan_text(const struct zw_claim *claims, size_t n, size_t i)
{
    char *text = NULL;
    size_t size;
    FILE *f = open_memstream(&text, &size);

    if (!f) {
        return zw_xstrdup("");
    }
    fprintf(f, "%s:", claims[i].zone ? claims[i].zone->name : "no zone");
    for (size_t j = i; j < n; j++) {
        if (same_claim(&claims[j], &claims[i])) {
            fputc(' ', f);
            print_vlans(f, &claims[j]);
        }
    }
    if (!claims[i].zone) {
        fprintf(f, " (%s)", zw_membership_text(claims[i].membership));
    }
    return fclose(f) ? zw_xstrdup("") : text;
}

static bool is_first(const struct zw_claim *claims, size_t i)
{
    for (size_t j = 0; j < i; j++) {
        if (same_claim(&claims[j], &claims[i])) {
            return false;
        }
    }
    return true;
}

static bool is_first_of_zone(const struct zw_claim *claims, size_t i)
{
    for (size_t j = 0; j < i; j++) {
        if (claims[j].zone == claims[i].zone) {
            return false;
        }
    }
    return true;
}

static void add_by_vlan(cJSON *array, const struct zw_claim *claims, size_t n, bool open)
{
    for (size_t i = 0; i < n; i++) {
        if ((claims[i].zone != NULL) == open && is_first(claims, i)) {
            char *text = by_vlan_text(claims, n, i);

            cJSON_AddItemToArray(array, cJSON_CreateString(text));
            free(text);
        }
    }
}

/* Empty if it is the same in every VLAN that the port carries. */
static cJSON *by_vlan_json(const struct zw_claim *claims, size_t n)
{
    cJSON *array = cJSON_CreateArray();

    if (n > 1) {
        add_by_vlan(array, claims, n, true);
        add_by_vlan(array, claims, n, false);
    }
    return array;
}

/* A port, and what was learned on its bridge. */
struct bound_view {
    const struct zw_port *port;
    const struct zw_learned *learned;
    size_t n_learned;
};

/* What is learned in several VLANs is shown once. */
static void add_once(cJSON *array, const char *text)
{
    const cJSON *item;

    cJSON_ArrayForEach (item, array) {
        if (!strcmp(item->valuestring, text)) {
            return;
        }
    }
    cJSON_AddItemToArray(array, cJSON_CreateString(text));
}

/* Adds what the port is bound to in 'zone', which has not been added before. */
static void add_bound(const struct bound_view *view, const struct zw_zone *zone, cJSON *macs, cJSON *addresses)
{
    struct zw_bindings bindings;
    char buf[ZW_ADDR_STRLEN];

    zw_bindings_find(zone, view->port, view->learned, view->n_learned, &bindings);
    for (size_t i = 0; zone->guard.mac && i < bindings.n_macs; i++) {
        cJSON_AddItemToArray(macs, cJSON_CreateString(zw_mac_format(&bindings.macs[i], buf)));
    }
    for (size_t i = 0; zone->guard.ip && i < bindings.n_addresses; i++) {
        cJSON_AddItemToArray(addresses, cJSON_CreateString(zw_addr_format(&bindings.addresses[i], buf)));
    }
    for (size_t i = 0; zone->guard.ip && i < bindings.n_learned; i++) {
        add_once(addresses, zw_addr_format(&bindings.learned[i].addr, buf));
    }
    zw_bindings_clear(&bindings);
}

static void add_or_null(cJSON *object, const char *key, cJSON *array, bool wanted)
{
    if (!wanted) {
        cJSON_Delete(array);
        array = cJSON_CreateNull();
    }
    cJSON_AddItemToObject(object, key, array);
}

/* "macs" and "addresses": what the port is bound to; null where none of its zones binds it. */
static void add_bindings(cJSON *object, const struct bound_view *view, const struct zw_claim *claims, size_t n)
{
    cJSON *macs = cJSON_CreateArray(), *addresses = cJSON_CreateArray();
    bool binds_mac = false, binds_ip = false;

    for (size_t i = 0; i < n; i++) {
        if (claims[i].zone && is_first_of_zone(claims, i)) {
            add_bound(view, claims[i].zone, macs, addresses);
            binds_mac = binds_mac || claims[i].zone->guard.mac;
            binds_ip = binds_ip || claims[i].zone->guard.ip;
        }
    }
    add_or_null(object, "macs", macs, binds_mac);
    add_or_null(object, "addresses", addresses, binds_ip);
}

static cJSON *port_json(const struct zw_bridge *bridge, const struct bound_view *view, const struct zw_claim *claims,
                        size_t n_claims)
{
    const struct zw_port *port = view->port;
    const struct zw_zone *zone = n_claims == 1 ? claims->zone : NULL;
    cJSON *object = cJSON_CreateObject();

    cJSON_AddStringToObject(object, "bridge", bridge->name);
    cJSON_AddStringToObject(object, "name", port->name);
    add_positive(object, "ofport", (int)port->ofport);
    zw_json_add_string(object, "zone", zone ? zone->name : NULL);
    cJSON_AddItemToObject(object, "by_vlan", by_vlan_json(claims, n_claims));
    cJSON_AddStringToObject(object, "how", n_claims == 1 ? zw_membership_text(claims->membership) : "by VLAN");
    cJSON_AddStringToObject(object, "vlan_mode", zw_vlan_mode_name(port->vlan_mode));
    add_positive(object, "tag", port->tag);
    cJSON_AddItemToObject(object, "trunks", trunks_json(port));
    zw_json_add_string(object, "mac", port->attached_mac);
    add_bindings(object, view, claims, n_claims);
    zw_json_add_string(object, "closed", zw_port_closed(port, claims, n_claims));
    return object;
}

static bool wants(const cJSON *args, const struct zw_claim *claims, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (zw_list_wants(args, "zone", claims[i].zone ? claims[i].zone->name : NULL)) {
            return true;
        }
    }
    return false;
}

static void add_bridge(const struct zw_daemon *daemon, const struct zw_bridge *bridge, const cJSON *args, cJSON *array)
{
    size_t n_learned;
    struct zw_learned *learned = zw_learning_list(daemon->learning, bridge->name, &n_learned);

    for (size_t i = 0; i < bridge->n_ports; i++) {
        const struct bound_view view = {&bridge->ports[i], learned, n_learned};
        struct zw_claim *claims;
        size_t n = zw_policy_carried_claims(daemon->policy, view.port, &claims);

        if (wants(args, claims, n)) {
            cJSON_AddItemToArray(array, port_json(bridge, &view, claims, n));
        }
        free(claims);
    }
    free(learned);
}

void zw_handle_ports(void *daemon_, struct zw_request *request, const cJSON *args)
{
    const struct zw_daemon *daemon = daemon_;

    if (!daemon->inventory) {
        zw_request_fail(request, EAGAIN, NULL, "OVSDB has not answered yet: no port is known");
        return;
    }
    if (!zw_list_knows(daemon, request, args, "zone") || !zw_list_knows(daemon, request, args, "bridge")) {
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
