/* SPDX-License-Identifier: Apache-2.0 */
/* requests - the verbs of the control socket.  Shapes: doc/control-protocol.md.  Private to controller/daemon. */

#ifndef ZW_DAEMON_REQUESTS_H
#define ZW_DAEMON_REQUESTS_H 1

#include "controller/control/json.h"
#include "controller/daemon/daemon.h"

#define ZW_LIST_DEFAULT 10000 /* Rows of "sessions" and "flows" if the request names no limit, */
#define ZW_LIST_MAX 200000    /* and at most. */

/* In requests-NAME.c.  'arg' is the daemon. */
zw_request_handler zw_handle_status, zw_handle_zones, zw_handle_ports, zw_handle_rules, zw_handle_sessions,
    zw_handle_flows, zw_handle_drops, zw_handle_explain, zw_handle_policy_show, zw_handle_policy_apply,
    zw_handle_policy_reload;

/* The argument "limit" of a list. */
size_t zw_list_limit(const cJSON *args);

/* Whether 'value' passes the argument 'key': it is not given, or the same. */
bool zw_list_wants(const cJSON *args, const char *key, const char *value);

/* Whether what the argument 'key' names exists, or it is not given; else it has been answered with an error that says what
 * does.  'key' is "zone", "rule", "bridge", "port", "stage" or "reason"; rules are those of the policy in force. */
#define ZW_LIST_NAMED 20 /* So many names are listed, where none is like it. */
bool zw_list_knows(const struct zw_daemon *, struct zw_request *, const cJSON *args, const char *key);

/* A name of the pipeline as lists show it. */
void zw_list_lower(const char *name, char *text, size_t size);

/* A denial that is logged, or answered, in "drops". */
#define ZW_LOGGED_DENIAL "logged-denial"

/* As a list of texts. */
cJSON *zw_prefixes_json(const struct zw_prefixes *);

/* Why nothing passes 'port', or NULL. */
const char *zw_port_closed(const struct zw_port *, const struct zw_claim *carried, size_t n);

/* "problems" of the status (requests-health.c). */
cJSON *zw_health_problems(const struct zw_daemon *);

#endif
