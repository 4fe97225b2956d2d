/* SPDX-License-Identifier: Apache-2.0 */
/* client - asks the daemon, and waits for the answer.
 *
 * Blocking, for the command line.  Every failure comes with a text for people: what is wrong, and what to do. */

#ifndef ZW_CONTROL_CLIENT_H
#define ZW_CONTROL_CLIENT_H 1

#include <cjson/cJSON.h>

#include "controller/base/problems.h"
#include "controller/control/protocol.h"

enum zw_answer_status {
    ZW_ANSWER_OK,
    ZW_ANSWER_UNREACHABLE, /* Nobody listens, or the answer did not come, or it is no answer. */
    ZW_ANSWER_DENIED,      /* The socket, or the daemon, refuses this user. */
    ZW_ANSWER_ERROR,       /* The daemon says no; 'error' and 'problems' say why. */
};

struct zw_answer {
    enum zw_answer_status status;
    cJSON *result;               /* ZW_ANSWER_OK. */
    int error;                   /* Else a positive errno of ZW_CONTROL_ERRORS. */
    char *text;                  /* Else what to tell the user. */
    struct zw_problems problems; /* Of the arguments; may be empty. */
};

/* Sends one request to the daemon whose socket is in 'run_dir' and waits 'timeout_ms' at most, in all. 'args' (taken)
 * may be NULL.  Clear 'answer' with zw_answer_clear(). */
void zw_control_call(const char *run_dir, const char *verb, cJSON *args, int timeout_ms, struct zw_answer *answer);
/* The same, with a file of which the daemon gets a descriptor, too; -1: none.  The caller closes it. */
void zw_control_call_with(const char *run_dir, const char *verb, cJSON *args, int file, int timeout_ms,
                          struct zw_answer *answer);
void zw_answer_clear(struct zw_answer *);

#endif
