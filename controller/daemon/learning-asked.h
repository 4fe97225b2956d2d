/* SPDX-License-Identifier: Apache-2.0 */
/* learning-asked - what ports have asked of DHCP servers: an answer counts for who has asked.
 *
 * The answer names a MAC address, and servers take any client's word for which that is.  So it is believed only where that MAC
 * address's own port has asked, in that segment, with this transaction id, for this address (or for any, by rapid commit).  All else
 * in a question is known to everybody who hears it broadcast.
 *
 * Question and answer come up by different threads of the switch: if one of them is busy, the answer is heard first.  So the last answer
 * to nothing that the port has asked is kept for a moment.
 *
 * Never kept on disk: who asked before a restart asks again.
 *
 * Knows no clock: times are given, in microseconds since 1970.  In one thread. */

#ifndef ZW_DAEMON_LEARNING_ASKED_H
#define ZW_DAEMON_LEARNING_ASKED_H 1

#include "controller/slowpath/address-event.h"
#include "ovs-ext/inventory.h"

/* RFC 2131, 4.1: who has no answer asks again after 64 s and a random second more at the latest, and is heard again. */
#define ZW_ASKED_US (65 * INT64_C(1000000))
/* Questions of a port, in all segments: beyond it the oldest goes.  A host's port asks no more than 20 at once and 20 a second
 * (ovs-ext/pipeline.h), and has its answer within less. */
#define ZW_ASKED_MAX 32u

#define ZW_ASKED_LATE_US INT64_C(1000000) /* How much later a question may be heard than its answer. */

struct zw_asked;

struct zw_asked *zw_asked_new(void);
void zw_asked_free(struct zw_asked *);

/* 'port' has asked what the event says (ZW_ADDRESS_ASKED); whether for itself is for the caller to know. */
void zw_asked_note(struct zw_asked *, const char *bridge, const struct zw_port *port, unsigned int segment,
                   const struct zw_address_event *, int64_t now_us);

/* Whether what the event says (ZW_ADDRESS_GIVEN) answers a question of 'port'; then '*is_first': and is the first answer to it.  A
 * later one may be the server's word to somebody who has seen the question, and can ask for a shorter lease. */
bool zw_asked_answer(struct zw_asked *, const char *bridge, const struct zw_port *port, unsigned int segment,
                     const struct zw_address_event *, int64_t now_us, bool *is_first);

/* What the event says (ZW_ADDRESS_GIVEN) answers no question of 'port' yet. */
void zw_asked_keep(struct zw_asked *, const char *bridge, const struct zw_port *port, unsigned int segment,
                   const struct zw_address_event *, int64_t now_us);

/* Whether what the event says (ZW_ADDRESS_ASKED) has been answered, by '*answer', before it was heard. */
bool zw_asked_kept(const struct zw_asked *, const char *bridge, const struct zw_port *port, unsigned int segment,
                   const struct zw_address_event *, int64_t now_us, struct zw_address_event *answer);

/* Ports have changed: questions of those that are gone, or are another's, are forgotten. */
void zw_asked_check(struct zw_asked *, const struct zw_inventory *);

/* How many questions were forgotten because of ZW_ASKED_MAX before their time. */
uint64_t zw_asked_n_crowded(const struct zw_asked *);

#endif
