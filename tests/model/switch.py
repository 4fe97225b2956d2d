# SPDX-License-Identifier: Apache-2.0
"""switch - what becomes of a packet at a managed bridge: where it goes, and whether its session or a rule lets it.

After zoneward-policy(5) for what is allowed, and the words of doc/pipeline.md for what a firewall does with the rest:
who receives it, what never passes, what needs a session."""

import dataclasses
import hashlib
import ipaddress

from . import guard, judge
from .ports import zone_of_port

ICMP, TCP, UDP, ICMPV6, NO_NEXT_HEADER, SCTP = 1, 6, 17, 58, 59, 132
REDIRECT = ICMP, 5  # To conntrack an error.
# Neighbour discovery on its own link passes as ARP does.  These, and neighbour discovery that came through a router, no
# session can be made of: a rule judges each of them.
ND = {(135, 0), (136, 0)}
UNTRACKED_ICMPV6 = {130, 131, 132, 133, 134, 135, 136, 137, 143}
LINK_LOCAL = "01:80:c2:00:00:0"  # Addresses that no bridge forwards, but for the last digit.


@dataclasses.dataclass(frozen=True)
class Session:
    """What conntrack says of a packet.  'state': new, established, related or invalid.  'zones': the label's, None: it has
    no label of ours.  'is_allowed': the label says that the session was let in between them."""
    state: str = "new"
    is_reply: bool = False
    zones: tuple | None = None
    is_allowed: bool = True


@dataclasses.dataclass(frozen=True)
class Frame:
    """'ip' None: not IP.  'fragment': no, first or later.  'flags': of TCP, as in "S", "SA"."""
    port: object
    dl_dst: str
    vid: int = 0
    kind: str = "ip"  # ip, arp, or other.
    ether_type: int = 0x8892  # Of what is other.
    dl_src: str = "02:00:00:00:02:01"
    ip: judge.Packet | None = None
    flags: str = "S"
    ttl: int = 64
    fragment: str = "no"
    arp_mac: str = "02:00:00:00:02:01"  # What it says that its sender has.
    arp_ip: ipaddress.IPv4Address = ipaddress.ip_address("10.0.0.1")
    nd_target: ipaddress.IPv6Address = ipaddress.ip_address("fd00::1")  # Of a solicitation or advertisement.
    nd_mac: str | None = None  # In its option, if it has one: of the source or the target.
    session: Session = Session()

    @property
    def is_group(self):
        return guard.is_group(self.dl_dst)


@dataclasses.dataclass(frozen=True)
class Fate:
    """What becomes of one copy.  'verdict' None: no rule was asked."""
    passes: bool
    verdict: judge.Verdict | None = None
    opens_session: bool = False


BAD_DESTINATIONS = [ipaddress.ip_network(text) for text in ("0.0.0.0/8", "127.0.0.0/8", "240.0.0.0/4", "::/16")]
N_SEGMENTS = 4096
BROADCAST = ipaddress.ip_address("255.255.255.255")
DROPPED, PASSED = Fate(False), Fate(True)


def zone_id(name):
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:4], "big")


def is_nowhere(dst):
    """Whether no host has the address."""
    return dst != BROADCAST and any(judge.within(dst, network) for network in BAD_DESTINATIONS)


class Switch:
    def __init__(self, policy, ports, datapath="netdev"):
        self.policy, self.ports, self.datapath = policy, ports, datapath
        self.zones = {}
        self.learned = {}  # Ports by segment and address.

    def zone(self, port, segment):
        """Of 'port' in this segment, or None."""
        key = port.number, segment
        if key not in self.zones:
            self.zones[key] = zone_of_port(self.policy, port, segment) if port.carries(segment) else None
        return self.zones[key]

    def is_anywhere(self, port):
        """Whether it has a zone in some segment."""
        return any(self.zone(port, segment) for segment in range(N_SEGMENTS))

    def zones_of(self, frame, receiver):
        """The zones of the ports that it comes from and goes to."""
        segment = frame.port.segment_of(frame.vid)
        return self.zone(frame.port, segment), self.zone(receiver, segment)

    def is_closed(self, port, segment):
        """Whether nothing passes the port, neither in nor out, because a guard has no addresses for it.  Where it is, and
        what may be behind it, is as known as ever."""
        return guard.is_closed(self.policy.zones[self.zone(port, segment)], port)

    def is_dropped_at_once(self, frame):
        """Whatever it is for: it comes in where it must not, is not honest, or for bridges only."""
        segment = frame.port.segment_of(frame.vid)
        zone = None if segment is None else self.zone(frame.port, segment)
        return (zone is None or self.is_closed(frame.port, segment) or guard.is_group(frame.dl_src)
                or frame.dl_dst.startswith(LINK_LOCAL) or not guard.is_honest(frame)
                or frame.fragment != "no" and not self.lets_fragments_in(zone)
                or not guard.lets_pass(self.policy.zones[zone], frame))

    def lets_fragments_in(self, zone):
        return (self.policy.zones[zone].fragments or ("deny" if self.datapath == "netdev" else "allow")) == "allow"

    def learn(self, frame):
        """A sender's address is remembered, unless OVSDB says which is behind its port."""
        if not frame.port.mac and not self.is_dropped_at_once(frame):
            self.learned[frame.port.segment_of(frame.vid), frame.dl_src] = frame.port

    def remember(self, learned):
        """What was learned under another policy.  A port that is in no zone at all has been forgotten."""
        self.learned = {where: port for where, port in learned.items()
                        if any(self.zone(port, segment) for segment in range(N_SEGMENTS))}

    def receivers(self, frame):
        """The ports that may get it, and whether it is sure that the one that it is for is among them."""
        if self.is_dropped_at_once(frame):
            return [], True
        segment = frame.port.segment_of(frame.vid)
        able = [port for port in self.ports if self.zone(port, segment)]
        known = [port for port in able if port.mac == frame.dl_dst]
        if not known and any(port.mac == frame.dl_dst and port.carries(segment) and not self.is_anywhere(port) for port in self.ports):
            return [], True  # It is there, and gets nothing.
        if not known and (segment, frame.dl_dst) in self.learned:
            known = [self.learned[segment, frame.dl_dst]]  # Where it is, it is, and if nothing gets in there.
        if known:
            return [port for port in known if port is not frame.port and port in able], True
        return [port for port in able if port is not frame.port], frame.is_group

    def may_open(self, frame, receiver, is_sure):
        """A copy for a port that is likely not the receiver's opens no session: its answer would not fit."""
        if is_sure:
            return True
        segment = frame.port.segment_of(frame.vid)
        free = [port for port in self.ports if self.zone(port, segment) and not port.mac
                and port is not frame.port]
        return [receiver] == free

    def between(self, frame, receiver):
        source, destination = self.zones_of(frame, receiver)
        return judge.zone_of(self.policy, source, frame.ip.src), judge.zone_of(self.policy, destination, frame.ip.dst)

    def is_of_session(self, frame, receiver):
        """Whether a session that was let in, between these very zones, lets the packet pass."""
        session, zones = frame.session, self.between(frame, receiver)
        if session.zones is None or not session.is_allowed:
            return False
        if session.state == "related" and (frame.ip.proto, frame.ip.l4[0]) == REDIRECT:
            return False
        if session.state == "related":
            return zones[1] in session.zones
        return zones == (session.zones[::-1] if session.is_reply else session.zones)

    def is_second_syn(self, frame, receiver):
        """Of a session that both ends begin: new to the userspace datapath's conntrack, though it has the first one's label."""
        session = frame.session
        return (session.state == "new" and session.is_allowed and frame.ip.proto == TCP and frame.flags == "S"
                and frame.fragment != "later" and session.zones == self.between(frame, receiver)[::-1])

    def was_taken_back(self, frame):
        """A session of ICMPv6 that a policy ended: conntrack has it still, but it opens anew."""
        session = frame.session
        return (frame.ip.proto == ICMPV6 and frame.ip.src.version == 6 and not session.is_reply
                and session.state == "established" and (session.zones is None or not session.is_allowed))

    def is_broken(self, frame):
        """What goes to several receivers and conntrack calls invalid, though it knows the protocol: its header is not all there."""
        type_0 = frame.ip.proto == (ICMP if frame.ip.src.version == 4 else ICMPV6) and frame.ip.l4 == (0, 0)
        return frame.session.state == "invalid" and (frame.ip.proto in (UDP, SCTP) or type_0)

    def begins(self, flags):
        """Whether a TCP packet with these flags may open a session."""
        return flags == "S" or self.policy.picks_up and "A" in flags and not {"S", "R"} & set(flags)

    def judged(self, frame, receiver, opens):
        """By the rules, as the first packet of a session or by itself."""
        source, destination = self.zones_of(frame, receiver)
        if frame.fragment != "no" or is_nowhere(frame.ip.dst):
            return DROPPED
        if guard.is_own(self.policy.zones[destination], receiver, frame.port.segment_of(frame.vid), frame.ip.src):
            return DROPPED
        verdict = judge.judge(self.policy, source, destination, frame.ip)
        return Fate(verdict.passes, verdict, opens and verdict.passes)

    def fate(self, frame, receiver, is_sure):
        if judge.is_isolated(self.policy, *self.zones_of(frame, receiver)):
            return DROPPED  # Whatever it is, ARP too.
        if frame.kind == "arp":
            return PASSED
        if frame.kind != "ip":
            verdict = judge.judge_other(self.policy, *self.zones_of(frame, receiver), frame.ether_type)
            return Fate(verdict.passes, verdict) if verdict else DROPPED
        if frame.ip.proto == ICMPV6 and frame.fragment != "later" and frame.ip.src.version == 6:
            if frame.ip.l4 in ND and frame.ttl == 255 and frame.fragment == "no":
                return PASSED
            if frame.ip.l4[0] in UNTRACKED_ICMPV6:
                return self.judged(frame, receiver, False)
        if frame.is_group:
            ends = frame.ip.proto == NO_NEXT_HEADER and frame.ip.src.version == 6
            return DROPPED if frame.ip.proto == TCP or ends or self.is_broken(frame) else self.judged(frame, receiver, False)
        if frame.session.state == "invalid":
            return DROPPED
        if self.is_of_session(frame, receiver):
            return PASSED
        if self.is_second_syn(frame, receiver):
            return DROPPED
        if frame.session.state != "new" and not self.was_taken_back(frame):
            return DROPPED
        if frame.ip.proto == TCP and not self.begins(frame.flags):
            return DROPPED
        return self.judged(frame, receiver, self.may_open(frame, receiver, is_sure))

    def fates(self, frame):
        """What becomes of each copy, by the number of its receiver's port."""
        ports, is_sure = self.receivers(frame)
        segment = frame.port.segment_of(frame.vid)
        return {port.number: self.fate(frame, port, is_sure) for port in ports if not self.is_closed(port, segment)}
