/* SPDX-License-Identifier: Apache-2.0 */
#include "zw-config.h"

#include "tests/bench/audit-ask.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "controller/audit/query.h"

#define MINUTE_US (INT64_C(60) * 1000000)
#define HOUR_US (60 * MINUTE_US)

/* What a question is about: one of a kind, whose words are those of 'record'. */
struct question {
    struct zw_record record;
    struct zw_prefix prefix;
    struct zw_audit_filter filter;
};

static void by_address(struct question *q)
{
    const struct zw_addr *addr = &q->record.flow.key.src;
    q->prefix = zw_addr_network(addr, zw_family_bits(addr->family));
    q->filter.address = &q->prefix;
}

static void by_prefix(struct question *q)
{
    const struct zw_addr *addr = &q->record.flow.key.dst;
    q->prefix = zw_addr_network(addr, zw_family_bits(addr->family) - 4);
    q->filter.address = &q->prefix;
}

static void by_zone(struct question *q)
{
    q->filter.zone = q->record.flow.dst_zone;
}

static void by_zones(struct question *q)
{
    q->filter.from_zone = q->record.flow.src_zone;
    q->filter.to_zone = q->record.flow.dst_zone;
}

static void by_rule(struct question *q)
{
    q->filter.rule = q->record.flow.rule_name;
}

static void by_port(struct question *q)
{
    q->filter.port = q->record.flow.dst_port;
}

static void by_service(struct question *q)
{
    q->filter.proto = q->record.flow.key.proto;
    q->filter.has_service_port = true;
    q->filter.service_port = q->record.flow.key.dport;
}

static void by_rare_service(struct question *q)
{
    q->filter.proto = IPPROTO_TCP;
    q->filter.has_service_port = true;
    q->filter.service_port = (uint16_t)(20000 + q->record.flow.key.sport % 1000);
}

static void within(struct question *q, int64_t length_us)
{
    q->filter.since_us = q->record.time_us - q->record.time_us % length_us;
    q->filter.until_us = q->filter.since_us + length_us;
}

static void in_minute(struct question *q)
{
    within(q, MINUTE_US);
}

static void denied_in_hour(struct question *q)
{
    within(q, HOUR_US);
    q->filter.verdict = "deny";
}

static void by_address_in_hour(struct question *q)
{
    by_address(q);
    within(q, HOUR_US);
}

static void by_rule_in_hour(struct question *q)
{
    by_rule(q);
    within(q, HOUR_US);
}

static void denied_address(struct question *q)
{
    by_address(q);
    q->filter.verdict = "deny";
}

static void by_zones_and_service(struct question *q)
{
    by_zones(q);
    by_service(q);
}

static void denied_zones(struct question *q)
{
    by_zones(q);
    q->filter.verdict = "deny";
}

static const struct {
    const char *name;
    void (*make)(struct question *);
} kinds[] = {
    {"address", by_address},
    {"prefix", by_prefix},
    {"zone", by_zone},
    {"zones", by_zones},
    {"rule", by_rule},
    {"port", by_port},
    {"service", by_service},
    {"service-unseen", by_rare_service},
    {"minute", in_minute},
    {"hour-denied", denied_in_hour},
    {"address-hour", by_address_in_hour},
    {"rule-hour", by_rule_in_hour},
    {"address-denied", denied_address},
    {"zones-service", by_zones_and_service},
    {"zones-denied", denied_zones},
};

enum { N_KINDS = sizeof kinds / sizeof kinds[0] };

static size_t find_kind(const char *name)
{
    for (size_t i = 0; i < N_KINDS; i++) {
        if (!strcmp(kinds[i].name, name)) {
            return i;
        }
    }
    fprintf(stderr, "audit-load: no kind of query \"%s\"\n", name);
    exit(2);
}

/* Question number 'i' of a kind: about some record, so what is frequent is asked for more often. */
static void make_question(const struct zw_bench_options *options, size_t kind, uint64_t i, struct question *q)
{
    memset(q, 0, sizeof *q);
    uint64_t random = zw_sample_random(options->shape.seed ^ 0xa5c, (options->first + i) * N_KINDS + kind);
    zw_sample_record(&options->shape, random % options->records, &q->record);
    q->filter.limit = options->limit;
    kinds[kind].make(q);
}

/* What a query gave, or should give. */
struct answer {
    uint64_t n_rows;
    uint64_t sum; /* Of a number for each record, in any order. */
};

/* FNV-1a. */
static uint64_t add_text(uint64_t hash, const char *text)
{
    do {
        hash = (hash ^ (unsigned char)*text) * 0x100000001b3ULL;
    } while (*text++);
    return hash;
}

static bool take_row(void *answer_, const struct zw_audit_column *columns, size_t n)
{
    static const char *const counted[] = {"type", "rule", "src", "sport", "dst", "dport"};
    struct answer *answer = answer_;
    uint64_t hash = 0xcbf29ce484222325ULL;
    for (size_t i = 0, j = 0; i < n && j < sizeof counted / sizeof counted[0]; i++) {
        if (!strcmp(columns[i].name, counted[j])) {
            hash = add_text(hash, columns[i].value);
            j++;
        }
    }
    answer->n_rows++;
    answer->sum += hash;
    return true;
}

static bool count_row(void *answer_, const struct zw_audit_column *columns, size_t n)
{
    struct answer *answer = answer_;
    (void)columns, (void)n;
    answer->n_rows++;
    return true;
}

static struct answer ask(const char *path, const struct question *q, zw_audit_row_cb *row)
{
    struct answer answer = {.n_rows = 0};
    struct zw_problems problems = ZW_PROBLEMS_INIT;
    if (zw_audit_query(path, &q->filter, row, &answer, &problems)) {
        for (size_t i = 0; i < problems.n; i++) {
            fprintf(stderr, "audit-load: %s\n", problems.list[i].text);
        }
        exit(1);
    }
    zw_problems_clear(&problems);
    return answer;
}

/* The questions, timed. */

static double now_ms(clockid_t clock)
{
    struct timespec ts;
    clock_gettime(clock, &ts);
    return (double)ts.tv_sec * 1e3 + (double)ts.tv_nsec / 1e6;
}

/* Bytes that this process had read from the disk. */
static double bytes_read(void)
{
    FILE *f = fopen("/proc/self/io", "r");
    char line[100];
    double n = 0;
    while (f && fgets(line, sizeof line, f)) {
        if (!strncmp(line, "read_bytes:", 11)) {
            n = strtod(line + 11, NULL);
        }
    }
    if (f) {
        fclose(f);
    }
    return n;
}

/* Brings the whole file into the kernel's page cache, or out of it.  SQLite's own cache is a new one for each query. */
static void prepare_cache(const struct zw_bench_options *options)
{
    static char buffer[1 << 20];
    int fd = open(options->path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || (options->cold && (fdatasync(fd) || posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED)))) {
        perror(options->path);
        exit(1);
    }
    while (!options->cold && read(fd, buffer, sizeof buffer) > 0) {
        continue;
    }
    close(fd);
}

static int compare_doubles(const void *a_, const void *b_)
{
    double a = *(const double *)a_, b = *(const double *)b_;
    return a < b ? -1 : a > b;
}

struct cost {
    double cpu_ms, n_bytes; /* Of all queries. */
    uint64_t n_rows;
};

static void print_times(const struct zw_bench_options *options, double *ms, const struct cost *cost)
{
    size_t n = options->queries;
    double sum = 0;
    qsort(ms, n, sizeof *ms, compare_doubles);
    for (size_t i = 0; i < n; i++) {
        sum += ms[i];
    }
    printf("queries=%zu p50_ms=%.3f p90_ms=%.3f max_ms=%.3f mean_ms=%.3f cpu_ms=%.3f rows=%.1f read_kib=%.0f\n", n,
           ms[(n - 1) / 2], ms[(n - 1) * 9 / 10], ms[n - 1], sum / (double)n, cost->cpu_ms / (double)n,
           (double)cost->n_rows / (double)n, cost->n_bytes / 1024 / (double)n);
}

int zw_bench_query(const struct zw_bench_options *options)
{
    size_t kind = find_kind(options->kind);
    double *ms = calloc(options->queries + 1, sizeof *ms);
    if (!ms || !options->queries) {
        free(ms);
        return 2;
    }
    struct cost cost = {.n_rows = 0};
    prepare_cache(options);
    for (uint64_t i = 0; i < options->queries; i++) {
        struct question q;
        make_question(options, kind, i, &q);
        if (options->cold) {
            prepare_cache(options);
        }
        double read_before = bytes_read(), cpu_before = now_ms(CLOCK_PROCESS_CPUTIME_ID);
        double start_ms = now_ms(CLOCK_MONOTONIC);
        cost.n_rows += ask(options->path, &q, count_row).n_rows;
        ms[i] = now_ms(CLOCK_MONOTONIC) - start_ms;
        cost.cpu_ms += now_ms(CLOCK_PROCESS_CPUTIME_ID) - cpu_before;
        cost.n_bytes += bytes_read() - read_before;
    }
    print_times(options, ms, &cost);
    free(ms);
    return 0;
}

/* The questions, for zoneward. */

static void print_time(const char *option, int64_t time_us)
{
    time_t seconds = (time_t)(time_us / 1000000);
    struct tm tm;
    char text[40];
    if (time_us && gmtime_r(&seconds, &tm) && strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &tm)) {
        printf(" %s %s", option, text);
    }
}

static void print_word(const char *option, const char *word)
{
    if (word) {
        printf(" %s %s", option, word);
    }
}

int zw_bench_arguments(const struct zw_bench_options *options)
{
    size_t kind = find_kind(options->kind);
    for (uint64_t i = 0; i < options->queries; i++) {
        struct question q;
        make_question(options, kind, i, &q);
        const struct zw_audit_filter *f = &q.filter;
        char prefix[ZW_PREFIX_STRLEN];
        printf("--db %s", options->path);
        print_word("--address", f->address ? zw_prefix_format(f->address, prefix) : NULL);
        print_word("--zone", f->zone);
        print_word("--from", f->from_zone);
        print_word("--to", f->to_zone);
        print_word("--port", f->port);
        print_word("--rule", f->rule && *f->rule ? f->rule : NULL);
        print_word("--verdict", f->verdict);
        print_time("--since", f->since_us);
        print_time("--until", f->until_us);
        if (f->has_service_port) {
            printf(" --service %s/%u", f->proto == IPPROTO_UDP ? "udp" : "tcp", f->service_port);
        }
        if (f->limit) {
            printf(" --limit %llu", (unsigned long long)f->limit);
        }
        putchar('\n');
    }
    return 0;
}

/* The questions, answered from the shape alone. */

static bool is(const char *wanted, const char *value)
{
    return !wanted || !strcmp(wanted, value);
}

static bool has_service(const struct zw_audit_filter *f, const struct zw_packet_key *key)
{
    bool has_ports = key->proto == IPPROTO_TCP || key->proto == IPPROTO_UDP;
    return (!f->proto || f->proto == key->proto) &&
           (!f->has_service_port || (has_ports && f->service_port == key->dport));
}

static bool passes(const struct zw_audit_filter *f, const struct zw_record *record)
{
    const struct zw_flow_record *w = &record->flow;
    return record->time_us >= f->since_us && (!f->until_us || record->time_us < f->until_us) &&
           is(f->verdict, record->type == ZW_RECORD_DENIAL ? "deny" : "allow") &&
           (!f->address || zw_prefix_contains(f->address, &w->key.src) ||
            zw_prefix_contains(f->address, &w->key.dst)) &&
           (is(f->zone, w->src_zone) || is(f->zone, w->dst_zone)) && is(f->from_zone, w->src_zone) &&
           is(f->to_zone, w->dst_zone) && (is(f->port, w->src_port) || is(f->port, w->dst_port)) &&
           is(f->rule, w->rule_name) && has_service(f, &w->key);
}

static uint64_t record_sum(const struct zw_record *record)
{
    const struct zw_packet_key *key = &record->flow.key;
    char text[ZW_ADDR_STRLEN];
    uint64_t hash = add_text(0xcbf29ce484222325ULL, record->type == ZW_RECORD_DENIAL ? "denial" : "session");
    hash = add_text(hash, record->flow.rule_name);
    hash = add_text(hash, zw_addr_format(&key->src, text));
    snprintf(text, sizeof text, "%u", key->sport);
    hash = add_text(hash, text);
    hash = add_text(hash, zw_addr_format(&key->dst, text));
    snprintf(text, sizeof text, "%u", key->dport);
    return add_text(hash, text);
}

static struct answer expect(const struct zw_bench_options *options, const struct question *q)
{
    struct answer answer = {.n_rows = 0};
    for (uint64_t i = options->records; i-- > 0 && (!options->limit || answer.n_rows < options->limit);) {
        struct zw_record record;
        zw_sample_record(&options->shape, i, &record);
        if (passes(&q->filter, &record)) {
            answer.n_rows++;
            answer.sum += record_sum(&record);
        }
    }
    return answer;
}

int zw_bench_check(const struct zw_bench_options *options)
{
    uint64_t n_wrong = 0, n_rows = 0;
    struct question all = {.filter = {.limit = 0}};
    uint64_t n_records = ask(options->path, &all, count_row).n_rows;
    for (size_t kind = 0; kind < N_KINDS; kind++) {
        for (uint64_t i = 0; i < options->queries; i++) {
            struct question q;
            make_question(options, kind, i, &q);
            struct answer got = ask(options->path, &q, take_row), right = expect(options, &q);
            if (got.n_rows != right.n_rows || got.sum != right.sum) {
                fprintf(stderr, "audit-load: %s, question %llu: %llu records, not %llu, or not the right ones\n",
                        kinds[kind].name, (unsigned long long)i, (unsigned long long)got.n_rows,
                        (unsigned long long)right.n_rows);
                n_wrong++;
            }
            n_rows += got.n_rows;
        }
    }
    printf("records=%llu queries=%llu rows=%llu wrong=%llu\n", (unsigned long long)n_records,
           (unsigned long long)(N_KINDS * options->queries), (unsigned long long)n_rows, (unsigned long long)n_wrong);
    return n_wrong || n_records != options->records;
}

int zw_bench_kinds(void)
{
    for (size_t kind = 0; kind < N_KINDS; kind++) {
        puts(kinds[kind].name);
    }
    return 0;
}
