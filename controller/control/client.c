/* SPDX-License-Identifier: Apache-2.0 */
#include "zw-config.h"

#include "controller/control/client.h"

#include <errno.h>
#include <grp.h>
#include <poll.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "controller/control/json.h"

struct buffer {
    char *data;
    size_t size, capacity;
};

static void set_error(struct zw_answer *answer, enum zw_answer_status status, int error, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

static void set_error(struct zw_answer *answer, enum zw_answer_status status, int error, const char *format, ...)
{
    va_list args;

    answer->status = status;
    answer->error = error;
    va_start(args, format);
    if (vasprintf(&answer->text, format, args) < 0) {
        answer->text = NULL;
    }
    va_end(args);
}

/* Connecting. */

static void explain_permission(const char *path, struct zw_answer *answer)
{
    struct stat st;
    struct group *group;

    if (stat(path, &st)) {
        set_error(answer, ZW_ANSWER_DENIED, EACCES, "%s: %s; try as root", path, strerror(errno));
    } else if (st.st_gid && (group = getgrgid(st.st_gid))) {
        set_error(answer, ZW_ANSWER_DENIED, EACCES, "%s: only root and members of group \"%s\" may ask the daemon",
                  path, group->gr_name);
    } else {
        set_error(answer, ZW_ANSWER_DENIED, EACCES, "%s: only root may ask the daemon", path);
    }
}

static void explain_connect(const char *path, int error, struct zw_answer *answer)
{
    if (error == EACCES || error == EPERM) {
        explain_permission(path, answer);
    } else if (error == ENOENT || error == ECONNREFUSED) {
        set_error(answer, ZW_ANSWER_UNREACHABLE, error,
                  "zonewardd is not running: nobody listens at %s (start it with \"systemctl start zonewardd\", or "
                  "name its run directory with --run-dir)",
                  path);
    } else if (error == EAGAIN) {
        set_error(answer, ZW_ANSWER_UNREACHABLE, ETIMEDOUT, "zonewardd accepts nobody at %s in time", path);
    } else {
        set_error(answer, ZW_ANSWER_UNREACHABLE, error, "%s: %s", path, strerror(error));
    }
}

/* The connected socket, or -1. */
static int open_connection(const char *run_dir, int timeout_ms, struct zw_answer *answer)
{
    struct timeval tv = {.tv_sec = timeout_ms / 1000, .tv_usec = timeout_ms % 1000 * 1000};
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int n = snprintf(address.sun_path, sizeof address.sun_path, "%s/%s", run_dir, ZW_CONTROL_SOCKET);

    if (n < 0 || (size_t)n >= sizeof address.sun_path) {
        set_error(answer, ZW_ANSWER_UNREACHABLE, ENAMETOOLONG, "%s: is too long for the directory of a socket",
                  run_dir);
        return -1;
    }
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0) {
        setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof tv); /* For connect(2) to a full backlog. */
    }
    if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address)) {
        explain_connect(address.sun_path, errno, answer);
        if (fd >= 0) {
            close(fd);
        }
        return -1;
    }
    return fd;
}

/* Sending and receiving. */

static int64_t now_ms(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* 0, ETIMEDOUT or another errno. */
static int wait_for(int fd, short events, int64_t deadline_ms)
{
    for (;;) {
        int64_t left_ms = deadline_ms - now_ms();
        struct pollfd pfd = {.fd = fd, .events = events};
        int n = left_ms > 0 ? poll(&pfd, 1, (int)left_ms) : 0;
        if (n > 0) {
            return 0;
        } else if (!n) {
            return ETIMEDOUT;
        } else if (errno != EINTR) {
            return errno;
        }
    }
}

/* What sendmsg(2) says; the peer gets a copy of 'file' with the first byte, unless it is -1. */
static ssize_t send_some(int fd, const char *data, size_t size, int file)
{
    union {
        struct cmsghdr header;
        char room[CMSG_SPACE(sizeof(int))];
    } control = {.room = {0}};
    struct iovec iov = {.iov_base = (char *)data, .iov_len = size};
    struct msghdr message = {.msg_iov = &iov, .msg_iovlen = 1};

    if (file >= 0) {
        message.msg_control = &control;
        message.msg_controllen = sizeof control;
        control.header =
            (struct cmsghdr){.cmsg_len = CMSG_LEN(sizeof file), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS};
        memcpy(CMSG_DATA(&control.header), &file, sizeof file);
    }
    return sendmsg(fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
}

static int send_all(int fd, const char *data, size_t size, int file, int64_t deadline_ms)
{
    while (size) {
        ssize_t n = send_some(fd, data, size, file);
        if (n > 0) {
            data += n;
            size -= (size_t)n;
            file = -1;
        } else if (errno == EAGAIN || errno == EINTR) {
            int error = wait_for(fd, POLLOUT, deadline_ms);
            if (error) {
                return error;
            }
        } else {
            return errno;
        }
    }
    return 0;
}

static bool reserve(struct buffer *buffer)
{
    if (buffer->capacity - buffer->size < 65536) {
        size_t capacity = 2 * buffer->capacity + 131072;
        char *data = realloc(buffer->data, capacity);
        if (!data) {
            return false;
        }
        buffer->data = data;
        buffer->capacity = capacity;
    }
    return true;
}

/* Reads up to a newline, which becomes the terminating NUL.  0, EPIPE if the peer closes first, or another errno. */
static int receive_line(int fd, struct buffer *buffer, int64_t deadline_ms)
{
    for (;;) {
        int error = wait_for(fd, POLLIN, deadline_ms);
        if (error) {
            return error;
        } else if (!reserve(buffer)) {
            return ENOMEM;
        } else if (buffer->size > ZW_CONTROL_MAX_ANSWER) {
            return EMSGSIZE;
        }
        ssize_t n = recv(fd, buffer->data + buffer->size, buffer->capacity - buffer->size, MSG_DONTWAIT);
        if (n < 0 && (errno == EINTR || errno == EAGAIN)) {
            continue;
        } else if (n <= 0) {
            return n ? errno : EPIPE;
        }
        char *end = memchr(buffer->data + buffer->size, '\n', (size_t)n);
        buffer->size += (size_t)n;
        if (end) {
            *end = '\0';
            buffer->size = (size_t)(end - buffer->data);
            return 0;
        }
    }
}

/* One line there, one line back.  A daemon that does not like the request may answer before it has read it all. */
static int exchange(int fd, const char *request, int file, int64_t deadline_ms, struct buffer *buffer)
{
    int error = send_all(fd, request, strlen(request), file, deadline_ms);

    if (!error) {
        error = send_all(fd, "\n", 1, -1, deadline_ms);
    }
    if (!error || error == EPIPE || error == ECONNRESET) {
        error = receive_line(fd, buffer, deadline_ms);
    }
    return error;
}

/* The answer. */

static void read_error(const cJSON *json, struct zw_answer *answer)
{
    const cJSON *object = cJSON_GetObjectItemCaseSensitive(json, "error");
    const char *code = zw_json_string(object, "code");
    const char *text = zw_json_string(object, "text");
    int error = zw_control_error_number(code ? code : "failed");

    set_error(answer, error == EACCES ? ZW_ANSWER_DENIED : ZW_ANSWER_ERROR, error, "%s",
              text ? text : "the daemon does not say why");
    zw_json_problems_read(cJSON_GetObjectItemCaseSensitive(object, "problems"), &answer->problems);
}

static void read_answer(const struct buffer *buffer, struct zw_answer *answer)
{
    const char *why;
    cJSON *json = zw_json_parse(buffer->data, buffer->size, &why);
    const cJSON *ok = cJSON_GetObjectItemCaseSensitive(json, "ok");

    if (cJSON_IsTrue(ok)) {
        answer->result = cJSON_DetachItemFromObjectCaseSensitive(json, "result");
    } else if (cJSON_IsFalse(ok)) {
        read_error(json, answer);
    } else {
        set_error(answer, ZW_ANSWER_UNREACHABLE, EBADMSG, "the daemon's answer cannot be read: %s",
                  why ? why : "it does not say whether all is well");
    }
    cJSON_Delete(json);
}

static char *print_request(const char *verb, cJSON *args)
{
    cJSON *request = cJSON_CreateObject();
    char *text;

    cJSON_AddNumberToObject(request, "v", ZW_CONTROL_VERSION);
    cJSON_AddStringToObject(request, "verb", verb);
    cJSON_AddItemToObject(request, "args", args ? args : cJSON_CreateObject());
    text = cJSON_PrintUnformatted(request);
    cJSON_Delete(request);
    return text;
}

static void explain_exchange(int error, int timeout_ms, struct zw_answer *answer)
{
    if (error == ETIMEDOUT) {
        set_error(answer, ZW_ANSWER_UNREACHABLE, error, "the daemon did not answer within %d s", timeout_ms / 1000);
    } else if (error == EPIPE || error == ECONNRESET) {
        set_error(answer, ZW_ANSWER_UNREACHABLE, error, "the daemon closed the connection without an answer");
    } else {
        set_error(answer, ZW_ANSWER_UNREACHABLE, error, "the daemon cannot be asked: %s", strerror(error));
    }
}

void zw_control_call_with(const char *run_dir, const char *verb, cJSON *args, int file, int timeout_ms,
                          struct zw_answer *answer)
{
    struct buffer buffer = {.data = NULL};
    char *request = print_request(verb, args);
    int64_t deadline_ms = now_ms() + timeout_ms;

    *answer = (struct zw_answer){.status = ZW_ANSWER_OK};
    int fd = open_connection(run_dir, timeout_ms, answer);
    if (fd >= 0) {
        int error = request ? exchange(fd, request, file, deadline_ms, &buffer) : ENOMEM;
        if (error) {
            explain_exchange(error, timeout_ms, answer);
        } else {
            read_answer(&buffer, answer);
        }
        close(fd);
    }
    free(buffer.data);
    cJSON_free(request);
}

void zw_control_call(const char *run_dir, const char *verb, cJSON *args, int timeout_ms, struct zw_answer *answer)
{
    zw_control_call_with(run_dir, verb, args, -1, timeout_ms, answer);
}

void zw_answer_clear(struct zw_answer *answer)
{
    cJSON_Delete(answer->result);
    free(answer->text);
    zw_problems_clear(&answer->problems);
}
