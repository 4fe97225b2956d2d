#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# The ways in which a VM may lie about who it is, each sent as a real frame: none arrives anywhere, and each is counted under
# its reason; what an honest VM sends in its place arrives.  A row of the matrix is
#     lie   WHAT | FROM | REASON[/PORT] | FRAME        and no other counter moves
#     truth WHAT | FROM | RECEIVER...   | FRAME        and nobody else gets it
# The VMs say nothing by themselves.  Frames are expressions of tests/frames.py, in which M... are MAC addresses.
. "${ZW_SRCDIR:-$(dirname "$0")/../..}/tests/system/tap.sh"
# shellcheck source=../frames.sh
. "$ZW_SRCDIR/tests/frames.sh"

COUNT=2 # Of each frame: one that the datapath has to ask about, and one that it knows.

setup() {
    cat >"$ZW_PG/policy.yaml" <<'POLICY'
version: 1
zones:
  vm: {ports: [{name: "vm*"}]}
  free: {ports: [{name: "free*"}]}
rules:
  - {name: all, from: any, to: any, action: allow}
POLICY
    zw_vm_add a vm-a '' '' tag=5
    zw_vm_add b vm-b '' '' tag=5
    zw_vm_add f free-f '' '' tag=5
    frames_silence a b f
    zw_daemon_start "$ZW_PG/policy.yaml"
    frames_catch a b f
}

# row KIND LINE: runs one row.
row() {
    local kind=$1 from result frame vm want
    IFS='|' read -r _ from result frame <<<"$2"
    from=${from// /}
    for vm in a b f; do : >"$ZW_PG/frames-$vm.out"; done
    drops_mark
    frame "$from" "$frame" "$COUNT"
    if [ "$kind" = lie ]; then
        drops_since "${result// /}=$((COUNT * ${N_FRAMES-1}))"
        result=''
    fi
    for vm in a b f; do
        want=0
        if [[ " $result " = *" $vm "* ]]; then want=$((COUNT * ${N_FRAMES-1})); fi
        zw_wait_for "[ \$(frames_caught $vm) -ge $want ]" 5
    done
    for vm in a b f; do
        want=0
        if [[ " $result " = *" $vm "* ]]; then want=$((COUNT * ${N_FRAMES-1})); fi
        [ "$(frames_caught "$vm")" -eq "$want" ] || { echo "$vm got:" && cat "$ZW_PG/frames-$vm.out" && false; }
    done
}

lie() { zw_case "lie: $(cut -d'|' -f1 <<<"$*" | sed 's/ *$//')" row lie "$*"; }
truth() { zw_case "truth: $(cut -d'|' -f1 <<<"$*" | sed 's/ *$//')" row truth "$*"; }

zw_playground_start || exit 99
zw_case "VMs that are silent" setup
FRAME_NAMES=("MA=$(zw_vm_mac a)" "MB=$(zw_vm_mac b)" "MF=$(zw_vm_mac f)" IA=10.20.0.1 IB=10.20.0.2 IF=10.20.0.3)
FRAME_NAMES+=(SA=fd00:20::1 SB=fd00:20::2 SF=fd00:20::3)

# Whoever it is.
truth 'IPv4                          | a | b            | eth(MA, MB, ip(IA, IB, udp(1000, 2000)))'
truth 'IPv6                          | a | b            | eth(MA, MB, ip(SA, SB, udp(1000, 2000)))'
truth 'ARP request                   | a | b f          | eth(MA, BROADCAST, arp(1, MA, IA, "00:00:00:00:00:00", IB))'
lie   'group as Ethernet source      | a | group-source | eth("01:00:5e:00:00:01", MB, ip(IA, IB, udp(1000, 2000)))'
lie   'broadcast as Ethernet source  | a | group-source | eth(BROADCAST, MB, ip(IA, IB, udp(1000, 2000)))'
lie   'spanning tree                 | a | link-local   | eth(MA, "01:80:c2:00:00:00", raw(0x0026, b"\x42\x42\x03"))'
lie   'LLDP                          | a | link-local   | eth(MA, "01:80:c2:00:00:0e", raw(0x88cc, b"\x02\x07\x04"))'
lie   "another's VLAN                | a | vlan/vm-a    | eth(MA, MB, ip(IA, IB, udp(1000, 2000)), [6])"
lie   "its own VLAN, tagged          | a | vlan/vm-a    | eth(MA, MB, ip(IA, IB, udp(1000, 2000)), [5])"
lie   'two tags                      | a | vlan/vm-a    | eth(MA, MB, ip(IA, IB, udp(1000, 2000)), [5, 6])'
lie   'a tag behind a priority tag   | a | double-tag   | eth(MA, MB, ip(IA, IB, udp(1000, 2000)), [0, 6])'
lie   'a service tag                 | a | vlan/vm-a    | eth(MA, MB, ip(IA, IB, udp(1000, 2000)), [6], 0x88a8)'
truth 'a priority tag                | a | b            | eth(MA, MB, ip(IA, IB, udp(1000, 2000)), [0])'
lie   'from broadcast                | a | broadcast-source | eth(MA, MB, ip("255.255.255.255", IB, udp(1000, 2000)))'
lie   'from a group                  | a | multicast-source | eth(MA, MB, ip("224.0.0.1", IB, udp(1000, 2000)))'
lie   'from a group in the middle    | a | multicast-source | eth(MA, MB, ip("239.255.255.255", IB, icmp(8)))'
lie   'from loopback                 | a | loopback-source  | eth(MA, MB, ip("127.0.0.1", IB, udp(1000, 2000)))'
lie   'from reserved space           | a | reserved-source  | eth(MA, MB, ip("240.0.0.1", IB, udp(1000, 2000)))'
lie   'from this network             | a | reserved-source  | eth(MA, MB, ip("0.1.2.3", IB, udp(1000, 2000)))'
lie   'from nowhere                  | a | reserved-source  | eth(MA, MB, ip("0.0.0.0", IB, udp(1000, 2000)))'
lie   'from nowhere, to all          | a | reserved-source  | eth(MA, BROADCAST, ip("0.0.0.0", "255.255.255.255", udp(68, 69)))'
truth 'DHCP discover                 | a | b f              | eth(MA, BROADCAST, ip("0.0.0.0", "255.255.255.255", udp(68, 67, dhcp(1, 1, MA))))'
lie   'IPv6 from a group             | a | multicast-source | eth(MA, MB, ip("ff02::1", SB, udp(1000, 2000)))'
lie   'IPv6 from loopback            | a | reserved-source  | eth(MA, MB, ip("::1", SB, udp(1000, 2000)))'
lie   'IPv6 from nowhere             | a | reserved-source  | eth(MA, MB, ip("::", SB, udp(1000, 2000)))'
lie   'IPv4 in IPv6                  | a | reserved-source  | eth(MA, MB, ip("::ffff:10.20.0.1", SB, udp(1000, 2000)))'
lie   'IPv6 echo from nowhere        | a | reserved-source  | eth(MA, ALL_NODES_MAC, ip("::", ALL_NODES, icmp6(128)))'
truth 'duplicate address detection   | a | b f              | eth(MA, "33:33:ff:00:00:01", ip("::", "ff02::1:ff00:1", ns(SA)))'
truth 'listener report from nowhere  | a | b f              | eth(MA, "33:33:00:00:00:16", ip("::", "ff02::16", mld2(), 1, [0]))'
truth 'router wanted, from nowhere   | a | b f              | eth(MA, "33:33:00:00:00:02", ip("::", "ff02::2", rs()))'
lie   'ARP from a group MAC          | a | arp-sender       | eth(MA, MB, arp(2, "01:00:5e:00:00:01", IA, MB, IB))'
lie   'ARP from broadcast            | a | arp-sender       | eth(MA, MB, arp(2, MA, "255.255.255.255", MB, IB))'
lie   'ARP from a group              | a | arp-sender       | eth(MA, MB, arp(2, MA, "224.0.0.1", MB, IB))'
lie   'ARP from loopback             | a | arp-sender       | eth(MA, MB, arp(2, MA, "127.0.0.1", MB, IB))'
lie   'ARP from this network         | a | arp-sender       | eth(MA, MB, arp(2, MA, "0.0.0.1", MB, IB))'
truth 'ARP probe                     | a | b f              | eth(MA, BROADCAST, arp(1, MA, "0.0.0.0", "00:00:00:00:00:00", IA))'
lie   'discovery in fragments        | f | nd-fragment      | eth(MF, ALL_NODES_MAC, fragments("fe80::1", ALL_NODES, ra(MF, b"\0" * 32), 32)[0])'
lie   'two link addresses            | f | nd-unreadable    | eth(MF, MB, ip(SF, SB, icmp6(135, 0, bytes(4) + addr(SB) + 2 * link_option(1, MF))))'
lie   'discovery that is cut short   | f | nd-unreadable    | eth(MF, MB, ip(SF, SB, icmp6(136, 0, bytes(8))))'
lie   'a header longer than its packet | f | ip-unreadable  | eth(MF, MB, ip6(SF, SB, 60, bytes((58, 9, 1, 4, 0, 0, 0, 0))))'
zw_done
