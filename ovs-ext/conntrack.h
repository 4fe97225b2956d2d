/* SPDX-License-Identifier: Apache-2.0 */
/* conntrack - reads the datapath's connection table, as `dpctl/dump-conntrack` prints it.
 *
 * vswitchd prints the userspace datapath's and the kernel's table alike, so this is the one reader for both.  The form
 * is that of ct_dpif_format_entry() in OVS's lib/ct-dpif.c, with and without `-m` and `-s` (which brings the counters). */

#ifndef ZW_OVS_CONNTRACK_H
#define ZW_OVS_CONNTRACK_H 1

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ovs-ext/packet-key.h"
#include "ovs-ext/pipeline.h"

struct zw_ct_entry {
    struct zw_packet_key key; /* The original direction. */
    uint16_t icmp_id;         /* ICMP and ICMPv6, host byte order: with 'key', what names one entry of a zone. */
    uint16_t ct_zone;
    uint8_t label[16]; /* Most significant byte first, as OVS prints it.  pipeline.h has its fields. */
    uint32_t mark;
    char state[24]; /* TCP or SCTP state as OVS names it ("ESTABLISHED"), or "" (other protocols, and with `-m`). */
    bool has_bytes; /* Counters are there (kernel datapath with accounting). */
    uint64_t orig_bytes, reply_bytes;
};

/* 'n_bits' (at most 32) of the label from bit 'first' on; bit 0 is the least significant. */
uint32_t zw_ct_label_bits(const struct zw_ct_entry *, unsigned int first, unsigned int n_bits);
#define ZW_CT_LABEL(ENTRY, NAME) zw_ct_label_bits(ENTRY, ZW_LABEL_##NAME##_FIRST, ZW_LABEL_##NAME##_BITS)
#define ZW_CT_MARK(ENTRY, NAME) ((ENTRY)->mark >> ZW_MARK_##NAME##_FIRST & ((UINT32_C(1) << ZW_MARK_##NAME##_BITS) - 1))

/* Parses one line of the dump, which ends at a newline or the string's end.  0, or EINVAL if it is not an entry that
 * we understand.  Fields that a newer OVS may add are passed over if they are NAME=VALUE or NAME=(...). */
int zw_ct_parse(const char *line, struct zw_ct_entry *);

#endif
