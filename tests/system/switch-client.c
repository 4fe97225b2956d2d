/* SPDX-License-Identifier: Apache-2.0 */
/* switch-client - lets a script drive the switch room against a real switch.
 *
 *     switch-client MANAGEMENT-SOCKET
 *
 * Reads commands from standard input, a line each, and writes what happens to standard output, a line each:
 *
 *     flows N          desires N flows of every kind, in turn
 *     bad              desires flows of which the switch refuses one
 *     pause            desires a pipeline that pauses each new session and commits it
 *     counters STAGE   reads the counters of a stage
 *     status           what zw_switch_status() says
 *     quit */

#include "zw-config.h"

#include <inttypes.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <event2/buffer.h>
#include <event2/event.h>

#include "controller/switch/switch.h"
#include "ovs-ext/flow-table.h"
#include "ovs-ext/ovs-init.h"

static struct event_base *base;
static struct zw_switch *sw;
static uint64_t generation;

static struct zw_flow *new_flow(enum zw_stage stage, uint16_t priority)
{
    return zw_flow_new(stage, priority, zw_cookie(ZW_COOKIE_STATIC, 0));
}

/* --- Desired flows. --- */

static struct zw_flow_table *many_flows(unsigned int n)
{
    struct zw_flow_table *table = zw_flow_table_new();

    for (unsigned int i = 0; i < n; i++) {
        struct zw_flow *flow = zw_flow_new(ZW_STAGE_POLICY, 100, zw_cookie(ZW_COOKIE_RULE, i));

        zw_match_ip_proto(flow, i % 2 ? ZW_IPV4 : ZW_IPV6, IPPROTO_TCP);
        zw_match_l4_dst(flow, (uint16_t)i, 0xffff);
        zw_match_reg(flow, ZW_REG_SRC_ZONE, i >> 16);
        zw_act_set_reg(flow, ZW_REG_RULE, i);
        zw_act_set_flags(flow, i % 4, ZW_FLAG_VERDICT_MASK);
        zw_act_goto(flow, ZW_STAGE_VERDICT);
        zw_flow_table_add(table, flow);
    }
    return table;
}

static struct zw_flow_table *bad_flows(void)
{
    struct zw_flow_table *table = many_flows(10);
    struct zw_flow *flow = new_flow(ZW_STAGE_OUTPUT, 7);

    zw_act_output(flow, 0xff80); /* Between the greatest port and the reserved ones. */
    zw_flow_table_add(table, flow);
    return table;
}

static void let_neighbours_meet(struct zw_flow_table *table)
{
    struct zw_flow *flow = new_flow(ZW_STAGE_CLASSIFY, 10);

    zw_match_eth_type(flow, 0x0806);
    zw_act_output(flow, 0xfffb); /* OFPP_FLOOD */
    zw_flow_table_add(table, flow);
}

/* From port 1 to port 2 and back, for sessions that the slow path allows. */
static struct zw_flow_table *pausing_flows(void)
{
    struct zw_flow_table *table = zw_flow_table_new();
    struct zw_flow *flow;

    let_neighbours_meet(table);
    for (uint32_t port = 1; port <= 2; port++) {
        flow = new_flow(ZW_STAGE_CLASSIFY, 5);
        zw_match_in_port(flow, port);
        zw_match_family(flow, ZW_IPV4);
        zw_act_set_reg(flow, ZW_REG_OUT_PORT, 3 - port);
        zw_act_set_reg(flow, ZW_REG_SRC_ZONE, 100 + port);
        zw_act_set_reg(flow, ZW_REG_DST_ZONE, 103 - port);
        zw_act_set_reg(flow, ZW_REG_CT_ZONE, 0x1001);
        zw_act_ct(flow, ZW_STAGE_STATE);
        zw_flow_table_add(table, flow);

        flow = new_flow(ZW_STAGE_OUTPUT, 5);
        zw_match_reg(flow, ZW_REG_OUT_PORT, port);
        zw_act_output(flow, port);
        zw_flow_table_add(table, flow);
    }
    flow = new_flow(ZW_STAGE_STATE, 20);
    zw_match_ct_state(flow, ZW_CT_TRACKED, ZW_CT_NEW | ZW_CT_INVALID);
    zw_match_label_bits(flow, ZW_LABEL_ALLOWED_FIRST, ZW_LABEL_ALLOWED_BITS, 1);
    zw_match_label_bits(flow, ZW_LABEL_RULE_FIRST, ZW_LABEL_RULE_BITS, 4711);
    zw_match_label_bits(flow, ZW_LABEL_VERSION_FIRST, ZW_LABEL_VERSION_BITS, 42);
    zw_match_label_bits(flow, ZW_LABEL_SRC_ZONE_FIRST, ZW_LABEL_SRC_ZONE_BITS, 101);
    zw_match_label_bits(flow, ZW_LABEL_DST_ZONE_FIRST, ZW_LABEL_DST_ZONE_BITS, 102);
    zw_match_label_bits(flow, ZW_LABEL_SLOW_FIRST, ZW_LABEL_SLOW_BITS, 1);
    zw_act_goto(flow, ZW_STAGE_OUTPUT);
    zw_flow_table_add(table, flow);

    flow = new_flow(ZW_STAGE_STATE, 10);
    zw_match_ct_state(flow, ZW_CT_TRACKED | ZW_CT_NEW, ZW_CT_INVALID);
    zw_act_set_flags(flow, ZW_FLAG_ASK, ZW_FLAG_VERDICT_MASK);
    zw_act_punt(flow, ZW_PUNT_SESSION, false, ZW_COPY_METER_ID);
    zw_act_punt(flow, ZW_PUNT_ASK, true, 0);
    zw_act_goto(flow, ZW_STAGE_COMMIT);
    zw_flow_table_add(table, flow);

    flow = new_flow(ZW_STAGE_COMMIT, 10);
    zw_match_family(flow, ZW_IPV4);
    zw_match_flags(flow, ZW_FLAG_ALLOW | ZW_FLAG_SLOW_MASK, ZW_FLAG_VERDICT_MASK | ZW_FLAG_SLOW_MASK);
    zw_match_ct_state(flow, ZW_CT_TRACKED | ZW_CT_NEW, ZW_CT_INVALID);
    zw_act_ct_commit(flow);
    zw_act_goto(flow, ZW_STAGE_OUTPUT);
    zw_flow_table_add(table, flow);
    return table;
}

/* --- What happens. --- */

static void packet_in(void *arg, const struct zw_packet_in *in, struct zw_outbuf *answer)
{
    char src[ZW_ADDR_STRLEN], dst[ZW_ADDR_STRLEN];

    (void)arg;
    if (!in->is_ours || !in->has_key) {
        printf("packet foreign\n");
        return;
    }
    printf("packet %s in_port=%u proto=%u %s:%u>%s:%u zones=%u>%u out=%u ct_zone=0x%x flags=%u\n",
           zw_punt_name(in->punt), in->in_port, in->key.proto, zw_addr_format(&in->key.src, src), in->key.sport,
           zw_addr_format(&in->key.dst, dst), in->key.dport, in->regs[ZW_REG_SRC_ZONE], in->regs[ZW_REG_DST_ZONE],
           in->regs[ZW_REG_OUT_PORT], in->regs[ZW_REG_CT_ZONE], in->regs[ZW_REG_FLAGS]);
    if (in->punt == ZW_PUNT_ASK && in->key.dport != 7) {
        zw_packet_in_resume(in, ZW_FLAG_ALLOW | ZW_FLAG_SLOW_MASK, 4711, 42, answer);
    }
}

static void in_sync(void *arg, uint64_t which, size_t n_changes, int64_t duration_us)
{
    (void)arg, (void)duration_us;
    printf("in_sync generation=%" PRIu64 " changes=%zu\n", which, n_changes);
}

static void sync_failed(void *arg, uint64_t which, const char *error)
{
    (void)arg;
    printf("failed generation=%" PRIu64 " %s\n", which, error);
}

static void counted(void *arg, const struct zw_flow *flow, const struct zw_flow_counters *counters)
{
    char *text = zw_flow_format(flow);

    (void)arg;
    printf("counter packets=%" PRIu64 " %s\n", counters->n_packets, text);
    free(text);
}

static void counted_all(void *arg, const char *error)
{
    (void)arg;
    printf("counters %s\n", error ? error : "done");
}

static void print_status(void)
{
    struct zw_switch_status s = zw_switch_status(sw);

    printf("status state=%s packets=%d generation=%" PRIu64 " installed=%zu connects=%" PRIu64 " flow_mods=%" PRIu64
           " bundles=%" PRIu64 " foreign=%" PRIu64 " repairs=%" PRIu64 " repaired=%" PRIu64 " packet_ins=%" PRIu64
           " bad=%" PRIu64 " metered=%d error=%s\n",
           zw_switch_state_name(s.state), s.packets_connected, s.generation, s.n_installed, s.n_connects, s.n_flow_mods,
           s.n_bundles, s.n_foreign_changes, s.n_repairs, s.n_repaired_flows, s.n_packet_ins, s.n_bad_messages,
           s.metered, s.error);
}

/* --- Commands. --- */

static void desire(struct zw_flow_table *table)
{
    zw_switch_set_desired(sw, table, ++generation);
}

static void run_command(const char *line)
{
    unsigned int n;

    if (sscanf(line, "flows %u", &n) == 1) {
        desire(many_flows(n));
    } else if (!strcmp(line, "bad")) {
        desire(bad_flows());
    } else if (!strcmp(line, "pause")) {
        desire(pausing_flows());
    } else if (sscanf(line, "counters %u", &n) == 1) {
        zw_switch_read_counters(sw, (enum zw_stage)n, counted, counted_all, NULL);
    } else if (!strcmp(line, "status")) {
        print_status();
    } else if (!strcmp(line, "quit")) {
        event_base_loopbreak(base);
    } else {
        printf("what is \"%s\"?\n", line);
    }
}

static void on_input(evutil_socket_t fd, short what, void *buffer)
{
    char *line;

    (void)what;
    if (evbuffer_read(buffer, fd, -1) <= 0) {
        event_base_loopbreak(base);
        return;
    }
    while ((line = evbuffer_readln(buffer, NULL, EVBUFFER_EOL_LF))) {
        run_command(line);
        free(line);
    }
}

int main(int argc, char **argv)
{
    static const struct zw_switch_ops ops = {.packet_in = packet_in, .in_sync = in_sync, .sync_failed = sync_failed};

    if (argc != 2) {
        fprintf(stderr, "usage: switch-client MANAGEMENT-SOCKET\n");
        return 2;
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    zw_ovs_init("switch-client");
    base = event_base_new();
    sw = zw_switch_new(base, "br0", argv[1], &ops, NULL);

    struct evbuffer *buffer = evbuffer_new();
    struct event *input = event_new(base, 0, EV_READ | EV_PERSIST, on_input, buffer);
    event_add(input, NULL);
    event_base_dispatch(base);

    zw_switch_free(sw);
    event_free(input);
    evbuffer_free(buffer);
    event_base_free(base);
    libevent_global_shutdown();
    return 0;
}
