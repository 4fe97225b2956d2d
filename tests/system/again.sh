#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# What was classified by the zones of an older policy starts again, and is judged as if it came in now: once for each
# receiver, with the tag it had, and not for ever.  siege.sh has the race itself; here packets are put where it leaves them.
. "${ZW_SRCDIR:-$(dirname "$0")/../..}/tests/system/tap.sh"

OTHER=0x11111111 # A zone, and a digest of zones, that the policy does not know.
TAGGED=0x2000 COPY=0x100 TWICE=0xc000 ASK=0x3

setup() {
    cat >"$ZW_PG/policy.yaml" <<'POLICY'
version: 1
zones:
  web: {ports: [{name: "vnet-w*"}]}
  db: {ports: [{name: "vnet-d*"}]}
  rack: {ports: [{name: trunk0}]}
rules:
  - {name: allowed, from: [web, rack], to: db, service: udp/5432, action: allow, log: session}
  - {name: back, from: db, to: rack, service: udp/5432, action: allow}
  - {name: asked, from: web, to: db, service: udp/22, action: ask, otherwise: allow}
POLICY
    zw_vm_add web vnet-w0 10.20.0.11/16 ''
    zw_vm_add db vnet-d0 10.20.0.12/16 ''
    zw_vm_add db2 vnet-d1 10.20.0.13/16 ''
    zw_vm_add ten vnet-d10 10.20.0.14/16 '' tag=10
    zw_trunk_add far trunk0 trunks=10
    zw_trunk_host far10 far 10 10.20.1.10/16 ''
    for vm in web db db2 ten far10; do
        zw_vm_run "$vm" "catch-$vm" "$PYTHON" -I "$ZW_SRCDIR/tests/frames.py" catch
        zw_wait_for "grep -q ready '$ZW_PG/catch-$vm.out'"
    done
    zw_daemon_start "$ZW_PG/policy.yaml"
}

number() { zw_vsctl get interface "$1" ofport; }

# put FROM PORT TO VM SPORT DPORT SEGMENT FLAGS ACTION: a UDP packet from a port, in an old policy's registers.
put() {
    local from=$1 in=$2 to=$3 out=$4 sport=$5 dport=$6 segment=$7 flags=$8 action=$9 frame
    frame=$(cd "$ZW_SRCDIR/tests" && "$PYTHON" -B -c 'import sys, frames
src, dst, from_, to, sport, dport = sys.argv[1:]
print(frames.eth(src, dst, frames.ip(from_, to, frames.udp(int(sport), int(dport)))).hex())' \
        "$(zw_vm_mac "$from")" "$(zw_vm_mac "$to")" "$(address "$from")" "$(address "$to")" "$sport" "$dport")
    zw_ofctl packet-out "$ZW_BRIDGE" "in_port=$(number "$in"),packet=$frame,actions=set_field:$OTHER->reg0,\
set_field:$OTHER->reg1,set_field:$segment->reg2,set_field:$(number "$out")->reg3,set_field:$((0x1000 | segment))->reg6,\
set_field:$flags->reg7,set_field:$OTHER->reg8,$action"
}

address() { ip -n "$(_zw_ns "$1")" -br -4 address show dev eth0 | awk '{sub("/.*", "", $3); print $3}'; }

CT='ct(table=10,zone=NXM_NX_REG6[0..15])'

# got VM SPORT: how many packets from that port have come.
got() { grep -c "$(printf '4011[0-9a-f]\{20\}%04x' "$2")" "$ZW_PG/catch-$1.out" || true; }

# Another packet behind it, so that what has not come by then does not come.
behind() {
    put web vnet-w0 "$1" "$2" "$3" 5432 0 0 "$CT"
    zw_wait_for "[ \$(got $1 $3) -eq 1 ]"
}

allowed() {
    put web vnet-w0 db vnet-d0 1001 5432 0 0 "$CT"
    zw_wait_for '[ $(got db 1001) -eq 1 ]'
    zw_wait_for "zw_ctl audit query --json | grep '\"sport\":1001,' | grep '\"rule\":\"allowed\"' | grep '\"from\":\"web\",\"to\":\"db\"'"
}

forbidden() {
    put web vnet-w0 db vnet-d0 1002 80 0 0 "$CT"
    put db vnet-d0 db2 vnet-d1 1003 5432 0 0 "$CT"
    behind db2 vnet-d1 1004
    [ "$(got db 1002)" -eq 0 ]
    [ "$(got db2 1003)" -eq 0 ]
}

with_its_tag() {
    put far10 trunk0 ten vnet-d10 1005 5432 10 $((TAGGED | 5 << 5)) "$CT"
    zw_wait_for '[ $(got ten 1005) -eq 1 ]'
    put far10 trunk0 ten vnet-d10 1006 5432 10 0 "$CT" # The port carries nothing without a tag.
    put far10 trunk0 ten vnet-d10 1007 5432 10 "$TAGGED" "$CT"
    zw_wait_for '[ $(got ten 1007) -eq 1 ]'
    [ "$(got ten 1006)" -eq 0 ]
    put ten vnet-d10 far10 trunk0 1016 5432 10 $((5 << 5)) "$CT" # A tag with a priority and no VLAN.
    zw_wait_for '[ $(got far10 1016) -eq 1 ]'
}

# One of several copies stays one, and opens no session.
one_copy() {
    put web vnet-w0 db vnet-d1 1008 5432 0 "$COPY" "$CT"
    zw_wait_for '[ $(got db2 1008) -eq 1 ]'
    behind db vnet-d0 1009
    [ "$(got db 1008)" -eq 0 ]
    zw_appctl dpctl/dump-conntrack | grep -q 'sport=1009'
    [ "$(zw_appctl dpctl/dump-conntrack | grep -c 'sport=1008')" -eq 0 ]
}

# The answer within a session of now: STATE does not know its zones.
answer() {
    put web vnet-w0 db vnet-d0 1017 5432 0 0 "$CT"
    zw_wait_for '[ $(got db 1017) -eq 1 ]'
    put db vnet-d0 web vnet-w0 5432 1017 0 0 "$CT"
    zw_wait_for '[ $(got web 5432) -eq 1 ]'
    put db vnet-d0 web vnet-w0 5433 1017 0 0 "$CT" # Of no session.
    put db vnet-d0 web vnet-w0 5432 1017 0 0 "$CT"
    zw_wait_for '[ $(got web 5432) -eq 2 ]'
    [ "$(got web 5433)" -eq 0 ]
}

n_dropped() { zw_ctl drops --all --format=csv | awk -F, '$2 == "zones-changed" { n += $5 } END { print n + 0 }'; }

not_for_ever() {
    put web vnet-w0 db vnet-d0 1010 5432 0 "$TWICE" "$CT"
    zw_wait_for '[ $(n_dropped) -eq 1 ]'
    behind db vnet-d0 1011
    [ "$(got db 1010)" -eq 0 ]
}

n_again() { zw_ctl status --json | sed -n 's/.*"n_zones_changed": *\([0-9]*\).*/\1/p'; }

# A question by old zones: the slow path sends it back, and is asked again by those of now.
asked() {
    put web vnet-w0 db vnet-d0 1012 22 0 "$ASK" 'resubmit(,13)'
    zw_wait_for '[ $(got db 1012) -eq 1 ]'
    [ "$(n_again)" -eq 1 ]
    put web vnet-w0 db vnet-d0 1013 80 0 "$ASK" 'resubmit(,13)'
    put web vnet-w0 db vnet-d0 1014 22 0 "$((ASK | TWICE))" 'resubmit(,13)'
    zw_wait_for '[ "$(zw_ctl status --json | sed -n "s/.*\"n_unjudged\": *\([0-9]*\).*/\1/p")" -eq 1 ]'
    [ "$(n_again)" -eq 2 ]
    behind db vnet-d0 1015
    [ "$(got db 1013)" -eq 0 ]
    [ "$(got db 1014)" -eq 0 ]
}

zw_playground_start || exit 99
zw_case "three zones, a trunk, and a daemon" setup
zw_case "what the policy allows gets there, and is in the log by its zones of now" allowed
zw_case "what it forbids does not" forbidden
zw_case "a packet has its tag again" with_its_tag
zw_case "a copy stays one copy" one_copy
zw_case "an answer finds its session" answer
zw_case "the third time it is dropped, and counted" not_for_ever
zw_case "a question by other zones is asked again" asked
zw_done
