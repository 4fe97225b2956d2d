/* SPDX-License-Identifier: Apache-2.0 */
#include "zw-config.h"

#include "controller/control/json.h"

#include <string.h>
#include <time.h>

/* Outside of a string a backslash is no JSON, so that looking at backslashes alone is enough. */
static bool has_escaped_nul(const char *text, size_t size)
{
    for (const char *p = text, *end = text + size; (p = memchr(p, '\\', (size_t)(end - p))) != NULL;) {
        if (end - p >= 6 && !memcmp(p, "\\u0000", 6)) {
            return true;
        }
        if (end - p < 2) {
            return false;
        }
        p += 2;
    }
    return false;
}

cJSON *zw_json_parse(const char *text, size_t size, const char **error)
{
    *error = NULL;
    if (memchr(text, '\0', size) || has_escaped_nul(text, size)) {
        *error = "a NUL character";
        return NULL;
    }

    const char *end = NULL;
    cJSON *json = cJSON_ParseWithLengthOpts(text, size, &end, false);
    if (!json) {
        *error = "no JSON";
        return NULL;
    }
    while (end < text + size && strchr(" \t\r\n", *end)) {
        end++;
    }
    if (end != text + size) {
        *error = "something after the JSON";
        cJSON_Delete(json);
        return NULL;
    }
    return json;
}

void zw_json_add_string(cJSON *object, const char *key, const char *value)
{
    if (value) {
        cJSON_AddStringToObject(object, key, value);
    } else {
        cJSON_AddNullToObject(object, key);
    }
}

void zw_json_add_time(cJSON *object, const char *key, int64_t time_us)
{
    time_t seconds = (time_t)(time_us / 1000000);
    struct tm tm;
    char date[64], text[96];

    if (!time_us || !gmtime_r(&seconds, &tm) || !strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S", &tm)) {
        cJSON_AddNullToObject(object, key);
        return;
    }
    snprintf(text, sizeof text, "%s.%03dZ", date, (int)(time_us % 1000000 / 1000));
    cJSON_AddStringToObject(object, key, text);
}

const char *zw_json_string(const cJSON *object, const char *key)
{
    return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, key));
}

double zw_json_number(const cJSON *object, const char *key)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);
    return cJSON_IsNumber(item) ? item->valuedouble : 0;
}

bool zw_json_bool(const cJSON *object, const char *key)
{
    return cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(object, key));
}

static void add_place(cJSON *object, const char *key, int value)
{
    if (value > 0) {
        cJSON_AddNumberToObject(object, key, value);
    } else {
        cJSON_AddNullToObject(object, key);
    }
}

cJSON *zw_json_problems(const struct zw_problems *problems)
{
    cJSON *array = cJSON_CreateArray();

    for (size_t i = 0; i < problems->n; i++) {
        const struct zw_problem *problem = &problems->list[i];
        cJSON *object = cJSON_CreateObject();
        zw_json_add_string(object, "file", problem->file);
        add_place(object, "line", problem->line);
        add_place(object, "column", problem->column);
        zw_json_add_string(object, "text", problem->text);
        cJSON_AddItemToArray(array, object);
    }
    if (problems->n_dropped) {
        char text[64];
        snprintf(text, sizeof text, "%zu more problems", problems->n_dropped);
        cJSON *object = cJSON_CreateObject();
        zw_json_add_string(object, "file", NULL);
        zw_json_add_string(object, "text", text);
        cJSON_AddItemToArray(array, object);
    }
    return array;
}

/* A number of a peer, as a line or a column. */
static int read_place(const cJSON *object, const char *key)
{
    double value = zw_json_number(object, key);
    return value >= 1 && value <= 1e9 ? (int)value : 0;
}

void zw_json_problems_read(const cJSON *array, struct zw_problems *problems)
{
    const cJSON *object;

    cJSON_ArrayForEach (object, array) {
        const char *text = zw_json_string(object, "text");
        zw_problems_add(problems, zw_json_string(object, "file"), read_place(object, "line"),
                        read_place(object, "column"), "%s", text ? text : "(no text)");
    }
}
