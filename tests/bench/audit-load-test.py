#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""audit-load tells the truth: what it says it put is in the log, and each kind of question finds just that.

Small, and nothing in it depends on how fast anything is.  Speaks TAP."""

import os
import sqlite3
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
sys.dont_write_bytecode = True

import tap  # noqa: E402

TOOL = os.path.join(os.environ.get("ZW_BUILDDIR", "."), "tests/bench/audit-load")
RECORDS = 70000  # One segment of the log, and some that are newer.
SHAPE = (f"records={RECORDS}", "seed=7", "conversations=500", "hosts=200", "policy_records=30000")

plan = tap.Plan()
case = plan.case


def call(*args: str) -> tuple[int, dict[str, float], str]:
    done = subprocess.run([TOOL, *args], capture_output=True, text=True, check=False)
    line = done.stdout.splitlines()[-1] if done.stdout else ""
    words = [word.split("=", 1) for word in line.split()]
    return done.returncode, {w[0]: float(w[1]) for w in words if len(w) == 2}, done.stderr


def count(path: str, sql: str) -> int:
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as db:
        return db.execute(sql).fetchone()[0]


def test(folder: str) -> None:
    path = os.path.join(folder, "audit.db")
    status, put, error = call("put", path, *SHAPE)
    in_file = count(path, "SELECT (SELECT count(*) FROM sessions) + (SELECT count(*) FROM denials)")
    case("all records are in the file, and none is lost",
         status == 0 and put["written"] == put["records"] == RECORDS == in_file and put["lost"] == 0,
         (status, put, in_file, error))
    case("what it says of the file's size is so",
         put["size"] == os.path.getsize(path) and abs(put["bytes"] - put["size"] / RECORDS) < 0.01, put)
    case("every delay is counted, and none is longer than the run",
         0 < put["delay_p50_ms"] <= put["delay_max_ms"] <= put["seconds"] * 1000, put)

    for limit in ("0", "50"):
        status, check, error = call("check", path, *SHAPE, "queries=2", f"limit={limit}")
        case(f"every kind of question finds what was put, with limit {limit}",
             status == 0 and check["wrong"] == 0 and check["records"] == RECORDS and check["rows"] > 0,
             (status, check, error))
    status, check, error = call("check", path, *SHAPE, "seed=8", "queries=1")
    case("a log of another seed does not pass for it", status != 0 and check["wrong"] > 0, (status, check))

    sessions = count(path, "SELECT count(*) FROM sessions WHERE tuple IN (SELECT id FROM tuples WHERE decision IN "
                           "(SELECT id FROM decisions WHERE 'zone-3' IN (from_zone, to_zone)))")
    shown = subprocess.run([os.path.join(os.path.dirname(TOOL), "../../zoneward"), "audit", "query", "--db", path,
                            "--zone", "zone-3", "--type", "session", "--json"], capture_output=True, text=True,
                           check=True).stdout
    case("zoneward and SQL count the same in it", sessions > 0 and shown.count('"sport"') == sessions, sessions)

    status, paced, error = call("put", os.path.join(folder, "paced.db"), "records=2000", "rate=10000")
    case("at a set rate it is no faster", status == 0 and paced["rate"] <= 10100, (status, paced, error))
    case("a wrong number is refused", call("put", path, "zones=1")[0] == 2 and call("put", path, "zone=9")[0] == 2)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="zw-audit-load-") as folder_:
        test(folder_)
    sys.exit(plan.end())
