# SPDX-License-Identifier: Apache-2.0
"""compare - two runs of the bench: what changed beyond the noise.

A series changed if the spreads of the two runs do not overlap and the medians differ by more than FLOOR: with five rounds
each, chance alone puts one series in 250 there, on each side.  Fewer rounds see less of the noise, so their spread is taken
for wider (WIDER); two must also differ by TWO_ROUNDS, and one round, which has no spread, by a factor of ONE_ROUND.

Where there is a baseline the ratios to it are compared, for they hold when the machine itself is slower today; the
baseline's own values then say just that.  Other times and rates are compared as they would be on a machine that was as
fast in both runs (speed.py)."""

from results import MACHINE, Summary, number

FLOOR = 0.05
TWO_ROUNDS = 0.30
ONE_ROUND = 2.0
WIDER = {2: 1.0, 3: 0.5, 4: 0.2}  # Of so many rounds, on each side, as a part of the spread.

# What is counted, not timed: the same each time, so that any difference is one.
EXACT = ("scale/flows", "scale/masks", "scale/masks-policy")

# "machine": what others are compared with is faster or slower, so the machine is, or the switch.
VERDICTS = ("slower", "lost", "faster", "changed", "machine", "new")


def _figures(a, before, b, after):
    """What to compare, of both, and what to print of it: ratios, the work that was done, or values."""
    x, y = a.ratio(before), b.ratio(after)
    if x and y:
        return (x, y), (x, y), f"{before.unit}, ratio to {before.baseline}"
    printed = before.summary(), after.summary()
    x, y = before.work(), after.work()
    if x and y:
        return (x, y), printed, f"{before.unit}, with the machine as fast"
    return printed, printed, before.unit


def _bounds(s):
    wider = (s.high - s.low) * WIDER.get(s.n, 0)
    return s.low - wider, s.high + wider


def change(a: Summary, b: Summary):
    """Relative change from a to b if it is beyond the noise, else 0."""
    if a.median == b.median:
        return 0.0
    relative = (b.median - a.median) / abs(a.median) if a.median else float("inf")
    if min(a.n, b.n) == 1:
        return relative if not 1 / ONE_ROUND <= relative + 1 <= ONE_ROUND else 0.0
    floor = FLOOR if min(a.n, b.n) > 2 else TWO_ROUNDS
    (a_low, a_high), (b_low, b_high) = _bounds(a), _bounds(b)
    apart = b_low > a_high or b_high < a_low
    return relative if apart and abs(relative) > floor else 0.0


def compare(a, b):
    """A list of (verdict, key, text); verdict is one of VERDICTS."""
    found = []
    baselines = {(s.section, s.baseline) for s in a.series.values() if s.baseline}
    for key, before in a.series.items():
        after = b.series.get(key)
        if after is None:
            if before.section in b.sections():
                found.append(("lost", key, "measured in the first only"))
            continue
        if before.unit != after.unit:
            found.append(("changed", key, f"unit {before.unit} is now {after.unit}"))
            continue
        (x, y), printed, kind = _figures(a, before, b, after)
        exact = f"{before.section}/{before.metric}" in EXACT and x.n == y.n == 1 and x.median
        relative = (y.median - x.median) / x.median if exact else change(x, y)
        if relative:
            verdict = "changed"
            if before.section == MACHINE or (before.section, before.subject) in baselines:
                verdict = "machine"
            elif before.better:
                verdict = "faster" if (relative > 0) == (before.better == "higher") else "slower"
            found.append((verdict, key, f"{_text(printed[0])} -> {_text(printed[1])} {kind}, {relative:+.0%}"))
    new = [key for key in b.series if key not in a.series and key[0] in a.sections()]
    found += [("new", key, "measured in the second only") for key in new]
    return found


def _text(s):
    return f"{number(s.median)} ({number(s.low)} to {number(s.high)})" if s.n > 1 else number(s.median)


def report(a, b):
    """The text, and whether anything got slower or lost."""
    found = compare(a, b)
    out = []
    if a.about.get("machine") != b.about.get("machine"):
        out.append("The two runs are of different machines: only ratios can be compared.")
    x, y = ({k: v for k, v in r.about.get("options", {}).items() if k != "sections"} for r in (a, b))
    if x != y:
        out.append(f"The two runs had different options: {x} and {y}.")
    for one, other, which in ((a, b, "first"), (b, a, "second")):
        out += [f"Only the {which} run has the section {s}." for s in one.sections() if s not in other.sections()]
    for verdict in VERDICTS:
        for v, key, text in found:
            if v == verdict:
                out.append(f"{verdict:<8}{'/'.join(key):<48} {text}")
    both = sum(key in b.series for key in a.series)
    beyond = sum(v in ("slower", "faster", "changed", "machine") for v, _, _ in found)
    out.append(f"{both} series in both runs; {both - beyond} agree within the spread.")
    return "\n".join(out) + "\n", any(v in ("slower", "lost") for v, _, _ in found)
