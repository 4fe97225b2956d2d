/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ZW_SWITCH_FIXTURE_H
#define ZW_SWITCH_FIXTURE_H 1

/* switch-fixture - an event loop, a fake switch, and the switch room connected to it; it notes what it is told. */

#include <stdbool.h>
#include <stdint.h>

#include "controller/switch/switch.h"
#include "tests/unit/fake-switch.h"

#define FIXTURE_TIMEOUT_MS 30000 /* The longest wait for anything; nothing relies on its being over earlier. */

struct fixture {
    char dir[32], path[64];
    struct event_base *base;
    struct event *tick;
    struct fake_switch *fake;
    struct zw_switch *sw;

    /* What its callbacks were told. */
    unsigned int n_in_sync, n_failed, n_packets, n_learn_heard, n_learn_lost;
    uint64_t generation, failed_generation;
    size_t n_changes;
    char error[256];
    struct zw_flow_table *then; /* Desired when the next packet comes or sync fails or is confirmed. */
    bool resume;                /* Packets. */
};

/* Starts the fake switch; fixture_connect() the rest. */
void fixture_create(struct fixture *);
void fixture_connect(struct fixture *);
void fixture_destroy(struct fixture *);

/* Runs the event loop until 'condition' holds; false if it does not within FIXTURE_TIMEOUT_MS. */
bool fixture_wait(struct fixture *, bool (*condition)(const struct fixture *));
/* Runs the event loop for as long. */
void fixture_run(struct fixture *, unsigned int ms);

/* 'n' flows; those of different 'kind' have other actions.  Caller frees or gives away. */
struct zw_flow_table *fixture_flows(unsigned int n, uint32_t kind);

/* Conditions. */
bool is_in_sync(const struct fixture *); /* With the newest generation that was set by fixture_desire(). */
bool has_packets_connection(const struct fixture *);

/* Makes 'n' flows of 'kind' desired, as the next generation. */
void fixture_desire(struct fixture *, unsigned int n, uint32_t kind);
extern uint64_t fixture_generation; /* The newest. */

/* Whether the fake switch has just what fixture_flows(n, kind) says. */
bool fixture_has(const struct fixture *, unsigned int n, uint32_t kind);

#endif
