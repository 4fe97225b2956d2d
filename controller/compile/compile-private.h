/* SPDX-License-Identifier: Apache-2.0 */
/* compile-private - what the stages of the compiler share. */

#ifndef ZW_COMPILE_COMPILE_PRIVATE_H
#define ZW_COMPILE_COMPILE_PRIVATE_H 1

#include "controller/compile/compile.h"
#include "controller/policy/binding.h"
#include "controller/policy/masks.h"

/* Priorities within a stage, from what must win to what is left. */
enum {
    ZW_PRIO_BLOCK = 300,
    ZW_PRIO_EXACT = 200,
    ZW_PRIO_MATCH = 100,
    ZW_PRIO_WIDE = 50,
    ZW_PRIO_ELSE = 0,
};

enum { ZW_DHCPV6_CLIENT_PORT = 546, ZW_DHCPV6_SERVER_PORT = 547 }; /* RFC 8415, 7.2. */

/* Segments from 'first' to 'last' of a port are of one zone. */
struct zw_zone_run {
    uint16_t first, last;
    const struct zw_zone *zone;
};

/* What a port is bound to where it is in 'zone', which has a guard. */
struct zw_bound {
    const struct zw_port *port;
    const struct zw_zone *zone;
    struct zw_bindings bindings;
};

/* A port that packets may pass: it has a zone in some segment that it carries and an OpenFlow number, and its VLAN mode can
 * be honoured. */
struct zw_open_port {
    const struct zw_port *port;
    const struct zw_zone *zone; /* In every segment that it carries; NULL: look at the runs. */
    struct zw_zone_run *runs;   /* Segments that it carries and has a zone in; in order, apart. */
    size_t n_runs;
    struct zw_bound *bound; /* One for each of its zones that has a guard. */
    size_t n_bound;
};

struct zw_compiler {
    const struct zw_learned *learned; /* 'n_learned' of them. */
    size_t n_learned;
    bool learns_dhcp, learns_nd; /* Some port does; from BINDING on. */
    const struct zw_policy *policy;
    const struct zw_bridge *bridge;
    unsigned int ct_zone_base;
    struct zw_open_port *ports; /* In the order of their names. */
    size_t n_ports;
    uint16_t *segments; /* VLANs that some port names, and 0; sorted. */
    size_t n_segments;
    struct zw_flow_table *flows;
    struct zw_problems *warnings;
};

void zw_compile_classify(struct zw_compiler *);
void zw_compile_guard(struct zw_compiler *);
void zw_compile_binding(struct zw_compiler *);
void zw_compile_source(struct zw_compiler *);
void zw_compile_destination(struct zw_compiler *);
void zw_compile_macs(struct zw_compiler *);
void zw_compile_deliver(struct zw_compiler *);
void zw_compile_target(struct zw_compiler *);
void zw_compile_remote(struct zw_compiler *);
void zw_compile_conntrack(struct zw_compiler *);
void zw_compile_state(struct zw_compiler *);
void zw_compile_new(struct zw_compiler *);
void zw_compile_land(struct zw_compiler *); /* A part of NEW, in land.c. */
void zw_compile_policy(struct zw_compiler *);
/* The flows of one rule, which follow from nothing but the rule; and of the default. */
void zw_compile_rule(struct zw_compiler *, const struct zw_rule *);
void zw_compile_default(struct zw_compiler *);
void zw_compile_verdict(struct zw_compiler *);
void zw_compile_commit(struct zw_compiler *);
void zw_compile_output(struct zw_compiler *);

/* A flow that is part of every pipeline. */
struct zw_flow *zw_static_flow(enum zw_stage, uint16_t priority);
/* One for a port. */
struct zw_flow *zw_port_flow(enum zw_stage, uint16_t priority, const struct zw_port *);
/* One that drops, for a reason that people can count; 'port' NULL: not of one port. */
struct zw_flow *zw_drop_flow(enum zw_stage, uint16_t priority, enum zw_drop, const struct zw_port *port);
/* Gives 'flow' to the table that is compiled.  Two flows of one match are a mistake of the compiler. */
void zw_emit(struct zw_compiler *, struct zw_flow *);
/* "stage: everything else goes on to 'next'". */
void zw_emit_else(struct zw_compiler *, enum zw_stage, enum zw_stage next);
/* "stage: everything else is dropped". */
void zw_emit_drop(struct zw_compiler *, enum zw_stage, enum zw_drop);

bool zw_compile_is_usable(const struct zw_port *); /* Could be open, were it in a zone. */
bool zw_port_carries_all(const struct zw_port *);
/* The zone of an open port in 'segment'; NULL: it does not carry it, or has no zone there. */
const struct zw_zone *zw_open_zone(const struct zw_open_port *, unsigned int segment);
/* What an open port is bound to in 'zone', or NULL: the zone has no guard. */
const struct zw_bindings *zw_open_bindings(const struct zw_open_port *, const struct zw_zone *);
#define ZW_ALL_ADDRESSES_MAX (2 * ZW_BINDINGS_MAX)
/* The addresses of a port that are its own in every segment, with the link-local ones that follow from its MAC addresses.  Returns how many. */
size_t zw_all_addresses(const struct zw_bindings *, struct zw_addr all[ZW_ALL_ADDRESSES_MAX]);
/* Packets that the flows of 'make' match start again at CLASSIFY with the receiver that they have; the third time not. */
void zw_compile_again(struct zw_compiler *, struct zw_flow *(*make)(void));
/* Calls 'what' for each zone of an open port and each mask of segments that it has there; NULL: in all segments. */
void zw_open_each_zone(struct zw_compiler *, const struct zw_open_port *,
                       void (*what)(struct zw_compiler *, const struct zw_open_port *, const struct zw_zone *,
                                    const struct zw_port_mask *segments));
/* Matches segments of a mask, as zw_port_masks() makes them. */
void zw_match_segments(struct zw_flow *, const struct zw_port_mask *);

#endif
