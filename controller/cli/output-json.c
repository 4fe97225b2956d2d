/* SPDX-License-Identifier: Apache-2.0 */
/* JSON: rows as one object a line, and whole documents. */
#include "zw-config.h"

#include <stdlib.h>
#include <string.h>

#include "controller/cli/output-private.h"

#define INDENT 2

/* Rows. */

static void begin(struct zw_output *output)
{
    (void)output;
}

static cJSON *value(const struct zw_column *column, const char *text)
{
    if (!text || !*text) {
        return cJSON_CreateNull();
    } else if (column->is_number && text[strspn(text, "-0123456789.")] == '\0') {
        return cJSON_CreateRaw(text); /* As it is: a double would round large counters. */
    }
    return cJSON_CreateString(text);
}

static void row(struct zw_output *output, const char *const *values)
{
    cJSON *object = cJSON_CreateObject();

    for (size_t i = 0; i < output->n_columns; i++) {
        cJSON_AddItemToObject(object, output->columns[i].key, value(&output->columns[i], values[i]));
    }
    char *text = cJSON_PrintUnformatted(object);
    if (!text) {
        abort();
    }
    fprintf(output->file, "%s\n", text);
    cJSON_free(text);
    cJSON_Delete(object);
}

static void end(struct zw_output *output)
{
    (void)output;
}

const struct zw_output_class zw_output_json = {begin, row, end};

/* Documents. */

static void print_scalar(FILE *file, const cJSON *item)
{
    char *text = cJSON_PrintUnformatted(item);

    if (!text) {
        abort();
    }
    fputs(text, file);
    cJSON_free(text);
}

static void print_key(FILE *file, const char *key)
{
    cJSON *string = cJSON_CreateString(key);

    print_scalar(file, string);
    fputs(": ", file);
    cJSON_Delete(string);
}

static bool is_flat(const cJSON *item)
{
    const cJSON *child;

    cJSON_ArrayForEach (child, item) {
        if (cJSON_IsObject(child) || cJSON_IsArray(child)) {
            return false;
        }
    }
    return cJSON_IsArray(item) || !item->child;
}

static void print_item(FILE *file, const cJSON *item, int depth)
{
    const cJSON *child;
    bool is_object = cJSON_IsObject(item);
    bool flat = is_flat(item);

    if (!is_object && !cJSON_IsArray(item)) {
        print_scalar(file, item);
        return;
    }
    putc(is_object ? '{' : '[', file);
    cJSON_ArrayForEach (child, item) {
        if (!flat) {
            fprintf(file, "\n%*s", (depth + 1) * INDENT, "");
        }
        if (is_object) {
            print_key(file, child->string);
        }
        print_item(file, child, depth + 1);
        fputs(child->next ? flat ? ", " : "," : "", file);
    }
    if (!flat) {
        fprintf(file, "\n%*s", depth * INDENT, "");
    }
    putc(is_object ? '}' : ']', file);
}

void zw_output_document(FILE *file, const cJSON *document)
{
    print_item(file, document, 0);
    putc('\n', file);
}
