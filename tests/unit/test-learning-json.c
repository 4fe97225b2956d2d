/* SPDX-License-Identifier: Apache-2.0 */
#include "zw-config.h"

#include "controller/daemon/learning.h"
#include "tests/unit/zw-test.h"

#define LEARNED(BRIDGE, PORT, SEGMENT, ADDRESS, SOURCE)                                                               \
    "{\"bridge\":\"" BRIDGE "\",\"port\":\"" PORT "\",\"owner\":\"o\",\"segment\":" SEGMENT ",\"address\":\"" ADDRESS \
    "\",\"source\":\"" SOURCE "\",\"until_us\":0}"

/* The compiler would make one flow twice of it, or give one address to two ports. */
static void test_json_twice(void)
{
    static const char *const bad[] = {
        "[" LEARNED("br0", "a", "5", "10.0.0.3", "dhcp") "," LEARNED("br0", "a", "5", "10.0.0.3", "dhcp") "]",
        "[" LEARNED("br0", "a", "5", "10.0.0.3", "dhcp") "," LEARNED("br0", "b", "5", "10.0.0.3", "dhcp") "]",
        "[" LEARNED("br0", "a", "5", "10.0.0.3", "dhcp") "," LEARNED("br0", "a", "5", "10.0.0.3", "nd") "]",
        "[" LEARNED("br0", "a", "5", "2001:db8::3", "nd") "," LEARNED("br0", "a", "5", "2001:DB8:0::3", "nd") "]",
        "[" LEARNED("br0", "a", "5", "10.0.0.1", "dhcp") "]", /* It has that already. */
        "[" LEARNED("br0", "a", "5", "224.0.0.1", "dhcp") "]",
    };
    static const char good[] =
        "[" LEARNED("br0", "a", "5", "10.0.0.3", "dhcp") "," /* Segment, address, bridge: each counts. */
        LEARNED("br0", "b", "6", "10.0.0.3", "dhcp") "," LEARNED("br0", "a", "5", "10.0.0.4", "dhcp") "," LEARNED(
            "br1", "a", "5", "10.0.0.3", "dhcp") "]";
    struct zw_learning *read = zw_learning_new();

    CU_ASSERT_FATAL(zw_learning_parse(read, "[" LEARNED("br0", "a", "5", "10.0.0.1", "dhcp") "]"));
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        CU_ASSERT_FALSE(zw_learning_parse(read, bad[i]));
    }
    CU_ASSERT_EQUAL(zw_learning_status(read).n_learned, 1);
    CU_ASSERT(zw_learning_parse(read, good));
    CU_ASSERT_EQUAL(zw_learning_status(read).n_learned, 5);
    zw_learning_free(read);
}

ZW_TEST_MAIN({"an address twice in a segment is none", test_json_twice})
