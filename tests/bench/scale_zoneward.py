# SPDX-License-Identifier: Apache-2.0
"""scale_zoneward - Zoneward under policies of any size: what scale.py measures of it."""

import datetime
import json
import os
import subprocess
import time

import generate
from contender import Contender, ContenderFailed
from run import resident_kib

# What "from nothing" begins with.
EMPTY = "version: 1\nzones: {}\n"
SETTLED_S = 0.15  # No flow has been sent for so long: the change is over.


def write(path: str, text: str) -> str:
    with open(path, "w", encoding="utf-8") as stream:
        stream.write(text)
    return path


def at(text: str) -> float:
    """A time of `zoneward status --json` as seconds since the epoch."""
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


class Zoneward:
    """A switch with the ports of a model, and zonewardd.  All times are in milliseconds."""

    name = "zoneward"

    def __init__(self, bench, ports: str):
        self.contender = Contender(bench, "scale", ports)
        self.dir = self.contender["dir"]
        self.empty = write(os.path.join(bench.tmpdir, "empty.yaml"), EMPTY)
        self.program = os.path.join(bench.builddir, "zoneward")
        self.vswitchd = int(self.contender["vswitchd"])
        self.daemon = 0
        self.env = dict(os.environ, OVS_RUNDIR=f"{self.dir}/ovs")

    def close(self) -> None:
        self.contender.close()

    def tool(self, *argv: str, timeout: float = 60, may_fail: bool = False) -> str:
        try:
            done = subprocess.run(argv, env=self.env, capture_output=True, text=True, timeout=timeout, check=False)
        except subprocess.TimeoutExpired:
            name = os.path.basename(argv[0])
            raise ContenderFailed(f"{name}: not done within the limit of {timeout:.0f} s") from None
        if done.returncode and not (may_fail and done.stdout):
            raise ContenderFailed(f"{os.path.basename(argv[0])}: {(done.stderr or done.stdout).strip()[:300]}")
        return done.stdout

    def vsctl(self, *argv: str) -> None:
        self.tool("ovs-vsctl", f"--db=unix:{self.dir}/ovs/db.sock", *argv)

    def ctl(self, *argv: str, **options) -> dict:
        return json.loads(self.tool(self.program, f"--run-dir={self.dir}/run", "--json", *argv, **options))

    def bridge(self) -> dict:
        return self.ctl("status", may_fail=True)["bridges"][0]

    def start(self) -> float:
        begin = time.time()
        self.daemon = int(self.contender.ask(f"start {self.empty}"))
        return (at(self.bridge()["last_sync"]) - begin) * 1000

    def begin(self) -> None:
        """A switch without flows, and a daemon whose policy is empty."""
        if self.daemon:
            self.contender.ask("stop")
        self.contender.ask("clear")
        self.start()

    def apply(self, policy: str) -> tuple[float, int]:
        """From the command to its answer; and how many flows changed.

        The command answers when the switch has confirmed, by a barrier: that is looked at each time."""
        begin = time.monotonic()
        answer = self.ctl("policy", "apply", policy, may_fail=True)
        duration = (time.monotonic() - begin) * 1000
        bridge = self.bridge()
        confirmed = answer["bridges"][0]
        if not confirmed["confirmed"]:
            raise ContenderFailed(f"policy apply gave up after {duration / 1000:.0f} s: {confirmed['error']}")
        if bridge["state"] != "in sync" or bridge["policy_version"] != answer["version"]:
            raise ContenderFailed(f"policy apply answered and the bridge is {bridge['state']}")
        return duration, int(answer["n_flow_changes"])

    def change(self, policy: str, back: str) -> tuple[float, int]:
        result = self.apply(policy)
        self.apply(back)
        return result

    def flows_in_switch(self) -> int:
        """Those that are really there."""
        text = self.tool("ovs-ofctl", "-O", "OpenFlow15", "dump-aggregate", "br0")
        return int(text.rpartition("flow_count=")[2].split()[0])

    def memory_mib(self) -> dict[str, float]:
        return {"daemon": resident_kib(self.daemon) / 1024, "vswitchd": resident_kib(self.vswitchd) / 1024}

    def add_port(self, port: generate.Port) -> tuple[float, int]:
        """From ovs-vsctl add-port to the switch's last confirmation of the flows for it; and how many changed.  It goes
        again afterwards."""
        self.contender.ask(f"link {port.name} {port.mac}")
        before = self.bridge()
        ids = [f"external_ids:{key}={value}" for key, value in port.external_ids.items()]
        begin = time.time()
        self.vsctl("add-port", "br0", port.name, "--", "set", "interface", port.name,
                   f'external_ids:attached-mac="{port.mac}"', *ids)
        after = self.settle(before)
        self.vsctl("del-port", "br0", port.name)
        self.settle(after)
        self.contender.ask(f"unlink {port.name}")
        return (at(after["last_sync"]) - begin) * 1000, after["n_flow_mods"] - before["n_flow_mods"]

    def settle(self, before: dict, patience: float = 20) -> dict:
        """Waits until a change has reached the switch and nothing more is sent."""
        end = time.monotonic() + patience
        last, since = before, time.monotonic()
        while time.monotonic() < end:
            now = self.bridge()
            if now["n_flow_mods"] != last["n_flow_mods"] or now["state"] != "in sync":
                last, since = now, time.monotonic()
            elif last["n_flow_mods"] != before["n_flow_mods"] and time.monotonic() - since > SETTLED_S:
                return now
            time.sleep(0.02)
        raise ContenderFailed("the flows do not change, or change for ever")

    def restart(self) -> tuple[float, int]:
        """From the start of the process until the switch is confirmed to have all; and how many flows were sent."""
        self.contender.ask("stop")
        duration = self.start()
        return duration, self.bridge()["n_flow_mods"]
