/* SPDX-License-Identifier: Apache-2.0 */
#include "zw-config.h"

#include "controller/daemon/learning-index.h"

#include <stdlib.h>
#include <string.h>

#include "controller/base/memory.h"
#include "controller/policy/binding.h"

/* A MAC or IP address, padded with zeros. */
struct key {
    uint8_t family; /* 0: MAC. */
    uint8_t bytes[16];
};

/* A port is bound to the address wherever it is in the zone. */
struct bound {
    struct key key;
    const struct zw_port *port;
    const struct zw_zone *zone;
    size_t next; /* With the same hash, in the order of the ports; 0: none, else one more than its place. */
};

/* In the order of the bridge's ports. */
struct place {
    struct zw_claim *claims;
    size_t n;
};

struct zw_learning_index {
    struct zw_policy *policy;
    const struct zw_bridge *bridge;
    struct place *places;
    size_t n_places;
    struct bound *list;
    size_t n, allocated;
    size_t *heads; /* By hash, as 'next'. */
    size_t n_heads;
};

static struct key key_of_mac(const struct zw_mac *mac)
{
    struct key key = {.family = 0};

    memcpy(key.bytes, mac->bytes, sizeof mac->bytes);
    return key;
}

static struct key key_of_addr(const struct zw_addr *addr)
{
    struct key key = {.family = addr->family};

    memcpy(key.bytes, addr->bytes, zw_family_bits(addr->family) / 8);
    return key;
}

static bool is_key(const struct key *a, const struct key *b)
{
    return a->family == b->family && !memcmp(a->bytes, b->bytes, sizeof a->bytes);
}

/* FNV-1a. */
static uint64_t hash_of(const struct key *key)
{
    uint64_t hash = (UINT64_C(0xcbf29ce484222325) ^ key->family) * UINT64_C(0x100000001b3);

    for (size_t i = 0; i < sizeof key->bytes; i++) {
        hash = (hash ^ key->bytes[i]) * UINT64_C(0x100000001b3);
    }
    return hash;
}

static size_t *head_of(const struct zw_learning_index *index, const struct key *key)
{
    return &index->heads[hash_of(key) % index->n_heads];
}

/* --- Making --- */

static void add(struct zw_learning_index *index, struct key key, const struct zw_port *port, const struct zw_zone *zone)
{
    index->list = zw_xgrow(index->list, index->n, &index->allocated, sizeof *index->list);
    index->list[index->n++] = (struct bound){.key = key, .port = port, .zone = zone};
}

static void add_in_zone(struct zw_learning_index *index, const struct zw_port *port, const struct zw_zone *zone)
{
    struct zw_bindings bindings;

    zw_bindings_find(zone, port, NULL, 0, &bindings);
    for (size_t i = 0; i < bindings.n_macs; i++) {
        struct zw_addr addr = zw_mac_link_local(&bindings.macs[i]);

        add(index, key_of_mac(&bindings.macs[i]), port, zone);
        add(index, key_of_addr(&addr), port, zone);
    }
    for (size_t i = 0; i < bindings.n_addresses; i++) {
        add(index, key_of_addr(&bindings.addresses[i]), port, zone);
    }
    zw_bindings_clear(&bindings);
}

/* In several VLANs it may be in one zone. */
static bool is_before(const struct place *place, size_t i)
{
    for (size_t j = 0; j < i; j++) {
        if (place->claims[j].zone == place->claims[i].zone) {
            return true;
        }
    }
    return false;
}

static void add_port(struct zw_learning_index *index, const struct zw_port *port, const struct place *place)
{
    for (size_t i = 0; i < place->n; i++) {
        const struct zw_zone *zone = place->claims[i].zone;

        if (zone && zone->guard.is_on && !is_before(place, i)) {
            add_in_zone(index, port, zone);
        }
    }
}

struct zw_learning_index *zw_learning_index_new(const struct zw_policy *policy, const struct zw_bridge *bridge)
{
    struct zw_learning_index *index = zw_xcalloc(1, sizeof *index);

    index->policy = zw_policy_ref(policy);
    index->bridge = bridge;
    index->n_places = bridge->n_ports;
    index->places = zw_xcalloc(index->n_places, sizeof *index->places);
    for (size_t i = 0; i < index->n_places; i++) {
        struct place *place = &index->places[i];

        place->n = zw_policy_claims(policy, &bridge->ports[i], &place->claims);
        add_port(index, &bridge->ports[i], place);
    }
    index->n_heads = 2 * index->n + 1;
    index->heads = zw_xcalloc(index->n_heads, sizeof *index->heads);
    for (size_t i = index->n; i > 0; i--) {
        size_t *head = head_of(index, &index->list[i - 1].key);

        index->list[i - 1].next = *head;
        *head = i;
    }
    return index;
}

void zw_learning_index_free(struct zw_learning_index *index)
{
    if (!index) {
        return;
    }
    for (size_t i = 0; i < index->n_places; i++) {
        free(index->places[i].claims);
    }
    free(index->places);
    free(index->list);
    free(index->heads);
    zw_policy_unref(index->policy);
    free(index);
}

bool zw_learning_index_is_of(const struct zw_learning_index *index, const struct zw_policy *policy,
                             const struct zw_bridge *bridge)
{
    return index->policy == policy && index->bridge == bridge;
}

/* --- Looking up --- */

static const struct zw_zone *zone_of(const struct zw_learning_index *index, const struct zw_port *port,
                                     unsigned int segment)
{
    const struct place *place = &index->places[port - index->bridge->ports];
    size_t low = 0, high = place->n - 1;

    while (low < high) {
        size_t middle = (low + high) / 2;

        if (place->claims[middle].last < segment) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return zw_port_carries(port, segment) ? place->claims[low].zone : NULL;
}

const struct zw_guard *zw_learning_index_guard(const struct zw_learning_index *index, const struct zw_port *port,
                                               unsigned int segment)
{
    const struct zw_zone *zone = zone_of(index, port, segment);

    return zone && zone->guard.is_on ? &zone->guard : NULL;
}

/* The next after 'bound' (NULL: the first) that is there in 'segment', or NULL. */
static const struct bound *next(const struct zw_learning_index *index, const struct key *key, unsigned int segment,
                                const struct bound *bound)
{
    size_t at = bound ? bound->next : *head_of(index, key);

    for (; at; at = index->list[at - 1].next) {
        bound = &index->list[at - 1];
        if (is_key(&bound->key, key) && zone_of(index, bound->port, segment) == bound->zone) {
            return bound;
        }
    }
    return NULL;
}

const struct zw_port *zw_learning_index_client(const struct zw_learning_index *index, const struct zw_mac *mac,
                                               unsigned int segment)
{
    const struct key key = key_of_mac(mac);
    const struct bound *bound = NULL;

    while ((bound = next(index, &key, segment, bound))) {
        if (bound->zone->guard.learns_dhcp) {
            return bound->port;
        }
    }
    return NULL;
}

bool zw_learning_index_is_client(const struct zw_learning_index *index, const struct zw_port *port,
                                 const struct zw_mac *mac, unsigned int segment)
{
    const struct key key = key_of_mac(mac);
    const struct bound *bound = NULL;

    while ((bound = next(index, &key, segment, bound))) {
        if (bound->port == port) {
            return bound->zone->guard.learns_dhcp;
        }
    }
    return false;
}

bool zw_learning_index_is_others(const struct zw_learning_index *index, const struct zw_port *port,
                                 const struct zw_mac *mac, unsigned int segment)
{
    const struct key key = key_of_mac(mac);
    const struct bound *bound = NULL;
    bool is_others = false;

    while ((bound = next(index, &key, segment, bound))) {
        if (bound->port == port) {
            return false;
        }
        is_others = true;
    }
    return is_others;
}

const struct zw_port *zw_learning_index_owner(const struct zw_learning_index *index, const struct zw_addr *addr,
                                              unsigned int segment, const struct zw_port *except)
{
    const struct key key = key_of_addr(addr);
    const struct bound *bound = NULL;

    while ((bound = next(index, &key, segment, bound))) {
        if (bound->port != except) {
            return bound->port;
        }
    }
    return NULL;
}
