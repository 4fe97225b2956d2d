/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/daemon/options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/zw-test.h"

#define MAX_ARGUMENTS 24

static struct zw_options options;
static struct zw_problems problems;

/* Parses the arguments, which end with NULL. */
static enum zw_options_result parse(const char *const arguments[])
{
    char *argv[MAX_ARGUMENTS] = {(char *)"zonewardd"};
    int argc = 1;

    zw_options_free(&options);
    zw_problems_clear(&problems);
    for (size_t i = 0; arguments[i]; i++) {
        argv[argc++] = (char *)arguments[i];
    }
    return zw_options_parse(argc, argv, &options, &problems);
}

static bool complains(const char *expected)
{
    char *text = zw_problems_format(&problems);
    bool found = strstr(text, expected) != NULL;

    if (!found) {
        printf("# \"%s\" is not in: %s", expected, text);
    }
    free(text);
    return found;
}

static void test_defaults(void)
{
    CU_ASSERT_EQUAL(parse((const char *const[]){"--bridge=br0", NULL}), ZW_OPTIONS_RUN);
    CU_ASSERT_STRING_EQUAL(options.ovsdb, "unix:/run/openvswitch/db.sock");
    CU_ASSERT_STRING_EQUAL(options.ovs_run_dir, "/run/openvswitch");
    CU_ASSERT_STRING_EQUAL(options.policy, "/etc/zoneward/policy.yaml");
    CU_ASSERT_STRING_EQUAL(options.state_dir, "/var/lib/zoneward");
    CU_ASSERT_STRING_EQUAL(options.run_dir, "/run/zoneward");
    CU_ASSERT_EQUAL(options.n_bridges, 1);
}

static void test_given(void)
{
    CU_ASSERT_EQUAL(parse((const char *const[]){"--bridge=br0", "--bridge=br1", "--ovsdb=unix:/a/b/db.sock",
                                                "--policy=/p", "--state-dir=/s", "--run-dir=/r", NULL}),
                    ZW_OPTIONS_RUN);
    CU_ASSERT_EQUAL(options.n_bridges, 2);
    CU_ASSERT_STRING_EQUAL(options.bridges[1], "br1");
    CU_ASSERT_STRING_EQUAL(options.ovs_run_dir, "/a/b");
    CU_ASSERT_STRING_EQUAL(options.policy, "/p");
}

static void test_wrong(void)
{
    CU_ASSERT_EQUAL(parse((const char *const[]){NULL}), ZW_OPTIONS_BAD);
    CU_ASSERT(complains("no bridge to manage"));
    CU_ASSERT_EQUAL(parse((const char *const[]){"--bridge=a", "--bridge=a", "--frob=1", "-x", "--policy=", NULL}),
                    ZW_OPTIONS_BAD);
    CU_ASSERT(complains("named before"));
    CU_ASSERT(complains("--frob: there is no such option"));
    CU_ASSERT(complains("\"-x\" is not understood"));
    CU_ASSERT(complains("--policy: a value is missing"));
    CU_ASSERT_EQUAL(problems.n, 4);
}

static void check_refused(const char *const arguments[], const char *expected)
{
    CU_ASSERT_EQUAL(parse(arguments), ZW_OPTIONS_BAD);
    CU_ASSERT(complains(expected));
    CU_ASSERT_EQUAL(problems.n, 1);
}

static void test_twice(void)
{
    check_refused((const char *const[]){"--bridge=br0", "--log-level=info", "--log-level=debug", NULL},
                  "--log-level: it is given twice");
    check_refused((const char *const[]){"--state-dir=/a", "--bridge=br0", "--state-dir=/a", NULL},
                  "--state-dir: it is given twice");
    check_refused((const char *const[]){"--bridge=br0", "--config=/dev/null", "--config=/dev/null", NULL},
                  "--config: it is given twice");
}

static void test_bridge_names(void)
{
    check_refused((const char *const[]){"--bridge=br0", "--bridge=../br1", NULL},
                  "--bridge: no bridge has such a name");
    check_refused((const char *const[]){"--bridge=br0", "--bridge=br1\n", NULL}, "--bridge: no bridge has such a name");
    check_refused((const char *const[]){"--bridge=br0", "--bridge=a-name-of-16-byt", NULL}, "at most 15 bytes");
    check_refused((const char *const[]){"--bridge=br0", "--bridge=", NULL}, "--bridge: a value is missing");
    CU_ASSERT_EQUAL(parse((const char *const[]){"--bridge=a-name-of-15-by", NULL}), ZW_OPTIONS_RUN);
}

static void test_too_many_bridges(void)
{
    static char names[ZW_MAX_BRIDGES + 1][16];
    const char *arguments[ZW_MAX_BRIDGES + 2] = {NULL};

    for (unsigned int i = 0; i <= ZW_MAX_BRIDGES; i++) {
        snprintf(names[i], sizeof names[i], "--bridge=b%u", i);
        arguments[i] = names[i];
    }
    CU_ASSERT_EQUAL(parse(arguments), ZW_OPTIONS_BAD);
    CU_ASSERT(complains("too many bridges"));
}

static void test_file(void)
{
    char path[] = "/tmp/zw-options-XXXXXX", argument[64];
    int fd = mkstemp(path);

    CU_ASSERT_FATAL(fd >= 0);
    dprintf(fd, "# a comment\n\n bridge = br7 \npolicy=/from/file\nrun-dir = /run/file\n");
    close(fd);
    snprintf(argument, sizeof argument, "--config=%s", path);
    CU_ASSERT_EQUAL(parse((const char *const[]){argument, "--run-dir=/r", NULL}), ZW_OPTIONS_RUN);
    CU_ASSERT_STRING_EQUAL(options.bridges[0], "br7");
    CU_ASSERT_STRING_EQUAL(options.policy, "/from/file");
    CU_ASSERT_STRING_EQUAL(options.run_dir, "/r"); /* The command line wins. */
    CU_ASSERT_EQUAL(parse((const char *const[]){argument, "--bridge=br0", NULL}), ZW_OPTIONS_RUN);
    CU_ASSERT_EQUAL(options.n_bridges, 1);
    CU_ASSERT_STRING_EQUAL(options.bridges[0], "br0");
    unlink(path);
}

static void test_twice_in_file(void)
{
    char path[] = "/tmp/zw-options-XXXXXX", argument[64];
    int fd = mkstemp(path);

    CU_ASSERT_FATAL(fd >= 0);
    dprintf(fd, "bridge = br0\nrun-dir = /run/a\npolicy = /p\nrun-dir = /run/b\n");
    close(fd);
    snprintf(argument, sizeof argument, "--config=%s", path);
    check_refused((const char *const[]){argument, NULL}, ":4:1: run-dir: it is given twice");
    unlink(path);
    check_refused((const char *const[]){"--bridge=br0", "--config=/", NULL}, "/: cannot be read: Is a directory");
    check_refused((const char *const[]){"--bridge=br0", "--config=", NULL}, "--config: a value is missing");
}

static void test_wrong_file(void)
{
    char path[] = "/tmp/zw-options-XXXXXX", argument[64], place[80];
    int fd = mkstemp(path);

    CU_ASSERT_FATAL(fd >= 0);
    dprintf(fd, "bridge = br0\nbrigde = br1\nnonsense\n");
    close(fd);
    snprintf(argument, sizeof argument, "--config=%s", path);
    CU_ASSERT_EQUAL(parse((const char *const[]){argument, NULL}), ZW_OPTIONS_BAD);
    snprintf(place, sizeof place, "%s:2:1: there is no option \"brigde\"", path);
    CU_ASSERT(complains(place));
    snprintf(place, sizeof place, "%s:3:1: expected NAME = VALUE", path);
    CU_ASSERT(complains(place));
    unlink(path);
    CU_ASSERT_EQUAL(parse((const char *const[]){argument, NULL}), ZW_OPTIONS_BAD);
    CU_ASSERT(complains("cannot be read"));
}

int main(int argc, char **argv)
{
    static const struct zw_test tests[] = {
        {"what is not given has a default", test_defaults},
        {"what is given", test_given},
        {"each mistake is told", test_wrong},
        {"too many bridges", test_too_many_bridges},
        {"an option given twice", test_twice},
        {"names that no bridge has", test_bridge_names},
        {"a configuration file", test_file},
        {"mistakes in it have a place", test_wrong_file},
        {"an option twice in it, and what is no file", test_twice_in_file},
    };
    int status = zw_test_run(argc, argv, tests, sizeof tests / sizeof tests[0]);

    zw_options_free(&options);
    zw_problems_clear(&problems);
    return status;
}
