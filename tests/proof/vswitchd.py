# SPDX-License-Identifier: Apache-2.0
"""vswitchd - ovs-vswitchd's control socket, and what ofproto/trace says there.

Many traces go over one connection: an ovs-appctl for each would take most of the time."""

import glob
import json
import os
import re
import socket
import sys

from model.ports import LOCAL

LONGER_ALONE = 0x30000  # Of reg7.
VERDICTS = {0: None, 1: "allow", 2: "deny", 3: "ask", 0x802: "reject"}


class Vswitchd:
    def __init__(self, directory):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(20)
        self.sock.connect(glob.glob(f"{directory}/ovs-vswitchd.*.ctl")[0])
        self.decoder = json.JSONDecoder()

    def call(self, method, *params):
        self.sock.sendall(json.dumps({"id": 0, "method": method, "params": params}).encode())
        text = ""
        while True:
            data = self.sock.recv(1 << 20).decode()
            if not data:
                sys.exit("vswitchd closed its control socket")
            text += data
            if data[-1] != "}":
                continue
            try:
                answer = self.decoder.raw_decode(text)[0]
            except json.JSONDecodeError:
                continue
            if answer["error"]:
                sys.exit(f"{method} {params}: {answer['error']}")
            return answer["result"]

    def trace(self, bridge, flow, *ct_states):
        return self.call("ofproto/trace", bridge, flow, *(word for state in ct_states for word in ("--ct-next", state)))


def read_stages(source):
    """Table numbers by the stages' names."""
    path = os.path.join(source, "ovs-ext", "pipeline.h")
    with open(path, encoding="utf-8") as stream:
        return {name: int(number) for number, name in re.findall(r"ZW_STAGE\( *(\d+), (\w+),", stream.read())}


class Copy:
    """What became of one copy of a packet, as far as the trace says."""

    def __init__(self):
        self.zones = None  # Registers: ids of source and destination zone.
        self.rule = self.verdict = self.logs = self.label = None
        self.out = []  # (port, tag)

    def __str__(self):
        zones = self.zones and "->".join(f"{zone:#x}" for zone in self.zones)
        return (f"verdict={self.verdict} rule={self.rule} logs={self.logs} zones={zones} out={self.out} "
                f"label={self.label and hex(self.label)}")


class Trace:
    """Reads what ofproto/trace prints."""

    def __init__(self, stages):
        self.line = re.compile(r"\s*(\d+)\. (.*)")
        self.stage = {number: name for name, number in stages.items()}

    def read(self, text):
        """The copies, by the number of the port that each is for."""
        copies, number, tag = {}, None, 0
        for line in text.splitlines():
            copy = copies.get(number)
            if found := self.line.match(line):
                name, rest = self.stage[int(found[1])], found[2]
                if name == "TARGET" and (to := re.match(r"(?:reg2=[0-9a-fx/]+,)?reg3=(0x[0-9a-f]+|\d+),.*priority 100,", rest)):
                    number = int(to[1], 0)
                    copies.setdefault(number, Copy())
                elif name in ("POLICY", "CONNTRACK") and (rule := re.search(r"cookie 0x5a030000([0-9a-f]{8})$", rest)):
                    # What is not IP passes without a word if nothing is to be logged.
                    copy.rule, copy.verdict, copy.logs = int(rule[1], 16), "allow" if name == "CONNTRACK" else None, False
                elif name == "OUTPUT":
                    tag = 0
            elif line.startswith("Flow: ") and "recirc_id=" in line:
                registers = {int(n): int(v, 0) for n, v in re.findall(r"\breg(\d+)=(0x[0-9a-f]+|\d+)", line)}
                if registers.get(7, 0) & LONGER_ALONE == LONGER_ALONE:
                    number = None  # A frame that is longer, which the packet is not.
                    continue
                number = registers[3]
                copies[number].zones = (registers.get(0, 0), registers.get(1, 0))
            elif found := re.search(r"set_field:0x(\w+)/0x(?:80|1)?7->reg7", line):
                flags = int(found[1], 16)
                copy.verdict, copy.logs = VERDICTS[flags & 0x803], bool(flags >> 2 & 1)
            elif found := re.search(r"set_field:(\d+)/0x1fff->vlan_vid", line):
                tag = int(found[1]) & 0xfff
            elif found := re.search(r"-> NXM_OF_VLAN_TCI\[0\.\.11\] is now (\w+)", line):
                tag = int(found[1], 0)
            elif found := re.match(r"\s*(?:output:(\d+)|LOCAL)$", line):
                copy.out.append((int(found[1] or LOCAL), tag))
            elif line.startswith("Datapath actions: ") and (found := re.search(r"ct\(commit,[^)]*label=(0x[0-9a-f]+)", line)):
                copy.label = int(found[1], 16)
        return copies
