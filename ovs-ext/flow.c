/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "ovs-ext/flow-private.h"

#include <stdlib.h>

#include "lib/flow.h"
#include "lib/hash.h"
#include "openvswitch/dynamic-string.h"
#include "lib/util.h"

static struct zw_flow *allocate(uint8_t table, uint16_t priority, uint64_t cookie)
{
    struct zw_flow *flow = xzalloc(sizeof *flow);

    flow->table = table;
    flow->priority = priority;
    flow->cookie = cookie;
    ovs_list_init(&flow->added);
    return flow;
}

static uint32_t hash_key(const struct zw_flow *flow)
{
    return hash_2words(minimatch_hash(&flow->packed, 0), (uint32_t)flow->table << 16 | flow->priority);
}

struct zw_flow *zw_flow_new(enum zw_stage stage, uint16_t priority, uint64_t cookie)
{
    struct zw_flow *flow = allocate(stage, priority, cookie);

    flow->match = xmalloc(sizeof *flow->match);
    match_init_catchall(flow->match);
    ofpbuf_init(&flow->ofpacts, 64);
    return flow;
}

struct zw_flow *zw_flow_from_switch(uint8_t table, uint16_t priority, uint64_t cookie, const struct match *match,
                                    const struct ofpact *ofpacts, size_t ofpacts_len)
{
    struct zw_flow *flow = allocate(table, priority, cookie);

    minimatch_init(&flow->packed, match);
    flow->node.hash = hash_key(flow);
    ofpbuf_init(&flow->ofpacts, ofpacts_len);
    ofpbuf_put(&flow->ofpacts, ofpacts, ofpacts_len);
    return flow;
}

struct zw_flow *zw_flow_clone(const struct zw_flow *old)
{
    struct zw_flow *flow = xmemdup(old, sizeof *old);

    ovs_list_init(&flow->added);
    if (old->match) {
        flow->match = xmemdup(old->match, sizeof *old->match);
    } else {
        minimatch_clone(&flow->packed, &old->packed);
    }
    ofpbuf_init(&flow->ofpacts, old->ofpacts.size);
    ofpbuf_put(&flow->ofpacts, old->ofpacts.data, old->ofpacts.size);
    return flow;
}

void zw_flow_free(struct zw_flow *flow)
{
    if (!flow) {
        return;
    }
    if (flow->match) {
        free(flow->match);
    } else {
        minimatch_destroy(&flow->packed);
    }
    ofpbuf_uninit(&flow->ofpacts);
    free(flow);
}

void zw_flow_pack(struct zw_flow *flow)
{
    if (flow->match) {
        minimatch_init(&flow->packed, flow->match);
        free(flow->match);
        flow->match = NULL;
        flow->node.hash = hash_key(flow);
    }
}

enum zw_stage zw_flow_stage(const struct zw_flow *flow)
{
    return flow->table;
}

uint64_t zw_flow_cookie(const struct zw_flow *flow)
{
    return flow->cookie;
}

bool zw_flow_key_is_learned(uint8_t table, uint64_t cookie)
{
    return table == ZW_STAGE_MACS && zw_cookie_is_ours(cookie) && zw_cookie_kind(cookie) == ZW_COOKIE_LEARNED;
}

uint16_t zw_flow_priority(const struct zw_flow *flow)
{
    return flow->priority;
}

bool zw_flow_is_learned(const struct zw_flow *flow)
{
    return flow->timed && zw_flow_key_is_learned(flow->table, flow->cookie);
}

struct zw_learned_mac zw_learned_mac_from_match(const struct match *match, uint64_t cookie)
{
    struct zw_learned_mac learned = {.segment = (uint16_t)match->flow.regs[ZW_REG_SEGMENT],
                                     .ofport = (uint16_t)zw_cookie_value(cookie),
                                     .is_there = true};

    memcpy(learned.mac.bytes, match->flow.dl_dst.ea, sizeof learned.mac.bytes);
    return learned;
}

struct zw_learned_mac zw_flow_learned(const struct zw_flow *flow)
{
    struct match match;

    minimatch_expand(&flow->packed, &match);
    return zw_learned_mac_from_match(&match, flow->cookie);
}

uint32_t zw_flow_hash(const struct zw_flow *flow)
{
    return hmap_node_hash(&flow->node);
}

bool zw_flow_same_key(const struct zw_flow *a, const struct zw_flow *b)
{
    return a->table == b->table && a->priority == b->priority && minimatch_equal(&a->packed, &b->packed);
}

bool zw_flow_overlaps(const struct zw_flow *a, const struct zw_flow *b)
{
    struct match matches[2];
    const uint64_t *values[2], *masks[2];

    minimatch_expand(&a->packed, &matches[0]);
    minimatch_expand(&b->packed, &matches[1]);
    for (size_t i = 0; i < 2; i++) {
        values[i] = (const uint64_t *)&matches[i].flow;
        masks[i] = (const uint64_t *)&matches[i].wc.masks;
    }
    for (size_t i = 0; i < FLOW_U64S; i++) {
        if ((values[0][i] ^ values[1][i]) & masks[0][i] & masks[1][i]) {
            return false;
        }
    }
    return true;
}

/* Actions as they go over the wire.  Encoders leave padding as they find it, so they get zeros to write on; encoded, no
 * action is longer than in memory. */
static void encode_actions(const struct ofpbuf *ofpacts, struct ofpbuf *wire)
{
    size_t room = 2 * ofpacts->size + 64;

    ofpbuf_init(wire, room);
    memset(wire->data, 0, room);
    ofpacts_put_openflow_instructions(ofpacts->data, ofpacts->size, wire, OFP15_VERSION);
}

/* Actions that do the same may differ in memory, in how they came to be and in their padding; on the wire they do not. */
static bool same_on_wire(const struct ofpbuf *a, const struct ofpbuf *b)
{
    struct ofpbuf wire_a, wire_b;

    encode_actions(a, &wire_a);
    encode_actions(b, &wire_b);
    bool same = ofpbuf_equal(&wire_a, &wire_b);
    ofpbuf_uninit(&wire_a);
    ofpbuf_uninit(&wire_b);
    return same;
}

bool zw_flow_same_effect(const struct zw_flow *a, const struct zw_flow *b)
{
    return a->cookie == b->cookie && a->timed == b->timed &&
           (ofpbuf_equal(&a->ofpacts, &b->ofpacts) || same_on_wire(&a->ofpacts, &b->ofpacts));
}

char *zw_flow_format(const struct zw_flow *flow)
{
    struct ds s = DS_EMPTY_INITIALIZER;
    struct match match;

    if (flow->match) {
        match = *flow->match;
    } else {
        minimatch_expand(&flow->packed, &match);
    }
    ds_put_format(&s, "table=%u cookie=0x%" PRIx64 " priority=%u", flow->table, flow->cookie, flow->priority);
    size_t start = s.length;
    ds_put_char(&s, ',');
    match_format(&match, NULL, &s, OFP_DEFAULT_PRIORITY);
    if (s.length == start + 1) {
        ds_truncate(&s, start);
    }
    ds_put_cstr(&s, " actions=");
    struct ofpact_format_params params = {.s = &s};
    ofpacts_format(flow->ofpacts.data, flow->ofpacts.size, &params);
    return ds_steal_cstr(&s);
}
