#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# How many connections a second pass when each is asked about, against plain switching, in one run.
#
# With sanitizers the daemon's own speed says nothing: there the test is that all connections pass.
. "${ZW_SRCDIR:-$(dirname "$0")/../..}/tests/system/tap.sh"

AT_LEAST=0.35 # Of plain switching.
if [ "${ZW_SANITIZED-no}" = yes ]; then AT_LEAST=0.02; fi
IN_FLIGHT=16
SECONDS_EACH=3
ROUNDS=3

setup() {
    cat >"$ZW_PG/asked.yaml" <<'POLICY'
version: 1
zones:
  client: {ports: [{iface-id: client}]}
  server: {ports: [{iface-id: server}]}
rules:
  - {name: everything, from: client, to: server, service: tcp/9000-9007, action: ask, otherwise: allow, log: session}
POLICY
    zw_vm_add client vnet-c0 10.20.0.21/16 fd00:20::21/48
    zw_vm_add server vnet-s0 10.20.0.22/16 fd00:20::22/48
    zw_vm_exec client sysctl -qw net.ipv4.ip_local_port_range='1024 65535'
    zw_vm_run server crr "$ZW_BUILDDIR/tests/bench/crr" serve 9000
    zw_wait_for "grep -q ready '$ZW_PG/crr.out'"
}

# A second before, so that the flows have settled.
load() { zw_vm_exec client "$ZW_BUILDDIR/tests/bench/crr" load 10.20.0.22 9000 "$IN_FLIGHT" "$SECONDS_EACH" 1; }

one_round() {
    zw_ofctl del-flows br0
    zw_ofctl add-flow br0 actions=NORMAL
    load | tee -a "$ZW_PG/plain.rates"
    zw_ofctl del-flows br0
    zw_daemon_start "$ZW_PG/asked.yaml"
    load | tee -a "$ZW_PG/asked.rates"
    zw_daemon_stop
}

no_failures() { # Neither plain nor asked.
    cat "$ZW_PG/plain.rates" "$ZW_PG/asked.rates"
    [ "$(grep -c failed=0 "$ZW_PG/asked.rates")" -eq "$ROUNDS" ]
}

median() { sed 's/rate=\([0-9]*\).*/\1/' "$ZW_PG/$1.rates" | sort -n | sed -n "$(((ROUNDS + 1) / 2))p"; }

fast_enough() {
    local plain asked
    plain=$(median plain) asked=$(median asked)
    awk -v p="$plain" -v a="$asked" -v least="$AT_LEAST" \
        'BEGIN { printf "plain %d/s, asked %d/s: %.2f (at least %.2f)\n", p, a, a / p, least; exit !(a / p >= least) }'
}

zw_playground_start || exit 99
zw_case "two VMs" setup
for ((round = 1; round <= ROUNDS; round++)); do zw_case "round $round" one_round; done
zw_case "every connection passed" no_failures
zw_case "at least $AT_LEAST of plain switching" fast_enough
grep . "$ZW_PG"/*.rates | sed "s,^$ZW_PG/,# ,"
zw_done
