# SPDX-License-Identifier: Apache-2.0
"""speed - how fast the machine is at the moment, by a fixed piece of work.

A machine that others share is a third slower for minutes, and faster again.  What is compared with nothing in its own
round is compared with this: random lookups in a table that is larger than the caches next to the core, which suffers
from neighbours as a database and a switch do (arithmetic alone does not)."""

import random
import sqlite3
import time

ROWS = 200_000
LOOKUPS = 4_000
KEEP_S = 1.0  # So long a measurement holds.


class Speed:
    def __init__(self):
        self._rng = random.Random(1)
        self._db = sqlite3.connect(":memory:")
        self._db.execute("CREATE TABLE t (k INTEGER PRIMARY KEY, v BLOB)")
        keys = self._rng.sample(range(ROWS * 100), ROWS)
        self._db.executemany("INSERT INTO t VALUES (?, ?)", ((k, bytes(64)) for k in keys))
        self._keys = keys
        self._when = -KEEP_S
        self._value = 0.0

    def now(self):
        """Lookups a second; measured again when the last time is KEEP_S ago."""
        if time.monotonic() - self._when > KEEP_S:
            keys = self._rng.choices(self._keys, k=LOOKUPS)
            start = time.perf_counter()
            for key in keys:
                self._db.execute("SELECT v FROM t WHERE k = ?", (key,)).fetchone()
            self._value = LOOKUPS / (time.perf_counter() - start)
            self._when = time.monotonic()
        return self._value
