/* SPDX-License-Identifier: Apache-2.0 */
/* crr - connection rate: connect, request, response, close, with a number of connections in flight.
 *
 *     crr serve PORT
 *     crr load ADDRESS PORT IN-FLIGHT SECONDS [WARM-UP]
 *
 * Both use N_PORTS ports from PORT on, so that four-tuples do not come back too soon.  The server closes first, so
 * TIME_WAIT stays on its side and the client never runs out of ports.  The client's namespace should give all its
 * ports away: net.ipv4.ip_local_port_range='1024 65535'.
 *
 * What happens in the WARM-UP (seconds; none by default) is not counted.  It is there so that the flows have settled
 * before: a SYN lost at the moment of a change is sent again after a second, and its slot is idle until then.
 *
 * 'load' prints one line of NAME=NUMBER: rate (connections per second), done, failed, stalled (of those done or still in
 * flight at the end, how many took as long as a lost SYN takes), and from connect() to the response p50_us, p99_us,
 * p999_us, max_us.  One thread each, no allocation per connection. */
#include "zw-config.h"

#include "tests/bench/load.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

enum {
    N_PORTS = 8,
    MAX_IN_FLIGHT = 1024,
};

#define TIMEOUT_NS (5 * LOAD_NS_PER_S)
#define STALLED_NS (900 * LOAD_NS_PER_MS) /* The first time that a SYN is sent again is after a second. */
#define CHECK_NS (100 * LOAD_NS_PER_MS)

struct connection {
    int fd;
    int64_t start_ns;
};

static struct {
    int epoll_fd;
    struct load_address address;
    uint16_t first_port;
    unsigned int next_port;
    size_t n_in_flight;
    struct connection connections[MAX_IN_FLIGHT];
    bool is_measuring; /* Not in the warm-up. */
    size_t n_failed, n_stalled;
    struct load_histogram times;
} client;

/* --- The server: answers one byte with one byte, and closes. --- */

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
        int fd = load_listen((uint16_t)(port + i));
        load_watch(epoll_fd, fd, EPOLLIN, (uint64_t)fd << 1 | 1);
    }
    load_say_ready();
    for (;;) {
        int n = epoll_wait(epoll_fd, events, 256, -1);
        for (int i = 0; i < n; i++) {
            int fd = (int)(events[i].data.u64 >> 1);
            if (!(events[i].data.u64 & 1)) {
                serve_one(fd);
                continue;
            }
            for (int c; (c = accept4(fd, NULL, NULL, SOCK_NONBLOCK)) >= 0;) {
                load_watch(epoll_fd, c, EPOLLIN, (uint64_t)c << 1);
            }
        }
    }
}

/* --- The client. --- */

static void open_connection(size_t slot)
{
    struct connection *c = &client.connections[slot];
    int yes = 1;

    client.address.v6.sin6_port = htons((uint16_t)(client.first_port + client.next_port++ % N_PORTS));
    c->start_ns = load_now_ns();
    c->fd = socket(client.address.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK, 0);
    if (c->fd < 0) {
        load_die_errno("socket");
    }
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    if (connect(c->fd, &client.address.any, client.address.size) && errno != EINPROGRESS) {
        load_die_errno("connect");
    }
    load_watch(client.epoll_fd, c->fd, EPOLLOUT | EPOLLET, slot);
}

static void count(const struct connection *c, bool works)
{
    int64_t time_ns = load_now_ns() - c->start_ns;

    if (works) {
        load_histogram_add(&client.times, time_ns);
        client.n_stalled += time_ns >= STALLED_NS;
    } else {
        client.n_failed++;
    }
}

static void end_connection(size_t slot, bool works)
{
    if (client.is_measuring) {
        count(&client.connections[slot], works);
    }
    close(client.connections[slot].fd);
    open_connection(slot);
}

static void go_on(size_t slot, uint32_t happened)
{
    struct epoll_event event = {.events = EPOLLIN, .data.u64 = slot};
    int fd = client.connections[slot].fd;
    char byte;

    if (happened & EPOLLIN) {
        end_connection(slot, recv(fd, &byte, 1, 0) == 1);
    } else if (happened & (EPOLLERR | EPOLLHUP)) {
        end_connection(slot, false);
    } else if (send(fd, "?", 1, MSG_NOSIGNAL) != 1 || epoll_ctl(client.epoll_fd, EPOLL_CTL_MOD, fd, &event)) {
        end_connection(slot, false);
    }
}

static size_t n_older_than(int64_t ns)
{
    int64_t now = load_now_ns();
    size_t n = 0;

    for (size_t i = 0; i < client.n_in_flight; i++) {
        n += now - client.connections[i].start_ns >= ns;
    }
    return n;
}

static void end_stuck(void)
{
    int64_t now = load_now_ns();

    for (size_t i = 0; i < client.n_in_flight; i++) {
        if (now - client.connections[i].start_ns >= TIMEOUT_NS) {
            end_connection(i, false);
        }
    }
}

/* Keeps the connections going until then. */
static void run_until(int64_t end_ns)
{
    struct epoll_event events[256];
    int64_t check_ns = load_now_ns() + CHECK_NS;

    for (int64_t now; (now = load_now_ns()) < end_ns;) {
        int n = epoll_wait(client.epoll_fd, events, 256, (int)(CHECK_NS / LOAD_NS_PER_MS));
        for (int i = 0; i < n; i++) {
            go_on((size_t)events[i].data.u64, events[i].events);
        }
        if (now >= check_ns) {
            end_stuck();
            check_ns = now + CHECK_NS;
        }
    }
}

static void load(int64_t duration_ns, int64_t warm_up_ns)
{
    int64_t start;

    client.epoll_fd = epoll_create1(0);
    for (size_t i = 0; i < client.n_in_flight; i++) {
        open_connection(i);
    }
    run_until(load_now_ns() + warm_up_ns);
    client.is_measuring = true;
    start = load_now_ns();
    run_until(start + duration_ns);
    duration_ns = load_now_ns() - start;

    printf("rate=%.0f done=%zu failed=%zu stalled=%zu", (double)client.times.n * 1e9 / (double)duration_ns,
           (size_t)client.times.n, client.n_failed, client.n_stalled + n_older_than(STALLED_NS));
    load_histogram_print(&client.times);
    putchar('\n');
}

int main(int argc, char **argv)
{
    if (argc == 3 && !strcmp(argv[1], "serve")) {
        serve((uint16_t)load_parse_number(argv[2], "port", 1, UINT16_MAX - N_PORTS));
    } else if ((argc == 6 || argc == 7) && !strcmp(argv[1], "load")) {
        client.first_port = (uint16_t)load_parse_number(argv[3], "port", 1, UINT16_MAX - N_PORTS);
        client.address = load_parse_address(argv[2], client.first_port);
        client.n_in_flight = load_parse_number(argv[4], "in flight", 1, MAX_IN_FLIGHT);
        load(load_parse_seconds(argv[5], "seconds"), argc == 7 ? load_parse_seconds(argv[6], "warm-up") : 0);
    } else {
        fprintf(stderr, "usage: crr serve PORT | crr load ADDRESS PORT IN-FLIGHT SECONDS [WARM-UP]\n");
        return 2;
    }
    return 0;
}
