/* SPDX-License-Identifier: Apache-2.0 */
/* connection - one client of the control socket.  Private to controller/control. */

#ifndef ZW_CONTROL_CONNECTION_H
#define ZW_CONTROL_CONNECTION_H 1

#include <event2/bufferevent.h>
#include <stdbool.h>
#include <sys/queue.h>

#include "controller/control/peer.h"
#include "controller/control/server.h"

struct zw_connection {
    TAILQ_ENTRY(zw_connection) link;
    struct zw_control *control;
    int fd;                     /* The bufferevent's. */
    struct bufferevent *bev;    /* For answers; */
    struct event *input;        /* requests are read without it: it knows no descriptors, and reads 4 KiB at a time. */
    struct event *run;          /* Goes on with the next request, from the event loop. */
    struct event *half_request; /* Fires when a line has been incomplete for too long. */
    struct zw_peer peer;
    struct zw_peer_rights rights;
    struct zw_request *request; /* The one whose answer is due, or NULL. */
    char *in;                   /* What has come: the next request, or a part of it, and what follows it. */
    size_t in_size, in_capacity;
    size_t n_searched; /* Bytes of it that hold no newline. */
    int file;          /* What came with the byte in[file_at]; -1: nothing. */
    size_t file_at;
    bool ended;   /* The client sends nothing more. */
    bool closing; /* To be closed when what was written has been read. */
};

struct zw_request {
    TAILQ_ENTRY(zw_request) link;
    struct zw_control *control;       /* NULL: the server stopped. */
    struct zw_connection *connection; /* NULL: the client is gone. */
    const struct zw_request_type *type;
    struct zw_peer peer;
    cJSON *json;
    int file; /* -1: none. */
    char *description;
};

TAILQ_HEAD(zw_connections, zw_connection);
TAILQ_HEAD(zw_requests, zw_request);

struct zw_control {
    struct event_base *base;
    struct evconnlistener *listener;
    struct event *listen_again; /* After a failure of accept(2). */
    char *path;
    dev_t device; /* Of the socket's file: it is removed only if it is still ours. */
    ino_t inode;
    const struct zw_request_type *types;
    void *arg;
    zw_control_admin_cb *admin;
    int idle_ms;
    struct zw_connections connections;
    struct zw_requests requests; /* Those that wait for their answer. */
    struct zw_control_status status;
};

/* Takes 'fd'.  NULL if there is no memory for it; 'fd' is closed then, too. */
struct zw_connection *zw_connection_new(struct zw_control *, int fd, const struct zw_peer *, struct zw_peer_rights);
void zw_connection_free(struct zw_connection *);

/* Sends the answer to 'request' if there is still somebody to get it, and frees 'request'.  Takes 'answer'. */
void zw_connection_answer(struct zw_request *, cJSON *answer);
void zw_request_free(struct zw_request *);

/* {"v":1,"ok":false,"error":{...}} */
cJSON *zw_error_answer(int error, const struct zw_problems *, const char *text);

#endif
