#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# The switch that measures the daemon tells the truth: right answers are counted, wrong and missing ones are found.
. "${ZW_SRCDIR:-$(dirname "$0")/../..}/tests/system/tap.sh"
# shellcheck source=../bench/ofbench-setup.sh
. "$ZW_SRCDIR/tests/bench/ofbench-setup.sh"

# policy NAME RULE...
policy() {
    local rule
    printf 'version: 1\nzones:\n  a: {ports: [{iface-id: vm0}]}\n  b: {ports: [{iface-id: vm1}]}\nrules:\n' >"$ZW_PG/$1.yaml"
    for rule in "${@:2}"; do printf '  - {from: a, to: b, %s}\n' "$rule" >>"$ZW_PG/$1.yaml"; done
}

ASK='action: ask, otherwise: allow, log: session'

setup() {
    printf 'vnet0 vm0 1\nvnet1 vm1 2\n' >"$work/ports"
    printf 'version: 1\nzones:\n  a: {ports: [{iface-id: vm0}]}\n  b: {ports: [{iface-id: vm1}]}\n' >"$work/zones.yaml"
    printf '%s\n' 'version 1' "policy $work/zones.yaml" '1 a 2 b 4 80 allow 1 log' '1 a 2 b 6 443 allow 2 log' '1 a 2 b 4 9 deny 0 log' >"$work/plan"
}

policies() {
    policy right "service: tcp/80, $ASK" "service: tcp/443, $ASK"
    policy other-rule "service: tcp/80, $ASK" "service: tcp/444, $ASK" "service: tcp/443, $ASK"
    policy too-open "service: tcp/80, $ASK" "service: tcp/443, $ASK" "service: tcp/9, $ASK"
    policy too-closed "service: tcp/80, $ASK"
}

# says ORDER PAIR...: what ofbench answers has these NAME=NUMBER.
says() {
    local answer pair
    answer=$(ofbench_order "$1")
    echo "$1: $answer"
    for pair in "${@:2}"; do [[ " $answer " = *" $pair "* ]]; done
}

sql() { sqlite3 -readonly "$ZW_PG/state/audit.db" "$1"; }
recorded() { [ "$(sql 'select count(*) from sessions'):$(sql 'select count(*) from denials')" = "$1" ]; }

right() {
    ofbench_daemon "$ZW_PG/right.yaml"
    says 'ask 50 3000' sent=3000 answered=2000 denied=1000 wrong=0 missing=0
    says 'ask 1 300' sent=300 answered=200 denied=100 wrong=0 missing=0
    says 'rate 3000 600' sent=600 answered=400 denied=200 wrong=0 missing=0
    zw_wait_for 'recorded 2600:1300'
    sql "select distinct from_zone || to_zone || dport || rule from flows where type = 'session'" | sort | paste -sd' ' |
        grep -x 'ab443rule-2 ab80rule-1'
}

copies() {
    says 'copies 2000' sent=2000 answered=0 wrong=0 missing=0
    zw_wait_for 'recorded 4600:1300'
}

itself() {
    says 'self 100 3000' answered=2000 denied=1000 wrong=0 missing=0
    says 'codec 100 3000' answered=2000 denied=1000 wrong=0 missing=0
}

other_rule() {
    ofbench_daemon "$ZW_PG/other-rule.yaml"
    says 'ask 50 3000' sent=3000 answered=1000 wrong=1000 missing=0
}

too_open() {
    ofbench_daemon "$ZW_PG/too-open.yaml"
    says 'ask 50 3000' sent=3000 answered=2000 wrong=1000 missing=0
}

too_closed() {
    ofbench_daemon "$ZW_PG/too-closed.yaml"
    says 'ask 5000 3000' sent=3000 answered=1000 wrong=0 missing=1000
}

# At the end of its orders, with status 1.
ends_badly() {
    local orders="ask 10 100"
    echo "$orders" | "$ZW_BUILDDIR/tests/bench/ofbench" "$work/socket" "$work/plan" && return 1
    [ $? -eq 1 ]
    rm "$work/socket"
    echo "self 10 100" | "$ZW_BUILDDIR/tests/bench/ofbench" "$work/socket" "$work/plan"
}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
setup
ofbench_start "$work/plan" "$work/ports" || exit 99
policies
zw_case "right verdicts are counted and in the log" right
zw_case "so are copies" copies
zw_case "it can answer itself" itself
zw_case "another rule than the right one is a wrong answer" other_rule
zw_case "so is one to what must be denied" too_open
zw_case "an answer that does not come is missing" too_closed
zw_case "the exit status tells" ends_badly
rm -rf "$work"
zw_done 'zonewardd.log:.* warning: sessions that the policy forbids cannot be ended yet: vswitchd does not run'
