/* SPDX-License-Identifier: Apache-2.0 */
#include "zw-config.h"

#include "controller/switch/ofconn.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>

#include "controller/base/log.h"
#include "controller/base/memory.h"
#include "controller/switch/switch.h"
#include "ovs-ext/ofp-encode.h"

#define OF15 6                   /* The version on the wire. */
#define MAX_MESSAGE_SIZE 65536   /* OpenFlow's length has 16 bits. */
#define MAX_READ (512u * 1024)   /* Bytes at a time: then other events have their turn. */
#define MAX_WRITE (1024u * 1024) /* Likewise. */
#define BIG_OUT (64u * 1024)     /* From this size on bytes are handed over instead of copied. */

struct zw_ofconn {
    struct event_base *base;
    char *name, *path;
    const struct zw_ofconn_ops *ops;
    void *arg;
    bool is_second;

    enum zw_ofconn_state state;
    struct bufferevent *bev; /* NULL while DOWN. */
    struct zw_outbuf out;
    uint8_t *message; /* MAX_MESSAGE_SIZE, aligned as malloc() does. */

    struct event *retry, *probe;
    unsigned int retry_ms;
    int64_t up_ms;       /* When it was last UP. */
    bool heard, probed;  /* Since 'probe' last fired; and nothing was heard then. */
    bool in_callback;    /* The read callback runs: */
    char failure[256];   /* the connection ends after it, for this reason. */
    bool failure_logged; /* Since it was last UP: an absent bridge is said once. */
    struct zw_ofconn_status status;
};

static int64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void set_timer(struct event *timer, unsigned int ms)
{
    struct timeval tv = {.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000};

    event_add(timer, &tv);
}

static void set_state(struct zw_ofconn *c, enum zw_ofconn_state state, const char *why)
{
    c->state = state;
    c->ops->changed(c->arg, state, why);
}

/* The first reason of an outage is worth a line; that it goes on is not. */
static void log_failure(struct zw_ofconn *c, bool is_bad, const char *why)
{
    static struct zw_log_limit limit = ZW_LOG_LIMIT_INIT(10, 5000);

    if (is_bad || (!c->is_second && !(c->state == ZW_OFCONN_DOWN && c->failure_logged))) {
        zw_log_rl(&limit, ZW_LOG_WARN, "bridge %s: %s; connecting again", c->name, why);
    }
    c->failure_logged = true;
}

static void close_and_retry(struct zw_ofconn *c, const char *why)
{
    if (c->state == ZW_OFCONN_UP && now_ms() - c->up_ms > ZW_SWITCH_RECONNECT_MAX_MS) {
        c->retry_ms = ZW_SWITCH_RECONNECT_MS;
    }
    if (c->bev) {
        bufferevent_free(c->bev);
        c->bev = NULL;
    }
    event_del(c->probe);
    zw_outbuf_clear(&c->out);
    set_timer(c->retry, c->retry_ms);
    c->retry_ms = c->retry_ms * 2 < ZW_SWITCH_RECONNECT_MAX_MS ? c->retry_ms * 2 : ZW_SWITCH_RECONNECT_MAX_MS;
    set_state(c, ZW_OFCONN_DOWN, why);
}

void zw_ofconn_fail(struct zw_ofconn *c, bool is_bad, const char *format, ...)
{
    char why[sizeof c->failure];
    va_list args;

    if (c->failure[0]) {
        return;
    }
    va_start(args, format);
    vsnprintf(why, sizeof why, format, args);
    va_end(args);
    c->status.n_bad_messages += is_bad;
    log_failure(c, is_bad, why);
    if (c->in_callback) {
        memcpy(c->failure, why, sizeof why);
    } else {
        close_and_retry(c, why);
    }
}

/* --- What the peer says. --- */

static void on_hello(struct zw_ofconn *c, const struct zw_ofp_msg *msg)
{
    if (c->state != ZW_OFCONN_HELLO) {
        return;
    }
    if (msg->version != OF15) {
        zw_ofconn_fail(c, false, "it does not speak OpenFlow 1.5 (see its column \"protocols\" in OVSDB)");
        return;
    }
    c->status.n_connects++;
    c->up_ms = now_ms();
    c->failure_logged = false;
    set_state(c, ZW_OFCONN_UP, NULL);
}

static void dispatch(struct zw_ofconn *c, const struct zw_ofp_msg *msg, size_t size)
{
    if (msg->type == ZW_OFP_HELLO) {
        on_hello(c, msg);
    } else if (c->state == ZW_OFCONN_HELLO) {
        zw_ofconn_fail(c, msg->type != ZW_OFP_ERROR, "no hello: %s",
                       msg->type == ZW_OFP_ERROR ? msg->text : "another message came first");
    } else if (c->message[0] != OF15) {
        zw_ofconn_fail(c, true, "a message of OpenFlow version %u after the hello", c->message[0]);
    } else if (msg->type == ZW_OFP_ECHO_REQUEST) {
        zw_ofp_put_echo_reply(&c->out, c->message, size);
    } else if (msg->type != ZW_OFP_ECHO_REPLY) {
        c->ops->message(c->arg, msg, c->message, size);
    }
}

/* Moves the next whole message to c->message.  0 if there is none yet. */
static size_t next_message(struct zw_ofconn *c, struct evbuffer *in)
{
    uint8_t header[ZW_OFP_HEADER_SIZE];

    if (evbuffer_copyout(in, header, sizeof header) < (ev_ssize_t)sizeof header) {
        return 0;
    }
    size_t size = zw_ofp_message_size(header);
    if (!size) {
        zw_ofconn_fail(c, true, "no OpenFlow: it sent %02x %02x %02x %02x %02x %02x %02x %02x", header[0], header[1],
                       header[2], header[3], header[4], header[5], header[6], header[7]);
        return 0;
    }
    if (evbuffer_get_length(in) < size) {
        return 0;
    }
    evbuffer_remove(in, c->message, size);
    return size;
}

static void read_messages(struct zw_ofconn *c, struct evbuffer *in)
{
    struct zw_ofp_msg msg;
    size_t size;

    while (!c->failure[0] && (size = next_message(c, in))) {
        if (zw_ofp_decode(c->message, size, &msg)) {
            zw_ofconn_fail(c, true, "a bad message of type %u and %zu bytes: %s", c->message[1], size, msg.text);
        } else {
            dispatch(c, &msg, size);
        }
    }
}

static void on_read(struct bufferevent *bev, void *c_)
{
    struct zw_ofconn *c = c_;

    c->heard = true;
    c->failure[0] = '\0';
    c->in_callback = true;
    read_messages(c, bufferevent_get_input(bev));
    c->in_callback = false;
    if (c->failure[0]) {
        char why[sizeof c->failure];

        memcpy(why, c->failure, sizeof why);
        c->failure[0] = '\0';
        close_and_retry(c, why);
    } else {
        zw_ofconn_flush(c);
    }
}

static void on_event(struct bufferevent *bev, short what, void *c)
{
    size_t rest = evbuffer_get_length(bufferevent_get_input(bev));

    int error = what & BEV_EVENT_ERROR ? EVUTIL_SOCKET_ERROR() : 0;

    /* Who closes with something of ours unread resets. */
    if (error && error != ECONNRESET && error != EPIPE) {
        zw_ofconn_fail(c, false, "the connection broke: %s", evutil_socket_error_to_string(error));
    } else if (what & (BEV_EVENT_EOF | BEV_EVENT_ERROR)) {
        zw_ofconn_fail(c, rest,
                       rest ? "it closed the connection in the middle of a message" : "it closed the connection");
    }
}

/* --- Up and down. --- */

/* A connected socket, or -1 and errno. */
static int connect_to(const char *path)
{
    struct sockaddr_un addr = {.sun_family = AF_UNIX};

    if (strlen(path) >= sizeof addr.sun_path) {
        errno = ENAMETOOLONG;
        return -1;
    }
    strcpy(addr.sun_path, path);

    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd >= 0 && connect(fd, (struct sockaddr *)&addr, sizeof addr)) {
        int error = errno;

        close(fd);
        errno = error;
        return -1;
    }
    return fd;
}

static void on_retry(evutil_socket_t unused, short what, void *c_)
{
    struct zw_ofconn *c = c_;
    int fd = connect_to(c->path);

    (void)unused, (void)what;
    if (fd < 0) {
        zw_ofconn_fail(c, false, "cannot connect to %s: %s", c->path, strerror(errno));
        return;
    }
    c->bev = bufferevent_socket_new(c->base, fd, BEV_OPT_CLOSE_ON_FREE);
    bufferevent_set_max_single_read(c->bev, MAX_READ);
    bufferevent_set_max_single_write(c->bev, MAX_WRITE);
    bufferevent_setcb(c->bev, on_read, NULL, on_event, c);
    bufferevent_enable(c->bev, EV_READ | EV_WRITE);
    c->heard = true;
    c->probed = false;
    set_timer(c->probe, ZW_SWITCH_PROBE_S * 1000);
    zw_ofp_put_hello(&c->out);
    zw_ofconn_flush(c);
    set_state(c, ZW_OFCONN_HELLO, NULL);
}

static void on_probe(evutil_socket_t unused, short what, void *c_)
{
    struct zw_ofconn *c = c_;

    (void)unused, (void)what;
    if (!c->heard && (c->probed || c->state != ZW_OFCONN_UP)) {
        zw_ofconn_fail(c, false, "it is silent");
        return;
    }
    c->probed = !c->heard;
    c->heard = false;
    set_timer(c->probe, ZW_SWITCH_PROBE_S * 1000);
    if (c->probed) {
        zw_ofp_put_echo_request(&c->out);
        zw_ofconn_flush(c);
    }
}

void zw_ofconn_kick(struct zw_ofconn *c)
{
    if (c->state == ZW_OFCONN_DOWN) {
        set_timer(c->retry, 0);
    }
}

struct zw_outbuf *zw_ofconn_out(struct zw_ofconn *c)
{
    return &c->out;
}

static void free_data(const void *rest, size_t size, void *data)
{
    (void)rest, (void)size;
    free(data);
}

/* What leaves at once, without a turn of the event loop to find out that it can.  Errors show when the rest is sent. */
static size_t send_now(const struct zw_ofconn *c)
{
    size_t size = c->out.size < MAX_WRITE ? c->out.size : MAX_WRITE;
    ssize_t n = send(bufferevent_getfd(c->bev), c->out.data, size, MSG_DONTWAIT | MSG_NOSIGNAL);

    return n > 0 ? (size_t)n : 0;
}

void zw_ofconn_flush(struct zw_ofconn *c)
{
    if (!c->bev || !c->out.size) {
        zw_outbuf_clear(&c->out);
        return;
    }
    struct evbuffer *output = bufferevent_get_output(c->bev);
    size_t sent = evbuffer_get_length(output) ? 0 : send_now(c), rest = c->out.size - sent;
    if (!rest) {
        zw_outbuf_clear(&c->out);
    } else if (evbuffer_get_length(output) > ZW_SWITCH_MAX_OUTBUF) {
        zw_outbuf_clear(&c->out);
        zw_ofconn_fail(c, false, "it does not read: more than %u MiB wait to be sent", ZW_SWITCH_MAX_OUTBUF >> 20);
    } else if (rest >= BIG_OUT) {
        evbuffer_add_reference(output, c->out.data + sent, rest, free_data, c->out.data);
        c->out = (struct zw_outbuf)ZW_OUTBUF_INIT;
    } else {
        evbuffer_add(output, c->out.data + sent, rest);
        zw_outbuf_clear(&c->out);
    }
}

struct zw_ofconn_status zw_ofconn_status(const struct zw_ofconn *c)
{
    return c->status;
}

struct zw_ofconn *zw_ofconn_new(struct event_base *base, const char *name, const char *path, bool is_second,
                                const struct zw_ofconn_ops *ops, void *arg)
{
    struct zw_ofconn *c = zw_xcalloc(1, sizeof *c);

    c->base = base;
    c->name = zw_xstrdup(name);
    c->path = zw_xstrdup(path);
    c->ops = ops;
    c->arg = arg;
    c->is_second = is_second;
    c->message = zw_xcalloc(1, MAX_MESSAGE_SIZE);
    c->retry_ms = ZW_SWITCH_RECONNECT_MS;
    c->retry = evtimer_new(base, on_retry, c);
    c->probe = evtimer_new(base, on_probe, c);
    set_timer(c->retry, 0);
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
    event_free(c->retry);
    event_free(c->probe);
    zw_outbuf_free(&c->out);
    free(c->message);
    free(c->name);
    free(c->path);
    free(c);
}
