#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# scale - a switch with many VM ports, for policies of any size; what to run on it is said by commands.
#
#     scale.sh PORTS [zoneward|ovn]        PORTS as tests/bench/generate.py writes them
#
# The other ends of all ports are in one network namespace, "vms", under the same names.  Attributes: dir (of the
# playground), vms, switch (the namespaces), vswitchd (a process id); with "ovn", northd and controller as well.
#
#     start POLICY              zonewardd; answers with its process id
#     stop
#     link NAME MAC             one more device, not yet a port
#     unlink NAME
#     clear                     no flows and nothing remembered, as fresh from the start
BENCH_PORTS=plain
. "${ZW_SRCDIR:-$(dirname "$0")/../../..}/tests/bench/contenders/common.sh"

PORTS=${1:?PORTS} KIND=${2:-zoneward}

# Reads ports, prints commands for `ip -batch` in the switch's namespace.
links() {
    awk -v ns="$(_zw_ns vms)" '{
        mac = $3; sub(/^mac=/, "", mac)
        print "link add " $1 " type veth peer name " $1 " address " mac " netns " ns
        print "link set " $1 " up"
    }'
}

peers_up() { awk '{ print "link set " $1 " up" }' | ip -n "$(_zw_ns vms)" -batch -; }

# All in one transaction, as libvirt's hooks would have them set.
add_ports() {
    local name ofport mac ids id args=()
    while read -r name ofport mac ids; do
        args+=(-- add-port "$ZW_BRIDGE" "$name" -- set interface "$name" "ofport_request=$ofport")
        for id in $ids; do args+=("external_ids:$id"); done
        if [ "$ofport" -ne 1 ]; then args+=("external_ids:attached-mac=\"${mac#mac=}\""); fi
    done
    zw_vsctl --timeout=60 "${args[@]}"
}

make_ports() {
    _zw_ns_add vms &&
        ip netns exec "$(_zw_ns vms)" sysctl -qw net.ipv6.conf.default.disable_ipv6=1 net.ipv4.conf.all.arp_ignore=8 &&
        links <"$PORTS" | ip -n "$(_zw_ns switch)" -batch - && peers_up <"$PORTS" && add_ports <"$PORTS"
}

bench_do_link() {
    echo "$1 0 mac=$2" | links | ip -n "$(_zw_ns switch)" -batch - && echo "$1" | peers_up
}

bench_do_unlink() { ip -n "$(_zw_ns switch)" link del "$1"; }

bench_do_start() {
    zw_daemon_start "$1" || return 1
    zw_pid zonewardd
}

bench_do_stop() { zw_daemon_stop; }

bench_do_clear() {
    rm -rf "$ZW_PG/state" && mkdir "$ZW_PG/state" && zw_ofctl del-flows "$ZW_BRIDGE" && zw_appctl revalidator/purge &&
        zw_appctl dpctl/flush-conntrack
}

bench_need "$ZW_BUILDDIR/zonewardd" "$ZW_BUILDDIR/zoneward"
bench_playground_start
if [ "$KIND" = ovn ]; then
    # shellcheck source=ovn.sh
    . "$ZW_SRCDIR/tests/bench/contenders/ovn.sh"
    bench_ovn_start
fi
make_ports || bench_cannot "the VM ports cannot be made"
attributes=()
if [ "$KIND" = ovn ]; then
    attributes=(northd="$(zw_pid ovn-northd)" controller="$(zw_pid ovn-controller)" nbctl="$OVN_BIN/ovn-nbctl")
fi
bench_ready dir="$ZW_PG" vms="$(_zw_ns vms)" switch="$(_zw_ns switch)" vswitchd="$(zw_pid ovs-vswitchd)" "${attributes[@]}"
bench_serve
