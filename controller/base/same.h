/* SPDX-License-Identifier: Apache-2.0 */
/* same - how much two texts have in common at their ends.
 *
 * Pure, thread-safe.  What is the same is gone through at the speed of memcmp(). */

#ifndef ZW_BASE_SAME_H
#define ZW_BASE_SAME_H 1

#include <stddef.h>

/* How many bytes both begin with, of 'size'. */
size_t zw_same_before(const char *a, const char *b, size_t size);

/* How many bytes both end with, of 'size' before each end. */
size_t zw_same_behind(const char *a_end, const char *b_end, size_t size);

#endif
