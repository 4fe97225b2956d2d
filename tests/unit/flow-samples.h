/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ZW_FLOW_SAMPLES_H
#define ZW_FLOW_SAMPLES_H 1

/* flow-samples - a flow for each kind of match and action, and how OVS writes it. */

#include "ovs-ext/flow.h"

struct flow_sample {
    enum zw_stage stage;
    void (*build)(struct zw_flow *);
    const char *format; /* zw_flow_format(), without table, cookie and priority. */
};

extern const struct flow_sample flow_samples[];
extern const size_t n_flow_samples;

/* Sample 'i', of priority 100 + i. */
struct zw_flow *flow_sample_new(size_t i);

#endif
