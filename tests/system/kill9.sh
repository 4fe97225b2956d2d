#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# zonewardd is killed while traffic runs, and comes back.
# Promise 2: the fast path does not depend on it.  Promise 7: a restart with the same policy changes no flow.
. "${ZW_SRCDIR:-$(dirname "$0")/../..}/tests/system/tap.sh"
# shellcheck source=../demo-setup.sh
. "$ZW_SRCDIR/tests/demo-setup.sh"

policy() {
    cat >"$ZW_PG/policy.yaml" <<'POLICY'
version: 1
zones:
  web: {ports: [{name: "vnet-web*"}]}
  db: {ports: [{iface-id: db}]}
  outside: {ports: [{external-id: role=uplink}]}
services: {echo: [tcp/5432, udp/5432], ssh: tcp/22}
rules:
  - {name: echo, from: web, to: db, service: echo, action: allow, log: session}
  - {name: ssh, from: web, to: db, service: ssh, action: ask, otherwise: allow, log: session}
POLICY
}

start() {
    policy
    zw_daemon_start "$ZW_PG/policy.yaml"
    zw_expect passed web tcp 10.20.0.12 5432
    zw_expect passed web tcp 10.20.0.12 22
    zw_expect dropped web http 10.20.0.12 80
}

# Everything that can change a flow of ours while the daemon is away and when it comes back.
watch_flows() {
    _zw_run monitor "$ZW_PG/monitor.out" ovs-ofctl monitor br0 watch:'!initial'
    sleep 0.3
}

killed() {
    zw_stream_start tcp web tcp 10.20.0.12 5432
    zw_stream_start asked web tcp 10.20.0.12 22
    zw_stream_start udp web udp 10.20.0.12 5432
    zw_stream_start connect web connect 10.20.0.12 5432
    zw_stream_start tcp6 web tcp fd00:20::12 5432
    zw_stream_start knock web knock 10.20.0.12 80
    zw_wait_for "zw_ctl sessions --format=csv | grep -q ',22,.*,ESTABLISHED,'" # What must be asked for has been.
    sleep 1
    watch_flows
    zw_daemon_kill9
    sleep 2
    zw_expect dropped web http 10.20.0.12 80
    zw_expect dropped outside tcp 10.20.0.12 5432
    zw_expect dropped web tcp 10.20.0.12 22 # A new session that must be asked for: nobody answers.
}

back() {
    zw_daemon_start "$ZW_PG/policy.yaml"
    sleep 1
    zw_expect passed web tcp 10.20.0.12 22
}

unharmed() {
    local job
    for job in tcp asked udp connect tcp6; do zw_stream_end "$job" lost=0 'exchanges>300' "longest_gap_ms<$((500 * ZW_SLOWNESS))"; done
    zw_stream_end knock passed=0 'sent>100'
}

unchanged() {
    zw_kill monitor || true
    grep -E 'event=(ADDED|DELETED|MODIFIED)' "$ZW_PG/monitor.out" | sed '/cookie=0x5a04/d' >"$ZW_PG/changes" || true
    head -n 5 "$ZW_PG/changes"
    [ ! -s "$ZW_PG/changes" ] || _zw_fail "$(wc -l <"$ZW_PG/changes") flow changes"
    zw_ctl status --json | "$PYTHON" -I -c '
import json, sys
status = json.load(sys.stdin)
assert status["healthy"], status
assert status["bridges"][0]["n_mended"] == 0, status
assert status["policy"]["version"] == 1, status'
}

logged() {
    local n
    zw_wait_for "[ \$(zw_ctl audit query --json --rule ssh | wc -l) -ge 3 ]"
    n=$(zw_ctl audit query --json --rule echo | wc -l)
    [ "$n" -gt 3 ]
    zw_ctl audit query --json | grep -c daemon
}

zw_demo_setup || exit 99
zw_kill serve-db KILL || true
zw_vm_serve db tcp:5432 udp:5432 tcp:22 http:80 udp:80 || exit 99
zw_case "zonewardd starts and enforces its policy" start
zw_case "killed: what is allowed goes on, what is not stays out" killed
zw_case "it comes back" back
zw_case "no packet of an allowed session was lost" unharmed
zw_case "no flow was changed" unchanged
zw_case "the audit log opens and goes on" logged
zw_done 'rconn.*connection dropped' # The killed one's.
