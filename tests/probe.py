#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""probe - one attempt to use a service, and what came of it in one word.

usage: probe.py http|tcp|udp|dns ADDRESS PORT [SECONDS]

Prints "passed", "dropped" (no answer in time), "refused" (reset, or an ICMP error) or "broken" (an answer, but not
the right one), and exits 0 for passed, 1 otherwise."""

import errno
import os
import socket
import struct
import sys
import time

NOT_FOUND = "not found"  # By ARP or neighbour discovery.
IP_RECVERR, SO_EE_ORIGIN_ICMP = 11, 2  # linux/in.h, linux/errqueue.h
REFUSED = {errno.ECONNREFUSED, errno.ECONNRESET, errno.EHOSTUNREACH, errno.ENETUNREACH, errno.EACCES}


def http(sock):
    sock.sendall(b"GET / HTTP/1.0\r\n\r\n")
    return sock.recv(4096).startswith(b"HTTP/1.0 200")


def tcp(sock):
    """A banner, then an echo: the session lives in both directions after its first packets."""
    if not sock.recv(4096):
        return False
    sock.sendall(b"ping\n")
    return sock.recv(4096) == b"ping\n"


def udp(sock):
    token = os.urandom(8)
    sock.send(token)
    return sock.recv(4096) == token


def dns(sock):
    ident = os.urandom(2)
    sock.send(ident + struct.pack("!HHHHH", 0x0100, 1, 0, 0, 0) + b"\7example\3com\0" + b"\0\1\0\1")
    answer = sock.recv(4096)
    return answer[:2] == ident and answer.endswith(bytes([192, 0, 2, 1]))


PROBES = {
    "http": (socket.SOCK_STREAM, http),
    "tcp": (socket.SOCK_STREAM, tcp),
    "udp": (socket.SOCK_DGRAM, udp),
    "dns": (socket.SOCK_DGRAM, dns),
}


def was_told(sock):
    """Whether an ICMP error other than "host unreachable" came, which the kernel also tells itself when ARP fails."""
    try:
        _, ancillary, *_ = sock.recvmsg(0, 256, socket.MSG_ERRQUEUE)
    except OSError:
        return False
    return any((data[4], data[5]) == (SO_EE_ORIGIN_ICMP, 3) and data[6] != 1 for *_, data in ancillary)


def attempt(kind, address, port, timeout_s):
    kind, run = PROBES[kind]
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, kind) as sock:
        sock.settimeout(timeout_s)
        if family == socket.AF_INET:
            sock.setsockopt(socket.IPPROTO_IP, IP_RECVERR, 1)
        try:
            sock.connect((address, port))
            return "passed" if run(sock) else "broken"
        except TimeoutError:
            return "dropped"
        except OSError as e:
            # Without an answer to ARP or ND the kernel itself says "no route to host": nothing came back.
            if e.errno == errno.EHOSTUNREACH:
                return "refused" if was_told(sock) else NOT_FOUND
            return "refused" if e.errno in REFUSED else "broken"


def main():
    end = time.monotonic() + (float(sys.argv[4]) if len(sys.argv) > 4 else 1.5)
    result = NOT_FOUND
    while result == NOT_FOUND and (left := end - time.monotonic()) > 0:  # That may be the end of an earlier search.
        result = attempt(sys.argv[1], sys.argv[2], int(sys.argv[3]), left)
    result = "dropped" if result == NOT_FOUND else result
    print(result)
    return 0 if result == "passed" else 1


sys.exit(main())
