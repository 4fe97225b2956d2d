/* SPDX-License-Identifier: Apache-2.0 */
/* flood - new flows at a set rate, as raw frames from inside a VM.
 *
 *     flood syn|udp --to=ADDRESS --to-mac=MAC --from=ADDRESS --rate=PPS [--interface=eth0] [--sources=1] [--port=9000]
 *           [--ports=1] [--flows=N] [--times=T] [--seconds=S] [--seed=1] [--sequential]
 *     flood mix FILE --to-mac=MAC --rate=PPS [--interface=eth0] [--times=T] [--seconds=S]
 *
 * 'syn' and 'udp' make flows of a source address (of --sources, from --from on), a source port (FIRST_SOURCE_PORT to
 * 65535) and a destination port (of --ports, from --port on).  All flows differ; they come in an order that --seed
 * shuffles, the same each time, or in sequence.  --flows=N makes just N of them, without it there are as many as
 * possible.  'mix' takes them from FILE, one a line: "tcp|udp SRC DST SPORT DPORT [DST-MAC]"; tcp is a SYN.
 *
 * It goes through the flows --times, or round and round until --seconds are over; without both, once.
 *
 * Prints one line of NAME=NUMBER: rate (packets per second that were really sent), wanted (--rate), sent, flows (how
 * many different ones were sent), failed (refused by the kernel), seconds.  Being sent is not having arrived: at a rate
 * that the switch does not follow its queues lose packets; to have N sessions for certain, compare with its conntrack.
 *
 * Nobody answers for a flood: a kernel whose address is used to send answers a SYN-ACK with a reset, and one that gets
 * UDP for a closed port sends ICMP errors.  Addresses that nobody has, with a MAC that leads somewhere, are silent. */
#include "zw-config.h"

#include "tests/bench/frame.h"
#include "tests/bench/load.h"

#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum {
    BATCH = 32,
    FIRST_SOURCE_PORT = 1024,
    N_SOURCE_PORTS = 65536 - FIRST_SOURCE_PORT,
    MAX_SOURCES = 1 << 20,
    MAX_RATE = 100 * 1000 * 1000,
    MAX_MIX = 1000 * 1000, /* Lines. */
};

struct frame {
    uint8_t bytes[FRAME_MAX_SIZE];
    uint8_t size;
};

struct flood {
    /* What it was told. */
    const char *interface, *from, *to;
    struct flow flow; /* The first one. */
    uint64_t rate, n_sources, first_port, n_ports, n_flows, n_times, seed;
    int64_t duration_ns; /* 0: no limit. */
    bool is_sequential;

    uint64_t n_possible;
    struct frame *mix; /* 'n_flows' of them; NULL: made one by one. */

    int fd;
    uint64_t n_sent, n_failed;
};

/* --- The n-th flow. --- */

static uint64_t mix_bits(uint64_t x) /* The finalizer of splitmix64. */
{
    x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
    return x ^ x >> 31;
}

/* A permutation of the numbers below 'n': a Feistel network over the next larger power of four, again until the result
 * is below 'n'. */
static uint64_t shuffle(uint64_t x, uint64_t n, uint64_t seed)
{
    unsigned int half = 1;
    uint64_t mask;

    while (half < 31 && UINT64_C(1) << 2 * half < n) {
        half++;
    }
    mask = (UINT64_C(1) << half) - 1;
    do {
        uint64_t left = x >> half, right = x & mask;

        for (uint64_t round = 1; round <= 4; round++) {
            uint64_t next = left ^ (mix_bits(right + (seed << 8 | round) * UINT64_C(0x9e3779b97f4a7c15)) & mask);
            left = right;
            right = next;
        }
        x = left << half | right;
    } while (x >= n);
    return x;
}

/* Adds to the last four bytes of an address. */
static void add_to_address(struct flow *f, uint32_t n)
{
    uint8_t *last = f->src + (f->is_v6 ? 12 : 0);
    uint32_t word;

    memcpy(&word, last, sizeof word);
    word = htonl(ntohl(word) + n);
    memcpy(last, &word, sizeof word);
}

static void make_frame(const struct flood *fl, uint64_t i, struct frame *frame)
{
    uint64_t x = fl->is_sequential ? i : shuffle(i, fl->n_possible, fl->seed);
    struct flow f = fl->flow;

    f.sport = (uint16_t)(FIRST_SOURCE_PORT + x % N_SOURCE_PORTS);
    x /= N_SOURCE_PORTS;
    f.dport = (uint16_t)(fl->first_port + x % fl->n_ports);
    add_to_address(&f, (uint32_t)(x / fl->n_ports));
    frame->size = (uint8_t)frame_build(frame->bytes, &f, (uint32_t)mix_bits(i + fl->seed));
}

/* --- A file of flows. --- */

/* Returns false for an empty line. */
static bool parse_line(const struct flood *fl, char *line, struct frame *frame, const char *where)
{
    char protocol[8], src[64], dst[64], mac[32], rest[2];
    unsigned int sport, dport;
    struct flow f = fl->flow;
    int n;

    line[strcspn(line, "#\n")] = '\0';
    if (line[strspn(line, " \t")] == '\0') {
        return false;
    }
    n = sscanf(line, "%7s %63s %63s %u %u %31s %1s", protocol, src, dst, &sport, &dport, mac, rest);
    f.is_tcp = !strcmp(protocol, "tcp");
    if ((n != 5 && n != 6) || (!f.is_tcp && strcmp(protocol, "udp")) || !frame_parse_addresses(&f, src, dst) ||
        sport > UINT16_MAX || dport > UINT16_MAX || (n == 6 && !frame_parse_mac(f.dst_mac, mac))) {
        load_die("%s: expected \"tcp|udp SRC DST SPORT DPORT [DST-MAC]\"", where);
    }
    f.sport = (uint16_t)sport;
    f.dport = (uint16_t)dport;
    frame->size = (uint8_t)frame_build(frame->bytes, &f, (uint32_t)mix_bits(fl->n_flows));
    return true;
}

static void read_mix(struct flood *fl, const char *name)
{
    FILE *file = fopen(name, "r");
    char line[256], where[300];
    size_t capacity = 0;

    if (!file) {
        load_die_errno("%s", name);
    }
    fl->n_flows = 0;
    for (unsigned int number = 1; fgets(line, sizeof line, file); number++) {
        if (fl->n_flows == capacity) {
            capacity = capacity ? 2 * capacity : 1024;
            fl->mix = realloc(fl->mix, capacity * sizeof *fl->mix);
            if (!fl->mix || fl->n_flows == MAX_MIX) {
                load_die("%s: more than %d lines", name, MAX_MIX);
            }
        }
        snprintf(where, sizeof where, "%s:%u", name, number);
        fl->n_flows += parse_line(fl, line, &fl->mix[fl->n_flows], where);
    }
    fclose(file);
    if (!fl->n_flows) {
        load_die("%s: no flows", name);
    }
}

/* --- Sending. --- */

static void open_interface(struct flood *fl)
{
    struct sockaddr_ll ll = {.sll_family = AF_PACKET, .sll_ifindex = (int)if_nametoindex(fl->interface)};
    struct ifreq request = {.ifr_flags = 0};

    fl->fd = socket(AF_PACKET, SOCK_RAW, 0); /* Protocol 0: it receives nothing. */
    if (fl->fd < 0 || !ll.sll_ifindex || bind(fl->fd, (struct sockaddr *)&ll, sizeof ll)) {
        load_die_errno("%s", fl->interface);
    }
    snprintf(request.ifr_name, sizeof request.ifr_name, "%s", fl->interface);
    if (ioctl(fl->fd, SIOCGIFHWADDR, &request)) {
        load_die_errno("%s", fl->interface);
    }
    memcpy(fl->flow.src_mac, request.ifr_hwaddr.sa_data, ETH_ALEN);
}

static void send_batch(struct flood *fl, struct mmsghdr *messages, size_t n)
{
    for (size_t i = 0; i < n;) {
        int sent = sendmmsg(fl->fd, &messages[i], (unsigned int)(n - i), 0);
        if (sent <= 0) { /* The first one did not go. */
            fl->n_failed++;
            i++;
        } else {
            fl->n_sent += (uint64_t)sent;
            i += (size_t)sent;
        }
    }
}

static void run(struct flood *fl)
{
    struct frame frames[BATCH];
    struct iovec buffers[BATCH];
    struct mmsghdr messages[BATCH];
    struct load_pacer pacer;
    uint64_t n_done = 0, n_all;
    int64_t start = load_now_ns(), now = start, end = fl->duration_ns ? start + fl->duration_ns : INT64_MAX;

    if (!fl->n_times || __builtin_mul_overflow(fl->n_flows, fl->n_times, &n_all)) {
        n_all = UINT64_MAX;
    }
    memset(messages, 0, sizeof messages);
    load_pacer_start(&pacer, (double)fl->rate);
    while (n_done < n_all && now < end) {
        size_t n = load_pacer_take(&pacer, n_all - n_done < BATCH ? (size_t)(n_all - n_done) : BATCH);

        for (size_t i = 0; i < n; i++, n_done++) {
            struct frame *frame = &frames[i];

            if (fl->mix) {
                frame = &fl->mix[n_done % fl->n_flows];
            } else {
                make_frame(fl, n_done % fl->n_flows, frame);
            }
            buffers[i] = (struct iovec){.iov_base = frame->bytes, .iov_len = frame->size};
            messages[i].msg_hdr = (struct msghdr){.msg_iov = &buffers[i], .msg_iovlen = 1};
        }
        send_batch(fl, messages, n);
        now = load_now_ns();
    }
    printf("rate=%.0f wanted=%" PRIu64 " sent=%" PRIu64 " flows=%" PRIu64 " failed=%" PRIu64 " seconds=%.3f\n",
           (double)fl->n_sent * 1e9 / (double)(now - start), fl->rate, fl->n_sent,
           n_done < fl->n_flows ? n_done : fl->n_flows, fl->n_failed, (double)(now - start) / 1e9);
}

/* --- Arguments. --- */

static int usage(void)
{
    fprintf(stderr, "usage: flood syn|udp --to=ADDRESS --to-mac=MAC --from=ADDRESS --rate=PPS [--interface=eth0] "
                    "[--sources=1]\n"
                    "             [--port=9000] [--ports=1] [--flows=N] [--times=T] [--seconds=S] [--seed=1] "
                    "[--sequential]\n"
                    "       flood mix FILE --to-mac=MAC --rate=PPS [--interface=eth0] [--times=T] [--seconds=S]\n");
    return 2;
}

/* The options, and where their numbers and texts go.  Returns false for an unknown one. */
static bool parse_options(struct flood *fl, int argc, char **argv)
{
    static const struct option options[] = {
        {"to", required_argument, NULL, 'd'},      {"to-mac", required_argument, NULL, 'm'},
        {"from", required_argument, NULL, 's'},    {"rate", required_argument, NULL, 'r'},
        {"sources", required_argument, NULL, 'a'}, {"port", required_argument, NULL, 'p'},
        {"ports", required_argument, NULL, 'P'},   {"flows", required_argument, NULL, 'n'},
        {"times", required_argument, NULL, 't'},   {"seconds", required_argument, NULL, 'S'},
        {"seed", required_argument, NULL, 'e'},    {"interface", required_argument, NULL, 'i'},
        {"sequential", no_argument, NULL, 'q'},    {NULL, 0, NULL, 0},
    };
    const struct {
        int option;
        const char *what;
        uint64_t *to, min, max;
    } numbers[] = {
        {'r', "rate", &fl->rate, 1, MAX_RATE},         {'a', "sources", &fl->n_sources, 1, MAX_SOURCES},
        {'p', "port", &fl->first_port, 1, UINT16_MAX}, {'P', "ports", &fl->n_ports, 1, UINT16_MAX},
        {'n', "flows", &fl->n_flows, 1, UINT32_MAX},   {'t', "times", &fl->n_times, 1, UINT32_MAX},
        {'e', "seed", &fl->seed, 0, UINT32_MAX},
    };

    for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        switch (c) {
        case 'd':
            fl->to = optarg;
            break;
        case 's':
            fl->from = optarg;
            break;
        case 'i':
            fl->interface = optarg;
            break;
        case 'q':
            fl->is_sequential = true;
            break;
        case 'S':
            fl->duration_ns = load_parse_seconds(optarg, "seconds");
            break;
        case 'm':
            if (!frame_parse_mac(fl->flow.dst_mac, optarg)) {
                load_die("\"%s\" is no MAC address", optarg);
            }
            break;
        case '?':
            return false;
        }
        for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
            if (numbers[i].option == c) {
                *numbers[i].to = load_parse_number(optarg, numbers[i].what, numbers[i].min, numbers[i].max);
            }
        }
    }
    return true;
}

static void plan_flows(struct flood *fl)
{
    if (!fl->from || !fl->to || !frame_parse_addresses(&fl->flow, fl->from, fl->to)) {
        load_die("--from and --to must be two addresses of one family");
    }
    fl->n_possible = fl->n_sources * fl->n_ports * N_SOURCE_PORTS;
    if (fl->first_port + fl->n_ports - 1 > UINT16_MAX || fl->n_flows > fl->n_possible) {
        load_die("%" PRIu64 " flows at the most, with %" PRIu64 " sources and %" PRIu64 " ports from %" PRIu64,
                 fl->n_possible, fl->n_sources, fl->n_ports, fl->first_port);
    }
    if (!fl->n_flows) {
        fl->n_flows = fl->n_possible;
    }
}

int main(int argc, char **argv)
{
    static const uint8_t no_mac[ETH_ALEN];
    static struct flood fl = {.interface = "eth0", .n_sources = 1, .first_port = 9000, .n_ports = 1, .seed = 1};
    bool is_mix;

    if (!parse_options(&fl, argc, argv) || argc == optind || !fl.rate || !memcmp(fl.flow.dst_mac, no_mac, ETH_ALEN)) {
        return usage();
    }
    is_mix = !strcmp(argv[optind], "mix");
    fl.flow.is_tcp = !strcmp(argv[optind], "syn");
    if (argc - optind != (is_mix ? 2 : 1) || (!is_mix && !fl.flow.is_tcp && strcmp(argv[optind], "udp"))) {
        return usage();
    }
    open_interface(&fl);
    if (is_mix) {
        read_mix(&fl, argv[optind + 1]);
    } else {
        plan_flows(&fl);
    }
    if (!fl.n_times && !fl.duration_ns) {
        fl.n_times = 1;
    }
    run(&fl);
    return 0;
}
