/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int read_all(int fd, char *text, size_t size)
{
    size_t done = 0;

    while (done < size) {
        ssize_t n = read(fd, text + done, size - done);

        if (n < 0 && errno != EINTR) {
            return errno;
        }
        if (!n) {
            return EIO; /* It shrank while we read. */
        }
        done += n > 0 ? (size_t)n : 0;
    }
    text[size] = '\0';
    return 0;
}

static int read_fd(int fd, char **text)
{
    struct stat st;

    if (fstat(fd, &st)) {
        return errno;
    }
    if (!S_ISREG(st.st_mode) || !st.st_size) {
        return EINVAL;
    }
    if (st.st_size > ZW_FILE_MAX_SIZE) {
        return EFBIG;
    }
    *text = malloc((size_t)st.st_size + 1);
    return *text ? read_all(fd, *text, (size_t)st.st_size) : ENOMEM;
}

int zw_file_read(const char *path, char **text)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

    *text = NULL;
    if (fd < 0) {
        return errno;
    }
    int error = read_fd(fd, text);
    close(fd);
    if (error) {
        free(*text);
        *text = NULL;
    }
    return error;
}

static int write_all(int fd, const char *text)
{
    size_t size = strlen(text), done = 0;

    while (done < size) {
        ssize_t n = write(fd, text + done, size - done);

        if (n < 0 && errno != EINTR) {
            return errno;
        }
        done += n > 0 ? (size_t)n : 0;
    }
    return fsync(fd) ? errno : 0;
}

static int write_new(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);

    if (fd < 0) {
        return errno;
    }
    int error = write_all(fd, text);
    if (close(fd) && !error) {
        error = errno;
    }
    return error;
}

/* A rename is durable when its directory is. */
static void sync_directory_of(const char *path)
{
    char copy[PATH_MAX];

    snprintf(copy, sizeof copy, "%s", path);
    int fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0) {
        fsync(fd);
        close(fd);
    }
}

int zw_file_replace(const char *path, const char *text)
{
    char temporary[PATH_MAX];

    if ((size_t)snprintf(temporary, sizeof temporary, "%s.new", path) >= sizeof temporary) {
        return ENAMETOOLONG;
    }
    int error = write_new(temporary, text);
    if (!error && rename(temporary, path)) {
        error = errno;
    }
    if (error) {
        unlink(temporary);
        return error;
    }
    sync_directory_of(path);
    return 0;
}
