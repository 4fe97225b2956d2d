# SPDX-License-Identifier: Apache-2.0
"""scale_ovn - OVN under the same policies: what scale.py measures of it.

A policy from nothing is one transaction and `ovn-nbctl --wait=hv sync`, a change what an administrator would type, with
--wait=hv: both end when ovn-controller has the switch's confirmation.  A port is done when ovn-controller says so by
external_ids:ovn-installed of its Interface."""

import os
import subprocess
import time

import generate
import ovn_policy
from contender import Contender, ContenderFailed
from run import resident_kib


class Ovn:
    """All times are in milliseconds."""

    name = "ovn"

    def __init__(self, bench, model: generate.Model, ports: str, limit_s: float):
        self.contender = Contender(bench, "scale", ports, "ovn")
        self.dir = self.contender["dir"]
        self.model = model
        self.limit_s = limit_s
        self.vswitchd = int(self.contender["vswitchd"])
        self.env = dict(os.environ, OVS_RUNDIR=f"{self.dir}/ovs")
        self.nb = f"{self.dir}/ovn/nb.sock"
        try:
            self.transact(ovn_policy.topology(model))
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        self.contender.close()

    def tool(self, *argv: str) -> str:
        try:
            done = subprocess.run(argv, env=self.env, capture_output=True, text=True, timeout=self.limit_s, check=False)
        except subprocess.TimeoutExpired:
            name = os.path.basename(argv[0])
            raise ContenderFailed(f"{name}: not done within the limit of {self.limit_s:.0f} s") from None
        if done.returncode:
            self.contender.ask("check")
            raise ContenderFailed(f"{os.path.basename(argv[0])}: {(done.stderr or done.stdout).strip()[:300]}")
        return done.stdout

    def nbctl_at_once(self, *argv: str) -> None:
        self.tool(self.contender["nbctl"], "--no-leader-only", f"--db=unix:{self.nb}", *argv)

    def nbctl(self, *argv: str) -> float:
        """Until the switch has it."""
        begin = time.monotonic()
        self.nbctl_at_once("--wait=hv", *argv)
        return (time.monotonic() - begin) * 1000

    def transact(self, operations: list[dict]) -> float:
        begin = time.monotonic()
        try:
            ovn_policy.transact(self.nb, operations, self.limit_s)
        except (OSError, ovn_policy.OvsdbError) as error:
            raise ContenderFailed(f"OVN's database: {error}") from None
        self.nbctl("sync")
        return (time.monotonic() - begin) * 1000

    def begin(self) -> None:
        self.transact(ovn_policy.without_policy())

    def apply(self) -> float:
        return self.transact(ovn_policy.policy(self.model))

    def flows(self) -> int:
        text = self.tool("ovs-ofctl", "-O", "OpenFlow15", "dump-aggregate", "br0")
        return int(text.rpartition("flow_count=")[2].split()[0])

    def memory_mib(self) -> dict[str, float]:
        return {"daemon": resident_kib(int(self.contender["controller"])) / 1024,
                "northd": resident_kib(int(self.contender["northd"])) / 1024,
                "vswitchd": resident_kib(self.vswitchd) / 1024}

    def change(self, name: str) -> float:
        """One of generate.CHANGES, and back without being timed."""
        if name == "member":
            what = ("Address_Set", ovn_policy.address_set(generate.BLOCK_LIST, 4), "addresses", "203.0.113.77")
            ms = self.nbctl("add", *what)
            self.nbctl("remove", *what)
            return ms
        rule = generate.new_rule("new", self.model)
        match = ovn_policy.Matcher(self.model).rule(rule)
        priority = str(ovn_policy.MAX_PRIORITY + 1 if name == "rule-first" else 1)
        ms = self.nbctl("acl-add", ovn_policy.SWITCH, "to-lport", priority, match, "allow-related")
        self.nbctl("acl-del", ovn_policy.SWITCH, "to-lport", priority, match)
        return ms

    def add_port(self, port: generate.Port) -> float:
        """From the first command until it is installed."""
        self.contender.ask(f"link {port.name} {port.mac}")
        name = port.external_ids["iface-id"]
        group = ovn_policy.group(port.zone)
        begin = time.monotonic()
        self.nbctl_at_once("lsp-add", ovn_policy.SWITCH, name, "--", "lsp-set-addresses", name,
                           f"{port.mac} {port.ipv4} {port.ipv6}", "--", "--id=@p", "get", "Logical_Switch_Port", name,
                           "--", "add", "Port_Group", group, "ports", "@p")
        vsctl = ("ovs-vsctl", f"--db=unix:{self.dir}/ovs/db.sock", f"--timeout={self.limit_s:.0f}")
        self.tool(*vsctl, "add-port", "br0", port.name, "--", "set", "interface", port.name,
                  f"external_ids:iface-id={name}")
        self.tool(*vsctl, "wait-until", "interface", port.name, 'external_ids:ovn-installed="true"')
        ms = (time.monotonic() - begin) * 1000
        self.tool(*vsctl, "del-port", "br0", port.name)
        self.nbctl("lsp-del", name)
        self.contender.ask(f"unlink {port.name}")
        return ms
