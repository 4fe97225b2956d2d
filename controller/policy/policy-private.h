/* SPDX-License-Identifier: Apache-2.0 */
/* policy-private - what a policy carries for its own functions; for controller/policy/ only. */

#ifndef ZW_POLICY_POLICY_PRIVATE_H
#define ZW_POLICY_POLICY_PRIVATE_H 1

#include <stdatomic.h>

#include "controller/base/memory.h"
#include "controller/base/names.h"
#include "controller/policy/policy.h"

/* One prefix of a zone behind the ports of zone 'at'. */
struct zw_behind {
    const struct zw_zone *at;
    struct zw_prefix prefix;
    const struct zw_zone *zone;
};

struct zw_policy_private {
    struct zw_pool *pool; /* Holds the policy itself, too. */
    atomic_uint n_refs;
    struct zw_names zones;        /* Name to struct zw_zone. */
    struct zw_zone **zones_by_id; /* Sorted. */
    struct zw_behind *behind;     /* Sorted by 'at', family, bytes, length. */
    size_t n_behind;
    uint32_t *rules_by_id; /* Open hash table of numbers, 0: free. */
    size_t rules_by_id_mask;
    bool lengths[2][129]; /* Which prefix lengths 'behind' has: IPv4, IPv6. */
};

/* An empty policy with one reference. */
struct zw_policy *zw_policy_new(void);

/* Fills in 'zones_by_id' and 'behind'.  Entries with one number or one prefix end up side by side, for the reader to
 * refuse. */
void zw_policy_index(struct zw_policy *);

/* After ids were given. */
void zw_policy_index_ids(struct zw_policy *);

/* By family, bytes, length. */
int zw_prefix_compare(const void *, const void *);
int zw_behind_compare(const void *, const void *);

/* Sorts and removes duplicates in place; returns how many are left. */
size_t zw_prefixes_normalize(struct zw_prefix *, size_t n);

#endif
