/* SPDX-License-Identifier: Apache-2.0 */
/* binding - which addresses a port may send from, where its zone has a guard.
 *
 * MAC addresses come from external_ids:attached-mac, which libvirt and others set, and from 'macs' of the port's entry in
 * the policy.  IP addresses come from external_ids:attached-ips (separated by spaces or commas), from 'addresses' of the
 * port's entry, and from what was learned.  A port with MAC addresses has their IPv6 link-local addresses besides (RFC
 * 4291, appendix A).
 *
 * Pure.  Thread-safe for a policy and an inventory that nobody changes. */

#ifndef ZW_POLICY_BINDING_H
#define ZW_POLICY_BINDING_H 1

#include "controller/policy/policy.h"
#include "ovs-ext/inventory.h"

/* An address that a port was seen to have; who learns it sees to it that no two ports of a segment have the same. */
struct zw_learned {
    const char *port; /* Interface.name. */
    uint16_t segment; /* Where: in another VLAN the address may be somebody else's. */
    struct zw_addr addr;
};

bool zw_learned_same(const struct zw_learned *, size_t, const struct zw_learned *, size_t);

struct zw_bindings {
    struct zw_mac *macs;
    size_t n_macs;
    struct zw_addr *addresses; /* Given.  Without link-local addresses that follow from 'macs'. */
    size_t n_addresses;
    struct zw_learned *learned; /* And those that it is bound to in one segment. */
    size_t n_learned;
    size_t n_dropped;   /* Given, and beyond ZW_BINDINGS_MAX. */
    size_t n_bad;       /* Of attached-ips, that are no host's address, */
    char *bad;          /* and the first of them, or NULL. */
    const char *closed; /* Why nothing passes the port, or NULL. */
};

/* Fills in what 'port', which is in 'zone', is bound to; all empty without a guard.  'learned' has 'n_learned' addresses
 * of any ports.  Free with zw_bindings_clear(). */
void zw_bindings_find(const struct zw_zone *, const struct zw_port *, const struct zw_learned *learned,
                      size_t n_learned, struct zw_bindings *);
void zw_bindings_clear(struct zw_bindings *);

bool zw_bindings_have(const struct zw_bindings *, const struct zw_addr *); /* Among 'addresses': in every segment. */

/* fe80::/64 with the interface identifier of 'mac'. */
struct zw_addr zw_mac_link_local(const struct zw_mac *);

#endif
