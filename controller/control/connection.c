/* SPDX-License-Identifier: Apache-2.0 */
#include "zw-config.h"

#include "controller/control/connection.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>

#include "controller/control/json.h"

#define KEEP_LINE 65536 /* A line buffer that grew beyond this is given back after the request. */

static struct timeval milliseconds(int ms)
{
    return (struct timeval){.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000};
}

static struct evbuffer *input_of(struct zw_connection *c)
{
    return bufferevent_get_input(c->bev);
}

static struct evbuffer *output_of(struct zw_connection *c)
{
    return bufferevent_get_output(c->bev);
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

/* Hands 'json' (taken) to the handler of its verb. */
static void start_request(struct zw_connection *c, const struct zw_request_type *type, cJSON *json)
{
    struct zw_control *control = c->control;
    cJSON *args = cJSON_GetObjectItemCaseSensitive(json, "args");
    struct zw_request *request =
        args || (args = cJSON_AddObjectToObject(json, "args")) ? calloc(1, sizeof *request) : NULL;

    if (!request) {
        cJSON_Delete(json);
        complain_and_close(c, ENOMEM, "out of memory");
        return;
    }
    request->control = control;
    request->connection = c;
    request->type = type;
    request->peer = c->peer;
    request->json = json;
    TAILQ_INSERT_TAIL(&control->requests, request, link);
    c->request = request;

    if (type->right == ZW_RIGHT_CHANGE ? !c->rights.change : !c->rights.read) {
        control->status.n_denied++;
        zw_request_fail(request, EACCES, NULL, "%s may not ask for \"%s\": %s", c->peer.user, type->verb,
                        type->right == ZW_RIGHT_CHANGE ? "only root and the daemon's user may change things"
                                                       : "only members of the socket's group may read");
    } else {
        type->handle(control->arg, request, args);
    }
}

static void handle_json(struct zw_connection *c, cJSON *json)
{
    const char *text;
    int error = judge(json, &text);

    if (error) {
        complain(c, error, text);
        cJSON_Delete(json);
        return;
    }
    const struct zw_request_type *type = find_type(c->control->types, zw_json_string(json, "verb"));
    if (!type) {
        complain(c, ENOSYS, "this daemon knows no such verb");
        cJSON_Delete(json);
        return;
    }
    c->control->status.n_requests++;
    start_request(c, type, json);
}

static void handle_line(struct zw_connection *c)
{
    const char *why;
    size_t size = c->line_size;

    c->line_size = 0;
    event_del(c->half_request);
    c->line[size] = '\0';
    cJSON *json = zw_json_parse(c->line, size, &why);
    if (size > KEEP_LINE) {
        free(c->line);
        c->line = NULL;
        c->line_capacity = 0;
    }
    if (json) {
        handle_json(c, json);
    } else {
        char text[128];
        snprintf(text, sizeof text, "a request is one line of JSON; this line holds %s", why);
        complain_and_close(c, EBADMSG, text);
    }
}

/* Framing. */

static bool append(struct zw_connection *c, const unsigned char *data, size_t size)
{
    if (c->line_size + size >= c->line_capacity) {
        size_t capacity = 2 * (c->line_size + size) + 512;
        char *line = realloc(c->line, capacity);
        if (!line) {
            return false;
        }
        c->line = line;
        c->line_capacity = capacity;
    }
    memcpy(c->line + c->line_size, data, size);
    c->line_size += size;
    return true;
}

static size_t max_line(const struct zw_connection *c)
{
    return c->rights.change ? ZW_CONTROL_MAX_REQUEST : ZW_CONTROL_MAX_READ_REQUEST;
}

/* Moves input into the line up to its end.  Returns true once the line is whole. */
static bool take_line(struct zw_connection *c)
{
    struct evbuffer *input = input_of(c);
    size_t size;

    while (!c->closing && (size = evbuffer_get_contiguous_space(input)) > 0) {
        const unsigned char *data = evbuffer_pullup(input, (ev_ssize_t)size);
        const unsigned char *end = memchr(data, '\n', size);
        size_t n = end ? (size_t)(end - data) : size;

        if (c->line_size + n > max_line(c)) {
            complain_and_close(c, EMSGSIZE, "the request is too long");
        } else if (!append(c, data, n)) {
            complain_and_close(c, ENOMEM, "out of memory");
        }
        evbuffer_drain(input, n + (end != NULL));
        if (end) {
            return !c->closing;
        }
    }
    return false;
}

static void set_half_request_timer(struct zw_connection *c)
{
    if (c->line_size && !evtimer_pending(c->half_request, NULL)) {
        struct timeval tv = milliseconds(c->control->idle_ms);
        evtimer_add(c->half_request, &tv);
    }
}

/* Takes the next request, if there is one and the last one is done with. */
static void next_request(struct zw_connection *c)
{
    if (take_line(c)) {
        handle_line(c);
        event_active(c->run, 0, 0); /* One request at a turn: other clients wait, too. */
    } else if (c->ended && !c->closing) {
        if (c->line_size) {
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
        bufferevent_enable(c->bev, EV_READ);
    } else {
        bufferevent_disable(c->bev, EV_READ);
    }
}

static void on_bufferevent(struct bufferevent *bev, void *c_)
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

static void on_event(struct bufferevent *bev, short what, void *c_)
{
    struct zw_connection *c = c_;

    (void)bev;
    if (what & BEV_EVENT_EOF) {
        c->ended = true; /* It may still read what it asked for. */
        run(c);
        return;
    }
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
    c->peer = *peer;
    c->rights = rights;
    c->run = event_new(control->base, -1, 0, on_run, c);
    c->half_request = evtimer_new(control->base, on_half_request, c);
    TAILQ_INSERT_TAIL(&control->connections, c, link);
    control->status.n_clients++;
    if (!c->run || !c->half_request) {
        zw_connection_free(c);
        return NULL;
    }
    bufferevent_setcb(bev, on_bufferevent, on_bufferevent, on_event, c);
    bufferevent_setwatermark(bev, EV_READ, 0, KEEP_LINE);
    bufferevent_set_timeouts(bev, NULL, &write_timeout);
    bufferevent_enable(bev, EV_READ | EV_WRITE);
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
    free_event(c->run);
    free_event(c->half_request);
    bufferevent_free(c->bev);
    free(c->line);
    free(c);
}
