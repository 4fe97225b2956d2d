# SPDX-License-Identifier: Apache-2.0
"""compare - the model, decide() and the switch on the same packets."""

import glob
import json
import os
import random
import re
import subprocess
import sys
import time

from model import policy as model_policy
from model.switch import Switch, zone_id

from . import packets
from .learning import Lessons
from .policies import random_policy
from .vswitchd import Trace, Vswitchd, read_stages
from .world import BUILD, PG, PORTS

LEAST = 100  # Of each kind there must be one in so many packets, or the comparison means little.
MOST_TIMES_ASKED = 3  # So many times the policies that were asked for, while there are too few of one kind.
JUDGED_DIFFERENTLY = 4  # The exit status.
MOST_LESSONS = 6  # Under a policy, and
LEAST_LEARNED = 10  # an address from one in so many.
NO_ZONES = {"version": 1, "zones": {}, "rules": []}


def decide(path, questions):
    """decide()'s answers: [verdict, rule, logs, source zone, destination zone, what comes of it]."""
    answers = subprocess.run([f"{BUILD}/tests/golden/decide-dump", path], input="\n".join(questions) + "\n", text=True,
                             stdout=subprocess.PIPE, check=True).stdout.splitlines()
    return dict(zip(questions, answers, strict=True))


def question(switch, frame, receiver):
    packet = frame.ip
    seen = packet.l4 if (packet.proto, packet.src.version) not in ((1, 6), (58, 4)) else (0, 0)
    source, destination = switch.zones_of(frame, receiver)
    return (f"{source} {destination} {packet.proto} {packet.src} {packet.dst} "
            f"{seen[0]} {seen[1]}")


def decided(verdict):
    """What the model expects decide() to answer."""
    return (f"{verdict.action} {verdict.rule} {verdict.logs:d} {zone_id(verdict.source):#x} "
            f"{zone_id(verdict.destination):#x} {verdict.otherwise or verdict.action}")


def label_of(verdict, rule_id):
    """What COMMIT must write, without the version."""
    return (1 | verdict.logs << 2 | rule_id << 8 | zone_id(verdict.source) << 64
            | zone_id(verdict.destination) << 96)


def rule_ids(directory):
    """The ids that flows and labels have for the rules of the newest version, by number; the default is 0."""
    with open(max(glob.glob(f"{directory}/state/policies/*.json")), encoding="utf-8") as stream:
        words = json.load(stream)["placement"].split()
    ids = [0]
    for word in words:
        if found := re.match(r"(\d+)\+(\d+)@", word):
            ids += range(int(found[1]), int(found[1]) + int(found[2]))
    if len(set(ids)) != len(ids):
        sys.exit(f"two rules have one id: {words}")
    return ids


def differences(switch, ids, frame, number, fate, copy):
    """What the switch does with one copy that the model does not expect."""
    receiver = next(port for port in switch.ports if port.number == number)
    verdict = fate.verdict
    expected = {"out": []}
    if fate.passes and not (verdict and verdict.action == "ask"):  # An ask is paused.
        expected["out"] = [(number, receiver.tag_of(frame.port.segment_of(frame.vid)))]
    expected["verdict"], expected["rule"], expected["logs"] = (
        (verdict.action, ids[verdict.rule], verdict.logs) if verdict else (None, None, None))
    if frame.ip and copy.zones:
        expected["zones"] = tuple(map(zone_id, switch.between(frame, receiver)))
    found = {key: getattr(copy, key) for key in expected}
    expected["label"] = label_of(verdict, ids[verdict.rule]) if fate.opens_session and verdict.action == "allow" else None
    found["label"] = copy.label and copy.label & ~(0xffffffff << 32)
    return {key: (expected[key], found[key]) for key in expected if expected[key] != found[key]}


class Counts:
    def __init__(self):
        self.of = dict.fromkeys(["allow", "deny", "reject", "ask", "no receiver", "session", "no session", "without a rule",
                                 "opens a session", "passes"], 0)
        self.n_other = 0  # Judged, and not IP.

    def add(self, frame, fates):
        self.of["no receiver"] += not fates
        for fate in fates.values():
            if fate.verdict:
                self.of[fate.verdict.action] += 1
            elif frame.kind == "ip":
                self.of["session" if fate.passes else "no session"] += 1
            else:
                self.of["without a rule"] += 1
            if fate.verdict and not frame.ip:
                self.n_other += 1
            self.of["passes"] += fate.passes
            self.of["opens a session"] += fate.opens_session


class Enough(Exception):
    """As many were judged differently as were looked for."""


class Comparison:
    def __init__(self, seed, source, most_wrong=None):
        self.seed, self.began, self.ports = seed, time.monotonic(), PORTS
        self.rng = random.Random(seed)
        self.vswitchd = Vswitchd(f"{PG}/ovs")
        self.trace = Trace(read_stages(source))
        self.most_wrong = most_wrong
        self.counts = Counts()
        self.n_wrong = self.n_frames = self.n_policies = 0
        self.path, self.ids = f"{PG}/proof.yaml", [0]
        self.n_taught = 0
        self.tree, self.lessons = None, Lessons(self.rng, self.ports)

    def apply(self, tree):
        """Puts a policy in force, and reads it as the model does."""
        with open(self.path, "w", encoding="utf-8") as stream:
            json.dump(tree, stream, indent=1)
        subprocess.run([f"{BUILD}/zoneward", f"--run-dir={PG}/run", "policy", "apply", self.path],
                       stdout=subprocess.DEVNULL, check=True)
        self.ids = rule_ids(PG)
        with open(self.path, encoding="utf-8") as stream:
            return Switch(model_policy.read(stream.read()), self.ports, os.environ["ZW_DATAPATH"])

    def wrong(self, frame, said):
        self.n_wrong += 1
        if self.n_wrong == 1:
            with open(self.path, encoding="utf-8") as stream:
                print(json.dumps(json.load(stream)))
        if self.n_wrong <= 10:
            print(f"{packets.trace_flow(frame)} {frame.session}")
            for line in said:
                print("  " + line)
        if self.n_wrong == self.most_wrong:
            raise Enough

    def check_switch(self, switch, frame, fates):
        states = [packets.ct_state(frame.session)] * max(1, len(fates))
        text = self.vswitchd.trace("br0", packets.trace_flow(frame), *states)
        copies = self.trace.read(text)
        said = []
        if set(copies) != set(fates):
            said.append(f"copies for {sorted(copies)}; model: for {sorted(fates)}")
        for number in set(copies) & set(fates):
            for key, (expected, found) in differences(switch, self.ids, frame, number, fates[number], copies[number]).items():
                said.append(f"port {number}: {key}: switch {found}, model {expected}")
        if said:
            self.wrong(frame, [*said, *(text.splitlines() if self.n_wrong == 0 else [])])

    def check_decide(self, switch, frames_and_fates):
        asked = {}
        for frame, fates in frames_and_fates:
            for number, fate in fates.items():
                if fate.verdict and frame.ip:
                    receiver = next(port for port in switch.ports if port.number == number)
                    asked[question(switch, frame, receiver)] = (frame, fate.verdict)
        answers = decide(self.path, list(asked)) if asked else {}
        for line, (frame, verdict) in asked.items():
            if answers[line] != decided(verdict):
                self.wrong(frame, [f"{line}: decide() {answers[line]}; model {decided(verdict)}"])

    def teach(self, switch):
        self.n_taught += 1
        if said := self.lessons.teach(switch, MOST_LESSONS):
            self.n_wrong += 1
            print(*said, sep="\n")
            if self.n_wrong == self.most_wrong:
                raise Enough

    def next_tree(self):
        """Another policy, or the same zones again, where what is learned stays."""
        if self.tree and self.rng.random() < 0.3:
            rules = self.tree["rules"]
            return self.tree | {"rules": self.rng.sample(rules, self.rng.randint(0, len(rules)))}
        return random_policy(self.rng, learns=True)

    def policy(self, n_frames):
        self.tree = self.next_tree()
        switch = self.apply(self.tree)
        self.teach(switch)
        source = packets.Packets(self.rng, switch)
        both = [(frame, switch.fates(frame)) for frame in (source.frame() for _ in range(n_frames))]
        self.check_decide(switch, both)
        for frame, fates in both:
            self.counts.add(frame, fates)
            self.n_frames += 1
            self.check_switch(switch, frame, fates)

    def has_enough(self):
        return min(self.counts.of.values()) >= self.n_frames // LEAST and self.lessons.n_believed >= self.n_taught // LEAST_LEARNED

    def policies(self, n_policies, n_frames):
        """So many policies at least, and more until every kind of packet was among them."""
        while self.n_policies < n_policies or (not self.has_enough() and self.n_policies < MOST_TIMES_ASKED * n_policies):
            self.policy(n_frames)
            self.n_policies += 1

    def finish(self):
        print(f"seed {self.seed}: {self.n_frames} packets under {self.n_policies} policies, {time.monotonic() - self.began:.0f} s; "
              f"judged differently: {self.n_wrong}; copies: {self.counts.of}, not IP: {self.counts.n_other}; lessons: {self.lessons.n}")
        if self.n_wrong:
            sys.exit(JUDGED_DIFFERENTLY)
        if not self.has_enough():
            sys.exit("too few of one kind to mean anything")


def run(source, seed, n_policies, n_frames, most_wrong=None):
    comparison = Comparison(seed, source, most_wrong)
    comparison.apply(NO_ZONES)  # Nothing is learned.
    try:
        comparison.policies(n_policies, n_frames)
    except Enough:
        pass
    comparison.finish()
