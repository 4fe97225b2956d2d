/* SPDX-License-Identifier: Apache-2.0 */
/* tally - copies that the switch sent up against copies that came.
 *
 * The fast path sends a copy of each packet that opens a logged session (or is denied) and does not wait for anybody: a
 * copy is lost when the daemon is away or slow, or when the meter says that there are too many.  The switch counts
 * what it sends, we count what comes, and what is missing at two checks in a row is a gap in the log.  Two, because
 * the switch's counters lag behind its packets by about a second.
 *
 * A value; the owner checks it every ZW_TALLY_CHECK_S. */

#ifndef ZW_SLOWPATH_TALLY_H
#define ZW_SLOWPATH_TALLY_H 1

#include <stdbool.h>
#include <stdint.h>

#define ZW_TALLY_CHECK_S 5

struct zw_tally {
    uint64_t n_received; /* Copies that came, or were accounted for as missing, since the switch's counter was 0. */
    uint64_t n_sent;     /* The switch's counter at the last check. */
    int64_t check_us;    /* Unix time of the last check; 0: none yet. */
    int64_t complete_us; /* Unix time of the last check that found nothing missing. */
};

struct zw_tally_gap {
    uint64_t n_missing;
    int64_t from_us, to_us;
};

/* 'n_sent' is what the switch's counter says at 'now_us'.  True, and '*gap' is filled in, if copies are missing; they are
 * then accounted for.  The first check of a tally that was not restored takes all that was sent before as received. */
bool zw_tally_check(struct zw_tally *, uint64_t n_sent, int64_t now_us, struct zw_tally_gap *gap);

#endif
