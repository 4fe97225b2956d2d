#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""serve - small servers for the playground's VMs.

usage: serve.py NAME http:PORT|tcp:PORT|udp:PORT|dns:PORT...

Each listens on all IPv4 and IPv6 addresses.  http answers with NAME; tcp sends "NAME" as a banner and then echoes;
udp echoes; dns answers every question for an A record with 192.0.2.1 and any other with an empty answer.
Prints "ready" when all of them listen."""

import http.server
import socket
import socketserver
import struct
import sys
import threading


class Http(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = f"{self.server.name}\n".encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_args):
        pass


class Tcp(socketserver.BaseRequestHandler):
    def handle(self):
        try:
            self.request.sendall(f"{self.server.name}\n".encode())
            while data := self.request.recv(4096):
                self.request.sendall(data)
        except OSError:
            pass


class Udp(socketserver.BaseRequestHandler):
    def handle(self):
        data, sock = self.request
        sock.sendto(data, self.client_address)


class Dns(socketserver.BaseRequestHandler):
    def handle(self):
        query, sock = self.request
        if len(query) < 17:
            return
        end = query.index(0, 12) + 5
        is_a = query[end - 4 : end - 2] == b"\0\1"
        header = query[:2] + struct.pack("!HHHHH", 0x8180, 1, int(is_a), 0, 0)
        answer = b"\xc0\x0c" + struct.pack("!HHIH", 1, 1, 60, 4) + bytes([192, 0, 2, 1])
        sock.sendto(header + query[12:end] + (answer if is_a else b""), self.client_address)


class DualStack:
    address_family = socket.AF_INET6
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 128

    def server_bind(self):
        self.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)


class TcpServer(DualStack, socketserver.ThreadingTCPServer):
    pass


class UdpServer(DualStack, socketserver.UDPServer):
    pass


KINDS = {"http": (TcpServer, Http), "tcp": (TcpServer, Tcp), "udp": (UdpServer, Udp), "dns": (UdpServer, Dns)}


def main():
    name, services = sys.argv[1], sys.argv[2:]
    threads = []
    for service in services:
        kind, port = service.split(":")
        server_class, handler = KINDS[kind]
        server = server_class(("::", int(port)), handler)
        server.name = name
        threads.append(threading.Thread(target=server.serve_forever))
        threads[-1].start()
    print("ready", flush=True)
    for thread in threads:
        thread.join()


main()
