/* SPDX-License-Identifier: Apache-2.0 */
/* What tests of daemon/learning.h have to begin with: ports and a policy, and what these ports say. */

#ifndef ZW_LEARNING_FIXTURE_H
#define ZW_LEARNING_FIXTURE_H 1

#include "controller/daemon/learning.h"

#define S INT64_C(1000000) /* One second. */
#define XID 7u

/* Ports a 1, b 2, f 3, x 4 in VLAN 5, other 5 in VLAN 6, s 6 in all; the last byte of their MAC addresses is their number.
 * a, b and other learn; x is bound to 10.0.0.50 and 2001:db8::50; s may be a server, and f has no guard. */
struct bed {
    struct zw_policy *policy;
    struct zw_inventory *inventory;
    struct zw_learning *learning;
    int64_t now_us;
};

struct bed bed_new(void);
void bed_clear(struct bed *);

bool hear(struct bed *, struct zw_address_event, const char *addr, uint32_t in_port, unsigned int segment);
/* What a port says to a DHCP server for a client with this last byte of a MAC address. */
void ask(struct bed *, uint32_t port, uint8_t client, const char *addr, uint32_t xid);
/* What a server says, whether asked or not; and what 's' says to the port with that number, which has asked. */
bool give_from(struct bed *, uint32_t server, uint8_t client, const char *addr, uint32_t lease_s);
bool give(struct bed *, uint8_t client, const char *addr, uint32_t lease_s);
/* A port probes for an address, from its own MAC address or from that with this last byte; and says that it uses one. */
void probe(struct bed *, uint32_t port, const char *addr);
void probe_from(struct bed *, uint32_t port, unsigned int segment, uint8_t mac, const char *addr);
void use(struct bed *, uint32_t port, const char *addr);

/* Lets time pass, and all be heard; returns whether that changed something, and when the next thing is due from now, in us. */
bool pass(struct bed *, int64_t us, int64_t *next_us);
/* What is learned is 'want': "PORT=ADDRESS ...". */
void check_list(const struct zw_learning *, const char *want);

#endif
