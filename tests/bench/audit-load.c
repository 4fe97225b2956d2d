/* SPDX-License-Identifier: Apache-2.0 */
/* audit-load - fills an audit log as fast as it goes, and asks it, both by the code that the daemon and zoneward use.
 *
 *     audit-load put FILE [records=N] [rate=N] [report=N] [NAME=NUMBER...]
 *     audit-load query FILE KIND [records=N] [queries=N] [limit=N] [cold=1] [first=N] [NAME=NUMBER...]
 *     audit-load arguments FILE KIND ...      the same questions, as arguments of `zoneward audit query`, one a line
 *     audit-load check FILE ...               that each kind of question finds what was put, and nothing else
 *     audit-load text FILE ...                the same records as lines of a plain file, for comparison
 *     audit-load kinds
 *
 * NAME=NUMBER is the shape of the log (audit-sample.h); a query needs the shape that the log was made with.  Prints lines
 * of NAME=NUMBER, the last of which is the result of all.
 *
 * 'put' never loses a record: when the ring is full it waits, and tells for how long.  With report=N there is a line for
 * each N records.  A record is durable when zw_audit_status() counts it as written; every SAMPLE-th record's way from
 * zw_audit_put() to the commit is measured by the commit's own time. */
#include "zw-config.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "controller/audit/query.h"
#include "controller/audit/writer.h"
#include "tests/bench/audit-ask.h"
#include "tests/bench/audit-sample.h"

enum {
    SAMPLE = 64,       /* The delay of one record of so many is measured. */
    LOOK_US = 500,     /* Between two looks at what is written. */
    WAIT_US = 200,     /* Of the producer, when the ring is full. */
    FLUSH_MS = 120000, /* At the end. */
    TEXT_SYNC_MS = ZW_AUDIT_COMMIT_MS,
};

static void die(const char *what)
{
    fprintf(stderr, "audit-load: %s: %s\n", what, strerror(errno));
    exit(1);
}

static void sleep_us(long us)
{
    nanosleep(&(struct timespec){.tv_nsec = us * 1000}, NULL);
}

/* What is known of a run of 'put' by the thread that watches it. */
struct watch {
    const struct zw_bench_options *options;
    struct zw_audit *audit;
    char wal[4096];
    int64_t *put_us; /* When every SAMPLE-th record was put... */
    _Atomic size_t n_put;
    uint32_t *delay_us; /* ...and how long it took to be durable. */
    size_t n_delays;
    _Atomic bool is_over;
    int64_t start_us, last_commit_us;
    int64_t reported_us;
    uint64_t n_written, n_reported;
    off_t wal_peak;
};

static void report(struct watch *watch)
{
    uint64_t step = watch->options->report;
    if (step && watch->n_written / step > watch->n_reported / step) {
        double seconds = (double)(watch->last_commit_us - watch->reported_us) / 1e6;
        struct stat st;
        printf("records=%llu rate=%.0f seconds=%.3f size=%lld\n", (unsigned long long)watch->n_written,
               (double)(watch->n_written - watch->n_reported) / seconds, seconds,
               stat(watch->options->path, &st) ? 0LL : (long long)st.st_size);
        fflush(stdout);
        watch->n_reported = watch->n_written;
        watch->reported_us = watch->last_commit_us;
    }
}

/* Takes the delays of all samples that are durable now. */
static void look(struct watch *watch)
{
    struct zw_audit_status status = zw_audit_status(watch->audit);
    struct stat st;
    if (!stat(watch->wal, &st) && st.st_size > watch->wal_peak) {
        watch->wal_peak = st.st_size;
    }
    if (status.n_written == watch->n_written) {
        return;
    }
    watch->n_written = status.n_written;
    watch->last_commit_us = status.last_commit_us;
    size_t n_put = atomic_load(&watch->n_put);
    while (watch->n_delays < n_put && watch->n_delays * SAMPLE < status.n_written) {
        int64_t delay_us = status.last_commit_us - watch->put_us[watch->n_delays];
        watch->delay_us[watch->n_delays++] = delay_us > 0 ? (uint32_t)delay_us : 0;
    }
    report(watch);
}

static void *run_watch(void *watch_)
{
    struct watch *watch = watch_;
    while (!atomic_load(&watch->is_over)) {
        look(watch);
        sleep_us(LOOK_US);
    }
    look(watch);
    return NULL;
}

/* The producer. */

struct producer {
    uint64_t n_free;   /* Places in the ring that are surely free. */
    int64_t waited_us; /* For the ring. */
};

/* Until a record fits. */
static void wait_for_ring(struct watch *watch, struct producer *producer)
{
    int64_t start_us = zw_audit_now_us();
    do {
        sleep_us(WAIT_US);
        struct zw_audit_status status = zw_audit_status(watch->audit);
        if (status.failing) {
            fprintf(stderr, "audit-load: %s\n", status.error);
            exit(1);
        }
        producer->n_free = ZW_AUDIT_RING_RECORDS - status.n_queued;
    } while (!producer->n_free);
    producer->waited_us += zw_audit_now_us() - start_us;
}

/* Until record 'i' is due. */
static void wait_for_time(const struct watch *watch, uint64_t i)
{
    uint64_t rate = watch->options->rate;
    int64_t due_us = watch->start_us + (int64_t)(i * 1000000 / (rate ? rate : 1));
    while (rate && zw_audit_now_us() < due_us) {
        sleep_us(WAIT_US);
    }
}

static void produce(struct watch *watch, struct producer *producer)
{
    producer->n_free = ZW_AUDIT_RING_RECORDS;
    for (uint64_t i = 0; i < watch->options->records; i++) {
        struct zw_record record;
        zw_sample_record(&watch->options->shape, i, &record);
        if (i % SAMPLE == 0 || watch->options->rate < 1000) {
            wait_for_time(watch, i);
        }
        if (!producer->n_free) {
            producer->n_free = ZW_AUDIT_RING_RECORDS - zw_audit_status(watch->audit).n_queued;
        }
        if (!producer->n_free) {
            wait_for_ring(watch, producer);
        }
        if (i % SAMPLE == 0) {
            watch->put_us[i / SAMPLE] = zw_audit_now_us();
            atomic_store(&watch->n_put, i / SAMPLE + 1);
        }
        zw_audit_put(watch->audit, &record);
        producer->n_free--;
    }
}

/* What the run costs. */

/* Of the thread that is neither of ours: the writer. */
static clockid_t writer_clock(void)
{
    clockid_t clock = 0;
    for (pid_t tid = getpid() + 1; !clock && tid < getpid() + 1000; tid++) {
        char path[64];
        snprintf(path, sizeof path, "/proc/self/task/%d", (int)tid);
        if (!access(path, F_OK)) {
            clock = (clockid_t)(~(unsigned int)tid << 3 | 6); /* CPUCLOCK_PERTHREAD_MASK and CPUCLOCK_SCHED. */
        }
    }
    return clock;
}

static double clock_seconds(clockid_t clock)
{
    struct timespec ts;
    return clock_gettime(clock, &ts) ? 0 : (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

/* Bytes that this process gave to write calls. */
static double bytes_written(void)
{
    FILE *f = fopen("/proc/self/io", "r");
    char line[100];
    double n = 0;
    while (f && fgets(line, sizeof line, f)) {
        if (!strncmp(line, "wchar:", 6)) {
            n = strtod(line + 6, NULL);
        }
    }
    if (f) {
        fclose(f);
    }
    return n;
}

static double delay_ms(const struct watch *watch, double part)
{
    return watch->n_delays ? watch->delay_us[(size_t)((double)(watch->n_delays - 1) * part)] / 1000.0 : 0;
}

static int compare_u32(const void *a_, const void *b_)
{
    uint32_t a = *(const uint32_t *)a_, b = *(const uint32_t *)b_;
    return a < b ? -1 : a > b;
}

static void print_put(struct watch *watch, const struct producer *producer, double cpu_s, uint64_t n_lost)
{
    double n = (double)watch->options->records, seconds = (double)(watch->last_commit_us - watch->start_us) / 1e6;
    struct stat st;
    if (stat(watch->options->path, &st)) {
        die(watch->options->path);
    }
    qsort(watch->delay_us, watch->n_delays, sizeof *watch->delay_us, compare_u32);
    printf("records=%.0f written=%llu lost=%llu seconds=%.3f rate=%.0f waited_s=%.3f cpu_us=%.3f cpu_part=%.3f ", n,
           (unsigned long long)watch->n_written, (unsigned long long)n_lost, seconds, n / seconds,
           (double)producer->waited_us / 1e6, cpu_s * 1e6 / n, cpu_s / seconds);
    printf("delay_p50_ms=%.3f delay_p99_ms=%.3f delay_p999_ms=%.3f delay_max_ms=%.3f ", delay_ms(watch, 0.5),
           delay_ms(watch, 0.99), delay_ms(watch, 0.999), delay_ms(watch, 1));
    printf("bytes=%.2f bytes_written=%.1f wal_peak=%lld size=%lld\n", (double)st.st_size / n, bytes_written() / n,
           (long long)watch->wal_peak, (long long)st.st_size);
}

static int put(const struct zw_bench_options *options)
{
    struct watch watch = {.options = options};
    struct producer producer = {.waited_us = 0};
    struct zw_problems problems = ZW_PROBLEMS_INIT;
    pthread_t thread;
    size_t n_samples = options->records / SAMPLE + 1;
    watch.put_us = calloc(n_samples, sizeof *watch.put_us);
    watch.delay_us = calloc(n_samples, sizeof *watch.delay_us);
    if (!watch.put_us || !watch.delay_us || zw_audit_start(options->path, &watch.audit, &problems)) {
        die(options->path);
    }
    clockid_t clock = writer_clock();
    snprintf(watch.wal, sizeof watch.wal, "%s-wal", options->path);
    watch.start_us = watch.reported_us = zw_audit_now_us();
    if (pthread_create(&thread, NULL, run_watch, &watch)) {
        die("thread");
    }
    produce(&watch, &producer);
    if (!zw_audit_flush(watch.audit, FLUSH_MS)) {
        die("the log was not written in time");
    }
    atomic_store(&watch.is_over, true);
    pthread_join(thread, NULL);
    double cpu_s = clock_seconds(clock);
    uint64_t n_lost = zw_audit_status(watch.audit).n_lost;
    zw_audit_stop(watch.audit); /* Also moves what is in the WAL into the file. */
    print_put(&watch, &producer, cpu_s, n_lost);
    free(watch.put_us);
    free(watch.delay_us);
    return n_lost != 0;
}

/* What one has without a database: a line for each record, synced as often as the log. */

static void put_line(FILE *f, const struct zw_record *r)
{
    const struct zw_flow_record *w = &r->flow;
    char src[ZW_ADDR_STRLEN], dst[ZW_ADDR_STRLEN], date[40];
    time_t seconds = (time_t)(r->time_us / 1000000);
    struct tm tm;
    gmtime_r(&seconds, &tm);
    strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S", &tm);
    fprintf(f, "%s.%06dZ %s rule=%s version=%u %s %s > %s %s > %s proto=%u src=%s:%u dst=%s:%u\n", date,
            (int)(r->time_us % 1000000), r->type == ZW_RECORD_DENIAL ? "deny" : "allow", w->rule_name,
            w->policy_version, w->path == ZW_PATH_FAST ? "fast" : "slow", w->src_zone, w->dst_zone, w->src_port,
            w->dst_port, w->key.proto, zw_addr_format(&w->key.src, src), w->key.sport, zw_addr_format(&w->key.dst, dst),
            w->key.dport);
}

static int put_text(const struct zw_bench_options *options)
{
    FILE *f = fopen(options->path, "w");
    int64_t start_us = zw_audit_now_us(), synced_us = start_us;
    for (uint64_t i = 0; f && i < options->records; i++) {
        struct zw_record record;
        zw_sample_record(&options->shape, i, &record);
        put_line(f, &record);
        if (i % SAMPLE == 0 && zw_audit_now_us() >= synced_us + TEXT_SYNC_MS * 1000) {
            if (fflush(f) || fdatasync(fileno(f))) {
                die(options->path);
            }
            synced_us = zw_audit_now_us();
        }
    }
    struct stat st;
    if (!f || fflush(f) || fsync(fileno(f)) || fstat(fileno(f), &st) || fclose(f)) {
        die(options->path);
    }
    double n = (double)options->records, seconds = (double)(zw_audit_now_us() - start_us) / 1e6;
    printf("records=%.0f seconds=%.3f rate=%.0f bytes=%.2f size=%lld\n", n, seconds, n / seconds,
           (double)st.st_size / n, (long long)st.st_size);
    return 0;
}

static void usage(void)
{
    fprintf(stderr, "usage: audit-load put|check|text FILE [NAME=NUMBER...]\n"
                    "       audit-load query|arguments FILE KIND [NAME=NUMBER...]\n"
                    "       audit-load kinds\n"
                    "Numbers: records, rate, report, queries, limit, cold, first, and the shape of the log:\n");
#define ZW_SHAPE_NUMBER(NAME, VALUE, TEXT) fprintf(stderr, "  %-16s %8d  %s\n", #NAME, VALUE, TEXT);
    ZW_SHAPE
#undef ZW_SHAPE_NUMBER
    exit(2);
}

static bool set_option(struct zw_bench_options *options, const char *text)
{
    const struct {
        const char *name;
        uint64_t *value;
    } numbers[] = {
        {"records=", &options->records}, {"rate=", &options->rate},   {"report=", &options->report},
        {"queries=", &options->queries}, {"limit=", &options->limit}, {"cold=", &options->cold},
        {"first=", &options->first},
    };
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        size_t length = strlen(numbers[i].name);
        if (!strncmp(text, numbers[i].name, length)) {
            char *end;
            *numbers[i].value = strtoull(text + length, &end, 10);
            return text[length] && !*end;
        }
    }
    return zw_shape_set(&options->shape, text);
}

int main(int argc, char *argv[])
{
    static const struct {
        const char *name;
        bool takes_kind;
        int (*run)(const struct zw_bench_options *);
    } commands[] = {
        {"put", false, put},
        {"query", true, zw_bench_query},
        {"arguments", true, zw_bench_arguments},
        {"check", false, zw_bench_check},
        {"text", false, put_text},
    };
    struct zw_bench_options options = {.records = 100000, .queries = 20, .shape = zw_shape_default()};

    if (argc == 2 && !strcmp(argv[1], "kinds")) {
        return zw_bench_kinds();
    }
    for (size_t i = 0; i < sizeof commands / sizeof commands[0] && argc > 1; i++) {
        int n = commands[i].takes_kind ? 4 : 3;
        if (strcmp(argv[1], commands[i].name) || argc < n) {
            continue;
        }
        options.path = argv[2];
        options.kind = commands[i].takes_kind ? argv[3] : NULL;
        for (; n < argc; n++) {
            if (!set_option(&options, argv[n])) {
                usage();
            }
        }
        return commands[i].run(&options);
    }
    usage();
}
