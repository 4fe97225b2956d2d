#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Promise 1: fragments as no host makes them, within sessions that were let in: what overlaps, is not whole, or is more than a packet
# can be does not pass, and the control for that, what comes in pieces that fit, does.
. "${ZW_SRCDIR:-$(dirname "$0")/../..}/tests/system/tap.sh"
# shellcheck source=../frames.sh
. "$ZW_SRCDIR/tests/frames.sh"

setup() {
    cat >"$ZW_PG/policy.yaml" <<'POLICY'
version: 1
zones:
  web: {ports: [{iface-id: web}], fragments: allow}
  db: {ports: [{iface-id: db}], fragments: allow}
rules:
  - {name: all, from: web, to: db, action: allow, log: session}
POLICY
    zw_vm_add web vnet-web0 10.20.0.11/16 fd00:20::11/48
    zw_vm_add db vnet-db0 10.20.0.12/16 fd00:20::12/48
    zw_daemon_start "$ZW_PG/policy.yaml"
}

# A session of each family, from port 40000 of web to CUT_PORT of db.  None but the
# last is shorter than 1280 bytes with its headers: those the userspace datapath would drop for their size.
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

got() { zw_wait_for "grep -qx 'got $1' '$ZW_PG/cut-sink.out'"; }

# delivered SRC DST SIZE: sends it whole, and waits for it.
delivered() {
    local n
    n=$(grep -cx "got $3" "$ZW_PG/cut-sink.out" || true)
    datagram "$@"
    zw_wait_for "[ \"\$(grep -cx 'got $3' '$ZW_PG/cut-sink.out')\" -gt $n ]"
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
    zw_udp_sink db cut-sink "$CUT_PORT"
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
    if [ "$ZW_DATAPATH" = netdev ]; then zw_wait_for "[ \"\$(n_dropped invalid)\" -eq $((before + 4)) ]"; fi
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
# invalid and yet not looked at by conntrack.
given_up() {
    both_families _in_between
    [ "$(n_dropped fragment)" -ge "$1" ]
}
_in_between() { datagram "$1" "$2" 100; }

# Nor later, when it is no longer waited for: two pieces of each family are left here, and two of the case before.
incomplete() {
    local before
    before=$(n_dropped fragment)
    both_families _incomplete
    if [ "$ZW_DATAPATH" = netdev ]; then
        zw_wait_for "given_up $((before + 8))" 30
        [ "$(n_dropped fragment)" -eq $((before + 8)) ]
    fi
    both_families _nothing_in_the_end
}
_nothing_in_the_end() {
    nothing_of "$1" "$2" $((2300 + $3))
    nothing_of "$1" "$2" $((2400 + $3))
    nothing_of "$1" "$2" $((3400 + $3))
}

# A session's first packet goes through ct() twice, and then out; four datagrams of which the rest never comes wait for it.
FIRST=3500
_first_pieces() {
    pieces "$1" "$2" $((FIRST + $3)) 0,1280
    pieces "$1" "$2" $((FIRST + 100 + $3)) 0,1280
}
_begins() { frame web "eth(WEB, DB, ip('$1', '$2', udp($((41000 + RANDOM % 9000)), $CUT_PORT, bytes(100))))"; }
_given_up_again() {
    both_families _begins
    [ "$(n_dropped fragment)" -gt "$1" ]
}
_nothing_with_others() {
    nothing_of "$1" "$2" $((FIRST + $3))
    nothing_of "$1" "$2" $((FIRST + 100 + $3))
}
with_others() {
    both_families _first_pieces
    if [ "$ZW_DATAPATH" = netdev ]; then
        zw_wait_for "_given_up_again $(n_dropped fragment)" 30
        for _ in 1 2 3 4; do both_families _begins; done
    fi
    both_families _nothing_with_others
}

# Then ct() sends what is let in to OUTPUT.
with_others_and_a_limit() {
    FIRST=3700
    printf 'conntrack: {sessions: 1000}\n' >>"$ZW_PG/policy.yaml"
    zw_ctl policy apply "$ZW_PG/policy.yaml"
    with_others
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
        zw_wait_for "[ \"\$(n_dropped invalid)\" -eq $((before + 1)) ]"
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
FRAME_NAMES=("WEB=$(zw_vm_mac web)" "DB=$(zw_vm_mac db)")
zw_case "within a session, what comes in pieces arrives whole" in_pieces
zw_case "within a session, fragments that overlap do not pass" overlapping
zw_case "within a session, fragments without the middle do not pass, not later either" incomplete
zw_case "fragments without the rest do not pass with the first packets of sessions either" with_others
zw_case "the same where sessions are limited" with_others_and_a_limit
zw_case "within a session, fragments of more than 65535 bytes do not pass" too_long
zw_case "within a session, short fragments pass on the kernel's datapath only" short
# What the kernel's conntrack will not put together it refuses, and vswitchd says so of the first.
odd='x^'
if [ "$ZW_DATAPATH" = system ]; then odd='execute ct\\(.*failed \\(Invalid argument\\)'; fi
zw_done "$odd"
