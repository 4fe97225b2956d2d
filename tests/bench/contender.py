# SPDX-License-Identifier: Apache-2.0
"""contender - one of those that are compared, set up afresh in namespaces of its own.

    with Contender(bench, "ovs-normal") as c:
        netns_exec(c["client"], ["ping", "-c", "1", c["ipv4"]])
        c.ask("check")

Each is a script, contenders/NAME.sh, that speaks lines (contenders/common.sh): it prints `ready KEY=VALUE...` or
`cannot WHY`, then answers each line of a command with `ok TEXT`, `failed WHY` or `died WHY`, and deletes all that it
made when its standard input ends."""

import os
import selectors
import shlex
import subprocess
import sys
import time


class ContenderFailed(Exception):
    """It died, or did not do what it was asked; the text says why, for a row of the table."""


class ContenderMissing(ContenderFailed):
    """It could not be set up at all."""


class Contender:
    READY_S = 90
    END_S = 60

    def __init__(self, bench, name: str, *args: str):
        self.name = name
        self.attributes: dict[str, str] = {}
        self.log_path = os.path.join(bench.tmpdir, f"{name}-{time.monotonic_ns()}.log")
        self._pending = b""
        script = os.path.join(bench.srcdir, "tests/bench/contenders", f"{name}.sh")
        environment = dict(os.environ, ZW_SRCDIR=bench.srcdir, ZW_BUILDDIR=bench.builddir,
                           ZW_CONTENDERS=bench.contenders, TMPDIR=bench.tmpdir, PYTHON=sys.executable)
        with open(self.log_path, "wb") as log:
            # In a session of its own: an interrupt from the keyboard reaches it as the end of its input.
            self._process = subprocess.Popen(["bash", script, *map(str, args)], stdin=subprocess.PIPE,
                                             stdout=subprocess.PIPE, stderr=log, env=environment,
                                             start_new_session=True)
        try:
            self._get_ready()
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> "Contender":
        return self

    def __exit__(self, *_exception) -> None:
        self.close()

    def __getitem__(self, key: str) -> str:
        """One of the attributes that came with `ready`."""
        return self.attributes[key]

    def ask(self, command: str, timeout: float = 60) -> str:
        """The text after `ok`; ContenderFailed for any other answer."""
        try:
            self._process.stdin.write(command.encode() + b"\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            raise ContenderFailed(self._last_words()) from None
        word, text = self._answer(timeout)
        if word != "ok":
            raise ContenderFailed(text or word)
        return text

    def close(self) -> None:
        """Ends it, and waits until it has deleted all that it made."""
        try:
            self._process.stdin.close()
        except BrokenPipeError:
            pass
        try:
            self._process.wait(self.END_S)
        except subprocess.TimeoutExpired:
            self._process.terminate()
            self._process.wait()
        self._process.stdout.close()

    def _get_ready(self) -> None:
        word, text = self._answer(self.READY_S)
        if word != "ready":
            raise ContenderMissing(text or word)
        self.attributes = dict(pair.split("=", 1) for pair in shlex.split(text))

    def _answer(self, timeout: float) -> tuple[str, str]:
        word, _, text = self._line(time.monotonic() + timeout).partition(" ")
        return word, text.strip()

    def _line(self, deadline: float) -> str:
        with selectors.DefaultSelector() as selector:
            selector.register(self._process.stdout, selectors.EVENT_READ)
            while b"\n" not in self._pending:
                if not selector.select(max(0, deadline - time.monotonic())):
                    raise ContenderFailed(f"no answer in time; {self._last_words()}")
                got = os.read(self._process.stdout.fileno(), 65536)
                if not got:
                    raise ContenderFailed(self._last_words())
                self._pending += got
        line, _, self._pending = self._pending.partition(b"\n")
        return line.decode(errors="replace")

    def _last_words(self) -> str:
        with open(self.log_path, encoding="utf-8", errors="replace") as log:
            said = log.read().strip().splitlines()
        return f"its last words: {said[-1]}" if said else "it ended without a word"
