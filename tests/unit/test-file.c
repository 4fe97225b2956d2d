/* SPDX-License-Identifier: Apache-2.0 */
#include "zw-config.h"

#include "controller/base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/zw-test.h"

static char dir[] = "/tmp/zw-file-XXXXXX";
static char path[64];

static void test_round_trip(void)
{
    char *text;

    CU_ASSERT_EQUAL(zw_file_replace(path, "first"), 0);
    CU_ASSERT_EQUAL(zw_file_replace(path, "second\n"), 0);
    CU_ASSERT_EQUAL_FATAL(zw_file_read(path, &text), 0);
    CU_ASSERT_STRING_EQUAL(text, "second\n");
    free(text);
}

static void test_errors(void)
{
    char *text = path;

    CU_ASSERT_EQUAL(zw_file_read("/nonexistent/file", &text), ENOENT);
    CU_ASSERT_PTR_NULL(text);
    CU_ASSERT_EQUAL(zw_file_read(dir, &text), EINVAL);
    CU_ASSERT_EQUAL(zw_file_replace(path, ""), 0);
    CU_ASSERT_EQUAL(zw_file_read(path, &text), EINVAL);
    CU_ASSERT_EQUAL(zw_file_replace("/nonexistent/file", "x"), ENOENT);
}

/* What cannot be written leaves the old file, and nothing else. */
static void test_old_stays(void)
{
    char in_the_way[80];
    char *text;

    CU_ASSERT_EQUAL(zw_file_replace(path, "old"), 0);
    snprintf(in_the_way, sizeof in_the_way, "%s.new", path);
    CU_ASSERT_EQUAL(mkdir(in_the_way, 0700), 0);
    CU_ASSERT_EQUAL(zw_file_replace(path, "new"), EISDIR);
    CU_ASSERT_EQUAL_FATAL(zw_file_read(path, &text), 0);
    CU_ASSERT_STRING_EQUAL(text, "old");
    free(text);
    rmdir(in_the_way);
}

/* What is sealed can be read, and not changed, through whichever descriptor. */
static void test_sealed(void)
{
    const struct iovec parts[] = {{(char *)"one, ", 5}, {(char *)"two", 3}};
    int fd = zw_file_seal(parts, 2);
    char *text;
    size_t size;

    CU_ASSERT_FATAL(fd >= 0);
    CU_ASSERT_EQUAL(zw_file_sealed_size(fd, &size), 0);
    CU_ASSERT_EQUAL(size, 8);
    CU_ASSERT_EQUAL_FATAL(zw_file_read_part(fd, 0, size, &text), 0);
    CU_ASSERT_STRING_EQUAL(text, "one, two");
    free(text);
    CU_ASSERT_EQUAL_FATAL(zw_file_read_part(fd, 5, 2, &text), 0);
    CU_ASSERT_STRING_EQUAL(text, "tw");
    free(text);
    CU_ASSERT_EQUAL(zw_file_read_part(fd, 5, 4, &text), EIO);
    CU_ASSERT_PTR_NULL(text);
    CU_ASSERT_EQUAL(pwrite(fd, "x", 1, 0), -1);
    CU_ASSERT_EQUAL(ftruncate(fd, 1), -1);
    close(fd);
}

/* What might change while it is read, or make its reader wait. */
static void test_not_sealed(void)
{
    int pipes[2];
    size_t size;

    CU_ASSERT_EQUAL(zw_file_replace(path, "a file"), 0);
    CU_ASSERT_EQUAL_FATAL(pipe(pipes), 0);
    int fds[] = {open(path, O_RDONLY),
                 pipes[0],
                 pipes[1],
                 open("/dev/zero", O_RDONLY),
                 open(dir, O_RDONLY),
                 memfd_create("open", MFD_ALLOW_SEALING),
                 memfd_create("shrinks", MFD_ALLOW_SEALING)};
    CU_ASSERT_EQUAL(fcntl(fds[6], F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW), 0);
    for (size_t i = 0; i < sizeof fds / sizeof fds[0]; i++) {
        CU_ASSERT_EQUAL(zw_file_sealed_size(fds[i], &size), EINVAL);
        CU_ASSERT_EQUAL(size, 0);
        close(fds[i]);
    }
}

int main(int argc, char **argv)
{
    static const struct zw_test tests[] = {
        {"what is written is read", test_round_trip},      {"each error is told", test_errors},
        {"a failure leaves the old file", test_old_stays}, {"a sealed file", test_sealed},
        {"what is no sealed file", test_not_sealed},
    };

    if (!mkdtemp(dir)) {
        return 99;
    }
    snprintf(path, sizeof path, "%s/file", dir);
    int status = zw_test_run(argc, argv, tests, sizeof tests / sizeof tests[0]);
    unlink(path);
    rmdir(dir);
    return status;
}
