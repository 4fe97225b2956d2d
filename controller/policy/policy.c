/* SPDX-License-Identifier: Apache-2.0 */
#include "zw-config.h"

#include "controller/policy/policy.h"

#include <stdlib.h>
#include <string.h>

#include "controller/base/sha256.h"
#include "controller/policy/policy-private.h"

struct zw_policy *zw_policy_new(void)
{
    struct zw_policy *policy = zw_xcalloc(1, sizeof *policy);
    struct zw_pool *pool = zw_pool_new();
    struct zw_frame *frame = zw_pool_calloc(pool, 1, sizeof *frame);

    frame->pool = pool;
    atomic_init(&frame->n_refs, 1);
    policy->private_ = zw_xcalloc(1, sizeof *policy->private_);
    policy->private_->frame = frame;
    atomic_init(&policy->private_->n_refs, 1);
    policy->default_action = ZW_DENY;
    policy->default_log = ZW_LOG_DENIED;
    return policy;
}

static void copy_names(struct zw_names *to, const struct zw_names *from)
{
    for (size_t i = 0; i < from->capacity; i++) {
        if (from->entries[i].name) {
            zw_names_add(to, from->entries[i].name, from->entries[i].value);
        }
    }
}

struct zw_policy *zw_policy_new_in_frame(const struct zw_policy *like, size_t n_rules)
{
    struct zw_policy *policy = zw_xcalloc(1, sizeof *policy);
    struct zw_policy_private *p = zw_xcalloc(1, sizeof *p);
    struct zw_frame *frame = like->private_->frame;

    atomic_fetch_add_explicit(&frame->n_refs, 1, memory_order_relaxed);
    *policy = *like;
    policy->private_ = p;
    policy->version = policy->next_rule_id = policy->rule_ids_since = 0;
    policy->sha256[0] = '\0';
    policy->rules = zw_xcalloc(n_rules, sizeof *policy->rules);
    policy->n_rules = 0;
    *p = (struct zw_policy_private){.frame = frame,
                                    .zones_by_id = like->private_->zones_by_id,
                                    .behind = like->private_->behind,
                                    .n_behind = like->private_->n_behind,
                                    .documents = like->private_->documents,
                                    .n_documents = like->private_->n_documents};
    memcpy(p->lengths, like->private_->lengths, sizeof p->lengths);
    copy_names(&p->changed_sets, &like->private_->changed_sets);
    atomic_init(&p->n_refs, 1);
    return policy;
}

struct zw_policy *zw_policy_ref(const struct zw_policy *policy)
{
    atomic_fetch_add_explicit(&policy->private_->n_refs, 1, memory_order_relaxed);
    return (struct zw_policy *)policy;
}

static void unref_frame(struct zw_frame *frame)
{
    if (atomic_fetch_sub_explicit(&frame->n_refs, 1, memory_order_acq_rel) == 1) {
        zw_names_destroy(&frame->zones);
        zw_names_destroy(&frame->address_sets);
        zw_names_destroy(&frame->services);
        zw_pool_destroy(frame->pool);
    }
}

void zw_policy_unref(struct zw_policy *policy)
{
    if (policy && atomic_fetch_sub_explicit(&policy->private_->n_refs, 1, memory_order_acq_rel) == 1) {
        unref_frame(policy->private_->frame);
        free(policy->private_->rules_by_id);
        zw_rule_index_free(atomic_load(&policy->private_->rule_index));
        zw_names_destroy(&policy->private_->changed_sets);
        free(policy->private_->rule_names);
        free(policy->private_);
        free(policy->rules);
        free(policy);
    }
}

bool zw_policy_same_frame(const struct zw_policy *a, const struct zw_policy *b)
{
    return a->private_->frame == b->private_->frame;
}

uint32_t zw_zone_id(const char *name)
{
    uint8_t d[ZW_SHA256_SIZE];
    uint32_t id;

    zw_sha256(name, strlen(name), d);
    id = (uint32_t)d[0] << 24 | (uint32_t)d[1] << 16 | (uint32_t)d[2] << 8 | d[3];
    return id ? id : 1;
}

const struct zw_zone *zw_policy_zone_by_name(const struct zw_policy *policy, const char *name)
{
    return zw_names_find(&policy->private_->frame->zones, name);
}

/* Of several threads that build it at once all but one do so in vain. */
const struct zw_rule_index *zw_policy_rule_index(const struct zw_policy *policy)
{
    struct zw_policy_private *p = policy->private_;
    struct zw_rule_index *index = atomic_load_explicit(&p->rule_index, memory_order_acquire), *none = NULL;

    if (index) {
        return index;
    }
    index = zw_rule_index_new(policy);
    if (!atomic_compare_exchange_strong(&p->rule_index, &none, index)) {
        zw_rule_index_free(index);
        return none;
    }
    return index;
}

static int compare_ids(uint32_t a, uint32_t b)
{
    return a < b ? -1 : a > b;
}

static int compare_id_to_zone(const void *id, const void *zone)
{
    return compare_ids(*(const uint32_t *)id, (*(struct zw_zone *const *)zone)->id);
}

const struct zw_zone *zw_policy_zone_by_id(const struct zw_policy *policy, uint32_t id)
{
    struct zw_zone **zone =
        policy->n_zones ? bsearch(&id, policy->private_->zones_by_id, policy->n_zones, sizeof *zone, compare_id_to_zone)
                        : NULL;

    return zone ? *zone : NULL;
}

const struct zw_rule *zw_policy_rule(const struct zw_policy *policy, uint32_t number)
{
    return number >= 1 && number <= policy->n_rules ? &policy->rules[number - 1] : NULL;
}

/* Ids are given one after the other: they are their own hash. */
const struct zw_rule *zw_policy_rule_by_id(const struct zw_policy *policy, uint32_t id)
{
    const struct zw_policy_private *p = policy->private_;

    for (size_t i = id; p->rules_by_id && p->rules_by_id[i & p->rules_by_id_mask]; i++) {
        const struct zw_rule *rule = &policy->rules[p->rules_by_id[i & p->rules_by_id_mask] - 1];

        if (rule->id == id) {
            return rule;
        }
    }
    return NULL;
}

void zw_policy_index_ids(struct zw_policy *policy)
{
    struct zw_policy_private *p = policy->private_;

    p->rules_by_id_mask = 15;
    while (p->rules_by_id_mask < 2 * policy->n_rules) {
        p->rules_by_id_mask = 2 * p->rules_by_id_mask + 1;
    }
    free(p->rules_by_id);
    p->rules_by_id = zw_xcalloc(p->rules_by_id_mask + 1, sizeof *p->rules_by_id);
    for (size_t i = 0; i < policy->n_rules; i++) {
        size_t at = policy->rules[i].id;

        while (p->rules_by_id[at & p->rules_by_id_mask]) {
            at++;
        }
        p->rules_by_id[at & p->rules_by_id_mask] = policy->rules[i].number;
    }
}

const char *zw_action_name(enum zw_action action)
{
    static const char *const names[] = {
        [ZW_ALLOW] = "allow", [ZW_DENY] = "deny", [ZW_REJECT] = "reject", [ZW_ASK] = "ask"};

    return names[action];
}

const char *zw_log_level_name(enum zw_log_level level)
{
    return level == ZW_LOG_NONE ? "none" : level == ZW_LOG_DENIED ? "denied" : "session";
}

int zw_prefix_compare(const void *a_, const void *b_)
{
    const struct zw_prefix *a = a_, *b = b_;
    int order = (int)a->addr.family - (int)b->addr.family;

    if (!order) {
        order = memcmp(a->addr.bytes, b->addr.bytes, sizeof a->addr.bytes);
    }
    return order ? order : (int)a->n_bits - (int)b->n_bits;
}

size_t zw_prefixes_normalize(struct zw_prefix *list, size_t n)
{
    size_t n_left = 0;

    if (!n) {
        return 0;
    }
    qsort(list, n, sizeof *list, zw_prefix_compare);
    for (size_t i = 0; i < n; i++) {
        if (!n_left || zw_prefix_compare(&list[n_left - 1], &list[i])) {
            list[n_left++] = list[i];
        }
    }
    return n_left;
}

int zw_behind_compare(const void *a_, const void *b_)
{
    const struct zw_behind *a = a_, *b = b_;
    int order = compare_ids(a->at->id, b->at->id);

    return order ? order : zw_prefix_compare(&a->prefix, &b->prefix);
}

/* The reader reports equal entries, always in the same order. */
static int compare_behind(const void *a_, const void *b_)
{
    const struct zw_behind *a = a_, *b = b_;
    int order = zw_behind_compare(a, b);

    return order ? order : strcmp(a->zone->name, b->zone->name);
}

static int compare_zones(const void *a_, const void *b_)
{
    const struct zw_zone *a = *(struct zw_zone *const *)a_, *b = *(struct zw_zone *const *)b_;
    int order = compare_ids(a->id, b->id);

    return order ? order : strcmp(a->name, b->name);
}

static void index_behind(struct zw_policy_private *p, const struct zw_zone *zone)
{
    for (size_t i = 0; i < zone->addresses.n; i++) {
        const struct zw_prefix *prefix = &zone->addresses.list[i];

        p->behind[p->n_behind++] = (struct zw_behind){.at = zone->behind, .prefix = *prefix, .zone = zone};
        p->lengths[prefix->addr.family == ZW_IPV6][prefix->n_bits] = true;
    }
}

void zw_policy_index(struct zw_policy *policy)
{
    struct zw_policy_private *p = policy->private_;
    size_t n = 0;

    p->zones_by_id = zw_pool_calloc(p->frame->pool, policy->n_zones, sizeof *p->zones_by_id);
    for (size_t i = 0; i < policy->n_zones; i++) {
        p->zones_by_id[i] = policy->zones[i];
        n += policy->zones[i]->behind ? policy->zones[i]->addresses.n : 0;
    }
    qsort(p->zones_by_id, policy->n_zones, sizeof *p->zones_by_id, compare_zones);

    p->behind = zw_pool_calloc(p->frame->pool, n, sizeof *p->behind);
    for (size_t i = 0; i < policy->n_zones; i++) {
        if (policy->zones[i]->behind) {
            index_behind(p, policy->zones[i]);
        }
    }
    qsort(p->behind, n, sizeof *p->behind, compare_behind);
}
