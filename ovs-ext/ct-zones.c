/* SPDX-License-Identifier: Apache-2.0 */
#include <config.h>

#include "ovs-ext/ct-zones.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openvswitch/json.h>
#include <util.h>
#include <uuid.h>

#include "controller/base/log.h"
#include "ovs-ext/ovsdb-client.h"
#include "ovs-ext/ovsdb-tables.h"
#include "ovs-ext/ovsdb-write.h"

#define OURS "zoneward" /* In external_ids. */

struct zw_ct_zones {
    struct zw_ct_want *want;
    bool must_look; /* Since the last look 'want' or the tables changed. */
    bool differs;   /* What the last look found. */
    struct zw_ovsdb_write write;
};

struct zw_ct_zones *zw_ct_zones_create(void)
{
    return xzalloc(sizeof(struct zw_ct_zones));
}

void zw_ct_zones_disconnected(struct zw_ct_zones *zones)
{
    zw_ovsdb_write_forget(&zones->write);
}

void zw_ct_zones_destroy(struct zw_ct_zones *zones)
{
    if (zones) {
        zw_ct_zones_disconnected(zones);
        free(zones->want);
        free(zones);
    }
}

void zw_ct_zones_want(struct zw_ct_zones *zones, struct zw_ct_want *want)
{
    free(zones->want);
    zones->want = want;
    zones->must_look = true;
}

/* --- What differs. --- */

/* A datapath's zones that have to be written and that have to go, a bit each. */
struct difference {
    const struct zw_ovsdb_row *row; /* The datapath's, NULL: it has none. */
    uint64_t write[ZW_CT_N_ZONES / 64], drop[ZW_CT_N_ZONES / 64];
    bool any;
};

static uint32_t seconds_of(const struct zw_ovsdb_pairs *timeouts, const char *name)
{
    for (size_t i = 0; i < timeouts->n; i++) {
        if (!strcmp(timeouts->elems[i].text, name)) {
            return (uint32_t)timeouts->elems[i].number;
        }
    }
    return 0;
}

static bool same_timeouts(const struct zw_ovsdb_tables *tables, const struct zw_ovsdb_ct_zone *zone,
                          const struct zw_ct_timeouts *want)
{
    const struct zw_ovsdb_row *row =
        zone->timeout_policy.n ? zw_ovsdb_tables_row(tables, ZW_OVSDB_CT_TIMEOUTS, &zone->timeout_policy.elems[0])
                               : NULL;

    for (int i = 0; row && i < ZW_CT_N_TIMEOUTS; i++) {
        if (seconds_of(&row->ct_timeouts.timeouts, zw_ct_timeout_name((enum zw_ct_timeout)i)) != want->s[i]) {
            return false;
        }
    }
    return row;
}

static bool is_ours(const struct zw_ovsdb_ct_zone *zone)
{
    for (size_t i = 0; i < zone->external_ids.n; i++) {
        if (!strcmp(zone->external_ids.elems[i].key, OURS)) {
            return true;
        }
    }
    return false;
}

static const struct zw_ovsdb_row *datapath_row(const struct zw_ovsdb_tables *tables, const struct zw_ovsdb_root *root,
                                               const char *type)
{
    for (size_t i = 0; i < root->datapaths.n; i++) {
        if (!strcmp(root->datapaths.elems[i].text, type)) {
            return zw_ovsdb_tables_row(tables, ZW_OVSDB_DATAPATH, &root->datapaths.elems[i].uuid);
        }
    }
    return NULL;
}

static void compare_zone(const struct zw_ct_want *want, enum zw_datapath datapath, const struct zw_ovsdb_tables *tables,
                         const struct zw_ovsdb_pair *pair, struct difference *difference)
{
    const struct zw_ovsdb_row *row = zw_ovsdb_tables_row(tables, ZW_OVSDB_CT_ZONE, &pair->uuid);
    uint16_t number = (uint16_t)pair->number;
    uint64_t bit = UINT64_C(1) << number % 64;

    if (pair->number < 0 || pair->number >= ZW_CT_N_ZONES) {
        return;
    }
    if (!zw_ct_want_has(want, datapath, number)) {
        difference->drop[number / 64] |= row && is_ours(&row->ct_zone) ? bit : 0;
    } else if (row && same_timeouts(tables, &row->ct_zone, &want->timeouts[datapath])) {
        difference->write[number / 64] &= ~bit;
    }
}

static void find_difference(const struct zw_ct_want *want, enum zw_datapath datapath,
                            const struct zw_ovsdb_tables *tables, const struct zw_ovsdb_root *root,
                            struct difference *difference)
{
    memset(difference, 0, sizeof *difference);
    memcpy(difference->write, want->zones[datapath], sizeof difference->write);
    difference->row = datapath_row(tables, root, zw_datapath_name(datapath));
    for (size_t i = 0; difference->row && i < difference->row->datapath.ct_zones.n; i++) {
        compare_zone(want, datapath, tables, &difference->row->datapath.ct_zones.elems[i], difference);
    }
    for (size_t i = 0; i < ARRAY_SIZE(difference->write); i++) {
        difference->any = difference->any || difference->write[i] || difference->drop[i];
    }
}

/* --- A transaction: RFC 7047, sections 4.1.3 and 5.2. --- */

static struct json *operation(const char *op, const char *table)
{
    struct json *json = json_object_create();

    json_object_put_string(json, "op", op);
    json_object_put_string(json, "table", table);
    return json;
}

static struct json *tagged(const char *tag, struct json *json)
{
    return json_array_create_2(json_string_create(tag), json);
}

static struct json *named_uuid(char *name)
{
    return tagged("named-uuid", json_string_create_nocopy(name));
}

static struct json *mark_as_ours(void)
{
    return tagged("map",
                  json_array_create_1(json_array_create_2(json_string_create(OURS), json_string_create("true"))));
}

static struct json *insert(const char *table, char *uuid_name, struct json *row)
{
    struct json *op = operation("insert", table);

    json_object_put(op, "uuid-name", json_string_create_nocopy(uuid_name));
    json_object_put(op, "row", row);
    return op;
}

static char *timeouts_name(enum zw_datapath datapath)
{
    return xasprintf("timeouts_%s", zw_datapath_name(datapath));
}

static char *zone_name(enum zw_datapath datapath, unsigned int zone)
{
    return xasprintf("zone_%s_%u", zw_datapath_name(datapath), zone);
}

static struct json *insert_timeouts(enum zw_datapath datapath, const struct zw_ct_timeouts *timeouts)
{
    struct json *row = json_object_create(), *pairs = json_array_create_empty();

    for (int i = 0; i < ZW_CT_N_TIMEOUTS; i++) {
        if (timeouts->s[i]) {
            json_array_add(pairs, json_array_create_2(json_string_create(zw_ct_timeout_name((enum zw_ct_timeout)i)),
                                                      json_integer_create(timeouts->s[i])));
        }
    }
    json_object_put(row, "timeouts", tagged("map", pairs));
    json_object_put(row, "external_ids", mark_as_ours());
    return insert("CT_Timeout_Policy", timeouts_name(datapath), row);
}

static struct json *insert_zone(enum zw_datapath datapath, unsigned int zone)
{
    struct json *row = json_object_create();

    json_object_put(row, "timeout_policy", named_uuid(timeouts_name(datapath)));
    json_object_put(row, "external_ids", mark_as_ours());
    return insert("CT_Zone", zone_name(datapath, zone), row);
}

static struct json *mutation(const char *column, const char *mutator, struct json *value)
{
    return json_array_create_3(json_string_create(column), json_string_create(mutator), value);
}

/* Into Datapath.ct_zones, or into the place where a new Datapath is made. */
static void put_zones(struct json *ops, enum zw_datapath datapath, const struct difference *difference,
                      struct json *keys, struct json *pairs)
{
    struct json *op;

    if (difference->row) {
        op = operation("mutate", "Datapath");
        json_object_put(op, "where", zw_ovsdb_where_uuid(&difference->row->uuid));
        json_object_put(op, "mutations",
                        json_array_create_2(mutation("ct_zones", "delete", tagged("set", keys)),
                                            mutation("ct_zones", "insert", tagged("map", pairs))));
        json_array_add(ops, op);
        return;
    }
    json_destroy(keys);
    struct json *row = json_object_create();
    json_object_put(row, "ct_zones", tagged("map", pairs));
    json_array_add(ops, insert("Datapath", xasprintf("datapath_%s", zw_datapath_name(datapath)), row));
    op = operation("mutate", "Open_vSwitch");
    struct json *pair = json_array_create_2(json_string_create(zw_datapath_name(datapath)),
                                            named_uuid(xasprintf("datapath_%s", zw_datapath_name(datapath))));
    json_object_put(op, "where", json_array_create_empty());
    json_object_put(op, "mutations",
                    json_array_create_1(mutation("datapaths", "insert", tagged("map", json_array_create_1(pair)))));
    json_array_add(ops, op);
}

static void put_difference(struct json *ops, enum zw_datapath datapath, const struct zw_ct_want *want,
                           const struct difference *difference)
{
    struct json *keys = json_array_create_empty(), *pairs = json_array_create_empty();
    bool any = false;

    for (unsigned int zone = 0; zone < ZW_CT_N_ZONES; zone++) {
        bool must_write = difference->write[zone / 64] >> zone % 64 & 1;

        if (must_write || difference->drop[zone / 64] >> zone % 64 & 1) {
            json_array_add(keys, json_integer_create(zone));
        }
        if (!must_write) {
            continue;
        }
        if (!any) {
            json_array_add(ops, insert_timeouts(datapath, &want->timeouts[datapath]));
            any = true;
        }
        json_array_add(ops, insert_zone(datapath, zone));
        json_array_add(pairs, json_array_create_2(json_integer_create(zone), named_uuid(zone_name(datapath, zone))));
    }
    put_zones(ops, datapath, difference, keys, pairs);
}

/* The parameters of "transact", or NULL if everything is as it is wanted. */
static struct json *compose(const struct zw_ct_want *want, const struct zw_ovsdb_tables *tables,
                            const struct zw_ovsdb_root *root)
{
    struct json *ops = json_array_create_1(json_string_create("Open_vSwitch"));
    struct difference *difference = xmalloc(sizeof *difference);
    bool any = false;

    for (int i = 0; i < ZW_N_DATAPATHS; i++) {
        find_difference(want, (enum zw_datapath)i, tables, root, difference);
        if (difference->any) {
            put_difference(ops, (enum zw_datapath)i, want, difference);
            any = true;
        }
    }
    free(difference);
    if (!any) {
        json_destroy(ops);
    }
    return any ? ops : NULL;
}

void zw_ct_zones_run(struct zw_ct_zones *zones, const struct zw_ovsdb_tables *tables, bool is_news,
                     struct jsonrpc_session *session)
{
    const struct zw_ovsdb_row *root = zw_ovsdb_tables_root(tables);

    zones->must_look |= is_news;
    if (!zones->want || !root || !(zones->must_look || zones->differs) || !zw_ovsdb_write_is_due(&zones->write)) {
        return;
    }
    struct json *params = compose(zones->want, tables, &root->root);
    zones->must_look = false;
    zones->differs = params;
    if (params) {
        zw_ovsdb_write_send(&zones->write, params, session);
    }
}

void zw_ct_zones_wait(const struct zw_ct_zones *zones)
{
    if (zones->want && (zones->must_look || zones->differs)) {
        zw_ovsdb_write_wait(&zones->write);
    }
}

void zw_ct_zones_reply(struct zw_ct_zones *zones, const struct jsonrpc_msg *msg, struct zw_ovsdb_status *status)
{
    static struct zw_log_limit limit = ZW_LOG_LIMIT_INIT(5, 10000);
    char *error;

    if (!zw_ovsdb_write_answered(&zones->write, msg, &error)) {
        return;
    }
    if (error) {
        snprintf(status->error, sizeof status->error, "cannot set the timeouts of conntrack zones: %s", error);
        zw_log_rl(&limit, ZW_LOG_ERR, "%s", status->error);
        free(error);
    } else {
        status->error[0] = '\0';
    }
}
