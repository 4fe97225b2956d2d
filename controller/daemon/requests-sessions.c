/* SPDX-License-Identifier: Apache-2.0 */
/* sessions: the datapaths' connection tables, as far as the pipeline made them. */
#include "zw-config.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "controller/base/memory.h"
#include "controller/daemon/requests.h"
#include "ovs-ext/conntrack.h"

#define DUMP_TIMEOUT_MS 20000

struct sessions {
    const struct zw_daemon *daemon;
    struct zw_policy *policy; /* Ours, for the time that it takes. */
    struct zw_request *request;
    const cJSON *args;
    struct zw_prefix address; /* Of the filter. */
    bool has_address;
    cJSON *array;
    size_t n, limit;
    size_t n_unreadable; /* Lines of the dump that are no entries. */
    size_t n_pending;    /* Dumps, and one for the start itself. */
    char error[256];     /* Of the last dump that failed, or "". */
};

static const char *proto_name(uint8_t proto, char text[8])
{
    switch (proto) {
    case IPPROTO_TCP:
        return "tcp";
    case IPPROTO_UDP:
        return "udp";
    case IPPROTO_ICMP:
        return "icmp";
    case IPPROTO_ICMPV6:
        return "icmpv6";
    case IPPROTO_SCTP:
        return "sctp";
    default:
        snprintf(text, 8, "%u", proto);
        return text;
    }
}

/* What an entry says, with names. */
struct session {
    const struct zw_ct_entry *entry;
    const struct zw_zone *from, *to;
    const char *rule, *bridge;
    uint32_t rule_number, version; /* Number 0: the default, or not known (any more). */
    char rule_text[16];
};

static bool is_wanted(const struct sessions *sessions, const struct session *session)
{
    const cJSON *args = sessions->args;
    const struct zw_packet_key *key = &session->entry->key;

    return (zw_list_wants(args, "zone", session->from ? session->from->name : NULL) ||
            zw_list_wants(args, "zone", session->to ? session->to->name : NULL)) &&
           zw_list_wants(args, "rule", session->rule) &&
           (!sessions->has_address || zw_prefix_contains(&sessions->address, &key->src) ||
            zw_prefix_contains(&sessions->address, &key->dst));
}

static void add_bytes(cJSON *object, const struct zw_ct_entry *entry)
{
    if (entry->has_bytes) {
        cJSON_AddNumberToObject(object, "bytes_out", (double)entry->orig_bytes);
        cJSON_AddNumberToObject(object, "bytes_in", (double)entry->reply_bytes);
    } else {
        cJSON_AddNullToObject(object, "bytes_out");
        cJSON_AddNullToObject(object, "bytes_in");
    }
}

static cJSON *session_json(const struct session *session)
{
    const struct zw_ct_entry *entry = session->entry;
    cJSON *object = cJSON_CreateObject();
    char text[ZW_ADDR_STRLEN], proto[8];

    cJSON_AddStringToObject(object, "proto", proto_name(entry->key.proto, proto));
    cJSON_AddStringToObject(object, "src", zw_addr_format(&entry->key.src, text));
    cJSON_AddNumberToObject(object, "sport", entry->key.sport);
    cJSON_AddStringToObject(object, "dst", zw_addr_format(&entry->key.dst, text));
    cJSON_AddNumberToObject(object, "dport", entry->key.dport);
    zw_json_add_string(object, "from", session->from ? session->from->name : NULL);
    zw_json_add_string(object, "to", session->to ? session->to->name : NULL);
    zw_json_add_string(object, "rule", session->rule);
    cJSON_AddNumberToObject(object, "rule_number", session->rule_number);
    cJSON_AddNumberToObject(object, "policy_version", session->version);
    cJSON_AddStringToObject(object, "path", ZW_CT_LABEL(entry, SLOW) ? "slow" : "fast");
    zw_json_add_string(object, "state", entry->state[0] ? entry->state : NULL);
    cJSON_AddNumberToObject(object, "segment", entry->ct_zone & ((1u << ZW_CT_ZONE_BRIDGE_SHIFT) - 1));
    zw_json_add_string(object, "bridge", session->bridge);
    add_bytes(object, entry);
    return object;
}

/* Takes 'object'.  As text it takes a fifth of the memory. */
static cJSON *printed(cJSON *object)
{
    char *text = cJSON_PrintUnformatted(object);
    cJSON *raw = cJSON_CreateRaw(text);

    cJSON_free(text);
    cJSON_Delete(object);
    return raw;
}

/* A rule that is gone has kept only its id; and where it stood is known of versions that are still known. */
static void name_rule(const struct sessions *sessions, uint32_t id, struct session *session)
{
    const struct zw_rule *rule = zw_daemon_find_rule(sessions->daemon, id, session->version);

    if (rule || !id) {
        session->rule = rule ? rule->name : "default";
        session->rule_number =
            rule && zw_slowpath_policy(sessions->daemon->slowpath, session->version) ? rule->number : 0;
    } else {
        snprintf(session->rule_text, sizeof session->rule_text, "#%u", id);
        session->rule = session->rule_text;
    }
}

static void add_entry(struct sessions *sessions, const struct zw_ct_entry *entry)
{
    unsigned int bridge = entry->ct_zone >> ZW_CT_ZONE_BRIDGE_SHIFT; /* From 1. */

    if (!bridge || bridge > sessions->daemon->n_bridges || !ZW_CT_LABEL(entry, ALLOWED)) {
        return; /* Somebody else's, or not let in. */
    }
    struct session session = {
        .entry = entry,
        .from = zw_policy_zone_by_id(sessions->policy, ZW_CT_LABEL(entry, SRC_ZONE)),
        .to = zw_policy_zone_by_id(sessions->policy, ZW_CT_LABEL(entry, DST_ZONE)),
        .bridge = sessions->daemon->bridges[bridge - 1].name,
        .version = ZW_CT_LABEL(entry, VERSION),
    };
    name_rule(sessions, ZW_CT_LABEL(entry, RULE), &session);
    if (is_wanted(sessions, &session) && sessions->n++ < sessions->limit) {
        cJSON_AddItemToArray(sessions->array, printed(session_json(&session)));
    }
}

/* There may be a million lines. */
static void read_dump(struct sessions *sessions, const char *text)
{
    for (const char *line = text; *line; line += *line == '\n') {
        struct zw_ct_entry entry;
        size_t length = strcspn(line, "\n");

        if (length && zw_ct_parse(line, &entry)) {
            sessions->n_unreadable++;
        } else if (length) {
            add_entry(sessions, &entry);
        }
        line += length;
    }
}

/* Sessions may still be of a rule that is gone: that is known when they have been read. */
static bool knows_rule(const struct sessions *sessions)
{
    const char *rule = zw_json_string(sessions->args, "rule");

    return sessions->n || (rule && *rule == '#') ||
           zw_list_knows(sessions->daemon, sessions->request, sessions->args, "rule");
}

static void answer(struct sessions *sessions)
{
    if (sessions->error[0]) {
        zw_request_fail(sessions->request, EAGAIN, NULL, "the connection table cannot be read: %s", sessions->error);
        cJSON_Delete(sessions->array);
        return;
    }
    if (!knows_rule(sessions)) {
        cJSON_Delete(sessions->array);
        return;
    }
    cJSON *result = cJSON_CreateObject();
    cJSON_AddNumberToObject(result, "n_total", (double)sessions->n);
    cJSON_AddNumberToObject(result, "n_unreadable", (double)sessions->n_unreadable);
    cJSON_AddItemToObject(result, "sessions", sessions->array);
    zw_request_reply(sessions->request, result);
}

static void release(struct sessions *sessions)
{
    if (!--sessions->n_pending) {
        answer(sessions);
        zw_policy_unref(sessions->policy);
        free(sessions);
    }
}

static void on_dump(void *sessions_, const char *text, const char *error)
{
    struct sessions *sessions = sessions_;

    if (text) {
        read_dump(sessions, text);
    } else {
        snprintf(sessions->error, sizeof sessions->error, "%s", error);
    }
    release(sessions);
}

/* One datapath serves all bridges of its type. */
static void dump(struct sessions *sessions, const char *datapath)
{
    sessions->n_pending++;
    int error = zw_ovsdb_call(sessions->daemon->ovsdb, sessions->daemon->options.ovs_run_dir, "dpctl/dump-conntrack",
                              &datapath, 1, DUMP_TIMEOUT_MS, on_dump, sessions);
    if (error) {
        snprintf(sessions->error, sizeof sessions->error, "%s", strerror(error));
        sessions->n_pending--;
    }
}

static void dump_all(struct sessions *sessions)
{
    const struct zw_inventory *inventory = sessions->daemon->inventory;
    bool netdev = false, system = false;

    for (size_t i = 0; i < inventory->n_bridges; i++) {
        bool is_netdev = zw_bridge_is_netdev(&inventory->bridges[i]);
        netdev = netdev || (inventory->bridges[i].exists && is_netdev);
        system = system || (inventory->bridges[i].exists && !is_netdev);
    }
    if (netdev) {
        dump(sessions, "netdev@ovs-netdev");
    }
    if (system) {
        dump(sessions, "system@ovs-system");
    }
}

void zw_handle_sessions(void *daemon_, struct zw_request *request, const cJSON *args)
{
    const struct zw_daemon *daemon = daemon_;
    const char *address = zw_json_string(args, "address");
    struct zw_prefix prefix = {.n_bits = 0};
    const char *wrong = address ? zw_prefix_parse(address, &prefix) : NULL;

    if (wrong) {
        zw_request_fail(request, EINVAL, NULL, "address \"%s\": %s", address, wrong);
        return;
    } else if (!daemon->inventory) {
        zw_request_fail(request, EAGAIN, NULL, "OVSDB has not answered yet: no bridge is known");
        return;
    } else if (!zw_list_knows(daemon, request, args, "zone")) {
        return;
    }
    struct sessions *sessions = zw_xcalloc(1, sizeof *sessions);
    *sessions = (struct sessions){
        .daemon = daemon,
        .policy = zw_policy_ref(daemon->policy),
        .request = request,
        .args = args,
        .address = prefix,
        .has_address = address != NULL,
        .array = cJSON_CreateArray(),
        .limit = zw_list_limit(args),
        .n_pending = 1,
    };
    dump_all(sessions);
    release(sessions);
}
