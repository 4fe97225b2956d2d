/* SPDX-License-Identifier: Apache-2.0 */
/* Looks every ZW_SWITCH_LOOK_S at what no flow monitor tells of: how the bridge treats fragments, and its meters.
 *
 * What guards drop by ports and types would get by in fragments if the bridge did not show these of first ones
 * (ovs-ext/ofp-encode.c), and that is the bridge's setting, so anybody can change it. */

#include "zw-config.h"

#include <event2/event.h>

#include "controller/base/log.h"
#include "controller/switch/switch-private.h"

static void set_timer(struct zw_switch *sw)
{
    struct timeval tv = {.tv_sec = ZW_SWITCH_LOOK_S};

    event_add(sw->look, &tv);
}

void zw_look_start(struct zw_switch *sw)
{
    set_timer(sw);
}

void zw_look_stop(struct zw_switch *sw)
{
    event_del(sw->look);
}

void zw_look_now(struct zw_switch *sw)
{
    set_timer(sw);
    zw_ofp_put_config_request(zw_ofconn_out(sw->flows));
    zw_meters_look(sw);
    zw_ofconn_flush(sw->flows);
}

void zw_look_config(struct zw_switch *sw, const uint8_t *data)
{
    static struct zw_log_limit limit = ZW_LOG_LIMIT_INIT(10, 5000);

    if (!zw_ofp_shows_fragments(data)) {
        sw->status.n_fragments_mended++;
        zw_log_rl(&limit, ZW_LOG_WARN, "bridge %s: somebody else changed how it treats fragments; mended", sw->name);
        zw_ofp_put_config_flows(zw_ofconn_out(sw->flows));
    }
}
