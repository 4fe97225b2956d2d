/* SPDX-License-Identifier: Apache-2.0 */
/* conntrack - reads the datapath's connection table, as `dpctl/dump-conntrack` prints it.
 *
 * vswitchd prints the userspace datapath's and the kernel's table alike, so this is the one reader for both. */

#ifndef ZW_OVS_CONNTRACK_H
#define ZW_OVS_CONNTRACK_H 1

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ovs-ext/packet-key.h"

struct zw_ct_entry {
    struct zw_packet_key key; /* The original direction. */
    uint16_t ct_zone;
    uint8_t label[16]; /* Most significant byte first, as OVS prints it.  pipeline.h has its fields. */
    char state[24];    /* TCP state as OVS names it ("ESTABLISHED"), or "". */
    bool has_bytes;    /* Counters are there (kernel datapath with accounting). */
    uint64_t orig_bytes, reply_bytes;
};

/* Parses one line of the dump.  0, or EINVAL if it is not an entry that we understand. */
int zw_ct_parse(const char *line, struct zw_ct_entry *);

#endif
