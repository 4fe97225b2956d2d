/* SPDX-License-Identifier: Apache-2.0 */
/* Who may ask for what, and the file that says so. */
#include "zw-config.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "controller/control/client.h"
#include "controller/control/peer.h"
#include "controller/control/server.h"
#include "tests/unit/control-server.h"
#include "tests/unit/zw-test.h"

#define NOBODY 65534
#define WAIT_ROUNDS 5000 /* Milliseconds that a test waits for what must come. */

static struct zw_test_server server;
static int n_admin, last_result;

static void handle_echo(void *arg, struct zw_request *request, const cJSON *args)
{
    (void)arg;
    zw_request_reply(request, cJSON_Duplicate(args, true));
}

static const struct zw_request_type types[] = {
    {"echo", ZW_RIGHT_READ, handle_echo, NULL},
    {"change", ZW_RIGHT_CHANGE, handle_echo, NULL},
    {NULL, ZW_RIGHT_READ, NULL, NULL},
};

static void on_admin(void *arg, const struct zw_peer *peer, const char *verb, int result, const char *text)
{
    (void)arg;
    (void)peer;
    (void)verb;
    (void)text;
    n_admin++;
    last_result = result;
}

static void test_rights(void)
{
    int fds[2];

    CU_ASSERT_EQUAL(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
    struct zw_peer root = {.uid = 0}, daemon = {.uid = 77, .gid = 77}, member = {.uid = 88, .gid = 99},
                   other = {.uid = 88, .gid = 88};
    CU_ASSERT(zw_peer_rights(fds[0], &root, 77, 99).change);
    CU_ASSERT(zw_peer_rights(fds[0], &daemon, 77, 99).change);
    CU_ASSERT(zw_peer_rights(fds[0], &member, 77, 99).read);
    CU_ASSERT_FALSE(zw_peer_rights(fds[0], &member, 77, 99).change);
    CU_ASSERT_FALSE(zw_peer_rights(fds[0], &other, 77, 999999).read);
    struct zw_peer me;
    CU_ASSERT_EQUAL(zw_peer_read(fds[0], &me), 0);
    CU_ASSERT_EQUAL(me.uid, getuid());
    CU_ASSERT_EQUAL(me.pid, getpid());
    close(fds[0]);
    close(fds[1]);
}

/* Connects as 'user', in a process of its own, sends 'line' and returns the code of the error that is answered: "" for
 * none, "refused" if connect(2) fails. */
static void ask_as(uid_t user, const char *line, gid_t extra_group, char code[32])
{
    int pipe_fds[2];

    strcpy(code, "nothing");
    if (pipe(pipe_fds)) {
        return;
    }
    pid_t pid = fork();
    if (!pid) {
        struct zw_answer answer;
        const char *result = "no setuid";
        if (user == getuid() ||
            (!setgroups(extra_group ? 1 : 0, &extra_group) && !setgid((gid_t)user) && !setuid(user))) {
            zw_control_call(server.run_dir, line, NULL, 2000, &answer);
            result = answer.status == ZW_ANSWER_OK ? "ok" : zw_control_error_code(answer.error);
        }
        _exit(write(pipe_fds[1], result, strlen(result) + 1) < 0);
    }
    close(pipe_fds[1]);
    fcntl(pipe_fds[0], F_SETFL, O_NONBLOCK);
    for (int i = 0; i < WAIT_ROUNDS && read(pipe_fds[0], code, 32) < 0; i++) {
        zw_test_pump(&server);
    }
    close(pipe_fds[0]);
    waitpid(pid, NULL, 0);
}

static void test_unprivileged_peer(void)
{
    char code[32];

    zw_test_server_start(&server, types, NULL, on_admin);
    if (getuid() == 0) { /* Else nobody else can be played. */
        CU_ASSERT_EQUAL(chmod(server.run_dir, 0755), 0);
        ask_as(NOBODY, "echo", 0, code);
        CU_ASSERT_STRING_EQUAL(code, "denied"); /* By the file's mode. */
        CU_ASSERT_EQUAL(zw_control_status(server.control).n_denied, 0);

        CU_ASSERT_EQUAL(chmod(server.path, 0666), 0);
        ask_as(NOBODY, "echo", 0, code);
        CU_ASSERT_STRING_EQUAL(code, "denied"); /* By the server. */
        CU_ASSERT_EQUAL(zw_control_status(server.control).n_denied, 1);
        CU_ASSERT_EQUAL(n_admin, 0);

        CU_ASSERT_EQUAL(chown(server.path, 0, 4711), 0);
        CU_ASSERT_EQUAL(chmod(server.path, 0660), 0);
        ask_as(NOBODY, "echo", 4711, code); /* A member of the socket's group may read, */
        CU_ASSERT_STRING_EQUAL(code, "ok");
        ask_as(NOBODY, "change", 4711, code); /* and not change; the log has the attempt. */
        CU_ASSERT_STRING_EQUAL(code, "denied");
        CU_ASSERT_EQUAL(n_admin, 1);
        CU_ASSERT_EQUAL(last_result, EACCES);
    }
    zw_test_server_stop(&server);
}

/* The socket's file. */

static int start_at(const char *path, struct zw_control **control, struct zw_problems *problems)
{
    return zw_control_start(server.base, path, types, NULL, on_admin, control, problems);
}

static void test_socket_file(void)
{
    struct zw_problems problems = ZW_PROBLEMS_INIT;
    struct zw_control *second;
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct stat st;
    char path[128], long_path[200], code[32];

    zw_test_server_start(&server, types, NULL, on_admin);
    CU_ASSERT_EQUAL(stat(server.path, &st), 0);
    CU_ASSERT_EQUAL(st.st_mode & 0777, 0660);
    CU_ASSERT_EQUAL(start_at(server.path, &second, &problems), EADDRINUSE);
    CU_ASSERT_PTR_NULL(second);
    ask_as(getuid(), "echo", 0, code); /* The first one still serves. */
    CU_ASSERT_STRING_EQUAL(code, "ok");

    snprintf(path, sizeof path, "%s/stale", server.run_dir);
    strcpy(address.sun_path, path);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    CU_ASSERT_EQUAL(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    close(fd);
    CU_ASSERT_EQUAL(start_at(path, &second, &problems), 0);
    CU_ASSERT_EQUAL(unlink(path), 0); /* Somebody else's socket at our path stays. */
    fd = socket(AF_UNIX, SOCK_STREAM, 0);
    CU_ASSERT_EQUAL(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    zw_control_stop(second);
    CU_ASSERT_EQUAL(unlink(path), 0);
    close(fd);

    fd = open(path, O_CREAT | O_WRONLY, 0600);
    close(fd);
    CU_ASSERT_EQUAL(start_at(path, &second, &problems), EEXIST);
    CU_ASSERT_EQUAL(unlink(path), 0);
    memset(long_path, 'a', sizeof long_path - 1);
    long_path[sizeof long_path - 1] = '\0';
    CU_ASSERT_EQUAL(start_at(long_path, &second, &problems), ENAMETOOLONG);
    CU_ASSERT_EQUAL(start_at("/nonexistent/x", &second, &problems), ENOENT);
    CU_ASSERT_EQUAL(problems.n, 4);
    zw_problems_clear(&problems);
    zw_test_server_stop(&server);
    CU_ASSERT_EQUAL(stat(server.path, &st), -1);
}

ZW_TEST_MAIN({"root, the daemon's user and the group have their rights", test_rights},
             {"an unprivileged peer is refused", test_unprivileged_peer},
             {"stale, live and foreign files at the socket's path", test_socket_file})
