#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""packets - single packets that no well-behaved host would send, and what arrives.

usage: packets.py catch [SECONDS]                       a line for each IP packet that comes in at eth0
       packets.py tcp FLAGS SRC DST SPORT DPORT [SEQ ACK]
                                                        flags as in "S", "A", "SA", "F"; one for each port
                                                        if SPORT is FIRST-LAST
       packets.py session fin|rst|open SPORT DST DPORT  a TCP session with serve.py's tcp, closed by FIN or RST or left
                                                        open; then prints the SEQ and ACK of its next packet
       packets.py udp SRC-PORT DST PORT [COUNT [SIZE]]  datagrams, to a broadcast or multicast address, too
       packets.py raw PROTOCOL SRC DST                  of any other protocol, eight bytes of zero
       packets.py sctp CHUNK SRC DST SPORT DPORT        'init', 'init-ack', 'cookie-echo', 'cookie-ack' or 'heartbeat'
       packets.py error TYPE CODE FROM TO SRC DST SPORT DPORT
                                                        an ICMP error about a UDP packet from SRC to DST

Lines of catch: "tcp FLAGS SRC DST SPORT DPORT", "udp SRC DST SPORT DPORT SIZE", "fragment SRC DST",
"icmp TYPE CODE SRC DST", "icmpv6 TYPE CODE SRC DST", "neighbour TYPE CODE SRC DST", "proto/NUMBER SRC DST"; "ready" first."""

import ipaddress
import socket
import struct
import sys
import time

FLAGS = "FSRPA"
MTU_OF_ERRORS = 1400
IP_TYPES = (b"\x08\x00", b"\x86\xdd")


def checksum(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def packed(address):
    return ipaddress.ip_address(address).packed


def l4_checksum(src, dst, proto, data):
    if len(packed(src)) == 4:
        pseudo = packed(src) + packed(dst) + struct.pack("!BBH", 0, proto, len(data))
    else:
        pseudo = packed(src) + packed(dst) + struct.pack("!II", len(data), proto)
    return checksum(pseudo + data)


def ip_header(src, dst, proto, size):
    if ":" in src:
        return struct.pack("!IHBB", 6 << 28, size, proto, 64) + packed(src) + packed(dst)
    header = struct.pack("!BBHHHBBH", 0x45, 0, 20 + size, 1, 0, 64, proto, 0) + packed(src) + packed(dst)
    return header[:10] + struct.pack("!H", checksum(header)) + header[12:]


def send(src, dst, proto, data):
    family = socket.AF_INET6 if ":" in dst else socket.AF_INET
    with socket.socket(family, socket.SOCK_RAW, socket.IPPROTO_RAW) as sock:
        sock.sendto(ip_header(src, dst, proto, len(data)) + data, (dst, 0))


def tcp(flags, src, dst, sport, dport, seq="1000", ack="2000"):
    bits = sum(1 << FLAGS.index(f) if f != "A" else 0x10 for f in flags)
    first, _, last = sport.partition("-")
    for port in range(int(first), int(last or first) + 1):
        segment = struct.pack("!HHIIBBHHH", port, int(dport), int(seq), int(ack), 5 << 4, bits, 1000, 0, 0)
        send(src, dst, 6, segment[:16] + struct.pack("!H", l4_checksum(src, dst, 6, segment)) + segment[18:])


def read_segment(packet):
    """Source port, destination port, and the sequence number after it, of a TCP packet without RST; else None."""
    if packet[0] >> 4 == 4:
        start, end, proto = (packet[0] & 0xf) * 4, int.from_bytes(packet[2:4], "big"), packet[9]
    else:
        start, end, proto = 40, int.from_bytes(packet[4:6], "big") + 40, packet[6]
    if proto != socket.IPPROTO_TCP:
        return None
    sport, dport, seq, _, offset, flags = struct.unpack("!HHIIBB", packet[start:start + 14])
    size = end - start - (offset >> 4) * 4 + (flags & 1) + (flags >> 1 & 1)  # FIN and SYN count.
    return None if flags & 4 else (sport, dport, (seq + size) % 2**32)


def next_numbers(sniffer, sport, dport):
    """SEQ and ACK of what the end with 'sport' would send next, when both have fallen silent."""
    ends = {}
    sniffer.settimeout(0.3)
    try:
        while True:
            frame = sniffer.recv(65536)
            found = read_segment(frame[14:]) if frame[12:14] in IP_TYPES else None
            if found and set(found[:2]) == {sport, dport}:
                ends[found[0]] = found[2]
    except TimeoutError:
        return ends[sport], ends[dport]


def session(how, sport, dst, dport):
    sniffer = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
    sniffer.bind(("eth0", 0))
    sock = socket.socket(socket.AF_INET6 if ":" in dst else socket.AF_INET)
    sock.bind(("", int(sport)))
    sock.settimeout(5)
    sock.connect((dst, int(dport)))
    sock.recv(100)
    sock.sendall(b"x")
    sock.recv(1)
    if how == "rst":
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    if how != "open":
        sock.close()
    print(*next_numbers(sniffer, int(sport), int(dport)), flush=True)
    if how == "open":
        time.sleep(60)  # To be ended.


def udp(sport, dst, dport, count="1", size="8"):
    with socket.socket(socket.AF_INET6 if ":" in dst else socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"eth0")
        sock.bind(("", int(sport)))
        for _ in range(int(count)):
            sock.sendto(b"x" * int(size), (dst, int(dport)))
            time.sleep(0.02)


def raw(proto, src, dst):
    send(src, dst, int(proto), bytes(8))


def crc32c(data):
    crc = 0xffffffff
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ 0x82f63b78 * (crc & 1)
    return crc ^ 0xffffffff


def sctp(chunk, src, dst, sport, dport):
    """Tags: of what the opener gets 1, of what it sends 2."""
    tag, type_, body = {"init": (0, 1, struct.pack("!IIHHI", 1, 65536, 1, 1, 1)),
                        "init-ack": (1, 2, struct.pack("!IIHHIHH4x", 2, 65536, 1, 1, 1, 7, 8)),
                        "cookie-echo": (2, 10, bytes(4)), "cookie-ack": (1, 11, b""),
                        "heartbeat": (2, 4, struct.pack("!HH", 1, 4))}[chunk]
    packet = struct.pack("!HHIIBBH", int(sport), int(dport), tag, 0, type_, 0, 4 + len(body)) + body
    send(src, dst, 132, packet[:8] + struct.pack("<I", crc32c(packet)) + packet[12:])


def error(type_, code, sender, receiver, src, dst, sport, dport):
    inner = struct.pack("!HHHH", int(sport), int(dport), 16, 0) + b"x" * 8
    inner = inner[:6] + struct.pack("!H", l4_checksum(src, dst, 17, inner)) + inner[8:]
    message = struct.pack("!BBHI", int(type_), int(code), 0, MTU_OF_ERRORS) + ip_header(src, dst, 17, 16) + inner
    proto, sum_ = (58, l4_checksum(sender, receiver, 58, message)) if ":" in src else (1, checksum(message))
    send(sender, receiver, proto, message[:2] + struct.pack("!H", sum_) + message[4:])


def describe(ip):
    """'ip' is a packet from its IP header on."""
    if ip[0] >> 4 == 4:
        src, dst = (str(ipaddress.ip_address(ip[i:i + 4])) for i in (12, 16))
        proto, l4 = ip[9], ip[(ip[0] & 15) * 4:]
        fragment = struct.unpack("!H", ip[6:8])[0] & 0x3fff
    else:
        src, dst = (str(ipaddress.ip_address(ip[i:i + 16])) for i in (8, 24))
        proto, l4, fragment = ip[6], ip[40:], ip[6] == 44
    if fragment:
        return f"fragment {src} {dst}"
    if proto == 6:
        names = "".join(f for f in FLAGS if l4[13] & (0x10 if f == "A" else 1 << FLAGS.index(f)))
        return f"tcp {names} {src} {dst} {int.from_bytes(l4[:2], 'big')} {int.from_bytes(l4[2:4], 'big')}"
    if proto == 17:
        return (f"udp {src} {dst} {int.from_bytes(l4[:2], 'big')} {int.from_bytes(l4[2:4], 'big')} "
                f"{int.from_bytes(l4[4:6], 'big') - 8}")
    if proto in (1, 58):
        name = "icmp" if proto == 1 else "neighbour" if 130 <= l4[0] <= 143 else "icmpv6"
        return f"{name} {l4[0]} {l4[1]} {src} {dst}"
    return f"proto/{proto} {src} {dst}"


def catch(seconds="1000000"):
    sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))  # ETH_P_ALL
    sock.bind(("eth0", 0))
    print("ready", flush=True)
    end = time.monotonic() + float(seconds)
    while (left := end - time.monotonic()) > 0:
        sock.settimeout(left)
        try:
            data, (_, _, kind, *_) = sock.recvfrom(65536)
        except TimeoutError:
            break
        if kind != socket.PACKET_OUTGOING and data[12:14] in IP_TYPES:
            print(describe(data[14:]), flush=True)


{"catch": catch, "tcp": tcp, "session": session, "udp": udp, "raw": raw, "sctp": sctp, "error": error}[sys.argv[1]](*sys.argv[2:])
