#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# daemon-alone - zonewardd on a switch that only asks: ofbench in the place of ovs-vswitchd, beside a real ovsdb-server.
#
#     daemon-alone.sh POLICY PLAN PORTS     PORTS: lines of INTERFACE IFACE-ID OFPORT
POLICY=$1 PLAN=$2 PORTS=$3
. "${ZW_SRCDIR:-$(dirname "$0")/../../..}/tests/bench/contenders/common.sh"
# shellcheck source=../ofbench-setup.sh
. "$ZW_SRCDIR/tests/bench/ofbench-setup.sh"

# `fresh`: zonewardd with an empty log; daemon=PID.
bench_do_fresh() {
    ofbench_daemon "$POLICY" || return 1
    echo "daemon=$(zw_pid zonewardd)"
}

# `order WORD...`: what ofbench says to it.
bench_do_order() { ofbench_order "$@"; }

bench_need "$ZW_BUILDDIR/zonewardd" "$BENCH_TOOLS/ofbench"
ofbench_start "$PLAN" "$PORTS" || bench_cannot "the switch does not start"
ofbench_daemon "$POLICY" || bench_cannot "zonewardd does not start: $(tail -n 1 "$ZW_PG/zonewardd.log")"
bench_watch zonewardd ofbench
bench_ready run="$ZW_PG/run" log="$ZW_PG/state/audit.db"
bench_serve
