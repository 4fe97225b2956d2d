#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# reject: the sender is told at once, as if by the receiver; nobody else is, not too often, and answers are not answered.
. "${ZW_SRCDIR:-$(dirname "$0")/../..}/tests/system/tap.sh"
# shellcheck source=../packets.sh
. "$ZW_SRCDIR/tests/packets.sh"

A=10.20.0.1 B=10.20.0.2 C=10.20.0.3 FAR=10.20.1.10
A6=fd00:20::1 B6=fd00:20::2 FAR6=fd00:20:0:1::10

setup() {
    cat >"$ZW_PG/policy.yaml" <<'POLICY'
version: 1
zones:
  a: {ports: [{iface-id: a}]}
  b: {ports: [{iface-id: b}]}
  c: {ports: [{iface-id: c}]}
  rack: {ports: [{name: trunk0}]}
defaults: {action: reject, log: none}
rules:
  - {name: web, from: [a, rack], to: b, service: tcp/80, action: allow}
  - {name: asked, from: a, to: b, service: [tcp/81, udp/81], action: ask, otherwise: reject, log: denied}
  - {name: logged, from: [a, rack], to: b, service: [tcp/25, udp/25], action: reject, log: denied}
  - {name: quiet, from: any, to: any, service: [tcp/24, udp/24], action: deny, log: none}
POLICY
    zw_vm_add a vnet-a "$A"/16 "$A6"/48 tag=10
    zw_vm_add b vnet-b "$B"/16 "$B6"/48 tag=10
    zw_vm_add c vnet-c "$C"/16 fd00:20::3/48 tag=10
    zw_trunk_add far trunk0 trunks=10,20
    zw_trunk_host far10 far 10 "$FAR"/16 "$FAR6"/48
    zw_vm_serve b tcp:24 tcp:25 tcp:80 tcp:81 udp:24 udp:25 udp:81
    zw_daemon_start "$ZW_PG/policy.yaml"
    zw_expect passed a tcp "$B" 80
    zw_expect passed far10 tcp "$B6" 80
    zw_expect dropped a tcp "$B" 24
}

# status KEY: a number of the slow path, or of the bridge.
status() { zw_ctl status --json | grep -o "\"$1\": *[0-9]*" | grep -o '[0-9]*$'; }

answers() { # COUNT COMMAND...: the command makes so many answers.
    local count=$1 before
    shift
    before=$(status n_rejected)
    "$@"
    zw_wait_for "[ \"\$(status n_rejected)\" -ge $((before + count)) ]"
    [ "$(status n_rejected)" -eq $((before + count)) ]
}

fast() {
    local address
    for address in $B $B6; do
        answers 1 zw_expect refused a tcp "$address" 25
        answers 1 zw_expect refused a udp "$address" 25
        answers 1 zw_expect refused a tcp "$address" 4711 # By default.
        answers 1 zw_expect refused a udp "$address" 4711
    done
    zw_vm_exec a ping -c 1 -W 5 "$B" | grep 'Packet filtered'
    zw_vm_exec a ping -c 1 -W 5 "$B6" | grep 'Administratively prohibited'
}

slow() {
    local address
    for address in $B $B6; do
        answers 1 zw_expect refused a tcp "$address" 81
        answers 1 zw_expect refused a udp "$address" 81
    done
}

tagged() {
    local address
    for address in $B $B6; do
        answers 1 zw_expect refused far10 tcp "$address" 25
        answers 1 zw_expect refused far10 udp "$address" 25
    done
    answers 1 zw_expect refused b tcp "$FAR" 25
    answers 1 zw_expect refused b udp "$FAR6" 25
}

# Byte by byte what the receiver would have sent; the receiver itself gets nothing.
as_the_receiver() {
    catch_start a b c
    packets a udp 5000 "$B" 25 1 600
    packets a tcp S "$A" "$B" 5001 25
    packets a tcp S "$A6" "$B6" 5002 25
    packets a udp 5003 "$B6" 25 1 1400
    catch_end a b c
    caught a "^icmp 3 13 $B $A"
    caught a "^tcp RA $B $A 25 5001"
    caught a "^tcp RA $B6 $A6 25 5002"
    caught a "^icmpv6 1 1 $B6 $A6"
    caught a '^(tcp|udp|icmp|proto|fragment)' 4
    caught b '^(tcp|udp|icmp|proto|fragment)' 0
    caught c '^(tcp|udp|icmp|proto|fragment)' 0
}

# Whoever lends another's address gets the answer himself.
lent() {
    catch_start a c
    answers 1 packets a tcp S "$C" "$B" 5010 25
    catch_end a c
    caught a "^tcp RA $B $C 25 5010"
    caught c '^(tcp|udp|icmp)' 0
}

never() {
    catch_start a b
    answers 0 packets a udp 5020 10.20.255.255 25
    answers 0 packets a udp 5020 224.0.0.251 25
    answers 0 packets a udp 5020 ff02::fb 25
    answers 0 packets a tcp R "$A" "$B" 5021 25
    answers 0 packets a tcp RA "$A" "$B" 5021 25
    answers 0 packets a error 3 3 "$A" "$B" "$B" "$A" 25 5022
    answers 0 packets a error 1 4 "$A6" "$B6" "$B6" "$A6" 25 5022
    catch_end a b
    caught a '^(tcp|udp|icmp)' 0
}

# Each rejects what the other sends, answers included, if anybody asked.
no_circles() {
    catch_start a b
    answers 2 eval 'packets a tcp S "$A" "$B" 5030 25; packets b tcp S "$B" "$A" 5031 25'
    answers 2 eval 'packets a udp 5032 "$B" 25; packets b udp 5033 "$A" 25'
    catch_end a b
    caught a '^(tcp|udp|icmp)' 2
    caught b '^(tcp|udp|icmp)' 2
}

# Others use what is allowed meanwhile; what was not answered is counted to the last packet.
rate() {
    local answered punted start
    start=${EPOCHREALTIME/./}
    punted=$(n_punted)
    answered=$(status n_rejected)
    zw_vm_exec a "$PYTHON" -I -c '
import socket, sys
sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for i in range(int(sys.argv[2])):
    sock.sendto(b"x", (sys.argv[1], 1000 + i % 20000))' "$B" "$((20000 / ZW_SLOWNESS))"
    zw_expect passed far10 tcp "$B" 80
    zw_wait_for '[ "$(status n_rejects_unanswered)" -gt 0 ]'
    zw_wait_for "[ \$((\$(status n_rejected) - $answered + \$(status n_rejects_unanswered))) -eq \$((\$(n_punted) - $punted)) ]"
    status n_rejected
    status n_rejects_unanswered
    [ $(($(status n_rejected) - answered)) -le $((50 + (${EPOCHREALTIME/./} - start) / 2000)) ] # 50, and 500 a second.
}

n_punted() {
    zw_ofctl dump-flows br0 | grep -E 'cookie=0x5a05000000000(004|403)' | grep -o 'n_packets=[0-9]*' | cut -d= -f2 |
        awk "{ n += \$1 } END { print n }"
}

records() {
    zw_wait_for '[ "$(zw_ctl audit query --rule=logged --type=denial --path=fast --json | wc -l)" -ge 8 ]'
    zw_wait_for '[ "$(zw_ctl audit query --rule=asked --type=denial --path=slow --json | wc -l)" -ge 4 ]'
    [ "$(zw_ctl audit query --type=denial --rule=default --json | wc -l)" -eq 0 ] # log: none
}

without_daemon() {
    zw_daemon_kill9
    zw_expect dropped a tcp "$B" 25
    zw_expect passed a tcp "$B" 80
    zw_daemon_start "$ZW_PG/policy.yaml"
    answers 1 zw_expect refused a tcp "$B" 25
}

zw_playground_start || exit 99
zw_case "what is allowed passes, what is denied gets no answer" setup
zw_case "TCP is reset and others are told, by the fast path" fast
zw_case "by the slow path, too" slow
zw_case "hosts behind a trunk, in their VLAN" tagged
zw_case "the answer is the receiver's, who sees nothing" as_the_receiver
zw_case "it goes where the packet came from" lent
zw_case "groups, resets and errors are never answered" never
zw_case "two who reject each other do not talk in circles" no_circles
zw_case "the rate is bounded, and the rest counted" rate
zw_case "records" records
zw_case "without a daemon it is a denial" without_daemon
zw_done 'dpif_netlink.*lost packet on handler' # Of the flood, by the kernel's datapath.
