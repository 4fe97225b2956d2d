# SPDX-License-Identifier: Apache-2.0
"""report - results as tables: for a terminal, and as Markdown for doc/benchmarks.md.

A section is a matrix of subjects and metrics.  A cell is the median; below it the lowest and highest; with a baseline,
also the ratio to it with its own spread.  What is missing points to the reason below the table."""

import re
import textwrap

from budgets import BUDGETS
from results import number

SUBJECT_WIDTH = 24
CELL_WIDTH = 22
MARKDOWN_COLUMNS = 5


def spread(summary):
    return "one round" if summary.n == 1 else f"{number(summary.low)} to {number(summary.high)}"


def ratio_text(ratio):
    if ratio is None:
        return ""
    return f"{ratio.median:.2f}" if ratio.n == 1 else f"{ratio.median:.2f} ({ratio.low:.2f} to {ratio.high:.2f})"


class Section:
    """One section's rows, columns and reasons, ready to be laid out."""

    def __init__(self, results, name):
        self.results, self.name = results, name
        self.title = results.titles.get(name, name)
        series = [s for s in results.series.values() if s.section == name]
        self.missing = [m for m in results.missing if m.section == name]
        self.subjects = list(dict.fromkeys([*(s.subject for s in series), *(m.subject for m in self.missing)]))
        self.metrics = list(dict.fromkeys([*(s.metric for s in series), *(m.metric for m in self.missing if m.metric)]))
        self.reasons = list(dict.fromkeys((m.subject, m.why) for m in self.missing))

    def unit(self, metric):
        for s in self.results.series.values():
            if s.section == self.name and s.metric == metric:
                return s.unit
        return ""

    def reason(self, subject, metric):
        """The numbers of the reasons why a cell is empty or has fewer rounds than others."""
        found = []
        for m in self.missing:
            if m.subject == subject and m.metric in (None, metric):
                found.append(self.reasons.index((m.subject, m.why)) + 1)
        return "".join(f"[{n}]" for n in dict.fromkeys(found))

    def cell(self, subject, metric):
        """Three lines: value, spread, ratio."""
        series = self.results.get(self.name, subject, metric)
        reason = self.reason(subject, metric)
        if series is None:
            return (f"none {reason}", "", "") if reason else ("-", "", "")
        summary = series.summary()
        value = number(summary.median) + (f" {reason}" if reason else "")
        return value, spread(summary), ratio_text(self.results.ratio(series))

    def footnotes(self):
        for i, (subject, why) in enumerate(self.reasons):
            yield f"[{i + 1}] {subject}: {why}"
        for note in self.results.notes:
            if note.section == self.name:
                yield f"{note.subject}: {note.text}"

    def rows(self, metrics):
        """Subjects with something to say of these metrics; those that are missing as a whole come with the first ones."""
        measured = {s.subject for s in self.results.series.values() if s.section == self.name}
        for subject in self.subjects:
            whole = subject not in measured and metrics[0] != self.metrics[0]
            if not whole and any(self.has(subject, m) for m in metrics):
                yield subject

    def has(self, subject, metric):
        return self.results.get(self.name, subject, metric) is not None or self.reason(subject, metric)


def terminal(results, width=120):
    out = []
    for name in results.sections():
        section = Section(results, name)
        out += ["", section.title.upper(), ""]
        per_line = max(1, (width - SUBJECT_WIDTH) // CELL_WIDTH)
        for start in range(0, len(section.metrics), per_line):
            metrics = section.metrics[start : start + per_line]
            out += _terminal_block(section, metrics)
        out += _wrapped(section.footnotes(), width)
    out += ["", *_budget_lines(results)]
    return "\n".join(out) + "\n"


def _terminal_block(section, metrics):
    def line(first, cells):
        return (f"{first:<{SUBJECT_WIDTH}}" + "".join(f"{c:>{CELL_WIDTH}}" for c in cells)).rstrip()

    out = [line("", metrics), line("", [section.unit(m) for m in metrics])]
    for subject in section.rows(metrics):
        cells = [section.cell(subject, m) for m in metrics]
        out.append(line(subject, [c[0] for c in cells]))
        for i in (1, 2):
            if any(c[i] for c in cells):
                out.append(line("" if i == 1 else "    ratio", [c[i] for c in cells]))
    return [*out, ""]


def _wrapped(lines, width):
    for line in lines:
        yield from textwrap.wrap(line, width, subsequent_indent="    ")


def budget_rows(results):
    """(what, bound, measured, verdict) for each budget of the sections that ran."""
    for budget in BUDGETS:
        if budget.section not in results.titles:
            continue
        summary = budget.summary(results)
        bound = f"{'at least' if budget.at_least else 'at most'} {number(budget.bound)}"
        if summary is None:
            yield budget.what, bound, "not measured", "not measured"
            continue
        shown = ratio_text(summary) if budget.kind == "ratio" else f"{number(summary.median)} ({spread(summary)})"
        yield budget.what, bound, shown, budget.verdict(summary)


def _budget_lines(results):
    rows = list(budget_rows(results))
    if rows:
        yield "BUDGETS (the median decides; a question mark: the rounds do not agree)"
        yield ""
    for what, bound, measured, verdict in rows:
        yield f"{verdict:<13}{what:<66}{bound:>16}   {measured}"


def markdown(results, only=""):
    """'only': a regular expression for SECTION/METRIC."""
    out = []
    for name in results.sections():
        section = Section(results, name)
        section.metrics = [m for m in section.metrics if re.search(only, f"{name}/{m}")]
        if not section.metrics:
            continue
        out += [f"### {section.title}", ""]
        for start in range(0, len(section.metrics), MARKDOWN_COLUMNS):
            out += _markdown_block(section, section.metrics[start : start + MARKDOWN_COLUMNS])
        out += [f"- {line}" for line in section.footnotes()]
        out += [""]
    rows = [f"| {' | '.join(row)} |" for row in budget_rows(results)]
    if rows:
        out += ["### Budgets", "", "| budget | bound | measured | |", "|---|---|---|---|", *rows]
    return "\n".join(out) + "\n"


def _markdown_cell(section, subject, metric):
    value, around, ratio = section.cell(subject, metric)
    if ratio:
        return f"{value}; **{ratio.split(' ')[0]}**{ratio[ratio.find(' ') :] if ' ' in ratio else ''}"
    return value if around in ("", "one round") else f"{value} ({around})"


def _markdown_block(section, metrics):
    units = [section.unit(m) for m in metrics]
    head = " | ".join(f"{m}, {u}" if u else m for m, u in zip(metrics, units))
    out = [f"| | {head} |", "|---|" + "---|" * len(metrics)]
    for subject in section.rows(metrics):
        out.append(f"| {subject} | {' | '.join(_markdown_cell(section, subject, m) for m in metrics)} |")
    return [*out, ""]
