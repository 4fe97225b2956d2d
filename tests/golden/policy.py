#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Holds three things together: the policy reader, schemas/policy.schema.json and zoneward-policy(5).

good/NAME.yaml (or a directory NAME) passes both; NAME.norm is its normal form, which is its own normal form.
bad/NAME.yaml fails the reader with the messages in NAME.err.  Its first line says what the schema makes of it:
    # schema: rejects       as it should be wherever a schema can
    # schema: cannot tell   it accepts the file: the mistake is between the lines
    # schema: unreadable    a general YAML reader refuses the file already
Every example of the manual page, and every policy of doc/examples, is good.

Random changes of the good files: what the reader accepts, the schema accepts, and what only the reader rejects has one
of the reasons that no schema can see.

With --update it writes the expected files instead; read the difference before you commit it.
"""

import copy
import json
import os
import random
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import jsonschema
import yaml

source = Path(os.environ.get("ZW_SRCDIR", Path(__file__).resolve().parents[2]))
sys.dont_write_bytecode = True
sys.path.insert(0, str(source / "tests"))

import tap  # noqa: E402

build = Path(os.environ.get("ZW_BUILDDIR", source / "build" / "check"))
reader = build / "tests" / "golden" / "policy-read"
corpus = source / "tests" / "golden" / "policy"
manual = source / "doc" / "zoneward-policy.5"
update = "--update" in sys.argv[1:]
validator = jsonschema.Draft7Validator(json.loads((source / "schemas" / "policy.schema.json").read_text()))


class Loader(yaml.SafeLoader):
    """YAML 1.2's core schema, as editors read it: 'on' is a text, 22 is not."""

    yaml_implicit_resolvers = {}

    def construct_mapping(self, node, deep=False):
        # JSON, which the schema speaks of, has only texts for keys.
        if not all(isinstance(key, yaml.ScalarNode) for key, value in node.value):
            raise yaml.YAMLError("a key that is no text")
        return {key.value: self.construct_object(value, deep=True) for key, value in node.value}


for tag, pattern, first in (
    ("bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("int", r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+", "-+0123456789"),
    ("float", r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", "-+.0123456789"),
):
    Loader.add_implicit_resolver("tag:yaml.org,2002:" + tag, re.compile(f"^(?:{pattern})$"), list(first))
Loader.add_constructor("tag:yaml.org,2002:int", lambda loader, node:
                       int(node.value, 0) if node.value[:2] in ("0o", "0x") else int(node.value))
Loader.add_constructor("tag:yaml.org,2002:float", lambda loader, node: float(node.value))


def read(path):
    """The reader's status and output for 'path', which is named as it is in its own folder."""
    done = subprocess.run([reader, path.name], cwd=path.parent, capture_output=True, check=False)
    if done.returncode not in (0, 1) or done.stderr:
        raise AssertionError(f"status {done.returncode}: {done.stderr.decode(errors='replace')}")
    return done.returncode, done.stdout.decode()


def schema_says(path):
    """"accepts", "rejects" or "unreadable"."""
    files = sorted(path.glob("[!.]*.yaml")) if path.is_dir() else [path]
    try:
        values = [yaml.load(f.read_bytes(), Loader) for f in files]
    except (yaml.YAMLError, UnicodeDecodeError, ValueError, RecursionError):
        return "unreadable"
    return "accepts" if all(validator.is_valid(v) for v in values) else "rejects"


def expect(path, expected_file, output):
    if update:
        expected_file.write_text(output)
    expected = expected_file.read_text()
    if output != expected:
        raise AssertionError(f"expected:\n{expected}got:\n{output}")


def check_good(path):
    status, output = read(path)
    if status:
        raise AssertionError(output)
    said = schema_says(path)
    if said != "accepts":
        raise AssertionError(f"the schema says: {said}")
    return output


def check_normal_form(norm):
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "norm.yaml"
        path.write_text(norm)
        again = check_good(path)
    if again != norm:
        raise AssertionError(f"the normal form reads back as:\n{again}")


def test_good(path):
    norm = check_good(path)
    expect(path, path.with_suffix(".norm"), norm)
    check_normal_form(norm)


def test_bad(path):
    status, output = read(path)
    if not status:
        raise AssertionError("the reader accepts it")
    expect(path, path.with_suffix(".err"), output)
    said = schema_says(path)
    claimed = path.read_bytes().split(b"\n")[0].decode()
    wanted = {"accepts": "# schema: cannot tell"}.get(said, f"# schema: {said}")
    if claimed != wanted:
        raise AssertionError(f"first line: {claimed}; should be: {wanted}")


def examples_of_manual():
    """The displays of the page that are whole policies: those that begin with a version."""
    for i, text in enumerate(re.findall(r"^\.Bd -literal[^\n]*\n(.*?)^\.Ed$", manual.read_text(), re.M | re.S)):
        text = text.replace("\\-", "-").replace("\\e", "\\").replace("\\&", "")
        if re.match(r"(#.*\n)*version:", text):
            yield f"zoneward-policy(5), example {i + 1}", text


def test_example(text):
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "example.yaml"
        path.write_text(text)
        check_normal_form(check_good(path))


# What random changes put in the place of something: each is right somewhere.
VALUES = ["any", "web", "a", "tcp/80", "tcp/80,443", "icmp/8", "10.0.0.1", "10.0.0.0/8", "::1", "2001:db8::/32", "tcp",
          "proto/0", "", "x" * 64, "a b", "on", "5", "allow", "ask", "session", "required", "fe80::1.2.3.4",
          "1:2:3:4:5:6:7::", "::2:3:4:5:6:7:8", "1::3:4:5:6:7:8", "1::2:3:4:5:6:7:8", "1:2:3:4:5:6:1.2.3.4",
          "1:2:3:4:5:6:7:1.2.3.4", "1:2:3:4:5::1.2.3.4", "1:2:3:4:5:6::1.2.3.4", "icmpv6/echo-request/0", "icmp/0,8",
          "gre,esp", "tcp/0-65535", "udp/65536", "010.0.0.1", "10.0.0.1/032", "::/00", "zone=web", "k=", "=v", "a=b=c",
          "é", "tab\tx", 1, 2, 0, True, False, None, 1.5, [], {}, [53, "1024-65535"], ["any"], ["web", "web"], [["a"]],
          "1-9", "9-1", "4096", 4095, [7, "5-9"], "52:54:00:00:00:0A", "53:54:00:00:00:0A", "nd",
          "ethertype/0x88CC,0x8892", "ethertype/0x05ff", "ethertype/0x86dd", "ethertype"]
KEYS = ["ports", "behind", "addresses", "trust-external-id", "otherwise", "log", "name", "from-addresses", "service",
        "action", "from", "zones", "iface-id", "external-id", "guard", "isolated", "macs", "learn", "router", "from-ports"]
BETWEEN_THE_LINES = re.compile(r"is not defined|can never match|bits are set behind|upside down|too; expected|"
                               r"is itself behind another|is defined already|is listed already|selects these ports already|more than \d+|without protocols that have ports|"
                               r"with an EtherType|this is (?:IPv4|IPv6|ARP|a VLAN tag)")


def members(value):
    """Every (container, key or index) within 'value'."""
    for key in value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ():
        yield value, key
        yield from members(value[key])


def change(value, rng):
    places = list(members(value))
    if not places:
        return
    container, key = rng.choice(places)
    kind = rng.randrange(5)
    if kind == 0:
        del container[key]
    elif kind == 1 and isinstance(container, dict):
        container[str(rng.choice(VALUES))] = container.pop(key)
    elif kind == 2 and isinstance(container, dict):
        container[rng.choice(KEYS)] = copy.deepcopy(rng.choice(VALUES))
    elif kind == 3 and isinstance(container, list):
        container.append(copy.deepcopy(rng.choice(VALUES + container)))
    else:
        container[key] = copy.deepcopy(rng.choice(VALUES))


def test_random(n=1500):
    rng = random.Random(1)
    good = [yaml.load(f.read_bytes(), Loader) for f in sorted((corpus / "good").glob("*.yaml"))]
    values = [copy.deepcopy(rng.choice(good)) for _ in range(n)]
    with tempfile.TemporaryDirectory() as directory:
        for i, value in enumerate(values):
            for _ in range(rng.choice((1, 1, 2))):
                change(value, rng)
            # JSON is YAML, but for its escapes of characters beyond 16 bits.
            Path(directory, f"{i}.yaml").write_text(json.dumps(value, ensure_ascii=False))
        done = subprocess.run([reader, *(f"{i}.yaml" for i in range(n))], cwd=directory, capture_output=True,
                              check=False)
    messages = {}
    for number, text in re.findall(r"^(\d+)\.yaml[:\d]* (.*)$", done.stdout.decode(), re.M):
        messages.setdefault(int(number), []).append(text)
    if done.stderr or not n / 10 < len(messages) < n * 9 / 10:
        raise AssertionError(f"{len(messages)} of {n} rejected\n{done.stderr.decode()}")
    for i, value in enumerate(values):
        accepted = validator.is_valid(value)
        if not accepted and i not in messages:
            raise AssertionError(f"only the schema rejects {json.dumps(value)}")
        if accepted and not all(BETWEEN_THE_LINES.search(m) for m in messages.get(i, ())):
            raise AssertionError(f"the schema accepts {json.dumps(value)}\n{messages[i]}")


def test_bounds():
    header = (source / "controller" / "policy" / "policy.h").read_text()
    bounds = {name: int(value) for name, value in re.findall(r"#define (ZW_\w+) (\d+)", header)}
    properties = validator.schema["properties"]
    if properties["rules"]["maxItems"] != bounds["ZW_POLICY_MAX_RULES"]:
        raise AssertionError(f"rules: {properties['rules']['maxItems']}, and the reader: {bounds['ZW_POLICY_MAX_RULES']}")


def cases():
    yield "the schema is a schema", lambda: jsonschema.Draft7Validator.check_schema(validator.schema)
    yield "the schema takes as many rules as the reader", test_bounds
    yield "random changes of good files", test_random
    for path in sorted((corpus / "good").iterdir()):
        if path.suffix == ".yaml" or path.is_dir():
            yield f"good/{path.name}", lambda path=path: test_good(path)
    for path in sorted((corpus / "bad").glob("*.yaml")):
        yield f"bad/{path.name}", lambda path=path: test_bad(path)
    for path in sorted((source / "doc" / "examples").glob("*.yaml")):
        yield f"doc/examples/{path.name}", lambda path=path: test_example(path.read_text())
    for name, text in examples_of_manual():
        yield name, lambda text=text: test_example(text)


sys.exit(tap.run(cases(), (*tap.FAILURES, jsonschema.SchemaError)))
