#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# What a stateful traffic filter must do, point by point, with real packets: doc/conformance.md names these cases.
. "${ZW_SRCDIR:-$(dirname "$0")/../..}/tests/system/tap.sh"
# shellcheck source=../frames.sh
. "$ZW_SRCDIR/tests/frames.sh"

setup() {
    cat >"$ZW_PG/policy.yaml" <<'POLICY'
version: 1
zones:
  in: {ports: [{name: in0}]}
  out: {ports: [{name: out0}]}
  away: {ports: [{name: away0}]}
rules:
  - {name: type-and-code, from: in, to: out, service: [icmp/8/0, icmpv6/128/0], action: allow, log: session}
  - {name: addresses, from: in, to: out, from-addresses: [10.1.0.0/16, "fd01::/16"], to-addresses: [10.2.0.1, "fd02::1"],
     service: [gre, proto/99], action: allow}
  - {name: ports, from: in, to: out, service: [tcp/80, udp/53], from-ports: 1024-65535, action: allow, log: session}
  - {name: early-allow, from: in, to: out, service: udp/7, action: allow}
  - {name: late-deny, from: in, to: out, service: udp/7, action: deny}
  - {name: early-deny, from: in, to: out, service: udp/9, action: deny}
  - {name: late-allow, from: in, to: out, service: udp/9, action: allow}
  - {name: other-type, from: in, to: away, service: [icmp/13/0, icmpv6/129/0], action: allow}
  - {name: from-link-local, from: away, to: out, from-addresses: [169.254.0.0/16, "fe80::/10"], action: deny}
  - {name: to-link-local, from: away, to: out, to-addresses: [169.254.0.0/16, "fe80::/10"], action: deny}
  - {name: away-out, from: away, to: out, service: udp/20, action: allow}
  - {name: away-in, from: away, to: in, service: udp/20, action: allow}
POLICY
    zw_vm_add in in0 '' ''
    zw_vm_add out out0 '' ''
    zw_vm_add away away0 '' ''
    frames_silence in out away
    zw_daemon_start "$ZW_PG/policy.yaml"
    frames_catch in out away
}

# frames_at VM: what arrived, without our own sign that something must have.
frames_at() { grep ^frame "$ZW_PG/frames-$1.out" | grep -v 5e5e5e5e5e5e || true; }

# try FROM TO PACKET: sends it, waits until what follows it has arrived, and says how many packets it became at TO.
try() {
    local before
    before=$(frames_at "$2" | wc -l)
    FRAME_NAMES=("ME=$(zw_vm_mac "$1")" "YOU=$(zw_vm_mac "$2")")
    frame "$1" "eth(ME, YOU, $3)"
    : $((sign += 1)) # ARP passes between all zones.
    frame "$1" "eth(ME, YOU, L3(0x0806, arp(2, ME, '10.9.0.1', YOU, '10.9.0.2') + b'^^^^^^' + bytes([$sign % 256])))"
    zw_wait_for "grep -q '5e5e5e5e5e5e$(printf %02x $((sign % 256)))' '$ZW_PG/frames-$2.out'"
    echo $(($(frames_at "$2" | wc -l) - before))
}
sign=0

# become COUNT FROM TO PACKET...: each of them.
become() {
    local packet got
    for packet in "${@:4}"; do
        got=$(try "$2" "$3" "$packet")
        [ "$got" = "$1" ] || { echo "from $2 to $3, $got arrived of: $packet"; return 1; }
    done
}

# passes PACKET..., stays_out PACKET...: from in to out.
passes() { become 1 in out "$@"; }
stays_out() { become 0 in out "$@"; }

# udp4 SPORT DPORT, udp6...: between two hosts that nothing but a port tells apart.
udp4() { echo "ip('10.1.0.1', '10.2.0.1', udp($1, $2))"; }
udp6() { echo "ip('fd01::1', 'fd02::1', udp($1, $2))"; }
tcp4() { echo "ip('10.1.0.1', '10.2.0.1', tcp('$3', $1, $2))"; }
tcp6() { echo "ip('fd01::1', 'fd02::1', tcp('$3', $1, $2))"; }

icmp_fields() {
    passes "ip('10.1.0.1', '10.2.0.1', icmp(8, 0))"
    stays_out "ip('10.1.0.1', '10.2.0.2', icmp(8, 1))" "ip('10.1.0.1', '10.2.0.3', icmp(13, 0))" \
        "ip('10.1.0.1', '10.2.0.4', icmp(0, 0))"
    passes "ip('fd01::1', 'fd02::1', icmp6(128, 0))"
    stays_out "ip('fd01::1', 'fd02::2', icmp6(128, 1))" "ip('fd01::1', 'fd02::3', icmp6(129, 0))"
    # By a rule of other types.  No session begins with an answer, whatever the rule.
    become 1 in away "ip('10.1.0.1', '10.2.0.5', icmp(13, 0, bytes(16)))"
    become 0 in away "ip('10.1.0.1', '10.2.0.6', icmp(8, 0))" "ip('fd01::1', 'fd02::6', icmp6(128, 0))"
}

ip_fields() {
    passes "ip('10.1.255.255', '10.2.0.1', L4(47, None, bytes(8)))" "ip('10.1.0.1', '10.2.0.1', L4(99, None, bytes(8)))"
    stays_out "ip('10.3.0.1', '10.2.0.1', L4(47, None, bytes(8)))" "ip('10.1.0.1', '10.2.0.2', L4(47, None, bytes(8)))" \
        "ip('10.1.0.1', '10.2.0.1', L4(98, None, bytes(8)))"
    passes "ip('fd01:ffff::1', 'fd02::1', L4(47, None, bytes(8)))" "ip('fd01::1', 'fd02::1', L4(99, None, bytes(8)))"
    stays_out "ip('fd03::1', 'fd02::1', L4(47, None, bytes(8)))" "ip('fd01::1', 'fd02::2', L4(47, None, bytes(8)))" \
        "ip('fd01::1', 'fd02::1', L4(98, None, bytes(8)))"
}

# Both ends of each block, and what is next to it.
link_local() {
    local near=() far=() a
    for a in 169.254.0.0 169.254.255.255; do
        near+=("ip('$a', '10.2.0.1', udp(9000, 20))" "ip('10.1.0.1', '$a', udp(9000, 20))")
    done
    for a in fe80::1 febf:ffff::1; do
        near+=("ip('$a', 'fd02::1', udp(9000, 20))" "ip('fd01::1', '$a', udp(9000, 20))")
    done
    near+=("ip('169.254.1.1', '169.254.1.2', udp(9000, 20))" "ip('fe80::1', 'fe80::2', udp(9000, 20))")
    for a in 169.253.255.255 169.255.0.0; do
        far+=("ip('$a', '10.2.0.1', udp(9001, 20))" "ip('10.1.0.1', '$a', udp(9001, 20))")
    done
    for a in fe7f:ffff::1 fec0::1; do
        far+=("ip('$a', 'fd02::1', udp(9001, 20))" "ip('fd01::1', '$a', udp(9001, 20))")
    done
    become 0 away out "${near[@]}"
    become 1 away out "${far[@]}"
    become 1 away in "${near[@]}" # No rule is about them there.
}

port_fields() {
    passes "$(tcp4 1024 80 S)" "$(tcp6 65535 80 S)" "$(udp4 1024 53)" "$(udp6 65535 53)"
    stays_out "$(tcp4 1023 80 S)" "$(tcp6 1023 80 S)" "$(tcp4 1024 81 S)" "$(tcp6 1024 79 S)" \
        "$(udp4 1023 53)" "$(udp6 53 53)" "$(udp4 1024 80)" "$(udp6 1024 54)"
}

interfaces() {
    [ "$(try in out "$(udp4 2000 53)")" = 1 ]
    [ "$(try in away "$(udp4 2001 53)")" = 0 ]
    [ "$(try away out "$(udp4 2002 53)")" = 0 ]
    [ "$(try out in "$(udp4 2003 53)")" = 0 ]
}

logged() {
    local field
    zw_wait_for "[ \"\$(zw_ctl audit query --type=session --format=csv | grep -c type-and-code)\" = 2 ]"
    passes "$(tcp4 3000 80 S)"
    stays_out "$(tcp4 3001 81 S)"
    for field in 10.1.0.1 10.2.0.1 3000 80 tcp in0 out0; do
        zw_wait_for "zw_ctl audit query --type=session --format=csv | grep -w 3000 | grep -qw $field" || return 1
    done
    for field in 10.1.0.1 10.2.0.1 3001 81 tcp in0 out0; do
        zw_wait_for "zw_ctl audit query --type=denial --format=csv | grep -w 3001 | grep -qw $field" || return 1
    done
}

# answer PACKET: from out to in.
answer() { [ "$(try out in "$1")" = "${2-1}" ] || { echo "answer: $1"; return 1; }; }

seg() { echo "ip('$1', '$2', tcp('$3', $4, $5, $6, $7, ${8-b''}))"; }

# handshake PORT: of a session whose sequence numbers begin with 1000 and 5000.
handshake() {
    passes "$(seg 10.1.0.1 10.2.0.1 S "$1" 80 1000 0)"
    answer "$(seg 10.2.0.1 10.1.0.1 SA 80 "$1" 5000 1001)"
    passes "$(seg 10.1.0.1 10.2.0.1 A "$1" 80 1001 5001)"
}

tcp_sessions() {
    handshake 4000
    passes "$(seg 10.1.0.1 10.2.0.1 PA 4000 80 1001 5001 "b'x' * 10")"
    answer "$(seg 10.2.0.1 10.1.0.1 A 80 4000 5001 1011)"
    # Of other addresses and ports.
    stays_out "$(seg 10.1.0.2 10.2.0.1 PA 4000 80 1011 5001 "b'x'")" "$(seg 10.1.0.1 10.2.0.2 PA 4000 80 1011 5001 "b'x'")" \
        "$(seg 10.1.0.1 10.2.0.1 PA 4001 80 1011 5001 "b'x'")"
    answer "$(seg 10.2.0.1 10.1.0.1 PA 81 4000 5001 1011 "b'x'")" 0
    # Of flags that no state allows, and of a sequence number far from the window: the kernel's datapath has conntrack let that
    # pass in sessions that are open (nf_ct_set_tcp_be_liberal()).
    drops_mark
    stays_out "$(seg 10.1.0.1 10.2.0.1 SF 4000 80 1011 5001)"
    if [ "$ZW_DATAPATH" = netdev ]; then stays_out "$(seg 10.1.0.1 10.2.0.1 PA 4000 80 900000000 5001 "b'x'")"; fi
    drops_since "invalid=$([ "$ZW_DATAPATH" = netdev ] && echo 2 || echo 1)"
    passes "$(seg 10.1.0.1 10.2.0.1 PA 4000 80 1011 5001 "b'x'")"
}

other_sessions() {
    passes "$(udp4 4100 53)"
    answer "ip('10.2.0.1', '10.1.0.1', udp(53, 4100))"
    answer "ip('10.2.0.1', '10.1.0.1', udp(54, 4100))" 0
    answer "ip('10.2.0.2', '10.1.0.1', udp(53, 4100))" 0
    passes "ip('10.1.0.1', '10.2.0.1', icmp(8, 0, bytes([1, 2, 0, 1])))"
    answer "ip('10.2.0.1', '10.1.0.1', icmp(0, 0, bytes([1, 2, 0, 1])))"
    answer "ip('10.2.0.1', '10.1.0.1', icmp(0, 0, bytes([1, 3, 0, 1])))" 0
    answer "ip('10.2.0.1', '10.1.0.1', icmp(8, 0, bytes([1, 2, 0, 1])))" 0
    passes "$(udp6 4100 53)"
    answer "ip('fd02::1', 'fd01::1', udp(53, 4100))"
    answer "ip('fd02::1', 'fd01::1', udp(54, 4100))" 0
    answer "ip('fd02::2', 'fd01::1', udp(53, 4100))" 0
    passes "ip('fd01::1', 'fd02::1', icmp6(128, 0, bytes([1, 2, 0, 1])))"
    answer "ip('fd02::1', 'fd01::1', icmp6(129, 0, bytes([1, 2, 0, 1])))"
    answer "ip('fd02::1', 'fd01::1', icmp6(129, 0, bytes([1, 3, 0, 1])))" 0
    answer "ip('fd02::2', 'fd01::1', icmp6(129, 0, bytes([1, 2, 0, 1])))" 0
}

order() {
    passes "$(udp4 6000 7)" "$(udp6 6000 7)"
    stays_out "$(udp4 6000 9)" "$(udp6 6000 9)"
}

default_deny() {
    stays_out "$(udp4 7000 1234)" "$(udp6 7000 1234)" "$(tcp4 7000 22 S)" "ip('10.1.0.1', '10.2.0.1', L4(50, None, bytes(8)))"
}

# explained SERVICE [NOTE]: `explain` notes that, or nothing, of what the rule allows.
explained() {
    local said
    said=$(zw_ctl explain in out "$1" | sed -n 's/^note: //p')
    case $said in
    "$2"*) [ -n "$2" ] || [ -z "$said" ] ;;
    *) echo "$1: $said" && return 1 ;;
    esac
}

# A rule for all of ICMP lets in what begins a session, or is judged by itself.
as_explained() {
    local type
    sed '/^rules:/,$d' "$ZW_PG/policy.yaml" >"$ZW_PG/icmp.yaml"
    cat >>"$ZW_PG/icmp.yaml" <<'POLICY'
rules:
  - {name: icmp, from: in, to: out, service: [icmp, icmpv6, ah], action: allow}
POLICY
    zw_ctl policy apply "$ZW_PG/icmp.yaml"
    for type in 8 13 15; do
        passes "ip('10.1.0.1', '10.2.1.$type', icmp($type, 0))" && explained "icmp/$type" '' || return 1
    done
    for type in 0 3 5 9 11 14 30; do
        stays_out "ip('10.1.0.1', '10.2.1.$type', icmp($type, 0))" && explained "icmp/$type" 'no session' || return 1
    done
    for type in 128 130 133 137 143; do
        passes "ip('fd01::1', 'fd02::1:$type', icmp6($type, 0, bytes(20)))" && explained "icmpv6/$type" '' || return 1
    done
    for type in 1 2 3 129 140 150; do
        stays_out "ip('fd01::1', 'fd02::1:$type', icmp6($type, 0, bytes(20)))" && explained "icmpv6/$type" 'no session' || return 1
    done
    explained icmp/17 'only the kernel'
    explained icmp/8/1 'only the kernel'
    explained icmpv6/139 'only the kernel'
    if [ "$ZW_DATAPATH" = netdev ]; then
        stays_out "ip('10.1.0.1', '10.2.1.17', icmp(17, 0))" "ip('10.1.0.1', '10.2.1.18', icmp(8, 1))" \
            "ip('fd01::1', 'fd02::1:139', icmp6(139, 0, bytes(20)))"
    fi
}

# In IPv6 it is a header on the way to protocol 99, which no rule lets in.
authentication_header() {
    passes "ip('10.1.0.1', '10.2.2.1', L4(51, None, bytes([99, 1]) + bytes(30)))"
    stays_out "ip('fd01::1', 'fd02::2:1', L4(51, None, bytes([99, 1]) + bytes(30)))"
    passes "ip('fd01::1', 'fd02::2:1', L4(51, None, bytes([58, 1]) + bytes(10) + icmp6(128, 0).sealed('fd01::1', 'fd02::2:1')))"
    explained ah 'this is for IPv4'
    if zw_ctl explain in@fd01::1 out ah; then false; fi
}

zw_playground_start || exit 99
zw_case "three interfaces, a policy, nobody who talks by himself" setup
zw_case "rules by ICMP and ICMPv6 type and code" icmp_fields
zw_case "rules by IPv4 and IPv6 source, destination and protocol" ip_fields
zw_case "rules by link-local source and destination" link_local
zw_case "rules by TCP and UDP source and destination port" port_fields
zw_case "rules by interface" interfaces
zw_case "both verdicts are logged: addresses, ports, protocol, interfaces" logged
zw_case "TCP sessions by addresses, ports, sequence numbers and flags" tcp_sessions
zw_case "UDP and ICMP sessions by addresses, ports and identifier" other_sessions
zw_case "the administrator's order" order
zw_case "what no rule matches is denied" default_deny
zw_case "messages of ICMP get on as explain says" as_explained
zw_case "IPv6's authentication header is looked past" authentication_header
# The test's own protocol, 99, among the kernel's connections.
zw_done 'netlink_conntrack.WARN.Unsupported L4 protocol: 99'
