/* SPDX-License-Identifier: Apache-2.0 */
#include "zw-config.h"

#include "controller/switch/stations.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "controller/base/memory.h"

#define FIRST_SIZE 64u

/* A hash table with linear probing, at most half full. */
struct slot {
    struct zw_station station;
    bool used, seen; /* 'seen': since zw_stations_begin(). */
};

struct zw_stations {
    uint64_t seeds[2]; /* Of the hash: whoever sends from addresses that he chose must not know which are neighbours. */
    struct slot *slots;
    size_t size; /* A power of two. */
    struct zw_stations_status status;
    uint32_t *n_at; /* By OpenFlow port. */
};

static void choose_seeds(struct zw_stations *stations)
{
    if (getrandom(stations->seeds, sizeof stations->seeds, GRND_NONBLOCK) != (ssize_t)sizeof stations->seeds) {
        stations->seeds[0] = stations->seeds[1] = (uintptr_t)stations; /* Early in a boot; better than none. */
    }
    stations->seeds[1] |= 1;
}

struct zw_stations *zw_stations_new(void)
{
    struct zw_stations *stations = zw_xcalloc(1, sizeof *stations);

    choose_seeds(stations);
    stations->size = FIRST_SIZE;
    stations->slots = zw_xcalloc(stations->size, sizeof *stations->slots);
    stations->n_at = zw_xcalloc(UINT16_MAX + 1u, sizeof *stations->n_at);
    return stations;
}

void zw_stations_free(struct zw_stations *stations)
{
    if (stations) {
        free(stations->slots);
        free(stations->n_at);
        free(stations);
    }
}

/* Segment and address are 64 bits together: nothing but the place in the table makes two of them one. */
static size_t home(const struct zw_stations *stations, uint16_t segment, const struct zw_mac *mac)
{
    uint64_t hash = segment;

    for (size_t i = 0; i < sizeof mac->bytes; i++) {
        hash = hash << 8 | mac->bytes[i];
    }
    for (size_t i = 0; i < 2; i++) {
        hash = (hash ^ stations->seeds[0]) * stations->seeds[1];
        hash ^= hash >> 32;
    }
    return (size_t)hash & (stations->size - 1);
}

/* Where it is, or the free place where it would be. */
static struct slot *find(const struct zw_stations *stations, uint16_t segment, const struct zw_mac *mac)
{
    size_t i = home(stations, segment, mac);

    while (stations->slots[i].used && (stations->slots[i].station.segment != segment ||
                                       memcmp(&stations->slots[i].station.mac, mac, sizeof *mac) != 0)) {
        i = (i + 1) & (stations->size - 1);
    }
    return &stations->slots[i];
}

static void grow(struct zw_stations *stations)
{
    struct slot *old = stations->slots;
    size_t n = stations->size;

    stations->size = 2 * n;
    stations->slots = zw_xcalloc(stations->size, sizeof *stations->slots);
    for (size_t i = 0; i < n; i++) {
        if (old[i].used) {
            *find(stations, old[i].station.segment, &old[i].station.mac) = old[i];
        }
    }
    free(old);
}

static enum zw_station_news add(struct zw_stations *stations, const struct zw_learned_mac *learned,
                                struct zw_station *station)
{
    if (stations->status.n >= ZW_STATIONS_MAX) {
        stations->status.n_unfollowed++;
        return ZW_STATION_SAME;
    }
    if (2 * (stations->status.n + 1) > stations->size) {
        grow(stations);
    }
    struct slot *slot = find(stations, learned->segment, &learned->mac);
    *slot =
        (struct slot){.station = {.segment = learned->segment, .ofport = learned->ofport}, .used = true, .seen = true};
    slot->station.mac = learned->mac;
    stations->n_at[learned->ofport]++;
    stations->status.n++;
    *station = slot->station;
    return ZW_STATION_NEW;
}

/* Those behind it in its row close the gap, so that each is found from its home on. */
static void take_out(struct zw_stations *stations, struct slot *slot)
{
    size_t mask = stations->size - 1, gap = (size_t)(slot - stations->slots);

    stations->n_at[slot->station.ofport]--;
    stations->status.n--;
    for (size_t i = (gap + 1) & mask; stations->slots[i].used; i = (i + 1) & mask) {
        const struct zw_station *s = &stations->slots[i].station;

        if (((i - home(stations, s->segment, &s->mac)) & mask) >= ((i - gap) & mask)) {
            stations->slots[gap] = stations->slots[i];
            gap = i;
        }
    }
    stations->slots[gap].used = false;
}

static void move(struct zw_stations *stations, struct zw_station *station, uint16_t ofport, int64_t now_us)
{
    bool is_back = ofport == station->from && now_us - station->moved_us < ZW_STATION_BACK_S * INT64_C(1000000);

    stations->n_at[station->ofport]--;
    stations->n_at[ofport]++;
    station->from = station->ofport;
    station->ofport = ofport;
    station->moved_us = now_us;
    station->n_moves++;
    station->n_back += is_back;
    stations->status.n_moves++;
    stations->status.n_back += is_back;
}

enum zw_station_news zw_stations_learned(struct zw_stations *stations, const struct zw_learned_mac *learned,
                                         int64_t now_us, struct zw_station *station)
{
    struct slot *slot = find(stations, learned->segment, &learned->mac);

    if (!learned->is_there) {
        if (slot->used && slot->station.ofport == learned->ofport) {
            take_out(stations, slot);
        }
        return ZW_STATION_SAME;
    }
    if (!slot->used) {
        return add(stations, learned, station);
    }
    slot->seen = true;
    if (slot->station.ofport == learned->ofport) {
        return ZW_STATION_SAME;
    }
    move(stations, &slot->station, learned->ofport, now_us);
    *station = slot->station;
    return ZW_STATION_MOVED;
}

void zw_stations_begin(struct zw_stations *stations)
{
    for (size_t i = 0; i < stations->size; i++) {
        stations->slots[i].seen = false;
    }
}

void zw_stations_end(struct zw_stations *stations)
{
    for (size_t i = 0; i < stations->size;) {
        if (stations->slots[i].used && !stations->slots[i].seen) {
            take_out(stations, &stations->slots[i]); /* Another one may come here. */
        } else {
            i++;
        }
    }
}

struct zw_stations_status zw_stations_status(const struct zw_stations *stations)
{
    return stations->status;
}

size_t zw_stations_at(const struct zw_stations *stations, uint16_t ofport)
{
    return stations->n_at[ofport];
}

void zw_stations_each(const struct zw_stations *stations, zw_station_cb *each, void *arg)
{
    for (size_t i = 0; i < stations->size; i++) {
        if (stations->slots[i].used) {
            each(arg, &stations->slots[i].station);
        }
    }
}
