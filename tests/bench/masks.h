/* SPDX-License-Identifier: Apache-2.0 */
/* masks - how many distinct masks the flows of each stage have: as many subtables as the switch looks through. */

#ifndef ZW_TESTS_BENCH_MASKS_H
#define ZW_TESTS_BENCH_MASKS_H 1

#include "ovs-ext/flow-table.h"

void bench_count_masks(const struct zw_flow_table *, size_t n_masks[ZW_N_STAGES], size_t n_flows[ZW_N_STAGES]);

#endif
