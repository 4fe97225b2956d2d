#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What the bench's policies of any size are made of: the same each time, of the sizes asked for, accepted by the policy
reader, and the same for OVN.  Nothing here depends on how fast anything is."""

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

source = Path(os.environ.get("ZW_SRCDIR", Path(__file__).resolve().parents[2]))
build = Path(os.environ.get("ZW_BUILDDIR", source / "build" / "check"))
sys.dont_write_bytecode = True
sys.path[:0] = [str(source / "tests" / "bench"), str(source / "tests")]

import generate  # noqa: E402
import lookups  # noqa: E402
import ovn_policy  # noqa: E402
import tap  # noqa: E402
from run import fields  # noqa: E402

FILES = ["policy.yaml", "ports.txt", "packets-uplink0"]


def expect(what, found, expected):
    if found != expected:
        raise AssertionError(f"{what}: {found!r}, expected {expected!r}")


def written(folder, *options, hash_seed="0"):
    """What a process of its own writes."""
    subprocess.run([sys.executable, "-B", source / "tests/bench/generate.py", *options, folder], check=True,
                   env=dict(os.environ, PYTHONHASHSEED=hash_seed))
    return [Path(folder, name).read_bytes() for name in FILES]


def check(text, folder, name="policy.yaml"):
    path = Path(folder, name)
    path.write_text(text)
    done = subprocess.run([build / "zoneward", "policy", "check", path], capture_output=True, text=True, check=False)
    if done.returncode:
        raise AssertionError(f"the reader refuses {name}: {done.stderr[:1000]}")
    return done.stdout


def test_same_seed(folder):
    options = ["--rules=300", "--members=100", "--seed=7"]
    first = written(f"{folder}/a", *options, hash_seed="1")
    expect("the same again", written(f"{folder}/b", *options, hash_seed="2"), first)
    for a, b in zip(first, written(f"{folder}/c", "--rules=300", "--members=100", "--seed=8")):
        if a == b and a != first[1]:
            raise AssertionError("another seed, and the same bytes")


def test_sizes(folder):
    for n_rules, n_members, n_ports in [(1, 0, 4), (10, 1, 8), (100, 10, 64), (1000, 1000, 100)]:
        model = generate.make(n_rules, n_members, n_ports)
        text = generate.policy_text(model)
        expect("rules", text.count("  - {name: "), n_rules)
        expect("members", len({m for members in model.sets.values() for m in members}), n_members)
        expect("ports", len(generate.ports_text(model).splitlines()), n_ports)
        if not re.search(f", {n_rules} rules?: ok", said := check(text, folder)):
            raise AssertionError(f"the reader counts other rules: {said}")


def test_shape():
    model = generate.make(5000)
    actions = {r.action for r in model.rules}
    expect("actions", actions, {"allow", "deny", "ask"})
    used = {a for r in model.rules[:100] for a in r.from_addresses + r.to_addresses}
    expect("address sets that the first rules do not use", set(model.sets) - used, set())
    n_v6 = sum(generate.is_v6(m) for members in model.sets.values() for m in members)
    if not 0.2 < n_v6 / generate.N_MEMBERS < 0.45:
        raise AssertionError(f"{n_v6} of {generate.N_MEMBERS} addresses are IPv6")
    if not any("-" in s.partition("/")[2] for r in model.rules for s in r.service):
        raise AssertionError("no range of ports")


def test_other_seeds(folder):
    for seed in range(2, 12):
        check(generate.policy_text(generate.make(2000, 500, seed=seed)), folder)
        check(generate.policy_text(generate.make(500, seed=seed, plain=True)), folder)


def test_prefix():
    """So that one rule more is one rule more."""
    few, many = generate.make(500), generate.make(501)
    expect("the rules of a larger policy", many.rules[:500], few.rules)


def test_changes(folder):
    model = generate.make(200)
    old = generate.policy_text(model).splitlines()
    for name in generate.CHANGES:
        text = generate.policy_text(generate.changed(model, name))
        check(text, folder, f"{name}.yaml")
        new = text.splitlines()
        expect(f"{name}: lines that came", len([line for line in new if line not in old]), 1)
        n_gone = len([line for line in old if line not in new])
        expect(f"{name}: lines that went", n_gone, 1 if name == "rule-edit" else 0)
    expect("the model after that", generate.policy_text(model).splitlines(), old)


def test_compile(folder):
    generate_into = ["--rules=200", "--members=50"]
    written(f"{folder}/old", *generate_into)
    written(f"{folder}/new", *generate_into, "--change=rule-last")
    tool = build / "tests/bench/compile"
    argv = [tool, f"{folder}/old/policy.yaml", f"{folder}/old/ports.txt", f"{folder}/new/policy.yaml"]
    found = fields(subprocess.run(argv, capture_output=True, text=True, check=True).stdout)
    expect("rules", found["rules"], 200)
    expect("flows of one rule more", found["changed_flows"], 1)
    expect("flows", sum(n for key, n in found.items() if key.startswith("flows_")), found["flows"])
    if not 10 < found["masks_policy"] < found["flows_policy"]:
        raise AssertionError(f"{found['masks_policy']} masks of {found['flows_policy']} flows")
    expect("masks", sum(n for key, n in found.items() if re.fullmatch("masks_(?!sum|max).*", key)), found["masks_sum"])


def test_packets():
    model = generate.make(500)
    macs = {p.mac for p in model.ports}
    for port in generate.senders(model):
        for line in generate.packets_text(model, port).splitlines():
            proto, src, dst, sport, dport, mac = line.split()
            expect(line, (proto in ("tcp", "udp"), ":" in src, mac in macs), (True, ":" in dst, True))
            expect(line, 1024 <= int(sport) <= 65535 and 1 <= int(dport) <= 65535, True)


def test_ovn():
    model = generate.make(1000)
    operations = ovn_policy.policy(model)
    acls = [o["row"] for o in operations if o["op"] == "insert" and o["table"] == "ACL"]
    expect("ACLs, with the default", len(acls), 1001)
    priorities = [a["priority"] for a in acls]
    expect("the order", priorities, sorted(set(priorities), reverse=True))
    expect("dropped", sum(a["action"] == "drop" for a in acls), 1 + sum(r.action == "deny" for r in model.rules))
    sets = {o["row"]["name"] for o in operations if o["op"] == "insert" and o["table"] == "Address_Set"}
    groups = {o["row"]["name"] for o in ovn_policy.topology(model) if o["table"] == "Port_Group"}
    for acl in acls:
        expect(acl["match"], set(re.findall(r"\$(\w+)", acl["match"])) - sets, set())
        expect(acl["match"], set(re.findall(r"@(\w+)", acl["match"])) - groups, set())
    try:
        ovn_policy.policy(generate.make(ovn_policy.MAX_RULES + 1, plain=True))
    except ovn_policy.NotForOvn:
        return
    raise AssertionError("more rules than OVN has priorities")


def test_masks():
    line = ("ufid:{}, recirc_id(0),in_port(3),packet_type(ns=0,id=0),eth(src=02:00:00:00:00:0a,dst=02:00:00:00:00:0b),"
            "eth_type(0x0800),ipv4(src={},dst=10.0.0.0/255.0.0.0,proto=6,frag=no),tcp(dst={}), "
            "packets:1, bytes:2, used:1s, actions:4")
    dump = [line.format("a-1", "10.1.0.0/255.255.0.0", "80"), line.format("a-2", "10.2.0.0/255.255.0.0", "443"),
            line.format("a-3", "10.2.0.0/255.255.255.0", "443"),
            line.format("a-4", "10.2.0.0/255.255.0.0", "64/0xffc0"),
            "flow-dump from the main thread:"]
    expect("megaflows and masks", lookups.count_masks("\n".join(dump)), (4, 3))
    line = "recirc_id(0),in_port(3),eth_type({}),{}(proto=6,{}=64,frag=no),tcp(dst=80), packets:1, actions:4"
    dump = [line.format("0x0800", "ipv4", "ttl"), line.format("0x86dd", "ipv6", "hlimit"),
            "recirc_id(0),eth_type(0x86dd),ipv6(src=fd00::/16,frag=no), packets:1, actions:4",
            "recirc_id(0),eth_type(0x0800),ipv4(src=10.0.0.0/255.0.0.0,frag=no), packets:1, actions:4"]
    expect("masks that two families share, and not", lookups.count_masks("\n".join(dump)), (4, 3))


def cases(folder):
    yield "the same arguments give the same bytes", lambda: test_same_seed(folder)
    yield "sizes are as asked", lambda: test_sizes(folder)
    yield "the shape is what it is said to be", test_shape
    yield "the reader accepts what other seeds give", lambda: test_other_seeds(folder)
    yield "a larger policy begins with the smaller one", test_prefix
    yield "each change changes one line", lambda: test_changes(folder)
    yield "compile counts flows, masks and what a change changes", lambda: test_compile(folder)
    yield "packets have addresses of one family and a receiver that exists", test_packets
    yield "OVN gets every rule, in order, and all that they name", test_ovn
    yield "datapath flows are told apart by mask", test_masks


with tempfile.TemporaryDirectory() as made:
    sys.exit(tap.run(cases(made)))
