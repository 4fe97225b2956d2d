#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Masks: whatever ports packets have, rules about ranges of ports make one mask of the datapath's cache for each protocol, not
# one for each length of a port's prefix.
. "${ZW_SRCDIR:-$(dirname "$0")/../..}/tests/system/tap.sh"

setup() {
    cat >"$ZW_PG/policy.yaml" <<'POLICY'
version: 1
zones:
  a: {ports: [{name: vnet-a}]}
  b: {ports: [{name: vnet-b}]}
rules:
  - {name: odd, from: a, to: b, service: [tcp/1001-1999, udp/1001-1999, sctp/1001-1999], action: allow}
  - {name: single, from: a, to: b, service: [tcp/80, tcp/8080, udp/53, sctp/7], action: deny}
  - {name: halves, from: a, to: b, service: [tcp/0-32767, udp/0-16383, sctp/0-8191], action: ask}
POLICY
    zw_vm_add a vnet-a 10.20.0.1/16 fd00:20::1/48
    zw_vm_add b vnet-b 10.20.0.2/16 fd00:20::2/48
    zw_daemon_start "$ZW_PG/policy.yaml"
    zw_expect dropped a tcp 10.20.0.2 80
}

# masks PROTO FAMILY: the masks after conntrack, of first packets to 400 ports.
masks() {
    "$PYTHON" -I - "$ZW_SRCDIR/tests" "$ZW_PG/ovs" "$1" "$2" "$(zw_vm_mac a)" "$(zw_vm_mac b)" <<'SCRIPT'
import re
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, sys.argv[1])
from proof.vswitchd import Vswitchd  # noqa: E402

proto, family, *macs = sys.argv[3:]
kind, addresses = {"4": (proto, "nw_src=10.20.0.1,nw_dst=10.20.0.2"),
                   "6": (proto + "6", "ipv6_src=fd00:20::1,ipv6_dst=fd00:20::2")}[family]
vswitchd = Vswitchd(sys.argv[2])
found = {}
for port in sorted({(i * i * 37 + 5 * i) % 65536 for i in range(400)} | {0, 7, 53, 80, 1500, 8080, 65535}):
    flags = ",tcp_flags=syn" if proto == "tcp" else ""
    text = vswitchd.trace("br0", f"in_port=vnet-a,{kind},dl_src={macs[0]},dl_dst={macs[1]},{addresses},"
                          f"{proto}_src=4711,{proto}_dst={port}{flags}", "new,trk")
    after = re.findall(r"Megaflow: (\S+)", text)[1:]
    rule = re.findall(r"cookie 0x5a030000(\w+)", text)
    found.setdefault(tuple(re.sub(r"=[^/,()]+", "", flow) for flow in after), set()).update(rule)
for flows, rules in found.items():
    print(len(rules), *flows)
SCRIPT
}

# All four ways through the rules, and one mask.
is_one() {
    masks "$1" "$2" >"$ZW_PG/masks"
    cat "$ZW_PG/masks"
    [ "$(wc -l <"$ZW_PG/masks")" -eq 1 ]
    grep -E '^4 recirc_id,.*,tp_dst(,|$)' "$ZW_PG/masks"
}

zw_playground_start || exit 99
zw_case "two VMs" setup
for proto in tcp udp sctp; do
    zw_case "$proto over IPv4" is_one "$proto" 4
    zw_case "$proto over IPv6" is_one "$proto" 6
done
zw_done
