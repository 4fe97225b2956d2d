/* SPDX-License-Identifier: Apache-2.0 */
/* stations - where the switch has learned Ethernet addresses, and which of them move.
 *
 * The switch learns by itself (DESTINATION, doc/pipeline.md) and forgets by itself.  This follows what it says of that, so
 * that people hear of an address that is at two places: of two hosts that use one, of a host that pretends to be another,
 * of a loop out there.  A machine that was moved is no such thing: its address moves once.
 *
 * Pure: the time is an argument, in microseconds of any clock that goes on.  Bounded by ZW_STATIONS_MAX. */

#ifndef ZW_SWITCH_STATIONS_H
#define ZW_SWITCH_STATIONS_H 1

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ovs-ext/flow.h"

#define ZW_STATIONS_MAX 65536u /* Addresses of one bridge; further ones are counted, and not followed. */
#define ZW_STATION_BACK_S 60   /* An address that is back within that at the port that it left is at both. */

struct zw_station {
    uint16_t segment;
    struct zw_mac mac;
    uint16_t ofport, from; /* Where it is; where it was before it moved, 0: it has not moved. */
    uint32_t n_moves, n_back;
    int64_t moved_us;
};

struct zw_stations_status {
    size_t n;              /* Learned now. */
    uint64_t n_moves;      /* From one port to another, */
    uint64_t n_back;       /* and of these, back within ZW_STATION_BACK_S. */
    uint64_t n_unfollowed; /* Not followed, for want of room. */
};

struct zw_stations *zw_stations_new(void);
void zw_stations_free(struct zw_stations *); /* NULL is fine. */

enum zw_station_news {
    ZW_STATION_SAME, /* It was known to be there, or is forgotten, or not followed. */
    ZW_STATION_NEW,
    ZW_STATION_MOVED,
};

/* The switch has learned or forgotten it.  '*station' says how, unless it is the same. */
enum zw_station_news zw_stations_learned(struct zw_stations *, const struct zw_learned_mac *, int64_t now_us,
                                         struct zw_station *station);

/* All that the switch has is read: what was not learned anew between these two is gone. */
void zw_stations_begin(struct zw_stations *);
void zw_stations_end(struct zw_stations *);

struct zw_stations_status zw_stations_status(const struct zw_stations *);
size_t zw_stations_at(const struct zw_stations *, uint16_t ofport); /* How many are there. */

/* In no order. */
typedef void zw_station_cb(void *arg, const struct zw_station *);
void zw_stations_each(const struct zw_stations *, zw_station_cb *, void *arg);

#endif
