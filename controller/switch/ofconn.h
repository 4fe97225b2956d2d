/* SPDX-License-Identifier: Apache-2.0 */
/* ofconn - one OpenFlow 1.5 connection to a bridge's management socket, kept up.
 *
 * Connects, exchanges hellos, answers echo requests, probes an idle peer, and gives whole, checked messages to its
 * owner.  A peer that says what is not OpenFlow, or nothing at all, is disconnected with one line in the log; whatever
 * the reason, it connects again by itself, after a wait that doubles from ZW_SWITCH_RECONNECT_MS to
 * ZW_SWITCH_RECONNECT_MAX_MS.
 *
 * What is to be sent is put into zw_ofconn_out() and leaves when the callback that puts it there returns, or with
 * zw_ofconn_flush(): many answers, one write.
 *
 * Everything runs in the thread of the event base.  Callbacks may call any function here but zw_ofconn_free(). */

#ifndef ZW_SWITCH_OFCONN_H
#define ZW_SWITCH_OFCONN_H 1

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ovs-ext/ofp-decode.h"
#include "ovs-ext/outbuf.h"

struct event_base;
struct zw_ofconn;

enum zw_ofconn_state {
    ZW_OFCONN_DOWN,  /* Waits to connect. */
    ZW_OFCONN_HELLO, /* Connected; the peer has not said hello. */
    ZW_OFCONN_UP,
};

struct zw_ofconn_ops {
    /* 'why' it went down, for people; NULL in the other states. */
    void (*changed)(void *arg, enum zw_ofconn_state, const char *why);
    /* A message other than hello and echo, while UP.  'data' is aligned to 8 bytes and valid during the call. */
    void (*message)(void *arg, const struct zw_ofp_msg *, const uint8_t *data, size_t size);
};

struct zw_ofconn_status {
    uint64_t n_connects;     /* Times that it was UP. */
    uint64_t n_bad_messages; /* Each of which ended a connection. */
};

/* 'name' of the bridge is for the log.  It connects when the event base runs, not before.  'is_second': another
 * connection to the same switch says in the log when that is gone. */
struct zw_ofconn *zw_ofconn_new(struct event_base *, const char *name, const char *path, bool is_second,
                                const struct zw_ofconn_ops *, void *arg);
void zw_ofconn_free(struct zw_ofconn *); /* Calls no callback.  NULL is fine. */

/* Connects now if it is DOWN. */
void zw_ofconn_kick(struct zw_ofconn *);

/* Where messages to be sent go; while it is not UP they are lost. */
struct zw_outbuf *zw_ofconn_out(struct zw_ofconn *);
void zw_ofconn_flush(struct zw_ofconn *);

/* Ends the connection because of what the peer said or did not say; it connects again.  'is_bad': what it said was
 * wrong. */
void zw_ofconn_fail(struct zw_ofconn *, bool is_bad, const char *format, ...) __attribute__((format(printf, 3, 4)));

struct zw_ofconn_status zw_ofconn_status(const struct zw_ofconn *);

#endif
