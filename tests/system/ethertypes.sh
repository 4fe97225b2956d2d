#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# What is neither IP nor ARP passes by rules that name its EtherType, and by nothing else; each packet by itself.
. "${ZW_SRCDIR:-$(dirname "$0")/../..}/tests/system/tap.sh"
# shellcheck source=../packets.sh
. "$ZW_SRCDIR/tests/packets.sh"
# shellcheck source=../frames.sh
. "$ZW_SRCDIR/tests/frames.sh"

ALL=(plc io drive)
ALL_OF_THEM=ff:ff:ff:ff:ff:ff

# IP may pass anywhere, twice: that must not let anything else pass.
policy() {
    cat <<'POLICY'
version: 1
zones:
  plc: {ports: [{name: plc0}]}
  io: {ports: [{name: io0}]}
  drive: {ports: [{name: drive0}]}
defaults: {action: allow, log: none}
rules:
  - {name: not-drive, from: plc, to: drive, service: ethertype/0x8892, action: deny, log: denied}
  - {name: cyclic, from: plc, to: any, service: [ethertype/0x8892, udp/34964], action: allow, log: session}
  - {name: clock, from: any, to: [io, plc], service: ethertype/0x88f7, action: allow}
  - {name: any-ip, from: any, to: any, action: allow}
POLICY
}

setup() {
    local vm
    for vm in "${ALL[@]}"; do zw_vm_add "$vm" "${vm}0" '' '' tag=5; done
    frames_silence "${ALL[@]}"
    policy >"$ZW_PG/policy.yaml"
    zw_daemon_start "$ZW_PG/policy.yaml"
}

# to FROM TO TYPE TEXT [COUNT]
to() { ether "$1" send "$(zw_vm_mac "$2")" - - "$3" "$4" "${5-1}"; }

by_rule() {
    drops_mark
    ether_start "${ALL[@]}"
    to plc io 0x8892 a 3
    to plc drive 0x8892 b 4
    to io plc 0x8892 answer 5 # There is no session that it could belong to.
    to drive io 0x88f7 c 2
    to io drive 0x88f7 d 6
    catch_end "${ALL[@]}"
    caught io ' - 0x8892 a$' 3
    caught io ' - 0x88f7 c$' 2
    caught drive ' (b|d)$' 0
    caught plc ' answer$' 0
    drops_since ethertype=11 logged-denial=4
}

# Each copy is judged for its own receiver.
to_all() {
    drops_mark
    ether_start "${ALL[@]}"
    ether plc send "$ALL_OF_THEM" - - 0x8892 e 2
    ether io send "$ALL_OF_THEM" - - 0x88f7 f 3
    catch_end "${ALL[@]}"
    caught io ' e$' 2
    caught drive ' (e|f)$' 0
    caught plc ' f$' 3
    caught io ' f$' 0
    drops_since logged-denial=2 ethertype=3
}

# Spanning tree, Cisco's spanning tree, LLDP to a bridge and to a host, MPLS, PPPoE, and what no rule names.
others() {
    drops_mark
    ether_start "${ALL[@]}"
    ether plc send 01:80:c2:00:00:00 - - 0x0026 g
    ether plc send 01:80:c2:00:00:0e - - 0x88cc g
    ether plc send 01:00:0c:cc:cc:cd - - 0x0026 g
    to plc io 0x88cc g
    FRAME_NAMES=("ME=$(zw_vm_mac plc)" "IO=$(zw_vm_mac io)")
    frame plc 'eth(ME, IO, raw(0x8847, b"\x00\x01\x01\x40" + ip("10.0.0.1", "10.0.0.2", udp(1, 2))))'
    to plc io 0x8864 g
    to plc io 0x8893 g
    ether plc send "$(zw_vm_mac io)" - 7 0x8892 g
    ether plc send "$(zw_vm_mac io)" - 0.5 0x8892 g
    to plc io 0x0806 arp
    catch_end "${ALL[@]}"
    caught io ' g$| 0x8847 ' 0
    caught drive ' g$' 0
    caught io ' arp$' 1
    drops_since link-local=2 ethertype=6 vlan/plc0=1 double-tag=1 # Cisco's was for two.
}

said() {
    zw_ctl explain plc io ethertype/0x8892 | grep -x 'allow, by rule 2 "cyclic".*'
    ! zw_ctl explain io plc ethertype/0x8892 >"$ZW_PG/explain" || return 1
    grep 'no rule for this EtherType matches' "$ZW_PG/explain"
    zw_wait_for '[ "$(zw_ctl audit query --type=session --service=ethertype/0x8892 --format=csv | grep -c ",cyclic,")" = 5 ]'
    zw_ctl audit query --type=denial --format=csv | tr -d '\r' >"$ZW_PG/denials"
    [ "$(grep -c ',not-drive,.*,ethertype/0x8892,' "$ZW_PG/denials")" = 6 ]
    [ "$(grep -c 'session' < <(zw_ctl audit query --type=session --format=csv))" = 5 ]
    zw_ctl audit query --type=session --json | grep -m 1 "\"src_mac\": *\"$(zw_vm_mac plc)\""
    zw_ctl rules --format=csv | tee /dev/stderr | grep -E '^2,cyclic,.*,5,'
}

# The rules' order counts, and a rule that goes takes what it let in along.
changed() {
    policy | sed '/name: not-drive/d; /name: clock/d' >"$ZW_PG/policy.yaml"
    zw_ctl policy apply "$ZW_PG/policy.yaml"
    ether_start "${ALL[@]}"
    to plc drive 0x8892 h 2
    to drive io 0x88f7 i 2
    catch_end "${ALL[@]}"
    caught drive ' h$' 2
    caught io ' i$' 0
}

zw_playground_start || exit 99
zw_case "a policy with EtherTypes" setup
zw_case "an EtherType passes by a rule that names it" by_rule
zw_case "each copy is judged by itself" to_all
zw_case "nothing else passes, though any IP may" others
zw_case "explain, the log and the counters of rules say it" said
zw_case "a change of the rules counts at once" changed
zw_done
