/* SPDX-License-Identifier: Apache-2.0 */
/* pace - how often something may be done whose cost is not known before: after it took T, it rests for ZW_PACE_REST times T.
 *
 * So it never takes more than 1 / (1 + ZW_PACE_REST) of its thread, however often it is asked for and however much there is to do,
 * and the first time after a silence it is done at once.
 *
 * Knows no clock: times are given, in microseconds of one that never goes back.  In one thread. */

#ifndef ZW_DAEMON_PACE_H
#define ZW_DAEMON_PACE_H 1

#include <stdbool.h>
#include <stdint.h>

#define ZW_PACE_REST 4

/* All zero at the start. */
struct zw_pace {
    int64_t rested_us;  /* When it may be done again. */
    bool is_put_off;    /* It was asked for, and has not been done since. */
    uint64_t n_done;    /* How often it was done, */
    uint64_t n_put_off; /* and how often not when it was first asked for. */
};

/* It is to be done: 0, or how long that has to wait. */
int64_t zw_pace_ask(struct zw_pace *, int64_t now_us);

/* It was done. */
void zw_pace_done(struct zw_pace *, int64_t begin_us, int64_t end_us);

#endif
