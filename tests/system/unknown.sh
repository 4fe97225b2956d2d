#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Unicast to a receiver whose port the switch does not know (yet, or any more): a copy goes to each port, each copy is
# judged for its own zone, and whoever answers gets a session.
. "${ZW_SRCDIR:-$(dirname "$0")/../..}/tests/system/tap.sh"

setup() {
    local vm
    cat >"$ZW_PG/policy.yaml" <<'POLICY'
version: 1
zones:
  a: {ports: [{name: "a*"}]}
  b: {ports: [{name: "b[0-9]"}]}
  c: {ports: [{name: "c*"}]}
  d: {ports: [{name: "d*"}]}
  world: {ports: [{name: "up*"}]}
rules:
  - {name: both, from: a, to: [b, c, world], action: allow, log: session}
POLICY
    zw_vm_add a a0 10.20.0.1/16 fd00:20::1/48
    zw_vm_add b b0 10.20.0.2/16 fd00:20::2/48
    zw_vm_add c c0 10.20.0.3/16 fd00:20::3/48
    zw_vm_add d d0 10.20.0.4/16 fd00:20::4/48
    zw_lan_add lan up0
    zw_host_add host lan 10.20.0.5/16 fd00:20::5/48
    for vm in b c d host; do # So that nobody asks for the address, which would teach the switch.
        zw_vm_exec a ip neigh replace "$(address "$vm")" lladdr "$(zw_vm_mac "$vm")" dev eth0 nud permanent
        zw_vm_exec "$vm" ip neigh replace 10.20.0.1 lladdr "$(zw_vm_mac a)" dev eth0 nud permanent
        zw_vm_exec "$vm" sysctl -qw net.ipv6.conf.eth0.disable_ipv6=1
        zw_vm_serve "$vm" tcp:80 udp:7
    done
    zw_vm_exec a sysctl -qw net.ipv6.conf.eth0.disable_ipv6=1
    zw_daemon_start "$ZW_PG/policy.yaml"
}

address() { zw_vm_exec "$1" ip -4 -br addr show eth0 | awk '{ sub("/.*", "", $3); print $3 }'; }

# Neither by what it learned nor from OVSDB.
forget() {
    local port
    for port in "$@"; do
        zw_vsctl remove interface "$port" external_ids attached-mac
        zw_wait_for "! zw_flows | grep 'table=5.*dl_dst=$(zw_vm_mac "${port%0}")'"
    done
    zw_ofctl del-flows br0 table=5,cookie=0x5a04000000000000/0xffff000000000000
}

# The uplink is the only port whose addresses nobody named: most likely it is there, and it is not to wait.
uplink() {
    forget
    zw_expect passed a udp 10.20.0.5 7
    forget
    zw_expect passed a tcp 10.20.0.5 80 0.9
}

# A first packet may be lost; then the answer has told where the receiver is.
several() {
    local vm
    forget b0 c0 d0
    for vm in b c host; do
        forget
        zw_expect passed a tcp "$(address "$vm")" 80 5
        zw_expect passed a udp "$(address "$vm")" 7 # The port that answered is known now.
        forget
        zw_probe a udp "$(address "$vm")" 7 0.3
        zw_expect passed a udp "$(address "$vm")" 7
    done
}

# Each of its copies is logged, and none opens a session that would end that.
metered() {
    forget
    zw_appctl ofproto/trace "$ZW_BRIDGE" "in_port=a0,udp,dl_src=$(zw_vm_mac a),dl_dst=02:00:00:00:99:99,nw_src=10.20.0.1,nw_dst=10.20.0.9,udp_dst=9" \
        >"$ZW_PG/trace"
    grep '^ *controller(' "$ZW_PG/trace" | tee "$ZW_PG/sent-up"
    [ "$(grep -c 'userdata=02' "$ZW_PG/sent-up")" -eq 3 ]
    [ "$(grep -vc 'meter_id=' "$ZW_PG/sent-up")" -eq 0 ]
}

# It is known where it is, and nothing goes there.
without_zone() {
    zw_vm_add off x0 10.20.0.7/16 ''
    zw_wait_for 'zw_ctl ports --format=csv | grep -q "x0"'
    zw_wait_for "zw_flows | grep -q 'table=5.*dl_dst=$(zw_vm_mac off)'"
    zw_vm_run b "heard" "$PYTHON" -I "$ZW_SRCDIR/tests/packets.py" catch
    zw_wait_for "grep -q ready '$ZW_PG/heard.out'"
    zw_vm_exec a ip neigh replace 10.20.0.7 lladdr "$(zw_vm_mac off)" dev eth0 nud permanent
    zw_expect dropped a udp 10.20.0.7 7
    zw_expect passed a udp 10.20.0.2 7 # Of that it hears.
    zw_kill heard || true
    grep -c '^udp .* 10.20.0.2 ' "$ZW_PG/heard.out"
    if grep 10.20.0.7 "$ZW_PG/heard.out"; then false; fi
    zw_wait_for 'zw_ctl drops --format=csv | grep -q no-receiver'
}

denied() {
    forget
    zw_expect dropped a tcp 10.20.0.4 80 2.5
}

zw_playground_start || exit 99
zw_case "VMs in zones of their own" setup
zw_case "what is for a port without zone is not copied to others" without_zone
zw_case "an uplink is found at once" uplink
zw_case "whoever answers gets a session" several
zw_case "what opens no session is logged under a meter" metered
zw_case "where the policy denies it, nothing passes" denied
zw_done
