#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Guards that learn, while a VM floods what they learn from: it keeps nobody else from being heard, and gets no address by it; it is
# counted, and named.  And a DHCP server is who may be one, not who says so.
. "${ZW_SRCDIR:-$(dirname "$0")/../..}/tests/system/tap.sh"
# shellcheck source=../frames.sh
. "$ZW_SRCDIR/tests/frames.sh"

policy() { # ACTION of the default rule
    cat >"$ZW_PG/policy.yaml" <<POLICY
version: 1
zones:
  attackers: {ports: [{name: atk-a}], guard: {learn: [dhcp, nd]}}
  vms: {ports: [{name: vm-b}], guard: {learn: [dhcp, nd]}}
  hosts: {ports: [{name: host-h}]}
  uplink: {ports: [{name: up-u}], guard: {mac: false, ip: false, dhcp-server: allow, router: allow}}
rules:
  - {name: no-dhcp, from: hosts, to: any, service: udp/68, action: deny}
  - {name: all, from: any, to: any, action: $1, log: session}
POLICY
}

names() { FRAME_NAMES=("MA=$(zw_vm_mac a)" "MB=$(zw_vm_mac b)" "MH=$(zw_vm_mac h)" "MU=$(zw_vm_mac u)"); }

setup() {
    policy allow
    zw_vm_add a atk-a '' ''
    zw_vm_add b vm-b '' ''
    zw_vm_add h host-h '' ''
    zw_vm_add u up-u '' ''
    frames_silence a b h u
    zw_daemon_start "$ZW_PG/policy.yaml"
    names
    frames_catch b h u
    frames_serve a b h u
}

# addresses PORT: what it is bound to.
addresses() { zw_ctl ports --json | "$PYTHON" -I -c '
import json, sys
print(*[a for p in json.load(sys.stdin)["ports"] if p["name"] == sys.argv[1] for a in p["addresses"]])' "$1"; }

bound() { zw_wait_for "[ \"\$(addresses $1)\" = '${*:2}' ]"; }

# learning COUNTER
learning() { zw_ctl status --json | "$PYTHON" -I -c '
import json, sys
print(json.load(sys.stdin)["learning"][sys.argv[1]])' "$1"; }

# unheard PORT: what was not heard of it; without one, of all.
unheard() { zw_ctl status --json | "$PYTHON" -I -c '
import json, sys
bridge = json.load(sys.stdin)["bridges"][0]
print(sum(f["n"] for f in bridge["unheard"] if f["port"] == sys.argv[1]) if len(sys.argv) > 1 else bridge["n_unheard"])' "$@"; }

# meters: those of ports that the switch has.
meters() { zw_ofctl dump-meters br0 | grep -o 'meter=[0-9]*' | cut -d= -f2 | awk '$1 >= 65536' | sort -n | xargs; }

# ofport PORT
ofport() { zw_vsctl get interface "$1" ofport; }

port_meters() {
    [ "$(meters)" = "$((65536 + $(ofport atk-a))) $((65536 + $(ofport vm-b))) $((131072 + $(ofport host-h))) $((131072 + $(ofport up-u)))" ]
}

# flood VM EXPRESSION...: sends these frames, mixed, as fast as it can, until flood_end.
flood() {
    zw_vm_run "$1" flood "$PYTHON" -I "$ZW_SRCDIR/tests/frames.py" flood "${FRAME_NAMES[@]}" "${@:2}"
    zw_wait_for "grep -q ready '$ZW_PG/flood.out'"
}

probe() { frame "$1" "dad($2, '$3')"; }
# ask VM MAC ADDRESS: returns when the question has arrived at u: the switch has sent up its copy before.
ask() {
    local option bytes
    IFS=. read -ra bytes <<<"$3"
    option=3204$(printf %02x "${bytes[@]}")
    frame "$1" "eth($2, BROADCAST, ip('0.0.0.0', '255.255.255.255', udp(68, 67, dhcp(1, 3, $2, options=bytes.fromhex('$option')))))"
    zw_wait_for "grep -q '$option' '$ZW_PG/frames-u.out'"
}
# ack SERVER MAC CLIENT ADDRESS
ack() { frame "$1" "eth($2, BROADCAST, ip('10.20.0.1', '255.255.255.255', udp(67, 68, dhcp(2, 5, $3, '$4', options=bytes((51, 4, 0, 0, 14, 16))))))"; }

# What the flood is of, once; so it would do alone.
flooding() {
    # Of what is not learned, so that they do not push each other out; and a few of what another one has, whose answers are no flood.
    local other="eth(MA, '33:33:ff:00:00:01', ip('::', 'ff02::1:ff00:1', ns('ff05::77')))"
    flood a "$other" "$other" "$other" "eth(MA, '33:33:ff:00:00:01', ip('::', 'ff02::1:ff00:1', ns('fd00:20::1')))"
    zw_wait_for '[ "$(unheard atk-a)" -gt 1000 ]' $((30 * ZW_SLOWNESS))
}

# owner_answers ADDRESS: h has it, which nobody has learned, and answers each probe that gets there, as a host does.
owner_answers() {
    zw_vm_run h answers "$PYTHON" -I "$ZW_SRCDIR/tests/frames.py" answer "$1" "${FRAME_NAMES[@]}" \
        "eth(MH, ALL_NODES_MAC, ip('$1', ALL_NODES, na('$1', MH)))"
    zw_wait_for "grep -q ready '$ZW_PG/answers.out'"
}

learned_meanwhile() {
    local i
    probe b MB fd00:20::b
    bound vm-b fd00:20::b
    ask b MB 10.20.0.11
    ack u MU MB 10.20.0.11
    bound vm-b fd00:20::b 10.20.0.11
    for i in {1..8}; do # Each is heard, none is lost.
        probe b MB "fd00:20::b:$i"
        zw_wait_for "addresses vm-b | grep -q 'fd00:20::b:$i'"
    done
    [ "$(unheard vm-b)" = 0 ]
}

# The objection comes with the flood around it, each time that a probe is heard.
not_his() {
    local refused
    refused=$(learning n_refused)
    zw_wait_for "[ \"\$(learning n_refused)\" -ge $((refused + 3)) ]"
    [ -z "$(addresses atk-a)" ]
}

only_from_a() { zw_ctl status --json | "$PYTHON" -I -c '
import json, sys
bridge = json.load(sys.stdin)["bridges"][0]
assert [(f["port"], f["n"]) for f in bridge["unheard"]] == [("atk-a", bridge["n_unheard"])], bridge'; }

counted() {
    zw_ctl status | grep -E 'warning +bridge br0: port atk-a says more of addresses than guards hear: [0-9]+ probes or answers beyond 20 a second'
    zw_ctl status | grep -E '  unheard +[0-9]+ probes or answers beyond the rate: atk-a [0-9]+$'
    only_from_a
}

ended() {
    zw_kill flood || [ $? -eq 143 ]
    zw_kill answers || [ $? -eq 143 ]
    [ -z "$(addresses atk-a)" ]
    probe a MA fd00:20::a # Alone it is heard again.
    zw_wait_for 'addresses atk-a | grep -q fd00:20::a || { sleep 0.3; probe a MA fd00:20::a; false; }'
}

# Who asks too much of DHCP servers is answered no more than others can bear: what is beyond his rate does not get there.
asks_too_much() {
    local before
    before=$(unheard atk-a)
    : >"$ZW_PG/frames-u.out"
    flood a 'eth(MA, BROADCAST, ip("0.0.0.0", "255.255.255.255", udp(68, 67, dhcp(1, 3, MA))))'
    zw_wait_for "[ \"\$(unheard atk-a)\" -gt $((before + 1000)) ]" $((30 * ZW_SLOWNESS))
    zw_kill flood || [ $? -eq 143 ]
    [ "$(frames_caught u)" -gt 0 ]
    [ $(($(frames_caught u) * 5)) -lt $(($(unheard atk-a) - before)) ]
}

# Packets that come up for other reasons have another queue: as many as can be do not keep an objection from being heard.
asked_flood() {
    local i refused
    policy ask
    zw_ctl policy apply "$ZW_PG/policy.yaml"
    flood b 'eth(MB, MH, ip("10.20.0.11", "10.20.0.99", udp(SEQ, 9)))'
    zw_wait_for '[ "$(zw_ctl status --json | grep -o "n_asked\": [0-9]*" | cut -d" " -f2)" -gt 1000 ]' $((30 * ZW_SLOWNESS))
    owner_answers fd00:20::77
    for i in {1..6}; do
        refused=$(learning n_refused)
        probe a MA "fd00:20::77"
        zw_wait_for "[ \"\$(learning n_refused)\" -ge $((refused + 1)) ]"
    done
    zw_kill answers || [ $? -eq 143 ]
    zw_kill flood || [ $? -eq 143 ]
    [ "$(addresses atk-a)" = fd00:20::a ]
    policy allow
    zw_ctl policy apply "$ZW_PG/policy.yaml"
}

# A probe that waits is given up when the switch's connection goes: an objection may have been on its way.
unsure() {
    local before
    before=$(addresses atk-a)
    probe a MA fd00:20::99
    zw_vswitchd_kill9
    zw_vswitchd_start
    zw_wait_for 'zw_ctl status'
    [ "$(learning n_unsure)" = 1 ]
    [ "$(addresses atk-a)" = "$before" ]
    [ "$(meters | wc -w)" = 4 ]
}

servers() {
    local before
    before=$(addresses vm-b)
    ask b MB 10.20.0.66
    ask b MB 10.20.0.67
    ask b MB 10.20.0.12
    ack h MH MB 10.20.0.66 # Nobody gets it, by the policy; nor would it be believed if they did.
    ack a MA MB 10.20.0.67
    ack u MU MB 10.20.0.12
    bound vm-b "$before" 10.20.0.12
    ask a MA 10.20.0.12
    ack h MH MA 10.20.0.12 # Not taken away either.
    ask b MB 10.20.0.13
    ack u MU MB 10.20.0.13
    bound vm-b "$before" 10.20.0.12 10.20.0.13
}

gone() {
    zw_vsctl del-port host-h
    zw_wait_for "[ \"\$(meters | wc -w)\" = 3 ]"
    zw_ofctl add-meter br0 meter=70000,pktps,burst,band=type=drop,rate=5,burst_size=5 # As if left over.
    zw_daemon_kill9
    zw_daemon_start "$ZW_PG/policy.yaml"
    grep 'policy version [0-9]* in force' "$ZW_PG/zonewardd.log" | tail -n 1 | grep ', 0 flow changes'
    zw_wait_for "[ \"\$(meters | wc -w)\" = 3 ]"
    [ "$(unheard)" = 0 ]
}

zw_playground_start || exit 99
zw_case "VMs that are silent" setup
names
zw_case "each port that may be heard has a meter of its own" port_meters
zw_case "a host that answers for an address that nobody has learned" owner_answers fd00:20::1
zw_case "a VM floods probes, one of them for that address" flooding
zw_case "another VM's addresses are learned meanwhile" learned_meanwhile
zw_case "the host is heard, and the flooding VM does not get its address" not_his
zw_case "the flood is counted, and its port named" counted
zw_case "nothing of it is left when it ends" ended
zw_case "questions to DHCP servers go on at a rate that their answers are heard at" asks_too_much
zw_case "questions of another VM do not keep an objection from being heard" asked_flood
zw_case "a probe is given up if an objection may have been missed" unsure
zw_case "DHCP is believed where a server is allowed, and nowhere else" servers
zw_case "a meter goes with its port; what an earlier daemon left goes, too" gone
zw_done 'warning: bridge br0: port atk-a says more of addresses than guards hear' \
    'warning: bridge br0: .*connecting again' \
    'ovs-vswitchd.log:.*Broken pipe' # A daemon is killed while it is answered.
