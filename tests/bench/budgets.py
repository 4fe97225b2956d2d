# SPDX-License-Identifier: Apache-2.0
"""budgets - what Zoneward promises itself, and which measured figure shows it.

A budget is a bound on the median of one series: on its value, or on its ratio to its baseline; or on the worst that was seen."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Budget:
    what: str
    section: str
    subject: str
    metric: str
    kind: str  # "ratio", "value", or "worst": the value of the worst round.
    bound: float
    at_least: bool = True
    quick: bool = True  # Whether a quick run measures it: one of another size says nothing of it.

    def summary(self, results):
        """What was measured, or None."""
        series = results.get(self.section, self.subject, self.metric)
        if series is None or (not self.quick and results.about.get("options", {}).get("quick")):
            return None
        return results.ratio(series) if self.kind == "ratio" else series.summary()

    def verdict(self, summary):
        """With a question mark where the rounds do not agree."""
        decides = (summary.low if self.at_least else summary.high) if self.kind == "worst" else summary.median
        held, *others = (v >= self.bound if self.at_least else v <= self.bound for v in (decides, summary.low, summary.high))
        unclear = self.kind != "worst" and others != [held, held]
        return ("held" if held else "MISSED") + ("?" if unclear else "")


BUDGETS = [
    Budget("TCP throughput of an allowed session, of plain switching", "datapath", "zoneward-fast", "tcp", "ratio", 0.97),
    Budget("connection rate, fast path, no log, of plain switching", "datapath", "zoneward-fast", "crr-16", "ratio", 0.90),
    Budget("connection rate, fast path, every session logged", "datapath", "zoneward-logged", "crr-16", "ratio", 0.75),
    Budget("connection rate, slow path, every session logged", "datapath", "zoneward-asked", "crr-16", "ratio", 0.60),
    Budget("decisions/s, log on, all threads on one core", "daemon", "logged", "per-core", "value", 300_000),
    Budget("decisions/s, no log, all threads on one core", "daemon", "quiet", "per-core", "value", 600_000),
    Budget("audit log, a new one, records/s", "log", "zoneward-log", "ingest", "value", 400_000),
    Budget("audit log up to 10 million records, records/s", "log", "zoneward-log-large", "ingest", "value", 400_000, quick=False),
    Budget("one rule changed among 10,000 plain ones, ms", "scale", "zoneward-plain-10000", "rule-last", "value", 10, False),
    Budget("one rule changed among 10,000 of all shapes, ms", "scale", "zoneward-rules-10000", "rule-last", "value", 10, False),
    Budget("10,000 plain rules from nothing, ms", "scale", "zoneward-plain-10000", "apply", "value", 600, False),
    Budget("10,000 rules of all shapes from nothing, ms", "scale", "zoneward-rules-10000", "apply", "value", 600, False),
    Budget("100,000 plain rules from nothing, ms", "scale", "zoneward-plain-100000", "apply", "value", 4000, False),
    Budget("100,000 plain rules, MiB of the daemon", "scale", "zoneward-plain-100000", "daemon-rss", "value", 1024, False),
    Budget("flow changes after a restart, 10,000 rules", "scale", "zoneward-rules-10000", "restart-flow-changes", "value", 0, False),
    Budget("slowest query of 10 million by address, ms", "log", "query-address", "warm-max", "worst", 100, False, quick=False),
    Budget("slowest query of 10 million by zone, ms", "log", "query-zone", "warm-max", "worst", 100, False, quick=False),
    Budget("slowest query of 10 million by rule, ms", "log", "query-rule", "warm-max", "worst", 100, False, quick=False),
    Budget("memory with 1,000,000 live sessions, MiB", "memory", "1000k-live", "daemon", "value", 300, False),
    Budget("memory after 1,000,000 logged verdicts, MiB", "memory", "1000k-verdicts", "daemon-peak", "value", 300, False),
    Budget("memory while it lists 200,000 of 1,000,000 live sessions, MiB", "memory", "1000k-live", "list-peak", "value", 300, False),
]
