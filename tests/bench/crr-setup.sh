# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# crr-setup - two VMs to measure connection rates between, on a playground that runs.

# crr_setup: VMs "client" and "server", and policies $ZW_PG/fast.yaml, logged.yaml and asked.yaml.
crr_setup() {
    local name action
    for name in fast logged asked; do
        case $name in
        fast) action='action: allow, log: none' ;;
        logged) action='action: allow, log: session' ;;
        asked) action='action: ask, otherwise: allow, log: session' ;;
        esac
        cat >"$ZW_PG/$name.yaml" <<POLICY
version: 1
zones:
  client: {ports: [{iface-id: client}]}
  server: {ports: [{iface-id: server}]}
rules:
  - {name: everything, from: client, to: server, service: tcp/9000-9007, $action}
POLICY
    done
    zw_vm_add client vnet-c0 10.20.0.21/16 fd00:20::21/48 &&
        zw_vm_add server vnet-s0 10.20.0.22/16 fd00:20::22/48 &&
        zw_vm_exec client sysctl -qw net.ipv4.ip_local_port_range='1024 65535' &&
        zw_vm_run server crr "$ZW_BUILDDIR/tests/bench/crr" serve 9000 &&
        zw_wait_for "grep -q ready '$ZW_PG/crr.out'"
}

# crr_load SECONDS IN-FLIGHT WARM-UP: prints an account.
crr_load() { zw_vm_exec client "$ZW_BUILDDIR/tests/bench/crr" load 10.20.0.22 9000 "$2" "$1" "$3"; }

# crr_measure KIND SECONDS IN-FLIGHT: KIND is "plain" or one of the policies.  Its account goes to $ZW_PG/KIND.rates.  A
# second before, so that the flows have settled.
crr_measure() {
    zw_ofctl del-flows br0
    if [ "$1" = plain ]; then
        zw_ofctl add-flow br0 actions=NORMAL
    else
        zw_daemon_start "$ZW_PG/$1.yaml" || return 1
    fi
    crr_load "$2" "$3" 1 | tee -a "$ZW_PG/$1.rates" || return 1
    if [ "$1" != plain ]; then
        zw_daemon_stop
    fi
}
