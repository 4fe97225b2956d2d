#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Promises 1 and 6, with real packets: of random policies and packets like those of oracle.sh, each packet arrives, byte by
# byte as it was sent, exactly where the model says.  So do the answers of its session, and nobody else's lies about it.
# ZW_ORACLE_SEED asks again what another run asked; ZW_ORACLE_POLICIES and ZW_ORACLE_PACKETS ask for more.
. "${ZW_SRCDIR:-$(dirname "$0")/../..}/tests/system/tap.sh"

SEED=${ZW_ORACLE_SEED:-$((SRANDOM % 1000000))}

setup() {
    local name
    for name in $("$PYTHON" -I "$ZW_SRCDIR/tests/oracle.py" names); do
        _zw_host "$name" switch "$name" '' ''
        zw_vm_exec "$name" sysctl -qw net.ipv6.conf.eth0.disable_ipv6=1
    done
    "$PYTHON" -I "$ZW_SRCDIR/tests/oracle.py" setup-links
    printf 'version: 1\nzones: {all: {ports: [{name: "*"}]}}\nrules: []\n' >"$ZW_PG/policy.yaml"
    zw_daemon_start "$ZW_PG/policy.yaml"
}

# arrive SEED POLICIES
arrive() { "$PYTHON" -I "$ZW_SRCDIR/tests/oracle.py" arrivals "$1" "$2" "${ZW_ORACLE_PACKETS:-60}"; }

zw_playground_start || exit 99
zw_case "links for ports of every VLAN mode" setup
zw_case "packets arrive where the model says (seed 5)" arrive 5 8
zw_case "packets arrive where the model says (seed $SEED)" arrive "$SEED" "${ZW_ORACLE_POLICIES:-12}"
zw_done 'dropping VLAN [0-9]+' 'closed( in VLAN [0-9-]+)?: zones [a-z]+ and [a-z]+ claim it' \
    "closed in zone [a-z]+: its zone's guard binds (MAC|IP) addresses, and it has none" 'failed to enumerate system datapaths' \
    'netlink_conntrack.*Unsupported L4 protocol' # There is none; there is one, and OVS does not flush all of it.
