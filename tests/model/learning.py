# SPDX-License-Identifier: Apache-2.0
"""learning - which addresses guards learn from DHCP and neighbour discovery, after zoneward-policy(5), GUARD, learn.

Leases do not end here, and nobody objects to a probe."""

import dataclasses

from .ports import given

MOST = 16  # Of a port from one source.  What becomes of more is not modelled.


@dataclasses.dataclass(frozen=True)
class Entry:
    number: int  # Of the port.
    segment: int
    source: str  # dhcp, nd.


class Learning:
    def __init__(self, ports):
        self.ports = {port.number: port for port in ports}
        self.entries = {}  # By segment and address.
        self.tell()

    def tell(self):
        """The ports know what is theirs."""
        for port in self.ports.values():
            port.learned = {}
        for (segment, address), entry in self.entries.items():
            self.ports[entry.number].learned.setdefault(segment, set()).add(address)

    def learners(self, switch, source, segment):
        return [port for port in self.ports.values() if source in learned_by(switch, port, segment)]

    def owner(self, switch, segment, address):
        """The port that OVSDB or the policy bind it to, or None."""
        for port in self.ports.values():
            guarded = guarded_zone(switch, port, segment)
            if guarded and address in given(guarded, port)[1]:
                return port
        return None

    def follow(self, switch):
        """What is left under another policy."""
        self.entries = {(segment, address): entry for (segment, address), entry in self.entries.items()
                        if entry.source in learned_by(switch, self.ports[entry.number], segment)
                        and may_learn(switch, self.ports[entry.number], segment, address)
                        and self.owner(switch, segment, address) in (None, self.ports[entry.number])}
        self.tell()

    def add(self, entry, address):
        self.entries[entry.segment, address] = entry
        if list(self.entries.values()).count(entry) > MOST:
            raise OverflowError(f"port {entry.number} has learned too much")
        self.tell()

    def given_by_dhcp(self, switch, segment, port, address):
        """A server that is believed gives it to a host of 'port', which has asked."""
        there = self.entries.get((segment, address))
        if (self.owner(switch, segment, address) is None and (there is None or there.number != port.number)
                and may_learn(switch, port, segment, address)):
            self.add(Entry(port.number, segment, "dhcp"), address)

    def probed(self, switch, segment, port, address):
        if (self.owner(switch, segment, address) is None and (segment, address) not in self.entries
                and may_learn(switch, port, segment, address)):
            self.add(Entry(port.number, segment, "nd"), address)


def guarded_zone(switch, port, segment):
    name = switch.zone(port, segment)
    zone = switch.policy.zones[name] if name else None
    return zone if zone and zone.guard else None


def learned_by(switch, port, segment):
    """What the port's guard learns from in that segment."""
    zone = guarded_zone(switch, port, segment)
    return zone.guard.learns if zone else frozenset()


def may_learn(switch, port, segment, address):
    """Whether the port's guard learns that address, if any."""
    zone = guarded_zone(switch, port, segment)
    return zone.guard.learns_only is None or any(address in network for network in zone.guard.learns_only)
