#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Ports appear, change and disappear in OVSDB, and what passes follows at once.
. "${ZW_SRCDIR:-$(dirname "$0")/../..}/tests/system/tap.sh"
# shellcheck source=../frames.sh
. "$ZW_SRCDIR/tests/frames.sh"

AT_ONCE_S=1

setup() {
    cat >"$ZW_PG/policy.yaml" <<'POLICY'
version: 1
zones:
  web: {ports: [{name: "vnet-web*"}], trust-external-id: true}
  db: {ports: [{iface-id: db}, {external-id: role=database}]}
services: {postgres: tcp/5432, http: tcp/80}
rules:
  - {name: web-to-db, from: web, to: db, service: postgres, action: allow, log: session}
  - {name: db-to-web, from: db, to: web, service: http, action: allow, log: session}
POLICY
    zw_daemon_start "$ZW_PG/policy.yaml"
    zw_vm_add web vnet-web0 10.20.0.11/16 fd00:20::11/48
    zw_vm_add db vnet-db0 10.20.0.12/16 fd00:20::12/48
    zw_vm_add other vnet-x0 10.20.0.13/16 fd00:20::13/48
    for vm in web db other; do zw_vm_serve "$vm" tcp:5432 http:80; done
}

port_zone() { zw_ctl ports | awk -v port="$1" '$2 == port { print $4; found = 1 } END { if (!found) print "gone" }'; }

# zone_is IFNAME ZONE: what zonewardd makes of the port; "-" is none, "gone" no such port.
zone_is() {
    zw_wait_for "[ \"\$(port_zone '$1')\" = '$2' ]" "$AT_ONCE_S" || { zw_ctl ports | head -n 12; false; }
}

appear() {
    zone_is vnet-web0 web
    zone_is vnet-db0 db
    zw_expect passed web tcp 10.20.0.12 5432
    zw_expect passed web tcp fd00:20::12 5432
    zw_expect dropped db tcp 10.20.0.11 5432 1
}

# came FROM AT: how many frames with the sender's MAC address.
came() { grep -cE "^frame .{12}$(zw_vm_mac "$1" | tr -d :)" "$ZW_PG/frames-$2.out" || true; }

# frames_of FROM TO PORT IPV4 IPV4 IPV6 IPV6: of each kind that passes between zones.
frames_of() {
    FRAME_NAMES=("ME=$(zw_vm_mac "$1")" "YOU=$(zw_vm_mac "$2")" "A=$4" "B=$5" "A6=$6" "B6=$7")
    frame "$1" "[eth(ME, YOU, ip(A, B, tcp('S', 999, $3))), eth(ME, YOU, ip(A6, B6, tcp('S', 999, $3))),
                 eth(ME, YOU, arp(2, ME, A, YOU, B)), eth(ME, BROADCAST, arp(1, ME, A, YOU, B)),
                 eth(ME, YOU, ip(A6, B6, ns(B6, ME))), eth(ME, YOU, ip(A6, B6, na(A6, ME)))]"
}
others_frames() {
    local vm
    for vm in web db other; do : >"$ZW_PG/frames-$vm.out"; done
    frames_of other web 80 10.20.0.13 10.20.0.11 fd00:20::13 fd00:20::11
    frames_of web other 5432 10.20.0.11 10.20.0.13 fd00:20::11 fd00:20::13
}

no_zone() {
    frames_catch web db other
    zone_is vnet-x0 -
    zw_expect dropped other tcp 10.20.0.12 5432 1
    zw_expect dropped web tcp 10.20.0.13 5432 1
    if zw_vm_exec other ping -q -c 1 -W 1 10.20.0.12; then false; fi
    others_frames
    frame db "eth('$(zw_vm_mac db)', BROADCAST, arp(1, '$(zw_vm_mac db)', '10.20.0.12', YOU, '10.20.0.11'))"
    zw_wait_for '[ "$(came db web)" -gt 0 ]' # So what was sent before would have come.
    [ "$(came other web) $(came other db)" = '0 0' ]
    if grep ^frame "$ZW_PG/frames-other.out"; then false; fi
}

external_id() {
    zw_vsctl set interface vnet-x0 external_ids:role=database
    zone_is vnet-x0 db
    zw_expect passed web tcp 10.20.0.13 5432
    others_frames # All of those that do not pass without a zone.
    zw_wait_for '[ "$(came other web)" -ge 6 ] && [ "$(came other db)" -ge 1 ] && [ "$(came web other)" -ge 6 ]'
    zw_kill frames-web || true
    zw_kill frames-db || true
    zw_kill frames-other || true
    zw_vsctl remove interface vnet-x0 external_ids role
    zone_is vnet-x0 -
    zw_expect dropped web tcp 10.20.0.13 5432 1
}

# A session lives between the two zones that it was let in for.
moved() {
    zw_vsctl set interface vnet-x0 external_ids:role=database
    zone_is vnet-x0 db
    zw_appctl revalidator/wait >/dev/null # What the datapath knows follows the flows.
    zw_appctl revalidator/wait >/dev/null
    zw_stream_start moved web tcp 10.20.0.13 5432
    zw_wait_for 'zw_ctl sessions | grep -q 10.20.0.13'
    sleep 0.5
    zw_vsctl remove interface vnet-x0 external_ids role -- set interface vnet-x0 external_ids:zone=web
    zone_is vnet-x0 web
    sleep 3
    zw_stream_end moved 'exchanges>10' lost=1
    zw_expect passed other tcp 10.20.0.12 5432
}

trusted() {
    zw_vsctl set interface vnet-x0 external_ids:zone=db # A zone that does not trust it.
    zone_is vnet-x0 -
    zw_expect dropped web tcp 10.20.0.13 5432 1
    zw_ctl ports --wide | tee /dev/stderr | grep vnet-x0 | grep -qi trust
    zw_vsctl set interface vnet-x0 external_ids:zone=nowhere
    zone_is vnet-x0 -
    zw_vsctl set interface vnet-x0 external_ids:zone=web
    zone_is vnet-x0 web
}

conflict() {
    zw_vsctl set interface vnet-x0 external_ids:role=database # And external_ids:zone says web.
    zone_is vnet-x0 -
    zw_expect dropped other tcp 10.20.0.12 5432 1
    zw_expect dropped web tcp 10.20.0.13 5432 1
    zw_ctl status || true
    zw_vsctl remove interface vnet-x0 external_ids role -- remove interface vnet-x0 external_ids zone
}

ofport() {
    zw_vsctl set interface vnet-db0 ofport_request=77
    zw_wait_for '[ "$(zw_vsctl get interface vnet-db0 ofport)" = 77 ]'
    zw_wait_for 'zw_flows | grep -q in_port=77' "$AT_ONCE_S"
    zw_expect passed web tcp 10.20.0.12 5432
}

# nobodys NUMBER-OF-PORTS: so many ports are closed because of their number, vnet-db0 among them.
nobodys() {
    zw_wait_for "[ \"\$(zw_ctl ports | grep -c 'another one has its OpenFlow number')\" = $1 ]" "$AT_ONCE_S"
    if [ "$1" != 0 ]; then
        zw_expect dropped web tcp 10.20.0.12 5432 1
        zw_ctl ports | tee /dev/stderr | grep -q 'vnet-db0 .*another one has'
    else
        zw_expect passed web tcp 10.20.0.12 5432
    fi
}

# OVSDB rules out neither: a number that somebody writes, which vswitchd mends when it has another reason to look, and two
# Port rows of one Interface.
shared_ofport() {
    zw_vsctl --no-wait set interface vnet-x0 ofport=77
    nobodys 2
    zw_vsctl set interface vnet-x0 external_ids:x=y
    nobodys 0
    zw_vsctl --no-wait -- --id=@i get interface vnet-db0 -- --id=@p create port name=twin interfaces=@i -- \
        add bridge br0 ports @p
    nobodys 2
    zw_vsctl --no-wait -- --id=@p get port twin -- remove bridge br0 ports @p
    nobodys 0
}

again() {
    zw_vm_del db
    zone_is vnet-db0 gone
    if zw_flows | grep -q in_port=77; then false; fi
    zw_vm_add db vnet-web7 10.20.0.12/16 fd00:20::12/48 external_ids:iface-id=other
    zone_is vnet-web7 web
    zw_vm_del db
    zw_vm_add db vnet-db0 10.20.0.12/16 fd00:20::12/48
    zw_vm_serve db tcp:5432 http:80
    zone_is vnet-db0 db
    zw_expect passed web tcp 10.20.0.12 5432
    zw_expect passed db http 10.20.0.11 80
}

many() {
    local i commands=()
    for i in $(seq 100); do
        commands+=(-- add-port br0 "many$i" -- set interface "many$i" type=internal external_ids:role=database)
    done
    zw_vsctl "${commands[@]:1}"
    zone_is many100 db
    zw_expect passed web tcp 10.20.0.12 5432
    commands=()
    for i in $(seq 100); do commands+=(-- del-port br0 "many$i"); done
    zw_vsctl "${commands[@]:1}"
    zone_is many1 gone
    zw_expect passed web tcp 10.20.0.12 5432
}

bridge_again() {
    zw_vsctl --timeout=10 del-br br0
    zw_wait_for '! zw_ctl status'
    zw_vsctl --timeout=10 add-br br0 -- set bridge br0 datapath_type="$ZW_DATAPATH" # fail_mode is for zonewardd to set.
    zw_vsctl --timeout=10 add-port br0 vnet-web0 -- add-port br0 vnet-db0 -- set interface vnet-db0 external_ids:iface-id=db
    zw_wait_for 'zw_ctl status'
    [ "$(zw_vsctl get-fail-mode br0)" = secure ]
    zw_expect passed web tcp 10.20.0.12 5432
    zw_expect dropped db tcp 10.20.0.11 5432 1
}

zw_playground_start || exit 99
zw_case "a policy, then the ports" setup
zw_case "ports that appear have their zones" appear
zw_case "a port in no zone gets nothing through" no_zone
zw_case "external_ids decide, from one moment to the next" external_id
zw_case "a session ends when a port leaves its zone" moved
zw_case "external_ids:zone counts where the policy trusts it" trusted
zw_case "a port that two zones claim is in none" conflict
zw_case "a port's OpenFlow number changes" ofport
zw_case "a number that two ports have is nobody's, until it is one's again" shared_ofport
zw_case "a port goes, and comes back as another and as itself" again
zw_case "a hundred ports at once" many
zw_case "the bridge goes and comes back" bridge_again
zw_done 'zonewardd.log:.* warning: ' 'zonewardd.log:.*br0.*(No such file|connect)' 'could not (open|add) network device|connection dropped' \
    'recirc_id [0-9]+ left allocated' 'timeval' 'ofproto.*(no such port|cannot get STP)'
