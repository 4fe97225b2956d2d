#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# ovs-vswitchd ends and starts again, by its service and by a crash.
# Promise 1: nothing passes that the policy does not allow, not while it starts either.
. "${ZW_SRCDIR:-$(dirname "$0")/../..}/tests/system/tap.sh"
# shellcheck source=../demo-setup.sh
. "$ZW_SRCDIR/tests/demo-setup.sh"

POLICY_BACK_MS=1000 # From the bridge's first answer to all flows being there.

now_ms() { echo $((${EPOCHREALTIME/./} / 1000)); }

# Shows how; always fails.
flows_differ() {
    zw_flows | diff "$ZW_PG/flows.before" - | head -n 12
    false
}

start() {
    zw_daemon_start "$ZW_DEMO_POLICY"
    zw_expect passed web tcp 10.20.0.12 5432
    zw_expect dropped outside tcp 10.20.0.12 5432
    zw_flows >"$ZW_PG/flows.before"
    [ "$(wc -l <"$ZW_PG/flows.before")" -gt 20 ]
}

back_in_time() { # STOP-FUNCTION
    local bridge_ms policy_ms
    zw_stream_start knock outside knock 10.20.0.12 80
    sleep 0.5
    "$1"
    sleep 1
    zw_vswitchd_start
    zw_wait_for "zw_ofctl dump-tables br0"
    bridge_ms=$(now_ms)
    zw_wait_for 'zw_flows | diff "$ZW_PG/flows.before" -' || flows_differ
    policy_ms=$(now_ms)
    echo "policy back after $((policy_ms - bridge_ms)) ms"
    [ $((policy_ms - bridge_ms)) -le "$POLICY_BACK_MS" ]
    zw_stream_end knock passed=0 'sent>50'
}

enforced() {
    zw_expect passed web tcp 10.20.0.12 5432
    zw_expect passed web tcp fd00:20::12 5432
    zw_expect passed office tcp 10.20.0.12 5432
    zw_expect dropped outside tcp 10.20.0.12 5432
    zw_expect dropped outside http 10.20.0.12 80
    zw_wait_for 'zw_ctl status'
}

zw_demo_setup || exit 99
zw_case "a policy in force" start
zw_case "vswitchd restarts: never open, and the policy is back within a second" back_in_time zw_vswitchd_stop
zw_case "sessions start again" enforced
zw_case "vswitchd crashes: never open, and the policy is back within a second" back_in_time zw_vswitchd_kill9
zw_case "sessions start again after the crash" enforced
zw_done 'zonewardd.log:.* warning: .*br0' 'connection dropped|receive error' 'recirc_id [0-9]+ left allocated' # OVS's own, at its end.
