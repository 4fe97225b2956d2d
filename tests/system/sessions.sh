#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# What belongs to a session passes, whatever its shape; what only looks like it does not.
. "${ZW_SRCDIR:-$(dirname "$0")/../..}/tests/system/tap.sh"
# shellcheck source=../packets.sh
. "$ZW_SRCDIR/tests/packets.sh"

A=10.20.0.1 B=10.20.0.2 C=10.20.0.3
A6=fd00:20::1 B6=fd00:20::2 C6=fd00:20::3

setup() {
    local vm
    cat >"$ZW_PG/policy.yaml" <<'POLICY'
version: 1
zones:
  a: {ports: [{iface-id: a}]}
  b: {ports: [{iface-id: b}]}
  c: {ports: [{iface-id: c}]}
rules:
  - {name: fast, from: a, to: b, service: [tcp/80, udp/7, udp/9], action: allow, log: session}
  - {name: slow, from: a, to: c, service: [tcp/80, udp/7, udp/9], action: ask, otherwise: allow}
POLICY
    zw_vm_add a vnet-a "$A"/16 "$A6"/48
    zw_vm_add b vnet-b "$B"/16 "$B6"/48
    zw_vm_add c vnet-c "$C"/16 "$C6"/48
    for vm in b c; do zw_vm_serve "$vm" tcp:80 udp:7; done
    zw_daemon_start "$ZW_PG/policy.yaml"
    for vm in $B $C $B6 $C6; do
        zw_expect passed a tcp "$vm" 80
        zw_expect passed a udp "$vm" 7
        zw_expect dropped a udp "$vm" 8 0.5
    done
}

n_asked() { zw_ctl status --json | "$PYTHON" -I -c 'import json, sys; print(json.load(sys.stdin)["slow_path"]["n_asked"])'; }
n_flows() { zw_ofctl dump-flows br0 | grep -c cookie=; }

strays() {
    local flags
    catch_start b c
    for flags in A SA F FA R RA P SF SR; do
        packets a tcp "$flags" "$A" "$B" 1234 80
        packets a tcp "$flags" "$A6" "$B6" 1234 80
        packets a tcp "$flags" "$A" "$C" 1234 80
    done
    packets a tcp S "$A" "$B" 1235 80 # To know that they could have arrived.
    packets a tcp S "$A6" "$B6" 1235 80
    packets a tcp S "$A" "$C" 1235 80
    catch_end b c
    caught b '^tcp .* 1234 ' 0
    caught c '^tcp .* 1234 ' 0
    caught b '^tcp S .* 1235 80' 2
    caught c '^tcp S .* 1235 80' 1
}

# The other way only what answers.
one_way() {
    catch_start a
    packets b tcp S "$B" "$A" 80 1300
    packets b tcp SA "$B" "$A" 80 1300
    packets b tcp A "$B6" "$A6" 80 1300
    packets b udp 1007 "$A" 1300
    packets c udp 1007 "$A6" 1300
    catch_end a
    caught a '^(tcp|udp|icmp|proto)' 0
}

errors() {
    local far far6
    for far in b c; do
        far6=$([ "$far" = b ] && echo "$B6" || echo "$C6")
        packets a udp 5000 "$([ "$far" = b ] && echo "$B" || echo "$C")" 9 3 # Refused: nobody listens.
        zw_expect refused a udp "$([ "$far" = b ] && echo "$B" || echo "$C")" 9
        zw_expect refused a udp "$far6" 9
    done
    packets a udp 5001 "$B" 7
    packets a udp 5001 "$B6" 7
    catch_start a b c
    packets b error 3 4 "$B" "$A" "$A" "$B" 5001 7     # Fragmentation needed.
    packets b error 2 0 "$B6" "$A6" "$A6" "$B6" 5001 7 # Packet too big.
    packets c error 11 0 "$C" "$A" "$A" "$B" 5001 7    # A router on the way, which may be in any zone.
    packets a error 3 3 "$A" "$B" "$B" "$A" 7 5001     # About an answer.
    packets b error 3 4 "$B" "$A" "$A" "$B" 5002 7     # There is no such session.
    packets c error 3 4 "$C" "$A" "$A" "$C" 5001 7
    packets a error 3 4 "$A" "$C" "$A" "$B" 5001 7     # Goes to neither end of it.
    packets b error 2 0 "$B6" "$A6" "$A6" "$B6" 5002 7
    catch_end a b c
    caught a "^icmp 3 4 $B $A"
    caught a "^icmpv6 2 0 $B6 $A6"
    caught a "^icmp 11 0 $C $A"
    caught a '^icmp' 3
    caught b "^icmp 3 3 $A $B"
    caught b '^icmp' 1
    caught c '^icmp' 0
}

# An unanswered session is asked about once, however many packets follow.  (Those that are sent before the first has its
# verdict come up as well.)
asked_once() {
    local before
    before=$(n_asked)
    catch_start c
    packets a udp 6000 "$C" 9 1
    packets a udp 6000 "$C6" 9 1
    zw_wait_for "[ \$(grep -c '^udp .* 6000 9' '$ZW_PG/catch-c.out') -eq 2 ]"
    packets a udp 6000 "$C" 9 19
    packets a udp 6000 "$C6" 9 19
    catch_end c
    caught c "^udp $A $C 6000 9" 20
    caught c "^udp $A6 $C6 6000 9" 20
    [ "$(n_asked)" -eq $((before + 2)) ]
}

# No flow for a session, one packet up for each.
many() {
    local flows before dp n=$((ZW_SLOWNESS > 1 ? 40 : 200))
    zw_expect passed a tcp "$C" 80
    flows=$(n_flows) before=$(n_asked) dp=$(zw_appctl dpctl/dump-flows | wc -l)
    zw_vm_exec a "$PYTHON" -I -c '
import socket, sys
for _ in range(int(sys.argv[2])):
    with socket.create_connection((sys.argv[1], 80), 5) as s:
        assert s.recv(100)
        s.sendall(b"ping")
        assert s.recv(100)' "$C" "$n"
    [ "$(n_asked)" -eq $((before + n)) ]
    [ "$(n_flows)" -eq "$flows" ]
    [ "$(zw_appctl dpctl/dump-flows | wc -l)" -le $((dp + 10)) ] # Datapath flows are wide, too.
}

zw_playground_start || exit 99
zw_case "sessions by the fast path and by the slow path" setup
zw_case "TCP without a session passes only as a bare SYN" strays
zw_case "nothing comes the other way but answers" one_way
zw_case "ICMP errors about a session get to its ends, others nowhere" errors
zw_case "an unanswered session is asked about once" asked_once
zw_case "many asked connections: a question each, no flow more" many
zw_done
