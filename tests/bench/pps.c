/* SPDX-License-Identifier: Apache-2.0 */
/* pps - packets per second: small UDP packets in a few flows, one way.
 *
 *     pps receive PORT SECONDS
 *     pps send ADDRESS PORT SECONDS [--flows=N] [--size=BYTES] [--rate=PPS] [--window=PACKETS]
 *
 * 'send' sends as fast as it can, or PPS a second, in N flows (4) with BYTES of payload (22: frames of 64 bytes over
 * IPv4, 84 over IPv6).  At the end it says so in marks, a while after the last packet.
 *
 * As fast as it can is faster than a switch that shares the cores with it: the figure is then what is left under an
 * overload.  With --window no more than so many packets are on the way, so that it sends as fast as they arrive: the
 * figure is what the switch can carry.  The receiver acknowledges each ACK_EVERY packets, in the first flow; that
 * traffic is not in the figure.  A window that fits into the switch's queues (some 270 small packets on a veth) loses
 * next to nothing.
 *
 * 'receive' is started first and says "ready".  It ends at the first mark, or after SECONDS, and prints one line of
 * NAME=NUMBER: rate (packets per second, in the inner part of the time: the first fifth and the last tenth are left
 * out), received, sent (as the mark says; -1 if none came), lost (of those sent; -1 likewise), queue_lost (those of
 * them that came so far as this socket's queue and found it full: the receiver's own fault, not the switch's), seconds
 * (from the first packet to the last).  'send' prints rate (offered), sent, failed (the kernel refused), seconds. */
#include "zw-config.h"

#include "tests/bench/load.h"

#include <endian.h>
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <linux/sock_diag.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum {
    BATCH = 32,
    MAX_FLOWS = 64,
    MAX_SIZE = 1472,
    MAX_SLOTS = 60 * 1000, /* Ten minutes. */
    QUEUE_SIZE = 4 * 1024 * 1024,
    N_MARKS = 10,
    ACK_EVERY = 32,
    MIN_WINDOW = BATCH + ACK_EVERY, /* Less could wait for an acknowledgement that is not due. */
    MAX_WINDOW = 64 * 1024,
};

#define SLOT_NS (10 * LOAD_NS_PER_MS)
#define MARK_NS (50 * LOAD_NS_PER_MS)
#define ACK_NS (20 * LOAD_NS_PER_MS) /* After that without an acknowledgement the whole window is taken for lost. */

enum what { DATA = 0x7a71, MARK = 0x7a72, ACK = 0x7a73 };

/* What each packet begins with.  Big-endian. */
struct header {
    uint16_t what;
    uint16_t flow;   /* ACK_FLOW: the receiver answers there. */
    uint32_t run;    /* Packets of another run do not count. */
    uint64_t number; /* DATA: from 0 on; MARK: how many were sent; ACK: the highest seen, plus 1. */
};

#define ACK_FLOW UINT16_MAX

static void set_header(uint8_t *bytes, enum what what, uint16_t flow, uint32_t run, uint64_t number)
{
    struct header header = {htobe16((uint16_t)what), htobe16(flow), htobe32(run), htobe64(number)};

    memcpy(bytes, &header, sizeof header);
}

/* Returns false if it is none. */
static bool get_header(struct header *header, const uint8_t *bytes, size_t size)
{
    if (size < sizeof *header) {
        return false;
    }
    memcpy(header, bytes, sizeof *header);
    *header =
        (struct header){be16toh(header->what), be16toh(header->flow), be32toh(header->run), be64toh(header->number)};
    return true;
}

struct packets {
    struct mmsghdr messages[BATCH];
    struct iovec buffers[BATCH];
    struct sockaddr_in6 peers[BATCH];
    uint8_t bytes[BATCH][MAX_SIZE];
};

static void packets_init(struct packets *p, size_t size)
{
    memset(p, 0, sizeof *p);
    for (size_t i = 0; i < BATCH; i++) {
        p->buffers[i] = (struct iovec){.iov_base = p->bytes[i], .iov_len = size};
        p->messages[i].msg_hdr = (struct msghdr){.msg_iov = &p->buffers[i], .msg_iovlen = 1};
    }
}

/* --- The receiver. --- */

struct receiver {
    int fd;
    bool has_run;
    uint32_t run;
    int64_t first_ns, last_ns;
    uint64_t n_received;
    int64_t n_sent;            /* -1: no mark came. */
    struct sockaddr_in6 peer;  /* Wants acknowledgements; family 0: does not. */
    uint64_t next, acked;      /* The highest number seen, plus 1; and what was said of it. */
    uint32_t slots[MAX_SLOTS]; /* Packets in each SLOT_NS since 'first_ns'. */
};

static void receive_data(struct receiver *r, uint32_t n, int64_t now)
{
    size_t slot;

    if (!r->n_received) {
        r->first_ns = now;
    }
    r->n_received += n;
    r->last_ns = now;
    slot = (size_t)((now - r->first_ns) / SLOT_NS);
    if (slot < MAX_SLOTS) {
        r->slots[slot] += n;
    }
}

static void acknowledge(struct receiver *r)
{
    uint8_t ack[sizeof(struct header)];

    set_header(ack, ACK, 0, r->run, r->next);
    if (sendto(r->fd, ack, sizeof ack, 0, (struct sockaddr *)&r->peer, sizeof r->peer) == sizeof ack) {
        r->acked = r->next;
    }
}

/* Returns false at a mark. */
static bool receive_batch(struct receiver *r, const struct packets *p, size_t n)
{
    uint32_t n_data = 0;
    bool go_on = true;

    for (size_t i = 0; i < n && go_on; i++) {
        struct header header;

        if (!get_header(&header, p->bytes[i], p->messages[i].msg_len) || (r->has_run && header.run != r->run)) {
            continue;
        }
        if (header.what == DATA) {
            r->has_run = true;
            r->run = header.run;
            r->next = header.number >= r->next ? header.number + 1 : r->next;
            n_data++;
            if (header.flow == ACK_FLOW) {
                r->peer = p->peers[i];
            }
        } else if (header.what == MARK && r->has_run) {
            r->n_sent = (int64_t)header.number;
            go_on = false;
        }
    }
    if (n_data) {
        receive_data(r, n_data, load_now_ns());
    }
    if (r->peer.sin6_family && r->next - r->acked >= ACK_EVERY) {
        acknowledge(r);
    }
    return go_on;
}

static uint32_t queue_losses(int fd)
{
    uint32_t info[SK_MEMINFO_VARS];
    socklen_t size = sizeof info;

    if (getsockopt(fd, SOL_SOCKET, SO_MEMINFO, info, &size)) {
        load_die_errno("SO_MEMINFO");
    }
    return info[SK_MEMINFO_DROPS];
}

static double inner_rate(const struct receiver *r)
{
    size_t n = (size_t)((r->last_ns - r->first_ns) / SLOT_NS); /* The last slot is not whole. */
    size_t from, to;
    uint64_t sum = 0;

    n = n < MAX_SLOTS ? n : MAX_SLOTS;
    from = n / 5;
    to = n - n / 10;
    for (size_t i = from; i < to; i++) {
        sum += r->slots[i];
    }
    return to > from ? (double)sum * 1e9 / (double)((int64_t)(to - from) * SLOT_NS) : 0;
}

static void receive(uint16_t port, int64_t duration_ns)
{
    static struct receiver r = {.n_sent = -1};
    static struct packets p;
    int64_t end = load_now_ns() + duration_ns;
    int size = QUEUE_SIZE;
    int n = 0;

    packets_init(&p, MAX_SIZE);
    for (size_t i = 0; i < BATCH; i++) {
        p.messages[i].msg_hdr.msg_name = &p.peers[i];
        p.messages[i].msg_hdr.msg_namelen = sizeof p.peers[i];
    }
    r.fd = load_bind_udp(port, 0);
    setsockopt(r.fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
    setsockopt(r.fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size); /* Beyond the limit, if we may. */
    load_set_timeout(r.fd, 100 * LOAD_NS_PER_MS);
    load_say_ready();
    do {
        n = recvmmsg(r.fd, p.messages, BATCH, MSG_WAITFORONE, NULL);
        if (n < 0 && errno != EAGAIN && errno != EINTR) {
            load_die_errno("recvmmsg");
        }
    } while ((n <= 0 || receive_batch(&r, &p, (size_t)n)) && load_now_ns() < end);

    printf("rate=%.0f received=%" PRIu64 " sent=%" PRId64 " lost=%" PRId64 " queue_lost=%" PRIu32 " seconds=%.3f\n",
           inner_rate(&r), r.n_received, r.n_sent, r.n_sent < 0 ? -1 : r.n_sent - (int64_t)r.n_received,
           queue_losses(r.fd), (double)(r.last_ns - r.first_ns) / 1e9);
}

/* --- The sender. --- */

struct sender {
    int fds[MAX_FLOWS];
    size_t n_flows;
    size_t window; /* 0: none. */
    uint32_t run;
    struct packets packets;
    uint64_t n_sent, n_failed;
    uint64_t acked; /* Of 'n_sent', what is not on the way any more. */
};

static void send_batch(struct sender *s, size_t flow, size_t n)
{
    uint16_t name = s->window && flow == 0 ? ACK_FLOW : (uint16_t)flow;

    for (size_t i = 0; i < n; i++) {
        set_header(s->packets.bytes[i], DATA, name, s->run, s->n_sent + i);
    }
    for (size_t i = 0; i < n;) {
        int sent = sendmmsg(s->fds[flow], &s->packets.messages[i], (unsigned int)(n - i), 0);
        if (sent <= 0) { /* An ICMP error, or no buffer: the first one did not go. */
            s->n_failed++;
            i++;
        } else {
            s->n_sent += (uint64_t)sent;
            i += (size_t)sent;
        }
    }
}

/* Until there is room for a batch. */
static void wait_for_window(struct sender *s)
{
    uint8_t bytes[sizeof(struct header)];
    struct header header;

    while (s->n_sent + BATCH > s->acked + s->window) {
        ssize_t n = recv(s->fds[0], bytes, sizeof bytes, 0);

        if (n < 0) {
            s->acked = s->n_sent; /* Lost, or nobody is there. */
        } else if (get_header(&header, bytes, (size_t)n) && header.what == ACK && header.run == s->run &&
                   header.number > s->acked) {
            s->acked = header.number;
        }
    }
}

static void send_marks(const struct sender *s)
{
    uint8_t mark[sizeof(struct header)];

    set_header(mark, MARK, 0, s->run, s->n_sent);
    for (int i = 0; i < N_MARKS; i++) {
        load_sleep_until(load_now_ns() + MARK_NS);
        if (send(s->fds[0], mark, sizeof mark, 0) < 0) {
            return; /* It has seen one, and is gone. */
        }
    }
}

static void open_flows(struct sender *s, const struct load_address *to)
{
    for (size_t i = 0; i < s->n_flows; i++) {
        s->fds[i] = socket(to->any.sa_family, SOCK_DGRAM, 0);
        if (s->fds[i] < 0 || connect(s->fds[i], &to->any, to->size)) {
            load_die_errno("connect");
        }
    }
    load_set_timeout(s->fds[0], ACK_NS);
}

static void send_all(struct sender *s, double rate, int64_t duration_ns)
{
    struct load_pacer pacer;
    int64_t start = load_now_ns();

    s->run = (uint32_t)(start / 1000);
    load_pacer_start(&pacer, rate);
    for (size_t i = 0; load_now_ns() < start + duration_ns; i++) {
        if (s->window) {
            wait_for_window(s);
        }
        send_batch(s, i % s->n_flows, load_pacer_take(&pacer, BATCH));
    }
    duration_ns = load_now_ns() - start;
    send_marks(s);
    printf("rate=%.0f sent=%" PRIu64 " failed=%" PRIu64 " seconds=%.3f\n",
           (double)s->n_sent * 1e9 / (double)duration_ns, s->n_sent, s->n_failed, (double)duration_ns / 1e9);
}

static int usage(void)
{
    fprintf(stderr,
            "usage: pps receive PORT SECONDS\n"
            "       pps send ADDRESS PORT SECONDS [--flows=N] [--size=BYTES] [--rate=PPS] [--window=PACKETS]\n");
    return 2;
}

int main(int argc, char **argv)
{
    static const struct option options[] = {
        {"flows", required_argument, NULL, 'f'},
        {"size", required_argument, NULL, 's'},
        {"rate", required_argument, NULL, 'r'},
        {"window", required_argument, NULL, 'w'},
        {NULL, 0, NULL, 0},
    };
    static struct sender s = {.n_flows = 4};
    size_t size = 22;
    double rate = 0;
    struct load_address to;

    for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        if (c == 'f') {
            s.n_flows = load_parse_number(optarg, "flows", 1, MAX_FLOWS);
        } else if (c == 'w') {
            s.window = load_parse_number(optarg, "window", MIN_WINDOW, MAX_WINDOW);
        } else if (c == 's') {
            size = load_parse_number(optarg, "size", sizeof(struct header), MAX_SIZE);
        } else if (c == 'r') {
            rate = (double)load_parse_number(optarg, "rate", 1, 100 * 1000 * 1000);
        } else {
            return usage();
        }
    }
    argv += optind;
    argc -= optind;
    if (argc == 3 && !strcmp(argv[0], "receive")) {
        receive((uint16_t)load_parse_number(argv[1], "port", 1, UINT16_MAX), load_parse_seconds(argv[2], "seconds"));
    } else if (argc == 4 && !strcmp(argv[0], "send")) {
        to = load_parse_address(argv[1], (uint16_t)load_parse_number(argv[2], "port", 1, UINT16_MAX));
        packets_init(&s.packets, size);
        open_flows(&s, &to);
        send_all(&s, rate, load_parse_seconds(argv[3], "seconds"));
    } else {
        return usage();
    }
    return 0;
}
