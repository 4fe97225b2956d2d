#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# `defaults: {log-drops: true}`: what is dropped before a rule is asked is in the log with its reason, or the log says how many are
# missing; without it, nothing of that is.
. "${ZW_SRCDIR:-$(dirname "$0")/../..}/tests/system/tap.sh"
# shellcheck source=../frames.sh
. "$ZW_SRCDIR/tests/frames.sh"

DROP_METER=$((16#5a59)) # ZW_DROP_METER_ID

policy() {
    cat >"$ZW_PG/$1.yaml" <<POLICY
version: 1
zones:
  web: {ports: [{name: web0}]}
  db: {ports: [{name: db0}]}
defaults: {log-drops: $2}
rules:
  - {name: sql, from: web, to: db, service: tcp/5432, action: allow}
  - {name: quiet, from: web, to: db, service: udp/9, action: deny, log: none}
POLICY
}

setup() {
    policy loud true
    policy silent false
    zw_vm_add web web0 '' '' tag=5
    zw_vm_add db db0 '' '' tag=5
    zw_vm_add stray stray0 '' ''
    frames_silence web db stray
    zw_daemon_start "$ZW_PG/loud.yaml"
}

sql() { sqlite3 -readonly "$ZW_PG/state/audit.db" "$1"; }
n_records() { sql "select count(*) from denials d join tuples t on t.id = d.tuple join decisions o on o.id = t.decision where $1"; }
missing() { sql "select ifnull(sum(n_missing), 0) from gaps where text like '%by no rule%'"; }
records() {
    zw_ctl audit query --type=denial --format=csv | tr -d '\r' | tail -n +2 |
        awk -F, '{ print $8, $5 "," $9 "," $10 "," $11 "," $12, $14 ">" $16, $13 }'
}

# Reason, rule and zones and ports, addresses, protocol.
each_one() {
    cat >"$ZW_PG/want" <<'WANT'
arp-sender ,web,,web0, 127.0.0.1>10.20.0.12 0x0806
loopback-source ,web,,web0, 127.0.0.1>10.20.0.12 udp
no-zone ,,,stray0, 10.20.0.13>10.20.0.12 udp
ethertype ,web,db,web0,db0 > 0x8892
link-local ,web,,web0, > 0x05ff
not-syn ,web,db,web0,db0 10.20.0.11>10.20.0.12 tcp
vlan ,,,web0, 10.20.0.11>10.20.0.12 udp
default default,web,db,web0,db0 10.20.0.11>10.20.0.12 udp
WANT
    frame stray 'eth(STRAY, DB, ip("10.20.0.13", "10.20.0.12", udp(1000, 9)))'
    frame web 'eth(ME, DB, ip("127.0.0.1", "10.20.0.12", udp(1000, 10)))'
    frame web 'eth(ME, DB, arp(1, ME, "127.0.0.1", "00:00:00:00:00:00", "10.20.0.12"))'
    frame web 'eth(ME, DB, ip("10.20.0.11", "10.20.0.12", tcp("A", 1000, 5432)))'
    frame web 'eth(ME, DB, ip("10.20.0.11", "10.20.0.12", udp(1000, 10)), tags=[7])'
    frame web 'eth(ME, DB, ip("10.20.0.11", "10.20.0.12", udp(1000, 9)))'   # Its rule says that it is not logged.
    frame web 'eth(ME, DB, raw(0x8892))'
    frame web 'eth(ME, "01:80:c2:00:00:00", raw(0x0026, b"\x42\x42\x03"))'
    frame web 'eth(ME, DB, ip("10.20.0.11", "10.20.0.12", udp(1000, 10)))'  # A rule's, as ever.
    sort -o "$ZW_PG/want" "$ZW_PG/want"
    zw_wait_for 'records | sort | diff "$ZW_PG/want" -' || records | sort | diff "$ZW_PG/want" -
}

named() {
    zw_ctl audit query --type=denial | grep -q 'loopback-source'
    zw_ctl audit query --from=web --type=denial --format=json | grep -q '"step": *"arp-sender"'
}

n_dropped() {
    zw_appctl revalidator/wait >/dev/null
    zw_ctl drops --reason=loopback-source --format=csv | tr -d '\r' | tail -n +2 | cut -d, -f5
}
all_there() {
    echo "dropped $(n_dropped), recorded $(n_records "step = 'loopback-source'"), missing $(missing)"
    [ "$(($(n_records "step = 'loopback-source'") + $(missing)))" -eq "$(n_dropped)" ]
}

# More at once than the rate of copies.
flood() {
    # That rate is more than an emulated processor sends; there it is a lower one.
    if [ "$ZW_SLOWNESS" -gt 1 ]; then zw_ofctl mod-meter br0 "meter=$DROP_METER,pktps,burst,band=type=drop,rate=50,burst_size=50"; fi
    frame web 'eth(ME, DB, ip("127.0.0.1", "10.20.0.12", udp(1000, 10)))' 9000 0
    zw_wait_for all_there 30 || all_there
    [ "$(missing)" -gt 0 ]
    [ "$(sql "select count(*) from gaps where text not like '%by no rule%'")" -eq 0 ]
}

is_away() {
    local before
    before=$(n_dropped)
    zw_daemon_kill9
    frame web 'eth(ME, DB, ip("127.0.0.1", "10.20.0.12", udp(1000, 10)))' 7
    zw_daemon_start "$ZW_PG/loud.yaml"
    zw_wait_for all_there 30 || all_there
    [ "$(n_dropped)" -eq "$((before + 7))" ]
}

# No more is recorded, still all is counted.
silent() {
    local before
    zw_ctl policy apply "$ZW_PG/silent.yaml"
    before=$(n_records true)
    drops_mark
    frame web 'eth(ME, DB, ip("127.0.0.1", "10.20.0.12", udp(1000, 10)))' 5
    drops_since loopback-source=5
    frame web 'eth(ME, DB, ip("10.20.0.11", "10.20.0.12", udp(1000, 10)))'
    zw_wait_for "[ \$(n_records true) -eq $((before + 1)) ]"
}

zw_playground_start || exit 99
zw_case "three VMs, one without zone" setup
FRAME_NAMES=("ME=$(zw_vm_mac web)" "DB=$(zw_vm_mac db)" "STRAY=$(zw_vm_mac stray)")
zw_case "what is dropped is recorded with its reason, addresses, zones and ports" each_one
zw_case "audit query shows the reason" named
zw_case "a flood of it: records and gaps are as many as packets" flood
zw_case "while the daemon is away, as well" is_away
zw_case "a policy without log-drops counts only" silent
zw_done
