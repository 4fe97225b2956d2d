/* SPDX-License-Identifier: Apache-2.0 */
#include <config.h>

#include "ovs-ext/ovsdb-row.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openvswitch/json.h>
#include <openvswitch/shash.h>
#include <util.h>
#include <uuid.h>

/* The values of one column: a set, or a single atom standing for a set of one. */
struct atoms {
    struct json *const *elems;
    size_t n;
};

/* What a column holds: how it is read into its place in a row, and freed. */
struct type {
    bool (*read)(const struct json *, void *);
    void (*clear)(void *);
};

enum atom_type { TEXT, NUMBER, UUID };

struct column {
    const char *name;
    const struct type *type;
    size_t offset;
};

static bool is_tagged(const struct json *json, const char *tag)
{
    return json->type == JSON_ARRAY && json->array.n == 2 && json->array.elems[0]->type == JSON_STRING &&
           !strcmp(json->array.elems[0]->string, tag);
}

static bool read_atoms(struct json *const *json, struct atoms *atoms)
{
    if (!is_tagged(*json, "set")) {
        *atoms = (struct atoms){json, 1};
        return true;
    }
    const struct json *set = (*json)->array.elems[1];
    if (set->type != JSON_ARRAY) {
        return false;
    }
    *atoms = (struct atoms){set->array.elems, set->array.n};
    return true;
}

/* A string, or nothing. */
static bool read_string(const struct json *json_, void *place_)
{
    struct json *json = CONST_CAST(struct json *, json_);
    char **place = place_;
    struct atoms atoms;

    if (!read_atoms(&json, &atoms) || atoms.n > 1 || (atoms.n && atoms.elems[0]->type != JSON_STRING)) {
        return false;
    }
    *place = atoms.n ? xstrdup(atoms.elems[0]->string) : NULL;
    return true;
}

static void clear_string(void *place_)
{
    char **place = place_;

    free(*place);
}

/* A string that is there. */
static bool read_name(const struct json *json, void *place_)
{
    char **place = place_;

    return read_string(json, place) && *place;
}

static bool read_uuid(const struct json *atom, struct uuid *uuid)
{
    return is_tagged(atom, "uuid") && atom->array.elems[1]->type == JSON_STRING &&
           uuid_from_string(uuid, atom->array.elems[1]->string);
}

static bool read_uuids(const struct json *json_, void *place_)
{
    struct json *json = CONST_CAST(struct json *, json_);
    struct zw_ovsdb_uuids *place = place_;
    struct atoms atoms;

    if (!read_atoms(&json, &atoms)) {
        return false;
    }
    place->elems = xcalloc(MAX(atoms.n, 1), sizeof *place->elems);
    for (; place->n < atoms.n; place->n++) {
        if (!read_uuid(atoms.elems[place->n], &place->elems[place->n])) {
            return false;
        }
    }
    return true;
}

static void clear_uuids(void *place_)
{
    struct zw_ovsdb_uuids *place = place_;

    free(place->elems);
}

static bool read_integers(const struct json *json_, void *place_)
{
    struct json *json = CONST_CAST(struct json *, json_);
    struct zw_ovsdb_integers *place = place_;
    struct atoms atoms;

    if (!read_atoms(&json, &atoms)) {
        return false;
    }
    place->elems = xcalloc(MAX(atoms.n, 1), sizeof *place->elems);
    for (; place->n < atoms.n; place->n++) {
        if (atoms.elems[place->n]->type != JSON_INTEGER) {
            return false;
        }
        place->elems[place->n] = json_integer(atoms.elems[place->n]);
    }
    return true;
}

static void clear_integers(void *place_)
{
    struct zw_ovsdb_integers *place = place_;

    free(place->elems);
}

/* The pairs of a map, or NULL. */
static const struct json_array *map_pairs(const struct json *json)
{
    return is_tagged(json, "map") && json->array.elems[1]->type == JSON_ARRAY ? &json->array.elems[1]->array : NULL;
}

static bool is_pair(const struct json *json)
{
    return json->type == JSON_ARRAY && json->array.n == 2;
}

static bool read_map(const struct json *json, void *place_)
{
    const struct json_array *pairs = map_pairs(json);
    struct zw_ovsdb_map *place = place_;

    if (!pairs) {
        return false;
    }
    place->elems = xcalloc(MAX(pairs->n, 1), sizeof *place->elems);
    for (; place->n < pairs->n; place->n++) {
        const struct json *pair = pairs->elems[place->n];

        if (!is_pair(pair) || pair->array.elems[0]->type != JSON_STRING || pair->array.elems[1]->type != JSON_STRING) {
            return false;
        }
        place->elems[place->n].key = xstrdup(pair->array.elems[0]->string);
        place->elems[place->n].value = xstrdup(pair->array.elems[1]->string);
    }
    return true;
}

/* An atom of any type into the member for it. */
static bool read_atom(const struct json *json, enum atom_type type, struct zw_ovsdb_pair *pair)
{
    switch (type) {
    case TEXT:
        pair->text = json->type == JSON_STRING ? xstrdup(json->string) : NULL;
        return pair->text;
    case NUMBER:
        pair->number = json->type == JSON_INTEGER ? json_integer(json) : 0;
        return json->type == JSON_INTEGER;
    case UUID:
        return read_uuid(json, &pair->uuid);
    }
    return false;
}

static bool read_pairs(const struct json *json, enum atom_type key, enum atom_type value, struct zw_ovsdb_pairs *place)
{
    const struct json_array *pairs = map_pairs(json);

    if (!pairs) {
        return false;
    }
    place->elems = xcalloc(MAX(pairs->n, 1), sizeof *place->elems);
    for (; place->n < pairs->n; place->n++) {
        const struct json *pair = pairs->elems[place->n];

        if (!is_pair(pair) || !read_atom(pair->array.elems[0], key, &place->elems[place->n]) ||
            !read_atom(pair->array.elems[1], value, &place->elems[place->n])) {
            free(place->elems[place->n].text);
            return false;
        }
    }
    return true;
}

static bool read_text_uuid(const struct json *json, void *place)
{
    return read_pairs(json, TEXT, UUID, place);
}

static bool read_number_uuid(const struct json *json, void *place)
{
    return read_pairs(json, NUMBER, UUID, place);
}

static bool read_text_number(const struct json *json, void *place)
{
    return read_pairs(json, TEXT, NUMBER, place);
}

static void clear_pairs(void *place_)
{
    struct zw_ovsdb_pairs *place = place_;

    for (size_t i = 0; i < place->n; i++) {
        free(place->elems[i].text);
    }
    free(place->elems);
}

static void clear_map(void *place_)
{
    struct zw_ovsdb_map *place = place_;

    for (size_t i = 0; i < place->n; i++) {
        free(place->elems[i].key);
        free(place->elems[i].value);
    }
    free(place->elems);
}

static const struct type name = {read_name, clear_string};
static const struct type string = {read_string, clear_string};
static const struct type uuids = {read_uuids, clear_uuids};
static const struct type integers = {read_integers, clear_integers};
static const struct type map = {read_map, clear_map};
static const struct type text_uuid = {read_text_uuid, clear_pairs};
static const struct type number_uuid = {read_number_uuid, clear_pairs};
static const struct type text_number = {read_text_number, clear_pairs};

#define MAX_COLUMNS 5

static const struct {
    const char *name;
    struct column columns[MAX_COLUMNS + 1];
} tables[ZW_OVSDB_N_TABLES] = {
    [ZW_OVSDB_ROOT] = {"Open_vSwitch", {{"datapaths", &text_uuid, offsetof(struct zw_ovsdb_row, root.datapaths)}}},
    [ZW_OVSDB_BRIDGE] = {"Bridge",
                         {{"name", &name, offsetof(struct zw_ovsdb_row, bridge.name)},
                          {"datapath_id", &string, offsetof(struct zw_ovsdb_row, bridge.datapath_id)},
                          {"datapath_type", &string, offsetof(struct zw_ovsdb_row, bridge.datapath_type)},
                          {"fail_mode", &string, offsetof(struct zw_ovsdb_row, bridge.fail_mode)},
                          {"ports", &uuids, offsetof(struct zw_ovsdb_row, bridge.ports)}}},
    [ZW_OVSDB_PORT] = {"Port",
                       {{"vlan_mode", &string, offsetof(struct zw_ovsdb_row, port.vlan_mode)},
                        {"tag", &integers, offsetof(struct zw_ovsdb_row, port.tag)},
                        {"trunks", &integers, offsetof(struct zw_ovsdb_row, port.trunks)},
                        {"interfaces", &uuids, offsetof(struct zw_ovsdb_row, port.interfaces)}}},
    [ZW_OVSDB_INTERFACE] = {"Interface",
                            {{"name", &name, offsetof(struct zw_ovsdb_row, interface.name)},
                             {"type", &string, offsetof(struct zw_ovsdb_row, interface.type)},
                             {"error", &string, offsetof(struct zw_ovsdb_row, interface.error)},
                             {"ofport", &integers, offsetof(struct zw_ovsdb_row, interface.ofport)},
                             {"external_ids", &map, offsetof(struct zw_ovsdb_row, interface.external_ids)}}},
    [ZW_OVSDB_DATAPATH] = {"Datapath", {{"ct_zones", &number_uuid, offsetof(struct zw_ovsdb_row, datapath.ct_zones)}}},
    [ZW_OVSDB_CT_ZONE] = {"CT_Zone",
                          {{"timeout_policy", &uuids, offsetof(struct zw_ovsdb_row, ct_zone.timeout_policy)},
                           {"external_ids", &map, offsetof(struct zw_ovsdb_row, ct_zone.external_ids)}}},
    [ZW_OVSDB_CT_TIMEOUTS] = {"CT_Timeout_Policy",
                              {{"timeouts", &text_number, offsetof(struct zw_ovsdb_row, ct_timeouts.timeouts)}}},
};

const char *zw_ovsdb_table_name(enum zw_ovsdb_table table)
{
    return tables[table].name;
}

struct json *zw_ovsdb_table_columns(enum zw_ovsdb_table table)
{
    struct json *columns = json_array_create_empty();

    for (const struct column *c = tables[table].columns; c->name; c++) {
        json_array_add(columns, json_string_create(c->name));
    }
    return columns;
}

static void *place_of(struct zw_ovsdb_row *row, const struct column *column)
{
    return (char *)row + column->offset;
}

static bool read_columns(enum zw_ovsdb_table table, const struct json *columns, struct zw_ovsdb_row *row, char *error)
{
    for (const struct column *c = tables[table].columns; c->name; c++) {
        const struct json *value = shash_find_data(columns->object, c->name);

        if (!value || !c->type->read(value, place_of(row, c))) {
            snprintf(error, ZW_OVSDB_ERROR_SIZE, "%s value in column %s of table %s", value ? "unexpected" : "no",
                     c->name, tables[table].name);
            return false;
        }
    }
    return true;
}

struct zw_ovsdb_row *zw_ovsdb_row_from_json(enum zw_ovsdb_table table, const char *uuid, const struct json *columns,
                                            char *error)
{
    struct zw_ovsdb_row *row = xzalloc(sizeof *row);

    if (!uuid_from_string(&row->uuid, uuid) || columns->type != JSON_OBJECT) {
        snprintf(error, ZW_OVSDB_ERROR_SIZE, "malformed row in table %s", tables[table].name);
    } else if (read_columns(table, columns, row, error)) {
        return row;
    }
    zw_ovsdb_row_destroy(table, row);
    return NULL;
}

void zw_ovsdb_row_destroy(enum zw_ovsdb_table table, struct zw_ovsdb_row *row)
{
    if (row) {
        for (const struct column *c = tables[table].columns; c->name; c++) {
            c->type->clear(place_of(row, c));
        }
        free(row);
    }
}
