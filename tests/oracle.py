#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""oracle - asks decide() and the switch about the same random packets under the same random policies.

usage: oracle.py setup | oracle.py vlans | oracle.py compare [SEED [POLICIES [PACKETS]]]

"setup" adds ports to the playground's bridge, and the same to a bridge br1 that only knows NORMAL.  "vlans" compares
where broadcasts go on the two, and with which tags, under a policy that allows everything.  "compare" applies one policy after the other with `zoneward policy
apply` and traces PACKETS packets under each (ofproto/trace): every copy of a packet must meet the verdict and the rule
that decide() names, and leave by the port, and with the VLAN tag, that the ports' settings in OVSDB ask for.

What a port does with VLANs is modelled here, too, from ovs-vswitchd.conf.db(5)."""

import glob
import ipaddress
import json
import os
import random
import re
import socket
import subprocess
import sys

PG, BUILD = os.environ["ZW_PG"], os.environ["ZW_BUILDDIR"]
TCP, UDP, SCTP, ICMP, ICMPV6, GRE, OSPF = 6, 17, 132, 1, 58, 47, 89
LOCAL = 65534  # The bridge's own port.


class Port:
    """One port of the bridge.  'zone' None: no zone takes it."""

    def __init__(self, number, name, zone, mode="trunk", tag=None, trunks=()):
        self.number, self.name, self.zone = number, name, zone
        self.mode, self.tag, self.trunks = mode, tag, trunks
        self.mac = f"02:00:00:00:01:{number % 256:02x}"

    def carries(self, segment):
        if self.mode == "access":
            return segment == (self.tag or 0)
        if self.mode.startswith("native") and self.tag and segment in (0, self.tag):
            return segment == self.tag  # It takes the place of VLAN 0.
        return not self.trunks or segment in self.trunks

    def segment_of(self, vid):
        """The segment of a packet that comes in with VLAN 'vid' (0: none), or None if the port refuses it."""
        if self.mode == "access":
            return (self.tag or 0) if vid == 0 else None
        segment = (self.tag or 0) if self.mode.startswith("native") and vid == 0 else vid
        return segment if self.carries(segment) else None

    def tag_of(self, segment):
        """The tag that a packet of the segment leaves with, 0: none."""
        if self.mode == "access" or (self.mode == "native-untagged" and segment == (self.tag or 0)):
            return 0
        return segment

    def settings(self):
        columns = {"tag": self.tag, "trunks": ",".join(map(str, self.trunks)) or None, "vlan_mode": self.mode}
        if self.mode == "trunk":  # What OVSDB has without vlan_mode.
            del columns["vlan_mode"]
        return [f"{name}={value}" for name, value in columns.items() if value is not None]


PORTS = [
    Port(1, "a1", "alpha"),
    Port(2, "a2", "alpha", "access"),
    Port(3, "a3", "alpha", "access", tag=10),
    Port(4, "b1", "beta", "access", tag=10),
    Port(5, "b2", "beta", "trunk", trunks=(10, 20)),
    Port(6, "b3", "beta", "native-untagged", tag=20, trunks=(10, 30)),
    Port(7, "g1", "gamma", "native-tagged", tag=10),
    Port(8, "g2", "gamma", "trunk", trunks=(0, 20)),
    Port(9, "g3", "gamma"),
    Port(10, "d1", "delta", "access", tag=20),
    Port(11, "x1", None, "access", tag=10),
    Port(12, "x2", None),
    Port(LOCAL, "br0", "delta"),
]
PORT_ZONES = ["alpha", "beta", "gamma", "delta"]
BEHIND = {  # By longest prefix; nested in each other and in one case in another zone's.
    "inner": ("alpha", ["10.1.0.0/16", "fd01::/16"]),
    "innermost": ("alpha", ["10.1.2.0/24", "10.1.2.3", "fd01:2::/32", "fd01:2::3"]),
    "rest": ("beta", ["0.0.0.0/0", "::/0"]),
    "special": ("beta", ["10.1.2.0/25", "fd01:2::/64"]),
    "far": ("gamma", ["192.0.2.0/24", "2001:db8::/32"]),
}
ZONES = PORT_ZONES + list(BEHIND)
V4 = ["0.0.0.0/0", "10.0.0.0/8", "10.1.0.0/16", "10.1.2.0/24", "10.1.2.0/25", "10.1.2.3", "192.0.2.0/24", "192.0.2.128/25",
      "198.51.100.7", "128.0.0.0/1"]
V6 = ["::/0", "fd01::/16", "fd01:2::/32", "fd01:2::/64", "fd01:2::3", "2001:db8::/32", "2001:db8:0:8000::/49", "8000::/1"]
SERVICES = ["tcp", "udp", "sctp", "icmp", "icmpv6", "gre", "proto/89", "tcp/80", "tcp/80-81", "tcp/1-65534", "udp/53", "udp/0",
            "udp/1000-2000", "tcp/1024-65535", "sctp/80", "icmp/8", "icmp/3/4", "icmp/8/0", "icmpv6/128", "icmpv6/1/4",
            "tcp/79,80,443,8000-8100", "udp/0-65535", "proto/58", "proto/1"]


def some(rng, values, most):
    return rng.sample(values, rng.randint(1, min(most, len(values))))


def families_of_service(item):
    return {"icmp": {4}, "proto/1": {4}, "icmpv6": {6}, "proto/58": {6}}.get(
        item if item.startswith("proto") else item.split("/")[0], {4, 6})


def addresses(rng):
    return rng.choice([
        lambda: some(rng, V4, 3), lambda: some(rng, V6, 3), lambda: some(rng, V4 + V6, 6),
        lambda: some(rng, V4, 9) + some(rng, V6, 8), lambda: V4[:1] + V6[:1] + some(rng, V4[1:] + V6[1:], 3),
        lambda: [f"10.1.{rng.randrange(8)}.{2 * i}" for i in range(20)] + some(rng, V6, 1),
    ])()


def random_rule(rng):
    rule = {}
    for key in "from", "to":
        rule[key] = "any" if rng.random() < 0.25 else some(rng, ZONES, rng.choice([1, 2, 9]))
    families = {4, 6}
    for key in "from-addresses", "to-addresses":
        if rng.random() < 0.35:
            rule[key] = addresses(rng)
            families &= {6 if ":" in address else 4 for address in rule[key]}
    if rng.random() < 0.8:
        rule["service"] = some(rng, SERVICES, rng.choice([1, 2, 8]))
        families &= set().union(*map(families_of_service, rule["service"]))
    if not families:
        return random_rule(rng)  # Such a rule is an error.
    rule["action"] = rng.choice(["allow", "deny", "ask"])
    if rule["action"] == "ask":
        rule["otherwise"] = rng.choice(["allow", "deny"])
    if rng.random() < 0.5:
        rule["log"] = rng.choice(["none", "denied", "session"])
    return rule


def random_policy(rng):
    zones = {zone: {"ports": [{"name": zone[0] + "[0-9]"}]} for zone in PORT_ZONES}
    zones |= {zone: {"behind": at, "addresses": prefixes} for zone, (at, prefixes) in BEHIND.items()}
    zones["delta"]["ports"].append({"name": "br0"})
    names = list(zones)
    rng.shuffle(names)
    return {
        "version": 1,
        "zones": {name: zones[name] for name in names},
        "defaults": {"action": rng.choice(["deny", "deny", "allow"]), "log": rng.choice(["none", "denied", "session"])},
        "rules": [random_rule(rng) for _ in range(rng.choice([0, 1, 3, 8, 20]))],
    }


def random_address(rng, prefix):
    network = ipaddress.ip_network(prefix)
    last = network.num_addresses - 1
    return network[rng.choice([0, last, rng.randint(0, last)])]


def random_l4(rng, family):
    """Protocol, and what a rule sees of its ports, or type and code."""
    proto = rng.choice([TCP, TCP, TCP, UDP, UDP, SCTP, ICMP if family == 4 else ICMPV6, GRE, OSPF])
    if proto in (ICMP, ICMPV6):
        return proto, *rng.choice([(8, 0), (3, 4), (128, 0), (1, 4), (133, 0), (129, 0), (200, 3)])
    if proto in (GRE, OSPF):
        return proto, 0, 0
    edge = [0, 1, 53, 54, 79, 80, 81, 82, 443, 999, 1000, 1023, 1024, 2000, 2001, 8000, 8100, 8101, 65534, 65535]
    return proto, rng.randrange(65536), rng.choice([*edge, rng.randrange(65536)])


class Packet:
    def __init__(self, rng):
        self.source = rng.choice(PORTS)
        self.vid = rng.choice([0, 0, 0, 10, 10, 20, 30, 99])
        self.segment = self.source.segment_of(self.vid)
        self.is_multicast = rng.random() < 0.15
        target = rng.choice([p for p in PORTS if self.segment is not None and p.carries(self.segment)] or PORTS)
        self.mac = "ff:ff:ff:ff:ff:ff" if self.is_multicast else target.mac
        if self.segment is None or self.source.zone is None:
            self.targets = []
        elif self.is_multicast or target.zone is None:  # No port without zone is known by its address.
            self.targets = [p for p in PORTS if p.carries(self.segment) and p.zone and p is not self.source]
        else:
            self.targets = [target] if target is not self.source else []
        family = rng.choice([4, 6])
        pool = V4 if family == 4 else V6
        self.src, self.dst = (random_address(rng, rng.choice(pool)) for _ in range(2))
        self.proto, self.sport, self.dport = random_l4(rng, family)
        if self.is_multicast and self.proto == TCP:
            self.targets = []  # TCP has one receiver.

    def question(self, target):
        """For decide-dump."""
        return (f"{self.source.zone or '-'} {target.zone or '-'} {self.proto} {self.src} {self.dst} "
                f"{self.sport} {self.dport}")

    def flow(self):
        """For ofproto/trace."""
        ip = "ip" if self.src.version == 4 else "ipv6"
        in_port = "LOCAL" if self.source.number == LOCAL else self.source.number
        fields = [f"in_port={in_port}", "dl_src=02:00:00:00:02:01", f"dl_dst={self.mac}"]
        if self.vid:
            fields += [f"dl_vlan={self.vid}", "dl_vlan_pcp=0"]
        fields += [{4: "ip", 6: "ipv6"}[self.src.version], f"nw_proto={self.proto}", "nw_ttl=64"]
        fields += [f"nw_src={self.src}", f"nw_dst={self.dst}"] if ip == "ip" else [f"ipv6_src={self.src}",
                                                                                  f"ipv6_dst={self.dst}"]
        names = {TCP: ("tcp_src", "tcp_dst"), UDP: ("udp_src", "udp_dst"), SCTP: ("sctp_src", "sctp_dst"),
                 ICMP: ("icmp_type", "icmp_code"), ICMPV6: ("icmpv6_type", "icmpv6_code")}.get(self.proto, ())
        fields += [f"{name}={value}" for name, value in zip(names, (self.sport, self.dport))]
        if self.proto == TCP:
            fields.append("tcp_flags=syn")
        return ",".join(fields)


class Vswitchd:
    """Its control socket: JSON-RPC."""

    def __init__(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(20)
        self.sock.connect(glob.glob(f"{PG}/ovs/ovs-vswitchd.*.ctl")[0])
        self.decoder = json.JSONDecoder()

    def call(self, method, *params):
        self.sock.sendall(json.dumps({"id": 0, "method": method, "params": params}).encode())
        text = ""
        while True:
            data = self.sock.recv(65536).decode()
            if not data:
                sys.exit("vswitchd closed its control socket")
            text += data
            try:
                answer = self.decoder.raw_decode(text)[0]
            except json.JSONDecodeError:
                continue
            if answer["error"]:
                sys.exit(f"{method} {params}: {answer['error']}")
            return answer["result"]


def read_trace(text):
    """What became of each copy, by the number of the port that it is for: [verdict, rule, log, tags it left with]."""
    copies, number, tag = {}, None, 0
    for line in text.splitlines():
        if found := re.match(r"Flow: .*\brecirc_id=.*\breg3=(0x[0-9a-f]+|\d+)", line):
            number = int(found[1], 0)
        elif found := re.match(r"\s*7\. reg3=(0x[0-9a-f]+|\d+), priority 100,", line):
            number = int(found[1], 0)
        elif found := re.match(r"\s*12\. .*cookie 0x5a030000([0-9a-f]{8})$", line):
            copies[number] = [None, int(found[1], 16), None, []]
        elif found := re.search(r"set_field:0x(\w)/0x7->reg7", line):
            flags = int(found[1], 16)
            copies[number][0] = {1: "allow", 2: "deny", 3: "ask"}[flags & 3]
            copies[number][2] = flags >> 2
        elif re.match(r"\s*15\. ", line):
            tag = 0
        elif found := re.search(r"set_field:(\d+)/0x1fff->vlan_vid", line):
            tag = int(found[1]) & 0xfff
        elif found := re.search(r"-> NXM_OF_VLAN_TCI\[0\.\.11\] is now (\w+)", line):
            tag = int(found[1], 0)
        elif found := re.match(r"\s*(?:output:(\d+)|LOCAL)$", line):
            copies.setdefault(number, [None, None, None, []])[3].append((int(found[1] or LOCAL), tag))
    return copies


def expected_copies(packet, answers):
    copies = {}
    for target in packet.targets:
        verdict, rule, log, *_ = answers[packet.question(target)].split()
        left = [(target.number, target.tag_of(packet.segment))] if verdict == "allow" else []
        copies[target.number] = [verdict, int(rule), int(log), left]
    return copies


def decide(policy, questions):
    answers = subprocess.run([f"{BUILD}/tests/golden/decide-dump", policy], input="\n".join(questions) + "\n", text=True,
                             stdout=subprocess.PIPE, check=True).stdout.splitlines()
    return dict(zip(questions, answers, strict=True))


def compare_policy(rng, vswitchd, n_packets, counts):
    path = f"{PG}/oracle.yaml"
    with open(path, "w", encoding="utf-8") as stream:
        json.dump(random_policy(rng), stream, indent=1)
    subprocess.run([f"{BUILD}/zoneward", f"--run-dir={PG}/run", "policy", "apply", path], stdout=subprocess.DEVNULL,
                   check=True)
    packets = [Packet(rng) for _ in range(n_packets)]
    answers = decide(path, sorted({p.question(target) for p in packets for target in p.targets}))
    n_wrong = 0
    for packet in packets:
        expected = expected_copies(packet, answers)
        text = vswitchd.call("ofproto/trace", "br0", packet.flow())
        found = read_trace(text)
        for verdict, *_ in expected.values():
            counts[verdict] += 1
        counts["dropped"] += not expected
        if found != expected:
            n_wrong += 1
            print(f"{packet.flow()}\n  decide: {expected}\n  switch: {found}")
            if n_wrong == 1:
                print(open(path, encoding="utf-8").read(), text, sep="\n")
    return n_wrong


def compare(seed=5, n_policies=60, n_packets=50):
    rng = random.Random(int(seed))
    counts = {"allow": 0, "deny": 0, "ask": 0, "dropped": 0}
    vswitchd = Vswitchd()
    n_wrong = sum(compare_policy(rng, vswitchd, int(n_packets), counts) for _ in range(int(n_policies)))
    print(f"seed {seed}: {n_wrong} packets judged differently; copies: {counts}")
    if min(counts.values()) < int(n_policies) * int(n_packets) // 40:
        sys.exit("too few of one kind to mean anything")
    sys.exit(n_wrong > 0)


def outputs(vswitchd, bridge, dp_ports, flow):
    """Where a packet goes: {(port's number, VLAN id, priority)}, id None: without tag."""
    actions = re.findall(r"^Datapath actions: (.*)", vswitchd.call("ofproto/trace", bridge, flow), re.M)
    if len(actions) != 1:
        sys.exit(f"{flow} goes on after {actions}")
    found, tci = set(), int(re.search(r"vlan_tci=(\w+)", flow)[1], 0)
    tag = (tci & 0xfff, tci >> 13) if tci else (None, None)
    for action in re.findall(r"push_vlan\(vid=\d+,pcp=\d+\)|pop_vlan|\d+|\w+(?:\([^)]*\))?", actions[0]):
        if action == "pop_vlan":
            tag = (None, None)
        elif action.startswith("push_vlan"):
            tag = tuple(map(int, re.findall(r"\d+", action)))
        elif action.isdigit():
            found.add((dp_ports[bridge][int(action)], *tag))
        elif action != "drop":
            sys.exit(f"unexpected datapath action {action}")
    return found


def read_dp_ports(vswitchd):
    """The bridges' ports by their numbers in the datapath."""
    dp_ports, bridge = {}, None
    for line in vswitchd.call("dpif/show").splitlines():
        if found := re.match(r"  (\w+):$", line):
            bridge = found[1]
        elif found := re.match(r"    \S+ (\d+)/(\d+):", line):
            dp_ports.setdefault(bridge, {})[int(found[2])] = int(found[1])
    return dp_ports


def vlans():
    vswitchd = Vswitchd()
    dp_ports = read_dp_ports(vswitchd)
    n, n_wrong = 0, 0
    for port in PORTS:
        for vid in 0, 10, 20, 30, 99, 4095:
            for priority in 0, 5:
                tci = vid | priority << 13
                in_port = "LOCAL" if port.number == LOCAL else port.number
                flow = (f"in_port={in_port},vlan_tci={hex(tci | 0x1000 if tci else 0)},dl_src=02:00:00:00:02:01,"
                        "dl_dst=ff:ff:ff:ff:ff:ff,arp,arp_op=1,arp_spa=10.0.0.1,arp_tpa=10.0.0.2")
                ours, normal = (outputs(vswitchd, bridge, dp_ports, flow) for bridge in ("br0", "br1"))
                n += bool(normal)
                if ours != normal:
                    n_wrong += 1
                    print(f"{port.name} ({' '.join(port.settings())}): {flow}\n  only ours:   {ours - normal}\n"
                          f"  only NORMAL: {normal - ours}")
    print(f"{n} packets that go somewhere, {n_wrong} differ")
    sys.exit(n < 60 or n_wrong > 0)


def setup():
    commands = ["add-br", "br1", "--", "set", "bridge", "br1", "datapath_type=netdev", "fail_mode=standalone"]
    for port in PORTS:
        ids = f'external_ids:attached-mac="{port.mac}"'
        if port.number == LOCAL:
            commands += ["--", "set", "interface", "br0", ids]
            continue
        for bridge, name in ("br0", port.name), ("br1", "n" + port.name):
            commands += ["--", "add-port", bridge, name, *port.settings(), "--", "set", "interface", name,
                         "type=internal", f"ofport_request={port.number}", ids]
    subprocess.run(["ovs-vsctl", f"--db=unix:{PG}/ovs/db.sock", "--timeout=20", *commands], check=True)


{"setup": setup, "vlans": vlans, "compare": compare}[sys.argv[1]](*sys.argv[2:])
