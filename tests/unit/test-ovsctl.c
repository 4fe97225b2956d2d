/* SPDX-License-Identifier: Apache-2.0 */
#include "zw-config.h"

#include "ovs-ext/ovsdb.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ovs-ext/ovsctl.h"
#include "tests/unit/ovsdb-fixture.h"
#include "tests/unit/zw-test.h"

/* What became of a call. */
struct answer {
    unsigned int n_done;
    char *text, *error;
};

static struct zw_ovsdb *ovsdb;
static char fake_path[128];

static void start(void)
{
    fixture_create();
    fixture_start_server();
    snprintf(fake_path, sizeof fake_path, "%s/fake.ctl", fixture_dir());
    CU_ASSERT_EQUAL_FATAL(zw_ovsdb_start(fixture_remote(), NULL, 0, &ovsdb), 0);
}

static void stop(void)
{
    zw_ovsdb_stop(ovsdb);
    ovsdb = NULL;
    fixture_stop_fake();
    fixture_destroy();
}

static void done(void *answer_, const char *text, const char *error)
{
    struct answer *answer = answer_;

    answer->n_done++;
    answer->text = text ? strdup(text) : NULL;
    answer->error = error ? strdup(error) : NULL;
}

static void clear(struct answer *answer)
{
    free(answer->text);
    free(answer->error);
    memset(answer, 0, sizeof *answer);
}

static void wait_for_answer(const struct answer *answer)
{
    struct pollfd pfd = {.fd = zw_ovsdb_fd(ovsdb), .events = POLLIN};
    long long deadline = fixture_now_ms() + FIXTURE_TIMEOUT_MS;

    while (!answer->n_done && fixture_now_ms() < deadline) {
        poll(&pfd, 1, 100);
        zw_inventory_unref(zw_ovsdb_take(ovsdb));
        zw_ovsdb_run_replies(ovsdb);
    }
    CU_ASSERT_EQUAL(answer->n_done, 1);
}

static void call(struct answer *answer, const char *path, const char *command, const char *arg, int timeout_ms)
{
    memset(answer, 0, sizeof *answer);
    CU_ASSERT_EQUAL_FATAL(zw_ovsdb_call(ovsdb, path, command, &arg, arg != NULL, timeout_ms, done, answer), 0);
    wait_for_answer(answer);
}

static bool has_error(const struct answer *answer, const char *text)
{
    if (answer->text || !answer->error || !strstr(answer->error, text)) {
        printf("# expected error: %s; got: %s\n", text, answer->error ? answer->error : "none");
        return false;
    }
    return true;
}

/* ovsdb-server has the same kind of control socket as vswitchd. */
static void test_real_server(void)
{
    struct answer answer;

    start();
    call(&answer, fixture_ctl(), "version", NULL, FIXTURE_TIMEOUT_MS);
    CU_ASSERT_TRUE(answer.text && strstr(answer.text, "Open vSwitch"));
    CU_ASSERT_PTR_NULL(answer.error);
    clear(&answer);
    call(&answer, fixture_ctl(), "list-commands", NULL, FIXTURE_TIMEOUT_MS);
    CU_ASSERT_TRUE(answer.text && strstr(answer.text, "vlog/set"));
    clear(&answer);
    call(&answer, fixture_ctl(), "vlog/set", "console:nonsense", FIXTURE_TIMEOUT_MS);
    CU_ASSERT_TRUE(has_error(&answer, "vlog/set: "));
    clear(&answer);
    call(&answer, fixture_ctl(), "no/such-command", NULL, FIXTURE_TIMEOUT_MS);
    CU_ASSERT_TRUE(has_error(&answer, "no/such-command: \"no/such-command\" is not a valid command"));
    CU_ASSERT_PTR_NULL(strchr(answer.error, '\n'));
    clear(&answer);
    stop();
}

static void write_pid(const char *text)
{
    char path[128];

    snprintf(path, sizeof path, "%s/ovs-vswitchd.pid", fixture_dir());
    FILE *file = fopen(path, "w");
    fputs(text, file);
    fclose(file);
}

static void test_run_directory(void)
{
    struct answer answer;
    char path[128];

    start();
    call(&answer, fixture_dir(), "version", NULL, FIXTURE_TIMEOUT_MS);
    CU_ASSERT_TRUE(has_error(&answer, "vswitchd does not run: "));
    CU_ASSERT_TRUE(has_error(&answer, "/ovs-vswitchd.pid: No such file or directory"));
    clear(&answer);
    write_pid("nonsense\n");
    call(&answer, fixture_dir(), "version", NULL, FIXTURE_TIMEOUT_MS);
    CU_ASSERT_TRUE(has_error(&answer, "vswitchd does not run: "));
    clear(&answer);
    write_pid("4242\n");
    call(&answer, fixture_dir(), "version", NULL, FIXTURE_TIMEOUT_MS);
    CU_ASSERT_TRUE(has_error(&answer, "ovs-vswitchd.4242.ctl: No such file or directory"));
    CU_ASSERT_TRUE(has_error(&answer, "vswitchd does not answer on /"));
    clear(&answer);
    snprintf(path, sizeof path, "%s/ovs-vswitchd.4242.ctl", fixture_dir());
    CU_ASSERT_EQUAL(symlink(fixture_ctl(), path), 0);
    call(&answer, fixture_dir(), "version", NULL, FIXTURE_TIMEOUT_MS);
    CU_ASSERT_PTR_NOT_NULL(answer.text);
    clear(&answer);
    stop();
}

static void test_bad_peers(void)
{
    static const struct {
        const char *answer;
        bool hang_up;
        const char *error;
    } peers[] = {
        {"", true, "closed the connection"},
        {"", false, "no answer within 300 ms"},
        {"{\"id\":@,", true, "closed the connection"},
        {"rubbish ", false, "Protocol error"},
        {"[]", false, "Protocol error"},
        {"{}", false, "Protocol error"},
        {"{\"id\":@,\"result\":7,\"error\":null}", false, "malformed answer"},
        {"{\"id\":@,\"result\":null,\"error\":{}}", false, "malformed answer"},
        {"{\"id\":@1,\"result\":\"x\",\"error\":null}", false, "malformed answer"},
        {"{\"id\":null,\"method\":\"x\",\"params\":[]}", false, "malformed answer"},
        {"{\"id\":@,\"result\":null,\"error\":\"not now\\n\"}", false, "version: not now"},
    };
    struct answer answer;

    start();
    for (size_t i = 0; i < sizeof peers / sizeof peers[0]; i++) {
        fixture_start_fake(fake_path, peers[i].answer, peers[i].hang_up);
        call(&answer, fake_path, "version", NULL, peers[i].answer[0] || peers[i].hang_up ? FIXTURE_TIMEOUT_MS : 300);
        CU_ASSERT_TRUE(has_error(&answer, peers[i].error));
        clear(&answer);
        fixture_stop_fake();
    }
    call(&answer, fake_path, "version", NULL, FIXTURE_TIMEOUT_MS);
    CU_ASSERT_TRUE(has_error(&answer, "Connection refused"));
    clear(&answer);
    stop();
}

/* An answer whose text has 'n' bytes.  The caller's. */
static char *answer_of_size(size_t n)
{
    static const char head[] = "{\"id\":@,\"error\":null,\"result\":\"", tail[] = "\"}";
    char *text = malloc(n + sizeof head + sizeof tail);

    strcpy(text, head);
    memset(text + strlen(head), 'x', n);
    strcpy(text + strlen(head) + n, tail);
    return text;
}

static void test_large_answers(void)
{
    char *large = answer_of_size(4 << 20), *too_large = answer_of_size(ZW_OVSCTL_MAX_REPLY_SIZE + (1 << 20));
    struct answer answer;

    start();
    fixture_start_fake(fake_path, large, false);
    call(&answer, fake_path, "dump", NULL, FIXTURE_TIMEOUT_MS);
    CU_ASSERT_TRUE(answer.text && strlen(answer.text) == 4 << 20);
    clear(&answer);
    fixture_stop_fake();
    fixture_start_fake(fake_path, too_large, false);
    call(&answer, fake_path, "dump", NULL, 4 * FIXTURE_TIMEOUT_MS);
    CU_ASSERT_TRUE(has_error(&answer, "dump: the answer is larger than 256 MiB"));
    clear(&answer);
    stop();
    free(large);
    free(too_large);
}

static void test_many_calls(void)
{
    struct answer answers[ZW_OVSDB_MAX_CALLS], more = {0};

    start();
    memset(answers, 0, sizeof answers);
    for (int i = 0; i < ZW_OVSDB_MAX_CALLS; i++) {
        CU_ASSERT_EQUAL(zw_ovsdb_call(ovsdb, fixture_ctl(), "version", NULL, 0, FIXTURE_TIMEOUT_MS, done, &answers[i]),
                        0);
    }
    CU_ASSERT_EQUAL(zw_ovsdb_call(ovsdb, fixture_ctl(), "version", NULL, 0, 1000, done, &more), EBUSY);
    for (int i = 0; i < ZW_OVSDB_MAX_CALLS; i++) {
        wait_for_answer(&answers[i]);
        CU_ASSERT_PTR_NOT_NULL(answers[i].text);
        clear(&answers[i]);
    }
    CU_ASSERT_EQUAL(more.n_done, 0);
    call(&more, fixture_ctl(), "version", NULL, FIXTURE_TIMEOUT_MS);
    CU_ASSERT_PTR_NOT_NULL(more.text);
    clear(&more);
    CU_ASSERT_EQUAL(zw_ovsdb_call(ovsdb, "relative", "version", NULL, 0, 1000, done, &more), EINVAL);
    stop();
}

static int call_error;

/* A callback that calls again. */
static void done_and_again(void *answer, const char *text, const char *error)
{
    call_error = zw_ovsdb_call(ovsdb, fixture_ctl(), "version", NULL, 0, FIXTURE_TIMEOUT_MS, done, answer);
}

static void test_call_from_callback(void)
{
    struct answer answer = {0};

    start();
    CU_ASSERT_EQUAL(
        zw_ovsdb_call(ovsdb, fixture_ctl(), "version", NULL, 0, FIXTURE_TIMEOUT_MS, done_and_again, &answer), 0);
    wait_for_answer(&answer);
    CU_ASSERT_EQUAL(call_error, 0);
    CU_ASSERT_PTR_NOT_NULL(answer.text);
    clear(&answer);
    stop();
}

/* Every call ends in its callback, once, also when the daemon stops. */
static void test_stop_ends_calls(void)
{
    struct answer answers[3] = {{0}}, again = {0};

    start();
    fixture_start_fake(fake_path, "", false);
    for (int i = 0; i < 3; i++) {
        CU_ASSERT_EQUAL(zw_ovsdb_call(ovsdb, fake_path, "version", NULL, 0, 1000000, done, &answers[i]), 0);
    }
    CU_ASSERT_EQUAL(zw_ovsdb_call(ovsdb, fake_path, "version", NULL, 0, 1000000, done_and_again, &again), 0);
    stop();
    for (int i = 0; i < 3; i++) {
        CU_ASSERT_EQUAL(answers[i].n_done, 1);
        CU_ASSERT_TRUE(has_error(&answers[i], "stopping"));
        clear(&answers[i]);
    }
    CU_ASSERT_EQUAL(call_error, ECANCELED);
}

ZW_TEST_MAIN({"a real control socket", test_real_server}, {"a run directory names the socket", test_run_directory},
             {"bad peers", test_bad_peers}, {"large answers", test_large_answers},
             {"many calls at a time", test_many_calls}, {"a call from a callback", test_call_from_callback},
             {"stopping ends all calls", test_stop_ends_calls})
