/* SPDX-License-Identifier: Apache-2.0 */
#include <config.h>

#include "ovs-ext/fail-mode.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openvswitch/json.h>
#include <util.h>
#include <uuid.h>

#include "controller/base/log.h"
#include "ovs-ext/ovsdb-client.h"
#include "ovs-ext/ovsdb-row.h"
#include "ovs-ext/ovsdb-tables.h"
#include "ovs-ext/ovsdb-write.h"

struct guard {
    const char *bridge;
    struct zw_ovsdb_write write;
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
    }
    return fail_mode;
}

void zw_fail_mode_disconnected(struct zw_fail_mode *fail_mode)
{
    for (size_t i = 0; i < fail_mode->n_guards; i++) {
        zw_ovsdb_write_forget(&fail_mode->guards[i].write);
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

/* The bridge's row if its fail_mode has to be written. */
static const struct zw_ovsdb_row *row_to_mend(const struct guard *guard, const struct zw_ovsdb_tables *tables)
{
    const struct zw_ovsdb_row *row = zw_ovsdb_tables_bridge(tables, guard->bridge);

    if (!row || (row->bridge.fail_mode && !strcmp(row->bridge.fail_mode, "secure"))) {
        return NULL;
    }
    return row;
}

/* The parameters of "transact", RFC 7047 section 4.1.3. */
static struct json *compose(const struct zw_ovsdb_row *row)
{
    struct json *columns = json_object_create();
    struct json *op = json_object_create();

    json_object_put_string(columns, "fail_mode", "secure");
    json_object_put_string(op, "op", "update");
    json_object_put_string(op, "table", "Bridge");
    json_object_put(op, "where", zw_ovsdb_where_uuid(&row->uuid));
    json_object_put(op, "row", columns);
    return json_array_create_2(json_string_create("Open_vSwitch"), op);
}

static void mend(struct guard *guard, const struct zw_ovsdb_row *row, struct jsonrpc_session *session)
{
    static struct zw_log_limit limit = ZW_LOG_LIMIT_INIT(5, 10000);

    zw_log_rl(&limit, ZW_LOG_WARN,
              "bridge %s: fail_mode is %s, which opens it when its controller goes; "
              "setting it to secure",
              guard->bridge, row->bridge.fail_mode ? row->bridge.fail_mode : "not set");
    zw_ovsdb_write_send(&guard->write, compose(row), session);
}

void zw_fail_mode_run(struct zw_fail_mode *fail_mode, const struct zw_ovsdb_tables *tables,
                      struct jsonrpc_session *session)
{
    for (size_t i = 0; i < fail_mode->n_guards; i++) {
        struct guard *guard = &fail_mode->guards[i];
        const struct zw_ovsdb_row *row = row_to_mend(guard, tables);

        if (row && zw_ovsdb_write_is_due(&guard->write)) {
            mend(guard, row, session);
        }
    }
}

void zw_fail_mode_wait(struct zw_fail_mode *fail_mode, const struct zw_ovsdb_tables *tables)
{
    for (size_t i = 0; i < fail_mode->n_guards; i++) {
        struct guard *guard = &fail_mode->guards[i];

        if (row_to_mend(guard, tables)) {
            zw_ovsdb_write_wait(&guard->write);
        }
    }
}

/* Takes 'error'. */
static void handle_reply(const struct guard *guard, char *error, struct zw_ovsdb_status *status)
{
    static struct zw_log_limit limit = ZW_LOG_LIMIT_INIT(5, 10000);

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
    char *error;

    for (size_t i = 0; i < fail_mode->n_guards; i++) {
        if (zw_ovsdb_write_answered(&fail_mode->guards[i].write, msg, &error)) {
            handle_reply(&fail_mode->guards[i], error, status);
            return;
        }
    }
}
