/* SPDX-License-Identifier: Apache-2.0 */
/* floods - ports that say more of addresses than guards that learn want to hear, for the log and the status.
 *
 * Each port's meter counts what is beyond its rate (ovs-ext/pipeline.h, ZW_LEARN_HOST_METER); this adds that up from the daemon's
 * start on, whatever becomes of the meters meanwhile.  Nothing depends on it: what is not heard is the flooding port's own.
 * Main thread. */

#ifndef ZW_DAEMON_FLOODS_H
#define ZW_DAEMON_FLOODS_H 1

#include <cjson/cJSON.h>

#include "controller/daemon/daemon.h"

#define ZW_FLOODS_SHOWN 16u    /* Ports of a bridge in the status, those that began last. */
#define ZW_FLOOD_RECENT_S 120u /* So long after it was last beyond its rate the status warns of one. */

/* What is known of a meter, of a port that was beyond its rate. */
struct zw_flood {
    uint32_t meter;
    char *port;         /* Its name when it was last so. */
    uint64_t n_counted; /* By the meter, when last read. */
    uint64_t n;         /* Since the daemon's start. */
    int64_t last_us;    /* Unix time; 0: not since then. */
};

/* Reads the meters; the first time what they have counted before is taken for old. */
void zw_floods_check(struct zw_managed *);
void zw_floods_clear(struct zw_managed *);

/* "unheard" of a bridge in the status. */
cJSON *zw_floods_json(const struct zw_managed *);

/* Calls 'each' with a text for each port that flooded in the last ZW_FLOOD_RECENT_S, ZW_FLOODS_SHOWN at most. */
typedef void zw_floods_cb(void *arg, const char *advice, const char *text);
void zw_floods_problems(const struct zw_managed *, zw_floods_cb *, void *arg);

#endif
