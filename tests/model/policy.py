# SPDX-License-Identifier: Apache-2.0
"""policy - a policy's text as lists and sets, after zoneward-policy(5)."""

import dataclasses
import ipaddress

import yaml

PROTOCOLS = {"tcp": 6, "udp": 17, "sctp": 132, "icmp": 1, "icmpv6": 58, "igmp": 2, "gre": 47, "esp": 50, "ah": 51,
             "ospf": 89, "pim": 103, "vrrp": 112}
WITH_PORTS = {"tcp", "udp", "sctp"}
ICMP_TYPES = {
    "icmp": {"echo-reply": 0, "destination-unreachable": 3, "redirect": 5, "echo-request": 8, "router-advertisement": 9,
             "router-solicitation": 10, "time-exceeded": 11, "parameter-problem": 12, "timestamp-request": 13,
             "timestamp-reply": 14},
    "icmpv6": {"destination-unreachable": 1, "packet-too-big": 2, "time-exceeded": 3, "parameter-problem": 4,
               "echo-request": 128, "echo-reply": 129, "router-solicitation": 133, "router-advertisement": 134,
               "neighbor-solicitation": 135, "neighbor-advertisement": 136, "redirect": 137},
}
BY_NUMBER = {number: name for name, number in PROTOCOLS.items()}
FAMILY_OF = {"icmp": 4, "icmpv6": 6}  # Of both families: all others.
ANY = "any"
SELECTORS = {"name", "iface-id", "external-id", "mac"}


@dataclasses.dataclass(frozen=True)
class Item:
    """One alternative of a service.  None: whatever the packet has there."""
    proto: int | None  # None: it is not IP, but of this EtherType.
    family: int | None = None
    low: int | None = None  # Destination ports from 'low' to 'high', or the ICMP type.
    high: int | None = None
    code: int | None = None
    ether_type: int | None = None

    def matches(self, packet):
        if packet.proto != self.proto or self.family not in (None, packet.src.version):
            return False
        if self.low is None:
            return True
        first, second = packet.l4
        if self.family:  # ICMP: type and code.
            return first == self.low and self.code in (None, second)
        return self.low <= second <= self.high


@dataclasses.dataclass
class Selector:
    key: str
    value: str
    vlans: set | None  # None: every VLAN that nobody names.
    macs: frozenset = frozenset()  # To these, and those in OVSDB, a guard binds the ports that it selects.
    addresses: frozenset = frozenset()


@dataclasses.dataclass(frozen=True)
class Guard:
    mac: bool = True
    ip: bool = True
    dhcp_server: bool = False  # Whether the port may be one.
    router: bool = False
    learns: frozenset = frozenset()  # Of what: dhcp, nd.
    learns_only: tuple | None = None  # These networks; None: any.


@dataclasses.dataclass
class Zone:
    name: str
    selectors: list
    behind: str | None
    addresses: list
    trusts_external_id: bool
    guard: Guard | None = None
    is_isolated: bool = False  # Its ports have nothing to say to each other.
    fragments: str | None = None  # allow, deny; None: as the datapath is.


@dataclasses.dataclass
class Rule:
    name: str
    number: int  # From 1.
    sources: set | None  # Names of zones; None: any.
    destinations: set | None
    from_addresses: list | None  # None: any.
    to_addresses: list | None
    items: list | None  # None: every IP packet.
    from_ports: list | None  # (low, high), of the source; None: any.
    action: str
    otherwise: str | None  # With action ask only.
    log: str


@dataclasses.dataclass
class Policy:
    zones: dict
    rules: list
    action: str
    log: str
    picks_up: bool = False  # TCP sessions that the switch has forgotten.


def as_list(value):
    return value if isinstance(value, list) else [value]


def read_addresses(value, sets):
    """Networks, with the sets' names replaced by what is in them."""
    found = []
    for text in as_list(value):
        found += read_addresses(sets[text], {}) if text in sets else [ipaddress.ip_network(text)]
    return found


def read_range(text):
    low, _, high = text.partition("-")
    return int(low), int(high or low)


def read_icmp(kind, texts):
    for text in texts:
        type_, _, code = text.partition("/")
        number = ICMP_TYPES[kind].get(type_)
        number = int(type_) if number is None else number
        yield Item(PROTOCOLS[kind], FAMILY_OF[kind], number, number, int(code) if code else None)


def read_item(text):
    kind, _, rest = text.partition("/")
    parts = rest.split(",") if rest else []
    if kind == "ethertype":
        return [Item(None, ether_type=int(part, 16)) for part in parts]
    if kind == "proto":
        return [Item(int(part), FAMILY_OF.get(BY_NUMBER.get(int(part)))) for part in parts]
    if not parts:
        return [Item(PROTOCOLS[kind], FAMILY_OF.get(kind))]
    if kind in ICMP_TYPES:
        return list(read_icmp(kind, parts))
    return [Item(PROTOCOLS[kind], None, *read_range(part)) for part in parts]


def read_service(value, services):
    if value is None or ANY in as_list(value):
        return None
    texts = [text for word in as_list(value) for text in as_list(services.get(word, word))]
    return [item for text in texts for item in read_item(text)]


def read_zones_of_rule(value):
    return None if ANY in as_list(value) else set(as_list(value))


def read_vlans(value):
    bounds = [text.split("-") for text in as_list(value)]
    return {vlan for low_high in bounds for vlan in range(int(low_high[0]), int(low_high[-1]) + 1)}


def read_selector(tree):
    (key, value), = [(key, value) for key, value in tree.items() if key in SELECTORS]
    return Selector(key, value, read_vlans(tree["vlans"]) if "vlans" in tree else None,
                    frozenset(mac.lower() for mac in as_list(tree.get("macs", []))),
                    frozenset(map(ipaddress.ip_address, as_list(tree.get("addresses", [])))))


def read_guard(tree, sets):
    if tree in (None, "false"):
        return None
    tree = {} if tree == "true" else tree
    return Guard(tree.get("mac") != "false", tree.get("ip") != "false", tree.get("dhcp-server") == "allow",
                 tree.get("router") == "allow", frozenset(as_list(tree.get("learn", []))),
                 tuple(read_addresses(tree["learn-addresses"], sets)) if "learn-addresses" in tree else None)


def read_zone(name, tree, sets, trusts):
    says = tree.get("trust-external-id")
    behind = tree.get("behind")
    return Zone(name, [read_selector(selector) for selector in tree.get("ports", [])], behind,
                read_addresses(tree["addresses"], sets) if behind else [],
                behind is None and (trusts if says is None else says == "true"), read_guard(tree.get("guard"), sets),
                tree.get("isolated") == "true", tree.get("fragments"))


def read_rule(number, tree, sets, services, log):
    return Rule(name=tree.get("name", f"rule-{number}"), number=number,
                sources=read_zones_of_rule(tree["from"]), destinations=read_zones_of_rule(tree["to"]),
                from_addresses=read_addresses(tree["from-addresses"], sets) if "from-addresses" in tree else None,
                to_addresses=read_addresses(tree["to-addresses"], sets) if "to-addresses" in tree else None,
                items=read_service(tree.get("service"), services),
                from_ports=[read_range(text) for text in as_list(tree["from-ports"])] if "from-ports" in tree else None,
                action=tree["action"],
                otherwise=tree.get("otherwise", "deny") if tree["action"] == "ask" else None,
                log=tree.get("log", log))


def read(*texts):
    """The policy that these files make together."""
    # BaseLoader: every scalar is a text, as the manual page has it.
    trees = [yaml.load(text, yaml.BaseLoader) for text in texts]
    merged = {section: {k: v for tree in trees for k, v in (tree.get(section) or {}).items()}
              for section in ("zones", "address-sets", "services", "defaults", "trust")}
    sets, services, defaults = merged["address-sets"], merged["services"], merged["defaults"]
    trusts = merged["trust"].get("external-id-zone") == "true"
    log = defaults.get("log", "denied")
    rules = [tree for file in trees for tree in file.get("rules") or []]
    return Policy(zones={name: read_zone(name, tree or {}, sets, trusts) for name, tree in merged["zones"].items()},
                  rules=[read_rule(i + 1, tree, sets, services, log) for i, tree in enumerate(rules)],
                  action=defaults.get("action", "deny"), log=log, picks_up=defaults.get("pickup") == "loose")
