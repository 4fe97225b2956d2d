/* SPDX-License-Identifier: Apache-2.0 */
/* A file comes to the request that it was sent with, and is closed with it, whatever comes of that. */
#include "zw-config.h"

#include <dirent.h>
#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "controller/base/file.h"
#include "controller/control/client.h"
#include "controller/control/json.h"
#include "tests/unit/control-server.h"
#include "tests/unit/zw-test.h"

#define WAIT_ROUNDS 5000 /* Milliseconds that a test waits for what must come. */

/* Answers with what is in the file; null: none came. */
static void handle_read(void *arg, struct zw_request *request, const cJSON *args)
{
    char *text = NULL;
    size_t size;

    (void)arg;
    (void)args;
    if (zw_request_file(request) < 0) {
        zw_request_reply(request, cJSON_CreateNull());
    } else if (zw_file_sealed_size(zw_request_file(request), &size) ||
               zw_file_read_part(zw_request_file(request), 0, size, &text)) {
        zw_request_fail(request, EINVAL, NULL, "not sealed");
    } else {
        zw_request_reply(request, cJSON_CreateString(text));
    }
    free(text);
}

static const struct zw_request_type types[] = {{"read", ZW_RIGHT_READ, handle_read, NULL},
                                               {NULL, ZW_RIGHT_READ, NULL, NULL}};

static struct zw_test_server server;

static int sealed(const char *text)
{
    const struct iovec part = {.iov_base = (char *)text, .iov_len = strlen(text)};

    return zw_file_seal(&part, 1);
}

static size_t count_files(void)
{
    DIR *dir = opendir("/proc/self/fd");
    size_t n = 0;

    while (readdir(dir)) {
        n++;
    }
    closedir(dir);
    return n;
}

static int connect_raw(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    strcpy(address.sun_path, server.path);
    CU_ASSERT_EQUAL_FATAL(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    fcntl(fd, F_SETFL, O_NONBLOCK);
    return fd;
}

/* 'data' with copies of n files, which are closed here. */
static void send_with(int fd, const char *data, const int *files, size_t n)
{
    union {
        struct cmsghdr header;
        char room[CMSG_SPACE(4 * sizeof(int))];
    } control = {.room = {0}};
    struct iovec iov = {.iov_base = (char *)data, .iov_len = strlen(data)};
    struct msghdr message = {.msg_iov = &iov, .msg_iovlen = 1};

    if (n) {
        message.msg_control = &control;
        message.msg_controllen = CMSG_SPACE(n * sizeof(int));
        control.header =
            (struct cmsghdr){.cmsg_len = CMSG_LEN(n * sizeof(int)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS};
        memcpy(CMSG_DATA(&control.header), files, n * sizeof(int));
    }
    CU_ASSERT_EQUAL(sendmsg(fd, &message, MSG_NOSIGNAL), (ssize_t)strlen(data));
    for (size_t i = 0; i < n; i++) {
        close(files[i]);
    }
}

/* The next answer, or "" if the server closed the connection.  Static storage. */
static const char *answer(int fd)
{
    static char line[4096];
    size_t size = 0;

    for (int i = 0; i < WAIT_ROUNDS && size < sizeof line - 1;) {
        ssize_t n = recv(fd, line + size, 1, 0);

        if (n < 0 && errno == EAGAIN) {
            zw_test_pump(&server);
            i++;
        } else if (n <= 0 || line[size++] == '\n') {
            break;
        }
    }
    line[size] = '\0';
    return line;
}

#define READ "{\"v\":1,\"verb\":\"read\"}\n"

/* All of it came at once, and the second one has the file. */
static void test_whose_it_is(void)
{
    zw_test_server_start(&server, types, NULL, NULL);
    size_t n_files = count_files();
    int fd = connect_raw(), first = sealed("first"), second = sealed("second");

    send_with(fd, READ, NULL, 0);
    send_with(fd, READ, &first, 1);
    send_with(fd, READ, NULL, 0);
    send_with(fd, READ, &second, 1);
    CU_ASSERT_PTR_NOT_NULL(strstr(answer(fd), ":null"));
    CU_ASSERT_PTR_NOT_NULL(strstr(answer(fd), "\"first\""));
    CU_ASSERT_PTR_NOT_NULL(strstr(answer(fd), ":null"));
    CU_ASSERT_PTR_NOT_NULL(strstr(answer(fd), "\"second\""));
    /* With the first part of a request, and with its end. */
    first = sealed("third");
    send_with(fd, "{\"v\":1,", &first, 1);
    zw_test_pump(&server);
    send_with(fd, "\"verb\":\"read\"}\n", NULL, 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(answer(fd), "\"third\""));
    first = sealed("fourth");
    send_with(fd, "{\"v\":1,\"verb\":\"read\"}", NULL, 0);
    zw_test_pump(&server);
    send_with(fd, "\n", &first, 1);
    CU_ASSERT_PTR_NOT_NULL(strstr(answer(fd), "\"fourth\""));
    close(fd);
    for (int i = 0; i < WAIT_ROUNDS && zw_control_status(server.control).n_clients; i++) {
        zw_test_pump(&server);
    }
    CU_ASSERT_EQUAL(count_files(), n_files);
    zw_test_server_stop(&server);
}

/* Two files, a file with what is no request, one that nobody asks for and a client that goes: none stays open. */
static void test_unwanted(void)
{
    zw_test_server_start(&server, types, NULL, NULL);
    size_t n_files = count_files();

    for (size_t n = 2; n <= 4; n++) {
        int fd = connect_raw(), files[4];

        for (size_t i = 0; i < n; i++) {
            files[i] = sealed("one of several");
        }
        send_with(fd, READ, files, n);
        CU_ASSERT_PTR_NOT_NULL(strstr(answer(fd), "no more than one file"));
        CU_ASSERT_STRING_EQUAL(answer(fd), "");
        close(fd);
    }
    static const char *const bad[] = {"{\"v\":1}\n", "{\"v\":1,\"verb\":\"none\"}\n", "no JSON\n", "{"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        int fd = connect_raw(), file = sealed("for nobody");

        send_with(fd, bad[i], &file, 1);
        shutdown(fd, SHUT_WR);
        CU_ASSERT_PTR_NOT_NULL(strstr(answer(fd), "\"ok\":false"));
        close(fd);
    }
    for (int i = 0; i < WAIT_ROUNDS && zw_control_status(server.control).n_clients; i++) {
        zw_test_pump(&server);
    }
    CU_ASSERT_EQUAL(zw_control_status(server.control).n_clients, 0);
    CU_ASSERT_EQUAL(count_files(), n_files);
    zw_test_server_stop(&server);
}

static void call(void *answer)
{
    int file = sealed("by the client");

    zw_control_call_with(server.run_dir, "read", NULL, file, 10000, answer);
    close(file);
}

static void test_client(void)
{
    struct zw_answer got;

    zw_test_server_start(&server, types, NULL, NULL);
    zw_test_run_client(&server, call, &got);
    CU_ASSERT_EQUAL(got.status, ZW_ANSWER_OK);
    CU_ASSERT_STRING_EQUAL(cJSON_GetStringValue(got.result), "by the client");
    zw_answer_clear(&got);
    zw_test_server_stop(&server);
}

ZW_TEST_MAIN({"a file belongs to the request that it came with", test_whose_it_is},
             {"what nobody wants is closed", test_unwanted}, {"the client sends one", test_client})
