/* SPDX-License-Identifier: Apache-2.0 */
/* ofconn - one OpenFlow connection to a bridge's management socket, kept up.
 *
 * Connects, says hello, answers echoes, probes an idle peer, hands whole messages to its owner, and begins again with
 * growing waits when the peer is gone or sends what is no OpenFlow.  In the thread of the event base. */

#ifndef ZW_SWITCH_OFCONN_H
#define ZW_SWITCH_OFCONN_H 1

#include <stdbool.h>
#include <stdint.h>

#include "ovs-ext/ofp-decode.h"
#include "ovs-ext/outbuf.h"

struct event_base;
struct zw_ofconn;

struct zw_ofconn_ops {
    /* The hellos are exchanged. */
    void (*up)(void *arg);
    /* A message: 'data' is aligned to 8 bytes and valid during the call. */
    void (*message)(void *arg, const struct zw_ofp_msg *, const uint8_t *data, size_t size);
    /* All messages that had arrived together are handed over. */
    void (*batch_end)(void *arg);
    /* It is gone, for a reason in words; it will be tried again. */
    void (*down)(void *arg, const char *why);
};

struct zw_ofconn *zw_ofconn_new(struct event_base *, const char *path, const char *name, const struct zw_ofconn_ops *,
                                void *arg);
void zw_ofconn_free(struct zw_ofconn *);

/* Sends what is in the buffer, and clears it.  Nothing is sent while it is not up. */
void zw_ofconn_send(struct zw_ofconn *, struct zw_outbuf *);
/* Closes it, says down(), and connects again. */
void zw_ofconn_reset(struct zw_ofconn *, const char *why);
/* Tries at once if it waits to try. */
void zw_ofconn_kick(struct zw_ofconn *);
bool zw_ofconn_is_up(const struct zw_ofconn *);
uint64_t zw_ofconn_bad_messages(const struct zw_ofconn *);

#endif
