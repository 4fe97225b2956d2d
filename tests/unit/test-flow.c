/* SPDX-License-Identifier: Apache-2.0 */
#include "zw-config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ovs-ext/flow.h"
#include "tests/unit/flow-samples.h"
#include "tests/unit/zw-test.h"

/* What follows the priority of a formatted flow. */
static const char *rest(const char *format)
{
    const char *p = strstr(format, "priority=");

    return p ? p + strlen("priority=") + strspn(p + strlen("priority="), "0123456789") : format;
}

static void check_format(struct zw_flow *flow, const char *expected)
{
    char *format = zw_flow_format(flow);

    CU_ASSERT_STRING_EQUAL(rest(format), expected);
    if (strcmp(rest(format), expected)) {
        printf("# is  %s\n# not %s\n", rest(format), expected);
    }
    free(format);
}

static void test_samples(void)
{
    for (size_t i = 0; i < n_flow_samples; i++) {
        struct zw_flow *flow = flow_sample_new(i);

        check_format(flow, flow_samples[i].format);
        zw_flow_free(flow);
    }
}

static void test_clone(void)
{
    for (size_t i = 0; i < n_flow_samples; i++) {
        struct zw_flow *flow = flow_sample_new(i);
        struct zw_flow *clone = zw_flow_clone(flow);

        zw_flow_free(flow);
        CU_ASSERT_EQUAL(zw_flow_stage(clone), flow_samples[i].stage);
        CU_ASSERT_EQUAL(zw_cookie_value(zw_flow_cookie(clone)), i);
        check_format(clone, flow_samples[i].format);
        zw_flow_free(clone);
    }
    zw_flow_free(NULL);
}

static void test_identity(void)
{
    struct zw_flow *flow = zw_flow_new(ZW_STAGE_MACS, 7, zw_cookie(ZW_COOKIE_LEARNED, 3));
    char *format = zw_flow_format(flow);

    CU_ASSERT_STRING_EQUAL(format, "table=5 cookie=0x5a04000000000003 priority=7 actions=drop");
    CU_ASSERT(zw_cookie_is_ours(zw_flow_cookie(flow)));
    CU_ASSERT(!zw_cookie_is_ours(0));
    CU_ASSERT(!zw_flow_is_learned(flow)); /* It has no timeout: we made it, no switch did. */
    free(format);
    zw_flow_free(flow);
}

ZW_TEST_MAIN({"each match and action is written as OVS writes it", test_samples},
             {"a clone is the same and stands by itself", test_clone}, {"stage, priority and cookie", test_identity})
