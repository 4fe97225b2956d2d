/* SPDX-License-Identifier: Apache-2.0 */
/* schema - what makes a file an audit log: schemas/audit.sql, compiled in. */

#ifndef ZW_AUDIT_SCHEMA_H
#define ZW_AUDIT_SCHEMA_H 1

/* Both as schemas/audit.sql sets them; a unit test holds them together. */
#define ZW_AUDIT_APPLICATION_ID 0x5a4f4e45
#define ZW_AUDIT_SCHEMA_VERSION 2

/* The text of schemas/audit.sql.  schemas/embed.awk makes it while building. */
extern const char zw_audit_schema[];

/* schemas/audit-N-to-M.sql: bring an older log up by one version. */
extern const char zw_audit_1_to_2[];

#endif
