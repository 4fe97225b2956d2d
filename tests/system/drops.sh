#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# `zoneward drops`: what the switch drops is counted under its reason and, where the reason says so, its port; to the packet.
. "${ZW_SRCDIR:-$(dirname "$0")/../..}/tests/system/tap.sh"
# shellcheck source=../frames.sh
. "$ZW_SRCDIR/tests/frames.sh"

setup() {
    cat >"$ZW_PG/policy.yaml" <<'POLICY'
version: 1
zones:
  web: {ports: [{name: web0}]}
  db: {ports: [{name: db0}]}
rules:
  - {name: sql, from: web, to: db, service: tcp/5432, action: allow}
  - {name: quiet, from: web, to: db, service: udp/9, action: deny, log: none}
  - {name: told, from: web, to: db, service: udp/11, action: reject}
  - {name: quietly-told, from: web, to: db, service: udp/12, action: reject, log: none}
POLICY
    zw_vm_add web web0 '' '' tag=5
    zw_vm_add db db0 '' '' tag=5
    zw_vm_add stray stray0 '' ''
    frames_silence web db stray
    zw_daemon_start "$ZW_PG/policy.yaml"
}

# to_db VM PACKET [COUNT]
to_db() {
    FRAME_NAMES=("ME=$(zw_vm_mac "$1")" "DB=$(zw_vm_mac db)")
    frame "$1" "eth(ME, DB, ${*:2:1})" "${@:3}"
}

by_reason() {
    drops_mark
    to_db stray 'ip("10.20.0.13", "10.20.0.12", udp(1000, 9))' 3
    to_db web 'ip("10.20.0.11", "10.20.0.12", udp(1000, 9))' 4
    to_db web 'ip("10.20.0.11", "10.20.0.12", udp(1000, 10))' 2
    to_db web 'ip("10.20.0.11", "10.20.0.12", udp(1000, 11))' 3
    to_db web 'ip("10.20.0.11", "10.20.0.12", udp(1000, 12))' 2
    to_db web 'ip("10.20.0.11", "10.20.0.12", tcp("A", 1000, 5432))'
    to_db web 'ip("10.20.0.11", "10.20.0.12", tcp("S", 1000, 5432))' # Let in.
    to_db web 'raw(0x8892)' 7
    frame web 'eth("01:00:5e:00:00:01", DB, raw(0x0806))' 5
    frame web 'eth(ME, DB, raw(0x0806), tags=[7])' 6
    frame web 'eth(ME, ME, raw(0x88b5))'
    drops_since no-zone=3 quiet-denial=6 logged-denial=5 not-syn=1 group-source=5 vlan/web0=6 ethertype=7 back/web0=1
}

rows() { zw_ctl drops --format=csv "$@" | tr -d '\r' | tail -n +2; }

asked_for() {
    [ "$(rows --port=web0 | cut -d, -f2 | sort | tr '\n' ' ')" = 'back vlan ' ]
    [ "$(rows --reason=vlan | cut -d, -f3-5)" = "web0,$(zw_vsctl get interface web0 ofport),6" ]
    [ "$(rows --reason=invalid)" = '' ]
    [ "$(rows --reason=invalid --all | cut -d, -f5)" = 0 ]
    [ "$(rows --bridge=none)" = '' ]
}

# The counters are the switch's: they go on without the daemon, and with the next one.
restarted() {
    drops_mark
    zw_daemon_kill9
    frame web 'eth(ME, DB, raw(0x0806), tags=[7])' 2
    zw_daemon_start "$ZW_PG/policy.yaml"
    drops_since vlan/web0=2
}

away() {
    zw_vswitchd_stop
    zw_wait_for '! zw_ctl status'
    zw_ctl drops 2>&1 | grep -q 'without bridge br0'
    zw_vswitchd_start
    zw_wait_for 'zw_ctl status'
    [ "$(rows)" = '' ]
}

zw_playground_start || exit 99
zw_case "three VMs, one without zone" setup
FRAME_NAMES=("ME=$(zw_vm_mac web)" "DB=$(zw_vm_mac db)")
zw_case "each reason counts its packets" by_reason
zw_case "what is asked for is shown" asked_for
zw_case "a new daemon finds the same counters" restarted
zw_case "a switch that is away is named; a new one begins at 0" away
zw_done 'zonewardd.log:.* warning: bridge br0: .*clos' 'recirc_id [0-9]+ left allocated' # OVS's own, at its end.
