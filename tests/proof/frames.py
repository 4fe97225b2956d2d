# SPDX-License-Identifier: Apache-2.0
"""frames - the model's frames as bytes, each with a number of its own in its payload."""

import struct

from model.switch import ICMPV6, ND, TCP

ICMP, UDP, SCTP = 1, 17, 132
ETH_IP, ETH_IPV6, ETH_ARP, ETH_VLAN = 0x0800, 0x86dd, 0x0806, 0x8100
MAGIC, FLAG_BITS = b"zoneward", {"F": 1, "S": 2, "R": 4, "P": 8, "A": 16}
PAYLOAD_SIZE = 34  # With the shortest headers: a whole Ethernet frame.
ND_MAGIC = 0x5a << 24  # Neighbour discovery has no payload: its number is in a field of 32 bits that is reserved, but for flags.


def checksum(data):
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def mac(text):
    return bytes.fromhex(text.replace(":", ""))


def payload(number):
    return (MAGIC + struct.pack("!I", number)).ljust(PAYLOAD_SIZE, b".")


def number_of(data):
    """The number in a frame's payload, or None if it is none of ours."""
    if data[12:14] == b"\x86\xdd" and data[20] == ICMPV6 and (data[54], data[55]) in ND:
        field = struct.unpack_from("!I", data, 58)[0]
        return field ^ ND_MAGIC if field >> 24 == ND_MAGIC >> 24 else None
    at = data.find(MAGIC)
    return struct.unpack_from("!I", data, at + len(MAGIC))[0] if at >= 0 and len(data) >= at + 12 else None


def is_refusal(data):
    """Whether it is an ICMP or ICMPv6 error of the kind that a rejected packet is answered with, which quotes it."""
    return (data[12:14] == b"\x08\x00" and data[23] == ICMP and data[34] == 3
            or data[12:14] == b"\x86\xdd" and data[20] == ICMPV6 and data[54] == 1)


def tcp_numbers(flags):
    """Sequence and acknowledgement, such that a SYN, its answer and what follows fit each other."""
    return {"S": (1000, 0), "SA": (5000, 1001)}.get(flags, (1001, 5001))


def l4(frame, session_id, number):
    """The packet from behind its IP header on, and where in it there is a checksum."""
    packet = frame.ip
    first, second = packet.l4
    if packet.proto == TCP:
        bits = sum(FLAG_BITS[flag] for flag in frame.flags)
        header = struct.pack("!HHIIBBHHH", first, second, *tcp_numbers(frame.flags), 5 << 4, bits, 1000, 0, 0)
        return header + payload(number), 16
    if packet.proto == UDP:
        return struct.pack("!HHHH", first, second, 8 + PAYLOAD_SIZE, 0) + payload(number), 6
    if packet.proto == SCTP:
        return struct.pack("!HHII", first, second, 1, 0) + payload(number), None
    if packet.proto == ICMPV6 and packet.l4 in ND:
        option = struct.pack("!BB", 1 if first == 135 else 2, 1) + mac(frame.nd_mac) if frame.nd_mac else b""
        return struct.pack("!BBHI", first, second, 0, ND_MAGIC | number) + frame.nd_target.packed + option, 2
    if packet.proto in (ICMP, ICMPV6):
        return struct.pack("!BBHHH", first, second, 0, session_id & 0xffff, 1) + payload(number), 2
    return payload(number), None


def ip(frame, session_id, number):
    packet = frame.ip
    src, dst = packet.src.packed, packet.dst.packed
    data, at = l4(frame, session_id, number)
    if at is not None:
        pseudo = src + dst + struct.pack("!II", len(data), packet.proto)
        total = checksum(data if packet.proto == ICMP else pseudo + data) or 0xffff
        data = data[:at] + struct.pack("!H", total) + data[at + 2:]
    if packet.src.version == 6:
        return struct.pack("!IHBB", 6 << 28, len(data), packet.proto, frame.ttl) + src + dst + data
    header = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(data), number & 0xffff, 0, frame.ttl, packet.proto, 0) + src + dst
    return header[:10] + struct.pack("!H", checksum(header)) + header[12:] + data


def arp(frame, number):
    return struct.pack("!HHBBH", 1, ETH_IP, 6, 4, 1) + mac(frame.arp_mac) + frame.arp_ip.packed + bytes(6) + b"\x0a\0\0\2" + payload(number)


def untagged(frame, session_id, number):
    """The frame without a tag: as its receiver sees it, who is told the tag apart.  'session_id': of ICMP."""
    head = mac(frame.dl_dst) + mac(frame.dl_src)
    if frame.kind == "arp":
        return head + struct.pack("!H", ETH_ARP) + arp(frame, number)
    if frame.kind == "other":
        return head + struct.pack("!H", frame.ether_type) + payload(number).ljust(46, b".")
    kind = ETH_IP if frame.ip.src.version == 4 else ETH_IPV6
    return head + struct.pack("!H", kind) + ip(frame, session_id, number)


def tagged(data, vid):
    return data[:12] + struct.pack("!HH", ETH_VLAN, vid) + data[12:] if vid else data
