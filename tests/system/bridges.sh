#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Two managed bridges with a patch port between them: each judges what passes it, by its own ports' zones.
. "${ZW_SRCDIR:-$(dirname "$0")/../..}/tests/system/tap.sh"
# shellcheck source=../packets.sh
. "$ZW_SRCDIR/tests/packets.sh"

setup() {
    local vm
    cat >"$ZW_PG/policy.yaml" <<'POLICY'
version: 1
zones:
  a: {ports: [{name: "a*"}]}
  b: {ports: [{name: "b[0-9]"}]}
  far: {ports: [{name: patch-0}]}      # On br0, what br1 has.
  near: {ports: [{name: patch-1}]}     # On br1, what br0 has.
  a-hosts: {behind: near, addresses: [10.20.0.0/24, "fd00:20::/64"]}
rules:
  - {name: out, from: a, to: far, service: [tcp/80, tcp/82, tcp/83, tcp/84, tcp/86, udp/7, udp/9, udp/86], action: allow, log: session}
  - {name: out-asked, from: a, to: far, service: [tcp/81, udp/6767], action: ask, otherwise: allow}
  - {name: in, from: a-hosts, to: b, service: [tcp/80, tcp/85, udp/7, udp/9], action: allow, log: session}
  - {name: in-asked, from: a-hosts, to: b, service: [tcp/81, tcp/82, udp/6767], action: ask, otherwise: allow}
  - {name: in-told, from: a-hosts, to: b, service: [tcp/86, udp/86], action: reject}
  - {name: in-refused, from: a-hosts, to: b, service: tcp/83, action: ask, otherwise: deny}
  - {name: same, from: b, to: b, service: tcp/80, action: allow}
POLICY
    zw_vsctl --timeout=20 add-br br1 -- set bridge br1 datapath_type="$ZW_DATAPATH" -- \
        add-port br0 patch-0 -- set interface patch-0 type=patch options:peer=patch-1 -- \
        add-port br1 patch-1 -- set interface patch-1 type=patch options:peer=patch-0
    zw_vm_add a a0 10.20.0.1/16 fd00:20::1/48
    ZW_BRIDGE=br1 zw_vm_add b b0 10.20.1.1/16 fd00:20:0:1::1/48
    ZW_BRIDGE=br1 zw_vm_add b2 b1 10.20.1.2/16 fd00:20:0:1::2/48
    ZW_BRIDGE=br1 zw_vm_add stranger x0 10.20.0.9/16 fd00:20::9/48
    for vm in a b; do
        zw_vm_serve "$vm" tcp:80 tcp:81 tcp:82 tcp:83 tcp:84 tcp:85 udp:7
    done
    zw_daemon_start "$ZW_PG/policy.yaml" --bridge=br1
    [ "$(zw_vsctl get-fail-mode br1)" = secure ]
    zw_wait_for "zw_ofctl dump-meters br1 | grep rate=1000" # That took it along; it is back.
}

n_asked() { zw_ctl status --json | "$PYTHON" -I -c 'import json, sys; print(json.load(sys.stdin)["slow_path"]["n_asked"])'; }

# asks N RESULT ADDRESS PORT: so many questions for one attempt.
asks() {
    local before
    before=$(n_asked)
    zw_expect "$2" a tcp "$3" "$4" 0.9
    [ "$(n_asked)" -eq $((before + $1)) ]
}

both_judge() {
    local address
    for address in 10.20.1.1 fd00:20:0:1::1; do
        asks 0 passed "$address" 80
        asks 2 passed "$address" 81 # Paused on one bridge, then on the other.
        asks 1 passed "$address" 82
        asks 1 dropped "$address" 83
        asks 0 dropped "$address" 84 # br1 does not let it in,
        asks 0 refused "$address" 86 # or says so, and br0 takes that for an answer.
        zw_expect refused a udp "$address" 86
        asks 0 dropped "$address" 85 # br0 not out.
        zw_expect passed a udp "$address" 7
        zw_expect refused a udp "$address" 9
        zw_expect passed b2 tcp "$address" 80
    done
    zw_expect dropped b tcp 10.20.0.1 80 1
    zw_expect dropped stranger tcp 10.20.1.1 80 1
}

broadcasts() {
    catch_start b b2 stranger
    packets a udp 6767 10.20.255.255 6767 3
    catch_end b b2 stranger
    caught b '^udp .* 6767 6767' 3
    caught b2 '^udp .* 6767 6767' 3
    caught stranger '^udp' 0
}

# Nothing is known of the receiver on either bridge, and each copy is asked about.
unknown() {
    zw_vsctl remove interface b0 external_ids attached-mac -- remove interface b1 external_ids attached-mac
    zw_wait_for "! zw_ofctl dump-flows br1 table=5 | grep -E 'cookie=0x5a01.*($(zw_vm_mac b)|$(zw_vm_mac b2))'"
    catch_start b b2
    zw_ofctl del-flows br0 table=5,cookie=0x5a04000000000000/0xffff000000000000
    zw_ofctl del-flows br1 table=5,cookie=0x5a04000000000000/0xffff000000000000
    packets a udp 6767 10.20.1.1 6767 3
    catch_end b b2
    caught b '^udp .* 6767 6767' 3
    asks 2 passed 10.20.1.1 81
}

# Sessions of the bridges have conntrack zones of their own.
entries() {
    zw_appctl dpctl/dump-conntrack | tee /dev/stderr | grep 'dst=10.20.1.1,.*dport=81' >"$ZW_PG/entries"
    grep -q zone=4096 "$ZW_PG/entries" # Of br0, the first,
    grep -q zone=8192 "$ZW_PG/entries" # and of br1.
}

stay() {
    zw_stream_start long a tcp 10.20.1.1 82
    sleep 0.5
    zw_vsctl set interface b1 external_ids:x=y # Another compilation for both.
    sleep 0.5
    zw_stream_end long lost=0 'exchanges>50'
}

# The session ends where one of the bridges does not have it any more.
moved() {
    zw_stream_start long a tcp 10.20.1.1 80
    sleep 0.5
    zw_vsctl set interface patch-1 type=patch -- set port patch-1 tag=7
    sleep 3
    zw_vsctl clear port patch-1 tag
    zw_stream_end long lost=1 'exchanges>20'
}

recorded() {
    zw_ctl audit query --json >"$ZW_PG/audit"
    head -n 3 "$ZW_PG/audit"
    "$PYTHON" -I - "$ZW_PG/audit" <<'CHECK'
import json, sys
rows = [json.loads(line) for line in open(sys.argv[1])]
for bridge, rule, src, dst in (("br0", "out", "a", "far"), ("br0", "out-asked", "a", "far"),
                               ("br1", "in", "a-hosts", "b"), ("br1", "in-refused", "a-hosts", "b")):
    assert any(row.get("bridge") == bridge and rule in (row.get("rule"), row.get("rule_name")) and
               src in map(str, row.values()) and dst in map(str, row.values()) for row in rows), (bridge, rule)
CHECK
}

zw_playground_start || exit 99
zw_case "two bridges, a patch port and VMs" setup
zw_case "each bridge judges, and may ask" both_judge
zw_case "broadcasts pass both, asked on both" broadcasts
zw_case "so does what nobody knows the receiver of" unknown
zw_case "a session is known on each" entries
zw_case "sessions across do not notice that ports change" stay
zw_case "a session ends with its segment" moved
zw_case "both are in the log" recorded
zw_done 'bridge br1: fail_mode is not set'
