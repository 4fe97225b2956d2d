#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Promise 6: decide() and the flows that the compiler makes of the same policy say the same, on a real switch.  And VLANs
# are as OVS's own switching has them.
# ZW_ORACLE_SEED, ZW_ORACLE_POLICIES and ZW_ORACLE_PACKETS ask for other policies, or more.
. "${ZW_SRCDIR:-$(dirname "$0")/../..}/tests/system/tap.sh"

SEED=${ZW_ORACLE_SEED:-5}

setup() {
    "$PYTHON" -I "$ZW_SRCDIR/tests/oracle.py" setup
    printf 'version: 1\nzones: {all: {ports: [{name: "*"}]}}\nrules: [{from: all, to: all, action: allow}]\n' \
        >"$ZW_PG/policy.yaml"
    zw_daemon_start "$ZW_PG/policy.yaml"
}

vlans() { "$PYTHON" -I "$ZW_SRCDIR/tests/oracle.py" vlans; }

compare() {
    "$PYTHON" -I "$ZW_SRCDIR/tests/oracle.py" compare "$SEED" "${ZW_ORACLE_POLICIES:-60}" "${ZW_ORACLE_PACKETS:-50}"
}

zw_playground_start || exit 99
zw_case "ports of every VLAN mode" setup
zw_case "VLANs are as NORMAL has them" vlans
zw_case "decide() and the switch agree (seed $SEED)" compare
zw_done 'dropping VLAN [0-9]+'
