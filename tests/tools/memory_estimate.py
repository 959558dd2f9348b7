"""Estimated memory against what both processes take: `python tests/tools/memory_estimate.py`.

Runs each command of a grid and prints the most memory that the command and its child held at once,
what was estimated, and their ratio, which should lie between 0.7 and 1.4. By hand, with 4 GiB free.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import shlex
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from rnnshape.cli.options import Options, command
from rnnshape.cli.questions import query
from rnnshape.measuring.memory import estimated_bytes
from rnnshape.measuring.messages import Request
from rnnshape.terminal.environment import Environment

LOWEST, HIGHEST = 0.7, 1.4
GRID = """
lstm
lstm -b 100 -t 1000 -f 400 -u 1
lstm -b 1000 -t 1000 -f 20 -u 1 --values
lstm -b 100000 -t 100 -f 10
lstm -b 100000 -t 100 --return-sequences --values
lstm gru simplernn --compare -b 100 -t 100 -f 400 -u 1 --values
lstm gru simplernn --compare -b 32 -t 5000 -f 200 -u 1
lstm -b 32 -t 20000 -f 100 --bidirectional
lstm -b 1 -t 200000 -f 100
gru -b 1 -t 1000000
gru -b 32 -t 5000 -u 100 --return-sequences
gru -b 3200 -t 100 -u 200 --return-sequences --bidirectional
gru -u 5000
lstm -u 2000 --compare
lstm -f 300000 -u 10
'LSTM(100, return_sequences=True) -> LSTM(100, return_sequences=True) -> GRU(50)' -b 320 -t 500
'Dense(10000)' -f 5000
'Embedding(1000000, 64) -> LSTM(32)' -b 64 -t 100
'Conv1D(64, 5) -> MaxPooling1D(2) -> Bidirectional(GRU(32))' -b 256 -t 2000 -f 16
'ConvLSTM2D(8, 3)' -b 32 -t 20 -f 3
"""


def estimate(arguments: list[str]) -> int:
    options = command()(arguments, standalone_mode=False)
    assert isinstance(options, Options)
    with Environment().reader() as reader:
        asked = query(options, lambda: reader)
    return estimated_bytes(Request(asked.questions, values="values" in asked.views))


def resident(pid: int) -> Iterator[int]:
    """The bytes that a process and its children hold in memory now."""
    with contextlib.suppress(OSError):
        yield int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
        for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
            yield from resident(int(child))


def peak(arguments: list[str]) -> int:
    """The most that the command and its child hold at once."""
    command = [sys.executable, "-m", "rnnshape", *arguments]
    most = 0
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        while process.poll() is None:
            most = max(most, sum(resident(process.pid)))
            time.sleep(0.005)
    if process.returncode:
        sys.exit(f"exit code {process.returncode}: {shlex.join(command)}")
    return most


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help="commands that contain this")
    chosen = parser.parse_args().only
    outside = 0
    print("| command | peak | estimate | ratio |\n| --- | ---: | ---: | ---: |")
    for line in filter(None, GRID.splitlines()):
        if chosen in line:
            arguments = [*shlex.split(line), "--format", "json"]
            seen, expected = peak(arguments), estimate(arguments)
            ratio = expected / seen
            outside += not LOWEST <= ratio <= HIGHEST
            row = f"{seen >> 20:,} MiB | {expected >> 20:,} MiB | {ratio:.2f}"
            print(f"| `{line}` | {row} |", flush=True)
    sys.exit(f"{outside} outside of {LOWEST} to {HIGHEST}" if outside else 0)


if __name__ == "__main__":
    main()
