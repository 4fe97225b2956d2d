/* SPDX-License-Identifier: Apache-2.0 */
#include "zw-config.h"

#include "tests/unit/ovsdb-fixture.h"

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define SCHEMA "/usr/share/openvswitch/vswitch.ovsschema"

static char dir[32], remote[96], sock[64], ctl[64];
static pid_t server, fake;

static void die(const char *what)
{
    printf("Bail out! %s\n", what);
    exit(99);
}

long long fixture_now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

/* Runs a shell command with OVS's directories being ours. */
static bool run(const char *format, ...)
{
    char command[1024];
    va_list args;

    va_start(args, format);
    vsnprintf(command, sizeof command, format, args);
    va_end(args);
    return !system(command);
}

void fixture_create_changed(const char *sed_script)
{
    strcpy(dir, "/tmp/zw-ovsdb.XXXXXX");
    if (!mkdtemp(dir)) {
        die("mkdtemp");
    }
    setenv("OVS_RUNDIR", dir, 1);
    setenv("OVS_LOGDIR", dir, 1);
    snprintf(sock, sizeof sock, "%s/db.sock", dir);
    snprintf(remote, sizeof remote, "unix:%s", sock);
    snprintf(ctl, sizeof ctl, "%s/ovsdb.ctl", dir);
    if (!run("sed '%s' " SCHEMA " >%s/schema", sed_script, dir) ||
        !run("ovsdb-tool -vconsole:off create %s/conf.db %s/schema", dir, dir)) {
        die("ovsdb-tool");
    }
}

void fixture_create(void)
{
    fixture_create_changed("");
}

static void end_process(pid_t *pid)
{
    if (*pid > 0) {
        kill(*pid, SIGKILL);
        waitpid(*pid, NULL, 0);
    }
    *pid = 0;
}

void fixture_destroy(void)
{
    end_process(&server);
    end_process(&fake);
    run("rm -rf '%s'", dir);
}

const char *fixture_dir(void)
{
    return dir;
}

const char *fixture_remote(void)
{
    return remote;
}

const char *fixture_ctl(void)
{
    return ctl;
}

static bool can_connect(const char *path)
{
    struct sockaddr_un addr = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool ok;

    snprintf(addr.sun_path, sizeof addr.sun_path, "%s", path);
    ok = !connect(fd, (struct sockaddr *)&addr, sizeof addr);
    close(fd);
    return ok;
}

static void wait_for_socket(const char *path)
{
    long long deadline = fixture_now_ms() + FIXTURE_TIMEOUT_MS;

    while (!can_connect(path)) {
        if (fixture_now_ms() > deadline) {
            die("a server does not come up");
        }
        usleep(10000);
    }
}

void fixture_start_server(void)
{
    char db[96], remote_arg[128], ctl_arg[128];

    snprintf(db, sizeof db, "%s/conf.db", dir);
    snprintf(remote_arg, sizeof remote_arg, "--remote=punix:%s", sock);
    snprintf(ctl_arg, sizeof ctl_arg, "--unixctl=%s", ctl);
    fflush(stdout);
    server = fork();
    if (!server) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        execlp("ovsdb-server", "ovsdb-server", "-vconsole:off", "-vsyslog:off", remote_arg, ctl_arg, db, (char *)NULL);
        execl("/usr/sbin/ovsdb-server", "ovsdb-server", "-vconsole:off", "-vsyslog:off", remote_arg, ctl_arg, db,
              (char *)NULL);
        _exit(127);
    }
    wait_for_socket(sock);
    wait_for_socket(ctl);
}

void fixture_kill_server(void)
{
    end_process(&server);
}

void fixture_signal_server(int signal_number)
{
    kill(server, signal_number);
}

bool fixture_vsctl(const char *format, ...)
{
    char args[768];
    va_list list;

    va_start(list, format);
    vsnprintf(args, sizeof args, format, list);
    va_end(list);
    return run("ovs-vsctl --db=%s --no-wait --timeout=20 -vsyslog:off %s", remote, args);
}

const char *fixture_vsctl_get(const char *args)
{
    static char line[256];
    char command[512];
    FILE *pipe;

    snprintf(command, sizeof command, "ovs-vsctl --db=%s --no-wait --timeout=20 -vsyslog:off %s", remote, args);
    line[0] = '\0';
    pipe = popen(command, "r");
    if (pipe) {
        if (!fgets(line, sizeof line, pipe)) {
            line[0] = '\0';
        }
        pclose(pipe);
    }
    line[strcspn(line, "\n")] = '\0';
    return line;
}

/* The id of a JSON-RPC request, which libopenvswitch writes as "id":NUMBER at any place. */
static long request_id(int fd)
{
    char buffer[65536];
    size_t n = 0;

    while (n < sizeof buffer - 1) {
        ssize_t got = read(fd, buffer + n, sizeof buffer - 1 - n);

        if (got <= 0) {
            return -1;
        }
        n += (size_t)got;
        buffer[n] = '\0';
        const char *id = strstr(buffer, "\"id\":");
        if (id && strchr(id, '}')) {
            return strtol(id + 5, NULL, 10);
        }
    }
    return -1;
}

static void send_text(int fd, const char *text, size_t n)
{
    while (n) {
        ssize_t sent = send(fd, text, n, MSG_NOSIGNAL);

        if (sent < 0) {
            return;
        }
        text += sent;
        n -= (size_t)sent;
    }
}

static void send_answer(int fd, const char *answer)
{
    long id = request_id(fd);
    char number[32];

    while (id >= 0) {
        size_t n = strcspn(answer, "@\n");

        send_text(fd, answer, n);
        answer += n;
        if (*answer == '@') {
            snprintf(number, sizeof number, "%ld", id);
            send_text(fd, number, strlen(number));
        } else if (*answer == '\n') {
            id = request_id(fd);
        } else {
            return;
        }
        answer++;
    }
}

static void serve(int listener, const char *answer, bool hang_up)
{
    for (;;) {
        int fd = accept(listener, NULL, NULL);

        send_answer(fd, answer);
        if (hang_up) {
            close(fd);
        }
    }
}

void fixture_start_fake(const char *path, const char *answer, bool hang_up)
{
    struct sockaddr_un addr = {.sun_family = AF_UNIX};
    int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    unlink(path);
    snprintf(addr.sun_path, sizeof addr.sun_path, "%s", path);
    if (bind(listener, (struct sockaddr *)&addr, sizeof addr) || listen(listener, 8)) {
        die("cannot listen");
    }
    fflush(stdout);
    fake = fork();
    if (!fake) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        serve(listener, answer, hang_up);
    }
    close(listener);
}

void fixture_stop_fake(void)
{
    end_process(&fake);
}
