/* SPDX-License-Identifier: Apache-2.0 */
#include "zw-config.h"

#include "tests/unit/switch-fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

#include <event2/event.h>

#include "ovs-ext/ovs-init.h"

uint64_t fixture_generation;

static int64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void desire_then(struct fixture *f)
{
    struct zw_flow_table *then = f->then;

    if (then) {
        f->then = NULL;
        zw_switch_set_desired(f->sw, then, ++fixture_generation);
    }
}

static void packet_in(void *f_, const struct zw_packet_in *in, struct zw_outbuf *answer)
{
    struct fixture *f = f_;

    f->n_packets++;
    if (f->resume && in->is_ours && in->punt == ZW_PUNT_ASK) {
        zw_packet_in_resume(in, ZW_FLAG_ALLOW, 1, 1, answer);
    }
    desire_then(f);
}

static void in_sync(void *f_, uint64_t generation, size_t n_changes, int64_t duration_us)
{
    struct fixture *f = f_;

    (void)duration_us;
    f->n_in_sync++;
    f->generation = generation;
    f->n_changes = n_changes;
    desire_then(f);
}

static void sync_failed(void *f_, uint64_t generation, const char *error)
{
    struct fixture *f = f_;

    f->n_failed++;
    f->failed_generation = generation;
    snprintf(f->error, sizeof f->error, "%s", error);
    desire_then(f);
}

static void learn_heard(void *f)
{
    ((struct fixture *)f)->n_learn_heard++;
}

static void learn_lost(void *f)
{
    ((struct fixture *)f)->n_learn_lost++;
}

static const struct zw_switch_ops ops = {.packet_in = packet_in,
                                         .in_sync = in_sync,
                                         .sync_failed = sync_failed,
                                         .learn_heard = learn_heard,
                                         .learn_lost = learn_lost};

static void on_tick(evutil_socket_t unused, short what, void *arg)
{
    (void)unused, (void)what, (void)arg;
}

void fixture_create(struct fixture *f)
{
    memset(f, 0, sizeof *f);
    zw_ovs_init("test");
    signal(SIGPIPE, SIG_IGN); /* As the daemon does. */
    fixture_generation = 0;
    strcpy(f->dir, "/tmp/zw-switch.XXXXXX");
    if (!mkdtemp(f->dir)) {
        printf("Bail out! mkdtemp\n");
        exit(99);
    }
    snprintf(f->path, sizeof f->path, "%s/br0.mgmt", f->dir);
    f->base = event_base_new();
    f->tick = evtimer_new(f->base, on_tick, NULL);
    f->fake = fake_switch_new(f->base, f->path);
}

void fixture_connect(struct fixture *f)
{
    f->sw = zw_switch_new(f->base, "br0", f->path, &ops, f);
}

void fixture_destroy(struct fixture *f)
{
    zw_switch_free(f->sw);
    fake_switch_free(f->fake);
    zw_flow_table_free(f->then);
    event_free(f->tick);
    event_base_free(f->base);
    rmdir(f->dir);
}

/* Runs the loop once, for 10 ms at most. */
static void run_a_bit(struct fixture *f)
{
    const struct timeval soon = {.tv_usec = 10000};

    event_add(f->tick, &soon);
    event_base_loop(f->base, EVLOOP_ONCE);
}

bool fixture_wait(struct fixture *f, bool (*condition)(const struct fixture *))
{
    int64_t deadline = now_ms() + FIXTURE_TIMEOUT_MS;

    while (!condition(f) && now_ms() < deadline) {
        run_a_bit(f);
    }
    return condition(f);
}

void fixture_run(struct fixture *f, unsigned int ms)
{
    int64_t end = now_ms() + ms;

    while (now_ms() < end) {
        run_a_bit(f);
    }
}

struct zw_flow_table *fixture_flows(unsigned int n, uint32_t kind)
{
    struct zw_flow_table *table = zw_flow_table_new();

    for (unsigned int i = 0; i < n; i++) {
        struct zw_flow *flow = zw_flow_new(ZW_STAGE_POLICY, 10, zw_cookie(ZW_COOKIE_RULE, i));

        zw_match_reg(flow, ZW_REG_SRC_ZONE, i);
        zw_act_set_reg(flow, ZW_REG_RULE, kind);
        zw_act_goto(flow, ZW_STAGE_VERDICT);
        zw_flow_table_add(table, flow);
    }
    return table;
}

void fixture_desire(struct fixture *f, unsigned int n, uint32_t kind)
{
    zw_switch_set_desired(f->sw, fixture_flows(n, kind), ++fixture_generation);
}

bool is_in_sync(const struct fixture *f)
{
    struct zw_switch_status status = zw_switch_status(f->sw);

    return status.state == ZW_SWITCH_IN_SYNC && f->generation == fixture_generation;
}

bool has_packets_connection(const struct fixture *f)
{
    return zw_switch_status(f->sw).packets_connected && fake_switch_wants_packets(f->fake);
}

bool fixture_has(const struct fixture *f, unsigned int n, uint32_t kind)
{
    struct zw_flow_table *expected = fixture_flows(n, kind);
    struct zw_changes changes;

    zw_flow_table_diff(f->fake->flows, expected, &changes);
    bool same = !changes.n;
    zw_changes_free(&changes);
    zw_flow_table_free(expected);
    return same;
}
