# SPDX-License-Identifier: Apache-2.0
"""siege - many kinds of first packets at once, all the time, and whether any passes that nothing in force allows.

Every frame is the first of a session of its own, and carries a number.  A world is what may be in force at a time: a policy
and the ports as OVSDB has them.  While one world becomes another both may be: a frame may then arrive where either lets it,
and where both let it, it should."""

import collections
import dataclasses
import ipaddress
import os
import random
import time

from model import policy as model_policy
from model.judge import Packet
from model.ports import Port
from model.switch import TCP, Frame, Switch

from . import frames
from .packets import ICMP, ICMPV6, UDP, UNKNOWN_MAC
from .wires import Wires
from .world import namespace_of

TICK_S = 0.005
PATIENCE_S = 5.0  # What has not arrived by then is lost.
UNDER_WAY_S = 0.5  # What arrives does so by then, while nothing changes.
FIRST_PORT, N_PORTS = 1024, 60000
OWN = ("02:00:00:00:03:", "10.30.0.", "fd00:30::")


def address(number, family):
    return ipaddress.ip_address(f"{OWN[1 if family == 4 else 2]}{number}")


def port(number, name, *vlans, **external_ids):
    external_ids |= {"iface-id": f"id-{name}", "attached-mac": f"{OWN[0]}{number:02x}"}
    return Port(number, name, *vlans, external_ids=external_ids)


class World:
    def __init__(self, text, ports):
        self.ports = ports
        self.switch = Switch(model_policy.read(text), ports, os.environ["ZW_DATAPATH"])
        self.outcomes = {}

    def outcome(self, kind):
        """For a frame of this kind: where it may arrive, {(name of a port, tag)}, and where it must."""
        if kind not in self.outcomes:
            frame = kind.at(self.ports)
            segment = frame.port.segment_of(frame.vid)
            fates = self.switch.fates(frame)
            to = {(of.name, of.tag_of(segment)): fates[of.number] for of in self.ports
                  if of.number in fates and fates[of.number].passes}
            must = {where for where, fate in to.items() if not (fate.verdict and fate.verdict.action == "ask")}
            self.outcomes[kind] = set(to), must
        return self.outcomes[kind]


@dataclasses.dataclass(frozen=True)
class Kind:
    """What every frame of one kind has in common.  'source' and 'target' are names of ports; target None: nobody known."""
    source: str
    target: str | None
    proto: int
    l4: tuple
    flags: str = "S"
    family: int = 4
    vid: int = 0

    def at(self, ports, number=0):
        by_name = {of.name: of for of in ports}
        source, target = by_name[self.source], by_name.get(self.target)
        l4 = self.l4 if self.proto in (ICMP, ICMPV6) else (FIRST_PORT + number % N_PORTS, self.l4[1])
        dst = address(target.number if target else 250, self.family)
        return Frame(source, target.mac if target else UNKNOWN_MAC, self.vid, dl_src=source.mac, flags=self.flags,
                     ip=Packet(address(source.number, self.family), dst, self.proto, l4))


def kinds_between(names):
    """Sessions of every pair of ports, and what is none."""
    for source in names:
        for target in [*names, None]:
            if source == target:
                continue
            yield from (Kind(source, target, UDP, (0, 53), family=family) for family in (4, 6))
            yield Kind(source, target, TCP, (0, 80))
            yield Kind(source, target, TCP, (0, 22))
            yield Kind(source, target, TCP, (0, 80), "A")
            yield Kind(source, target, ICMP, (8, 0))


class Era:
    """From one word about what is in force to the next."""

    def __init__(self, name, worlds):
        self.name, self.worlds = name, worlds
        self.n_sent = self.n_due = self.n_arrived = self.n_lost = self.n_forbidden = self.n_never = 0
        self.first = None

    def may(self, kind):
        return set().union(*(world.outcome(kind)[0] for world in self.worlds))

    def must(self, kind):
        return set.intersection(*(world.outcome(kind)[1] for world in self.worlds))

    def __str__(self):
        said = (f"era={self.name} sent={self.n_sent} never={self.n_never} due={self.n_due} arrived={self.n_arrived} lost={self.n_lost} "
                f"forbidden={self.n_forbidden}")
        return said + (f"\n  the first: {self.first}" if self.first else "")


class Siege:
    def __init__(self, ports, kinds, rate, seed):
        self.wires = Wires({of.number: namespace_of(of) for of in ports})
        self.links = {of.name: of.number for of in ports}  # These stay, whatever number a port is given.
        self.names = {of.number: of.name for of in ports}
        self.kinds, self.rate, self.rng = kinds, rate, random.Random(seed)
        self.number, self.era = 0, None
        self.sent = {}  # By number: (era, kind, bytes, when).
        self.waiting = collections.deque()  # Numbers, the oldest first.
        self.due = {}  # By number: where it must still arrive.

    def send(self):
        kind = self.rng.choice(self.kinds)
        self.number += 1
        frame = kind.at(self.era.worlds[0].ports, self.number)
        data = frames.untagged(frame, self.number, self.number)
        self.sent[self.number] = self.era, kind, data
        if must := self.era.must(kind):
            self.due[self.number] = must
            self.waiting.append((time.monotonic(), self.number))
            self.era.n_due += len(must)
        self.era.n_never += not self.era.may(kind)
        self.era.n_sent += 1
        self.wires.send(self.links[kind.source], frames.tagged(data, kind.vid))

    def arrived(self, where, data):
        number = frames.number_of(data)
        if number is None:
            return
        era, kind, sent = self.sent[number]
        era.n_arrived += 1
        if where not in era.may(kind) or data != sent:
            era.n_forbidden += 1
            era.first = era.first or f"{kind} at {where}"
        self.due.get(number, set()).discard(where)

    def receive(self, timeout_s):
        for number, tag, data in self.wires.received(timeout_s):
            self.arrived((self.names[number], tag), data)

    def give_up(self, before):
        """On what was sent before, and should be there by now."""
        while self.waiting and self.waiting[0][0] < before:
            number = self.waiting.popleft()[1]
            self.sent[number][0].n_lost += len(self.due.pop(number))

    def go_on(self):
        """Sends at the rate, and takes what arrives, for one tick."""
        end = time.monotonic() + TICK_S
        for _ in range(max(1, int(self.rate * TICK_S))):
            self.send()
        self.receive(0)  # Though there may be no time left: what has arrived is not lost.
        while (left := end - time.monotonic()) > 0:
            self.receive(left)
        self.give_up(time.monotonic() - PATIENCE_S)

    def pause(self, seconds):
        """Sends nothing, so that what is under way arrives."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self.receive(left)

    def begin(self, name, worlds):
        self.pause(UNDER_WAY_S)
        self.era = Era(name, worlds)

    def account(self):
        """Of the era, now that all that can arrive has."""
        end = time.monotonic() + PATIENCE_S
        self.pause(UNDER_WAY_S)
        while any(self.due.values()) and time.monotonic() < end:
            self.pause(UNDER_WAY_S)
        self.give_up(time.monotonic())
        return str(self.era)
