#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# linux-bridge - a Linux bridge without a filter ("plain"), or with a stateful one of nftables ("nft"): in the bridge
# family where the kernel tracks connections there, else in the inet family by way of bridge-nf-call-iptables.
KIND=${1:-plain} BENCH_PORTS=${2:-plain}
. "${ZW_SRCDIR:-$(dirname "$0")/../../..}/tests/bench/contenders/common.sh"

in_switch() { ip netns exec "$(_zw_ns switch)" "$@"; }

# Offloads are those of the VMs' ends; their packets go through this bridge as they are.
add_bridge() {
    local name ifname
    ip -n "$(_zw_ns switch)" link add br0 type bridge stp_state 0 forward_delay 0 mcast_snooping 0 &&
        ip -n "$(_zw_ns switch)" link set br0 up || return 1
    for name in client server attacker; do
        ifname=$(bench_ifname "$name")
        _zw_host "$name" switch "$ifname" "${bench_ipv4[$name]}/16" "${bench_ipv6[$name]}/48" &&
            ip -n "$(_zw_ns switch)" link set "$ifname" master br0 && _bench_tune "$name" || return 1
    done
}

# call_iptables 0|1: whether bridged packets pass the inet family, where this kernel can do that at all.
call_iptables() {
    if [ -e /proc/sys/net/bridge/bridge-nf-call-iptables ]; then
        in_switch sysctl -qw "net.bridge.bridge-nf-call-iptables=$1" "net.bridge.bridge-nf-call-ip6tables=$1"
    else
        [ "$1" -eq 0 ]
    fi
}

# ruleset FAMILY: who may open a session is known by port in the bridge family, by address in inet, which does not see it.
ruleset() {
    local senders='iifname { "vnet-c0", "vnet-a0" } oifname "vnet-s0"' arp='ether type arp accept' senders6
    senders6=$senders
    if [ "$1" = inet ]; then
        senders="ip saddr { ${bench_ipv4[client]}, ${bench_ipv4[attacker]} } ip daddr ${bench_ipv4[server]}" arp=''
        senders6="ip6 saddr { ${bench_ipv6[client]}, ${bench_ipv6[attacker]} } ip6 daddr ${bench_ipv6[server]}"
    else
        senders6="meta protocol ip6 $senders" senders="meta protocol ip $senders"
    fi
    cat <<RULES
table $1 bench {
    chain forward {
        type filter hook forward priority 0; policy drop;
        $arp
        icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept
        ct state established,related accept
        ct state invalid drop
        $senders tcp dport $BENCH_FIRST-$BENCH_LAST tcp flags & (fin|syn|rst|ack) == syn accept
        $senders udp dport $BENCH_FIRST-$BENCH_LAST accept
        $senders6 tcp dport $BENCH_FIRST-$BENCH_LAST tcp flags & (fin|syn|rst|ack) == syn accept
        $senders6 udp dport $BENCH_FIRST-$BENCH_LAST accept
    }
}
RULES
}

add_filter() {
    # Sessions that have ended stay for two minutes by default, and the host's table is too small for what a load makes
    # in that time.  Only the first namespace could enlarge it.
    in_switch sysctl -qw net.netfilter.nf_conntrack_tcp_timeout_time_wait=2 net.netfilter.nf_conntrack_tcp_timeout_close=2 \
        net.netfilter.nf_conntrack_udp_timeout=3 net.netfilter.nf_conntrack_tcp_timeout_syn_sent=3
    if ruleset bridge | in_switch nft -f -; then
        family=bridge
    elif call_iptables 1 && ruleset inet | in_switch nft -f -; then
        family=inet
    else
        bench_cannot "this kernel tracks no connections on a bridge"
    fi
}

family= # Of the filter, if there is one.
zw_playground_empty || bench_cannot "no namespaces"
call_iptables 0
add_bridge || bench_cannot "the bridge does not start"
if [ "$KIND" = nft ]; then
    bench_need nft
    add_filter
fi
bench_servers
if [ "$KIND" = nft ]; then bench_check_policy filters; else bench_check_policy passes; fi
bench_vms_ready ${family:+note="'nftables in the $family family; its table keeps what has ended for 2 s'"}
bench_serve
