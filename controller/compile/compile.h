/* SPDX-License-Identifier: Apache-2.0 */
/* compile - from a policy and a bridge's ports to the flows of the fast path.
 *
 * Pure: the same policy and ports always give the same flows, nothing is sent and nothing is remembered.  One file for
 * each stage of the pipeline (ovs-ext/pipeline.h, doc/pipeline.md).  Thread-safe. */

#ifndef ZW_COMPILE_COMPILE_H
#define ZW_COMPILE_COMPILE_H 1

#include "controller/base/problems.h"
#include "controller/policy/policy.h"
#include "ovs-ext/flow-table.h"
#include "ovs-ext/inventory.h"

/* All flows of 'bridge' under 'policy'.  'bridge_index' counts from 0, below ZW_MAX_BRIDGES: it keeps the sessions of
 * bridges apart in conntrack.  What cannot be done as asked (two ports with one MAC address, a bond) is added to
 * 'warnings': the result is still right, for it is closed there. */
struct zw_flow_table *zw_compile(const struct zw_policy *, const struct zw_bridge *, unsigned int bridge_index,
                                 struct zw_problems *warnings);

#endif
