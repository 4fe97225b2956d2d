/* SPDX-License-Identifier: Apache-2.0 */
#include "zw-config.h"

#include "tests/unit/control-server.h"

#include <event2/event.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/zw-test.h"

void zw_test_server_start(struct zw_test_server *server, const struct zw_request_type *types, void *arg,
                          zw_control_admin_cb *admin)
{
    struct zw_problems problems = ZW_PROBLEMS_INIT;

    signal(SIGPIPE, SIG_IGN);
    memset(server, 0, sizeof *server);
    strcpy(server->run_dir, "/tmp/zw-test-control-XXXXXX");
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(server->run_dir));
    snprintf(server->path, sizeof server->path, "%s/%s", server->run_dir, ZW_CONTROL_SOCKET);
    server->base = event_base_new();
    CU_ASSERT_EQUAL_FATAL(zw_control_start(server->base, server->path, types, arg, admin, &server->control, &problems),
                          0);
    CU_ASSERT_EQUAL(problems.n, 0);
}

void zw_test_server_stop(struct zw_test_server *server)
{
    zw_control_stop(server->control);
    event_base_free(server->base);
    CU_ASSERT_EQUAL(rmdir(server->run_dir), 0);
}

void zw_test_pump(struct zw_test_server *server)
{
    event_base_loop(server->base, EVLOOP_NONBLOCK);
    usleep(1000);
}

struct client {
    void (*function)(void *arg);
    void *arg;
    atomic_bool done;
};

static void *run_client(void *client_)
{
    struct client *client = client_;

    client->function(client->arg);
    atomic_store(&client->done, true);
    return NULL;
}

void zw_test_run_client(struct zw_test_server *server, void (*function)(void *arg), void *arg)
{
    struct client client = {.function = function, .arg = arg};
    pthread_t thread;

    CU_ASSERT_EQUAL_FATAL(pthread_create(&thread, NULL, run_client, &client), 0);
    while (!atomic_load(&client.done)) {
        zw_test_pump(server);
    }
    pthread_join(thread, NULL);
}
