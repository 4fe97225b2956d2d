# SPDX-License-Identifier: Apache-2.0
"""scale - what becomes of policies as they grow: in rules, and, apart, in members of address sets.

Policies are made by generate.py, with a seed.  Three families, each a row for each size:

    rules-N     realistic rules (several flows each), 200 address-set members
    plain-N     rules like a plain list of ACLs: zone to zone, one TCP port, one flow
    members-N   100 rules, N members of address sets

beside OVN with the same ports and the same policy, as far as it can say it (ovn_policy.py)."""

import os
import shutil
import statistics
from dataclasses import dataclass

import generate
import ovn_policy
from contender import ContenderFailed
from lookups import Mix
from run import RunFailed, fields, netns_exec
from scale_ovn import Ovn
from scale_zoneward import Zoneward, write

NAME = "scale"
TITLE = "Policy scale"

SIZES = {
    "rules": [10, 100, 1000, 10000, 50000, 100000],
    "plain": [1000, 10000, 50000, 100000],
    "members": [10, 100, 1000, 10000, 100000],
}
QUICK_SIZES = {"rules": [10, 1000, 10000], "plain": [10000], "members": []}
QUICK_MIX = ["rules-1000", "rules-10000"]
N_RULES_WITH_MEMBERS = 100
CHANGES = {
    "rules": ["rule-last", "rule-middle", "rule-first", "rule-edit", "member"],
    "plain": ["rule-last", "rule-first"],
    "members": ["member"],
}
QUICK_CHANGES = {"rules": ["rule-last", "member"], "plain": ["rule-last", "rule-first"], "members": ["member"]}
OVN_CHANGES = ["rule-last", "rule-first", "member"]
OVN_LIMIT_S = 60  # Of one step; what takes longer is not measured.
LONG_CHANGE_MS, N_SHORT_CHANGES = 500, 3  # A change that takes less is made so often, and the median counts.
LOOKUPS = [
    ("megaflows", "flows", "lower"),
    ("megaflow-masks", "masks", "lower"),
    ("subtable-lookups", "per hit", "lower"),
    ("upcall-cpu", "us", "lower"),
    ("cycles", "per packet", "lower"),
]
MIX_RATE, MIX_HIT_RATE = 8000, 20000  # Packets a second, from all ports together.


@dataclass
class Case:
    """One row: a policy and its variants as files."""

    family: str
    size: int
    model: generate.Model
    folder: str
    files: dict[str, str]  # "policy", "ports", and each of the changes.
    changes: list[str]

    @property
    def row(self) -> str:
        return f"{self.family}-{self.size}"

    @property
    def zoneward(self) -> str:
        return f"zoneward-{self.row}"

    @property
    def ovn(self) -> str:
        return f"ovn-{self.row}"


def n_rounds(bench, size: int) -> int:
    """What takes minutes is not repeated as often."""
    if size < 10000:
        return min(2, bench.rounds) if bench.quick else bench.rounds
    return min(1 if size > 20000 or bench.quick else 3, bench.rounds)


def changes(bench, case_family: str, size: int) -> list[str]:
    names = CHANGES[case_family]
    if size > 20000:
        return names[:1]
    return [n for n in names if n in QUICK_CHANGES[case_family]] if bench.quick else names


def with_ovn(bench, size: int) -> bool:
    return size == 1000 if bench.quick else True


def make_model(bench, family: str, size: int) -> generate.Model:
    if family == "members":
        return generate.make(N_RULES_WITH_MEMBERS, n_members=size, seed=bench.seed)
    return generate.make(size, seed=bench.seed, plain=family == "plain")


def make_case(bench, family: str, size: int) -> Case:
    bench.progress(f"{family}-{size}: making the policy")
    folder = os.path.join(bench.tmpdir, f"{family}-{size}")
    os.makedirs(folder)
    model = make_model(bench, family, size)
    files = {"policy": write(f"{folder}/policy.yaml", generate.policy_text(model)),
             "ports": write(f"{folder}/ports.txt", generate.ports_text(model))}
    names = changes(bench, family, size)
    for name in names:
        files[name] = write(f"{folder}/{name}.yaml", generate.policy_text(generate.changed(model, name)))
    return Case(family, size, model, folder, files, names)


def sample(bench, subject, metric, value, unit, better="lower", **options):
    bench.sample(subject, metric, value, unit=unit, better=better, **options)


# --- Without a switch.


def measure_compile(bench, case: Case, round: int) -> None:
    subject = case.zoneward
    bench.progress(f"{subject}: compile, round {round + 1}")
    tool = f"{bench.builddir}/tests/bench/compile"
    found = fields(netns_exec("", [tool, case.files["policy"], case.files["ports"]], timeout=120))
    if round == 0:
        sample(bench, subject, "flows", found["flows"], "flows", "")
        sample(bench, subject, "masks", found["masks_sum"], "masks", "")
        sample(bench, subject, "masks-policy", found["masks_policy"], "masks")
    for metric in ("read", "compile", "diff_all", "diff_same", "encode"):
        sample(bench, subject, metric.replace("_", "-"), found[f"{metric}_us"] / 1000, "ms", round=round)


# --- With a switch.


def baseline(bench, case: Case) -> str | None:
    return case.ovn if with_ovn(bench, case.size) else None


def sample_memory(bench, subject: str, contender) -> None:
    for program, mib in contender.memory_mib().items():
        sample(bench, subject, f"{program}-rss", mib, "MiB")


def new_port(case: Case) -> generate.Port:
    """One more VM of a zone that has some."""
    zone = next(p.zone for p in case.model.ports if p.name.startswith("web-"))
    return generate.Port(f"{zone}-new", zone, "02:00:00:01:ff:01", "10.20.255.1", "fd00:20::ff01", {"iface-id": "new"})


def median_of(bench, name: str, change) -> float:
    """Milliseconds of a change that is made several times, or once if it takes long."""
    times = [change()]
    n = 1 if bench.quick and name != "rule-last" else N_SHORT_CHANGES
    while times[0] < LONG_CHANGE_MS and len(times) < n:
        times.append(change())
    return statistics.median(times)


def sample_change(bench, case: Case, name: str, change, round: int) -> None:
    """'change' makes it, undoes it, and returns its milliseconds and flow-mods."""
    n_mods = 0

    def once() -> float:
        nonlocal n_mods
        ms, n_mods = change()
        return ms

    ms = median_of(bench, name, once)
    sample(bench, case.zoneward, name, ms, "ms", round=round, baseline=baseline(bench, case))
    if round == 0:
        sample(bench, case.zoneward, f"{name}-mods", n_mods, "flows")


def measure_zoneward(bench, case: Case, zoneward: Zoneward, round: int) -> None:
    bench.progress(f"{case.zoneward}: round {round + 1}")
    zoneward.begin()
    ms, n_mods = zoneward.apply(case.files["policy"])
    if zoneward.flows_in_switch() < n_mods:
        raise ContenderFailed("policy apply answered before all flows were in the switch")
    sample(bench, case.zoneward, "apply", ms, "ms", round=round, baseline=baseline(bench, case))
    if round == 0:
        sample_memory(bench, case.zoneward, zoneward)
    for name in case.changes:
        sample_change(bench, case, name, lambda n=name: zoneward.change(case.files[n], case.files["policy"]), round)
    sample_change(bench, case, "port", lambda: zoneward.add_port(new_port(case)), round)
    ms, n_mods = zoneward.restart()
    sample(bench, case.zoneward, "restart", ms, "ms", round=round)
    sample(bench, case.zoneward, "restart-flow-changes", n_mods, "flows", round=round)


def measure_ovn(bench, case: Case, ovn: Ovn, round: int) -> None:
    bench.progress(f"{case.ovn}: round {round + 1}")
    if round:
        ovn.begin()
    sample(bench, case.ovn, "apply", ovn.apply(), "ms", round=round)
    if round == 0:
        sample(bench, case.ovn, "flows", ovn.flows(), "flows", "")
        sample_memory(bench, case.ovn, ovn)
    for name in case.changes:
        if name in OVN_CHANGES:
            sample(bench, case.ovn, name, median_of(bench, name, lambda n=name: ovn.change(n)), "ms", round=round)
    sample(bench, case.ovn, "port", median_of(bench, "port", lambda: ovn.add_port(new_port(case))), "ms", round=round)


def measure_mix(bench, subject: str, case: Case, contender) -> None:
    """With the policy in force."""
    bench.progress(f"{subject}: packets")
    senders = generate.senders(case.model)
    files = {p.name: write(f"{case.folder}/packets-{p.name}", generate.packets_text(case.model, p)) for p in senders}
    macs = {p.name: case.model.ports[p is case.model.ports[0]].mac for p in senders}
    found = Mix(bench, contender, files, macs).measure(MIX_RATE, MIX_HIT_RATE, bench.seconds)
    for metric, unit, better in LOOKUPS:
        if metric in found:
            sample(bench, subject, metric, found[metric], unit, better)


# --- All.


class Contenders:
    """Those that take turns in a row.  One that fails is out, and its row says why."""

    def __init__(self, bench, case: Case):
        self.bench, self.case = bench, case
        self.running: dict[str, object] = {}
        self.attempt(case.zoneward, self.start_zoneward)
        if with_ovn(bench, case.size):
            self.attempt(case.ovn, self.start_ovn)

    def start_zoneward(self, _round: int) -> None:
        for round in range(n_rounds(self.bench, self.case.size)):
            measure_compile(self.bench, self.case, round)
        self.running[self.case.zoneward] = Zoneward(self.bench, self.case.files["ports"])

    def start_ovn(self, _round: int) -> None:
        ovn_policy.check(self.case.model)
        self.running[self.case.ovn] = Ovn(self.bench, self.case.model, self.case.files["ports"], OVN_LIMIT_S)

    def attempt(self, subject: str, what, round: int | None = None) -> None:
        try:
            what(round)
        except (ContenderFailed, RunFailed, ovn_policy.NotForOvn) as error:
            self.bench.missing(subject, str(error).replace(f"{self.case.folder}/", ""), round=round)
            self.stop(subject)

    def stop(self, subject: str) -> None:
        contender = self.running.pop(subject, None)
        if contender:
            contender.close()

    def take_turns(self, round: int) -> None:
        for subject, contender in list(self.running.items()):
            measure = measure_zoneward if subject == self.case.zoneward else measure_ovn
            self.attempt(subject, lambda r, m=measure, c=contender: m(self.bench, self.case, c, r), round)

    def send_mix(self) -> None:
        for subject, contender in list(self.running.items()):
            self.attempt(subject, lambda _r, s=subject, c=contender: measure_mix(self.bench, s, self.case, c))

    def close(self) -> None:
        for subject in list(self.running):
            self.stop(subject)


def run_case(bench, case: Case) -> None:
    contenders = Contenders(bench, case)
    try:
        for round in range(n_rounds(bench, case.size)):
            contenders.take_turns(round)
        if not bench.quick or case.row in QUICK_MIX:
            contenders.send_mix()
    finally:
        contenders.close()


def run(bench) -> None:
    bench.note("ovn", "the same policy as ACLs to-lport, zones as port groups, `ask` as allow-related (ovn_policy.py)")
    for family, sizes in (QUICK_SIZES if bench.quick else SIZES).items():
        for size in sizes:
            case = make_case(bench, family, size)
            run_case(bench, case)
            shutil.rmtree(case.folder)
