/* SPDX-License-Identifier: Apache-2.0 */
/* output-private - what the writers of controller/cli/output-*.c share. */

#ifndef ZW_CLI_OUTPUT_PRIVATE_H
#define ZW_CLI_OUTPUT_PRIVATE_H 1

#include "controller/cli/output.h"

struct zw_output_class {
    void (*begin)(struct zw_output *);
    void (*row)(struct zw_output *, const char *const *values);
    void (*end)(struct zw_output *);
};

struct zw_output {
    const struct zw_output_class *class;
    FILE *file;
    bool is_terminal, wide;
    const struct zw_column *columns;
    size_t n_columns;

    /* Of a table. */
    char **held; /* Cells of the rows that wait for the widths to be known, row by row. */
    size_t n_held_rows;
    size_t *widths; /* NULL until the header is written. */
};

extern const struct zw_output_class zw_output_table, zw_output_json, zw_output_csv;

#endif
