# SPDX-License-Identifier: Apache-2.0
"""The daemon's memory with ten thousand, a hundred thousand and a million live sessions.

Sessions live in the switch's conntrack; the daemon keeps none of them.  It must be small all the same while it gives a
million verdicts and records them (ofbench asks), and while it lists what conntrack holds (a real switch, filled by a
flood)."""

import os
import subprocess
import time

from contender import Contender, ContenderFailed
from daemon import SUBJECTS, Daemon
from run import RunFailed, fields, netns_end, netns_start, resident_kib

NAME = "memory"
TITLE = "Memory"

SIZES = (10_000, 100_000, 1_000_000)
MANY = 1_000_000  # From here on it takes long: fewer rounds.
LIST_MAX = 200_000  # ZW_LIST_MAX of daemon/requests.h.
RATE = 100_000  # Verdicts a second: fewer than the log can take.


def label(n: int) -> str:
    return f"{n // 1000}k"


def mib(pid: int, field: str = "VmRSS") -> float:
    return resident_kib(pid, field) / 1024


def forget_peak(pid: int) -> None:
    """VmHWM counts from now on."""
    with open(f"/proc/{pid}/clear_refs", "w", encoding="ascii") as f:
        f.write("5")


def size_of_log(path: str) -> int:
    return sum(os.path.getsize(path + suffix) for suffix in ("", "-wal") if os.path.exists(path + suffix))


# --- So many verdicts and records.

def measure_verdicts(bench, daemon: Daemon, n: int, r: int) -> None:
    name = f"{label(n)}-verdicts"
    bench.progress(f"{n} sessions let in, round {r + 1}")
    daemon.fresh()
    start, log = mib(daemon.pid), size_of_log(daemon.contender["log"])
    daemon.order(f"rate {RATE} {n}")
    bench.sample(name, "daemon", mib(daemon.pid), unit="MiB", better="lower", round=r)
    bench.sample(name, "daemon-peak", mib(daemon.pid, "VmHWM"), unit="MiB", better="lower", round=r)
    bench.sample(name, "daemon-start", start, unit="MiB", better="lower", round=r)
    if missing := daemon.log()["missing"]:
        bench.note(name, f"of its records the log says that {missing} are missing")
    else:
        log = (size_of_log(daemon.contender["log"]) - log) / n
        bench.sample(name, "log", log, unit="B/session", better="lower", round=r)


def run_verdicts(bench, sizes: list[int]) -> None:
    subject = next(s for s in SUBJECTS if s.name == "logged")
    try:
        daemon = Daemon(bench, subject)
    except ContenderFailed as error:
        bench.missing("verdicts", str(error))
        return
    with daemon.contender:
        for n in sizes:
            for r in range(rounds(bench, n)):
                try:
                    measure_verdicts(bench, daemon, n, r)
                except (ContenderFailed, RunFailed) as error:
                    bench.missing(f"{label(n)}-verdicts", str(error), round=r)
                    return


# --- So many live sessions, and a list of them.

class ListFailed(Exception):
    """The text is the command's own."""


def listed(bench, c: Contender, *options: str) -> tuple[float, int]:
    """Seconds that `zoneward sessions` takes, and the rows that it prints."""
    path = os.path.join(bench.tmpdir, "sessions")
    argv = [os.path.join(bench.builddir, "zoneward"), f"--run-dir={c['run']}", "sessions",
            f"--limit={LIST_MAX}", *options]
    start = time.monotonic()
    with open(path, "wb") as out:
        done = subprocess.run(argv, stdout=out, stderr=subprocess.PIPE, text=True, check=False)
    seconds = time.monotonic() - start
    if done.returncode:
        raise ListFailed((done.stderr.strip().splitlines() or [f"exit status {done.returncode}"])[-1])
    with open(path, "rb") as f:
        rows = sum(b'"sport"' in line if options else b" " in line for line in f)
    os.unlink(path)
    return seconds, rows


class Traffic:
    """One packet after the other through the same switch, meanwhile: how long does the longest wait?"""

    def __init__(self, bench, c: Contender, seconds: float) -> None:
        argv = [os.path.join(bench.builddir, "tests/bench/rtt"), "established", "udp", c["ipv4"], c["rtt"], seconds]
        self._process = netns_start(c["client"], argv)
        self._seconds = seconds
        time.sleep(0.5)

    def longest_ms(self) -> float:
        """rtt gives up on a packet after a second and sends the next."""
        found = fields(netns_end(self._process, self._seconds + 10))
        if not found:
            raise ContenderFailed("rtt says nothing")
        return max(found["max_us"] / 1e3, 1e3 * found["failed"])


def measure_stall(bench, c: Contender, n: int, dump_s: float, r: int) -> None:
    """Before, and while, the sessions are listed; where vswitchd's main thread is the datapath, that waits."""
    name = f"{label(n)}-live"
    bench.progress(f"{n} live sessions: what other packets notice, round {r + 1}")
    idle = Traffic(bench, c, 2).longest_ms()
    bench.sample(name, "longest-wait-idle", idle, unit="ms", better="lower", round=r)
    traffic = Traffic(bench, c, 2 + 6 * dump_s)
    try:
        listed(bench, c)
    except ListFailed:
        pass  # measure_list() says so.
    bench.sample(name, "longest-wait-list", traffic.longest_ms(), unit="ms", better="lower", round=r)


def measure_list(bench, c: Contender, n: int, r: int) -> None:
    name, daemon = f"{label(n)}-live", int(c["daemon"])
    for metric, options in (("list", ()), ("list-json", ("--json",))):
        bench.progress(f"{n} live sessions: {metric}, round {r + 1}")
        forget_peak(daemon)
        before = mib(daemon)
        try:
            seconds, rows = listed(bench, c, *options)
        except ListFailed as error:
            for series in (metric, f"{metric}-peak", f"{metric}-left"):
                bench.missing(name, str(error), metric=series, round=r)
            continue
        bench.sample(name, f"{metric}-peak", mib(daemon, "VmHWM"), unit="MiB", better="lower", round=r)
        bench.sample(name, f"{metric}-left", mib(daemon) - before, unit="MiB", better="lower", round=r)
        bench.sample(name, metric, seconds, unit="s", better="lower", baseline=f"{label(n)}-dump-conntrack", round=r)
        if rows < n:
            bench.note(name, f"of {n} sessions `zoneward sessions` lists {rows}")


def measure_dump(bench, c: Contender, n: int, r: int) -> float:
    start = time.monotonic()
    c.ask(f"dump {os.path.join(bench.tmpdir, 'conntrack')}", timeout=120)
    seconds = time.monotonic() - start
    for metric in ("list", "list-json"):
        bench.sample(f"{label(n)}-dump-conntrack", metric, seconds, unit="s", better="lower", round=r)
    return seconds


def measure_live(bench, c: Contender, n: int, r: int) -> None:
    name = f"{label(n)}-live"
    bench.progress(f"{n} live sessions, round {r + 1}")
    c.ask(f"sessions {n}", timeout=300)
    bench.sample(name, "daemon", mib(int(c["daemon"])), unit="MiB", better="lower", round=r)
    bench.sample(name, "vswitchd", mib(int(c["vswitchd"])), unit="MiB", better="lower", round=r)
    dump_s = measure_dump(bench, c, n, r)
    measure_list(bench, c, n, r)
    measure_stall(bench, c, n, dump_s, r)
    c.ask("check")


def run_live(bench, sizes: list[int]) -> None:
    for n in sizes:
        for r in range(rounds(bench, n)):
            try:
                with Contender(bench, "live-sessions") as c:
                    measure_live(bench, c, n, r)
            except (ContenderFailed, RunFailed) as error:
                bench.missing(f"{label(n)}-live", str(error), round=r)
                break


def rounds(bench, n: int) -> int:
    return 1 if bench.quick else min(bench.rounds, 2 if n >= MANY else 3)


def run(bench) -> None:
    sizes = [SIZES[0]] if bench.quick else list(SIZES)
    run_verdicts(bench, sizes)
    run_live(bench, sizes)
