#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# ovs-ct - the least that a stateful filter in OVS needs, in hand-written flows: one pass through conntrack, and a commit
# with a label.  A yardstick, not a product.
BENCH_PORTS=${1:-plain}
. "${ZW_SRCDIR:-$(dirname "$0")/../../..}/tests/bench/contenders/common.sh"

# Who may open a session is a port's number; a range of ports has as few masks as OVS itself finds.
flows() {
    local sender kind commit='ct(commit,zone=1,exec(set_field:0x1->ct_label)),NORMAL'
    cat <<'FLOWS'
table=0,priority=200,arp,actions=NORMAL
table=0,priority=200,icmp6,icmp_type=135,actions=NORMAL
table=0,priority=200,icmp6,icmp_type=136,actions=NORMAL
table=0,priority=100,ip,actions=ct(table=1,zone=1)
table=0,priority=100,ipv6,actions=ct(table=1,zone=1)
table=1,priority=200,ct_state=+trk+inv,actions=drop
table=1,priority=100,ct_state=+trk-new,ct_label=0x1/0x1,actions=NORMAL
table=1,priority=100,ct_state=+trk+rel,actions=NORMAL
FLOWS
    for sender in vnet-c0 vnet-a0; do
        for kind in tcp,tcp_flags=+syn-ack tcp6,tcp_flags=+syn-ack udp udp6; do
            port_masks | while read -r mask; do
                echo "table=1,priority=50,ct_state=+trk+new,in_port=$sender,${kind%%,*},tp_dst=$mask${kind#"${kind%%,*}"},actions=$commit"
            done
        done
    done
}

# The range of allowed ports as VALUE/MASK.
port_masks() {
    local first=$BENCH_FIRST size
    while [ "$first" -le "$BENCH_LAST" ]; do
        size=1
        while [ $((first % (size * 2))) -eq 0 ] && [ $((first + size * 2 - 1)) -le "$BENCH_LAST" ]; do size=$((size * 2)); done
        printf '0x%x/0x%x\n' "$first" $((0x10000 - size))
        first=$((first + size))
    done
}

bench_playground_start
bench_vms_on_bridge
flows | zw_ofctl add-flows "$ZW_BRIDGE" - || bench_cannot "OVS does not take the flows"
bench_servers
bench_check_policy filters
bench_vms_ready vswitchd="$(zw_pid ovs-vswitchd)"
bench_serve
