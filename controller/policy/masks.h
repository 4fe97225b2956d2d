/* SPDX-License-Identifier: Apache-2.0 */
/* masks - a range of ports as the fewest pairs of value and mask. */

#ifndef ZW_POLICY_MASKS_H
#define ZW_POLICY_MASKS_H 1

#include <stddef.h>
#include <stdint.h>

struct zw_port_mask {
    uint16_t value, mask;
};

#define ZW_MAX_PORT_MASKS 30 /* 1-65534, the worst. */

/* Covers first..last (first <= last) exactly, without overlap.  Returns how many of 'masks' are used. */
size_t zw_port_masks(uint16_t first, uint16_t last, struct zw_port_mask masks[ZW_MAX_PORT_MASKS]);

/* How many these are, at once. */
unsigned int zw_count_port_masks(uint16_t first, uint16_t last);

#endif
