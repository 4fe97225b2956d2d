/* SPDX-License-Identifier: Apache-2.0 */
#include "zw-config.h"

#include "controller/control/connection.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "controller/control/json.h"

#define READ_SIZE 65536           /* Bytes at a time: other clients wait, too. */
#define KEEP_SIZE (2 * READ_SIZE) /* A buffer that grew beyond this is given back after the request. */

static struct timeval milliseconds(int ms)
{
    return (struct timeval){.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000};
}

static struct evbuffer *output_of(struct zw_connection *c)
{
    return bufferevent_get_output(c->bev);
}

static void close_file(int file)
{
    if (file >= 0) {
        close(file);
    }
}

/* Answers. */

static void free_text(const void *data, size_t size, void *arg)
{
    (void)size;
    (void)arg;
    cJSON_free((void *)data);
}

static void send_text(struct zw_connection *c, const char *text, size_t size)
{
    if (evbuffer_add_reference(output_of(c), text, size, free_text, NULL)) {
        cJSON_free((void *)text);
        c->closing = true;
    } else if (evbuffer_add(output_of(c), "\n", 1)) {
        c->closing = true;
    }
}

static char *print(cJSON *answer)
{
    char *text = answer ? cJSON_PrintUnformatted(answer) : NULL;
    cJSON_Delete(answer);
    return text;
}

static void send_answer(struct zw_connection *c, cJSON *answer)
{
    char *text = print(answer);

    if (text && strlen(text) >= ZW_CONTROL_MAX_ANSWER) {
        cJSON_free(text);
        text = print(zw_error_answer(EMSGSIZE, NULL, "the answer is too long; ask for less"));
    }
    if (!text) {
        c->closing = true; /* No memory: better no answer than half of one. */
    } else {
        send_text(c, text, strlen(text));
    }
    event_active(c->run, 0, 0);
}

/* An answer to something that is no request. */
static void complain(struct zw_connection *c, int error, const char *text)
{
    c->control->status.n_bad_requests++;
    send_answer(c, zw_error_answer(error, NULL, text));
}

/* The same where nobody knows where the next request begins. */
static void complain_and_close(struct zw_connection *c, int error, const char *text)
{
    complain(c, error, text);
    c->closing = true;
}

void zw_connection_answer(struct zw_request *request, cJSON *answer)
{
    struct zw_connection *c = request->connection;

    if (c) {
        c->request = NULL;
        send_answer(c, answer);
    } else {
        cJSON_Delete(answer);
    }
    zw_request_free(request);
}

void zw_request_free(struct zw_request *request)
{
    if (request->control) {
        TAILQ_REMOVE(&request->control->requests, request, link);
    }
    close_file(request->file);
    cJSON_Delete(request->json);
    free(request->description);
    free(request);
}

/* Requests. */

static const struct zw_request_type *find_type(const struct zw_request_type *types, const char *verb)
{
    for (; types->verb; types++) {
        if (!strcmp(types->verb, verb)) {
            return types;
        }
    }
    return NULL;
}

/* What is wrong with 'json' as a request, or 0. */
static int judge(const cJSON *json, const char **text)
{
    const cJSON *args = cJSON_GetObjectItemCaseSensitive(json, "args");

    if (!cJSON_IsObject(json)) {
        *text = "a request is a JSON object";
        return EBADMSG;
    } else if (!cJSON_IsNumber(cJSON_GetObjectItemCaseSensitive(json, "v"))) {
        *text = "a request has a version: \"v\":1";
        return EBADMSG;
    } else if (zw_json_number(json, "v") != ZW_CONTROL_VERSION) {
        *text = "this daemon speaks version 1 of the control protocol";
        return EPROTONOSUPPORT;
    } else if (!zw_json_string(json, "verb")) {
        *text = "a request has a verb: \"verb\":\"status\"";
        return EBADMSG;
    } else if (args && !cJSON_IsObject(args)) {
        *text = "\"args\" is an object";
        return EBADMSG;
    }
    return 0;
}

static bool is_of_kind(const cJSON *arg, enum zw_arg_kind kind)
{
    switch (kind) {
    case ZW_ARG_STRING:
        return cJSON_IsString(arg);
    case ZW_ARG_BOOL:
        return cJSON_IsBool(arg);
    case ZW_ARG_COUNT:
        return cJSON_IsNumber(arg) && arg->valuedouble >= 1 &&
               (arg->valuedouble > UINT32_MAX || arg->valuedouble == (double)(uint32_t)arg->valuedouble);
    case ZW_ARG_LIST:
        return cJSON_IsArray(arg);
    }
    return false;
}

/* What came instead; a text or a list may be a long one. */
static const char *describe(const cJSON *arg, char text[32])
{
    if (cJSON_IsNumber(arg)) {
        snprintf(text, 32, "%.15g", arg->valuedouble);
        return text;
    }
    return cJSON_IsString(arg)   ? "a string"
           : cJSON_IsArray(arg)  ? "a list"
           : cJSON_IsObject(arg) ? "an object"
                                 : (cJSON_IsTrue(arg) ? "true" : "false");
}

/* Whether each argument is of its kind; else it has been answered. */
static bool judge_args(struct zw_request *request, const cJSON *args)
{
    static const char *const expected[] = {[ZW_ARG_STRING] = "a string",
                                           [ZW_ARG_BOOL] = "true or false",
                                           [ZW_ARG_COUNT] = "a whole number from 1",
                                           [ZW_ARG_LIST] = "a list"};
    char found[32];

    for (const struct zw_request_arg *known = request->type->args; known && known->name; known++) {
        const cJSON *arg = cJSON_GetObjectItemCaseSensitive(args, known->name);

        if (arg && !cJSON_IsNull(arg) && !is_of_kind(arg, known->kind)) {
            zw_request_fail(request, EINVAL, NULL, "argument \"%s\" of %s: expected %s, not %s", known->name,
                            request->type->verb, expected[known->kind], describe(arg, found));
            return false;
        }
    }
    return true;
}

/* Hands 'json' and 'file' (taken) to the handler of its verb. */
static void start_request(struct zw_connection *c, const struct zw_request_type *type, cJSON *json, int file)
{
    struct zw_control *control = c->control;
    cJSON *args = cJSON_GetObjectItemCaseSensitive(json, "args");
    struct zw_request *request =
        args || (args = cJSON_AddObjectToObject(json, "args")) ? calloc(1, sizeof *request) : NULL;

    if (!request) {
        cJSON_Delete(json);
        close_file(file);
        complain_and_close(c, ENOMEM, "out of memory");
        return;
    }
    request->control = control;
    request->connection = c;
    request->type = type;
    request->peer = c->peer;
    request->json = json;
    request->file = file;
    TAILQ_INSERT_TAIL(&control->requests, request, link);
    c->request = request;

    if (type->right == ZW_RIGHT_CHANGE ? !c->rights.change : !c->rights.read) {
        control->status.n_denied++;
        zw_request_fail(request, EACCES, NULL, "%s may not ask for \"%s\": %s", c->peer.user, type->verb,
                        type->right == ZW_RIGHT_CHANGE ? "only root and the daemon's user may change things"
                                                       : "only members of the socket's group may read");
    } else if (judge_args(request, args)) {
        type->handle(control->arg, request, args);
    }
}

/* Takes 'json' and 'file'. */
static void handle_json(struct zw_connection *c, cJSON *json, int file)
{
    const char *text;
    int error = judge(json, &text);
    const struct zw_request_type *type = error ? NULL : find_type(c->control->types, zw_json_string(json, "verb"));

    if (type) {
        c->control->status.n_requests++;
        start_request(c, type, json, file);
        return;
    }
    complain(c, error ? error : ENOSYS, error ? text : "this daemon knows no such verb");
    cJSON_Delete(json);
    close_file(file);
}

/* The file that came with the first 'size' bytes, or -1; of what is behind them only the place changes. */
static int take_file(struct zw_connection *c, size_t size)
{
    int file = -1;

    if (c->file >= 0 && c->file_at < size) {
        file = c->file;
        c->file = -1;
    }
    c->file_at -= c->file >= 0 ? size : 0;
    return file;
}

/* Forgets the first 'size' bytes. */
static void drop_input(struct zw_connection *c, size_t size)
{
    c->in_size -= size;
    c->n_searched = 0;
    memmove(c->in, c->in + size, c->in_size);
    if (c->in_capacity > KEEP_SIZE && c->in_size <= READ_SIZE) {
        char *in = realloc(c->in, KEEP_SIZE);

        if (in) {
            c->in = in;
            c->in_capacity = KEEP_SIZE;
        }
    }
}

/* Of in[0..size) and the newline behind it. */
static void handle_line(struct zw_connection *c, size_t size)
{
    const char *why;
    int file = take_file(c, size + 1);

    event_del(c->half_request);
    c->in[size] = '\0';
    cJSON *json = zw_json_parse(c->in, size, &why);
    drop_input(c, size + 1);
    if (json) {
        handle_json(c, json, file);
    } else {
        char text[128];
        snprintf(text, sizeof text, "a request is one line of JSON; this line holds %s", why);
        complain_and_close(c, EBADMSG, text);
        close_file(file);
    }
}

/* Framing. */

static size_t max_line(const struct zw_connection *c)
{
    return c->rights.change ? ZW_CONTROL_MAX_REQUEST : ZW_CONTROL_MAX_READ_REQUEST;
}

/* The size of the first line, if all of it is there. */
static bool find_line(struct zw_connection *c, size_t *size)
{
    const char *end =
        c->in_size > c->n_searched ? memchr(c->in + c->n_searched, '\n', c->in_size - c->n_searched) : NULL;

    *size = end ? (size_t)(end - c->in) : c->in_size;
    c->n_searched = *size;
    if (*size > max_line(c)) {
        complain_and_close(c, EMSGSIZE, "the request is too long");
        return false;
    }
    return end;
}

static bool make_room(struct zw_connection *c)
{
    if (c->in_capacity - c->in_size < READ_SIZE) {
        size_t capacity = c->in_size ? 2 * c->in_capacity + READ_SIZE : READ_SIZE;
        char *in = realloc(c->in, capacity);
        if (!in) {
            return false;
        }
        c->in = in;
        c->in_capacity = capacity;
    }
    return true;
}

/* A client sends the descriptor together with (a part of) its request: with which byte it came says whose it is. */
static void take_files(struct zw_connection *c, struct msghdr *message)
{
    bool too_many = message->msg_flags & MSG_CTRUNC;

    for (struct cmsghdr *cmsg = CMSG_FIRSTHDR(message); cmsg; cmsg = CMSG_NXTHDR(message, cmsg)) {
        size_t n = cmsg->cmsg_level == SOL_SOCKET && cmsg->cmsg_type == SCM_RIGHTS
                       ? (cmsg->cmsg_len - CMSG_LEN(0)) / sizeof(int)
                       : 0;

        for (size_t i = 0; i < n; i++) {
            int file;

            memcpy(&file, CMSG_DATA(cmsg) + i * sizeof file, sizeof file);
            if (c->file >= 0) {
                too_many = true;
                close(file);
            } else {
                c->file = file;
                c->file_at = c->in_size - 1;
            }
        }
    }
    if (too_many) {
        complain_and_close(c, EBADMSG, "no more than one file comes with a request");
    }
}

/* 0, EPIPE at the end, EAGAIN, or another errno. */
static int receive(struct zw_connection *c)
{
    union {
        struct cmsghdr header;
        char room[CMSG_SPACE(sizeof(int))];
    } control;
    struct iovec iov = {.iov_base = c->in + c->in_size, .iov_len = READ_SIZE};
    struct msghdr message = {.msg_iov = &iov, .msg_iovlen = 1};

    if (c->rights.change) { /* From others the kernel takes none. */
        message.msg_control = &control;
        message.msg_controllen = sizeof control;
    }
    ssize_t n = recvmsg(c->fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    if (n <= 0) {
        return n ? errno : EPIPE;
    }
    c->in_size += (size_t)n;
    if (c->rights.change) {
        take_files(c, &message);
    }
    return 0;
}

static void set_half_request_timer(struct zw_connection *c)
{
    if (c->in_size && !evtimer_pending(c->half_request, NULL)) {
        struct timeval tv = milliseconds(c->control->idle_ms);
        evtimer_add(c->half_request, &tv);
    }
}

/* Takes the next request, if there is one and the last one is done with. */
static void next_request(struct zw_connection *c)
{
    size_t size;

    if (find_line(c, &size)) {
        handle_line(c, size);
        event_active(c->run, 0, 0); /* One request at a turn: other clients wait, too. */
    } else if (c->ended && !c->closing) {
        if (c->in_size) {
            complain(c, EBADMSG, "half a request: it ends without a newline");
        }
        c->closing = true;
    } else {
        set_half_request_timer(c);
    }
}

/* Does what can be done now.  May free the connection. */
static void run(struct zw_connection *c)
{
    bool answered = evbuffer_get_length(output_of(c)) == 0;

    if (answered && !c->request && !c->closing) {
        next_request(c);
        answered = evbuffer_get_length(output_of(c)) == 0;
    }
    if (c->closing && answered) {
        zw_connection_free(c);
    } else if (!c->request && !c->closing && !c->ended && answered) {
        event_add(c->input, NULL);
    } else {
        event_del(c->input);
    }
}

static void on_input(evutil_socket_t fd, short what, void *c_)
{
    struct zw_connection *c = c_;
    int error = make_room(c) ? receive(c) : ENOMEM;

    (void)fd;
    (void)what;
    if (error == ENOMEM) {
        complain_and_close(c, ENOMEM, "out of memory");
    } else if (error == EPIPE) {
        c->ended = true; /* It may still read what it asked for. */
    } else if (error && error != EAGAIN && error != EINTR) {
        zw_connection_free(c);
        return;
    }
    run(c);
}

static void on_written(struct bufferevent *bev, void *c_)
{
    (void)bev;
    run(c_);
}

static void on_run(evutil_socket_t fd, short what, void *c_)
{
    (void)fd;
    (void)what;
    run(c_);
}

static void on_half_request(evutil_socket_t fd, short what, void *c_)
{
    struct zw_connection *c = c_;

    (void)fd;
    (void)what;
    c->control->status.n_timeouts++;
    complain_and_close(c, ETIMEDOUT, "half a request: the rest did not come in time");
    run(c);
}

/* It cannot be written to, or does not read its answer. */
static void on_event(struct bufferevent *bev, short what, void *c_)
{
    struct zw_connection *c = c_;

    (void)bev;
    c->control->status.n_timeouts += (what & BEV_EVENT_TIMEOUT) != 0;
    zw_connection_free(c);
}

/* Life. */

struct zw_connection *zw_connection_new(struct zw_control *control, int fd, const struct zw_peer *peer,
                                        struct zw_peer_rights rights)
{
    struct timeval write_timeout = milliseconds(control->idle_ms);
    struct zw_connection *c = calloc(1, sizeof *c);
    struct bufferevent *bev = bufferevent_socket_new(control->base, fd, BEV_OPT_CLOSE_ON_FREE);

    if (!c || !bev) {
        free(c);
        if (bev) {
            bufferevent_free(bev);
        } else {
            evutil_closesocket(fd);
        }
        return NULL;
    }
    c->control = control;
    c->bev = bev;
    c->fd = fd;
    c->file = -1;
    c->peer = *peer;
    c->rights = rights;
    c->input = event_new(control->base, fd, EV_READ | EV_PERSIST, on_input, c);
    c->run = event_new(control->base, -1, 0, on_run, c);
    c->half_request = evtimer_new(control->base, on_half_request, c);
    TAILQ_INSERT_TAIL(&control->connections, c, link);
    control->status.n_clients++;
    if (!c->input || !c->run || !c->half_request || event_add(c->input, NULL)) {
        zw_connection_free(c);
        return NULL;
    }
    bufferevent_setcb(bev, NULL, on_written, on_event, c);
    bufferevent_set_timeouts(bev, NULL, &write_timeout);
    bufferevent_enable(bev, EV_WRITE);
    return c;
}

static void free_event(struct event *event)
{
    if (event) {
        event_free(event);
    }
}

void zw_connection_free(struct zw_connection *c)
{
    TAILQ_REMOVE(&c->control->connections, c, link);
    c->control->status.n_clients--;
    if (c->request) {
        c->request->connection = NULL;
    }
    free_event(c->input);
    free_event(c->run);
    free_event(c->half_request);
    bufferevent_free(c->bev);
    close_file(c->file);
    free(c->in);
    free(c);
}
