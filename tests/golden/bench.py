#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The bench's own arithmetic and texts, on made-up figures: what it prints is what somebody looked at and found right.

With --update it writes tests/golden/bench/* instead; read the difference before you commit it.
"""

import copy
import json
import os
import sys
from pathlib import Path

source = Path(os.environ.get("ZW_SRCDIR", Path(__file__).parents[2])).resolve()
golden = source / "tests" / "golden" / "bench"
sys.dont_write_bytecode = True
sys.path[:0] = [str(source / "tests" / "bench"), str(source / "tests")]

import compare  # noqa: E402
import report  # noqa: E402
import tap  # noqa: E402
from budgets import Budget  # noqa: E402
from results import FormatError, Missing, Note, Results, Summary, number  # noqa: E402

# A new budget of another section does not change these texts.
report.BUDGETS = [budget for budget in report.BUDGETS if budget.section == "datapath"]

ROUNDS = 5
PLAIN = {"tcp": ("Gbit/s", "higher", 1.5), "crr-16": ("1/s", "higher", 13500.0), "crr-16-p99": ("us", "lower", 2400.0)}
SPEEDS = {"ovs-normal": 1.0, "zoneward-fast": 0.93, "zoneward-asked": 0.7, "ovn-acl": 0.8}


def made_up(speeds=None, machine=1.0):
    """A run in which a subject's speed is as given, give or take 2 %."""
    results = Results()
    results.about = {"machine": {"cores": 2}}
    results.titles = {"datapath": "Data path", "scale": "Size of the policy"}
    for r in range(ROUNDS):
        slow = machine * (0.9 + 0.05 * ((r * 3) % 5))  # The machine's own mood in this round.
        for i, (subject, speed) in enumerate((speeds or SPEEDS).items()):
            own = speed * (1 + 0.02 * (((r * 2 + i) % 5) - 2) / 2) * slow
            for metric, (unit, better, plain) in PLAIN.items():
                if (subject, metric) != ("ovn-acl", "crr-16-p99"):
                    value = plain * own if better == "higher" else plain / own
                    results.add("datapath", subject, metric, value, unit=unit, better=better, baseline="ovs-normal", round=r)
    for n in (10, 1000):
        results.add("scale", f"zoneward-{n}", "apply", 1 + n / 30, unit="ms", better="lower", baseline=None, round=0)
    results.missing.append(Missing("datapath", "ovn-acl", "crr-16-p99", "vswitchd died: assertion failed"))
    results.missing.append(Missing("datapath", "zoneward-fast-afxdp", None, "no AF_XDP here"))
    results.notes.append(Note("datapath", "zoneward-asked", "the log has every session"))
    return results


def check(condition, text="not so"):
    if not condition:
        raise AssertionError(text)


def test_golden(name, text):
    path = golden / name
    if "--update" in sys.argv[1:]:
        golden.mkdir(exist_ok=True)
        path.write_text(text)
    check(path.read_text() == text, f"{path} is not what came:\n{text}")


def test_ratio():
    results = made_up()
    ratio = results.ratio(results.get("datapath", "zoneward-fast", "crr-16"))
    plain = results.get("datapath", "ovs-normal", "crr-16").summary()
    check(plain.high / plain.low > 1.15, "the rounds should differ")
    check(0.88 < ratio.low < ratio.median < ratio.high < 0.96, f"taken within a round, they should not: {ratio}")
    check(results.ratio(results.get("datapath", "ovs-normal", "crr-16")) is None)
    del results.get("datapath", "ovs-normal", "crr-16").rounds[2]
    check(results.ratio(results.get("datapath", "zoneward-fast", "crr-16")).n == ROUNDS - 1, "rounds pair up by number")


def test_noise():
    check("0 series" not in compare.report(made_up(), made_up())[0])
    text, worse = compare.report(made_up(), made_up(machine=0.7))
    check(not worse and text.count("machine") == 3 and "slower" not in text, f"the machine is slower, not we:\n{text}")
    for a, b, expected in (
        ((1, 2, 3), (2.5, 3, 4), 0),  # They overlap.
        ((10, 10.1, 10.2), (10.3, 10.4, 10.45), 0),  # Apart, but by less than FLOOR.
        ((1, 2, 3), (4, 5, 6), 0),  # Apart, but three rounds see little of the noise.
        ((1, 2, 3), (6, 7, 8), 2.5),
        ((6, 7, 8), (1, 2, 3), -5 / 7),
        ((1, 1, 2, 3, 3), (4, 4, 5, 6, 6), 1.5),
        ((5,), (9,), 0),
        ((5,), (11,), 1.2),
        ((5,), (2,), -0.6),
        ((0,), (0,), 0),
        ((0,), (3,), float("inf")),
    ):
        found = compare.change(Summary.of(a), Summary.of(b))
        check(abs(found - expected) < 1e-9 or found == expected, f"{a} to {b}: {found}, expected {expected}")


def test_speed():
    """Times and rates without a baseline are compared as on a machine of the same speed; what is no time is not."""

    def run(speed, ms, mib):
        results = made_up()
        for r in range(ROUNDS):
            own = speed * (1 + r / 100)
            results.add("log", "q", "warm", ms / own, unit="ms", better="lower", baseline=None, round=r, speed=own)
            results.add("log", "q", "rate", ms * own, unit="/s", better="higher", baseline=None, round=r, speed=own)
            results.add("log", "q", "memory", mib, unit="MiB", better="lower", baseline=None, round=r, speed=own)
        return results

    text, worse = compare.report(run(1, 10, 5), run(0.6, 10, 5))
    check(not worse and "log/q" not in text, text)
    text, worse = compare.report(run(1, 10, 5), run(0.6, 14, 7))
    check(worse and text.count("log/q/") == 3 and "slower  log/q/warm" in text and "faster  log/q/rate" in text, text)


def test_worse():
    slow = dict(SPEEDS, **{"zoneward-asked": 0.5})
    text, worse = compare.report(made_up(), made_up(slow))
    check(worse and text.count("slower  datapath/zoneward-asked/") == 3 and text.count("slower") == 3, text)
    text, worse = compare.report(made_up(slow), made_up())
    check(not worse and text.count("faster") == 3, text)
    gone = {k: v for k, v in SPEEDS.items() if k != "ovn-acl"}
    text, worse = compare.report(made_up(), made_up(gone))
    check(worse and text.count("lost") == 2, text)


def test_json():
    text = made_up().to_json()
    check(Results.from_json(text).to_json() == text)


def test_bad_json():
    good = json.loads(made_up().to_json())
    bad = ["", "[]", "7", "{}", '{"format": 1}', text_with(good, format=2), text_with(good, series=[{}])]
    bad += [text_with(good, series=7), text_with(good, missing=[{"section": 1}])]
    item = dict(good["series"][0], rounds={"a": 1})
    bad.append(text_with(good, series=[item]))
    for text in bad:
        try:
            Results.from_json(text)
        except FormatError:
            continue
        raise AssertionError(f"taken for a result: {text[:80]}")


def text_with(good, **changes):
    return json.dumps(dict(copy.deepcopy(good), **changes))


def test_add():
    results = made_up()
    for changes in ({"unit": "s"}, {"round": 0}):
        try:
            results.add(
                "scale", "zoneward-10", "apply", 1, **{"unit": "ms", "better": "lower", "baseline": None, "round": 1, **changes}
            )
        except ValueError:
            continue
        raise AssertionError(f"{changes} was taken")


def test_number():
    for value, text in ((0, "0"), (0.0123, "0.0123"), (1.5, "1.5"), (99.96, "100"), (9994, "9994"), (9995, "10.0k")):
        check(number(value) == text, f"{value} is shown as {number(value)}")
    check(number(999_600) == "1.00M" and number(12_345_678) == "12.3M" and number(-3) == "-3")


def test_verdict():
    for kind, values, verdict in (
        ("value", (8, 9, 9.5), "held"),
        ("value", (8, 9, 11), "held?"),
        ("value", (8, 11, 12), "MISSED?"),
        ("value", (11, 12), "MISSED"),
        ("worst", (8, 9, 11), "MISSED"),
        ("worst", (8, 9, 10), "held"),
    ):
        budget = Budget("", "", "", "", kind, 10, at_least=False)
        check(budget.verdict(Summary.of(values)) == verdict, f"{kind} {values}: {budget.verdict(Summary.of(values))}")


def test_exact():
    a, b = made_up(), made_up()
    for results, masks in ((a, 100), (b, 101)):
        results.add("scale", "zoneward-10", "masks", masks, unit="masks", better="lower", baseline=None, round=0)
    text, worse = compare.report(a, b)
    check(worse and text.count("slower") == 1 and "scale/zoneward-10/masks" in text, text)
    check(not compare.report(b, a)[1])


CASES = {
    "numbers are short": test_number,
    "a round has one value, a series one unit": test_add,
    "ratios are taken within a round": test_ratio,
    "what is within the noise is no finding": test_noise,
    "a machine that is slower today is no finding": test_speed,
    "what is beyond it is": test_worse,
    "a count has no noise": test_exact,
    "a budget is held, missed, or the rounds do not agree": test_verdict,
    "JSON comes back as it was": test_json,
    "a file that is no result is refused": test_bad_json,
    "the tables": lambda: test_golden("report.txt", report.terminal(made_up(), 100)),
    "the document": lambda: test_golden("report.md", report.markdown(made_up())),
    "the comparison": lambda: test_golden(
        "compare.txt", compare.report(made_up(), made_up(dict(SPEEDS, **{"zoneward-fast": 0.8, "zoneward-asked": 0.9})))[0]
    ),
}


sys.exit(tap.run(CASES.items()))
