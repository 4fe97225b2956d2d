#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""generate - a policy of any size and a realistic shape, from a seed: the same arguments give the same bytes.

    generate.py --rules N [--members N] [--ports N] [--plain] [--seed N] [--change NAME] DIRECTORY

writes into DIRECTORY
    policy.yaml    the policy
    ports.txt      the VM ports that it is for, as tests/golden/ports-file.h reads them
    packets-PORT   packets that come from this port and meet its rules, as flood's mode 'mix' reads them; for the uplink
                   and a few VMs

The shape: a host whose VMs belong to applications of three tiers, each tier a zone (selected by interface name, by
iface-id or by an external id); an uplink with networks behind it whose prefixes overlap; a few general rules; then
most rules from one zone to another for a service, others with addresses, address sets, ranges of ports, lists of
zones; allow, and some deny and ask; about a third of the addresses is IPv6.  Half of the address-set members are in
one set, a block list that the first rule denies; the others are spread over sixteen sets.

With --plain every rule is one that the simplest list of ACLs could have: from a zone to a zone, one TCP port.

What is made is a Model, which can be changed (see CHANGES) and written again, and which tests/bench/ovn_policy.py
can write for OVN.
"""

import argparse
import copy
import ipaddress
import itertools
import os
import random
from dataclasses import dataclass, field

TIERS = ["web", "app", "db"]
UPLINK = "uplink0"
OUTSIDE = "outside"
BLOCK_LIST = "blocked"
N_SETS = 16
N_PORTS = 64
N_MEMBERS = 200
N_SENDERS = 4  # Ports that packets come from.
N_PACKETS = 2000  # Of each.

# What a rule is like, and how many of a hundred are.
KINDS = {"pair": 44, "inbound": 14, "outbound": 8, "set": 12, "hosts": 8, "range": 6, "lists": 4, "deny": 3, "ask": 1}

SERVICES = {
    "web": ["tcp/80", "tcp/443"],
    "dns": ["udp/53", "tcp/53"],
    "mail": ["tcp/25", "tcp/465", "tcp/587"],
    "monitoring": ["tcp/9090-9099", "udp/161"],
    "directory": ["tcp/389", "tcp/636", "udp/389"],
    "voice": ["udp/5060", "udp/16384-16511"],
    "ping": ["icmp/echo-request", "icmpv6/echo-request"],
}
SINGLE = [22, 25, 80, 123, 443, 1433, 1521, 2049, 3128, 3306, 3389, 5432, 5672, 6379, 8080, 8443, 9000, 9092, 9200]
V4_LENGTHS = {32: 10, 28: 2, 26: 1, 24: 6, 22: 1, 20: 1, 16: 3, 12: 1}
V6_LENGTHS = {128: 8, 64: 6, 56: 2, 48: 3, 40: 1}


@dataclass
class Zone:
    name: str
    selectors: list[str] = field(default_factory=list)
    behind: str = ""
    addresses: list[str] = field(default_factory=list)


@dataclass
class Port:
    name: str
    zone: str
    mac: str
    ipv4: str
    ipv6: str
    external_ids: dict[str, str]


@dataclass
class Rule:
    name: str
    source: list[str]  # Zones; none: any.
    target: list[str]
    service: list[str]  # Items and names of SERVICES; none: any.
    action: str = "allow"
    from_addresses: list[str] = field(default_factory=list)
    to_addresses: list[str] = field(default_factory=list)
    log: str = "none"


@dataclass
class Model:
    zones: list[Zone]
    ports: list[Port]  # The uplink is the first.
    sets: dict[str, list[str]]
    rules: list[Rule]
    seed: int


def choose(rng: random.Random, weights: dict):
    return rng.choices(list(weights), weights=list(weights.values()))[0]


def is_v6(prefix: str) -> bool:
    return ":" in prefix


# --- Addresses.


def prefix_text(version: int, value: int, length: int) -> str:
    if version == 4:
        address, whole = ipaddress.IPv4Address(value >> (32 - length) << (32 - length)), 32
    else:
        address, whole = ipaddress.IPv6Address(value >> (128 - length) << (128 - length)), 128
    return str(address) if length == whole else f"{address}/{length}"


def random_prefix(rng: random.Random, version: int) -> str:
    if version == 4:
        base = rng.choice([10 << 24, 10 << 24, 172 << 24 | 16 << 16, 192 << 24 | 168 << 16, 198 << 24 | 18 << 16])
        free = 24 if base == 10 << 24 else 16
        return prefix_text(4, base | rng.getrandbits(free), choose(rng, V4_LENGTHS))
    return prefix_text(6, 0x20010DB8 << 96 | rng.getrandbits(12) << 80 | rng.getrandbits(80), choose(rng, V6_LENGTHS))


def within(rng: random.Random, prefix: str) -> str:
    """A longer prefix inside 'prefix'; the same if it is one address."""
    network = ipaddress.ip_network(prefix)
    whole = network.max_prefixlen
    if network.prefixlen == whole:
        return prefix
    lengths = [n for n in (V4_LENGTHS if network.version == 4 else V6_LENGTHS) if n > network.prefixlen]
    value = int(network.network_address) | rng.getrandbits(whole - network.prefixlen)
    return prefix_text(network.version, value, rng.choice(lengths))


def random_prefixes(rng: random.Random, n: int, taken: set[str], nested: float = 0.3) -> list[str]:
    """n prefixes that are not in 'taken', which they are added to; some lie within earlier ones."""
    result: list[str] = []
    while len(result) < n:
        if result and rng.random() < nested:
            prefix = within(rng, rng.choice(result))
        else:
            prefix = random_prefix(rng, 6 if rng.random() < 0.3 else 4)
        if prefix not in taken:
            taken.add(prefix)
            result.append(prefix)
    return result


def has_version(prefixes: list[str], version: int) -> bool:
    return any(is_v6(p) == (version == 6) for p in prefixes)


def unlike(rng: random.Random, version: int, taken: set[str]) -> str:
    """A prefix that is not in 'taken', which it is added to."""
    while (prefix := random_prefix(rng, version)) in taken:
        pass
    taken.add(prefix)
    return prefix


# --- Zones, ports, sets.


def make_zones(rng: random.Random, n_ports: int) -> list[Zone]:
    zones = [Zone(OUTSIDE, ['{name: "' + UPLINK + '"}'])]
    taken: set[str] = set()
    for i in range(max(2, n_ports // 8)):
        addresses = random_prefixes(rng, rng.randint(1, 6), taken)
        addresses += [unlike(rng, version, taken) for version in (4, 6) if not has_version(addresses, version)]
        zones.append(Zone(f"site-{i + 1:02d}", behind=OUTSIDE, addresses=addresses))
    for i in range(max(3, (n_ports - 1) // 2)):
        zones.append(Zone(f"{TIERS[i % 3]}-{i // 3 + 1:02d}"))
    return zones


def vm_zones(zones: list[Zone]) -> list[Zone]:
    return [z for z in zones if not z.behind and z.name != OUTSIDE]


def make_port(zones: list[Zone], i: int) -> Port:
    """The i-th VM, from 0; its zone, if it needs that, gets a selector."""
    vms = vm_zones(zones)
    index = i % len(vms)
    zone = vms[index]
    ids = {"iface-id": f"vm-{i + 1:04d}"}
    name = f"vm{i + 1:04d}"
    if index % 3 == 0:
        name = f"{zone.name}-{i + 1:04d}"
        selector = f'{{name: "{zone.name}-*"}}'
    elif index % 3 == 1:
        ids["tier"] = zone.name
        selector = f"{{external-id: tier={zone.name}}}"
    else:
        selector = f"{{iface-id: {ids['iface-id']}}}"
    if selector not in zone.selectors:
        zone.selectors.append(selector)
    low = i + 257
    return Port(name, zone.name, f"02:00:00:01:{low >> 8:02x}:{low & 255:02x}", f"10.20.{low >> 8}.{low & 255}",
                f"fd00:20::{low:x}", ids)


def make_ports(zones: list[Zone], n: int) -> list[Port]:
    uplink = Port(UPLINK, OUTSIDE, "02:00:00:01:00:01", "10.20.0.1", "fd00:20::1", {"iface-id": UPLINK})
    return [uplink] + [make_port(zones, i) for i in range(n - 1)]


def make_sets(rng: random.Random, n_members: int) -> dict[str, list[str]]:
    """No member is in two sets, so that their number is that of the flows that they cause."""
    taken: set[str] = set()
    n_sets = min(N_SETS, n_members // 2)
    sizes = {BLOCK_LIST: n_members - n_members // 2} if n_members else {}
    for i in range(n_sets):
        sizes[f"set-{i + 1:02d}"] = n_members // 2 // n_sets + (i < n_members // 2 % n_sets)
    return {name: random_prefixes(rng, size, taken) for name, size in sizes.items()}


# --- Rules.


class RuleMaker:
    """The next rule is the same however many follow."""

    def __init__(self, rng: random.Random, zones: list[Zone], sets: dict[str, list[str]]):
        self.rng = rng
        self.vms = [z.name for z in vm_zones(zones)]
        self.sites = [z.name for z in zones if z.behind] + [OUTSIDE]
        self.sets = [name for name in sets if name != BLOCK_LIST]
        self.n_sets_used = 0

    def wants_set(self, index: int) -> bool:
        """So that a hundred rules use all sets."""
        return index % 5 == 4 and self.n_sets_used < len(self.sets)

    def service(self) -> list[str]:
        rng = self.rng
        if rng.random() < 0.3:
            return [rng.choice(list(SERVICES))]
        proto = "tcp" if rng.random() < 0.8 else "udp"
        ports = rng.sample(SINGLE, choose(rng, {1: 7, 2: 2, 4: 1}))
        return [f"{proto}/{p if rng.random() < 0.5 else rng.randint(1024, 49151)}" for p in ports]

    def range(self) -> list[str]:
        first = self.rng.randint(1024, 50000)
        return [f"{self.rng.choice(['tcp', 'udp'])}/{first}-{first + self.rng.choice([9, 99, 255, 999, 10000])}"]

    def addresses(self, n: int) -> list[str]:
        return random_prefixes(self.rng, n, set())

    def next_set(self) -> list[str]:
        if not self.sets:
            return self.addresses(2)
        self.n_sets_used += 1
        return [self.sets[(self.n_sets_used - 1) % len(self.sets)]]

    def make(self, kind: str, name: str) -> Rule:
        rng = self.rng
        rule = Rule(name, [rng.choice(self.vms)], [rng.choice(self.vms)], self.service())
        if kind == "inbound":
            rule.source = [rng.choice(self.sites)]
            rule.from_addresses = self.addresses(choose(rng, {0: 4, 1: 4, 3: 2}))
            rule.log = "session"
        elif kind == "outbound":
            rule.target = [rng.choice(self.sites)]
            rule.to_addresses = self.addresses(choose(rng, {1: 5, 2: 3, 6: 2}))
        elif kind == "set" and rng.random() < 0.5:
            rule.source, rule.from_addresses = [OUTSIDE], self.next_set()
        elif kind == "set":
            rule.target, rule.to_addresses = [OUTSIDE], self.next_set()
        elif kind == "hosts":
            rule.from_addresses = self.addresses(rng.randint(1, 3))
            rule.to_addresses = self.addresses(rng.randint(1, 3))
        elif kind == "range":
            rule.service = self.range()
        elif kind == "lists":
            rule.source = rng.sample(self.vms, min(len(self.vms), rng.randint(2, 5)))
            rule.target = rng.sample(self.vms, min(len(self.vms), rng.randint(2, 5)))
        elif kind == "deny":
            rule.action, rule.source, rule.from_addresses = "deny", [], self.addresses(1)
        elif kind == "ask":
            rule.action, rule.target = "ask", [rng.choice(self.sites)]
        return self.mend(rule)

    def mend(self, rule: Rule) -> Rule:
        """Two lists of addresses need a family in common; the service has both or none of its own."""
        if rule.from_addresses and rule.to_addresses:
            version = 6 if is_v6(rule.to_addresses[0]) else 4
            if not has_version(rule.from_addresses, version):
                rule.from_addresses.append(random_prefix(self.rng, version))
        return rule


def general_rules(sets: dict[str, list[str]]) -> list[Rule]:
    """What an administrator puts in front."""
    rules = [
        Rule("ping", [], [], ["ping"]),
        Rule("names", [], [OUTSIDE], ["dns"], to_addresses=["10.0.0.53", "10.0.0.54", "2001:db8::53"]),
        Rule("time", [], [OUTSIDE], ["udp/123"], log="none"),
    ]
    if sets:
        rules.insert(0, Rule("block-list", [OUTSIDE], [], [], "deny", from_addresses=[BLOCK_LIST]))
    return rules


def make_plain(rng: random.Random, zones: list[Zone], n_rules: int) -> list[Rule]:
    """No two are the same."""
    names = [z.name for z in vm_zones(zones)]
    pairs = [(a, b) for a in names for b in names]
    rng.shuffle(pairs)
    rules = []
    for i in range(n_rules):
        source, target = pairs[i % len(pairs)]
        rules.append(Rule(f"r{i + 1:06d}", [source], [target], [f"tcp/{1024 + i // len(pairs)}"]))
    return rules


def make(n_rules: int, n_members: int = N_MEMBERS, n_ports: int = N_PORTS, seed: int = 1, plain: bool = False) -> Model:
    """n_ports counts the uplink."""
    zones = make_zones(random.Random(f"{seed} zones"), n_ports)
    ports = make_ports(zones, n_ports)
    sets = make_sets(random.Random(f"{seed} sets"), n_members)
    rng = random.Random(f"{seed} rules")
    if plain:
        return Model(zones, ports, {}, make_plain(rng, zones, n_rules), seed)
    maker = RuleMaker(rng, zones, sets)
    rules = general_rules(sets)[:n_rules]
    kinds = [kind for kind, n in KINDS.items() for _ in range(n)]
    while len(rules) < n_rules:
        kind = "set" if maker.wants_set(len(rules)) else rng.choice(kinds)
        rules.append(maker.make(kind, f"r{len(rules) + 1:06d}"))
    return Model(zones, ports, sets, rules, seed)


# --- Changes: one step of an administrator.


def new_rule(name: str, model: Model) -> Rule:
    names = [z.name for z in vm_zones(model.zones)]
    return Rule(name, [names[0]], [names[-1]], ["tcp/7777"])


def change_last(model: Model) -> None:
    model.rules.append(new_rule("one-more-at-the-end", model))


def change_middle(model: Model) -> None:
    model.rules.insert(len(model.rules) // 2, new_rule("one-more-in-the-middle", model))


def change_first(model: Model) -> None:
    model.rules.insert(0, new_rule("one-more-in-front", model))


def change_service(model: Model) -> None:
    model.rules[len(model.rules) // 2].service = ["tcp/7778"]


def change_member(model: Model) -> None:
    model.sets[BLOCK_LIST].append("203.0.113.77")


CHANGES = {
    "rule-last": change_last,
    "rule-middle": change_middle,
    "rule-first": change_first,
    "rule-edit": change_service,
    "member": change_member,
}


def changed(model: Model, name: str) -> Model:
    result = copy.copy(model)
    result.rules = list(model.rules)
    if name == "rule-edit":
        result.rules = [copy.copy(r) for r in model.rules]
    result.sets = {key: list(members) for key, members in model.sets.items()}
    CHANGES[name](result)
    return result


# --- The policy file and the ports.


def quoted(items: list[str]) -> str:
    texts = [f'"{i}"' if ":" in i else i for i in items]
    return texts[0] if len(texts) == 1 else "[" + ", ".join(texts) + "]"


def zone_line(zone: Zone) -> str:
    if zone.behind:
        return f"  {zone.name}: {{behind: {zone.behind}, addresses: {quoted(zone.addresses)}}}\n"
    return f"  {zone.name}: {{ports: [{', '.join(zone.selectors)}]}}\n"


def rule_line(rule: Rule) -> str:
    parts = [f"name: {rule.name}", f"from: {quoted(rule.source or ['any'])}", f"to: {quoted(rule.target or ['any'])}"]
    if rule.from_addresses:
        parts.append(f"from-addresses: {quoted(rule.from_addresses)}")
    if rule.to_addresses:
        parts.append(f"to-addresses: {quoted(rule.to_addresses)}")
    if rule.service:
        parts.append(f"service: {quoted(rule.service)}")
    parts.append(f"action: {rule.action}")
    if rule.action == "ask":
        parts.append("otherwise: allow")
    return "  - {" + ", ".join(parts) + f", log: {rule.log}}}\n"


def policy_text(model: Model) -> str:
    lines = ["version: 1\nzones:\n"]
    lines += [zone_line(z) for z in model.zones if z.selectors or z.behind]
    if model.sets:
        lines.append("address-sets:\n")
    for name, members in model.sets.items():
        lines.append(f"  {name}:\n")
        lines += [f"    - {quoted([m])}\n" for m in members]
    lines.append("services:\n")
    lines += [f"  {name}: {quoted(items)}\n" for name, items in SERVICES.items()]
    lines.append("defaults: {action: deny, log: none}\nrules:\n")
    lines += [rule_line(r) for r in model.rules]
    return "".join(lines)


def ports_text(model: Model) -> str:
    lines = []
    for ofport, port in enumerate(model.ports, 1):
        words = [port.name, str(ofport), f"mac={port.mac}"]
        words += [f"{key}={value}" for key, value in port.external_ids.items()]
        lines.append(" ".join(words) + "\n")
    return "".join(lines)


# --- Packets.


class PacketMaker:
    """Packets from one port: most meet a rule, the first ones more often than the last; some meet none."""

    def __init__(self, model: Model, port: Port, rng: random.Random):
        self.model, self.port, self.rng = model, port, rng
        self.zones = {z.name: z for z in model.zones}
        self.sources = {port.zone} | {z.name for z in model.zones if z.behind == port.zone}
        self.rules = [r for r in model.rules if not r.source or self.sources & set(r.source)]
        self.rules = self.rules or [Rule("none", [], [], ["tcp/443"])]
        self.weights = list(itertools.accumulate(1 / (i + 3) for i in range(len(self.rules))))
        self.ports: dict[str, list[Port]] = {}
        for p in model.ports:
            self.ports.setdefault(p.zone, []).append(p)

    def address(self, addresses: list[str], version: int) -> str:
        """One in the addresses or address sets that has this version; '' if there is none."""
        members = [m for a in addresses for m in self.model.sets.get(a, [a]) if is_v6(m) == (version == 6)]
        if not members:
            return ""
        network = ipaddress.ip_network(self.rng.choice(members))
        return str(network[self.rng.randrange(min(network.num_addresses, 1 << 16))])

    def of_zone(self, names: list[str], version: int) -> tuple[str, str]:
        """Address and MAC address of something in one of these zones."""
        name = self.rng.choice(names)
        if self.zones[name].behind:
            return self.address(self.zones[name].addresses, version), self.model.ports[0].mac
        port = self.rng.choice(self.ports[name])
        return (port.ipv4 if version == 4 else port.ipv6), port.mac

    def own(self, names: list[str], version: int) -> str:
        """A source address: of a network behind the uplink, or the VM's."""
        names = sorted(self.sources & set(names or self.sources))
        if names != [self.port.zone]:
            return self.of_zone(names, version)[0]
        return self.port.ipv4 if version == 4 else self.port.ipv6

    def service(self, rule: Rule) -> tuple[str, int]:
        items = [i for s in rule.service for i in SERVICES.get(s, [s])] or ["tcp/443"]
        proto, _, ports = self.rng.choice(items).partition("/")
        if proto not in ("tcp", "udp"):
            return "udp", 33434
        first, _, last = ports.partition("-")
        return proto, self.rng.randint(int(first), int(last or first))

    def packet(self) -> str:
        rng = self.rng
        rule = rng.choices(self.rules, cum_weights=self.weights)[0]
        version = 6 if rng.random() < 0.25 else 4
        proto, dport = self.service(rule)
        if rng.random() < 0.1:
            dport = rng.randint(1, 65535)
        target, mac = self.of_zone(rule.target or [z for z in self.zones if z in self.ports], version)
        source = self.address(rule.from_addresses, version)
        if not source:
            source = self.own(rule.source, version)
        target = self.address(rule.to_addresses, version) or target
        return f"{proto} {source} {target} {rng.randint(1024, 65535)} {dport} {mac}\n"


def senders(model: Model) -> list[Port]:
    return model.ports[:N_SENDERS]


def packets_text(model: Model, port: Port, n: int = N_PACKETS) -> str:
    maker = PacketMaker(model, port, random.Random(f"{model.seed} packets {port.name}"))
    return "".join(maker.packet() for _ in range(n))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--rules", type=int, required=True)
    parser.add_argument("--members", type=int, default=N_MEMBERS)
    parser.add_argument("--ports", type=int, default=N_PORTS)
    parser.add_argument("--plain", action="store_true")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--change", choices=CHANGES)
    parser.add_argument("directory")
    args = parser.parse_args()
    model = make(args.rules, args.members, args.ports, args.seed, args.plain)
    if args.change:
        model = changed(model, args.change)
    os.makedirs(args.directory, exist_ok=True)
    files = {"policy.yaml": policy_text(model), "ports.txt": ports_text(model)}
    files |= {f"packets-{port.name}": packets_text(model, port) for port in senders(model)}
    for name, text in files.items():
        with open(os.path.join(args.directory, name), "w", encoding="utf-8") as stream:
            stream.write(text)


if __name__ == "__main__":
    main()
