#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""rubbish - an OpenFlow switch that sends what no switch should.

usage: rubbish.py SOCKET

Listens on a Unix socket and answers each connection with the next kind of rubbish: bytes without sense, headers with
impossible lengths, another version, messages cut short, and well-formed ones that nobody asked for.  Prints "ready"."""

import os
import random
import socket
import struct
import sys
import threading


def message(kind, body=b"", version=6, length=None, xid=1):
    return struct.pack("!BBHI", version, kind, 8 + len(body) if length is None else length, xid) + body


HELLO = message(0)
random.seed(1)
KINDS = [
    random.randbytes(65536),
    b"",
    message(0, length=0),
    message(0, length=7) + b"x" * 100,
    message(0, version=1),
    message(0, version=255),
    HELLO[:5],
    HELLO + message(2, random.randbytes(60000)),
    HELLO + message(99, random.randbytes(100)),
    HELLO + message(1, struct.pack("!HH", 0xFFFF, 0xFFFF) + random.randbytes(64)),
    HELLO + message(6, random.randbytes(24)),
    HELLO + message(10, random.randbytes(40)),
    HELLO + message(10, b"\0" * 40, length=65535) + b"\0" * 65000,
    HELLO + message(19, struct.pack("!HHI", 1, 0, 0) + random.randbytes(500)),
    HELLO + message(19, struct.pack("!HHI", 17, 1, 0)) * 5000,
    HELLO + message(4, struct.pack("!II", 0x2320, 28) + random.randbytes(200)),
    HELLO + message(21, xid=0xFFFFFFFF) * 1000,
    HELLO + message(0) * 1000,
    b"HTTP/1.1 400 Bad Request\r\n\r\n",
]


def serve(connection, kind):
    try:
        connection.settimeout(1)
        connection.sendall(KINDS[kind % len(KINDS)])
        for _ in range(100):
            data = connection.recv(65536)
            if not data:
                break
            # Echo what it said with other types: answers that look as if they were meant.
            connection.sendall(data[:1] + bytes([random.randrange(36)]) + data[2:])
    except OSError:
        pass
    finally:
        connection.close()


def main():
    path = sys.argv[1]
    if os.path.exists(path):
        os.unlink(path)
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen(16)
    print("ready", flush=True)
    kind = 0
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=serve, args=(connection, kind), daemon=True).start()
        kind += 1


main()
