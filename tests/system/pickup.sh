#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# TCP sessions that the switch has forgotten: `pickup: strict` ends them, `pickup: loose` takes them up where the rules allow
# them, and nothing else.
. "${ZW_SRCDIR:-$(dirname "$0")/../..}/tests/system/tap.sh"
# shellcheck source=../packets.sh
. "$ZW_SRCDIR/tests/packets.sh"

A=10.20.0.1 B=10.20.0.2
A6=fd00:20::1 B6=fd00:20::2

policy() { # PICKUP
    cat >"$ZW_PG/$1.yaml" <<POLICY
version: 1
zones:
  a: {ports: [{iface-id: a}]}
  b: {ports: [{iface-id: b}]}
defaults: {log: none, pickup: $1}
rules:
  - {name: ours, from: a, to: b, service: tcp/80, action: allow}
  - {name: asked, from: a, to: b, service: tcp/81, action: ask, otherwise: allow}
POLICY
}

setup() {
    zw_vm_add a vnet-a "$A"/16 "$A6"/48
    zw_vm_add b vnet-b "$B"/16 "$B6"/48
    zw_vm_serve b tcp:80 tcp:81 tcp:82
    policy strict
    policy loose
    zw_daemon_start "$ZW_PG/strict.yaml"
    for address in $B $B6; do
        zw_expect passed a tcp "$address" 80
        zw_expect passed a tcp "$address" 81
        zw_expect dropped a tcp "$address" 82
    done
}

established() { zw_ctl sessions --format=csv | grep -cE ',(80|81),.*,ESTABLISHED,'; }

streams() {
    zw_stream_start four a tcp "$B" 80
    zw_stream_start six a tcp "$B6" 80
    zw_stream_start asked a tcp "$B" 81
    zw_wait_for '[ "$(established)" -eq 3 ]'
}

forget() { zw_appctl dpctl/flush-conntrack; }

strict() {
    streams
    forget
    sleep 2.5 # More than the streams' patience.
    for job in four six asked; do zw_stream_end "$job" lost=1; done
    [ "$(established)" -eq 0 ]
    zw_ctl drops | grep -q not-syn
}

loose() {
    zw_ctl policy apply "$ZW_PG/loose.yaml"
    streams
    forget
    zw_wait_for '[ "$(established)" -eq 3 ]'
    zw_ctl sessions --format=csv | grep ESTABLISHED >"$ZW_PG/sessions"
    [ "$(grep -cE ',ours,' "$ZW_PG/sessions")" -eq 2 ] # In their own direction, by their own rules.
    grep -q ',asked,.*,slow,' "$ZW_PG/sessions"
    sleep 1 # They go on.
    for job in four six asked; do zw_stream_end "$job" lost=0 'exchanges>20'; done
}

# What it is for: the userspace datapath keeps no session over this.
restart() {
    streams
    zw_vswitchd_stop
    zw_vswitchd_start
    zw_wait_for '[ "$(established)" -eq 3 ]'
    sleep 1
    for job in four six asked; do zw_stream_end "$job" lost=0 'exchanges>20'; done
}

# Only an ACK that neither opens nor resets takes a session up, and only where a rule allows one.
nothing_else() {
    local flags
    catch_start a b
    for flags in SA F R RA P SF SR SRA; do packets a tcp "$flags" "$A" "$B" 1234 80; done
    for flags in R RA SA; do packets a tcp "$flags" "$A6" "$B6" 1234 80; done
    for flags in A PA FA S; do
        packets a tcp "$flags" "$A" "$B" 1235 82
        packets b tcp "$flags" "$B" "$A" 80 1235
        packets b tcp "$flags" "$B6" "$A6" 1236 80
    done
    packets a tcp A "$A" "$B" 1237 80 # To know that they could have arrived.
    packets a tcp FA "$A6" "$B6" 1238 80
    catch_end a b
    caught b '^tcp .* (1234|1235|1236) ' 0
    caught a '^tcp .* (1235|80)$' 0
    caught b '^tcp A .* 1237 80'
    # To the kernel's conntrack no session begins with a FIN: it is invalid there.
    caught b '^tcp FA .* 1238 80' "$([ "$ZW_DATAPATH" = netdev ] && echo 1 || echo 0)"
}

zw_playground_start || exit 99
zw_case "ports" setup
zw_case "strict: a session that the switch forgot has ended" strict
zw_case "loose: it goes on, by its own rule" loose
zw_case "loose: so it does when vswitchd restarts" restart
zw_case "loose: other packets without a session stay out" nothing_else
zw_done 'zonewardd.log:.* warning: .*br0' 'connection dropped|receive error' 'recirc_id [0-9]+ left allocated' # OVS's own, at its end.
