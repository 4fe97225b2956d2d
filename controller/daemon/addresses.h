/* SPDX-License-Identifier: Apache-2.0 */
/* addresses - Ethernet addresses that are at two places, for the log and the status.
 *
 * What the switch has learned (switch/stations.h), beside what OVSDB says: an address that goes back and forth between two
 * ports, or that is learned at one port and is another's (external_ids:attached-mac).  Nothing depends on it: what goes to
 * an address that OVSDB names goes to its port, whoever else uses it.  Main thread. */

#ifndef ZW_DAEMON_ADDRESSES_H
#define ZW_DAEMON_ADDRESSES_H 1

#include <cjson/cJSON.h>

#include "controller/daemon/daemon.h"

#define ZW_ADDRESSES_SHOWN 16u /* Of a bridge, in the status; it says how many there are. */

/* There is a new inventory. */
void zw_addresses_inventory(const struct zw_daemon *, struct zw_managed *);
void zw_addresses_clear(struct zw_managed *);

/* The switch has learned an address that was not known, or was known elsewhere: logs it if it is at two places. */
void zw_addresses_learned(struct zw_managed *, const struct zw_station *);

/* "addresses" of a bridge in the status. */
cJSON *zw_addresses_json(const struct zw_daemon *, const struct zw_managed *);

/* Calls 'each' with a text for each address that is at two places, ZW_ADDRESSES_SHOWN at most, and each port that has taught
 * as many as it can. */
typedef void zw_addresses_cb(void *arg, const char *advice, const char *text);
void zw_addresses_problems(const struct zw_daemon *, const struct zw_managed *, zw_addresses_cb *, void *arg);

#endif
