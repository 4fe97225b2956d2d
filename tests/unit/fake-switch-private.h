/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ZW_FAKE_SWITCH_PRIVATE_H
#define ZW_FAKE_SWITCH_PRIVATE_H 1

/* fake-switch-private - what the fake switch's own files share.  OVS's headers come first. */

#include "openvswitch/list.h"
#include "openvswitch/ofp-errors.h"
#include "tests/unit/fake-switch.h"

struct connection {
    struct ovs_list node; /* In fake_switch_private. */
    struct fake_switch *fake;
    struct bufferevent *bev;
    bool monitors, wants_packets, closing;
    struct ovs_list bundle; /* Of struct pending. */
};

struct fake_switch_private {
    struct event_base *base;
    char *path;
    struct evconnlistener *listener;
    struct ovs_list connections;
};

void fake_switch_close(struct connection *);

/* fake-switch-meters.c: what a meter mod does, and what a list of meters says. */
enum ofperr fake_switch_change_meter(struct fake_switch *, const struct ofp_header *);
void fake_switch_list_meters(const struct fake_switch *, struct ovs_list *replies);
bool fake_switch_has_meter(struct fake_switch *, uint32_t id);

#endif
