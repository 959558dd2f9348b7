"""How fast the command is, as ratios: `python tests/benchmark.py`, by hand and on a quiet machine.

Each row times one of our commands against a plain script, in turn, and gives the median of either
and of the ratio between neighbours. The scripts below are what someone would write without us.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import os
import platform
import pty
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

NOTEBOOK = """
from tensorflow.keras.models import Model
from tensorflow.keras.layers import Input, LSTM, Bidirectional
import numpy as np

X = np.random.randn(2, 5, 1)
inp = Input(shape=(5, 1))
out = Bidirectional(LSTM(3, return_sequences=False, return_state=True))(inp)
model = Model(inputs=inp, outputs=out)
o, h1, c1, h2, c2 = model.predict(X)
print("o :", o.shape)
print("h1 :", h1.shape)
print("c1 :", c1.shape)
print("h2 :", h2.shape)
print("c2 :", c2.shape)
"""

FASTEST = """
import gc, os
gc.disable()
os.environ["KERAS_BACKEND"] = "tensorflow"
import keras, numpy as np

inputs = keras.Input((5, 1))
layer = keras.layers.Bidirectional(keras.layers.LSTM(3, return_state=True))
model = keras.Model(inputs, layer(inputs))
model.run_eagerly = True
for array in model.predict(np.random.rand(2, 5, 1), verbose=0):
    print(array.shape, flush=True)
os._exit(0)
"""

PLAIN = """
import keras, numpy as np

inputs = keras.Input(({timesteps}, 1))
model = keras.Model(inputs, keras.layers.LSTM(3)(inputs))
print(model.predict(np.random.rand({batch}, {timesteps}, 1), verbose=0).shape)
"""

TYPER = """
from typing import Annotated
import typer

app = typer.Typer()

@app.command()
def main(
    cells: list[str],
    batch: Annotated[int, typer.Option("-b", "--batch")] = 2,
    timesteps: Annotated[int, typer.Option("-t", "--timesteps")] = 5,
    features: Annotated[int, typer.Option("-f", "--features")] = 1,
    units: Annotated[list[int], typer.Option("-u", "--units")] = [3],
    return_sequences: bool = False,
    return_state: bool = False,
    bidirectional: bool = False,
    merge_mode: str = "concat",
    compare: Annotated[bool, typer.Option("--compare")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run")] = False,
    seed: int = 0,
    values: Annotated[bool, typer.Option("--values")] = False,
    weights: Annotated[bool, typer.Option("--weights")] = False,
    code: Annotated[bool, typer.Option("--code")] = False,
    diagram: Annotated[bool, typer.Option("--diagram")] = False,
    format: str = "table",
    export: str = "",
    version: Annotated[bool, typer.Option("--version")] = False,
):
    from rich.console import Console
    from rich.table import Table

    table = Table("Output", "Shape", "Axes", "What it is")
    for name in ("o", "h1", "c1", "h2", "c2"):
        table.add_row(name, "(2, 3)", "(batch, units)", "a tensor that the layer returns")
    Console().print(table)

app()
"""

BI_LSTM = ("lstm", "--bidirectional", "--return-state")
Measure = Callable[[Sequence[str]], float]


@dataclass(frozen=True)
class Row:
    """What is timed, the command, the command it is held against, and the ratio to stay under."""

    what: str
    command: Sequence[str]
    against: str
    other: Sequence[str]
    most: float
    measure: Measure
    unit: str = "s"
    measure_other: Measure | None = None


def whole(command: Sequence[str]) -> float:
    """Seconds from start to exit, with the output in a pipe that is read to its end."""
    began = time.perf_counter()
    subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    return time.perf_counter() - began


def first_shapes(command: Sequence[str]) -> float:
    """Seconds from exec to the last of the shapes on a terminal."""
    began = time.perf_counter()
    child, terminal = pty.fork()
    if child == 0:
        os.execv(command[0], list(command))
    seen = b""
    while b"h2" not in seen or b"(2, 3)" not in seen.partition(b"h2")[2]:
        seen += os.read(terminal, 4096)
    took = time.perf_counter() - began
    os.kill(child, 15)
    os.close(terminal)
    os.waitpid(child, 0)
    return took


def peak_memory(command: Sequence[str]) -> float:
    """The most memory that the process held at once, in MiB."""
    with open(os.devnull, "wb") as nowhere:
        process = subprocess.Popen(command, stdout=nowhere, stderr=nowhere)
        _, _, usage = os.wait4(process.pid, 0)
        process.returncode = 0
    return usage.ru_maxrss / (1024 if sys.platform == "linux" else 1024 * 1024)


def rows(folder: Path, ours: str) -> list[Row]:
    def script(name: str, text: str) -> list[str]:
        path = folder / f"{name}.py"
        path.write_text(text)
        return [sys.executable, str(path)]

    def us(*arguments: str) -> list[str]:
        return [ours, *arguments]

    notebook, fastest = script("N", NOTEBOOK), script("F", FASTEST)
    bare = script("T", TYPER)
    long = script("long", PLAIN.format(batch=2, timesteps=2000))
    wide = script("wide", PLAIN.format(batch=20000, timesteps=5))
    dry = us(*BI_LSTM, "--dry-run")
    return [
        Row(
            "first shapes on a terminal",
            us(*BI_LSTM),
            "N",
            notebook,
            0.06,
            first_shapes,
            "s",
            whole,
        ),
        Row("measured, piped", us(*BI_LSTM), "N", notebook, 0.65, whole),
        Row("measured, piped", us(*BI_LSTM), "F", fastest, 1.0, whole),
        Row("`--dry-run`", dry, "T", [*bare, "lstm"], 1.25, whole),
        Row("`--help`", us("--help"), "T `--help`", [*bare, "--help"], 1.15, whole),
        Row("a usage error", us("ltsm"), "T, likewise", [*bare, "--ltsm"], 1.15, whole),
        Row("`--version`", us("--version"), "T", [*bare, "lstm"], 1.0, whole),
        Row("peak memory of `--dry-run`", dry, "T", [*bare, "lstm"], 1.1, peak_memory, "MiB"),
        Row("`-t 2000`", us("lstm", "-t", "2000"), "a plain script", long, 1.1, whole),
        Row("`-b 20000`", us("lstm", "-b", "20000"), "a plain script", wide, 1.1, whole),
        Row(
            "`lstm gru simplernn --compare`",
            us("lstm", "gru", "simplernn", "--compare"),
            "one layer",
            us(*BI_LSTM),
            1.5,
            whole,
        ),
    ]


def timed(row: Row, runs: int) -> tuple[float, float, float]:
    """Medians of ours, theirs and the ratio, the two run in turn after one run to warm up."""
    theirs = row.measure_other or row.measure
    pairs = [(row.measure(row.command), theirs(row.other)) for _ in range(runs + 1)][1:]
    return (
        statistics.median(one for one, _ in pairs),
        statistics.median(other for _, other in pairs),
        statistics.median(one / other for one, other in pairs),
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=7, help="of each command, in turn")
    parser.add_argument("--only", default="", help="rows whose name contains this")
    options = parser.parse_args()
    beside = Path(sys.executable).with_name("rnnshape")
    ours = str(beside) if beside.exists() else shutil.which("rnnshape")
    if ours is None:
        sys.exit("rnnshape is not installed beside this Python")
    versions = ", ".join(
        f"{name} {importlib.metadata.version(name)}"
        for name in ("tensorflow", "keras", "numpy", "typer", "rich", "rnnshape")
    )
    print(f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()},")
    print(f"{versions}; medians of {options.runs}, in turn")
    print()
    print("| what | ours | against | theirs | ratio | at most |")
    print("| --- | ---: | --- | ---: | ---: | ---: |")
    with tempfile.TemporaryDirectory() as folder:
        for row in rows(Path(folder), ours):
            if options.only in row.what:
                mine, other, ratio = timed(row, options.runs)
                print(
                    f"| {row.what} | {mine:.3g} {row.unit} | {row.against} "
                    f"| {other:.3g} {row.unit} | {ratio:.2f} | {row.most:.2f} |",
                    flush=True,
                )


if __name__ == "__main__":
    main()
