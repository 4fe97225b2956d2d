/* SPDX-License-Identifier: Apache-2.0 */
#include "zw-config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "controller/base/file.h"
#include "controller/base/memory.h"
#include "controller/daemon/requests.h"

/* policy.show */

static cJSON *sources_json(const struct zw_stored_policy *stored)
{
    cJSON *array = cJSON_CreateArray();

    for (size_t i = 0; i < stored->n_sources; i++) {
        cJSON *object = cJSON_CreateObject();
        cJSON_AddStringToObject(object, "name", stored->sources[i].name);
        cJSON_AddStringToObject(object, "text", stored->sources[i].text);
        cJSON_AddItemToArray(array, object);
    }
    return array;
}

void zw_handle_policy_show(void *daemon_, struct zw_request *request, const cJSON *args)
{
    const struct zw_daemon *daemon = daemon_;
    cJSON *result = cJSON_CreateObject();

    cJSON_AddNumberToObject(result, "version", daemon->policy->version);
    cJSON_AddStringToObject(result, "sha256", daemon->policy->sha256);
    zw_json_add_string(result, "origin", daemon->stored.origin);
    zw_json_add_time(result, "since", daemon->stored.time_us);
    if (zw_json_bool(args, "normal")) {
        char *text = zw_policy_format(daemon->policy);
        cJSON_AddStringToObject(result, "normal", text);
        free(text);
    } else {
        cJSON_AddItemToObject(result, "sources", sources_json(&daemon->stored));
    }
    zw_request_reply(request, result);
}

/* policy.apply and policy.reload */

/* What waits for the bridges. */
struct change {
    const struct zw_daemon *daemon;
    struct zw_request *request;
};

static cJSON *bridges_json(const struct zw_daemon *daemon, uint32_t version)
{
    cJSON *array = cJSON_CreateArray();

    for (size_t i = 0; i < daemon->n_bridges; i++) {
        const struct zw_managed *managed = &daemon->bridges[i];
        struct zw_switch_status status = zw_switch_status(managed->sw);
        bool confirmed = managed->version_in_force == version;
        cJSON *object = cJSON_CreateObject();
        cJSON_AddStringToObject(object, "name", managed->name);
        cJSON_AddBoolToObject(object, "confirmed", confirmed);
        zw_json_add_string(object, "error",
                           confirmed         ? NULL
                           : status.error[0] ? status.error
                                             : "it has not answered yet, and gets the policy when it does");
        cJSON_AddItemToArray(array, object);
    }
    return array;
}

static void on_applied(void *change_, const struct zw_apply_result *applied)
{
    struct change *change = change_;
    cJSON *result = cJSON_CreateObject();

    cJSON_AddNumberToObject(result, "version", applied->version);
    cJSON_AddStringToObject(result, "sha256", change->daemon->policy->sha256);
    cJSON_AddBoolToObject(result, "unchanged", !applied->changed);
    cJSON_AddNumberToObject(result, "n_flow_changes", (double)applied->n_flow_changes);
    cJSON_AddNumberToObject(result, "ms", (double)applied->duration_us / 1000);
    cJSON_AddNumberToObject(result, "n_ended_sessions", (double)applied->n_ended);
    cJSON_AddBoolToObject(result, "ending_sessions", applied->is_ending);
    cJSON_AddItemToObject(result, "bridges", bridges_json(change->daemon, applied->version));
    zw_request_describe(change->request, "version %u (%.12s), %s, %zu flow changes, %zu of %zu bridges confirmed",
                        applied->version, change->daemon->policy->sha256, applied->changed ? "changed" : "unchanged",
                        applied->n_flow_changes, applied->n_confirmed, applied->n_confirmed + applied->n_waiting);
    zw_request_reply(change->request, result);
    free(change);
}

static struct change *new_change(const struct zw_daemon *daemon, struct zw_request *request)
{
    struct change *change = zw_xcalloc(1, sizeof *change);

    *change = (struct change){.daemon = daemon, .request = request};
    return change;
}

/* Nothing has changed. */
static void fail(struct change *change, int error, const struct zw_problems *problems)
{
    char *first = zw_problems_first(problems, error);

    if (error == EINVAL || problems->n > 1) {
        zw_request_describe(change->request, "%s", first); /* The log has no room for all. */
        zw_request_fail(change->request, error, problems, "the policy has problems; version %u stays in force",
                        change->daemon->policy->version);
    } else {
        zw_request_fail(change->request, error, NULL, "%s; version %u stays in force", first,
                        change->daemon->policy->version);
    }
    free(first);
    free(change);
}

/* The sources of a request. */
struct given {
    int file; /* What those without "text" stand in, one behind the other; -1: none came. */
    size_t file_size, offset;
    struct zw_policy_source *sources; /* As the policy room frees them. */
    size_t n;
};

static const char apply_syntax[] =
    "policy.apply takes \"sources\": [{\"name\": \"...\", \"text\": \"...\"}], or instead of texts each one's \"size\", and "
    "comes with a file that has them";

/* NULL, or what is wrong. */
static const char *look_at_file(struct given *given)
{
    if (given->file >= 0 && zw_file_sealed_size(given->file, &given->file_size)) {
        return "the file that comes with policy.apply can still change; expected a memory file that is sealed";
    }
    return given->file_size > ZW_POLICY_MAX_SIZE ? "the file that comes with policy.apply is too large for a policy"
                                                 : NULL;
}

/* The next part of the file. */
static const char *read_text(struct given *given, const cJSON *object, char **text, size_t *size)
{
    const cJSON *number = cJSON_GetObjectItemCaseSensitive(object, "size");

    if (!cJSON_IsNumber(number) || given->file < 0) {
        return apply_syntax;
    }
    if (number->valuedouble < 0 || number->valuedouble > (double)(given->file_size - given->offset)) {
        return "the sizes of \"sources\" are more than the file has that comes with policy.apply";
    }
    *size = (size_t)number->valuedouble;
    if ((double)*size != number->valuedouble) {
        return apply_syntax;
    }
    if (zw_file_read_part(given->file, given->offset, *size, text)) {
        return "the file that comes with policy.apply cannot be read";
    }
    given->offset += *size;
    return NULL;
}

static bool is_given(const cJSON *object, const char *key)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);

    return item && !cJSON_IsNull(item);
}

static const char *read_source(struct given *given, const cJSON *object)
{
    const char *name = zw_json_string(object, "name"), *text = zw_json_string(object, "text"), *error = NULL;
    char *copy = NULL;
    size_t size = text ? strlen(text) : 0;

    if (!name || (!text && is_given(object, "text"))) {
        return apply_syntax;
    } else if (text) {
        copy = zw_xstrdup(text);
    } else {
        error = read_text(given, object, &copy, &size);
    }
    if (!error) {
        given->sources[given->n++] = (struct zw_policy_source){.name = zw_xstrdup(name), .text = copy, .size = size};
    }
    return error;
}

/* NULL, or what is wrong; then there are no sources. */
static const char *read_sources(struct given *given, const cJSON *array)
{
    size_t size = (size_t)cJSON_GetArraySize(array);
    const char *error = size && cJSON_IsArray(array) ? look_at_file(given) : apply_syntax;
    const cJSON *object;

    given->sources = zw_xcalloc(size, sizeof *given->sources);
    cJSON_ArrayForEach (object, array) {
        error = error ? error : read_source(given, object);
    }
    if (!error && given->offset != given->file_size) {
        error = "the file that comes with policy.apply has more than the sizes of \"sources\"";
    }
    if (error) {
        zw_policy_sources_free(given->sources, given->n);
    }
    return error;
}

void zw_handle_policy_apply(void *daemon_, struct zw_request *request, const cJSON *args)
{
    struct zw_problems problems = ZW_PROBLEMS_INIT;
    struct zw_daemon *daemon = daemon_;
    char origin[ZW_AUDIT_TEXT_SIZE];
    struct given given = {.file = zw_request_file(request)};
    const char *wrong = read_sources(&given, cJSON_GetObjectItemCaseSensitive(args, "sources"));

    if (wrong) {
        zw_request_fail(request, EINVAL, NULL, "%s", wrong);
        return;
    }
    snprintf(origin, sizeof origin, "apply by %s", zw_request_peer(request)->user);
    struct change *change = new_change(daemon, request);
    int error = zw_daemon_apply(daemon, given.sources, given.n, origin, false, on_applied, change, &problems);
    if (error) {
        fail(change, error, &problems);
    }
    zw_problems_clear(&problems);
}

void zw_handle_policy_reload(void *daemon_, struct zw_request *request, const cJSON *args)
{
    struct zw_problems problems = ZW_PROBLEMS_INIT;
    struct zw_daemon *daemon = daemon_;
    struct change *change = new_change(daemon, request);

    (void)args;
    int error = zw_daemon_reload(daemon, on_applied, change, &problems);
    if (error) {
        fail(change, error, &problems);
    }
    zw_problems_clear(&problems);
}
