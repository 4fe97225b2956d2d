/* SPDX-License-Identifier: Apache-2.0 */
#include "zw-config.h"

#include "controller/daemon/pace.h"

int64_t zw_pace_ask(struct zw_pace *pace, int64_t now_us)
{
    if (pace->rested_us <= now_us) {
        return 0;
    }
    pace->n_put_off += !pace->is_put_off;
    pace->is_put_off = true;
    return pace->rested_us - now_us;
}

void zw_pace_done(struct zw_pace *pace, int64_t begin_us, int64_t end_us)
{
    pace->rested_us = end_us + ZW_PACE_REST * (end_us - begin_us);
    pace->is_put_off = false;
    pace->n_done++;
}
