/* SPDX-License-Identifier: Apache-2.0 */
#include "zw-config.h"

#include "controller/control/server.h"

#include <errno.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "controller/control/connection.h"
#include "controller/control/json.h"

#define LISTEN_BACKLOG 64
#define LISTEN_AGAIN_S 1

/* Requests. */

cJSON *zw_error_answer(int error, const struct zw_problems *problems, const char *text)
{
    cJSON *answer = cJSON_CreateObject();
    cJSON *object;

    cJSON_AddNumberToObject(answer, "v", ZW_CONTROL_VERSION);
    cJSON_AddFalseToObject(answer, "ok");
    object = cJSON_AddObjectToObject(answer, "error");
    cJSON_AddStringToObject(object, "code", zw_control_error_code(error));
    cJSON_AddStringToObject(object, "text", text);
    if (problems && problems->n) {
        cJSON_AddItemToObject(object, "problems", zw_json_problems(problems));
    }
    return answer;
}

const struct zw_peer *zw_request_peer(const struct zw_request *request)
{
    return &request->peer;
}

int zw_request_file(const struct zw_request *request)
{
    return request->file;
}

void zw_request_describe(struct zw_request *request, const char *format, ...)
{
    va_list args;

    free(request->description);
    va_start(args, format);
    if (vasprintf(&request->description, format, args) < 0) {
        request->description = NULL;
    }
    va_end(args);
}

/* Tells the log of a change, with what was asked for and how it failed. */
static void tell_admin(const struct zw_request *request, int result, const char *error)
{
    const char *what = request->description ? request->description : "";
    char text[1024];

    if (!request->control || !request->control->admin || request->type->right != ZW_RIGHT_CHANGE) {
        return;
    }
    snprintf(text, sizeof text, "%s%s%s", what, *what && *error ? ": " : "", error);
    request->control->admin(request->control->arg, &request->peer, request->type->verb, result, text);
}

void zw_request_reply(struct zw_request *request, cJSON *result)
{
    cJSON *answer = cJSON_CreateObject();

    tell_admin(request, 0, "");
    cJSON_AddNumberToObject(answer, "v", ZW_CONTROL_VERSION);
    cJSON_AddTrueToObject(answer, "ok");
    cJSON_AddItemToObject(answer, "result", result ? result : cJSON_CreateNull());
    zw_connection_answer(request, answer);
}

void zw_request_fail(struct zw_request *request, int error, const struct zw_problems *problems, const char *format, ...)
{
    char *text = NULL;
    va_list args;

    va_start(args, format);
    if (vasprintf(&text, format, args) < 0) {
        text = NULL;
    }
    va_end(args);
    tell_admin(request, error, text ? text : "");
    zw_connection_answer(request, zw_error_answer(error, problems, text ? text : ""));
    free(text);
}

/* Clients. */

/* The socket's group may have been changed by the administrator at any time. */
static gid_t socket_group(const struct zw_control *control)
{
    struct stat st;
    return lstat(control->path, &st) ? getegid() : st.st_gid;
}

/* One line to a client that gets no more than that; it fits a fresh socket's buffer. */
static void refuse(struct zw_control *control, int fd, int error, const char *reason)
{
    cJSON *answer = zw_error_answer(error, NULL, reason);
    char *text = cJSON_PrintUnformatted(answer);

    control->status.n_refused++;
    if (text) {
        struct iovec iov[] = {{text, strlen(text)}, {(char *)"\n", 1}};
        struct msghdr message = {.msg_iov = iov, .msg_iovlen = 2};
        sendmsg(fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
    }
    cJSON_free(text);
    cJSON_Delete(answer);
    evutil_closesocket(fd);
}

static void on_accept(struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *address, int size,
                      void *control_)
{
    struct zw_control *control = control_;
    struct zw_peer peer;

    (void)listener;
    (void)address;
    (void)size;
    if (zw_peer_read(fd, &peer)) {
        refuse(control, fd, EACCES, "the kernel does not say who you are");
        return;
    }
    struct zw_peer_rights rights = zw_peer_rights(fd, &peer, geteuid(), socket_group(control));
    unsigned int max = ZW_CONTROL_MAX_CLIENTS - (rights.change ? 0 : ZW_CONTROL_RESERVED_CLIENTS);
    if (control->status.n_clients >= max) {
        refuse(control, fd, EUSERS, "too many clients");
    } else if (!zw_connection_new(control, fd, &peer, rights)) {
        control->status.n_refused++;
    }
}

static void on_listen_again(evutil_socket_t fd, short what, void *control_)
{
    struct zw_control *control = control_;

    (void)fd;
    (void)what;
    evconnlistener_enable(control->listener);
}

/* Out of descriptors or memory: a pause, for the client stays in the backlog and would be reported at once again. */
static void on_accept_error(struct evconnlistener *listener, void *control_)
{
    struct zw_control *control = control_;
    struct timeval tv = {.tv_sec = LISTEN_AGAIN_S};

    evconnlistener_disable(listener);
    evtimer_add(control->listen_again, &tv);
}

/* The socket. */

/* 0 if 'address' is free to bind: there is nothing, or the socket of a daemon that is dead. */
static int clear_stale(const struct sockaddr_un *address, struct zw_problems *problems)
{
    struct stat st;

    if (lstat(address->sun_path, &st)) {
        return 0; /* bind(2) has the better error, if it is one. */
    } else if (!S_ISSOCK(st.st_mode)) {
        zw_problems_add(problems, address->sun_path, 0, 0, "is there and is not a socket; it was not touched");
        return EEXIST;
    }

    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    int error = fd < 0 || connect(fd, (const struct sockaddr *)address, sizeof *address) ? errno : 0;
    if (fd >= 0) {
        close(fd);
    }
    if (error == ECONNREFUSED || error == ENOENT) {
        return unlink(address->sun_path) && errno != ENOENT ? errno : 0;
    } else if (error == 0 || error == EAGAIN) {
        zw_problems_add(problems, address->sun_path, 0, 0, "another daemon answers at this socket");
        return EADDRINUSE;
    }
    zw_problems_add(problems, address->sun_path, 0, 0, "cannot be checked: %s", strerror(error));
    return error;
}

/* The file gets its mode before anybody can connect. */
static int bind_and_listen(int fd, const struct sockaddr_un *address)
{
    if (fchmod(fd, 0600) || bind(fd, (const struct sockaddr *)address, sizeof *address) ||
        chmod(address->sun_path, 0660) || listen(fd, LISTEN_BACKLOG)) {
        return errno;
    }
    return 0;
}

static int open_socket(const char *path, int *fd, struct zw_problems *problems)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    if (strlen(path) >= sizeof address.sun_path) {
        zw_problems_add(problems, path, 0, 0, "is too long for a socket (%zu bytes at most)",
                        sizeof address.sun_path - 1);
        return ENAMETOOLONG;
    }
    memcpy(address.sun_path, path, strlen(path) + 1);
    int error = clear_stale(&address, problems);
    if (error) {
        return error;
    }
    *fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    error = *fd < 0 ? errno : bind_and_listen(*fd, &address);
    if (error) {
        zw_problems_add(problems, path, 0, 0, "cannot listen here: %s", strerror(error));
        if (*fd >= 0) {
            close(*fd);
        }
    }
    return error;
}

static struct zw_control *new_control(struct event_base *base, const char *path, int fd)
{
    struct zw_control *control = calloc(1, sizeof *control);
    struct stat st;

    if (!control) {
        return NULL;
    }
    TAILQ_INIT(&control->connections);
    TAILQ_INIT(&control->requests);
    control->base = base;
    control->idle_ms = ZW_CONTROL_IDLE_S * 1000;
    control->path = strdup(path);
    if (!lstat(path, &st)) {
        control->device = st.st_dev;
        control->inode = st.st_ino;
    }
    control->listen_again = evtimer_new(base, on_listen_again, control);
    control->listener = evconnlistener_new(base, on_accept, control, LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC,
                                           0 /* It listens already. */, fd);
    if (!control->path || !control->listen_again || !control->listener) {
        zw_control_stop(control);
        return NULL;
    }
    evconnlistener_set_error_cb(control->listener, on_accept_error);
    return control;
}

int zw_control_start(struct event_base *base, const char *path, const struct zw_request_type *types, void *arg,
                     zw_control_admin_cb *admin, struct zw_control **controlp, struct zw_problems *problems)
{
    int fd = -1;
    int error = open_socket(path, &fd, problems);

    *controlp = NULL;
    if (error) {
        return error;
    }
    struct zw_control *control = new_control(base, path, fd);
    if (!control) {
        unlink(path);
        close(fd);
        zw_problems_add(problems, path, 0, 0, "cannot listen here: %s", strerror(ENOMEM));
        return ENOMEM;
    }
    control->types = types;
    control->arg = arg;
    control->admin = admin;
    *controlp = control;
    return 0;
}

/* Their handlers may still answer, to nobody. */
static void orphan_requests(struct zw_control *control)
{
    struct zw_request *request;

    while ((request = TAILQ_FIRST(&control->requests))) {
        tell_admin(request, ECANCELED, "the daemon stopped before it was done");
        TAILQ_REMOVE(&control->requests, request, link);
        request->control = NULL;
    }
}

static void remove_socket(const struct zw_control *control)
{
    struct stat st;

    if (!lstat(control->path, &st) && st.st_dev == control->device && st.st_ino == control->inode) {
        unlink(control->path);
    }
}

void zw_control_stop(struct zw_control *control)
{
    struct zw_connection *c;

    if (!control) {
        return;
    }
    orphan_requests(control);
    while ((c = TAILQ_FIRST(&control->connections))) {
        zw_connection_free(c);
    }
    if (control->listener) {
        remove_socket(control);
        evconnlistener_free(control->listener);
    }
    if (control->listen_again) {
        event_free(control->listen_again);
    }
    free(control->path);
    free(control);
}

void zw_control_set_idle_ms(struct zw_control *control, int idle_ms)
{
    control->idle_ms = idle_ms;
}

struct zw_control_status zw_control_status(const struct zw_control *control)
{
    return control->status;
}
