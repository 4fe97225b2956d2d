#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# live-sessions - Zoneward on a switch whose conntrack holds as many UDP sessions as it is told to.  They last an hour.
export BENCH_PORTS=plain
. "${ZW_SRCDIR:-$(dirname "$0")/../../..}/tests/bench/contenders/common.sh"

TARGET=10.20.9.9 # Nobody has it, so no kernel answers; the MAC address leads to "server".
SOURCES=10.30.0.1
PER_SECOND=40000
CT_ZONE=4096 # The first bridge's, without a VLAN: doc/pipeline.md.

write_policy() {
    cat >"$ZW_PG/policy.yaml" <<POLICY
version: 1
zones:
  client: {ports: [{iface-id: client}, {iface-id: attacker}]}
  server: {ports: [{iface-id: server}]}
rules:
  - {name: everything, from: client, to: server, service: udp/$BENCH_FIRST-$BENCH_LAST, action: allow, log: none}
POLICY
}

let_sessions_last() {
    zw_vsctl -- --id=@dp create Datapath datapath_version=0 -- set Open_vSwitch . datapaths:netdev=@dp &&
        zw_vsctl add-zone-tp netdev zone="$CT_ZONE" udp_first=3600 udp_single=3600 udp_multiple=3600
}

count() { zw_appctl dpctl/ct-get-nconns; }

# Packets that queues lose are sent again; those of sessions that are there change nothing.
enough() {
    zw_vm_exec client "$BENCH_TOOLS/flood" udp --to="$TARGET" --to-mac="$(zw_vm_mac server)" --from="$SOURCES" \
        --sources=$(($1 / 64000 + 1)) --port="$BENCH_FIRST" --flows="$1" --rate="$PER_SECOND"
    sleep 0.5
    [ "$(count)" -ge "$1" ]
}

# `sessions N`: N live ones, or a few more; n=NUMBER.
bench_do_sessions() {
    local try
    zw_appctl dpctl/flush-conntrack
    for try in 1 2 3 4; do
        if enough "$1"; then echo "n=$(count)" && return; fi
    done
    echo "after $try floods of $1 sessions only $(count) are there"
    return 1
}

# `dump FILE`: the switch's own list of them.
bench_do_dump() { zw_appctl dpctl/dump-conntrack >"$1" && echo "lines=$(wc -l <"$1")"; }

bench_need "$BENCH_TOOLS/flood" "$BENCH_TOOLS/rtt" "$ZW_BUILDDIR/zonewardd" "$ZW_BUILDDIR/zoneward"
bench_playground_start
bench_vms_on_bridge
let_sessions_last || bench_cannot "the sessions cannot be made to last"
write_policy
zw_daemon_start "$ZW_PG/policy.yaml" || bench_cannot "zonewardd does not start: $(tail -n 1 "$ZW_PG/zonewardd.log")"
bench_watch zonewardd
# What the server says makes its address known to the switch.
zw_wait_for "zw_vm_exec server ping -c 1 -W 1 ${bench_ipv4[client]} || [ -n \"\$(zw_appctl fdb/show $ZW_BRIDGE)\" ]" 10
zw_vm_run server rtt "$BENCH_TOOLS/rtt" serve "$BENCH_RTT"
zw_wait_for "grep -q ready '$ZW_PG/rtt.out'" || bench_cannot "tests/bench/rtt does not start"
bench_ready client="$(_zw_ns client)" ipv4="${bench_ipv4[server]}" rtt="$BENCH_RTT" vswitchd="$(zw_pid ovs-vswitchd)" daemon="$(zw_pid zonewardd)" run="$ZW_PG/run"
bench_serve
