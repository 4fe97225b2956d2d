# SPDX-License-Identifier: Apache-2.0
"""results - what a run of the bench measured, and the little arithmetic that everything else uses.

A series is one metric of one subject: a value for each round.  A ratio is taken to the baseline's value of the same
round, so that a machine that is slow for a while is slow for both.  What is said of values is their median, and as the
spread their lowest and highest: two runs agree if their spreads overlap.

The JSON form is what `bench.py show`, `compare` and `charts` read back."""

import json
import math
import statistics
from dataclasses import asdict, dataclass, field

MACHINE = "machine"  # The section that says how fast the machine itself was.
TIMES = ("s", "ms", "us", "µs", "us/record", "µs/connection")  # Units that a slow machine makes more of,
RATES = ("/s", "records/s", "packets/s", "Gbit/s")  # and less.
FORMAT = 1  # Of the JSON; a reader refuses what it does not know.


class FormatError(Exception):
    """A file that is no result of ours."""


@dataclass
class Summary:
    median: float
    low: float
    high: float
    n: int

    @staticmethod
    def of(values):
        values = list(values)
        if not values:
            return None
        return Summary(statistics.median(values), min(values), max(values), len(values))


@dataclass
class Series:
    section: str
    subject: str
    metric: str
    unit: str
    better: str  # "higher", "lower", or "" where neither is.
    baseline: str | None  # The subject that ratios are taken to.
    rounds: dict[int, float] = field(default_factory=dict)
    speeds: dict[int, float] = field(default_factory=dict)  # Of the machine, right after each (speed.py).

    @property
    def key(self):
        return self.section, self.subject, self.metric

    def summary(self):
        return Summary.of(self.rounds.values())

    def work(self):
        """Summary of the values as they would be on a machine of speed 1; None where that has no sense."""
        if self.speeds.keys() != self.rounds.keys() or self.unit not in TIMES + RATES:
            return None
        return Summary.of(v * self.speeds[r] if self.unit in TIMES else v / self.speeds[r] for r, v in self.rounds.items())


@dataclass
class Missing:
    """A row, or one cell of it, that could not be measured, and why."""

    section: str
    subject: str
    metric: str | None  # None: the whole row.
    why: str
    round: int | None = None


@dataclass
class Note:
    section: str
    subject: str
    text: str


class Results:
    def __init__(self):
        self.about = {}  # When, what revision, which machine, which options.
        self.titles = {}  # Section: what it measures.
        self.series = {}  # Key: Series, in the order of measuring.
        self.missing = []
        self.notes = []

    def add(self, section, subject, metric, value, *, unit, better, baseline, round, speed=None):
        key = section, subject, metric
        series = self.series.setdefault(key, Series(section, subject, metric, unit, better, baseline))
        if (series.unit, series.better, series.baseline) != (unit, better, baseline):
            raise ValueError(f"{key}: unit, better or baseline changed between rounds")
        if round in series.rounds:
            raise ValueError(f"{key}: round {round} has a value already")
        series.rounds[round] = float(value)
        if speed:
            series.speeds[round] = speed

    def sections(self):
        found = dict.fromkeys([*self.titles, *(s.section for s in self.series.values())])
        return [s for s in found if any(x.section == s for x in [*self.series.values(), *self.missing])]

    def get(self, section, subject, metric):
        return self.series.get((section, subject, metric))

    def ratio(self, series, baseline=None):
        """Summary of the ratios to the baseline, round by round; None without one."""
        baseline = baseline or series.baseline
        base = self.get(series.section, baseline, series.metric) if baseline else None
        if base is None or base is series:
            return None
        return Summary.of(v / base.rounds[r] for r, v in series.rounds.items() if base.rounds.get(r))

    def to_json(self):
        return json.dumps(
            {
                "format": FORMAT,
                "about": self.about,
                "titles": self.titles,
                "series": [asdict(s) for s in self.series.values()],
                "missing": [asdict(m) for m in self.missing],
                "notes": [asdict(n) for n in self.notes],
            },
            indent=1,
        )

    @staticmethod
    def from_json(text):
        results = Results()
        try:
            data = json.loads(text)
            if data["format"] != FORMAT:
                raise FormatError(f"format {data['format']}; this program reads {FORMAT}")
            results.about, results.titles = dict(data["about"]), dict(data["titles"])
            for item in data["series"]:
                for values in ("rounds", "speeds"):
                    item[values] = {int(r): float(v) for r, v in item.get(values, {}).items()}
                series = Series(**item)
                if not series.rounds or not all(map(math.isfinite, series.rounds.values())):
                    raise FormatError(f"{series.metric} of {series.subject} has no numbers")
                results.series[series.key] = series
            results.missing = [Missing(**m) for m in data["missing"]]
            results.notes = [Note(**n) for n in data["notes"]]
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise FormatError(f"no result of this bench ({error})") from error
        return results

    @staticmethod
    def load(path):
        try:
            with open(path, encoding="utf-8") as f:
                return Results.from_json(f.read())
        except OSError as error:
            raise FormatError(f"{path}: {error.strerror}") from error
        except (FormatError, UnicodeDecodeError) as error:
            raise FormatError(f"{path}: {error}") from error


def number(value):
    """A value with three or four digits, and a thousands or millions letter where that is easier to read."""
    size = abs(value)
    if size >= 9_999_500:
        return f"{value / 1e6:.1f}M"
    if size >= 999_500:
        return f"{value / 1e6:.2f}M"
    if size >= 9_995:
        return f"{value / 1e3:.1f}k"
    if size >= 100 or value == int(value):
        return f"{value:.0f}"
    return f"{value:.3g}"
