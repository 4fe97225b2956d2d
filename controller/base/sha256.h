/* SPDX-License-Identifier: Apache-2.0 */
/* sha256 - SHA-256 (FIPS 180-4) by OpenSSL.
 *
 * Thread-safe; one context is for one thread at a time.  Ends the program if OpenSSL cannot give SHA-256 at all. */

#ifndef ZW_BASE_SHA256_H
#define ZW_BASE_SHA256_H 1

#include <stddef.h>
#include <stdint.h>

#define ZW_SHA256_SIZE 32     /* Bytes of a digest. */
#define ZW_SHA256_HEX_SIZE 65 /* Of its hexadecimal form, with the terminating zero. */

void zw_sha256(const void *, size_t size, uint8_t digest[ZW_SHA256_SIZE]);

/* In pieces. */
struct zw_sha256;
struct zw_sha256 *zw_sha256_new(void);
void zw_sha256_add(struct zw_sha256 *, const void *, size_t size);
/* The digest; frees the context. */
void zw_sha256_finish(struct zw_sha256 *, uint8_t digest[ZW_SHA256_SIZE]);

/* Lower case.  Returns 'hex'. */
const char *zw_sha256_format(const uint8_t digest[ZW_SHA256_SIZE], char hex[ZW_SHA256_HEX_SIZE]);

#endif
