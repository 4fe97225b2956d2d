/* SPDX-License-Identifier: Apache-2.0 */
#include <config.h>

#include "tests/bench/of-plan.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "controller/policy/policy.h"
#include "lib/util.h"
#include "lib/uuid.h"
#include "openvswitch/ofp-actions.h"
#include "openvswitch/ofp-msgs.h"
#include "openvswitch/ofp-packet.h"
#include "ovs-ext/packet-in.h"
#include "tests/unit/packet-sample.h"

enum {
    PACKET_AT = 20, /* In packet-ins and resumes of vswitchd's own making. */
    XID_AT = 4,
    HEADER_SIZE = 8,
    MAX_PLACES = 8,
    ETHERTYPE_AT = 12,
    FIRST_SPORT = 1024,
};

/* Where a packet of each family has its ports and the last two bytes of its source address. */
static const struct layout {
    size_t size, source, sport;
} layouts[] = {{74, 28, 34}, {94, 36, 54}};

/* A message, and the places in it that tell packets of its kind apart: two bytes each. */
struct template
{
    uint8_t *data;
    size_t size;
    uint16_t source_at[MAX_PLACES], sport_at[MAX_PLACES];
    size_t n_sources, n_sports;
};

struct row {
    unsigned int in_port, out_port, family, dport, rule;
    uint32_t from, to;
    bool is_allowed, is_logged;
    struct template templates[OF_N_KINDS];
};

struct of_plan {
    uint32_t version, zones_digest;
    struct row *rows;
    size_t n_rows;
};

/* --- Messages. --- */

static void put16(uint8_t *at, uint16_t value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

static uint16_t get16(const uint8_t *at)
{
    return (uint16_t)(at[0] << 8 | at[1]);
}

static uint16_t sport_of(uint32_t id)
{
    return (uint16_t)((id >> 16) + FIRST_SPORT);
}

/* The first packet of a TCP session between two Linux hosts. */
static size_t make_packet(const struct row *row, uint32_t id, uint8_t packet[128])
{
    static const uint8_t eth[12] = {2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1},
                         ipv4[22] = {8, 0, 0x45, 0, 0, 60, 0, 0, 0x40, 0, 64, 6, 0, 0, 10, 20, 0, 0, 10, 21, 0, 1},
                         ipv6[42] = {0x86, 0xdd,        0x60,        [7] = 40,    6,       64,
                                     0xfd, [13] = 0x20, [26] = 0xfd, [29] = 0x21, [41] = 1},
                         tcp[40] = {[7] = 1, [12] = 0xa0, 2, 0xfa, 0xf0,     [20] = 2, 4, 5, 0xb4,
                                    4,       2,           8, 10,   [31] = 1, [36] = 1, 3, 3, 10};
    const struct layout *layout = &layouts[row->family == 6];
    size_t ip_size = row->family == 6 ? sizeof ipv6 : sizeof ipv4;

    memcpy(packet, eth, sizeof eth);
    memcpy(packet + sizeof eth, row->family == 6 ? ipv6 : ipv4, ip_size);
    memcpy(packet + sizeof eth + ip_size, tcp, sizeof tcp);
    put16(packet + layout->source, (uint16_t)id);
    put16(packet + layout->sport, sport_of(id));
    put16(packet + layout->sport + 2, (uint16_t)row->dport);
    return layout->size;
}

/* The answer that decide() would give, as libopenvswitch puts it. */
static struct ofpbuf *answer_to(const void *ask, const struct row *row, uint32_t version)
{
    struct ofputil_packet_in pin;
    struct ofpbuf continuation;
    size_t total_len;
    uint32_t buffer_id, flags = (uint32_t)ZW_FLAG_ALLOW << ZW_FLAG_VERDICT_FIRST | ZW_FLAG_SLOW_MASK;

    if (ofputil_decode_packet_in(ask, true, NULL, NULL, &pin, &total_len, &buffer_id, &continuation)) {
        ovs_fatal(0, "cannot decode what we have made");
    }
    match_set_reg(&pin.flow_metadata, ZW_REG_FLAGS, flags | (row->is_logged ? ZW_FLAG_LOG_MASK : 0));
    match_set_reg(&pin.flow_metadata, ZW_REG_RULE, row->rule);
    match_set_reg(&pin.flow_metadata, ZW_REG_VERSION, version);
    return ofputil_encode_resume(&pin, &continuation, OFPUTIL_P_OF15_OXM);
}

/* A paused packet has met the flow that asks; a copy the rule that lets it in. */
static struct ofpbuf *make_message(const struct of_plan *plan, const struct row *row, enum of_kind kind, uint32_t id)
{
    uint8_t packet[128];
    bool is_copy = kind == OF_COPY;
    uint32_t verdict = is_copy ? ZW_FLAG_ALLOW : ZW_FLAG_ASK;
    struct packet_punt punt = {
        .punt = is_copy ? ZW_PUNT_SESSION : ZW_PUNT_ASK,
        .packet = packet,
        .packet_size = make_packet(row, id, packet),
        .in_port = (uint16_t)row->in_port,
        .odp_port = row->in_port,
        .regs = {[ZW_REG_SRC_ZONE] = row->from,
                 [ZW_REG_DST_ZONE] = row->to,
                 [ZW_REG_OUT_PORT] = row->out_port,
                 [ZW_REG_RULE] = row->rule,
                 [ZW_REG_VERSION] = plan->version,
                 [ZW_REG_ZONES] = plan->zones_digest,
                 [ZW_REG_CT_ZONE] = 1u << ZW_CT_ZONE_BRIDGE_SHIFT,
                 [ZW_REG_FLAGS] = verdict << ZW_FLAG_VERDICT_FIRST | (is_copy ? ZW_FLAG_LOG_MASK : 0)},
    };
    struct ofpbuf *msg = packet_sample_punted(&punt);

    if (kind == OF_ANSWER) {
        struct ofpbuf *ask = msg;

        msg = answer_to(ask->data, row, plan->version);
        ofpbuf_delete(ask);
    }
    ovs_assert(msg->size <= OF_MESSAGE_MAX);
    return msg;
}

/* Where the messages about packet 0 and packet 'id' differ: in fields of two bytes. */
static size_t find_places(const struct of_plan *plan, const struct row *row, enum of_kind kind, uint32_t id,
                          uint16_t places[MAX_PLACES])
{
    struct ofpbuf *a = make_message(plan, row, kind, 0), *b = make_message(plan, row, kind, id);
    const uint8_t *x = a->data, *y = b->data;
    size_t n = 0;

    ovs_assert(a->size == b->size);
    for (size_t i = HEADER_SIZE; i + 1 < a->size; i++) {
        if (x[i] != y[i]) {
            ovs_assert(x[i + 1] != y[i + 1] && n < MAX_PLACES);
            places[n++] = (uint16_t)i++;
        }
    }
    ovs_assert(n);
    ofpbuf_delete(a);
    ofpbuf_delete(b);
    return n;
}

static void make_template(const struct of_plan *plan, struct row *row, enum of_kind kind)
{
    struct template *template = &row->templates[kind];
    struct ofpbuf *msg = make_message(plan, row, kind, 0);

    template->size = msg->size;
    template->data = xmemdup(msg->data, msg->size);
    template->n_sources = find_places(plan, row, kind, 0x0000ffff, template->source_at);
    template->n_sports = find_places(plan, row, kind, 0xffff0000, template->sport_at);
    ofpbuf_delete(msg);
}

size_t of_plan_message(const struct of_plan *plan, enum of_kind kind, uint32_t id, uint8_t to[OF_MESSAGE_MAX])
{
    const struct template *template = &plan->rows[id % plan->n_rows].templates[kind];

    memcpy(to, template->data, template->size);
    for (size_t i = 0; i < template->n_sources; i++) {
        put16(to + template->source_at[i], (uint16_t)id);
    }
    for (size_t i = 0; i < template->n_sports; i++) {
        put16(to + template->sport_at[i], sport_of(id));
    }
    return template->size;
}

size_t of_plan_encode(const struct of_plan *plan, const uint8_t *ask, size_t size, uint8_t to[OF_MESSAGE_MAX])
{
    uint64_t aligned[OF_MESSAGE_MAX / 8];

    ovs_assert(size <= sizeof aligned);
    memcpy(aligned, ask, size);
    struct ofpbuf *msg = answer_to(aligned, &plan->rows[of_plan_id(ask) % plan->n_rows], plan->version);
    size_t answer_size = msg->size;
    memcpy(to, msg->data, answer_size);
    ofpbuf_delete(msg);
    return answer_size;
}

bool of_plan_is_denied(const struct of_plan *plan, uint32_t id)
{
    return !plan->rows[id % plan->n_rows].is_allowed;
}

/* --- Answers. --- */

static uint32_t id_of_packet(const uint8_t *packet)
{
    const struct layout *layout = &layouts[get16(packet + ETHERTYPE_AT) == 0x86dd];

    return get16(packet + layout->source) | (uint32_t)(uint16_t)(get16(packet + layout->sport) - FIRST_SPORT) << 16;
}

uint32_t of_plan_id(const uint8_t *message)
{
    return id_of_packet(message + PACKET_AT);
}

static bool is_equal(const struct ofputil_packet_in_private *a, const struct ofputil_packet_in_private *b)
{
    return match_equal(&a->base.flow_metadata, &b->base.flow_metadata) && a->base.packet_len == b->base.packet_len &&
           !memcmp(a->base.packet, b->base.packet, a->base.packet_len) && a->base.table_id == b->base.table_id &&
           a->base.cookie == b->base.cookie && a->base.reason == b->base.reason &&
           uuid_equals(&a->bridge, &b->bridge) && a->conntracked == b->conntracked && a->odp_port == b->odp_port &&
           a->mirrors == b->mirrors && a->stack_size == b->stack_size &&
           ofpacts_equal(a->actions, a->actions_len, b->actions, b->actions_len) &&
           ofpacts_equal(a->action_set, a->action_set_len, b->action_set, b->action_set_len);
}

/* Whatever the order of its parts: decodes as vswitchd does, and compares what it means. */
static const char *check_meaning(const struct of_plan *plan, const uint8_t *answer, uint32_t *id)
{
    struct ofputil_packet_in_private got, want;
    uint8_t right[OF_MESSAGE_MAX];
    const char *error = NULL;

    if (ofputil_decode_packet_in_private((const void *)answer, false, NULL, NULL, &got, NULL, NULL)) {
        return "it is no resume that vswitchd would understand";
    }
    if (got.base.packet_len < layouts[0].size) {
        error = "its packet is too short";
    } else {
        *id = id_of_packet(got.base.packet);
        of_plan_message(plan, OF_ANSWER, *id, right);
        ovs_assert(!ofputil_decode_packet_in_private((const void *)right, false, NULL, NULL, &want, NULL, NULL));
        error = is_equal(&got, &want) ? NULL : "it says something else than it should";
        ofputil_packet_in_private_destroy(&want);
    }
    ofputil_packet_in_private_destroy(&got);
    return error;
}

const char *of_plan_check(const struct of_plan *plan, const uint8_t *answer, size_t size, uint32_t *id)
{
    uint8_t right[OF_MESSAGE_MAX];

    if (size >= PACKET_AT + layouts[1].size) {
        *id = of_plan_id(answer);
        size_t right_size = of_plan_message(plan, OF_ANSWER, *id, right);
        if (size == right_size && !memcmp(answer, right, XID_AT) &&
            !memcmp(answer + HEADER_SIZE, right + HEADER_SIZE, size - HEADER_SIZE)) {
            return NULL;
        }
    }
    return check_meaning(plan, answer, id);
}

/* --- Reading it. --- */

static bool parse_row(const char *line, struct row *row)
{
    char from[ZW_NAME_MAX + 1], to[ZW_NAME_MAX + 1], verdict[8], log[8], rest;

    if (sscanf(line, "%u %63s %u %63s %u %u %7s %u %7s %c", &row->in_port, from, &row->out_port, to, &row->family,
               &row->dport, verdict, &row->rule, log, &rest) != 9) {
        return false;
    }
    row->from = zw_zone_id(from);
    row->to = zw_zone_id(to);
    row->is_allowed = !strcmp(verdict, "allow");
    row->is_logged = !strcmp(log, "log");
    return (row->family == 4 || row->family == 6) && row->in_port < 0xff00 && row->out_port < 0xff00 &&
           row->dport <= UINT16_MAX && (row->is_allowed || !strcmp(verdict, "deny")) &&
           (row->is_logged || !strcmp(log, "quiet"));
}

static uint32_t zones_of(const char *path)
{
    struct zw_problems problems = ZW_PROBLEMS_INIT;
    struct zw_policy_source *sources = NULL;
    struct zw_policy *policy = NULL;
    size_t n = 0;

    if (!zw_policy_sources_load(path, &sources, &n, &problems)) {
        policy = zw_policy_read(sources, n, &problems);
        zw_policy_sources_free(sources, n);
    }
    if (!policy) {
        ovs_fatal(0, "%s", zw_problems_format(&problems));
    }
    uint32_t digest = policy->zones_digest;
    zw_policy_unref(policy);
    zw_problems_clear(&problems);
    return digest;
}

static void add_row(struct of_plan *plan, const char *path, unsigned int number, const char *line)
{
    struct row row = {.in_port = 0};
    char policy[256];

    if (line[0] == '#' || line[0] == '\n' || sscanf(line, "version %u", &plan->version) == 1) {
        return;
    }
    if (sscanf(line, "policy %255s", policy) == 1) {
        plan->zones_digest = zones_of(policy);
        return;
    }
    if (!parse_row(line, &row)) {
        ovs_fatal(0, "%s:%u: not a kind of packet", path, number);
    }
    plan->rows = xrealloc(plan->rows, (plan->n_rows + 1) * sizeof *plan->rows);
    plan->rows[plan->n_rows++] = row;
}

struct of_plan *of_plan_read(const char *path)
{
    struct of_plan *plan = xzalloc(sizeof *plan);
    FILE *file = fopen(path, "r");
    char line[512];

    if (!file) {
        ovs_fatal(errno, "%s", path);
    }
    for (unsigned int number = 1; fgets(line, sizeof line, file); number++) {
        add_row(plan, path, number, line);
    }
    fclose(file);
    if (!plan->n_rows) {
        ovs_fatal(0, "%s: no packets", path);
    }
    for (size_t i = 0; i < plan->n_rows; i++) {
        for (int kind = 0; kind < OF_N_KINDS; kind++) {
            make_template(plan, &plan->rows[i], kind);
        }
    }
    return plan;
}

void of_plan_free(struct of_plan *plan)
{
    for (size_t i = 0; plan && i < plan->n_rows; i++) {
        for (int kind = 0; kind < OF_N_KINDS; kind++) {
            free(plan->rows[i].templates[kind].data);
        }
    }
    if (plan) {
        free(plan->rows);
        free(plan);
    }
}
