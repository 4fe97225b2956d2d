/* SPDX-License-Identifier: Apache-2.0 */
/* outbuf - bytes on their way to a switch.
 *
 * Encoders append whole OpenFlow messages; whoever owns the connection sends the bytes and clears the buffer. */

#ifndef ZW_OVS_OUTBUF_H
#define ZW_OVS_OUTBUF_H 1

#include <stddef.h>
#include <stdint.h>

struct zw_outbuf {
    uint8_t *data;
    size_t size, allocated;
};

#define ZW_OUTBUF_INIT                          \
    {                                           \
        .data = NULL, .size = 0, .allocated = 0 \
    }

void zw_outbuf_put(struct zw_outbuf *, const void *, size_t);
void zw_outbuf_clear(struct zw_outbuf *); /* Keeps the memory. */
void zw_outbuf_free(struct zw_outbuf *);

#endif
