/* SPDX-License-Identifier: Apache-2.0 */
/* RFC 4180: a header, lines that end in CR LF, quotes where they are needed.  Values are as they are, but for a
 * terminal. */
#include "zw-config.h"

#include <stdlib.h>
#include <string.h>

#include "controller/cli/output-private.h"

static void write_field(FILE *file, const char *text)
{
    if (!strpbrk(text, "\",\r\n")) {
        fputs(text, file);
        return;
    }
    putc('"', file);
    for (; *text; text++) {
        if (*text == '"') {
            putc('"', file);
        }
        putc(*text, file);
    }
    putc('"', file);
}

static void begin(struct zw_output *output)
{
    for (size_t i = 0; i < output->n_columns; i++) {
        fputs(i ? "," : "", output->file);
        write_field(output->file, output->columns[i].key);
    }
    fputs("\r\n", output->file);
}

static void write_value(const struct zw_output *output, const char *value)
{
    char *safe = output->is_terminal ? zw_text_safe(value) : NULL;

    write_field(output->file, safe ? safe : value);
    free(safe);
}

static void row(struct zw_output *output, const char *const *values)
{
    for (size_t i = 0; i < output->n_columns; i++) {
        fputs(i ? "," : "", output->file);
        write_value(output, values[i] ? values[i] : "");
    }
    fputs("\r\n", output->file);
}

static void end(struct zw_output *output)
{
    (void)output;
}

const struct zw_output_class zw_output_csv = {begin, row, end};
