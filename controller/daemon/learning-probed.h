/* SPDX-License-Identifier: Apache-2.0 */
/* learning-probed - addresses that nobody is to learn for a while, because somebody else is about to use them.
 *
 * Who probes for an address and is not learned from, such as a host behind an uplink, leaves nothing behind that says that it came
 * first; nor does it object to a probe of another one while its own waits for an answer (RFC 4862, 5.4.3).  So its probe counts
 * until it would object.  The same goes for an address that two ports have probed for: neither is to have it by probing once more;
 * and for a word that somebody uses it which is heard before the probe that it answers: they come up by different threads of the switch.
 *
 * As a probe does not ripen by time alone (daemon/learning.h), this does not end by time alone: who probed in time may be heard late.
 *
 * Never kept on disk.  Knows no clock: times are given, in microseconds since 1970.  In one thread. */

#ifndef ZW_DAEMON_LEARNING_PROBED_H
#define ZW_DAEMON_LEARNING_PROBED_H 1

#include "ovs-ext/packet-key.h"

/* A host waits one second for an answer (RFC 4861, 10: RETRANS_TIMER), and its clock and ours may be late. */
#define ZW_PROBED_US 1500000
/* In all: what is told of a dozen ports that are not bound, at their meters' rates (ovs-ext/pipeline.h).  While there are more on a
 * bridge, nothing is learned there: by answering probes those ports could have that, too. */
#define ZW_PROBED_MAX 4096u

struct zw_probed;

struct zw_probed *zw_probed_new(void);
void zw_probed_free(struct zw_probed *);

/* The address is not to be learned there for ZW_PROBED_US. */
void zw_probed_note(struct zw_probed *, const char *bridge, unsigned int segment, const struct zw_addr *,
                    int64_t now_us);
bool zw_probed_has(const struct zw_probed *, const char *bridge, unsigned int segment, const struct zw_addr *);

/* When the next one's time is over, after 'now_us'; 0: there is none. */
int64_t zw_probed_next(const struct zw_probed *, int64_t now_us);
/* Whether one's time at 'bridge' is over; all that came up there until 'until_us' has been heard; something may not have been. */
bool zw_probed_is_due(const struct zw_probed *, const char *bridge, int64_t now_us);
void zw_probed_heard(struct zw_probed *, const char *bridge, int64_t until_us);
void zw_probed_missed(struct zw_probed *, const char *bridge);

#endif
