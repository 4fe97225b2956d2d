/* SPDX-License-Identifier: Apache-2.0 */
/* learning - the addresses that ports were seen to get or to claim, where their zone's guard learns them.
 *
 * DHCP: the address goes to the port of the segment that is bound to the MAC address that the server names, until the lease
 * ends, if that port has asked the server for it (daemon/learning-asked.h).  A server's word moves an address from the port that had
 * it.  A server is who speaks from a port whose zone has a guard that allows one; nobody else is believed (as switches do it: "DHCP
 * snooping", RFC 7513).  Neighbour discovery: who probes
 * for an address gets it, unless somebody else has it or says so within ZW_LEARN_PROBE_US (first come, first served: RFC 6620), or
 * probes for it, too, or just did so without being learned from (daemon/learning-probed.h), and
 * keeps it as long as the port is there.  What the policy or OVSDB binds to one port is never learned for another.
 *
 * A probe does not ripen by time alone: all that the switch had to say until then must have been heard (zw_learning_heard()),
 * on the connection that the probe came by (zw_learning_missed()).  What cannot be seen is a copy that the switch dropped itself.
 * Two things bound that.  Each port has a meter of its own for what it says (ovs-ext/pipeline.h), so a port that floods is not heard itself
 * and takes nothing from others; nor has it others answer more than they can say, for what is not heard of it does not go on.  And the copies have a connection, and a queue of 100 in the switch, for themselves, which
 * what all meters let through at once must fill before it is read: five ports of one host each, or two others, that have been
 * silent before and speak in the same moment; vswitchd empties the queue each time that it goes round.
 *
 * A port has ZW_LEARN_MAX addresses of each source.  A lease says itself when it ends, and until then the host relies on it: so none is
 * taken from it for another one, which is refused instead.  An address from neighbour discovery has no end that could be seen;
 * hosts make new ones, for privacy, every day and drop the old ones in silence (RFC 8981): there the oldest goes, or a host would be cut off
 * after some days.  It was the port itself that probed for the one that pushes it out: nobody else can.
 *
 * What is learned belongs to the port as it is: it is forgotten when the port goes, becomes another's (attached-mac,
 * iface-id) or comes to a zone that does not learn.
 *
 * Knows no clock, file or switch: times are given, in microseconds since 1970.  In one thread. */

#ifndef ZW_DAEMON_LEARNING_H
#define ZW_DAEMON_LEARNING_H 1

#include "controller/policy/binding.h"
#include "controller/slowpath/address-event.h"

#define ZW_LEARN_PROBE_US 500000 /* RFC 6620, TENT_LT. */
#define ZW_LEARN_MAX 16u         /* Addresses of a port from one source. */

struct zw_learning;

struct zw_learning_status {
    uint64_t n_learned; /* In all. */
    uint64_t n_refused; /* Another port has the address or probes for it, or the guard's learn-addresses have it not. */
    uint64_t n_unasked; /* Given by DHCP, and the port had not (yet) been heard asking for it. */
    uint64_t n_crowded; /* Questions forgotten because of ZW_ASKED_MAX. */
    uint64_t n_full;    /* Given by DHCP, and refused because of ZW_LEARN_MAX. */
    uint64_t n_unsure;  /* Probes forgotten because an objection may have been missed. */
    uint64_t n_replaced; /* From neighbour discovery, and forgotten because of ZW_LEARN_MAX. */
};

struct zw_learning *zw_learning_new(void);
void zw_learning_free(struct zw_learning *);

/* What a packet says that came in at 'in_port' of 'bridge', in 'segment'.  True if something is learned, prolonged or
 * forgotten: what zw_learning_format() gives is another text now. */
bool zw_learning_hear(struct zw_learning *, const struct zw_policy *, const struct zw_bridge *,
                      const struct zw_address_event *, uint32_t in_port, unsigned int segment, int64_t now_us);

/* Time has passed.  True if something is forgotten; '*next_us' gets when to ask again, 0: no need. */
bool zw_learning_tick(struct zw_learning *, int64_t now_us, int64_t *next_us);

/* Whether a probe at 'bridge' has waited long enough, or another's has kept it from being learned: then find out whether all has been heard. */
bool zw_learning_is_due(const struct zw_learning *, const char *bridge, int64_t now_us);
/* All that came up at 'bridge' until 'until_us' has been heard.  True if something is learned. */
bool zw_learning_heard(struct zw_learning *, const char *bridge, int64_t until_us);
/* Something that came up at 'bridge' may not have been heard: probes that wait there are forgotten. */
void zw_learning_missed(struct zw_learning *, const char *bridge);

/* Ports or policy have changed; nothing is to be heard of the new ones before.  True if something is forgotten. */
bool zw_learning_check(struct zw_learning *, const struct zw_policy *, const struct zw_inventory *);

/* What is learned on 'bridge', for who compiles.  One block of memory, names and all, for the caller to free. */
struct zw_learned *zw_learning_list(const struct zw_learning *, const char *bridge, size_t *n);

/* To and from JSON, with what is learned.  The caller frees the text.  False, and nothing is taken, if it is not what
 * zw_learning_format() gives: an address is there once in a segment. */
char *zw_learning_format(const struct zw_learning *);
bool zw_learning_parse(struct zw_learning *, const char *text);

struct zw_learning_status zw_learning_status(const struct zw_learning *);

#endif
