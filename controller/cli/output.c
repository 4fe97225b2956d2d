/* SPDX-License-Identifier: Apache-2.0 */
#include "zw-config.h"

#include "controller/cli/output.h"

#include <stdlib.h>
#include <string.h>

#include "controller/base/memory.h"
#include "controller/cli/output-private.h"

static const struct zw_output_class *const classes[] = {
    [ZW_FORMAT_TABLE] = &zw_output_table,
    [ZW_FORMAT_JSON] = &zw_output_json,
    [ZW_FORMAT_CSV] = &zw_output_csv,
};

struct zw_output *zw_output_new(enum zw_format format, FILE *file, bool is_terminal, bool wide,
                                const struct zw_column *columns, size_t n_columns)
{
    struct zw_output *output = zw_xcalloc(1, sizeof *output);

    *output = (struct zw_output){
        .class = classes[format],
        .file = file,
        .is_terminal = is_terminal,
        .wide = wide,
        .columns = columns,
        .n_columns = n_columns,
    };
    output->class->begin(output);
    return output;
}

void zw_output_row(struct zw_output *output, const char *const *values)
{
    output->class->row(output, values);
}

void zw_output_end(struct zw_output *output)
{
    if (output) {
        output->class->end(output);
        free(output);
    }
}

/* Joins the strings of 'array' with ", ". */
static char *join(const cJSON *array)
{
    char *text = NULL;
    size_t size;
    FILE *stream = open_memstream(&text, &size);
    const cJSON *item;
    const char *separator = "";

    if (!stream) {
        abort();
    }
    cJSON_ArrayForEach (item, array) {
        if (cJSON_IsString(item)) {
            fprintf(stream, "%s%s", separator, item->valuestring);
        } else if (cJSON_IsNumber(item)) {
            fprintf(stream, "%s%.0f", separator, item->valuedouble);
        }
        separator = ", ";
    }
    fclose(stream);
    return text;
}

/* The text of a cell, for the caller to free; NULL for none. */
static char *cell(const cJSON *item)
{
    if (cJSON_IsString(item)) {
        return zw_xstrdup(item->valuestring);
    } else if (cJSON_IsBool(item)) {
        return zw_xstrdup(cJSON_IsTrue(item) ? "yes" : "no");
    } else if (cJSON_IsArray(item)) {
        return join(item);
    } else if (cJSON_IsNumber(item)) {
        return zw_xasprintf("%.0f", item->valuedouble);
    }
    return NULL;
}

void zw_output_json_rows(struct zw_output *output, const cJSON *array, const struct zw_column *columns,
                         size_t n_columns)
{
    char **cells = zw_xcalloc(n_columns, sizeof *cells);
    const cJSON *object;

    cJSON_ArrayForEach (object, array) {
        for (size_t i = 0; i < n_columns; i++) {
            cells[i] = cell(cJSON_GetObjectItemCaseSensitive(object, columns[i].key));
        }
        zw_output_row(output, (const char *const *)cells);
        for (size_t i = 0; i < n_columns; i++) {
            free(cells[i]);
        }
    }
    free(cells);
}
