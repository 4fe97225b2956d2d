/* SPDX-License-Identifier: Apache-2.0 */
/* audit-sample - the log of an imagined host, record by record, for audit-load.
 *
 * A record is a function of the shape (its seed among it) and of its number, so whoever knows both knows what a query
 * has to find, and no list of records is kept.
 *
 * The host has VMs on ports of their own; all other addresses are behind its uplink.  Who speaks to whom is a
 * conversation: two addresses, a service, what the policy says.  A few conversations are most of the traffic, as
 * everywhere; some records are of clients that nobody saw before; and every so often a policy of a new version comes
 * into force, with which all of a record's circumstances are new to the log. */

#ifndef ZW_BENCH_AUDIT_SAMPLE_H
#define ZW_BENCH_AUDIT_SAMPLE_H 1

#include <stdbool.h>
#include <stdint.h>

#include "controller/audit/record.h"

/* NAME, the value if none is given, what it is. */
#define ZW_SHAPE                                                                \
    ZW_SHAPE_NUMBER(seed, 1, "another number, another log")                     \
    ZW_SHAPE_NUMBER(zones, 20, "zones; the first is the world outside")         \
    ZW_SHAPE_NUMBER(rules, 200, "rules that are hit")                           \
    ZW_SHAPE_NUMBER(vms, 100, "VMs, each on its port")                          \
    ZW_SHAPE_NUMBER(hosts, 5000, "addresses, of VMs and behind the uplink")     \
    ZW_SHAPE_NUMBER(conversations, 100000, "who speaks to whom")                \
    ZW_SHAPE_NUMBER(peers, 4, "zones that a VM speaks with")                    \
    ZW_SHAPE_NUMBER(services, 2, "services of one host")                        \
    ZW_SHAPE_NUMBER(strangers, 20, "of 1000 records, those of a new client")    \
    ZW_SHAPE_NUMBER(ipv6, 300, "of 1000 conversations, those over IPv6")        \
    ZW_SHAPE_NUMBER(denied, 100, "of 1000 conversations, those denied")         \
    ZW_SHAPE_NUMBER(policy_records, 2000000, "records for each policy version") \
    ZW_SHAPE_NUMBER(step_us, 10000, "between two records")

struct zw_shape {
#define ZW_SHAPE_NUMBER(NAME, VALUE, TEXT) uint64_t NAME;
    ZW_SHAPE
#undef ZW_SHAPE_NUMBER
};

/* Takes "NAME=NUMBER".  False if it is no such thing, or a number that makes no log. */
bool zw_shape_set(struct zw_shape *, const char *text);
struct zw_shape zw_shape_default(void);

/* Record number 'i', from 0, of a session or a denial. */
void zw_sample_record(const struct zw_shape *, uint64_t i, struct zw_record *);

/* A random number that depends on both and on nothing else. */
uint64_t zw_sample_random(uint64_t seed, uint64_t i);

#endif
