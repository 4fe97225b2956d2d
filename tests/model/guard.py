# SPDX-License-Identifier: Apache-2.0
"""guard - who may say what through a port: what nobody may, and what a zone's guard forbids, after zoneward-policy(5),
GUARD, and the words of doc/pipeline.md about the stages GUARD and BINDING."""

import ipaddress

from .judge import within
from .ports import bindings, given, link_local

ICMP, IGMP, TCP, UDP, ICMPV6 = 1, 2, 6, 17, 58
NEIGHBOUR_DISCOVERY = {133, 134, 135, 136, 137}
SOLICITATION, ADVERTISEMENT = 135, 136
# Sources that no host has: groups, broadcast, loopback, reserved.
BAD_SOURCES = [ipaddress.ip_network(text) for text in ("0.0.0.0/8", "127.0.0.0/8", "224.0.0.0/4", "240.0.0.0/4", "::/16",
                                                       "ff00::/8")]
NOBODY = {4: ipaddress.ip_address("0.0.0.0"), 6: ipaddress.ip_address("::")}
WITH_HEADER = {TCP, UDP, ICMPV6}
DHCP_REQUEST = (68, 67)
DHCP = {4: (67, 68), 6: (547, 546)}  # The ports of servers and of clients.
FROM_NOWHERE = {131, 132, 133, 135, 143}  # What a host may say by ICMPv6 before it has an address: to a group.
OF_ROUTERS = {(4, ICMP): {5, 9}, (6, ICMPV6): {134, 137}}  # Redirects and router advertisements.


def is_group(mac):
    return int(mac[:2], 16) & 1 == 1


def is_no_host(address):
    return any(within(address, network) for network in BAD_SOURCES)


def icmpv6_type(frame):
    packet = frame.ip
    return packet.l4[0] if packet.proto == ICMPV6 and packet.src.version == 6 and frame.fragment != "later" else None


def is_honest(frame):
    """Whether the packet can be what it says: no source that no host has, nothing that hides what it is."""
    packet = frame.ip
    if frame.kind == "arp":
        return not is_group(frame.arp_mac) and (frame.arp_ip == NOBODY[4] or not is_no_host(frame.arp_ip))
    if packet is None:
        return True
    if packet.proto == 0:
        return False
    if icmpv6_type(frame) in NEIGHBOUR_DISCOVERY and frame.fragment == "first":
        return False
    if packet.src.version == 6 and frame.fragment == "first" and packet.proto in WITH_HEADER and packet.l4 == (0, 0):
        return False  # Its header is in a later fragment, or it says nothing.
    if not is_no_host(packet.src):
        return True
    if packet.src not in NOBODY.values() or not frame.is_group:  # A host that has no address yet.
        return False
    return (packet.proto == IGMP and packet.src.version == 4
            or packet.proto == UDP and packet.src.version == 4 and packet.l4 == DHCP_REQUEST
            or icmpv6_type(frame) in FROM_NOWHERE)


def is_server(guard, frame):
    """Whether it is of a server or a router, which the guard does not want there."""
    packet = frame.ip
    if packet is None or frame.fragment == "later":
        return False
    version = packet.src.version
    if packet.proto == UDP and not guard.dhcp_server:
        return packet.l4[0] == DHCP[version][0] or packet.l4[1] == DHCP[version][1]
    return not guard.router and packet.l4[0] in OF_ROUTERS.get((version, packet.proto), ())


def hides_its_header(guard, frame):
    """Whether it may be one that IP cuts short: ports 0, type 0.  To one receiver, ICMP like that is an echo's reply."""
    packet = frame.ip
    if packet is None or frame.fragment == "later" or packet.l4 != (0, 0):
        return False
    if packet.proto == UDP:
        return not guard.dhcp_server
    if packet.proto == ICMPV6 and packet.src.version == 6:
        return not guard.router or guard.mac or guard.ip
    return packet.proto == ICMP and packet.src.version == 4 and frame.is_group and not guard.router


def says_own_mac(macs, frame):
    if frame.dl_src not in macs:
        return False
    if frame.kind == "arp":
        return frame.arp_mac in macs
    if frame.ip and icmpv6_type(frame) in (SOLICITATION, ADVERTISEMENT):
        # With another code it is none, and nobody can say what is in it.
        return frame.ip.l4[1] == 0 and (frame.nd_mac is None or frame.nd_mac in macs)
    return True


def says_own_ip(guard, addresses, frame):
    if frame.kind == "arp":
        return frame.arp_ip in addresses or frame.arp_ip == NOBODY[4]
    if frame.ip is None:
        return True
    kind, is_nobody = icmpv6_type(frame), frame.ip.src in NOBODY.values()
    if kind == SOLICITATION and is_nobody and frame.ip.l4[1] == 0 and "nd" in guard.learns:
        return True  # It asks whose the address is.
    if kind == ADVERTISEMENT or kind == SOLICITATION and is_nobody:
        if frame.ip.l4[1] != 0 or frame.nd_target not in addresses:
            return False
    return is_nobody or frame.ip.src in addresses


def is_closed(zone, port):
    """Whether the guard is to bind the port and nobody says to what: link-local addresses alone are none.  One that learns may
    hear it yet."""
    macs, addresses = given(zone, port)
    addresses -= set(map(link_local, macs))
    return zone.guard is not None and (zone.guard.mac and not macs or zone.guard.ip and not addresses and not zone.guard.learns)


def lets_pass(zone, frame):
    """Whether the guard of the sender's zone does."""
    guard = zone.guard
    if guard is None:
        return True
    macs, addresses = bindings(zone, frame.port, frame.port.segment_of(frame.vid))
    return (not is_server(guard, frame) and not hides_its_header(guard, frame) and (not guard.mac or says_own_mac(macs, frame))
            and (not guard.ip or says_own_ip(guard, addresses, frame)))


def is_own(zone, port, segment, address):
    """Whether the address is one that a guard binds a port of the zone to: nobody else sends from there to it."""
    return zone.guard is not None and zone.guard.ip and address in bindings(zone, port, segment)[1]
