#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Guards that learn: a port may send from what a DHCP server gave it and from what it was the first to probe for, and from
# nothing else; what is learned outlives the daemon, and not the lease, the port or the policy that it was learned under.
. "${ZW_SRCDIR:-$(dirname "$0")/../..}/tests/system/tap.sh"
# shellcheck source=../frames.sh
. "$ZW_SRCDIR/tests/frames.sh"

VMS=(s p q x)

policy() { # LEARN
    cat >"$ZW_PG/policy.yaml" <<POLICY
version: 1
zones:
  servers: {ports: [{name: srv-s}], guard: {mac: false, ip: false, dhcp-server: allow}}
  vms: {ports: [{name: "vm*"}], guard: {learn: $1}}
  fixed: {ports: [{name: fix-x, addresses: [10.20.0.50, "fd00:20::50"]}], guard: true}
rules:
  - {name: all, from: any, to: any, action: allow}
POLICY
}

setup() {
    policy '[dhcp, nd]'
    zw_vm_add s srv-s '' '' tag=5
    zw_vm_add p vm-p '' '' tag=5
    zw_vm_add q vm-q '' '' tag=5
    zw_vm_add x fix-x '' '' tag=5
    frames_silence "${VMS[@]}"
    zw_daemon_start "$ZW_PG/policy.yaml"
    FRAME_NAMES=("MS=$(zw_vm_mac s)" "MP=$(zw_vm_mac p)" "MQ=$(zw_vm_mac q)" "MX=$(zw_vm_mac x)" IS=10.20.0.1 SS=fd00:20::1)
    frames_catch "${VMS[@]}"
    frames_serve "${VMS[@]}"
}

# addresses PORT: what it is bound to.
addresses() { zw_ctl ports --json | "$PYTHON" -I -c '
import json, sys
print(*[a for p in json.load(sys.stdin)["ports"] if p["name"] == sys.argv[1] for a in p["addresses"]])' "$1"; }

# bound PORT ADDRESS...: to these, now or soon.
bound() { zw_wait_for "[ \"\$(addresses $1)\" = '${*:2}' ]"; }

# status COUNTER: of what is learned.
status() { zw_ctl status --json | "$PYTHON" -I -c '
import json, sys
print(json.load(sys.stdin)["learning"][sys.argv[1]])' "$1"; }

# heard VM... -- COMMAND...: what a frame's sender does, until it has arrived in each VM: then the switch has sent up its copy, too.
heard() {
    local vm vms=() counts=()
    while [ "$1" != -- ]; do vms+=("$1") counts+=("$(frames_caught "$1")") && shift; done
    "${@:2}"
    for vm in "${!vms[@]}"; do zw_wait_for "[ \"\$(frames_caught ${vms[vm]})\" -gt ${counts[vm]} ]"; done
}

others() { printf '%s\n' "${VMS[@]}" | grep -v "$1"; }

# ask VM MAC ADDRESS [CLIENT [XID]]: it asks for an address, as CLIENT (itself).
ask() {
    # shellcheck disable=SC2046 # Words.
    heard $(others "$1") -- frame "$1" "eth($2, BROADCAST, ip('0.0.0.0', '255.255.255.255', udp(68, 67, dhcp(1, 3, ${4:-$2}, xid=${5:-0x12345678}, options=bytes((50, 4)) + addr('$3')))))"
}

# ack CLIENT ADDRESS SECONDS [XID]: the server gives a lease.
ack() { frame s "eth(MS, BROADCAST, ip(IS, '255.255.255.255', udp(67, 68, dhcp(2, 5, $1, '$2', xid=${4:-0x12345678}, options=bytes((51, 4)) + ($3).to_bytes(4, 'big')))))"; }

# lease VM MAC ADDRESS SECONDS: both.
lease() { ask "$1" "$2" "$3" && ack "$2" "$3" "$4"; }

# unasked N COMMAND...: it leads to so many answers that are not believed.
unasked() {
    local before
    before=$(status n_unasked)
    "${@:2}"
    zw_wait_for "[ \"\$(status n_unasked)\" -eq $((before + $1)) ]"
}

# probe VM MAC ADDRESS: detection of duplicates.
probe() { frame "$1" "dad($2, '$3')"; }

zw_playground_start || exit 99
zw_case "VMs that are silent" setup
drops_mark

lie   'an address before it is given    | p | ip-source/vm-p | eth(MP, MS, ip("10.20.0.9", IS, udp(1000, 2000)))'
offer() {
    frame s 'eth(MS, MP, ip(IS, "10.20.0.9", udp(67, 68, dhcp(2, 2, MP, "10.20.0.9", options=bytes((51, 4, 0, 0, 1, 0))))))'
    lease p MP 10.20.0.8 3600 # What comes later is known later, so the offer has been seen when this is.
    bound vm-p 10.20.0.8
}
zw_case "what is offered is not given yet" offer
given() {
    lease p MP 10.20.0.9 3600
    lease q MQ 10.20.0.10 4294967295
    bound vm-q 10.20.0.10
    bound vm-p 10.20.0.8 10.20.0.9
}
zw_case "each port gets what DHCP gives to its MAC address" given
drops_mark
truth 'the address that was given       | p | s | eth(MP, MS, ip("10.20.0.9", IS, udp(1000, 2000)))'
truth 'ARP of it                        | p | s | eth(MP, MS, arp(2, MP, "10.20.0.9", MS, IS))'
lie   'the address of another client    | p | ip-source/vm-p | eth(MP, MS, ip("10.20.0.10", IS, udp(1000, 2000)))'
lie   'ARP of another client            | p | arp-ip/vm-p    | eth(MP, MS, arp(2, MP, "10.20.0.10", MS, IS))'
lie   'a client that is its own server  | p | dhcp-server/vm-p | eth(MP, BROADCAST, ip("10.20.0.9", "255.255.255.255", udp(67, 68, dhcp(2, 5, MP, "10.20.0.11", options=bytes((51, 4, 0, 0, 1, 0))))))'

taken() {
    lease p MP 10.20.0.50 3600
    zw_wait_for '[ "$(status n_refused)" -eq 1 ]'
    bound vm-p 10.20.0.8 10.20.0.9
}
zw_case "what is bound to another port is not learned" taken
moved() {
    lease q MQ 10.20.0.8 3600
    bound vm-q 10.20.0.10 10.20.0.8
    bound vm-p 10.20.0.9
}
zw_case "a server may give an address to another" moved
drops_mark
lie   'what was its own                 | p | ip-source/vm-p | eth(MP, MS, ip("10.20.0.8", IS, udp(1000, 2000)))'
# Servers that go by client identifiers take each of these for another client, with the MAC address that it says.
in_his_name() {
    local i
    for i in {1..17}; do
        ask q MQ "10.20.1.$i" MP
        ack MP "10.20.1.$i" 3600
    done
}
robbed() {
    unasked 17 in_his_name
    bound vm-p 10.20.0.9
}
zw_case "who asks in another's name, 17 times, takes nothing from it" robbed
drops_mark
truth 'what it was to lose              | p | s | eth(MP, MS, ip("10.20.0.9", IS, udp(1000, 2000)))'
lie   'what it was to get instead       | p | ip-source/vm-p | eth(MP, MS, ip("10.20.1.1", IS, udp(1000, 2000)))'

never_asked() {
    unasked 1 ack MP 10.20.0.30 3600
    ask p MP 10.20.0.30 MP 1
    unasked 1 ack MP 10.20.0.30 3600
    ask p MP 10.20.0.31
    unasked 1 ack MP 10.20.0.30 3600
    unasked 1 ack MQ 10.20.0.10 1 2 # Nor does a lease end sooner.
    bound vm-p 10.20.0.9
}
zw_case "an answer to another question, or for another address, is none" never_asked

# By unicast, from the address that is renewed.
expired() {
    heard s -- frame q "eth(MQ, MS, ip('10.20.0.8', IS, udp(68, 67, dhcp(1, 3, MQ, client='10.20.0.8'))))"
    ack MQ 10.20.0.8 1
    bound vm-q 10.20.0.10
}
zw_case "a lease is renewed, and an address goes with it" expired
drops_mark
lie   'an address whose lease has ended | q | ip-source/vm-q | eth(MQ, MS, ip("10.20.0.8", IS, udp(1000, 2000)))'

lie   'an IPv6 address before its probe | p | ip-source/vm-p | eth(MP, MS, ip("fd00:20::9", SS, udp(1000, 2000)))'
truth 'a probe                          | p | s q x | eth(MP, "33:33:ff:00:00:09", ip("::", "ff02::1:ff00:9", ns("fd00:20::9")))'
probed() { bound vm-p 10.20.0.9 fd00:20::9; }
zw_case "who probes for an address that nobody has, has it" probed
drops_mark
truth 'the address that was probed for  | p | s | eth(MP, MS, ip("fd00:20::9", SS, udp(1000, 2000)))'
truth 'its advertisement                | p | s | eth(MP, MS, ip("fd00:20::9", SS, na("fd00:20::9", MP)))'
truth 'a probe of what another one has  | q | s p x | eth(MQ, "33:33:ff:00:00:09", ip("::", "ff02::1:ff00:9", ns("fd00:20::9")))'
second() {
    local refused
    refused=$(status n_refused)
    probe q MQ fd00:20::9
    probe q MQ fd00:20::50
    zw_wait_for "[ \"\$(status n_refused)\" -eq $((refused + 2)) ]"
    probe q MQ fd00:20::77
    frame s 'eth(MS, ALL_NODES_MAC, ip("fd00:20::77", ALL_NODES, na("fd00:20::77", MS)))'
    zw_wait_for "[ \"\$(status n_refused)\" -eq $((refused + 3)) ]"
    probe q MQ fd00:20::78 # Ripens after the others would have.
    bound vm-q 10.20.0.10 fd00:20::78
}
zw_case "what another port has, is bound to or answers for is not learned" second
drops_mark
lie   'what another one probed first    | q | ip-source/vm-q | eth(MQ, MS, ip("fd00:20::9", SS, udp(1000, 2000)))'
lie   'what another one answers for     | q | nd-target/vm-q | eth(MQ, MS, ip("fd00:20::78", SS, na("fd00:20::77", MQ)))'

# Of who has fd00:20::c:1.
ours='33:33:ff:0c:00:01 ff02::1:ff0c:1'
# to GROUP PROBE: p sends it there.
to() { frame p "eth(MP, '${1% *}', ip('::', '${1#* }', $2))"; }
false_probes() {
    to '33:33:ff:00:00:77 ff02::1:ff00:77' 'ns("fd00:20::c:1")'
    to '33:33:ff:00:00:77 ff02::1:ff0c:1' 'ns("fd00:20::c:1")'
    to '33:33:ff:0c:00:01 ff02::1:ff00:77' 'ns("fd00:20::c:1")'
    to '33:33:ff:0c:00:01 fd00:20::c:1' 'ns("fd00:20::c:1")'
    to "$ours" 'ns("fd00:20::c:1", MP)'
    to "$ours" 'L4(58, None, ns("fd00:20::c:1"))'
    to "$ours" 'ns("fd00:20::c:1", more=b"\x0e\x01\0\0")'
    to "$ours" 'ns("fd00:20::c:1", more=b"\x0e\0" + bytes(6))'
    to "$ours" 'ns("fd00:20::c:1", more=b"\xfa\x09" + bytes(70))'
    probe p MP fd00:20::a:3 # Ripens after the others would have.
    bound vm-p 10.20.0.9 fd00:20::9 fd00:20::a:1 fd00:20::a:2 fd00:20::a:3
}
honest_probes() {
    probe p MP fd00:20::a:1
    frame p 'dad(MP, "fd00:20::a:2", NONCE)'
    bound vm-p 10.20.0.9 fd00:20::9 fd00:20::a:1 fd00:20::a:2
}
zw_case "who has it hears of a probe with a nonce, and without" honest_probes
zw_case "a probe that who has it does not hear of, or believe, gives nothing" false_probes
drops_mark
lie   'what it did not probe for        | p | ip-source/vm-p | eth(MP, MS, ip("fd00:20::c:1", SS, udp(1000, 2000)))'
lie   'an advertisement of it           | p | nd-target/vm-p | eth(MP, ALL_NODES_MAC, ip("fd00:20::9", ALL_NODES, na("fd00:20::c:1", MP)))'

not_believed() {
    local eth="eth(MS, BROADCAST, " udp="udp(67, 68, dhcp(2, 5, MP, '10.20.0.40', options=bytes((51, 4, 0, 0, 14, 16))))"
    ask p MP 10.20.0.40
    frame s "$eth ip4(IS, '255.255.255.255', 17, ${udp}[:6] + bytes((1, 2)) + ${udp}[8:]))"
    frame s "$eth ip4(IS, '255.255.255.255', 17, ${udp}[:-1]))"
    frame s "$eth ip4(IS, '255.255.255.255', 17, ${udp}[:6] + bytes(2) + ${udp}[8:], flags=0x2000))"
    frame s "eth(MS, MX, ip(IS, '255.255.255.255', $udp))"
    lease p MP 10.20.0.41 3600
    bound vm-p 10.20.0.9 fd00:20::9 fd00:20::a:1 fd00:20::a:2 fd00:20::a:3 10.20.0.41
}
zw_case "a lease that the client does not hear of, or believe, is none" not_believed

many() {
    local i
    for i in {1..16}; do probe q MQ "fd00:20::1:$i"; done
    zw_wait_for '[ "$(status n_replaced)" -eq 1 ]'
    zw_wait_for 'addresses vm-q | grep -q fd00:20::1:16'
    addresses vm-q | tr ' ' '\n' | grep -c : | grep -qx 16
    [ "$(addresses vm-q | grep -c 'fd00:20::78')" -eq 0 ]
}
zw_case "a port has so many of these and no more: the first goes" many

adopted() {
    local before
    before=$(addresses vm-p)
    zw_daemon_kill9
    zw_daemon_start "$ZW_PG/policy.yaml"
    grep 'policy version 1 in force' "$ZW_PG/zonewardd.log" | tail -n 1 | grep ', 0 flow changes'
    [ "$(addresses vm-p)" = "$before" ]
}
zw_case "a new daemon knows what the one before learned, and changes no flow" adopted
drops_mark
truth 'what was learned before          | p | s | eth(MP, MS, ip("10.20.0.9", IS, udp(1000, 2000)))'

another() {
    zw_vsctl set interface vm-q external_ids:iface-id=another
    bound vm-q
    unasked 1 ack MQ 10.20.0.10 3600
    lease q MQ 10.20.0.10 3600
    bound vm-q 10.20.0.10
}
zw_case "a port that becomes another's has to learn anew" another
full() {
    local i full
    full=$(status n_full)
    for i in {1..15}; do lease q MQ "10.20.2.$i" 3600; done
    zw_wait_for 'addresses vm-q | grep -q 10.20.2.15'
    lease q MQ 10.20.2.16 3600
    zw_wait_for "[ \"\$(status n_full)\" -eq $((full + 1)) ]"
    [ "$(addresses vm-q)" = "10.20.0.10 $(printf '10.20.2.%s\n' {1..15} | xargs)" ]
}
zw_case "a lease that runs is not taken for a seventeenth" full
no_nd() {
    policy dhcp
    zw_ctl policy apply "$ZW_PG/policy.yaml"
    bound vm-p 10.20.0.9 10.20.0.41
}
zw_case "what the policy does not learn is forgotten" no_nd
drops_mark
lie   'a probe where nothing is learned | p | nd-target/vm-p | eth(MP, "33:33:ff:00:00:09", ip("::", "ff02::1:ff00:9", ns("fd00:20::9")))'

among() {
    local refused
    policy '[dhcp, nd], learn-addresses: [10.20.0.32/27, "fd00:20::a:0/112"]'
    zw_ctl policy apply "$ZW_PG/policy.yaml"
    bound vm-p 10.20.0.41
    refused=$(status n_refused)
    probe p MP fd00:20::9
    lease p MP 10.20.0.9 3600
    zw_wait_for "[ \"\$(status n_refused)\" -eq $((refused + 2)) ]"
    probe p MP fd00:20::a:9
    lease p MP 10.20.0.42 3600
    bound vm-p 10.20.0.41 fd00:20::a:9 10.20.0.42
}
zw_case "only learn-addresses are learned, and others forgotten" among
drops_mark
lie   'what it probed for in vain       | p | ip-source/vm-p | eth(MP, MS, ip("fd00:20::9", SS, udp(1000, 2000)))'
lie   'an address not to be learned     | p | ip-source/vm-p | eth(MP, MS, ip("10.20.0.9", IS, udp(1000, 2000)))'
truth 'one to be learned                | p | s | eth(MP, MS, ip("fd00:20::a:9", SS, udp(1000, 2000)))'

broken() {
    zw_daemon_kill9
    echo '[{"bridge": "br0"}]' >"$ZW_PG/state/learned.json"
    zw_daemon_start "$ZW_PG/policy.yaml"
    bound vm-p
}
zw_case "a file that is none is said to be so, and nothing is believed of it" broken
zw_done 'warning: bridge br0: port vm-[pq]: address .* is not learned: (port .* has it|the port has not asked for it|the port has too many|it is not among its zone.s learn-addresses)' 'learned.json: cannot be read'
