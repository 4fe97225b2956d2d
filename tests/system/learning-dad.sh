#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Guards that learn from neighbour discovery, and hosts whose addresses no guard binds: while such a host, a Linux one, looks for duplicates
# of an address that it is about to use (RFC 4862), it does not object to a VM that probes for the same one; the VM is not bound to it.
. "${ZW_SRCDIR:-$(dirname "$0")/../..}/tests/system/tap.sh"
# shellcheck source=../frames.sh
. "$ZW_SRCDIR/tests/frames.sh"

names() { FRAME_NAMES=("MS=$(zw_vm_mac s)" "MP=$(zw_vm_mac p)"); }

setup() {
    cat >"$ZW_PG/policy.yaml" <<'POLICY'
version: 1
zones:
  uplink: {ports: [{name: up-s}], guard: {mac: false, ip: false, dhcp-server: allow, router: allow}}
  macs: {ports: [{name: mac-m}], guard: {ip: false}}
  open: {ports: [{name: open-o}]}
  vms: {ports: [{name: "vm*"}], guard: {learn: [dhcp, nd]}}
rules:
  - {name: all, from: any, to: any, action: allow}
POLICY
    zw_vm_add s up-s '' '' tag=5
    zw_vm_add m mac-m '' '' tag=5
    zw_vm_add o open-o '' '' tag=5
    zw_vm_add p vm-p '' '' tag=5
    frames_silence p
    local vm
    for vm in s m o; do # They probe at once, and hold to what they hear.
        zw_vm_exec "$vm" sysctl -qw net.ipv6.conf.all.accept_dad=1 net.ipv6.conf.eth0.accept_dad=1 \
            net.ipv6.conf.eth0.router_solicitation_delay=0
    done
    zw_daemon_start "$ZW_PG/policy.yaml"
    names
    frames_catch p
    frames_serve s p
}

addresses() { zw_ctl ports --json | "$PYTHON" -I -c '
import json, sys
print(*[a for p in json.load(sys.stdin)["ports"] if p["name"] == "vm-p" for a in p["addresses"]])'; }

bound() { zw_wait_for "[ \"\$(addresses)\" = '$*' ]"; }

refused() { zw_ctl status --json | "$PYTHON" -I -c '
import json, sys
print(json.load(sys.stdin)["learning"]["n_refused"])'; }

# configures VM ADDRESS
configures() { zw_vm_exec "$1" ip addr add "$2/64" dev eth0; }

# loses VM ADDRESS: the host gives up, and p does not get it either.
loses() {
    zw_wait_for "zw_vm_exec $1 ip -6 addr show dev eth0 | grep -A1 'inet6 $2/' | grep -q dadfailed"
    zw_wait_for "[ \"\$(refused)\" -gt $before ]"
    sleep 0.7 # When it would be learned.
    bound
}

# races VM ADDRESS: p hears the probe of the host, and probes at once.
races() {
    local before
    before=$(refused)
    zw_vm_run p racer "$PYTHON" -I "$ZW_SRCDIR/tests/frames.py" answer "$2" "${FRAME_NAMES[@]}" "dad(MP, '$2')"
    zw_wait_for "grep -q ready '$ZW_PG/racer.out'"
    configures "$1" "$2"
    loses "$1" "$2"
    zw_kill racer || [ $? -eq 143 ]
}

# Nor when it waits as long as a probe of its own is to be older than this one's: the host waits a whole second.
later() {
    local before
    before=$(refused)
    configures s fd00:20::1:1
    sleep 0.7
    frame p 'dad(MP, "fd00:20::1:1")'
    zw_wait_for "[ \"\$(refused)\" -gt $before ]"
    sleep 0.7
    bound
}

# Nor when it is first, by less than half a second, and then once more.
first() {
    local before
    before=$(refused)
    frame p 'dad(MP, "fd00:20::2:1")'
    frame s 'dad(MS, "fd00:20::2:1")'
    frame p 'dad(MP, "fd00:20::2:1")' # Nothing is looked at in between: that might take longer than what it is about.
    zw_wait_for "[ \"\$(refused)\" -eq $((before + 2)) ]"
    sleep 0.7
    bound
}

# A host that is not raced has its address, though it probes three times.
alone() {
    local before
    before=$(frames_caught p)
    zw_vm_exec s sysctl -qw net.ipv6.conf.eth0.dad_transmits=3
    configures s fd00:20::3:1
    zw_wait_for "zw_vm_exec s ip -6 addr show dev eth0 -tentative | grep -q fd00:20::3:1"
    [ $(($(frames_caught p) - before)) -ge 3 ]
    zw_vm_exec s ip -6 addr show dev eth0 dadfailed | grep -c fd00:20::3:1 | grep -qx 0
}

# The VM probes more than once, and a loop brings its own probe back: it is nobody's but its own.
own() {
    frame p 'dad(MP, "fd00:20::4:1")' 3 0.1
    frame s 'dad(MP, "fd00:20::4:1")'
    bound fd00:20::4:1
}

# What nobody has any more, or is about to have, it may have.
afterwards() {
    frame s 'dad(MS, "fd00:20::5:1")'
    zw_wait_for 'frame p "dad(MP, \"fd00:20::5:1\")"; sleep 0.7; [ "$(addresses)" = "fd00:20::4:1 fd00:20::5:1" ]'
}

zw_playground_start || exit 99
zw_case "hosts that no guard binds to addresses, and a VM that is learned from" setup
names
zw_case "a VM races a host behind an uplink for the address that it configures" races s fd00:20::a
zw_case "a host without a guard" races o fd00:20::b
zw_case "a host whose guard binds its MAC address only" races m fd00:20::c
zw_case "a VM that probes somewhat later, while the host still waits" later
zw_case "a VM that probes first, and again" first
zw_case "a host alone has its address" alone
zw_case "a VM that hears nothing but itself has its address" own
zw_case "an address that was probed for in vain is free again" afterwards
zw_done
