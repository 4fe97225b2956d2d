/* SPDX-License-Identifier: Apache-2.0 */
/* What a flow does. */

#include <config.h>

#include "ovs-ext/flow-private.h"

#include <string.h>

#include "lib/byte-order.h"
#include "lib/flow.h"
#include "lib/packets.h"
#include "openvswitch/meta-flow.h"
#include "openflow/nicira-ext.h"
#include "lib/util.h"

static struct mf_subfield subfield(enum mf_field_id id, unsigned int first, unsigned int n_bits)
{
    return (struct mf_subfield){.field = mf_from_id(id), .ofs = first, .n_bits = n_bits};
}

static struct mf_subfield reg_bits(enum zw_reg reg, unsigned int first, unsigned int n_bits)
{
    return subfield(MFF_REG0 + reg, first, n_bits);
}

static void put_move(struct ofpbuf *ofpacts, struct mf_subfield src, struct mf_subfield dst)
{
    struct ofpact_reg_move *move = ofpact_put_REG_MOVE(ofpacts);

    move->src = src;
    move->dst = dst;
}

static void put_set_reg(struct ofpbuf *ofpacts, enum zw_reg reg, uint32_t value, uint32_t mask)
{
    ovs_be32 value_be = htonl(value), mask_be = htonl(mask);

    ofpact_put_set_field(ofpacts, mf_from_id(MFF_REG0 + reg), &value_be, &mask_be);
}

void zw_act_read_service(struct zw_flow *flow, uint8_t proto)
{
    enum mf_field_id id = proto == IPPROTO_TCP ? MFF_TCP_DST : proto == IPPROTO_UDP ? MFF_UDP_DST : MFF_SCTP_DST;

    put_set_reg(&flow->ofpacts, ZW_REG_SERVICE, (uint32_t)proto << ZW_SERVICE_PROTO_FIRST, ZW_SERVICE_PROTO_MASK);
    put_move(&flow->ofpacts, subfield(id, 0, 16),
             reg_bits(ZW_REG_SERVICE, ZW_SERVICE_PORT_FIRST, ZW_SERVICE_PORT_BITS));
}

void zw_act_read_proto(struct zw_flow *flow)
{
    put_move(&flow->ofpacts, subfield(MFF_IP_PROTO, 0, 8),
             reg_bits(ZW_REG_SERVICE, ZW_SERVICE_PROTO_FIRST, ZW_SERVICE_PROTO_BITS));
}

static void put_resubmit(struct ofpbuf *ofpacts, enum zw_stage stage)
{
    struct ofpact_resubmit *resubmit = ofpact_put_RESUBMIT(ofpacts);

    resubmit->in_port = OFPP_IN_PORT;
    resubmit->table_id = stage;
}

void zw_act_set_reg(struct zw_flow *flow, enum zw_reg reg, uint32_t value)
{
    put_set_reg(&flow->ofpacts, reg, value, UINT32_MAX);
}

void zw_act_set_flags(struct zw_flow *flow, uint32_t value, uint32_t mask)
{
    put_set_reg(&flow->ofpacts, ZW_REG_FLAGS, value, mask);
}

void zw_act_measure(struct zw_flow *flow, uint16_t n_bytes)
{
    struct ofpact_check_pkt_larger *check = ofpact_put_CHECK_PKT_LARGER(&flow->ofpacts);

    check->pkt_len = n_bytes;
    check->dst = reg_bits(ZW_REG_FLAGS, ZW_FLAG_LONG_FIRST, 1);
}

void zw_act_vlan_to_reg(struct zw_flow *flow, enum zw_reg reg)
{
    put_move(&flow->ofpacts, subfield(MFF_VLAN_TCI, 0, 12), reg_bits(reg, 0, 12));
}

void zw_act_pcp_to_flags(struct zw_flow *flow)
{
    put_move(&flow->ofpacts, subfield(MFF_VLAN_TCI, 13, 3),
             reg_bits(ZW_REG_FLAGS, ZW_FLAG_PCP_FIRST, ZW_FLAG_PCP_BITS));
}

void zw_act_pcp_from_flags(struct zw_flow *flow)
{
    put_move(&flow->ofpacts, reg_bits(ZW_REG_FLAGS, ZW_FLAG_PCP_FIRST, ZW_FLAG_PCP_BITS),
             subfield(MFF_VLAN_TCI, 13, 3));
}

/* Made from the wire's own words: there is an older action that does the same, and is written differently. */
void zw_act_pop_vlan(struct zw_flow *flow)
{
    static const uint64_t pop_vlan[] = {CONSTANT_HTONLL(UINT64_C(18) << 48 | UINT64_C(8) << 32)}; /* OFPAT_POP_VLAN */
    struct ofpbuf wire = ofpbuf_const_initializer(pop_vlan, sizeof pop_vlan), ofpacts;

    ofpbuf_init(&ofpacts, 0);
    ofpacts_pull_openflow_actions(&wire, wire.size, OFP15_VERSION, NULL, NULL, &ofpacts);
    ofpbuf_put(&flow->ofpacts, ofpacts.data, ofpacts.size);
    ofpbuf_uninit(&ofpacts);
}

static void put_push_vlan(struct zw_flow *flow)
{
    ofpact_put_PUSH_VLAN(&flow->ofpacts)->ethertype = htons(ETH_TYPE_VLAN_8021Q);
}

void zw_act_push_vlan(struct zw_flow *flow, unsigned int vid)
{
    ovs_be16 value = htons(vid | VLAN_CFI), mask = htons(VLAN_VID_MASK | VLAN_CFI);

    put_push_vlan(flow);
    ofpact_put_set_field(&flow->ofpacts, mf_from_id(MFF_VLAN_VID), &value, &mask);
}

void zw_act_push_vlan_from_reg(struct zw_flow *flow, enum zw_reg reg)
{
    put_push_vlan(flow);
    put_move(&flow->ofpacts, reg_bits(reg, 0, 12), subfield(MFF_VLAN_TCI, 0, 12));
}

void zw_act_goto(struct zw_flow *flow, enum zw_stage stage)
{
    put_resubmit(&flow->ofpacts, stage);
}

/* What is put between the two is for a copy of the packet. */
static size_t begin_clone(struct ofpbuf *ofpacts)
{
    size_t offset = ofpacts->size;

    ofpact_put_CLONE(ofpacts);
    return offset;
}

static void end_clone(struct ofpbuf *ofpacts, size_t offset)
{
    struct ofpact_nest *clone = ofpbuf_at_assert(ofpacts, offset, sizeof *clone);

    ofpacts->header = clone;
    ofpact_finish_CLONE(ofpacts, &clone);
}

void zw_act_copy_to(struct zw_flow *flow, uint32_t ofport, enum zw_stage stage)
{
    size_t offset = begin_clone(&flow->ofpacts);

    put_set_reg(&flow->ofpacts, ZW_REG_OUT_PORT, ofport, UINT32_MAX);
    put_resubmit(&flow->ofpacts, stage);
    end_clone(&flow->ofpacts, offset);
}

static void put_learn_field(struct ofpbuf *ofpacts, uint16_t dst_type, struct mf_subfield src, struct mf_subfield dst)
{
    struct ofpact_learn_spec *spec = ofpbuf_put_zeros(ofpacts, sizeof *spec);

    spec->src_type = NX_LEARN_SRC_FIELD;
    spec->dst_type = dst_type;
    spec->src = src;
    spec->dst = dst;
    spec->n_bits = dst.n_bits;
}

void zw_act_learn_mac(struct zw_flow *flow, uint32_t ofport)
{
    struct ofpact_learn *learn = ofpact_put_LEARN(&flow->ofpacts);

    learn->idle_timeout = ZW_MAC_IDLE_S;
    learn->priority = 100;
    learn->table_id = ZW_STAGE_MACS;
    learn->flags = NX_LEARN_F_DELETE_LEARNED;
    learn->cookie = htonll(zw_cookie(ZW_COOKIE_LEARNED, ofport));
    learn->limit = ZW_MACS_PER_PORT;

    struct mf_subfield segment = reg_bits(ZW_REG_SEGMENT, 0, 32);
    put_learn_field(&flow->ofpacts, NX_LEARN_DST_MATCH, segment, segment);
    put_learn_field(&flow->ofpacts, NX_LEARN_DST_MATCH, subfield(MFF_ETH_SRC, 0, 48), subfield(MFF_ETH_DST, 0, 48));
    put_learn_field(&flow->ofpacts, NX_LEARN_DST_LOAD, subfield(MFF_IN_PORT, 0, 16), reg_bits(ZW_REG_OUT_PORT, 0, 16));
    learn = flow->ofpacts.header;
    ofpact_finish_LEARN(&flow->ofpacts, &learn);
}

static struct ofpact_conntrack *put_ct(struct ofpbuf *ofpacts, uint16_t flags, uint8_t table)
{
    struct ofpact_conntrack *ct = ofpact_put_CT(ofpacts);

    ct->flags = flags;
    ct->zone_src = reg_bits(ZW_REG_CT_ZONE, 0, 16);
    ct->recirc_table = table;
    return ct;
}

void zw_act_ct(struct zw_flow *flow, enum zw_stage stage)
{
    struct ofpact_conntrack *ct = put_ct(&flow->ofpacts, 0, stage);

    ofpact_finish(&flow->ofpacts, &ct->ofpact);
}

static void put_label_from_reg(struct ofpbuf *ofpacts, enum zw_reg reg, unsigned int reg_first, unsigned int first,
                               unsigned int n_bits)
{
    put_move(ofpacts, reg_bits(reg, reg_first, n_bits), subfield(MFF_CT_LABEL, first, n_bits));
}

static void put_label_allowed(struct ofpbuf *ofpacts)
{
    ovs_be128 value = {.be64 = {.hi = 0, .lo = htonll(UINT64_C(1) << ZW_LABEL_ALLOWED_FIRST)}};

    ofpact_put_set_field(ofpacts, mf_from_id(MFF_CT_LABEL), &value, &value);
}

static void put_commit(struct ofpbuf *ofpacts, uint8_t table)
{
    size_t offset = ofpacts->size;

    put_ct(ofpacts, NX_CT_F_COMMIT, table);
    put_label_allowed(ofpacts);
    put_label_from_reg(ofpacts, ZW_REG_FLAGS, ZW_FLAG_SLOW_FIRST, ZW_LABEL_SLOW_FIRST, ZW_LABEL_SLOW_BITS);
    put_label_from_reg(ofpacts, ZW_REG_FLAGS, ZW_FLAG_LOG_FIRST, ZW_LABEL_LOGGED_FIRST, ZW_LABEL_LOGGED_BITS);
    put_label_from_reg(ofpacts, ZW_REG_RULE, 0, ZW_LABEL_RULE_FIRST, ZW_LABEL_RULE_BITS);
    put_label_from_reg(ofpacts, ZW_REG_VERSION, 0, ZW_LABEL_VERSION_FIRST, ZW_LABEL_VERSION_BITS);
    put_label_from_reg(ofpacts, ZW_REG_SRC_ZONE, 0, ZW_LABEL_SRC_ZONE_FIRST, ZW_LABEL_SRC_ZONE_BITS);
    put_label_from_reg(ofpacts, ZW_REG_DST_ZONE, 0, ZW_LABEL_DST_ZONE_FIRST, ZW_LABEL_DST_ZONE_BITS);

    put_move(ofpacts, subfield(MFF_IN_PORT, 0, ZW_MARK_IN_PORT_BITS),
             subfield(MFF_CT_MARK, ZW_MARK_IN_PORT_FIRST, ZW_MARK_IN_PORT_BITS));
    put_move(ofpacts, reg_bits(ZW_REG_OUT_PORT, 0, ZW_MARK_OUT_PORT_BITS),
             subfield(MFF_CT_MARK, ZW_MARK_OUT_PORT_FIRST, ZW_MARK_OUT_PORT_BITS));

    struct ofpact_conntrack *ct = ofpbuf_at_assert(ofpacts, offset, sizeof *ct);
    ofpacts->header = ct;
    ofpact_finish_CT(ofpacts, &ct);
}

void zw_act_ct_commit(struct zw_flow *flow)
{
    size_t offset = begin_clone(&flow->ofpacts);

    put_commit(&flow->ofpacts, NX_CT_RECIRC_NONE);
    end_clone(&flow->ofpacts, offset);
}

void zw_act_ct_commit_to(struct zw_flow *flow, enum zw_stage stage)
{
    put_commit(&flow->ofpacts, stage);
}

void zw_act_punt(struct zw_flow *flow, enum zw_punt punt, bool pause, uint32_t meter_id)
{
    const uint8_t userdata[8] = {punt};
    struct ofpact_controller *controller = ofpact_put_CONTROLLER(&flow->ofpacts);

    controller->max_len = pause                    ? ZW_PAUSE_MAX_LEN
                          : punt == ZW_PUNT_REJECT ? ZW_REJECT_MAX_LEN
                          : punt == ZW_PUNT_LEARN  ? ZW_LEARN_MAX_LEN
                                                   : ZW_COPY_MAX_LEN;
    controller->controller_id = punt == ZW_PUNT_LEARN ? ZW_LEARN_CONTROLLER_ID : ZW_CONTROLLER_ID;
    controller->reason = OFPR_ACTION;
    controller->pause = pause;
    controller->meter_id = meter_id ? meter_id : NX_CTLR_NO_METER;
    controller->provider_meter_id = UINT32_MAX;
    controller->userdata_len = sizeof userdata;
    ofpbuf_put(&flow->ofpacts, userdata, sizeof userdata);
    controller = flow->ofpacts.header;
    ofpact_finish_CONTROLLER(&flow->ofpacts, &controller);
}

void zw_act_meter(struct zw_flow *flow, uint32_t meter_id)
{
    struct ofpact_meter *meter = ofpact_put_METER(&flow->ofpacts);

    meter->meter_id = meter_id;
    meter->provider_meter_id = UINT32_MAX;
}

/* 0: none. */
static uint32_t meter_of(const struct ofpact *action)
{
    return action->type == OFPACT_CONTROLLER ? ofpact_get_CONTROLLER(action)->meter_id
           : action->type == OFPACT_METER    ? ofpact_get_METER(action)->meter_id
                                             : 0;
}

bool zw_flow_names_meter(const struct zw_flow *flow, uint32_t meter_id)
{
    const struct ofpact *action;

    OFPACT_FOR_EACH(action, flow->ofpacts.data, flow->ofpacts.size)
    {
        if (meter_of(action) == meter_id) {
            return true;
        }
    }
    return false;
}

uint32_t zw_flow_learn_meter(const struct zw_flow *flow)
{
    const struct ofpact *action;

    if (flow->table != ZW_STAGE_BINDING) {
        return 0; /* A flow that floods has a thousand actions; and VERDICT's meters are the same on every bridge. */
    }
    OFPACT_FOR_EACH(action, flow->ofpacts.data, flow->ofpacts.size)
    {
        uint32_t id = meter_of(action);

        if (zw_meter_learns(id)) {
            return id;
        }
    }
    return 0;
}

void zw_act_conjunction(struct zw_flow *flow, uint32_t id, unsigned int clause, unsigned int n_clauses)
{
    struct ofpact_conjunction *conjunction = ofpact_put_CONJUNCTION(&flow->ofpacts);

    conjunction->id = id;
    conjunction->clause = clause;
    conjunction->n_clauses = n_clauses;
}

void zw_act_output(struct zw_flow *flow, uint32_t ofport)
{
    ofpact_put_OUTPUT(&flow->ofpacts)->port = u16_to_ofp(ofport);
}
