/* SPDX-License-Identifier: Apache-2.0 */
/* ovsdb-write - one thing that we hold in OVSDB, and the writes that put it right when somebody has changed it.
 *
 * Private to the OVSDB watcher's thread.  One write at a time, at once the first time, then with a growing pause
 * (ovs-ext/ovsdb-client.h), so that two writers that disagree do not keep the database busy. */

#ifndef ZW_OVS_OVSDB_WRITE_H
#define ZW_OVS_OVSDB_WRITE_H 1

#include <stdbool.h>

struct json;
struct jsonrpc_msg;
struct jsonrpc_session;
struct uuid;

struct zw_ovsdb_write {
    struct json *request_id;  /* Of the write that is under way, or NULL. */
    long long int not_before; /* When the next write may be, in time_msec(). */
    int backoff_ms;           /* 0 at first. */
};

/* Whether a write may be sent now.  If only time is in the way, zw_ovsdb_write_wait() wakes the thread up for it. */
bool zw_ovsdb_write_is_due(const struct zw_ovsdb_write *);
void zw_ovsdb_write_wait(const struct zw_ovsdb_write *);

/* 'params' of "transact", RFC 7047 section 4.1.3, which it takes.  Only when a write is due. */
void zw_ovsdb_write_send(struct zw_ovsdb_write *, struct json *params, struct jsonrpc_session *);

/* False: 'msg' is not the answer to it.  Else '*error' is what is wrong with it (the caller's), or NULL.  That no row was
 * updated ("count" 0) is fine: it went at that moment. */
bool zw_ovsdb_write_answered(struct zw_ovsdb_write *, const struct jsonrpc_msg *msg, char **error);
/* No answer comes any more. */
void zw_ovsdb_write_forget(struct zw_ovsdb_write *);

/* <uuid> and the <condition> that names the row, of RFC 7047 section 5.1.  The caller's. */
struct json *zw_ovsdb_uuid_json(const struct uuid *);
struct json *zw_ovsdb_where_uuid(const struct uuid *);

/* What an <error> of RFC 7047 says, in one line.  The caller's. */
char *zw_ovsdb_error_text(const struct json *error);

#endif
