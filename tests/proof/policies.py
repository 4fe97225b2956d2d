# SPDX-License-Identifier: Apache-2.0
"""policies - random policies, of the kind in which a compiler goes wrong: prefixes within prefixes, port ranges that are
no power of two, rules that overlap, hide each other or differ in a little, lists long enough for conjunctions."""

import copy
import ipaddress

from model.guard import BAD_SOURCES

PORT_ZONES = ["alpha", "beta", "gamma", "delta"]
BEHIND_ZONES = ["inner", "inner-most", "far_away", "rest.0", "z"]
SELECTORS = {
    "alpha": [("name", "a[0-9]"), ("name", "a1"), ("name", "a*"), ("external-id", "role=front")],
    "beta": [("name", "b[0-9]"), ("name", "b*"), ("iface-id", "id-b1"), ("iface-id", "id-x1"), ("external-id", "role=back")],
    "gamma": [("name", "g[!9]"), ("name", "g?"), ("iface-id", "id-g1"), ("name", "?3")],
    "delta": [("name", "d1"), ("name", "br0"), ("external-id", "role=host"), ("iface-id", "id-d1")],
}
NAMING_VLANS = {  # Selectors that reach into other zones' ports, but only in some VLANs.
    "alpha": [("name", "*1"), ("name", "[bg]*")],
    "beta": [("name", "?[12]"), ("external-id", "role=host")],
    "gamma": [("name", "[abd]?"), ("name", "x*")],
    "delta": [("name", "[a-g][0-9]"), ("iface-id", "id-x1")],
}
VLANS = [[0], [10], [20], [30], [99], ["0-10"], ["10-4095"], [0, "20-30"], ["8-15", "16-31"], ["1-4094"], ["64-127"]]
GUARD = {"mac": [True, False], "ip": [True, False], "dhcp-server": ["allow", "deny"], "router": ["allow", "deny"]}
MACS = ["02:00:00:00:02:01", "02:00:00:00:02:05", "02:00:00:00:02:07", "02:00:00:00:02:09", "02:00:00:00:04:0A"]
FIXED_V4 = ["0.0.0.0/0", "10.0.0.0/8", "128.0.0.0/1", "198.51.100.7", "192.0.2.128/25"]
FIXED_V6 = ["::/0", "2001:db8::/32", "8000::/1", "fd01:2::3", "2001:db8:0:8000::/49"]
ICMP = ["icmp", "icmp/8", "icmp/echo-request", "icmp/3/4", "icmp/8/0", "proto/1", "icmp/3", "icmp/0"]
ICMPV6 = ["icmpv6", "icmpv6/128", "icmpv6/1/4", "icmpv6/echo-reply", "icmpv6/packet-too-big", "icmpv6/128/0",
          "icmpv6/redirect", "icmpv6/neighbor-solicitation", "icmpv6/143"]
ETHER_TYPES = ["ethertype/0x8892", "ethertype/0x88f7", "ethertype/0x88F6,0x8893", "ethertype/0x0600", "ethertype/0x8892,0x0600"]
OTHER = ["gre", "proto/89", "ospf", "proto/6", "proto/17", "esp", "proto/255"]


def some(rng, values, most):
    return rng.sample(values, rng.randint(1, min(most, len(values))))


def network(rng, family):
    """Any network, its length no more often a multiple of eight than any other."""
    bits = 32 if family == 4 else 128
    length = rng.randint(1, bits)
    value = rng.getrandbits(bits) >> (bits - length) << (bits - length)
    return str((ipaddress.IPv4Network if family == 4 else ipaddress.IPv6Network)((value, length)))


def narrower(rng, text):
    """A network within another, or the same if it is one address."""
    outer = ipaddress.ip_network(text)
    length = rng.randint(outer.prefixlen, min(outer.prefixlen + rng.choice([1, 2, 9, 40]), outer.max_prefixlen))
    at = int(outer.network_address) + (rng.getrandbits(outer.max_prefixlen) & int(outer.hostmask))
    return str(ipaddress.ip_network((at, length), strict=False)) if length < outer.max_prefixlen else str(
        ipaddress.ip_address(int(at)) if outer.version == 4 else ipaddress.IPv6Address(at))


def pool(rng, family):
    found = list(FIXED_V4 if family == 4 else FIXED_V6)
    for _ in range(10):
        found.append(network(rng, family) if rng.random() < 0.3 else narrower(rng, rng.choice(found)))
    return sorted(set(found))


def port_range(rng):
    low = rng.choice([0, 1, 53, 79, 80, 443, 1000, 1024, rng.randrange(65536)])
    high = min(65535, low + rng.choice([0, 0, 1, 2, 7, 100, 1001, 65535]))
    return str(low) if low == high else f"{low}-{high}"


def port_item(rng):
    proto = rng.choice(["tcp", "tcp", "udp", "sctp"])
    ports = [port_range(rng) for _ in range(rng.choice([1, 1, 1, 2, 5]))]
    return f"{proto}/{','.join(ports)}" if rng.random() < 0.9 else proto


def item(rng):
    return rng.choice([lambda: port_item(rng)] * 4 + [lambda: rng.choice(ICMP), lambda: rng.choice(ICMPV6),
                                                      lambda: rng.choice(OTHER)])()


def families_of(words, sets, services):
    found = set()
    for word in words:
        if word in sets:
            found |= families_of(sets[word], {}, {})
        elif word in services:
            found |= families_of(services[word], {}, {})
        elif word[0].isdigit() or ":" in word:
            found.add(6 if ":" in word else 4)
        else:
            found |= {4} if word in ICMP else {6} if word in ICMPV6 else {4, 6}
    return found


class Maker:
    def __init__(self, rng, learns):
        self.rng, self.learns = rng, learns
        self.pools = pool(rng, 4), pool(rng, 6)
        self.both = self.pools[0] + self.pools[1]
        self.sets = {f"set-{i}": self.networks(4) for i in range(rng.randrange(3))}
        self.services = {f"service{i}": sorted({item(rng) for _ in range(rng.choice([1, 2, 6]))})
                         for i in range(rng.randrange(3))}
        self.zones = self.port_zones()
        self.zones |= self.behind_zones()
        self.rules = []

    def networks(self, most):
        return some(self.rng, self.rng.choice([*self.pools, self.both]), most)

    def addresses(self):
        rng = self.rng
        found = self.networks(rng.choice([1, 3, 9]))
        if self.sets and rng.random() < 0.3:
            found.append(rng.choice(list(self.sets)))
        if rng.random() < 0.1:
            found += [f"10.1.{rng.randrange(8)}.{2 * i}" for i in range(20)]
        return list(dict.fromkeys(found))

    def service(self):
        rng = self.rng
        found = {item(rng) for _ in range(rng.choice([1, 1, 2, 9]))}
        if self.services and rng.random() < 0.3:
            found.add(rng.choice(list(self.services)))
        return sorted(found)

    def port_zones(self):
        zones = {}
        for name in some(self.rng, PORT_ZONES, 4) if self.rng.random() < 0.2 else PORT_ZONES:
            chosen = some(self.rng, SELECTORS[name], 2)
            if self.rng.random() < 0.8 and SELECTORS[name][0] not in chosen:
                chosen.append(SELECTORS[name][0])
            zones[name] = {"ports": [{key: value} for key, value in chosen]}
            for key, value in NAMING_VLANS[name]:
                if self.rng.random() < 0.25:
                    zones[name]["ports"].append({key: value, "vlans": self.rng.choice(VLANS)})
            if self.rng.random() < 0.3:
                zones[name]["trust-external-id"] = self.rng.random() < 0.5
            if self.rng.random() < (0.7 if self.learns else 0.35):
                self.bind(zones[name])
            if self.rng.random() < 0.2:
                zones[name]["isolated"] = True
            if self.rng.random() < 0.7:
                zones[name]["fragments"] = self.rng.choice(["allow", "allow", "deny"])
        if self.rng.random() < 0.3:
            zones["empty"] = {}
        return zones

    def hosts(self):
        """Addresses that a host may have."""
        nets = (ipaddress.ip_network(text) for text in self.networks(3))
        found = [net[self.rng.choice([0, net.num_addresses - 1, self.rng.randrange(net.num_addresses)])] for net in nets]
        return [str(host) for host in found if not any(host.version == bad.version and host in bad for bad in BAD_SOURCES)]

    def guard(self):
        rng = self.rng
        said = {key: rng.choice(values) for key, values in GUARD.items() if rng.random() < 0.4}
        if self.learns and rng.random() < 0.4:
            said["dhcp-server"] = "allow"
        if self.learns and said.get("ip", True) and rng.random() < 0.6:
            said["learn"] = rng.choice(["dhcp", ["nd"], ["dhcp", "nd"]])
            if rng.random() < 0.4:
                said["learn-addresses"] = self.addresses() + rng.choice([[], ["10.0.0.0/14", "2001:db8::/65"]])
        return rng.choice([True, True, False, said, said, said])

    def bind(self, zone):
        """A guard for the zone, and addresses for some of its ports besides those in OVSDB."""
        zone["guard"] = self.guard()
        for selector in zone["ports"]:
            if self.rng.random() < 0.4 and (found := self.hosts()):
                selector["addresses"] = list(dict.fromkeys(found))
            if self.rng.random() < 0.3:
                selector["macs"] = some(self.rng, MACS, 2)

    def behind_zones(self):
        zones, taken = {}, set()
        bases = [name for name in self.zones if name in PORT_ZONES]
        for name in self.rng.sample(BEHIND_ZONES, self.rng.randrange(len(BEHIND_ZONES) + 1)):
            at = self.rng.choice(bases)
            free = [text for text in self.networks(4)
                    if (at, ipaddress.ip_network(text)) not in taken]
            taken |= {(at, ipaddress.ip_network(text)) for text in free}
            if free:
                zones[name] = {"behind": at, "addresses": free}
        return zones

    def zone_list(self):
        return "any" if self.rng.random() < 0.25 else some(self.rng, list(self.zones), self.rng.choice([1, 1, 2, 9]))

    def fresh_rule(self):
        rng = self.rng
        rule = {"from": self.zone_list(), "to": self.zone_list()}
        for key in "from-addresses", "to-addresses":
            if rng.random() < 0.35:
                rule[key] = self.addresses()
        if rng.random() < 0.75:
            rule["service"] = self.service()
        if rng.random() < 0.15:
            rule["service"] = sorted({port_item(rng) for _ in range(rng.choice([1, 1, 3]))})
            rule["from-ports"] = [port_range(rng) for _ in range(rng.choice([1, 1, 3]))]
        rule["action"] = rng.choice(4 * ["allow"] + ["deny", "reject"] + 3 * ["ask"])  # What is no rule's is denied often enough.
        if rule["action"] == "ask" and rng.random() < 0.8:
            rule["otherwise"] = rng.choice(["allow", "deny", "reject"])
        if rng.random() < 0.5:
            rule["log"] = rng.choice(["none", "denied", "session"])
        return rule

    def other_than_ip(self):
        """A rule about EtherTypes, and perhaps about IP as well."""
        rule = {"from": self.port_zone_list(), "to": self.port_zone_list(),
                "service": some(self.rng, ETHER_TYPES, 2) + [port_item(self.rng)] * self.rng.choice([0, 0, 1]),
                "action": self.rng.choice(["allow", "allow", "deny"])}
        if self.rng.random() < 0.5:
            rule["log"] = self.rng.choice(["none", "denied", "session"])
        return rule

    def port_zone_list(self):
        return "any" if self.rng.random() < 0.25 else some(self.rng, [z for z in self.zones if z in PORT_ZONES], 3)

    def like_another(self):
        """A rule that differs from an earlier one in one thing, so that they overlap or hide each other."""
        rule, other = copy.deepcopy(self.rng.choice(self.rules)), self.fresh_rule()
        rule.pop("name", None)
        for key in self.rng.sample(["from", "to", "from-addresses", "to-addresses", "service"], 1):
            for part in (key, "from-ports") if key == "service" else (key,):  # These two fit each other.
                rule.pop(part, None)
                if part in other:
                    rule[part] = other[part]
        rule.pop("otherwise", None)
        if any(word.startswith("ethertype") for word in rule.get("service", [])):
            return self.other_than_ip()
        return rule | {key: other[key] for key in ("action", "otherwise") if key in other}

    def families(self, rule):
        """What the rule's parts have in common.  Nothing: it is an error."""
        found = {4, 6}
        for key in "from", "to":
            if rule[key] != "any":
                zones = [self.zones[name].get("addresses", ["0.0.0.0/0", "::/0"]) for name in rule[key]]
                found &= set().union(*(families_of(words, self.sets, {}) for words in zones))
        for key in "from-addresses", "to-addresses", "service":
            if key in rule:
                found &= families_of(rule[key], self.sets, self.services)
        return found

    def rule(self):
        while True:
            if self.rng.random() < 0.12:
                return self.other_than_ip()
            rule = self.like_another() if self.rules and self.rng.random() < 0.4 else self.fresh_rule()
            if self.families(rule):
                return rule

    def policy(self):
        rng = self.rng
        for i in range(rng.choice([0, 1, 3, 8, 20, 20])):
            rule = self.rule()
            if rng.random() < 0.5:
                rule["name"] = f"r{i}"
            self.rules.append(rule)
        names = list(self.zones)
        rng.shuffle(names)
        return {
            "version": 1,
            "zones": {name: self.zones[name] for name in names},
            "address-sets": self.sets,
            "services": self.services,
            "defaults": {"action": rng.choice(["deny", "reject", "allow"]), "log": rng.choice(["none", "denied", "session"]),
                         "pickup": rng.choice(["strict", "strict", "loose"]), "log-drops": rng.random() < 0.3},
            "trust": {"external-id-zone": rng.random() < 0.5},
            "rules": self.rules,
        }


def random_policy(rng, learns=False):
    """'learns': what is said of addresses may change what guards let pass."""
    return Maker(rng, learns).policy()
