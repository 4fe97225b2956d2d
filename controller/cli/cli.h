/* SPDX-License-Identifier: Apache-2.0 */
/* cli - the frame of `zoneward`: verbs, options, help.
 *
 * A verb is one file with one declarative entry, and one line in ZW_CLI_VERBS.  The entry is where its options and help
 * text are, and nowhere else: getopt_long(3), `zoneward help` and the check of the man page all read it. */

#ifndef ZW_CLI_CLI_H
#define ZW_CLI_CLI_H 1

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "controller/cli/exit.h"
#include "controller/cli/output.h"
#include "controller/control/client.h"

#define ZW_CLI_RUN_DIR "/run/zoneward"
#define ZW_CLI_STATE_DIR "/var/lib/zoneward"
#define ZW_CLI_MAX_OPTIONS 32 /* Of a verb, with those that every verb has. */

struct zw_cli_option {
    const char *name;     /* Long. */
    const char *argument; /* What it stands for in the help ("DIR"), or NULL if it has none. */
    const char *help;
};

/* One run of the program. */
struct zw_cli {
    FILE *out, *err;
    bool out_is_terminal;
    const char *run_dir, *state_dir;
    bool state_dir_given;
    enum zw_format format;
    bool wide;
    bool help;
    int timeout_ms;
    const struct zw_cli_verb *verb;
    const char *values[ZW_CLI_MAX_OPTIONS]; /* By the index of the option; "" for one without argument. */
    int n_args;
    char **args;
};

struct zw_cli_verb {
    const char *name;      /* One or two words. */
    const char *arguments; /* "FROM TO SERVICE", or "". */
    int min_args, max_args;
    const struct zw_column *columns; /* Of the rows that it prints; NULL if it prints none, */
    size_t n_columns;
    bool has_rows;                       /* or if they are not known before. */
    const char *summary;                 /* One line. */
    const char *help;                    /* Paragraphs, or NULL. */
    const struct zw_cli_option *options; /* Ends with a NULL name; NULL for none. */
    enum zw_exit (*run)(struct zw_cli *);
};

#define ZW_CLI_VERBS           \
    ZW_CLI_VERB(status)        \
    ZW_CLI_VERB(explain)       \
    ZW_CLI_VERB(policy_check)  \
    ZW_CLI_VERB(policy_apply)  \
    ZW_CLI_VERB(policy_show)   \
    ZW_CLI_VERB(policy_reload) \
    ZW_CLI_VERB(zones)         \
    ZW_CLI_VERB(ports)         \
    ZW_CLI_VERB(rules)         \
    ZW_CLI_VERB(sessions)      \
    ZW_CLI_VERB(flows)         \
    ZW_CLI_VERB(drops)         \
    ZW_CLI_VERB(audit_query)   \
    ZW_CLI_VERB(help)          \
    ZW_CLI_VERB(version)

#define ZW_CLI_VERB(NAME) extern const struct zw_cli_verb zw_verb_##NAME;
ZW_CLI_VERBS
#undef ZW_CLI_VERB

/* Runs the program.  Returns its exit status. */
int zw_cli_run(int argc, char **argv, FILE *out, FILE *err);

/* Every verb, in the order of the help; '*n' of them. */
const struct zw_cli_verb *const *zw_cli_verbs(size_t *n);

/* The options that every verb has; ends with a NULL name. */
extern const struct zw_cli_option zw_cli_common_options[];

/* The argument of a verb's own option, "" for one without argument, NULL if it was not given. */
const char *zw_cli_value(const struct zw_cli *, const char *option);

/* Says what is wrong with the command line.  Returns ZW_EXIT_USAGE. */
enum zw_exit zw_cli_usage(const struct zw_cli *, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Help for one verb, and for all of them. */
void zw_cli_help_verb(const struct zw_cli_verb *, FILE *);
void zw_cli_help(FILE *);

/* Asks the daemon.  On ZW_EXIT_OK '*result' is the answer, for the caller to delete; on any other status the user has
 * been told.  Takes 'args', which may be NULL. */
enum zw_exit zw_cli_call(const struct zw_cli *, const char *verb, cJSON *args, cJSON **result);
/* The same, with a file of which the daemon gets a descriptor, too; -1: none.  The caller closes it. */
enum zw_exit zw_cli_call_with(const struct zw_cli *, const char *verb, cJSON *args, int file, cJSON **result);

/* Prints problems, one to a line. */
void zw_cli_print_problems(const struct zw_cli *, const struct zw_problems *);

/* Reads decimal digits, and nothing else; false if there is anything else, or the number is larger than 'max'. */
bool zw_cli_number(const char *, uint64_t max, uint64_t *value);

/* Adds the verb's option --limit to 'args'.  ZW_EXIT_OK or ZW_EXIT_USAGE. */
enum zw_exit zw_cli_add_limit(const struct zw_cli *, cJSON *args);

/* For the verbs that print one list of the daemon's answer: asks 'verb' with 'args' (taken), prints result[list] in the
 * columns of the verb's entry. */
enum zw_exit zw_cli_list(const struct zw_cli *, const char *verb, cJSON *args, const char *list);

#endif
