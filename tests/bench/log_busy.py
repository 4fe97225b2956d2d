# SPDX-License-Identifier: Apache-2.0
"""The audit log while the daemon is busy: records of verdicts that ofbench asks for, and questions to the log meanwhile.

How late a record is durable is seen from outside: a reader looks for the newest record every few milliseconds, and a
commit's oldest and middle record say by their own times how long they waited."""

import concurrent.futures
import contextlib
import os
import sqlite3
import subprocess
import time
from statistics import median

from contender import ContenderFailed
from daemon import WINDOW, Daemon, Subject

RATE = 20_000
POLICY = Subject("busy", 100, 10, True)
LOOK_S = 0.002
QUESTION = ("--zone", "z1", "--limit", "100")


class Watch:
    """A reader of the log that sees when records come to be there."""

    def __init__(self, path: str) -> None:
        self.db = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
        self.oldest: list[float] = []  # Milliseconds, of each commit.
        self.middle: list[float] = []
        self.last = self._number("SELECT ifnull(max(id), 0) FROM sessions")

    def _number(self, sql: str, *values: int) -> int:
        return self.db.execute(sql, values).fetchone()[0]

    def look(self) -> None:
        newest = self._number("SELECT ifnull(max(id), 0) FROM sessions")
        if newest == self.last:
            return
        now_us = time.time() * 1e6
        of = "SELECT time_us FROM sessions WHERE id > ? ORDER BY id LIMIT 1"
        self.oldest.append((now_us - self._number(of, self.last)) / 1e3)
        self.middle.append((now_us - self._number(of, (self.last + newest) // 2)) / 1e3)
        self.last = newest


def query_ms(bench, daemon: Daemon) -> float:
    """What a user waits for."""
    argv = [os.path.join(bench.builddir, "zoneward"), "audit", "query", "--db", daemon.contender["log"], *QUESTION]
    start = time.perf_counter()
    done = subprocess.run(argv, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        raise ContenderFailed(f"a query fails while the log is written: {done.stderr.strip()}")
    return (time.perf_counter() - start) * 1e3


def watch_until(done: concurrent.futures.Future, watch: Watch, bench, daemon: Daemon, asks: bool) -> list[float]:
    """Looks until the order has ended; asks the log a few times a second if it is to.  The times of those."""
    asked, next_question = [], time.monotonic() + 0.2
    while not done.done():
        watch.look()
        if asks and time.monotonic() > next_question:
            asked.append(query_ms(bench, daemon))
            next_question = time.monotonic() + 0.2
        time.sleep(LOOK_S)
    return asked


def measure_order(bench, daemon: Daemon, name: str, order: str, r: int) -> None:
    """One load; first the delay, without questions in between, which would keep the reader from looking."""
    daemon.fresh()
    before = daemon.status()["audit"]
    watch = Watch(daemon.contender["log"])
    with concurrent.futures.ThreadPoolExecutor(1) as pool, contextlib.closing(watch.db):
        done = pool.submit(daemon.order, order)
        watch_until(done, watch, bench, daemon, asks=False)
        found = done.result()
        after, delays = daemon.status()["audit"], (median(watch.middle), max(watch.oldest))
        done = pool.submit(daemon.order, order)
        asked = watch_until(done, watch, bench, daemon, asks=True)
        done.result()
    written, lost = (after[key] - before[key] for key in ("n_written", "n_lost"))
    bench.sample(name, "ingest", written / found["seconds"], unit="records/s", better="higher", round=r)
    bench.sample(name, "writer-cpu", found["cpu-log"] / max(written, 1) / 1e3, unit="us/record", better="lower", round=r)
    bench.sample(name, "durable-p50", delays[0], unit="ms", better="lower", round=r)
    bench.sample(name, "durable-max", delays[1], unit="ms", better="lower", round=r)
    bench.sample(name, "lost", 100 * lost / found["sent"], unit="%", better="lower", round=r)
    if asked:
        bench.sample(name, "process", median(asked), unit="ms", better="lower", round=r)


def measure(bench, subject: str) -> None:
    """'subject' and what it is busy with make the names of the rows."""
    seconds = bench.seconds / 2
    orders = {f"{subject}-asked": f"ask {WINDOW} {seconds}s", f"{subject}-at-{RATE // 1000}k": f"rate {RATE} {seconds}s"}
    try:
        daemon = Daemon(bench, POLICY)
    except ContenderFailed as error:
        for name in orders:
            bench.missing(name, str(error))
        return
    with daemon.contender:
        for r in range(min(2, bench.rounds) if bench.quick else bench.rounds):
            for name, order in orders.items():
                bench.progress(f"{name}, round {r + 1}")
                try:
                    measure_order(bench, daemon, name, order, r)
                except ContenderFailed as error:
                    bench.missing(name, str(error), round=r)
    bench.note(f"{subject}-asked", "ofbench, zonewardd, its log's writer and the reader share the machine's cores")
