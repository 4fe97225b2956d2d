/* SPDX-License-Identifier: Apache-2.0 */
/* service - the words of services; for controller/policy/ only, see policy.h for what others use. */

#ifndef ZW_POLICY_SERVICE_H
#define ZW_POLICY_SERVICE_H 1

#include "controller/policy/policy.h"

/* Whether 'name' is taken by the policy language itself: "tcp", "gre", "proto"... */
bool zw_is_protocol(const char *name);

/* Whether packets of IP protocol 'proto' have ports that rules look at. */
bool zw_protocol_has_ports(uint8_t proto);

/* Whether the switch looks past such a header of IPv6 to the protocol behind it (parse_ipv6_ext_hdrs() of Open vSwitch's
 * lib/flow.c), so that no rule sees it. */
bool zw_ipv6_looks_past(uint8_t proto);

#endif
