/* SPDX-License-Identifier: Apache-2.0 */
/* The reader as a whole; what it says of many single mistakes is in tests/golden/policy/bad. */
#include "zw-config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "tests/unit/policy-fixture.h"
#include "tests/unit/zw-test.h"

static const char good[] =
    "version: 1\n"
    "trust: {external-id-zone: true}\n"
    "zones:\n"
    "  web: {ports: [{name: \"vnet-web*\"}, {external-id: zone=web}]}\n"
    "  db: {ports: [{iface-id: 6f1c-aa}], trust-external-id: false}\n"
    "  office: {behind: web, addresses: [lan, \"2001:db8:10::/48\"]}\n"
    "address-sets: {lan: [192.168.10.0/24, 10.0.0.1]}\n"
    "services: {web: [\"tcp/80,443\", udp/443-444], ping: [icmp/8/0, icmpv6/echo-request]}\n"
    "defaults: {action: allow, log: session}\n"
    "rules:\n"
    "  - {name: a, from: [office, web], to: db, service: [web, gre], action: allow, log: none}\n"
    "  - {from: any, to: web, from-addresses: lan, to-addresses: 10.1.0.0/16, service: ping, action: deny}\n"
    "  - {name: 'z', from: any, to: any, action: ask, otherwise: allow}\n";

static void test_model(void)
{
    struct zw_policy *policy = policy_of(good);
    const struct zw_zone *web = zw_policy_zone_by_name(policy, "web"), *db = zw_policy_zone_by_name(policy, "db"),
                         *office = zw_policy_zone_by_name(policy, "office");
    const struct zw_rule *r = policy->rules;

    CU_ASSERT_EQUAL(policy->version, 0);
    CU_ASSERT_EQUAL(policy->n_zones, 3);
    CU_ASSERT_PTR_EQUAL(policy->zones[0], web);
    CU_ASSERT_EQUAL(web->n_selectors, 2);
    CU_ASSERT_EQUAL(web->selectors[0].type, ZW_SELECT_NAME);
    CU_ASSERT_STRING_EQUAL(web->selectors[0].value, "vnet-web*");
    CU_ASSERT_EQUAL(web->selectors[1].type, ZW_SELECT_EXTERNAL_ID);
    CU_ASSERT_STRING_EQUAL(web->selectors[1].key, "zone");
    CU_ASSERT_STRING_EQUAL(web->selectors[1].value, "web");
    CU_ASSERT_EQUAL(web->selectors[1].line, 4);
    CU_ASSERT_TRUE(web->trusts_external_id);
    CU_ASSERT_FALSE(db->trusts_external_id);
    CU_ASSERT_FALSE(office->trusts_external_id);
    CU_ASSERT_EQUAL(db->line, 5);
    CU_ASSERT_PTR_EQUAL(office->behind, web);
    CU_ASSERT_EQUAL(office->addresses.n, 3);
    CU_ASSERT_EQUAL(policy->default_action, ZW_ALLOW);
    CU_ASSERT_EQUAL(policy->default_log, ZW_LOG_SESSION);

    CU_ASSERT_EQUAL(policy->n_rules, 3);
    CU_ASSERT_EQUAL(r[0].number, 1);
    CU_ASSERT_STRING_EQUAL(r[0].name, "a");
    CU_ASSERT_STRING_EQUAL(r[0].file, "policy.yaml");
    CU_ASSERT_EQUAL(r[0].line, 11);
    CU_ASSERT_EQUAL(r[0].from.n, 2);
    CU_ASSERT_PTR_EQUAL(r[0].from.list[0], office);
    CU_ASSERT_PTR_EQUAL(r[0].from.list[1], web);
    CU_ASSERT_EQUAL(r[0].service.n, 4);
    CU_ASSERT_EQUAL(r[0].service.items[2].first, 443);
    CU_ASSERT_EQUAL(r[0].service.items[2].last, 444);
    CU_ASSERT_TRUE(r[0].service.items[3].any_ports);
    CU_ASSERT_EQUAL(r[0].log, ZW_LOG_NONE);

    CU_ASSERT_STRING_EQUAL(r[1].name, "rule-2");
    CU_ASSERT_EQUAL(r[1].from.n, 0);
    CU_ASSERT_EQUAL(r[1].from_addresses.n, 2);
    CU_ASSERT_EQUAL(r[1].to_addresses.list[0].n_bits, 16);
    CU_ASSERT_EQUAL(r[1].service.items[0].family, ZW_IPV4);
    CU_ASSERT_EQUAL(r[1].service.items[0].code, 0);
    CU_ASSERT_EQUAL(r[1].service.items[1].family, ZW_IPV6);
    CU_ASSERT_EQUAL(r[1].service.items[1].code, -1);
    CU_ASSERT_EQUAL(r[1].action, ZW_DENY);
    CU_ASSERT_EQUAL(r[1].log, ZW_LOG_SESSION);
    CU_ASSERT_EQUAL(r[2].action, ZW_ASK);
    CU_ASSERT_EQUAL(r[2].otherwise, ZW_ALLOW);
    CU_ASSERT_EQUAL(r[2].service.n, 0);
    zw_policy_unref(policy);
}

static void test_what_is_left_unsaid(void)
{
    struct zw_policy *policy = policy_of("version: 1\nzones: {a: {}}\nrules: [{from: a, to: a, action: ask}]\n");

    CU_ASSERT_EQUAL(policy->default_action, ZW_DENY);
    CU_ASSERT_EQUAL(policy->default_log, ZW_LOG_DENIED);
    CU_ASSERT_FALSE(policy->zones[0]->trusts_external_id);
    CU_ASSERT_EQUAL(policy->rules[0].otherwise, ZW_DENY);
    CU_ASSERT_EQUAL(policy->rules[0].log, ZW_LOG_DENIED);
    zw_policy_unref(policy);
}

/* Promise 8: all problems at once, each with its place, in the order of the file. */
static void test_all_problems_at_once(void)
{
    char *text = problems_of("version: 1\n"
                             "rules:\n"
                             "  - {from: wbe, to: db, service: htttp, action: alow}\n"
                             "zones:\n"
                             "  web: {prots: []}\n"
                             "  db: {}\n"
                             "services: {http: tcp/99999}\n");

    CU_ASSERT_STRING_EQUAL(text, "policy.yaml:3:12: zone \"wbe\" is not defined (did you mean \"web\"?)\n"
                                 "policy.yaml:3:34: service \"htttp\" is not defined (did you mean \"http\"?)\n"
                                 "policy.yaml:3:49: unknown action \"alow\" (did you mean \"allow\"?); "
                                 "expected allow, deny, reject or ask\n"
                                 "policy.yaml:5:9: unknown key \"prots\" in a zone (did you mean \"ports\"?)\n"
                                 "policy.yaml:7:18: \"tcp/99999\": expected a port or a range of ports, 0 to 65535, "
                                 "such as 80 or 8000-8080\n");
    free(text);
}

static struct zw_policy *read_two(const char *a, const char *b, struct zw_problems *problems)
{
    struct zw_policy_source sources[] = {
        {.name = "a.yaml", .text = a, .size = strlen(a)},
        {.name = "b.yaml", .text = b, .size = strlen(b)},
    };

    return zw_policy_read(sources, 2, problems);
}

static void assert_problems_of_two(const char *a, const char *b, const char *expected)
{
    struct zw_problems problems = ZW_PROBLEMS_INIT;
    char *text;

    CU_ASSERT_PTR_NULL(read_two(a, b, &problems));
    text = zw_problems_format(&problems);
    CU_ASSERT_STRING_EQUAL(text, expected);
    free(text);
    zw_problems_clear(&problems);
}

static void test_files_add_up(void)
{
    struct zw_problems problems = ZW_PROBLEMS_INIT;
    struct zw_policy *policy =
        read_two("version: 1\nzones: {a: {}}\nrules: [{from: a, to: b, service: s, action: allow}]\n",
                 "version: 1\nzones: {b: {}}\nservices: {s: tcp/1}\nrules: [{from: b, to: a, action: deny}]\n",
                 &problems);

    CU_ASSERT_PTR_NOT_NULL_FATAL(policy);
    CU_ASSERT_EQUAL(policy->n_zones, 2);
    CU_ASSERT_EQUAL(policy->n_rules, 2);
    CU_ASSERT_STRING_EQUAL(policy->rules[1].name, "rule-2");
    CU_ASSERT_STRING_EQUAL(policy->rules[1].file, "b.yaml");
    zw_policy_unref(policy);
}

static void test_files_that_disagree(void)
{
    assert_problems_of_two(
        "version: 1\nzones: {a: {}}\ndefaults: {}\ntrust: {}\nservices: {s: tcp}\naddress-sets: {n: [\"::1\"]}\n",
        "version: 1\nzones: {a: {}}\ndefaults: {}\ntrust: {}\nservices: {s: tcp}\naddress-sets: {n: [\"::1\"]}\n",
        "b.yaml:2:9: zone \"a\" is defined in an earlier file, too; expected another name\n"
        "b.yaml:3:11: \"defaults\" is given twice; the first is in a.yaml, line 3\n"
        "b.yaml:4:8: \"trust\" is given twice; the first is in a.yaml, line 4\n"
        "b.yaml:5:12: service \"s\" is defined in an earlier file, too; expected another name\n"
        "b.yaml:6:16: address set \"n\" is defined in an earlier file, too; expected another name\n");
    assert_problems_of_two("version: 1\nrules: [{name: x, from: any, to: any, action: deny}]\n",
                           "version: 1\nrules: [{name: x, from: any, to: any, action: deny}]\n",
                           "b.yaml:2:16: rule \"x\" is defined already in a.yaml, line 2; expected another name\n");
    assert_problems_of_two("version: 1\n", "zones: {}\n",
                           "b.yaml:1:1: the file has no \"version\"; expected version: 1\n");
}

/* What the unreadable file may have defined is not reported as undefined. */
static void test_unreadable_file_among_others(void)
{
    assert_problems_of_two("version: 1\nzones: {a: {}, \n", "version: 1\nrules: [{from: a, to: a, action: alow}]\n",
                           "a.yaml:3:1: not valid YAML: did not find expected node content "
                           "(while parsing a flow node that begins on line 3)\n"
                           "b.yaml:2:34: unknown action \"alow\" (did you mean \"allow\"?); "
                           "expected allow, deny, reject or ask\n");
}

/* Promise 8: bad input never stops the daemon.  Each end and each single byte change of a good file. */
static void test_damaged_files(void)
{
    static const unsigned char bytes[] = {0,   '\t', '\n', ' ', '"', '&', '*',  ':',
                                          '[', '{',  '}',  '-', '0', 'z', 0x80, 0xff};
    size_t size = strlen(good), n_read = 0;
    char *text = malloc(size + 1);
    struct zw_policy_source source = {.name = "f", .text = text};

    memcpy(text, good, size + 1);
    for (size_t i = 0; i <= size; i++) {
        for (size_t b = 0; b <= sizeof bytes; b++) {
            struct zw_problems problems = ZW_PROBLEMS_INIT;
            struct zw_policy *policy;

            source.size = b < sizeof bytes ? size : i;
            text[i] = b < sizeof bytes && i < size ? (char)bytes[b] : good[i];
            policy = zw_policy_read(&source, 1, &problems);
            n_read++;
            if (!policy == !problems.n) {
                CU_FAIL("a policy and problems, or neither");
            }
            zw_policy_unref(policy);
            zw_problems_clear(&problems);
        }
        text[i] = good[i];
    }
    CU_ASSERT_TRUE(n_read > 10000);
    free(text);
}

static char *large_policy(size_t n_rules, size_t n_zones, size_t *size)
{
    char *text;
    FILE *f = open_memstream(&text, size);

    fprintf(f, "version: 1\nservices: {web: [\"tcp/80,443\"]}\nzones:\n");
    for (size_t i = 0; i < n_zones; i++) {
        fprintf(f, "  zone-%zu: {ports: [{name: \"port-%zu-*\"}]}\n", i, i);
    }
    fprintf(f, "rules:\n");
    for (size_t i = 0; i < n_rules; i++) {
        fprintf(f,
                "  - name: r%zu\n    from: zone-%zu\n    to: [zone-%zu, zone-%zu]\n    service: web\n"
                "    from-addresses: [10.0.0.0/8, 192.168.0.0/16]\n    action: allow\n",
                i, i % n_zones, (i + 7) % n_zones, (i + 8) % n_zones);
    }
    fclose(f);
    return text;
}

/* Processor time, so that other work on the machine does not count; the bound leaves room for sanitizers. */
static void test_large_file(void)
{
    struct zw_problems problems = ZW_PROBLEMS_INIT;
    struct timespec start, stop;
    struct zw_policy *policy;
    size_t size;
    char *text = large_policy(15000, 10000, &size);
    struct zw_policy_source source = {.name = "f", .text = text, .size = size};
    double ms;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &start);
    policy = zw_policy_read(&source, 1, &problems);
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &stop);
    CU_ASSERT_PTR_NOT_NULL_FATAL(policy);
    CU_ASSERT_EQUAL(policy->n_rules, 15000);
    ms = (double)(stop.tv_sec - start.tv_sec) * 1e3 + (double)(stop.tv_nsec - start.tv_nsec) / 1e6;
    printf("# 100,000 lines in %.0f ms of processor time\n", ms);
    CU_ASSERT_TRUE(ms < 5000);
    zw_policy_unref(policy);
    free(text);
}

/* "tcp/1", "tcp/3" and so on. */
static void print_odd_ports(FILE *f, unsigned int n)
{
    for (unsigned int i = 0; i < n; i++) {
        fprintf(f, "%stcp/%u", i ? ", " : "", 2 * i + 1);
    }
}

/* Each rule once had a copy, and compared each item with all before it. */
static void test_large_service(void)
{
    struct zw_problems problems = ZW_PROBLEMS_INIT;
    struct zw_policy_source source = {.name = "f"};
    FILE *f = open_memstream((char **)&source.text, &source.size);
    struct zw_policy *policy;

    fputs("version: 1\nservices: {s: [", f);
    print_odd_ports(f, 400);
    fputs(
        "], t: [tcp/9, udp/9]}\nrules:\n"
        "- {from: any, to: any, action: deny, service: s}\n"
        "- {from: any, to: any, action: deny, service: [s]}\n"
        "- {from: any, to: any, action: deny, service: [udp/9, s, t, tcp/2, tcp/799, s, udp/9, gre, icmp/8, icmp/8/0]}\n"
        "- {from: any, to: any, action: deny, service: [t, t, udp/1]}\n",
        f);
    fclose(f);
    policy = zw_policy_read(&source, 1, &problems);
    CU_ASSERT_PTR_NOT_NULL_FATAL(policy);
    const struct zw_rule *r = policy->rules;
    CU_ASSERT_EQUAL(r[0].service.n, 400);
    CU_ASSERT_EQUAL(r[0].service.items[399].first, 799);
    CU_ASSERT_PTR_EQUAL(r[1].service.items, r[0].service.items);
    CU_ASSERT_EQUAL(r[1].service.n, 400);
    char *text = zw_service_format(&r[2].service);
    CU_ASSERT_EQUAL(r[2].service.n, 1 + 400 + 1 + 3);
    CU_ASSERT(!strncmp(text, "udp/9, tcp/1, tcp/3, ", 21));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "tcp/797, tcp/799, tcp/2, gre, icmp/8, icmp/8/0"));
    free(text);
    text = zw_service_format(&r[3].service);
    CU_ASSERT_STRING_EQUAL(text, "tcp/9, udp/9, udp/1");
    free(text);
    zw_policy_unref(policy);
    free((char *)source.text);
}

static void test_bounds(void)
{
    struct zw_problems problems = ZW_PROBLEMS_INIT;
    struct zw_policy_source source = {.name = "f", .text = "", .size = (size_t)ZW_POLICY_MAX_SIZE + 1};
    char *text;
    FILE *f;

    CU_ASSERT_PTR_NULL(zw_policy_read(&source, 1, &problems));
    text = zw_problems_format(&problems);
    CU_ASSERT_STRING_EQUAL(text, "f: the policy is too large; expected no more than 64 MiB in all its files\n");
    free(text);
    zw_problems_clear(&problems);

    f = open_memstream((char **)&source.text, &source.size);
    fputs("version: 1\nrules:\n", f);
    for (int i = 0; i <= ZW_POLICY_MAX_RULES; i++) {
        fputs("- {from: any, to: any, action: deny}\n", f);
    }
    fclose(f);
    CU_ASSERT_PTR_NULL(zw_policy_read(&source, 1, &problems));
    free((char *)source.text);
    text = zw_problems_format(&problems);
    CU_ASSERT_STRING_EQUAL(text, "f:200003:3: more than 200000 rules; expected no more in one policy\n");
    free(text);
    zw_problems_clear(&problems);

    f = open_memstream((char **)&source.text, &source.size);
    fputs("version: 1\nservices: {s: [", f);
    for (int i = 0; i <= ZW_SERVICE_MAX_ITEMS; i++) {
        fprintf(f, "tcp/%d, ", i);
    }
    fputs("]}\n", f);
    fclose(f);
    CU_ASSERT_PTR_NULL(zw_policy_read(&source, 1, &problems));
    free((char *)source.text);
    CU_ASSERT_EQUAL(problems.n, 1);
    CU_ASSERT_PTR_NOT_NULL(strstr(problems.list[0].text, "more than 1000 items"));
    zw_problems_clear(&problems);
}

/* A file of mistakes only: bounded in memory and time. */
static void test_many_problems(void)
{
    struct zw_problems problems = ZW_PROBLEMS_INIT;
    struct zw_policy_source source = {.name = "f"};
    FILE *f = open_memstream((char **)&source.text, &source.size);

    fputs("version: 1\nzones:\n", f);
    for (int i = 0; i < 20000; i++) {
        fprintf(f, "  zone-%d: {}\n", i);
    }
    fputs("rules:\n", f);
    for (int i = 0; i < 20000; i++) {
        fprintf(f, "- {from: zoen-%d, to: any, action: deny}\n", i);
    }
    fclose(f);
    CU_ASSERT_PTR_NULL(zw_policy_read(&source, 1, &problems));
    CU_ASSERT_EQUAL(problems.n, ZW_PROBLEMS_MAX);
    CU_ASSERT_EQUAL(problems.n + problems.n_dropped, 20000);
    free((char *)source.text);
    zw_problems_clear(&problems);
}

static char directory[] = "/tmp/zw-test-reader.XXXXXX";

static void write_file(const char *name, const char *text)
{
    char path[256];
    FILE *f;

    snprintf(path, sizeof path, "%s/%s", directory, name);
    f = fopen(path, "w");
    fputs(text, f);
    fclose(f);
}

static void remove_file(const char *name)
{
    char path[256];

    snprintf(path, sizeof path, "%s/%s", directory, name);
    remove(path);
}

/* Loads 'name' in the directory; its problems are 'expected', in which % stands for the directory. */
static void assert_load(const char *name, int expected_error, size_t expected_n, const char *expected)
{
    struct zw_problems problems = ZW_PROBLEMS_INIT;
    struct zw_policy_source *sources;
    char path[256], *text;
    size_t n;

    snprintf(path, sizeof path, "%s%s%s", directory, *name ? "/" : "", name);
    CU_ASSERT_EQUAL(zw_policy_sources_load(path, &sources, &n, &problems), expected_error);
    CU_ASSERT_EQUAL(n, expected_n);
    for (size_t i = 1; i < n; i++) {
        CU_ASSERT_TRUE(strcmp(sources[i - 1].name, sources[i].name) < 0);
    }
    zw_policy_sources_free(sources, n);
    text = zw_problems_format(&problems);
    for (char *s; (s = strstr(text, directory));) {
        *s = '%';
        memmove(s + 1, s + strlen(directory), strlen(s + strlen(directory)) + 1);
    }
    CU_ASSERT_STRING_EQUAL(text, expected);
    free(text);
    zw_problems_clear(&problems);
}

static void test_sources(void)
{
    char fifo[256];

    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(directory));
    assert_load("", ENOENT, 0, "%: no file *.yaml; expected 1 to 1000 of them in this directory\n");
    assert_load("none", ENOENT, 0, "%/none: cannot open it: No such file or directory\n");
    write_file("b.yaml", "version: 1\n");
    write_file("a.yaml", "");
    write_file(".c.yaml", "");
    write_file("d.yaml.orig", "");
    assert_load("", 0, 2, "");
    assert_load("b.yaml", 0, 1, "");
    write_file("e.yml", "");
    assert_load("", EINVAL, 0, "%/e.yml: would not be read; expected a name that ends in .yaml\n");
    remove_file("e.yml");
    snprintf(fifo, sizeof fifo, "%s/f.yaml", directory);
    mkfifo(fifo, 0600);
    assert_load("", EINVAL, 0, "%/f.yaml: not a regular file; expected a policy file\n");
    remove_file("f.yaml");
    mkdir(fifo, 0700);
    assert_load("", EINVAL, 0, "%/f.yaml: not a regular file; expected a policy file\n");
    rmdir(fifo);
    CU_ASSERT_EQUAL(symlink("nowhere", fifo), 0);
    assert_load("", ENOENT, 0, "%/f.yaml: cannot open it: No such file or directory\n");
    remove_file("f.yaml");
    remove_file("a.yaml");
    remove_file("b.yaml");
    remove_file(".c.yaml");
    remove_file("d.yaml.orig");
    CU_ASSERT_EQUAL(rmdir(directory), 0);
}

ZW_TEST_MAIN({"a file becomes a model", test_model}, {"what is left unsaid is filled in", test_what_is_left_unsaid},
             {"all problems come at once", test_all_problems_at_once}, {"files add up", test_files_add_up},
             {"files that disagree", test_files_that_disagree},
             {"an unreadable file among others", test_unreadable_file_among_others},
             {"damaged files stop nothing", test_damaged_files}, {"a large file", test_large_file},
             {"a large service, named alone and among others", test_large_service}, {"bounds", test_bounds},
             {"a file of mistakes only", test_many_problems}, {"files and directories", test_sources})
