/* SPDX-License-Identifier: Apache-2.0 */
/* The three connections: setting up, packets, meters, a silent peer. */

#include "zw-config.h"

#include <arpa/inet.h>
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "controller/switch/ofconn.h"
#include "tests/unit/switch-fixture.h"
#include "tests/unit/zw-test.h"

enum { N_METERS = 3 };

static void test_set_up(void)
{
    struct fixture f;

    fixture_create(&f);
    fixture_connect(&f);
    fixture_desire(&f, 1, 1);
    CU_ASSERT(fixture_wait(&f, is_in_sync));
    CU_ASSERT(fixture_wait(&f, has_packets_connection));
    CU_ASSERT_EQUAL(f.fake->n[FAKE_CONNECT], 3);
    CU_ASSERT_EQUAL(f.fake->n[FAKE_HELLO], 3);
    /* Each added; added again with the bundle, in case they went with all flows; there they were, so they were made right. */
    CU_ASSERT_EQUAL(f.fake->n[FAKE_METER], 3 * N_METERS);
    CU_ASSERT_EQUAL(f.fake->n[FAKE_MONITOR], 1);
    CU_ASSERT(zw_switch_status(f.sw).metered);
    CU_ASSERT_EQUAL(zw_switch_status(f.sw).n_connects, 1);
    CU_ASSERT_EQUAL(zw_switch_status(f.sw).n_bad_messages, 0);
    fixture_destroy(&f);
}

static bool meter_was_modified(const struct fixture *f)
{
    return f->fake->n_meters_modified == N_METERS;
}

static void test_meter_from_before(void)
{
    struct fixture f;

    fixture_create(&f);
    static const uint32_t ids[N_METERS] = {ZW_COPY_METER_ID, ZW_DROP_METER_ID, ZW_REJECT_METER_ID};
    for (size_t i = 0; i < N_METERS; i++) {
        f.fake->meters[f.fake->n_meters++] = (struct fake_meter){ids[i], 1, 1};
    }
    fixture_connect(&f);
    fixture_desire(&f, 1, 1);
    CU_ASSERT(fixture_wait(&f, is_in_sync));
    CU_ASSERT(fixture_wait(&f, meter_was_modified));
    /* Added, made right, and added with the bundle. */
    CU_ASSERT_EQUAL(f.fake->n[FAKE_METER], 3 * N_METERS);
    CU_ASSERT(zw_switch_status(f.sw).metered);
    fixture_destroy(&f);
}

static void test_no_meters(void)
{
    struct fixture f;

    fixture_create(&f);
    f.fake->no_meters = true;
    fixture_connect(&f);
    fixture_desire(&f, 1, 1);
    CU_ASSERT(fixture_wait(&f, is_in_sync));
    CU_ASSERT(!zw_switch_status(f.sw).metered);
    fixture_destroy(&f);
}

static void test_no_flow_monitor(void)
{
    struct fixture f;

    fixture_create(&f);
    f.fake->trick = FAKE_REFUSE;
    f.fake->trick_at = FAKE_MONITOR;
    fixture_connect(&f);
    fixture_desire(&f, 1, 1);
    CU_ASSERT(fixture_wait(&f, is_in_sync));
    fixture_destroy(&f);
}

static bool all_resumed(const struct fixture *f)
{
    return f->fake->n[FAKE_RESUME] == 1000;
}

static void test_packets(void)
{
    struct fixture f;

    fixture_create(&f);
    fixture_connect(&f);
    CU_ASSERT(fixture_wait(&f, has_packets_connection));
    f.resume = true;
    fake_switch_packet_ins(f.fake, 1000);
    CU_ASSERT(fixture_wait(&f, all_resumed));
    CU_ASSERT_EQUAL(f.n_packets, 1000);
    CU_ASSERT_EQUAL(zw_switch_status(f.sw).n_packet_ins, 1000);
    fixture_destroy(&f);
}

static bool packets_were_closed(const struct fixture *f)
{
    return f->fake->n[FAKE_CONNECT] >= 4 && has_packets_connection(f);
}

/* The connections fail by themselves. */
static void test_packets_connection_lost(void)
{
    struct fixture f;

    fixture_create(&f);
    fixture_connect(&f);
    fixture_desire(&f, 1, 1);
    CU_ASSERT(fixture_wait(&f, is_in_sync));
    CU_ASSERT(fixture_wait(&f, has_packets_connection));
    f.resume = true;
    f.fake->trick = FAKE_RUBBISH;
    f.fake->trick_at = FAKE_RESUME;
    fake_switch_packet_ins(f.fake, 1);
    CU_ASSERT(fixture_wait(&f, packets_were_closed));
    CU_ASSERT_EQUAL(zw_switch_status(f.sw).n_connects, 1);
    CU_ASSERT_EQUAL(zw_switch_status(f.sw).n_bad_messages, 1);
    CU_ASSERT_EQUAL(zw_switch_status(f.sw).state, ZW_SWITCH_IN_SYNC);
    fixture_destroy(&f);
}

static bool was_heard(const struct fixture *f)
{
    return f->n_learn_heard == 1;
}

static bool was_lost(const struct fixture *f)
{
    return f->n_learn_lost;
}

static bool has_learn_connection(const struct fixture *f)
{
    return zw_switch_status(f->sw).learn_connected;
}

/* Who asks whether all has been heard is told so, or that the connection is gone. */
static void test_learn_connection(void)
{
    struct fixture f;

    fixture_create(&f);
    fixture_connect(&f);
    CU_ASSERT_FALSE(zw_switch_ask_learn(f.sw));
    CU_ASSERT(fixture_wait(&f, has_learn_connection));
    CU_ASSERT(zw_switch_ask_learn(f.sw));
    CU_ASSERT(zw_switch_ask_learn(f.sw)); /* The newest counts. */
    CU_ASSERT(fixture_wait(&f, was_heard));
    CU_ASSERT_EQUAL(f.n_learn_lost, 0);
    f.fake->trick = FAKE_CLOSE;
    f.fake->trick_at = FAKE_BARRIER;
    CU_ASSERT(zw_switch_ask_learn(f.sw));
    CU_ASSERT(fixture_wait(&f, was_lost));
    CU_ASSERT(fixture_wait(&f, has_learn_connection));
    CU_ASSERT_EQUAL(f.n_learn_heard, 1);
    fixture_destroy(&f);
}

static bool were_probed(const struct fixture *f)
{
    return f->fake->n[FAKE_ECHO] >= 2;
}

static bool has_another_connection(const struct fixture *f)
{
    return f->fake->n[FAKE_CONNECT] >= 4;
}

/* Connections on which nothing is heard are probed, those for packets: on that for flows the switch still answers what it is asked
 * (switch/look.c).  The first that gets no answer ends, the others go on. */
static void test_silence(void)
{
    struct fixture f;

    fixture_create(&f);
    fixture_connect(&f);
    CU_ASSERT(fixture_wait(&f, has_packets_connection));
    f.fake->trick = FAKE_IGNORE;
    f.fake->trick_at = FAKE_ECHO;
    CU_ASSERT(fixture_wait(&f, were_probed));
    CU_ASSERT_EQUAL(f.fake->n[FAKE_CONNECT], 3);
    CU_ASSERT(fixture_wait(&f, has_another_connection));
    CU_ASSERT_EQUAL(zw_switch_status(f.sw).n_bad_messages, 0);
    fixture_destroy(&f);
}

/* --- A peer that does not read for a while. --- */

struct slow_peer {
    char dir[32], path[64];
    struct event_base *base;
    struct zw_ofconn *conn;
    bool up;
    int fd;
    uint32_t n_put, n_read; /* Numbers that were sent, and that came: 1, 2... */
};

static void note_state(void *peer_, enum zw_ofconn_state state, const char *why)
{
    struct slow_peer *peer = peer_;

    (void)why;
    peer->up = state == ZW_OFCONN_UP;
}

static void slow_peer_create(struct slow_peer *peer)
{
    static const struct zw_ofconn_ops ops = {.changed = note_state};
    static const uint8_t hello[8] = {6, 0, 0, 8, 0, 0, 0, 1};
    struct sockaddr_un addr = {.sun_family = AF_UNIX};
    uint8_t theirs[64];

    *peer = (struct slow_peer){.dir = "/tmp/zw-ofconn-XXXXXX", .base = event_base_new()};
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(peer->dir));
    snprintf(peer->path, sizeof peer->path, "%s/s", peer->dir);
    strcpy(addr.sun_path, peer->path);
    int listener = socket(AF_UNIX, SOCK_STREAM, 0);
    CU_ASSERT_EQUAL_FATAL(bind(listener, (struct sockaddr *)&addr, sizeof addr), 0);
    CU_ASSERT_EQUAL_FATAL(listen(listener, 1), 0);
    peer->conn = zw_ofconn_new(peer->base, "br0", peer->path, false, &ops, peer);
    event_base_loop(peer->base, EVLOOP_ONCE);
    peer->fd = accept(listener, NULL, NULL);
    close(listener);
    CU_ASSERT_EQUAL_FATAL(write(peer->fd, hello, sizeof hello), (ssize_t)sizeof hello);
    while (!peer->up) {
        event_base_loop(peer->base, EVLOOP_ONCE);
    }
    CU_ASSERT_FATAL(recv(peer->fd, theirs, sizeof theirs, 0) > 8); /* Their hello. */
}

static void slow_peer_destroy(struct slow_peer *peer)
{
    zw_ofconn_free(peer->conn);
    event_base_free(peer->base);
    close(peer->fd);
    unlink(peer->path);
    rmdir(peer->dir);
}

static void put_number(struct slow_peer *peer)
{
    uint32_t number = htonl(++peer->n_put);

    zw_outbuf_put(zw_ofconn_out(peer->conn), &number, sizeof number);
    zw_ofconn_flush(peer->conn);
}

/* All that has arrived; false if it is not the next numbers. */
static bool read_numbers(struct slow_peer *peer)
{
    uint32_t number;

    while (recv(peer->fd, &number, sizeof number, MSG_DONTWAIT | MSG_PEEK) == (ssize_t)sizeof number) {
        recv(peer->fd, &number, sizeof number, 0);
        if (ntohl(number) != ++peer->n_read) {
            return false;
        }
    }
    return true;
}

/* What is put while the peer does not read waits, and nothing overtakes it. */
static void test_slow_peer(void)
{
    struct slow_peer peer;

    slow_peer_create(&peer);
    for (unsigned int i = 0; i < 200000; i++) { /* Many times what a socket holds. */
        put_number(&peer);
    }
    CU_ASSERT(read_numbers(&peer));
    CU_ASSERT(peer.n_read < peer.n_put);
    put_number(&peer); /* There is room now, but not for this one. */
    for (unsigned int i = 0; i < 1000000 && peer.n_read < peer.n_put; i++) {
        event_base_loop(peer.base, EVLOOP_NONBLOCK);
        CU_ASSERT_FATAL(read_numbers(&peer));
    }
    CU_ASSERT_EQUAL(peer.n_read, peer.n_put);
    slow_peer_destroy(&peer);
}

/* One bundle may be larger than what may wait: its size does not say that the peer does not read. */
static void test_large_message(void)
{
    size_t size = ZW_SWITCH_MAX_OUTBUF + 16u * 1024 * 1024; /* More than a socket holds. */
    uint8_t *bundle = calloc(size, 1);
    struct slow_peer peer;

    slow_peer_create(&peer);
    zw_outbuf_put(zw_ofconn_out(peer.conn), bundle, size);
    free(bundle);
    zw_ofconn_flush(peer.conn);
    event_base_loop(peer.base, EVLOOP_NONBLOCK);
    CU_ASSERT(peer.up);
    put_number(&peer); /* But if there is more to be sent now, then it does not. */
    event_base_loop(peer.base, EVLOOP_NONBLOCK);
    CU_ASSERT_FALSE(peer.up);
    slow_peer_destroy(&peer);
}

ZW_TEST_MAIN({"three connections are set up", test_set_up},
             {"a meter from before is taken over", test_meter_from_before},
             {"the connection for what is learned", test_learn_connection},
             {"a datapath without meters", test_no_meters}, {"a switch without flow monitors", test_no_flow_monitor},
             {"many packets, all answered", test_packets},
             {"a peer that reads late gets all, in order", test_slow_peer},
             {"a bundle of any size, but nothing behind it for a peer that does not read", test_large_message},
             {"rubbish among packets does not touch the flows", test_packets_connection_lost},
             {"a silent switch is probed, and left", test_silence})
