# SPDX-License-Identifier: Apache-2.0
"""tap - what the tests written in Python say, in the Test Anything Protocol.

Either each case as it is known, and the plan at the end:

    plan = tap.Plan()
    plan.case("it holds", holds, "shown if it does not")
    sys.exit(plan.end())

or cases that fail by an exception:

    sys.exit(tap.run([("it holds", function), ...]))
"""

import subprocess


class Plan:
    def __init__(self):
        self.n = self.failed = 0

    def case(self, name, holds, why=""):
        self.n += 1
        if not holds:
            self.failed += 1
            print("".join(f"# {line}\n" for line in str(why).splitlines()), end="")
        print(f"{'ok' if holds else 'not ok'} {self.n} - {name}", flush=True)

    def end(self):
        """Says how many cases there were, and gives the status to exit with."""
        print(f"1..{self.n}", flush=True)
        return 1 if self.failed else 0


FAILURES = (AssertionError, OSError, subprocess.CalledProcessError)


def run(cases, failures=FAILURES):
    """Runs the cases, pairs of a name and a function; one that raises any of 'failures' has failed."""
    plan = Plan()
    for name, function in cases:
        try:
            function()
            plan.case(name, True)
        except failures as e:
            plan.case(name, False, e)
    return plan.end()
