/* SPDX-License-Identifier: Apache-2.0 */
#include "zw-config.h"

#include "tests/bench/load.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/time.h>
#include <time.h>

void load_die(const char *format, ...)
{
    va_list args;

    fprintf(stderr, "%s: ", program_invocation_short_name);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    putc('\n', stderr);
    exit(1);
}

void load_die_errno(const char *format, ...)
{
    int error = errno;
    char text[512];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    load_die("%s: %s", text, strerror(error));
}

uint64_t load_parse_number(const char *text, const char *what, uint64_t min, uint64_t max)
{
    char *end;
    unsigned long long number;

    errno = 0;
    number = strtoull(text, &end, 10);
    if (errno || end == text || *end || *text == '-' || number < min || number > max) {
        load_die("%s: \"%s\" is no number from %" PRIu64 " to %" PRIu64, what, text, min, max);
    }
    return number;
}

int64_t load_parse_seconds(const char *text, const char *what)
{
    char *end;
    double seconds = strtod(text, &end);

    if (end == text || *end || !(seconds >= 0) || seconds > 86400) {
        load_die("%s: \"%s\" is no number of seconds", what, text);
    }
    return (int64_t)(seconds * (double)LOAD_NS_PER_S);
}

struct load_address load_parse_address(const char *text, uint16_t port)
{
    struct load_address address;

    memset(&address, 0, sizeof address);
    if (inet_pton(AF_INET, text, &address.v4.sin_addr) == 1) {
        address.v4.sin_family = AF_INET;
        address.v4.sin_port = htons(port);
        address.size = sizeof address.v4;
    } else if (inet_pton(AF_INET6, text, &address.v6.sin6_addr) == 1) {
        address.v6.sin6_family = AF_INET6;
        address.v6.sin6_port = htons(port);
        address.size = sizeof address.v6;
    } else {
        load_die("\"%s\" is no address", text);
    }
    return address;
}

int64_t load_now_ns(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec * LOAD_NS_PER_S + ts.tv_nsec;
}

void load_sleep_until(int64_t ns)
{
    struct timespec ts = {.tv_sec = (time_t)(ns / LOAD_NS_PER_S), .tv_nsec = (long)(ns % LOAD_NS_PER_S)};

    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL) == EINTR) {
        /* The rest of it. */
    }
}

/* The first values have a bucket each; then each power of two has 1 << LOAD_BUCKET_BITS of them. */
static size_t bucket_of(uint64_t value)
{
    int shift;

    if (value >> LOAD_BUCKET_BITS == 0) {
        return value;
    }
    shift = 63 - __builtin_clzll(value) - LOAD_BUCKET_BITS;
    return ((size_t)shift << LOAD_BUCKET_BITS) + (value >> shift);
}

/* Its middle. */
static uint64_t value_of(size_t bucket)
{
    size_t shift = bucket >> LOAD_BUCKET_BITS;

    if (shift == 0) {
        return bucket;
    }
    shift--;
    return ((bucket - (shift << LOAD_BUCKET_BITS)) << shift) + ((UINT64_C(1) << shift) >> 1);
}

void load_histogram_add(struct load_histogram *h, int64_t ns)
{
    uint64_t value = ns < 0 ? 0 : (uint64_t)ns;
    uint64_t most = (UINT64_C(1) << LOAD_VALUE_BITS) - 1;

    h->n++;
    h->max_ns = value > h->max_ns ? value : h->max_ns;
    h->buckets[bucket_of(value < most ? value : most)]++;
}

uint64_t load_histogram_percentile(const struct load_histogram *h, double p)
{
    uint64_t wanted = (uint64_t)(p * (double)h->n), n = 0;

    wanted += (double)wanted < p * (double)h->n; /* Rounded up. */
    for (size_t i = 0; i < LOAD_N_BUCKETS; i++) {
        n += h->buckets[i];
        if (n && n >= wanted) {
            uint64_t value = value_of(i);
            return value < h->max_ns ? value : h->max_ns;
        }
    }
    return h->max_ns;
}

void load_histogram_print(const struct load_histogram *h)
{
    if (h->n) {
        printf(" p50_us=%.1f p99_us=%.1f p999_us=%.1f max_us=%.1f", (double)load_histogram_percentile(h, 0.5) / 1e3,
               (double)load_histogram_percentile(h, 0.99) / 1e3, (double)load_histogram_percentile(h, 0.999) / 1e3,
               (double)h->max_ns / 1e3);
    }
}

void load_pacer_start(struct load_pacer *p, double per_s)
{
    prctl(PR_SET_TIMERSLACK, 1000, 0, 0, 0); /* Nanoseconds, instead of 50 us. */
    *p = (struct load_pacer){.per_s = per_s, .start_ns = load_now_ns()};
}

/* How many are due now, after what is too late was forgiven. */
static double due(struct load_pacer *p, int64_t now_ns)
{
    double n = (double)(now_ns - p->start_ns) * p->per_s / 1e9 - (double)p->n;
    double most = 1 + p->per_s * (double)LOAD_MAX_DEBT_NS / 1e9;

    if (n > most) {
        p->start_ns += (int64_t)((n - most) * 1e9 / p->per_s);
        n = most;
    }
    return n;
}

size_t load_pacer_take(struct load_pacer *p, size_t most)
{
    size_t n = most;

    if (p->per_s > 0) {
        double n_due;

        while (n_due = due(p, load_now_ns()), n_due < 1) {
            int64_t next = (int64_t)((1 - n_due) * 1e9 / p->per_s) + 1;
            load_sleep_until(load_now_ns() + (next > LOAD_NS_PER_MS / 2 ? next : LOAD_NS_PER_MS / 2));
        }
        n = n_due < (double)most ? (size_t)n_due : most;
    }
    p->n += n;
    return n;
}

static int bind_any(int type, uint16_t port)
{
    struct sockaddr_in6 any = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
    int fd = socket(AF_INET6, type, 0);
    int yes = 1, no = 0;

    if (fd < 0 || setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &no, sizeof no) ||
        ((type & 0xf) == SOCK_STREAM && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes)) ||
        bind(fd, (struct sockaddr *)&any, sizeof any)) {
        load_die_errno("port %u", port);
    }
    return fd;
}

int load_listen(uint16_t port)
{
    int fd = bind_any(SOCK_STREAM | SOCK_NONBLOCK, port);

    if (listen(fd, 4096)) {
        load_die_errno("listen");
    }
    return fd;
}

int load_bind_udp(uint16_t port, int flags)
{
    return bind_any(SOCK_DGRAM | flags, port);
}

void load_watch(int epoll_fd, int fd, uint32_t events, uint64_t data)
{
    struct epoll_event event = {.events = events, .data.u64 = data};

    if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event)) {
        load_die_errno("epoll_ctl");
    }
}

void load_set_timeout(int fd, int64_t ns)
{
    struct timeval tv = {.tv_sec = (time_t)(ns / LOAD_NS_PER_S), .tv_usec = (suseconds_t)(ns % LOAD_NS_PER_S / 1000)};

    if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof tv) ||
        setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof tv)) {
        load_die_errno("timeout");
    }
}

void load_say_ready(void)
{
    puts("ready");
    fflush(stdout);
}
