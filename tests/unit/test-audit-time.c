/* SPDX-License-Identifier: Apache-2.0 */
#include "zw-config.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "controller/audit/query.h"
#include "tests/unit/zw-test.h"

#define NOW (INT64_C(1767225600) * 1000000) /* 2026-01-01T00:00:00Z */

static void check(const char *text, int64_t seconds, int64_t us)
{
    int64_t time_us = -1;
    CU_ASSERT(zw_audit_time_parse(text, NOW, &time_us));
    CU_ASSERT_EQUAL(time_us, seconds * 1000000 + us);
    if (time_us != seconds * 1000000 + us) {
        printf("# \"%s\": %lld\n", text, (long long)time_us);
    }
}

static void test_utc(void)
{
    check("1970-01-01Z", 0, 0);
    check("2026-01-31Z", 1769817600, 0);
    check("2026-01-31T10:00Z", 1769853600, 0);
    check("2026-01-31 10:00:05Z", 1769853605, 0);
    check("2026-01-31T10:00:00.5Z", 1769853600, 500000);
    check("2026-01-31T10:00:00,000001Z", 1769853600, 1);
    check("2026-01-31T10:00:00.1234567891Z", 1769853600, 123456);
    check("2024-02-29T23:59:59Z", 1709251199, 0);
}

/* Without Z it is the time of the user's clock, summer time included. */
static void test_local(void)
{
    setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);
    tzset();
    check("2026-01-31T10:00", 1769853600 - 3600, 0);
    check("2026-07-31T10:00", 1785492000 - 7200, 0);
    check("2026-01-31", 1769817600 - 3600, 0);
    setenv("TZ", "UTC", 1);
    tzset();
    check("2026-01-31T10:00", 1769853600, 0);
}

static void test_ago(void)
{
    check("now", NOW / 1000000, 0);
    check("30s", NOW / 1000000 - 30, 0);
    check("10m", NOW / 1000000 - 600, 0);
    check("2h", NOW / 1000000 - 7200, 0);
    check("3d", NOW / 1000000 - 3 * 86400, 0);
    check("1w", NOW / 1000000 - 7 * 86400, 0);
}

static void test_nonsense(void)
{
    static const char *const texts[] = {"",
                                        "yesterday",
                                        "10",
                                        "m",
                                        "-5m",
                                        "5 m",
                                        "5mm",
                                        "5y",
                                        "99999999999999999999d",
                                        "1000000000w",
                                        "15250285w",
                                        "2026",
                                        "2026-01",
                                        "2026-1-1",
                                        "2026-13-01",
                                        "2026-00-01",
                                        "2026-02-30",
                                        "2025-02-29",
                                        "2026-01-32",
                                        "2026-01-31T",
                                        "2026-01-31T10",
                                        "2026-01-31T24:00",
                                        "2026-01-31T10:60",
                                        "2026-01-31T10:00:",
                                        "2026-01-31T10:00:00.",
                                        "2026-01-31T10:00ZZ",
                                        "2026-01-31T10:00+01:00",
                                        "1969-12-31Z",
                                        " 2026-01-31",
                                        "now ",
                                        "NOW"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        int64_t time_us;
        bool ok = zw_audit_time_parse(texts[i], NOW, &time_us);
        CU_ASSERT_FALSE(ok);
        if (ok) {
            printf("# \"%s\" was taken\n", texts[i]);
        }
    }
}

ZW_TEST_MAIN({"dates and times that end in Z are UTC", test_utc}, {"others are local time", test_local},
             {"ages count from now", test_ago}, {"anything else is refused", test_nonsense})
