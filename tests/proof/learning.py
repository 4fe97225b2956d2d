# SPDX-License-Identifier: Apache-2.0
"""learning - has guards learn random addresses: DHCP's answers and probes that come in at random ports, put there by packet-out."""

import ipaddress
import os
import re
import subprocess
import time

import frames
from model.guard import is_closed, is_no_host
from model.learning import Learning, guarded_zone
from model.ports import LOCAL, given, link_local

from .packets import VIDS

PATIENCE_S = 10 * int(os.environ.get("ZW_SLOWNESS", 1))
LEASE = bytes((51, 4)) + (3600).to_bytes(4, "big")
SERVER_MAC, SERVER_IP = "02:00:00:00:03:01", "10.9.9.9"
BINDING = re.compile(r"priority=200,ip(?:v6)?,reg0=\S+?,reg2=(\w+),.*in_port=(\w+),(?:nw_src|ipv6_src)=([0-9a-f.:]+) actions")


def in_force():
    """Which addresses flows bind to which ports in one VLAN only: (port, segment, address)."""
    text = subprocess.run(["ovs-ofctl", "-O", "OpenFlow15", "--no-names", "--no-stats", "dump-flows", "br0", "table=2"],
                          capture_output=True, text=True, check=True).stdout
    return {(LOCAL if port == "LOCAL" else int(port), int(segment, 0), ipaddress.ip_address(address))
            for segment, port, address in BINDING.findall(text)}


def put_in(port, segment, frame):
    """As if the frame came in at the port."""
    vid = next(vid for vid in (0, segment) if port.segment_of(vid) == segment)
    if vid:
        frame = frame[:12] + b"\x81\0" + vid.to_bytes(2, "big") + frame[12:]
    number = "LOCAL" if port.number == LOCAL else port.number
    subprocess.run(["ovs-ofctl", "-O", "OpenFlow15", "packet-out", "br0", f"in_port={number},packet={frame.hex()},actions=table"],
                   check=True)


class Lessons:
    """What is said of addresses under one policy after the other."""

    def __init__(self, rng, ports):
        self.rng, self.model = rng, Learning(ports)
        self.probed = set()  # Segments and addresses, since what is learned was last looked at.
        self.n = {"dhcp": 0, "nd": 0, "nothing": 0}  # That no server says is none.

    @property
    def n_believed(self):
        return self.n["dhcp"] + self.n["nd"]

    def address(self, family, switch):
        """Of nobody, or of somebody."""
        rng, zones = self.rng, [zone for zone in switch.policy.zones.values() if zone.guard]
        known = {address for _, address in self.model.entries}
        known |= {address for port in switch.ports for zone in zones for address in given(zone, port)[1]}
        known = sorted((address for address in known if address.version == family), key=int)
        if known and rng.random() < 0.5:
            return rng.choice(known)
        while True:
            base = ipaddress.ip_network("10.0.0.0/13" if family == 4 else "2001:db8::/64")
            if not is_no_host(found := base[rng.randrange(base.num_addresses)]):
                return found

    def server(self, switch, segment):
        """A port that a DHCP server may be behind, and its addresses; None: what it says does not get through."""
        ports = [(port, guarded_zone(switch, port, segment)) for port in switch.ports if switch.zone(port, segment)]
        believed = [(port, zone) for port, zone in ports if zone and zone.guard.dhcp_server]
        port, zone = self.rng.choice(believed if believed and self.rng.random() < 0.8 else ports)
        if not zone:
            return port, SERVER_MAC, SERVER_IP
        macs, addresses = given(zone, port)
        addresses = sorted((address for address in addresses if address.version == 4), key=int)
        if is_closed(zone, port) or zone.guard.ip and not addresses:
            return None
        return (port, self.rng.choice(sorted(macs)) if zone.guard.mac else SERVER_MAC,
                str(self.rng.choice(addresses)) if zone.guard.ip else SERVER_IP)

    def dhcp(self, switch, segment):
        learners = [(port, mac) for port in self.model.learners(switch, "dhcp", segment)
                    for mac in sorted(given(guarded_zone(switch, port, segment), port)[0])]
        learners = [(port, mac) for port, mac in learners if [other for _, other in learners].count(mac) == 1]
        if not learners or not (server := self.server(switch, segment)):
            return
        client, mac = self.rng.choice(learners)
        address, xid = self.address(4, switch), self.rng.getrandbits(32)
        server, server_mac, server_ip = server
        asks = frames.dhcp(1, 3, mac, options=bytes((50, 4)) + address.packed, xid=xid)
        put_in(client, segment, frames.eth(mac, frames.BROADCAST, frames.ip("0.0.0.0", "255.255.255.255", frames.udp(68, 67, asks))))
        gives = frames.dhcp(2, 5, mac, yours=str(address), options=LEASE, xid=xid)
        put_in(server, segment, frames.eth(server_mac, mac, frames.ip(server_ip, str(address), frames.udp(67, 68, gives))))
        zone = guarded_zone(switch, server, segment)
        if zone and zone.guard.dhcp_server:
            self.model.given_by_dhcp(switch, segment, client, address)
            self.n["dhcp"] += 1
        else:
            self.n["nothing"] += 1

    def nd(self, switch, segment):
        learners = [port for port in self.model.learners(switch, "nd", segment) if not is_closed(guarded_zone(switch, port, segment), port)]
        if not learners:
            return
        port, target = self.rng.choice(learners), self.address(6, switch)
        if target.is_link_local and target not in map(link_local, given(guarded_zone(switch, port, segment), port)[0]):
            return  # Somebody else's, or soon; hosts do not take them.
        if (segment, target) in self.probed:
            return  # Of two within half a second neither gets it: that would be a matter of time here.
        self.probed.add((segment, target))
        macs = sorted(given(guarded_zone(switch, port, segment), port)[0]) or [SERVER_MAC]
        put_in(port, segment, frames.dad(self.rng.choice(macs), str(target)))
        self.model.probed(switch, segment, port, target)
        self.n["nd"] += 1

    def wanted(self, switch):
        """Where a port is closed, nothing passes, and nothing is said of what it has learned."""
        return {(entry.number, entry.segment, address) for (segment, address), entry in self.model.entries.items()
                if not is_closed(guarded_zone(switch, self.model.ports[entry.number], segment), self.model.ports[entry.number])}

    def teach(self, switch, most):
        """Returns what the switch has other than it should."""
        self.model.follow(switch)
        self.probed.clear()
        places = [(lesson, segment) for lesson, source in ((self.dhcp, "dhcp"), (self.nd, "nd")) for segment in VIDS
                  if self.model.learners(switch, source, segment)]
        for _ in range(self.rng.randrange(most + 1) if places else 0):
            lesson, segment = self.rng.choice(places)
            lesson(switch, segment)
        end = time.monotonic() + PATIENCE_S
        while (found := in_force()) != self.wanted(switch) and time.monotonic() < end:
            time.sleep(0.05)
        return [f"{'is' if one in found else 'is not'} bound: port {one[0]}, VLAN {one[1]}, {one[2]}"
                for one in sorted(found ^ self.wanted(switch), key=str)]
