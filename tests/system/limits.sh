#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# `conntrack: {sessions: N}`: a segment has no more sessions than that, half-open ones included; what is too much is dropped
# and counted, and nobody else notices.
. "${ZW_SRCDIR:-$(dirname "$0")/../..}/tests/system/tap.sh"
# shellcheck source=../packets.sh
. "$ZW_SRCDIR/tests/packets.sh"

A=10.20.0.1 B=10.20.0.2 C=10.20.0.3 D=10.20.0.4
SILENT=10.20.0.99 # Nobody's; b gets what is for it, and says nothing.
N=20
ZONE=4106 OTHER_ZONE=4107

policy() { # FILE CONNTRACK
    cat >"$ZW_PG/$1.yaml" <<POLICY
version: 1
zones:
  a: {ports: [{iface-id: a}, {iface-id: c}]}
  b: {ports: [{iface-id: b}, {iface-id: d}]}
conntrack: {$2}
rules:
  - {from: a, to: b, service: [tcp/80, udp/7], action: allow}
POLICY
}

# limit ZONE: "LIMIT COUNT" as vswitchd has it, or nothing.
limit() {
    zw_appctl dpctl/ct-get-limits "$ZW_DATAPATH@ovs-$ZW_DATAPATH" "zone=$1" |
        sed -n "s/^zone=$1,limit=\([1-9][0-9]*\),count=\([0-9]*\)\$/\1 \2/p"
}

n_full() { zw_ctl drops --json | "$PYTHON" -I -c 'import json, sys
print(sum(d["n_packets"] for d in json.load(sys.stdin)["drops"] if d["reason"] == "full"))'; }

setup() {
    zw_vm_add a vnet-a "$A"/16 fd00:20::1/48 tag=10
    zw_vm_add b vnet-b "$B"/16 fd00:20::2/48 tag=10
    zw_vm_add c vnet-c "$C"/16 fd00:20::3/48 tag=11
    zw_vm_add d vnet-d "$D"/16 fd00:20::4/48 tag=11
    zw_vm_serve b tcp:80 udp:7
    zw_vm_serve d tcp:80
    zw_vm_exec a ip neigh replace "$SILENT" lladdr "$(zw_vm_exec b cat /sys/class/net/eth0/address)" dev eth0
    zw_appctl dpctl/ct-set-limits "$ZW_DATAPATH@ovs-$ZW_DATAPATH" zone=7,limit=5 # Somebody else's.
    policy limit "sessions: $N, timeouts: {tcp-syn-sent: 10s}"
    policy none ''
    zw_daemon_start "$ZW_PG/limit.yaml"
    zw_wait_for "[ -n \"\$(limit $ZONE)\" ]"
    [ "$(limit "$ZONE")" = "$N 0" ]
    [ "$(limit "$OTHER_ZONE")" = "$N 0" ]
    zw_expect passed a tcp "$B" 80
    zw_expect passed a udp "$B" 7
    [ "$(n_full)" -eq 0 ]
}

flood() {
    zw_appctl dpctl/flush-conntrack
    zw_stream_start stream a tcp "$B" 80
    zw_wait_for "zw_ctl sessions | grep -q ESTABLISHED"
    [ "$(limit "$ZONE")" = "$N 1" ]
    catch_start b
    packets a tcp S "$A" "$SILENT" 5001-$((5000 + 2 * N)) 80
    catch_end b
    caught b "^tcp S $A $SILENT 5[0-9]* 80" $((N - 1))
    [ "$(limit "$ZONE")" = "$N $N" ]
    # The kernel drops them itself, and does not say so.
    if [ "$ZW_DATAPATH" = netdev ]; then zw_wait_for "[ \"\$(n_full)\" -eq $((N + 1)) ]"; fi
    zw_wait_for 'zw_ctl status | grep -q "as many sessions as the policy allows"'
}

others() {
    zw_expect passed c tcp "$D" 80 # In their own segment.
    zw_stream_end stream lost=0 'exchanges>20'
}

again() {
    zw_wait_for "[ \"\$(limit $ZONE | cut -d' ' -f2)\" -le $((N - 2)) ]" 60 # They began, and end, one by one.
    zw_expect passed a udp "$B" 7
    zw_expect passed a tcp "$B" 80
}

restart() {
    zw_vswitchd_stop
    zw_vswitchd_start
    zw_wait_for "limit $ZONE | grep -q '^$N '"
    zw_wait_for 'zw_ctl status'
    zw_expect passed a tcp "$B" 80
}

taken_away() {
    zw_appctl dpctl/ct-set-limits "$ZW_DATAPATH@ovs-$ZW_DATAPATH" zone=7,limit=5
    zw_ctl policy apply "$ZW_PG/none.yaml"
    zw_wait_for "[ -z \"\$(limit $ZONE)\$(limit $OTHER_ZONE)\" ]"
    limit 7 | grep -q '^5 '
    zw_expect passed a tcp "$B" 80
}

# all_have LIMIT: every segment of the bridge, of which the kernel tells some hundred at once.
all_have() {
    local zones
    for ((zones = 4096; zones < 8192; zones += 256)); do
        [ "$(zw_appctl dpctl/ct-get-limits "$ZW_DATAPATH@ovs-$ZW_DATAPATH" "zone=$(seq -s, "$zones" $((zones + 255)))" |
            grep -c "^zone=[0-9]*,limit=$1,")" -eq 256 ] || return 1
    done
}

every_segment() {
    zw_vsctl clear port vnet-a tag -- clear port vnet-b tag # They carry all VLANs.
    all_have 0
    zw_ctl policy apply "$ZW_PG/limit.yaml"
    zw_wait_for "all_have $N"
    policy limit "sessions: $((2 * N))"
    zw_ctl policy apply "$ZW_PG/limit.yaml"
    zw_wait_for "all_have $((2 * N))"
    zw_expect passed a tcp "$B" 80
    zw_ctl policy apply "$ZW_PG/none.yaml"
    zw_wait_for 'all_have 0'
    limit 7 | grep -q '^5 '
}

# What an earlier run of zonewardd left is taken away, too.
left_behind() {
    zw_ctl policy apply "$ZW_PG/limit.yaml"
    zw_wait_for "all_have $((2 * N))"
    zw_daemon_stop
    zw_daemon_start "$ZW_PG/none.yaml"
    zw_wait_for 'all_have 0'
    limit 7 | grep -q '^5 '
}

zw_playground_start || exit 99
zw_case "a limit for each segment" setup
zw_case "half-open sessions that are too many are dropped and counted" flood
zw_case "sessions that are there, and other segments, do not notice" others
zw_case "when they are forgotten there is room again" again
zw_case "vswitchd restarts: the limit is back" restart
zw_case "without it in the policy there is none" taken_away
zw_case "ports that carry all VLANs: each has a limit, another one, and none" every_segment
zw_case "limits that an earlier run left are taken away" left_behind
zw_done 'zonewardd.log:.* warning: .*br0' 'connection dropped|receive error' 'recirc_id [0-9]+ left allocated' # OVS's own, at its end.
