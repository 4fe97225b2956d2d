/* SPDX-License-Identifier: Apache-2.0 */
#include <config.h>

#include "ovs-ext/ovsdb-write.h"

#include <jsonrpc.h>
#include <openvswitch/json.h>
#include <openvswitch/poll-loop.h>
#include <openvswitch/shash.h>
#include <timeval.h>
#include <util.h>
#include <uuid.h>

#include "ovs-ext/ovsdb-client.h"

bool zw_ovsdb_write_is_due(const struct zw_ovsdb_write *write)
{
    return !write->request_id && time_msec() >= write->not_before;
}

void zw_ovsdb_write_wait(const struct zw_ovsdb_write *write)
{
    if (!write->request_id) {
        poll_timer_wait_until(write->not_before);
    }
}

void zw_ovsdb_write_send(struct zw_ovsdb_write *write, struct json *params, struct jsonrpc_session *session)
{
    long long int now = time_msec();

    if (!write->backoff_ms || now - write->not_before > ZW_OVSDB_WRITE_CALM_MS) {
        write->backoff_ms = ZW_OVSDB_WRITE_MIN_BACKOFF_MS;
    }
    write->not_before = now + write->backoff_ms;
    write->backoff_ms = MIN(2 * write->backoff_ms, ZW_OVSDB_WRITE_MAX_BACKOFF_MS);
    jsonrpc_session_send(session, jsonrpc_create_request("transact", params, &write->request_id));
}

static const char *string_member(const struct json *object, const char *name)
{
    const struct json *member = object && object->type == JSON_OBJECT ? shash_find_data(object->object, name) : NULL;

    return member && member->type == JSON_STRING ? json_string(member) : NULL;
}

char *zw_ovsdb_error_text(const struct json *error)
{
    const char *code = string_member(error, "error");
    const char *details = string_member(error, "details");

    if (!code && error && error->type == JSON_STRING) {
        code = json_string(error);
    }
    return details ? xasprintf("%s (%s)", details, code ? code : "error")
                   : xstrdup(code ? code : "error of an unknown form");
}

/* Each operation gives one result, and there is one more if the transaction failed as a whole. */
static char *transaction_error(const struct jsonrpc_msg *msg)
{
    const struct json *result = msg->result;

    if (msg->type == JSONRPC_ERROR) {
        return zw_ovsdb_error_text(msg->error);
    }
    if (result->type != JSON_ARRAY || !result->array.n) {
        return xstrdup("malformed answer");
    }
    for (size_t i = 0; i < result->array.n; i++) {
        if (string_member(result->array.elems[i], "error")) {
            return zw_ovsdb_error_text(result->array.elems[i]);
        }
    }
    return NULL;
}

bool zw_ovsdb_write_answered(struct zw_ovsdb_write *write, const struct jsonrpc_msg *msg, char **error)
{
    *error = NULL;
    if ((msg->type != JSONRPC_REPLY && msg->type != JSONRPC_ERROR) || !msg->id || !write->request_id ||
        !json_equal(write->request_id, msg->id)) {
        return false;
    }
    zw_ovsdb_write_forget(write);
    *error = transaction_error(msg);
    return true;
}

void zw_ovsdb_write_forget(struct zw_ovsdb_write *write)
{
    json_destroy(write->request_id);
    write->request_id = NULL;
}

struct json *zw_ovsdb_uuid_json(const struct uuid *uuid)
{
    return json_array_create_2(json_string_create("uuid"),
                               json_string_create_nocopy(xasprintf(UUID_FMT, UUID_ARGS(uuid))));
}

struct json *zw_ovsdb_where_uuid(const struct uuid *uuid)
{
    return json_array_create_1(
        json_array_create_3(json_string_create("_uuid"), json_string_create("=="), zw_ovsdb_uuid_json(uuid)));
}
