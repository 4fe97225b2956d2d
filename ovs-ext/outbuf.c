/* SPDX-License-Identifier: Apache-2.0 */

#include "ovs-ext/outbuf.h"

#include <stdlib.h>
#include <string.h>

#include "controller/base/memory.h"

void zw_outbuf_put(struct zw_outbuf *out, const void *data, size_t size)
{
    if (out->allocated - out->size < size) {
        out->allocated = (out->size + size) * 2;
        out->data = zw_xreallocarray(out->data, out->allocated, 1);
    }
    memcpy(out->data + out->size, data, size);
    out->size += size;
}

void zw_outbuf_clear(struct zw_outbuf *out)
{
    out->size = 0;
}

void zw_outbuf_free(struct zw_outbuf *out)
{
    free(out->data);
    *out = (struct zw_outbuf)ZW_OUTBUF_INIT;
}
