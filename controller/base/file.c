/* SPDX-License-Identifier: Apache-2.0 */
#include "zw-config.h"

#include "controller/base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static int read_all(int fd, size_t offset, char *text, size_t size)
{
    size_t done = 0;

    while (done < size) {
        ssize_t n = pread(fd, text + done, size - done, (off_t)(offset + done));

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
    return zw_file_read_part(fd, 0, (size_t)st.st_size, text);
}

int zw_file_read_part(int fd, size_t offset, size_t size, char **text)
{
    *text = malloc(size + 1);
    int error = *text ? read_all(fd, offset, *text, size) : ENOMEM;
    if (error) {
        free(*text);
        *text = NULL;
    }
    return error;
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
    return error;
}

static int write_all(int fd, const char *text, size_t size)
{
    size_t done = 0;

    while (done < size) {
        ssize_t n = write(fd, text + done, size - done);

        if (n < 0 && errno != EINTR) {
            return errno;
        }
        done += n > 0 ? (size_t)n : 0;
    }
    return 0;
}

static int write_parts(int fd, const struct iovec *parts, size_t n)
{
    int error = 0;

    for (size_t i = 0; i < n && !error; i++) {
        error = write_all(fd, parts[i].iov_base, parts[i].iov_len);
    }
    return error;
}

static int write_new(const char *path, const struct iovec *parts, size_t n)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);

    if (fd < 0) {
        return errno;
    }
    int error = write_parts(fd, parts, n);
    if (!error && fsync(fd)) {
        error = errno;
    }
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

int zw_file_replace_parts(const char *path, const struct iovec *parts, size_t n)
{
    char temporary[PATH_MAX];

    if ((size_t)snprintf(temporary, sizeof temporary, "%s.new", path) >= sizeof temporary) {
        return ENAMETOOLONG;
    }
    int error = write_new(temporary, parts, n);
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

int zw_file_replace(const char *path, const char *text)
{
    const struct iovec part = {.iov_base = (char *)text, .iov_len = strlen(text)};

    return zw_file_replace_parts(path, &part, 1);
}

#define SEALS (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)

int zw_file_seal(const struct iovec *parts, size_t n)
{
    int fd = memfd_create("sealed", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    int error = fd < 0 ? errno : write_parts(fd, parts, n);

    if (!error && fcntl(fd, F_ADD_SEALS, SEALS)) {
        error = errno;
    }
    if (error && fd >= 0) {
        close(fd);
    }
    errno = error;
    return error ? -1 : fd;
}

int zw_file_sealed_size(int fd, size_t *size)
{
    struct stat st;
    int seals = fcntl(fd, F_GET_SEALS);

    *size = 0;
    if (seals < 0 || (seals & SEALS) != SEALS) {
        return EINVAL;
    }
    if (fstat(fd, &st)) {
        return errno;
    }
    *size = (size_t)st.st_size;
    return S_ISREG(st.st_mode) ? 0 : EINVAL;
}
