#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Promise 4: every session that was let in is in the log, or the log says how many are missing and when.  Counted by
# the switch: records and gaps make up exactly what it sent up, also when the daemon stands still, or is away.
# Promise 1: what the policy does not allow stays out meanwhile.
. "${ZW_SRCDIR:-$(dirname "$0")/../..}/tests/system/tap.sh"

setup() {
    cat >"$ZW_PG/policy.yaml" <<'POLICY'
version: 1
zones:
  client: {ports: [{iface-id: client}]}
  server: {ports: [{iface-id: server}]}
  other: {ports: [{iface-id: other}]}
rules:
  - {name: everything, from: client, to: server, service: tcp/9000-9007, action: allow, log: session}
  - {name: quiet, from: client, to: server, service: [tcp/81, udp/81], action: allow, log: none}
POLICY
    zw_vm_add client vnet-c0 10.20.0.21/16 fd00:20::21/48
    zw_vm_add server vnet-s0 10.20.0.22/16 fd00:20::22/48
    zw_vm_add other vnet-o0 10.20.0.23/16 fd00:20::23/48
    zw_vm_serve server tcp:80 udp:80 tcp:81 udp:81
    zw_vm_exec client sysctl -qw net.ipv4.ip_local_port_range='1024 65535'
    zw_vm_run server crr "$ZW_BUILDDIR/tests/bench/crr" serve 9000
    zw_wait_for "grep -q ready '$ZW_PG/crr.out'"
    zw_daemon_start "$ZW_PG/policy.yaml"
}

load() { zw_vm_exec client "$ZW_BUILDDIR/tests/bench/crr" load 10.20.0.22 9000 16 "$1"; }
sql() { sqlite3 -readonly "$ZW_PG/state/audit.db" "$1"; }
recorded() { sql 'select count(*) from sessions'; }
missing() { sql "select ifnull(sum(n_missing), 0) from gaps where what = 'session'"; }
sent() { zw_ofctl dump-flows br0 table=13,cookie=0x5a05000000000002/-1 | sed -n 's/.*n_packets=\([0-9]*\).*/\1/p' |
    awk '{ n += $1 } END { print n }'; }

# The switch's counter follows its packets by a second or so, and a gap is recorded at the second check after.
adds_up() {
    echo "sent $(sent), recorded $(recorded), missing $(missing)"
    [ "$(($(recorded) + $(missing)))" -eq "$(sent)" ]
}

# knocking: all the time, by who sends so much and by somebody else, on ports that nobody may reach, and on one that may be.
knocking() {
    local job
    zw_stream_start knock-client client knock 10.20.0.22 80
    zw_stream_start knock-other other knock 10.20.0.22 80
    zw_stream_start knock-allowed client knock 10.20.0.22 81
    for job in knock-client knock-other knock-allowed; do zw_wait_for "grep -q ^ready '$ZW_PG/$job.out'"; done
}
knocked() {
    local many=$((20 / ZW_SLOWNESS))
    zw_stream_end knock-client passed=0 "sent>$many"
    zw_stream_end knock-other passed=0 "sent>$many"
    zw_stream_end knock-allowed "passed>$many"
}

# A busy machine may lose some even so: the switch's queue holds 100.
under_load() {
    knocking
    load "$ZW_SLOWNESS"
    knocked
    zw_wait_for adds_up 30 || adds_up
    adds_up
    [ "$(recorded)" -gt 100 ]
}

stands_still() {
    kill -STOP "$(zw_pid zonewardd)"
    knocking
    load $((2 * ZW_SLOWNESS)) || true # More than the sockets hold.
    knocked
    kill -CONT "$(zw_pid zonewardd)"
    zw_wait_for adds_up 40 || { adds_up; show; }
    adds_up
    [ "$(missing)" -gt 100 ]
}

show() { sql "select * from gaps"; cat "$ZW_PG/state/copies.json"; }
is_away() {
    local before
    before=$(missing)
    zw_daemon_kill9
    load "$ZW_SLOWNESS"
    zw_daemon_start "$ZW_PG/policy.yaml"
    zw_wait_for adds_up 40 || { adds_up; show; }
    adds_up
    [ "$(missing)" -gt "$((before + 100))" ]
    zw_ctl audit query --type gap
}

zw_playground_start || exit 99
zw_case "three VMs, and every session of two logged" setup
zw_case "under load every session is in the log, or missed there, and what is not allowed stays out" under_load
zw_case "while the daemon stands still, copies are lost, and the log says how many; what is not allowed stays out" stands_still
zw_case "while the daemon is away, as well" is_away
# To a daemon that is killed while copies come.
zw_done 'vconn_stream.ERR.send: Broken pipe' 'connection dropped .Broken pipe.'
