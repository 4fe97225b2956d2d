/* SPDX-License-Identifier: Apache-2.0 */
/* rtt - latency: one request at a time, and the time until it is answered.
 *
 *     rtt serve PORT
 *     rtt established udp|tcp ADDRESS PORT SECONDS [WARM-UP]
 *     rtt first udp|tcp ADDRESS PORT SECONDS [WARM-UP]
 *
 * 'serve' sends back what it gets, on N_PORTS ports from PORT on, UDP and TCP.  'established' is one flow: the round
 * trip of one small message.  'first' makes each request a new flow: for UDP the round trip of its first packet, for
 * TCP the time of connect() alone.
 *
 * A flow of 'first' is a source port and a destination port.  Which ones is a function of the time, so that a pair
 * comes back after TUPLE_NS * N_TUPLES, 165 s, at the earliest, also if the tool is started again and again: no
 * conntrack knows it any more then.  So no two are closer than TUPLE_NS.
 *
 * Prints one line of NAME=NUMBER: rate (answers per second), n, failed (no answer within a second, or an error), p50_us,
 * p99_us, p999_us, max_us.  What happens in the WARM-UP (seconds; none by default) is not counted. */
#include "zw-config.h"

#include "tests/bench/load.h"

#include <errno.h>
#include <inttypes.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

enum {
    N_PORTS = 128,
    FIRST_SOURCE_PORT = 1024,
    N_SOURCE_PORTS = 65536 - FIRST_SOURCE_PORT,
    N_TUPLES = N_PORTS * N_SOURCE_PORTS,
};

#define TUPLE_NS 20000
#define TIMEOUT_NS LOAD_NS_PER_S

/* A request, and its answer. */
struct message {
    uint32_t number;
    uint32_t is_last; /* The server closes the connection. */
};

struct account {
    int64_t measure_ns; /* From then on. */
    size_t n_failed;
    struct load_histogram times;
};

static struct account account;

static void count(bool works, int64_t start_ns)
{
    int64_t now = load_now_ns();

    if (now < account.measure_ns) {
        return;
    }
    if (works) {
        load_histogram_add(&account.times, now - start_ns);
    } else {
        account.n_failed++;
    }
}

/* --- The server. --- */

enum kind { LISTENER, CONNECTION, UDP };

static void watch(int epoll_fd, int fd, enum kind kind)
{
    load_watch(epoll_fd, fd, EPOLLIN, (uint64_t)fd << 2 | kind);
}

static void answer_udp(int fd)
{
    struct sockaddr_in6 from;
    char bytes[64];

    for (;;) {
        socklen_t size = sizeof from;
        ssize_t n = recvfrom(fd, bytes, sizeof bytes, 0, (struct sockaddr *)&from, &size);

        if (n < 0 && errno == EAGAIN) {
            return;
        }
        if (n > 0 && sendto(fd, bytes, (size_t)n, 0, (struct sockaddr *)&from, size) < 0) {
            /* Lost; the client counts it. */
        }
    }
}

static void answer_tcp(int fd)
{
    struct message message;
    ssize_t n = recv(fd, &message, sizeof message, 0);

    if (n < 0 && errno == EAGAIN) {
        return;
    }
    if (n != sizeof message || message.is_last || send(fd, &message, sizeof message, MSG_NOSIGNAL) < 0) {
        close(fd);
    }
}

static void accept_all(int epoll_fd, int fd)
{
    int yes = 1;

    for (int c; (c = accept4(fd, NULL, NULL, SOCK_NONBLOCK)) >= 0;) {
        setsockopt(c, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
        watch(epoll_fd, c, CONNECTION);
    }
}

static void serve(uint16_t port)
{
    int epoll_fd = epoll_create1(0);
    struct epoll_event events[64];

    for (uint16_t i = 0; i < N_PORTS; i++) {
        watch(epoll_fd, load_listen((uint16_t)(port + i)), LISTENER);
        watch(epoll_fd, load_bind_udp((uint16_t)(port + i), SOCK_NONBLOCK), UDP);
    }
    load_say_ready();
    for (;;) {
        int n = epoll_wait(epoll_fd, events, 64, -1);
        for (int i = 0; i < n; i++) {
            int fd = (int)(events[i].data.u64 >> 2);
            enum kind kind = events[i].data.u64 & 3;
            if (kind == LISTENER) {
                accept_all(epoll_fd, fd);
            } else if (kind == CONNECTION) {
                answer_tcp(fd);
            } else {
                answer_udp(fd);
            }
        }
    }
}

/* --- The client. --- */

static int open_socket(const struct load_address *to, int type)
{
    int fd = socket(to->any.sa_family, type, 0);
    int yes = 1;

    if (fd < 0) {
        load_die_errno("socket");
    }
    load_set_timeout(fd, TIMEOUT_NS);
    if (type == SOCK_STREAM) {
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    }
    return fd;
}

/* One request.  Answers that come too late for theirs are passed over.  On failure errno says why. */
static bool exchange(int fd, uint32_t number)
{
    struct message message = {.number = number};
    ssize_t n;

    if (send(fd, &message, sizeof message, MSG_NOSIGNAL) != sizeof message) {
        return false;
    }
    do {
        n = recv(fd, &message, sizeof message, 0);
    } while (n == sizeof message && message.number != number);
    if (n == 0) {
        errno = ECONNRESET;
    }
    return n == sizeof message;
}

static void established(const struct load_address *to, int type, int64_t end_ns)
{
    int fd = open_socket(to, type);

    if (connect(fd, &to->any, to->size)) {
        load_die_errno("connect");
    }
    for (uint32_t i = 0; load_now_ns() < end_ns; i++) {
        int64_t start = load_now_ns();
        bool works = exchange(fd, i);

        if (!works && type == SOCK_STREAM && errno != EAGAIN) {
            load_die_errno("the connection");
        }
        count(works, start);
    }
    close(fd);
}

/* The tuple of this time; never the one of the call before. */
static size_t next_tuple(void)
{
    static int64_t before;
    int64_t now;

    do {
        now = load_now_ns() / TUPLE_NS;
    } while (now == before);
    before = now;
    return (size_t)(now % N_TUPLES);
}

/* A socket from an unused port, and in 'to' the destination port that goes with it. */
static int open_tuple(struct load_address *to, uint16_t first_port, int type)
{
    for (;;) {
        size_t tuple = next_tuple();
        int fd = open_socket(to, type);
        struct load_address from = {.size = to->size};

        from.any.sa_family = to->any.sa_family;
        from.v6.sin6_port = htons((uint16_t)(FIRST_SOURCE_PORT + tuple / N_PORTS));
        to->v6.sin6_port = htons((uint16_t)(first_port + tuple % N_PORTS));
        if (!bind(fd, &from.any, from.size)) {
            return fd;
        }
        if (errno != EADDRINUSE) {
            load_die_errno("bind");
        }
        close(fd);
    }
}

/* The server closes first, so that no TIME_WAIT is left here. */
static void end_connection(int fd)
{
    struct message message = {.is_last = 1};

    if (send(fd, &message, sizeof message, MSG_NOSIGNAL) == sizeof message) {
        while (recv(fd, &message, sizeof message, 0) > 0) {
            /* Until its end. */
        }
    }
}

static void first(struct load_address *to, uint16_t first_port, int type, int64_t end_ns)
{
    for (uint32_t i = 0; load_now_ns() < end_ns; i++) {
        int fd = open_tuple(to, first_port, type);
        int64_t start = load_now_ns();
        bool works = !connect(fd, &to->any, to->size);

        if (type == SOCK_STREAM) {
            count(works, start);
            if (works) {
                end_connection(fd);
            }
        } else { /* connect() sends nothing. */
            start = load_now_ns();
            count(works && exchange(fd, i), start);
        }
        close(fd);
    }
}

static void report(void)
{
    int64_t duration_ns = load_now_ns() - account.measure_ns;

    printf("rate=%.0f n=%" PRIu64 " failed=%zu", (double)account.times.n * 1e9 / (double)duration_ns, account.times.n,
           account.n_failed);
    load_histogram_print(&account.times);
    putchar('\n');
}

static int usage(void)
{
    fprintf(stderr, "usage: rtt serve PORT\n"
                    "       rtt established|first udp|tcp ADDRESS PORT SECONDS [WARM-UP]\n");
    return 2;
}

int main(int argc, char **argv)
{
    struct load_address to;
    uint16_t port;
    int type;

    if (argc == 3 && !strcmp(argv[1], "serve")) {
        serve((uint16_t)load_parse_number(argv[2], "port", 1, UINT16_MAX - N_PORTS));
    }
    if ((argc != 6 && argc != 7) || (strcmp(argv[2], "udp") && strcmp(argv[2], "tcp"))) {
        return usage();
    }
    type = !strcmp(argv[2], "udp") ? SOCK_DGRAM : SOCK_STREAM;
    port = (uint16_t)load_parse_number(argv[4], "port", 1, UINT16_MAX - N_PORTS);
    to = load_parse_address(argv[3], port);
    account.measure_ns = load_now_ns() + (argc == 7 ? load_parse_seconds(argv[6], "warm-up") : 0);
    if (!strcmp(argv[1], "established")) {
        established(&to, type, account.measure_ns + load_parse_seconds(argv[5], "seconds"));
    } else if (!strcmp(argv[1], "first")) {
        first(&to, port, type, account.measure_ns + load_parse_seconds(argv[5], "seconds"));
    } else {
        return usage();
    }
    report();
    return 0;
}
