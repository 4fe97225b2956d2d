#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# What a guard learns of a port that carries several VLANs is the port's own in the VLAN where it was learned, and nowhere else.
. "${ZW_SRCDIR:-$(dirname "$0")/../..}/tests/system/tap.sh"
# shellcheck source=../frames.sh
. "$ZW_SRCDIR/tests/frames.sh"

setup() {
    cat >"$ZW_PG/policy.yaml" <<'POLICY'
version: 1
zones:
  trunk: {ports: [{name: tr}], guard: {learn: [dhcp, nd]}}
  fixed: {ports: [{name: fix-y, addresses: "fd00:20::50"}], guard: true}
  servers: {ports: [{name: "srv*"}]}
rules:
  - {name: all, from: any, to: any, action: allow}
POLICY
    zw_vm_add t tr '' ''
    zw_vm_add y fix-y '' '' tag=20
    zw_vm_add a srv-a '' '' tag=10
    zw_vm_add b srv-b '' '' tag=20
    frames_silence t y a b
    zw_daemon_start "$ZW_PG/policy.yaml"
    frames_catch y a b
}

addresses() { zw_ctl ports --json | "$PYTHON" -I -c '
import json, sys
print(*[a for p in json.load(sys.stdin)["ports"] if p["name"] == "tr" for a in p["addresses"]])'; }

probe() { frame t "dad(MT, OURS, tags=($1,))"; }

refused() {
    probe 20 # Where fix-y has it.
    probe 10 # Where nobody has.
    zw_wait_for '[ "$(addresses)" = fd00:20::50 ]'
}

# What it sends from there in VLAN 10 gets to a; in VLAN 20 nothing gets anywhere.
own_vlan_only() {
    local vm
    for vm in y a b; do : >"$ZW_PG/frames-$vm.out"; done
    drops_mark
    frame t 'eth(MT, MA, ip(OURS, SERVER, udp(1000, 9)), tags=(10,))'
    frame t 'eth(MT, MB, ip(OURS, SERVER, udp(1000, 9)), tags=(20,))'
    frame t 'eth(MT, ALL_NODES_MAC, ip(OURS, ALL_NODES, na(OURS, MT)), tags=(20,))'
    frame t 'eth(MT, MB, ip(OURS, SERVER, tcp("S", 1000, 9)))'
    drops_since ip-source/tr=2 nd-target/tr=1
    zw_wait_for '[ "$(frames_caught a)" -eq 1 ]'
    [ "$(frames_caught y)-$(frames_caught b)" = 0-0 ]
}

# The same address in two VLANs: learned apart, shown once, and each stays when the other goes.
both() {
    zw_vsctl set port fix-y tag=30
    zw_wait_for 'probe 20; sleep 1; frame t "eth(MT, MB, ip(OURS, SERVER, udp(1000, 9)), tags=(20,))"; [ "$(frames_caught b)" -ge 1 ]'
    [ "$(addresses)" = fd00:20::50 ]
    : >"$ZW_PG/frames-a.out"
    frame t 'eth(MT, MA, ip(OURS, SERVER, udp(1001, 9)), tags=(10,))'
    zw_wait_for '[ "$(frames_caught a)" -eq 1 ]'
}

restarted() {
    zw_daemon_kill9
    zw_daemon_start "$ZW_PG/policy.yaml"
    grep -q 'in force, 0 flow changes' "$ZW_PG/zonewardd.log"
    [ "$(addresses)" = fd00:20::50 ]
}

zw_playground_start || exit 99
zw_case "a trunk port that learns, and others" setup
FRAME_NAMES=("MT=$(zw_vm_mac t)" "MA=$(zw_vm_mac a)" "MB=$(zw_vm_mac b)" OURS=fd00:20::50 SERVER=fd00:20::1)
zw_case "an address that another port has in one VLAN may be learned in another" refused
zw_case "it is the port's own in that VLAN only" own_vlan_only
zw_case "the same address in two VLANs" both
zw_case "a new daemon knows both, and changes no flow" restarted
zw_done 'zonewardd.log:.* warning: .* address fd00:20::50 is not learned: port fix-y has it'
