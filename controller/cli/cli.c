/* SPDX-License-Identifier: Apache-2.0 */
#include "zw-config.h"

#include "controller/cli/cli.h"

#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "controller/base/names.h"

#define DEFAULT_TIMEOUT_S 30
#define MAX_TIMEOUT_S 86400
#define COMMON_OPTION 1000 /* Values of getopt_long(3): this and the index for a common option, */
#define VERB_OPTION 2000   /* this and the index for one of the verb's own. */

static const struct zw_cli_verb *const verbs[] = {
#define ZW_CLI_VERB(NAME) &zw_verb_##NAME,
    ZW_CLI_VERBS
#undef ZW_CLI_VERB
};
#define N_VERBS (sizeof verbs / sizeof verbs[0])

enum { RUN_DIR, STATE_DIR, FORMAT, JSON, WIDE, TIMEOUT, HELP };
const struct zw_cli_option zw_cli_common_options[] = {
    [RUN_DIR] = {"run-dir", "DIR", "run directory of the daemon (default: $ZONEWARD_RUNDIR, else " ZW_CLI_RUN_DIR ")"},
    [STATE_DIR] = {"state-dir", "DIR", "state directory of the daemon (default: " ZW_CLI_STATE_DIR ")"},
    [FORMAT] = {"format", "FORMAT", "table, json or csv (default: table)"},
    [JSON] = {"json", NULL, "the same as --format=json"},
    [WIDE] = {"wide", NULL, "every column of a table"},
    [TIMEOUT] = {"timeout", "SECONDS", "wait this long for the daemon (default: 30)"},
    [HELP] = {"help", NULL, "help for the verb"},
    {NULL, NULL, NULL},
};

const struct zw_cli_verb *const *zw_cli_verbs(size_t *n)
{
    *n = N_VERBS;
    return verbs;
}

enum zw_exit zw_cli_usage(const struct zw_cli *cli, const char *format, ...)
{
    va_list args;
    char text[1024];

    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    fputs("zoneward: ", cli->err);
    zw_text_print(cli->err, text);
    fprintf(cli->err, " (see \"zoneward help%s%s\")\n", cli->verb ? " " : "", cli->verb ? cli->verb->name : "");
    return ZW_EXIT_USAGE;
}

const char *zw_cli_value(const struct zw_cli *cli, const char *option)
{
    const struct zw_cli_option *options = cli->verb->options;

    for (size_t i = 0; options && options[i].name; i++) {
        if (!strcmp(options[i].name, option)) {
            return cli->values[i];
        }
    }
    abort(); /* A verb asks for an option that it did not declare. */
}

/* Options. */

static size_t add_options(struct option *list, size_t n, const struct zw_cli_option *options, int first)
{
    for (size_t i = 0; options && options[i].name; i++) {
        list[n++] = (struct option){
            .name = options[i].name,
            .has_arg = options[i].argument ? required_argument : no_argument,
            .val = first + (int)i,
        };
    }
    return n;
}

static enum zw_exit set_format(struct zw_cli *cli, const char *name)
{
    static const char *const names[] = {
        [ZW_FORMAT_TABLE] = "table", [ZW_FORMAT_JSON] = "json", [ZW_FORMAT_CSV] = "csv"};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (!strcmp(names[i], name)) {
            cli->format = (enum zw_format)i;
            return ZW_EXIT_OK;
        }
    }
    return zw_cli_usage(cli, "\"%s\" is no format: table, json or csv", name);
}

bool zw_cli_number(const char *text, uint64_t max, uint64_t *value)
{
    if (!*text || text[strspn(text, "0123456789")]) {
        return false;
    }
    errno = 0;
    *value = strtoull(text, NULL, 10);
    return !errno && *value <= max;
}

static enum zw_exit set_timeout(struct zw_cli *cli, const char *text)
{
    uint64_t seconds;

    if (!zw_cli_number(text, MAX_TIMEOUT_S, &seconds) || !seconds) {
        return zw_cli_usage(cli, "--timeout takes seconds, from 1 to %d", MAX_TIMEOUT_S);
    }
    cli->timeout_ms = (int)seconds * 1000;
    return ZW_EXIT_OK;
}

static enum zw_exit set_common(struct zw_cli *cli, int option, const char *value)
{
    switch (option) {
    case RUN_DIR:
        cli->run_dir = value;
        break;
    case STATE_DIR:
        cli->state_dir = value;
        cli->state_dir_given = true;
        break;
    case FORMAT:
        return set_format(cli, value);
    case JSON:
        return set_format(cli, "json");
    case WIDE:
        cli->wide = true;
        break;
    case TIMEOUT:
        return set_timeout(cli, value);
    case HELP:
        cli->help = true;
        break;
    }
    return ZW_EXIT_OK;
}

/* 'word' is the one before getopt's next: of several letters in one word, it can be that before their own. */
static enum zw_exit no_such_option(const struct zw_cli *cli, const char *word)
{
    const char letter[] = {'-', (char)optopt, '\0'};

    if (optopt >= COMMON_OPTION) {
        return zw_cli_usage(cli, "%.*s takes no argument", (int)strcspn(word, "="), word);
    }
    return zw_cli_usage(cli, "there is no option %s", optopt ? letter : word);
}

/* Reads options up to the first argument (verb unknown), or wherever they stand (verb known).  '*rest' gets the index
 * of the first argument. */
static enum zw_exit read_options(struct zw_cli *cli, int argc, char **argv, int *rest)
{
    struct option list[ZW_CLI_MAX_OPTIONS + sizeof zw_cli_common_options / sizeof zw_cli_common_options[0]] = {
        {.name = NULL}};
    size_t n = add_options(list, 0, zw_cli_common_options, COMMON_OPTION);
    enum zw_exit status = ZW_EXIT_OK;
    int c;

    add_options(list, n, cli->verb ? cli->verb->options : NULL, VERB_OPTION);
    optind = 0; /* GNU: from the start, also in a second run within one process. */
    opterr = 0;
    while (status == ZW_EXIT_OK && (c = getopt_long(argc, argv, cli->verb ? ":h" : "+:h", list, NULL)) != -1) {
        if (c == ':') {
            status = zw_cli_usage(cli, "%s needs an argument", argv[optind - 1]);
        } else if (c == 'h') {
            cli->help = true;
        } else if (c == '?') {
            status = no_such_option(cli, argv[optind - 1]);
        } else if (c >= VERB_OPTION) {
            cli->values[c - VERB_OPTION] = optarg ? optarg : "";
        } else {
            status = set_common(cli, c - COMMON_OPTION, optarg);
        }
    }
    *rest = optind;
    return status;
}

/* Verbs. */

/* The verb at the start of 'words', and in '*used' how many words it has. */
static const struct zw_cli_verb *find_verb(int n_words, char **words, int *used)
{
    for (size_t i = 0; i < N_VERBS; i++) {
        const char *name = verbs[i]->name;
        const char *space = strchr(name, ' ');
        size_t first = space ? (size_t)(space - name) : strlen(name);
        if (strncmp(words[0], name, first) || words[0][first]) {
            continue;
        } else if (!space) {
            *used = 1;
            return verbs[i];
        } else if (n_words > 1 && !strcmp(words[1], space + 1)) {
            *used = 2;
            return verbs[i];
        }
    }
    return NULL;
}

/* "policy" alone, or with a second word that is none of its verbs. */
static enum zw_exit no_such_verb(const struct zw_cli *cli, const char *word)
{
    size_t size = strlen(word);
    char list[256] = "";
    struct zw_suggestion suggestion;

    zw_suggestion_start(&suggestion, word);
    for (size_t i = 0; i < N_VERBS; i++) {
        if (!strncmp(verbs[i]->name, word, size) && verbs[i]->name[size] == ' ') {
            strncat(list, *list ? ", " : "", sizeof list - strlen(list) - 1);
            strncat(list, verbs[i]->name, sizeof list - strlen(list) - 1);
        }
    }
    if (*list) {
        return zw_cli_usage(cli, "\"%s\" has these verbs: %s", word, list);
    }
    for (size_t i = 0; i < N_VERBS; i++) {
        zw_suggestion_try(&suggestion, verbs[i]->name);
    }
    if (suggestion.best) {
        return zw_cli_usage(cli, "there is no verb \"%s\" (did you mean \"%s\"?)", word, suggestion.best);
    }
    return zw_cli_usage(cli, "there is no verb \"%s\"", word);
}

static enum zw_exit check_args(const struct zw_cli *cli)
{
    const struct zw_cli_verb *verb = cli->verb;

    if (cli->n_args < verb->min_args) {
        return zw_cli_usage(cli, "usage: zoneward %s %s", verb->name, verb->arguments);
    } else if (cli->n_args > verb->max_args) {
        return zw_cli_usage(cli, "\"%s\" is one argument too many", cli->args[verb->max_args]);
    } else if (cli->format == ZW_FORMAT_CSV && !verb->columns && !verb->has_rows) {
        return zw_cli_usage(cli, "\"%s\" has no rows for CSV", verb->name);
    }
    return ZW_EXIT_OK;
}

static enum zw_exit run_verb(struct zw_cli *cli, int argc, char **argv)
{
    int rest;
    enum zw_exit status = read_options(cli, argc, argv, &rest);

    if (status != ZW_EXIT_OK) {
        return status;
    } else if (cli->help) {
        zw_cli_help_verb(cli->verb, cli->out);
        return ZW_EXIT_OK;
    }
    cli->args = argv + rest;
    cli->n_args = argc - rest;
    status = check_args(cli);
    return status == ZW_EXIT_OK ? cli->verb->run(cli) : status;
}

static enum zw_exit run(struct zw_cli *cli, int argc, char **argv)
{
    int rest, used;
    enum zw_exit status = read_options(cli, argc, argv, &rest);

    if (status != ZW_EXIT_OK) {
        return status;
    } else if (cli->help) {
        zw_cli_help(cli->out);
        return ZW_EXIT_OK;
    } else if (rest >= argc) {
        zw_cli_help(cli->err);
        return ZW_EXIT_USAGE;
    }
    cli->verb = find_verb(argc - rest, argv + rest, &used);
    if (!cli->verb) {
        return no_such_verb(cli, argv[rest]);
    }
    rest += used - 1; /* The verb's last word takes the place of argv[0]. */
    return run_verb(cli, argc - rest, argv + rest);
}

int zw_cli_run(int argc, char **argv, FILE *out, FILE *err)
{
    const char *run_dir = getenv("ZONEWARD_RUNDIR");
    struct zw_cli cli = {
        .out = out,
        .err = err,
        .out_is_terminal = fileno(out) >= 0 && isatty(fileno(out)),
        .run_dir = run_dir && *run_dir ? run_dir : ZW_CLI_RUN_DIR,
        .state_dir = ZW_CLI_STATE_DIR,
        .timeout_ms = DEFAULT_TIMEOUT_S * 1000,
    };
    enum zw_exit status = run(&cli, argc, argv);

    if (fflush(out) || ferror(out)) {
        fprintf(err, "zoneward: the output cannot be written: %s\n", strerror(errno));
        return ZW_EXIT_FILE;
    }
    return (int)status;
}
