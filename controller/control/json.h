/* SPDX-License-Identifier: Apache-2.0 */
/* json - small helpers around cJSON, for both ends of the control socket.
 *
 * Objects and arrays that are returned belong to the caller, as with cJSON itself. */

#ifndef ZW_CONTROL_JSON_H
#define ZW_CONTROL_JSON_H 1

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "controller/base/problems.h"

/* Parses exactly 'size' bytes, which a NUL must follow.  NULL, and '*error' a constant text, if they are no JSON, or hold a NUL (raw or
 * escaped), which would silently cut a string. */
cJSON *zw_json_parse(const char *, size_t size, const char **error);

void zw_json_add_string(cJSON *object, const char *key, const char *value); /* NULL becomes null. */
void zw_json_add_time(cJSON *object, const char *key, int64_t time_us);     /* RFC 3339 in UTC; 0 becomes null. */

const char *zw_json_string(const cJSON *object, const char *key); /* NULL if it is no string. */
double zw_json_number(const cJSON *object, const char *key);      /* 0 if it is no number. */
bool zw_json_bool(const cJSON *object, const char *key);          /* False if it is no bool. */

/* [{"file":..,"line":..,"column":..,"text":..}]; unknown places are null. */
cJSON *zw_json_problems(const struct zw_problems *);
void zw_json_problems_read(const cJSON *array, struct zw_problems *);

#endif
