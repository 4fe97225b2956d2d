# SPDX-License-Identifier: Apache-2.0
"""lookups - what a policy makes of OVS's caches when packets meet it.

The packets are tests/bench/generate.py's: most meet a rule, some none; each is the first of a flow."""

import re
import subprocess

from contender import ContenderFailed
from run import cpu_seconds

# KEY=VALUE and KEY(VALUE), with or without a mask; a value of its own would only say what is exact.
VALUE = re.compile(r"([=(])([^,()=/]+)(/[^,()=]+)?(?=[,)])")
STATS = {
    "hits": r"megaflow hits: (\d+)",
    "lookups": r"avg. subtable lookups per megaflow hit: ([\d.]+)",
    "misses": r"miss with success upcall: (\d+)",
    "cycles": r"avg cycles per packet: ([\d.]+)",
}


def mask(line: str) -> str:
    """What a datapath flow matches on, without the values: as many of these as there are subtables."""
    match = line.split(", packets:", 1)[0]
    match = re.sub(r"^ufid:[^,]*,\s*", "", match)
    match = re.sub(r"\b(tcp|udp|sctp)\(", "l4(", match)
    match = re.sub(r"\bipv6\(([^)]*)\)", _as_ipv4, match)
    return VALUE.sub(lambda m: m[1] + (m[3] or ""), match)


def _as_ipv4(match: re.Match) -> str:
    """What the families share has one place in a mask, addresses have not."""
    fields = match[1].replace("src=", "src6=").replace("dst=", "dst6=").replace("hlimit=", "ttl=")
    return f"ipv4({fields.replace('tclass=', 'tos=')})"


def count_masks(dump: str) -> tuple[int, int]:
    """Megaflows and distinct masks."""
    lines = [line for line in dump.splitlines() if "actions:" in line]
    return len(lines), len({mask(line) for line in lines})


def stats(text: str) -> dict[str, float]:
    """All threads of `dpif-netdev/pmd-stats-show` together; averages of the one with most hits."""
    best: dict[str, float] = {"hits": 0, "misses": 0}
    total = {"hits": 0.0, "misses": 0.0}
    for part in re.split(r"(?m)^(?=main thread|pmd thread)", text):
        found = {name: float(m[1]) for name, pattern in STATS.items() if (m := re.search(pattern, part))}
        for name in total:
            total[name] += found.get(name, 0)
        if found.get("hits", 0) + found.get("misses", 0) > best["hits"] + best["misses"]:
            best = found
    return best | total


class Mix:
    """Sends packets from several ports at once and says what came of it."""

    def __init__(self, bench, switch, files: dict[str, str], macs: dict[str, str]):
        """'files': a port's name to the file of its packets."""
        self.flood = f"{bench.builddir}/tests/bench/flood"
        self.switch, self.files, self.macs = switch, files, macs

    def send(self, rate: int, *options: str) -> None:
        """All of them at 'rate' packets a second together."""
        each = max(1, rate // len(self.files))
        running = [
            subprocess.Popen(
                ["ip", "netns", "exec", self.switch.contender["vms"], self.flood, "mix", path,
                 f"--to-mac={self.macs[name]}", f"--rate={each}", f"--interface={name}", *options],
                stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
            for name, path in self.files.items()
        ]
        for process in running:
            _, error = process.communicate(timeout=60)
            if process.returncode:
                raise ContenderFailed(f"flood: {error.strip()[:200]}")

    def appctl(self, *argv: str) -> str:
        return self.switch.tool("ovs-appctl", "-t", "ovs-vswitchd", *argv)

    def measure(self, rate: int, hit_rate: int, hit_seconds: float) -> dict[str, float]:
        """First each packet once: what has to be looked up in the flow tables.  Then again and again: what is then
        found in the datapath."""
        self.appctl("revalidator/purge")
        self.appctl("dpctl/flush-conntrack")
        self.appctl("dpif-netdev/pmd-stats-clear")
        cpu = cpu_seconds(self.switch.vswitchd)
        self.send(rate, "--times=1")
        cpu = cpu_seconds(self.switch.vswitchd) - cpu
        first = stats(self.appctl("dpif-netdev/pmd-stats-show"))
        n_megaflows, n_masks = count_masks(self.appctl("dpctl/dump-flows"))
        self.appctl("dpif-netdev/pmd-stats-clear")
        self.send(hit_rate, f"--seconds={hit_seconds}")
        second = stats(self.appctl("dpif-netdev/pmd-stats-show"))
        result = {"megaflows": n_megaflows, "megaflow-masks": n_masks, "subtable-lookups": second.get("lookups", 0)}
        if first["misses"]:
            result["upcall-cpu"] = cpu * 1e6 / first["misses"]
        if "cycles" in second:
            result["cycles"] = second["cycles"]
        return result
