/* SPDX-License-Identifier: Apache-2.0 */
/* The blocking client of the control socket, against the real server and against rubbish. */
#include "zw-config.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "controller/control/client.h"
#include "controller/control/json.h"
#include "controller/control/server.h"
#include "tests/unit/control-server.h"
#include "tests/unit/zw-test.h"

static struct zw_test_server server;
static struct zw_request *waiting;

static void handle_big(void *arg, struct zw_request *request, const cJSON *args)
{
    size_t size = (size_t)zw_json_number(args, "size");
    char *text = malloc(size + 1);

    (void)arg;
    memset(text, 'x', size);
    text[size] = '\0';
    zw_request_reply(request, cJSON_CreateString(text));
    free(text);
}

static void handle_bad(void *arg, struct zw_request *request, const cJSON *args)
{
    struct zw_problems problems = ZW_PROBLEMS_INIT;

    (void)arg;
    (void)args;
    zw_problems_add(&problems, "p.yaml", 3, 5, "no such zone");
    zw_problems_add(&problems, NULL, 0, 0, "all of it");
    zw_request_fail(request, EINVAL, &problems, "%d problems", 2);
    zw_problems_clear(&problems);
}

static void handle_later(void *arg, struct zw_request *request, const cJSON *args)
{
    (void)arg;
    (void)args;
    waiting = request;
}

static const struct zw_request_type types[] = {
    {"big", ZW_RIGHT_READ, handle_big, NULL},
    {"bad", ZW_RIGHT_CHANGE, handle_bad, NULL},
    {"later", ZW_RIGHT_READ, handle_later, NULL},
    {NULL, ZW_RIGHT_READ, NULL, NULL},
};

struct call {
    const char *verb;
    cJSON *args;
    int timeout_ms;
    struct zw_answer answer;
};

static void make_call(void *call_)
{
    struct call *call = call_;
    zw_control_call(server.run_dir, call->verb, call->args, call->timeout_ms, &call->answer);
}

static void test_client(void)
{
    struct call call = {.verb = "big", .args = cJSON_Parse("{\"size\":3000000}"), .timeout_ms = 20000};

    zw_test_server_start(&server, types, NULL, NULL);
    zw_test_run_client(&server, make_call, &call);
    CU_ASSERT_EQUAL(call.answer.status, ZW_ANSWER_OK);
    CU_ASSERT_EQUAL(strlen(cJSON_GetStringValue(call.answer.result)), 3000000);
    zw_answer_clear(&call.answer);

    call = (struct call){.verb = "bad", .timeout_ms = 20000};
    zw_test_run_client(&server, make_call, &call);
    CU_ASSERT_EQUAL(call.answer.status, ZW_ANSWER_ERROR);
    CU_ASSERT_EQUAL(call.answer.error, EINVAL);
    CU_ASSERT_STRING_EQUAL(call.answer.text, "2 problems");
    CU_ASSERT_EQUAL(call.answer.problems.n, 2);
    char *text = zw_problems_format(&call.answer.problems);
    CU_ASSERT_STRING_EQUAL(text, "p.yaml:3:5: no such zone\nall of it\n");
    free(text);
    zw_answer_clear(&call.answer);

    call = (struct call){.verb = "later", .timeout_ms = 50};
    zw_test_run_client(&server, make_call, &call);
    CU_ASSERT_EQUAL(call.answer.status, ZW_ANSWER_UNREACHABLE);
    CU_ASSERT_EQUAL(call.answer.error, ETIMEDOUT);
    zw_answer_clear(&call.answer);
    zw_request_reply(waiting, NULL);
    zw_test_server_stop(&server);
}

static void test_client_without_daemon(void)
{
    struct zw_answer answer;

    zw_control_call("/nonexistent", "status", NULL, 1000, &answer);
    CU_ASSERT_EQUAL(answer.status, ZW_ANSWER_UNREACHABLE);
    CU_ASSERT_PTR_NOT_NULL(strstr(answer.text, "zonewardd is not running"));
    zw_answer_clear(&answer);
}

/* A daemon that answers 'arg', whatever is asked. */
static const char *odd_answer;
static void *answer_oddly(void *fd_)
{
    int fd = accept(*(int *)fd_, NULL, NULL);
    char buffer[4096];

    if (fd >= 0 && recv(fd, buffer, sizeof buffer, 0) > 0) {
        send(fd, odd_answer, strlen(odd_answer), MSG_NOSIGNAL);
    }
    close(fd);
    return NULL;
}

static void ask_odd_daemon(const char *answer_text, struct zw_answer *answer)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    char dir[] = "/tmp/zw-test-control-XXXXXX";
    pthread_t thread;
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    odd_answer = answer_text;
    CU_ASSERT_PTR_NOT_NULL(mkdtemp(dir));
    snprintf(address.sun_path, sizeof address.sun_path, "%s/%s", dir, ZW_CONTROL_SOCKET);
    CU_ASSERT_EQUAL(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    CU_ASSERT_EQUAL(listen(fd, 1), 0);
    CU_ASSERT_EQUAL(pthread_create(&thread, NULL, answer_oddly, &fd), 0);
    zw_control_call(dir, "status", NULL, 5000, answer);
    pthread_join(thread, NULL);
    close(fd);
    unlink(address.sun_path);
    rmdir(dir);
}

static void test_client_and_odd_answers(void)
{
    static const char *const texts[] = {
        "", "half", "rubbish\n", "{}\n", "[]\n", "{\"ok\":1}\n", "{\"ok\":true}{}\n", "null\n",
    };
    struct zw_answer answer;

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        ask_odd_daemon(texts[i], &answer);
        CU_ASSERT_EQUAL(answer.status, ZW_ANSWER_UNREACHABLE);
        CU_ASSERT_PTR_NOT_NULL(answer.text);
        zw_answer_clear(&answer);
    }
    ask_odd_daemon("{\"ok\":false,\"error\":{\"code\":\"strange\",\"text\":5}}\n", &answer);
    CU_ASSERT_EQUAL(answer.status, ZW_ANSWER_ERROR);
    CU_ASSERT_EQUAL(answer.error, EIO);
    zw_answer_clear(&answer);
}

ZW_TEST_MAIN({"answers, and errors with their problems", test_client},
             {"without a daemon it says so", test_client_without_daemon},
             {"answers that are none", test_client_and_odd_answers})
