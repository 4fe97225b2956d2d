/* SPDX-License-Identifier: Apache-2.0 */
#include <config.h>

#include "ovs-ext/fail-mode.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jsonrpc.h>
#include <openvswitch/json.h>
#include <openvswitch/poll-loop.h>
#include <openvswitch/shash.h>
#include <timeval.h>
#include <util.h>
#include <uuid.h>

#include "controller/base/log.h"
#include "ovs-ext/ovsdb-client.h"
#include "ovs-ext/ovsdb-row.h"
#include "ovs-ext/ovsdb-tables.h"

struct guard {
    const char *bridge;
    struct json *request_id;  /* Of the write that is under way, or NULL. */
    long long int not_before; /* When the next write may be, in time_msec(). */
    int backoff_ms;
};

struct zw_fail_mode {
    struct guard *guards;
    size_t n_guards;
};

struct zw_fail_mode *zw_fail_mode_create(char *const *bridges, size_t n_bridges)
{
    struct zw_fail_mode *fail_mode = xzalloc(sizeof *fail_mode);

    fail_mode->guards = xcalloc(MAX(n_bridges, 1), sizeof *fail_mode->guards);
    fail_mode->n_guards = n_bridges;
    for (size_t i = 0; i < n_bridges; i++) {
        fail_mode->guards[i].bridge = bridges[i];
        fail_mode->guards[i].backoff_ms = ZW_FAIL_MODE_MIN_BACKOFF_MS;
    }
    return fail_mode;
}

void zw_fail_mode_disconnected(struct zw_fail_mode *fail_mode)
{
    for (size_t i = 0; i < fail_mode->n_guards; i++) {
        json_destroy(fail_mode->guards[i].request_id);
        fail_mode->guards[i].request_id = NULL;
    }
}

void zw_fail_mode_destroy(struct zw_fail_mode *fail_mode)
{
    if (fail_mode) {
        zw_fail_mode_disconnected(fail_mode);
        free(fail_mode->guards);
        free(fail_mode);
    }
}

/* The bridge's row if its fail_mode has to be written and no write is under way. */
static const struct zw_ovsdb_row *row_to_mend(const struct guard *guard, const struct zw_ovsdb_tables *tables)
{
    const struct zw_ovsdb_row *row = zw_ovsdb_tables_bridge(tables, guard->bridge);

    if (!row || guard->request_id || (row->bridge.fail_mode && !strcmp(row->bridge.fail_mode, "secure"))) {
        return NULL;
    }
    return row;
}

/* The parameters of "transact", RFC 7047 section 4.1.3. */
static struct json *compose(const struct zw_ovsdb_row *row)
{
    struct json *columns = json_object_create();
    struct json *op = json_object_create();
    struct json *uuid = json_array_create_2(json_string_create("uuid"),
                                            json_string_create_nocopy(xasprintf(UUID_FMT, UUID_ARGS(&row->uuid))));

    json_object_put_string(columns, "fail_mode", "secure");
    json_object_put_string(op, "op", "update");
    json_object_put_string(op, "table", "Bridge");
    json_object_put(op, "where",
                    json_array_create_1(
                        json_array_create_3(json_string_create("_uuid"), json_string_create("=="), uuid)));
    json_object_put(op, "row", columns);
    return json_array_create_2(json_string_create("Open_vSwitch"), op);
}

static void mend(struct guard *guard, const struct zw_ovsdb_row *row, struct jsonrpc_session *session)
{
    static struct zw_log_limit limit = ZW_LOG_LIMIT_INIT(5, 10000);
    long long int now = time_msec();

    if (now - guard->not_before > ZW_FAIL_MODE_CALM_MS) {
        guard->backoff_ms = ZW_FAIL_MODE_MIN_BACKOFF_MS;
    }
    guard->not_before = now + guard->backoff_ms;
    guard->backoff_ms = MIN(2 * guard->backoff_ms, ZW_FAIL_MODE_MAX_BACKOFF_MS);
    zw_log_rl(&limit, ZW_LOG_WARN,
              "bridge %s: fail_mode is %s, which opens it when its controller goes; "
              "setting it to secure",
              guard->bridge, row->bridge.fail_mode ? row->bridge.fail_mode : "not set");
    jsonrpc_session_send(session, jsonrpc_create_request("transact", compose(row), &guard->request_id));
}

void zw_fail_mode_run(struct zw_fail_mode *fail_mode, const struct zw_ovsdb_tables *tables,
                      struct jsonrpc_session *session)
{
    for (size_t i = 0; i < fail_mode->n_guards; i++) {
        struct guard *guard = &fail_mode->guards[i];
        const struct zw_ovsdb_row *row = row_to_mend(guard, tables);

        if (row && time_msec() >= guard->not_before) {
            mend(guard, row, session);
        }
    }
}

void zw_fail_mode_wait(struct zw_fail_mode *fail_mode, const struct zw_ovsdb_tables *tables)
{
    for (size_t i = 0; i < fail_mode->n_guards; i++) {
        struct guard *guard = &fail_mode->guards[i];

        if (row_to_mend(guard, tables)) {
            poll_timer_wait_until(guard->not_before);
        }
    }
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

/* What is wrong with the answer to our transaction, or NULL.  One operation gives one result, and one more if the
 * transaction failed as a whole.  That no row was updated ("count" 0) is fine: the bridge went at that moment. */
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

static void handle_reply(const struct guard *guard, const struct jsonrpc_msg *msg, struct zw_ovsdb_status *status)
{
    static struct zw_log_limit limit = ZW_LOG_LIMIT_INIT(5, 10000);
    char *error = transaction_error(msg);

    if (error) {
        snprintf(status->error, sizeof status->error, "bridge %s: cannot set fail_mode: %s", guard->bridge, error);
        zw_log_rl(&limit, ZW_LOG_ERR, "%s", status->error);
        free(error);
    } else {
        status->n_fail_mode_set++;
        status->error[0] = '\0';
    }
}

void zw_fail_mode_reply(struct zw_fail_mode *fail_mode, const struct jsonrpc_msg *msg, struct zw_ovsdb_status *status)
{
    if ((msg->type != JSONRPC_REPLY && msg->type != JSONRPC_ERROR) || !msg->id) {
        return;
    }
    for (size_t i = 0; i < fail_mode->n_guards; i++) {
        struct guard *guard = &fail_mode->guards[i];

        if (guard->request_id && json_equal(guard->request_id, msg->id)) {
            json_destroy(guard->request_id);
            guard->request_id = NULL;
            handle_reply(guard, msg, status);
            return;
        }
    }
}
