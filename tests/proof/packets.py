# SPDX-License-Identifier: Apache-2.0
"""packets - random packets.  Most are made to match a rule at the edge of what it says, and then changed in one thing:
one address, port, type, zone or family beside it.  So a mask, a bound or an order that is wrong by one is met."""

import dataclasses
import ipaddress

from model.guard import BAD_SOURCES
from model.judge import Packet, zone_of
from model.ports import LOCAL, bindings
from model.switch import Frame, Session, zone_id

TCP, UDP, SCTP, ICMP, ICMPV6, NO_NEXT_HEADER, GRE, OSPF = 6, 17, 132, 1, 58, 59, 47, 89
SOMEWHERE = {4: ipaddress.ip_network("0.0.0.0/0"), 6: ipaddress.ip_network("::/0")}
NAMES = {TCP: ("tcp_src", "tcp_dst"), UDP: ("udp_src", "udp_dst"), SCTP: ("sctp_src", "sctp_dst")}
VIDS = [0, 10, 20, 30, 99]
FLAG_SETS = ["S"] * 12 + ["A", "SA", "F", "FA", "R", "PA", "SF", "SR", "P", "RA", ""]
FLAG_NAMES = {"F": "fin", "S": "syn", "R": "rst", "P": "psh", "A": "ack"}
UNKNOWN_MAC, GROUP_MACS = "02:00:00:00:09:09", ["ff:ff:ff:ff:ff:ff", "01:00:5e:00:00:05", "33:33:00:00:00:05"]
OWN_MAC, SOMEBODY = "02:00:00:00:02:01", {4: ipaddress.ip_address("10.0.0.1"), 6: ipaddress.ip_address("fd00::1")}
# What servers and routers say, and what is much like it.
SERVERS = {4: [(UDP, (67, 68)), (UDP, (67, 9)), (UDP, (9, 68)), (UDP, (68, 67)), (UDP, (66, 69)), (UDP, (547, 546)), (ICMP, (5, 1)),
               (ICMP, (9, 0)), (ICMP, (10, 0)), (ICMP, (4, 0))],
           6: [(UDP, (547, 546)), (UDP, (547, 9)), (UDP, (9, 546)), (UDP, (546, 547)), (UDP, (67, 68)), (ICMPV6, (134, 0)),
               (ICMPV6, (137, 0)), (ICMPV6, (138, 0)), (ICMPV6, (133, 0)), (ICMPV6, (134, 1))]}
LABEL_ALLOWED, LABEL_RULE, LABEL_VERSION, LABEL_SRC, LABEL_DST = 1 << 0, 8, 32, 64, 96


def address_at_edge(rng, network):
    """The first, second, last or any address of a network."""
    last = network.num_addresses - 1
    return network[rng.choice([0, min(1, last), last, max(0, last - 1), rng.randint(0, last)])]


def beside(rng, network):
    """One address before or after a network, or, where there is none, any."""
    before, after = int(network.network_address) - 1, int(network.broadcast_address) + 1
    found = [n for n in (before, after) if 0 <= n < 1 << network.max_prefixlen]
    kind = type(network.network_address)
    return kind(rng.choice(found)) if found else address_at_edge(rng, network)


def changed_bit(rng, address):
    return type(address)(int(address) ^ 1 << rng.randrange(address.max_prefixlen))


class Packets:
    """Of one policy on one switch."""

    def __init__(self, rng, switch):
        self.rng, self.switch, self.policy = rng, switch, switch.policy
        self.zones = {p.number: {switch.zone(p, vid) for vid in VIDS if p.carries(vid)} for p in switch.ports}
        self.networks = {4: [SOMEWHERE[4]], 6: [SOMEWHERE[6]]}
        lists = [zone.addresses for zone in self.policy.zones.values()]
        lists += [some for rule in self.policy.rules for some in (rule.from_addresses, rule.to_addresses) if some]
        for network in {network for some in lists for network in some}:
            self.networks[network.version].append(network)
        for family in self.networks.values():
            family.sort()
        self.items = [item for rule in self.policy.rules for item in rule.items or [] if item.proto is not None]
        self.ether_types = [item.ether_type for rule in self.policy.rules for item in rule.items or [] if item.proto is None]

    # --- What a rule asks for.

    def end(self, zones, networks, family):
        """A port and an address for a rule's one side: of one of its zones, and among its addresses."""
        rng = self.rng
        names = sorted(self.policy.zones) if zones is None else sorted(zones)
        zone = self.policy.zones[rng.choice(names)]
        base = zone.behind or zone.name
        ports = [p for p in self.switch.ports if base in self.zones[p.number]] or self.switch.ports
        fit = [n for n in networks or zone.addresses or self.networks[family] if n.version == family]
        if networks and zone.addresses and rng.random() < 0.5:  # Both at once: a zone's network within the rule's.
            fit = [n for n in zone.addresses if n.version == family
                   and any(n.version == m.version and n.subnet_of(m) for m in networks)] or fit
        return rng.choice(ports), address_at_edge(rng, rng.choice(fit or [SOMEWHERE[family]]))

    def l4_of(self, item):
        """What a rule's item asks for, at an edge of it: protocol, and ports or type and code."""
        rng = self.rng
        if item.proto in (ICMP, ICMPV6):
            type_ = rng.choice([8, 3, 128, 1, 133, 135, 200]) if item.low is None else item.low
            return item.proto, (type_, rng.choice([0, 4]) if item.code is None else item.code)
        if item.proto in NAMES:
            low, high = (0, 65535) if item.low is None else (item.low, item.high)
            return item.proto, (rng.randrange(65536), rng.choice([low, high, rng.randint(low, high)]))
        return item.proto, (0, 0)

    def any_l4(self, family):
        rng = self.rng
        proto = rng.choice([TCP, TCP, TCP, UDP, UDP, SCTP, ICMP if family == 4 else ICMPV6, GRE, OSPF, NO_NEXT_HEADER,
                            255])
        if proto in (ICMP, ICMPV6):
            return proto, rng.choice([(8, 0), (3, 4), (128, 0), (1, 4), (133, 0), (129, 0), (200, 3), (135, 0), (136, 0),
                                      (136, 1), (143, 0), (0, 0)])
        return proto, (rng.randrange(65536), rng.choice([0, 53, 80, 443, rng.randrange(65536)])) if proto in NAMES else (0, 0)

    def near(self, rule):
        """Ports and a packet that match the rule's parts, as far as one packet can."""
        rng = self.rng
        families = {4, 6}
        for part in rule.from_addresses, rule.to_addresses:
            if part:
                families &= {n.version for n in part}
        items = [item for item in rule.items or [] if item.proto is not None]
        item = rng.choice(items) if items else None
        if item and item.family:
            families &= {item.family}
        family = rng.choice(sorted(families or {4, 6}))
        source, src = self.end(rule.sources, rule.from_addresses, family)
        target, dst = self.end(rule.destinations, rule.to_addresses, family)
        proto, l4 = self.l4_of(item) if item else self.any_l4(family)
        if rule.from_ports:
            l4 = (rng.choice(rng.choice(rule.from_ports)), l4[1])
        return source, target, Packet(src, dst, proto, l4)

    def anything(self):
        rng = self.rng
        family = rng.choice([4, 6])
        src, dst = (address_at_edge(rng, rng.choice(self.networks[family])) for _ in range(2))
        return rng.choice(self.switch.ports), rng.choice(self.switch.ports), Packet(src, dst, *self.any_l4(family))

    # --- One thing changed.

    def other_address(self, address):
        rng = self.rng
        around = [n for n in self.networks[address.version] if address in n]
        return rng.choice([lambda: beside(rng, rng.choice(around)), lambda: changed_bit(rng, address),
                           lambda: address_at_edge(rng, rng.choice(self.networks[address.version]))])()

    def other_l4(self, packet):
        rng = self.rng
        first, second = packet.l4
        if packet.proto in NAMES:
            edges = [edge for item in self.items if item.low is not None and not item.family
                     for edge in (item.low - 1, item.low, item.high, item.high + 1) if 0 <= edge <= 65535]
            bounds = [edge for rule in self.policy.rules for low, high in rule.from_ports or []
                      for edge in (low - 1, low, high, high + 1) if 0 <= edge <= 65535]
            if bounds and rng.random() < 0.4:
                return packet.proto, (rng.choice(bounds), second)
            second = rng.choice([min(second + 1, 65535), max(second - 1, 0), second ^ 1 << rng.randrange(16)]
                                + ([rng.choice(edges)] * 2 if edges else []))
            return packet.proto, (first, second)
        if packet.proto in (ICMP, ICMPV6):
            return packet.proto, rng.choice([((first + 1) % 256, second), (first, (second + 1) % 256),
                                             ((first - 1) % 256, second)])
        return self.any_l4(packet.src.version)

    def other_proto(self, packet):
        rng = self.rng
        if packet.proto in NAMES:
            return rng.choice([TCP, UDP, SCTP]), packet.l4
        return rng.choice([item.proto for item in self.items] + [TCP, GRE]), (0, 0)

    def change(self, source, target, packet):
        what = self.rng.choice(["source", "target", "src", "dst", "l4", "l4", "proto"])
        if what == "source":
            source = self.rng.choice(self.switch.ports)
        elif what == "target":
            target = self.rng.choice(self.switch.ports)
        elif what in ("src", "dst"):
            packet = dataclasses.replace(packet, **{what: self.other_address(getattr(packet, what))})
        else:
            proto, l4 = (self.other_l4 if what == "l4" else self.other_proto)(packet)
            packet = dataclasses.replace(packet, proto=proto, l4=l4)
        return source, target, packet

    # --- Ethernet and conntrack around it.

    def vid(self, source, target):
        """A tag with which the packet gets to the target's segment, if there is one."""
        vids = [vid for vid in VIDS if (segment := source.segment_of(vid)) is not None
                and target.carries(segment)]
        return self.rng.choice(vids) if vids and self.rng.random() < 0.95 else self.rng.choice(VIDS)

    def session(self, source, target, packet, vid):
        """What conntrack may say of it: mostly the truth, sometimes a session of other zones, or of nobody."""
        rng = self.rng
        state = rng.choice(["new"] * 6 + ["established"] * 3 + ["related", "invalid"])
        reply = state != "new" and rng.random() < 0.5
        segment = source.segment_of(vid)
        zones = [self.switch.zone(port, segment) for port in (source, target)]
        here = [zone_of(self.policy, zone, address) if zone else None
                for zone, address in zip(zones, (packet.src, packet.dst))]
        here = tuple(here[::-1] if reply else here)
        names = sorted(self.policy.zones)
        zones = rng.choice([here, here, here, here[::-1], (here[0], rng.choice(names)), (rng.choice(names), here[1]), None])
        if None in (zones or [None]) or (state == "new" and rng.random() < 0.5):
            zones = None
        return Session(state, reply, zones, rng.random() < 0.8)

    def own(self, port, vid):
        """What a port may say that it is in the segment of this tag, whatever its guard asks for."""
        segment = port.segment_of(vid)
        zone = self.switch.zone(port, segment) if segment is not None else None
        macs, addresses = bindings(self.policy.zones[zone], port, segment) if zone else (set(), set())
        guard = self.policy.zones[zone].guard if zone else None
        return sorted(macs), sorted(addresses, key=lambda address: (address.version, address)), guard

    def honest(self, source, packet, vid):
        """Mostly what a guard lets a port say: who it is, in the headers and in what ARP and neighbour discovery say."""
        rng = self.rng
        macs, addresses, guard = self.own(source, vid)
        said = {"dl_src": rng.choice(macs) if macs else OWN_MAC}
        fit = [address for address in addresses if address.version == packet.src.version]
        if guard and guard.ip and fit and rng.random() < 0.85:
            packet = dataclasses.replace(packet, src=rng.choice(fit))
        if guard and rng.random() < 0.06:
            proto, l4 = rng.choice(SERVERS[packet.src.version])
            packet = dataclasses.replace(packet, proto=proto, l4=l4)
        said["arp_mac"] = said["dl_src"]
        for key, version in ("arp_ip", 4), ("nd_target", 6):
            fit = [address for address in addresses if address.version == version]
            said[key] = rng.choice(fit) if fit else SOMEBODY[version]
        said["nd_mac"] = rng.choice([None, said["dl_src"]])
        is_nd = packet.proto == ICMPV6 and packet.l4[0] in (135, 136)
        if rng.random() < (0.4 if is_nd else 0.05):
            said |= self.lie(["nd_target", "nd_mac"] if is_nd else ["dl_src"])
        return said, packet

    def lie(self, of):
        rng = self.rng
        other = rng.choice([port.mac for port in self.switch.ports if port.mac] + [OWN_MAC, UNKNOWN_MAC])
        what = rng.choice(of)
        if what in ("arp_ip", "nd_target"):
            family = 4 if what == "arp_ip" else 6
            networks = self.networks[family] + [bad for bad in BAD_SOURCES if bad.version == family]
            address = address_at_edge(rng, rng.choice(networks))
            return {what: address if family == 4 or int(address) else SOMEBODY[6]}  # Target :: is one that OVS could not read.
        return {what: "03:00:00:00:00:01" if what == "arp_mac" and rng.random() < 0.2 else other}

    def frame(self):
        rng = self.rng
        rules = self.policy.rules
        source, target, packet = self.near(rng.choice(rules)) if rules and rng.random() < 0.85 else self.anything()
        for _ in range(rng.choice([0, 1, 1, 1, 2])):
            source, target, packet = self.change(source, target, packet)
        mac = rng.choice([target.mac or UNKNOWN_MAC] * 14 + [rng.choice(GROUP_MACS)] * 2 + [UNKNOWN_MAC])
        vid = self.vid(source, target)
        said, packet = self.honest(source, packet, vid)
        frame = Frame(source, mac, vid, **said, ip=packet, flags=rng.choice(FLAG_SETS), ttl=rng.choice([64, 255]),
                      session=self.session(source, target, packet, vid))
        if frame.session.state == "related" and packet.src.version == 4 and rng.random() < 0.3:
            frame = dataclasses.replace(frame, ip=dataclasses.replace(packet, proto=ICMP, l4=(5, 1)))  # A redirect.
        odd = rng.random()
        if odd < (0.1 if self.ether_types else 0.07):
            lie = self.lie(["arp_mac", "arp_ip"]) if rng.random() < 0.5 else {}
            return dataclasses.replace(frame, **lie, kind=rng.choice(["arp", "other", "other"] if self.ether_types else ["arp", "arp", "arp", "other"]),
                                       ether_type=rng.choice(self.ether_types + [0x8892, 0x88f6]), ip=None, session=Session())
        if odd < 0.13:
            fragment = rng.choice(["first", "later"])
            inner = packet if fragment == "first" else dataclasses.replace(packet, l4=(0, 0))
            return dataclasses.replace(frame, fragment=fragment, ip=inner)
        if odd < 0.14:
            return dataclasses.replace(frame, dl_dst="01:80:c2:00:00:0" + rng.choice("03ef"))
        if odd < 0.15:
            return dataclasses.replace(frame, dl_src="03:00:00:00:00:01")
        return frame


def label(session):
    """A session's label; by which rule it was let in does not matter to a packet."""
    return (LABEL_ALLOWED * session.is_allowed | 0x2a << LABEL_RULE | 1 << LABEL_VERSION
            | zone_id(session.zones[0]) << LABEL_SRC | zone_id(session.zones[1]) << LABEL_DST)


def l4_fields(frame):
    packet = frame.ip
    if frame.fragment == "later":
        return []
    names = NAMES.get(packet.proto, ())
    if (packet.proto, packet.src.version) in ((ICMP, 4), (ICMPV6, 6)):
        names = ("icmp_type", "icmp_code") if packet.proto == ICMP else ("icmpv6_type", "icmpv6_code")
    fields = [f"{name}={value}" for name, value in zip(names, packet.l4)]
    if packet.proto == ICMPV6 and packet.src.version == 6 and packet.l4 in ((135, 0), (136, 0)):
        fields.append(f"nd_target={frame.nd_target}")
        if frame.nd_mac:
            fields.append(f"nd_{'sll' if packet.l4[0] == 135 else 'tll'}={frame.nd_mac}")
    if packet.proto == TCP:
        fields.append("tcp_flags=" + ("|".join(FLAG_NAMES[flag] for flag in frame.flags) or "0"))
    return fields


def trace_flow(frame):
    """The packet as ofproto/trace wants it."""
    in_port = "LOCAL" if frame.port.number == LOCAL else frame.port.number
    fields = [f"in_port={in_port}", f"dl_src={frame.dl_src}", f"dl_dst={frame.dl_dst}"]
    if frame.vid:
        fields += [f"dl_vlan={frame.vid}", "dl_vlan_pcp=0"]
    if frame.kind == "arp":
        return ",".join([*fields, "arp", "arp_op=1", f"arp_sha={frame.arp_mac}", f"arp_spa={frame.arp_ip}", "arp_tpa=10.0.0.2"])
    if frame.kind == "other":
        return ",".join([*fields, f"dl_type={frame.ether_type:#06x}"])
    packet, is_v4 = frame.ip, frame.ip.src.version == 4
    if frame.session.zones:
        fields.append(f"ct_label={label(frame.session):#x}")
    fields += ["ip" if is_v4 else "ipv6", f"nw_proto={packet.proto}", f"nw_ttl={frame.ttl}"]
    fields += [f"{'nw' if is_v4 else 'ipv6'}_{end}={address}" for end, address in (("src", packet.src), ("dst", packet.dst))]
    if frame.fragment != "no":
        fields.append(f"nw_frag={frame.fragment}")
    return ",".join(fields + l4_fields(frame))


def ct_state(session):
    words = {"new": "new", "established": "est", "related": "rel", "invalid": "inv"}[session.state]
    return "trk," + words + (",rpl" if session.is_reply and session.state != "invalid" else "")
