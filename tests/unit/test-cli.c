/* SPDX-License-Identifier: Apache-2.0 */
/* `zoneward` as a user sees it: the transcripts in tests/golden/cli, against a daemon that gives canned answers.
 *
 * A transcript is a text of
 *     % NAME                 from here on the daemon answers with tests/golden/cli/answers-NAME.json
 *     $ zoneward VERB...     a command, in the words of the shell without its quotes
 *     > VERB ARGS            what it asked the daemon
 *     TEXT                   what it wrote
 *     ! TEXT                 what it wrote on standard error
 *     ? STATUS               its exit status
 *     ; TEXT                 a remark
 * ZW_TEST_UPDATE=1 writes what was found instead of comparing; look at the difference before it is kept. */
#include "zw-config.h"

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "controller/cli/cli.h"
#include "controller/control/json.h"
#include "tests/unit/control-server.h"
#include "tests/unit/zw-test.h"

#define MAX_WORDS 32

static struct zw_test_server server;
static cJSON *answers;
static FILE *found; /* The transcript as it is now. */

/* Files. */

static char *golden_path(const char *name, const char *suffix)
{
    const char *srcdir = getenv("ZW_SRCDIR");
    char *path;

    if (asprintf(&path, "%s/tests/golden/cli/%s%s", srcdir ? srcdir : ".", name, suffix) < 0) {
        abort();
    }
    return path;
}

static char *read_file(const char *path)
{
    FILE *file = fopen(path, "r"), *memory;
    char *text = NULL;
    size_t size;
    int c;

    if (!file) {
        return NULL;
    }
    memory = open_memstream(&text, &size);
    while ((c = getc(file)) != EOF) {
        putc(c, memory);
    }
    fclose(file);
    fclose(memory);
    return text;
}

/* Prints 'text' with a mark before each line; what is different on each machine gets a name. */
static void print_lines(const char *mark, const char *text)
{
    const char *srcdir = getenv("ZW_SRCDIR") ? getenv("ZW_SRCDIR") : ".";
    const char *const names[][2] = {{server.run_dir, "RUNDIR"}, {srcdir, "SRCDIR"}};
    bool at_start = true;

    while (*text) {
        fputs(at_start ? mark : "", found);
        at_start = *text == '\n';
        size_t i;
        for (i = 0; i < 2 && strncmp(text, names[i][0], strlen(names[i][0])) != 0; i++) {}
        if (i < 2 && strlen(names[i][0]) > 1) {
            fputs(names[i][1], found);
            text += strlen(names[i][0]);
        } else if (*text == '\r') {
            fputs("\\r", found);
            text++;
        } else {
            putc(*text++, found);
        }
    }
    fputs(at_start ? "" : "\n", found);
}

/* The canned daemon. */

static void set_answers(const char *name)
{
    char base[64];
    snprintf(base, sizeof base, "answers-%s", name);
    char *path = golden_path(base, ".json");
    char *text = read_file(path);

    cJSON_Delete(answers);
    answers = text ? cJSON_Parse(text) : NULL;
    CU_ASSERT_PTR_NOT_NULL(answers);
    free(text);
    free(path);
}

static void answer(const char *verb, struct zw_request *request, const cJSON *args)
{
    const cJSON *canned = cJSON_GetObjectItemCaseSensitive(answers, verb);
    const cJSON *error = cJSON_GetObjectItemCaseSensitive(canned, "error");
    struct zw_problems problems = ZW_PROBLEMS_INIT;
    char *text = cJSON_PrintUnformatted(args);

    fprintf(found, "> %s ", verb);
    print_lines("", text);
    cJSON_free(text);
    if (error) {
        zw_json_problems_read(cJSON_GetObjectItemCaseSensitive(error, "problems"), &problems);
        zw_request_fail(request, zw_control_error_number(zw_json_string(error, "code")), &problems, "%s",
                        zw_json_string(error, "text"));
        zw_problems_clear(&problems);
    } else {
        zw_request_reply(request, cJSON_Duplicate(canned, true));
    }
}

/* A handler does not see its verb: one for each. */
#define HANDLERS             \
    H(status, "status")      \
    H(zones, "zones")        \
    H(ports, "ports")        \
    H(rules, "rules")        \
    H(sessions, "sessions")  \
    H(flows, "flows")        \
    H(drops, "drops")        \
    H(explain, "explain")    \
    H(show, "policy.show")   \
    H(apply, "policy.apply") \
    H(reload, "policy.reload")
#define H(NAME, VERB)                                                                   \
    static void handle_##NAME(void *arg, struct zw_request *request, const cJSON *args) \
    {                                                                                   \
        (void)arg;                                                                      \
        answer(VERB, request, args);                                                    \
    }
HANDLERS
#undef H

static const struct zw_request_type types[] = {
#define H(NAME, VERB) {VERB, ZW_RIGHT_READ, handle_##NAME, NULL},
    HANDLERS
#undef H
    {NULL, ZW_RIGHT_READ, NULL, NULL},
};

/* Commands. */

struct command {
    int argc;
    char *argv[MAX_WORDS + 1];
    char *out, *err;
    int status;
};

static void run_command(void *command_)
{
    struct command *command = command_;
    size_t out_size, err_size;
    FILE *out = open_memstream(&command->out, &out_size);
    FILE *err = open_memstream(&command->err, &err_size);

    command->status = zw_cli_run(command->argc, command->argv, out, err);
    fclose(out);
    fclose(err);
}

static void run_line(const char *line)
{
    struct command command = {.argc = 0};
    const char *srcdir = getenv("ZW_SRCDIR") ? getenv("ZW_SRCDIR") : ".";
    char words[1024], *rest, path[1024];
    char paths[4][1024];
    size_t n_paths = 0;

    fprintf(found, "$ %s\n", line);
    snprintf(words, sizeof words, "%s", line);
    for (char *word = strtok_r(words, " ", &rest); word && command.argc < MAX_WORDS;
         word = strtok_r(NULL, " ", &rest)) {
        char *srcdir_word = strstr(word, "SRCDIR");
        if (srcdir_word && n_paths < 4) {
            snprintf(path, sizeof path, "%.*s%s%s", (int)(srcdir_word - word), word, srcdir, srcdir_word + 6);
            strcpy(paths[n_paths], path);
            word = paths[n_paths++];
        }
        command.argv[command.argc++] = word;
    }
    setenv("ZONEWARD_RUNDIR", server.run_dir, 1);
    zw_test_run_client(&server, run_command, &command);
    print_lines("", command.out);
    print_lines("! ", command.err);
    fprintf(found, "? %d\n", command.status);
    free(command.out);
    free(command.err);
}

/* Runs the commands of a transcript, and writes a fresh one. */
static char *replay(const char *transcript)
{
    char *copy = strdup(transcript), *rest, *text = NULL;
    size_t size;

    found = open_memstream(&text, &size);
    for (char *line = strtok_r(copy, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
        if (!strncmp(line, "$ ", 2)) {
            run_line(line + 2);
        } else if (!strncmp(line, "% ", 2)) {
            fprintf(found, "%s\n", line);
            set_answers(line + 2);
        } else if (!strncmp(line, "; ", 2)) {
            fprintf(found, "%s\n", line);
        }
    }
    fclose(found);
    free(copy);
    return text;
}

/* Says where two texts differ first. */
static void report(const char *want, const char *got)
{
    int line = 1;
    const char *start = want, *got_start = got;

    for (; *want && *want == *got; want++, got++) {
        if (*want == '\n') {
            line++;
            start = want + 1;
            got_start = got + 1;
        }
    }
    printf("# line %d: expected: %.*s\n#            found: %.*s\n", line, (int)strcspn(start, "\n"), start,
           (int)strcspn(got_start, "\n"), got_start);
}

static void check(const char *name)
{
    char *path = golden_path(name, ".txt");
    char *want = read_file(path);

    CU_ASSERT_PTR_NOT_NULL(want);
    zw_test_server_start(&server, types, NULL, NULL);
    set_answers("well");
    char *got = replay(want ? want : "");
    if (getenv("ZW_TEST_UPDATE")) {
        FILE *file = fopen(path, "w");
        CU_ASSERT_PTR_NOT_NULL_FATAL(file);
        fputs(got, file);
        fclose(file);
    } else if (want && strcmp(want, got) != 0) {
        report(want, got);
        CU_FAIL("the transcript differs");
    }
    zw_test_server_stop(&server);
    cJSON_Delete(answers);
    answers = NULL;
    free(got);
    free(want);
    free(path);
}

#define TRANSCRIPTS \
    T(status)       \
    T(explain)      \
    T(policy)       \
    T(zones)        \
    T(ports)        \
    T(rules)        \
    T(sessions)     \
    T(flows)        \
    T(drops)        \
    T(usage)        \
    T(errors)       \
    T(help)
#define T(NAME)                   \
    static void test_##NAME(void) \
    {                             \
        check(#NAME);             \
    }
TRANSCRIPTS
#undef T

int main(int argc, char **argv)
{
    static const struct zw_test tests[] = {
#define T(NAME) {"transcript " #NAME, test_##NAME},
        TRANSCRIPTS
#undef T
    };

    setlocale(LC_CTYPE, "C.UTF-8");
    return zw_test_run(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
