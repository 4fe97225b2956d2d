/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ZW_OFP_MUTILATE_H
#define ZW_OFP_MUTILATE_H 1

/* ofp-mutilate - an OpenFlow message with bytes changed and its end cut off, again and again.
 *
 * Its length field is always right, as what reaches a decoder is framed by it.  Each copy lives in memory of just its
 * size, so that a sanitizer sees a byte read too much.  Always the same changes. */

#include <stddef.h>
#include <stdint.h>

struct ofpbuf;

void ofp_mutilate(const struct ofpbuf *, unsigned int n_times, void (*decode)(const uint8_t *data, size_t size));

#endif
