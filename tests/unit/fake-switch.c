/* SPDX-License-Identifier: Apache-2.0 */
#include <config.h>

#include "tests/unit/fake-switch-private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/listener.h>

#include "openflow/nicira-ext.h"
#include "openvswitch/list.h"
#include "openvswitch/ofp-bundle.h"
#include "openvswitch/ofp-connection.h"
#include "openvswitch/ofp-errors.h"
#include "openvswitch/ofp-flow.h"
#include "openvswitch/ofp-monitor.h"
#include "openvswitch/ofp-msgs.h"
#include "openvswitch/ofp-switch.h"
#include "openvswitch/ofp-util.h"
#include "ovs-ext/flow-private.h"
#include "ovs-ext/ofp-decode.h"
#include "lib/byte-order.h"
#include "lib/flow.h"
#include "lib/util.h"

#define PROTOCOL OFPUTIL_P_OF15_OXM

/* One message of a bundle. */
struct pending {
    struct ovs_list node;
    struct zw_flow *flow;
    bool is_deletion;
};

/* --- Sending. --- */

static void send_bytes(struct connection *c, const void *data, size_t size)
{
    bufferevent_write(c->bev, data, size);
}

static void send_msg(struct connection *c, struct ofpbuf *msg)
{
    ofpmsg_update_length(msg);
    send_bytes(c, msg->data, msg->size);
    ofpbuf_delete(msg);
}

static void send_list(struct connection *c, struct ovs_list *messages)
{
    struct ofpbuf *msg;

    LIST_FOR_EACH_POP (msg, list_node, messages) {
        send_msg(c, msg);
    }
}

static void send_error(struct connection *c, enum ofperr error, const struct ofp_header *oh)
{
    send_msg(c, ofperr_encode_reply(error, oh));
}

/* --- Flows. --- */

static void append_stats(void *replies, const struct zw_flow *flow)
{
    struct ofputil_flow_stats stats = {
        .cookie = htonll(flow->cookie),
        .table_id = flow->table,
        .priority = flow->priority,
        .idle_timeout = flow->timed ? 300 : 0,
        .packet_count = 3,
        .byte_count = 180,
        .ofpacts = flow->ofpacts.data,
        .ofpacts_len = flow->ofpacts.size,
    };

    minimatch_expand(&flow->packed, &stats.match);
    ofputil_append_flow_stats_reply(&stats, replies, NULL);
}

struct stage_dump {
    struct ovs_list *replies;
    uint8_t table;
};

static void append_stage_stats(void *dump_, const struct zw_flow *flow)
{
    struct stage_dump *dump = dump_;

    if (dump->table == OFPTT_ALL || dump->table == flow->table) {
        append_stats(dump->replies, flow);
    }
}

static void send_stats(struct connection *c, const struct ofp_header *oh)
{
    struct ofputil_flow_stats_request request;
    struct ovs_list replies;

    if (ofputil_decode_flow_stats_request(&request, oh, NULL, NULL)) {
        send_error(c, OFPERR_OFPBRC_BAD_LEN, oh);
        return;
    }
    ofpmp_init(&replies, oh);
    struct stage_dump dump = {&replies, request.table_id};
    zw_flow_table_each(c->fake->flows, append_stage_stats, &dump);
    send_list(c, &replies);
    if (c->fake->foreign_during_dump) {
        c->fake->foreign_during_dump = false;
        fake_switch_foreign_add(c->fake, zw_flow_new(ZW_STAGE_GUARD, 4711, 0));
    }
}

struct updates {
    struct ovs_list messages;
    enum ofp_flow_update_event event;
};

static void append_update(void *updates_, const struct zw_flow *flow)
{
    struct updates *updates = updates_;
    struct ofputil_flow_update update = {
        .event = updates->event, .table_id = flow->table, .cookie = htonll(flow->cookie), .priority = flow->priority};

    minimatch_expand(&flow->packed, &update.match);
    ofputil_append_flow_update(&update, &updates->messages, NULL);
}

static void send_updates(struct fake_switch *fake, const struct zw_flow_table *flows, enum ofp_flow_update_event event)
{
    struct connection *c;

    LIST_FOR_EACH (c, node, &fake->private_->connections) {
        if (c->monitors) {
            struct updates updates = {.event = event};

            ofputil_start_flow_update(&updates.messages, PROTOCOL);
            zw_flow_table_each(flows, append_update, &updates);
            send_list(c, &updates.messages);
        }
    }
}

/* One for all changes that the owner of the connection made itself. */
static void send_abbreviated(struct connection *c)
{
    struct ofputil_flow_update update = {.event = OFPFME_ABBREV, .xid = htonl(1)};
    struct ovs_list messages;

    if (c->monitors) {
        ofputil_start_flow_update(&messages, PROTOCOL);
        ofputil_append_flow_update(&update, &messages, NULL);
        send_list(c, &messages);
    }
}

void fake_switch_foreign_clear(struct fake_switch *fake)
{
    send_updates(fake, fake->flows, OFPFME_REMOVED);
    zw_flow_table_clear(fake->flows);
}

void fake_switch_foreign_add(struct fake_switch *fake, struct zw_flow *flow)
{
    struct zw_flow_table *one = zw_flow_table_new();

    zw_flow_table_add(one, zw_flow_clone(flow));
    send_updates(fake, one, OFPFME_ADDED);
    zw_flow_table_free(one);
    zw_flow_table_replace(fake->flows, flow);
}

void fake_switch_foreign_pause(struct fake_switch *fake)
{
    struct connection *c;

    LIST_FOR_EACH (c, node, &fake->private_->connections) {
        if (c->monitors) {
            send_msg(c, ofputil_encode_flow_monitor_pause(OFPFME_PAUSED, PROTOCOL));
            send_msg(c, ofputil_encode_flow_monitor_pause(OFPFME_RESUMED, PROTOCOL));
        }
    }
}

/* --- Bundles. --- */

static void discard(struct connection *c)
{
    struct pending *pending;

    LIST_FOR_EACH_POP (pending, node, &c->bundle) {
        zw_flow_free(pending->flow);
        free(pending);
    }
}

static void add_to_bundle(struct connection *c, const struct ofp_header *oh)
{
    struct ofputil_bundle_add_msg add;
    struct ofputil_flow_mod mod;
    struct ofpbuf ofpacts;
    struct match match;
    enum ofptype type;

    ofpbuf_init(&ofpacts, 0);
    enum ofperr error = ofputil_decode_bundle_add(oh, &add, &type);
    if (!error) {
        error = ofputil_decode_flow_mod(&mod, add.msg, PROTOCOL, NULL, NULL, &ofpacts, u16_to_ofp(0xff00), 255);
    }
    if (error) {
        send_error(c, error, oh);
    } else {
        struct pending *pending = xmalloc(sizeof *pending);

        minimatch_expand(&mod.match, &match);
        pending->flow = zw_flow_from_switch(mod.table_id, (uint16_t)mod.priority, ntohll(mod.new_cookie), &match,
                                            ofpacts.data, ofpacts.size);
        pending->is_deletion = mod.command == OFPFC_DELETE_STRICT;
        ovs_list_push_back(&c->bundle, &pending->node);
        minimatch_destroy(&mod.match);
    }
    ofpbuf_uninit(&ofpacts);
}

static bool is_unmetered(struct fake_switch *fake, const struct zw_flow *flow)
{
    return zw_flow_learn_meter(flow) && !fake_switch_has_meter(fake, zw_flow_learn_meter(flow));
}

static void commit(struct connection *c)
{
    struct pending *pending;
    bool any = !ovs_list_is_empty(&c->bundle);

    LIST_FOR_EACH_POP (pending, node, &c->bundle) {
        if (pending->is_deletion) {
            zw_flow_table_remove(c->fake->flows, pending->flow);
            zw_flow_free(pending->flow);
        } else {
            c->fake->n_unmetered += is_unmetered(c->fake, pending->flow);
            zw_flow_table_replace(c->fake->flows, pending->flow);
        }
        free(pending);
    }
    if (any) {
        send_abbreviated(c);
    }
}

static void control_bundle(struct connection *c, const struct ofp_header *oh, enum fake_request request)
{
    struct ofputil_bundle_ctrl_msg control;

    ofputil_decode_bundle_ctrl(oh, &control);
    if (request == FAKE_COMMIT) {
        commit(c);
    } else {
        discard(c);
    }
    control.type++; /* Each reply follows its request. */
    send_msg(c, ofputil_encode_bundle_ctrl_reply(oh, &control));
}

/* --- Being asked. --- */

static void answer_meter(struct connection *c, const struct ofp_header *oh)
{
    enum ofperr error = fake_switch_change_meter(c->fake, oh);

    if (error) {
        send_error(c, error, oh);
    }
}

static void answer_meter_dump(struct connection *c, const struct ofp_header *oh)
{
    struct ovs_list replies;

    ofpmp_init(&replies, oh);
    fake_switch_list_meters(c->fake, &replies);
    send_list(c, &replies);
}

static void answer_monitor(struct connection *c, const struct ofp_header *oh)
{
    struct ovs_list replies;

    c->monitors = true;
    ofpmp_init(&replies, oh);
    send_list(c, &replies);
}

static void answer_config(struct connection *c, const struct ofp_header *oh)
{
    const struct ofputil_switch_config config = {.frag = c->fake->hides_fragments ? OFPUTIL_FRAG_NORMAL
                                                                                  : OFPUTIL_FRAG_NX_MATCH};

    send_msg(c, ofputil_encode_get_config_reply(oh, &config));
}

static void set_config(struct connection *c, const struct ofp_header *oh)
{
    struct ofputil_switch_config config;

    enum ofperr error = ofputil_decode_set_config(oh, &config);
    if (error) {
        send_error(c, error, oh);
    } else {
        c->fake->hides_fragments = config.frag != OFPUTIL_FRAG_NX_MATCH;
    }
}

static void answer(struct connection *c, const struct ofp_header *oh, enum fake_request request)
{
    switch (request) {
    case FAKE_ECHO:
        send_msg(c, ofputil_encode_echo_reply(oh));
        break;
    case FAKE_DUMP:
        send_stats(c, oh);
        break;
    case FAKE_METER:
        answer_meter(c, oh);
        break;
    case FAKE_METER_DUMP:
        answer_meter_dump(c, oh);
        break;
    case FAKE_MONITOR:
        answer_monitor(c, oh);
        break;
    case FAKE_OPEN:
    case FAKE_COMMIT:
    case FAKE_DISCARD:
        control_bundle(c, oh, request);
        break;
    case FAKE_ADD:
        add_to_bundle(c, oh);
        break;
    case FAKE_BARRIER:
        send_msg(c, ofpraw_alloc_reply(OFPRAW_OFPT11_BARRIER_REPLY, oh, 0));
        break;
    case FAKE_CONFIG:
        answer_config(c, oh);
        break;
    case FAKE_SET_CONFIG:
        set_config(c, oh);
        break;
    case FAKE_CONNECT:
        send_msg(c, ofputil_encode_hello(0x7e));
        break;
    case FAKE_HELLO:
    case FAKE_RESUME:
    case FAKE_END:
    case FAKE_OTHER:
    case FAKE_N_REQUESTS:
        break;
    }
}

static void play_trick(struct connection *c, const struct ofp_header *oh, enum fake_trick trick)
{
    static const uint8_t bad_message[] = {6, 99, 0, 8, 0, 0, 0, 1}, old_version[] = {4, 2, 0, 8, 0, 0, 0, 1},
                         half[] = {6, 19, 0, 200, 0, 0, 0, 1, 0, 1, 0};

    switch (trick) {
    case FAKE_RUBBISH:
        send_bytes(c, "HTTP/1.1 400 Bad Request\r\n", 26);
        break;
    case FAKE_BAD_MESSAGE:
        send_bytes(c, bad_message, sizeof bad_message);
        break;
    case FAKE_OLD_VERSION:
        send_bytes(c, old_version, sizeof old_version);
        break;
    case FAKE_HALF:
        send_bytes(c, half, sizeof half);
        c->closing = true;
        break;
    case FAKE_CLOSE:
        c->closing = true;
        break;
    case FAKE_REFUSE:
        send_error(c, OFPERR_OFPBRC_EPERM, oh);
        break;
    case FAKE_IGNORE:
    case FAKE_NO_TRICK:
        break;
    }
}

static void handle(struct connection *c, const struct ofp_header *oh, enum fake_request request)
{
    struct fake_switch *fake = c->fake;
    bool trick = fake->trick && fake->trick_at == request && !fake->trick_nth--;

    fake->n[request]++;
    if (trick) {
        enum fake_trick which = fake->trick;

        fake->trick = FAKE_NO_TRICK;
        play_trick(c, oh, which);
    } else {
        answer(c, oh, request);
    }
}

static enum fake_request bundle_request(const struct ofp_header *oh)
{
    struct ofputil_bundle_ctrl_msg control;

    ofputil_decode_bundle_ctrl(oh, &control);
    return control.type == OFPBCT_OPEN_REQUEST     ? FAKE_OPEN
           : control.type == OFPBCT_COMMIT_REQUEST ? FAKE_COMMIT
                                                   : FAKE_DISCARD;
}

static enum fake_request request_of(const struct ofp_header *oh)
{
    enum ofptype type;

    if (ofptype_decode(&type, oh)) {
        return FAKE_OTHER;
    }
    switch ((int)type) {
    case OFPTYPE_HELLO:
        return FAKE_HELLO;
    case OFPTYPE_ECHO_REQUEST:
        return FAKE_ECHO;
    case OFPTYPE_FLOW_STATS_REQUEST:
        return FAKE_DUMP;
    case OFPTYPE_GET_CONFIG_REQUEST:
        return FAKE_CONFIG;
    case OFPTYPE_SET_CONFIG:
        return FAKE_SET_CONFIG;
    case OFPTYPE_METER_MOD:
        return FAKE_METER;
    case OFPTYPE_METER_CONFIG_STATS_REQUEST:
        return FAKE_METER_DUMP;
    case OFPTYPE_FLOW_MONITOR_STATS_REQUEST:
        return FAKE_MONITOR;
    case OFPTYPE_BUNDLE_CONTROL:
        return bundle_request(oh);
    case OFPTYPE_BUNDLE_ADD_MESSAGE:
        return FAKE_ADD;
    case OFPTYPE_BARRIER_REQUEST:
        return FAKE_BARRIER;
    case OFPTYPE_NXT_RESUME:
        return FAKE_RESUME;
    case OFPTYPE_CT_FLUSH:
    case OFPTYPE_PACKET_OUT:
        return FAKE_END;
    default:
        return FAKE_OTHER;
    }
}

/* The id that a connection says it has, 0: that is not what it says. */
static uint16_t controller_id(const struct ofp_header *oh)
{
    enum ofptype type;

    if (ofptype_decode(&type, oh) || type != OFPTYPE_SET_CONTROLLER_ID) {
        return 0;
    }
    return ntohs(((const struct nx_controller_id *)ofpmsg_body(oh))->controller_id);
}

/* --- Connections. --- */

void fake_switch_close(struct connection *c)
{
    discard(c);
    bufferevent_free(c->bev);
    ovs_list_remove(&c->node);
    free(c);
}

static void on_sent(struct bufferevent *bev, void *c_)
{
    struct connection *c = c_;

    (void)bev;
    if (c->closing) {
        fake_switch_close(c);
    }
}

static void on_read(struct bufferevent *bev, void *c_)
{
    struct evbuffer *in = bufferevent_get_input(bev);
    struct connection *c = c_;
    uint8_t header[8];

    while (!c->closing && evbuffer_copyout(in, header, sizeof header) == sizeof header &&
           evbuffer_get_length(in) >= zw_ofp_message_size(header)) {
        size_t size = zw_ofp_message_size(header);
        struct ofp_header *oh = xmalloc(size);

        evbuffer_remove(in, oh, size);
        c->wants_packets |= controller_id(oh) == ZW_CONTROLLER_ID;
        handle(c, oh, request_of(oh));
        free(oh);
    }
    if (c->closing && !evbuffer_get_length(bufferevent_get_output(bev))) {
        fake_switch_close(c);
    }
}

static void on_event(struct bufferevent *bev, short what, void *c)
{
    (void)bev;
    if (what & (BEV_EVENT_EOF | BEV_EVENT_ERROR)) {
        fake_switch_close(c);
    }
}

static void on_accept(struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *addr, int addr_size,
                      void *fake_)
{
    struct fake_switch *fake = fake_;
    struct connection *c = xzalloc(sizeof *c);

    (void)listener, (void)addr, (void)addr_size;
    c->fake = fake;
    ovs_list_init(&c->bundle);
    c->bev = bufferevent_socket_new(fake->private_->base, fd, BEV_OPT_CLOSE_ON_FREE);
    bufferevent_setcb(c->bev, on_read, on_sent, on_event, c);
    bufferevent_enable(c->bev, EV_READ | EV_WRITE);
    ovs_list_push_back(&fake->private_->connections, &c->node);
    handle(c, NULL, FAKE_CONNECT);
    if (c->closing && !evbuffer_get_length(bufferevent_get_output(c->bev))) {
        fake_switch_close(c);
    }
}

void fake_switch_die(struct fake_switch *fake)
{
    struct connection *c;

    if (fake->private_->listener) {
        evconnlistener_free(fake->private_->listener);
        fake->private_->listener = NULL;
        unlink(fake->private_->path);
    }
    LIST_FOR_EACH_SAFE (c, node, &fake->private_->connections) {
        fake_switch_close(c);
    }
    zw_flow_table_clear(fake->flows);
    fake->n_meters = 0;
}

void fake_switch_revive(struct fake_switch *fake)
{
    struct sockaddr_un addr = {.sun_family = AF_UNIX};

    snprintf(addr.sun_path, sizeof addr.sun_path, "%s", fake->private_->path);
    fake->private_->listener =
        evconnlistener_new_bind(fake->private_->base, on_accept, fake, LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC, 8,
                                (struct sockaddr *)&addr, sizeof addr);
    if (!fake->private_->listener) {
        printf("Bail out! cannot listen on %s\n", fake->private_->path);
        exit(99);
    }
}

struct fake_switch *fake_switch_new(struct event_base *base, const char *path)
{
    struct fake_switch *fake = xzalloc(sizeof *fake);

    fake->flows = zw_flow_table_new();
    fake->private_ = xzalloc(sizeof *fake->private_);
    fake->private_->base = base;
    fake->private_->path = xstrdup(path);
    ovs_list_init(&fake->private_->connections);
    fake_switch_revive(fake);
    return fake;
}

void fake_switch_free(struct fake_switch *fake)
{
    fake_switch_die(fake);
    zw_flow_table_free(fake->flows);
    free(fake->private_->path);
    free(fake->private_);
    free(fake);
}
