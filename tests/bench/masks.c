/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "tests/bench/masks.h"

#include <stdlib.h>

#include "lib/classifier.h"

#include "lib/classifier-private.h"
#include "lib/util.h"
#include "ovs-ext/flow-private.h"

struct seen {
    struct hmap_node node;
    const struct minimask *mask; /* Of the flow table. */
};

struct counter {
    struct hmap seen[ZW_N_STAGES];
    size_t *n_flows;
};

static void count(void *counter_, const struct zw_flow *flow)
{
    struct counter *counter = counter_;
    struct hmap *seen = &counter->seen[flow->table];
    uint32_t hash = minimask_hash(flow->packed.mask, 0);
    struct seen *s;

    counter->n_flows[flow->table]++;
    HMAP_FOR_EACH_WITH_HASH (s, node, hash, seen) {
        if (minimask_equal(s->mask, flow->packed.mask)) {
            return;
        }
    }
    s = xmalloc(sizeof *s);
    s->mask = flow->packed.mask;
    hmap_insert(seen, &s->node, hash);
}

void bench_count_masks(const struct zw_flow_table *table, size_t n_masks[ZW_N_STAGES], size_t n_flows[ZW_N_STAGES])
{
    struct counter counter = {.n_flows = n_flows};
    struct seen *s;

    for (size_t i = 0; i < ZW_N_STAGES; i++) {
        hmap_init(&counter.seen[i]);
        n_flows[i] = 0;
    }
    zw_flow_table_each(table, count, &counter);
    for (size_t i = 0; i < ZW_N_STAGES; i++) {
        n_masks[i] = hmap_count(&counter.seen[i]);
        HMAP_FOR_EACH_POP (s, node, &counter.seen[i]) {
            free(s);
        }
        hmap_destroy(&counter.seen[i]);
    }
}
