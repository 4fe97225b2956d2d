/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ZW_BASE_FILE_H
#define ZW_BASE_FILE_H 1

#include <stddef.h>
#include <sys/uio.h>

/* file - small files, whole: read at once, replaced in one step.
 *
 * Thread-safe, but for two writers of one file. */

/* Reads all of 'path' into '*text', which ends with a NUL byte that is not in the file, for the caller to free.  0 or a
 * positive errno: EFBIG if it is larger than ZW_FILE_MAX_SIZE, EINVAL if it is empty. */
#define ZW_FILE_MAX_SIZE (256u * 1024 * 1024)
int zw_file_read(const char *path, char **text);

/* Puts 'text' where 'path' is, so that after a crash either the old or the new file is there, whole; durable when it
 * returns.  0 or a positive errno, and then the old file is untouched. */
int zw_file_replace(const char *path, const char *text);
/* The same for what stands in 'parts', one behind the other. */
int zw_file_replace_parts(const char *path, const struct iovec *parts, size_t n);

/* A sealed file has no name, and nobody can change it any more, nor its size: what one process gives to another as a
 * descriptor, to be read at leisure (memfd_create(2), F_ADD_SEALS). */

/* Makes one of what stands in 'parts', one behind the other.  The descriptor, or -1 with errno. */
int zw_file_seal(const struct iovec *parts, size_t n);

/* Finds the size of a sealed file.  0 or a positive errno: EINVAL if 'fd' is something else, which might change, or keep
 * its reader waiting. */
int zw_file_sealed_size(int fd, size_t *size);

/* Reads 'size' bytes from 'offset' on into '*text', for the caller to free, with a NUL behind them.  0 or a positive errno. */
int zw_file_read_part(int fd, size_t offset, size_t size, char **text);

#endif
