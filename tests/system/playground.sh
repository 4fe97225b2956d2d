#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# The playground itself: what all other system tests stand on.
. "${ZW_SRCDIR:-$(dirname "$0")/../..}/tests/system/tap.sh"

setup() {
    zw_vm_add web vnet-web0 10.20.0.11/16 fd00:20::11/48
    zw_vm_add db vnet-db0 10.20.0.12/16 fd00:20::12/48 external_ids:zone=db
    zw_vm_add tagged vnet-tag0 10.20.0.13/16 fd00:20::13/48 tag=10
    zw_trunk_add rack trunk0 trunks=10,20
    zw_trunk_host far rack 10 10.20.0.14/16 fd00:20::14/48
    zw_lan_add lan uplink0
    zw_host_add office lan 10.20.10.1/16 fd00:20:0:10::1/48
    zw_host_add outside lan 10.20.9.1/16 fd00:20:0:9::1/48
    zw_vm_serve db http:80 tcp:5432
    zw_vm_serve outside dns:53 udp:7
}

closed() {
    [ -z "$(zw_ofctl --no-stats dump-flows br0 | sed '/ reply /d')" ]
    zw_expect dropped web http 10.20.0.12 80
    zw_expect dropped web http fd00:20::12 80
    zw_expect dropped office tcp 10.20.0.12 5432
    zw_expect dropped web dns 10.20.9.1 53
}

open() {
    zw_ofctl add-flow br0 actions=NORMAL
    zw_expect passed web http 10.20.0.12 80
    zw_expect passed web http fd00:20::12 80
    zw_expect passed office tcp 10.20.0.12 5432
    zw_expect passed web dns 10.20.9.1 53
    zw_expect passed db dns fd00:20:0:9::1 53
    zw_expect passed office udp 10.20.9.1 7
    zw_expect refused web tcp 10.20.0.12 5433
    zw_vm_exec db ping -c 1 -W 2 10.20.10.1
}

vlans() {
    zw_vm_exec tagged ping -c 1 -W 2 10.20.0.14
    zw_vm_exec tagged ping -c 1 -W 2 fd00:20::14
    if zw_vm_exec tagged ping -c 1 -W 1 10.20.0.11; then false; fi
}

bulk() { # More than one segment, so checksums and offloads are right.
    zw_vm_exec web "$PYTHON" -I -c '
import socket
s = socket.create_connection(("10.20.0.12", 5432), 5)
s.recv(100)
n = 0
for i in range(20):
    s.sendall(b"x" * 50000)
    while n < (i + 1) * 50000:
        n += len(s.recv(65536))
assert n == 1000000'
}

mac() {
    local mac
    mac=$(zw_vm_mac web)
    [ "$(zw_vsctl get interface vnet-web0 external_ids:attached-mac)" = "\"$mac\"" ]
    [ "$(zw_vsctl get interface vnet-db0 external_ids:zone)" = db ]
}

vm_goes() {
    zw_vm_del tagged
    if zw_vsctl port-to-br vnet-tag0; then false; fi
}

restart() {
    zw_vswitchd_stop
    zw_vswitchd_start
    zw_wait_for "zw_ofctl dump-flows br0"
    closed
    open
}

zw_playground_start || exit 99
zw_case "VMs and a network behind an uplink" setup
zw_case "a secure bridge without flows passes nothing" closed
zw_case "plain switching passes everything" open
zw_case "access and trunk ports" vlans
zw_case "a megabyte there and back" bulk
zw_case "external_ids say what libvirt says" mac
zw_case "a VM goes, and its port with it" vm_goes
zw_case "vswitchd restarts, and is closed again" restart
zw_done 'dropping VLAN 0 packet received on port trunk0'
