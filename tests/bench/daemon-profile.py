#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""daemon-profile - where zonewardd's time goes while ofbench asks it as fast as it answers; `make bench-profile`.

usage: daemon-profile.py [--subject NAME] [--seconds S] [--lines N] [--keep FILE] [--copies]

Prints, for each thread, the functions in which it was found most often, with their shares of the thread's own samples.
Samples are taken by perf(1): of CPU cycles, or of the clock where the machine does not count cycles.  What a function
calls counts for what is called."""

import argparse
import collections
import os
import shutil
import subprocess
import sys
import tempfile

from contender import ContenderFailed
from daemon import SUBJECTS, WINDOW, Daemon

FREQUENCY = 1999  # Samples a second, of each core.
EVENTS = ("cycles", "cpu-clock")


class CannotProfile(Exception):
    """The text says why, for people."""


class Settings:
    """What daemon.py needs of a bench."""

    def __init__(self, tmpdir: str) -> None:
        self.tmpdir = tmpdir
        self.srcdir = os.environ["ZW_SRCDIR"]
        self.builddir = os.environ["ZW_BUILDDIR"]
        self.contenders = os.environ.get("ZW_CONTENDERS", "")
        self.seed = 1


def working_event() -> str:
    """The best event that perf counts here."""
    if not shutil.which("perf"):
        raise CannotProfile("perf is not there (Debian: linux-perf)")
    said = ""
    for event in EVENTS:
        argv = ["perf", "record", "-q", "-e", event, "-o", "/dev/null", "--", "true"]
        done = subprocess.run(argv, capture_output=True, text=True, check=False)
        if done.returncode == 0:
            return event
        said = (done.stderr.strip().splitlines() or ["no reason given"])[0]
    raise CannotProfile(f"perf does not work here: {said} (root? /proc/sys/kernel/perf_event_paranoid?)")


def record(daemon: Daemon, order: str, event: str, path: str) -> dict[str, float]:
    """Samples while ofbench carries out the order."""
    argv = ["perf", "record", "-q", "-g", "-F", str(FREQUENCY), "-e", event, "-p", str(daemon.pid), "-o", path]
    with subprocess.Popen(argv, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as perf:
        try:
            found = daemon.order(order)
        finally:
            perf.terminate()
            said = perf.communicate()[1].strip()
    if not os.path.exists(path) or not os.path.getsize(path):
        raise CannotProfile(f"perf recorded nothing: {said or 'no reason given'}")
    return found


def samples(path: str) -> dict[str, collections.Counter]:
    """By thread: how much was seen in each function."""
    argv = ["perf", "report", "-i", path, "--stdio", "--no-children", "-g", "none", "-F", "period,comm,symbol", "-t", "|"]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    if done.returncode:
        raise CannotProfile(f"perf report: {done.stderr.strip()}")
    threads: dict[str, collections.Counter] = collections.defaultdict(collections.Counter)
    for line in done.stdout.splitlines():
        parts = [part.strip() for part in line.split("|", 2)]
        if len(parts) == 3 and parts[0].isdigit():
            kind, _, name = parts[2].partition("] ")
            threads[parts[1]][name + (" (kernel)" if kind == "[k" else "")] += int(parts[0])
    if not threads:
        raise CannotProfile("perf took no samples")
    return threads


def print_table(threads: dict[str, collections.Counter], cpu_us: dict[str, float], n_lines: int) -> None:
    """The busiest thread first; each function's share of its thread, and what that is for each packet."""
    for thread, counter in sorted(threads.items(), key=lambda item: -item[1].total()):
        total, us = counter.total(), cpu_us.get(thread, 0)
        if total < sum(c.total() for c in threads.values()) / 100:
            continue
        print(f"\nthread {thread}: {us:.2f} us of CPU for each packet\n\n    share     us   function")
        for name, n in counter.most_common(n_lines):
            print(f"    {100 * n / total:4.1f} %  {us * n / total:5.3f}   {name}")
        rest = total - sum(n for _, n in counter.most_common(n_lines))
        print(f"    {100 * rest / total:4.1f} %  {us * rest / total:5.3f}   {len(counter) - n_lines} others")


def profile(options: argparse.Namespace) -> None:
    subject = next(s for s in SUBJECTS if s.name == options.subject)
    event = working_event()
    with tempfile.TemporaryDirectory(prefix="zw-bench.") as tmpdir:
        path = options.keep or os.path.join(tmpdir, "perf.data")
        daemon = Daemon(Settings(tmpdir), subject)
        with daemon.contender:
            daemon.fresh()
            what = "copies" if options.copies else f"ask {WINDOW}"
            found = record(daemon, f"{what} {options.seconds}s", event, path)
        threads = samples(path)
    n = found["sent"]
    cpu_us = {"zonewardd": found["cpu-main"] / n / 1e3, "audit": found["cpu-log"] / n / 1e3}
    print(f"{subject.name}, {what}: {found['rate']:.0f} packets a second; samples of {event}")
    print_table(threads, cpu_us, options.lines)


def main() -> int:
    parser = argparse.ArgumentParser(description="Where zonewardd's time goes.")
    parser.add_argument("--subject", default="logged", choices=[s.name for s in SUBJECTS])
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--lines", type=int, default=20, help="functions for each thread (20)")
    parser.add_argument("--keep", metavar="FILE", help="perf's own file, for `perf report -i FILE`")
    parser.add_argument("--copies", action="store_true", help="copies for the log instead of questions")
    try:
        profile(parser.parse_args())
    except (CannotProfile, ContenderFailed) as error:
        print(f"daemon-profile: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
