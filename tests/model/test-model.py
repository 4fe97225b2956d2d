#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The model by itself: cases written by hand from zoneward-policy(5) and doc/pipeline.md."""

import ipaddress
import os
import sys
from pathlib import Path

source = Path(os.environ.get("ZW_SRCDIR", Path(__file__).resolve().parents[2]))
sys.dont_write_bytecode = True
sys.path.insert(0, str(source / "tests"))

import tap  # noqa: E402
from model import judge, policy  # noqa: E402
from model.ports import Port, zone_of_port  # noqa: E402
from model.switch import Frame, Session, Switch, zone_id  # noqa: E402

MANUAL = """
version: 1
zones:
  web: {ports: [{name: "vnet-web*"}]}
  db: {ports: [{iface-id: 6f1c8a0e-0d0b-4f3b-9d1b-0a6a3b1c2d3e}]}
  outside: {ports: [{name: uplink0}]}
address-sets:
  resolvers: [10.0.0.53, "2001:db8::53"]
services:
  dns: [udp/53, tcp/53]
  ping: [icmp/echo-request, icmpv6/echo-request]
defaults: {action: deny, log: denied}
rules:
  - {name: names, from: [web, db], to: outside, to-addresses: resolvers, service: dns, action: allow}
  - {name: no-noise, from: outside, to: any, service: ["udp/137,138", tcp/139, tcp/445], action: deny, log: none}
  - {name: ping, from: any, to: any, service: ping, action: allow, log: none}
  - {name: backup, from: db, to: outside, to-addresses: 192.0.2.0/28, service: tcp/22, action: ask, otherwise: allow}
"""
PROTO = {"tcp": 6, "udp": 17, "icmp": 1, "icmpv6": 58, "gre": 47}


def packet(src, dst, proto, *l4):
    return judge.Packet(ipaddress.ip_address(src), ipaddress.ip_address(dst), PROTO[proto],
                        ((1024, *l4) if len(l4) == 1 else l4) or (0, 0))


def expect(what, found, expected):
    if found != expected:
        raise AssertionError(f"{what}: {found!r}, expected {expected!r}")


def expect_verdicts(text, cases):
    """Cases: (from, to, packet, action, rule)."""
    read = policy.read(text)
    for source_zone, to, what, action, rule in cases:
        verdict = judge.judge(read, source_zone, to, what)
        expect(f"{source_zone} to {to}: {what}", (verdict.action, verdict.rule), (action, rule))


def rules(*lines, zones="a: {}, b: {}"):
    return f"version: 1\nzones: {{{zones}}}\nrules:\n" + "".join(f"  - {{{line}}}\n" for line in lines)


def manual():
    expect_verdicts(MANUAL, [
        ("web", "outside", packet("10.1.0.1", "10.0.0.53", "udp", 53), "allow", 1),
        ("db", "outside", packet("fd00::1", "2001:db8::53", "tcp", 53), "allow", 1),
        ("web", "outside", packet("10.1.0.1", "10.0.0.54", "udp", 53), "deny", 0),
        ("web", "db", packet("10.1.0.1", "10.0.0.53", "udp", 53), "deny", 0),
        ("outside", "web", packet("10.1.0.1", "10.0.0.1", "udp", 138), "deny", 2),
        ("outside", "web", packet("10.1.0.1", "10.0.0.1", "tcp", 138), "deny", 0),
        ("web", "web", packet("10.1.0.1", "10.0.0.1", "icmp", 8, 0), "allow", 3),
        ("web", "web", packet("10.1.0.1", "10.0.0.1", "icmp", 0, 0), "deny", 0),
        ("db", "outside", packet("10.1.0.1", "192.0.2.15", "tcp", 22), "ask", 4),
        ("db", "outside", packet("10.1.0.1", "192.0.2.16", "tcp", 22), "deny", 0),
        (None, "web", packet("10.1.0.1", "10.0.0.1", "icmp", 8, 0), "deny", None),
        ("web", None, packet("10.1.0.1", "10.0.0.1", "icmp", 8, 0), "deny", None),
    ])
    read = policy.read(MANUAL)
    logs = [judge.judge(read, "outside", "web", packet("10.1.0.1", "10.0.0.1", *l4)).logs
            for l4 in (("udp", 137), ("udp", 1), ("icmp", 8, 0))]
    expect("what is logged", logs, [False, True, False])
    expect("the answer to an ask", judge.judge(read, "db", "outside", packet("10.1.0.1", "192.0.2.1", "tcp", 22)).passes, True)


def order():
    expect_verdicts(rules("from: a, to: b, service: tcp/80, action: deny", "from: any, to: b, action: allow",
                          "from: a, to: b, service: tcp/81, action: deny"), [
        ("a", "b", packet("10.0.0.1", "10.0.0.2", "tcp", 80), "deny", 1),
        ("a", "b", packet("10.0.0.1", "10.0.0.2", "tcp", 81), "allow", 2),
        ("b", "b", packet("10.0.0.1", "10.0.0.2", "tcp", 80), "allow", 2),
        ("b", "a", packet("10.0.0.1", "10.0.0.2", "tcp", 80), "deny", 0),
    ])


def services():
    for item, inside, outside in [
            ("tcp/80-81", [("tcp", 80), ("tcp", 81)], [("tcp", 79), ("tcp", 82), ("udp", 80)]),
            ('"udp/5,7-9"', [("udp", 5), ("udp", 9)], [("udp", 6), ("udp", 10)]),
            ("udp", [("udp", 0), ("udp", 65535)], [("tcp", 0)]),
            ("icmp/3/4", [("icmp", 3, 4)], [("icmp", 3, 3), ("icmp", 4, 4)]),
            ("icmp/3", [("icmp", 3, 0), ("icmp", 3, 255)], [("icmp", 4, 0)]),
            ("icmp/time-exceeded", [("icmp", 11, 0)], [("icmp", 3, 0)]),
            ("gre", [("gre",)], [("tcp", 47)]),
            ("proto/47", [("gre",)], [("tcp", 47)]),
            ("any", [("gre",), ("tcp", 1)], [])]:
        text = rules(f"from: a, to: b, service: {item}, action: allow")
        expect_verdicts(text, [("a", "b", packet("10.0.0.1", "10.0.0.2", *l4), "allow", 1) for l4 in inside])
        expect_verdicts(text, [("a", "b", packet("10.0.0.1", "10.0.0.2", *l4), "deny", 0) for l4 in outside])


def source_ports():
    text = rules("from: a, to: b, service: [udp/123, tcp], from-ports: [123, 1024-65535], action: allow")
    for proto, sport, dport, rule in [("udp", 123, 123, 1), ("udp", 122, 123, 0), ("udp", 1023, 123, 0), ("udp", 1024, 123, 1),
                                      ("udp", 123, 122, 0), ("tcp", 65535, 9, 1), ("tcp", 124, 9, 0)]:
        expect_verdicts(text, [("a", "b", packet("fd00::1", "fd00::2", proto, sport, dport), "allow" if rule else "deny", rule)])


def families():
    four, six = packet("10.0.0.1", "10.0.0.2", "icmp", 8, 0), packet("fd00::1", "fd00::2", "icmpv6", 128, 0)
    odd = packet("fd00::1", "fd00::2", "icmp", 8, 0), packet("10.0.0.1", "10.0.0.2", "icmpv6", 128, 0)
    for item, matches in ("icmp", four), ("proto/1", four), ("icmpv6", six), ("proto/58", six):
        expect_verdicts(rules(f"from: a, to: b, service: {item}, action: allow"),
                        [("a", "b", p, *(("allow", 1) if p is matches else ("deny", 0))) for p in (four, six, *odd)])
    expect_verdicts(rules('from: a, to: b, from-addresses: "::/0", action: allow'),
                    [("a", "b", six, "allow", 1), ("a", "b", four, "deny", 0)])


def behind():
    text = rules("from: near, to: b, action: allow", "from: far, to: b, action: deny", "from: a, to: b, action: ask",
                 zones='a: {}, b: {}, near: {behind: a, addresses: [10.1.2.0/24, "fd00::/8"]}, '
                       "far: {behind: a, addresses: 10.1.0.0/16}, other: {behind: b, addresses: 10.1.2.0/25}")
    expect_verdicts(text, [
        ("a", "b", packet("10.1.2.255", "1.1.1.1", "gre"), "allow", 1),
        ("a", "b", packet("10.1.2.1", "1.1.1.1", "gre"), "allow", 1),
        ("a", "b", packet("10.1.3.0", "1.1.1.1", "gre"), "deny", 2),
        ("a", "b", packet("10.2.0.0", "1.1.1.1", "gre"), "ask", 3),
        ("a", "b", packet("fd00::1", "fe00::1", "gre"), "allow", 1),
        ("a", "b", packet("10.1.2.1", "10.1.2.1", "gre"), "deny", 0),
        ("b", "b", packet("10.1.2.1", "1.1.1.1", "gre"), "deny", 0),
    ])


def isolated():
    text = rules("from: any, to: any, action: allow", zones="a: {isolated: true}, b: {}, near: {behind: a, addresses: 10.1.0.0/16}")
    to_near, other = packet("10.0.0.1", "10.1.0.1", "gre"), packet("10.0.0.1", "10.0.0.2", "gre")
    expect_verdicts(text, [("a", "a", to_near, "deny", None), ("a", "a", other, "deny", None), ("a", "b", other, "allow", 1),
                           ("b", "a", to_near, "allow", 1), ("b", "b", other, "allow", 1)])
    ports = [Port(1, "one"), Port(2, "two"), Port(3, "three")]
    switch = Switch(policy.read("version: 1\nzones: {a: {isolated: true, ports: [{name: one}, {name: two}]}, b: {ports: [{name: three}]}}"), ports)
    fates = switch.fates(Frame(ports[0], "ff:ff:ff:ff:ff:ff", kind="arp"))
    expect("ARP", {number: fate.passes for number, fate in fates.items()}, {2: False, 3: True})


def membership():
    text = """
version: 1
trust: {external-id-zone: true}
zones:
  tenant: {}
  closed: {trust-external-id: false, ports: [{name: "vm[0-4]?"}, {external-id: role=db}]}
  third: {ports: [{iface-id: x}]}
  behind: {behind: tenant, addresses: 10.0.0.0/8}
"""
    for name, ids, zone in [("vm1a", {}, "closed"), ("vm1", {}, None), ("vm5a", {}, None), ("x", {"role": "db"}, "closed"),
                            ("x", {"role": "d"}, None), ("x", {"zone": "tenant"}, "tenant"), ("x", {"zone": "closed"}, None),
                            ("x", {"zone": "no"}, None), ("x", {"zone": "behind"}, None), ("x", {"iface-id": "x"}, "third"),
                            ("vm1a", {"iface-id": "x"}, None), ("vm1a", {"zone": "tenant"}, None),
                            ("vm1a", {"zone": "closed"}, "closed")]:
        expect(f"zone of {name} {ids}", zone_of_port(policy.read(text), Port(1, name, external_ids=ids)), zone)


def membership_by_vlan():
    text = """
version: 1
zones:
  office: {ports: [{name: up0, vlans: [100-199, 300]}, {mac: "52:54:00:00:00:0A", vlans: 7}]}
  dmz: {ports: [{name: "u*", vlans: [0, 199-200]}]}
  rest: {ports: [{name: "u*"}]}
  other: {trust-external-id: true, ports: [{iface-id: x, vlans: [7]}]}
"""
    mac = {"attached-mac": "52:54:00:00:00:0a"}
    for name, ids, segment, zone in [("up0", {}, 0, "dmz"), ("up0", {}, 1, "rest"), ("up0", {}, 100, "office"),
                                     ("up0", {}, 199, None), ("up0", {}, 200, "dmz"), ("up0", {}, 300, "office"),
                                     ("up1", {}, 300, "rest"), ("up0", mac, 7, "office"), ("up0", mac, 8, "rest"),
                                     ("up0", {"zone": "other"}, 0, "dmz"), ("up0", {"zone": "other"}, 1, None),
                                     ("x", mac, 7, "office"), ("x", mac, 6, None), ("x", mac | {"iface-id": "x"}, 7, None)]:
        expect(f"zone of {name} {ids} in {segment}",
               zone_of_port(policy.read(text), Port(1, name, external_ids=ids), segment), zone)


def several_files():
    read = policy.read("version: 1\nzones: {a: {}}\nrules: [{from: a, to: a, service: web, action: allow}]\n",
                       "version: 1\nservices: {web: tcp/80}\ndefaults: {action: allow, log: none}\n"
                       "rules: [{from: any, to: any, service: [web, tcp/81], action: deny}]\n")
    verdicts = [judge.judge(read, "a", "a", packet("10.0.0.1", "10.0.0.2", "tcp", port)) for port in (80, 81, 82)]
    expect("verdicts", [(v.action, v.rule, v.logs) for v in verdicts],
           [("allow", 1, False), ("deny", 2, False), ("allow", 0, False)])


def port(number, name, *vlans, mac=None):
    return Port(number, name, *vlans, external_ids={"attached-mac": mac} if mac else {})


def vlans():
    plain, access, trunk = port(1, "p"), port(2, "q", "access", 10), port(3, "r", "trunk", None, (10, 20))
    native = port(4, "s", "native-untagged", 10)
    expect("segments", [[p.segment_of(vid) for vid in (0, 10, 30)] for p in (plain, access, trunk, native)],
           [[0, 10, 30], [10, None, None], [None, 10, None], [10, 10, 30]])
    expect("tags", [p.tag_of(10) for p in (plain, access, trunk, native)], [10, 0, 10, 0])


PORTS = [port(1, "a1", mac="02:00:00:00:00:01"), port(2, "b1", mac="02:00:00:00:00:02"), port(3, "c1"), port(4, "x1")]
SESSIONS = Switch(policy.read("""
version: 1
zones: {a: {ports: [{name: a1}], fragments: allow}, b: {ports: [{name: b1}]}, c: {ports: [{name: c1}]}}
rules: [{from: a, to: b, service: tcp/80, action: allow}, {from: a, to: c, action: allow}]
"""), PORTS)


def passes(what, **changes):
    frame = Frame(**({"port": PORTS[0], "dl_dst": PORTS[1].mac, "ip": packet("10.0.0.1", "10.0.0.2", "tcp", 80)} | changes))
    return {number: what(fate) for number, fate in SESSIONS.fates(frame).items()}


def receivers():
    def opens(fate):
        return fate.passes, fate.opens_session

    expect("known", passes(opens), {2: (True, True)})
    expect("unknown: only c's port may have it", passes(opens, dl_dst="02:00:00:00:00:09"), {2: (True, False), 3: (True, True)})
    expect("TCP to all", passes(opens, dl_dst="ff:ff:ff:ff:ff:ff"), {2: (False, False), 3: (False, False)})
    expect("back", passes(opens, dl_dst=PORTS[0].mac), {})
    expect("no zone", passes(opens, port=PORTS[3]), {})
    expect("bridges only", passes(opens, dl_dst="01:80:c2:00:00:00"), {})
    expect("ARP", passes(opens, ip=None, kind="arp", dl_dst="ff:ff:ff:ff:ff:ff"), {2: (True, False), 3: (True, False)})
    expect("LLDP", passes(opens, ip=None, kind="other"), {2: (False, False)})
    hello = packet("fd00::1", "ff02::1", "icmpv6", 135, 0)
    expect("ND", [passes(opens, ip=hello, ttl=ttl)[2] for ttl in (255, 254)], [(True, False), (False, False)])


def sessions():
    def state(flags="PA", **session):
        return passes(lambda fate: fate.passes, flags=flags, session=Session(**session))[2]

    expect("not a SYN", [state(flags) for flags in ("S", "SA", "A", "")], [True, False, False, False])
    expect("established", [state(state="established", zones=zones) for zones in (("a", "b"), ("b", "a"), ("a", "c"), None)],
           [True, False, False, False])
    expect("reply", [state(state="established", is_reply=True, zones=zones) for zones in (("b", "a"), ("a", "b"))],
           [True, False])
    expect("a second SYN of a session that both ends begin", [state("S", zones=("b", "a"), is_allowed=allowed)
                                                               for allowed in (True, False)], [False, True])
    expect("related: to one of its ends", [state(state="related", zones=zones) for zones in (("a", "b"), ("b", "c"), ("a", "c"),
                                                                                            None)], [True, True, False, False])
    expect("invalid", state(state="invalid", zones=("a", "b")), False)
    expect("not let in", state(state="established", zones=("a", "b"), is_allowed=False), False)
    ping = {"ip": packet("fd00::1", "fd00::2", "icmpv6", 128, 0), "dl_dst": "02:00:00:00:00:09"}
    taken_back = [passes(lambda fate: (fate.passes, fate.opens_session), **ping, session=Session(
        state="established", is_reply=reply, zones=("a", "c"), is_allowed=False))[3] for reply in (False, True)]
    expect("taken back: judged anew, but no answer", taken_back, [(True, True), (False, False)])
    expect("its second packet", state(zones=("a", "b")), True)
    fragments = [passes(lambda fate: fate.passes, fragment=fragment, flags="S")[2] for fragment in ("no", "first")]
    expect("fragments", fragments, [True, False])


def fragments():
    def passing(text, datapath):
        zones = f"zones: {{a: {{ports: [{{name: a1}}]{text}}}, b: {{ports: [{{name: b1}}]}}}}"
        switch = Switch(policy.read(f"version: 1\n{zones}\ndefaults: {{action: allow}}\n"), PORTS, datapath)
        frame = Frame(port=PORTS[0], dl_dst=PORTS[1].mac, ip=packet("10.0.0.1", "10.0.0.2", "tcp", 80), fragment="later",
                      flags="", session=Session(state="established", zones=("a", "b")))
        return [fate.passes for fate in switch.fates(frame).values()]

    expect("by the datapath", [passing("", datapath) for datapath in ("netdev", "system")], [[], [True]])
    expect("allow", passing(", fragments: allow", "netdev"), [True])
    expect("deny", passing(", fragments: deny", "system"), [])


def pickup():
    for text, expected in ("strict", {"S"}), ("loose", {"S", "A", "PA", "FA"}):
        read = policy.read("version: 1\nzones: {a: {ports: [{name: a1}]}, b: {ports: [{name: b1}]}}\n"
                           "rules: [{from: a, to: b, service: tcp/80, action: allow}]\n"
                           f"defaults: {{pickup: {text}}}\n")
        switch = Switch(read, PORTS)
        for flags in ("S", "A", "PA", "FA", "SA", "R", "RA", "F", ""):
            for source_port, to, l4, is_allowed in [(PORTS[0], PORTS[1], (9, 80), True), (PORTS[1], PORTS[0], (80, 9), False)]:
                fate = switch.fates(Frame(source_port, to.mac, ip=packet("10.0.0.1", "10.0.0.2", "tcp", *l4), flags=flags))[to.number]
                expect(f"{flags}, {text}", (fate.verdict is not None, fate.passes, fate.opens_session),
                       (flags in expected, *[is_allowed and flags in expected] * 2))


def ether_types():
    text = rules('from: a, to: b, service: ["ethertype/0x8892,0x88F7", tcp/80], action: allow, log: session',
                 "from: any, to: any, service: ethertype/0x8892, action: deny", "from: any, to: any, action: allow",
                 zones="a: {ports: [{name: a1}]}, b: {ports: [{name: b1}]}, c: {ports: [{name: c1}]}, "
                       'near: {behind: a, addresses: ["0.0.0.0/0"]}')
    switch = Switch(policy.read(text + "defaults: {action: allow}\n"), PORTS)
    for source_port, ether_type, expected in [(0, 0x8892, (True, 1, True)), (0, 0x88f7, (True, 1, True)),
                                              (1, 0x8892, (False, 2, True)), (1, 0x88f7, (False, None, None)),
                                              (0, 0x88f6, (False, None, None))]:
        frame = Frame(PORTS[source_port], "ff:ff:ff:ff:ff:ff", kind="other", ether_type=ether_type)
        fate = switch.fates(frame)[2 - source_port]
        expect(f"{ether_type:#x}", (fate.passes, fate.verdict and fate.verdict.rule, fate.verdict and fate.verdict.logs), expected)
        expect("no session", fate.opens_session, False)
    frame = Frame(PORTS[0], PORTS[1].mac, ip=packet("10.0.0.1", "10.0.0.2", "tcp", 80))
    expect("IP passes by the other item, and by any", [f.verdict.rule for f in switch.fates(frame).values()], [3])


GUARDED = """
version: 1
zones:
  vm:
    ports: [{name: "vm*"}, {name: vm2, vlans: 7, macs: "52:54:00:00:00:0A", addresses: "fd00::7"}]
    guard: GUARD
  up: {ports: [{name: up0}]}
rules: [{from: any, to: any, action: allow}]
"""
OWN, OTHER = "52:54:00:00:00:02", "52:54:00:00:00:03"


def guarded(guard_text, **changes):
    """Whether what vm2 says comes to up0."""
    ids = {"attached-mac": OWN, "attached-ips": "10.0.0.2, fd00::2"}
    ports = [Port(1, "vm1"), Port(2, "vm2", external_ids=ids), Port(3, "up0"), Port(4, "vm4", external_ids={"attached-mac": OTHER})]
    switch = Switch(policy.read(GUARDED.replace("GUARD", guard_text)), ports)
    frame = Frame(**({"port": ports[1], "dl_src": OWN, "dl_dst": "ff:ff:ff:ff:ff:ff", "ttl": 255} | changes))
    fates = switch.fates(frame)
    return 3 in fates and fates[3].passes


def address(text):
    return ipaddress.ip_address(text)


def guard_of_macs():
    mine = packet("10.0.0.2", "10.0.0.9", "gre")
    for source_mac, true, no_mac in [(OWN, True, True), (OTHER, False, True), ("52:54:00:00:00:0a", True, True)]:
        expect(f"from {source_mac}", [guarded(text, dl_src=source_mac, ip=mine) for text in ("true", "{mac: false}", "false")],
               [true, no_mac, True])
    for mac, true in [(OWN, True), (OTHER, False), ("52:54:00:00:00:0a", True), (None, True)]:
        said = {"ip": packet("fd00::2", "ff02::1", "icmpv6", 135, 0), "nd_mac": mac}
        expect(f"option {mac}", [guarded(text, **said) for text in ("{}", "{mac: false}")], [true, True])
        said = {"ip": None, "kind": "arp", "arp_ip": address("10.0.0.2"), "arp_mac": mac}
        if mac:
            expect(f"ARP of {mac}", [guarded(text, **said) for text in ("{}", "{mac: false}")], [true, True])
    expect("no other code", guarded("true", ip=packet("fd00::2", "ff02::1", "icmpv6", 135, 1)), False)


def guard_of_addresses():
    for source_ip, true in [("10.0.0.2", True), ("10.0.0.3", False), ("fd00::2", True), ("fd00::7", True), ("fd00::3", False),
                            ("fe80::5054:ff:fe00:2", True), ("fe80::5054:ff:fe00:a", True), ("fe80::5054:ff:fe00:3", False)]:
        mine = packet(source_ip, "10.0.0.9" if "." in source_ip else "fd00::9", "gre")
        expect(f"from {source_ip}", [guarded(text, ip=mine) for text in ("true", "{ip: false}")], [true, True])
    for sender, true in [("10.0.0.2", True), ("10.0.0.3", False), ("0.0.0.0", True)]:
        said = {"ip": None, "kind": "arp", "arp_ip": address(sender), "arp_mac": OWN}
        expect(f"ARP of {sender}", [guarded(text, **said) for text in ("true", "{ip: false}")], [true, True])
    for kind, source_ip, target, true in [
            (136, "fd00::2", "fd00::2", True), (136, "fd00::2", "fd00::3", False), (135, "fd00::2", "fd00::3", True),
            (135, "::", "fd00::2", True), (135, "::", "fd00::3", False), (136, "fd00::3", "fd00::2", False)]:
        said = {"ip": packet(source_ip, "ff02::1", "icmpv6", kind, 0), "nd_target": address(target)}
        expect(f"{kind} from {source_ip} about {target}", [guarded(text, **said) for text in ("true", "{ip: false}")], [true, True])
    expect("asks for an address", guarded("true", ip=judge.Packet(address("0.0.0.0"), address("255.255.255.255"), 17, (68, 67))), True)


def guard_of_servers():
    def sent(text, src, proto, *l4, **changes):
        return guarded(text, ip=judge.Packet(address(src), address("10.0.0.9" if "." in src else "fd00::9"), PROTO[proto], l4), **changes)

    for src, proto, *l4, free in [("10.0.0.2", "udp", 67, 9, "dhcp-server"), ("10.0.0.2", "udp", 9, 68, "dhcp-server"),
                                  ("fd00::2", "udp", 547, 9, "dhcp-server"), ("fd00::2", "udp", 9, 546, "dhcp-server"),
                                  ("10.0.0.2", "icmp", 5, 1, "router"), ("10.0.0.2", "icmp", 9, 0, "router"),
                                  ("fd00::2", "icmpv6", 134, 0, "router"), ("fd00::2", "icmpv6", 137, 0, "router")]:
        for text in "dhcp-server", "router":
            expect(f"{proto} {l4} with {text}", sent(f"{{{text}: allow}}", src, proto, *l4), text == free)
    for src, *l4 in ("10.0.0.2", 68, 67), ("10.0.0.2", 547, 9), ("fd00::2", 67, 68), ("fd00::2", 546, 547):
        expect(f"no server: {l4}", sent("true", src, "udp", *l4), True)


def guard_of_headers():
    def sent(text, src, proto, l4=(0, 0), **changes):
        return guarded(text, ip=judge.Packet(address(src), address("10.0.0.9" if "." in src else "fd00::9"), PROTO[proto], l4),
                       **({"dl_dst": "52:54:00:00:00:09"} | changes))

    every = "true", "{dhcp-server: allow}", "{router: allow}", "{router: allow, mac: false, ip: false}"
    for src, proto, passes in [("10.0.0.2", "udp", [False, True, False, False]), ("fd00::2", "udp", [False, True, False, False]),
                               ("fd00::2", "icmpv6", [False, False, False, True]), ("10.0.0.2", "icmp", [True] * 4),
                               ("10.0.0.2", "tcp", [True] * 4)]:
        expect(f"{proto} from {src} without its header", [sent(text, src, proto) for text in every], passes)
        expect(f"{proto} from {src} with one", [sent(text, src, proto, (0, 1)) for text in every], [True] * 4)
    to_all = [sent(text, "10.0.0.2", "icmp", dl_dst="ff:ff:ff:ff:ff:ff") for text in every]
    expect("to all without its header", to_all, [False, False, True, True])


def guard_without_addresses():
    ids = {"attached-mac": OTHER}
    for text, passes_4, passes_1 in [("true", False, False), ("{ip: false}", True, False), ("{ip: false, mac: false}", True, True),
                                     ("false", True, True), ("{mac: false}", False, False)]:
        for of, expected in (Port(4, "vm4", external_ids=ids), passes_4), (Port(1, "vm1"), passes_1):
            found = guarded(text, port=of, dl_src=OTHER, arp_mac=OTHER, arp_ip=address("0.0.0.0"), kind="arp")
            expect(f"{of.name} with {text}", found, expected)
    ports = [Port(1, "vm1"), Port(2, "up0")]
    switch = Switch(policy.read(GUARDED.replace("GUARD", "true")), ports)
    expect("nothing goes there either", switch.fates(Frame(ports[1], "ff:ff:ff:ff:ff:ff", kind="arp")), {})


def land():
    ids = {"attached-mac": OWN, "attached-ips": "10.0.0.2"}
    ports = [Port(2, "vm2", external_ids=ids), Port(3, "up0")]
    for text, src, passes_ in [("true", "10.0.0.2", False), ("true", "10.0.0.3", True), ("{ip: false}", "10.0.0.2", True)]:
        switch = Switch(policy.read(GUARDED.replace("GUARD", text)), ports)
        fate = switch.fates(Frame(ports[1], OWN, ip=packet(src, "10.0.0.2", "udp", 9)))[2]
        expect(f"{src} with {text}", fate.passes, passes_)


def ids():
    expect("as doc/pipeline.md has them", [zone_id(name) for name in ("web", "db", "outside", "office")],
           [0x4b5e57f6, 0x7bdc25d1, 0x31207a20, 0x5cc3f828])


sys.exit(tap.run([
    ("the manual page's example", manual),
    ("the first rule that matches decides", order),
    ("services", services),
    ("source ports", source_ports),
    ("families never meet", families),
    ("zones behind others, by the longest prefix", behind),
    ("zones that are isolated", isolated),
    ("a port's zone", membership),
    ("a port's zone in one VLAN and in another", membership_by_vlan),
    ("several files are one policy", several_files),
    ("VLANs of a port", vlans),
    ("who receives a packet", receivers),
    ("what a session lets pass", sessions),
    ("fragments come in where the zone, or the datapath, has them", fragments),
    ("what opens a TCP session", pickup),
    ("EtherTypes", ether_types),
    ("a guard of MAC addresses", guard_of_macs),
    ("a guard of IP addresses", guard_of_addresses),
    ("a guard against servers and routers", guard_of_servers),
    ("a guard against headers cut short", guard_of_headers),
    ("a guard that has no addresses for a port", guard_without_addresses),
    ("nobody else sends from a receiver's own address", land),
    ("a zone's number", ids),
]))
