/* SPDX-License-Identifier: Apache-2.0 */
/* output - rows and columns for people (table), programs (JSON) and spreadsheets (CSV).
 *
 * Names in here come from policies, from OVSDB and so in the end from whoever may name a port.  In a table, everything
 * that could drive a terminal is shown as an escape. */

#ifndef ZW_CLI_OUTPUT_H
#define ZW_CLI_OUTPUT_H 1

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum zw_format {
    ZW_FORMAT_TABLE, /* Aligned columns, "-" for an empty value. */
    ZW_FORMAT_JSON,  /* One object a line; null for an empty value. */
    ZW_FORMAT_CSV,   /* RFC 4180, with a header. */
};

struct zw_column {
    const char *key;   /* In JSON, and the header of CSV. */
    const char *title; /* The header of a table. */
    bool is_number;    /* To the right in a table, bare in JSON. */
    bool is_wide;      /* In a table only if asked for. */
};

struct zw_output;

/* 'columns' and the file must stay until the end. */
struct zw_output *zw_output_new(enum zw_format, FILE *, bool is_terminal, bool wide, const struct zw_column *columns,
                                size_t n_columns);
void zw_output_row(struct zw_output *, const char *const *values); /* A NULL or empty value is none. */
/* Writes what is held back, and frees.  NULL is fine. */
void zw_output_end(struct zw_output *);

/* Rows of a JSON array of objects: strings as they are, numbers, yes and no, lists joined by ", ". */
void zw_output_json_rows(struct zw_output *, const cJSON *array, const struct zw_column *, size_t n_columns);

/* A whole JSON document, indented. */
void zw_output_document(FILE *, const cJSON *);

/* Writes 'text' so that it cannot drive a terminal: control characters, bidirectional overrides and what is no UTF-8 as
 * "\xNN" or "\u{N}".  zw_text_safe() returns it, for the caller to free. */
void zw_text_print(FILE *, const char *text);
char *zw_text_safe(const char *text);
/* Columns on a terminal that 'text', which is safe, takes. */
size_t zw_text_width(const char *text);

#endif
