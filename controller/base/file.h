/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ZW_BASE_FILE_H
#define ZW_BASE_FILE_H 1

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

#endif
