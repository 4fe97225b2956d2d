/* SPDX-License-Identifier: Apache-2.0 */
/* learning-index - whose an address is by policy and OVSDB, without what is learned: found at once, among thousands of ports and zones.
 *
 * Of one policy and one moment of a bridge.  It keeps the policy; the bridge has to be there as long as it is asked.
 *
 * Pure.  Its keys are the administrator's, not the packets'. */

#ifndef ZW_DAEMON_LEARNING_INDEX_H
#define ZW_DAEMON_LEARNING_INDEX_H 1

#include "controller/policy/policy.h"
#include "ovs-ext/inventory.h"

struct zw_learning_index;

struct zw_learning_index *zw_learning_index_new(const struct zw_policy *, const struct zw_bridge *);
void zw_learning_index_free(struct zw_learning_index *);
bool zw_learning_index_is_of(const struct zw_learning_index *, const struct zw_policy *, const struct zw_bridge *);

/* What guards 'port', one of the bridge's, in that segment.  NULL: nothing, or it is not there. */
const struct zw_guard *zw_learning_index_guard(const struct zw_learning_index *, const struct zw_port *,
                                               unsigned int segment);

/* The port that is bound to 'mac' and learns from DHCP there, or NULL. */
const struct zw_port *zw_learning_index_client(const struct zw_learning_index *, const struct zw_mac *,
                                               unsigned int segment);
/* Whether 'port' is bound to 'mac' and learns from DHCP there. */
bool zw_learning_index_is_client(const struct zw_learning_index *, const struct zw_port *, const struct zw_mac *,
                                 unsigned int segment);

/* Whether 'mac' is what another port is bound to there, and not 'port'. */
bool zw_learning_index_is_others(const struct zw_learning_index *, const struct zw_port *, const struct zw_mac *,
                                 unsigned int segment);

/* A port other than 'except' (NULL: any) that is bound to 'addr' there, or NULL.  Link-local addresses follow from MAC addresses. */
const struct zw_port *zw_learning_index_owner(const struct zw_learning_index *, const struct zw_addr *,
                                              unsigned int segment, const struct zw_port *except);

#endif
