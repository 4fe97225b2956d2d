#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""oracle - asks the model, decide() and the switch about the same random packets under the same random policies.

usage: oracle.py setup|setup-links|names|vlans
       oracle.py compare|find|arrivals SEED POLICIES PACKETS

"setup" adds ports to the playground's bridge, and the same to a bridge br1 that only knows NORMAL.  "vlans" compares
where broadcasts go on the two, and with which tags, under a policy that allows everything.  "compare" applies one
policy after the other with `zoneward policy apply`, has guards learn addresses where they do, and traces PACKETS packets under each (ofproto/trace), each with
what conntrack might say of it: every copy must meet the verdict and the rule that the model (tests/model) and decide()
name, be let past them where its session lets it, leave by the port, and with the VLAN tag, that the ports' settings in
OVSDB ask for, and open the session that it should.  "find" is the same and ends with the first that is judged
differently.  Exits 4 if any is.

"names" prints the ports' names, for each of which the playground may have a link; "setup-links" adds these to the bridge, and
"arrivals" sends real packets there, which must arrive where the model says and nowhere else."""

import os
import re
import sys

SOURCE = os.environ["ZW_SRCDIR"]
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(SOURCE, "tests"))

from model.ports import LOCAL  # noqa: E402
from proof import arrivals  # noqa: E402
from proof import compare as comparison  # noqa: E402
from proof.vswitchd import Vswitchd  # noqa: E402
from proof.world import PG, PORTS, settings, setup, setup_links  # noqa: E402


def outputs(vswitchd, bridge, dp_ports, flow):
    """Where a packet goes: {(port's number, VLAN id, priority)}, id None: without tag."""
    actions = re.findall(r"^Datapath actions: (.*)", vswitchd.call("ofproto/trace", bridge, flow), re.M)
    if len(actions) != 1:
        sys.exit(f"{flow} goes on after {actions}")
    found, tci = set(), int(re.search(r"vlan_tci=(\w+)", flow)[1], 0)
    tag = (tci & 0xfff, tci >> 13) if tci else (None, None)
    for action in re.findall(r"push_vlan\(vid=\d+,pcp=\d+\)|pop_vlan|\d+|\w+(?:\([^)]*\))?", actions[0]):
        if action == "pop_vlan":
            tag = (None, None)
        elif action.startswith("push_vlan"):
            tag = tuple(map(int, re.findall(r"\d+", action)))
        elif action.isdigit():
            found.add((dp_ports[bridge][int(action)], *tag))
        elif action != "drop":
            sys.exit(f"unexpected datapath action {action}")
    return found


def read_dp_ports(vswitchd):
    """The bridges' ports by their numbers in the datapath."""
    dp_ports, bridge = {}, None
    for line in vswitchd.call("dpif/show").splitlines():
        if found := re.match(r"  (\w+):$", line):
            bridge = found[1]
        elif found := re.match(r"    \S+ (\d+)/(\d+):", line):
            dp_ports.setdefault(bridge, {})[int(found[2])] = int(found[1])
    return dp_ports


def vlans():
    vswitchd = Vswitchd(f"{PG}/ovs")
    dp_ports = read_dp_ports(vswitchd)
    n, n_wrong = 0, 0
    for port in PORTS:
        for vid in 0, 10, 20, 30, 99, 4095:
            for priority in 0, 5:
                tci = vid | priority << 13
                in_port = "LOCAL" if port.number == LOCAL else port.number
                flow = (f"in_port={in_port},vlan_tci={hex(tci | 0x1000 if tci else 0)},dl_src=02:00:00:00:02:01,"
                        "dl_dst=ff:ff:ff:ff:ff:ff,arp,arp_op=1,arp_spa=10.0.0.1,arp_tpa=10.0.0.2")
                ours, normal = (outputs(vswitchd, bridge, dp_ports, flow) for bridge in ("br0", "br1"))
                n += bool(normal)
                if ours != normal:
                    n_wrong += 1
                    print(f"{port.name} ({' '.join(settings(port))}): {flow}\n  only ours:   {ours - normal}\n"
                          f"  only NORMAL: {normal - ours}")
    print(f"{n} packets that go somewhere, {n_wrong} differ")
    sys.exit(n < 60 or n_wrong > 0)


def compare(*numbers):
    comparison.run(SOURCE, *map(int, numbers))


def find(*numbers):
    comparison.run(SOURCE, *map(int, numbers), most_wrong=1)


def names():
    print(*(port.name for port in PORTS if port.number != LOCAL))


def send(*numbers):
    arrivals.run(SOURCE, *map(int, numbers))


{"setup": setup, "setup-links": setup_links, "names": names, "vlans": vlans, "compare": compare, "find": find,
 "arrivals": send}[sys.argv[1]](*sys.argv[2:])
