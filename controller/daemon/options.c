/* SPDX-License-Identifier: Apache-2.0 */

#include "controller/daemon/options.h"

#include <ctype.h>
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "controller/base/memory.h"
#include "zw-config.h"

#define MAX_BRIDGE_NAME 15 /* Bytes: an interface has that name, too (IFNAMSIZ). */
#define DEFAULT_CONFIG "/etc/zoneward/zonewardd.conf"

struct option_type {
    const char *name;
    const char *argument;
    const char *standard; /* NULL: none. */
    size_t offset;        /* Of a char * in struct zw_options; SIZE_MAX: treated by itself. */
    const char *help;
};

static const struct option_type types[] = {
    {"ovsdb", "REMOTE", "unix:/run/openvswitch/db.sock", offsetof(struct zw_options, ovsdb), "OVSDB server"},
    {"ovs-run-dir", "DIR", NULL, offsetof(struct zw_options, ovs_run_dir),
     "Open vSwitch's sockets (default: where OVSDB's socket is)"},
    {"bridge", "NAME", NULL, SIZE_MAX, "a bridge to manage; may be given several times"},
    {"policy", "PATH", "/etc/zoneward/policy.yaml", offsetof(struct zw_options, policy), "policy file or directory"},
    {"state-dir", "DIR", "/var/lib/zoneward", offsetof(struct zw_options, state_dir), "audit log, policy history"},
    {"run-dir", "DIR", "/run/zoneward", offsetof(struct zw_options, run_dir), "control socket, pid file"},
    {"log-level", "LEVEL", "info", offsetof(struct zw_options, log_level), "error, warning, info or debug"},
};

enum { N_TYPES = sizeof types / sizeof types[0] };

static void usage(void)
{
    printf("zonewardd: zone firewall for Open vSwitch\n\n"
           "usage: zonewardd --bridge=NAME... [OPTION]...\n\n");
    for (size_t i = 0; i < N_TYPES; i++) {
        char option[64];

        snprintf(option, sizeof option, "--%s=%s", types[i].name, types[i].argument);
        printf("  %-22s %s", option, types[i].help);
        printf(types[i].standard ? " (default: %s)\n" : "\n", types[i].standard);
    }
    printf("  %-22s the same options, a line \"NAME = VALUE\" each\n"
           "                         (default: " DEFAULT_CONFIG ", if it is there)\n"
           "  --help                 this text\n"
           "  --version              the version\n\n"
           "Signals: TERM and INT stop, HUP reads the policy again.  See zonewardd(8).\n",
           "--config=FILE");
}

static const struct option_type *find_type(const char *name, size_t length)
{
    for (size_t i = 0; i < N_TYPES; i++) {
        if (strlen(types[i].name) == length && !strncmp(types[i].name, name, length)) {
            return &types[i];
        }
    }
    return NULL;
}

/* What Open vSwitch would not have as a bridge: it makes an interface of that name, and a file. */
static const char *check_bridge_name(const char *name)
{
    if (strlen(name) > MAX_BRIDGE_NAME) {
        return "no bridge has so long a name: at most 15 bytes";
    }
    for (const char *p = name; *p; p++) {
        if (*p == '/' || isspace((unsigned char)*p) || iscntrl((unsigned char)*p)) {
            return "no bridge has such a name: '/', spaces and control characters are not allowed";
        }
    }
    return NULL;
}

static const char *add_bridge(struct zw_options *options, const char *name)
{
    const char *error = check_bridge_name(name);

    if (error) {
        return error;
    }
    if (options->n_bridges >= ZW_MAX_BRIDGES) {
        return "too many bridges: at most 15 can be managed";
    }
    for (size_t i = 0; i < options->n_bridges; i++) {
        if (!strcmp(options->bridges[i], name)) {
            return "this bridge was named before";
        }
    }
    options->bridges[options->n_bridges++] = zw_xstrdup(name);
    return NULL;
}

/* Sets the option unless it is set already, by what takes precedence.  'given' has a bit for each that the same source has
 * set.  NULL, or what is wrong. */
static const char *set(struct zw_options *options, const struct option_type *type, const char *value,
                       unsigned int *given)
{
    unsigned int bit = 1u << (type - types);

    if (!*value) {
        return "a value is missing";
    }
    if (type->offset == SIZE_MAX) {
        return add_bridge(options, value);
    }
    if (*given & bit) {
        return "it is given twice";
    }
    *given |= bit;
    char **member = (char **)((char *)options + type->offset);
    if (!*member) {
        *member = zw_xstrdup(value);
    }
    return NULL;
}

/* NULL, or what is wrong. */
static const char *set_config(const char **config, const char *value)
{
    if (!*value || *config) {
        return *value ? "it is given twice" : "a value is missing";
    }
    *config = value;
    return NULL;
}

/* One "--NAME=VALUE".  '*config' gets the configuration file's name. */
static void parse_argument(struct zw_options *options, const char *argument, const char **config, unsigned int *given,
                           struct zw_problems *problems)
{
    const char *equals = strchr(argument, '=');

    if (strncmp(argument, "--", 2) || !equals) {
        zw_problems_add(problems, NULL, 0, 0, "\"%s\" is not understood; expected --NAME=VALUE (see --help)", argument);
        return;
    }
    const char *name = argument + 2, *value = equals + 1;
    size_t length = (size_t)(equals - name);
    const struct option_type *type = find_type(name, length);
    const char *error = length == 6 && !strncmp(name, "config", 6) ? set_config(config, value)
                        : type                                     ? set(options, type, value, given)
                                                                   : "there is no such option (see --help)";
    if (error) {
        zw_problems_add(problems, NULL, 0, 0, "%.*s: %s", (int)(length + 2), argument, error);
    }
}

static char *trim(char *s)
{
    while (isspace((unsigned char)*s)) {
        s++;
    }
    char *end = s + strlen(s);
    while (end > s && isspace((unsigned char)end[-1])) {
        *--end = '\0';
    }
    return s;
}

static void parse_line(struct zw_options *options, const char *file, int number, char *line, bool bridges_given,
                       unsigned int *given, struct zw_problems *problems)
{
    line = trim(line);
    if (!*line || *line == '#') {
        return;
    }
    char *equals = strchr(line, '=');
    if (!equals) {
        zw_problems_add(problems, file, number, 1, "expected NAME = VALUE");
        return;
    }
    *equals = '\0';
    char *name = trim(line), *value = trim(equals + 1);
    const struct option_type *type = find_type(name, strlen(name));
    if (!type) {
        zw_problems_add(problems, file, number, 1, "there is no option \"%s\" (see zonewardd --help)", name);
        return;
    }
    if (type->offset == SIZE_MAX && bridges_given) {
        return; /* The command line named the bridges. */
    }
    const char *error = set(options, type, value, given);
    if (error) {
        zw_problems_add(problems, file, number, 1, "%s: %s", name, error);
    }
}

static void parse_config(struct zw_options *options, const char *file, bool must_exist, struct zw_problems *problems)
{
    FILE *stream = fopen(file, "re");
    bool bridges_given = options->n_bridges > 0;
    unsigned int given = 0;
    char *line = NULL;
    size_t size = 0;

    if (!stream) {
        if (must_exist || errno != ENOENT) {
            zw_problems_add(problems, file, 0, 0, "cannot be read: %s", strerror(errno));
        }
        return;
    }
    for (int number = 1; getline(&line, &size, stream) >= 0; number++) {
        parse_line(options, file, number, line, bridges_given, &given, problems);
    }
    if (ferror(stream)) { /* A directory can be opened. */
        zw_problems_add(problems, file, 0, 0, "cannot be read: %s", strerror(errno));
    }
    free(line);
    fclose(stream);
}

/* "unix:/run/openvswitch/db.sock" says where Open vSwitch's other sockets are. */
static char *run_dir_of(const char *ovsdb)
{
    const char *path = strncmp(ovsdb, "unix:", 5) ? "" : ovsdb + 5;
    const char *slash = strrchr(path, '/');

    return slash > path ? strndup(path, (size_t)(slash - path)) : zw_xstrdup("/run/openvswitch");
}

static void set_defaults(struct zw_options *options)
{
    unsigned int given = 0;

    for (size_t i = 0; i < N_TYPES; i++) {
        if (types[i].standard) {
            set(options, &types[i], types[i].standard, &given);
        }
    }
    if (!options->ovs_run_dir) {
        options->ovs_run_dir = run_dir_of(options->ovsdb);
    }
}

enum zw_options_result zw_options_parse(int argc, char *argv[], struct zw_options *options,
                                        struct zw_problems *problems)
{
    const char *config = NULL;
    unsigned int given = 0;

    memset(options, 0, sizeof *options);
    for (int i = 1; i < argc; i++) {
        if (!strcmp(argv[i], "--help") || !strcmp(argv[i], "-h")) {
            usage();
            return ZW_OPTIONS_EXIT;
        }
        if (!strcmp(argv[i], "--version") || !strcmp(argv[i], "-V")) {
            printf("zonewardd %s\n", PACKAGE_VERSION);
            return ZW_OPTIONS_EXIT;
        }
        parse_argument(options, argv[i], &config, &given, problems);
    }
    parse_config(options, config ? config : DEFAULT_CONFIG, config != NULL, problems);
    set_defaults(options);
    if (!options->n_bridges) {
        zw_problems_add(problems, NULL, 0, 0, "no bridge to manage; name at least one with --bridge=NAME");
    }
    return problems->n ? ZW_OPTIONS_BAD : ZW_OPTIONS_RUN;
}

void zw_options_free(struct zw_options *options)
{
    for (size_t i = 0; i < N_TYPES; i++) {
        if (types[i].offset != SIZE_MAX) {
            free(*(char **)((char *)options + types[i].offset));
        }
    }
    for (size_t i = 0; i < options->n_bridges; i++) {
        free(options->bridges[i]);
    }
    memset(options, 0, sizeof *options);
}
