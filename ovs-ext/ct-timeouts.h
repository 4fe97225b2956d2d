/* SPDX-License-Identifier: Apache-2.0 */
/* ct-timeouts - how long conntrack keeps sessions, and in which of its zones that is ours to say. */

#ifndef ZW_OVS_CT_TIMEOUTS_H
#define ZW_OVS_CT_TIMEOUTS_H 1

#include <stdint.h>

/* The timeouts that there are, as OVSDB's table CT_Timeout_Policy names them: ovs-vswitchd.conf.db(5) says which of them
 * each datapath has, and for what. */
#define ZW_CT_TIMEOUTS                                \
    ZW_CT_TIMEOUT(TCP_SYN_SENT, "tcp_syn_sent")       \
    ZW_CT_TIMEOUT(TCP_SYN_RECV, "tcp_syn_recv")       \
    ZW_CT_TIMEOUT(TCP_ESTABLISHED, "tcp_established") \
    ZW_CT_TIMEOUT(TCP_FIN_WAIT, "tcp_fin_wait")       \
    ZW_CT_TIMEOUT(TCP_CLOSE_WAIT, "tcp_close_wait")   \
    ZW_CT_TIMEOUT(TCP_LAST_ACK, "tcp_last_ack")       \
    ZW_CT_TIMEOUT(TCP_TIME_WAIT, "tcp_time_wait")     \
    ZW_CT_TIMEOUT(TCP_CLOSE, "tcp_close")             \
    ZW_CT_TIMEOUT(TCP_SYN_SENT2, "tcp_syn_sent2")     \
    ZW_CT_TIMEOUT(TCP_RETRANSMIT, "tcp_retransmit")   \
    ZW_CT_TIMEOUT(TCP_UNACK, "tcp_unack")             \
    ZW_CT_TIMEOUT(UDP_FIRST, "udp_first")             \
    ZW_CT_TIMEOUT(UDP_SINGLE, "udp_single")           \
    ZW_CT_TIMEOUT(UDP_MULTIPLE, "udp_multiple")       \
    ZW_CT_TIMEOUT(ICMP_FIRST, "icmp_first")           \
    ZW_CT_TIMEOUT(ICMP_REPLY, "icmp_reply")

enum zw_ct_timeout {
#define ZW_CT_TIMEOUT(NAME, TEXT) ZW_CT_##NAME,
    ZW_CT_TIMEOUTS
#undef ZW_CT_TIMEOUT
        ZW_CT_N_TIMEOUTS
};

struct zw_ct_timeouts {
    uint32_t s[ZW_CT_N_TIMEOUTS]; /* 0: as the datapath has it. */
};

const char *zw_ct_timeout_name(enum zw_ct_timeout);

enum zw_datapath { ZW_DATAPATH_NETDEV, ZW_DATAPATH_SYSTEM, ZW_N_DATAPATHS };
const char *zw_datapath_name(enum zw_datapath); /* As in Bridge.datapath_type. */

#define ZW_CT_N_ZONES 65536u

/* The conntrack zones that are ours, and what they are to have. */
struct zw_ct_want {
    struct zw_ct_timeouts timeouts[ZW_N_DATAPATHS];
    uint64_t zones[ZW_N_DATAPATHS][ZW_CT_N_ZONES / 64]; /* A bit each. */
};

static inline void zw_ct_want_add(struct zw_ct_want *want, enum zw_datapath datapath, uint16_t zone)
{
    want->zones[datapath][zone / 64] |= UINT64_C(1) << zone % 64;
}

static inline _Bool zw_ct_want_has(const struct zw_ct_want *want, enum zw_datapath datapath, uint16_t zone)
{
    return want->zones[datapath][zone / 64] >> zone % 64 & 1;
}

#endif
