/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ZW_AUDIT_RECORDS_H
#define ZW_AUDIT_RECORDS_H 1

/* audit-records - records and logs for the tests of controller/audit/. */

#include <stdint.h>

#include "controller/audit/record.h"

/* A session of client number 'i': every 'i' has its own source port, and address and zone repeat. */
struct zw_record zw_test_session(unsigned int i);
struct zw_record zw_test_denial(unsigned int i);
struct zw_record zw_test_end(unsigned int i);
struct zw_record zw_test_policy(void);
struct zw_record zw_test_daemon(const char *what);
struct zw_record zw_test_admin(void);
struct zw_record zw_test_gap(void);

/* A new folder for one test, and a path in it for its log.  zw_test_log_remove() deletes both with all that is in
 * there. */
struct zw_test_log {
    char dir[64];
    char path[128];
};
struct zw_test_log zw_test_log_make(void);
void zw_test_log_remove(const struct zw_test_log *);

/* The number that 'sql' gives in the log at 'path', or -1000 after an error.  Reads with a connection of its own. */
int64_t zw_test_log_number(const char *path, const char *sql);

/* Runs 'sql' with a connection of its own: 0 or SQLite's error code. */
int zw_test_log_run(const char *path, const char *sql);

#endif
