#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A contender that is missing, fails or dies is never a figure: it is a row that says why, and it leaves nothing behind.

The contenders here are made up; they need no switch.  Speaks TAP."""

import os
import sys
import tempfile
from dataclasses import dataclass, field

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.dirname(HERE)]
sys.dont_write_bytecode = True

import datapath  # noqa: E402
import tap  # noqa: E402
from contender import Contender, ContenderFailed, ContenderMissing  # noqa: E402

COMMON = """
. "$ZW_SRCDIR/tests/bench/contenders/common.sh"
ZW_PG=$(mktemp -d "$TMPDIR/pg.XXXXXX")
mkdir "$ZW_PG/pids" "$ZW_PG/netns"
trap zw_playground_stop EXIT
"""
SCRIPTS = {
    "works": """
_zw_run idle "$ZW_PG/idle.out" sleep 1000
bench_watch idle
bench_do_double() { echo "thinking"; echo $(($1 * 2)); }
bench_do_fail() { echo "too hard"; return 1; }
bench_do_die() { echo "lib/x.c:7: assertion a == b failed in f()" >>"$ZW_PG/idle.out"; zw_kill idle KILL; }
bench_do_doom() { echo "2026|001|util|EMER|lib/x.c:7: assertion a == b failed in f()" >>"$ZW_PG/idle.log"; }
bench_ready pid="$(zw_pid idle)" note="'as it is'"
bench_serve
""",
    "absent": "bench_need no-such-program-of-ours\nbench_ready\nbench_serve\n",
    "mute": "echo 'disk on fire' >&2\nexit 1\n",
}

plan = tap.Plan()
case = plan.case


@dataclass
class Bench:
    """As much of bench.py's as they use."""

    srcdir: str
    tmpdir: str
    builddir: str = "/nonexistent"
    contenders: str = "/nonexistent"
    quick: bool = False
    rounds: int = 1
    seconds: float = 1
    samples: list = field(default_factory=list)
    gone: list = field(default_factory=list)
    notes: list = field(default_factory=list)

    def sample(self, subject, metric, value, **_):
        self.samples.append((metric, value))

    def missing(self, subject, why, metric=None, round=None):
        self.gone.append((metric, why))

    def note(self, subject, text):
        self.notes.append(text)

    def progress(self, text):
        pass


def why_not(ask) -> tuple:
    try:
        return None, ask()
    except ContenderFailed as error:
        return type(error), str(error)


def make(folder: str) -> Bench:
    scripts = os.path.join(folder, "tests/bench/contenders")
    os.makedirs(scripts)
    for name in ("common.sh", "vms.sh"):
        os.symlink(os.path.join(HERE, "contenders", name), os.path.join(scripts, name))
    os.symlink(os.path.join(HERE, "../playground.sh"), os.path.join(folder, "tests/playground.sh"))
    for name, text in SCRIPTS.items():
        with open(os.path.join(scripts, f"{name}.sh"), "w", encoding="utf-8") as f:
            f.write(COMMON + text)
    return Bench(folder, folder)


def test_answers(bench: Bench) -> None:
    with Contender(bench, "works") as c:
        pid = c["pid"]
        case("its attributes come with quotes taken off", c["note"] == "as it is", c.attributes)
        case("the last line is the answer", c.ask("double 21") == "42")
        got = why_not(lambda: c.ask("fail"))
        case("what fails says why", got == (ContenderFailed, "fail: too hard"), got)
        got = why_not(lambda: c.ask("dance"))
        case("an unknown command fails", got == (ContenderFailed, "no such command: dance"), got)
        case("and it goes on", c.ask("check") == "")
        running = os.path.exists(f"/proc/{pid}")
    case("it leaves nothing behind", running and not os.path.exists(f"/proc/{pid}"), pid)


def test_ends(bench: Bench) -> None:
    for name, expected in (("absent", "no-such-program-of-ours is not there"), ("mute", "its last words: disk on fire")):
        kind, why = why_not(lambda name=name: Contender(bench, name))
        case(f"{name}: it says why it cannot be set up", kind is not None and expected in why, (kind, why))
    case("a missing one is told apart", why_not(lambda: Contender(bench, "absent"))[0] is ContenderMissing)
    for order in ("die", "doom"):
        with Contender(bench, "works") as c:
            kind, why = why_not(lambda: c.ask(order))
            case(f"{order}: the cause of a death is the log's", kind is ContenderFailed and
                 why.startswith("idle died") and "assertion a == b failed" in why, (kind, why))


def test_turns(bench: Bench) -> None:
    pids = []

    def measure(turn):
        pids.append(turn.contender["pid"])
        turn.sample("fine", 7, "")

    def dies(turn):
        turn.sample("fatal", 8, "")
        turn.contender.ask("doom")

    def dies_unseen(turn):
        turn.sample("fatal", 9, "")
        try:
            turn.contender.ask("doom")
        except ContenderFailed:
            pass

    datapath.settle = lambda turn: None
    metric = datapath.Metric
    datapath.METRICS = [metric(dies, ("fatal", "fatal-p50")), metric(measure, ("fine",)),
                        metric(measure, ("sum",), sums_up=True), metric(dies_unseen, ("fatal-too",)),
                        metric(measure, ("fine",))]
    datapath.play_turn(bench, datapath.Subject("x", ("works",)), 0)
    case("what was measured while it died does not count", bench.samples == [("fine", 7), ("fine", 7)], bench.samples)
    case("each figure that is missing says why", [m for m, why in bench.gone if "assertion a == b" in why] ==
         ["fatal", "fatal-p50", "sum", "fatal-too"] and len(bench.gone) == 4, bench.gone)
    case("the rest is measured of a new one", len(set(pids)) == 2 and bench.notes, pids)
    bench.gone.clear()
    datapath.play_turn(bench, datapath.Subject("x", ("absent",)), 0)
    case("one that cannot be set up is a whole row", [m for m, _ in bench.gone] == [None], bench.gone)


with tempfile.TemporaryDirectory(prefix="zw-contender-test.") as root:
    for test in (test_answers, test_ends, test_turns):
        test(make(os.path.join(root, test.__name__)))
sys.exit(plan.end())
