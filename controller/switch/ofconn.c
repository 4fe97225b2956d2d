/* SPDX-License-Identifier: Apache-2.0 */

#include "controller/switch/ofconn.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "controller/base/log.h"
#include "controller/switch/switch.h"
#include "ovs-ext/ofp-encode.h"

#define MAX_MESSAGE 65536

enum state { WAITING, CONNECTING, HELLO, UP };

struct zw_ofconn {
    struct event_base *base;
    char *path, *name;
    const struct zw_ofconn_ops *ops;
    void *arg;

    enum state state;
    struct bufferevent *bev; /* NULL while WAITING. */
    struct event *timer;     /* WAITING: the next try.  Else: the next probe. */
    unsigned int wait_ms;    /* Before the next try. */
    bool probed;             /* An echo request waits for any answer. */
    bool heard;              /* Something came since the timer was set. */
    bool reset;              /* Closed during a callback: what remains of the batch is not for us. */
    uint64_t n_bad_messages;
    _Alignas(8) uint8_t message[MAX_MESSAGE];
};

static void schedule(struct zw_ofconn *c, unsigned int ms)
{
    const struct timeval tv = {.tv_sec = ms / 1000, .tv_usec = (suseconds_t)(ms % 1000) * 1000};

    evtimer_add(c->timer, &tv);
}

static void close_socket(struct zw_ofconn *c)
{
    if (c->bev) {
        bufferevent_free(c->bev);
        c->bev = NULL;
    }
    c->state = WAITING;
    c->reset = true;
    schedule(c, c->wait_ms);
    c->wait_ms = c->wait_ms * 2 < ZW_SWITCH_RECONNECT_MAX_MS ? c->wait_ms * 2 : ZW_SWITCH_RECONNECT_MAX_MS;
}

void zw_ofconn_reset(struct zw_ofconn *c, const char *why)
{
    if (c->state != WAITING) {
        close_socket(c);
        c->ops->down(c->arg, why);
    }
}

static void bad_message(struct zw_ofconn *c, const char *why)
{
    static struct zw_log_limit limit = ZW_LOG_LIMIT_INIT(5, 5000);
    char text[256];

    c->n_bad_messages++;
    snprintf(text, sizeof text, "the switch sent what cannot be read: %s", why);
    zw_log_rl(&limit, ZW_LOG_ERR, "%s: %s", c->name, text);
    zw_ofconn_reset(c, text);
}

static void on_hello(struct zw_ofconn *c, const struct zw_ofp_msg *msg)
{
    if (msg->type != ZW_OFP_HELLO) {
        bad_message(c, "it did not say hello first");
    } else if (!msg->version) {
        bad_message(c, "it does not speak OpenFlow 1.5; set the bridge's protocols to include OpenFlow15");
    } else {
        c->state = UP;
        c->wait_ms = ZW_SWITCH_RECONNECT_MS;
        c->ops->up(c->arg);
    }
}

static void answer_echo(struct zw_ofconn *c, const uint8_t *data, size_t size)
{
    struct zw_outbuf out = ZW_OUTBUF_INIT;

    zw_ofp_put_echo_reply(&out, data, size);
    zw_ofconn_send(c, &out);
    zw_outbuf_free(&out);
}

static void on_message(struct zw_ofconn *c, size_t size)
{
    struct zw_ofp_msg msg;

    if (zw_ofp_decode(c->message, size, &msg)) {
        bad_message(c, msg.text);
    } else if (c->state == HELLO) {
        on_hello(c, &msg);
    } else if (msg.type == ZW_OFP_ECHO_REQUEST) {
        answer_echo(c, c->message, size);
    } else if (msg.type != ZW_OFP_ECHO_REPLY && msg.type != ZW_OFP_HELLO) {
        c->ops->message(c->arg, &msg, c->message, size);
    }
}

/* Takes the next whole message out of 'input'. 0: none is there (yet), or there never will be. */
static size_t next_message(struct zw_ofconn *c, struct evbuffer *input)
{
    uint8_t header[ZW_OFP_HEADER_SIZE];

    if (evbuffer_copyout(input, header, sizeof header) < (ev_ssize_t)sizeof header) {
        return 0;
    }
    size_t size = zw_ofp_message_size(header);
    if (!size) {
        bad_message(c, "no OpenFlow message starts like this");
        return 0;
    }
    if (evbuffer_get_length(input) < size) {
        return 0;
    }
    evbuffer_remove(input, c->message, size);
    return size;
}

static void on_read(struct bufferevent *bev, void *c_)
{
    struct zw_ofconn *c = c_;
    size_t size;

    c->heard = true;
    c->reset = false;
    while (!c->reset && (size = next_message(c, bufferevent_get_input(bev))) > 0) {
        on_message(c, size);
    }
    if (!c->reset && c->state == UP && c->ops->batch_end) {
        c->ops->batch_end(c->arg);
    }
}

static void on_connected(struct zw_ofconn *c)
{
    struct zw_outbuf out = ZW_OUTBUF_INIT;

    c->state = HELLO;
    c->heard = true;
    c->probed = false;
    schedule(c, ZW_SWITCH_PROBE_S * 1000);
    zw_ofp_put_hello(&out);
    bufferevent_write(c->bev, out.data, out.size);
    zw_outbuf_free(&out);
}

static void on_event(struct bufferevent *bev, short what, void *c_)
{
    struct zw_ofconn *c = c_;
    bool was_connected = c->state == UP || c->state == HELLO;

    (void)bev;
    if (what & BEV_EVENT_CONNECTED) {
        on_connected(c);
    } else if (what & (BEV_EVENT_EOF | BEV_EVENT_ERROR)) {
        const char *why = what & BEV_EVENT_EOF ? "the switch closed the connection"
                                               : evutil_socket_error_to_string(EVUTIL_SOCKET_ERROR());
        close_socket(c);
        if (was_connected) {
            c->ops->down(c->arg, why);
        }
    }
}

static void connect_now(struct zw_ofconn *c)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    snprintf(address.sun_path, sizeof address.sun_path, "%s", c->path);
    c->bev = bufferevent_socket_new(c->base, -1, BEV_OPT_CLOSE_ON_FREE);
    c->state = CONNECTING;
    bufferevent_setcb(c->bev, on_read, NULL, on_event, c);
    bufferevent_enable(c->bev, EV_READ | EV_WRITE);
    bufferevent_set_max_single_read(c->bev, 256 * 1024);
    if (bufferevent_socket_connect(c->bev, (const struct sockaddr *)&address, sizeof address)) {
        if (c->state == CONNECTING) {
            close_socket(c);
        }
    }
}

static void probe(struct zw_ofconn *c)
{
    struct zw_outbuf out = ZW_OUTBUF_INIT;

    if (!c->heard && (c->probed || c->state != UP)) {
        zw_ofconn_reset(c, "the switch does not answer");
        return;
    }
    c->probed = !c->heard;
    c->heard = false;
    schedule(c, ZW_SWITCH_PROBE_S * 1000);
    if (c->probed) {
        zw_ofp_put_echo_request(&out);
        zw_ofconn_send(c, &out);
        zw_outbuf_free(&out);
    }
}

static void on_timer(evutil_socket_t fd, short what, void *c_)
{
    struct zw_ofconn *c = c_;

    (void)fd;
    (void)what;
    if (c->state == WAITING) {
        connect_now(c);
    } else {
        probe(c);
    }
}

struct zw_ofconn *zw_ofconn_new(struct event_base *base, const char *path, const char *name,
                                const struct zw_ofconn_ops *ops, void *arg)
{
    struct zw_ofconn *c = calloc(1, sizeof *c);

    if (!c) {
        abort();
    }
    c->base = base;
    c->path = strdup(path);
    c->name = strdup(name);
    c->ops = ops;
    c->arg = arg;
    c->wait_ms = ZW_SWITCH_RECONNECT_MS;
    c->timer = evtimer_new(base, on_timer, c);
    schedule(c, 0);
    return c;
}

void zw_ofconn_free(struct zw_ofconn *c)
{
    if (!c) {
        return;
    }
    if (c->bev) {
        bufferevent_free(c->bev);
    }
    event_free(c->timer);
    free(c->path);
    free(c->name);
    free(c);
}

void zw_ofconn_send(struct zw_ofconn *c, struct zw_outbuf *out)
{
    if (c->state == UP && out->size) {
        bufferevent_write(c->bev, out->data, out->size);
        if (evbuffer_get_length(bufferevent_get_output(c->bev)) > ZW_SWITCH_MAX_OUTBUF) {
            zw_ofconn_reset(c, "the switch does not read what it is sent");
        }
    }
    zw_outbuf_clear(out);
}

void zw_ofconn_kick(struct zw_ofconn *c)
{
    if (c->state == WAITING) {
        c->wait_ms = ZW_SWITCH_RECONNECT_MS;
        schedule(c, 0);
    }
}

bool zw_ofconn_is_up(const struct zw_ofconn *c)
{
    return c->state == UP;
}

uint64_t zw_ofconn_bad_messages(const struct zw_ofconn *c)
{
    return c->n_bad_messages;
}
