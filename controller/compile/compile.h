/* SPDX-License-Identifier: Apache-2.0 */
/* compile - from a policy and a bridge's ports to the flows of the fast path.
 *
 * Pure: the same policy and ports always give the same flows, nothing is sent and nothing is remembered.  One file for
 * each stage of the pipeline (ovs-ext/pipeline.h, doc/pipeline.md).  Thread-safe. */

#ifndef ZW_COMPILE_COMPILE_H
#define ZW_COMPILE_COMPILE_H 1

#include "controller/base/problems.h"
#include "controller/policy/binding.h"
#include "controller/policy/policy.h"
#include "ovs-ext/flow-journal.h"
#include "ovs-ext/inventory.h"

/* All flows of 'bridge' under 'policy'.  'bridge_index' counts from 0, below ZW_MAX_BRIDGES: it keeps the sessions of
 * bridges apart in conntrack.  What cannot be done as asked (two ports with one MAC address, a bond) is added to
 * 'warnings': the result is still right, for it is closed there. */
struct zw_flow_table *zw_compile(const struct zw_policy *, const struct zw_bridge *, unsigned int bridge_index,
                                 struct zw_problems *warnings);

/* What the flows of a bridge are made of. */
struct zw_compile_input {
    const struct zw_policy *policy;
    const struct zw_bridge *bridge;
    const struct zw_learned
        *learned; /* Addresses that its ports were seen to have (policy/binding.h), 'n_learned' of them. */
    size_t n_learned;
};

/* zw_compile() with what was learned. */
struct zw_flow_table *zw_compile_bridge(const struct zw_compile_input *, unsigned int bridge_index,
                                        struct zw_problems *warnings);

/* Whether only rules may differ: everything else has the same flows, and the same warnings. */
bool zw_compile_same_frame(const struct zw_compile_input *before, const struct zw_compile_input *after);

/* What makes zw_compile_bridge() of 'before' into zw_compile_bridge() of 'after', flow for flow, for the same bridge.  Only rules that
 * differ are compiled, and other stages if the frame does.  'warnings' get what zw_compile() says of 'after', unless the
 * frame is the same. */
struct zw_flow_delta zw_compile_delta(const struct zw_compile_input *before, const struct zw_compile_input *after,
                                      unsigned int bridge_index, struct zw_problems *warnings);

#endif
