#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# A packet to several receivers: each copy is judged for its own receiver, and opens no session.
. "${ZW_SRCDIR:-$(dirname "$0")/../..}/tests/system/tap.sh"
# shellcheck source=../packets.sh
. "$ZW_SRCDIR/tests/packets.sh"

setup() {
    local vm n=0
    cat >"$ZW_PG/policy.yaml" <<'POLICY'
version: 1
zones:
  vm: {ports: [{name: "vm*"}]}
  ask1: {ports: [{name: ask1}]}
  dhcp: {ports: [{name: dhcp}]}
  denied: {ports: [{name: denied}]}
  ask2: {ports: [{name: xask2}]}
rules:
  - {name: discover, from: vm, to: dhcp, service: udp/67, action: allow}
  - {name: offer, from: dhcp, to: vm, service: udp/68, action: allow}
  - {name: asked, from: vm, to: ask1, service: udp/67, action: ask, otherwise: allow}
  - {name: refused, from: vm, to: ask2, service: udp/67, action: ask, otherwise: deny}
  - {name: cluster, from: vm, to: [vm, dhcp], service: udp/5405, to-addresses: [239.1.1.1, "ff02::1:1", 10.20.255.255], action: allow}
  - {name: routers, from: dhcp, to: vm, service: icmpv6/134, action: allow}
POLICY
    for vm in vm1 vm2 ask1 dhcp denied xask2; do
        n=$((n + 1))
        zw_vm_add "$vm" "$vm" 10.20.0."$n"/16 fd00:20::"$n"/48
    done
    zw_daemon_start "$ZW_PG/policy.yaml"
}

ALL=(vm1 vm2 ask1 dhcp denied xask2)

dhcp() {
    catch_start "${ALL[@]}"
    packets vm1 udp 68 255.255.255.255 67 5
    packets dhcp udp 67 255.255.255.255 68 3
    packets denied udp 67 255.255.255.255 68
    catch_end "${ALL[@]}"
    caught dhcp '^udp 10.20.0.1 255.255.255.255 68 67' 5
    caught ask1 '^udp 10.20.0.1 255.255.255.255 68 67' 5 # Later copies, too, though an earlier one is paused.
    caught vm1 '^udp 10.20.0.4 255.255.255.255 67 68' 3
    caught vm2 '^udp 10.20.0.4 255.255.255.255 67 68' 3
    caught vm2 '^udp' 3
    caught denied '^udp' 0
    caught xask2 '^udp' 0
    caught vm1 '^udp' 3 # Nothing comes back to where it came from.
}

multicast() {
    catch_start "${ALL[@]}"
    packets vm1 udp 5405 239.1.1.1 5405 2
    packets vm1 udp 5405 10.20.255.255 5405 2
    packets vm1 udp 5405 ff02::1:1 5405 2
    packets vm1 udp 5405 239.1.1.2 5405 2
    packets vm1 udp 5405 239.1.1.1 5406 2
    packets ask1 udp 5405 239.1.1.1 5405 2
    catch_end "${ALL[@]}"
    caught vm2 '^udp' 6
    caught dhcp '^udp' 6
    caught vm1 '^udp' 0
    caught ask1 '^udp' 0
    caught denied '^udp' 0
}

no_session() {
    zw_appctl dpctl/dump-conntrack | tee /dev/stderr | grep -E 'dst=(255.255.255.255|10.20.255.255|239|ff02)' && false
    # An answer to a broadcast is a session of its own.
    catch_start vm1
    packets vm2 udp 5405 10.20.0.1 5405
    packets ask1 udp 67 10.20.0.1 68
    catch_end vm1
    caught vm1 '^udp' 0
}

# Hosts find each other whatever the policy says; nothing else passes on that way.
neighbours() {
    zw_vm_exec denied ip neigh flush all
    if zw_vm_exec denied ping -c 1 -W 1 10.20.0.1; then false; fi
    if zw_vm_exec denied ping -c 1 -W 1 fd00:20::1; then false; fi
    zw_vm_exec denied ip neigh show 10.20.0.1 | grep "lladdr $(zw_vm_mac vm1)"
    zw_vm_exec denied ip neigh show fd00:20::1 | grep "lladdr $(zw_vm_mac vm1)"
    zw_ctl explain denied vm1 icmpv6/135 | grep "^allow: this is neighbour discovery"
    if zw_ctl explain denied vm1 icmpv6/128; then false; fi
}

# send_nd VM TYPE HOP-LIMIT: to all nodes.
send_nd() {
    zw_vm_exec "$1" "$PYTHON" -I -c '
import socket, struct, sys
s = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6)
s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, int(sys.argv[2]))
s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF, socket.if_nametoindex("eth0"))
s.sendto(struct.pack("!BBHI", int(sys.argv[1]), 0, 0, 0) + socket.inet_pton(socket.AF_INET6, "fd00:20::99"), ("ff02::1", 0))' \
        "$2" "$3"
}

neighbour_like() {
    catch_start vm1 vm2
    send_nd denied 136 255
    send_nd denied 135 254 # From beyond the link.
    send_nd denied 134 255 # A router advertisement is for the policy.
    send_nd dhcp 134 255
    catch_end vm1 vm2
    caught vm2 '^neighbour 136 0 .* ff02::1$'
    caught vm2 '^neighbour 135 0 .* ff02::1$' 0
    caught vm1 '^neighbour 134'
    caught vm2 '^neighbour 134'
}

zw_playground_start || exit 99
zw_case "zones that may, may not, and are asked about" setup
zw_case "a broadcast reaches the zones that the policy lets it to" dhcp
zw_case "so does a multicast" multicast
zw_case "neither leaves a session" no_session
zw_case "hosts find each other" neighbours
zw_case "only neighbour discovery passes as such" neighbour_like
zw_done
