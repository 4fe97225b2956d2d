#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# ovs-normal - OVS with plain switching and no filter: what everything else is compared to.
BENCH_PORTS=${1:-plain}
. "${ZW_SRCDIR:-$(dirname "$0")/../../..}/tests/bench/contenders/common.sh"

bench_playground_start
bench_vms_on_bridge
zw_ofctl add-flow "$ZW_BRIDGE" actions=NORMAL
bench_servers
bench_check_policy passes
bench_vms_ready vswitchd="$(zw_pid ovs-vswitchd)"
bench_serve
