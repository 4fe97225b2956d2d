# SPDX-License-Identifier: Apache-2.0
"""run - commands in network namespaces, and the numbers that they print."""

import os
import re
import subprocess

NUMBER = re.compile(r"(?<!\S)([A-Za-z][\w-]*)=([-+]?[0-9.]+(?:e[-+]?[0-9]+)?)(?!\S)")


class RunFailed(Exception):
    """A command ended with another status than 0, or did not end in time.  The text is for people."""


def _name(argv: list) -> str:
    return os.path.basename(str(argv[0])) + (f" {argv[1]}" if len(argv) > 1 else "")


def _in_netns(netns: str, argv: list) -> list:
    return ["ip", "netns", "exec", netns, *map(str, argv)] if netns else list(map(str, argv))


def netns_exec(netns: str, argv: list, timeout: float = 60) -> str:
    """What the command prints.  An empty namespace name is the one of this process."""
    try:
        done = subprocess.run(_in_netns(netns, argv), stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=timeout, check=False)
    except subprocess.TimeoutExpired:
        raise RunFailed(f"{_name(argv)}: no end after {timeout:.0f} s") from None
    if done.returncode:
        said = (done.stderr.strip() or done.stdout.strip()).splitlines()
        raise RunFailed(f"{_name(argv)}: {said[-1] if said else f'exit status {done.returncode}'}")
    return done.stdout


def netns_start(netns: str, argv: list) -> subprocess.Popen:
    """The same in the background; `netns_end` it."""
    return subprocess.Popen(_in_netns(netns, argv), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, text=True)


def netns_end(process: subprocess.Popen, timeout: float = 10) -> str:
    """Waits for it to end by itself, ends it when the time is over, and returns what it printed."""
    try:
        return process.communicate(timeout=timeout)[0]
    except subprocess.TimeoutExpired:
        process.terminate()
    try:
        return process.communicate(timeout=5)[0]
    except subprocess.TimeoutExpired:
        process.kill()
        return process.communicate()[0]


def fields(line: str) -> dict[str, float]:
    """The NAME=NUMBER pairs of a line (or of several)."""
    return {name: float(number) for name, number in NUMBER.findall(line)}


def _of_process(pid: int, what: str) -> str:
    """A file of /proc; RunFailed when the process has ended, which one that is measured may do at any time."""
    try:
        with open(f"/proc/{pid}/{what}", encoding="ascii", errors="replace") as f:
            return f.read()
    except (FileNotFoundError, ProcessLookupError):
        raise RunFailed(f"process {pid} has ended") from None


def cpu_seconds(pid: int) -> float:
    """The CPU time that a process and its threads have used, as user and as system."""
    after_name = _of_process(pid, "stat").rpartition(")")[2].split()
    return (int(after_name[11]) + int(after_name[12])) / os.sysconf("SC_CLK_TCK")


def resident_kib(pid: int, field: str = "VmRSS") -> int:
    """A process's memory; field may also be VmHWM, the highest it has been."""
    for line in _of_process(pid, "status").splitlines():
        if line.startswith(field + ":"):
            return int(line.split()[1])
    raise RunFailed(f"process {pid} has ended")
