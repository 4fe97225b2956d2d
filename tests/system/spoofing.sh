#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# The ways in which a VM may lie about who it is, each sent as a real frame: none arrives anywhere, and each is counted under
# its reason; what an honest VM sends in its place arrives.  The rows of the matrix are described in tests/frames.sh.  The VMs say nothing by themselves.  Frames are expressions of tests/frames.py, in which M... are MAC addresses.
. "${ZW_SRCDIR:-$(dirname "$0")/../..}/tests/system/tap.sh"
# shellcheck source=../frames.sh
. "$ZW_SRCDIR/tests/frames.sh"

VMS=(a b f g t h i)

# With ZW_SPOOFING_ROWS=starred, for who has little time, only those rows are run that begin with a star: at least one of each
# kind of header and of binding, and what the datapaths treat differently.
wanted() { [ "${ZW_SPOOFING_ROWS:-all}" = all ] || [[ $1 = \** ]]; }
lie() { if wanted "$1"; then row_case lie "${1#\*}"; fi; }
truth() { if wanted "$1"; then row_case truth "${1#\*}"; fi; }

setup() {
    cat >"$ZW_PG/policy.yaml" <<'POLICY'
version: 1
zones:
  vm: {ports: [{name: "vm*"}]}
  free: {ports: [{name: "free*"}], fragments: allow}
  guarded:
    ports:
      - {name: own-g, addresses: [10.20.0.4, "fd00:20::4"]}
      - {name: own-t, macs: 02:00:00:00:ff:01}
    guard: true
    fragments: allow
  macs-only:
    ports: [{name: mac-h}]
    guard: {ip: false, dhcp-server: allow, router: allow}
  ips-only:
    ports: [{name: ip-i}]
    guard: {mac: false}
rules:
  - {name: all, from: any, to: any, action: allow}
POLICY
    zw_vm_add a vm-a '' '' tag=5
    zw_vm_add b vm-b '' '' tag=5
    zw_vm_add f free-f '' '' tag=5
    zw_vm_add g own-g '' '' tag=5
    zw_vm_add t own-t '' '' tag=5 'external_ids:attached-ips="10.20.0.5, 10.20.0.15 fd00:20::5,fd00:20::15"'
    zw_vm_add h mac-h '' '' tag=5
    zw_vm_add i ip-i '' '' tag=5 'external_ids:attached-ips="10.20.0.7 fd00:20::7"'
    frames_silence "${VMS[@]}"
    zw_daemon_start "$ZW_PG/policy.yaml"
    frames_catch "${VMS[@]}"
}

zw_playground_start || exit 99
zw_case "VMs that are silent" setup
FRAME_NAMES=("MA=$(zw_vm_mac a)" "MB=$(zw_vm_mac b)" "MF=$(zw_vm_mac f)" IA=10.20.0.1 IB=10.20.0.2 IF=10.20.0.3)
FRAME_NAMES+=(SA=fd00:20::1 SB=fd00:20::2 SF=fd00:20::3 NONE=00:00:00:00:00:00 T2=02:00:00:00:ff:01)
FRAME_NAMES+=("MG=$(zw_vm_mac g)" "MT=$(zw_vm_mac t)" "MH=$(zw_vm_mac h)" "MI=$(zw_vm_mac i)")
FRAME_NAMES+=(IG=10.20.0.4 IT=10.20.0.5 IT2=10.20.0.15 II=10.20.0.7 SG=fd00:20::4 ST=fd00:20::5 ST2=fd00:20::15 SI=fd00:20::7)
FRAME_NAMES+=("LG=$(frames_link_local "$(zw_vm_mac g)")" LT2=fe80::ff:fe00:ff01)
zw_case "VMs that say what they are told to" frames_serve "${VMS[@]}"
drops_mark

# Whoever it is.
truth '*IPv4                         | a | b            | eth(MA, MB, ip(IA, IB, udp(1000, 2000)))'
truth '*IPv6                         | a | b            | eth(MA, MB, ip(SA, SB, udp(1000, 2000)))'
truth 'ARP request                   | a | b f g t h i | eth(MA, BROADCAST, arp(1, MA, IA, "00:00:00:00:00:00", IB))'
lie   'group as Ethernet source      | a | group-source | eth("01:00:5e:00:00:01", MB, ip(IA, IB, udp(1000, 2000)))'
lie   'broadcast as Ethernet source  | a | group-source | eth(BROADCAST, MB, ip(IA, IB, udp(1000, 2000)))'
lie   'spanning tree                 | a | link-local   | eth(MA, "01:80:c2:00:00:00", raw(0x0026, b"\x42\x42\x03"))'
lie   'LLDP                          | a | link-local   | eth(MA, "01:80:c2:00:00:0e", raw(0x88cc, b"\x02\x07\x04"))'
lie   '*VLAN of another              | a | vlan/vm-a    | eth(MA, MB, ip(IA, IB, udp(1000, 2000)), [6])'
lie   'its own VLAN, tagged          | a | vlan/vm-a    | eth(MA, MB, ip(IA, IB, udp(1000, 2000)), [5])'
lie   'two tags                      | a | vlan/vm-a    | eth(MA, MB, ip(IA, IB, udp(1000, 2000)), [5, 6])'
lie   '*a tag behind a priority tag  | a | double-tag   | eth(MA, MB, ip(IA, IB, udp(1000, 2000)), [0, 6])'
lie   'a service tag                 | a | vlan/vm-a    | eth(MA, MB, ip(IA, IB, udp(1000, 2000)), [6], 0x88a8)'
truth '*a priority tag               | a | b            | eth(MA, MB, ip(IA, IB, udp(1000, 2000)), [0])'
lie   'from broadcast                | a | broadcast-source | eth(MA, MB, ip("255.255.255.255", IB, udp(1000, 2000)))'
lie   'from a group                  | a | multicast-source | eth(MA, MB, ip("224.0.0.1", IB, udp(1000, 2000)))'
lie   'from a group in the middle    | a | multicast-source | eth(MA, MB, ip("239.255.255.255", IB, icmp(8)))'
lie   '*from loopback                | a | loopback-source  | eth(MA, MB, ip("127.0.0.1", IB, udp(1000, 2000)))'
lie   'from reserved space           | a | reserved-source  | eth(MA, MB, ip("240.0.0.1", IB, udp(1000, 2000)))'
lie   'from this network             | a | reserved-source  | eth(MA, MB, ip("0.1.2.3", IB, udp(1000, 2000)))'
lie   'from nowhere                  | a | reserved-source  | eth(MA, MB, ip("0.0.0.0", IB, udp(1000, 2000)))'
lie   'from nowhere, to all          | a | reserved-source  | eth(MA, BROADCAST, ip("0.0.0.0", "255.255.255.255", udp(68, 69)))'
truth 'DHCP discover                 | a | b f g t h i | eth(MA, BROADCAST, ip("0.0.0.0", "255.255.255.255", udp(68, 67, dhcp(1, 1, MA))))'
lie   'IPv6 from a group             | a | multicast-source | eth(MA, MB, ip("ff02::1", SB, udp(1000, 2000)))'
lie   'IPv6 from loopback            | a | reserved-source  | eth(MA, MB, ip("::1", SB, udp(1000, 2000)))'
lie   'IPv6 from nowhere             | a | reserved-source  | eth(MA, MB, ip("::", SB, udp(1000, 2000)))'
lie   'IPv4 in IPv6                  | a | reserved-source  | eth(MA, MB, ip("::ffff:10.20.0.1", SB, udp(1000, 2000)))'
lie   'IPv6 echo from nowhere        | a | reserved-source  | eth(MA, ALL_NODES_MAC, ip("::", ALL_NODES, icmp6(128)))'
truth '*duplicate address detection  | a | b f g t h i | eth(MA, "33:33:ff:00:00:01", ip("::", "ff02::1:ff00:1", ns(SA)))'
truth 'listener report from nowhere  | a | b f g t h i | eth(MA, "33:33:00:00:00:16", ip("::", "ff02::16", mld2(), 1, [0]))'
truth 'router wanted, from nowhere   | a | b f g t h i | eth(MA, "33:33:00:00:00:02", ip("::", "ff02::2", rs()))'
lie   'ARP from a group MAC          | a | arp-sender       | eth(MA, MB, arp(2, "01:00:5e:00:00:01", IA, MB, IB))'
lie   'ARP from broadcast            | a | arp-sender       | eth(MA, MB, arp(2, MA, "255.255.255.255", MB, IB))'
lie   'ARP from a group              | a | arp-sender       | eth(MA, MB, arp(2, MA, "224.0.0.1", MB, IB))'
lie   'ARP from loopback             | a | arp-sender       | eth(MA, MB, arp(2, MA, "127.0.0.1", MB, IB))'
lie   'ARP from this network         | a | arp-sender       | eth(MA, MB, arp(2, MA, "0.0.0.1", MB, IB))'
truth 'ARP probe                     | a | b f g t h i | eth(MA, BROADCAST, arp(1, MA, "0.0.0.0", "00:00:00:00:00:00", IA))'
lie   '*discovery in fragments       | f | nd-fragment      | eth(MF, ALL_NODES_MAC, fragments("fe80::1", ALL_NODES, ra(MF, b"\0" * 32), 32)[0])'
lie   '*two link addresses           | f | nd-unreadable    | eth(MF, MB, ip(SF, SB, icmp6(135, 0, bytes(4) + addr(SB) + 2 * link_option(1, MF))))'
lie   'discovery that is cut short   | f | nd-unreadable    | eth(MF, MB, ip(SF, SB, icmp6(136, 0, bytes(8))))'
# OVS does not count what the kernel knows of a packet whose headers it could not follow: one frame, which OVS sees.
COUNT=1
lie   '*a header longer than its packet| f | ip-unreadable  | eth(MF, MB, ip6(SF, SB, 60, bytes((58, 9, 1, 4, 0, 0, 0, 0))))'
COUNT=2
lie   'type in a later fragment      | f | header-fragment  | eth(MF, ALL_NODES_MAC, first_fragment("fe80::1", ALL_NODES, 58))'
lie   'ports in a later fragment, UDP | f | header-fragment | eth(MF, MB, first_fragment(SF, SB, 17))'
lie   '*ports in a later fragment, TCP| f | header-fragment | eth(MF, MB, first_fragment(SF, SB, 6))'
lie   'to loopback                   | f | reserved-destination | eth(MF, MB, ip(IF, "127.0.0.1", udp(1000, 2000)))'
lie   'to this network               | f | reserved-destination | eth(MF, MB, ip(IF, "0.0.0.0", udp(1000, 2000)))'
lie   'to reserved space             | f | reserved-destination | eth(MF, MB, ip(IF, "240.0.0.1", tcp("S", 1000, 2000)))'
lie   'to reserved space, to all     | f | reserved-destination*6 | eth(MF, BROADCAST, ip(IF, "255.255.255.254", udp(1000, 2000)))'
truth 'to all                        | f | a b g t h i | eth(MF, BROADCAST, ip(IF, "255.255.255.255", udp(1000, 2000)))'
lie   'to loopback in IPv6           | f | reserved-destination | eth(MF, MB, ip(SF, "::1", udp(1000, 2000)))'
lie   'to nowhere in IPv6            | f | reserved-destination | eth(MF, MB, ip(SF, "::", icmp6(128)))'
lie   'to IPv4 in IPv6               | f | reserved-destination | eth(MF, MB, ip(SF, "::ffff:10.20.0.2", tcp("S", 1000, 2000)))'
# A port that is bound to addresses of its own, from the policy (g) and from OVSDB (t, which has two of each kind).
truth '*IPv4 from its own            | g | b    | eth(MG, MB, ip(IG, IB, udp(1000, 2000)))'
truth 'IPv6 from its own             | g | b    | eth(MG, MB, ip(SG, SB, udp(1000, 2000)))'
truth 'IPv6 from its link-local      | g | b    | eth(MG, MB, ip(LG, SB, udp(1000, 2000)))'
truth 'its second MAC and IPv4       | t | b    | eth(T2, MB, ip(IT2, IB, udp(1000, 2000)))'
truth 'its second MAC and IPv6       | t | b    | eth(T2, MB, ip(ST2, SB, udp(1000, 2000)))'
truth 'link-local of its second MAC  | t | b    | eth(MT, MB, ip(LT2, SB, udp(1000, 2000)))'
lie   '*MAC of another               | g | mac-source/own-g | eth(MB, MF, ip(IG, IF, udp(1000, 2000)))'
lie   'a MAC of nobody               | g | mac-source/own-g | eth("02:00:00:00:99:99", MB, ip(IG, IB, udp(1000, 2000)))'
lie   '*IPv4 of another              | g | ip-source/own-g  | eth(MG, MB, ip(IF, IB, udp(1000, 2000)))'
lie   'the IPv4 of a guarded one     | g | ip-source/own-g  | eth(MG, MB, ip(IT, IB, udp(1000, 2000)))'
lie   'IPv4 of another, TCP          | g | ip-source/own-g  | eth(MG, MB, ip(IF, IB, tcp("S", 1000, 2000)))'
lie   'IPv4 of another, echo         | g | ip-source/own-g  | eth(MG, MB, ip(IF, IB, icmp(8)))'
lie   'IPv4 of another, to all       | g | ip-source/own-g  | eth(MG, BROADCAST, ip(IF, "10.20.255.255", udp(1000, 2000)))'
lie   'the IPv4 of the receiver (LAND)| g | ip-source/own-g  | eth(MG, MB, ip(IB, IB, tcp("S", 1000, 1000)))'
lie   'the IPv6 of the receiver (LAND)| g | ip-source/own-g  | eth(MG, MB, ip(SB, SB, tcp("S", 1000, 1000)))'
lie   'LAND from who is not bound    | f | land/own-g       | eth(MF, MG, ip(IG, IG, tcp("S", 1000, 1000)))'
lie   'LAND in IPv6                  | f | land/own-g       | eth(MF, MG, ip(SG, SG, udp(1000, 1000)))'
lie   'LAND with its link-local      | f | land/own-g       | eth(MF, MG, ip(LG, LG, udp(1000, 1000)))'
lie   'IPv6 of another               | g | ip-source/own-g  | eth(MG, MB, ip(SF, SB, udp(1000, 2000)))'
lie   'link-local of another         | g | ip-source/own-g  | eth(MG, MB, ip("fe80::1", SB, udp(1000, 2000)))'
lie   'IPv6 of another, echo         | g | ip-source/own-g  | eth(MG, MB, ip(SF, SB, icmp6(128)))'
lie   '*behind hop-by-hop options    | g | ip-source/own-g  | eth(MG, MB, ip(SF, SB, udp(1000, 2000), headers=[0, 60]))'
lie   'IPv4 of another in fragments  | g | ip-source/own-g*2 | [eth(MG, MB, p) for p in fragments(IF, IB, udp(1, 2, bytes(40)), 24)]'
lie   '*IPv6 of another in fragments | g | ip-source/own-g*2 | [eth(MG, MB, p) for p in fragments(SF, SB, udp(1, 2, bytes(40)), 24)]'
lie   'its own, with another VLAN    | g | vlan/own-g       | eth(MG, MB, ip(IG, IB, udp(1000, 2000)), [6])'
truth 'ARP request                   | g | a b f t h i  | eth(MG, BROADCAST, arp(1, MG, IG, NONE, IB))'
truth '*ARP reply                    | g | b    | eth(MG, MB, arp(2, MG, IG, MB, IB))'
truth 'ARP probe                     | g | a b f t h i  | eth(MG, BROADCAST, arp(1, MG, "0.0.0.0", NONE, IF))'
lie   'ARP with MAC of another       | g | arp-mac/own-g    | eth(MG, MB, arp(2, MF, IG, MB, IB))'
lie   '*ARP with IPv4 of another     | g | arp-ip/own-g     | eth(MG, MB, arp(2, MG, IF, MB, IB))'
lie   'ARP request for another       | g | arp-ip/own-g     | eth(MG, BROADCAST, arp(1, MG, IF, NONE, IB))'
lie   'gratuitous ARP of another     | g | arp-ip/own-g     | eth(MG, BROADCAST, arp(1, MG, IF, NONE, IF))'
lie   'ARP, all of another           | g | mac-source/own-g | eth(MF, MB, arp(2, MF, IF, MB, IB))'
lie   'ARP probe with another MAC    | g | arp-mac/own-g    | eth(MG, BROADCAST, arp(1, MF, "0.0.0.0", NONE, IB))'
truth 'neighbour solicitation        | g | b    | eth(MG, MB, ip(SG, SB, ns(SB, MG)))'
truth 'the same without its option   | g | b    | eth(MG, MB, ip(SG, SB, ns(SB)))'
truth 'neighbour advertisement       | g | b    | eth(MG, MB, ip(SG, SB, na(SG, MG)))'
truth 'advertisement of link-local   | g | b    | eth(MG, MB, ip(LG, SB, na(LG, MG)))'
truth 'duplicate address detection   | g | a b f t h i  | eth(MG, "33:33:ff:00:00:04", ip("::", "ff02::1:ff00:4", ns(SG)))'
truth 'a router is wanted            | g | a b f t h i  | eth(MG, "33:33:00:00:00:02", ip(LG, "ff02::2", rs(MG)))'
truth 'a listener report             | g | a b f t h i  | eth(MG, "33:33:00:00:00:16", ip(LG, "ff02::16", mld2(), 1, [0]))'
lie   '*advertised: address of another| g | nd-target/own-g  | eth(MG, MB, ip(SG, SB, na(SF, MG)))'
lie   'advertised: MAC of another    | g | nd-mac/own-g     | eth(MG, MB, ip(SG, SB, na(SG, MF)))'
lie   'advertised from another       | g | ip-source/own-g  | eth(MG, MB, ip(SF, SB, na(SG, MG)))'
lie   'advertised, with options before| g | nd-target/own-g nd-unreadable/own-g | eth(MG, MB, ip(SG, SB, na(SF, MG), headers=[60]))'
lie   'solicited with MAC of another | g | nd-mac/own-g     | eth(MG, MB, ip(SG, SB, ns(SB, MF)))'
lie   'solicited from another        | g | ip-source/own-g  | eth(MG, MB, ip(SF, SB, ns(SB, MG)))'
lie   'duplicates of another         | g | nd-target/own-g  | eth(MG, "33:33:ff:00:00:03", ip("::", "ff02::1:ff00:3", ns(SF)))'
lie   'advertised with a code        | g | nd-mac/own-g     | eth(MG, MB, ip(SG, SB, icmp6(136, 1, bytes(4) + addr(SF) + link_option(2, MF))))'
truth 'DHCP discover                 | g | a b f t h i  | eth(MG, BROADCAST, ip("0.0.0.0", "255.255.255.255", udp(68, 67, dhcp(1, 1, MG))))'
truth 'DHCP renewal                  | g | b    | eth(MG, MB, ip(IG, IB, udp(68, 67, dhcp(1, 3, MG))))'
truth 'DHCPv6 solicit                | g | a b f t h i  | eth(MG, "33:33:00:01:00:02", ip(LG, "ff02::1:2", udp(546, 547)))'
lie   'DHCP offer                    | g | dhcp-server/own-g | eth(MG, MB, ip(IG, IB, udp(67, 68, dhcp(2, 2, MB, IB))))'
lie   'DHCP offer to all             | g | dhcp-server/own-g | eth(MG, BROADCAST, ip(IG, "255.255.255.255", udp(67, 68, dhcp(2, 2, MB, IB))))'
# Where the kernel reads what is there though IP does not say so, reasons depend on which of the two read it: two-readers.sh.
if [ "$ZW_DATAPATH" = netdev ]; then
    lie   'the same, cut short           | g | ip-unreadable/own-g | eth(MG, BROADCAST, cut(ip(IG, "255.255.255.255", udp(67, 68, dhcp(2, 2, MB, IB))), 20))'
    lie   'the same, cut in the header   | g | ip-unreadable/own-g | eth(MG, BROADCAST, cut(ip(IG, "255.255.255.255", udp(67, 68, dhcp(2, 2, MB, IB))), 27))'
    lie   'RA, cut short                 | g | ip-unreadable/own-g | eth(MG, ALL_NODES_MAC, cut(ip(LG, ALL_NODES, ra(MG)), 3))'
    lie   'ICMP to all, cut short        | g | ip-unreadable/own-g | eth(MG, BROADCAST, cut(ip(IG, "255.255.255.255", icmp(9)), 20))'
    lie   'DHCP without a guard, cut     | f | invalid*6          | eth(MF, BROADCAST, cut(ip(IF, "255.255.255.255", udp(67, 68, dhcp(2, 2, MB, IB))), 20))'
    lie   'RA without a guard, cut       | f | invalid*6          | eth(MF, ALL_NODES_MAC, cut(ip("fe80::1", ALL_NODES, ra(MF)), 3))'
fi
lie   'DHCP offer from another port  | g | dhcp-server/own-g | eth(MG, MB, ip(IG, IB, udp(4711, 68, dhcp(2, 2, MB, IB))))'
lie   'DHCP to a relay               | g | dhcp-server/own-g | eth(MG, MB, ip(IG, IB, udp(67, 67, dhcp(2, 2, MB, IB))))'
lie   '*DHCP ack, first fragment     | g | dhcp-server/own-g | eth(MG, MB, fragments(IG, IB, udp(67, 68, dhcp(2, 5, MB, IB)), 104)[0])'
lie   'DHCPv6 advertise              | g | dhcp-server/own-g | eth(MG, MB, ip(LG, SB, udp(547, 546)))'
lie   'DHCPv6 from another port      | g | dhcp-server/own-g | eth(MG, MB, ip(LG, SB, udp(4711, 546)))'
lie   'DHCPv6 behind options         | g | dhcp-server/own-g | eth(MG, MB, ip(LG, SB, udp(547, 546), headers=[0, 60]))'
lie   '*router advertisement         | g | router/own-g     | eth(MG, ALL_NODES_MAC, ip(LG, ALL_NODES, ra(MG)))'
lie   'the same to one               | g | router/own-g     | eth(MG, MB, ip(LG, SB, ra(MG)))'
lie   'the same behind hop-by-hop    | g | router/own-g     | eth(MG, ALL_NODES_MAC, ip(LG, ALL_NODES, ra(MG), headers=[0]))'
lie   'the same behind three headers | g | router/own-g     | eth(MG, ALL_NODES_MAC, ip(LG, ALL_NODES, ra(MG), headers=[0, 60, 60]))'
lie   'its type in a later fragment  | g | header-fragment  | eth(MG, ALL_NODES_MAC, first_fragment(LG, ALL_NODES, 58))'
lie   'the same in fragments         | g | nd-fragment      | eth(MG, ALL_NODES_MAC, fragments(LG, ALL_NODES, ra(MG, bytes(32)), 32)[0])'
lie   'ICMPv6 redirect               | g | router/own-g     | eth(MG, MB, ip(LG, SB, redirect6(LG, SF)))'
lie   'ICMP redirect                 | g | router/own-g     | eth(MG, MB, ip(IG, IB, icmp(5, 1, addr(IG) + bytes(28))))'

# Half a guard binds half, and who is allowed to be a server is one.
truth 'any IPv4                      | h | b    | eth(MH, MB, ip(IF, IB, udp(1000, 2000)))'
truth 'ARP of any IPv4               | h | b    | eth(MH, MB, arp(2, MH, IF, MB, IB))'
truth 'an address of any             | h | b    | eth(MH, MB, ip(SF, SB, na(SF, MH)))'
truth 'DHCP offer                    | h | b    | eth(MH, MB, ip(IF, IB, udp(67, 68, dhcp(2, 2, MB, IB))))'
truth 'router advertisement          | h | a b f g t i  | eth(MH, ALL_NODES_MAC, ip("fe80::1", ALL_NODES, ra(MH)))'
lie   'MAC of another                | h | mac-source/mac-h | eth(MF, MB, ip(IF, IB, udp(1000, 2000)))'
lie   'ARP with MAC of another       | h | arp-mac/mac-h    | eth(MH, MB, arp(2, MF, IF, MB, IB))'
lie   'solicited with MAC of another | h | nd-mac/mac-h     | eth(MH, MB, ip(SF, SB, ns(SB, MF)))'
truth 'any MAC                       | i | b    | eth("02:00:00:00:99:99", MB, ip(II, IB, udp(1000, 2000)))'
truth 'ARP with any MAC              | i | b    | eth(MI, MB, arp(2, "02:00:00:00:99:99", II, MB, IB))'
lie   'IPv4 of another               | i | ip-source/ip-i   | eth(MI, MB, ip(IF, IB, udp(1000, 2000)))'
lie   'ARP with IPv4 of another      | i | arp-ip/ip-i      | eth(MI, MB, arp(2, MI, IF, MB, IB))'
lie   '*the same, other hardware     | i | arp-unreadable   | eth(MI, MB, arp(2, MI, IF, MB, IB, hardware=6))'
lie   'the same, from its own MAC    | g | arp-unreadable   | eth(MG, MB, arp(2, MG, IF, MB, IB, hardware=6))'
lie   'ARP that asks for nothing known| i | arp-unreadable  | eth(MI, MB, arp(258, MI, IF, MB, IB))'
lie   'advertised: address of another| i | nd-target/ip-i   | eth(MI, MB, ip(SI, SB, na(SF, MI)))'
lie   'router advertisement          | i | router/ip-i      | eth(MI, ALL_NODES_MAC, ip(SI, ALL_NODES, ra(MI)))'

# OVS gives back what it was given, so a new daemon finds its flows.
adopted() {
    zw_daemon_kill9
    zw_daemon_start "$ZW_PG/policy.yaml"
    grep 'policy version 1 in force' "$ZW_PG/zonewardd.log" | tail -n 1 | grep ', 0 flow changes'
}
zw_case "a new daemon changes no flow" adopted

# To be bound, and bound to nothing.
unbound() {
    zw_vsctl set interface own-g external_ids:attached-mac='"nothing"'
    zw_vsctl remove interface own-t external_ids attached-ips
    zw_wait_for 'zw_flows | grep -c 0x5a060000001a000 | grep -qx 2'
    drops_mark
    zw_wait_for "zw_ctl ports | grep own-g | grep -q 'binds MAC addresses, and it has none'"
    zw_wait_for "zw_ctl ports | grep own-t | grep -q 'binds IP addresses, and it has none'"
    zw_ctl status | grep -q 'port own-g is closed in zone guarded: .*MAC addresses'
    zw_ctl status | grep -q 'port own-g: "nothing" in external_ids:attached-mac is no host'
    row lie ' | g | no-binding/own-g | eth(MG, MB, ip(IG, IB, udp(1000, 2000)))'
    row lie ' | t | no-binding/own-t | eth(MT, MB, arp(1, MT, IT, NONE, IB))'
    row lie ' | f | no-receiver      | eth(MF, MT, ip(IF, IT, udp(1000, 2000)))'
}
zw_case "a port that is to be bound, and has no address, is closed, and says so" unbound
zw_done 'warning: bridge br0: port own-. is closed' 'warning: bridge br0: port own-g: "nothing" in external_ids:attached-mac'
