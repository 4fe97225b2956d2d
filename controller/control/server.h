/* SPDX-License-Identifier: Apache-2.0 */
/* server - the control socket: framing, peer credentials, rights, request table.
 *
 * The protocol: one line of JSON a request, one line of JSON an answer, in order, over a Unix stream socket.
 *   {"v":1,"verb":"policy.apply","args":{...}}
 *   {"v":1,"ok":true,"result":...}   or   {"v":1,"ok":false,"error":{"code":"denied","text":"...","problems":[...]}}
 * Requests that cannot be read get an error and, where the framing is lost (too long, no JSON), the connection closes.
 *
 * A descriptor may come with a request (SCM_RIGHTS), from a client that may change things; what for, its verb says.
 *
 * A client's requests are handled one at a time: the next one is read when the answer to the last one has been taken.
 * That keeps the order, and bounds what one client can make the daemon hold to one request and one answer.
 *
 * All in the thread of the event base.  The program ignores SIGPIPE. */

#ifndef ZW_CONTROL_SERVER_H
#define ZW_CONTROL_SERVER_H 1

#include <cjson/cJSON.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "controller/audit/record.h"
#include "controller/base/problems.h"
#include "controller/control/protocol.h"

struct event_base;

enum zw_right {
    ZW_RIGHT_READ,   /* root, the daemon's user, and members of the socket's group. */
    ZW_RIGHT_CHANGE, /* root and the daemon's user. */
};

struct zw_request; /* One request that waits for its answer. */

/* Answers now or later, exactly once, with zw_request_reply() or zw_request_fail(). 'args' is an object, valid until
 * the answer.  The client may be gone by then: answering is still right, and safe even after zw_control_stop(). */
typedef void zw_request_handler(void *arg, struct zw_request *, const cJSON *args);

enum zw_arg_kind {
    ZW_ARG_STRING,
    ZW_ARG_BOOL,
    ZW_ARG_COUNT, /* A whole number from 1. */
    ZW_ARG_LIST,  /* Of what, the handler looks at. */
};

/* An argument that a verb knows.  It may be left out or null; whether it must not be, the handler says. */
struct zw_request_arg {
    const char *name;
    enum zw_arg_kind kind;
};

/* A request with an argument of another kind is answered with an error (EINVAL) that names it, and does not get to
 * 'handle'; arguments that are not in 'args' are ignored. */
struct zw_request_type {
    const char *verb;
    enum zw_right right;
    zw_request_handler *handle;
    const struct zw_request_arg *args; /* Ends with a NULL name; NULL: it knows none. */
};

struct zw_control;

/* Called once for each request of ZW_RIGHT_CHANGE when it is answered (or refused for want of the right: EACCES), so
 * that the log has it.  'text' says what was asked, or the error. */
typedef void zw_control_admin_cb(void *arg, const struct zw_peer *, const char *verb, int result, const char *text);

/* Listens at 'path' (mode 0660).  A stale socket of a dead daemon is replaced; one that answers is an error
 * (EADDRINUSE).  'types' ends with a NULL verb. */
int zw_control_start(struct event_base *, const char *path, const struct zw_request_type *types, void *arg,
                     zw_control_admin_cb *, struct zw_control **, struct zw_problems *);

/* Answers nothing more, unlinks the socket.  Changes that wait for their answer are reported as ECANCELED.  Not from
 * within a handler.  NULL is fine. */
void zw_control_stop(struct zw_control *);

/* For tests: another time than ZW_CONTROL_IDLE_S, for connections from now on. */
void zw_control_set_idle_ms(struct zw_control *, int idle_ms);

struct zw_control_status {
    unsigned int n_clients;
    uint64_t n_requests;     /* Requests that could be read. */
    uint64_t n_bad_requests; /* Those that could not, or name no verb. */
    uint64_t n_refused;      /* Connections beyond ZW_CONTROL_MAX_CLIENTS. */
    uint64_t n_denied;       /* Requests without the right to them. */
    uint64_t n_timeouts;     /* Connections closed for half a request, or for an answer that was not read. */
};
struct zw_control_status zw_control_status(const struct zw_control *);

const struct zw_peer *zw_request_peer(const struct zw_request *);
/* The descriptor that came with the request, or -1.  Nobody has looked what it is of.  It is closed with the request. */
int zw_request_file(const struct zw_request *);
/* What is written to the log for this request; default: the verb's arguments are not logged. */
void zw_request_describe(struct zw_request *, const char *format, ...) __attribute__((format(printf, 2, 3)));
void zw_request_reply(struct zw_request *, cJSON *result); /* Takes 'result'. */
/* 'error' is a positive errno; 'problems' may be NULL. */
void zw_request_fail(struct zw_request *, int error, const struct zw_problems *problems, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

#endif
