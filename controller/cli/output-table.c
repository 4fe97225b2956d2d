/* SPDX-License-Identifier: Apache-2.0 */
/* A table.  The first rows are held back until the widths are known; later rows keep these widths, so that a long
 * listing neither fills the memory nor waits for its end. */
#include "zw-config.h"

#include <stdlib.h>
#include <string.h>

#include "controller/base/memory.h"
#include "controller/cli/output-private.h"

#define HELD_ROWS 500
#define GAP "  "

static bool is_shown(const struct zw_output *output, size_t column)
{
    return output->wide || !output->columns[column].is_wide;
}

static void begin(struct zw_output *output)
{
    output->held = zw_xcalloc(HELD_ROWS * output->n_columns, sizeof *output->held);
}

static void pad(FILE *file, size_t n)
{
    for (; n; n--) {
        putc(' ', file);
    }
}

/* Writes a line.  Blanks come before a cell and never after the last one. */
static void write_cells(const struct zw_output *output, const char *const *cells)
{
    size_t blanks = 0;
    const char *gap = "";

    for (size_t i = 0; i < output->n_columns; i++) {
        if (!is_shown(output, i)) {
            continue;
        }
        size_t width = zw_text_width(cells[i]);
        size_t rest = output->widths[i] > width ? output->widths[i] - width : 0;
        pad(output->file, blanks);
        fputs(gap, output->file);
        if (output->columns[i].is_number) {
            pad(output->file, rest);
        }
        fputs(cells[i], output->file);
        blanks = output->columns[i].is_number ? 0 : rest;
        gap = GAP;
    }
}

static void write_header(const struct zw_output *output)
{
    const char **titles = zw_xcalloc(output->n_columns, sizeof *titles);

    for (size_t i = 0; i < output->n_columns; i++) {
        titles[i] = output->columns[i].title;
    }
    fputs(output->is_terminal ? "\033[1m" : "", output->file);
    write_cells(output, titles);
    fputs(output->is_terminal ? "\033[0m\n" : "\n", output->file);
    free(titles);
}

static void measure(struct zw_output *output)
{
    output->widths = zw_xcalloc(output->n_columns, sizeof *output->widths);
    for (size_t i = 0; i < output->n_columns; i++) {
        output->widths[i] = zw_text_width(output->columns[i].title);
        for (size_t j = 0; j < output->n_held_rows; j++) {
            size_t width = zw_text_width(output->held[j * output->n_columns + i]);
            output->widths[i] = width > output->widths[i] ? width : output->widths[i];
        }
    }
}

/* Writes the rows that are held back, the first time after a header. */
static void release(struct zw_output *output)
{
    if (!output->widths) {
        measure(output);
        write_header(output);
    }
    for (size_t j = 0; j < output->n_held_rows; j++) {
        char **cells = output->held + j * output->n_columns;
        write_cells(output, (const char *const *)cells);
        putc('\n', output->file);
        for (size_t i = 0; i < output->n_columns; i++) {
            free(cells[i]);
        }
    }
    output->n_held_rows = 0;
}

static void row(struct zw_output *output, const char *const *values)
{
    char **cells = output->held + output->n_held_rows * output->n_columns;

    for (size_t i = 0; i < output->n_columns; i++) {
        cells[i] = zw_text_safe(values[i] && *values[i] ? values[i] : "-");
    }
    output->n_held_rows++;
    if (output->widths || output->n_held_rows == HELD_ROWS) {
        release(output);
    }
}

static void end(struct zw_output *output)
{
    release(output);
    free(output->held);
    free(output->widths);
}

const struct zw_output_class zw_output_table = {begin, row, end};
