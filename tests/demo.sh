#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# demo - real traffic between four VMs: what the policy says against what happens.  Exit status 0 if they agree.
set -uo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=playground.sh
. "$here/playground.sh"
# shellcheck source=demo-setup.sh
. "$here/demo-setup.sh"

n_wrong=0
n_attempts=0
if [ -t 1 ]; then bold=$'\e[1m' red=$'\e[31m' green=$'\e[32m' plain=$'\e[0m'; else bold='' red='' green='' plain=''; fi

title() { printf '\n%s%s%s\n' "$bold" "$*" "$plain"; }

row() { printf '%-8s %-8s %-22s %-5s %-9s %-9s %s\n' "$@"; }

# use FROM TO WHAT ADDRESS: one attempt with the tool that people use for it; prints what happened.
use() {
    local from=$1 to=$2 what=$3 address=$4 url
    case $what in
    HTTP)
        url=$address
        case $url in *:*) url="[$url]" ;; esac
        if [ "$(zw_vm_exec "$from" curl -gs -m 1.5 "http://$url/")" = "$to" ]; then echo passed; else echo dropped; fi
        ;;
    ping) if zw_vm_exec "$from" ping -q -c 1 -W 1 "$address" >/dev/null 2>&1; then echo passed; else echo dropped; fi ;;
    'DNS over UDP') zw_probe "$from" dns "$address" 53 ;;
    PostgreSQL\'s\ port) zw_probe "$from" tcp "$address" 5432 ;;
    SSH\'s\ port) zw_probe "$from" tcp "$address" 22 ;;
    esac
}

# attempt FROM TO WHAT EXPECTED: by IPv4, then by IPv6.
attempt() {
    local address family happened verdict
    for family in IPv4 IPv6; do
        local -n addresses=ZW_DEMO_${family^^}
        address=${addresses[$2]}
        happened=$(use "$1" "$2" "$3" "$address")
        n_attempts=$((n_attempts + 1))
        verdict="${green}ok$plain"
        if [ "$happened" != "$4" ]; then
            verdict="${red}WRONG$plain"
            n_wrong=$((n_wrong + 1))
        fi
        row "$1" "$2" "$3" "$family" "$4" "$happened" "$verdict"
    done
}

# show COMMAND...: a part of the demo that must work, too.
show() {
    title "\$ $*"
    "$@" || {
        echo "${red}failed: $*$plain"
        n_wrong=$((n_wrong + 1))
    }
}

zoneward() { zw_ctl "$@"; }

title "A private Open vSwitch with four VMs"
zw_demo_setup || exit 1
cat <<'PICTURE'
   web  ──vnet-web0──┐                       ┌── outside
                     ├── br0 ──uplink0── lan ┤
   db   ──vnet-db0───┘                       └── office (a zone behind outside, by its addresses)
PICTURE
title "The policy: doc/examples/demo.yaml"
sed -n '/^rules:/,$p' "$ZW_DEMO_POLICY"
zw_daemon_start "$ZW_DEMO_POLICY" || exit 1

title "Real traffic"
row FROM TO WHAT BY EXPECTED HAPPENED ''
attempt outside web HTTP passed
attempt office web HTTP passed
attempt web db "PostgreSQL's port" passed
attempt web outside 'DNS over UDP' passed
attempt db outside 'DNS over UDP' passed
attempt office web ping passed
attempt office db ping passed
attempt office db "PostgreSQL's port" passed
attempt outside db "PostgreSQL's port" dropped
attempt outside db HTTP dropped
attempt outside web ping dropped
attempt db web HTTP dropped
attempt web db "SSH's port" dropped
attempt web outside HTTP dropped
attempt web office 'DNS over UDP' dropped

show zoneward status
show zoneward zones
show zoneward ports
show zoneward rules
show zoneward sessions
sleep 1 # The log is written in batches.
show zoneward audit query
show zoneward explain office db tcp/5432
show zoneward flows --stage classify
show zoneward flows --stage policy
echo "(\`zoneward flows\` shows every stage; \`./bootstrap.sh shell\` opens this playground for trying it.)"

title "Result"
if ! zw_daemon_stop; then
    echo "${red}zonewardd did not end cleanly$plain"
    n_wrong=$((n_wrong + 1))
fi
echo "$n_attempts attempts, $n_wrong not as the policy says"
[ "$n_wrong" -eq 0 ]
