#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# How long the switch keeps sessions: a closed one lets nothing in a second later, the policy says the rest, and both hold
# whatever others do to OVSDB.
. "${ZW_SRCDIR:-$(dirname "$0")/../..}/tests/system/tap.sh"
# shellcheck source=../packets.sh
. "$ZW_SRCDIR/tests/packets.sh"

A=10.20.0.1 B=10.20.0.2
A6=fd00:20::1 B6=fd00:20::2

policy() { # FILE TIMEOUTS
    cat >"$ZW_PG/$1.yaml" <<POLICY
version: 1
zones:
  a: {ports: [{iface-id: a}]}
  b: {ports: [{iface-id: b}]}
defaults: {log: none}
conntrack: {timeouts: {$2}}
rules:
  - {from: a, to: b, service: tcp/80, action: allow}
POLICY
}

# timeouts ZONE: of a conntrack zone, as OVSDB has them; that of the VMs' segment is 4106.
timeouts() { zw_vsctl list-zone-tp "$ZW_DATAPATH" | sed -n "s/^Zone:$1, Timeout Policies: //p"; }

setup() {
    zw_vm_add a vnet-a "$A"/16 "$A6"/48 tag=10
    zw_vm_add b vnet-b "$B"/16 "$B6"/48 tag=10
    zw_vm_serve b tcp:80
    policy none ''
    policy long 'tcp-close: 1h, tcp-time-wait: 1h'
    policy idle 'tcp-established: 2s'
    zw_vsctl -- --id=@other create Datapath datapath_version=0 -- set Open_vSwitch . datapaths:"$ZW_DATAPATH"=@other
    zw_vsctl add-zone-tp "$ZW_DATAPATH" zone=7 icmp_first=77 # Somebody else's.
    zw_daemon_start "$ZW_PG/none.yaml"
    zw_expect passed a tcp "$B" 80
    zw_expect passed a tcp "$B6" 80
}

in_force() { # TIMEOUTS: and the switch knows it.
    zw_wait_for "[ '$1' = \"\$(timeouts 4106)\" ]"
    zw_vsctl --timeout=30 set Open_vSwitch . external_ids:zw-test="$RANDOM" # Returns when vswitchd has caught up.
}

# fitting HOW SPORT: a session of each family from SPORT on that is closed or not, and a second later a packet of each end
# that fits it.
fitting() {
    local how=$1 sport=$2 src dst numbers
    set --
    for address in "$A $B" "$A6 $B6"; do
        read -r src dst <<<"$address"
        if [ "$how" = open ]; then
            zw_vm_run a "open-$sport" "$PYTHON" -I "$ZW_SRCDIR/tests/packets.py" session open "$sport" "$dst" 80
            zw_wait_for "[ -s '$ZW_PG/open-$sport.out' ]"
            numbers=$(cat "$ZW_PG/open-$sport.out")
        else
            numbers=$(packets a session "$how" "$sport" "$dst" 80)
        fi
        set -- "$@" "$src $dst $sport $numbers"
        sport=$((sport + 1))
    done
    sleep "${PAUSE_S:-1.2}"
    catch_start a b
    for session in "$@"; do
        # shellcheck disable=SC2086
        send_both $session
    done
    catch_end a b
}

send_both() { # SRC DST SPORT SEQ ACK
    packets a tcp A "$1" "$2" "$3" 80 "$4" "$5"
    packets b tcp A "$2" "$1" 80 "$3" "$5" "$4"
}

arrived() { # COUNT FIRST-PORT
    caught b "^tcp A .* ($2|$(($2 + 1))) 80\$" "$1"
    caught a "^tcp A .* 80 ($2|$(($2 + 1)))\$" "$1"
}

default() {
    in_force "$([ "$ZW_DATAPATH" = netdev ] && echo 'tcp_close=1' || echo 'tcp_close=1 tcp_time_wait=1')"
    fitting fin 4000
    arrived 0 4000
    fitting rst 4010
    arrived 0 4010
    fitting open 4020
    arrived 2 4020
    zw_kill open-4020 || true
    zw_kill open-4021 || true
}

# That the packets above would have got in.
long() {
    zw_ctl policy apply "$ZW_PG/long.yaml"
    in_force 'tcp_close=3600 tcp_time_wait=3600'
    fitting fin 4030
    arrived 2 4030
    fitting rst 4040
    arrived 2 4040
    zw_appctl dpctl/flush-conntrack # They would stay.
}

idle() {
    zw_ctl policy apply "$ZW_PG/idle.yaml"
    in_force "$([ "$ZW_DATAPATH" = netdev ] && echo 'tcp_close=1 tcp_established=2' ||
        echo 'tcp_close=1 tcp_established=2 tcp_time_wait=1')"
    PAUSE_S=3 fitting open 4050
    arrived 0 4050
    zw_kill open-4050 || true
    zw_kill open-4051 || true
}

kept() {
    [ "$(timeouts 7)" = icmp_first=77 ]
    zw_vsctl del-zone-tp "$ZW_DATAPATH" zone=4106
    zw_wait_for '[ -n "$(timeouts 4106)" ]'
    zw_vsctl add-zone-tp "$ZW_DATAPATH" zone=4200 udp_first=5 # No segment of ours.
    zw_vsctl del-port vnet-b -- set port vnet-a tag=11
    zw_wait_for '[ -z "$(timeouts 4106)" ] && [ -n "$(timeouts 4107)" ]'
    [ "$(timeouts 4200)" = udp_first=5 ]
    [ "$(timeouts 7)" = icmp_first=77 ]
}

zw_playground_start || exit 99
zw_case "ports" setup
zw_case "a closed session lets nothing in a second later" default
zw_case "the same packets get in if the policy keeps closed sessions" long
zw_case "an idle session ends when the policy says so" idle
zw_case "what others change is mended, and what is theirs stays" kept
zw_done
