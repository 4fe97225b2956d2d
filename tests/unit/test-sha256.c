/* SPDX-License-Identifier: Apache-2.0 */
#include "zw-config.h"

#include "controller/base/sha256.h"

#include <string.h>

#include "tests/unit/zw-test.h"

/* FIPS 180-4 examples. */
static const struct {
    const char *text, *digest;
} vectors[] = {
    {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
    {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
    {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
     "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
};

static void test_vectors(void)
{
    uint8_t digest[ZW_SHA256_SIZE];
    char hex[ZW_SHA256_HEX_SIZE];

    for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++) {
        zw_sha256(vectors[i].text, strlen(vectors[i].text), digest);
        CU_ASSERT_STRING_EQUAL(zw_sha256_format(digest, hex), vectors[i].digest);
    }
}

static void test_pieces(void)
{
    const char *text = vectors[2].text;
    uint8_t digest[ZW_SHA256_SIZE];
    char hex[ZW_SHA256_HEX_SIZE];

    for (size_t first = 0; first <= strlen(text); first++) {
        struct zw_sha256 *ctx = zw_sha256_new();

        zw_sha256_add(ctx, text, first);
        zw_sha256_add(ctx, text + first, strlen(text) - first);
        zw_sha256_finish(ctx, digest);
        CU_ASSERT_STRING_EQUAL(zw_sha256_format(digest, hex), vectors[2].digest);
    }
}

ZW_TEST_MAIN({"the standard's examples", test_vectors}, {"in pieces as in one", test_pieces})
