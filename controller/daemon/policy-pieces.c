/* SPDX-License-Identifier: Apache-2.0 */
#include "zw-config.h"

#include "controller/daemon/policy-pieces.h"

#include <stdlib.h>
#include <string.h>

#include "controller/base/memory.h"
#include "controller/base/same.h"

void zw_pieces_clear(struct zw_pieces *pieces)
{
    free(pieces->list);
    *pieces = (struct zw_pieces){.n = 0};
}

/* Behind the others; into the last one if it goes on there.  There is room for it. */
static void add(struct zw_pieces *pieces, bool is_own, size_t from, size_t size)
{
    struct zw_piece *last = pieces->n ? &pieces->list[pieces->n - 1] : NULL;

    if (!size) {
        return;
    }
    if (last && last->is_own == is_own && (is_own || last->from + last->size == from)) {
        last->size += size;
    } else {
        pieces->list[pieces->n++] = (struct zw_piece){is_own, is_own ? 0 : from, size};
    }
}

struct zw_pieces zw_pieces_whole(size_t from, size_t size)
{
    struct zw_pieces pieces = {.list = zw_xcalloc(1, sizeof *pieces.list)};

    add(&pieces, false, from, size);
    return pieces;
}

/* What 'pieces' have between 'begin' and 'end' of their text. */
static void add_part(struct zw_pieces *to, const struct zw_pieces *pieces, size_t begin, size_t end)
{
    size_t at = 0;

    for (size_t i = 0; i < pieces->n && at < end; i++) {
        const struct zw_piece *piece = &pieces->list[i];
        size_t first = at < begin ? begin - at : 0;
        size_t last = end - at < piece->size ? end - at : piece->size;

        if (first < last) {
            add(to, piece->is_own, piece->from + first, last - first);
        }
        at += piece->size;
    }
}

struct zw_pieces zw_pieces_change(const struct zw_pieces *pieces, const char *old, size_t old_size, const char *text,
                                  size_t size)
{
    struct zw_pieces now = {.list = zw_xcalloc(pieces->n + 2, sizeof *now.list)};
    size_t shorter = old_size < size ? old_size : size;
    size_t begin = zw_same_before(old, text, shorter);
    size_t behind = zw_same_behind(old + old_size, text + size, shorter - begin);

    while (begin && text[begin - 1] != '\n') {
        begin--;
    }
    while (behind && text[size - behind - 1] != '\n') {
        behind--;
    }
    add_part(&now, pieces, 0, begin);
    add(&now, true, 0, size - behind - begin);
    add_part(&now, pieces, old_size - behind, old_size);
    return now;
}

size_t zw_pieces_own_size(const struct zw_pieces *pieces)
{
    size_t size = 0;

    for (size_t i = 0; i < pieces->n; i++) {
        size += pieces->list[i].is_own ? pieces->list[i].size : 0;
    }
    return size;
}

static cJSON *own_to_json(const char *text, size_t size)
{
    char *copy = zw_xcalloc(size + 1, 1);
    memcpy(copy, text, size);
    cJSON *string = cJSON_CreateString(copy);

    free(copy);
    return string;
}

static cJSON *borrowed_to_json(const struct zw_piece *piece)
{
    cJSON *pair = cJSON_CreateArray();

    cJSON_AddItemToArray(pair, cJSON_CreateNumber((double)piece->from));
    cJSON_AddItemToArray(pair, cJSON_CreateNumber((double)piece->size));
    return pair;
}

cJSON *zw_pieces_to_json(const struct zw_pieces *pieces, const char *text)
{
    cJSON *array = cJSON_CreateArray();

    for (size_t i = 0; i < pieces->n; i++) {
        const struct zw_piece *piece = &pieces->list[i];

        cJSON_AddItemToArray(array, piece->is_own ? own_to_json(text, piece->size) : borrowed_to_json(piece));
        text += piece->size;
    }
    return array;
}

/* What a member of the array stands for: 'piece', and in '*text' its bytes. */
static bool read_piece(const cJSON *item, const char *base, size_t base_size, struct zw_piece *piece, const char **text)
{
    const cJSON *from = cJSON_GetArrayItem(item, 0), *size = cJSON_GetArrayItem(item, 1);

    if (cJSON_IsString(item)) {
        *piece = (struct zw_piece){true, 0, strlen(item->valuestring)};
        *text = item->valuestring;
        return true;
    }
    if (!cJSON_IsArray(item) || !cJSON_IsNumber(from) || !cJSON_IsNumber(size) || from->valuedouble < 0 ||
        size->valuedouble < 0 || from->valuedouble > (double)base_size ||
        size->valuedouble > (double)base_size - from->valuedouble) {
        return false;
    }
    *piece = (struct zw_piece){false, (size_t)from->valuedouble, (size_t)size->valuedouble};
    *text = base + piece->from;
    return true;
}

bool zw_pieces_from_json(const cJSON *array, const char *base, size_t base_size, size_t max_size,
                         struct zw_pieces *pieces, char **text, size_t *size)
{
    const cJSON *item;
    bool good = cJSON_IsArray(array);

    *pieces = (struct zw_pieces){.list = zw_xcalloc((size_t)cJSON_GetArraySize(array) + 1, sizeof *pieces->list)};
    *text = zw_xcalloc(1, 1);
    *size = 0;
    cJSON_ArrayForEach (item, array) {
        struct zw_piece piece;
        const char *bytes;

        good = good && read_piece(item, base, base_size, &piece, &bytes) && piece.size <= max_size - *size;
        if (good) {
            *text = zw_xreallocarray(*text, *size + piece.size + 1, 1);
            memcpy(*text + *size, bytes, piece.size);
            *size += piece.size;
            (*text)[*size] = '\0';
            add(pieces, piece.is_own, piece.from, piece.size);
        }
    }
    if (!good) {
        zw_pieces_clear(pieces);
        free(*text);
        *text = NULL;
    }
    return good;
}
