/* SPDX-License-Identifier: Apache-2.0 */
/* What is learned as JSON, and back. */
#include "zw-config.h"

#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

#include "controller/base/memory.h"
#include "controller/base/names.h"
#include "controller/daemon/learning-private.h"

static const char *const source_names[] = {[ZW_LEARNING_DHCP] = "dhcp", [ZW_LEARNING_ND] = "nd"};

char *zw_learning_format(const struct zw_learning *l)
{
    cJSON *array = cJSON_CreateArray();
    char buf[ZW_ADDR_STRLEN];

    for (size_t i = 0; i < l->n; i++) {
        const struct zw_learning_entry *entry = &l->list[i];

        if (entry->probe_us) {
            continue;
        }
        cJSON *object = cJSON_CreateObject();
        cJSON_AddStringToObject(object, "bridge", entry->bridge);
        cJSON_AddStringToObject(object, "port", entry->port);
        cJSON_AddStringToObject(object, "owner", entry->owner);
        cJSON_AddNumberToObject(object, "segment", entry->segment);
        cJSON_AddStringToObject(object, "address", zw_addr_format(&entry->addr, buf));
        cJSON_AddStringToObject(object, "source", source_names[entry->source]);
        cJSON_AddNumberToObject(object, "until_us", (double)entry->until_us);
        cJSON_AddItemToArray(array, object);
    }
    char *text = cJSON_Print(array);
    cJSON_Delete(array);
    return text;
}

static const char *text_of(const cJSON *object, const char *key)
{
    return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, key));
}

static bool parse_entry(const cJSON *object, struct zw_learning_entry *entry)
{
    const char *bridge = text_of(object, "bridge"), *port = text_of(object, "port"), *owner = text_of(object, "owner");
    const char *address = text_of(object, "address"), *source = text_of(object, "source");
    double segment = cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(object, "segment"));
    double until_us = cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(object, "until_us"));

    *entry = (struct zw_learning_entry){
        .source = source && !strcmp(source, source_names[ZW_LEARNING_ND]) ? ZW_LEARNING_ND : ZW_LEARNING_DHCP};
    if (!bridge || !port || !owner || !address || !source || strcmp(source, source_names[entry->source]) ||
        !zw_addr_parse(address, &entry->addr) || !zw_addr_is_host(&entry->addr) || !(segment >= 0 && segment < 4096) ||
        !(until_us >= 0 && until_us < 1e18)) { /* NaN is neither. */
        return false;
    }
    entry->segment = (unsigned int)segment;
    entry->until_us = (int64_t)until_us;
    entry->bridge = zw_xstrdup(bridge);
    entry->port = zw_xstrdup(port);
    entry->owner = zw_xstrdup(owner);
    return true;
}

/* Whose an address is in a segment must be one port: the compiler relies on it. */
static bool has_twice(const struct zw_learning *l, const struct zw_learning *more)
{
    const size_t n = l->n + more->n;
    struct zw_names names = ZW_NAMES_INIT;
    struct zw_pool *pool = zw_pool_new();
    bool twice = false;

    for (size_t i = 0; i < n && !twice; i++) {
        struct zw_learning_entry *entry = i < l->n ? &l->list[i] : &more->list[i - l->n];
        char addr[ZW_ADDR_STRLEN];
        char *name = zw_xasprintf("%u %s %s", entry->segment, zw_addr_format(&entry->addr, addr), entry->bridge);

        twice = zw_names_add(&names, zw_pool_strdup(pool, name), entry) != NULL;
        free(name);
    }
    zw_names_destroy(&names);
    zw_pool_destroy(pool);
    return twice;
}

bool zw_learning_parse(struct zw_learning *l, const char *text)
{
    cJSON *root = cJSON_Parse(text);
    struct zw_learning read = {.n = 0};
    bool ok = cJSON_IsArray(root);
    const cJSON *object;

    cJSON_ArrayForEach (object, root) {
        struct zw_learning_entry entry;

        ok = ok && parse_entry(object, &entry);
        if (!ok) {
            break;
        }
        zw_learning_add(&read, entry);
    }
    cJSON_Delete(root);
    ok = ok && !has_twice(l, &read);
    for (size_t i = 0; i < read.n; i++) {
        if (ok) {
            zw_learning_add(l, read.list[i]);
        } else {
            zw_learning_clear(&read.list[i]);
        }
    }
    free(read.list);
    return ok;
}
