#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Promise 6: the model (tests/model), decide() and the flows that the compiler makes of the same policy say the same, on a
# real switch, for random policies, packets and states of conntrack.  And VLANs are as OVS's own switching has them.
# One seed is the same each time, the other another one each time: what it finds, ZW_ORACLE_SEED finds again.
# ZW_ORACLE_POLICIES and ZW_ORACLE_PACKETS ask for more.
. "${ZW_SRCDIR:-$(dirname "$0")/../..}/tests/system/tap.sh"

SEED=${ZW_ORACLE_SEED:-$((SRANDOM % 1000000))}

setup() {
    "$PYTHON" -I "$ZW_SRCDIR/tests/oracle.py" setup
    printf 'version: 1\nzones: {all: {ports: [{name: "*"}]}}\nrules: [{from: all, to: all, action: allow}]\n' \
        >"$ZW_PG/policy.yaml"
    zw_daemon_start "$ZW_PG/policy.yaml"
}

vlans() { "$PYTHON" -I "$ZW_SRCDIR/tests/oracle.py" vlans; }

# compare SEED POLICIES
compare() { "$PYTHON" -I "$ZW_SRCDIR/tests/oracle.py" compare "$1" "$2" "${ZW_ORACLE_PACKETS:-200}"; }

zw_playground_start || exit 99
zw_case "ports of every VLAN mode" setup
zw_case "VLANs are as NORMAL has them" vlans
zw_case "model, decide() and the switch agree (seed 5)" compare 5 40
zw_case "model, decide() and the switch agree (seed $SEED)" compare "$SEED" "${ZW_ORACLE_POLICIES:-60}"
zw_done 'dropping VLAN [0-9]+' 'closed( in VLAN [0-9-]+)?: zones [a-z]+ and [a-z]+ claim it' \
    "closed in zone [a-z]+: its zone's guard binds (MAC|IP) addresses, and it has none" \
    '02:00:00:00:[0-9a-f:]+ is behind port [a-z0-9]+ and behind port' 'address [0-9a-f.:]+ is not learned: (port [a-z0-9]+ has it|it is not among its zone.s learn-addresses)'
