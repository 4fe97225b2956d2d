/* SPDX-License-Identifier: Apache-2.0 */
/* ofp-encode - what we say to a switch: OpenFlow 1.5 with the Nicira extensions.
 *
 * Every function appends whole messages to an outbuf.  Where an answer is to come the transaction id is returned, in
 * the byte order in which zw_ofp_decode() reports it. */

#ifndef ZW_OVS_OFP_ENCODE_H
#define ZW_OVS_OFP_ENCODE_H 1

#include "ovs-ext/flow-table.h"
#include "ovs-ext/outbuf.h"

void zw_ofp_put_hello(struct zw_outbuf *);

/* After the hellos: a connection for flows gets no packets, one for packets only those for this id.  Either makes the bridge show the
 * ports of first fragments. */
void zw_ofp_put_setup_flows(struct zw_outbuf *);
void zw_ofp_put_setup_packets(struct zw_outbuf *, uint16_t controller_id);

void zw_ofp_put_config_flows(struct zw_outbuf *);   /* The bridge's setting once more, on a connection for flows. */
void zw_ofp_put_config_request(struct zw_outbuf *); /* What it is. */

void zw_ofp_put_echo_request(struct zw_outbuf *);
void zw_ofp_put_echo_reply(struct zw_outbuf *, const uint8_t *request, size_t size);
uint32_t zw_ofp_put_barrier(struct zw_outbuf *);
uint32_t zw_ofp_put_flow_dump(struct zw_outbuf *); /* All tables. */
uint32_t zw_ofp_put_stage_dump(struct zw_outbuf *, enum zw_stage);
uint32_t zw_ofp_put_flow_monitor(struct zw_outbuf *); /* Changes from now on, by anybody but us. */
uint32_t zw_ofp_put_meter_mod(struct zw_outbuf *, bool modify, uint32_t meter_id, uint32_t pps, uint32_t burst);
void zw_ofp_put_meter_delete(struct zw_outbuf *, uint32_t meter_id);
uint32_t zw_ofp_put_meter_dump(struct zw_outbuf *);     /* What meters there are. */
uint32_t zw_ofp_put_meter_counters(struct zw_outbuf *); /* What they have counted. */

/* Changes in one ordered, atomic bundle (OpenFlow 1.5, 7.3.9), in two steps.  First all changes are put into the
 * bundle, and a barrier: an error before the barrier is answered means that the switch refuses one of them, and a commit
 * would apply the others without it.  Then commit, or discard.  The reply to a commit says that all changes are in
 * force, an error that none is. */
struct zw_ofp_bundle {
    uint32_t first_xid; /* Of the first change; the others count on from there. */
    uint32_t barrier_xid;
};
struct zw_ofp_bundle zw_ofp_put_bundle(struct zw_outbuf *, uint32_t bundle_id, const struct zw_changes *);

struct zw_ofp_commit {
    uint32_t xid, barrier_xid;
};
struct zw_ofp_commit zw_ofp_put_bundle_commit(struct zw_outbuf *, uint32_t bundle_id);
void zw_ofp_put_bundle_discard(struct zw_outbuf *, uint32_t bundle_id);

#endif
