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
#include "controller/base/sha256.h"

#define PATH_SIZE 4096
#define NAME_FORMAT "%06u.json"
#define BASE_FORMAT "%06u.base" /* What the version is made of, if it is in pieces. */

/* The text is written again when more than that of it has changed, or in more places. */
#define OWN_SHARE 8 /* One in so many bytes. */
#define MAX_PIECES 512

static void clear_pieces(struct zw_stored_policy *stored)
{
    for (size_t i = 0; stored->pieces && i < stored->n_sources; i++) {
        zw_pieces_clear(&stored->pieces[i]);
    }
    free(stored->pieces);
    stored->pieces = NULL;
}

void zw_stored_policy_clear(struct zw_stored_policy *stored)
{
    clear_pieces(stored);
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

/* The text that a version is made of. */
struct base {
    char *text;
    size_t size;
};

static bool read_source(const cJSON *item, const struct base *base, struct zw_stored_policy *stored)
{
    struct zw_policy_source *source = &stored->sources[stored->n_sources];
    size_t size;
    char *text;

    if (!base->text) {
        text = zw_xstrdup(string_of(item, "text"));
        size = strlen(text);
    } else if (!zw_pieces_from_json(cJSON_GetObjectItemCaseSensitive(item, "pieces"), base->text, base->size,
                                    ZW_POLICY_MAX_SIZE, &stored->pieces[stored->n_sources], &text, &size)) {
        return false;
    }
    *source = (struct zw_policy_source){.name = zw_xstrdup(string_of(item, "name")), .text = text, .size = size};
    stored->n_sources++;
    return true;
}

static bool has_its_sha256(const struct zw_stored_policy *stored)
{
    uint8_t digest[ZW_SHA256_SIZE];
    char sha256[ZW_SHA256_HEX_SIZE];
    struct zw_sha256 *ctx = zw_sha256_new();

    for (size_t i = 0; i < stored->n_sources; i++) {
        zw_sha256_add(ctx, stored->sources[i].text, stored->sources[i].size);
    }
    zw_sha256_finish(ctx, digest);
    return !strcmp(zw_sha256_format(digest, sha256), stored->sha256);
}

static bool sources_from_json(const cJSON *list, const struct base *base, struct zw_stored_policy *stored)
{
    size_t n = (size_t)cJSON_GetArraySize(list);
    bool good = true;
    const cJSON *item;

    stored->sources = zw_xcalloc(n + 1, sizeof *stored->sources);
    stored->pieces = base->text ? zw_xcalloc(n + 1, sizeof *stored->pieces) : NULL;
    cJSON_ArrayForEach (item, list) {
        good = good && read_source(item, base, stored);
    }
    return good && (!base->text || has_its_sha256(stored));
}

static bool is_in_pieces(const cJSON *sources)
{
    return cJSON_HasObjectItem(cJSON_GetArrayItem(sources, 0), "pieces");
}

static int read_sources(const char *dir, const cJSON *list, struct zw_stored_policy *stored,
                        struct zw_problems *problems)
{
    char path[PATH_SIZE];
    struct base base = {.text = NULL};

    snprintf(path, sizeof path, "%s/policies/" BASE_FORMAT, dir, stored->version);
    int error = is_in_pieces(list) ? zw_file_read(path, &base.text) : 0;
    if (error) {
        return fail(problems, path, error, "cannot be read");
    }
    base.size = base.text ? strlen(base.text) : 0;
    bool good = sources_from_json(list, &base, stored);
    free(base.text);
    return good ? 0 : fail(problems, path, EINVAL, "is not what the policy of the history was made of");
}

/* Everything but the sources. */
static int read_heading(const char *path, const cJSON *root, struct zw_stored_policy *stored,
                        struct zw_problems *problems)
{
    const cJSON *version = cJSON_GetObjectItemCaseSensitive(root, "version");

    if (!cJSON_IsNumber(version) || !cJSON_IsArray(cJSON_GetObjectItemCaseSensitive(root, "sources")) ||
        strlen(string_of(root, "sha256")) != 64) {
        return fail(problems, path, EINVAL, "is not a policy of the history");
    }
    stored->version = (uint32_t)version->valuedouble;
    memcpy(stored->sha256, string_of(root, "sha256"), 65);
    stored->origin = zw_xstrdup(string_of(root, "origin"));
    stored->placement = zw_xstrdup(string_of(root, "placement"));
    stored->from_file = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(root, "from_file"));
    stored->time_us = (int64_t)cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(root, "time_us"));
    return 0;
}

static int load_version(const char *dir, uint32_t version, bool with_sources, struct zw_stored_policy *stored,
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
    cJSON *root = cJSON_Parse(text);
    error = read_heading(path, root, stored, problems);
    if (!error && with_sources) {
        error = read_sources(dir, cJSON_GetObjectItemCaseSensitive(root, "sources"), stored, problems);
    }
    if (error) {
        zw_stored_policy_clear(stored);
    }
    cJSON_Delete(root);
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

        if (!load_version(dir, version, false, &stored, &ignored)) {
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
    error = load_version(dir, version, true, newest, problems);
    newest->version = version;
    if (!error) {
        find_file_sha256(dir, version, file_sha256);
    }
    return error;
}

static cJSON *source_to_json(const struct zw_stored_policy *stored, size_t i)
{
    const struct zw_policy_source *source = &stored->sources[i];
    cJSON *item = cJSON_CreateObject();

    cJSON_AddStringToObject(item, "name", source->name);
    if (stored->pieces) {
        cJSON_AddItemToObject(item, "pieces", zw_pieces_to_json(&stored->pieces[i], source->text));
    } else {
        cJSON_AddStringToObject(item, "text", source->text);
    }
    return item;
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
        cJSON_AddItemToArray(list, source_to_json(stored, i));
    }
    char *text = cJSON_Print(root);
    cJSON_Delete(root);
    return text;
}

static size_t total_size(const struct zw_stored_policy *stored)
{
    size_t size = 0;

    for (size_t i = 0; i < stored->n_sources; i++) {
        size += stored->sources[i].size;
    }
    return size;
}

/* The pieces of a change, of the same base as 'previous' has.  False if it changes too much. */
static bool make_pieces(struct zw_stored_policy *stored, const struct zw_stored_policy *previous)
{
    size_t own_size = 0, n = 0;

    if (!previous || !previous->pieces || previous->n_sources != stored->n_sources) {
        return false;
    }
    stored->pieces = zw_xcalloc(stored->n_sources, sizeof *stored->pieces);
    for (size_t i = 0; i < stored->n_sources; i++) {
        const struct zw_policy_source *old = &previous->sources[i], *now = &stored->sources[i];

        stored->pieces[i] = zw_pieces_change(&previous->pieces[i], old->text, old->size, now->text, now->size);
        own_size += zw_pieces_own_size(&stored->pieces[i]);
        n += stored->pieces[i].n;
    }
    return own_size <= total_size(stored) / OWN_SHARE && n <= MAX_PIECES;
}

/* One more name for the text that 'previous' is made of. */
static bool share_base(const char *path, const char *dir, const struct zw_stored_policy *previous)
{
    char old_path[PATH_SIZE];

    snprintf(old_path, sizeof old_path, "%s/policies/" BASE_FORMAT, dir, previous->version);
    return !link(old_path, path);
}

static int write_base(const char *path, struct zw_stored_policy *stored)
{
    struct iovec *parts = zw_xcalloc(stored->n_sources, sizeof *parts);
    size_t size = 0;

    clear_pieces(stored);
    stored->pieces = zw_xcalloc(stored->n_sources, sizeof *stored->pieces);
    for (size_t i = 0; i < stored->n_sources; i++) {
        const struct zw_policy_source *source = &stored->sources[i];

        parts[i] = (struct iovec){.iov_base = (char *)source->text, .iov_len = source->size};
        stored->pieces[i] = zw_pieces_whole(size, source->size);
        size += source->size;
    }
    int error = zw_file_replace_parts(path, parts, stored->n_sources);
    free(parts);
    return error;
}

/* Before the version's own file, which makes it one: what a crash leaves of this alone is nobody's, and is replaced. */
static int save_base(const char *dir, struct zw_stored_policy *stored, const struct zw_stored_policy *previous)
{
    char path[PATH_SIZE];

    snprintf(path, sizeof path, "%s/policies/" BASE_FORMAT, dir, stored->version);
    if (unlink(path) && errno != ENOENT) {
        return errno;
    }
    if (total_size(stored) <= ZW_POLICY_STORE_SMALL) {
        return 0;
    }
    return make_pieces(stored, previous) && share_base(path, dir, previous) ? 0 : write_base(path, stored);
}

int zw_policy_store_save(const char *dir, struct zw_stored_policy *stored, const struct zw_stored_policy *previous,
                         struct zw_problems *problems)
{
    char path[PATH_SIZE];

    snprintf(path, sizeof path, "%s/policies/" NAME_FORMAT, dir, stored->version);
    if (!access(path, F_OK)) {
        return fail(problems, path, EEXIST, "cannot be written"); /* A version means one policy for ever. */
    }
    int error = save_base(dir, stored, previous);
    if (!error) {
        char *text = to_json(stored);
        error = zw_file_replace(path, text);
        free(text);
    }
    return error ? fail(problems, path, error, "cannot be written") : 0;
}
