#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Somebody else changes the flows of our bridge: it is noticed, mended, and said.
. "${ZW_SRCDIR:-$(dirname "$0")/../..}/tests/system/tap.sh"
# shellcheck source=../demo-setup.sh
. "$ZW_SRCDIR/tests/demo-setup.sh"

MENDED_S=2
CONTENDED_S=20
LOOKED_S=8 # ZW_SWITCH_LOOK_S, and time to mend.

n_mended() { zw_ctl status --json | "$PYTHON" -I -c 'import json, sys; print(json.load(sys.stdin)["bridges"][0]["n_mended"])'; }

# Shows how; always fails.
flows_differ() {
    zw_flows | diff "$ZW_PG/flows.before" - | head -n 12
    false
}

start() {
    zw_daemon_start "$ZW_DEMO_POLICY"
    zw_flows >"$ZW_PG/flows.before"
    [ "$(n_mended)" -eq 0 ]
}

mended() { # EXPECTED-COUNT
    zw_wait_for 'zw_flows | diff "$ZW_PG/flows.before" -' "$MENDED_S" || flows_differ
    zw_wait_for "[ \$(n_mended) -ge $1 ]" "$MENDED_S"
    zw_expect passed web tcp 10.20.0.12 5432
    zw_expect dropped outside http 10.20.0.12 80
}

wiped() {
    zw_ofctl del-flows br0
    mended 1
}

opened() {
    zw_ofctl add-flow br0 priority=65535,actions=NORMAL
    mended 2
}

changed() {
    zw_ofctl mod-flows br0 table=0,actions=drop
    mended 3
}

said() {
    zw_ctl status | tee /dev/stderr | grep -E 'mended [3-9]'
}

# Tables that the pipeline does not use lead nowhere from it, and belong to whoever put something there.
elsewhere() {
    local before
    before=$(n_mended)
    zw_ofctl add-flow br0 table=200,actions=drop
    sleep 1
    zw_ofctl dump-flows br0 table=200 | grep drop
    [ "$(n_mended)" -eq "$before" ]
    zw_ofctl del-flows br0 table=200
}

fail_mode() {
    zw_vsctl set-fail-mode br0 standalone
    zw_wait_for '[ "$(zw_vsctl get-fail-mode br0)" = secure ]' "$MENDED_S"
    zw_expect dropped outside http 10.20.0.12 80
}

# Nobody tells of these two: they are looked at.
fragments() {
    local how
    for how in normal drop; do
        zw_ofctl set-frags br0 "$how"
        zw_wait_for 'zw_ofctl get-frags br0 | grep nx-match' "$LOOKED_S"
    done
    zw_wait_for 'zw_ctl status | grep "treats fragments; mended 2 times"' "$MENDED_S"
}

meter_ids() { zw_ofctl dump-meters br0 | grep -o 'meter=[0-9]*' | sort; }

meters() {
    meter_ids >"$ZW_PG/meters.before"
    [ "$(wc -l <"$ZW_PG/meters.before")" -eq 3 ]
    zw_ofctl del-meters br0
    zw_wait_for 'meter_ids | diff "$ZW_PG/meters.before" -' "$LOOKED_S"
    zw_wait_for 'zw_ctl status | grep "deleted 3 meters"' "$MENDED_S"
    zw_wait_for 'zw_flows | diff "$ZW_PG/flows.before" -' "$MENDED_S" || flows_differ
}

# Each of them mends what the other did.  Afterwards the bridge is the first one's again.
second() {
    sed 's/5432/5433/' "$ZW_DEMO_POLICY" >"$ZW_PG/second.yaml"
    if cmp -s "$ZW_DEMO_POLICY" "$ZW_PG/second.yaml"; then false; fi
    _zw_run second "$ZW_PG/second.log" "$ZW_BUILDDIR/zonewardd" --ovsdb="unix:$ZW_PG/ovs/db.sock" --bridge=br0 \
        --policy="$ZW_PG/second.yaml" --state-dir="$ZW_PG/state2" --run-dir="$ZW_PG/run2"
    zw_wait_for 'zw_ctl status | grep "again and again"' "$CONTENDED_S"
    zw_ctl status | grep -x 'not healthy'
    zw_ctl status | grep 'is there a second zonewardd'
    zw_kill second
    zw_wait_for 'zw_flows | diff "$ZW_PG/flows.before" -' "$MENDED_S" || flows_differ
}

zw_demo_setup || exit 99
zw_case "a policy in force" start
zw_case "all flows deleted" wiped
zw_case "a flow added that opens everything" opened
zw_case "our flows modified" changed
zw_case "status says so" said
zw_case "a table that is not ours is left alone" elsewhere
zw_case "fail_mode is made secure again" fail_mode
zw_case "how fragments are treated is mended" fragments
zw_case "meters that were deleted are put back" meters
zw_case "a second zonewardd on the same bridge" second
zw_done 'zonewardd.log:.* warning: '
