/* SPDX-License-Identifier: Apache-2.0 */

#include "controller/daemon/policy-store.h"

#include <cjson/cJSON.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "controller/base/file.h"
#include "controller/base/memory.h"

#define PATH_SIZE 4096
#define NAME_FORMAT "%06u.json"

void zw_stored_policy_clear(struct zw_stored_policy *stored)
{
    free(stored->origin);
    free(stored->placement);
    if (stored->sources) {
        zw_policy_sources_free(stored->sources, stored->n_sources);
    }
    memset(stored, 0, sizeof *stored);
}

static int fail(struct zw_problems *problems, const char *path, int error, const char *what)
{
    zw_problems_add(problems, path, 0, 0, "%s: %s", what, strerror(error));
    return error;
}

static const char *string_of(const cJSON *object, const char *key)
{
    const char *s = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, key));

    return s ? s : "";
}

static void sources_from_json(const cJSON *list, struct zw_stored_policy *stored)
{
    const cJSON *item;

    stored->sources = zw_xcalloc((size_t)cJSON_GetArraySize(list) + 1, sizeof *stored->sources);
    cJSON_ArrayForEach (item, list) {
        struct zw_policy_source *source = &stored->sources[stored->n_sources++];

        source->name = zw_xstrdup(string_of(item, "name"));
        source->text = zw_xstrdup(string_of(item, "text"));
        source->size = strlen(source->text);
    }
}

static int parse(const char *path, const char *text, struct zw_stored_policy *stored, struct zw_problems *problems)
{
    cJSON *root = cJSON_Parse(text);
    const cJSON *version = cJSON_GetObjectItemCaseSensitive(root, "version");
    const cJSON *sources = cJSON_GetObjectItemCaseSensitive(root, "sources");

    if (!cJSON_IsNumber(version) || !cJSON_IsArray(sources) || strlen(string_of(root, "sha256")) != 64) {
        cJSON_Delete(root);
        return fail(problems, path, EINVAL, "is not a policy of the history");
    }
    stored->version = (uint32_t)version->valuedouble;
    memcpy(stored->sha256, string_of(root, "sha256"), 65);
    stored->origin = zw_xstrdup(string_of(root, "origin"));
    stored->placement = zw_xstrdup(string_of(root, "placement"));
    stored->from_file = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(root, "from_file"));
    stored->time_us = (int64_t)cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(root, "time_us"));
    sources_from_json(sources, stored);
    cJSON_Delete(root);
    return 0;
}

static int load_version(const char *dir, uint32_t version, struct zw_stored_policy *stored,
                        struct zw_problems *problems)
{
    char path[PATH_SIZE];
    char *text;

    memset(stored, 0, sizeof *stored);
    snprintf(path, sizeof path, "%s/policies/" NAME_FORMAT, dir, version);
    int error = zw_file_read(path, &text);
    if (error) {
        return fail(problems, path, error, "cannot be read");
    }
    error = parse(path, text, stored, problems);
    free(text);
    return error;
}

static uint32_t version_of_name(const char *name)
{
    unsigned int version;
    int length = 0;

    return sscanf(name, "%u.json%n", &version, &length) == 1 && length && !name[length] ? version : 0;
}

static int newest_version(const char *dir, uint32_t *version, struct zw_problems *problems)
{
    char path[PATH_SIZE];
    struct dirent *entry;

    *version = 0;
    snprintf(path, sizeof path, "%s/policies", dir);
    if (mkdir(path, 0750) && errno != EEXIST) {
        return fail(problems, path, errno, "cannot be made");
    }
    DIR *stream = opendir(path);
    if (!stream) {
        return fail(problems, path, errno, "cannot be read");
    }
    while ((entry = readdir(stream)) != NULL) {
        uint32_t v = version_of_name(entry->d_name);

        *version = v > *version ? v : *version;
    }
    closedir(stream);
    return 0;
}

/* The file's last reading is most often the newest version, so this looks backwards.  Versions that somebody deleted, or
 * that are damaged, are passed over: they cannot say that the file has not changed. */
static void find_file_sha256(const char *dir, uint32_t newest, char sha256[65])
{
    bool found = false;

    sha256[0] = '\0';
    for (uint32_t version = newest; version && !found; version--) {
        struct zw_problems ignored = ZW_PROBLEMS_INIT;
        struct zw_stored_policy stored;

        if (!load_version(dir, version, &stored, &ignored)) {
            found = stored.from_file;
            if (found) {
                memcpy(sha256, stored.sha256, 65);
            }
            zw_stored_policy_clear(&stored);
        }
        zw_problems_clear(&ignored);
    }
}

int zw_policy_store_load(const char *dir, struct zw_stored_policy *newest, char file_sha256[65],
                         struct zw_problems *problems)
{
    uint32_t version;

    memset(newest, 0, sizeof *newest);
    file_sha256[0] = '\0';
    int error = newest_version(dir, &version, problems);
    if (error || !version) {
        return error;
    }
    error = load_version(dir, version, newest, problems);
    newest->version = version;
    if (!error) {
        find_file_sha256(dir, version, file_sha256);
    }
    return error;
}

static char *to_json(const struct zw_stored_policy *stored)
{
    cJSON *root = cJSON_CreateObject();

    cJSON_AddNumberToObject(root, "version", stored->version);
    cJSON_AddStringToObject(root, "sha256", stored->sha256);
    cJSON_AddStringToObject(root, "origin", stored->origin);
    cJSON_AddBoolToObject(root, "from_file", stored->from_file);
    cJSON_AddNumberToObject(root, "time_us", (double)stored->time_us);
    cJSON_AddStringToObject(root, "placement", stored->placement);
    cJSON *list = cJSON_AddArrayToObject(root, "sources");
    for (size_t i = 0; i < stored->n_sources; i++) {
        cJSON *item = cJSON_CreateObject();

        cJSON_AddStringToObject(item, "name", stored->sources[i].name);
        cJSON_AddStringToObject(item, "text", stored->sources[i].text);
        cJSON_AddItemToArray(list, item);
    }
    char *text = cJSON_Print(root);
    cJSON_Delete(root);
    return text;
}

int zw_policy_store_save(const char *dir, const struct zw_stored_policy *stored, struct zw_problems *problems)
{
    char path[PATH_SIZE];
    char *text = to_json(stored);

    snprintf(path, sizeof path, "%s/policies/" NAME_FORMAT, dir, stored->version);
    /* A version means one policy for ever. */
    int error = access(path, F_OK) ? zw_file_replace(path, text) : EEXIST;
    free(text);
    return error ? fail(problems, path, error, "cannot be written") : 0;
}
