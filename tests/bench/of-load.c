/* SPDX-License-Identifier: Apache-2.0 */
#include "zw-config.h"

#include "tests/bench/of-load.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "controller/base/memory.h"

enum {
    OFPT_ECHO_REQUEST = 2,
    OFPT_ECHO_REPLY = 3,
    OFPT_EXPERIMENTER = 4,
    HEADER_SIZE = 8,
    OUT_SIZE = 256 * 1024,
    IN_SIZE = 1024 * 1024,
    MAX_SAMPLES = 1 << 24,
    N_DUE = 2 * OF_LOAD_MAX_WINDOW,
    PATIENCE_MS = 5000, /* For an answer that does not come. */
};

#define LAST_XID 0x5a570000u /* Of the echo request that ends a run. */

struct of_load {
    const struct of_plan *plan;
    int fd;
    uint32_t next_id;
    uint8_t *out, *in;
    size_t out_size, out_sent, in_size;
    int64_t *due_ns; /* Of packet ID at ID modulo OF_LOAD_MAX_WINDOW; 0: no answer is to come. */
    uint32_t *samples, *late;
    size_t n_samples, n_late;
    bool is_gone, ended;
    uint64_t n_waiting;
    uint32_t n_runs;
    struct of_result *result;
};

static int64_t now_ns(clockid_t clock)
{
    struct timespec ts;

    clock_gettime(clock, &ts);
    return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

/* --- Sending. --- */

static bool has_room(const struct of_load *load)
{
    return load->out_size + OF_MESSAGE_MAX <= OUT_SIZE;
}

static void put_echo(struct of_load *load, uint8_t type, uint32_t xid)
{
    const uint8_t echo[HEADER_SIZE] = {
        6, type, 0, HEADER_SIZE, (uint8_t)(xid >> 24), (uint8_t)(xid >> 16), (uint8_t)(xid >> 8), (uint8_t)xid};

    if (has_room(load)) {
        memcpy(load->out + load->out_size, echo, sizeof echo);
        load->out_size += sizeof echo;
    }
}

static void put_packet(struct of_load *load, enum of_kind kind, int64_t due_ns)
{
    uint32_t id = load->next_id++;
    bool answer_comes = kind == OF_ASK && !of_plan_is_denied(load->plan, id);

    load->out_size += of_plan_message(load->plan, kind, id, load->out + load->out_size);
    load->due_ns[id % N_DUE] = answer_comes ? due_ns : 0;
    load->n_waiting += answer_comes;
    load->result->n_sent++;
    load->result->n_denied += kind == OF_ASK && !answer_comes;
}

static bool send_some(struct of_load *load)
{
    if (load->out_sent == load->out_size) {
        return false;
    }
    ssize_t n =
        send(load->fd, load->out + load->out_sent, load->out_size - load->out_sent, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (n <= 0) {
        load->is_gone |= errno != EAGAIN && errno != EINTR;
        return false;
    }
    load->out_sent += (size_t)n;
    if (load->out_sent == load->out_size || !has_room(load)) {
        load->out_size -= load->out_sent;
        memmove(load->out, load->out + load->out_sent, load->out_size);
        load->out_sent = 0;
    }
    return true;
}

/* --- Reading. --- */

static void wrong(struct of_load *load, const char *why)
{
    load->result->first_wrong = load->result->n_wrong++ ? load->result->first_wrong : why;
}

static uint32_t clamp_ns(int64_t ns)
{
    return ns < 0 ? 0 : ns > UINT32_MAX ? UINT32_MAX : (uint32_t)ns;
}

static void take_answer(struct of_load *load, const uint8_t *message, size_t size, int64_t now)
{
    uint32_t id = UINT32_MAX;
    const char *error = of_plan_check(load->plan, message, size, &id);
    int64_t *due_ns = &load->due_ns[id % N_DUE];

    if (*due_ns && !error) {
        load->result->n_answered++;
        if (load->n_samples < MAX_SAMPLES) {
            load->samples[load->n_samples++] = clamp_ns(now - *due_ns);
        }
    } else {
        wrong(load, error ? error : "nobody waits for it: a packet that must be denied, or a second answer");
    }
    load->n_waiting -= *due_ns != 0;
    *due_ns = 0;
}

static void take_message(struct of_load *load, const uint8_t *message, size_t size, int64_t now)
{
    static const uint8_t resume[8] = {0, 0, 0x23, 0x20, 0, 0, 0, 28}; /* NXT_RESUME */
    uint32_t xid = (uint32_t)message[4] << 24 | (uint32_t)message[5] << 16 | (uint32_t)message[6] << 8 | message[7];

    if (message[1] == OFPT_ECHO_REQUEST) {
        put_echo(load, OFPT_ECHO_REPLY, xid);
    } else if (message[1] == OFPT_ECHO_REPLY) {
        load->ended |= xid == (LAST_XID | load->n_runs);
    } else if (load->result && message[1] == OFPT_EXPERIMENTER && size >= HEADER_SIZE + sizeof resume &&
               !memcmp(message + HEADER_SIZE, resume, sizeof resume)) {
        take_answer(load, message, size, now);
    }
}

static bool read_some(struct of_load *load)
{
    ssize_t n = recv(load->fd, load->in + load->in_size, IN_SIZE - load->in_size, MSG_DONTWAIT);
    int64_t now = now_ns(CLOCK_MONOTONIC);
    size_t at = 0;

    if (n <= 0) {
        load->is_gone |= !n || (errno != EAGAIN && errno != EINTR);
        return false;
    }
    load->in_size += (size_t)n;
    while (load->in_size - at >= HEADER_SIZE) {
        size_t size = (size_t)load->in[at + 2] << 8 | load->in[at + 3];

        if (size < HEADER_SIZE) {
            load->is_gone = true; /* No OpenFlow. */
            return false;
        }
        if (load->in_size - at < size) {
            break;
        }
        take_message(load, load->in + at, size, now);
        at += size;
    }
    load->in_size -= at;
    memmove(load->in, load->in + at, load->in_size);
    return true;
}

/* --- A run. --- */

struct clock {
    int64_t start, end, interval, now;
    uint64_t n_due; /* At a rate: packets that were due so far. */
};

static bool is_over(const struct of_load *load, const struct of_order *order, const struct clock *clock)
{
    return (order->n && load->result->n_sent >= order->n) || (order->seconds > 0 && clock->now >= clock->end);
}

static void produce(struct of_load *load, const struct of_order *order, struct clock *clock)
{
    while (has_room(load) && load->n_waiting < order->window && !is_over(load, order, clock)) {
        int64_t due = clock->now;

        if (clock->interval) {
            due = clock->start + (int64_t)clock->n_due * clock->interval;
            if (due > clock->now) {
                return;
            }
            clock->n_due++;
            if (load->n_late < MAX_SAMPLES) {
                load->late[load->n_late++] = clamp_ns(clock->now - due);
            }
        }
        put_packet(load, order->kind, due);
    }
}

static void wait_for_something(const struct of_load *load, const struct clock *clock, bool producing)
{
    struct pollfd pollfd = {.fd = load->fd, .events = POLLIN};
    int64_t ns = 100000000;

    if (load->out_sent < load->out_size) {
        pollfd.events |= POLLOUT;
    }
    if (producing && clock->interval) {
        ns = clock->start + (int64_t)clock->n_due * clock->interval - now_ns(CLOCK_MONOTONIC);
    } else if (producing && clock->end) {
        ns = clock->end - clock->now;
    }
    const struct timespec timeout = {.tv_sec = ns > 0 ? ns / 1000000000 : 0, .tv_nsec = ns > 0 ? ns % 1000000000 : 0};
    ppoll(&pollfd, 1, &timeout, NULL);
}

/* Sends what is ordered, and then an echo request: its answer says that all before it was read. */
static void send_and_read(struct of_load *load, const struct of_order *order, struct clock *clock)
{
    bool producing = true;
    int64_t progress = clock->start;

    while (!load->is_gone && !(load->ended && !load->n_waiting)) {
        clock->now = now_ns(CLOCK_MONOTONIC);
        if (producing) {
            produce(load, order, clock);
            if (is_over(load, order, clock) && has_room(load)) {
                producing = false;
                put_echo(load, OFPT_ECHO_REQUEST, LAST_XID | load->n_runs);
            }
        }
        bool sent = send_some(load), received = read_some(load);
        if (sent || received) {
            progress = clock->now;
        } else if (clock->now - progress > (int64_t)PATIENCE_MS * 1000000 || (load->ended && load->n_waiting)) {
            break;
        } else {
            wait_for_something(load, clock, producing);
        }
    }
}

static int compare(const void *a_, const void *b_)
{
    uint32_t a = *(const uint32_t *)a_, b = *(const uint32_t *)b_;

    return a < b ? -1 : a > b;
}

static uint32_t quantile(const uint32_t *sorted, size_t n, double q)
{
    return n ? sorted[(size_t)((double)(n - 1) * q)] : 0;
}

static void summarize(const struct of_load *load, struct of_result *result)
{
    qsort(load->samples, load->n_samples, sizeof *load->samples, compare);
    qsort(load->late, load->n_late, sizeof *load->late, compare);
    result->p50_ns = quantile(load->samples, load->n_samples, 0.5);
    result->p99_ns = quantile(load->samples, load->n_samples, 0.99);
    result->p999_ns = quantile(load->samples, load->n_samples, 0.999);
    result->max_ns = quantile(load->samples, load->n_samples, 1);
    result->late_p99_ns = quantile(load->late, load->n_late, 0.99);
    result->n_missing = load->n_waiting;
}

bool of_load_run(struct of_load *load, const struct of_order *order_, struct of_result *result)
{
    struct of_order order = *order_;
    struct clock clock = {.start = now_ns(CLOCK_MONOTONIC)};
    int64_t cpu = now_ns(CLOCK_THREAD_CPUTIME_ID);

    memset(result, 0, sizeof *result);
    order.window = order.window && order.window < OF_LOAD_MAX_WINDOW ? order.window : OF_LOAD_MAX_WINDOW;
    clock.now = clock.start;
    clock.end = order.seconds > 0 ? clock.start + (int64_t)(order.seconds * 1e9) : 0;
    clock.interval = order.rate > 0 ? (int64_t)(1e9 / order.rate) : 0;
    load->result = result;
    load->n_samples = load->n_late = 0;
    load->n_waiting = 0;
    load->ended = false;
    load->n_runs = (load->n_runs + 1) & 0xffff;
    send_and_read(load, &order, &clock);
    result->seconds = (double)(now_ns(CLOCK_MONOTONIC) - clock.start) / 1e9;
    result->busy = (double)(now_ns(CLOCK_THREAD_CPUTIME_ID) - cpu) / 1e9 / result->seconds;
    summarize(load, result);
    load->result = NULL;
    return !load->is_gone;
}

bool of_load_idle(struct of_load *load)
{
    while (!load->is_gone && (read_some(load) || send_some(load))) {}
    return !load->is_gone;
}

/* --- The whole. --- */

struct of_load *of_load_new(const struct of_plan *plan)
{
    struct of_load *load = zw_xcalloc(1, sizeof *load);

    load->plan = plan;
    load->fd = -1;
    load->is_gone = true;
    load->out = zw_xcalloc(1, OUT_SIZE);
    load->in = zw_xcalloc(1, IN_SIZE);
    load->due_ns = zw_xcalloc(N_DUE, sizeof *load->due_ns);
    load->samples = zw_xcalloc(MAX_SAMPLES, sizeof *load->samples);
    load->late = zw_xcalloc(MAX_SAMPLES, sizeof *load->late);
    return load;
}

void of_load_set_fd(struct of_load *load, int fd)
{
    if (load->fd >= 0) {
        close(load->fd);
    }
    load->fd = fd;
    load->is_gone = fd < 0;
    load->out_size = load->out_sent = load->in_size = 0;
}

int of_load_fd(const struct of_load *load)
{
    return load->is_gone ? -1 : load->fd;
}

void of_load_free(struct of_load *load)
{
    if (load) {
        of_load_set_fd(load, -1);
        free(load->out);
        free(load->in);
        free(load->due_ns);
        free(load->samples);
        free(load->late);
        free(load);
    }
}
