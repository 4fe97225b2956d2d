#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# A zonewardd with another pipeline takes over: one bundle, without a gap.  What it finds is a pipeline that means the same, whose
# stages stand in other tables and whose flows have other cookies; nearly every flow has to change, and some packets would
# find half of each if they were not changed at once.
# Promises 1, 2 and 3.
. "${ZW_SRCDIR:-$(dirname "$0")/../..}/tests/system/tap.sh"
# shellcheck source=../demo-setup.sh
. "$ZW_SRCDIR/tests/demo-setup.sh"

start() {
    zw_kill serve-db KILL || true
    zw_vm_serve db tcp:5432 udp:5432 tcp:22 http:80
    cat >"$ZW_PG/policy.yaml" <<'POLICY'
version: 1
zones:
  web: {ports: [{name: "vnet-web*"}]}
  db: {ports: [{iface-id: db}]}
  outside: {ports: [{external-id: role=uplink}]}
services: {echo: [tcp/5432, udp/5432]}
rules:
  - {name: echo, from: web, to: db, service: echo, action: allow, log: session}
POLICY
    zw_daemon_start "$ZW_PG/policy.yaml"
    zw_expect passed web tcp 10.20.0.12 5432
    zw_expect dropped outside tcp 10.20.0.12 5432
    zw_flows >"$ZW_PG/flows"
}

# The flows of this pipeline as another one has them: STATE, NEW and POLICY each one table on, the last in the first's place.
other_pipeline() {
    "$PYTHON" -I - "$ZW_PG/flows" "$(table_of STATE)" "$(table_of NEW)" "$(table_of POLICY)" <<'PY'
import re, sys
path, *tables = sys.argv[1:]
to = dict(zip(tables, tables[1:] + tables[:1]))
def moved(match):
    return match[1] + to.get(match[2], match[2])
for flow in open(path):
    flow = re.sub(r"\b(table=)(\d+)", moved, flow.strip())
    flow = re.sub(r"(resubmit\(,)(\d+)", moved, flow)
    cookie = re.search(r"cookie=0x5a([0-9a-f]{2})([0-9a-f]{12})", flow)
    print(flow.replace(cookie[0], f"cookie=0x5a{cookie[1]}{int(cookie[2], 16) ^ 0x800:012x}"))
PY
}

table_of() { zw_ctl flows --json | "$PYTHON" -I -c '
import json, sys
flows = json.load(sys.stdin)["flows"]
print(next(f["table"] for f in flows if f["stage"] == sys.argv[1]))' "$1"; }

install_other() {
    other_pipeline >"$ZW_PG/other"
    zw_daemon_stop
    zw_ofctl --bundle --no-names replace-flows br0 "$ZW_PG/other"
    zw_flows >"$ZW_PG/other.installed"
    if cmp -s "$ZW_PG/flows" "$ZW_PG/other.installed"; then false; fi
    zw_expect passed web tcp 10.20.0.12 5432
    zw_expect dropped web http 10.20.0.12 80
}

streams() {
    zw_stream_start tcp web tcp 10.20.0.12 5432
    zw_stream_start tcp6 web tcp fd00:20::12 5432
    zw_stream_start udp web udp 10.20.0.12 5432
    zw_stream_start connect web connect 10.20.0.12 5432
    zw_stream_start knock web knock 10.20.0.12 80
    zw_stream_start outside outside knock 10.20.0.12 5432
    sleep 1
}

take_over() {
    zw_daemon_start "$ZW_PG/policy.yaml"
    zw_wait_for 'zw_ctl status --json | grep -q "\"in sync\""'
    zw_flows | diff "$ZW_PG/flows" -
    zw_ctl status --json | "$PYTHON" -I -c '
import json, sys
bridge = json.load(sys.stdin)["bridges"][0]
assert bridge["n_bundles"] == 1, bridge
assert bridge["n_flow_mods"] > 100, bridge
assert bridge["n_mended"] == 0, bridge'
    sleep 1
}

nobody_noticed() {
    local job
    for job in tcp tcp6 udp connect; do zw_stream_end "$job" lost=0 'exchanges>100'; done
    for job in knock outside; do zw_stream_end "$job" passed=0 'sent>50'; done
}

zw_demo_setup || exit 99
zw_case "a policy in force" start
zw_case "another pipeline is installed, and means the same" install_other
zw_case "traffic" streams
zw_case "zonewardd takes over by one bundle" take_over
zw_case "no packet was lost, none passed that the policy forbids" nobody_noticed
zw_done
