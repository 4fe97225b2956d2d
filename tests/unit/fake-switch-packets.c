/* SPDX-License-Identifier: Apache-2.0 */
/* The connection that gets packets. */
#include <config.h>

#include "tests/unit/fake-switch-private.h"

#include <unistd.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>

#include "lib/util.h"
#include "openvswitch/ofpbuf.h"
#include "ovs-ext/pipeline.h"
#include "tests/unit/packet-sample.h"

static struct connection *packets_connection(const struct fake_switch *fake)
{
    struct connection *c;

    LIST_FOR_EACH (c, node, &fake->private_->connections) {
        if (c->wants_packets) {
            return c;
        }
    }
    return NULL;
}

bool fake_switch_wants_packets(const struct fake_switch *fake)
{
    return packets_connection(fake);
}

void fake_switch_packet_ins(struct fake_switch *fake, unsigned int n)
{
    static const uint8_t userdata[8] = {ZW_PUNT_ASK};
    struct connection *c = packets_connection(fake);
    struct ofpbuf *msg = packet_sample_paused(userdata, sizeof userdata);

    for (unsigned int i = 0; c && i < n; i++) {
        bufferevent_write(c->bev, msg->data, msg->size);
    }
    ofpbuf_delete(msg);
}

int fake_switch_take_packets(struct fake_switch *fake)
{
    struct connection *c = packets_connection(fake);

    if (!c || evbuffer_get_length(bufferevent_get_input(c->bev)) ||
        evbuffer_get_length(bufferevent_get_output(c->bev))) {
        return -1;
    }
    int fd = dup(bufferevent_getfd(c->bev));
    fake_switch_close(c);
    return fd;
}
