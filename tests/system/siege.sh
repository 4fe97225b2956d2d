#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Promises 1, 2 and 3 under siege: first packets of every kind, from every port to every other, all the time, while policies and ports
# change and everything that can break does.  None may arrive that neither what was in force nor what is to be allows; and
# where nothing has to be lost, nothing may be that both allow.
. "${ZW_SRCDIR:-$(dirname "$0")/../..}/tests/system/tap.sh"

CHANGES=10

# lasts SECONDS: what is sent in that time is what the account is of.
lasts() { sleep "$(awk "BEGIN { print $1 * $ZW_SLOWNESS }")"; }

siege_py() { "$PYTHON" -I "$ZW_SRCDIR/tests/siege.py" "$@"; }

# _say WORDS...: to the siege, and waits for its answer.
_say() {
    local n
    n=$(grep -c '^[a-z]' "$ZW_PG/siege.out" || true)
    echo "$*" 1<>"$ZW_PG/siege.fifo" # Does not wait for a siege that has ended.
    zw_wait_for "[ \"\$(grep -c '^[a-z]' '$ZW_PG/siege.out')\" -gt $n ]" || { tail "$ZW_PG/siege.out" && false; }
}

# era NAME WORLD...: from now on these may be in force.
era() { _say era "$@"; }

_has() { _say counts && tail -n 1 "$ZW_PG/siege.out" | zw_holds "$1"; }

# account CONDITION...: of the era, which lasts until as much has been sent as they want.
account() {
    local condition
    for condition in "$@"; do
        case $condition in *'>'*) zw_wait_for "_has '$condition'" ;; esac
    done
    _say account
    awk '/^era=/ { said = $0; next } { said = said "\n" $0 } END { print said }' "$ZW_PG/siege.out" >"$ZW_PG/account"
    cat "$ZW_PG/account"
    for condition in "$@"; do zw_holds "$condition" <"$ZW_PG/account" || _zw_fail "not $condition"; done
}

setup() {
    local name
    for name in $(siege_py names); do
        _zw_host "$name" switch "$name" '' ''
        zw_vm_exec "$name" sysctl -qw net.ipv6.conf.eth0.disable_ipv6=1
    done
    for name in one other more closed; do siege_py policy "$name" >"$ZW_PG/$name.yaml"; done
    siege_py setup
    mkfifo "$ZW_PG/siege.fifo"
    : >"$ZW_PG/siege.out"
    _zw_run siege "$ZW_PG/siege.out" "$PYTHON" -I "$ZW_SRCDIR/tests/siege.py" run "$ZW_PG/siege.fifo"
    zw_wait_for "grep -q ready '$ZW_PG/siege.out'"
}

starting() {
    era starting one
    zw_daemon_start "$ZW_PG/one.yaml"
    lasts 0.5
    account forbidden=0 'never>100'
    era in-force one
    lasts 1
    account forbidden=0 lost=0 'never>500' 'due>100'
}

# to POLICY: and waits until the switch's cache knows it, too.
to() {
    zw_ctl policy apply "$ZW_PG/$1.yaml"
    lasts 0.3
}

# many_times POLICY: and back.
many_times() {
    local i
    for ((i = 0; i < CHANGES; i++)); do
        to "$1"
        to one
    done
}

rules() {
    era rules one more
    many_times more
    account forbidden=0 lost=0 'never>1000' 'due>200'
}

# Nothing is judged by the zones of the one and the rules of the other, and nothing is lost by that.
zones() {
    era zones one other
    many_times other
    account forbidden=0 lost=0 'never>1000' 'due>200'
}

closed() {
    era closing one closed
    to closed
    era closed closed
    lasts 0.5
    account forbidden=0 due=0 arrived=0
    era opening one closed
    to one
    account forbidden=0
}

killed() {
    era killed one
    lasts 0.2
    zw_daemon_kill9
    lasts 1
    zw_daemon_start "$ZW_PG/one.yaml"
    lasts 0.5
    account forbidden=0 lost=0 'due>200'
}

# back: all is as it was.
back() {
    zw_wait_for 'zw_ctl status'
    lasts 0.5
    era back one
    lasts 0.5
    account forbidden=0 lost=0 'due>50'
}

vswitchd() { # STOP-FUNCTION
    era vswitchd one
    "$1"
    lasts 0.5
    zw_vswitchd_start
    zw_wait_for 'zw_ctl status'
    account forbidden=0 'never>500'
    back
}

ovsdb() {
    era ovsdb one
    zw_ovsdb_stop
    lasts 0.5
    zw_ovsdb_start
    zw_wait_for 'zw_ctl status'
    account forbidden=0 'never>500'
    back
}

bridge() {
    era bridge one
    zw_vsctl --timeout=20 del-br br0
    lasts 0.3
    zw_vsctl --timeout=20 add-br br0 -- set bridge br0 datapath_type="$ZW_DATAPATH"
    siege_py setup
    zw_wait_for 'zw_ctl status'
    account forbidden=0 'never>500'
    back
}

# change WORLD COMMAND...: the ports become those of WORLD.
change() {
    local world=$1
    shift
    era changing one "$world"
    zw_vsctl --timeout=20 "$@"
    lasts 1
    account forbidden=0 'never>200'
    era changed "$world"
    lasts 0.5
    account forbidden=0 lost=0 'due>50'
}

back_to_plain() { # WORLD COMMAND...
    local world=$1
    shift
    era changing-back one "$world"
    zw_vsctl --timeout=20 "$@"
    lasts 1
    account forbidden=0
    back
}

invited() {
    change one/invited set interface x1 external_ids:role=guest
    back_to_plain one/invited remove interface x1 external_ids role
}

retagged() {
    change one/retagged set port t2 tag=20
    back_to_plain one/retagged set port t2 tag=10
}

renumbered() {
    change one/renumbered set interface b1 ofport_request=33
    back_to_plain one/renumbered set interface b1 ofport_request=3
}

zw_playground_start || exit 99
zw_case "links, and the siege of them" setup
zw_case "the daemon starts" starting
zw_case "rules change, $CHANGES times and back: no loss" rules
zw_case "zones and rules change at once, $CHANGES times and back: never a mix" zones
zw_case "a policy that closes everything, and back" closed
zw_case "zonewardd is killed, and comes back: no loss" killed
zw_case "vswitchd is restarted" vswitchd zw_vswitchd_stop
zw_case "vswitchd crashes" vswitchd zw_vswitchd_kill9
zw_case "ovsdb-server is restarted" ovsdb
zw_case "the bridge is deleted and made again" bridge
zw_case "a port comes into a zone, and leaves it" invited
zw_case "a port moves to another VLAN, and back" retagged
zw_case "a port gets another number, and its old one" renumbered
zw_kill siege TERM || true
zw_done 'zonewardd.log:.* warning: ' 'connection dropped|receive error|(stream|jsonrpc).*Broken pipe' 'recirc_id [0-9]+ left allocated' \
    'could not (open|add) network device' 'failed to enumerate system datapaths'
