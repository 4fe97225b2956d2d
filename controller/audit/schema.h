/* SPDX-License-Identifier: Apache-2.0 */
/* schema - what makes a file an audit log: schemas/audit.sql, compiled in. */

#ifndef ZW_AUDIT_SCHEMA_H
#define ZW_AUDIT_SCHEMA_H 1

/* Both as schemas/audit.sql sets them; a unit test holds them together. */
#define ZW_AUDIT_APPLICATION_ID 0x5a4f4e45
#define ZW_AUDIT_SCHEMA_VERSION 1

/* The text of schemas/audit.sql.  schemas/embed.awk makes it while building. */
extern const char zw_audit_schema[];

#endif
