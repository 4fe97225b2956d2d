#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""bench - every performance budget as a number, beside what one would use instead.

usage: bench.py run [--quick] [--rounds N] [--seconds S] [--seed N] [--output DIR] [SECTION...]
       bench.py show FILE            the tables of a run again
       bench.py markdown FILE [--only REGEX]    the same for a document; REGEX chooses from SECTION/METRIC
       bench.py charts FILE DIR      SVG, by gnuplot
       bench.py compare A B          what got slower from A to B, beyond the noise; exit status 1 if anything did

A run prints a table, and writes DIR/NAME.json (also DIR/latest.json) and DIR/NAME/*.svg.  It needs root, a build without
sanitizers, and a machine that does nothing else.  Everything happens in network namespaces and a directory of its own;
an interrupted run reports what it has.  doc/benchmarks.md says what is measured and how."""

import argparse
import contextlib
import fcntl
import hashlib
import importlib
import os
import platform
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import traceback

import charts
import compare
import report
from results import MACHINE, FormatError, Missing, Note, Results
from speed import Speed

SECTIONS = ["datapath", "daemon", "scale", "log", "memory"]
QUIET_LOAD = 0.7  # A load average above it at the start is said.
CALIBRATION_S = 0.2
LOCK = "/run/lock/zoneward-bench"  # Two at a time would measure each other.


class Bench:
    """What a section gets: the settings of the run, and where its figures go."""

    def __init__(self, options, results, tmpdir):
        self.quick = options.quick
        self.rounds = options.rounds or (3 if options.quick else 5)
        self.seconds = options.seconds or (1.0 if options.quick else 2.0)
        self.seed = options.seed
        self.srcdir = os.environ["ZW_SRCDIR"]
        self.builddir = os.environ["ZW_BUILDDIR"]
        self.contenders = os.environ.setdefault("ZW_CONTENDERS", os.path.join(self.builddir, "contenders"))
        self.tmpdir = tmpdir
        self.results = results
        self.section = ""
        self._speed = Speed()
        self._started = time.monotonic()

    def sample(self, subject, metric, value, *, unit, better="", baseline=None, round=0):
        """One measured value.  'baseline' is the subject that ratios are taken to, in the same round."""
        self.results.add(
            self.section, subject, metric, value, unit=unit, better=better, baseline=baseline, round=round,
            speed=self._speed.now(),
        )

    def missing(self, subject, why, metric=None, round=None):
        """A subject, or one metric of it, that could not be measured."""
        missing = self.results.missing
        if not any((m.section, m.subject, m.why, m.round) == (self.section, subject, why, round) for m in missing):
            self.progress(f"{subject}: {why}", keep=True)
        missing.append(Missing(self.section, subject, metric, why, round))

    def note(self, subject, text):
        """Something true that the reader must know beside the figures.  Saying it again does no harm."""
        note = Note(self.section, subject, text)
        if note not in self.results.notes:
            self.results.notes.append(note)

    def progress(self, text, keep=False):
        """What happens now; on a terminal the next line replaces it."""
        line = f"{self.elapsed():6.0f} s  {self.section:<9} {text}"
        if not sys.stderr.isatty():
            print(line, file=sys.stderr, flush=True)
            return
        width = shutil.get_terminal_size().columns - 1
        end = "\n" if keep else ""
        print(f"\r\033[K{line if keep else line[:width]}", end=end, file=sys.stderr, flush=True)

    def elapsed(self):
        return time.monotonic() - self._started

    def progress_end(self):
        if sys.stderr.isatty():
            print("\r\033[K", end="", file=sys.stderr, flush=True)


def _first_line(argv):
    try:
        done = subprocess.run(argv, capture_output=True, text=True, check=False)
    except OSError:
        return ""
    return done.stdout.split("\n", 1)[0].strip() if done.returncode == 0 else ""


def _cpu_model():
    with open("/proc/cpuinfo", encoding="utf-8") as f:
        models = [line.split(":", 1)[1].strip() for line in f if line.startswith("model name")]
    return models[0] if models else platform.machine()


def about(bench, options):
    """What a reader must know to compare this run with another."""
    srcdir = bench.srcdir
    return {
        "started": time.strftime("%Y-%m-%d %H:%M:%S %Z"),
        "revision": _first_line(["git", "-C", srcdir, "describe", "--always", "--dirty", "--abbrev=12"]),
        "version": _first_line([os.path.join(bench.builddir, "zonewardd"), "--version"]),
        "openvswitch": _first_line(["ovs-vswitchd", "--version"]),
        "load-at-start": round(os.getloadavg()[0], 2),
        "machine": {
            "cpu": _cpu_model(),
            "cores": os.cpu_count(),
            "memory-gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30),
            "kernel": platform.release(),
        },
        "options": {
            "quick": bench.quick,
            "rounds": bench.rounds,
            "seconds": bench.seconds,
            "seed": bench.seed,
            "sections": options.section or SECTIONS,
        },
    }


def _why_not():
    """Why this machine or build cannot run the bench; None if it can."""
    if os.geteuid() != 0:
        return "needs root, for network namespaces"
    if os.environ.get("ZW_SANITIZED") == "yes":
        return "this build has sanitizers: its figures would say nothing"
    for name in ("ZW_SRCDIR", "ZW_BUILDDIR"):
        if name not in os.environ:
            return f"{name} is not set (run it as `make bench`)"
    if not os.access(os.path.join(os.environ["ZW_BUILDDIR"], "zonewardd"), os.X_OK):
        return f"there is no zonewardd in {os.environ['ZW_BUILDDIR']}"
    return None


def _hash(deadline, done):
    block = bytes(1 << 20)
    while time.monotonic() < deadline:
        hashlib.sha256(block).digest()  # Releases the interpreter's lock.
        done.append(1)


def calibrate(bench, round):
    """What the machine itself does before each section, with one core and with all at once: where cores are threads of
    one, or neighbours share them, absolute figures move with it."""
    bench.section = MACHINE
    bench.results.titles[MACHINE] = "Machine: SHA-256 by one core, and by all at once"
    for subject, n in (("one-core", 1), ("all-cores", os.cpu_count())):
        done, start = [], time.monotonic()
        threads = [threading.Thread(target=_hash, args=(start + CALIBRATION_S, done)) for _ in range(n)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        rate = len(done) / (time.monotonic() - start)
        bench.sample(subject, "sha256", rate, unit="MiB/s", better="higher", round=round)


def _begin(bench, name):
    module = importlib.import_module(name)
    bench.section = name
    bench.results.titles[name] = module.TITLE
    return module


def _measure(bench, names):
    """Runs the sections; true if all ended by themselves."""
    whole = True
    for number, name in enumerate(names):
        try:
            calibrate(bench, number)
            _begin(bench, name).run(bench)
        except KeyboardInterrupt:
            for left in names[number:]:
                _begin(bench, left)
                bench.missing("(the rest)", "interrupted")
            return False
        except Exception as error:  # A section's mistake must not cost the figures of the others.
            bench.progress_end()
            traceback.print_exc()
            bench.missing("(the rest)", f"the bench itself failed: {error}")
            whole = False
    return whole


def command_run(options):
    why = _why_not()
    if why:
        print(f"bench: {why}", file=sys.stderr)
        return 2
    with open(LOCK, "w", encoding="ascii") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("bench: another bench runs on this machine", file=sys.stderr)
            return 2
        return _run(options)


def _run(options):
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, signal.default_int_handler)
    results = Results()
    output = options.output or os.path.join(os.environ["ZW_BUILDDIR"], "bench")
    os.makedirs(output, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="zw-bench.") as tmpdir:
        bench = Bench(options, results, tmpdir)
        results.about = about(bench, options)
        if results.about["load-at-start"] > QUIET_LOAD:
            print(
                f"bench: the machine is busy (load {results.about['load-at-start']}): expect wide spreads",
                file=sys.stderr,
            )
        names = [name for name in SECTIONS if not options.section or name in options.section]
        whole = _measure(bench, names)
        bench.progress_end()
    results.about["seconds"] = round(bench.elapsed())
    saved = _finish(results, output)
    return 0 if whole and saved else 1


def _width():
    return max(100, shutil.get_terminal_size((130, 0)).columns)


def _save(results, output, name):
    """OSError if it cannot be written; half a file is not left."""
    path = os.path.join(output, f"{name}.json")
    try:
        with open(path, "w", encoding="utf-8") as f:
            f.write(results.to_json())
    except OSError:
        with contextlib.suppress(OSError):
            os.unlink(path)
        raise
    latest = os.path.join(output, "latest.json")
    with contextlib.suppress(FileNotFoundError):
        os.unlink(latest)
    os.symlink(f"{name}.json", latest)


def _finish(results, output):
    """Leaves the results where they can be found, and prints them also if that fails.  Whether it did not."""
    name = time.strftime("%Y%m%d-%H%M%S")
    why = None
    try:
        _save(results, output, name)
    except OSError as error:
        why = error.strerror
    sys.stdout.write(report.terminal(results, _width()))
    if why:
        print(f"bench: {output}: {why}: these figures are nowhere else", file=sys.stderr)
        return False
    print(f"\n{results.about['seconds']} s; {os.path.join(output, name)}.json")
    try:
        made = charts.draw(results, os.path.join(output, name))
        print(f"{len(made)} charts in {os.path.join(output, name)}")
    except (charts.CannotDraw, OSError) as error:
        print(f"no charts: {error}", file=sys.stderr)
    return True


def command_show(options):
    sys.stdout.write(report.terminal(Results.load(options.file), _width()))
    return 0


def command_markdown(options):
    sys.stdout.write(report.markdown(Results.load(options.file), options.only))
    return 0


def command_charts(options):
    for path in charts.draw(Results.load(options.file), options.folder):
        print(path)
    return 0


def command_compare(options):
    text, worse = compare.report(Results.load(options.a), Results.load(options.b))
    sys.stdout.write(text)
    return 1 if worse else 0


COMMANDS = {
    "run": command_run,
    "show": command_show,
    "markdown": command_markdown,
    "charts": command_charts,
    "compare": command_compare,
}


def main():
    parser = argparse.ArgumentParser(prog="bench.py", description="Zoneward's performance, beside what else there is.")
    commands = parser.add_subparsers(dest="command", required=True)
    p = commands.add_parser("run")
    p.add_argument("--quick", action="store_true", help="fewer contenders, shorter; under three minutes in all")
    p.add_argument("--rounds", type=int, help="rounds of turns (5; quick: 3)")
    p.add_argument("--seconds", type=float, help="of each measurement (2; quick: 1)")
    p.add_argument("--seed", type=int, default=1, help="of what is random")
    p.add_argument("--output", help="folder for JSON and charts (BUILD/bench)")
    p.add_argument("section", nargs="*", metavar="SECTION", help=", ".join(SECTIONS))
    for name in ("show", "markdown", "charts"):
        p = commands.add_parser(name)
        p.add_argument("file")
        if name == "charts":
            p.add_argument("folder")
        if name == "markdown":
            p.add_argument("--only", default="", metavar="REGEX")
    p = commands.add_parser("compare")
    p.add_argument("a")
    p.add_argument("b")
    options = parser.parse_args()
    if options.command == "run" and not all(n is None or 0 < n < 1e6 for n in (options.rounds, options.seconds)):
        parser.error("--rounds and --seconds must be positive")
    if options.command == "run" and not set(options.section) <= set(SECTIONS):
        parser.error(f"the sections are {', '.join(SECTIONS)}")
    try:
        return COMMANDS[options.command](options)
    except (FormatError, charts.CannotDraw) as error:
        print(f"bench: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
