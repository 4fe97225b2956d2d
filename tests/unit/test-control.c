/* SPDX-License-Identifier: Apache-2.0 */
/* Promise 8 at the control socket: whatever a client sends, or does not, gets one clear error and harms nobody else. */
#include "zw-config.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "controller/control/json.h"
#include "controller/control/server.h"
#include "tests/unit/control-server.h"
#include "tests/unit/zw-test.h"

#define WAIT_ROUNDS 5000 /* Milliseconds that a test waits for what must come. */

/* What the handlers and the admin callback of this file keep. */
struct state {
    struct zw_request *waiting[4];
    size_t n_waiting;
    int n_admin, last_result;
    char last_verb[32], last_text[256];
};

static void handle_echo(void *arg, struct zw_request *request, const cJSON *args)
{
    (void)arg;
    zw_request_reply(request, cJSON_Duplicate(args, true));
}

static void handle_later(void *state_, struct zw_request *request, const cJSON *args)
{
    struct state *state = state_;

    (void)args;
    state->waiting[state->n_waiting++] = request;
}

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
    zw_request_describe(request, "a bad policy");
    zw_request_fail(request, EINVAL, &problems, "%d problems", 2);
    zw_problems_clear(&problems);
}

static const struct zw_request_type types[] = {
    {"echo", ZW_RIGHT_READ, handle_echo, NULL}, {"later", ZW_RIGHT_READ, handle_later, NULL},
    {"big", ZW_RIGHT_READ, handle_big, NULL},   {"change", ZW_RIGHT_CHANGE, handle_echo, NULL},
    {"bad", ZW_RIGHT_CHANGE, handle_bad, NULL}, {"change-later", ZW_RIGHT_CHANGE, handle_later, NULL},
    {NULL, ZW_RIGHT_READ, NULL, NULL},
};

static void on_admin(void *state_, const struct zw_peer *peer, const char *verb, int result, const char *text)
{
    struct state *state = state_;

    CU_ASSERT_EQUAL(peer->pid > 0, true);
    state->n_admin++;
    state->last_result = result;
    snprintf(state->last_verb, sizeof state->last_verb, "%s", verb);
    snprintf(state->last_text, sizeof state->last_text, "%s", text);
}

static struct zw_test_server server;
static struct state state;

static void start(void)
{
    memset(&state, 0, sizeof state);
    zw_test_server_start(&server, types, &state, on_admin);
}

static void stop(void)
{
    zw_test_server_stop(&server);
}

static struct zw_control_status status(void)
{
    return zw_control_status(server.control);
}

/* A client that does what it likes, in the thread of the server. */

static int connect_raw(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    strcpy(address.sun_path, server.path);
    if (connect(fd, (struct sockaddr *)&address, sizeof address)) {
        close(fd);
        return -1;
    }
    fcntl(fd, F_SETFL, O_NONBLOCK);
    zw_test_pump(&server);
    return fd;
}

/* Sends all, or as much as the server takes before it closes. */
static void send_bytes(int fd, const char *data, size_t size)
{
    for (int i = 0; size && i < WAIT_ROUNDS; i++) {
        ssize_t n = send(fd, data, size, MSG_NOSIGNAL);
        if (n > 0) {
            data += n;
            size -= (size_t)n;
        } else if (errno != EAGAIN) {
            return;
        }
        event_base_loop(server.base, EVLOOP_NONBLOCK);
    }
}

static void send_line(int fd, const char *line)
{
    send_bytes(fd, line, strlen(line));
    send_bytes(fd, "\n", 1);
}

/* The next answer; NULL: the server closed the connection, or nothing came. */
static cJSON *read_json(int fd)
{
    static char line[1 << 20];
    size_t size = 0;

    for (int i = 0; i < WAIT_ROUNDS && size < sizeof line;) {
        ssize_t n = recv(fd, line + size, 1, 0);
        if (n < 0 && errno == EAGAIN) {
            zw_test_pump(&server);
            i++;
        } else if (n <= 0) {
            return NULL;
        } else if (line[size++] == '\n') {
            return cJSON_ParseWithLength(line, size);
        }
    }
    return NULL;
}

/* Whether the next answer is an error with this code. */
static bool is_error(int fd, const char *code)
{
    cJSON *json = read_json(fd);
    const cJSON *error = cJSON_GetObjectItemCaseSensitive(json, "error");
    const char *got = zw_json_string(error, "code"), *text = zw_json_string(error, "text");
    bool is = got && !strcmp(got, code) && text && *text && cJSON_IsFalse(cJSON_GetObjectItem(json, "ok"));

    if (!is) {
        printf("# expected error %s, got %s\n", code, got ? got : "nothing");
    }
    cJSON_Delete(json);
    return is;
}

/* Whether the next answer is result {"n":n}. */
static bool is_echo(int fd, int n)
{
    cJSON *json = read_json(fd);
    const cJSON *result = cJSON_GetObjectItemCaseSensitive(json, "result");
    bool is = zw_json_bool(json, "ok") && zw_json_number(result, "n") == n;

    cJSON_Delete(json);
    return is;
}

static bool is_closed(int fd)
{
    char c;

    for (int i = 0; i < WAIT_ROUNDS; i++) {
        ssize_t n = recv(fd, &c, 1, 0);
        if (n > 0) {
            return false;
        } else if (n == 0 || errno != EAGAIN) {
            return true;
        }
        zw_test_pump(&server);
    }
    return false;
}

/* Whether the server still serves: a fresh client gets its answer. */
static bool is_alive(void)
{
    int fd = connect_raw();
    bool alive = fd >= 0;

    send_line(fd, "{\"v\":1,\"verb\":\"echo\",\"args\":{\"n\":7}}");
    alive = alive && is_echo(fd, 7);
    close(fd);
    zw_test_pump(&server);
    return alive;
}

/* The tests. */

static void test_answers_in_order(void)
{
    start();
    int fd = connect_raw();

    send_line(fd, "{\"v\":1,\"verb\":\"later\"}\n{\"v\":1,\"verb\":\"echo\",\"args\":{\"n\":2}}\n"
                  "{\"v\":1,\"verb\":\"later\"}\r\n{\"v\":1,\"verb\":\"echo\",\"args\":{\"n\":4}}");
    for (int i = 0; i < 20; i++) {
        zw_test_pump(&server);
    }
    CU_ASSERT_EQUAL(state.n_waiting, 1);
    zw_request_reply(state.waiting[0], cJSON_Parse("{\"n\":1}"));
    CU_ASSERT(is_echo(fd, 1));
    CU_ASSERT(is_echo(fd, 2));
    while (state.n_waiting < 2) {
        zw_test_pump(&server);
    }
    zw_request_fail(state.waiting[1], EBUSY, NULL, "not now");
    CU_ASSERT(is_error(fd, "in-progress"));
    CU_ASSERT(is_echo(fd, 4));
    CU_ASSERT_EQUAL(status().n_requests, 4);
    close(fd);
    stop();
}

static void test_half_close_still_gets_answers(void)
{
    start();
    int fd = connect_raw();

    send_line(fd, "{\"v\":1,\"verb\":\"echo\",\"args\":{\"n\":1}}\n{\"v\":1,\"verb\":\"echo\",\"args\":{\"n\":2}}");
    shutdown(fd, SHUT_WR);
    CU_ASSERT(is_echo(fd, 1));
    CU_ASSERT(is_echo(fd, 2));
    CU_ASSERT(is_closed(fd));
    close(fd);
    stop();
}

static void test_rubbish_is_answered_once_and_closed(void)
{
    static const char *const lines[] = {
        "GET / HTTP/1.1",
        "",
        "{",
        "\x16\x03\x01\x02",
        "{\"v\":1,\"verb\":\"echo\"} {}",
        "{\"v\":1,\"verb\":\"e\\u0000cho\"}",
    };

    start();
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        int fd = connect_raw();
        send_line(fd, lines[i]);
        CU_ASSERT(is_error(fd, "bad-request"));
        CU_ASSERT(is_closed(fd));
        close(fd);
    }
    int fd = connect_raw();
    send_bytes(fd, "{\"v\":1,\0\"verb\":\"echo\"}\n", 24);
    CU_ASSERT(is_error(fd, "bad-request"));
    CU_ASSERT(is_closed(fd));
    close(fd);
    CU_ASSERT_EQUAL(status().n_bad_requests, sizeof lines / sizeof lines[0] + 1);
    CU_ASSERT(is_alive());
    stop();
}

static void test_random_bytes_stop_nobody(void)
{
    char bytes[512];

    start();
    srandom(1);
    for (int i = 0; i < 200; i++) {
        int fd = connect_raw();
        for (size_t j = 0; j < sizeof bytes; j++) {
            bytes[j] = random() % 8 ? (char)random() : "{}[]\",:\n"[random() % 8];
        }
        send_bytes(fd, bytes, 1 + (size_t)random() % sizeof bytes);
        close(fd);
    }
    CU_ASSERT(is_alive());
    CU_ASSERT_EQUAL(status().n_clients, 0);
    stop();
}

static void test_wrong_requests_keep_the_connection(void)
{
    static const struct {
        const char *line, *code;
    } cases[] = {
        {"[]", "bad-request"},
        {"1", "bad-request"},
        {"{}", "bad-request"},
        {"{\"verb\":\"echo\"}", "bad-request"},
        {"{\"v\":\"1\",\"verb\":\"echo\"}", "bad-request"},
        {"{\"v\":2,\"verb\":\"echo\"}", "version"},
        {"{\"v\":1}", "bad-request"},
        {"{\"v\":1,\"verb\":3}", "bad-request"},
        {"{\"v\":1,\"verb\":\"\"}", "unknown-verb"},
        {"{\"v\":1,\"verb\":\"ECHO\"}", "unknown-verb"},
        {"{\"v\":1,\"verb\":\"echo\",\"args\":[]}", "bad-request"},
        {"{\"v\":1,\"verb\":\"echo\",\"args\":null}", "bad-request"},
    };

    start();
    int fd = connect_raw();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        send_line(fd, cases[i].line);
        CU_ASSERT(is_error(fd, cases[i].code));
    }
    send_line(fd, "{\"v\":1,\"verb\":\"echo\",\"args\":{\"n\":9},\"more\":true}");
    CU_ASSERT(is_echo(fd, 9));
    CU_ASSERT_EQUAL(status().n_bad_requests, sizeof cases / sizeof cases[0]);
    close(fd);
    stop();
}

static void test_deep_nesting(void)
{
    size_t size = 200000;
    char *line = malloc(size + 1);

    start();
    int fd = connect_raw();
    memset(line, '[', size);
    line[size] = '\0';
    send_line(fd, line);
    CU_ASSERT(is_error(fd, "bad-request"));
    CU_ASSERT(is_closed(fd));
    close(fd);
    CU_ASSERT(is_alive());
    free(line);
    stop();
}

static void test_too_long(void)
{
    size_t size = ZW_CONTROL_MAX_REQUEST + 4096;
    char *line = malloc(size);

    start();
    int fd = connect_raw();
    memset(line, ' ', size);
    send_bytes(fd, line, size);
    CU_ASSERT(is_error(fd, "too-long"));
    CU_ASSERT(is_closed(fd));
    close(fd);
    CU_ASSERT(is_alive());
    free(line);
    stop();
}

static void test_longest_request_is_served(void)
{
    const char *request = "{\"v\":1,\"verb\":\"echo\",\"args\":{\"n\":5}}";
    size_t size = 8u << 20;
    char *line = malloc(size + 1);

    start();
    int fd = connect_raw();
    memset(line, ' ', size);
    memcpy(line, request, strlen(request));
    line[size] = '\0';
    send_line(fd, line);
    CU_ASSERT(is_echo(fd, 5));
    close(fd);
    free(line);
    stop();
}

static void test_half_a_request(void)
{
    start();
    zw_control_set_idle_ms(server.control, 50);
    int idle = connect_raw();
    int fd = connect_raw();

    send_bytes(fd, "{\"v\":1,", 7);
    CU_ASSERT(is_error(fd, "timeout"));
    CU_ASSERT(is_closed(fd));
    CU_ASSERT_EQUAL(status().n_timeouts, 1);
    close(fd);

    send_line(idle, "{\"v\":1,\"verb\":\"echo\",\"args\":{\"n\":1}}"); /* Silence alone is no offence. */
    CU_ASSERT(is_echo(idle, 1));
    close(idle);

    fd = connect_raw();
    send_bytes(fd, "{\"v\":1,", 7);
    shutdown(fd, SHUT_WR);
    CU_ASSERT(is_error(fd, "bad-request"));
    CU_ASSERT(is_closed(fd));
    close(fd);
    stop();
}

/* The time runs from the first byte of a request: one more now and then does not help. */
static void test_drop_by_drop(void)
{
    start();
    zw_control_set_idle_ms(server.control, 100);
    int fd = connect_raw();

    for (int i = 0; i < WAIT_ROUNDS && !status().n_timeouts; i++) {
        send_bytes(fd, " ", 1);
        zw_test_pump(&server);
    }
    CU_ASSERT(is_error(fd, "timeout"));
    CU_ASSERT(is_closed(fd));
    close(fd);
    stop();
}

static void test_too_many_clients(void)
{
    int fds[ZW_CONTROL_MAX_CLIENTS];

    start();
    for (size_t i = 0; i < ZW_CONTROL_MAX_CLIENTS; i++) {
        fds[i] = connect_raw();
    }
    CU_ASSERT_EQUAL(status().n_clients, ZW_CONTROL_MAX_CLIENTS);
    int fd = connect_raw();
    CU_ASSERT(is_error(fd, "busy"));
    CU_ASSERT(is_closed(fd));
    CU_ASSERT_EQUAL(status().n_refused, 1);
    close(fd);
    send_line(fds[63], "{\"v\":1,\"verb\":\"echo\",\"args\":{\"n\":63}}");
    CU_ASSERT(is_echo(fds[63], 63));
    for (size_t i = 0; i < ZW_CONTROL_MAX_CLIENTS; i++) {
        close(fds[i]);
    }
    zw_test_pump(&server);
    CU_ASSERT(is_alive());
    CU_ASSERT_EQUAL(status().n_clients, 0);
    stop();
}

static void test_client_that_never_reads(void)
{
    start();
    zw_control_set_idle_ms(server.control, 100);
    int fd = connect_raw();

    for (int i = 0; i < 100; i++) {
        send_line(fd, "{\"v\":1,\"verb\":\"big\",\"args\":{\"size\":4000000}}");
    }
    CU_ASSERT_EQUAL(status().n_requests, 1); /* One answer is held, the other requests wait in the socket. */
    for (int i = 0; i < WAIT_ROUNDS && status().n_clients; i++) {
        zw_test_pump(&server);
    }
    CU_ASSERT_EQUAL(status().n_clients, 0);
    CU_ASSERT_EQUAL(status().n_timeouts, 1);
    CU_ASSERT(is_alive());
    close(fd);
    stop();
}

static void test_client_that_vanishes(void)
{
    start();
    int fd = connect_raw();

    send_line(fd, "{\"v\":1,\"verb\":\"change-later\"}");
    while (!state.n_waiting) {
        zw_test_pump(&server);
    }
    close(fd);
    zw_test_pump(&server);
    zw_request_describe(state.waiting[0], "something");
    zw_request_reply(state.waiting[0], NULL);
    CU_ASSERT_EQUAL(state.n_admin, 1); /* It was done all the same, and the log has it. */
    CU_ASSERT_STRING_EQUAL(state.last_text, "something");
    for (int i = 0; i < WAIT_ROUNDS && status().n_clients; i++) {
        zw_test_pump(&server);
    }
    CU_ASSERT_EQUAL(status().n_clients, 0);
    CU_ASSERT(is_alive());
    stop();
}

static void test_stop_while_a_request_waits(void)
{
    start();
    int fd = connect_raw();

    send_line(fd, "{\"v\":1,\"verb\":\"change-later\"}");
    while (!state.n_waiting) {
        zw_test_pump(&server);
    }
    stop();
    CU_ASSERT_EQUAL(state.n_admin, 1);
    CU_ASSERT_EQUAL(state.last_result, ECANCELED);
    CU_ASSERT_EQUAL(zw_request_peer(state.waiting[0])->uid, getuid());
    zw_request_describe(state.waiting[0], "late");
    zw_request_reply(state.waiting[0], cJSON_CreateObject());
    CU_ASSERT_EQUAL(state.n_admin, 1);
    CU_ASSERT_EQUAL(recv(fd, &(char){0}, 1, 0), 0);
    close(fd);
}

static void test_changes_reach_the_log(void)
{
    start();
    int fd = connect_raw();

    send_line(fd, "{\"v\":1,\"verb\":\"echo\"}");
    CU_ASSERT(is_echo(fd, 0));
    CU_ASSERT_EQUAL(state.n_admin, 0);
    send_line(fd, "{\"v\":1,\"verb\":\"change\",\"args\":{\"n\":1}}");
    CU_ASSERT(is_echo(fd, 1));
    CU_ASSERT_EQUAL(state.n_admin, 1);
    CU_ASSERT_EQUAL(state.last_result, 0);
    CU_ASSERT_STRING_EQUAL(state.last_verb, "change");
    send_line(fd, "{\"v\":1,\"verb\":\"bad\"}");
    CU_ASSERT(is_error(fd, "invalid"));
    CU_ASSERT_EQUAL(state.n_admin, 2);
    CU_ASSERT_EQUAL(state.last_result, EINVAL);
    CU_ASSERT_STRING_EQUAL(state.last_text, "a bad policy: 2 problems");
    close(fd);
    stop();
}

ZW_TEST_MAIN({"requests are answered in order, also those that take time", test_answers_in_order},
             {"a client that has sent everything still gets its answers", test_half_close_still_gets_answers},
             {"rubbish gets one error and the connection closes", test_rubbish_is_answered_once_and_closed},
             {"random bytes stop nobody", test_random_bytes_stop_nobody},
             {"a wrong request gets an error and the connection goes on", test_wrong_requests_keep_the_connection},
             {"deep nesting is refused", test_deep_nesting}, {"a line that is too long is refused", test_too_long},
             {"a long line is served", test_longest_request_is_served},
             {"half a request times out", test_half_a_request},
             {"a request that comes drop by drop times out", test_drop_by_drop},
             {"one client too many is refused and told so", test_too_many_clients},
             {"a client that never reads is bounded and closed", test_client_that_never_reads},
             {"a client that vanishes before its answer", test_client_that_vanishes},
             {"a stop while a request waits", test_stop_while_a_request_waits},
             {"changes, done or failed, reach the log", test_changes_reach_the_log})
