/* SPDX-License-Identifier: Apache-2.0 */
/* create - makes a new, empty audit log.
 *
 * It is made beside its place, as PATH-new, and then moved there whole: whatever fails half-way, nobody finds half a
 * log at PATH. */

#ifndef ZW_AUDIT_CREATE_H
#define ZW_AUDIT_CREATE_H 1

#include <stdbool.h>
#include <stddef.h>

/* Makes a log at 'path', where there is nothing or an empty file, whose mode and owner it keeps.  A WAL that an earlier
 * log left at 'path' is removed: SQLite would take it for the new one's.  False with the reason, for people and without
 * the path, in 'error'. */
bool zw_audit_create(const char *path, char *error, size_t error_size);

#endif
