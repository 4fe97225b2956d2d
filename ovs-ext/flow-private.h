/* SPDX-License-Identifier: Apache-2.0 */
/* flow-private - a flow as libopenvswitch sees it.  For ovs-ext only. */

#ifndef ZW_OVS_FLOW_PRIVATE_H
#define ZW_OVS_FLOW_PRIVATE_H 1

#include "openvswitch/hmap.h"
#include "openvswitch/list.h"
#include "openvswitch/match.h"
#include "openvswitch/ofp-actions.h"
#include "openvswitch/ofpbuf.h"

#include "ovs-ext/flow-table.h"
#include "ovs-ext/flow.h"

struct zw_flow {
    struct hmap_node
        node; /* In a flow table, by table, priority and match; its hash is right as soon as it is packed. */
    struct ovs_list added; /* In a journal's list of those; else empty. */
    uint8_t table;
    uint16_t priority;
    uint64_t cookie;
    bool timed;              /* It has a timeout, which no flow of ours has but learned ones. */
    struct match *match;     /* While it is built; NULL once packed. */
    struct minimatch packed; /* From then on. */
    struct ofpbuf ofpacts;
};

struct zw_flow_table {
    struct hmap flows;
};

/* In no order. */
#define ZW_FLOW_TABLE_FOR_EACH(FLOW, TABLE) HMAP_FOR_EACH (FLOW, node, &(TABLE)->flows)
/* Each is removed first, and is then the caller's. */
#define ZW_FLOW_TABLE_FOR_EACH_POP(FLOW, TABLE) HMAP_FOR_EACH_POP (FLOW, node, &(TABLE)->flows)

/* A flow from what a switch says. Copies match and actions. */
struct zw_flow *zw_flow_from_switch(uint8_t table, uint16_t priority, uint64_t cookie, const struct match *,
                                    const struct ofpact *, size_t ofpacts_len);

bool zw_flow_key_is_learned(uint8_t table, uint64_t cookie);
struct zw_learned_mac zw_learned_mac_from_match(const struct match *, uint64_t cookie);

/* Ends the building: matches in a tenth of the memory, and hashed once. */
void zw_flow_pack(struct zw_flow *);

uint32_t zw_flow_hash(const struct zw_flow *); /* Packed flows only, as the next one. */
bool zw_flow_same_key(const struct zw_flow *, const struct zw_flow *);
bool zw_flow_same_effect(const struct zw_flow *, const struct zw_flow *);

#endif
