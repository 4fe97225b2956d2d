# SPDX-License-Identifier: Apache-2.0
"""wires - real packets, put in at the VMs' ends of their links and taken out there, byte by byte."""

import ctypes
import selectors
import socket
import struct
import time

CLONE_NEWNET = 0x40000000
SOL_PACKET, PACKET_AUXDATA, ETH_P_ALL = 263, 8, 3  # <linux/if_packet.h>
VLAN_VALID = 1 << 4
RECEIVE_BUFFER_SIZE = 8 << 20
PATIENCE_S = 10.0
QUIET_S = 0.2  # How long nothing more may come once all has come that should.


class Namespaces:
    """Sockets in other network namespaces, of a process that stays in its own."""

    def __init__(self):
        self.libc = ctypes.CDLL(None, use_errno=True)

    def enter(self, path):
        with open(path, "rb") as stream:
            if self.libc.setns(stream.fileno(), CLONE_NEWNET):
                raise OSError(ctypes.get_errno(), f"setns {path}")

    def packet_socket(self, namespace, device):
        with open("/proc/self/ns/net", "rb") as home:
            self.enter(f"/run/netns/{namespace}")
            try:
                sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
                sock.bind((device, 0))
            finally:
                self.libc.setns(home.fileno(), CLONE_NEWNET)
        sock.setsockopt(SOL_PACKET, PACKET_AUXDATA, 1)
        sock.setsockopt(socket.SOL_SOCKET, 33, RECEIVE_BUFFER_SIZE)  # SO_RCVBUFFORCE
        sock.setblocking(False)
        return sock


def tag_of(ancillary):
    for _, kind, data in ancillary:
        if kind == PACKET_AUXDATA:
            status, _, _, _, _, tci, _ = struct.unpack_from("=IIIHHHH", data)
            return tci & 0xfff if status & VLAN_VALID else 0
    return 0


class Wires:
    """One socket for each port of the switch, by its number."""

    def __init__(self, namespaces_of):
        made = Namespaces()
        self.socks = {number: made.packet_socket(namespace, "eth0") for number, namespace in namespaces_of.items()}
        self.selector = selectors.DefaultSelector()
        for number, sock in self.socks.items():
            self.selector.register(sock, selectors.EVENT_READ, number)

    def send(self, number, data):
        self.socks[number].send(data)

    def received(self, timeout_s):
        """What comes in within the time: [(port, tag, frame without it)]; returns as soon as there is something."""
        found = []
        for key, _ in self.selector.select(timeout_s):
            while True:
                try:
                    data, ancillary, _, address = key.fileobj.recvmsg(65536, 256)
                except BlockingIOError:
                    break
                if address[2] != socket.PACKET_OUTGOING:
                    found.append((key.data, tag_of(ancillary), data))
        return found

    def collect(self, n_expected, is_ours):
        """What arrives until it is as much as expected, or patience is over, and then nothing for a while."""
        found, end, is_enough = [], time.monotonic() + PATIENCE_S, False
        while True:
            if len(found) >= n_expected and not is_enough:
                is_enough, end = True, time.monotonic() + QUIET_S
            if (left := end - time.monotonic()) <= 0:
                return found
            new = [one for one in self.received(left) if is_ours(one[2])]
            found += new
            if is_enough and new:
                end = time.monotonic() + QUIET_S
