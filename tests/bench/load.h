/* SPDX-License-Identifier: Apache-2.0 */
/* load - what the load tools share: time, percentiles, a steady pace, sockets, dying.
 *
 * Each tool is one thread and one run: what fails for good ends the program with one line that says why.  Accounts
 * are one line of NAME=NUMBER on stdout.  Times are nanoseconds of CLOCK_MONOTONIC, which all namespaces share; what
 * is printed is microseconds or, for durations of a run, seconds. */
#ifndef ZW_TESTS_BENCH_LOAD_H
#define ZW_TESTS_BENCH_LOAD_H 1

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#define LOAD_NS_PER_S INT64_C(1000000000)
#define LOAD_NS_PER_MS INT64_C(1000000)

/* --- Dying: exit status 1. --- */

/* "PROGRAM: text". */
void load_die(const char *format, ...) __attribute__((noreturn, format(printf, 1, 2)));
/* The same, and what errno says. */
void load_die_errno(const char *format, ...) __attribute__((noreturn, format(printf, 1, 2)));

/* --- Arguments: a wrong one ends the program, too; 'what' names it. --- */

uint64_t load_parse_number(const char *text, const char *what, uint64_t min, uint64_t max);
int64_t load_parse_seconds(const char *text, const char *what); /* "0.5"; in nanoseconds. */

/* An address without a name service, and a port, as a socket wants them. */
struct load_address {
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6; /* Its port is at the same place as v4's. */
    };
    socklen_t size;
};

struct load_address load_parse_address(const char *text, uint16_t port);

/* --- Time. --- */

int64_t load_now_ns(void);
void load_sleep_until(int64_t ns);

/* --- Percentiles: a histogram whose buckets are 1/128 of their value wide, so a percentile is right within 0.8 %; the
 * maximum is exact.  No sample is left out, however many there are; more than 18 minutes count as 18 minutes. --- */

enum {
    LOAD_BUCKET_BITS = 7,
    LOAD_VALUE_BITS = 40,
    LOAD_N_BUCKETS = (LOAD_VALUE_BITS - LOAD_BUCKET_BITS + 1) << LOAD_BUCKET_BITS,
};

struct load_histogram {
    uint64_t n, max_ns;
    uint64_t buckets[LOAD_N_BUCKETS];
};

void load_histogram_add(struct load_histogram *, int64_t ns);

/* The value that a share 'p' of the samples does not exceed.  There must be samples. */
uint64_t load_histogram_percentile(const struct load_histogram *, double p);

/* Prints " p50_us= p99_us= p999_us= max_us="; nothing if there are no samples: no sample is no latency of 0. */
void load_histogram_print(const struct load_histogram *);

/* --- Pace: a set rate in small bursts, each of no more than what half a millisecond owes, and what the timer was
 * late by.  A debt of more than LOAD_MAX_DEBT_NS is forgiven: a stall is not followed by a flood.  The account must
 * say the rate that came of it. --- */

#define LOAD_MAX_DEBT_NS (10 * LOAD_NS_PER_MS)

struct load_pacer {
    double per_s; /* 0: as fast as can be. */
    int64_t start_ns;
    uint64_t n; /* Taken since then. */
};

void load_pacer_start(struct load_pacer *, double per_s);

/* Waits until something is due and takes it: at least 1, no more than 'most'. */
size_t load_pacer_take(struct load_pacer *, size_t most);

/* --- Sockets, on all addresses of both families. --- */

int load_listen(uint16_t port);              /* TCP, does not block. */
int load_bind_udp(uint16_t port, int flags); /* 'flags' as socket() takes them. */
void load_watch(int epoll_fd, int fd, uint32_t events, uint64_t data);
void load_set_timeout(int fd, int64_t ns); /* For sending (connecting, too) and receiving. */
void load_say_ready(void);

#endif
