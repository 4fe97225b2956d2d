#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Holds doc/pipeline.md to what the code does.

Tables: each table that pipeline-dump prints stands in the document, word for word.
Dumps: a block fenced as "```flows STAGE" shows the flows that the document's example (doc/examples/pipeline.yaml on
tests/golden/pipeline.ports) has in that stage: all of them in their order, but where a line "..." leaves some out.
"N. " before a flow is its number in the text.  Every stage has a block.
The policy in the document is the example's, and the numbers of its zones are those that the compiler gives them.

With --update it rewrites the tables and the blocks; where a block leaves flows out, each line that it shows becomes the
flow that is most like it.  Read the difference before you commit it.
"""

import difflib
import functools
import os
import re
import subprocess
import sys
from pathlib import Path

source = Path(os.environ.get("ZW_SRCDIR", Path(__file__).resolve().parents[2]))
sys.dont_write_bytecode = True
sys.path.insert(0, str(source / "tests"))

import tap  # noqa: E402

build = Path(os.environ.get("ZW_BUILDDIR", source / "build" / "check"))
document = source / "doc" / "pipeline.md"
example = source / "doc" / "examples" / "pipeline.yaml"
BLOCK = re.compile(r"^```flows (\w+)\n(.*?)^```$", re.M | re.S)
TABLE = re.compile(r"(?:^\|.*\n)+", re.M)


def run(program, *arguments):
    return subprocess.run([build / "tests" / "golden" / program, *arguments], check=True, capture_output=True,
                          text=True).stdout


def flows_by_stage(dump):
    stages, flows = {}, None
    for line in dump.splitlines():
        if m := re.match(r"# \d+ (\w+):", line):
            flows = stages[m[1]] = []
        elif not line.startswith("#"):
            flows.append(line)
    return stages


def differs(shown, flows):
    """Why the lines of a block are not the flows of its stage, or None."""
    at, elided = 0, False
    for line in shown:
        if line == "...":
            elided = True
            continue
        flow = re.sub(r"^\d+\. ", "", line)
        found = flows.index(flow, at) if flow in flows[at:] else None
        if found is None:
            return f"no such flow, or in another order: {flow}"
        if found != at and not elided:
            return f'left out without "...": {flows[at]}'
        at, elided = found + 1, False
    return None if elided or at == len(flows) else f'left out without "...": {flows[at]}'


def check_block(stage, shown, flows):
    why = differs(shown, flows)
    if why:
        raise AssertionError("\n".join([why, "the stage's flows are:", *flows]))


def check_table(text, table):
    assert table in text, f"doc/pipeline.md needs this table:\n{table}"


def check_all_stages(blocks, stages):
    assert not (missing := [s for s in stages if s not in [name for name, _ in blocks]]), f"no dump of {missing}"


def check_policy(text):
    assert f"```yaml\n{example.read_text()}```" in text, "the policy is not doc/examples/pipeline.yaml"


def check_zones(text, dump):
    for name, number in re.findall(r"^# zone (\S+) is (0x[0-9a-f]+)$", dump, re.M):
        assert f"| {name} | {number} |" in text, f"no line | {name} | {number} |"


def most_alike(shown, flows):
    """The lines of a block that leaves flows out, brought up to date."""
    for line in shown:
        number, _, flow = line.partition(" ")
        alike = difflib.get_close_matches(flow, flows, n=1, cutoff=0.8)
        yield f"{number} {alike[0]}" if alike else line


def update(text, tables, stages):
    def rewrite(m):
        shown, flows = m[2].splitlines(), stages[m[1]]
        now = most_alike(shown, flows) if "..." in shown else [f"{i}. {flow}" for i, flow in enumerate(flows, 1)]
        return "```flows %s\n%s```" % (m[1], "".join(f"{line}\n" for line in now))

    for table in tables:
        head = table.splitlines()[0]
        text = TABLE.sub(lambda m: table if m[0].startswith(head) else m[0], text)
    document.write_text(BLOCK.sub(rewrite, text))


def main():
    text = document.read_text()
    tables = TABLE.findall(run("pipeline-dump"))
    dump = run("compile-dump", example, source / "tests" / "golden" / "pipeline.ports")
    stages = flows_by_stage(dump)
    if "--update" in sys.argv[1:]:
        update(text, tables, stages)
        text = document.read_text()
    blocks = [(name, body.splitlines()) for name, body in BLOCK.findall(text)]

    cases = [("table: " + t.splitlines()[0].strip("| "), check_table, text, t) for t in tables]
    cases += [("the example's policy", check_policy, text), ("the zones' numbers", check_zones, text, dump)]
    cases += [("every stage has a dump", check_all_stages, blocks, stages)]
    cases += [(f"dump of {name}", check_block, name, shown, stages.get(name, [])) for name, shown in blocks]
    return tap.run([(name, functools.partial(check, *arguments)) for name, check, *arguments in cases])


sys.exit(main())
