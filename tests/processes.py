"""What tests of real processes share: starting one, finding its child, and seeing it gone."""

from __future__ import annotations

import contextlib
import subprocess
import time
from pathlib import Path

import pytest

from tests.conftest import COMMAND, environment

LARGE = ("lstm", "-b", "100000", "-t", "200")  # what takes long enough to be interrupted

linux = pytest.mark.skipif(not Path("/proc/self").exists(), reason="reads /proc")


def start(*arguments: str, mark: str = "MARK") -> subprocess.Popen[str]:
    """The command, with a variable in its environment that its child inherits."""
    return subprocess.Popen(
        [*COMMAND, *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(**{mark: "1"}),
    )


def shell(line: str, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """A line of bash, in which `rnnshape` stands for the command."""
    return subprocess.run(
        ["bash", "-c", line.replace("rnnshape", " ".join(COMMAND))],
        env=env or environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def child_of(pid: int, seconds: float = 5) -> int:
    """The measuring process, as soon as there is one."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        with contextlib.suppress(OSError):
            for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
                return int(child)
        time.sleep(0.005)
    raise AssertionError("no child")


def is_gone(pid: int, seconds: float = 2) -> bool:
    """Whether a process ends in time; what only waits to be reaped has ended."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
                return True
        except OSError:
            return True
        time.sleep(0.01)
    return False


def left_behind(mark: str, seconds: float = 2) -> list[int]:
    """The processes that carry a mark in their environment, once all should be gone."""
    until = time.monotonic() + seconds
    while True:
        left = []
        for environ in Path("/proc").glob("[0-9]*/environ"):
            with contextlib.suppress(OSError):
                if mark.encode() in environ.read_bytes():
                    left.append(int(environ.parent.name))
        if not left or time.monotonic() > until:
            return left
        time.sleep(0.02)
