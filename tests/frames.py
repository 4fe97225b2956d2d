#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""frames - raw Ethernet frames, as honest or as false as a test needs them.

usage: frames.py send [NAME=VALUE...] EXPRESSION [COUNT [SECONDS]]
                                    puts a frame (or a list of frames) on eth0; NAMEs are strings in the expression;
                                    SECONDS: between two of them, 0.01
       frames.py serve PIPE [NAME=VALUE...]
                                    the same for each line "EXPRESSION<tab>COUNT" that comes through PIPE; a line "sent" goes
                                    back through PIPE.sent
       frames.py flood [NAME=VALUE...] EXPRESSION...
                                    these frames in turn, some 4000 a second, until it is ended; an expression with SEQ in it is
                                    2000 frames, with different numbers there; "ready" first
       frames.py answer TARGET [NAME=VALUE...] EXPRESSION
                                    puts this frame on eth0 for each solicitation about TARGET that comes in; "ready" first
       frames.py catch              a line for each frame that comes in at eth0, in hexadecimal; "ready" first

An expression is a nest of the functions below, the outermost first: eth(A, B, ip("10.0.0.1", "10.0.0.2", udp(68, 67))).
Lengths, checksums and numbers of protocols follow from what is inside."""

import ipaddress
import itertools
import os
import random
import socket
import struct
import sys
import time

BROADCAST = "ff:ff:ff:ff:ff:ff"
ALL_NODES, ALL_NODES_MAC = "ff02::1", "33:33:00:00:00:01"


def mac(text):
    return bytes.fromhex(text.replace(":", ""))


def addr(text):
    return ipaddress.ip_address(text).packed


def checksum(data):
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


class L4(bytes):
    """The bytes of a protocol above IP; 'at' is where its checksum goes, None: it has none."""

    def __new__(cls, proto, at, data):
        self = super().__new__(cls, data)
        self.proto, self.at, self.hops = proto, at, 255 if proto == 58 else 64
        return self

    def sealed(self, src, dst):
        if self.at is None:
            return bytes(self)
        pseudo = addr(src) + addr(dst) + struct.pack("!II", len(self), self.proto)
        if self.proto == 1:
            pseudo = b""
        sum_ = checksum(pseudo + self) or 0xffff
        return self[:self.at] + struct.pack("!H", sum_) + self[self.at + 2:]


class Behind(L4):
    """What 'inner' is behind IPv6 extension headers of these types, the outermost first, each with 6 bytes of padding (PadN)."""

    def __new__(cls, headers, inner):
        nexts = [*headers[1:], inner.proto]
        before = b"".join(struct.pack("!BB6B", next_, 0, 1, 4, 0, 0, 0, 0) for next_ in nexts)
        self = super().__new__(cls, headers[0], None, before + inner)
        self.before, self.inner, self.hops = before, inner, inner.hops
        return self

    def sealed(self, src, dst):
        return self.before + self.inner.sealed(src, dst)


class L3(bytes):
    def __new__(cls, type_, data):
        self = super().__new__(cls, data)
        self.type = type_
        return self


def eth(src, dst, inner, tags=(), tag_type=0x8100):
    """'tags': VLAN ids, the outermost first."""
    data = mac(dst) + mac(src)
    for tag in tags:
        data += struct.pack("!HH", tag_type, tag)
    return (data + struct.pack("!H", inner.type) + inner).ljust(60, b"\0")


def raw(type_, data=b""):
    return L3(type_, data)


def arp(op, sha, spa, tha, tpa, **other):
    head = struct.pack("!HHBBH", other.get("hardware", 1), 0x0800, 6, 4, op)
    return L3(0x0806, head + mac(sha) + addr(spa) + mac(tha) + addr(tpa))


def ip4(src, dst, proto, data, flags=0, offset=0, ident=1, ttl=64):
    head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(data), ident, flags | offset // 8, ttl, proto, 0)
    head += addr(src) + addr(dst)
    return L3(0x0800, head[:10] + struct.pack("!H", checksum(head)) + head[12:] + data)


def cut(packet, length):
    """The same, but its IP header says that only so much belongs to it: IPv4's total length, IPv6's payload length."""
    if packet.type == 0x86dd:
        return L3(packet.type, packet[:4] + struct.pack("!H", length) + packet[6:])
    head = packet[:2] + struct.pack("!H", length) + packet[4:10] + b"\0\0" + packet[12:20]
    return L3(packet.type, head[:10] + struct.pack("!H", checksum(head)) + head[12:] + packet[20:])


def ip6(src, dst, next_, data, hops=64):
    return L3(0x86dd, struct.pack("!IHBB", 6 << 28, len(data), next_, hops) + addr(src) + addr(dst) + data)


def ip(src, dst, inner, hops=None, headers=()):
    """'headers': see Behind."""
    if headers:
        inner = Behind(headers, inner)
    if ":" not in src:
        return ip4(src, dst, inner.proto, inner.sealed(src, dst), ttl=hops or 64)
    return ip6(src, dst, inner.proto, inner.sealed(src, dst), hops or inner.hops)


def fragment(src, dst, inner, at, end, ident=7, hops=None):
    """The packet that carries the bytes of 'inner' from 'at' to 'end'; the last one if 'inner' has no more."""
    data = inner.sealed(src, dst)
    part, more = data[at:end], end < len(data)
    if ":" in src:
        head = struct.pack("!BBHI", inner.proto, 0, at | more, ident)
        return ip6(src, dst, 44, head + part, hops or inner.hops)
    return ip4(src, dst, inner.proto, part, 0x2000 if more else 0, at, ident)


def fragments(src, dst, inner, size, ident=7, hops=None):
    """The packets that 'inner' becomes where 'size' bytes fit into one."""
    return [fragment(src, dst, inner, at, at + size, ident, hops) for at in range(0, len(inner), size)]


def two_fragments(src, dst, inner, at, ident=7):
    return [fragment(src, dst, inner, 0, at, ident), fragment(src, dst, inner, at, len(inner), ident)]


def within_fragment(packet, ident=7):
    """The same IPv6 packet in a fragment that is all of it (RFC 6946)."""
    head = struct.pack("!BBHI", packet[6], 0, 0, ident)
    return L3(packet.type, packet[:4] + struct.pack("!HB", len(packet) - 40 + 8, 44) + packet[7:40] + head + packet[40:])


def first_fragment(src, dst, proto, ident=8):
    """One that ends with its options, before the header of 'proto' (RFC 7112)."""
    return ip6(src, dst, 44, struct.pack("!BBHI", 60, 0, 1, ident) + bytes((proto, 0, 1, 4, 0, 0, 0, 0)), 255)


def udp(sport, dport, data=b"12345678"):
    return L4(17, 6, struct.pack("!HHHH", sport, dport, 8 + len(data), 0) + data)


def tcp(flags, sport, dport, seq=1000, ack=2000, data=b""):
    bits = sum(1 << "FSRPA".index(f) for f in flags)
    return L4(6, 16, struct.pack("!HHIIBBHHH", sport, dport, seq, ack, 5 << 4, bits, 1000, 0, 0) + data)


def icmp(type_, code=0, data=b"\0" * 12):
    return L4(1, 2, struct.pack("!BBH", type_, code, 0) + data)


def icmp6(type_, code=0, data=b"\0" * 4):
    return L4(58, 2, struct.pack("!BBH", type_, code, 0) + data)


def link_option(type_, address):
    return struct.pack("!BB", type_, 1) + mac(address) if address else b""


def ns(target, sll=None, more=b""):
    return icmp6(135, 0, struct.pack("!I", 0) + addr(target) + link_option(1, sll) + more)


def na(target, tll=None, flags=0x60000000):
    return icmp6(136, 0, struct.pack("!I", flags) + addr(target) + link_option(2, tll))


NONCE = b"\x0e\x01\1\2\3\4\5\6"


def dad(src, target, more=b"", tags=()):
    """A probe as hosts send it, to the solicited-node group; 'more': options."""
    last = addr(target)[-3:]
    group = str(ipaddress.IPv6Address(addr("ff02::1:ff00:0")[:13] + last))
    return eth(src, "33:33:ff:" + last.hex(":"), ip("::", group, ns(target, more=more)), tags)


def rs(sll=None):
    return icmp6(133, 0, struct.pack("!I", 0) + link_option(1, sll))


def ra(sll=None, more=b""):
    return icmp6(134, 0, struct.pack("!BBHII", 64, 0, 1800, 0, 0) + link_option(1, sll) + more)


def redirect6(target, dst, about=b""):
    """'about': the packet that should have gone another way, 8 bytes or more; with its last 0 to 7 bytes left out."""
    option = struct.pack("!BB6x", 4, 1 + len(about) // 8) + about[:len(about) // 8 * 8] if about else b""
    return icmp6(137, 0, struct.pack("!I", 0) + addr(target) + addr(dst) + option)


def mld(type_, group="ff02::1:ff00:1"):
    return icmp6(type_, 0, struct.pack("!HH", 0, 0) + addr(group))


def mld2(group="ff02::1:ff00:1"):
    return icmp6(143, 0, struct.pack("!HHBBH", 0, 1, 4, 0, 0) + addr(group))


def dhcp(op, message, chaddr, yours="0.0.0.0", client="0.0.0.0", options=b"", xid=0x12345678):
    """'message': 1 discover, 2 offer, 3 request, 5 ack."""
    data = struct.pack("!BBBBIHH", op, 1, 6, 0, xid, 0, 0) + addr(client) + addr(yours) + b"\0" * 8
    data += mac(chaddr).ljust(16, b"\0") + b"\0" * 192 + b"\x63\x82\x53\x63"
    return data + bytes((53, 1, message)) + options + b"\xff"


def is_name(word):
    return "=" in word and word.split("=")[0].isidentifier()


def put(expression, names, count, pause=0.01):
    frames = eval(expression, {**globals(), **names})  # pylint: disable=eval-used
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as sock:
        sock.bind(("eth0", 0))
        for _ in range(count):
            for frame in frames if isinstance(frames, list) else [frames]:
                sock.send(frame)
                time.sleep(pause)


def send(*words):
    names = dict(word.split("=", 1) for word in words if is_name(word))
    rest = [word for word in words if not is_name(word)]
    put(rest[0], names, *(convert(word) for convert, word in zip((int, float), rest[1:] or ["1"])))


def serve(pipe, *words):
    names = dict(word.split("=", 1) for word in words)
    # For both, so that it never ends: between an end and opening it again a line would be lost.
    with open(os.open(pipe, os.O_RDWR), encoding="utf-8") as lines:
        print("ready", flush=True)
        for line in lines:
            expression, count = line.rstrip("\n").split("\t")
            put(expression, names, int(count))
            with open(pipe + ".sent", "w", encoding="utf-8") as answer:
                answer.write("sent\n")


def flood(*words):
    names = dict(word.split("=", 1) for word in words if is_name(word))
    frames = []
    for word in words:
        if not is_name(word):
            for seq in range(2000) if "SEQ" in word else [0]:
                frames.append(eval(word, {**globals(), **names, "SEQ": 1024 + seq}))  # pylint: disable=eval-used
    print("ready", flush=True)
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as sock:
        sock.bind(("eth0", 0))
        # Not in turn: the switch takes packets in batches, and a meter lets the first ones of each pass.
        rng = random.Random(1)
        for i in itertools.count():
            if i % len(frames) == 0:
                rng.shuffle(frames)
            sock.send(frames[i % len(frames)])
            if i % 20 == 19:
                time.sleep(0.005)


def answer(target, *words):
    names = dict(word.split("=", 1) for word in words if is_name(word))
    frame = eval([word for word in words if not is_name(word)][0], {**globals(), **names})  # pylint: disable=eval-used
    sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x86dd))
    sock.bind(("eth0", 0))
    print("ready", flush=True)
    while True:
        data, (_, _, kind, *_) = sock.recvfrom(65536)
        if kind != socket.PACKET_OUTGOING and data[20] == 58 and data[54] == 135 and data[62:78] == addr(target):
            sock.send(frame)


def catch():
    sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))  # ETH_P_ALL
    sock.bind(("eth0", 0))
    print("ready", flush=True)
    while True:
        data, (_, _, kind, *_) = sock.recvfrom(65536)
        if kind != socket.PACKET_OUTGOING:
            print("frame", data.hex(), flush=True)


if __name__ == "__main__":
    {"send": send, "serve": serve, "flood": flood, "answer": answer, "catch": catch}[sys.argv[1]](*sys.argv[2:])
