/* SPDX-License-Identifier: Apache-2.0 */
/* policy-fixture - policies for tests, from their text. */
#ifndef ZW_POLICY_FIXTURE_H
#define ZW_POLICY_FIXTURE_H 1

#include "controller/policy/policy.h"

/* The policy of 'text'; prints its problems and ends the program if there are any. */
struct zw_policy *policy_of(const char *text);

/* What the reader says of 'text': "" if it is a policy.  Caller frees. */
char *problems_of(const char *text);

/* IPv4 or IPv6, whichever the addresses are. */
struct zw_packet_key key_of(const char *src, const char *dst, int proto, int sport, int dport);

#endif
