#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Ethernet addresses that move, and those that are at two places: counted, logged and said; what is learned is bounded.
. "${ZW_SRCDIR:-$(dirname "$0")/../..}/tests/system/tap.sh"
# shellcheck source=../packets.sh
. "$ZW_SRCDIR/tests/packets.sh"
# shellcheck source=../frames.sh
. "$ZW_SRCDIR/tests/frames.sh"

ALL=(named left right)
MACHINE=02:00:00:00:0e:01 # It is behind the left uplink, or behind the right one.
ALL_OF_THEM=ff:ff:ff:ff:ff:ff

setup() {
    cat >"$ZW_PG/policy.yaml" <<'POLICY'
version: 1
zones:
  vm: {ports: [{name: named0}]}
  outside: {ports: [{name: "up-*"}]}
rules: [{from: any, to: any, action: allow}]
POLICY
    zw_vm_add named named0 '' '' tag=10
    zw_vm_add left up-left '' '' trunks=10,20
    zw_vm_add right up-right '' '' trunks=10,20
    for port in up-left up-right; do zw_vsctl remove interface "$port" external_ids attached-mac; done
    frames_silence "${ALL[@]}"
    zw_daemon_start "$ZW_PG/policy.yaml"
}

# hear VM SRC [VLAN]: the switch hears of an address there.
hear() { ether "$1" send "$ALL_OF_THEM" "$2" "${3-10}" 0x0806 hear; }

# status CONDITION: with 'a', what it says of addresses, and 'w', its warnings.
status() {
    zw_ctl status --json >"$ZW_PG/status.json"
    "$PYTHON" -I - "$ZW_PG/status.json" "$1" <<'PY'
import json, sys
d = json.load(open(sys.argv[1]))
a, w = d["bridges"][0]["addresses"], [p["text"] for p in d["problems"]]
assert eval(sys.argv[2]), (a, w)
PY
}

# A machine that is moved: no reason to warn.
moves_once() {
    hear left "$MACHINE"
    zw_wait_for "status 'a[\"n_learned\"] == 1'"
    hear right "$MACHINE" 20 # In another VLAN it is another one.
    hear right "$MACHINE"
    zw_wait_for "status 'a[\"n_moves\"] == 1'"
    status 'a["n_learned"] == 2 and not a["n_back"] and not a["n_at_two_places"] and not w'
    grep "info: bridge br0: $MACHINE moved from port up-left to port up-right (VLAN 10)" "$ZW_PG/zonewardd.log"
    ether_start left right
    ether named send "$MACHINE" - - 0x0806 found
    catch_end left right
    caught right ' 10 0x0806 found$'
    caught left ' found$' 0
}

at_both() {
    hear left "$MACHINE"
    zw_wait_for "status 'a[\"n_back\"] == 1'"
    hear right "$MACHINE"
    zw_wait_for "status 'a[\"n_back\"] == 2 and a[\"n_moves\"] == 3'"
    status "[s for s in a['at_two_places'] if s == {'mac': '$MACHINE', 'vlan': 10, 'port': 'up-right', 'other_port': 'up-left',
        'in_ovsdb': False, 'n_moves': 3, 'last_move': s['last_move']}] and a['n_at_two_places'] == 1"
    status "any('$MACHINE is behind port up-left and behind port up-right (VLAN 10)' in text for text in w)"
    zw_ctl status | grep 'two hosts with one address'
    grep "warning: bridge br0: $MACHINE is behind port" "$ZW_PG/zonewardd.log"
}

# The address of a VM behind an uplink: said, and it draws nothing away.
of_another() {
    local mac
    mac=$(zw_vm_mac named)
    hear left "$mac" 20 # The VM's port has no VLAN 20.
    zw_wait_for "status 'a[\"n_learned\"] == 3'"
    status 'not a["n_taken"]'
    hear left "$mac"
    zw_wait_for "status 'a[\"n_taken\"] == 1'"
    status "any('$mac, in OVSDB the address of port named0, is used behind port up-left, too (VLAN 10)' in text for text in w)"
    ether_start named left
    ether right send "$mac" - 10 0x0806 mine 3
    catch_end named left
    caught named ' - 0x0806 mine$' 3
    caught left ' mine$' 0
}

# Learned flows survive zonewardd; the next one finds them where they are.
restarted() {
    zw_daemon_stop
    zw_daemon_start "$ZW_PG/policy.yaml"
    status 'a["n_learned"] == 5 and not a["n_moves"] and a["n_taken"] == 1 and a["n_at_two_places"] == 1'
}

# One port teaches no more than its share, and the others still can.  Some of a flood is lost on its way to be learned.
flooded() {
    zw_wait_for "ether left flood 4200 20 0x0806 && sleep 1 &&
        status 'any(\"port up-left has taught 4096 addresses\" in text for text in w)'" 60
    hear right 02:00:00:00:0e:02
    zw_wait_for "zw_ofctl dump-flows '$ZW_BRIDGE' table=5 | grep -q 'dl_dst=02:00:00:00:0e:02 '"
    status 'a["n_learned"] <= 4100 and not a["n_not_followed"]' # And four of the right uplink, if they are not forgotten yet.
}

# What a port has taught goes with it.
gone() {
    zw_vsctl del-port br0 up-left
    zw_wait_for "status '1 <= a[\"n_learned\"] <= 4 and not w'"
}

zw_playground_start || exit 99
zw_case "a VM that OVSDB knows, and two uplinks" setup
zw_case "a machine that moves once is no reason to warn" moves_once
zw_case "an address that goes back and forth is said" at_both
zw_case "so is one that is another port's" of_another
zw_case "a new daemon finds what is learned" restarted
zw_case "a port teaches no more than its share" flooded
zw_case "and takes it along when it goes" gone
zw_done 'is behind port up-(left|right) and behind port' 'is used behind port up-left, too' \
    'dpif_netlink.*lost packet on handler' # Of the flood, by the kernel's datapath.
