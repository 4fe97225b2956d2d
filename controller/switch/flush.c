/* SPDX-License-Identifier: Apache-2.0 */
/* Ends sessions in conntrack, and says when they are gone: flushes, and a barrier. */

#include "zw-config.h"

#include "controller/switch/switch-private.h"

#include <stdio.h>

static bool is_connected(const struct zw_switch *sw)
{
    return sw->status.state != ZW_SWITCH_DISCONNECTED && sw->status.state != ZW_SWITCH_HELLO;
}

static void finish(struct zw_switch *sw, const char *error)
{
    zw_switch_ended_cb *done = sw->flush.done;

    sw->flush.done = NULL;
    done(sw->flush.arg, error);
}

void zw_switch_end_sessions(struct zw_switch *sw, const struct zw_ct_entry *const *sessions, size_t n,
                            zw_switch_ended_cb *done, void *arg)
{
    struct zw_outbuf *out = zw_ofconn_out(sw->flows);

    if (!is_connected(sw) || sw->flush.done) {
        done(arg, sw->flush.done ? "other sessions are being ended" : "no connection to the switch");
        return;
    }
    sw->flush = (struct zw_flush){.done = done, .arg = arg};
    for (size_t i = 0; i < n; i++) {
        uint32_t xid = zw_ofp_put_session_end(out, sessions[i], &sw->flush.last_xid);
        sw->flush.first_xid = i ? sw->flush.first_xid : xid;
    }
    sw->flush.barrier_xid = zw_ofp_put_barrier(out);
    zw_ofconn_flush(sw->flows);
}

bool zw_flush_barrier_reply(struct zw_switch *sw, const struct zw_ofp_msg *msg)
{
    bool is_ours = sw->flush.done && msg->xid == sw->flush.barrier_xid;

    if (is_ours) {
        finish(sw, sw->flush.error[0] ? sw->flush.error : NULL);
    }
    return is_ours;
}

bool zw_flush_error(struct zw_switch *sw, const struct zw_ofp_msg *msg)
{
    struct zw_flush *flush = &sw->flush;
    bool is_ours = flush->done && msg->xid - flush->first_xid <= flush->last_xid - flush->first_xid;

    if (is_ours) {
        snprintf(flush->error, sizeof flush->error, "%s", msg->text);
    }
    return is_ours;
}

void zw_flush_stop(struct zw_switch *sw, const char *why)
{
    if (sw->flush.done) {
        finish(sw, why);
    }
}
