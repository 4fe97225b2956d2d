/* SPDX-License-Identifier: Apache-2.0 */
/* sql - a filter as SQL over the tables of schemas/audit.sql.
 *
 * The text is put together from constant pieces only; every value is bound.  There are two ways to a record: from the
 * small tables (which decisions, addresses and tuples pass?) through an index, or along the time through all of them.
 * The first is right when few records pass, the second when many do; which it is, is counted first, up to a bound. */

#ifndef ZW_AUDIT_SQL_H
#define ZW_AUDIT_SQL_H 1

#include <sqlite3.h>

#include "controller/audit/query.h"

/* A statement that finds the records that pass, in the order of zw_audit_query(): each row has the type (an integer,
 * enum zw_record_type) and the id.  To be used within the transaction in which it was prepared.  'filter' and what it
 * refers to must stay as they are until the statement is finalized.  SQLITE_OK, or an error code and a NULL in
 * '*stmt'. */
int zw_audit_sql_prepare(sqlite3 *, const struct zw_audit_filter *filter, sqlite3_stmt **stmt);

#endif
