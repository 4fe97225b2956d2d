/* SPDX-License-Identifier: Apache-2.0 */
/* ct-want - what the policy says of conntrack itself, for the conntrack zones of the managed bridges.
 *
 * A segment has a conntrack zone (ovs-ext/pipeline.h) that can hold sessions if at least two ports carry it.  Its timeouts
 * are those of the policy; where that does not say, a closed TCP session is gone after a second, and the rest is as the
 * datapath has it. */

#ifndef ZW_DAEMON_CT_WANT_H
#define ZW_DAEMON_CT_WANT_H 1

#include "controller/policy/policy.h"
#include "ovs-ext/inventory.h"

struct zw_daemon;

/* Pure: what 'policy' and the ports want.  'want' is all zeroes before. */
void zw_ct_want_make(const struct zw_policy *policy, const struct zw_inventory *, struct zw_ct_want *want);

/* The policy or the ports changed. */
void zw_ct_want_update(struct zw_daemon *);

/* Forgets what was wanted. */
void zw_ct_want_clear(struct zw_daemon *);

#endif
