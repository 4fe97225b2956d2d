# SPDX-License-Identifier: Apache-2.0
"""ports - what OVSDB says of a bridge's ports: their VLANs, after ovs-vswitchd.conf.db(5), and their zones, after
zoneward-policy(5)."""

import dataclasses
import fnmatch
import ipaddress

LOCAL = 65534  # The bridge's own port.


@dataclasses.dataclass
class Port:
    number: int
    name: str
    mode: str = "trunk"
    tag: int | None = None
    trunks: tuple = ()
    external_ids: dict = dataclasses.field(default_factory=dict)
    learned: dict = dataclasses.field(default_factory=dict)  # IP addresses by segment, see learning.py.

    @property
    def mac(self):
        """The address that OVSDB says is behind this port, or None."""
        return self.external_ids.get("attached-mac")

    @property
    def addresses(self):
        """The IP addresses that OVSDB says are behind this port."""
        return {ipaddress.ip_address(text) for text in self.external_ids.get("attached-ips", "").replace(",", " ").split()}

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


def is_selected(selector, port):
    key, value = selector.key, selector.value
    if key == "name":
        return fnmatch.fnmatchcase(port.name, value)
    if key == "iface-id":
        return port.external_ids.get("iface-id") == value
    if key == "mac":
        return (port.mac or "").lower() == value.lower()
    key, _, value = value.partition("=")
    return port.external_ids.get(key) == value


def zone_of_port(policy, port, segment=0):
    """The zone's name in this segment; None if no zone takes it, or two do.  Who names the VLAN comes before the others."""
    naming, others = set(), set()
    for zone in policy.zones.values():
        for selector in zone.selectors:
            if is_selected(selector, port):
                if selector.vlans is None:
                    others.add(zone.name)
                elif segment in selector.vlans:
                    naming.add(zone.name)
    claimed = policy.zones.get(port.external_ids.get("zone"))
    if claimed and claimed.trusts_external_id:
        others.add(claimed.name)
    found = naming or others
    return found.pop() if len(found) == 1 else None


def link_local(mac):
    """The IPv6 address that follows from a MAC address (RFC 4291, appendix A)."""
    data = bytes.fromhex(mac.replace(":", ""))
    return ipaddress.IPv6Address(b"\xfe\x80" + bytes(6) + bytes([data[0] ^ 2]) + data[1:3] + b"\xff\xfe" + data[3:])


def given(zone, port):
    """What OVSDB and the policy have a guard of the zone bind a port of it to, in all VLANs: MAC addresses and IP addresses."""
    entries = [selector for selector in zone.selectors if is_selected(selector, port)]
    macs = {port.mac.lower()} if port.mac else set()
    macs = macs.union(*(entry.macs for entry in entries))
    return macs, port.addresses.union(*(entry.addresses for entry in entries), map(link_local, macs))


def bindings(zone, port, segment):
    """The same, with what is learned in one VLAN."""
    macs, addresses = given(zone, port)
    return macs, addresses | port.learned.get(segment, set())
