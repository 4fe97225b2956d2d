/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ZW_FAKE_SWITCH_PRIVATE_H
#define ZW_FAKE_SWITCH_PRIVATE_H 1

/* fake-switch-private - what the fake switch's own files share.  OVS's headers come first. */

#include "openvswitch/list.h"
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

#endif
