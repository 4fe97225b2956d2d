#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""stream - steady traffic, and an account of what was lost.

usage: stream.py KIND ADDRESS PORT [SECONDS]

Goes on for SECONDS, or until SIGTERM, and then prints one line of NAME=NUMBER:
  tcp      one connection, an exchange every 5 ms: exchanges, lost (the connection broke), longest_gap_ms
  udp      one flow, an exchange every 5 ms: exchanges, lost, longest_gap_ms
  connect  a new connection after the other, each with one exchange: exchanges, lost, longest_gap_ms
  knock    new TCP connections and UDP flows as fast as 20 ms allow, without waiting for each: sent, passed
Where ZW_SLOWNESS is N it leaves (1 + N) / 2 times as long between two, for others have to get something done meanwhile.
The other side is serve.py: tcp for tcp and connect, udp for udp, both on PORT for knock."""

import os
import selectors
import signal
import socket
import sys
import time

PACE = (1 + int(os.environ.get("ZW_SLOWNESS", "1"))) / 2
INTERVAL_S = 0.005 * PACE
KNOCK_INTERVAL_S = 0.02 * PACE
PATIENCE_S = 2.0
stopped = False


def stop(*_args):
    global stopped
    stopped = True


def opened(kind, address, port):
    sock = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, kind)
    sock.settimeout(PATIENCE_S)
    sock.connect((address, port))
    return sock


class Account:
    def __init__(self):
        self.exchanges = self.lost = 0
        self.longest_gap_s = 0.0
        self.last = time.monotonic()

    def exchange(self, works):
        now = time.monotonic()
        if works:
            if not self.exchanges:
                print("began", flush=True)
            self.exchanges += 1
            self.longest_gap_s = max(self.longest_gap_s, now - self.last)
            self.last = now
        else:
            self.lost += 1

    def __str__(self):
        return f"exchanges={self.exchanges} lost={self.lost} longest_gap_ms={self.longest_gap_s * 1000:.0f}"


def attempt(exchange):
    try:
        return exchange()
    except OSError:
        return False


def tcp(address, port, going):
    account = Account()
    sock = opened(socket.SOCK_STREAM, address, port)
    sock.recv(100)
    account.last = time.monotonic()
    while going() and not account.lost:
        account.exchange(attempt(lambda: sock.sendall(b"x") or sock.recv(1) == b"x"))
        time.sleep(INTERVAL_S)
    return account


def udp(address, port, going):
    account = Account()
    sock = opened(socket.SOCK_DGRAM, address, port)
    number = 0
    while going():
        number += 1
        token = str(number).encode()
        account.exchange(attempt(lambda: sock.send(token) and sock.recv(100) == token))
        time.sleep(INTERVAL_S)
    return account


def connect(address, port, going):
    def exchange():
        with opened(socket.SOCK_STREAM, address, port) as sock:
            return bool(sock.recv(100))

    account = Account()
    while going():
        account.exchange(attempt(exchange))
        time.sleep(INTERVAL_S)
    return account


def knock(address, port, going):
    """A firewall that opens for a moment lets one of many attempts through, so none is waited for."""
    sent = passed = 0
    waiting = selectors.DefaultSelector()
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    open_until = []
    while going():
        for kind in socket.SOCK_STREAM, socket.SOCK_DGRAM:
            sock = socket.socket(family, kind)
            sock.setblocking(False)
            sock.connect_ex((address, port))
            if kind == socket.SOCK_DGRAM:
                attempt(lambda sock=sock: sock.send(b"knock"))
            waiting.register(sock, selectors.EVENT_READ)
            open_until.append((time.monotonic() + PATIENCE_S, sock))
            sent += 1
        for key, _ in waiting.select(0.02):
            try:
                passed += bool(key.fileobj.recv(100))
            except OSError:
                pass
            waiting.unregister(key.fileobj)
        while open_until and open_until[0][0] < time.monotonic():
            sock = open_until.pop(0)[1]
            if sock.fileno() in waiting.get_map():
                waiting.unregister(sock)
            sock.close()
        time.sleep(KNOCK_INTERVAL_S)
    return f"sent={sent} passed={passed}"


def main():
    kind, address, port = sys.argv[1], sys.argv[2], int(sys.argv[3])
    end = time.monotonic() + float(sys.argv[4]) if len(sys.argv) > 4 else float("inf")
    signal.signal(signal.SIGTERM, stop)
    print("ready", flush=True)
    run = {"tcp": tcp, "udp": udp, "connect": connect, "knock": knock}[kind]
    print(run(address, port, lambda: not stopped and time.monotonic() < end), flush=True)


main()
