#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Segments: access and trunk ports as tag, trunks and vlan_mode in OVSDB say, which only NORMAL would honour by itself.
. "${ZW_SRCDIR:-$(dirname "$0")/../..}/tests/system/tap.sh"

setup() {
    cat >"$ZW_PG/policy.yaml" <<'POLICY'
version: 1
zones:
  vm: {ports: [{name: "vnet-*"}]}
  rack: {ports: [{name: trunk0}]}
services: {echo: tcp/5432}
rules:
  - {name: between, from: [vm, rack], to: [vm, rack], service: echo, action: allow, log: session}
  - {name: ping, from: [vm, rack], to: [vm, rack], service: [icmp/8, icmpv6/128], action: allow, log: none}
POLICY
    zw_vm_add plain vnet-p0 10.20.0.10/16 fd00:20::10/48
    zw_vm_add ten vnet-t10 10.20.0.11/16 fd00:20::11/48 tag=10
    zw_vm_add ten2 vnet-u10 10.20.0.12/16 fd00:20::12/48 tag=10
    zw_vm_add twenty vnet-t20 10.20.0.13/16 fd00:20::13/48 tag=20
    zw_trunk_add far trunk0 trunks=10,20
    zw_trunk_host far10 far 10 10.20.1.10/16 fd00:20:0:1::10/48
    zw_trunk_host far20 far 20 10.20.1.20/16 fd00:20:0:1::20/48
    zw_trunk_host far30 far 30 10.20.1.30/16 fd00:20:0:1::30/48
    zw_trunk_host far0 far 0 10.20.1.1/16 fd00:20:0:1::1/48
    for vm in plain ten ten2 twenty far10 far20 far30 far0; do zw_vm_serve "$vm" tcp:5432; done
    zw_daemon_start "$ZW_PG/policy.yaml"
}

both() { # RESULT FROM IPV4 IPV6
    zw_expect "$1" "$2" tcp "$3" 5432 1
    zw_expect "$1" "$2" tcp "$4" 5432 1
}

access() {
    both passed ten 10.20.0.12 fd00:20::12
    both dropped ten 10.20.0.13 fd00:20::13
    both dropped ten 10.20.0.10 fd00:20::10
    both dropped plain 10.20.0.11 fd00:20::11
}

trunk() {
    both passed ten 10.20.1.10 fd00:20:0:1::10
    both passed far10 10.20.0.11 fd00:20::11
    both passed twenty 10.20.1.20 fd00:20:0:1::20
    both passed far20 10.20.0.13 fd00:20::13
    both dropped ten 10.20.1.20 fd00:20:0:1::20
    both dropped far20 10.20.0.11 fd00:20::11
}

not_carried() { # A VLAN that the port's trunks leave out, and untagged packets.
    zw_vm_add thirty vnet-t30 10.20.0.14/16 fd00:20::14/48 tag=30
    zw_vm_serve thirty tcp:5432
    both dropped thirty 10.20.1.30 fd00:20:0:1::30
    both dropped far30 10.20.0.14 fd00:20::14
    both dropped plain 10.20.1.1 fd00:20:0:1::1
    zw_vsctl set port trunk0 trunks=10,20,30
    zw_wait_for 'zw_flows | grep -q "dl_vlan=30"'
    both passed thirty 10.20.1.30 fd00:20:0:1::30
    both passed far30 10.20.0.14 fd00:20::14
}

retagged() {
    zw_vsctl set port vnet-t20 tag=10
    zw_wait_for '! zw_flows | grep -q "in_port=vnet-t20.*dl_vlan=20"'
    both passed ten 10.20.0.13 fd00:20::13
    both dropped twenty 10.20.1.20 fd00:20:0:1::20
    zw_vsctl set port vnet-t20 tag=20
}

native() {
    zw_vsctl set port trunk0 vlan_mode=native-untagged tag=40 trunks=10,40
    zw_vm_add forty vnet-t40 10.20.0.15/16 fd00:20::15/48 tag=40
    zw_vm_serve forty tcp:5432
    sleep 0.5
    both passed forty 10.20.1.1 fd00:20:0:1::1
    both passed far0 10.20.0.15 fd00:20::15
    both passed ten 10.20.1.10 fd00:20:0:1::10
    both dropped twenty 10.20.1.20 fd00:20:0:1::20
    both dropped plain 10.20.1.1 fd00:20:0:1::1
}

every_vlan() { # A port without tag or trunks carries all of them, and untagged packets.
    zw_vsctl clear port trunk0 vlan_mode tag trunks
    sleep 0.5
    both passed ten 10.20.1.10 fd00:20:0:1::10
    both passed twenty 10.20.1.20 fd00:20:0:1::20
    both passed thirty 10.20.1.30 fd00:20:0:1::30
    both passed plain 10.20.1.1 fd00:20:0:1::1
    both dropped plain 10.20.1.10 fd00:20:0:1::10
}

# An access port takes no packet that says it is of another segment.
hopping() {
    zw_expect passed ten tcp 10.20.0.12 5432
    zw_vm_exec ten "$PYTHON" -I -c '
import socket, struct
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
s.bind(("eth0", 0))
mac = s.getsockname()[4]
arp = struct.pack("!HHBBH6s4s6s4s", 1, 0x0800, 6, 4, 1, mac, bytes([10, 20, 0, 66]), b"\0" * 6, bytes([10, 20, 0, 13]))
for tag in (b"\x81\0\0\x14\x08\x06", b"\x81\0\0\x0a\x81\0\0\x14\x08\x06", b"\x88\xa8\0\x14\x08\x06"):
    for _ in range(3):
        s.send(b"\xff" * 6 + mac + tag + arp)'
    sleep 0.3
    if ip -n "$(_zw_ns twenty)" neigh | grep 10.20.0.66; then false; fi
}

zw_playground_start || exit 99
zw_case "ports with and without tags, and a rack behind a trunk" setup
zw_case "access ports see their own segment" access
zw_case "a trunk carries what it lists, each VLAN by itself" trunk
zw_case "a trunk carries nothing else, until it lists it" not_carried
zw_case "a tag changes" retagged
zw_case "a native VLAN" native
zw_case "a port without tag and trunks carries every VLAN" every_vlan
zw_case "an access port cannot hop" hopping
zw_done
