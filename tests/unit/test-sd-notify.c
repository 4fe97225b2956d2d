/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/daemon/sd-notify.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "tests/unit/zw-test.h"

/* Listens as systemd would, at 'name' ('@': the abstract namespace), and checks that a state arrives as it was sent. */
static void check_arrives(const char *name)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
    char buf[64] = "";

    memcpy(address.sun_path, name, strlen(name));
    if (name[0] == '@') {
        address.sun_path[0] = '\0';
    }
    CU_ASSERT_EQUAL_FATAL(bind(fd, (const struct sockaddr *)&address,
                               (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(name))),
                          0);
    setenv("NOTIFY_SOCKET", name, 1);
    zw_sd_notify("READY=1\nSTATUS=running");
    CU_ASSERT(recv(fd, buf, sizeof buf - 1, MSG_DONTWAIT) > 0);
    CU_ASSERT_STRING_EQUAL(buf, "READY=1\nSTATUS=running");
    close(fd);
}

static void test_arrives(void)
{
    char name[64];

    snprintf(name, sizeof name, "/tmp/zw-notify-%d", (int)getpid());
    check_arrives(name);
    unlink(name);
    snprintf(name, sizeof name, "@zw-notify-%d", (int)getpid());
    check_arrives(name);
}

static void test_nobody(void)
{
    unsetenv("NOTIFY_SOCKET");
    zw_sd_notify("READY=1");
    setenv("NOTIFY_SOCKET", "/nonexistent/socket", 1);
    zw_sd_notify("READY=1");
    setenv("NOTIFY_SOCKET", "relative", 1);
    zw_sd_notify("READY=1");
    CU_PASS("nobody to tell is no reason to stop");
}

ZW_TEST_MAIN({"a state arrives", test_arrives}, {"nobody listens", test_nobody})
