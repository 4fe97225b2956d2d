# SPDX-License-Identifier: Apache-2.0
"""charts - results as SVG, drawn by gnuplot.

A metric of subjects without numbers in their names is a bar chart, whiskers from lowest to highest; with a baseline the
bars are the ratios to it.  Where subjects are NAME-COUNT (a size that grows), it is a line for each NAME over COUNT,
both axes logarithmic."""

import os
import re
import subprocess

SIZED = re.compile(r"^(.*)-([0-9]+)$")


class CannotDraw(Exception):
    """gnuplot is missing or failed."""


def _quoted(text):
    return '"' + re.sub(r'["\\`$]', "", text) + '"'


def _gnuplot(script):
    try:
        done = subprocess.run(["gnuplot", "-"], input=script, capture_output=True, text=True, check=False)
    except FileNotFoundError as error:
        raise CannotDraw("gnuplot is not installed") from error
    if done.returncode != 0 or not _harmless(done.stderr):
        raise CannotDraw(f"gnuplot: {done.stderr.strip().splitlines()[-1] if done.stderr.strip() else 'failed'}")


def _harmless(stderr):
    return all(line == "" or "warning" in line.lower() for line in stderr.splitlines())


def _head(path, title, height):
    return (
        f'set terminal svg size 900,{height} font "sans-serif,13" background rgb "white" enhanced\n'
        f"set output {_quoted(path)}\nset title {_quoted(title)} noenhanced\nset encoding utf8\n"
    )


def _bars(path, title, rows, reference):
    """'rows': (subject, Summary or None), drawn from the top; 'reference': a line at 1, for ratios."""
    lines = [_head(path, title, 120 + 34 * len(rows))]
    lines.append("$rows << END")
    for i, (subject, s) in enumerate(rows):
        figures = f"{s.median} {s.low} {s.high}" if s else "0 0 0"
        lines.append(f'{len(rows) - i} "{subject}{"" if s else " (none)"}" {figures}')
    lines.append("END")
    lines += [
        "unset key",
        f"set yrange [0.4:{len(rows) + 0.6}]",
        f"set xrange [0:{1.05 * max([float(reference), *(s.high for _, s in rows if s)]) or 1}]",
        "set ytics nomirror noenhanced",
        "set grid xtics",
        "set style fill solid 0.7",
    ]
    if reference:
        lines.append('set arrow from 1,graph 0 to 1,graph 1 nohead lc rgb "#888888" dt 2')
    lines.append(
        'plot $rows using ($3/2):1:($3/2):(0.32):ytic(2) with boxxyerror lc rgb "#3b6ea8", '
        '$rows using 3:1:4:5 with xerrorbars pt 0 lw 1.5 lc rgb "#222222"'
    )
    _gnuplot("\n".join(lines) + "\n")


def _lines(path, title, unit, groups):
    """'groups': NAME: [(count, summary)]."""
    lines = [_head(path, title, 480)]
    lines += ["set logscale xy", "set key outside right noenhanced", "set grid", 'set format x "%.0s%c"']
    lines.append(f"set ylabel {_quoted(unit)} noenhanced")
    plots = []
    for i, (name, points) in enumerate(groups.items()):
        lines.append(f"$g{i} << END")
        lines += [f"{x} {s.median} {s.low} {s.high}" for x, s in sorted(points, key=lambda p: p[0])]
        lines.append("END")
        plots.append(f"$g{i} using 1:2:3:4 with yerrorlines lw 2 pt 7 ps 0.6 title {_quoted(name)}")
    lines.append("plot " + ", ".join(plots))
    _gnuplot("\n".join(lines) + "\n")


def _missing(results, section, metric):
    """Subjects that have no bar, in a row of their own that says so."""
    found = dict.fromkeys(m.subject for m in results.missing if m.section == section and m.metric in (None, metric))
    return [(subject, None) for subject in found if results.get(section, subject, metric) is None]


def _metric_chart(results, section, metric, folder):
    series = [s for s in results.series.values() if (s.section, s.metric) == (section, metric)]
    sized = {}
    for s in series:
        match = SIZED.match(s.subject)
        summary = s.summary()
        if match and summary.low > 0:
            sized.setdefault(match[1], []).append((int(match[2]), summary))
    path = os.path.join(folder, f"{section}-{metric}.svg")
    better = f", {series[0].better} is better" if series[0].better else ""
    if any(len(points) > 1 for points in sized.values()):
        _lines(path, f"{section}: {metric}{better}", series[0].unit, sized)
        return path
    ratios = [(s.subject, results.ratio(s)) for s in series]
    if any(ratio for _, ratio in ratios):
        baselines = ", ".join(dict.fromkeys(s.baseline for s in series if s.baseline))
        rows = [(subject, ratio) for subject, ratio in ratios if ratio] + _missing(results, section, metric)
        _bars(path, f"{section}: {metric}, ratio to {baselines}{better}", rows, True)
        return path
    if len(series) < 2:
        return None
    rows = [(s.subject, s.summary()) for s in series] + _missing(results, section, metric)
    _bars(path, f"{section}: {metric} ({series[0].unit}){better}", rows, False)
    return path


def draw(results, folder):
    """Draws all that can be drawn; the list of files."""
    os.makedirs(folder, exist_ok=True)
    keys = dict.fromkeys((s.section, s.metric) for s in results.series.values())
    made = [_metric_chart(results, section, metric, folder) for section, metric in keys]
    return [path for path in made if path]
