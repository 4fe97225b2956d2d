/* SPDX-License-Identifier: Apache-2.0 */
#include <config.h>

#include "ovs-ext/ovsctl.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <jsonrpc.h>
#include <openvswitch/json.h>
#include <openvswitch/poll-loop.h>
#include <socket-util.h>
#include <stream.h>
#include <timeval.h>
#include <util.h>

/* How soon to try again a socket whose queue is full. */
#define RETRY_MS 100

struct zw_ovsctl {
    char *socket; /* As given. */
    char *path;   /* The socket itself, once known. */
    char *command;
    struct json *args;
    int timeout_ms;
    long long int deadline, retry_at;

    struct stream *stream; /* While connecting. */
    struct jsonrpc *rpc;   /* Once connected. */
    struct json *request_id;

    char *text, *error; /* The end. */
};

struct zw_ovsctl *zw_ovsctl_create(const char *socket, const char *command, const char *const *args, size_t n_args,
                                   int timeout_ms)
{
    struct zw_ovsctl *call = xzalloc(sizeof *call);

    call->socket = xstrdup(socket);
    call->command = xstrdup(command);
    call->args = json_array_create_empty();
    for (size_t i = 0; i < n_args; i++) {
        json_array_add(call->args, json_string_create(args[i]));
    }
    call->timeout_ms = timeout_ms;
    call->deadline = time_msec() + timeout_ms;
    return call;
}

static void disconnect(struct zw_ovsctl *call)
{
    stream_close(call->stream);
    call->stream = NULL;
    jsonrpc_close(call->rpc);
    call->rpc = NULL;
    json_destroy(call->request_id);
    call->request_id = NULL;
}

void zw_ovsctl_destroy(struct zw_ovsctl *call)
{
    if (call) {
        disconnect(call);
        json_destroy(call->args);
        free(call->socket);
        free(call->path);
        free(call->command);
        free(call->text);
        free(call->error);
        free(call);
    }
}

OVS_PRINTF_FORMAT(2, 3)
static void end_with_error(struct zw_ovsctl *call, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    call->error = xvasprintf(format, args);
    va_end(args);
}

static void end_without_answer(struct zw_ovsctl *call, const char *reason)
{
    end_with_error(call, "vswitchd does not answer on %s: %s", call->path ? call->path : call->socket, reason);
}

/* The number in 'file', which vswitchd wrote; 0 and errno if there is none. */
static long read_pid(const char *file)
{
    char text[32];
    ssize_t n;
    int fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

    if (fd < 0) {
        return 0;
    }
    n = read(fd, text, sizeof text - 1);
    close(fd);
    text[MAX(n, 0)] = '\0';
    errno = EINVAL;
    return MAX(strtol(text, NULL, 10), 0);
}

/* Finds the socket behind 'call->socket', which may be a run directory. */
static bool find_socket(struct zw_ovsctl *call)
{
    struct stat st;

    if (!stat(call->socket, &st) && S_ISDIR(st.st_mode)) {
        char *pid_file = xasprintf("%s/ovs-vswitchd.pid", call->socket);
        long pid = read_pid(pid_file);

        if (!pid) {
            end_with_error(call, "vswitchd does not run: %s: %s", pid_file, ovs_strerror(errno));
        } else {
            call->path = xasprintf("%s/ovs-vswitchd.%ld.ctl", call->socket, pid);
        }
        free(pid_file);
    } else {
        call->path = xstrdup(call->socket);
    }
    return call->path;
}

static void open_stream(struct zw_ovsctl *call)
{
    char *name = xasprintf("unix:%s", call->path);
    int error = stream_open(name, &call->stream, DSCP_DEFAULT);

    if (error == EPROTO) { /* What stream_open() makes of EAGAIN: the socket's queue is full. */
        call->retry_at = time_msec() + RETRY_MS;
    } else if (error) {
        end_without_answer(call, ovs_strerror(error));
    }
    free(name);
}

static void send_request(struct zw_ovsctl *call)
{
    call->rpc = jsonrpc_open(call->stream);
    call->stream = NULL;
    jsonrpc_send(call->rpc, jsonrpc_create_request(call->command, json_clone(call->args), &call->request_id));
}

static void connect_stream(struct zw_ovsctl *call)
{
    int error;

    stream_run(call->stream);
    error = stream_connect(call->stream);
    if (!error) {
        send_request(call);
    } else if (error != EAGAIN) {
        end_without_answer(call, ovs_strerror(error));
    }
}

/* 'json' is a string, as every answer of a control socket.  Errors there end in a newline. */
static char *take_string(const struct json *json)
{
    return json && json->type == JSON_STRING ? xstrdup(json_string(json)) : NULL;
}

static void end_with_answer(struct zw_ovsctl *call, const struct jsonrpc_msg *msg)
{
    char *text = take_string(msg->type == JSONRPC_REPLY ? msg->result : msg->error);

    if (!text || !msg->id || !json_equal(call->request_id, msg->id)) {
        end_without_answer(call, "malformed answer");
    } else if (msg->type == JSONRPC_REPLY) {
        call->text = text;
        return;
    } else {
        text[strcspn(text, "\n")] = '\0';
        end_with_error(call, "%s: %s", call->command, text);
    }
    free(text);
}

static void receive(struct zw_ovsctl *call)
{
    struct jsonrpc_msg *msg = NULL;
    int error;

    jsonrpc_run(call->rpc);
    error = jsonrpc_recv(call->rpc, &msg);
    if (msg && (msg->type == JSONRPC_REPLY || msg->type == JSONRPC_ERROR)) {
        end_with_answer(call, msg);
    } else if (msg) {
        end_without_answer(call, "malformed answer");
    } else if (error != EAGAIN) {
        end_without_answer(call, error == EOF ? "closed the connection" : ovs_strerror(error));
    } else if (jsonrpc_get_received_bytes(call->rpc) > ZW_OVSCTL_MAX_REPLY_SIZE) {
        end_with_error(call, "%s: the answer is larger than %u MiB", call->command, ZW_OVSCTL_MAX_REPLY_SIZE >> 20);
    }
    jsonrpc_msg_destroy(msg);
}

static bool ended(const struct zw_ovsctl *call)
{
    return call->text || call->error;
}

bool zw_ovsctl_run(struct zw_ovsctl *call)
{
    if (!ended(call) && !call->rpc && !call->stream && time_msec() >= call->retry_at &&
        (call->path || find_socket(call))) {
        open_stream(call);
    }
    if (!ended(call) && call->stream) {
        connect_stream(call);
    }
    if (!ended(call) && call->rpc) {
        receive(call);
    }
    if (!ended(call) && time_msec() >= call->deadline) {
        char reason[64];

        snprintf(reason, sizeof reason, "no answer within %d ms", call->timeout_ms);
        end_without_answer(call, reason);
    }
    if (ended(call)) {
        disconnect(call);
    }
    return ended(call);
}

void zw_ovsctl_wait(struct zw_ovsctl *call)
{
    if (ended(call)) {
        poll_immediate_wake();
        return;
    }
    poll_timer_wait_until(call->deadline);
    if (call->rpc) {
        jsonrpc_wait(call->rpc);
        jsonrpc_recv_wait(call->rpc);
    } else if (call->stream) {
        stream_run_wait(call->stream);
        stream_connect_wait(call->stream);
    } else {
        poll_timer_wait_until(call->retry_at);
    }
}

const char *zw_ovsctl_text(const struct zw_ovsctl *call)
{
    return call->text;
}

char *zw_ovsctl_take_text(struct zw_ovsctl *call)
{
    char *text = call->text;

    call->text = NULL;
    return text;
}

const char *zw_ovsctl_error(const struct zw_ovsctl *call)
{
    return call->error;
}
