/* SPDX-License-Identifier: Apache-2.0 */
/* ofbench - a switch of OpenFlow 1.5 that asks as fast as it is told to, and measures the answers.
 *
 *     ofbench SOCKET PLAN
 *
 * Listens on SOCKET as a bridge's management socket does, agrees to everything that zonewardd wants of a switch, and sends
 * the packets of PLAN (of-plan.h) on the connection that wants packets.  Reads orders from standard input, a line each:
 *
 *     wait SECONDS            until somebody wants packets
 *     ask WINDOW AMOUNT       paused packets as fast as answers come, WINDOW of them without an answer
 *     rate PER-SECOND AMOUNT  paused packets at a rate, whatever comes back
 *     copies AMOUNT           copies for the log, as fast as they are read
 *     self WINDOW AMOUNT      as ask, answered by a thread that knows the answers: the most that this program can do
 *     codec WINDOW AMOUNT     as ask, answered by a thread that decodes each packet and encodes the answer, with
 *                             libopenvswitch: the least that any client of it must do
 *
 * An AMOUNT is a number of packets, or of seconds ("3s").  Each order is answered by a line of NAME=NUMBER: what was
 * sent, answered, denied (sent, and rightly not answered), wrong, missing; seconds and rate (of packets that were dealt with); busy,
 * the share of the time that this program itself was at work; latencies in microseconds, from the moment when a packet
 * was due to its answer; late_p99_us, how late this program sent.  Every answer is compared with what decide() has to
 * say; the exit status is 1 if one was wrong or missing, with the reason on standard error. */
#include "zw-config.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <event2/event.h>

#include "controller/base/memory.h"
#include "ovs-ext/ovs-init.h"
#include "tests/bench/of-load.h"
#include "tests/bench/of-plan.h"
#include "tests/unit/fake-switch.h"

enum { TAKE_MS = 10, BUFFER_SIZE = 256 * 1024, HEADER_SIZE = 8 };

struct bench {
    const struct of_plan *plan;
    struct of_load *load;
    int taken; /* Descriptors of connections that want packets come from here. */
    bool failed;
};

/* --- The thread that answers what this program sends, for its own limit. --- */

struct echo {
    const struct of_plan *plan;
    bool by_codec;
    int fd;
};

/* The answer to one message, at 'to'.  Its size; 0: none. */
static size_t answer(const struct echo *echo, const uint8_t *message, size_t size, uint8_t *to)
{
    const struct of_plan *plan = echo->plan;

    if (message[1] == 2) {
        memcpy(to, message, size);
        to[1] = 3;
        return size;
    }
    uint32_t id = of_plan_id(message);
    if (of_plan_is_denied(plan, id)) {
        return 0;
    }
    return echo->by_codec ? of_plan_encode(plan, message, size, to) : of_plan_message(plan, OF_ANSWER, id, to);
}

static bool send_all(int fd, const uint8_t *data, size_t size)
{
    while (size) {
        ssize_t n = send(fd, data, size, MSG_NOSIGNAL);
        if (n <= 0) {
            return false;
        }
        data += n;
        size -= (size_t)n;
    }
    return true;
}

static void *answer_all(void *echo_)
{
    static uint8_t in[BUFFER_SIZE], out[2 * BUFFER_SIZE];
    const struct echo *echo = echo_;
    size_t have = 0;
    ssize_t n;

    while ((n = recv(echo->fd, in + have, sizeof in - have, 0)) > 0) {
        size_t at = 0, n_out = 0, size;

        have += (size_t)n;
        while (have - at >= HEADER_SIZE && have - at >= (size = (size_t)in[at + 2] << 8 | in[at + 3])) {
            n_out += answer(echo, in + at, size, out + n_out);
            at += size;
        }
        have -= at;
        memmove(in, in + at, have);
        if (!send_all(echo->fd, out, n_out)) {
            break;
        }
    }
    close(echo->fd);
    return NULL;
}

/* --- Orders. --- */

static void print_result(struct bench *bench, const struct of_result *r)
{
    printf("sent=%" PRIu64 " answered=%" PRIu64 " denied=%" PRIu64 " wrong=%" PRIu64 " missing=%" PRIu64
           " seconds=%.6f rate=%.0f busy=%.3f p50_us=%.1f p99_us=%.1f p999_us=%.1f max_us=%.1f late_p99_us=%.1f\n",
           r->n_sent, r->n_answered, r->n_denied, r->n_wrong, r->n_missing, r->seconds,
           (double)(r->n_sent - r->n_missing) / r->seconds, r->busy, r->p50_ns / 1e3, r->p99_ns / 1e3, r->p999_ns / 1e3,
           r->max_ns / 1e3, r->late_p99_ns / 1e3);
    if (r->n_wrong) {
        fprintf(stderr, "ofbench: %" PRIu64 " wrong answers; the first: %s\n", r->n_wrong, r->first_wrong);
    }
    if (r->n_missing) {
        fprintf(stderr, "ofbench: %" PRIu64 " packets were not answered\n", r->n_missing);
    }
    bench->failed |= r->n_wrong || r->n_missing;
}

static void run(struct bench *bench, struct of_load *load, const struct of_order *order)
{
    struct of_result result;

    if (!of_load_run(load, order, &result)) {
        fprintf(stderr, "ofbench: nobody is connected (any more)\n");
        bench->failed = true;
    }
    print_result(bench, &result);
}

static void run_self(struct bench *bench, const struct of_order *order, bool by_codec)
{
    struct of_load *load = of_load_new(bench->plan);
    struct echo echo = {.plan = bench->plan, .by_codec = by_codec};
    pthread_t thread;
    int fds[2];

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds)) {
        perror("ofbench: socketpair");
        exit(2);
    }
    echo.fd = fds[1];
    of_load_set_fd(load, fds[0]);
    pthread_create(&thread, NULL, answer_all, &echo);
    run(bench, load, order);
    of_load_free(load);
    pthread_join(thread, NULL);
}

static bool take(struct bench *bench, int timeout_ms)
{
    struct pollfd pollfd = {.fd = bench->taken, .events = POLLIN};
    int fd;

    if (poll(&pollfd, 1, timeout_ms) <= 0 || read(bench->taken, &fd, sizeof fd) != sizeof fd) {
        return false;
    }
    of_load_set_fd(bench->load, fd);
    return true;
}

static void wait_for_peer(struct bench *bench, double seconds)
{
    if (of_load_fd(bench->load) < 0 && !take(bench, (int)(seconds * 1e3))) {
        fprintf(stderr, "ofbench: nobody wants packets after %.0f s\n", seconds);
        bench->failed = true;
    }
    printf("connected=%d\n", of_load_fd(bench->load) >= 0);
}

static bool parse_amount(const char *text, struct of_order *order)
{
    char *end;
    double value = strtod(text, &end);

    if (!strcmp(end, "s")) {
        order->seconds = value;
    } else {
        order->n = value >= 1 ? (uint64_t)value : 0;
    }
    return value > 0 && (!*end || !strcmp(end, "s"));
}

static void obey(struct bench *bench, const char *line)
{
    struct of_order order = {.kind = OF_ASK};
    char amount[32];
    double number;

    if (sscanf(line, "wait %lf", &number) == 1) {
        wait_for_peer(bench, number);
    } else if (sscanf(line, "ask %u %31s", &order.window, amount) == 2 && parse_amount(amount, &order)) {
        run(bench, bench->load, &order);
    } else if (sscanf(line, "rate %lf %31s", &order.rate, amount) == 2 && parse_amount(amount, &order)) {
        run(bench, bench->load, &order);
    } else if (sscanf(line, "self %u %31s", &order.window, amount) == 2 && parse_amount(amount, &order)) {
        run_self(bench, &order, false);
    } else if (sscanf(line, "codec %u %31s", &order.window, amount) == 2 && parse_amount(amount, &order)) {
        run_self(bench, &order, true);
    } else if (sscanf(line, "copies %31s", amount) == 1 && parse_amount(amount, &order)) {
        order.kind = OF_COPY;
        run(bench, bench->load, &order);
    } else {
        fprintf(stderr, "ofbench: no such order: %s", line);
        bench->failed = true;
        printf("failed=1\n");
    }
    fflush(stdout);
}

/* One order a line; what the switch's peer says meanwhile is answered.  Until the end of standard input. */
static void *serve_orders(void *bench_)
{
    struct bench *bench = bench_;
    char line[256];
    size_t size = 0;
    ssize_t n = 1;

    while (n > 0) {
        struct pollfd fds[] = {{STDIN_FILENO, POLLIN, 0}, {bench->taken, POLLIN, 0}, {-1, POLLIN, 0}};

        fds[2].fd = of_load_fd(bench->load);
        poll(fds, 3, -1);
        if (fds[1].revents) {
            take(bench, 0);
        } else if (fds[2].revents) {
            of_load_idle(bench->load);
        }
        if (fds[0].revents && (n = read(STDIN_FILENO, line + size, 1)) == 1 &&
            (line[size] == '\n' || ++size == sizeof line - 1)) {
            line[size] = '\0';
            obey(bench, line);
            size = 0;
        }
    }
    exit(bench->failed);
}

/* --- The switch. --- */

struct taker {
    struct fake_switch *fake;
    int out;
};

static void on_take(evutil_socket_t unused, short what, void *taker_)
{
    struct taker *taker = taker_;
    int fd = fake_switch_take_packets(taker->fake);

    (void)unused, (void)what;
    if (fd >= 0 && write(taker->out, &fd, sizeof fd) != sizeof fd) {
        perror("ofbench: write");
        exit(2);
    }
}

int main(int argc, char *argv[])
{
    const struct timeval interval = {.tv_usec = TAKE_MS * 1000};
    struct event_base *base = event_base_new();
    struct bench bench = {.failed = false};
    pthread_t thread;
    int fds[2];

    if (argc != 3 || pipe(fds)) {
        fprintf(stderr, "usage: ofbench SOCKET PLAN\n");
        return 2;
    }
    signal(SIGPIPE, SIG_IGN);
    prctl(PR_SET_TIMERSLACK, 1000);
    zw_ovs_init("ofbench");
    struct of_plan *plan = of_plan_read(argv[2]);
    struct taker taker = {.fake = fake_switch_new(base, argv[1]), .out = fds[1]};
    struct event *timer = event_new(base, -1, EV_PERSIST, on_take, &taker);

    bench.plan = plan;
    bench.load = of_load_new(plan);
    bench.taken = fds[0];
    event_add(timer, &interval);
    if (pthread_create(&thread, NULL, serve_orders, &bench)) {
        return 2;
    }
    puts("ready");
    fflush(stdout);
    event_base_dispatch(base);
    return 2;
}
