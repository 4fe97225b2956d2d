#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# The switch room against a real switch: adopting, mending, coming back, refusing, pausing and resuming.
. "${ZW_SRCDIR:-$(dirname "$0")/../..}/tests/system/tap.sh"

# The client reads its commands from a FIFO that this shell keeps open, and writes what happens to $client.
client_start() {
    client=$ZW_PG/client.$1
    rm -f "$ZW_PG/commands"
    mkfifo "$ZW_PG/commands"
    : >"$client"
    _zw_run "client$1" "$client" sh -c "exec '$ZW_BUILDDIR/tests/system/switch-client' '$ZW_PG/ovs/br0.mgmt' <'$ZW_PG/commands'"
    exec 7<>"$ZW_PG/commands" # Both ways, so that a client that died is no broken pipe.
}

client_stop() {
    say quit
    exec 7>&-
    zw_wait_for "[ -s '$ZW_PG/pids/client$1.status' ]"
    [ "$(cat "$ZW_PG/pids/client$1.status")" = 0 ] || echo "client $1 failed" >>"$ZW_PG/zonewardd.log"
    cat "$client" >>"$ZW_PG/zonewardd.log"
}

say() { echo "$*" >&7; }

# happens PATTERN [N]: at least N lines of the client match.
happens() { zw_wait_for "[ \"\$(grep -cE '$1' '$client')\" -ge ${2:-1} ]" || { cat "$client"; false; }; }

# status NAME: one value of the client's status.
status() {
    local n
    n=$(grep -c '^status' "$client" || true)
    say status
    happens '^status' $((n + 1))
    grep '^status' "$client" | tail -n 1 | tr ' ' '\n' | sed -n "s/^$1=//p"
}

count() { zw_ofctl dump-flows br0 | grep -c 'cookie=0x5a'; }

installs() {
    say flows 1000
    happens 'in_sync generation=1 changes=1000'
    [ "$(count)" = 1000 ]
    [ "$(status state)" = IN_SYNC ]
    [ "$(status packets)" = 1 ]
    [ "$(status metered)" = 1 ]
    [ "$(status installed)" = 1000 ]
    zw_ofctl dump-meters br0 | tr -d '\n' | grep 'meter=23127 .*rate=1000'
}

changes() {
    say flows 1001
    happens 'in_sync generation=2 changes=1$'
    say flows 1000
    happens 'in_sync generation=3 changes=1$'
    [ "$(count)" = 1000 ]
}

adopts() {
    say flows 1000
    happens 'in_sync generation=1 changes=0'
    [ "$(status flow_mods)" = 0 ]
}

mends_deletion() {
    zw_ofctl del-flows br0
    happens 'in_sync generation=1 changes=1000'
    [ "$(count)" = 1000 ]
    [ "$(status foreign)" -ge 1000 ]
    [ "$(status repairs)" = 1 ]
    [ "$(status repaired)" = 1000 ]
}

mends_addition() {
    zw_ofctl add-flow br0 'table=0,priority=65535,actions=NORMAL'
    happens 'in_sync generation=1 changes=1$'
    [ "$(status repairs)" = 2 ]
    zw_ofctl mod-flows br0 'table=12,actions=drop'
    happens 'in_sync generation=1 changes=1000$' 2
    [ "$(status repairs)" = 3 ]
    [ "$(status repaired)" = 2001 ]
    [ "$(count)" = 1000 ]
}

leaves_others() { # Beyond the pipeline, and what the switch learned.
    local n
    n=$(status repairs)
    zw_ofctl add-flow br0 'table=200,actions=NORMAL'
    zw_ofctl add-flow br0 'table=5,cookie=0x5a04000000000001,idle_timeout=300,actions=load:1->NXM_NX_REG3[]'
    sleep 0.3
    [ "$(zw_ofctl dump-flows br0 | grep -vc 'cookie=0x5a00\|cookie=0x5a03\| reply')" = 2 ]
    [ "$(status repairs)" = "$n" ]
    zw_ofctl del-flows br0 table=200
    zw_ofctl del-flows br0 table=5
}

storm() { # Somebody who never stops does not stop the switch room either.
    local i
    for i in {1..10}; do
        zw_ofctl del-flows br0 "table=12,tcp,tp_dst=$i"
        zw_ofctl add-flow br0 "table=0,priority=$i,actions=NORMAL"
    done
    zw_wait_for '[ "$(count)" = 1000 ] && ! zw_ofctl dump-flows br0 table=0 | grep NORMAL'
    [ "$(status state)" = IN_SYNC ]
}

refuses() { # A refused bundle changes nothing at all, and a better one is taken at once.
    zw_ofctl --no-stats dump-flows br0 | sort >"$ZW_PG/before"
    say bad
    happens 'failed generation=2 OFPBAC_BAD_OUT_PORT for table=15 .* actions=65408'
    happens 'failed generation=2' 2
    zw_ofctl --no-stats dump-flows br0 | sort >"$ZW_PG/after"
    cmp "$ZW_PG/before" "$ZW_PG/after"
    [ "$(status state)" = REFUSED ] || [ "$(status state)" = READING ] || [ "$(status state)" = SYNCING ]
    say flows 1000
    happens 'in_sync generation=3 changes=0'
    [ "$(status error)" = "" ]
}

counts() {
    say counters 12
    say counters 0
    happens 'counters done' 2
    [ "$(grep -c '^counter packets=' "$client")" = 1000 ]
}

back_after_kill() {
    local n start
    n=$(grep -c 'generation=3 changes=1000' "$client" || true)
    zw_vswitchd_kill9
    zw_vswitchd_start
    start=${EPOCHREALTIME/./}
    happens 'in_sync generation=3 changes=1000' $((n + 1))
    echo "$(((${EPOCHREALTIME/./} - start) / 1000)) ms"
    [ $((${EPOCHREALTIME/./} - start)) -lt 1500000 ]
    [ "$(count)" = 1000 ]
    [ "$(status connects)" = 2 ]
}

pausing() {
    zw_vm_serve b http:80 udp:9
    say pause
    happens 'in_sync generation=4'
    for port in 1 2; do zw_ofctl show br0 | grep -q " $port(veth-"; done
    zw_expect passed a http 10.9.0.2 80
    happens 'packet SESSION in_port=1 proto=6 10.9.0.1:[0-9]+>10.9.0.2:80 zones=101>102 out=2 ct_zone=0x1001 flags=3'
    happens 'packet ASK in_port=1 proto=6 10.9.0.1:[0-9]+>10.9.0.2:80 zones=101>102 out=2 ct_zone=0x1001 flags=3'
    zw_appctl dpctl/dump-conntrack netdev@ovs-netdev | grep 'tcp.*zone=4097.*labels=0x66000000650000002a00126703'
}

asked_once() { # The rest of the session passes by its label.
    [ "$(grep -c 'packet ASK .*proto=6' "$client")" = 1 ]
}

denied() {
    zw_expect dropped a udp 10.9.0.2 7
    happens 'packet ASK in_port=1 proto=17 .*>10.9.0.2:7 '
    zw_expect passed a udp 10.9.0.2 9
}

stopped() { # Who reads packet-ins gone, paused packets go nowhere.
    zw_expect dropped a http 10.9.0.2 80
}

zw_playground_start || exit 99
client_start 1
zw_case "flows are installed" installs
zw_case "only what differs is sent" changes
client_stop 1
client_start 2
zw_case "what is right is adopted" adopts
zw_case "somebody's deletion is mended and counted" mends_deletion
zw_case "somebody's flows and changes are mended" mends_addition
zw_case "what is not the pipeline's is left alone" leaves_others
zw_case "a storm of changes ends with the right flows" storm
zw_case "a refused bundle has no effect" refuses
zw_case "counters are read" counts
zw_case "vswitchd dies, and its flows are back" back_after_kill
zw_vm_add a veth-a 10.9.0.1/24 fd09::1/64
zw_vm_add b veth-b 10.9.0.2/24 fd09::2/64
zw_case "a paused packet goes on and enters conntrack" pausing
zw_case "one question a session" asked_once
zw_case "a paused packet without an answer is dropped" denied
client_stop 2
zw_case "nobody answers: closed" stopped
zw_done 'somebody else changed|connecting again' 'bad action at offset 0'
