/* SPDX-License-Identifier: Apache-2.0 */
/* crr - connection rate: connect, request, response, close, with a number of connections in flight.
 *
 *     crr serve PORT
 *     crr load ADDRESS PORT IN-FLIGHT SECONDS
 *
 * Both use N_PORTS ports from PORT on, so that four-tuples do not come back too soon.  The server closes first, so
 * TIME_WAIT stays on its side and the client never runs out of ports.  'load' prints one line of NAME=NUMBER: rate
 * (connections per second), done, failed, p50_us, p999_us, max_us.  One thread each, no allocation per connection. */
#include "zw-config.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
    N_PORTS = 8,
    MAX_IN_FLIGHT = 1024,
    MAX_SAMPLES = 4 * 1024 * 1024,
    TIMEOUT_US = 5 * 1000 * 1000,
};

struct connection {
    int fd; /* -1: none. */
    int64_t start_us;
};

static struct connection connections[MAX_IN_FLIGHT];
static uint32_t samples[MAX_SAMPLES]; /* Microseconds. */
static size_t n_done, n_failed;
static struct sockaddr_storage address;
static socklen_t address_size;
static uint16_t first_port;

static void die(const char *what)
{
    fprintf(stderr, "crr: %s: %s\n", what, strerror(errno));
    exit(1);
}

static int64_t now_us(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

static void watch(int epoll_fd, int fd, uint32_t events, uint64_t data)
{
    struct epoll_event event = {.events = events, .data.u64 = data};

    if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event)) {
        die("epoll_ctl");
    }
}

/* --- The server: answers one byte with one byte, and closes. --- */

static int listen_on(uint16_t port)
{
    struct sockaddr_in6 any = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
    int fd = socket(AF_INET6, SOCK_STREAM | SOCK_NONBLOCK, 0);
    int yes = 1;

    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (bind(fd, (struct sockaddr *)&any, sizeof any) || listen(fd, 4096)) {
        die("listen");
    }
    return fd;
}

static void serve_one(int fd)
{
    char byte;

    if (recv(fd, &byte, 1, 0) < 0 && errno == EAGAIN) {
        return;
    }
    if (send(fd, "!", 1, MSG_NOSIGNAL) < 0) {
        /* The other side is gone; so are we. */
    }
    close(fd);
}

static void serve(uint16_t port)
{
    int epoll_fd = epoll_create1(0);
    struct epoll_event events[256];

    for (uint16_t i = 0; i < N_PORTS; i++) {
        int fd = listen_on((uint16_t)(port + i));
        watch(epoll_fd, fd, EPOLLIN, (uint64_t)fd << 1 | 1);
    }
    puts("ready");
    fflush(stdout);
    for (;;) {
        int n = epoll_wait(epoll_fd, events, 256, -1);
        for (int i = 0; i < n; i++) {
            int fd = (int)(events[i].data.u64 >> 1);
            if (!(events[i].data.u64 & 1)) {
                serve_one(fd);
                continue;
            }
            for (int c; (c = accept4(fd, NULL, NULL, SOCK_NONBLOCK)) >= 0;) {
                watch(epoll_fd, c, EPOLLIN, (uint64_t)c << 1);
            }
        }
    }
}

/* --- The client. --- */

static void open_connection(int epoll_fd, size_t slot)
{
    static unsigned int next_port;
    struct connection *c = &connections[slot];
    int yes = 1;

    ((struct sockaddr_in6 *)&address)->sin6_port = htons((uint16_t)(first_port + next_port++ % N_PORTS));
    c->start_us = now_us();
    c->fd = socket(address.ss_family, SOCK_STREAM | SOCK_NONBLOCK, 0);
    if (c->fd < 0) {
        die("socket");
    }
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    if (connect(c->fd, (struct sockaddr *)&address, address_size) && errno != EINPROGRESS) {
        die("connect");
    }
    watch(epoll_fd, c->fd, EPOLLOUT | EPOLLET, slot);
}

static void end_connection(int epoll_fd, size_t slot, bool works)
{
    struct connection *c = &connections[slot];

    if (works && n_done < MAX_SAMPLES) {
        samples[n_done++] = (uint32_t)(now_us() - c->start_us);
    } else {
        n_failed++;
    }
    close(c->fd);
    open_connection(epoll_fd, slot);
}

static void go_on(int epoll_fd, size_t slot, uint32_t happened)
{
    struct epoll_event event = {.events = EPOLLIN, .data.u64 = slot};
    int fd = connections[slot].fd;
    char byte;

    if (happened & EPOLLIN) {
        end_connection(epoll_fd, slot, recv(fd, &byte, 1, 0) == 1);
    } else if (happened & (EPOLLERR | EPOLLHUP)) {
        end_connection(epoll_fd, slot, false);
    } else if (send(fd, "?", 1, MSG_NOSIGNAL) != 1 || epoll_ctl(epoll_fd, EPOLL_CTL_MOD, fd, &event)) {
        end_connection(epoll_fd, slot, false);
    }
}

static void end_stuck(int epoll_fd, size_t n_in_flight)
{
    int64_t now = now_us();

    for (size_t i = 0; i < n_in_flight; i++) {
        if (now - connections[i].start_us > TIMEOUT_US) {
            end_connection(epoll_fd, i, false);
        }
    }
}

static int compare(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

    return x < y ? -1 : x > y;
}

static void report(int64_t duration_us)
{
    if (!n_done) {
        printf("rate=0 done=0 failed=%zu\n", n_failed);
        return;
    }
    qsort(samples, n_done, sizeof samples[0], compare);
    printf("rate=%.0f done=%zu failed=%zu p50_us=%u p999_us=%u max_us=%u\n", (double)n_done * 1e6 / (double)duration_us,
           n_done, n_failed, samples[n_done / 2], samples[n_done - 1 - n_done / 1000], samples[n_done - 1]);
}

static void load(size_t n_in_flight, int seconds)
{
    int epoll_fd = epoll_create1(0);
    struct epoll_event events[256];
    int64_t start = now_us(), end = start + (int64_t)seconds * 1000000;

    for (size_t i = 0; i < n_in_flight; i++) {
        open_connection(epoll_fd, i);
    }
    while (now_us() < end) {
        int n = epoll_wait(epoll_fd, events, 256, 100);
        for (int i = 0; i < n; i++) {
            go_on(epoll_fd, (size_t)events[i].data.u64, events[i].events);
        }
        if (n == 0) {
            end_stuck(epoll_fd, n_in_flight);
        }
    }
    report(now_us() - start);
}

static void parse_address(const char *text)
{
    struct sockaddr_in *sin = (struct sockaddr_in *)&address;
    struct sockaddr_in6 *sin6 = (struct sockaddr_in6 *)&address;

    /* The port is at the same place in both. */
    if (inet_pton(AF_INET, text, &sin->sin_addr) == 1) {
        sin->sin_family = AF_INET;
        address_size = sizeof *sin;
    } else if (inet_pton(AF_INET6, text, &sin6->sin6_addr) == 1) {
        sin6->sin6_family = AF_INET6;
        address_size = sizeof *sin6;
    } else {
        errno = EINVAL;
        die(text);
    }
}

int main(int argc, char **argv)
{
    if (argc == 3 && !strcmp(argv[1], "serve")) {
        serve((uint16_t)atoi(argv[2]));
    } else if (argc == 6 && !strcmp(argv[1], "load")) {
        int n_in_flight = atoi(argv[4]);

        parse_address(argv[2]);
        first_port = (uint16_t)atoi(argv[3]);
        load(n_in_flight > 0 && n_in_flight <= MAX_IN_FLIGHT ? (size_t)n_in_flight : 1, atoi(argv[5]));
    } else {
        fprintf(stderr, "usage: crr serve PORT | crr load ADDRESS PORT IN-FLIGHT SECONDS\n");
        return 2;
    }
    return 0;
}
