/* SPDX-License-Identifier: Apache-2.0 */
#include <config.h>

#include "ovs-ext/ovsdb-client.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jsonrpc.h>
#include <openvswitch/json.h>
#include <openvswitch/poll-loop.h>
#include <ovsdb-session.h>
#include <svec.h>
#include <timeval.h>
#include <util.h>
#include <uuid.h>

#include "controller/base/log.h"
#include "ovs-ext/ct-zones.h"
#include "ovs-ext/fail-mode.h"
#include "ovs-ext/ovsdb-row.h"
#include "ovs-ext/ovsdb-tables.h"
#include "ovs-ext/ovsdb-write.h"

/* The most messages that one run() takes, so that other work in the thread has its turn. */
#define MAX_MESSAGES 50

enum state {
    DOWN,    /* No connection, or one that we gave up and that is being closed. */
    ASKED,   /* Connected; the answer to our "monitor" is not there yet. */
    WATCHING /* 'tables' follows the database. */
};

struct zw_ovsdb_client {
    char *remote;
    char **bridges;
    size_t n_bridges;

    struct jsonrpc_session *session;
    unsigned int session_seqno; /* Of the connection that 'state' is about. */
    int last_error;             /* What the session had to say when we last looked. */
    enum state state;
    struct json *request_id; /* Of our "monitor", while ASKED. */
    long long int deadline;  /* For the answer to it. */
    long long int last_message;

    struct zw_ovsdb_tables *tables; /* NULL unless WATCHING. */
    bool tables_changed;
    struct zw_fail_mode *fail_mode;
    struct zw_ct_zones *ct_zones;
    struct zw_inventory *inventory;
    struct zw_ovsdb_status status;
    bool ever_connected;
};

static struct jsonrpc_session *open_session(const char *remote)
{
    struct svec remotes = SVEC_EMPTY_INITIALIZER;
    struct jsonrpc_session *session;
    struct uuid cid;

    ovsdb_session_parse_remote(remote, &remotes, &cid);
    session = jsonrpc_session_open_multiple(&remotes, true);
    jsonrpc_session_set_max_backoff(session, ZW_OVSDB_RETRY_MS);
    jsonrpc_session_set_probe_interval(session, ZW_OVSDB_PROBE_MS);
    svec_destroy(&remotes);
    return session;
}

struct zw_ovsdb_client *zw_ovsdb_client_create(const char *remote, const char *const *bridges, size_t n_bridges)
{
    struct zw_ovsdb_client *client = xzalloc(sizeof *client);

    client->remote = xstrdup(remote);
    client->bridges = xcalloc(MAX(n_bridges, 1), sizeof *client->bridges);
    client->n_bridges = n_bridges;
    for (size_t i = 0; i < n_bridges; i++) {
        client->bridges[i] = xstrdup(bridges[i]);
    }
    client->session = open_session(remote);
    client->fail_mode = zw_fail_mode_create(client->bridges, n_bridges);
    client->ct_zones = zw_ct_zones_create();
    client->status.since_ms = time_wall_msec();
    return client;
}

/* Forgets what belongs to the connection that was. */
static void forget_connection(struct zw_ovsdb_client *client)
{
    json_destroy(client->request_id);
    client->request_id = NULL;
    zw_ovsdb_tables_destroy(client->tables);
    client->tables = NULL;
    client->tables_changed = false;
    zw_fail_mode_disconnected(client->fail_mode);
    zw_ct_zones_disconnected(client->ct_zones);
}

void zw_ovsdb_client_destroy(struct zw_ovsdb_client *client)
{
    if (!client) {
        return;
    }
    forget_connection(client);
    zw_fail_mode_destroy(client->fail_mode);
    zw_ct_zones_destroy(client->ct_zones);
    zw_inventory_unref(client->inventory);
    jsonrpc_session_close(client->session);
    for (size_t i = 0; i < client->n_bridges; i++) {
        free(client->bridges[i]);
    }
    free(client->bridges);
    free(client->remote);
    free(client);
}

static void set_connected(struct zw_ovsdb_client *client)
{
    client->status.connected = true;
    client->status.since_ms = time_wall_msec();
    client->status.error[0] = '\0';
    client->status.n_reconnects += client->ever_connected;
    client->ever_connected = true;
    zw_log(ZW_LOG_INFO, "OVSDB at %s: connected", client->remote);
}

/* Says why there is no database, once for each reason. */
OVS_PRINTF_FORMAT(2, 3)
static void set_error(struct zw_ovsdb_client *client, const char *format, ...)
{
    static struct zw_log_limit limit = ZW_LOG_LIMIT_INIT(5, 10000);
    char text[sizeof client->status.error];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (client->status.connected) {
        client->status.connected = false;
        client->status.since_ms = time_wall_msec();
    } else if (!strcmp(client->status.error, text)) {
        return;
    }
    strcpy(client->status.error, text);
    zw_log_rl(&limit, ZW_LOG_WARN, "OVSDB at %s: %s; %s", client->remote, text,
              client->inventory ? "the ports last known stay valid" : "no port is known yet");
}

/* Gives up a connection that is of no use, for the reason in 'error'. */
static void give_up(struct zw_ovsdb_client *client, const char *error)
{
    set_error(client, "%s", error);
    forget_connection(client);
    client->state = DOWN;
    jsonrpc_session_force_reconnect(client->session);
}

/* The connection is gone, or there has been none.  What the session says last may be about an older attempt. */
static void note_down(struct zw_ovsdb_client *client)
{
    int error = jsonrpc_session_get_last_error(client->session);

    if (error != client->last_error && error) {
        set_error(client, "%s", error == EOF ? "lost the connection" : ovs_retval_to_string(error));
    } else if (client->state != DOWN) {
        set_error(client, "%s",
                  time_msec() - client->last_message >= ZW_OVSDB_PROBE_MS ? "does not answer" : "lost the connection");
    }
    client->last_error = error;
    if (client->state != DOWN) {
        forget_connection(client);
        client->state = DOWN;
    }
}

static void ask(struct zw_ovsdb_client *client)
{
    struct json *params = json_array_create_3(json_string_create("Open_vSwitch"), json_string_create("zoneward"),
                                              zw_ovsdb_tables_monitor());

    forget_connection(client);
    jsonrpc_session_send(client->session, jsonrpc_create_request("monitor", params, &client->request_id));
    client->deadline = time_msec() + ZW_OVSDB_ANSWER_MS;
    client->last_message = time_msec();
    client->last_error = jsonrpc_session_get_last_error(client->session);
    client->state = ASKED;
}

/* An OVSDB <error>, RFC 7047 section 3.1: an object with "error" and perhaps "details". */
static void handle_refusal(struct zw_ovsdb_client *client, const struct json *error)
{
    char *text = zw_ovsdb_error_text(error);
    char reason[ZW_OVSDB_ERROR_SIZE];

    snprintf(reason, sizeof reason, "refuses to be watched: %s", text);
    give_up(client, reason);
    free(text);
}

static void handle_contents(struct zw_ovsdb_client *client, const struct json *contents)
{
    char error[ZW_OVSDB_ERROR_SIZE];

    client->tables = zw_ovsdb_tables_create();
    if (!zw_ovsdb_tables_update(client->tables, contents, error)) {
        give_up(client, error);
        return;
    }
    client->tables_changed = true;
    client->state = WATCHING;
    set_connected(client);
}

/* The parameters of "update": our name for the monitor, and what changed. */
static void handle_update(struct zw_ovsdb_client *client, const struct json *params)
{
    char error[ZW_OVSDB_ERROR_SIZE] = "malformed update";

    if (params->type != JSON_ARRAY || params->array.n != 2 ||
        !zw_ovsdb_tables_update(client->tables, params->array.elems[1], error)) {
        give_up(client, error);
        return;
    }
    client->tables_changed = true;
}

static bool answers(const struct json *request_id, const struct jsonrpc_msg *msg)
{
    return request_id && (msg->type == JSONRPC_REPLY || msg->type == JSONRPC_ERROR) && msg->id &&
           json_equal(request_id, msg->id);
}

static void handle_message(struct zw_ovsdb_client *client, const struct jsonrpc_msg *msg)
{
    if (answers(client->request_id, msg)) {
        json_destroy(client->request_id);
        client->request_id = NULL;
        if (msg->type == JSONRPC_ERROR) {
            handle_refusal(client, msg->error);
        } else {
            handle_contents(client, msg->result);
        }
    } else if (client->state == WATCHING) {
        if (msg->type == JSONRPC_NOTIFY && !strcmp(msg->method, "update")) {
            handle_update(client, msg->params);
        } else {
            zw_fail_mode_reply(client->fail_mode, msg, &client->status);
            zw_ct_zones_reply(client->ct_zones, msg, &client->status);
        }
    }
}

static void receive(struct zw_ovsdb_client *client)
{
    for (int i = 0; i < MAX_MESSAGES && client->state != DOWN; i++) {
        struct jsonrpc_msg *msg = jsonrpc_session_recv(client->session);

        if (!msg) {
            break;
        }
        client->last_message = time_msec();
        handle_message(client, msg);
        jsonrpc_msg_destroy(msg);
    }
    if (client->state == ASKED && time_msec() >= client->deadline) {
        give_up(client, "does not answer");
    }
}

static void take_inventory(struct zw_ovsdb_client *client)
{
    struct zw_inventory *inventory;

    client->tables_changed = false;
    inventory = zw_ovsdb_tables_inventory(client->tables, client->bridges, client->n_bridges);
    if (zw_inventory_equal(inventory, client->inventory)) {
        zw_inventory_unref(inventory);
    } else {
        zw_inventory_unref(client->inventory);
        client->inventory = inventory;
    }
}

void zw_ovsdb_client_run(struct zw_ovsdb_client *client)
{
    unsigned int seqno;

    jsonrpc_session_run(client->session);
    seqno = jsonrpc_session_get_seqno(client->session);
    if (!jsonrpc_session_is_connected(client->session)) {
        note_down(client);
        return;
    }
    if (seqno != client->session_seqno) {
        client->session_seqno = seqno;
        ask(client);
    }
    receive(client);
    bool is_news = client->tables_changed;
    if (is_news) {
        take_inventory(client);
    }
    if (client->state == WATCHING) {
        zw_fail_mode_run(client->fail_mode, client->tables, client->session);
        zw_ct_zones_run(client->ct_zones, client->tables, is_news, client->session);
    }
}

void zw_ovsdb_client_wait(struct zw_ovsdb_client *client)
{
    jsonrpc_session_wait(client->session);
    if (client->state == ASKED) {
        poll_timer_wait_until(client->deadline);
    }
    if (client->state == WATCHING) {
        zw_fail_mode_wait(client->fail_mode, client->tables);
        zw_ct_zones_wait(client->ct_zones);
    }
    if (client->state != DOWN) {
        jsonrpc_session_recv_wait(client->session);
    }
}

void zw_ovsdb_client_want(struct zw_ovsdb_client *client, struct zw_ct_want *want)
{
    zw_ct_zones_want(client->ct_zones, want);
}

const struct zw_inventory *zw_ovsdb_client_inventory(const struct zw_ovsdb_client *client)
{
    return client->inventory;
}

const struct zw_ovsdb_status *zw_ovsdb_client_status(const struct zw_ovsdb_client *client)
{
    return &client->status;
}
