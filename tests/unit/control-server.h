/* SPDX-License-Identifier: Apache-2.0 */
/* control-server - a control socket of ours, in a directory of its own, for the tests of controller/control and of the
 * CLI.  One at a time; the thread that starts it runs its loop, either by zw_test_pump() or while it waits for a
 * client in another thread. */

#ifndef ZW_TEST_CONTROL_SERVER_H
#define ZW_TEST_CONTROL_SERVER_H 1

#include <stdbool.h>

#include "controller/control/server.h"

struct zw_test_server {
    struct event_base *base;
    struct zw_control *control;
    char run_dir[64];
    char path[96];
};

/* Starts 'types' with 'arg'; fails the test if it cannot. */
void zw_test_server_start(struct zw_test_server *, const struct zw_request_type *types, void *arg,
                          zw_control_admin_cb *);
void zw_test_server_stop(struct zw_test_server *);

/* Runs what is due in the loop, and waits a millisecond. */
void zw_test_pump(struct zw_test_server *);

/* Runs 'function' in a thread of its own, and the loop until it returns. */
void zw_test_run_client(struct zw_test_server *, void (*function)(void *arg), void *arg);

#endif
