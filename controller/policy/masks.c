/* SPDX-License-Identifier: Apache-2.0 */

#include "controller/policy/masks.h"

/* The largest block that starts at 'first' and ends no later than 'last': aligned to its own size. */
static uint32_t block_size(uint32_t first, uint32_t last)
{
    uint32_t size = 1;

    while (size < 0x10000 && !(first & (2 * size - 1)) && first + 2 * size - 1 <= last) {
        size *= 2;
    }
    return size;
}

size_t zw_port_masks(uint16_t first_, uint16_t last, struct zw_port_mask masks[ZW_MAX_PORT_MASKS])
{
    uint32_t first = first_;
    size_t n = 0;

    while (first <= last) {
        uint32_t size = block_size(first, last);

        masks[n++] = (struct zw_port_mask){(uint16_t)first, (uint16_t) ~(size - 1)};
        first += size;
    }
    return n;
}

/* 'middle': the one of first + 1 .. end that ends in the most zero bits.  Up to there blocks grow, behind it they shrink: one
 * for each bit of the two distances. */
unsigned int zw_count_port_masks(uint16_t first, uint16_t last)
{
    uint32_t end = last + 1u, middle = end;

    while ((middle & (middle - 1)) > first) {
        middle &= middle - 1;
    }
    return (unsigned int)(__builtin_popcount(middle - first) + __builtin_popcount(end - middle));
}
