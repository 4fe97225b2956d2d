/* SPDX-License-Identifier: Apache-2.0 */
/* policy-private - what a policy carries for its own functions; for controller/policy/ only. */

#ifndef ZW_POLICY_POLICY_PRIVATE_H
#define ZW_POLICY_POLICY_PRIVATE_H 1

#include <stdatomic.h>

#include "controller/base/memory.h"
#include "controller/base/names.h"
#include "controller/policy/policy.h"
#include "controller/policy/rule-index.h"

/* One prefix of a zone behind the ports of zone 'at'. */
struct zw_behind {
    const struct zw_zone *at;
    struct zw_prefix prefix;
    const struct zw_zone *zone;
};

/* One file that a policy was read from. */
struct zw_document {
    const char *name;     /* What 'file' of its rules points to. */
    bool ends_with_rules; /* "rules" is its last section, both in block style, and its keys are not indented. */
    int sets_line;        /* Where "address-sets" begins if it is in such a file, the only one that has it; else 0. */
    int sets_end;         /* Where the next section does. */
};

/* What policies have in common of which one was read from a change of another's rules (reader-change.c).  Only the reader
 * adds to it, of the newest policy, in one thread: what others see never changes. */
struct zw_frame {
    struct zw_pool *pool; /* Holds the frame itself, zones, sets, and what rules consist of. */
    atomic_uint n_refs;
    struct zw_names zones;        /* Name to struct zw_zone. */
    struct zw_names address_sets; /* Name to struct zw_prefixes. */
    struct zw_names services;     /* Name to struct zw_service. */
    bool zones_name_sets;         /* The addresses of a zone, or those that its guard learns, are those of a set. */
    size_t n_read_again;          /* Rules that were added to 'pool' since the whole was read. */
};

struct zw_policy_private {
    struct zw_frame *frame;
    atomic_uint n_refs;
    struct zw_zone **zones_by_id; /* Sorted.  In the frame's pool, as the next two. */
    struct zw_behind *behind;     /* Sorted by 'at', family, bytes, length. */
    size_t n_behind;
    struct zw_document *documents; /* In the frame's pool. */
    size_t n_documents;
    bool lengths[2][129];  /* Which prefix lengths 'behind' has: IPv4, IPv6. */
    uint32_t *rules_by_id; /* Open hash table of numbers, 0: free. */
    size_t rules_by_id_mask;
    struct zw_names changed_sets; /* Those that are not as in the frame: its names, and values in its pool. */
    char *rule_names;             /* Those of rules without a name of their own, if they are not in the frame's pool. */
    _Atomic(struct zw_rule_index *) rule_index; /* NULL: not asked for yet. */
};

/* An empty policy with one reference. */
struct zw_policy *zw_policy_new(void);

/* One with the frame of another: without rules, but with room for 'n_rules', version, and ids. */
struct zw_policy *zw_policy_new_in_frame(const struct zw_policy *, size_t n_rules);

/* Fills in 'zones_by_id' and 'behind'.  Entries with one number or one prefix end up side by side, for the reader to
 * refuse. */
void zw_policy_index(struct zw_policy *);

/* After ids were given. */
void zw_policy_index_ids(struct zw_policy *);

/* Built when it is first asked for: most versions of a policy in a row of small changes never judge a packet. */
const struct zw_rule_index *zw_policy_rule_index(const struct zw_policy *);

/* By family, bytes, length. */
int zw_prefix_compare(const void *, const void *);
int zw_behind_compare(const void *, const void *);

/* Sorts and removes duplicates in place; returns how many are left. */
size_t zw_prefixes_normalize(struct zw_prefix *, size_t n);

#endif
