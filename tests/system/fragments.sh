#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Promise 1: IP fragments are no way around a rule.  A fragment shows no port, so none opens a session; those of a session
# pass with it.
. "${ZW_SRCDIR:-$(dirname "$0")/../..}/tests/system/tap.sh"
# shellcheck source=../frames.sh
. "$ZW_SRCDIR/tests/frames.sh"

setup() {
    cat >"$ZW_PG/policy.yaml" <<'POLICY'
version: 1
zones:
  web: {ports: [{iface-id: web}]}
  db: {ports: [{iface-id: db}]}
rules:
  - {name: not-these, from: web, to: db, service: [udp/53, icmp/8, icmpv6/128], action: deny}
  - {name: the-rest, from: web, to: db, action: allow, log: session}
  - {name: low, from: db, to: web, service: [udp/0-1023, icmp, icmpv6], action: allow, log: session}
POLICY
    zw_vm_add web vnet-web0 10.20.0.11/16 fd00:20::11/48
    zw_vm_add db vnet-db0 10.20.0.12/16 fd00:20::12/48
    zw_daemon_start "$ZW_PG/policy.yaml"
}

# send NAME ADDRESS PORT SIZE...: datagrams of these sizes from one socket.
send() {
    zw_vm_exec "$1" "$PYTHON" -I -c '
import socket, sys, time
address, port, *sizes = sys.argv[1:]
s = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM)
for size in sizes:
    s.sendto(b"x" * int(size), (address, int(port)))
    time.sleep(0.3)' "${@:2}"
}

# start_sink VM JOB PORT: says in JOB.out how large each datagram is that comes to this UDP port.
start_sink() {
    zw_vm_run "$1" "$2" "$PYTHON" -I -c '
import socket, sys
s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM); s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
s.bind(("::", int(sys.argv[1]))); print("ready", flush=True)
while True: print("got", len(s.recv(65536)), flush=True)' "$3"
    zw_wait_for "grep -q ready '$ZW_PG/$2.out'"
}

# arrives VM PORT NAME SEND-ARGUMENT...: how many datagrams come to that UDP port of the VM, and how large they are.
arrives() {
    start_sink "$1" sink "$2"
    shift 2
    send "$@"
    sleep 0.5
    zw_kill sink || true
    grep '^got' "$ZW_PG/sink.out" | tr '\n' ' ' || true
}

check() { # EXPECTED TO PORT FROM ADDRESS PORT SIZE...
    local got
    got=$(arrives "${@:2}")
    echo "got \"$got\", expected \"$1\""
    [ "$got" = "$1" ]
}

both() { # EXPECTED SIZE...: to the denied port, from web to db, by both families.
    check "$1" db 53 web 10.20.0.12 53 "${@:2}"
    check "$1" db 53 web fd00:20::12 53 "${@:2}"
}

denied() {
    both '' 100
    both '' 3000
    both '' 3000 100
    if zw_vm_exec web ping -c 1 -W 1 -s 3000 10.20.0.12; then false; fi
    if zw_vm_exec web ping -c 1 -W 1 -s 3000 fd00:20::12; then false; fi
}

# Port 0 and type 0, which a fragment seems to have, are allowed here.
looks_like_zero() {
    check '' web 5000 db 10.20.0.11 5000 100
    check '' web 5000 db 10.20.0.11 5000 3000
    check '' web 5000 db fd00:20::11 5000 3000
}

within_a_session() {
    check 'got 100 got 3000 got 5000 ' db 5000 web 10.20.0.12 5000 100 3000 5000
    check 'got 100 got 3000 got 5000 ' db 5000 web fd00:20::12 5000 100 3000 5000
}

# The kernel's datapath shows what it put together with its ports, so there a session may: it is judged as a whole.  The
# userspace one shows fragments.
not_the_first() {
    local first=''
    if [ "$ZW_DATAPATH" = system ]; then first='got 3000 '; fi
    check "${first}got 100 got 3000 " db 5001 web 10.20.0.12 5001 3000 100 3000
}

# --- Fragments as no host makes them, within a session of each family: from port 40000 of web to CUT_PORT of db.  None but the
#     last is shorter than 1280 bytes with its headers: those the userspace datapath would drop for their size.
CUT_PORT=5002

# both_families FUNCTION: with SRC, DST and a number that is another one for each family.
both_families() {
    "$1" 10.20.0.11 10.20.0.12 4
    "$1" fd00:20::11 fd00:20::12 6
}

# datagram SRC DST SIZE: whole.
datagram() { frame web "eth(WEB, DB, ip('$1', '$2', udp(40000, $CUT_PORT, bytes($3))))"; }

# pieces SRC DST SIZE AT,END...: these bytes of a datagram, of which the first eight are its header.  SIZE is the fragments' number, too.
pieces() {
    local inner="udp(40000, $CUT_PORT, bytes($3))"
    frame web "[eth(WEB, DB, fragment('$1', '$2', $inner, *piece, ident=$3)) for piece in [$(printf '(%s),' "${@:4}")]]"
}

got() { zw_wait_for "grep -qx 'got $1' '$ZW_PG/cut-sink.out'" 5; }

# delivered SRC DST SIZE: sends it whole, and waits for it.
delivered() {
    local n
    n=$(grep -cx "got $3" "$ZW_PG/cut-sink.out" || true)
    datagram "$@"
    zw_wait_for "[ \"\$(grep -cx 'got $3' '$ZW_PG/cut-sink.out')\" -gt $n ]" 5
}

# left NUMBER: the fragments with it that came out of the switch: behind the MAC addresses IPv4's or a fragment header's.
left() { grep -E "^frame .{24}(0800.{8}$(printf %04x "$1")|86dd.{12}2c.{74}$(printf %08x "$1"))" "$ZW_PG/frames-db.out"; }

# nothing_of SRC DST SIZE: of that datagram, though what was sent after it has arrived.
nothing_of() {
    delivered "$1" "$2" 200
    if left "$3" || grep -x "got $3" "$ZW_PG/cut-sink.out"; then false; fi
}

# n_dropped REASON: so far.
n_dropped() {
    zw_appctl revalidator/wait >/dev/null
    zw_ctl drops --all --reason="$1" --format=csv | tr -d '\r' | awk -F, 'NR > 1 { n += $5 } END { print n + 0 }'
}

_in_pieces() {
    delivered "$1" "$2" 100
    pieces "$1" "$2" $((2100 + $3)) 0,1280 1280,9999
    got $((2100 + $3))
    pieces "$1" "$2" $((2200 + $3)) 1280,9999 0,1280
    got $((2200 + $3))
    # Where it comes out in pieces, left() sees them.
    if [ "$ZW_DATAPATH" = netdev ]; then [ "$(left $((2100 + $3)) | wc -l)" = 2 ]; fi
}

# The control for all that follows: what is whole arrives, in pieces of these sizes.
in_pieces() {
    start_sink db cut-sink "$CUT_PORT"
    frames_catch db
    both_families _in_pieces
}

_overlapping() {
    pieces "$1" "$2" $((2300 + $3)) 0,1280 1272,9999
    nothing_of "$1" "$2" $((2300 + $3))
    pieces "$1" "$2" $((2400 + $3)) 1280,9999 0,1288
    nothing_of "$1" "$2" $((2400 + $3))
}

# RFC 1858, RFC 5722.
overlapping() {
    local before
    before=$(n_dropped invalid)
    both_families _overlapping
    # The kernel forgets all of such a datagram, and counts nothing here.
    if [ "$ZW_DATAPATH" = netdev ]; then zw_wait_for "[ \"\$(n_dropped invalid)\" -eq $((before + 4)) ]" 5; fi
}

# It is the middle that is missing: with it, all of it arrives.
_incomplete() {
    pieces "$1" "$2" $((3300 + $3)) 0,1280 2560,9999
    nothing_of "$1" "$2" $((3300 + $3))
    pieces "$1" "$2" $((3300 + $3)) 1280,2560
    got $((3300 + $3))
    pieces "$1" "$2" $((3400 + $3)) 0,1280 2560,9999
    nothing_of "$1" "$2" $((3400 + $3))
}

# given_up COUNT: so many of them.  The userspace datapath lets what has waited for 15 s go on with the next packet of any session, as
# invalid and yet not looked at by conntrack; as such it is of no session of these zones.
given_up() {
    both_families _in_between
    [ "$(n_dropped other-zones)" -ge "$1" ]
}
_in_between() { datagram "$1" "$2" 100; }

# Nor later, when it is no longer waited for: two pieces of each family are left here, and two of the case before.
incomplete() {
    local before
    before=$(n_dropped other-zones)
    both_families _incomplete
    if [ "$ZW_DATAPATH" = netdev ]; then
        zw_wait_for "given_up $((before + 8))" 30
        [ "$(n_dropped other-zones)" -eq $((before + 8)) ]
    fi
    both_families _nothing_in_the_end
}
_nothing_in_the_end() {
    nothing_of "$1" "$2" $((2300 + $3))
    nothing_of "$1" "$2" $((2400 + $3))
    nothing_of "$1" "$2" $((3400 + $3))
}

# As much as a packet's length can say arrives; of more, nothing does.
_too_long() {
    local all
    mapfile -t all < <(seq 0 1280 65000 | awk '{ print $1 "," $1 + 1280 }')
    pieces "$1" "$2" $((65000 + $3)) "${all[@]}"
    datagram "$1" "$2" 100 # The userspace datapath lets 32 go at once, the rest with the next packet.
    got $((65000 + $3))
    frame web "[eth(WEB, DB, fragment('$1', '$2', L4(17, None, udp(40000, $CUT_PORT) + bytes(66000)), at, at + 1280, $((65100 + $3))))
                for at in range(0, 66000, 1280)]"
    nothing_of "$1" "$2" $((65100 + $3))
}
too_long() { both_families _too_long; }

# What the userspace datapath takes for an attack.  The kernel's does not.
_short() {
    local before
    before=$(n_dropped invalid)
    pieces "$1" "$2" $((2500 + $3)) 0,"$4" "$4",9999
    if [ "$ZW_DATAPATH" = system ]; then
        got $((2500 + $3))
    else
        nothing_of "$1" "$2" $((2500 + $3))
        zw_wait_for "[ \"\$(n_dropped invalid)\" -eq $((before + 1)) ]" 5
        pieces "$1" "$2" $((2600 + $3)) 0,$(($4 + 8)) $(($4 + 8)),9999
        got $((2600 + $3))
    fi
}
# 1200 bytes with IPv4's header, 1280 with IPv6's and that of fragments, are the least; the first below, and the first above.
short() {
    _short 10.20.0.11 10.20.0.12 4 1176
    _short fd00:20::11 fd00:20::12 6 1224
}

zw_playground_start || exit 99
zw_case "two VMs and a policy" setup
zw_case "fragments do not pass where the whole may not" denied
zw_case "nor where port 0 may" looks_like_zero
zw_case "fragments of a session pass" within_a_session
zw_case "a session begins with one only where the datapath shows it whole" not_the_first
FRAME_NAMES=("WEB=$(zw_vm_mac web)" "DB=$(zw_vm_mac db)")
zw_case "within a session, what comes in pieces arrives whole" in_pieces
zw_case "within a session, fragments that overlap do not pass" overlapping
zw_case "within a session, fragments without the middle do not pass, not later either" incomplete
zw_case "within a session, fragments of more than 65535 bytes do not pass" too_long
zw_case "within a session, short fragments pass on the kernel's datapath only" short
zw_done
