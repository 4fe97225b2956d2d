# SPDX-License-Identifier: Apache-2.0
"""The audit log: how fast records come to be durable, what they cost, and how long questions to ten million take.

audit-load is the producer; what writes and what answers is the product's own code.  Beside it stands what one has
without a database: a file of lines, synced as often, and grep."""

import os
import shlex
import sqlite3
import subprocess
import time
from statistics import median

import log_busy
import run as runner

NAME = "log"
TITLE = "Audit log"

LOG = "zoneward-log"  # Small and new.
LARGE = "zoneward-log-large"
TEXT = "text-file"

# The budget speaks of these.
BUDGET_KINDS = ("address", "zone", "rule")
COLD_KINDS = (*BUDGET_KINDS, "hour-denied")

# For the log and its WAL, and for the text file: more than either takes.
BYTES_PER_RECORD = 500

# A screenful: with it a query gives the newest ones, as people ask.
LIMIT = 100


class Sizes:
    """How much of everything: as the budget says, or so that it ends soon."""

    def __init__(self, quick: bool) -> None:
        self.small = 150_000 if quick else 1_000_000
        self.large = 300_000 if quick else 10_000_000
        self.step = 100_000 if quick else 1_000_000
        self.queries = 3 if quick else 10
        self.rates = (10_000, 100_000)
        self.processes = 2 if quick else 10


def tool(bench, *args) -> list[dict[str, float]]:
    """Runs audit-load; what its lines of NAME=NUMBER say."""
    argv = [os.path.join(bench.builddir, "tests/bench/audit-load"), *map(str, args)]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"audit-load {args[0]}: {done.stderr.strip() or done.returncode}")
    return [runner.fields(line) for line in done.stdout.splitlines()]


def remove(path: str) -> None:
    for suffix in ("", "-wal", "-shm"):
        if os.path.exists(path + suffix):
            os.unlink(path + suffix)


def has_room(bench, records: int) -> bool:
    """Whether so many records fit on the disk; says so in a row if they do not."""
    stat = os.statvfs(bench.tmpdir)
    free, wanted = stat.f_bavail * stat.f_frsize, records * BYTES_PER_RECORD
    if free < wanted:
        bench.missing(LARGE, f"{wanted >> 20} MiB are wanted on the disk of {bench.tmpdir}, {free >> 20} are free")
    return free >= wanted


def measure_ingest(bench, sizes: Sizes, path: str) -> None:
    """New, small logs, beside a file of lines; as fast as the ring takes them."""
    for r in range(bench.rounds):
        bench.progress(f"a log of {sizes.small} records, round {r + 1}")
        text = tool(bench, "text", path, f"records={sizes.small}", f"seed={bench.seed + r}")[-1]
        remove(path)
        log = tool(bench, "put", path, f"records={sizes.small}", f"seed={bench.seed + r}")[-1]
        remove(path)
        for subject, found in ((TEXT, text), (LOG, log)):
            baseline = TEXT if subject != TEXT else None
            bench.sample(subject, "ingest", found["rate"], unit="records/s", better="higher", baseline=baseline, round=r)
            bench.sample(subject, "bytes", found["bytes"], unit="B/record", better="lower", baseline=baseline, round=r)
        sample_cost(bench, LOG, log, r)


def sample_cost(bench, subject: str, log: dict[str, float], r: int) -> None:
    bench.sample(subject, "writer-cpu", log["cpu_us"], unit="us/record", better="lower", round=r)
    bench.sample(subject, "bytes-written", log["bytes_written"], unit="B/record", better="lower", round=r)
    bench.sample(subject, "wal-peak", log["wal_peak"] / 2**20, unit="MiB", better="lower", round=r)


def sample_delay(bench, subject: str, log: dict[str, float], r: int) -> None:
    """From zw_audit_put() to the end of the commit, of every 64th record."""
    for part in ("p50", "p99", "max"):
        bench.sample(subject, f"durable-{part}", log[f"delay_{part}_ms"], unit="ms", better="lower", round=r)


def measure_delay(bench, sizes: Sizes, path: str) -> None:
    """At a set rate: how late is a record on the disk, when the writer has time to sleep?"""
    for r in range(bench.rounds):
        for rate in sizes.rates:
            bench.progress(f"{rate} records a second, round {r + 1}")
            records = int(rate * bench.seconds / 2)
            log = tool(bench, "put", path, f"records={records}", f"rate={rate}", f"seed={bench.seed + r}")[-1]
            remove(path)
            subject = f"{LOG}-at-{rate // 1000}k"
            sample_delay(bench, subject, log, r)
            bench.sample(subject, "writer-cpu", log["cpu_us"], unit="us/record", better="lower", round=r)


def fill_large(bench, sizes: Sizes, path: str) -> None:
    """The log that is asked: its rate as a whole, at the end, and by size."""
    bench.progress(f"a log of {sizes.large} records")
    if bench.quick:
        bench.note(LARGE, f"the large log of a quick run has {sizes.large} records, not ten million")
    *steps, whole = tool(bench, "put", path, f"records={sizes.large}", f"report={sizes.step}", f"seed={bench.seed}")
    bench.sample(LARGE, "ingest", whole["rate"], unit="records/s", better="higher", baseline=TEXT, round=0)
    bench.sample(LARGE, "ingest-last", steps[-1]["rate"], unit="records/s", better="higher", round=0)
    bench.sample(LARGE, "bytes", whole["bytes"], unit="B/record", better="lower", baseline=TEXT, round=0)
    sample_cost(bench, LARGE, whole, 0)
    sample_delay(bench, LARGE, whole, 0)
    bench.note(LARGE, f"{sizes.large} records; each {sizes.step}, records/s: "
               + ", ".join(f"{step['rate']:.0f}" for step in steps))


def measure_kind(bench, sizes: Sizes, path: str, kind: str, r: int, cold: bool) -> None:
    numbers = tool(bench, "query", path, kind, f"records={sizes.large}", f"seed={bench.seed}", f"limit={LIMIT}",
                   f"queries={sizes.queries}", f"first={r * sizes.queries}", f"cold={int(cold)}")[-1]
    metric = "cold" if cold else "warm"
    bench.sample(f"query-{kind}", metric, numbers["p50_ms"], unit="ms", better="lower", round=r)
    bench.sample(f"query-{kind}", f"{metric}-max", numbers["max_ms"], unit="ms", better="lower", round=r)


def measure_queries(bench, sizes: Sizes, path: str) -> None:
    """Each round asks for other addresses, zones, rules and times.  Cold: the file's pages are dropped before each."""
    kinds = subprocess.run([os.path.join(bench.builddir, "tests/bench/audit-load"), "kinds"], capture_output=True,
                           text=True, check=True).stdout.split()
    for r in range(bench.rounds):
        for kind in kinds:
            bench.progress(f"queries by {kind}, round {r + 1}")
            measure_kind(bench, sizes, path, kind, r, cold=False)
            if kind in COLD_KINDS:
                measure_kind(bench, sizes, path, kind, r, cold=True)


def measure_number(bench, sizes: Sizes, path: str) -> None:
    """One record by its number: no filter of `zoneward audit query`, but doc/audit-log.md shows how to ask."""
    for r in range(bench.rounds):
        spent = []
        for i in range(sizes.queries):
            number = 1 + (r * sizes.queries + i) * 7919 * 65537 % sizes.large
            start = time.perf_counter()
            with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as db:
                rows = db.execute("SELECT * FROM flows WHERE id = ?", (number,)).fetchall()
            db.close()
            spent.append((time.perf_counter() - start) * 1e3)
            if len(rows) != 1:
                raise RuntimeError(f"record {number}: {len(rows)} rows")
        bench.sample("query-number", "warm", median(spent), unit="ms", better="lower", round=r)


def timed(argv: list[str]) -> float:
    """Milliseconds that a process takes; it must end well."""
    start = time.perf_counter()
    subprocess.run(argv, stdout=subprocess.DEVNULL, check=True)
    return (time.perf_counter() - start) * 1e3


def measure_processes(bench, sizes: Sizes, path: str, text_path: str) -> None:
    """What a user at a terminal waits for: zoneward as a whole, and grep."""
    bench.progress(f"a file of {sizes.large} lines")
    tool(bench, "text", text_path, f"records={sizes.large}", f"seed={bench.seed}")
    zoneward = os.path.join(bench.builddir, "zoneward")
    for r in range(bench.rounds):
        bench.progress(f"zoneward and grep, round {r + 1}")
        asked = questions(bench, sizes, path, r)
        log = [timed([zoneward, "audit", "query", *args]) for args in asked]
        text = [timed(["sh", "-c", f"LC_ALL=C grep -F -e '={address_of(args)}:' {shlex.quote(text_path)} "
                       f"| tail -n {LIMIT}"]) for args in asked[:2]]  # It takes long, and always the same.
        bench.sample(TEXT, "process", median(text), unit="ms", better="lower", round=r)
        bench.sample(LARGE, "process", median(log), unit="ms", better="lower", baseline=TEXT, round=r)
    os.unlink(text_path)


def questions(bench, sizes: Sizes, path: str, r: int) -> list[list[str]]:
    """Arguments of `zoneward audit query --address`."""
    argv = [os.path.join(bench.builddir, "tests/bench/audit-load"), "arguments", path, "address",
            f"records={sizes.large}", f"seed={bench.seed}", f"limit={LIMIT}", f"queries={sizes.processes}",
            f"first={(bench.rounds + r) * sizes.queries}"]
    lines = subprocess.run(argv, capture_output=True, text=True, check=True).stdout.splitlines()
    return [line.split() for line in lines]


def address_of(args: list[str]) -> str:
    return args[args.index("--address") + 1].split("/")[0]


def run(bench) -> None:
    sizes = Sizes(bench.quick)
    path, text_path = os.path.join(bench.tmpdir, "audit.db"), os.path.join(bench.tmpdir, "audit.txt")
    measure_ingest(bench, sizes, path)
    measure_delay(bench, sizes, path)
    log_busy.measure(bench, f"{LOG}-busy")
    if not has_room(bench, sizes.large):
        return
    fill_large(bench, sizes, path)
    measure_queries(bench, sizes, path)
    measure_number(bench, sizes, path)
    measure_processes(bench, sizes, path, text_path)
    remove(path)
