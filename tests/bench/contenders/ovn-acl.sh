#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# ovn-acl - OVN with the same policy as stateful ACLs of the receiver's port, and without ("plain") or with ("log") its
# ACL logging of all that passes and all that is dropped, without a meter.
KIND=${1:-plain} BENCH_PORTS=${2:-plain}
. "${ZW_SRCDIR:-$(dirname "$0")/../../..}/tests/bench/contenders/common.sh"
# shellcheck source=ovn.sh
. "$ZW_SRCDIR/tests/bench/contenders/ovn.sh"

add_ports() {
    local name
    bench_nbctl ls-add net -- pg-add everybody -- pg-add clients -- pg-add servers || return 1
    for name in client server attacker; do
        bench_nbctl lsp-add net "$name" -- \
            lsp-set-addresses "$name" "$(zw_vm_mac "$name") ${bench_ipv4[$name]} ${bench_ipv6[$name]}" || return 1
    done
    bench_nbctl pg-set-ports everybody client server attacker -- pg-set-ports clients client attacker -- \
        pg-set-ports servers server
}

acl() { # PRIORITY MATCH VERDICT
    local log=()
    if [ "$KIND" = log ]; then log=(--log --severity=info --name="acl$1"); fi
    bench_nbctl "${log[@]}" --type=port-group acl-add "$4" to-lport "$1" "$2" "$3"
}

# `clients_ip4` and `_ip6` are address sets that OVN keeps itself.
add_acls() {
    local port="${BENCH_FIRST} <= %s.dst <= ${BENCH_LAST}" ports
    # shellcheck disable=SC2059
    ports="($(printf "$port" tcp) || $(printf "$port" udp))"
    # shellcheck disable=SC2016
    acl 1002 'outport == @servers && ip4.src == $clients_ip4 && '"$ports" allow-related servers &&
        acl 1001 'outport == @servers && ip6.src == $clients_ip6 && '"$ports" allow-related servers &&
        acl 1000 'outport == @everybody && ip' drop everybody
}

# `sessions`: logged=N, the lines in ovn-controller's log (one a packet that matches, not one a session).
bench_do_sessions() { echo "logged=$(grep -c 'acl_log' "$ZW_PG/ovn-controller.log")"; }

bench_playground_start
bench_ovn_start
bench_vms_on_bridge
add_ports || bench_cannot "OVN does not take the ports"
add_acls || bench_cannot "OVN does not take the ACLs"
bench_ovn_sync || bench_cannot "OVN does not get the switch ready"
bench_servers
bench_check_policy filters
note=()
if [ "$KIND" = log ]; then note=("note='logs each packet that matches, without a meter'"); fi
bench_vms_ready vswitchd="$(zw_pid ovs-vswitchd)" daemon="$(zw_pid ovn-controller)" "${note[@]}"
bench_serve
