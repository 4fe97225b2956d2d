# SPDX-License-Identifier: Apache-2.0
"""datapath - what a VM's traffic gets through Zoneward, beside plain switching and what else filters it.

Three VMs on one switch: "client" opens sessions to "server"; "attacker" floods.  Each contender is set up afresh at its
turn in a round, shows that it filters (contenders/vms.sh), settles, is measured and goes.  The first round has them in
the order of the table, the others in a random one.  Ratios are to plain OVS switching with the same kind of ports, in
the same round; plain switching with other ports is itself compared to that with veth."""

import contextlib
import json
import random
from dataclasses import dataclass

from contender import Contender, ContenderFailed
from run import RunFailed, cpu_seconds, fields, netns_end, netns_exec, netns_start

NAME = "datapath"
TITLE = "Data path: throughput, connection rate and latency between two VMs"

FLOOD_PPS = 20_000
PPS_WINDOW = 128  # Packets on their way.  Sent without bound, most are lost, and what arrives is another figure each time.
SETTLE_S = 0.5  # Before anything is measured: a SYN that is lost while flows change costs a second.
SETTLE_QUICK_S = 0.2
WARM_UP_S = 0.2  # Of each load by itself.
LOG_WAIT_S = 20  # A gap is recorded only when the switch's own counter has been read twice.


@dataclass(frozen=True)
class Subject:
    name: str
    script: tuple  # Of contenders/, and its arguments.
    baseline: str | None = "ovs-normal"
    quick: bool = False  # Also in a quick run.
    brief: bool = False  # Only the metrics that its kind of ports is about.
    logs: bool = False  # Has a log of every session.


SUBJECTS = [
    Subject("ovs-normal", ("ovs-normal",), None, quick=True),
    Subject("linux-bridge", ("linux-bridge",)),
    Subject("linux-bridge-nft", ("linux-bridge", "nft"), quick=True),
    Subject("ovs-ct", ("ovs-ct",)),
    Subject("ovn-acl", ("ovn-acl",), quick=True),
    Subject("ovn-acl-log", ("ovn-acl", "log")),
    Subject("ovs-testcontroller", ("ovs-testcontroller",)),
    Subject("zoneward-fast", ("zoneward", "fast"), quick=True),
    Subject("zoneward-logged", ("zoneward", "logged"), quick=True, logs=True),
    Subject("zoneward-asked", ("zoneward", "asked"), quick=True, logs=True),
    Subject("ovs-normal-tso", ("ovs-normal", "tso"), brief=True),
    Subject("linux-bridge-tso", ("linux-bridge", "plain", "tso"), "ovs-normal-tso", brief=True),
    Subject("linux-bridge-nft-tso", ("linux-bridge", "nft", "tso"), "ovs-normal-tso", brief=True),
    Subject("zoneward-fast-tso", ("zoneward", "fast", "tso"), "ovs-normal-tso", brief=True),
    Subject("zoneward-logged-tso", ("zoneward", "logged", "tso"), "ovs-normal-tso", brief=True, logs=True),
    Subject("ovs-normal-afxdp", ("ovs-normal", "afxdp"), brief=True),
    Subject("zoneward-fast-afxdp", ("zoneward", "fast", "afxdp"), "ovs-normal-afxdp", brief=True),
    Subject("zoneward-asked-afxdp", ("zoneward", "asked", "afxdp"), "ovs-normal-afxdp", brief=True, logs=True),
]


class Turn:
    """One contender in one round."""

    def __init__(self, bench, subject: Subject, number: int, contender: Contender):
        self.bench, self.subject, self.round, self.contender = bench, subject, number, contender
        self.failed = 0  # Connections that failed or hung, of all loads without a flood.
        self._samples = []

    def sample(self, metric, value, unit, better="higher"):
        self._samples.append((metric, value, unit, better))

    def keep_samples(self, keep):
        """What was measured while the contender died says nothing."""
        for metric, value, unit, better in self._samples if keep else []:
            self.bench.sample(self.subject.name, metric, value, unit=unit, better=better,
                              baseline=self.subject.baseline if better and unit else None, round=self.round)
        self._samples = []

    def note(self, text):
        self.bench.note(self.subject.name, text)

    def percentiles(self, prefix, got):
        for p in ("p50", "p99", "p999"):
            self.sample(f"{prefix}-{p}", got[f"{p}_us"], "µs", "lower")

    def tool(self, name, *arguments, vm="client"):
        """A load tool's figures."""
        argv = [f"{self.bench.builddir}/tests/bench/{name}", *arguments]
        return fields(netns_exec(self.contender[vm], argv, timeout=self.bench.seconds + 30))

    def crr(self, in_flight, seconds, address="ipv4"):
        got = self.tool("crr", "load", self.contender[address], self.contender["crr"], in_flight, seconds, WARM_UP_S)
        if not got["done"]:
            raise RunFailed(f"no connection of {in_flight} in flight came to its end")
        return got

    def connections(self, in_flight, address="ipv4"):
        got = self.crr(in_flight, self.bench.seconds, address)
        if not got["done"]:
            raise RunFailed("not one connection was answered")
        self.failed += got["failed"] + got["stalled"]
        return got


# --- What is measured.


def settle(turn):
    if turn.bench.quick:
        turn.crr(16, SETTLE_QUICK_S)
    else:
        turn.crr(16, SETTLE_S)
        turn.crr(16, SETTLE_S, "ipv6")


def tcp(turn):
    c = turn.contender
    seconds = max(1, round(turn.bench.seconds))
    # It says why it failed where it would say what it measured.
    argv = ["sh", "-c", 'iperf3 "$@" || :', "iperf3", "-J", "-c", c["ipv4"], "-p", c["iperf"], "-t", seconds]
    got = json.loads(netns_exec(c["client"], argv, seconds + 30))
    if "error" in got:
        raise RunFailed(f"iperf3: {got['error']}")
    turn.sample("tcp", got["end"]["sum_received"]["bits_per_second"] / 1e9, "Gbit/s")


def udp_pps(turn):
    c, seconds = turn.contender, turn.bench.seconds
    pps = f"{turn.bench.builddir}/tests/bench/pps"
    receiver = netns_start(c["server"], [pps, "receive", c["pps"], seconds + 10])
    try:
        if receiver.stdout.readline().strip() != "ready":
            raise RunFailed("pps: the receiver does not start")
        turn.tool("pps", "send", c["ipv4"], c["pps"], seconds, f"--window={PPS_WINDOW}")
    finally:
        got = fields(netns_end(receiver, seconds + 15))
    if not got.get("received"):
        raise RunFailed("no UDP packet arrived")
    turn.sample("udp-pps", got["rate"], "packets/s")
    if got["queue_lost"] > 0.02 * max(got["sent"], 1):
        turn.note("udp-pps: the receiving VM itself lost more than 2 % in its socket")


def latency(metric, kind, protocol):
    def measure(turn):
        c = turn.contender
        seconds = turn.bench.seconds * (0.4 if turn.bench.quick else 1)
        got = turn.tool("rtt", kind, protocol, c["ipv4"], c["rtt"], seconds, WARM_UP_S)
        if not got["n"]:
            raise RunFailed(f"no answer to any {kind} {protocol} packet")
        turn.percentiles(metric, got)
        turn.failed += got["failed"]

    return measure


def crr_1(turn):
    turn.sample("crr-1", turn.connections(1)["rate"], "/s")


def crr_16(turn):
    c = turn.contender
    pids = {"daemon-cpu": c.attributes.get("daemon"), "switch-cpu": c.attributes.get("vswitchd")}
    if pids["switch-cpu"]:
        c.ask("passes begin")
    before = {metric: cpu_seconds(int(pid)) for metric, pid in pids.items() if pid}
    got = turn.connections(16)
    used = {metric: cpu_seconds(int(pids[metric])) - start for metric, start in before.items()}
    turn.sample("crr-16", got["rate"], "/s")
    turn.percentiles("crr-16", got)
    measured = turn.bench.seconds / (turn.bench.seconds + WARM_UP_S)
    if pids["switch-cpu"]:
        turn.sample("passes", fields(c.ask("passes"))["passes"], "per packet", "lower")
    for metric, seconds in used.items():
        turn.sample(metric, seconds * 1e6 * measured / got["done"], "µs/connection", "lower")


def crr_128(turn):
    turn.sample("crr-128", turn.connections(128)["rate"], "/s")


def crr_16_ipv6(turn):
    turn.sample("crr-16-ipv6", turn.connections(16, "ipv6")["rate"], "/s")


def failures(turn):
    """Of all of the above: connections and round trips that failed, or hung for a second."""
    turn.sample("failed", turn.failed, "", "lower")


def flood(metric, port):
    """Connections while another VM opens FLOOD_PPS other flows each second; 'port' is the attribute that says where to.
    They go to an address that nobody has, at the server's MAC address: nothing answers them."""

    def measure(turn):
        c, seconds = turn.contender, turn.bench.seconds
        tool = f"{turn.bench.builddir}/tests/bench/flood"
        attack = netns_start(c["attacker"], [
            tool, "syn", f"--to={c['nobody']}", f"--to-mac={c['mac']}", f"--from={c['attackers']}", "--sources=64",
            f"--port={c[port]}", f"--rate={FLOOD_PPS}", f"--seconds={seconds + 2}", f"--seed={turn.bench.seed}"])
        try:
            got = turn.crr(16, seconds)
        finally:
            attacked = fields(netns_end(attack, seconds + 5))
        if "rate" not in attacked:
            raise RunFailed("flood: it does not start")
        turn.sample(f"crr-16-{metric}", got["rate"], "/s")
        turn.sample(f"{metric}-failed", got["failed"] + got["stalled"], "", "lower")
        turn.sample(f"{metric}-pps", attacked["rate"], "packets/s", "")

    return measure


def log(metric):
    """How much of the log of all sessions up to now is not there, and how much of that it does not admit."""

    def measure(turn):
        got = fields(turn.contender.ask(f"sessions {LOG_WAIT_S}", timeout=LOG_WAIT_S + 30))
        if not got["let-in"]:
            raise RunFailed("the switch let no session in")
        gone = got["let-in"] - got["recorded"]
        turn.sample(f"{metric}-missing", 100 * gone / got["let-in"], "% of sessions", "lower")
        turn.sample(f"{metric}-unsaid", gone - got["missing"], "sessions", "lower")

    return measure


@dataclass(frozen=True)
class Metric:
    measure: object
    names: tuple  # What is missing when it fails.
    quick: bool = False
    brief: bool = False
    logs: bool = False  # Only for those that have a log of every session.
    sums_up: bool = False  # Speaks of the loads before, so it has nothing to say when the contender died in one.


def _percentiles(name):
    return tuple(f"{name}-{p}" for p in ("p50", "p99", "p999"))


METRICS = [
    Metric(tcp, ("tcp",), quick=True, brief=True),
    Metric(udp_pps, ("udp-pps",), brief=True),
    Metric(latency("rtt", "established", "udp"), _percentiles("rtt"), brief=True),
    Metric(latency("first-udp", "first", "udp"), _percentiles("first-udp")),
    Metric(latency("first-tcp", "first", "tcp"), _percentiles("first-tcp"), brief=True),
    Metric(crr_1, ("crr-1",)),
    Metric(crr_16, ("crr-16", *_percentiles("crr-16")), quick=True, brief=True),
    Metric(crr_128, ("crr-128",)),
    Metric(crr_16_ipv6, ("crr-16-ipv6",)),
    Metric(failures, ("failed",), quick=True, brief=True, sums_up=True),
    Metric(log("log"), ("log-missing",), quick=True, brief=True, logs=True, sums_up=True),
    Metric(flood("flood-denied", "forbidden"), ("crr-16-flood-denied",)),
    Metric(flood("flood-allowed", "crr"), ("crr-16-flood-allowed",)),
    Metric(log("log-flood"), ("log-flood-missing",), logs=True, sums_up=True),
]


# --- Whose turn it is.


class Player:
    """Plays a subject's turn, and sets the contender up again for the rest of the metrics when it dies in one."""

    def __init__(self, bench, subject, number):
        self.bench, self.subject, self.round = bench, subject, number
        self.turn = None
        self.death = ""  # Why it died, the last time that it did.
        self._contender = contextlib.ExitStack()

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self._contender.close()

    def set_up(self):
        """The turn, of a contender that has settled.  ContenderFailed if it does not come to that."""
        if self.turn is None:
            self._contender.close()
            c = self._contender.enter_context(Contender(self.bench, *self.subject.script))
            turn = self.turn = Turn(self.bench, self.subject, self.round, c)
            try:
                settle(turn)
                c.ask("check")
            except (ContenderFailed, RunFailed) as error:
                why, self.turn = self._cause(error), None
                raise ContenderFailed(why) from None
            if "note" in c.attributes:
                turn.note(c["note"])
        return self.turn

    def play(self, metric):
        if metric.sums_up and self.death:
            self._miss(metric, self.death)
            return
        turn = self.set_up()
        try:
            metric.measure(turn)
            turn.contender.ask("check")
        except (ContenderFailed, RunFailed) as error:
            turn.keep_samples(False)
            self._miss(metric, self._cause(error))
        else:
            turn.keep_samples(True)

    def play_all(self, metrics):
        for i, metric in enumerate(metrics):
            where = f"round {self.round + 1} of {self.bench.rounds}, {self.subject.name}"
            self.bench.progress(f"{where}: {metric.names[0] if self.turn else 'setting up'}")
            try:
                self.play(metric)
            except ContenderFailed as error:
                for left in metrics[i:] if i else [None]:
                    self._miss(left, str(error))
                return

    def _cause(self, error):
        """Why a metric failed: the contender's death, if it has died."""
        try:
            self.turn.contender.ask("check")
        except ContenderFailed as death:
            self.turn = None
            self.death = str(death)
            return self.death
        return str(error)

    def _miss(self, metric, why):
        for name in metric.names if metric else [None]:  # None: the whole row.
            self.bench.missing(self.subject.name, why, metric=name, round=self.round)


def play_turn(bench, subject, number):
    metrics = [m for m in METRICS
               if (m.quick or not bench.quick) and (m.brief or not subject.brief) and (subject.logs or not m.logs)]
    with Player(bench, subject, number) as player:
        player.play_all(metrics)


def run(bench):
    subjects = [s for s in SUBJECTS if s.quick or not bench.quick]
    if not bench.quick:
        bench.note("flood", f"{FLOOD_PPS} SYNs/s, each of a new flow, from a third VM, to ports that the policy denies "
                            "or allows (zoneward-asked: asks about); flood-...-pps is what it reached")
    for number in range(bench.rounds):
        order = list(subjects)
        if number:
            random.Random(bench.seed * 1000 + number).shuffle(order)
        for subject in order:
            play_turn(bench, subject, number)
