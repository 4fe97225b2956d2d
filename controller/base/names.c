/* SPDX-License-Identifier: Apache-2.0 */
#include "zw-config.h"

#include "controller/base/names.h"

#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "controller/base/memory.h"

/* Longer words are not compared. */
#define SUGGEST_SIZE_MAX 64

/* FNV-1a.  Names come from an administrator, who has no reason to attack it. */
static uint64_t hash(const char *s)
{
    uint64_t h = 0xcbf29ce484222325u;

    for (; *s; s++) {
        h = (h ^ (unsigned char)*s) * 0x100000001b3u;
    }
    return h ^ h >> 32;
}

static struct zw_names_entry *find_slot(const struct zw_names *names, const char *name)
{
    size_t i = (size_t)hash(name) & (names->capacity - 1);

    while (names->entries[i].name && strcmp(names->entries[i].name, name)) {
        i = (i + 1) & (names->capacity - 1);
    }
    return &names->entries[i];
}

static void grow(struct zw_names *names)
{
    struct zw_names old = *names;

    names->capacity = old.capacity ? 2 * old.capacity : 16;
    names->entries = zw_xcalloc(names->capacity, sizeof *names->entries);
    for (size_t i = 0; i < old.capacity; i++) {
        if (old.entries[i].name) {
            *find_slot(names, old.entries[i].name) = old.entries[i];
        }
    }
    free(old.entries);
}

void *zw_names_add(struct zw_names *names, const char *name, void *value)
{
    struct zw_names_entry *slot;

    if (names->n + 1 > names->capacity / 2) {
        grow(names);
    }
    slot = find_slot(names, name);
    if (slot->name) {
        return slot->value;
    }
    *slot = (struct zw_names_entry){.name = name, .value = value};
    names->n++;
    return NULL;
}

void *zw_names_find(const struct zw_names *names, const char *name)
{
    return names->capacity ? find_slot(names, name)->value : NULL;
}

void zw_names_destroy(struct zw_names *names)
{
    free(names->entries);
    *names = (struct zw_names)ZW_NAMES_INIT;
}

static size_t min3(size_t a, size_t b, size_t c)
{
    size_t m = a < b ? a : b;

    return m < c ? m : c;
}

/* Optimal string alignment distance of 'a' and 'b', whose lengths fit SUGGEST_SIZE_MAX. */
static size_t distance(const char *a, size_t a_size, const char *b, size_t b_size)
{
    size_t rows[3][SUGGEST_SIZE_MAX + 1];

    for (size_t j = 0; j <= b_size; j++) {
        rows[0][j] = j;
    }
    for (size_t i = 1; i <= a_size; i++) {
        size_t *row = rows[i % 3], *above = rows[(i + 2) % 3], *above2 = rows[(i + 1) % 3];

        row[0] = i;
        for (size_t j = 1; j <= b_size; j++) {
            int x = tolower((unsigned char)a[i - 1]), y = tolower((unsigned char)b[j - 1]);

            row[j] = min3(above[j] + 1, row[j - 1] + 1, above[j - 1] + (x != y));
            if (i > 1 && j > 1 && x == tolower((unsigned char)b[j - 2]) && y == tolower((unsigned char)a[i - 2]) &&
                above2[j - 2] + 1 < row[j]) {
                row[j] = above2[j - 2] + 1;
            }
        }
    }
    return rows[a_size % 3][b_size];
}

void zw_suggestion_start(struct zw_suggestion *s, const char *word)
{
    size_t size = strlen(word);

    /* Beyond a third of the letters it is another word. */
    *s = (struct zw_suggestion){.word = word, .distance = size < 3 ? 2 : size / 3 + 2};
    if (s->distance > 4) {
        s->distance = 4;
    }
}

void zw_suggestion_try(struct zw_suggestion *s, const char *candidate)
{
    size_t size = strlen(s->word), candidate_size = strlen(candidate);
    size_t difference = size > candidate_size ? size - candidate_size : candidate_size - size;
    size_t d;

    if (size > SUGGEST_SIZE_MAX || candidate_size > SUGGEST_SIZE_MAX || difference >= s->distance) {
        return;
    }
    d = distance(s->word, size, candidate, candidate_size);
    if (d < s->distance && d < candidate_size && d < size) {
        s->distance = d;
        s->best = candidate;
    }
}

const char *zw_names_suggest(const struct zw_names *names, const char *word)
{
    struct zw_suggestion s;
    size_t n_tried = 0;

    zw_suggestion_start(&s, word);
    for (size_t i = 0; i < names->capacity && n_tried < ZW_NAMES_SUGGEST_MAX; i++) {
        if (names->entries[i].name) {
            zw_suggestion_try(&s, names->entries[i].name);
            n_tried++;
        }
    }
    return s.best;
}
