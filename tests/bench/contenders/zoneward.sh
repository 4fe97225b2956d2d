#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# zoneward - Zoneward itself: sessions decided in the fast path without log ("fast"), with a log of each ("logged"), or
# each decided in the slow path and logged ("asked").
KIND=${1:-fast} BENCH_PORTS=${2:-plain}
. "${ZW_SRCDIR:-$(dirname "$0")/../../..}/tests/bench/contenders/common.sh"

write_policy() {
    local action denied=denied
    case $KIND in
    fast) action='action: allow, log: none' denied=none ;;
    logged) action='action: allow, log: session' ;;
    asked) action='action: ask, otherwise: allow, log: session' ;;
    *) bench_cannot "no such kind: $KIND" ;;
    esac
    cat >"$ZW_PG/policy.yaml" <<POLICY
version: 1
zones:
  client: {ports: [{iface-id: client}, {iface-id: attacker}]}
  server: {ports: [{iface-id: server}]}
defaults: {action: deny, log: $denied}
rules:
  - {name: everything, from: client, to: server, service: [tcp/$BENCH_FIRST-$BENCH_LAST, udp/$BENCH_FIRST-$BENCH_LAST], $action}
POLICY
}

sql() { sqlite3 -readonly "$ZW_PG/state/audit.db" "$1"; }

sessions() {
    let_in=$(zw_ofctl dump-flows "$ZW_BRIDGE" | sed -n 's/.*n_packets=\([0-9]*\).*ct(commit.*/\1/p' |
        awk '{ n += $1 } END { print n + 0 }')
    recorded=$(sql 'select count(*) from sessions')
    missing=$(sql "select ifnull(sum(n_missing), 0) from gaps where what = 'session'")
    [ "$((recorded + missing))" -eq "$let_in" ]
}

# `sessions [SECONDS]`: let-in=N recorded=N missing=N, of all sessions so far: what the switch committed, what the log has,
# and what the log says that it has not.  All three follow the packets after a while; waits at most so long for them to
# add up.
bench_do_sessions() {
    zw_appctl revalidator/wait # Until then the counters of flows are those of a second ago.
    zw_wait_for sessions "${1:-$ZW_PATIENCE_S}"
    echo "let-in=$let_in recorded=$recorded missing=$missing"
}

bench_need sqlite3 "$ZW_BUILDDIR/zonewardd" "$ZW_BUILDDIR/zoneward"
bench_playground_start
bench_vms_on_bridge
write_policy
zw_daemon_start "$ZW_PG/policy.yaml" || bench_cannot "zonewardd does not start: $(tail -n 1 "$ZW_PG/zonewardd.log")"
bench_watch zonewardd
bench_servers
bench_check_policy filters
bench_vms_ready vswitchd="$(zw_pid ovs-vswitchd)" daemon="$(zw_pid zonewardd)" log="$ZW_PG/state/audit.db"
bench_serve
