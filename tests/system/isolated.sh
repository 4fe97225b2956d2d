#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Ports of an isolated zone exchange nothing with each other: VMs that reach a gateway only, two uplinks into one network.
. "${ZW_SRCDIR:-$(dirname "$0")/../..}/tests/system/tap.sh"
# shellcheck source=../packets.sh
. "$ZW_SRCDIR/tests/packets.sh"
# shellcheck source=../frames.sh
. "$ZW_SRCDIR/tests/frames.sh"

G1=10.20.0.11 G2=10.20.0.12 GATEWAY=10.20.0.13 HOST=10.20.0.14
G2_6=fd00:20::12 GATEWAY_6=fd00:20::13 HOST_6=fd00:20::14
ALL_OF_THEM=ff:ff:ff:ff:ff:ff

# policy FILE GUESTS WORLD: whether they are isolated.  Rules allow all, so that nothing else forbids.
policy() {
    cat >"$1" <<POLICY
version: 1
zones:
  guests: {ports: [{name: "guest*"}], isolated: $2}
  gateway: {ports: [{name: gw}]}
  world: {ports: [{name: "up-*"}], isolated: $3}
  office: {behind: world, addresses: [$HOST, "$HOST_6"]}
rules: [{name: all, from: any, to: any, action: allow, log: session}]
POLICY
}

setup() {
    zw_vm_add g1 guest1 "$G1"/16 fd00:20::11/48
    zw_vm_add g2 guest2 "$G2"/16 "$G2_6"/48
    zw_vm_add gateway gw "$GATEWAY"/16 "$GATEWAY_6"/48
    zw_lan_add net up-left
    zw_host_add host net "$HOST"/16 "$HOST_6"/48
    for vm in g2 gateway host; do zw_vm_serve "$vm" tcp:80 udp:7; done
    policy "$ZW_PG/open.yaml" false false
    policy "$ZW_PG/guests.yaml" true false
    policy "$ZW_PG/both.yaml" true true
    zw_daemon_start "$ZW_PG/open.yaml"
    for address in $G2 $G2_6 $GATEWAY $GATEWAY_6 $HOST $HOST_6; do
        zw_expect passed g1 tcp "$address" 80
        zw_expect passed g1 udp "$address" 7
    done
}

# What passed between them ends; what they say to others does not.
applied() {
    zw_stream_start to-guest g1 tcp "$G2" 80
    zw_stream_start to-gateway g1 tcp "$GATEWAY" 80
    zw_stream_start to-host g1 udp "$HOST_6" 7
    for job in to-guest to-gateway to-host; do zw_stream_begun "$job"; done
    zw_ctl policy apply "$ZW_PG/guests.yaml"
    sleep 0.5
    zw_stream_end to-guest lost=1
    zw_stream_end to-gateway lost=0 'exchanges>10'
    zw_stream_end to-host lost=0 'exchanges>10'
    zw_wait_for "zw_ctl audit query --type end --json --address=$G2 | grep '\"what\":\"policy\"' | grep -q '\"step\":\"isolated\"'"
}

# only_isolated N: so many drops at least since drops_mark, as hosts try again, and none for another reason.
only_isolated() {
    _drops_delta
    cat "$ZW_PG/drops-delta"
    [ "$(cut -d= -f1 "$ZW_PG/drops-delta")" = isolated ]
    [ "$(cut -d= -f2 "$ZW_PG/drops-delta")" -ge "$1" ]
}

nothing_passes() {
    zw_vm_exec g1 ip neigh flush dev eth0
    drops_mark
    zw_expect dropped g1 udp "$G2" 7 # Not even ARP,
    zw_expect dropped g1 udp "$G2_6" 7 # nor neighbour discovery.
    for to in $G2 $G2_6; do
        zw_vm_exec g1 ip neigh replace "$to" lladdr "$(zw_vm_mac g2)" dev eth0
        zw_expect dropped g1 tcp "$to" 80
        zw_expect dropped g1 udp "$to" 7
    done
    only_isolated 8
    for address in $GATEWAY $GATEWAY_6 $HOST $HOST_6; do zw_expect passed g1 tcp "$address" 80; done
}

# A frame to all, and one that is not IP.
frames() {
    drops_mark
    ether_start g2 gateway
    ether g1 send "$ALL_OF_THEM" - - 0x0806 to-all 3
    ether g1 send "$(zw_vm_mac g2)" - - 0x0806 to-one 3
    catch_end g2 gateway
    caught gateway ' to-all$' 3
    caught g2 ' to-(all|one)$' 0
    only_isolated 6
}

explained() {
    zw_ctl explain guests guests tcp/80 | tee /dev/stderr | grep 'two ports of one zone that is isolated'
    zw_ctl explain guests office tcp/80 | tee /dev/stderr | grep 'rule 1'
}

# Another link from the same network to the bridge.
second_link() {
    local switch net
    switch=$(_zw_ns switch) net=$(_zw_ns net)
    ip -n "$switch" link add up-right type veth peer name eth1 netns "$net"
    ip netns exec "$net" sysctl -qw net.ipv6.conf.eth1.disable_ipv6=1
    ip -n "$net" link set eth1 master lan up
    ip -n "$switch" link set up-right up
    zw_vsctl --timeout="$ZW_PATIENCE_S" add-port "$ZW_BRIDGE" up-right
    zw_wait_for 'zw_ctl ports --format=csv | grep -q "up-right.*,world,"'
}

n_frames() { ip -n "$(_zw_ns net)" -j -s link show dev eth0 | "$PYTHON" -I -c 'import json, sys
print(json.load(sys.stdin)[0]["stats64"]["rx"]["packets"])'; }

# Nothing has come by for a while.
calm() {
    local before
    before=$(n_frames)
    sleep 0.3
    [ "$(n_frames)" -eq "$before" ]
}

# One frame to all that goes round and round: with that it is sure that there is a loop.
storm() {
    local before
    second_link
    before=$(n_frames)
    ether gateway send "$ALL_OF_THEM" - - 0x0806 round
    zw_wait_for "[ \$(n_frames) -gt $((before + 1000)) ]"
}

ended() {
    zw_ctl policy apply "$ZW_PG/both.yaml"
    zw_wait_for calm
    ether gateway send "$ALL_OF_THEM" - - 0x0806 once
    zw_wait_for calm
    for address in $HOST $HOST_6; do
        zw_expect passed g1 tcp "$address" 80
        zw_expect passed gateway udp "$address" 7
    done
    zw_expect passed host tcp "$GATEWAY" 80
}

zw_playground_start || exit 99
zw_case "guests, a gateway and a network behind an uplink" setup
zw_case "sessions between ports of a zone end when it is isolated, others do not" applied
zw_case "nothing passes between them, and all is counted" nothing_passes
zw_case "nor does what is for all, or is not IP" frames
zw_case "explain says why" explained
zw_case "a second uplink into the network makes a loop" storm
zw_case "isolated, the uplinks make none" ended
zw_done 'in OVSDB the address of port (gw|guest[12]), is used behind port up-' 'is behind port up-(left|right) and behind port'
