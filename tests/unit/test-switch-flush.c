/* SPDX-License-Identifier: Apache-2.0 */
/* Sessions that the switch room ends, on a fake switch. */

#include "zw-config.h"

#include <stdio.h>
#include <string.h>

#include "tests/unit/switch-fixture.h"
#include "tests/unit/zw-test.h"

static bool is_idle(const struct fixture *f)
{
    return zw_switch_status(f->sw).state == ZW_SWITCH_IDLE;
}

struct ended {
    unsigned int n;
    char error[100];
};

static struct ended ended;

static void on_ended(void *arg, const char *error)
{
    CU_ASSERT_PTR_EQUAL(arg, &ended);
    ended.n++;
    snprintf(ended.error, sizeof ended.error, "%s", error ? error : "");
}

static bool has_ended(const struct fixture *f)
{
    (void)f;
    return ended.n;
}

static void end_sessions(struct fixture *f, size_t n)
{
    struct zw_ct_entry entry;
    const struct zw_ct_entry *list[ZW_SWITCH_END_MAX];

    CU_ASSERT_EQUAL(zw_ct_parse("tcp,orig=(src=10.1.1.1,dst=10.1.1.2,sport=1,dport=80),"
                                "reply=(src=10.1.1.2,dst=10.1.1.1,sport=80,dport=1),zone=4096",
                                &entry),
                    0);
    for (size_t i = 0; i < n; i++) {
        list[i] = &entry;
    }
    ended = (struct ended){.n = 0};
    zw_switch_end_sessions(f->sw, list, n, on_ended, &ended);
}

static void test_end_sessions(void)
{
    struct fixture f;

    fixture_create(&f);
    fixture_connect(&f);
    end_sessions(&f, 1);
    CU_ASSERT(ended.n == 1 && ended.error[0]); /* Nobody is connected yet. */
    CU_ASSERT(fixture_wait(&f, is_idle));
    end_sessions(&f, ZW_SWITCH_END_MAX);
    fixture_desire(&f, 100, 1); /* Both at once: each has its own barrier. */
    CU_ASSERT(fixture_wait(&f, has_ended));
    CU_ASSERT_STRING_EQUAL(ended.error, "");
    CU_ASSERT_EQUAL(f.fake->n[FAKE_END], ZW_SWITCH_END_MAX);
    CU_ASSERT(fixture_wait(&f, is_in_sync));
    CU_ASSERT_EQUAL(ended.n, 1);
    fixture_destroy(&f);
}

/* An error of theirs is none of the bundle's. */
static void test_end_refused(void)
{
    struct fixture f;

    fixture_create(&f);
    fixture_connect(&f);
    CU_ASSERT(fixture_wait(&f, is_idle));
    f.fake->trick = FAKE_REFUSE;
    f.fake->trick_at = FAKE_END;
    f.fake->trick_nth = 2;
    fixture_desire(&f, 100, 1);
    end_sessions(&f, 3);
    CU_ASSERT(fixture_wait(&f, has_ended));
    CU_ASSERT_STRING_EQUAL(ended.error, "OFPBRC_EPERM");
    CU_ASSERT(fixture_wait(&f, is_in_sync));
    CU_ASSERT_EQUAL(f.n_failed, 0);
    fixture_destroy(&f);
}

static void test_end_unconfirmed(void)
{
    struct fixture f;

    fixture_create(&f);
    fixture_connect(&f);
    CU_ASSERT(fixture_wait(&f, is_idle));
    f.fake->trick = FAKE_CLOSE;
    f.fake->trick_at = FAKE_END;
    end_sessions(&f, 3);
    CU_ASSERT(fixture_wait(&f, has_ended));
    CU_ASSERT(ended.n == 1 && ended.error[0]);
    CU_ASSERT(fixture_wait(&f, is_idle));
    end_sessions(&f, 3);
    fixture_destroy(&f); /* Which tells nobody. */
    CU_ASSERT_EQUAL(ended.n, 0);
}

ZW_TEST_MAIN({"sessions are ended, and the switch confirms it", test_end_sessions},
             {"sessions that the switch does not end", test_end_refused},
             {"sessions whose end nobody confirms", test_end_unconfirmed})
