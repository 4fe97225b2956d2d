#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""ether - Ethernet frames as they are, with any addresses, tags and type.

usage: ether.py catch [DEVICE]                          a line for each frame that comes in, at eth0 if not said
       ether.py send DST SRC VLAN TYPE TEXT [COUNT]     SRC "-": eth0's own; VLAN "-": no tag, "10", "10.20": two tags
       ether.py flood N VLAN TYPE                       a frame from each of N addresses, 06:00:00:00:00:00 on
       ether.py mirror                                  sends back each frame of type 0x88b5 or 0x88b6 as it came

A frame of type 0x0806 is ARP that asks for nobody, with the text behind it.

Lines of catch: "DST SRC VLAN TYPE TEXT", VLAN "-" or the outer tag's, TEXT up to the first zero byte; "ready" first."""

import socket
import struct
import sys
import time

ARP, ARP_SIZE = 0x0806, 28  # RFC 826.
AUXDATA = 8  # PACKET_AUXDATA of <linux/if_packet.h>
VLAN_VALID = 1 << 4


def eth0(device="eth0"):
    sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))  # ETH_P_ALL
    sock.bind((device, 0))
    sock.setsockopt(263, AUXDATA, 1)  # SOL_PACKET
    return sock


def mac(text):
    return bytes.fromhex(text.replace(":", ""))


def contents(eth_type, src, text):
    arp = struct.pack("!HHBBH", 1, 0x0800, 6, 4, 1) + src + bytes(14) if eth_type == ARP else b""
    return (arp + text.encode()).ljust(46, b"\0")


def frame(dst, src, vlan, eth_type, text):
    tags = b"".join(struct.pack("!HH", 0x8100, int(v)) for v in vlan.split(".")) if vlan != "-" else b""
    return dst + src + tags + struct.pack("!H", int(eth_type, 0)) + contents(int(eth_type, 0), src, text)


def send(dst, src, vlan, eth_type, text, count="1"):
    with eth0() as sock:
        own = sock.getsockname()[4] if src == "-" else mac(src)
        for _ in range(int(count)):
            sock.send(frame(mac(dst), own, vlan, eth_type, text))
            time.sleep(0.02)


def flood(n, vlan, eth_type):
    with eth0() as sock:
        for i in range(int(n)):
            sock.send(frame(b"\xff" * 6, b"\x06\0\0" + i.to_bytes(3, "big"), vlan, eth_type, "flood"))
            time.sleep(0.0005)


def received(sock):
    """Frames that came in, with the outer tag where the kernel took it off: (frame, vlan or None)."""
    while True:
        data, ancillary, _, (_, _, kind, *_) = sock.recvmsg(65536, 256)
        if kind == socket.PACKET_OUTGOING:
            continue
        vlan = None
        for _, type_, aux in ancillary:
            if type_ == AUXDATA:
                status, *_, tci, _ = struct.unpack("=IIIHHHH", aux)
                vlan = tci & 0xfff if status & VLAN_VALID else None
        yield data, vlan


def catch(device="eth0"):
    sock = eth0(device)
    print("ready", flush=True)
    for data, vlan in received(sock):
        head, rest = data[:12], data[12:]
        if vlan is None and rest[:2] == b"\x81\0":
            vlan, rest = int.from_bytes(rest[2:4], "big") & 0xfff, rest[4:]
        text = rest[2 + (ARP_SIZE if rest[:2] == b"\x08\x06" else 0):].split(b"\0")[0].decode("ascii", "replace")
        print(head[:6].hex(":"), head[6:].hex(":"), "-" if vlan is None else vlan, f"0x{rest[:2].hex()}",
              text if text.isprintable() else "?", flush=True)


def mirror():
    sock = eth0()
    print("ready", flush=True)
    for data, vlan in received(sock):
        if data[12:14] in (b"\x88\xb5", b"\x88\xb6") and vlan is None:
            sock.send(data)


{"catch": catch, "send": send, "flood": flood, "mirror": mirror}[sys.argv[1]](*sys.argv[2:])
