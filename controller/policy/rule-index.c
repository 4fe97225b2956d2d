/* SPDX-License-Identifier: Apache-2.0 */
#include "zw-config.h"

#include "controller/policy/rule-index.h"

#include <stdlib.h>

#include "controller/base/memory.h"

/* 0 is "any": no zone has this id, no port this key. */
struct key {
    uint32_t src, dst, service;
};

struct list {
    struct key key;
    uint32_t first, n; /* In 'rules'. */
};

struct zw_rule_index {
    struct list *lists; /* Hash table with open addressing; n == 0: free. */
    size_t mask;
    uint32_t *rules;
};

static uint32_t port_key(uint8_t proto, uint16_t port)
{
    return 1u << 24 | (uint32_t)proto << 16 | port;
}

static bool has_ports(uint8_t proto)
{
    return proto == IPPROTO_TCP || proto == IPPROTO_UDP || proto == IPPROTO_SCTP;
}

static size_t hash(const struct key *key)
{
    uint64_t h = key->src * UINT64_C(0x9e3779b97f4a7c15) ^ key->dst * UINT64_C(0xc2b2ae3d27d4eb4f) ^
                 key->service * UINT64_C(0x165667b19e3779f9);

    h ^= h >> 32;
    h *= UINT64_C(0xd6e8feb86659fd93);
    return (size_t)(h ^ h >> 32);
}

/* Where 'key' is, or could be put. */
static struct list *find(const struct zw_rule_index *index, const struct key *key)
{
    size_t i = hash(key) & index->mask;

    while (index->lists[i].n && (index->lists[i].key.src != key->src || index->lists[i].key.dst != key->dst ||
                                 index->lists[i].key.service != key->service)) {
        i = (i + 1) & index->mask;
    }
    return &index->lists[i];
}

/* How much of each part a rule is kept under; 0: "any". */
struct parts {
    size_t src, dst, service;
};

static size_t or_one(size_t n)
{
    return n ? n : 1;
}

static size_t n_keys(const struct parts *parts)
{
    return or_one(parts->src) * or_one(parts->dst) * or_one(parts->service);
}

static bool is_single_ports(const struct zw_service *service)
{
    for (size_t i = 0; i < service->n; i++) {
        if (!has_ports(service->items[i].proto) || service->items[i].any_ports ||
            service->items[i].first != service->items[i].last) {
            return false;
        }
    }
    return true;
}

/* What does not fit becomes "any", the longest part first. */
static struct parts parts_of(const struct zw_rule *rule)
{
    struct parts parts = {.src = rule->from.n, .dst = rule->to.n};

    parts.service = is_single_ports(&rule->service) ? rule->service.n : 0;
    while (n_keys(&parts) > ZW_INDEX_MAX_KEYS) {
        size_t *longest = parts.src > parts.dst ? &parts.src : &parts.dst;

        *(parts.service > *longest ? &parts.service : longest) = 0;
    }
    return parts;
}

static struct key key_of(const struct zw_rule *rule, const struct parts *parts, size_t i)
{
    struct key key = {0};

    if (parts->src) {
        key.src = rule->from.list[i % parts->src]->id;
        i /= parts->src;
    }
    if (parts->dst) {
        key.dst = rule->to.list[i % parts->dst]->id;
        i /= parts->dst;
    }
    if (parts->service) {
        key.service = port_key(rule->service.items[i].proto, rule->service.items[i].first);
    }
    return key;
}

static void each_key(const struct zw_policy *policy, struct zw_rule_index *index,
                     void (*call)(struct zw_rule_index *, struct list *, const struct key *, uint32_t place))
{
    for (uint32_t place = 0; place < policy->n_rules; place++) {
        const struct zw_rule *rule = &policy->rules[place];
        const struct parts parts = parts_of(rule);

        for (size_t i = 0; i < n_keys(&parts); i++) {
            struct key key = key_of(rule, &parts, i);

            call(index, find(index, &key), &key, place);
        }
    }
}

static void count(struct zw_rule_index *index, struct list *list, const struct key *key, uint32_t place)
{
    (void)index;
    (void)place;
    list->key = *key;
    list->n++;
}

/* Lists have their room, and fill up anew: 'first' moves along and is put back in the end. */
static void fill(struct zw_rule_index *index, struct list *list, const struct key *key, uint32_t place)
{
    (void)key;
    index->rules[list->first++] = place;
}

struct zw_rule_index *zw_rule_index_new(const struct zw_policy *policy)
{
    struct zw_rule_index *index = zw_xcalloc(1, sizeof *index);
    size_t total = 0;

    for (size_t i = 0; i < policy->n_rules; i++) {
        const struct parts parts = parts_of(&policy->rules[i]);

        total += n_keys(&parts);
    }
    index->mask = 15;
    while (index->mask < 2 * total) {
        index->mask = 2 * index->mask + 1;
    }
    index->lists = zw_xcalloc(index->mask + 1, sizeof *index->lists);
    index->rules = zw_xcalloc(total + 1, sizeof *index->rules);
    each_key(policy, index, count);
    uint32_t first = 0;
    for (size_t i = 0; i <= index->mask; i++) {
        index->lists[i].first = first;
        first += index->lists[i].n;
    }
    each_key(policy, index, fill);
    for (size_t i = 0; i <= index->mask; i++) {
        index->lists[i].first -= index->lists[i].n;
    }
    return index;
}

void zw_rule_index_free(struct zw_rule_index *index)
{
    if (index) {
        free(index->lists);
        free(index->rules);
        free(index);
    }
}

struct zw_rule_walk zw_rule_index_walk(const struct zw_rule_index *index, const struct zw_zone *src,
                                       const struct zw_zone *dst, const struct zw_packet_key *packet)
{
    const uint32_t service = has_ports(packet->proto) ? port_key(packet->proto, packet->dport) : 0;
    struct zw_rule_walk walk = {.n = 0};

    for (unsigned int i = 0; i < ZW_INDEX_N_LISTS; i++) {
        const struct key key = {.src = i & 1 ? src->id : 0, .dst = i & 2 ? dst->id : 0, .service = i & 4 ? service : 0};
        const struct list *list = i & 4 && !service ? NULL : find(index, &key);

        if (list && list->n) {
            walk.next[walk.n] = &index->rules[list->first];
            walk.end[walk.n++] = &index->rules[list->first + list->n];
        }
    }
    return walk;
}

/* A rule is in one list of those that a packet is asked for under; twice there if it names a port twice. */
uint32_t zw_rule_walk_next(struct zw_rule_walk *walk)
{
    uint32_t least = UINT32_MAX;

    for (size_t i = 0; i < walk->n; i++) {
        if (walk->next[i] < walk->end[i] && *walk->next[i] < least) {
            least = *walk->next[i];
        }
    }
    for (size_t i = 0; i < walk->n; i++) {
        while (walk->next[i] < walk->end[i] && *walk->next[i] == least) {
            walk->next[i]++;
        }
    }
    return least;
}
