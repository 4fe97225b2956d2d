# SPDX-License-Identifier: Apache-2.0
"""judge - which line of a policy decides about a packet between two zones of ports."""

import dataclasses
import ipaddress


@dataclasses.dataclass(frozen=True)
class Packet:
    """An IP packet as a rule sees it.  'l4': source and destination port, or ICMP type and code, else zeros."""
    src: ipaddress.IPv4Address | ipaddress.IPv6Address
    dst: ipaddress.IPv4Address | ipaddress.IPv6Address
    proto: int
    l4: tuple = (0, 0)


@dataclasses.dataclass(frozen=True)
class Verdict:
    """'rule': its number, 0 for the default, None if no rule is asked."""
    action: str  # allow, deny, reject or ask.
    rule: int | None
    logs: bool = False  # Whether the switch itself tells the log.
    otherwise: str | None = None  # What comes of an ask.
    source: str | None = None  # The zones that it was judged between.
    destination: str | None = None

    @property
    def passes(self):
        return (self.otherwise or self.action) == "allow"


NO_ZONE = ISOLATED = Verdict("deny", None)


def is_isolated(policy, source_port_zone, destination_port_zone):
    return source_port_zone == destination_port_zone and policy.zones[source_port_zone].is_isolated


def within(address, network):
    return address.version == network.version and address in network


def zone_of(policy, port_zone, address):
    """The zone of an address at a port: the longest prefix of those behind the port's zone, else that zone itself."""
    found, length = port_zone, -1
    for zone in policy.zones.values():
        if zone.behind == port_zone:
            for network in zone.addresses:
                if within(address, network) and network.prefixlen > length:
                    found, length = zone.name, network.prefixlen
    return found


def among(address, networks):
    return networks is None or any(within(address, network) for network in networks)


def matches(rule, source, destination, packet):
    return ((rule.sources is None or source in rule.sources)
            and (rule.destinations is None or destination in rule.destinations)
            and among(packet.src, rule.from_addresses) and among(packet.dst, rule.to_addresses)
            and (rule.items is None or any(item.matches(packet) for item in rule.items))
            and (rule.from_ports is None or any(low <= packet.l4[0] <= high for low, high in rule.from_ports)))


def logs(action, log):
    """An ask is logged by the slow path, which sees it anyway."""
    return {"allow": log == "session", "deny": log in ("denied", "session"), "reject": log in ("denied", "session"),
            "ask": False}[action]


def judge_other(policy, source, destination, ether_type):
    """What is not IP: the first rule that names its EtherType, or None.  Its zones are those of the ports."""
    for rule in policy.rules:
        if (any(item.ether_type == ether_type for item in rule.items or []) and
                (rule.sources is None or source in rule.sources) and (rule.destinations is None or destination in rule.destinations)):
            return Verdict(rule.action, rule.number, logs(rule.action, rule.log), None, source, destination)
    return None


def judge(policy, source_port_zone, destination_port_zone, packet):
    """The first rule that matches, for a packet from a port in the one zone to a port in the other; None: in none."""
    if source_port_zone is None or destination_port_zone is None:
        return NO_ZONE
    if is_isolated(policy, source_port_zone, destination_port_zone):
        return ISOLATED
    source = zone_of(policy, source_port_zone, packet.src)
    destination = zone_of(policy, destination_port_zone, packet.dst)
    for rule in policy.rules:
        if matches(rule, source, destination, packet):
            return Verdict(rule.action, rule.number, logs(rule.action, rule.log), rule.otherwise, source, destination)
    return Verdict(policy.action, 0, logs(policy.action, policy.log), None, source, destination)
