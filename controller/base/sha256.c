/* SPDX-License-Identifier: Apache-2.0 */
#include "zw-config.h"

#include "controller/base/sha256.h"

#include <openssl/evp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

/* OpenSSL fails here only without memory or without any SHA-256, as in a broken installation. */
static void check(bool ok)
{
    if (!ok) {
        fputs("OpenSSL cannot compute SHA-256\n", stderr);
        abort();
    }
}

struct zw_sha256 *zw_sha256_new(void)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();

    check(ctx && EVP_DigestInit_ex(ctx, EVP_sha256(), NULL));
    return (struct zw_sha256 *)ctx;
}

void zw_sha256_add(struct zw_sha256 *ctx, const void *data, size_t size)
{
    check(EVP_DigestUpdate((EVP_MD_CTX *)ctx, data, size));
}

void zw_sha256_finish(struct zw_sha256 *ctx, uint8_t digest[ZW_SHA256_SIZE])
{
    check(EVP_DigestFinal_ex((EVP_MD_CTX *)ctx, digest, NULL));
    EVP_MD_CTX_free((EVP_MD_CTX *)ctx);
}

void zw_sha256(const void *data, size_t size, uint8_t digest[ZW_SHA256_SIZE])
{
    check(EVP_Digest(data, size, digest, NULL, EVP_sha256(), NULL));
}

const char *zw_sha256_format(const uint8_t digest[ZW_SHA256_SIZE], char hex[ZW_SHA256_HEX_SIZE])
{
    for (size_t i = 0; i < ZW_SHA256_SIZE; i++) {
        snprintf(hex + 2 * i, 3, "%02x", digest[i]);
    }
    return hex;
}
