/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/base/same.h"

#include <string.h>

#define BLOCK_SIZE 4096 /* Compared at once first. */

size_t zw_same_before(const char *a, const char *b, size_t size)
{
    size_t n = 0;

    while (size - n >= BLOCK_SIZE && !memcmp(a + n, b + n, BLOCK_SIZE)) {
        n += BLOCK_SIZE;
    }
    while (n < size && a[n] == b[n]) {
        n++;
    }
    return n;
}

size_t zw_same_behind(const char *a_end, const char *b_end, size_t size)
{
    size_t n = 0;

    while (size - n >= BLOCK_SIZE && !memcmp(a_end - n - BLOCK_SIZE, b_end - n - BLOCK_SIZE, BLOCK_SIZE)) {
        n += BLOCK_SIZE;
    }
    while (n < size && a_end[-1 - (ptrdiff_t)n] == b_end[-1 - (ptrdiff_t)n]) {
        n++;
    }
    return n;
}
