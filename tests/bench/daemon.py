# SPDX-License-Identifier: Apache-2.0
"""The daemon alone: how many questions it answers a second, how soon, and what each costs.

ofbench is the switch: it asks with the bytes of a real one and compares each answer with the verdict that it must be.
Beside the daemon stands the least that any client of libopenvswitch must do (decode a packet, encode its answer), and
what ofbench itself can do, answered by nobody."""

import contextlib
import json
import os
import random
import sqlite3
import subprocess
import time
from dataclasses import dataclass

from contender import Contender, ContenderFailed
from run import fields

NAME = "daemon"
TITLE = "Daemon alone"

CODEC = "libopenvswitch"
ITSELF = "ofbench-itself"
WINDOW = 200  # Questions without an answer; a switch's queue holds 100 for each bridge by default, 511 at most.
RATES = (20_000, 100_000)  # Questions a second, for the latency.
DENIED_EVERY = 16
IPV6_EVERY = 4
FORBIDDEN_PORT = 9


@dataclass(frozen=True)
class Subject:
    name: str
    n_rules: int
    n_zones: int
    logged: bool
    in_quick: bool = True


SUBJECTS = (
    Subject("quiet", 1, 2, False),
    Subject("logged", 1, 2, True),
    Subject("1k-rules-quiet", 1000, 20, False, in_quick=False),
    Subject("1k-rules-logged", 1000, 20, True),
)


class WrongAnswer(ContenderFailed):
    """The daemon answered otherwise than its policy says: no figure of it counts."""


class Setup:
    """A policy in which each rule has a TCP port of its own, and packets for all of them and for none."""

    def __init__(self, bench, subject: Subject) -> None:
        rng = random.Random(bench.seed)
        zones = range(subject.n_zones)
        self.pairs = [tuple(rng.sample(zones, 2)) for _ in range(subject.n_rules)]
        self.subject, self.tmpdir = subject, bench.tmpdir
        self.files = [self._write(what, text()) for what, text in
                      (("policy.yaml", self._policy), ("plan", self._plan), ("ports", self._ports))]

    def _path(self, what: str) -> str:
        return os.path.join(self.tmpdir, f"{self.subject.name}-{what}")

    def _write(self, what: str, lines: list[str]) -> str:
        path = self._path(what)
        with open(path, "w", encoding="ascii") as f:
            f.write("\n".join(lines) + "\n")
        return path

    def _policy(self) -> list[str]:
        session, denied = ("session", "denied") if self.subject.logged else ("none", "none")
        zones = [f"  z{i}: {{ports: [{{iface-id: vm{i}}}]}}" for i in range(self.subject.n_zones)]
        rules = [f"  - {{name: r{i + 1}, from: z{a}, to: z{b}, service: tcp/{10000 + i}, action: ask, "
                 f"otherwise: allow, log: {session}}}" for i, (a, b) in enumerate(self.pairs)]
        return ["version: 1", "zones:", *zones, f"defaults: {{action: deny, log: {denied}}}", "rules:", *rules]

    def _plan(self) -> list[str]:
        log = "log" if self.subject.logged else "quiet"
        lines = ["version 1", f"policy {self._path('policy.yaml')}"]
        for i in range(max(len(self.pairs), 2 * DENIED_EVERY)):
            rule = i % len(self.pairs)
            a, b = self.pairs[rule]
            port, verdict = 10000 + rule, f"allow {rule + 1}"
            if i % DENIED_EVERY == DENIED_EVERY - 1:
                port, verdict = FORBIDDEN_PORT, "deny 0"
            family = 6 if i % IPV6_EVERY == 0 else 4
            lines.append(f"{a + 1} z{a} {b + 1} z{b} {family} {port} {verdict} {log}")
        return lines

    def _ports(self) -> list[str]:
        return [f"vnet{i} vm{i} {i + 1}" for i in range(self.subject.n_zones)]


class Daemon:
    """A zonewardd that ofbench asks."""

    def __init__(self, bench, subject: Subject) -> None:
        self.bench = bench
        self.subject = subject
        self.contender = Contender(bench, "daemon-alone", *Setup(bench, subject).files)
        self.pid = 0

    def fresh(self) -> None:
        """Another process, and an empty log."""
        self.pid = int(fields(self.contender.ask("fresh"))["daemon"])

    def threads(self) -> dict[str, int]:
        """Nanoseconds of CPU: of the thread that answers, of the one that writes the log, and of all."""
        used = {"main": 0, "log": 0, "all": 0}
        self.contender.ask("check")
        for tid in os.listdir(f"/proc/{self.pid}/task"):
            with open(f"/proc/{self.pid}/task/{tid}/comm", encoding="ascii") as f:
                name = "main" if int(tid) == self.pid else f.read().strip()
            with open(f"/proc/{self.pid}/task/{tid}/schedstat", encoding="ascii") as f:
                ns = int(f.read().split()[0])
            used["all"] += ns
            used["log" if name == "audit" else name] = ns
        return used

    def order(self, text: str) -> dict[str, float]:
        """What ofbench measured; and cpu-main, cpu-log, cpu-all in nanoseconds, until all records are written."""
        before = self.threads()
        found = fields(self.contender.ask(f"order {text}", timeout=150))
        if found["wrong"] or found["missing"]:
            raise WrongAnswer(f"{text}: of {found['sent']:.0f} questions {found['wrong']:.0f} got a wrong answer and "
                              f"{found['missing']:.0f} none")
        self.wait_for_log()
        return found | {f"cpu-{name}": ns - before[name] for name, ns in self.threads().items()}

    def status(self) -> dict:
        argv = [os.path.join(self.bench.builddir, "zoneward"), f"--run-dir={self.contender['run']}", "status", "--json"]
        done = subprocess.run(argv, capture_output=True, text=True, check=False)
        if not done.stdout:
            self.contender.ask("check")
            raise ContenderFailed(f"zoneward status: {done.stderr.strip()}")
        return json.loads(done.stdout)

    def wait_for_log(self) -> None:
        deadline = time.monotonic() + 60
        while self.status()["audit"]["n_queued"]:
            if time.monotonic() > deadline:
                raise ContenderFailed("the log's writer does not come to an end")
            time.sleep(0.02)

    def log(self) -> dict[str, int]:
        """Records of sessions and denials, and how many of those the log says it has not."""
        with contextlib.closing(sqlite3.connect(f"file:{self.contender['log']}?mode=ro", uri=True)) as db:
            def count(query: str) -> int:
                return db.execute(query).fetchone()[0] or 0
            return {"records": count("SELECT (SELECT count(*) FROM sessions) + (SELECT count(*) FROM denials)"),
                    "missing": count("SELECT sum(n_missing) FROM gaps")}


def sample_latency(bench, subject: str, prefix: str, found: dict[str, float], r: int) -> None:
    for part in ("p50", "p99", "p999", "max"):
        bench.sample(subject, f"{prefix}-{part}", found[f"{part}_us"], unit="us", better="lower", round=r)


def sample_cost(bench, daemon: Daemon, prefix: str, found: dict[str, float], n_recorded: int, r: int) -> None:
    """Microseconds of CPU for each packet, and for each record; on one core, so many packets a second are the most."""
    name = daemon.subject.name
    answer, record = found["cpu-main"] / found["sent"], found["cpu-log"] / n_recorded if n_recorded else 0
    others = (found["cpu-all"] - found["cpu-main"] - found["cpu-log"]) / found["sent"]
    bench.sample(name, f"{prefix}per-core", 1e9 / (answer + record + others), unit="/s", better="higher",
                 baseline=None if prefix else CODEC, round=r)
    bench.sample(name, f"{prefix}cpu-main", answer / 1e3, unit="us", better="lower", round=r)
    if daemon.subject.logged:
        bench.sample(name, f"{prefix}cpu-log", record / 1e3, unit="us", better="lower", round=r)


def measure_load(bench, daemon: Daemon, order: str, prefix: str, baseline: str | None, r: int) -> None:
    """As fast as it can.  Promise 4: each verdict is in the log, or is counted there as missing."""
    name = daemon.subject.name
    before = daemon.log()
    found = daemon.order(order)
    after = daemon.log()
    recorded, missing = (after[key] - before[key] for key in ("records", "missing"))
    if daemon.subject.logged and recorded + missing != found["sent"]:
        raise WrongAnswer(f"of {found['sent']:.0f} records {recorded} are there, and {missing} missing by its word")
    bench.sample(name, f"{prefix}rate", found["rate"], unit="/s", better="higher", baseline=baseline, round=r)
    sample_cost(bench, daemon, prefix, found, recorded, r)
    if daemon.subject.logged:
        bench.sample(name, f"{prefix}recorded", 100 * recorded / found["sent"], unit="%", better="higher", round=r)


def measure_latency(bench, daemon: Daemon, seconds: float, r: int) -> None:
    name = daemon.subject.name
    sample_latency(bench, name, "alone", daemon.order(f"ask 1 {seconds}s"), r)
    for rate in RATES[:1] if bench.quick else RATES:
        found = daemon.order(f"rate {rate} {seconds}s")
        sample_latency(bench, name, f"{rate // 1000}k", found, r)
        if found["rate"] < 0.95 * rate:
            bench.note(name, f"of {rate} questions a second only {found['rate']:.0f} were asked: too slow a machine")


def measure_limits(bench, daemon: Daemon, seconds: float, r: int) -> None:
    for subject, order in ((ITSELF, "self"), (CODEC, "codec")):
        found = fields(daemon.contender.ask(f"order {order} {WINDOW} {seconds}s"))
        bench.sample(subject, "rate", found["rate"], unit="/s", better="higher",
                     baseline=None if subject == CODEC else CODEC, round=r)
    bench.sample(CODEC, "per-core", found["rate"], unit="/s", better="higher", baseline=CODEC, round=r)


def measure(bench, daemon: Daemon, seconds: float, r: int) -> None:
    name = daemon.subject.name
    daemon.fresh()
    bench.progress(f"{name}: as fast as it can, round {r + 1}")
    measure_load(bench, daemon, f"ask {WINDOW} {seconds}s", "", CODEC, r)
    bench.progress(f"{name}: latency, round {r + 1}")
    measure_latency(bench, daemon, seconds / 2, r)
    if daemon.subject.logged:
        bench.progress(f"{name}: copies, round {r + 1}")
        measure_load(bench, daemon, f"copies {seconds / 2}s", "copies-", None, r)


def set_up(bench, stack: contextlib.ExitStack) -> list[Daemon]:
    daemons = []
    for subject in SUBJECTS:
        if bench.quick and not subject.in_quick:
            continue
        bench.progress(f"setting up {subject.name}")
        try:
            daemon = Daemon(bench, subject)
            stack.enter_context(daemon.contender)
            daemons.append(daemon)
        except ContenderFailed as error:
            bench.missing(subject.name, str(error))
    return daemons


def run(bench) -> None:
    seconds = 0.4 * bench.seconds if bench.quick else bench.seconds
    with contextlib.ExitStack() as stack:
        daemons = set_up(bench, stack)
        for r in range(bench.rounds):
            for i, daemon in enumerate(list(daemons)):
                try:
                    if i == 0:
                        bench.progress(f"what ofbench can do, round {r + 1}")
                        measure_limits(bench, daemon, seconds / 2, r)
                    measure(bench, daemon, seconds, r)
                except ContenderFailed as error:
                    bench.missing(daemon.subject.name, str(error), round=r)
                    daemons.remove(daemon)
    bench.note(CODEC, "decodes each packet-in and encodes its resume; decides nothing, logs nothing; its per-core is its rate, "
               "by the clock, of one thread")
    bench.note(ITSELF, "its questions, answered by a thread that knows the answers: ofbench's own limit")
