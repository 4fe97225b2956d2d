# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# ofbench-setup - a playground whose switch is ofbench.

# ofbench_start PLAN PORTS: a playground; PORTS are lines of INTERFACE IFACE-ID OFPORT.  vswitchd makes the bridge in
# OVSDB and leaves.
ofbench_start() {
    local name id ofport settings=()
    while read -r name id ofport; do
        settings+=(-- add-port "$ZW_BRIDGE" "$name" -- set interface "$name" "ofport=$ofport" "external_ids:iface-id=$id")
    done <"$2"
    zw_playground_start && zw_vswitchd_stop && zw_vsctl --no-wait "${settings[@]}" || return 1
    rm -f "$ZW_PG/ovs/$ZW_BRIDGE.mgmt"
    mkfifo "$ZW_PG/orders" "$ZW_PG/answers"
    exec {ofbench_in}<>"$ZW_PG/orders" {ofbench_out}<>"$ZW_PG/answers"
    # shellcheck disable=SC2016
    _zw_run ofbench "$ZW_PG/ofbench.log" bash -c 'exec "$1" "$2" "$3" <"$4" >"$5"' - \
        "$ZW_BUILDDIR/tests/bench/ofbench" "$ZW_PG/ovs/$ZW_BRIDGE.mgmt" "$1" "$ZW_PG/orders" "$ZW_PG/answers"
    if [ "$(_ofbench_answer 10)" != ready ]; then _zw_fail "ofbench: $(cat "$ZW_PG/ofbench.log")"; fi
}

_ofbench_answer() {
    local line
    read -r -t "$1" -u "$ofbench_out" line && echo "$line"
}

# ofbench_order WORD...: its answer; see ofbench.c.
ofbench_order() {
    echo "$*" >&"$ofbench_in"
    _ofbench_answer 120
}

# There is no vswitchd to ask for sessions, so `status` is not healthy, and its exit status says so.
_ofbench_in_force() { grep -q "bridge .*$ZW_BRIDGE: in sync, policy version 1" <<<"$(zw_ctl status 2>/dev/null)"; }

# ofbench_daemon POLICY: zonewardd (afresh), and ofbench knows that it is there.
ofbench_daemon() {
    if zw_daemon_alive; then zw_daemon_stop || return 1; fi
    rm -rf "$ZW_PG/state"
    zw_daemon_launch "$1" && zw_wait_for _ofbench_in_force && [ "$(ofbench_order wait 10)" = connected=1 ]
}
