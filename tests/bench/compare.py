# SPDX-License-Identifier: Apache-2.0
"""compare - two runs of the bench: what changed beyond the noise.

A series changed if the spreads of the two runs do not overlap and the medians differ by more than FLOOR: with five rounds
each, chance alone puts one series in two hundred there.  Where there is a baseline the ratios to it are compared, for
they hold when the machine itself is slower today; the baseline's own values then say just that.  One round has no
spread, and those of two rounds are apart one time in three by chance: these must differ by FEW_ROUNDS as well."""

from results import MACHINE, Summary, number

FLOOR = 0.05
MIN_ROUNDS = 3
FEW_ROUNDS = 0.30

# Units of what is counted, not timed: the same each time, so that any difference is one.
EXACT_UNITS = ("flows", "masks")

# "machine": what others are compared with is faster or slower, so the machine is, or the switch.
VERDICTS = ("slower", "lost", "faster", "changed", "machine", "new")


def _figures(results, series):
    """What to compare: the ratio's summary if there is one, else the value's; and which it is."""
    ratio = results.ratio(series)
    return (ratio, "ratio") if ratio else (series.summary(), "value")


def change(a: Summary, b: Summary):
    """Relative change from a to b if it is beyond the noise, else 0."""
    if a.median == b.median:
        return 0.0
    relative = (b.median - a.median) / abs(a.median) if a.median else float("inf")
    floor = FLOOR if min(a.n, b.n) >= MIN_ROUNDS else FEW_ROUNDS
    apart = b.low > a.high or b.high < a.low
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
        (x, x_kind), (y, y_kind) = _figures(a, before), _figures(b, after)
        if x_kind != y_kind:
            x, y = before.summary(), after.summary()
        exact = before.unit in EXACT_UNITS and x.n == y.n == 1 and x.median
        relative = (y.median - x.median) / x.median if exact else change(x, y)
        if relative:
            verdict = "changed"
            if before.section == MACHINE or (before.section, before.subject) in baselines:
                verdict = "machine"
            elif before.better:
                verdict = "faster" if (relative > 0) == (before.better == "higher") else "slower"
            kind = f"{before.unit}, ratio to {before.baseline}" if x_kind == y_kind == "ratio" else before.unit
            found.append((verdict, key, f"{_text(x)} -> {_text(y)} {kind}, {relative:+.0%}"))
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
