/* SPDX-License-Identifier: Apache-2.0 */
/* upgrade - brings an audit log of an older schema version up to this program's.
 *
 * Records stay as they are; tables and views are added.  In one transaction, and not in WAL mode, so that the file itself
 * says its version to whoever looks at it without a lock (zw_db_inspect()). */

#ifndef ZW_AUDIT_UPGRADE_H
#define ZW_AUDIT_UPGRADE_H 1

#include <stdbool.h>
#include <stddef.h>

/* 'path' is a log that zw_db_inspect() calls ZW_DB_OLD.  False with the reason, for people and without the path, in
 * 'error'; the log is then as it was. */
bool zw_audit_upgrade(const char *path, char *error, size_t error_size);

#endif
