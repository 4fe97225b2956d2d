/* SPDX-License-Identifier: Apache-2.0 */

#include "controller/slowpath/tally.h"

static void begin(struct zw_tally *tally, uint64_t n_sent, int64_t now_us)
{
    tally->n_received = n_sent > tally->n_received ? n_sent : tally->n_received;
    tally->n_sent = n_sent;
    tally->check_us = tally->complete_us = now_us;
}

/* The switch began to count anew: its flow was made again. */
static void begin_again(struct zw_tally *tally, uint64_t n_sent, int64_t now_us)
{
    tally->n_received = n_sent;
    tally->n_sent = n_sent;
    tally->check_us = tally->complete_us = now_us;
}

bool zw_tally_check(struct zw_tally *tally, uint64_t n_sent, int64_t now_us, struct zw_tally_gap *gap)
{
    if (!tally->check_us) {
        begin(tally, n_sent, now_us);
        return false;
    }
    if (n_sent < tally->n_sent) {
        begin_again(tally, n_sent, now_us);
        return false;
    }

    uint64_t n_missing = tally->n_sent > tally->n_received ? tally->n_sent - tally->n_received : 0;
    *gap = (struct zw_tally_gap){.n_missing = n_missing, .from_us = tally->complete_us, .to_us = tally->check_us};
    tally->n_received += n_missing;
    tally->n_sent = n_sent;
    tally->check_us = now_us;
    if (n_sent <= tally->n_received) {
        tally->complete_us = now_us;
    } else if (n_missing) {
        tally->complete_us = gap->to_us;
    }
    return n_missing > 0;
}
