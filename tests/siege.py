#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""siege - sends first packets of every kind all the time, while others change and break things, and tells what passed.

usage: siege.py names|setup|policy NAME
       siege.py run FIFO [RATE [SEED]]

"names" prints the names of ports, for each of which the playground is to make a link; "setup" puts these on the bridge; "policy"
prints the policy that is called so.  "run" takes commands from FIFO, a line each, and answers each with a line; "ready" first:
  era NAME WORLD...    from now on these may be in force: of what is in no world no packet may arrive, what is in all of
                       them should.  A world is POLICY or POLICY/PORTS.
  account              what became of the frames of this era
  end

A world's PORTS are "plain" if not said; the others are what siege.sh makes of these."""

import dataclasses
import os
import sys

SOURCE = os.environ["ZW_SRCDIR"]
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(SOURCE, "tests"))

from proof.siege import Siege, World, kinds_between, port  # noqa: E402
from proof.world import add, vsctl  # noqa: E402

PLAIN = [port(1, "a1"), port(2, "a2"), port(3, "b1"), port(4, "b2"), port(5, "c1"), port(6, "t1", "access", 10),
         port(7, "t2", "access", 10), port(8, "x1"), port(9, "x2", role="guest")]

RULES = """
  - {{name: ping, from: [{ours}, guests], to: green, service: [icmp/echo-request, udp/53], action: allow}}
  - {{name: web, from: {ours}, to: [green, {ours}], service: tcp/80, action: allow, log: session}}
  - {{name: asked, from: {ours}, to: green, service: tcp/22, action: ask, otherwise: allow}}
"""
ZONES = """version: 1
zones:
  red: {{ports: [{{name: "{red}*"}}]}}
  blue: {{ports: [{{name: "{blue}*"}}]}}
  green: {{ports: [{{name: "c*"}}, {{name: "t*"}}]}}
  guests: {{ports: [{{external-id: role=guest}}]}}
rules:"""
EXTRA = "\n  - {{name: more, from: blue, to: guests, action: allow}}\n"
# What b1 and b2 may, and a1 and a2 may not, is the same under the first two.  But the zones of one with the rules of the
# other would be the other way round: whoever mixes them is found out.
POLICIES = {
    "one": (ZONES + RULES).format(red="a", blue="b", ours="blue"),
    "other": (ZONES + RULES).format(red="b", blue="a", ours="red"),
    "more": (ZONES + EXTRA + RULES).format(red="a", blue="b", ours="blue"),
    "closed": (ZONES + " []\n").format(red="a", blue="b"),
}


def changed(name, **changes):
    return [dataclasses.replace(of, **changes) if of.name == name else of for of in PLAIN]


PORTS = {
    "plain": PLAIN,
    "invited": changed("x1", external_ids=PLAIN[7].external_ids | {"role": "guest"}),
    "retagged": changed("t2", tag=20),
    "renumbered": changed("b1", number=33),
}


def world(text):
    policy, _, ports = text.partition("/")
    return World(POLICIES[policy], PORTS[ports or "plain"])


def setup():
    vsctl(*(word for of in PLAIN for word in add("br0", of.name, of)))


RATE = 2000 // int(os.environ["ZW_SLOWNESS"])


def run(fifo, rate=RATE, seed="5"):
    siege = Siege(PLAIN, list(kinds_between([of.name for of in PLAIN])), int(rate), seed)
    worlds = {}
    commands = os.fdopen(os.open(fifo, os.O_RDWR | os.O_NONBLOCK), "rb", buffering=0)
    print("ready", flush=True)
    while True:
        for line in (commands.read() or b"").decode().splitlines():
            verb, *words = line.split()
            if verb == "end":
                return
            if verb == "counts":  # So far, while it goes on.
                print(siege.era, flush=True)
            if verb == "account":
                print(siege.account(), flush=True)
            if verb == "era":
                siege.begin(words[0], [worlds.setdefault(text, world(text)) for text in words[1:]])
                print("since", words[0], flush=True)
        if siege.era:
            siege.go_on()
        else:
            siege.pause(0.02)


if sys.argv[1] == "names":
    print(*(of.name for of in PLAIN))
elif sys.argv[1] == "setup":
    setup()
elif sys.argv[1] == "policy":
    print(POLICIES[sys.argv[2]], end="")
else:
    run(*sys.argv[2:])
