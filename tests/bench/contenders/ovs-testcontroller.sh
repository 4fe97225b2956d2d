#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# ovs-testcontroller - a reactive OpenFlow controller: the first packet of each connection goes up, and an exact flow comes
# down for it.  It learns addresses and filters nothing.
BENCH_PORTS=${1:-plain}
. "${ZW_SRCDIR:-$(dirname "$0")/../../..}/tests/bench/contenders/common.sh"

bench_need "$ZW_CONTENDERS/usr/bin/ovs-testcontroller"
bench_playground_start
bench_vms_on_bridge
_zw_ovs ovs-testcontroller "$ZW_CONTENDERS/usr/bin/ovs-testcontroller" "punix:$ZW_PG/ovs/controller.sock" \
    --max-idle=10 --pidfile="$ZW_PG/ovs/controller.pid" --unixctl="$ZW_PG/ovs/controller.ctl" --no-chdir
zw_wait_for "[ -S '$ZW_PG/ovs/controller.sock' ]" || bench_cannot "ovs-testcontroller does not start"
zw_vsctl set-controller "$ZW_BRIDGE" "unix:$ZW_PG/ovs/controller.sock" \
    -- set bridge "$ZW_BRIDGE" other_config:disable-in-band=true protocols=OpenFlow10,OpenFlow15
zw_wait_for "zw_vsctl get controller $ZW_BRIDGE is_connected | grep -q true" || bench_cannot "OVS does not reach ovs-testcontroller"
bench_watch ovs-testcontroller
bench_servers
bench_check_policy passes
bench_vms_ready vswitchd="$(zw_pid ovs-vswitchd)" daemon="$(zw_pid ovs-testcontroller)"
bench_serve
