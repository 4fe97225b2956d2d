/* SPDX-License-Identifier: Apache-2.0 */
#include "zw-config.h"

#include "controller/policy/places.h"

#include <stdlib.h>

#include "controller/base/memory.h"

#define N_OFPORTS (UINT16_MAX + 1u)

struct place {
    struct zw_claim *claims; /* NULL: there is no such port. */
    size_t n;
};

struct zw_places {
    struct place by_ofport[N_OFPORTS];
};

static bool has_number(const struct zw_port *port)
{
    return port->ofport && port->ofport < N_OFPORTS && !port->shares_ofport;
}

struct zw_places *zw_places_new(const struct zw_policy *policy, const struct zw_bridge *bridge)
{
    struct zw_places *places = zw_xcalloc(1, sizeof *places);

    for (size_t i = 0; i < bridge->n_ports; i++) {
        const struct zw_port *port = &bridge->ports[i];

        if (has_number(port) && !places->by_ofport[port->ofport].claims) {
            struct place *place = &places->by_ofport[port->ofport];
            place->n = zw_policy_claims(policy, port, &place->claims);
        }
    }
    return places;
}

void zw_places_free(struct zw_places *places)
{
    for (size_t i = 0; places && i < N_OFPORTS; i++) {
        free(places->by_ofport[i].claims);
    }
    free(places);
}

/* Claims follow each other without a gap, over all VLANs. */
static const struct zw_zone *zone_in(const struct place *place, unsigned int vlan)
{
    size_t low = 0, high = place->n - 1;

    while (low < high) {
        size_t mid = low + (high - low) / 2;

        if (place->claims[mid].last < vlan) {
            low = mid + 1;
        } else {
            high = mid;
        }
    }
    return place->claims[low].zone;
}

bool zw_places_find(const struct zw_places *places, uint32_t ofport, unsigned int vlan, const struct zw_zone **zone)
{
    const struct place *place = ofport < N_OFPORTS ? &places->by_ofport[ofport] : NULL;

    *zone = NULL;
    if (!place || !place->claims) {
        return false;
    }
    *zone = zone_in(place, vlan);
    return true;
}

static bool has_moved(const struct zw_policy *policy, const struct zw_port *older, const struct zw_port *newer)
{
    struct place was, is;
    bool same = true;

    was.n = zw_policy_claims(policy, older, &was.claims);
    is.n = zw_policy_claims(policy, newer, &is.claims);
    /* Both change only where one of their runs begins. */
    for (size_t i = 0; i < was.n && same; i++) {
        same = was.claims[i].zone == zone_in(&is, was.claims[i].first);
    }
    for (size_t i = 0; i < is.n && same; i++) {
        same = is.claims[i].zone == zone_in(&was, is.claims[i].first);
    }
    free(was.claims);
    free(is.claims);
    return !same;
}

bool zw_places_moved(const struct zw_policy *policy, const struct zw_bridge *older, const struct zw_bridge *newer)
{
    const struct zw_port **by_ofport = zw_xcalloc(N_OFPORTS, sizeof *by_ofport);
    bool moved = false;

    for (size_t i = 0; i < newer->n_ports; i++) {
        if (has_number(&newer->ports[i])) {
            by_ofport[newer->ports[i].ofport] = &newer->ports[i];
        }
    }
    for (size_t i = 0; i < older->n_ports && !moved; i++) {
        const struct zw_port *was = &older->ports[i], *is = has_number(was) ? by_ofport[was->ofport] : NULL;

        moved = is && !zw_port_equal(was, is) && has_moved(policy, was, is);
    }
    free(by_ofport);
    return moved;
}
